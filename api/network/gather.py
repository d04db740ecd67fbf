"""Records of the database as the arrays that `flood` works on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from db.queries.network import Rows
from flood import roads, water
from flood.evacuation import Need
from flood.paths import Closures
from flood.roads import Bools, Floats, Graph, Ints, Shapes
from flood.shelters import Homes, Shelters
from flood.vehicles import DEFAULTS, Vehicle, by_id
from flood.water import Water
from layers.care_locations import POWERED


def shapes_of(rows: Rows) -> Shapes:
    """Column `shape` (WKB) as geometries."""
    return np.asarray(shapely.from_wkb([bytes(row["shape"]) for row in rows]), dtype=object)


def places_of(rows: Rows) -> Floats:
    """Columns `x` and `y` as n x 2, NaN where a row has no place."""
    found = [(row["x"], row["y"]) for row in rows]
    made = np.array([[np.nan if v is None else v for v in xy] for xy in found], dtype=float)
    return made.reshape(-1, 2)


def graph_of(rows: Rows) -> Graph:
    """The road graph."""

    def column(name: str) -> list[Any]:
        return [row[name] for row in rows]

    return roads.build(
        roads.roads(
            shapes_of(rows),
            codes=column("code"),
            classes=column("class"),
            speed_kmh=column("speed_kmh"),
            oneway=column("oneway"),
            surface_m=column("surface_level_m"),
            bridge=column("bridge"),
            level=column("level"),
        )
    )


def water_of(rows: Rows, *, depth_m: float | None = None, level_m: float | None = None) -> Water:
    """The flood's areas; `depth_m` stands for a depth that is not known otherwise."""
    classes = [row["depth_class"] for row in rows]
    tops = [
        depth_m
        if row["depth_max_m"] is None and row["depth_class"] not in water.DEEPEST_M
        else row["depth_max_m"]
        for row in rows
    ]
    return water.water(shapes_of(rows), classes=classes, depth_max_m=tops, level_m=level_m)


def least_of(rows: Rows, areas: Water) -> Water:
    """The same areas as shallow as they may be; 0 where nobody knows."""
    least = [
        water.SHALLOWEST_M.get(row["depth_class"] or "", 0.0)
        if row["depth_min_m"] is None
        else float(row["depth_min_m"])
        for row in rows
    ]
    return replace(areas, depth_m=np.minimum(areas.depth_m, np.array(least, dtype=float)))


def closures_of(rows: Rows) -> Closures:
    """Closures, each of a stretch or of a whole road."""
    whole = tuple(row["road_code"] if row["whole_road"] else None for row in rows)
    return Closures(places_of(rows), whole)


def vehicle_of(
    vehicle_id: str, wades_m: float | None, table: tuple[Vehicle, ...] = DEFAULTS
) -> Vehicle:
    """The vehicle meant, with the depth somebody said it wades."""
    found = by_id(vehicle_id, table)
    return found if wades_m is None else replace(found, wades_m=wades_m, wades_default=False)


@dataclass(frozen=True)
class Care:
    """What people in care of one household need: counts by need, and how many lie."""

    needs: dict[Need, int]
    lying: int


def care_of(rows: Rows) -> dict[str, Care]:
    """Needs by household code."""
    found: dict[str, Care] = {}
    for row in rows:
        needs = dict(found[row["household"]].needs) if row["household"] in found else {}
        lying = found[row["household"]].lying if row["household"] in found else 0
        mine = _needs(row)
        for need in mine:
            needs[need] = needs.get(need, 0) + 1
        in_bed = Need.BEDRIDDEN in mine or "stretcher" in (row["needs"] or ())
        found[row["household"]] = Care(needs, lying + int(in_bed))
    return found


def _needs(row: dict[str, Any]) -> set[Need]:
    has = set(row["needs"] or ())
    tests = {
        Need.POWER: bool(has & POWERED),
        Need.BEDRIDDEN: row["band"] == "bedridden",
        Need.CARRIED: row["mobility"] == "carried" and row["band"] != "bedridden",
        Need.DIALYSIS: "dialysis" in has,
        Need.WHEELCHAIR: row["mobility"] == "wheelchair" or "wheelchair" in has,
        Need.HOMEBOUND: row["band"] == "homebound",
        Need.UNASSESSED: row["band"] in (None, "unknown"),
    }
    return {need for need, true in tests.items() if true}


def homes_of(rows: Rows, care: dict[str, Care]) -> Homes:
    """Households with the people in them tonight; those with somebody in bed need access."""
    lying = [bool((mine := care.get(row["code"])) and mine.lying) for row in rows]
    return Homes(
        keys=tuple(row["code"] for row in rows),
        people=_integers([int(row["people"]) for row in rows]),
        xy=places_of(rows),
        communities=tuple(row["community"] for row in rows),
        accessible=_flags(lying),
    )


def shelters_of(rows: Rows, *, open_all: bool) -> Shelters:
    """Shelters; who is there already counts as nobody where nobody has counted."""
    return Shelters(
        keys=tuple(row["code"] for row in rows),
        xy=places_of(rows),
        capacity=_integers([-1 if r["capacity"] is None else int(r["capacity"]) for r in rows]),
        occupancy=_integers([int(row.get("occupancy") or 0) for row in rows]),
        open=_flags([open_all or bool(row["open"]) for row in rows]),
        accessible=_flags([bool(row["ramp"] and row["power"]) for row in rows]),
    )


def _integers(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _flags(values: list[bool]) -> Bools:
    return np.array(values, dtype=bool)
