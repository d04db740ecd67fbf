"""Height above nearest drainage: how far each cell lies over the channel it drains to.

Steepest descent over eight neighbours; every hollow drains over its lowest pass towards a
channel. The passes are found with a spanning tree of the hollows (Cordonnier et al. 2019), so
that the whole is arrays and no loop over cells. `pyflwdir` does the same with numba, which would
be compiled at every first use and is 150 MB more to install.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from flood.ground import Bools, Floats

Ints = NDArray[np.int64]

_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Half of the eight neighbours: each pair of cells is met once."""


def hand(heights: Floats, channel: Bools) -> Floats:
    """Metres of each cell above the channel cell it drains to; NaN where it reaches none.

    `heights` is rows x columns in metres, NaN unknown and never crossed.
    """
    outlet = drains_to(heights, channel)
    flat = heights.ravel().astype(np.float64)
    above = np.where(outlet.ravel() >= 0, flat - flat[outlet.ravel()], np.nan)
    return above.reshape(heights.shape).astype(np.float32)


def drains_to(heights: Floats, channel: Bools) -> Ints:
    """Per cell the place (row * columns + column) of the channel cell it drains to; -1: none."""
    flat = heights.ravel().astype(np.float64)
    known = np.isfinite(flat)
    is_channel = channel.ravel() & known
    down = _steepest(heights)
    down[is_channel] = np.flatnonzero(is_channel)
    hollow = _followed(down)
    roots, basin = np.unique(hollow, return_inverse=True)
    # all channel cells are one node, 0; the hollows follow
    node = np.zeros(len(roots), dtype=np.int64)
    dry = ~is_channel[roots] & known[roots]
    node[dry] = 1 + np.arange(int(dry.sum()))
    node[~known[roots]] = -1
    node_of = node[basin.ravel()]
    first, second = _passes(heights, node_of)
    if len(first):
        _join(down, _Hollows(roots[dry], node_of, flat), first, second)
    outlet = _followed(down)
    return np.where(known & is_channel[outlet], outlet, -1).reshape(heights.shape)


def _steepest(heights: Floats) -> Ints:
    """Per cell the place of its steepest lower neighbour, itself where there is none."""
    rows, columns = heights.shape
    best = np.zeros(heights.shape, dtype=np.float64)
    down = np.arange(rows * columns, dtype=np.int64).reshape(heights.shape)
    place = down.copy()
    for row, column in _STEPS:
        far = float(np.hypot(row, column))
        one, other = _sides(row, column)
        drop = (heights[one].astype(np.float64) - heights[other]) / far
        for here, there, fall in ((one, other, drop), (other, one, -drop)):
            steeper = fall > best[here]
            best[here] = np.where(steeper, fall, best[here])
            down[here] = np.where(steeper, place[there], down[here])
    return down.ravel()


def _sides(row: int, column: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the cells and of their neighbours a step away."""
    upper, lower = slice(None, -row or None), slice(row, None)
    left, right = slice(None, -abs(column) or None), slice(abs(column), None)
    if column < 0:
        left, right = right, left
    return (upper, left), (lower, right)


def _followed(down: Ints) -> Ints:
    """Where following `down` ends, for every cell: twice as far with each round."""
    here = down
    while True:
        there = here[here]
        if np.array_equal(there, here):
            return here
        here = there


def _passes(heights: Floats, node_of: Ints) -> tuple[Ints, Ints]:
    """Pairs of neighbouring cells of different nodes, both known."""
    place = np.arange(heights.size, dtype=np.int64).reshape(heights.shape)
    nodes = node_of.reshape(heights.shape)
    found = []
    for row, column in _STEPS:
        one, other = _sides(row, column)
        met = (nodes[one] != nodes[other]) & (nodes[one] >= 0) & (nodes[other] >= 0)
        found.append((place[one][met], place[other][met]))
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


@dataclass(frozen=True)
class _Hollows:
    """The lowest cell of each hollow, the node of each cell (0 channel, then hollows), heights."""

    bottoms: Ints
    node_of: Ints
    flat: NDArray[np.float64]


def _join(down: Ints, hollows: _Hollows, first: Ints, second: Ints) -> None:
    """Let each hollow's bottom drain across its pass; `down` is changed in place.

    A pass is as high as the higher of its two cells; of equal ones the other cell decides.
    """
    one, other = hollows.node_of[first], hollows.node_of[second]
    swap = one > other
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    one, other = np.where(swap, other, one), np.where(swap, one, other)
    level = np.maximum(hollows.flat[first], hollows.flat[second])
    beside = np.minimum(hollows.flat[first], hollows.flat[second])
    count = len(hollows.bottoms) + 1
    pair = one * count + other
    # the lowest pass of each pair of nodes, then ranked: no weight is 0 and none is met twice
    order = np.lexsort((beside, level, pair))
    lowest = order[np.r_[True, pair[order][1:] != pair[order][:-1]]]
    lowest = lowest[np.lexsort((beside[lowest], level[lowest]))]
    weight = np.arange(1, len(lowest) + 1, dtype=np.float64)
    graph = csr_array((weight, (one[lowest], other[lowest])), shape=(count, count))
    tree = minimum_spanning_tree(graph)
    _, before = breadth_first_order(tree, 0, directed=False)
    reached = np.flatnonzero(before >= 0)
    kept = pair[lowest]
    by_pair = np.argsort(kept)
    low, high = np.minimum(reached, before[reached]), np.maximum(reached, before[reached])
    at = lowest[by_pair[np.searchsorted(kept[by_pair], low * count + high)]]
    down[hollows.bottoms[reached - 1]] = np.where(reached == high, first[at], second[at])
