"""Repair: each problem named with its place, the change told, too large a change refused."""

from typing import Any
from xml.etree import ElementTree as ET  # the test material of GEOS, read from our own disk

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from etl import flaws, geometry, mending, places
from etl.read import read
from etl.steps import FLAWS_KEPT, GEOM, Finding, Outcome, Refused, merged
from etl.unpack import locate
from layers import catalog
from layers.text import Text
from tests.etl.test_geometry import frame
from tests.shared_data import shared_data

PARCELS = catalog.get("parcels")
TIE = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (TIE, "self_intersection"),
        (Polygon(box(0, 0, 10, 10).exterior, [box(20, 20, 25, 25).exterior]), "hole_outside"),
        (
            Polygon(box(0, 0, 9, 9).exterior, [box(1, 1, 8, 8).exterior, box(2, 2, 3, 3).exterior]),
            "nested_holes",
        ),
        (MultiPolygon([box(0, 0, 9, 9), box(2, 2, 3, 3)]), "nested_shells"),
        (
            Polygon([(0, 0), (8, 0), (8, 8), (4, 0), (0, 8)]),
            "ring_self_intersection",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_problem_has_its_name_and_place(shape: Any, kind: str) -> None:
    kept, outcome = mending.repair(frame(shape))
    assert kept[GEOM][1].is_valid
    (flaw,) = outcome.flaws
    assert flaw.kind == kind
    assert flaw.at is not None
    assert shapely.distance(shape.boundary, Point(flaw.at)) == 0
    assert flaws.place_text(flaw.at) in flaw.reason.en
    assert "m2" in flaw.reason.th
    assert flaw.change == pytest.approx(kept[GEOM][1].area - shape.area)


def test_the_place_is_told_in_the_files_coordinates_and_the_towns() -> None:
    def turn(shapes: Any) -> Any:
        return shapely.transform(shapes, lambda pairs: pairs + np.array([500_000, 1_600_000]))

    in_file = np.array([TIE], dtype=object)
    as_read = pd.Series(list(in_file), index=[1], dtype=object)
    _kept, outcome = mending.repair(frame(*turn(in_file)), as_read, turn)
    (flaw,) = outcome.flaws
    assert flaw.at_in_file == (5.0, 5.0)
    assert flaw.at == (500_005.0, 1_600_005.0)
    assert "at 500005.00, 1600005.00 (in the file 5.0000000, 5.0000000)" in flaw.reason.en


def test_a_change_beyond_both_limits_is_refused_with_the_figure() -> None:
    big = shapely.transform(TIE, lambda pairs: pairs * 100)
    kept, outcome = mending.repair(frame(big, TIE))
    assert list(kept.index) == [2]
    (refused,) = outcome.refused
    assert refused.row == 1
    assert "more than both 100 m2 or m and 10%" in refused.reason.en
    assert "0.00 -> 500,000.00 m2" in refused.whole.en
    assert "500.00, 500.00" in refused.whole.th
    assert [flaw.row for flaw in outcome.flaws] == [2]


def test_a_large_shape_may_change_by_a_small_share() -> None:
    """A spike of a hectare's outline: more than 100 m2, far less than a tenth."""
    land = Polygon(
        [
            (0, 0),
            (1000, 0),
            (1000, 1000),
            (500, 1000),
            (480, 1020),
            (500, 1020),
            (480, 1000),
            (0, 1000),
        ]
    )
    kept, outcome = mending.repair(frame(land))
    assert not outcome.refused
    assert abs(outcome.flaws[0].change) > mending.MOST_CHANGE
    assert kept[GEOM][1].area == pytest.approx(1_000_000, rel=0.001)


def test_structure_keeps_what_linework_turns_inside_out() -> None:
    """Why this method: a hole that sticks out of its shell stays a hole, and adds no land."""
    holed = Polygon(box(0, 0, 10, 10).exterior, [box(5, 5, 15, 8).exterior])
    twice = MultiPolygon([box(0, 0, 10, 10), box(5, 5, 15, 15)])
    assert shapely.make_valid(holed, method="linework").area == pytest.approx(100)
    assert mending.repair(frame(holed))[0][GEOM][1].area == pytest.approx(85)
    assert shapely.make_valid(twice, method="linework").area == pytest.approx(150)
    assert mending.repair(frame(twice))[0][GEOM][1].area == pytest.approx(175)


def test_a_line_of_one_place_is_refused_by_name() -> None:
    kept, outcome = mending.repair(frame(LineString([(3, 4), (3, 4)])))
    assert kept.empty
    assert "too few points to make the shape" in outcome.refused[0].whole.en
    assert "3.0000000, 4.0000000" in outcome.refused[0].whole.en


def test_batches_add_up_to_one_finding() -> None:
    parts = [mending.repair(frame(TIE, box(0, 0, 1, 1)))[1] for _ in range(3)]
    (finding,) = sum(parts, Outcome()).findings
    assert finding.count == 3
    assert "150.00 m2 in all, at most 50.00 m2 in one" in finding.said.en
    other = Finding("x", "note", Text(th="ก{", en="a {"), 1)
    assert [(f.kind, f.count) for f in merged([other, finding, other])] == [
        ("x", 2),
        ("repaired_geometry", 3),
    ]
    assert other.said == other.text


def test_flaws_are_kept_one_by_one_up_to_a_limit_and_counted_beyond() -> None:
    many = frame(*[TIE] * (FLAWS_KEPT + 5))
    _kept, outcome = mending.repair(many)
    both = outcome + outcome
    assert len(both.flaws) == FLAWS_KEPT
    assert both.findings[0].count == 2 * (FLAWS_KEPT + 5)


def test_a_refusal_without_detail_is_its_reason() -> None:
    reason = Text(th="ก", en="a")
    assert Refused(1, reason).whole == reason
    assert Refused(1, reason, Text(th="ข", en="b")).whole == Text(th="ก ข", en="a b")


def shape_of(text: str) -> Any:
    """A shape of GEOS's test files: WKT, or WKB in hex; None when it cannot even be parsed."""
    try:
        if text[:1].isdigit():
            return shapely.from_wkb(bytes.fromhex(text))
        with np.errstate(invalid="ignore"):
            return shapely.from_wkt(text)
    except shapely.errors.GEOSException:
        return None


def geos_cases() -> list[tuple[str, Any, bool]]:
    found = []
    for path in sorted(shared_data("d_nasty", "geos_valid").glob("TestValid*.xml")):
        for case in ET.parse(path).getroot().iter("case"):  # noqa: S314 - GEOS's own files
            told = [op.text or "" for op in case.iter("op") if op.get("name") == "isValid"]
            text = "".join((case.findtext("a") or "").split("\n")).strip()
            if told and (shape := shape_of(text)) is not None:
                name = f"{path.name}: {(case.findtext('desc') or '').strip()}"
                found.append((name, shape, told[0].strip() == "true"))
    return found


def test_the_validity_cases_of_geos_end_as_they_should() -> None:
    """Expected answers by GEOS: each invalid case is named, and mended or refused; no valid one."""
    cases = geos_cases()
    named: dict[str, int] = {}
    outcomes = {"valid": 0, "mended": 0, "refused": 0}
    for name, shape, valid in cases:
        if not np.isfinite(shapely.bounds(shape)).all():
            kept, outcome = geometry.refuse_missing(frame(shape))
            assert kept.empty, name
            continue
        kept, outcome = mending.repair(frame(shapely.force_2d(shape)))
        assert len(kept) + len(outcome.refused) == 1, name
        if valid:
            assert not [*outcome.flaws, *outcome.refused], name
            outcomes["valid"] += 1
            continue
        detail = outcome.refused[0].detail if outcome.refused else outcome.flaws[0].reason
        told = detail or outcome.refused[0].reason
        word = told.en.split("(")[1].split(")")[0]
        named[word] = named.get(word, 0) + 1
        assert not told.en.startswith("invalid ("), (name, told.en)
        outcomes["refused" if kept.empty else "mended"] += 1
        if not kept.empty:
            assert kept[GEOM][1].is_valid, name
            assert shapely.get_dimensions(kept[GEOM][1]) == shapely.get_dimensions(shape), name
    print(f"\nGEOS validity cases: {len(cases)}, {outcomes}, {dict(sorted(named.items()))}")
    assert outcomes == {"valid": 779, "mended": 34, "refused": 20}


def test_real_curves_heights_and_measures_are_flattened_and_said(tmp_path: Any) -> None:
    folder = shared_data("d_nasty", "pyogrio")
    expected = {
        "curve.gpkg": "straightened_curve",
        "curvepolygon.gpkg": "straightened_curve",
        "multisurface.gpkg": "straightened_curve",
    }
    for name, kind in expected.items():
        found = read(locate(folder / name, tmp_path), tmp_path)
        shapes, outcome = geometry.parse_wkb(
            found.table.column("wkb_geometry").to_pylist()
            if "wkb_geometry" in found.table.column_names
            else found.table.column(places.WKB).to_pylist(),
            list(range(1, found.table.num_rows + 1)),
        )
        assert not outcome.refused, name
        assert kind in {finding.kind for finding in outcome.findings}, name
        assert all(shapely.get_type_id(shapes) < 7), name
    found = read(locate(folder / "line_zm.gpkg", tmp_path), tmp_path)
    shapes, _ = geometry.parse_wkb(found.table.column(places.WKB).to_pylist(), [1])
    _kept, outcome = geometry.flatten(frame(*shapes))
    assert outcome.findings[0].kind == "dropped_z"


def test_point_shapes_pass_untouched() -> None:
    kept, outcome = mending.repair(frame(Point(1, 2)))
    assert kept[GEOM][1] == Point(1, 2)
    assert outcome == Outcome()
