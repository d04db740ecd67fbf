"""Who stays dry and has no way out: a part of the impact answer, worked out over the roads kept."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from api.cut_off_models import CutOff
from api.house import House
from api.network import common, gather
from api.vehicle_models import VehicleId
from db.queries import cut_off as records
from db.queries import impact, impact_range
from db.queries.cut_off import Homes, Spots
from db.queries.impact import Beside, Flood, Question
from db.queries.impact_caveats import HomesSeen, homes_seen
from db.queries.network import Reader, Rows, Snapshot
from flood import cut_off, vehicles
from flood.cut_off import Found, Looked, Stands
from flood.paths import Closures, network
from flood.roads import Floats, Graph, Ints
from flood.vehicles import Vehicle
from layers.text import Text

NAME = "cut_off"
_MOST_NAMED, _MOST_ROADS = 200, 100
_AGES = ("0-5", "6-17", "18-59", "60+")

NO_ROADS = Text(
    th="เมืองนี้ยังไม่มีข้อมูลถนน จึงบอกไม่ได้ว่าใครถูกตัดขาด",
    en="This town has no roads on record, so nothing can be said of who is cut off.",
)
NO_EDGE = Text(
    th="ไม่มีถนนออกนอกเขตเมืองที่ใช้ได้ แม้โครงข่ายส่วนใหญ่ที่สุดก็อาจไม่มีทางออก",
    en="No road out of the town can be used: even its largest part may have no way out.",
)
NO_BOUNDARY = Text(
    th="ไม่ทราบว่าถนนใดออกนอกเขตเมือง จึงดูเฉพาะโครงข่ายส่วนใหญ่ที่สุด",
    en="Which roads leave the town is not known: only its largest part was looked at.",
)
STAGES = Text(
    th="น้ำที่สูงขึ้นอาจทำให้ผู้ถูกตัดขาดน้อยลง เพราะบ้านเหล่านั้นจมน้ำแทน",
    en="Higher water may leave fewer cut off, because they then stand in the water.",
)


@dataclass(frozen=True)
class Asked:
    """The vehicle the way out is for, and how deep somebody said it wades."""

    vehicle: VehicleId
    wades_m: float | None


@dataclass(frozen=True)
class _Town:
    """What was read of the town once for all the waters that are looked at."""

    graph: Graph
    vehicle: Vehicle
    vehicles: tuple[Vehicle, ...]
    closures: Closures
    ends: Ints
    bounded: bool
    houses: Spots | None
    xy: Floats


async def part(
    asked: Asked, house: House, conn: impact.Connection, question: Question, pos: int
) -> Beside:
    """The part of the answer to a question, in the snapshot that is open."""
    moment = question.as_of or question.clock
    reader = Reader(question.role, question.scope_keys, question.moment, moment)
    snap = Snapshot(conn, reader, pos)
    seen = set(impact.layers_counted(question))
    town = await _town(asked, house, snap, counted="houses" in seen)
    if town.graph.empty:
        return Beside(NAME, None, {}, ("roads",), (NO_ROADS,))
    looked, found = await _standing(snap, town, question.flood)
    told: dict[str, Any] = {
        "vehicle": common.vehicle_used(town.vehicle),
        "way_out": _way_out(looked, town),
        "roads": _roads(looked, town.vehicles),
    }
    by_place: dict[str, dict[str, Any]] = {}
    homes = None if town.houses is None else _homes(town.houses, found)
    if homes is not None and town.houses is not None and town.houses.ids:
        told |= await _people(snap, homes, town.houses, by_place, counted="households" in seen)
    if "care_locations" in seen:
        told |= await _care(snap, looked, question, by_place)
    told |= await _places(snap, looked, seen)
    if town.houses is not None and (names := await records.communities(snap)):
        told["communities"] = _communities(by_place, names)
    caveats = [*common.caveats_of(looked.roads), cut_off.METHOD, *_about_edge(looked, town)]
    enclosed = await _range(snap, town, question.flood, counted="households" in seen)
    if enclosed is not None:
        told["range"] = enclosed
        caveats.append(STAGES)
    made = CutOff.model_validate({k: v for k, v in told.items() if v is not None})
    kept = made.model_dump(mode="json", exclude_unset=True)
    return Beside(NAME, kept, _figures(kept), tuple(dict.fromkeys(snap.used)), tuple(caveats))


async def _town(asked: Asked, house: House, snap: Snapshot, *, counted: bool) -> _Town:
    table = vehicles.table_of(await snap.vehicle_limits())
    graph = await house.graphs.graph(snap)
    closures = gather.closures_of(await snap.closures())
    boundary = gather.shapes_of(await records.town(snap))
    town = shapely.union_all(boundary) if len(boundary) else None
    houses = await records.spots(snap, "houses") if counted else None
    return _Town(
        graph=graph,
        vehicle=gather.vehicle_of(asked.vehicle, asked.wades_m, table),
        vehicles=table,
        closures=closures,
        ends=await asyncio.to_thread(cut_off.road_ends, graph, town),
        bounded=town is not None,
        houses=houses,
        xy=_xy(houses),
    )


def _xy(spots: Spots | None) -> Floats:
    if spots is None or spots.shape is None:
        return np.zeros((0, 2))
    return np.asarray(shapely.get_coordinates(shapely.from_wkb(spots.shape)), dtype=float)


async def _standing(snap: Snapshot, town: _Town, flood: Flood | None) -> tuple[Looked, Found]:
    """The ways out under a flood (none: a dry day), and how the houses stand."""
    rows = await snap.water(flood)

    def work() -> tuple[Looked, Found]:
        areas = gather.water_of(rows)
        roads = network(town.graph, town.vehicle, areas, town.closures)
        looked = cut_off.look(roads, gather.least_of(rows, areas), town.ends)
        return looked, cut_off.standing(looked, town.xy)

    return await asyncio.to_thread(work)


def _homes(houses: Spots, found: Found) -> Homes:
    rows = np.flatnonzero((found.stands == Stands.CUT_OFF) | (found.stands == Stands.UNKNOWN))
    ids = np.array(houses.ids, dtype=np.int64)
    return Homes(
        ids=ids[rows].tolist(),
        certain=found.certain[rows].tolist(),
        unknown=(found.stands[rows] == Stands.UNKNOWN).tolist(),
        in_water=ids[found.rows(Stands.IN_WATER)].tolist(),
    )


async def _people(
    snap: Snapshot,
    homes: Homes,
    houses: Spots,
    by_place: dict[str, dict[str, Any]],
    *,
    counted: bool,
) -> dict[str, Any]:
    """Houses and people, all and by community; people are absent where none are on record."""
    rows = await records.houses(snap, homes)
    _put(by_place, "houses", {row["place"]: row["n"] for row in _cut(rows)})
    told: dict[str, Any] = {
        "houses": {
            "count": sum(row["n"] for row in _cut(rows)),
            "certain": sum(row["certain"] for row in _cut(rows)),
            "unknown": sum(row["n"] for row in rows if row["unknown"]) + houses.nowhere,
        }
    }
    if not counted or not await records.any_household(snap):
        return told
    people = await records.people(snap, homes)
    cut = _cut(people)
    _put(by_place, "people", {row["place"]: _ages([row]) for row in cut})
    _put(by_place, "households", {row["place"]: row["households"] for row in cut})
    return told | {
        "people": {
            **_ages(cut),
            "certain": sum(row["certain"] for row in cut),
            "unknown": _ages([row for row in people if row["unknown"]])["count"],
        },
        "households": {
            "count": sum(row["households"] for row in cut),
            "people_unknown": sum(row["silent"] for row in cut),
        },
    }


def _cut(rows: Rows) -> Rows:
    return [row for row in rows if not row["unknown"]]


def _ages(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    told = dict.fromkeys(_AGES, 0)
    for row in rows:
        for age in _AGES:
            told[age] += int(row[age])
    return {"count": sum(told.values()), "by_age": told}


def _put(by_place: dict[str, dict[str, Any]], name: str, values: dict[str, Any]) -> None:
    for place, value in values.items():
        by_place.setdefault(place, {})[name] = value


async def _care(
    snap: Snapshot, looked: Looked, question: Question, by_place: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """People in care by band (kind, where bands are not theirs to see) and by need where seen."""
    rows = await records.in_care(snap)
    if not rows:
        return {}
    found = await asyncio.to_thread(cut_off.standing, looked, gather.places_of(rows))
    cut = [rows[n] for n in found.rows(Stands.CUT_OFF).tolist()]
    bands = [row.get("band") or row["kind"] for row in cut]
    places = await records.communities_at(snap, [(row["x"], row["y"]) for row in cut])
    here: dict[str, Counter[str]] = {}
    for place, band in zip(places, bands, strict=True):
        here.setdefault(place, Counter())[band] += 1
    _put(by_place, "care", {place: dict(sorted(count.items())) for place, count in here.items()})
    told: dict[str, Any] = {
        "count": len(cut),
        "by_class": dict(sorted(Counter(bands).items())),
        "unknown": len(found.rows(Stands.UNKNOWN)),
        "suppressed": homes_seen(question) is not HomesSeen.ALL,
    }
    if "needs" in rows[0]:
        needs = Counter(need for row in cut for need in row["needs"] or ())
        told["by_need"] = dict(sorted(needs.items()))
    return {"care": told}


async def _places(snap: Snapshot, looked: Looked, seen: set[str]) -> dict[str, Any]:
    """Facilities, shelters and waste stops without a way out; layers without data are absent."""
    told: dict[str, Any] = {}
    if "facilities" in seen and (rows := await records.places(snap, "facilities")):
        cut = await _cut_rows(looked, rows)
        told["facilities"] = {"count": len(cut), "named": _named(cut, "kind")}
    if "shelters" in seen and (rows := await records.places(snap, "shelters")):
        cut = await _cut_rows(looked, rows)
        known = [row["capacity"] for row in cut if row["capacity"] is not None]
        told["shelters"] = {
            "count": len(cut),
            "capacity": sum(known),
            "capacity_unknown": len(cut) - len(known),
            "named": _named(cut, "capacity", "open"),
        }
    if "waste_routes" in seen and (rows := await records.waste_stops(snap)):
        told["waste_stops"] = len(await _cut_rows(looked, rows))
    return told


async def _cut_rows(looked: Looked, rows: Rows) -> Rows:
    found = await asyncio.to_thread(cut_off.standing, looked, gather.places_of(rows))
    return [rows[n] for n in found.rows(Stands.CUT_OFF).tolist()]


def _named(rows: Rows, *more: str) -> list[dict[str, Any]]:
    names = ("id", "code", "name", *more)
    return [{name: row[name] for name in names} for row in rows[:_MOST_NAMED]]


def _way_out(looked: Looked, town: _Town) -> dict[str, Any]:
    graph, ways = looked.roads.graph, looked.most
    usable = looked.roads.open
    part = usable & ways.part[graph.start] & ways.part[graph.end]
    return {
        "usable_m": _metres(graph.length_m[usable].sum()),
        "part_m": _metres(graph.length_m[part].sum()),
        "edge": ways.edge if len(town.ends) else None,
    }


def _about_edge(looked: Looked, town: _Town) -> list[Text]:
    if not len(town.ends):
        return [NO_BOUNDARY]
    return [] if looked.most.edge else [NO_EDGE]


def _roads(looked: Looked, table: tuple[Vehicle, ...]) -> dict[str, Any]:
    roads = looked.roads
    length = roads.graph.length_m
    cut = np.flatnonzero(cut_off.edges_cut_off(looked))
    by_road = np.bincount(roads.graph.road[cut], length[cut], minlength=len(roads.graph.codes))
    order = np.lexsort((np.arange(len(by_road)), -by_road))[: int((by_road > 0).sum())]
    return {
        "in_water_m": _metres(length[roads.depth_m > 0].sum()),
        "depth_unknown_m": _metres(length[np.isinf(roads.depth_m)].sum()),
        "by_vehicle": [
            {
                "id": one.vehicle.id,
                "title": common.words(one.vehicle.title),
                "wades_m": one.vehicle.wades_m,
                "passable_m": _metres(one.passable_m),
                "too_deep_m": _metres(one.too_deep_m),
            }
            for one in cut_off.passable(roads, _with(looked.roads.vehicle, table))
        ],
        "cut_off_m": _metres(length[cut].sum()),
        "count": len(order),
        "named": [
            {"code": roads.graph.codes[n], "length_m": _metres(by_road[n])}
            for n in order[:_MOST_ROADS].tolist()
        ],
    }


def _with(vehicle: Vehicle, table: tuple[Vehicle, ...]) -> tuple[Vehicle, ...]:
    """The town's vehicles, the one asked about as it was asked about."""
    return tuple(vehicle if one.id == vehicle.id else one for one in table)


def _metres(value: Any) -> float:
    return round(float(value), 1)


def _communities(by_place: dict[str, dict[str, Any]], names: Rows) -> list[dict[str, Any]]:
    called = {row["code"]: row for row in names}
    return [
        {
            "code": code or None,
            "name": called.get(code, {}).get("name"),
            "name_en": called.get(code, {}).get("name_en"),
            **by_place[code],
        }
        for code in sorted(by_place, key=lambda c: (not c, c))
    ]


async def _range(
    snap: Snapshot, town: _Town, flood: Flood, *, counted: bool
) -> dict[str, Any] | None:
    """How many are cut off at the stages that enclose a library's stage; None for other floods."""
    if flood.stage is None or town.houses is None:
        return None
    stages = await impact_range.enclosing(snap.conn, await impact.zone_ids(snap.conn, flood))
    if stages is None:
        return None

    async def at(stage: float | None) -> dict[str, int]:
        zones = [] if stage is None else await impact_range.zones_at(snap.conn, stages.gauge, stage)
        water = Flood(zone_ids=tuple(zones)) if zones else None
        _, found = await _standing(snap, town, water)
        homes = _homes(town.houses or Spots([], None, 0), found)
        told = {"houses": sum(row["n"] for row in _cut(await records.houses(snap, homes)))}
        if counted and await records.any_household(snap):
            told["people"] = _ages(_cut(await records.people(snap, homes)))["count"]
        return told

    return {
        "stage_low_m": stages.low_m,
        "stage_high_m": stages.high_m,
        # below the lowest stage of a library nothing is wet: what is closed stays closed
        "low": await at(stages.low_m),
        "high": None if stages.high_m is None else await at(stages.high_m),
    }


def _figures(told: dict[str, Any]) -> dict[str, Any]:
    """What is compared of two answers."""
    roads = {name: told["roads"][name] for name in ("in_water_m", "cut_off_m", "count")}
    named = ("houses", "people", "households", "care", "facilities", "shelters", "waste_stops")
    return {**{name: told[name] for name in named if name in told}, "roads": roads}
