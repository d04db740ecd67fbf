"""Classes of rasters: depth as the zones tell it, ground in round steps that cover it."""

import math
from itertools import pairwise

import pytest

from layers import flood_zones, rasters
from layers.errors import NotFoundError
from layers.model import Role


def test_depth_classes_are_those_of_the_zones() -> None:
    style = flood_zones.LAYER.style
    assert style is not None
    zones = {cls.key: (cls.color, cls.label) for cls in style.classes if cls.key != "unknown"}
    found = rasters.classes(rasters.DEPTH, 0, 1)
    assert {cls.key: (cls.color, cls.label) for cls in found} == zones
    for before, after in pairwise(found):
        assert before.high == after.low


@pytest.mark.parametrize(
    ("low", "high"), [(98.9, 116.1), (-27.5, 332.1), (0, 0), (5, 5.2), (100.2, 109.7), (-3, 8848)]
)
def test_ground_steps_are_round_and_cover_what_is_there(low: float, high: float) -> None:
    found = rasters.classes(rasters.ELEVATION, low, high)
    assert (found[0].low, found[-1].high) == (-math.inf, math.inf)
    edges = [cls.high for cls in found[:-1]]
    steps = {round(after - before, 6) for before, after in pairwise(edges)}
    (step,) = steps
    assert edges[0] - step <= low < edges[0]
    # the highest class is open, so the colours need not be used up
    assert high <= edges[-1] + 2 * step
    assert len({cls.color for cls in found}) == len(found)
    assert all(cls.label.th != cls.label.en for cls in found)
    assert rasters.class_of(found, low) == "ground_0"


def test_a_value_on_an_edge_belongs_above_it() -> None:
    found = rasters.classes(rasters.DEPTH, 0, 1)
    # what 0.3 m becomes in a file of single precision
    assert rasters.class_of(found, 0.30000001192092896) == "0_3_0_5"
    assert rasters.class_of(found, 0.3) == "0_3_0_5"
    assert rasters.class_of(found, 0.2999) == "lt_0_3"
    assert rasters.class_of(found, 0.0) is None


def test_zooms_end_where_cells_are_some_pixels_wide() -> None:
    assert rasters.max_zoom(10, 15.2) == 16
    assert rasters.max_zoom(0.01, 15.2) == rasters.MAX_ZOOM
    assert rasters.max_zoom(90_000, 15.2) == rasters.MIN_ZOOM


def test_every_raster_is_declared_for_somebody_and_a_strange_one_is_refused() -> None:
    for raster in rasters.RASTERS:
        assert raster.audience <= frozenset(Role)
        assert raster.audience
        assert rasters.get(raster.id) is raster
    assert rasters.get("zzz") is None
    assert isinstance(rasters.unknown("zzz", ("depth",)), NotFoundError)
