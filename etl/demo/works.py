"""Gates, pumps, drains and sandbag points of the demo towns: invented, and noted as such."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate

from etl.demo.gauges import NOTE
from etl.demo.plan import Plan
from etl.demo.towns import DemoTown

_APART_M = 350.0
_BANK_M = 0.6
_DRAINS = 24
_PUMPS = (
    ("running", "diesel", 900.0, 65),
    ("ready", "electric", 1500.0, None),
    ("failed", "diesel", 900.0, 20),
    ("no_fuel", "diesel", 600.0, 0),
)
"""Status, drive, m3/h and fuel in percent of each of the invented pumps."""
_GATES = (("open", 100), ("closed", 0))
_SANDBAGS = (("available", 800), ("low", 60))


def _frame(
    town: DemoTown, rows: list[dict[str, object]], shapes: list[shapely.Geometry]
) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        [{**row, "note": NOTE} for row in rows], geometry=shapes, crs=f"EPSG:{town.srid}"
    ).rename_geometry("geom")


def _low_places(plan: Plan, roads: gpd.GeoDataFrame, count: int) -> list[shapely.Point]:
    """The lowest points of roads, apart from one another: where water stands first."""
    xy = shapely.get_coordinates(roads.geometry.to_numpy())
    chosen: list[NDArray[np.float64]] = []
    for place in xy[np.argsort(plan.ground(xy))]:
        if all(np.hypot(*(place - other)) > _APART_M for other in chosen):
            chosen.append(place)
        if len(chosen) == count:
            break
    return [shapely.Point(place) for place in chosen]


def pumps(town: DemoTown, plan: Plan, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One pump in each state, at the lowest points of the town's roads."""
    places = _low_places(plan, roads, len(_PUMPS))
    rows: list[dict[str, object]] = [
        {
            "code": f"PM-{town.short}-{n}",
            "name": f"เครื่องสูบ {n} (สาธิต)",
            "status": status,
            "driven_by": drive,
            "capacity_m3h": capacity,
            "fuel_percent": fuel,
        }
        for n, (status, drive, capacity, fuel) in enumerate(_PUMPS[: len(places)], start=1)
    ]
    return _frame(town, rows, list(places))


def gates(town: DemoTown, plan: Plan) -> gpd.GeoDataFrame:
    """Two gates, on the town's smaller waters."""
    waters = sorted(plan.water, key=lambda one: -one.shape.area)[1 : 1 + len(_GATES)]
    rows: list[dict[str, object]] = [
        {
            "code": f"GT-{town.short}-{n}",
            "name": f"ประตูน้ำ {n} (สาธิต)",
            "status": status,
            "open_percent": percent,
        }
        for n, (status, percent) in enumerate(_GATES[: len(waters)], start=1)
    ]
    return _frame(town, rows, [water.shape.representative_point() for water in waters])


def levees(town: DemoTown, plan: Plan, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The bank of the longest road that lies in the town, a little above its lowest ground."""
    inside = plan.boundary.buffer(-20.0)
    shapely.prepare(inside)
    lines = roads.geometry.to_numpy()
    lines = lines[shapely.covers(inside, lines)]
    bank = lines[int(np.argmax(shapely.length(lines)))]
    crest = round(float(plan.ground(shapely.get_coordinates(bank)).min()) + _BANK_M, 2)
    row: dict[str, object] = {
        "code": f"LV-{town.short}-1",
        "name": "คันทาง (สาธิต)",
        "kind": "road",
        "crest_m": crest,
        "state": "closed",
    }
    shape = shapely.MultiLineString(list(shapely.get_parts(bank)))
    return _frame(town, [row], [shape])


def drains(town: DemoTown, plan: Plan, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Drains beside the longest lanes, most of them clear."""
    lanes = roads[roads["class"].isin(("residential", "service"))].geometry.to_numpy()
    longest = lanes[np.argsort(-shapely.length(lanes), kind="stable")]
    inside = plan.boundary.buffer(-20.0)
    shapely.prepare(inside)
    beside = [translate(lane, 3.0, -3.0) for lane in longest[shapely.covers(inside, longest)]]
    beside = beside[:_DRAINS]
    rows: list[dict[str, object]] = [
        {
            "code": f"DR-{town.short}-{n:02d}",
            "status": ("blocked" if n == 1 else "slow") if n <= 3 else "clear",  # noqa: PLR2004
            "width_m": 0.6,
        }
        for n in range(1, len(beside) + 1)
    ]
    return _frame(town, rows, beside)


def sandbag_points(town: DemoTown, shelters: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Two places to fetch sandbags, beside shelters."""
    places = shelters.geometry.to_numpy()[-len(_SANDBAGS) :]
    rows: list[dict[str, object]] = [
        {
            "code": f"SB-{town.short}-{n}",
            "name": f"จุดกระสอบทราย {n} (สาธิต)",
            "status": status,
            "bags": bags,
        }
        for n, (status, bags) in enumerate(_SANDBAGS[: len(places)], start=1)
    ]
    return _frame(town, rows, [translate(one, 15.0, 15.0) for one in places])
