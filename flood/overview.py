"""A library drawn coarser, for maps on which its own cells are too small and too many to be drawn.

A coarse cell is wet as soon as any of its ground is, and as deep as the deepest of it: a flooded
speck is drawn one coarse cell wide and never left out. What is drawn is too much by less than one
coarse cell on each side. For drawing alone: areas and counts are those of the rings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import shapes as raster_shapes

from flood.library import Ints, Library, Ring, banded, joined

EQUATOR_M = 40_075_016.686
MOST_POINTS = 165_000
"""Points of rings in a tile: packed they take about 1.3 bytes each, so 220 kB."""
MOST_CORNERS = 240_000
"""Corners of coarse cells in a tile: about 0.9 bytes each."""
PIXELS = 512
"""Pixels of a screen along a tile."""
GROWTH = 1.25
"""How much coarser the next try is."""


@dataclass(frozen=True)
class Overview:
    """Rings in cells of `cell_m` metres, light enough for tiles of `zoom`."""

    zoom: int
    cell_m: float
    rings: tuple[Ring, ...]


def overviews(library: Library, zooms: Sequence[int]) -> tuple[Overview, ...]:
    """An overview for each of the zooms (rising) at which tiles of the rings are too heavy."""
    corners = shapely.get_coordinates([ring.shape for ring in library.rings])
    found = []
    for zoom in zooms:
        side = tile_m(zoom)
        if _most_within(corners, side) <= MOST_POINTS:
            break
        found.append(_overview(library, zoom, side))
    return tuple(found)


def tile_m(zoom: int) -> float:
    """Metres of ground along a tile at the equator; further north it shows less."""
    return EQUATOR_M / (1 << zoom)


def coarse(library: Library, times: int) -> tuple[Ints, NDArray[np.float64]]:
    """The library in cells `times` as large: two arrays.

    The index of the first stage that wets any of a cell (len(stages): none does), and the top of
    the band that the lowest of its wet ground lies in, metres MSL (NaN: none).
    """
    edges, band = banded(library.relative, library.stages)
    none = len(library.stages)
    wet = library.first < none
    first = _least(library.first, times, none)
    lowest = _least(np.where(wet, band, len(edges)), times, len(edges))
    tops = np.append(np.asarray(edges, dtype=np.float64), np.nan)
    return first, tops[lowest]


def _overview(library: Library, zoom: int, side: float) -> Overview:
    ground = library.ground
    times = max(2, int(np.ceil(side / PIXELS / ground.cell_m)))
    while True:
        first, level = coarse(library, times)
        code, tops = _coded(first, level, len(library.stages))
        if _most_corners(code, side / (times * ground.cell_m)) <= MOST_CORNERS:
            break
        times = max(times + 1, int(times * GROWTH))
    place = ground.transform * Affine.scale(times)
    parts: dict[int, list[shapely.Geometry]] = {}
    for shape, value in raster_shapes(code, mask=code > 0, connectivity=4, transform=place):
        parts.setdefault(int(value), []).append(shapely.geometry.shape(shape))
    rings = []
    for value in sorted(parts):
        wet_from, top = divmod(value - 1, len(tops))
        shape = joined(parts[value], 0.0)
        if shape is not None:
            rings.append(Ring(library.stages[wet_from], tops[top], shape))
    return Overview(zoom, times * ground.cell_m, tuple(rings))


def _least(cells: Ints, times: int, beyond: int) -> Ints:
    """The least value of every block of `times` by `times` cells; `beyond` beyond the edge."""
    rows, columns = cells.shape
    padded = np.pad(
        cells, ((0, -rows % times), (0, -columns % times)), constant_values=beyond
    ).astype(np.int32)
    blocks = padded.reshape(padded.shape[0] // times, times, padded.shape[1] // times, times)
    least: Ints = blocks.min(axis=(1, 3))
    return least


def _coded(first: Ints, level: NDArray[np.float64], dry: int) -> tuple[Ints, list[float]]:
    """One number for each first stage and level, 0 where nothing gets wet, and the levels."""
    tops, which = np.unique(level[first < dry], return_inverse=True)
    code = np.zeros(first.shape, dtype=np.int32)
    code[first < dry] = 1 + first[first < dry] * len(tops) + which
    return code, tops.tolist()


def _most_corners(code: Ints, window: float) -> int:
    """Corners of all outlines in the fullest window of that many cells along a side.

    A cell has a corner of its area where it differs from both cells beside that corner, or is
    like both and differs from the one across.
    """
    wide = np.pad(code, 1)
    count = np.zeros(wide.shape, dtype=np.int64)
    for down in (1, -1):
        for right in (1, -1):
            beside = wide == np.roll(wide, right, axis=1)
            below = wide == np.roll(wide, down, axis=0)
            across = wide == np.roll(wide, (down, right), axis=(0, 1))
            count += (wide > 0) & ((~beside & ~below) | (beside & below & ~across))
    size = max(1, int(np.ceil(window)))
    return _fullest(count, size)


def _most_within(corners: NDArray[np.float64], side: float) -> int:
    """Points in the fullest window of that side in metres, to a sixteenth of it."""
    if not len(corners):
        return 0
    at = np.floor((corners - corners.min(axis=0)) / (side / 16)).astype(np.int64)
    count = np.zeros(at.max(axis=0) + 1, dtype=np.int64)
    np.add.at(count, (at[:, 0], at[:, 1]), 1)
    return _fullest(count, 17)


def _fullest(count: NDArray[np.int64], size: int) -> int:
    """The greatest sum of a window of `size` by `size`."""
    total = np.pad(count, ((1, size), (1, size))).cumsum(axis=0).cumsum(axis=1)
    inside = total[size:, size:] - total[:-size, size:] - total[size:, :-size]
    return int((inside + total[:-size, :-size]).max())
