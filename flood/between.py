"""Ways from many places to many goals at once, over the few nodes where somebody may turn.

Most nodes of a city's roads lie along a street or in a lane without an end: a search from each of
its shelters would walk them all, each time. Here lanes that lead nowhere are left out, and what
lies between two turnings is drawn together into one arc, so that times and ways stay the same.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from flood.paths import Network, Small
from flood.roads import Bools, Floats, Ints


@dataclass(frozen=True)
class _Streets:
    """The nodes kept, and arcs between them; each begins with `first` of the network's arcs.

    `number` is a kept node's row, -1 of others; `on` the arc after each along its street (itself
    at the end); `keys` are tail and head of each arc as one rising number.
    """

    number: Ints
    arcs: csr_array
    metres: Floats
    first: Ints
    on: Ints
    keys: Ints


@dataclass(frozen=True)
class Between:
    """Seconds from places to goals (goals x places; inf no way), and the ways.

    `goals` and `places` are nodes, -1 what lies at no road.
    """

    goals: Ints
    places: Ints
    seconds: Floats
    _roads: Network
    _streets: _Streets
    _after: Small

    def follow(self, goal: Ints, place: Ints) -> tuple[Floats, Ints]:
        """Metres of the ways from places to goals (rows of both), and all edges used, each once.

        Each pair must have a way.
        """
        streets = self._streets
        count = len(streets.arcs.indptr) - 1
        here = streets.number[self.places[place]]
        end = streets.number[self.goals[goal]]
        metres = np.zeros(len(here))
        used = [np.zeros(0, dtype=np.int64)]
        going = np.flatnonzero(here != end)
        while len(going):
            after = self._after[goal[going], here[going]].astype(np.int64)
            arc = np.searchsorted(streets.keys, here[going] * count + after)
            metres[going] += streets.metres[arc]
            used.append(np.unique(arc))
            here[going] = after
            going = going[after != end[going]]
        return metres, self._edges(np.unique(np.concatenate(used)))

    def _edges(self, arcs: Ints) -> Ints:
        """Edges of the network under these arcs."""
        along = self._streets.first[arcs]
        found = [self._roads.edge_of[along]]
        while len(along):
            after = self._streets.on[along]
            along = after[after != along]
            found.append(self._roads.edge_of[along])
        return np.unique(np.concatenate(found))


def between(roads: Network, goals: Ints, places: Ints) -> Between:
    """Shortest times and ways from all places to all goals, both given as nodes."""
    keep = np.zeros(len(roads.graph.xy), dtype=bool)
    keep[goals[goals >= 0]] = True
    keep[places[places >= 0]] = True
    streets = _streets(roads, keep)
    count = len(streets.arcs.indptr) - 1
    times = np.full((len(goals), count), np.inf)
    after = np.full((len(goals), count), -9999, dtype=np.int32)
    real = np.flatnonzero(goals >= 0)
    if len(real) and count:
        times[real], after[real] = dijkstra(
            streets.arcs.T.tocsr(), indices=streets.number[goals[real]], return_predecessors=True
        )
    seconds = np.full((len(goals), len(places)), np.inf)
    there = places >= 0
    seconds[:, there] = times[:, streets.number[places[there]]]
    return Between(goals, places, seconds, roads, streets, after)


def _streets(roads: Network, keep: Bools) -> _Streets:
    count = len(keep)
    tail = roads.arc_keys // max(count, 1)
    head = roads.arc_keys % max(count, 1)
    degree, across = _ends_cut(tail, head, keep)
    kept = keep | (degree > 2)  # noqa: PLR2004 - a turning
    live = (kept | (degree == 2))[tail] & (kept | (degree == 2))[head]  # noqa: PLR2004
    on = _along(roads.arc_keys, tail, head, through=~kept, across=across)
    own_s, own_m = roads.arcs.data, roads.graph.length_m[roads.edge_of]
    last, seconds = _added(on, own_s)
    _, metres = _added(on, own_m)
    end = head[last]
    # a street along which the arcs stop is a one-way street the other way
    whole = np.flatnonzero(live & kept[tail] & kept[end] & (tail != end))
    order = whole[np.lexsort((seconds[whole], end[whole], tail[whole]))]
    number = np.full(count, -1, dtype=np.int64)
    number[kept] = np.arange(int(kept.sum()))
    size = int(kept.sum())
    keys = number[tail[order]] * size + number[end[order]]
    fresh = np.r_[True, keys[1:] != keys[:-1]][: len(keys)]
    order, keys = order[fresh], keys[fresh]
    rows = np.bincount(number[tail[order]], minlength=size)
    begins = np.r_[0, np.cumsum(rows)].astype(np.int32)
    heads = number[end[order]].astype(np.int32)
    return _Streets(
        number=number,
        arcs=csr_array((seconds[order], heads, begins), shape=(size, size)),
        metres=metres[order],
        first=order,
        on=on,
        keys=keys,
    )


def _ends_cut(tail: Ints, head: Ints, keep: Bools) -> tuple[Ints, Ints]:
    """Neighbours of each node once lanes to nowhere are cut off, and their numbers, XORed."""
    count = len(keep)
    pairs = np.unique(np.minimum(tail, head) * count + np.maximum(tail, head))
    a, b = pairs // max(count, 1), pairs % max(count, 1)
    degree = np.bincount(np.r_[a, b], minlength=count)
    across = np.zeros(count, dtype=np.int64)
    np.bitwise_xor.at(across, a, b)
    np.bitwise_xor.at(across, b, a)
    ends = np.flatnonzero((degree == 1) & ~keep)
    while len(ends):
        joint = across[ends]
        degree[ends] = 0
        np.subtract.at(degree, joint, 1)
        np.bitwise_xor.at(across, joint, ends)
        degree[ends] = 0  # two ends of a street that leads nowhere at both
        ends = np.unique(joint[(degree[joint] == 1) & ~keep[joint]])
    return degree, across


def _along(keys: Ints, tail: Ints, head: Ints, *, through: Bools, across: Ints) -> Ints:
    """For each arc the one after it along its street; itself where the street, or the way, ends."""
    own = np.arange(len(keys))
    if not len(keys):
        return own
    wanted = head * len(through) + (across[head] ^ tail)
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    goes_on = through[head] & (keys[found] == wanted)
    return np.where(goes_on, found, own)


def _added(on: Ints, own: Floats) -> tuple[Ints, Floats]:
    """The last arc of the street from each on, and what they add up to, both ends included."""
    here = np.arange(len(on))
    jump, total = on.copy(), np.where(on != here, own, 0.0)
    # twice as far with each round; a ring without a turning never ends, and nobody begins there
    for _ in range(len(on).bit_length()):
        if np.array_equal(jump[jump], jump):
            break
        total = total + np.where(jump != here, total[jump], 0.0)
        jump = jump[jump]
    return jump, total + own[jump]
