"""Control points: the residuals tell Indian 1975 from WGS 84, and one operation from another."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely

from etl import control, datum, transform
from etl.control import ControlPoint
from etl.crs import TownArea, parse
from layers.errors import BadRequestError, RefusedError
from tests.conftest import TownHandle
from tests.etl.files import Command, do, order, thai

PHIBUN = TownArea(32648, shapely.box(520000, 1680000, 530000, 1690000))
TRUE = [(521000.0, 1681000.0), (529000.0, 1682000.0), (524000.0, 1689000.0), (526500.0, 1685500.0)]


def as_indian(
    true: Sequence[tuple[float, float]], operation: str, noise: float = 0.0
) -> list[ControlPoint]:
    """Points as an old map has them: WGS 84 turned back by one operation, read with a ruler."""
    pinned = datum.pin(parse("EPSG:24048"), PHIBUN, operation, "f")
    assert pinned.transformer is not None
    rng = np.random.default_rng(3)
    east, north = np.array(true).T
    x, y = pinned.transformer.transform(east, north, direction="INVERSE")
    x, y = x + rng.normal(0, noise, len(true)), y + rng.normal(0, noise, len(true))
    return [
        ControlPoint(f"BM{n}", float(a), float(b), *place)
        for n, (a, b, place) in enumerate(zip(x, y, true, strict=True), 1)
    ]


@pytest.mark.parametrize("operation", ["EPSG:1304", "EPSG:1154", "EPSG:1537"])
def test_the_operation_a_map_was_made_by_leaves_nothing_over(operation: str) -> None:
    found = control.check(as_indian(TRUE, operation), PHIBUN, parse("EPSG:24048"))
    assert found.best == operation
    by = {trial.operation: trial for trial in found.trials}
    assert by[operation].rms_m == pytest.approx(0, abs=0.02)
    # the others of the pinned ones are metres away, no shift 519 m, and the default 190 m
    assert all(by[other].rms_m < 2 for other in ("EPSG:1304", "EPSG:1154", "EPSG:1537"))
    assert by["none"].rms_m == pytest.approx(519, abs=2)
    assert 150 < by["EPSG:1812"].rms_m < 230
    assert found.trials[-1].forbidden
    assert f"--datum-operation {operation}" in found.verdict.en
    assert thai(found.verdict.th)


def test_numbers_that_are_wgs_84_already_need_no_shift() -> None:
    points = [ControlPoint(f"P{n}", x + 0.3, y - 0.2, x, y) for n, (x, y) in enumerate(TRUE)]
    found = control.check(points, PHIBUN, None)
    assert found.best == "none"
    assert found.verdict.en.endswith("--crs EPSG:32648")
    best = found.trials[0]
    assert (best.mean_east_m, best.mean_north_m) == (0.3, -0.2)
    assert best.rms_m == pytest.approx(0.36, abs=0.01)
    assert best.spread_m == 0


def test_a_scanned_map_still_tells_and_a_wrong_point_is_named() -> None:
    points = as_indian(TRUE, "EPSG:1304", noise=2.0)
    points[2] = ControlPoint("BM3", points[2].x + 40, points[2].y, *TRUE[2])
    found = control.check(points, PHIBUN, None)
    assert any("BM3 differs from the others" in warning.en for warning in found.warnings)
    good = control.check([points[0], points[1], points[3]], PHIBUN, None)
    assert good.best in ("EPSG:1304", "EPSG:1154", "EPSG:1537")
    assert good.trials[0].rms_m < 6
    assert not good.warnings


def test_what_fits_nothing_is_said_so_and_an_earlier_wrong_turn_is_recognised() -> None:
    off = [
        ControlPoint(p.name, p.x + 3_000, p.y, p.east, p.north)
        for p in as_indian(TRUE, "EPSG:1304")
    ]
    found = control.check(off, PHIBUN, None)
    assert found.best is None
    assert "No operation fits" in found.verdict.en
    trap = transform.trap(parse("EPSG:24048"), PHIBUN.crs)
    assert trap is not None
    east, north = np.array(TRUE).T
    x, y = trap.transform(east, north, direction="INVERSE")
    turned = [
        ControlPoint("p", float(a), float(b), *place)
        for a, b, place in zip(x, y, TRUE, strict=True)
    ]
    spoilt = control.check(turned, PHIBUN, None)
    assert spoilt.best is None
    assert "EPSG:1812 comes closer" in spoilt.verdict.en


def test_degrees_are_checked_as_degrees() -> None:
    old = transform.between(parse("EPSG:24048"), parse("EPSG:4240"))
    assert old is not None
    points = as_indian(TRUE, "EPSG:1304")
    lon, lat = old.transform([p.x for p in points], [p.y for p in points])
    degrees = [
        ControlPoint(p.name, float(x), float(y), p.east, p.north)
        for p, x, y in zip(points, lon, lat, strict=True)
    ]
    found = control.check(degrees, PHIBUN, None)
    assert found.best == "EPSG:1304"
    assert "--crs EPSG:4240" in found.verdict.en


def test_files_of_points_are_read_or_refused_with_the_line() -> None:
    found = control.parse_points(
        '\ufeffname,x,y,true_x,true_y\nหมุด 1,"523,586.9",๑๖๘๕๓๑๔.๑,105.2236,15.2410\n\n',
        PHIBUN,
        None,
    )
    assert found[0].name == "หมุด 1"
    assert found[0].x == 523586.9
    assert found[0].y == 1685314.1
    assert found[0].east == pytest.approx(524000, abs=100)
    with pytest.raises(BadRequestError, match="Line 3"):
        control.parse_points("name,x,y,true_x,true_y\na,1,2,3,4\nb,1,2,x,4\n", PHIBUN, None)
    with pytest.raises(BadRequestError, match="no column truex"):
        control.parse_points("name,x,y\na,1,2\n", PHIBUN, None)
    with pytest.raises(RefusedError, match="WGS 84"):
        control.point("a", (1, 2), (3, 4), PHIBUN, parse("EPSG:24048"))
    with pytest.raises(RefusedError, match="no control points"):
        control.check([], PHIBUN, None)


def test_the_command_prints_residuals_and_takes_stored_benchmarks(
    shared_town: TownHandle, command: Command, tmp_path: Path
) -> None:
    do(shared_town, order("shelters", "shelters.geojson", mapping={"code": "GID"}))
    file = tmp_path / "หมุด.csv"
    lines = [f"{p.name},{p.x},{p.y},{p.east},{p.north}" for p in as_indian(TRUE, "EPSG:1304")]
    file.write_text("\n".join(["name,x,y,true_x,true_y", *lines]), encoding="utf-8")
    words = ("town", "control-points", file, "--town", shared_town.town_id)
    said = command(*words)
    assert said.status == 0, said.err
    assert "* EPSG:1304" in said.out
    assert "! EPSG:1812" in said.out
    assert "BM4: E " in said.out
    assert thai(said.out)
    told = json.loads(command(*words, "--json").out)
    assert told["best"] == "EPSG:1304"
    assert told["points"] == 4
    stored = command(*words[:2], *words[3:], "--add", "S1=524100,1685100=shelters:S1", "--json")
    assert stored.status == 0, stored.err
    assert "Only 1 points" in json.loads(stored.out)["warnings"][0]["en"]
    assert command(*words[:2], *words[3:], "--add", "S1=524100").status == 2
    missing = command(*words[:2], *words[3:], "--add", "S1=1,2=shelters:none")
    assert "no single point" in missing.err
