"""Geometry steps: repair keeps the dimension, singles become multi, nothing is lost unsaid."""

import struct
from typing import Any

import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from etl import geometry
from etl.steps import GEOM
from layers import catalog

PARCELS = catalog.get("parcels")
ROADS = catalog.get("roads")
PERMITS = catalog.get("permits")


def frame(*shapes: Any) -> pd.DataFrame:
    index = range(1, len(shapes) + 1)
    return pd.DataFrame({GEOM: pd.Series(list(shapes), index=index, dtype=object)})


def test_rows_without_a_usable_shape_are_refused_with_the_reason() -> None:
    kept, outcome = geometry.refuse_missing(
        frame(None, Polygon(), Point(float("inf"), 0), box(0, 0, 1, 1))
    )
    assert list(kept.index) == [4]
    reasons = {refused.row: refused.reason.en for refused in outcome.refused}
    assert reasons[1] == "There is no geometry."
    assert reasons[2] == "The geometry is empty."
    assert "not a usable number" in reasons[3]


def test_a_bow_tie_is_repaired_and_the_change_of_area_reported() -> None:
    tie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    kept, outcome = geometry.repair(frame(tie, box(0, 0, 1, 1)))
    assert shapely.is_valid(kept[GEOM].to_numpy()).all()
    assert kept[GEOM][1].area == pytest.approx(50)
    (finding,) = outcome.findings
    assert (finding.kind, finding.severity, finding.count) == ("repaired_geometry", "repair", 1)
    assert "50.00 m2" in finding.text.en


def test_a_hole_outside_its_shell_stays_a_hole() -> None:
    """The linework method would turn the overlap inside out; structure does not."""
    holed = Polygon(box(0, 0, 10, 10).exterior, [box(5, 5, 15, 8).exterior])
    kept, _outcome = geometry.repair(frame(holed))
    assert kept[GEOM][1].area == pytest.approx(100 - 15)


def test_what_has_no_area_left_is_refused() -> None:
    kept, outcome = geometry.repair(frame(Polygon([(0, 0), (10, 0), (5, 0)])))
    assert kept.empty
    assert "nothing of it remains" in outcome.refused[0].reason.en
    assert not outcome.findings


def test_heights_are_dropped_and_said() -> None:
    kept, outcome = geometry.flatten(frame(Point(1, 2, 3), Point(1, 2)))
    assert not shapely.has_z(kept[GEOM].to_numpy()).any()
    assert outcome.findings[0].count == 1


def test_singles_become_multi_and_wrong_types_are_refused() -> None:
    kept, outcome = geometry.as_layer_type(
        frame(box(0, 0, 1, 1), Point(0, 0), LineString([(0, 0), (1, 1)])), PARCELS
    )
    assert [shape.geom_type for shape in kept[GEOM]] == ["MultiPolygon"]
    assert [refused.row for refused in outcome.refused] == [2, 3]
    assert outcome.refused[0].reason.en == "The shape is a point, but this layer needs an area."


def test_lines_become_multilines() -> None:
    kept, _outcome = geometry.as_layer_type(frame(LineString([(0, 0), (1, 1)])), ROADS)
    assert kept[GEOM][1].geom_type == "MultiLineString"


def test_one_point_in_a_multipoint_is_a_point_two_are_not() -> None:
    kept, outcome = geometry.as_layer_type(
        frame(MultiPoint([(1, 1)]), MultiPoint([(1, 1), (1, 1)]), MultiPoint([(1, 1), (2, 2)])),
        PERMITS,
    )
    assert [shape.wkt for shape in kept[GEOM]] == ["POINT (1 1)", "POINT (1 1)"]
    assert "several points" in outcome.refused[0].reason.en


def test_a_collection_keeps_the_parts_of_the_layers_kind() -> None:
    mixed = GeometryCollection([box(0, 0, 2, 2), box(1, 1, 3, 3), Point(9, 9)])
    kept, outcome = geometry.as_layer_type(frame(mixed), PARCELS)
    assert kept[GEOM][1].area == pytest.approx(7)
    assert shapely.is_valid(kept[GEOM][1])
    assert outcome.findings[0].kind == "trimmed_collection"


def test_broken_and_curved_wkb_are_told_apart() -> None:
    good = shapely.to_wkb(Point(1, 1))
    broken = good[:10]
    curve = bytes([1]) + (10).to_bytes(4, "little") + (0).to_bytes(4, "little")
    shapes, outcome = geometry.parse_wkb([good, broken, curve, None], [1, 2, 3, 4])
    assert shapes[0] == Point(1, 1)
    reasons = {refused.row: refused.reason.en for refused in outcome.refused}
    assert "broken" in reasons[2]
    assert "true curves" in reasons[3]
    arc = bytes([1]) + struct.pack("<II6d", 8, 3, 0, 0, 1, 1, 2, 0)
    hidden = bytes([1]) + struct.pack("<II", 7, 1) + arc
    shapes, outcome = geometry.parse_wkb([hidden, good], [1, 2])
    assert [refused.row for refused in outcome.refused] == [1]
    assert shapes[0] is None
    assert shapes[1] == Point(1, 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=4, max_size=12, unique=True
    )
)
def test_any_ring_ends_valid_and_of_the_layers_type_or_refused(
    points: list[tuple[int, int]],
) -> None:
    start = frame(Polygon(points))
    kept, first = geometry.repair(start)
    kept, second = geometry.as_layer_type(kept, PARCELS)
    assert len(kept) + len(first.refused) + len(second.refused) == 1
    for shape in kept[GEOM]:
        assert isinstance(shape, MultiPolygon)
        assert shape.is_valid
        assert shape.area > 0
