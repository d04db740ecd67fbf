"""`POST /queries/revenue-gaps`: parcels in use that lack a tax account or a licence."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from api.house import House
from api.language import CallerLang
from api.network import common
from api.queries import in_words
from api.revenue_models import RevenueGapsAnswer, RevenueGapsRequest
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db.queries import network as records
from db.queries import revenue
from db.queries.network import Rows
from db.queries.revenue import Holds
from layers.catalog import get
from layers.errors import BadRequestError, ForbiddenError
from layers.privacy import may_filter
from layers.revenue import Gap, Signs, gaps
from layers.text import Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

_THAILAND = ZoneInfo("Asia/Bangkok")
_MOST_STOPS = 200

CANDIDATES = Text(
    th="เป็นรายการให้ตรวจสอบ ไม่ใช่ข้อยุติ อาคารเก่าอาจสร้างก่อนมีทะเบียน และข้อมูลอาจไม่ครบ",
    en="These are candidates to be looked at, not verdicts: old buildings may be older than the "
    "register, and the layers may not be complete.",
)
WASTE = Text(
    th="บัญชีค่าขยะเก็บตามจุดเก็บ ไม่ใช่รายแปลง จึงเทียบกับจำนวนบ้านที่ใกล้จุดเก็บนั้นที่สุด",
    en="Waste accounts are kept by stop, not by parcel: they are compared with the houses nearest "
    "to the stop.",
)


@router.post(
    "/revenue-gaps",
    summary="Which parcels in use lack a tax account or a licence?",
    response_model=RevenueGapsAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 403, 503),
)
async def ask_revenue_gaps(
    asked: RevenueGapsRequest, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> dict[str, Any]:
    """Parcels with a building, business or electricity meter, and what the registers lack of them.

    For registry and revenue alone. A register without data is not known, never a gap. The answer
    is kept.
    """
    started = time.monotonic()
    answer = await answer_revenue_gaps(asked, house, who)
    return in_words(await common.keep(house, who, asked, answer, started), lang)


@dataclass(frozen=True)
class _Candidate:
    """A parcel with what the rolls say of it, what stands on it, and its gaps."""

    row: dict[str, Any]
    signs: Signs
    found: tuple[tuple[Gap, Text], ...]


async def answer_revenue_gaps(
    asked: RevenueGapsRequest, house: House, who: Viewer, again: common.At | None = None
) -> dict[str, Any]:
    """Answer the question, now or as it was answered before; the answer in both languages."""
    if not may_filter(get("parcels"), "account_no", who.role):
        raise ForbiddenError(
            Text(
                th="คำตอบนี้เป็นของงานทะเบียนและงานจัดเก็บรายได้ สิทธิ์ของท่านดูไม่ได้",
                en="This answer is for registry and revenue; your role may not see it.",
            )
        )
    reader = common.reader_of(who, asked.as_of, again)
    async with house.reader(who.role) as conn, records.snapshot(conn, reader) as snap:
        holds = await revenue.holds(snap)
        _answerable(holds)
        signs = await revenue.signs(snap)
        parcels = await revenue.parcels(snap, list(signs))
        stops = await revenue.stops(snap) if holds.waste and holds.houses else []
        provenance = await snap.provenance()
        today = reader.moment.astimezone(_THAILAND).date()
        found = await asyncio.to_thread(
            lambda: [
                _Candidate(
                    row,
                    signs[row["id"]],
                    tuple(
                        (gap, why)
                        for gap, why in gaps(
                            signs[row["id"]],
                            frozenset([one for one in (*row["uses"], row["use"]) if one]),
                            has_account=row["has_account"],
                            known=holds.known,
                            today=today,
                        )
                        if asked.kinds is None or gap in asked.kinds
                    ),
                )
                for row in parcels
            ]
        )
        matched = [one for one in found if one.found]
        page = matched[asked.offset : asked.offset + asked.limit]
        lacking = [row for row in stops if _missing(row) > 0]
        places = await snap.to_degrees(
            [(row["x"], row["y"]) for row in (*(one.row for one in page), *lacking[:_MOST_STOPS])]
        )
    given = common.Given(
        kind="revenue_gaps",
        body={
            "gaps": {gap: _count(gap, matched, holds) for gap in asked.kinds or Gap},
            "matched": len(matched),
            "parcels": [
                _parcel(one, at, holds) for one, at in zip(page, places[: len(page)], strict=True)
            ],
            "waste": _waste(stops, lacking, places[len(page) :], holds),
        },
        snap=snap,
        provenance=provenance,
        caveats=_caveats(holds),
        personal=False,
    )
    return common.answer_of(given, RevenueGapsAnswer)


def _answerable(holds: Holds) -> None:
    """BadRequestError where there is nothing to compare: no gap found would not mean none."""
    if not holds.parcels:
        raise BadRequestError(
            Text(
                th="เมืองนี้ยังไม่มีข้อมูลแปลงที่ดิน นำเข้าชั้นข้อมูลแปลงที่ดินก่อน",
                en="This town has no parcels yet. Import the parcels first.",
            )
        )
    if not (holds.buildings or holds.houses or holds.permits):
        raise BadRequestError(
            Text(
                th="เมืองนี้ยังไม่มีข้อมูลอาคาร บ้าน หรือใบอนุญาต จึงบอกไม่ได้ว่าแปลงใดมีการใช้ประโยชน์",
                en="This town has no buildings, houses or permits yet, so nothing shows which "
                "parcels are used.",
            )
        )


def _count(gap: Gap, matched: list[_Candidate], holds: Holds) -> dict[str, Any]:
    if not holds.known.of(gap):
        unknown = ("parcels", "area_m2", "appraised_value", "value_unknown")
        return {"known": False, **dict.fromkeys(unknown)}
    mine = [one.row for one in matched if any(found is gap for found, _ in one.found)]
    values = [row["appraised_value"] for row in mine if row["appraised_value"] is not None]
    return {
        "known": True,
        "parcels": len(mine),
        "area_m2": round(sum(row["area_m2"] or 0.0 for row in mine), 1),
        "appraised_value": round(sum(values), 2),
        "value_unknown": len(mine) - len(values),
    }


def _parcel(one: _Candidate, at: tuple[float, float], holds: Holds) -> dict[str, Any]:
    row, signs = one.row, one.signs
    return {
        "id": row["id"],
        "parcel": row["code"],
        "address": row["address"],
        "uses": sorted({use for use in (*row["uses"], row["use"]) if use}),
        "at": at,
        "area_m2": row["area_m2"],
        "area_deed_m2": row["area_deed_m2"],
        "appraised_value": row["appraised_value"],
        "buildings": signs.buildings if holds.buildings else None,
        "building_m2": round(signs.building_m2, 1) if holds.buildings else None,
        "houses": signs.houses if holds.houses else None,
        "meters": signs.meters if holds.meters else None,
        "businesses": signs.businesses if holds.known.business_licences else None,
        "gaps": [{"kind": gap, "why": common.words(why)} for gap, why in one.found],
    }


def _missing(row: dict[str, Any]) -> int:
    accounts = row["accounts_served"]
    return 0 if accounts is None else int(row["houses"]) - int(accounts)


def _waste(
    stops: Rows, lacking: Rows, places: list[tuple[float, float]], holds: Holds
) -> dict[str, Any]:
    if not (holds.waste and holds.houses):
        return {"known": False}
    return {
        "known": True,
        "stops": len(lacking),
        "missing": sum(map(_missing, lacking)),
        "uncounted": sum(row["accounts_served"] is None for row in stops),
        "listed": [
            {
                "stop": row["code"],
                "route": row["route_code"],
                "at": at,
                "houses": row["houses"],
                "accounts": row["accounts_served"],
                "missing": _missing(row),
            }
            for row, at in zip(lacking, places, strict=False)
        ],
    }


def _caveats(holds: Holds) -> list[Text]:
    told = [CANDIDATES, WASTE]
    empty = [
        name
        for name, there in (
            (Text(th="อาคาร", en="buildings"), holds.buildings),
            (Text(th="บ้าน", en="houses"), holds.houses),
            (Text(th="เลขมิเตอร์ไฟฟ้า", en="electricity meters"), holds.meters),
            (Text(th="ใบอนุญาต", en="permits"), holds.permits),
            (Text(th="บัญชีภาษี", en="tax accounts"), holds.known.tax_accounts),
            (Text(th="บัญชีค่าขยะ", en="waste accounts"), holds.waste),
        )
        if not there
    ]
    if empty:
        told.append(
            Text(
                th=f"เมืองนี้ยังไม่มีข้อมูล{' '.join(one.th for one in empty)} ถือว่าไม่ทราบ ไม่ใช่ไม่มี",
                en=f"This town has no {', '.join(one.en for one in empty)} on record: that is not "
                "known, not none.",
            )
        )
    if holds.permits_nowhere:
        told.append(
            Text(
                th=f"ใบอนุญาต {holds.permits_nowhere} รายการไม่มีที่ตั้ง อาจเป็นของแปลงที่อยู่ในรายการนี้",
                en=f"{holds.permits_nowhere} permits have no location; they may belong to parcels "
                "listed here.",
            )
        )
    return told
