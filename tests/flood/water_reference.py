"""Slow and plain: what the fast code must equal. One cell at a time, from the definitions."""

import heapq
from collections import deque

import numpy as np


def flooded(ground: np.ndarray, source: np.ndarray, level: float) -> np.ndarray:
    """Breadth-first search from the source through cells below the level, edge to edge."""
    wet = np.zeros(ground.shape, dtype=bool)
    waiting = deque(zip(*np.nonzero(source & (ground < level)), strict=True))
    while waiting:
        row, column = waiting.popleft()
        if wet[row, column]:
            continue
        wet[row, column] = True
        for r, c in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            inside = 0 <= r < ground.shape[0] and 0 <= c < ground.shape[1]
            if inside and not wet[r, c] and ground[r, c] < level:
                waiting.append((r, c))
    return wet


def around(shape: tuple[int, int], row: int, column: int) -> list[tuple[int, int]]:
    """The eight neighbours within the array."""
    return [
        (r, c)
        for r in range(max(row - 1, 0), min(row + 2, shape[0]))
        for c in range(max(column - 1, 0), min(column + 2, shape[1]))
        if (r, c) != (row, column)
    ]


Cell = tuple[int, int]


def lower(heights: np.ndarray, cell: Cell) -> Cell:
    """The steepest lower neighbour, the cell itself where there is none."""
    falls = [
        ((heights[cell] - heights[r, c]) / np.hypot(r - cell[0], c - cell[1]), (r, c))
        for r, c in around(heights.shape, *cell)
        if np.isfinite(heights[r, c]) and heights[r, c] < heights[cell]
    ]
    return max(falls)[1] if falls else cell


def drained(heights: np.ndarray, channel: np.ndarray) -> dict[Cell, Cell]:
    """Per cell the channel cell it drains to; hollows are entered in the order of their passes."""
    bottom: dict[Cell, Cell] = {}
    members: dict[Cell, list[Cell]] = {}
    for row, column in zip(*np.nonzero(np.isfinite(heights)), strict=True):
        at = cell = (int(row), int(column))
        while not channel[at] and lower(heights, at) != at:
            at = lower(heights, at)
        bottom[cell] = at
        members.setdefault(at, []).append(cell)
    outlet = {at: at for at in members if channel[at]}
    passes: list[tuple[float, float, Cell, Cell]] = []

    def open_passes(at: Cell) -> None:
        for cell in members[at]:
            for near in around(heights.shape, *cell):
                if near in bottom and bottom[near] not in outlet:
                    sides = sorted((float(heights[cell]), float(heights[near])))
                    heapq.heappush(passes, (sides[1], sides[0], cell, near))

    for at in list(outlet):
        open_passes(at)
    while passes:
        *_, cell, near = heapq.heappop(passes)
        if bottom[near] not in outlet:
            outlet[bottom[near]] = outlet[bottom[cell]]
            open_passes(bottom[near])
    return {cell: outlet[at] for cell, at in bottom.items() if at in outlet}
