"""Scores of a model against what was seen: cells and areas, and the figures of a known table."""

import numpy as np
import pytest
import shapely

from flood.score import compare, score, score_cells


def test_the_figures_of_a_table() -> None:
    told = score(60, 20, 40)
    assert (told.csi, told.pod, told.far, told.bias) == (0.5, 0.75, 0.4, 1.25)
    nothing = score(0, 0, 0)
    assert (nothing.csi, nothing.pod, nothing.far, nothing.bias) == (None, None, None, None)


def test_cells_are_scored_where_they_were_looked_at() -> None:
    model = np.array([[1, 1, 0, 0]], dtype=bool)
    seen = np.array([[1, 0, 1, 0]], dtype=bool)
    told = score_cells(model, seen)
    assert (told.hits, told.misses, told.false_alarms) == (1, 1, 1)
    told = score_cells(model, seen, np.array([[1, 0, 0, 1]], dtype=bool))
    assert (told.csi, told.far) == (1, 0)
    with pytest.raises(ValueError, match="observed is"):
        score_cells(model, seen[:, :2])


def test_areas_add_up_to_both_extents() -> None:
    model, seen = shapely.box(0, 0, 10, 10), shapely.box(5, 0, 20, 10)
    told = compare(model, seen)
    assert (told.score.hits, told.score.misses, told.score.false_alarms) == (50, 100, 50)
    assert told.hit.area + told.miss.area == seen.area
    assert told.hit.area + told.false_alarm.area == model.area
    within = compare(model, seen, within=shapely.box(0, 0, 10, 5))
    assert (within.score.hits, within.score.misses, within.score.false_alarms) == (25, 0, 25)
    assert within.score.bias == 2


def test_extents_that_only_touch_share_no_area() -> None:
    """An edge, and a corner, in common: lines and points are no areas."""
    seen = shapely.union_all([shapely.box(10, 0, 20, 10), shapely.box(3, 3, 5, 5)])
    told = compare(shapely.box(0, 0, 10, 10), seen, within=shapely.box(0, -5, 20, 10))
    assert (told.score.hits, told.score.misses, told.score.false_alarms) == (4, 100, 96)
    apart = compare(shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2))
    assert apart.score.csi == 0
    assert apart.hit.is_empty
