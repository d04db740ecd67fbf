"""`POST /queries/shelters`: where everybody goes over roads that can be used."""

import asyncio
import time
from collections import Counter
from typing import Any

import numpy as np
from fastapi import APIRouter

from api.house import House
from api.language import CallerLang
from api.network import common, gather
from api.network.models import SheltersAnswer, SheltersRequest
from api.queries import in_words
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db.queries import network as records
from flood import runs
from flood import shelters as placing
from flood.shelters import Answer, Homes, Status
from flood.vehicles import by_id
from flood.water import depth_at
from layers.text import Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

NONE_TAKES = Text(
    th="ไม่มีศูนย์พักพิงใดรับคนได้ขณะนี้ “ไปไม่ถึง” จึงหมายถึงไม่มีที่ให้ไป ไม่ใช่ถนนขาด",
    en="No shelter takes people now: unreachable then means that there is nowhere to go, not that "
    "the roads are cut.",
)

_ROAD_ONLY = (Status.ROAD,)


@router.post(
    "/shelters",
    summary="Which shelter does everybody go to, by which roads?",
    response_model=SheltersAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 413, 503),
)
async def ask_shelters(
    asked: SheltersRequest, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> dict[str, Any]:
    """Follows each community's refuge plan, then proposes places for the rest.

    Everybody is placed or listed; no way leads through water too deep for the vehicle or over a
    closed road. Roles that do not see households get the shelters alone. The answer is kept.
    """
    started = time.monotonic()
    answer = await answer_shelters(asked, house, who)
    return in_words(await common.keep(house, who, asked, answer, started), lang)


async def answer_shelters(
    asked: SheltersRequest, house: House, who: Viewer, again: common.At | None = None
) -> dict[str, Any]:
    """Answer the question, now or as it was answered before; the answer in both languages."""
    flood = await common.flood_of(asked.flood, who, house)
    reader = common.reader_of(who, asked.as_of, again)
    async with house.reader(who.role) as conn, records.snapshot(conn, reader) as snap:
        setting = await common.setting_of(snap, asked, flood, house)
        rows = await snap.shelters()
        plans = await snap.plans()
        homes = await snap.households()
        care = gather.care_of(await snap.in_care())
        provenance = await snap.provenance()
        found = await asyncio.to_thread(_work_out, asked, setting, rows, plans, (homes, care))
        places = await snap.to_degrees([(row["x"], row["y"]) for row in rows])
        lands = await snap.to_degrees(_landings(found))
    given = common.Given(
        kind="shelters",
        body={
            "vehicle": common.vehicle_used(setting.vehicle),
            "roads": common.roads_used(found.net),
            "shelters": _shelters(found, rows, places, people=reader.counts_people),
            **(_people(found, lands, asked) if reader.counts_people else {}),
        },
        snap=snap,
        provenance=provenance,
        caveats=_caveats(found, rows, counts_people=reader.counts_people),
        personal=reader.counts_people,
    )
    return common.answer_of(given, SheltersAnswer)


class _Found:
    """The answer with the roads it was found on."""

    def __init__(self, net: Any, answer: Answer) -> None:
        self.net = net
        self.answer = answer


def _work_out(
    asked: SheltersRequest,
    setting: common.Setting,
    rows: records.Rows,
    plans: dict[str, list[str]],
    people: tuple[records.Rows, dict[str, gather.Care]],
) -> _Found:
    net = setting.network()
    homes = gather.homes_of(*people)
    if asked.only_in_water:
        homes = only(homes, depth_at(homes.xy, setting.water) > 0)
    answer = placing.answer(
        net,
        homes,
        gather.shelters_of(rows, open_all=asked.open_all),
        plans=plans,
        boat=by_id("flat_boat", setting.vehicles) if asked.boat else None,
    )
    return _Found(net, answer)


def only(homes: Homes, wanted: Any) -> Homes:
    """Some of the households."""
    rows = np.flatnonzero(wanted).tolist()
    return Homes(
        keys=tuple(homes.keys[n] for n in rows),
        people=homes.people[rows],
        xy=homes.xy[rows],
        communities=tuple(homes.communities[n] for n in rows),
        accessible=homes.accessible[rows],
    )


def _landings(found: _Found) -> list[tuple[float, float]]:
    """Where boats land, in the order of the households that are fetched so."""
    at = found.answer.landing[~np.isnan(found.answer.landing).any(axis=1)]
    return [(float(x), float(y)) for x, y in at]


def _shelters(
    found: _Found, rows: records.Rows, places: list[tuple[float, float]], *, people: bool
) -> list[dict[str, Any]]:
    answer = found.answer
    placed = answer.placed
    return [
        {
            "code": row["code"],
            "name": row["name"],
            "status": str(answer.excluded[n]) if answer.excluded[n] else "takes",
            "at": places[n],
            **({"free": int(answer.free[n]), "placed": int(placed[n])} if people else {}),
        }
        for n, row in enumerate(rows)
    ]


def _people(
    found: _Found, lands: list[tuple[float, float]], asked: SheltersRequest
) -> dict[str, Any]:
    answer = found.answer
    homes = [_household(answer, n) for n in range(len(answer.homes.keys))]
    landed = np.flatnonzero(~np.isnan(answer.landing).any(axis=1)).tolist()
    for n, land in zip(landed, lands, strict=True):
        homes[n]["landing"] = land
    by_road = [answer.status[n] in _ROAD_ONLY for n in range(len(homes))]
    told: dict[str, Any] = {
        "people": {
            "all": int(answer.homes.people.sum()),
            **{str(one): answer.people(one) for one in Status},
        },
        "communities": _communities(homes),
        "listed": [home for home, road in zip(homes, by_road, strict=True) if not road],
    }
    if "households" in asked.include:
        told["households"] = [home for home, road in zip(homes, by_road, strict=True) if road]
    return told


def _household(answer: Answer, n: int) -> dict[str, Any]:
    shelter, nearest = int(answer.shelter[n]), int(answer.nearest[n])
    keys = answer.shelters.keys
    return {
        "household": answer.homes.keys[n],
        "community": answer.homes.communities[n],
        "people": int(answer.homes.people[n]),
        "status": str(answer.status[n]),
        "shelter": keys[shelter] if shelter >= 0 else None,
        "nearest": keys[nearest] if nearest >= 0 else None,
        "metres": common.rounded(answer.metres[n]),
        "seconds": common.rounded(answer.seconds[n]),
        "planned": bool(answer.planned[n]),
        "not_accessible": bool(answer.not_accessible[n] and shelter >= 0),
        "landing": None,
    }


def _communities(homes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    people: Counter[tuple[str | None, str | None, str]] = Counter()
    count: Counter[tuple[str | None, str | None, str]] = Counter()
    for home in homes:
        key = (home["community"], home["shelter"], home["status"])
        people[key] += home["people"]
        count[key] += 1
    return [
        {
            "community": key[0],
            "shelter": key[1],
            "status": key[2],
            "people": people[key],
            "households": count[key],
        }
        for key in sorted(count, key=lambda k: (k[0] or "", k[1] or "", k[2]))
    ]


def _caveats(found: _Found, rows: records.Rows, *, counts_people: bool) -> list[Text]:
    told = common.caveats_of(found.net)
    if not rows:
        told.append(Text(th="เมืองนี้ยังไม่มีข้อมูลศูนย์พักพิง", en="This town has no shelters on record yet."))
    if rows and all(why is not None for why in found.answer.excluded):
        told.append(NONE_TAKES)
    if Status.BOAT in found.answer.status:
        told.append(runs.STRAIGHT)
    if not counts_people:
        told.append(
            Text(
                th="ไม่รวมข้อมูลครัวเรือน เพราะสิทธิ์ของท่านดูไม่ได้",
                en="Households are left out: your role may not see them.",
            )
        )
        return told
    if not len(found.answer.homes.keys):
        told.append(
            Text(
                th="ไม่มีครัวเรือนที่ต้องจัดที่พักพิง: ไม่มีข้อมูล หรือไม่มีบ้านในน้ำ",
                en="There is no household to place: none on record, or none in the water.",
            )
        )
    uncounted = [
        r
        for n, r in enumerate(rows)
        if found.answer.excluded[n] is None and r.get("occupancy") is None
    ]
    if uncounted:
        told.append(
            Text(
                th=f"ศูนย์พักพิง {len(uncounted)} แห่งไม่ทราบจำนวนคนขณะนี้ คิดเสมือนยังว่างทั้งหมด",
                en=f"Nobody has counted who is in {len(uncounted)} of the shelters: all their "
                "places are taken as free.",
            )
        )
    return told
