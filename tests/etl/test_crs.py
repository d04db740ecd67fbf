"""Which CRS, by which operation, and whether the result lies at the town: the 190 m trap."""

from typing import Any

import numpy as np
import pytest
import shapely

from etl import crs, datum
from etl.crs import TownArea
from layers.errors import BadRequestError, RefusedError
from tests.etl.files import thai

PHIBUN = TownArea(32648, shapely.box(524000, 1685000, 525000, 1686000))
PATONG = TownArea(32647, shapely.box(423000, 871000, 427000, 877000))


def shapes(*points: tuple[float, float]) -> Any:
    return np.array([shapely.Point(point) for point in points], dtype=object)


@pytest.mark.parametrize(
    ("operation", "east", "north"),
    [
        # DOMAIN.md section 2: WGS 84 -> Indian 1975 shifts at Phibun; the file is turned back
        ("EPSG:1304", 413.1, -314.1),
        ("EPSG:1154", 413.2, -314.0),
        ("EPSG:1537", 413.4, -313.1),
    ],
)
def test_a_pinned_operation_shifts_as_published(operation: str, east: float, north: float) -> None:
    found = datum.pin(crs.parse("EPSG:24048"), PHIBUN, operation, "old.gpkg")
    assert found.codes == (operation,)
    here = shapes((524000, 1685000))
    there = found.apply(here)[0]
    assert 524000 - there.x == pytest.approx(east, abs=0.2)
    assert 1685000 - there.y == pytest.approx(north, abs=0.2)


def test_the_default_operation_is_never_used() -> None:
    """EPSG:1812 is what PROJ takes first; a test point would land some 190 m away."""
    source = crs.parse("EPSG:24048")
    with pytest.raises(RefusedError, match="190 m"):
        datum.pin(source, PHIBUN, "EPSG:1812", "old.gpkg")
    good = datum.pin(source, PHIBUN, "EPSG:1304", "old.gpkg")
    point = shapes((524000, 1685000))
    default = datum._operation(datum._operations(source, PHIBUN.crs, PHIBUN.lonlat())[0])
    assert default.codes == ("EPSG:1812",)
    off = shapely.distance(good.apply(point)[0], default.apply(point)[0])
    assert 150 < off < 230


@pytest.mark.parametrize("name", ["EPSG:24047", "EPSG:24048", "EPSG:4240"])
def test_indian_files_are_refused_until_a_person_chooses(name: str) -> None:
    town = PATONG if name == "EPSG:24047" else PHIBUN
    with pytest.raises(RefusedError) as refused:
        datum.pin(crs.parse(name), town, None, "old.gpkg")
    assert "--datum-operation" in refused.value.detail.en
    assert "EPSG:1304" in refused.value.detail.en
    assert "190" in refused.value.detail.th


def test_an_indian_prj_without_a_code_is_recognised() -> None:
    bare = crs.parse("EPSG:24047").to_wkt("WKT1_ESRI")
    assert datum.is_indian(crs.parse(bare))
    assert not datum.is_indian(crs.parse("EPSG:32647"))


def test_an_operation_that_does_not_lead_there_is_refused() -> None:
    with pytest.raises(RefusedError, match="does not lead"):
        datum.pin(crs.parse("EPSG:24048"), PHIBUN, "EPSG:9999", "old.gpkg")


def test_same_crs_needs_no_operation_and_others_are_recorded() -> None:
    same = datum.pin(crs.parse("EPSG:32648"), PHIBUN, None, "f")
    assert same.transformer is None
    other = datum.pin(crs.parse("EPSG:4326"), PHIBUN, None, "f")
    assert other.accuracy_m == 0
    assert "UTM zone 48N" in other.name
    assert "utm" in other.definition


def test_no_crs_is_taken_as_lonlat_only_when_all_of_it_lies_at_the_town() -> None:
    lon, lat = 105.225, 15.245
    found = crs.choose(None, shapes((lon, lat)), None, PHIBUN, "f.topojson")
    assert found.name == "EPSG:4326"
    assert "the file states none" in found.evidence.en
    assert thai(found.evidence.th)
    with pytest.raises(RefusedError, match="--crs"):
        crs.choose(None, shapes((lon, lat), (100.5, 13.7)), None, PHIBUN, "f.topojson")


def test_no_crs_and_metres_gets_a_hint_but_no_guess() -> None:
    with pytest.raises(RefusedError, match="would fit EPSG:32648"):
        crs.choose(None, shapes((524100, 1685100)), None, PHIBUN, "f.topojson")


def test_no_crs_and_no_boundary_is_refused() -> None:
    with pytest.raises(RefusedError, match="--crs"):
        crs.choose(None, shapes((105.2, 15.2)), None, TownArea(32648), "f.topojson")


def test_a_crs_given_against_the_file_is_said_so() -> None:
    found = crs.choose("EPSG:4326", shapes((524100, 1685100)), "EPSG:32648", PHIBUN, "f")
    assert found.name == "EPSG:32648"
    assert "against the file's EPSG:4326" in found.evidence.en
    assert (
        "as the file states"
        in crs.choose("EPSG:32648", shapes((1, 1)), "EPSG:32648", PHIBUN, "f").evidence.en
    )


def test_an_unknown_crs_is_wrong_usage() -> None:
    with pytest.raises(BadRequestError, match="EPSG:32648"):
        crs.parse("EPSG:1")


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ((524100.0, 1685100.0), "would fit EPSG:32648"),
        ((15.245, 105.225), "seem to be swapped"),
        ((100.5, 13.7), "within 25 km"),
    ],
)
def test_a_file_that_lies_elsewhere_is_refused(point: tuple[float, float], words: str) -> None:
    source = crs.parse("EPSG:4326")
    here = shapes(point)
    operation = datum.pin(source, PHIBUN, None, "f")
    with pytest.raises(RefusedError, match=words):
        crs.check_place(here, operation.apply(here), source, PHIBUN, "f")


def test_the_neighbouring_utm_zone_is_noticed() -> None:
    source = crs.parse("EPSG:32647")
    here = shapes((524100, 1685100))
    turned = datum.pin(source, PHIBUN, None, "f").apply(here)
    with pytest.raises(RefusedError, match="would fit EPSG:32648"):
        crs.check_place(here, turned, source, PHIBUN, "f")


def test_heights_do_not_disturb_the_crs() -> None:
    compound = crs.parse("EPSG:32648+5773")
    assert crs.label(compound) == "EPSG:32648"
