"""Who lives how far from a service by the roads that can be used, and who cannot get there at all.

A way is: from the door to the nearest road in a straight line on foot, along the roads, and from
the road to the service on foot again. Far is not unreachable, and unknown is neither.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from flood import paths
from flood.paths import Network
from flood.roads import Bools, Floats, Ints
from flood.vehicles import by_id
from flood.water import depth_at
from layers.text import Text

_LEAST_S = 1e-3

METHOD = Text(
    th="จากประตูถึงถนน และจากถนนถึงจุดบริการ คิดเป็นเส้นตรงด้วยการเดิน บ้านที่ห่างถนนเกิน "
    f"{paths.REACH_M:.0f} ม. ถือว่าไปไม่ถึง",
    en="From the door to the road and from the road to the service is a straight line on foot. "
    f"A house further than {paths.REACH_M:.0f} m from any road counts as cut off.",
)


class Reach(StrEnum):
    """How a place stands to a service."""

    WITHIN = "within"
    FAR = "far"
    UNREACHABLE = "unreachable"
    NO_LOCATION = "no_location"


class Unused(StrEnum):
    """Why a service serves nobody."""

    CLOSED = "closed"
    FLOODED = "flooded"
    NO_ROAD = "no_road"
    NO_LOCATION = "no_location"


@dataclass(frozen=True)
class Services:
    """Places of a service (n x 2, NaN unknown), and which of them are open."""

    keys: tuple[str, ...]
    xy: Floats
    open: Bools


@dataclass(frozen=True)
class Covered:
    """A row a place: `seconds` (inf no way) to or from the `service` (row, -1 none) soonest there.

    `unused` tells of each service why it counts for nothing; `edge_seconds` of each edge how long
    it takes to have gone all of it (inf: not at all); `edges` are those on the places' ways.
    """

    reach: tuple[Reach, ...]
    seconds: Floats
    service: Ints
    unused: tuple[Unused | None, ...]
    edge_seconds: Floats
    edges: Ints


def covered(
    roads: Network, xy: Floats, services: Services, limit_s: float, *, coming: bool = False
) -> Covered:
    """How places (n x 2) stand to the nearest service within a time.

    People go to the service; with `coming` it comes to them. BadRequestError where there is no
    road, BrokenWayError were a way to lead through deep water or over a closed road.
    """
    paths.need_roads(roads.graph)
    at = paths.nearest_nodes(roads.graph, services.xy, roads.usable)
    unused = _unused(roads, services, at)
    used = np.array([why is None for why in unused], dtype=bool)
    tree = _search(roads, at[used], _on_foot(roads, services.xy[used], at[used]), coming=coming)
    node = paths.nearest_nodes(roads.graph, xy)
    seconds = np.full(len(xy), np.inf)
    # nobody sets out from, or arrives at, a door in water too deep to wade
    met = (node >= 0) & (depth_at(xy, roads.water) <= roads.vehicle.wades_m)
    seconds[met] = tree.seconds[node[met]] + _on_foot(roads, xy[met], node[met])
    there = np.isfinite(seconds)
    service = np.full(len(xy), -1, dtype=np.int64)
    service[there] = np.flatnonzero(used)[tree.service[node[there]]]
    edges = _edges(roads, tree.after, node[there], coming=coming)
    paths.prove(roads, edges)
    return Covered(
        reach=tuple(_reach(spot, float(s), limit_s) for spot, s in zip(xy, seconds, strict=True)),
        seconds=seconds,
        service=service,
        unused=unused,
        edge_seconds=_edge_seconds(roads, tree.seconds),
        edges=edges,
    )


def _reach(spot: Floats, seconds: float, limit_s: float) -> Reach:
    if np.isnan(spot).any():
        return Reach.NO_LOCATION
    if not np.isfinite(seconds):
        return Reach.UNREACHABLE
    return Reach.WITHIN if seconds <= limit_s else Reach.FAR


def _unused(roads: Network, services: Services, at: Ints) -> tuple[Unused | None, ...]:
    wet = depth_at(services.xy, roads.water) > 0

    def why(n: int) -> Unused | None:
        tests = (
            (not services.open[n], Unused.CLOSED),
            (bool(np.isnan(services.xy[n]).any()), Unused.NO_LOCATION),
            (bool(wet[n]), Unused.FLOODED),
            (at[n] < 0, Unused.NO_ROAD),
        )
        return next((reason for true, reason in tests if true), None)

    return tuple(why(n) for n in range(len(services.keys)))


def _on_foot(roads: Network, xy: Floats, node: Ints) -> Floats:
    """Seconds on foot between places and their nodes."""
    away = np.hypot(*(roads.graph.xy[node] - xy).T) if len(xy) else np.zeros(0)
    walker = roads.vehicle if roads.vehicle.id == "walk" else by_id("walk")
    found: Floats = away / (walker.speed_kmh / 3.6)
    return found


@dataclass(frozen=True)
class _Tree:
    """Of each node: seconds to the soonest service, the service's row, the next node, -1 none."""

    seconds: Floats
    service: Ints
    after: Ints


def _search(roads: Network, at: Ints, on_foot: Floats, *, coming: bool) -> _Tree:
    """One search from all services at once, each a node of its own beside the road."""
    count = len(roads.graph.xy)
    if not len(at):
        nothing = np.full(count, -1, dtype=np.int64)
        return _Tree(np.full(count, np.inf), nothing, nothing)
    arcs = (roads.arcs if coming else roads.arcs.T).tocoo()
    doors = count + np.arange(len(at))
    graph = csr_array(
        (
            np.r_[arcs.data, np.maximum(on_foot, _LEAST_S)],
            (np.r_[arcs.coords[0], doors], np.r_[arcs.coords[1], at]),
        ),
        shape=(count + len(at), count + len(at)),
    )
    seconds, before, source = dijkstra(
        graph, indices=doors, min_only=True, return_predecessors=True
    )
    before = before[:count].astype(np.int64)
    return _Tree(
        seconds=np.asarray(seconds[:count], dtype=float),
        service=np.where(source[:count] >= 0, source[:count].astype(np.int64) - count, -1),
        after=np.where((before >= 0) & (before < count), before, -1),
    )


def _edges(roads: Network, after: Ints, nodes: Ints, *, coming: bool) -> Ints:
    """Edges of the ways between nodes and their services, each once."""
    met = np.zeros(len(after), dtype=bool)
    here = np.unique(nodes)
    while len(here):
        met[here] = True
        here = after[here]
        here = np.unique(here[here >= 0])
        here = here[~met[here]]
    tails = np.flatnonzero(met & (after >= 0))
    heads = after[tails]
    return np.unique(paths.edges_between(roads, *((heads, tails) if coming else (tails, heads))))


def _edge_seconds(roads: Network, node_seconds: Floats) -> Floats:
    ends = np.maximum(node_seconds[roads.graph.start], node_seconds[roads.graph.end])
    found: Floats = np.where(roads.open, ends, np.inf)
    return found
