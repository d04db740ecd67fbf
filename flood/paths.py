"""Ways over the roads a vehicle can use: snapping, shortest times, and the proof of a way.

Times are seconds. Wherever an answer names edges it is looked at again with `broken`, which asks
the water and the closures themselves whether one of them bars the way.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from flood.roads import Bools, Floats, Graph, Ints
from flood.vehicles import Vehicle
from flood.water import Water, depth_of, depth_on
from layers.errors import BadRequestError
from layers.text import Text

REACH_M = 500.0
"""A place further than this from any road has no way by road."""
CLOSURE_REACH_M = 30.0
"""A closure is about the road nearest to its point, when that is nearer than this."""
_LEAST_S = 1e-3

Small = NDArray[np.int32]


@dataclass(frozen=True)
class Closures:
    """Closed roads: a point on each, and the road's code where the whole of it is closed."""

    points: Floats
    roads: tuple[str | None, ...]

    def edges(self, graph: Graph) -> Ints:
        """Edges that are closed, and with -1 each closure that lies at no road."""
        if graph.empty or not len(self.points):
            return np.full(len(self.points), -1, dtype=np.int64)
        found: list[Ints] = []
        row = {code: n for n, code in enumerate(graph.codes)}
        for xy, code in zip(self.points, self.roads, strict=True):
            if code is not None and code in row:
                edges = np.flatnonzero(graph.road == row[code])
                found.append(edges if len(edges) else np.array([-1]))
                continue
            point = shapely.Point(xy)
            nearest = int(graph.tree.nearest(point))
            near = shapely.distance(graph.lines[nearest], point) <= CLOSURE_REACH_M
            found.append(np.array([nearest if near else -1]))
        return np.unique(np.concatenate(found))


def no_closures() -> Closures:
    """Nothing is closed."""
    return Closures(np.zeros((0, 2)), ())


@dataclass(frozen=True)
class Network:
    """The roads as one vehicle finds them now: `open` says which edges it may use.

    `arcs` is the sparse matrix of seconds from node to node, `edge_of` the edge of each entry,
    `arc_keys` its tail and head as one rising number, by which it is found.
    """

    graph: Graph
    vehicle: Vehicle
    water: Water
    closures: Closures
    depth_m: Floats
    closed: Bools
    open: Bools
    arcs: csr_array
    edge_of: Ints
    arc_keys: Ints

    @property
    def usable(self) -> Bools:
        """Per node whether an open edge leads to or from it."""
        found = np.zeros(len(self.graph.xy), dtype=bool)
        found[self.graph.start[self.open]] = True
        found[self.graph.end[self.open]] = True
        return found


def network(
    graph: Graph, vehicle: Vehicle, areas: Water, closures: Closures | None = None
) -> Network:
    """What is left of the roads for a vehicle: neither too deep under water nor closed."""
    shut = closures or no_closures()
    depth = depth_on(graph, areas)
    closed = np.zeros(len(graph.start), dtype=bool)
    edges = shut.edges(graph)
    closed[edges[edges >= 0]] = True
    usable = ~closed & (depth <= vehicle.wades_m)
    arcs, edge_of = _arcs(graph, vehicle, usable)
    tails = np.repeat(np.arange(len(graph.xy), dtype=np.int64), np.diff(arcs.indptr))
    return Network(
        graph=graph,
        vehicle=vehicle,
        water=areas,
        closures=shut,
        depth_m=depth,
        closed=closed,
        open=usable,
        arcs=arcs,
        edge_of=edge_of,
        arc_keys=tails * len(graph.xy) + arcs.indices,
    )


def seconds(graph: Graph, vehicle: Vehicle) -> Floats:
    """Time along each edge at the road's speed or the vehicle's, whichever is lower."""
    speed = np.minimum(graph.speed_kmh, vehicle.speed_kmh)
    return np.maximum(graph.length_m / (speed / 3.6), _LEAST_S)


def _arcs(graph: Graph, vehicle: Vehicle, usable: Bools) -> tuple[csr_array, Ints]:
    time = seconds(graph, vehicle)
    both = not vehicle.obeys_oneway
    ahead = np.flatnonzero(usable & (graph.forward | both))
    back = np.flatnonzero(usable & (graph.backward | both))
    edge = np.r_[ahead, back]
    tail = np.r_[graph.start[ahead], graph.end[back]]
    head = np.r_[graph.end[ahead], graph.start[back]]
    order = np.lexsort((time[edge], head, tail))
    edge, tail, head = edge[order], tail[order], head[order]
    # of edges side by side the quickest; a loop leads nowhere
    fresh = np.r_[True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])][: len(edge)]
    fresh &= tail != head
    edge, tail, head = edge[fresh], tail[fresh], head[fresh]
    count = len(graph.xy)
    ahead_of = np.r_[0, np.cumsum(np.bincount(tail, minlength=count))].astype(np.int32)
    matrix = csr_array((time[edge], head.astype(np.int32), ahead_of), shape=(count, count))
    return matrix, edge


def nearest(targets: Floats, points: Floats, within_m: float = np.inf) -> tuple[Floats, Ints]:
    """Distance to and row of the nearest target for each point; inf where none is near enough."""
    away, at = KDTree(targets).query(points, distance_upper_bound=within_m)
    return np.asarray(away, dtype=float), np.asarray(at, dtype=np.int64)


def nearest_nodes(graph: Graph, points: Floats, nodes: Bools | None = None) -> Ints:
    """Node nearest to each point (n x 2) within `REACH_M`, of those allowed; -1 where none is.

    A point without a place (NaN) has no node.
    """
    found = np.full(len(points), -1, dtype=np.int64)
    allowed = np.arange(len(graph.xy)) if nodes is None else np.flatnonzero(nodes)
    placed = ~np.isnan(points).any(axis=1) if len(points) else np.zeros(0, dtype=bool)
    if not len(allowed) or not placed.any():
        return found
    away, at = nearest(graph.xy[allowed], points[placed], REACH_M)
    near = np.isfinite(away)
    nodes_of = np.full(len(near), -1, dtype=np.int64)
    nodes_of[near] = allowed[at[near]]
    found[placed] = nodes_of
    return found


@dataclass(frozen=True)
class Times:
    """Seconds from every node to each goal (goals x nodes; inf no way), and the way there.

    `after` holds for each goal and node the next node on the way, negative where none is.
    """

    goals: Ints
    seconds: Floats
    after: Small

    def way(self, goal: int, node: int) -> Ints:
        """Nodes from a node to the goal of that row; empty where there is no way."""
        if not np.isfinite(self.seconds[goal, node]):
            return np.zeros(0, dtype=np.int64)
        nodes = [node]
        while nodes[-1] != self.goals[goal]:
            nodes.append(int(self.after[goal, nodes[-1]]))
        return np.asarray(nodes, dtype=np.int64)


def times_to(roads: Network, goals: Ints) -> Times:
    """Shortest times from all nodes to each goal node; a goal of -1 is reached from nowhere."""
    count = len(roads.graph.xy)
    times = np.full((len(goals), count), np.inf)
    after = np.full((len(goals), count), -9999, dtype=np.int32)
    real = np.flatnonzero(goals >= 0)
    if len(real) and count:
        found, before = dijkstra(
            roads.arcs.T.tocsr(), indices=goals[real], return_predecessors=True
        )
        times[real], after[real] = found, before
    return Times(np.asarray(goals, dtype=np.int64), times, after)


def soonest(roads: Network, goals: Ints) -> Floats:
    """Seconds from every node to the nearest of the goals (-1: none); inf where no way leads."""
    real = np.unique(goals[goals >= 0])
    if not len(real):
        return np.full(len(roads.graph.xy), np.inf)
    found = dijkstra(roads.arcs.T.tocsr(), indices=real, min_only=True)
    return np.asarray(found, dtype=float)


def edges_along(roads: Network, nodes: Ints) -> Ints:
    """Edges of a way given by its nodes."""
    return edges_between(roads, nodes[:-1], nodes[1:])


def edges_between(roads: Network, tails: Ints, heads: Ints) -> Ints:
    """The edge of each arc from a tail to a head; the arcs must be there."""
    wanted = tails.astype(np.int64) * len(roads.graph.xy) + heads
    return roads.edge_of[np.searchsorted(roads.arc_keys, wanted)]


def line_of(graph: Graph, nodes: Ints, edges: Ints) -> shapely.LineString | None:
    """The way as one line; None when it has no length."""
    if not len(edges):
        return None
    pieces = [
        shapely.get_coordinates(graph.lines[edge])[:: 1 if graph.start[edge] == tail else -1]
        for tail, edge in zip(nodes[:-1].tolist(), edges.tolist(), strict=True)
    ]
    return shapely.remove_repeated_points(shapely.LineString(np.concatenate(pieces)))


def broken(roads: Network, edges: Ints) -> list[str]:
    """Why edges that were used may not be: one sentence each, none when all is well.

    Looks at the water's shapes and the closures anew instead of at what the way was found with.
    """
    used = np.unique(np.asarray(edges, dtype=np.int64))
    found: list[str] = []
    shut = set(roads.closures.edges(roads.graph).tolist())
    found += [f"edge {n} is closed" for n in used.tolist() if n in shut]
    shapely.prepare(roads.water.shapes)
    for area, shape in enumerate(roads.water.shapes):
        wet = used[shapely.intersects(shape, roads.graph.lines[used])]
        where = np.full(len(wet), area, dtype=np.int64)
        depth = depth_of(roads.graph, roads.water, wet, where)
        found += [
            f"edge {n} is under {deep:g} m of water, {roads.vehicle.id} wades "
            f"{roads.vehicle.wades_m:g} m"
            for n, deep in zip(wet.tolist(), depth.tolist(), strict=True)
            if deep > roads.vehicle.wades_m
        ]
    return found


class BrokenWayError(Exception):
    """An answer was about to send somebody through deep water or a closed road: our own fault."""


def prove(roads: Network, edges: Ints) -> None:
    """BrokenWayError unless every edge is neither too deep under water nor closed."""
    found = broken(roads, edges)
    if found:
        raise BrokenWayError("; ".join(found[:5]))


def need_roads(graph: Graph) -> None:
    """BadRequestError where there is no road to find a way on: no answer is not "unreachable"."""
    if graph.empty:
        raise BadRequestError(
            Text(
                th="เมืองนี้ยังไม่มีข้อมูลถนน จึงหาเส้นทางไม่ได้ นำเข้าชั้นข้อมูลถนนก่อน",
                en="This town has no roads yet, so no way can be found. Import the roads first.",
            )
        )
