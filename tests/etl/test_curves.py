"""True curves become chords within the stated tolerance; damaged bytes are an error, no crash."""

import math
import struct

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from etl import curves, geometry
from tests.etl.test_geometry import counted, points, wkb

CIRCLE = wkb(8, points((10, 0), (-10, 0), (10, 0)))
HALF = wkb(8, points((0, 0), (50, 50), (100, 0)))


def test_a_circle_stays_round_to_the_tolerance() -> None:
    (x, y) = (524_000.0, 1_685_000.0)
    circle = wkb(8, points((x + 400, y), (x - 400, y), (x + 400, y)))
    made = curves.straighten(wkb(10, counted(circle)))
    centre = Point(x, y)
    far = shapely.distance(centre, shapely.points(made.exterior.coords))
    assert max(abs(far - 400)) < 1e-6, "every corner lies on the circle"
    edges = shapely.linestrings(
        [list(pair) for pair in zip(made.exterior.coords, made.exterior.coords[1:], strict=False)]
    )
    sagitta = 400 - shapely.distance(centre, edges).min()
    assert 0 < sagitta <= curves.TOLERANCE_M + 1e-6
    assert made.area == pytest.approx(math.pi * 400**2, rel=1e-4)


def test_an_arc_goes_the_way_its_middle_point_lies() -> None:
    up = curves.straighten(HALF)
    down = curves.straighten(wkb(8, points((0, 0), (50, -50), (100, 0))))
    assert up.bounds[3] == pytest.approx(50, abs=0.02)
    assert down.bounds[1] == pytest.approx(-50, abs=0.02)
    assert up.length == pytest.approx(math.pi * 50, rel=1e-3)
    assert up.coords[0] == (0, 0)
    assert up.coords[-1] == (100, 0)


def test_points_on_a_line_are_no_arc() -> None:
    made = curves.straighten(wkb(8, points((0, 0), (5, 0), (10, 0))))
    assert list(made.coords) == [(0, 0), (5, 0), (10, 0)]


def test_compound_curves_polygons_and_collections() -> None:
    ring = wkb(9, counted(HALF, wkb(2, points((100, 0), (0, 0)))))
    area = curves.straighten(wkb(10, counted(ring)))
    assert area.is_valid
    assert area.area == pytest.approx(math.pi * 50**2 / 2, rel=1e-3)
    many = curves.straighten(wkb(12, counted(wkb(10, counted(ring)))))
    assert many.geom_type == "MultiPolygon"
    lines = curves.straighten(wkb(11, counted(HALF, wkb(2, points((0, 0), (1, 1))))))
    assert lines.geom_type == "MultiLineString"
    mixed = curves.straighten(wkb(7, counted(HALF, wkb(1, struct.pack("<2d", 1, 1)))))
    assert mixed.geom_type == "GeometryCollection"


def test_degrees_have_their_own_tolerance() -> None:
    made = curves.straighten(wkb(8, points((105.21, 15.2), (105.2, 15.21), (105.19, 15.2))))
    far = shapely.distance(Point(105.2, 15.2), shapely.points(made.coords))
    assert max(abs(far - 0.01)) < 1e-9
    step = math.pi / (len(made.coords) - 1)
    assert 0.01 * (1 - math.cos(step / 2)) <= curves.TOLERANCE_DEG


def test_heights_and_measures_are_passed_over() -> None:
    body = struct.pack("<I12d", 3, 0, 0, 7, 8, 50, 50, 7, 8, 100, 0, 7, 8)
    assert curves.straighten(wkb(3008, body)).equals_exact(curves.straighten(HALF))
    assert curves.straighten(wkb(0xC0000008, body)).equals_exact(curves.straighten(HALF))


def test_an_import_says_which_rows_had_curves() -> None:
    shapes, outcome = geometry.parse_wkb([HALF, wkb(7, counted(HALF))], [4, 5])
    assert [shape.geom_type for shape in shapes] == ["LineString", "GeometryCollection"]
    (finding,) = outcome.findings
    assert (finding.kind, finding.count) == ("straightened_curve", 2)
    assert "more than 1 cm off" in finding.text.en


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 17))
def test_damaged_bytes_are_refused(tail: bytes, kind: int) -> None:
    for blob in (wkb(kind, tail), HALF[: len(tail)] + tail, wkb(10, counted(HALF))[:-1] + tail):
        try:
            curves.straighten(blob)
        except curves.NotStraightenedError:
            continue


def test_absurd_counts_and_nesting_are_refused() -> None:
    deep = HALF
    for _ in range(30):
        deep = wkb(7, counted(deep))
    for blob in (wkb(8, b"\xff\xff\xff\xff"), wkb(10, b"\xff\xff\xff\x7f"), deep):
        with pytest.raises(curves.NotStraightenedError):
            curves.straighten(blob)
