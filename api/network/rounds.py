"""`POST /queries/route-cuts`: which stops of a round are lost, and the way that is left."""

import asyncio
import time
from itertools import groupby
from typing import Any

import numpy as np
import orjson
import shapely
from fastapi import APIRouter

from api import floods
from api.house import House
from api.language import CallerLang
from api.network import common, gather
from api.network.models import RouteCutsAnswer, RouteCutsRequest
from api.queries import in_words
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db.queries import network as records
from flood import routes
from flood.paths import Network, nearest_nodes, need_roads
from flood.routes import Round, Stops
from layers.catalog import get
from layers.errors import BadRequestError, NotFoundError
from layers.privacy import visible_fields
from layers.text import Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

RELIEF = "relief"
"""Name of a relief round among the routes of an answer."""


@router.post(
    "/route-cuts",
    summary="Which stops do waste and relief rounds lose, and which way is left?",
    response_model=RouteCutsAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 413, 503),
)
async def ask_route_cuts(
    asked: RouteCutsRequest, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> dict[str, Any]:
    """Plans every round anew over roads that can be used, and tells what piles up at lost stops.

    A round begins at the depot, when one is named, otherwise at the stop from which the most
    others can still be served.
    """
    started = time.monotonic()
    answer = await answer_route_cuts(asked, house, who)
    return in_words(await common.keep(house, who, asked, answer, started), lang)


async def answer_route_cuts(
    asked: RouteCutsRequest, house: House, who: Viewer, again: common.At | None = None
) -> dict[str, Any]:
    """Answer the question, now or as it was answered before; the answer in both languages."""
    flood = await common.flood_of(asked.flood, who, house)
    reader = common.reader_of(who, asked.as_of, again)
    relief = [(stop.lon, stop.lat) for stop in asked.relief or ()]
    spot = [] if asked.depot is None else [(asked.depot.lon, asked.depot.lat)]
    floods.near([*relief, *spot], await house.bounds(who.role))
    async with house.reader(who.role) as conn, records.snapshot(conn, reader) as snap:
        setting = await common.setting_of(snap, asked, flood, house)
        if asked.relief is None:
            rounds = _rounds(await snap.stops(asked.routes), asked.routes)
        else:
            rounds = [_relief(asked, await snap.to_town(relief))]
        depot = await _depot(asked, snap, spot)
        provenance = await snap.provenance()
        net, found = await asyncio.to_thread(_work_out, asked, setting, rounds, depot)
        start = [] if depot is None else await snap.to_degrees([depot])
        drawn = [one.line for one in found if one.line is not None]
        lines = iter(await snap.lines_to_degrees([shapely.to_wkb(line) for line in drawn]))
    counted = [asked.relief is None and bool(one.keys) for one in rounds]
    known = asked.relief is None and _sees_accounts(reader)
    given = common.Given(
        kind="route_cuts",
        body={
            "vehicle": common.vehicle_used(setting.vehicle),
            "roads": common.roads_used(net),
            **(_started(asked, net, depot, start[0]) if depot is not None else {}),
            "routes": [
                _route(one, None if one.line is None else orjson.loads(next(lines)), counts=known)
                for one in found
            ],
        },
        snap=snap,
        provenance=provenance,
        caveats=_caveats(net, has_stops=any(counted) or bool(relief)),
        personal=False,
    )
    return common.answer_of(given, RouteCutsAnswer)


async def _depot(
    asked: RouteCutsRequest, snap: records.Snapshot, given: list[tuple[float, float]]
) -> tuple[float, float] | None:
    """Where the rounds start in the town's CRS; NotFoundError for a vehicle that is not there."""
    if asked.depot is not None and asked.depot_of is not None:
        raise BadRequestError(
            Text(
                th="ระบุจุดเริ่มเพียงแบบเดียว: depot หรือ depot_of",
                en="Name the start in just one way: depot or depot_of.",
            )
        )
    if asked.depot_of is None:
        return (await snap.to_town(given))[0] if given else None
    teams = {row["code"]: row for row in await snap.teams()}
    row = teams.get(asked.depot_of)
    if row is None or row["x"] is None:
        raise NotFoundError(
            Text(
                th=f"ไม่มีเรือ รถ หรือทีมชื่อ {asked.depot_of} ที่ทราบที่ตั้ง",
                en=f"There is no boat, vehicle or crew {asked.depot_of} whose place is known.",
            )
        )
    return (float(row["x"]), float(row["y"]))


def _started(
    asked: RouteCutsRequest, net: Network, depot: tuple[float, float], at: tuple[float, float]
) -> dict[str, Any]:
    used = int(nearest_nodes(net.graph, np.array([depot]), net.usable)[0]) >= 0
    told = {"code": asked.depot_of, "at": at, "status": "used" if used else "no_road"}
    return {"depot": told}


def _sees_accounts(reader: records.Reader) -> bool:
    fields = visible_fields(get("waste_stops"), reader.role)
    return "accounts_served" in {field.name for field in fields}


def _rounds(rows: records.Rows, wanted: list[str] | None) -> list[Stops]:
    """The stops of each route; NotFoundError names routes that have none."""
    made = [
        _stops(route, list(stops)) for route, stops in groupby(rows, key=lambda r: r["route_code"])
    ]
    missing = sorted(set(wanted or ()) - {one.route for one in made})
    if missing:
        names = ", ".join(missing)
        raise NotFoundError(
            Text(
                th=f"ไม่มีเส้นทางเก็บขยะที่มีจุดเก็บชื่อ {names}",
                en=f"There is no waste route with stops called {names}.",
            )
        )
    return made


def _stops(route: str, rows: records.Rows) -> Stops:
    accounts = [row.get("accounts_served") for row in rows]
    return Stops(
        route=route,
        keys=tuple(row["code"] for row in rows),
        xy=gather.places_of(rows),
        accounts=np.array([-1 if n is None else int(n) for n in accounts], dtype=np.int64),
    )


def _relief(asked: RouteCutsRequest, places: list[tuple[float, float]]) -> Stops:
    stops = asked.relief or []
    return Stops(
        route=RELIEF,
        keys=tuple(stop.code for stop in stops),
        xy=np.array(places, dtype=float).reshape(-1, 2),
        accounts=np.zeros(len(stops), dtype=np.int64),
    )


def _work_out(
    asked: RouteCutsRequest,
    setting: common.Setting,
    rounds: list[Stops],
    depot: tuple[float, float] | None,
) -> tuple[Network, list[Round]]:
    net = setting.network()
    need_roads(net.graph)
    return net, [
        routes.plan(net, one, depot=depot, collections=asked.collections) for one in rounds
    ]


def _route(found: Round, line: dict[str, Any] | None, *, counts: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "route": found.route,
        "served": list(found.served),
        "lost": list(found.lost),
        "seconds": round(found.seconds, 1),
        "metres": round(found.metres, 1),
        "line": line,
    }
    if counts:
        told |= {"accounts_lost": found.accounts_lost, "backlog": found.backlog}
    return told


def _caveats(net: Network, *, has_stops: bool) -> list[Text]:
    told = [*common.caveats_of(net), routes.METHOD]
    if not has_stops:
        told.append(
            Text(th="เมืองนี้ยังไม่มีข้อมูลจุดเก็บขยะ", en="This town has no waste stops on record yet.")
        )
    return told
