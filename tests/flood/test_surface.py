"""Slope and marks on height above drainage, against places worked out by hand on simple ground."""

import numpy as np
import pytest
import shapely
from affine import Affine

from flood.ground import Ground, coarser
from flood.river import along
from flood.surface import FloodMark, above_drainage, level_with_gauge

CELL = 10.0


def _valley() -> tuple[Ground, np.ndarray, shapely.LineString]:
    """A bed that falls 1 cm a cell southwards, between walls that rise 1 m a cell away from it.

    Walls are steep, so every cell drains straight across to the bed of its own row.
    """
    rows, columns = 60, 21
    bed = 100.0 - 0.01 * np.arange(rows)
    away = np.abs(np.arange(columns) - 10)
    heights = bed[:, None] + 1.0 * away[None, :]
    channel = np.zeros((rows, columns), dtype=bool)
    channel[:, 10] = True
    line = shapely.LineString([(105.0, rows * CELL), (105.0, 0.0)])
    ground = Ground(heights.astype(np.float32), Affine(CELL, 0, 0, 0, -CELL, rows * CELL))
    return ground, channel, line


def _gauge(row: int) -> shapely.Point:
    return shapely.Point(105.0, (60 - row) * CELL - CELL / 2)


def test_without_a_slope_the_surface_follows_the_bed_from_the_gauge() -> None:
    ground, channel, _ = _valley()
    found = above_drainage(ground, channel, _gauge(30)).relative
    for row in (0, 17, 30, 59):
        for column in (0, 4, 10, 15):
            # so high over the bed of its row, counted from the bed at the gauge
            assert found[row, column] == pytest.approx(99.7 + abs(column - 10), abs=1e-3)


def test_a_stated_slope_takes_the_place_of_the_beds() -> None:
    ground, channel, line = _valley()
    gauge = _gauge(30)
    up = along(ground, line, gauge)
    found = above_drainage(ground, channel, gauge, upstream=up, slope=0.0004)
    assert found.slope == 0.0004
    for row in (0, 17, 30, 59):
        for column in (0, 10, 15):
            lift = 0.0004 * (30 - row) * CELL
            assert found.relative[row, column] == pytest.approx(
                float(ground.heights[row, column]) - lift, abs=0.004
            )


def test_marks_correct_the_beds_slope_and_say_by_how_much() -> None:
    """The water stood 20 cm higher than the stage and fell 0.5 mm a metre less than the bed."""
    ground, channel, line = _valley()
    gauge = _gauge(30)
    up = along(ground, line, gauge)

    def level(row: int, stage: float) -> float:
        beside_bed = 0.01 * (30 - row)
        return stage + 0.2 + beside_bed - 0.0005 * (30 - row) * CELL

    marks = [
        FloodMark(f"m{row}", level(row, 101.0), 101.0, row, column)
        for row, column in ((3, 12), (22, 9), (41, 10), (55, 8))
    ]
    found = above_drainage(ground, channel, gauge, upstream=up, marks=marks)
    assert found.calibration is not None
    assert found.calibration.offset_m == pytest.approx(0.2, abs=0.01)
    assert found.slope == pytest.approx(-0.0005, abs=0.00002)
    assert found.calibration.rmse_m < 0.005
    for row in (5, 50):
        # a cell is just reached when the stage lifts the surface of its row to its ground
        stage = float(found.relative[row, 12])
        assert level(row, stage) == pytest.approx(float(ground.heights[row, 12]), abs=0.01)
    # no line of the river: the marks only lift it
    lifted = above_drainage(ground, channel, gauge, marks=marks[1:2])
    assert lifted.slope == 0.0
    assert lifted.calibration is not None
    assert float(lifted.relative[22, 12]) == pytest.approx(
        101.0 - (level(22, 101.0) - float(ground.heights[22, 12])), abs=0.005
    )


def test_a_cell_belongs_to_where_it_drains_to_not_to_the_nearest_reach() -> None:
    """Behind a ridge beside the lower reach, land drains the long way to the upper one.

    A staircase west to east: bed A in the west (98 m), land rising gently from it to a ridge in
    column 18, and bed B (90 m), downstream of A, right behind the ridge in column 20.
    """
    rows = 5
    profile = np.concatenate([[98.0], 98.1 + 0.1 * np.arange(17), [105.0], [95.0], [90.0]])
    heights = np.tile(profile, (rows, 1)).astype(np.float32)
    channel = np.zeros(heights.shape, dtype=bool)
    channel[:, 0] = channel[:, 20] = True
    ground = Ground(heights, Affine(CELL, 0, 0, 0, -CELL, rows * CELL))
    gauge = shapely.Point(5.0, 25.0)
    upstream = np.where(np.arange(21) < 10, 0.0, -5000.0)[None, :].repeat(rows, axis=0)
    slope = 0.001
    told = above_drainage(
        ground, channel, gauge, upstream=upstream.astype(np.float32), slope=slope
    ).relative
    near = level_with_gauge(ground, upstream=upstream.astype(np.float32), slope=slope).relative
    # column 15 is nearer to B, whose surface lies 5 m lower, but its water comes from A
    assert told[2, 15] == pytest.approx(heights[2, 15])
    assert near[2, 15] == pytest.approx(heights[2, 15] + 5.0)
    assert told[2, 19] == pytest.approx(95.0 + 5.0)


def test_coarser_cells_are_means_of_what_is_known_and_tell_what_is_lost() -> None:
    nan = np.nan
    heights = np.array(
        [[1, 3, 5, 5, 7], [1, 3, nan, nan, 9], [2, nan, 4, 4, nan]], dtype=np.float32
    )
    ground, lost = coarser(Ground(heights, Affine(5, 0, 100, 0, -5, 200)), 10.0)
    assert ground.transform[:6] == (10, 0, 100, 0, -10, 200)
    expected = np.array([[2, nan, 8], [nan, 4, nan]], dtype=np.float32)
    assert np.array_equal(ground.heights, expected, equal_nan=True)
    # of the blocks that are left: four cells 1 m off, two 1 m off, two not at all
    assert lost == pytest.approx(np.sqrt(6 / 8))
    same, none = coarser(ground, 4.0)
    assert same is ground
    assert none == 0.0
