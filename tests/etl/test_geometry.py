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

from etl import geometry, mending
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
    kept, outcome = mending.repair(frame(tie, box(0, 0, 1, 1)))
    assert shapely.is_valid(kept[GEOM].to_numpy()).all()
    assert kept[GEOM][1].area == pytest.approx(50)
    (finding,) = outcome.findings
    assert (finding.kind, finding.severity, finding.count) == ("repaired_geometry", "repair", 1)
    assert "50.00 m2" in finding.said.en
    (flaw,) = outcome.flaws
    assert (flaw.row, flaw.kind, flaw.at) == (1, "self_intersection", (5.0, 5.0))
    assert flaw.change == pytest.approx(50)


def test_a_hole_outside_its_shell_stays_a_hole() -> None:
    """The linework method would turn the overlap inside out; structure does not."""
    holed = Polygon(box(0, 0, 10, 10).exterior, [box(5, 5, 15, 8).exterior])
    kept, _outcome = mending.repair(frame(holed))
    assert kept[GEOM][1].area == pytest.approx(100 - 15)


def test_what_has_no_area_left_is_refused() -> None:
    kept, outcome = mending.repair(frame(Polygon([(0, 0), (10, 0), (5, 0)])))
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


def test_overlapping_parts_of_a_collection_are_joined_and_the_area_said() -> None:
    mixed = GeometryCollection([box(0, 0, 2, 2), box(1, 1, 3, 3)])
    _kept, outcome = geometry.as_layer_type(frame(mixed), PARCELS)
    (finding,) = outcome.findings
    assert finding.kind == "joined_parts"
    assert "1.00 m2 were covered twice" in finding.said.en


def wkb(kind: int, *body: bytes) -> bytes:
    return b"\x01" + struct.pack("<I", kind) + b"".join(body)


def points(*pairs: tuple[float, float]) -> bytes:
    numbers = [number for pair in pairs for number in pair]
    return struct.pack(f"<I{len(numbers)}d", len(pairs), *numbers)


def counted(*parts: bytes) -> bytes:
    return struct.pack("<I", len(parts)) + b"".join(parts)


def test_broken_shapes_and_surfaces_are_refused_each_with_its_reason() -> None:
    good = shapely.to_wkb(Point(1, 1))
    tin = wkb(16, counted())
    shapes, outcome = geometry.parse_wkb([good, good[:10], tin, None], [1, 2, 3, 4])
    assert shapes[0] == Point(1, 1)
    reasons = {refused.row: refused.reason.en for refused in outcome.refused}
    assert "broken" in reasons[2]
    assert "surface in space" in reasons[3]
    assert sorted(reasons) == [2, 3]


def test_an_open_ring_is_closed_and_said_and_two_points_are_no_ring() -> None:
    ring = wkb(3, counted(points((0, 0), (10, 0), (10, 10), (0, 10))))
    two = wkb(3, counted(points((0, 0), (10, 0))))
    shapes, outcome = geometry.parse_wkb([ring, two], [1, 2])
    assert shapes[0].area == pytest.approx(100)
    assert [(f.kind, f.count, f.examples) for f in outcome.findings] == [
        ("closed_ring", 1, ("row 1",))
    ]
    assert [refused.row for refused in outcome.refused] == [2]


def test_points_that_repeat_go_and_rings_turn_one_way() -> None:
    clockwise = Polygon([(0, 0), (0, 10), (0, 10), (10, 10), (10, 0), (0, 0)])
    kept, outcome = geometry.tidy(frame(MultiPolygon([clockwise])), PARCELS)
    (shape,) = kept[GEOM]
    assert shape.equals(clockwise)
    assert shape.geoms[0].exterior.is_ccw
    assert shapely.get_num_coordinates(shape) == 5
    assert "1 points that repeat" in outcome.findings[0].said.en


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=4, max_size=12, unique=True
    )
)
def test_any_ring_ends_valid_and_of_the_layers_type_or_refused(
    points: list[tuple[int, int]],
) -> None:
    start = frame(Polygon(points))
    kept, first = mending.repair(start)
    kept, second = geometry.as_layer_type(kept, PARCELS)
    assert len(kept) + len(first.refused) + len(second.refused) == 1
    for shape in kept[GEOM]:
        assert isinstance(shape, MultiPolygon)
        assert shape.is_valid
        assert shape.area > 0
