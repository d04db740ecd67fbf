"""A library drawn coarser: nothing wet is left out, and no more than a coarse cell is added."""

import numpy as np
import pytest
from affine import Affine
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter

from flood import overview
from flood.ground import Bools, Ground
from flood.library import CLASSES, Library, build, stages_between
from flood.overview import Overview, coarse, overviews, tile_m

SHAPE = (61, 83)
CELL_M = 14.0
STAGES = stages_between(109.0, 112.0)


def library() -> Library:
    """A rough valley with a hollow behind a wall that is wet late and deep at once, and a hole."""
    chance = np.random.default_rng(7)
    heights = 109 + gaussian_filter(chance.normal(size=SHAPE), 1.2) * 2 + np.arange(83) * 0.02
    source = np.zeros(SHAPE, dtype=bool)
    source[:, :2] = True
    heights[source] = 107
    heights[20:35, 50:70] = 111.5
    heights[22:33, 52:68] = 107.5
    heights[45:48, 30:40] = np.nan
    ground = Ground(heights.astype(np.float32), Affine(CELL_M, 0, 5e5, 0, -CELL_M, 17e5))
    return build(ground, ground.heights, source, STAGES)


@pytest.fixture(scope="module")
def rough() -> Library:
    return library()


def depth_class(depth: np.ndarray) -> np.ndarray:
    return np.searchsorted([low - 1e-6 for _, low, _ in CLASSES], depth, side="right")


def spread(cells: np.ndarray, times: int) -> np.ndarray:
    """Coarse cells as the cells of the ground under them."""
    return cells.repeat(times, axis=0).repeat(times, axis=1)[: SHAPE[0], : SHAPE[1]]


@pytest.mark.parametrize("times", [2, 3, 7])
def test_no_flooded_cell_is_outside_nor_drawn_shallower(rough: Library, times: int) -> None:
    first, level = (spread(each, times) for each in coarse(rough, times))
    for number, stage in enumerate(STAGES):
        wet = rough.first <= number
        drawn = first <= number
        assert not (wet & ~drawn).any()
        shallow = depth_class(stage - rough.relative[wet].astype(float))
        assert (depth_class(stage - level[drawn & wet]) >= shallow).all()


@pytest.mark.parametrize("times", [2, 3, 7])
def test_what_is_drawn_too_much_is_less_than_a_coarse_cell(rough: Library, times: int) -> None:
    first, _ = coarse(rough, times)
    for number in range(len(STAGES)):
        for row, column in np.argwhere(first <= number):
            block = rough.first[
                row * times : (row + 1) * times, column * times : (column + 1) * times
            ]
            assert (block <= number).any()


def wet_cells(found: Overview, library: Library, stage: float) -> Bools:
    shapes = [ring.shape for ring in found.rings if ring.wet_from_m <= stage + 1e-6]
    return rasterize(shapes, SHAPE, transform=library.ground.transform).astype(bool)


def test_overviews_are_made_for_zooms_that_are_too_heavy_alone(
    rough: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert overviews(rough, range(12, 16)) == ()
    for bound in ("MOST_POINTS", "MOST_CORNERS"):
        monkeypatch.setattr(overview, bound, 600)
    found = overviews(rough, range(12, 16))
    assert [each.zoom for each in found] == [12, 13, 14, 15][: len(found)]
    assert len(found) > 1
    sides = [each.cell_m for each in found]
    assert sides == sorted(sides, reverse=True)
    for each in found:
        assert each.cell_m >= 2 * CELL_M
        corners = sum(
            len(part.exterior.coords) - 1 + sum(len(hole.coords) - 1 for hole in part.interiors)
            for ring in each.rings
            for part in ring.shape.geoms
        )
        # all of this ground lies in one tile of 12 and 13
        assert corners <= 600 or tile_m(each.zoom) < CELL_M * max(SHAPE)
        for number, stage in enumerate(STAGES):
            assert not ((rough.first <= number) & ~wet_cells(each, rough, stage)).any()
        assert all(ring.shape.is_valid for ring in each.rings)
