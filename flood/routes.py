"""Rounds over dry roads: which stops of a waste or relief route are lost, and the way that is left.

A round starts at its first stop or at the depot, and keeps its own order where that is no longer
than what a search finds. Up to `EXACT` stops the way is the shortest there is (Held and Karp), for
more a good one (nearest next, then moves of single stops until none helps).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from flood import paths
from flood.paths import Network
from flood.roads import Floats, Ints
from layers.text import Text

EXACT = 10
_ROUNDS = 50
AT_ONCE = 64
"""Goals whose times from every node of the roads are held at once: 24 MB with 31,000 nodes."""

METHOD = Text(
    th=f"เส้นทางไม่เกิน {EXACT} จุดเป็นเส้นทางสั้นที่สุด มากกว่านั้นดีแต่อาจไม่สั้นที่สุด",
    en=f"Rounds of up to {EXACT} stops are the shortest there are; longer ones are good but "
    "perhaps not the shortest.",
)


@dataclass(frozen=True)
class Stops:
    """Stops of one route in their order; `accounts` -1 where nobody counted them."""

    route: str
    keys: tuple[str, ...]
    xy: Floats
    accounts: Ints


@dataclass(frozen=True)
class Round:
    """What is left of a route: stops in their new order, the way, what is lost and piling up.

    `backlog` are collections missed: accounts of the lost stops x collections; None where a lost
    stop's accounts are not known.
    """

    route: str
    served: tuple[str, ...]
    lost: tuple[str, ...]
    seconds: float
    metres: float
    line: shapely.LineString | None
    edges: Ints
    accounts_lost: int | None
    backlog: int | None


def plan(
    roads: Network,
    stops: Stops,
    *,
    depot: tuple[float, float] | None = None,
    collections: int = 1,
) -> Round:
    """The round over dry roads. Served are the stops that can be reached from the start and left.

    Without a depot the start is the stop from which the most others can be served.
    `collections` is how many the flood has kept and will keep the lorry away from.
    """
    paths.need_roads(roads.graph)
    at = paths.nearest_nodes(roads.graph, stops.xy)
    at = np.where((at >= 0) & roads.usable[np.maximum(at, 0)], at, -1)
    base = -1
    if depot is not None:
        base = int(paths.nearest_nodes(roads.graph, np.array([depot]), roads.usable)[0])
    nodes = np.r_[at, base] if depot is not None else at
    cost = costs(roads, nodes)
    together = _together(cost, nodes, len(nodes) - 1 if depot is not None else None)
    way = _best(cost, together, depot is not None)
    return _told(roads, stops, cost, nodes=nodes, way=way, collections=collections)


def costs(roads: Network, nodes: Ints, at_once: int = AT_ONCE) -> Floats:
    """Seconds from each node to each (row from, column to), inf where no way leads; -1: none.

    Times from all nodes of the roads are held for `at_once` goals only.
    """
    cost = np.full((len(nodes), len(nodes)), np.inf)
    for first in range(0, len(nodes), at_once):
        goals = slice(first, first + at_once)
        cost[:, goals] = paths.times_to(roads, nodes[goals]).seconds[:, np.maximum(nodes, 0)].T
    cost[nodes < 0] = np.inf
    return cost


def legs(roads: Network, nodes: Ints, way: list[int], at_once: int = AT_ONCE) -> list[Ints]:
    """Nodes of the shortest way from each call to the next."""
    pairs = list(itertools.pairwise(way))
    found = []
    for first in range(0, len(pairs), at_once):
        here = pairs[first : first + at_once]
        times = paths.times_to(roads, nodes[[after for _, after in here]])
        found += [times.way(n, int(nodes[before])) for n, (before, _) in enumerate(here)]
    return found


def _together(cost: Floats, nodes: Ints, start: int | None) -> list[int]:
    """Stops from which each can be reached from each other and back, the start's or the largest."""
    if not len(nodes):
        return []
    mutual = np.isfinite(cost) & np.isfinite(cost.T) & (nodes >= 0)[:, None] & (nodes >= 0)[None]
    row = start if start is not None else int(np.argmax(mutual.sum(axis=1)))
    return [int(n) for n in np.flatnonzero(mutual[row])]


def _best(cost: Floats, stops: list[int], depot: bool) -> list[int]:
    """The order of calls: as it was when nothing shorter is found. With a depot it comes first."""
    if depot and stops:
        stops = [stops[-1], *stops[:-1]]
    if len(stops) <= 2:  # noqa: PLR2004 - nothing to reorder
        return stops
    table = cost[np.ix_(stops, stops)]
    own = list(range(len(stops)))
    found = exact(table) if len(stops) <= EXACT + int(depot) else improved(table)
    better = found if length(table, found) < length(table, own) - 1e-6 else own
    return [stops[n] for n in better]


def length(cost: Floats, way: Sequence[int]) -> float:
    """Seconds of calling at all in this order."""
    return float(sum(cost[a, b] for a, b in itertools.pairwise(way)))


def exact(cost: Floats) -> list[int]:
    """The shortest order that begins with stop 0 (Held and Karp; cost[i, j] from i to j)."""
    count = len(cost)
    best: dict[tuple[int, int], tuple[float, int]] = {(1, 0): (0.0, -1)}
    for mask in range(1, 1 << count, 2):
        for last in range(count):
            here = best.get((mask, last))
            if here is None:
                continue
            for after in range(1, count):
                if mask & (1 << after):
                    continue
                key = (mask | (1 << after), after)
                total = here[0] + float(cost[last, after])
                if key not in best or total < best[key][0]:
                    best[key] = (total, last)
    mask = (1 << count) - 1
    last = min(range(count), key=lambda n: best.get((mask, n), (np.inf, -1))[0])
    way = []
    while last >= 0:
        way.append(last)
        mask, last = mask ^ (1 << last), best[mask, last][1]
    return way[::-1]


def improved(cost: Floats) -> list[int]:
    """A good order that begins with stop 0: the better of its own and nearest next, improved."""
    count = len(cost)
    near, rest = [0], set(range(1, count))
    while rest:
        after = min(rest, key=lambda n: (float(cost[near[-1], n]), n))
        near.append(after)
        rest.remove(after)
    way = min((list(range(count)), near), key=lambda w: length(cost, w))
    for _ in range(_ROUNDS):
        moved = _move(cost, way)
        if moved is None:
            break
        way = moved
    return way


def _move(cost: Floats, way: list[int]) -> list[int] | None:
    """The first stop that is better called at elsewhere, moved there; None when there is none."""
    for place in range(1, len(way)):
        stop, rest = way[place], way[:place] + way[place + 1 :]
        gone = _joint(cost, way, place) - _bridge(cost, way, place)
        tail = np.asarray(rest)
        into = cost[tail, stop]
        out = np.r_[cost[stop, tail[1:]] - cost[tail[:-1], tail[1:]], 0.0]
        put = int(np.argmin(into + out))
        if into[put] + out[put] < gone - 1e-6:
            return [*rest[: put + 1], stop, *rest[put + 1 :]]
    return None


def _joint(cost: Floats, way: list[int], place: int) -> float:
    after = cost[way[place], way[place + 1]] if place + 1 < len(way) else 0.0
    return float(cost[way[place - 1], way[place]] + after)


def _bridge(cost: Floats, way: list[int], place: int) -> float:
    return float(cost[way[place - 1], way[place + 1]]) if place + 1 < len(way) else 0.0


def _told(
    roads: Network,
    stops: Stops,
    cost: Floats,
    *,
    nodes: Ints,
    way: list[int],
    collections: int,
) -> Round:
    between = legs(roads, nodes, way)
    edges = [paths.edges_along(roads, leg) for leg in between]
    lines = [
        line
        for leg, mine in zip(between, edges, strict=True)
        if (line := paths.line_of(roads.graph, leg, mine)) is not None
    ]
    used = np.concatenate([np.zeros(0, dtype=np.int64), *edges])
    paths.prove(roads, used)
    called = [n for n in way if n < len(stops.keys)]
    lost = [n for n in range(len(stops.keys)) if n not in set(called)]
    counted = [int(stops.accounts[n]) for n in lost]
    missed = None if any(count < 0 for count in counted) else sum(counted)
    return Round(
        route=stops.route,
        served=tuple(stops.keys[n] for n in called),
        lost=tuple(stops.keys[n] for n in lost),
        seconds=length(cost, way),
        metres=float(roads.graph.length_m[used].sum()),
        line=shapely.LineString(np.concatenate([shapely.get_coordinates(x) for x in lines]))
        if lines
        else None,
        edges=used,
        accounts_lost=missed,
        backlog=None if missed is None else missed * collections,
    )
