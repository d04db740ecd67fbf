"""`POST /queries/coverage`: who lives outside a walking or driving time of a service."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from fastapi import APIRouter
from shapely.geometry.base import BaseGeometry as Geometry

from api import floods
from api.house import House
from api.language import CallerLang
from api.network import common, gather
from api.network.coverage_models import CoverageAnswer, CoverageRequest
from api.queries import in_words
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db.queries import network as records
from db.queries.network import Rows, Snapshot
from flood import coverage
from flood.coverage import Covered, Reach, Services
from flood.paths import Network
from layers.errors import BadRequestError
from layers.text import Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

AGES = {"0-5": "infants", "6-17": "minors", "18-59": "adults", "60+": "elderly"}
"""Age bands, and the columns that count them."""


@router.post(
    "/coverage",
    summary="Who lives outside a walking or driving time of a service?",
    response_model=CoverageAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 413, 503),
)
async def ask_coverage(
    asked: CoverageRequest, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> dict[str, Any]:
    """People by how they reach the nearest facility, shelter or given place by road.

    Far is kept apart from cut off, and both from houses whose place is not known. Roles that do
    not see households get the services and, when asked for, the roads by reach. The answer is kept.
    """
    started = time.monotonic()
    answer = await answer_coverage(asked, house, who)
    return in_words(await common.keep(house, who, asked, answer, started), lang)


@dataclass(frozen=True)
class _Found:
    """What was read and worked out."""

    net: Network
    services: Rows
    homes: Rows
    covered: Covered


async def answer_coverage(
    asked: CoverageRequest, house: House, who: Viewer, again: common.At | None = None
) -> dict[str, Any]:
    """Answer the question, now or as it was answered before; the answer in both languages."""
    flood = await common.flood_of(asked.flood, who, house)
    reader = common.reader_of(who, asked.as_of, again)
    floods.near([(p.lon, p.lat) for p in asked.points or ()], await house.bounds(who.role))
    async with house.reader(who.role) as conn, records.snapshot(conn, reader) as snap:
        setting = await common.setting_of(snap, asked, flood, house)
        services = await _services(asked, snap)
        homes = await snap.households()
        provenance = await snap.provenance()
        found = await asyncio.to_thread(_work_out, asked, setting, services, homes)
        placed = [(row["x"], row["y"]) for row in services if row["x"] is not None]
        places = await snap.to_degrees(placed)
        reach = await _reach(asked, found, snap)
    given = common.Given(
        kind="coverage",
        body={
            "vehicle": common.vehicle_used(setting.vehicle),
            "roads": common.roads_used(found.net),
            "within_min": asked.within_min,
            "services": _told_services(found, iter(places)),
            **(_people(found, asked) if homes else {}),
            **reach,
        },
        snap=snap,
        provenance=provenance,
        caveats=_caveats(found, counts_people=reader.counts_people),
        personal=reader.counts_people,
    )
    return common.answer_of(given, CoverageAnswer)


async def _services(asked: CoverageRequest, snap: Snapshot) -> Rows:
    """Places of the service; BadRequestError when none is on record, which is not "too far"."""
    if asked.points is not None:
        at = await snap.to_town([(p.lon, p.lat) for p in asked.points])
        pairs = zip(asked.points, at, strict=True)
        return [{"code": p.code, "name": None, "open": True, "x": x, "y": y} for p, (x, y) in pairs]
    if asked.shelters is not None:
        every = asked.shelters == "all"
        found = await snap.shelters()
        rows = [{**row, "open": every or bool(row["open"])} for row in found]
        what = Text(th="ศูนย์พักพิง", en="shelters")
    else:
        kinds = asked.facilities or []
        rows = [{**row, "open": True} for row in await snap.facilities(kinds)]
        names = ", ".join(kinds)
        what = Text(th=f"สถานที่ประเภท {names}", en=f"facilities of the kind {names}")
    if not rows:
        raise BadRequestError(
            Text(
                th=f"เมืองนี้ยังไม่มีข้อมูล{what.th} จึงบอกไม่ได้ว่าใครอยู่ไกลเท่าใด",
                en=f"This town has no {what.en} on record, so nothing can be said of who is far "
                "from one.",
            )
        )
    return rows


def _work_out(
    asked: CoverageRequest, setting: common.Setting, services: Rows, homes: Rows
) -> _Found:
    net = setting.network()
    of = Services(
        keys=tuple(row["code"] for row in services),
        xy=gather.places_of(services),
        open=np.array([row["open"] for row in services], dtype=bool),
    )
    limit_s = asked.within_min * 60
    told = coverage.covered(net, gather.places_of(homes), of, limit_s, coming=asked.coming)
    return _Found(net, services, homes, told)


def _told_services(found: _Found, places: Iterator[tuple[float, float]]) -> list[dict[str, Any]]:
    return [
        {
            "code": row["code"],
            "name": row["name"],
            "status": str(why) if why else "serves",
            "at": None if row["x"] is None else next(places),
        }
        for row, why in zip(found.services, found.covered.unused, strict=True)
    ]


def _people(found: _Found, asked: CoverageRequest) -> dict[str, Any]:
    rows = list(zip(found.homes, found.covered.reach, strict=True))
    by_place: dict[str | None, list[tuple[dict[str, Any], Reach]]] = {}
    for row in rows:
        by_place.setdefault(row[0]["community"], []).append(row)
    told: dict[str, Any] = {
        **_counts(rows),
        "communities": [
            {"community": one, **_counts(by_place[one])}
            for one in sorted(by_place, key=lambda c: (c is None, c))
        ],
    }
    if "households" in asked.include:
        told["outside"] = [
            _outside(found, n) for n, (_, reach) in enumerate(rows) if reach is not Reach.WITHIN
        ]
    return told


def _counts(rows: list[tuple[dict[str, Any], Reach]]) -> dict[str, Any]:
    known = any(row["counted"] for row, _ in rows)
    return {
        "people": _by_reach((int(row["people"]), reach) for row, reach in rows) if known else None,
        "households": {
            **_by_reach((1, reach) for _, reach in rows),
            "uncounted": sum(not row["counted"] for row, _ in rows),
        },
        "by_age": {
            age: _by_reach((int(row[column]), reach) for row, reach in rows)
            for age, column in AGES.items()
        }
        if known
        else None,
    }


def _by_reach(counted: Iterable[tuple[int, Reach]]) -> dict[str, int]:
    found = {str(reach): 0 for reach in Reach}
    for count, reach in counted:
        found[str(reach)] += count
    return {"all": sum(found.values()), **found}


def _outside(found: _Found, n: int) -> dict[str, Any]:
    row, service = found.homes[n], int(found.covered.service[n])
    seconds = float(found.covered.seconds[n])
    return {
        "household": row["code"],
        "community": row["community"],
        "people": int(row["people"]) if row["counted"] else None,
        "status": str(found.covered.reach[n]),
        "minutes": common.rounded(seconds / 60, 1),
        "service": found.services[service]["code"] if service >= 0 else None,
    }


async def _reach(asked: CoverageRequest, found: _Found, snap: Snapshot) -> dict[str, Any]:
    """The roads by reach as GeoJSON: nothing of people is in it."""
    if "roads" not in asked.include:
        return {}
    drawn = await asyncio.to_thread(_lines, asked, found)
    lines = await snap.lines_to_degrees([shapely.to_wkb(line) for line in drawn.values()])
    features = [
        {"type": "Feature", "properties": {"reach": name}, "geometry": orjson.loads(line)}
        for name, line in zip(drawn, lines, strict=True)
    ]
    return {"reach": {"type": "FeatureCollection", "features": features}}


def _lines(asked: CoverageRequest, found: _Found) -> dict[str, Geometry]:
    seconds, usable = found.covered.edge_seconds, found.net.open
    parts = {
        "within": seconds <= asked.within_min * 60,
        "far": np.isfinite(seconds) & (seconds > asked.within_min * 60),
        "unreachable": np.isinf(seconds) & usable,
        "barred": ~usable,
    }
    lines = found.net.graph.lines
    return {
        name: shapely.line_merge(shapely.MultiLineString(lines[rows].tolist()))
        for name, rows in parts.items()
        if rows.any()
    }


def _caveats(found: _Found, *, counts_people: bool) -> list[Text]:
    told = [*common.caveats_of(found.net), coverage.METHOD]
    if all(why is not None for why in found.covered.unused):
        told.append(
            Text(
                th="ไม่มีจุดบริการใดใช้การได้ จึงไม่มีใครไปถึง",
                en="None of the services can be used, so nobody reaches one.",
            )
        )
    if not counts_people:
        told.append(
            Text(
                th="ไม่รวมข้อมูลครัวเรือน เพราะสิทธิ์ของท่านดูไม่ได้",
                en="Households are left out: your role may not see them.",
            )
        )
    elif not found.homes:
        told.append(
            Text(th="เมืองนี้ยังไม่มีข้อมูลครัวเรือน", en="This town has no households on record yet.")
        )
    uncounted = sum(not row["counted"] for row in found.homes)
    if uncounted:
        told.append(
            Text(
                th=f"ไม่ทราบจำนวนคนใน {uncounted} ครัวเรือน จึงไม่รวมในจำนวนคน",
                en=f"Nobody has counted the people of {uncounted} households: they are not in the "
                "numbers of people.",
            )
        )
    return told
