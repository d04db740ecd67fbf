"""Refuse routes: a lorry's way along the roads past every house, and its stops in order."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, MultiLineString, STRtree

from etl.demo.curves import FloatArray
from etl.demo.network import IntArray, Network, Shapes
from etl.demo.towns import DemoTown

ROUTES = 12
_STOP_EVERY_M = 130.0
_LONELY_M = 260.0
"""A road with less than a house for so many metres is not driven: people bring their bags."""
_DAYS = (("mon", "thu"), ("tue", "fri"), ("wed", "sat"), ("mon", "wed", "fri"))
_STARTS = ("04:00", "04:30", "05:00", "18:30")


@dataclass(frozen=True)
class _Ways:
    """Directed ways over the network's nodes: shortest distances and where to go next."""

    distance: FloatArray
    before: IntArray
    road: dict[tuple[int, int], int]


def routes(
    town: DemoTown, network: Network, houses: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Routes and stops (fields of their layers and `geom`) that serve every road with houses."""
    klass = np.array([network.streets[s].klass for s in network.roads.street])
    # lorries keep to made roads: farms bring their bags to the nearest one
    made = np.flatnonzero((klass != "track") & (klass != "trunk"))
    doors = houses.geometry.to_numpy()
    served = _nearest(network, made, doors)
    length = shapely.length(network.roads.lines)
    lonely = np.bincount(served, minlength=len(length)) * _LONELY_M < length
    served = _nearest(network, made[~lonely[made]], doors)
    accounts = np.bincount(served, minlength=len(length))
    roads = np.flatnonzero(accounts)
    ways = _ways(network)
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(network.roads.lines[roads], 0.5, normalized=True)
    )
    share = _divide(middle, accounts[roads], ROUTES)
    route_rows, stop_rows = [], []
    for number in range(ROUTES):
        line, order = _drive(network, ways, roads[share == number])
        code = f"WR-{town.short}-{number + 1:02d}"
        route_rows.append(
            {
                "code": code,
                "name": f"สายเก็บขยะที่ {number + 1}",
                "weekdays": list(_DAYS[number % len(_DAYS)]),
                "start_time": _STARTS[number // 3],
                "vehicle": f"รถอัดท้าย คันที่ {number % 6 + 1} (สาธิต)",
                "geom": MultiLineString([line]),
            }
        )
        stop_rows.extend(_stops(network, code, order, served, doors))
    crs = f"EPSG:{town.srid}"
    return (
        gpd.GeoDataFrame(route_rows, geometry="geom", crs=crs),
        gpd.GeoDataFrame(stop_rows, geometry="geom", crs=crs),
    )


def _ways(network: Network) -> _Ways:
    """Shortest ways between all nodes, one-way streets kept to."""
    size = int(network.roads.ends.max()) + 1
    length = shapely.length(network.roads.lines)
    road: dict[tuple[int, int], int] = {}
    for number, (a, b) in enumerate(network.roads.ends.tolist()):
        oneway = network.roads.oneway[number]
        for tail, head, shut in ((a, b, "backward"), (b, a, "forward")):
            known = road.get((tail, head))
            if (
                oneway != shut
                and tail != head
                and (known is None or length[number] < length[known])
            ):
                road[tail, head] = number
    tails, heads = np.array(list(road)).T
    weight = length[list(road.values())]
    graph = csr_array((weight, (tails, heads)), shape=(size, size))
    distance, before = dijkstra(graph, return_predecessors=True)
    return _Ways(distance=distance, before=before.astype(np.int64), road=road)


def _divide(middle: FloatArray, weight: IntArray, parts: int) -> IntArray:
    """Part number of each road: the town halved again and again with equal shares of houses."""
    share = np.zeros(len(middle), dtype=np.int64)
    todo = [(np.arange(len(middle)), parts, 0)]
    while todo:
        rows, count, first = todo.pop()
        if count == 1:
            share[rows] = first
            continue
        axis = int(np.argmax(np.ptp(middle[rows], axis=0)))
        order = rows[np.argsort(middle[rows, axis], kind="stable")]
        low = count // 2
        running = np.cumsum(weight[order])
        cut = int(np.searchsorted(running, running[-1] * low / count)) + 1
        todo.append((order[:cut], low, first))
        todo.append((order[cut:], count - low, first + low))
    return share


def _drive(network: Network, ways: _Ways, roads: IntArray) -> tuple[LineString, list[int]]:
    """The way along all the given roads, always on to the nearest one not yet served."""
    ends, lines = network.roads.ends, network.roads.lines
    enter, leave = _directions(network, roads)
    waiting = np.ones(len(enter), dtype=bool)
    of = np.concatenate([roads, roads])
    waiting[enter < 0] = False
    start = lines[roads]
    corner = np.argmin(shapely.get_coordinates(shapely.centroid(start)).sum(axis=1))
    at = int(ends[roads[corner], 0])
    points: list[FloatArray] = []
    order: list[int] = []
    while waiting.any():
        away = np.where(waiting, ways.distance[at, np.maximum(enter, 0)], np.inf)
        best = int(np.argmin(away))
        for road, reverse in _between(ways, network, at, int(enter[best])):
            points.append(_coordinates(lines[road], reverse=reverse))
        points.append(_coordinates(lines[of[best]], reverse=best >= len(roads)))
        order.append(int(of[best]))
        waiting[of == of[best]] = False
        at = int(leave[best])
    way = np.vstack(points)
    moved = np.r_[True, np.any(np.diff(way, axis=0) != 0.0, axis=1)]
    return LineString(way[moved]), order


def _directions(network: Network, roads: IntArray) -> tuple[IntArray, IntArray]:
    """Nodes at which each road may be entered and left: along the line, then against it.

    -1 where a one-way street must not be driven.
    """
    ends = network.roads.ends[roads]
    oneway = np.asarray(network.roads.oneway)[roads]
    first = np.where(oneway == "backward", -1, ends[:, 0])
    last = np.where(oneway == "forward", -1, ends[:, 1])
    return np.concatenate([first, last]), np.concatenate([ends[:, 1], ends[:, 0]])


def _between(ways: _Ways, network: Network, start: int, end: int) -> list[tuple[int, bool]]:
    """The roads from one node to another, and whether each is driven against its line."""
    steps: list[tuple[int, bool]] = []
    node = end
    while node != start:
        before = int(ways.before[start, node])
        road = ways.road[before, node]
        steps.append((road, int(network.roads.ends[road, 0]) != before))
        node = before
    return steps[::-1]


def _coordinates(line: LineString, *, reverse: bool) -> FloatArray:
    xy: FloatArray = shapely.get_coordinates(line)
    return xy[::-1] if reverse else xy


def _nearest(network: Network, roads: IntArray, doors: Shapes) -> IntArray:
    """The number of the nearest of some roads for each house."""
    found: IntArray = roads[STRtree(network.roads.lines[roads]).nearest(doors)]
    return found


def _stops(
    network: Network, code: str, order: list[int], served: IntArray, doors: Shapes
) -> list[dict[str, object]]:
    """Stops of one route in driving order, each amid the houses it serves."""
    rows: list[dict[str, object]] = []
    for road in order:
        line = network.roads.lines[road]
        at = np.sort(shapely.line_locate_point(line, doors[served == road]))
        part = (at / _STOP_EVERY_M).astype(np.int64)
        for number in np.unique(part):
            here = at[part == number]
            seq = len(rows) + 1
            rows.append(
                {
                    "code": f"{code}-{seq:03d}",
                    "route_code": code,
                    "seq": seq,
                    "accounts_served": len(here),
                    "geom": line.interpolate(float(np.median(here))),
                }
            )
    return rows
