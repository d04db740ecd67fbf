"""Which CRS, by which operation, and whether the result lies at the town: the 190 m trap."""

from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from etl import crs, datum, transform
from etl.crs import TownArea
from layers.datum import is_indian
from layers.errors import BadRequestError, RefusedError
from tests.etl.files import thai

PHIBUN = TownArea(32648, shapely.box(524000, 1685000, 525000, 1686000))
PATONG = TownArea(32647, shapely.box(423000, 871000, 427000, 877000))


def shapes(*points: tuple[float, float]) -> Any:
    return np.array([shapely.Point(point) for point in points], dtype=object)


def seen(*points: tuple[float, float]) -> crs.Sample:
    return crs.sample(shapes(*points))


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
    default = Transformer.from_crs(source, PHIBUN.crs, always_xy=True)
    off = shapely.distance(good.apply(point)[0], shapely.Point(default.transform(524000, 1685000)))
    assert 150 < off < 230
    offered = transform.operations(source, PHIBUN.crs, PHIBUN.lonlat(), superseded=True)
    assert "EPSG:1812" not in {code for found in offered for code in transform.codes(found)}


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
    assert is_indian(crs.parse(bare))
    assert not is_indian(crs.parse("EPSG:32647"))


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


LON, LAT = 105.228, 15.244


def test_a_crs_the_file_does_not_say_is_proposed_with_evidence_and_confirmed_by_a_person() -> None:
    with pytest.raises(RefusedError) as refused:
        crs.choose(None, seen((LON, LAT)), None, PHIBUN, "f.topojson")
    assert refused.value.facts["proposed_crs"] == "EPSG:4326"
    said = refused.value.detail
    assert "read as EPSG:4326, 100% lie within the town's boundary" in said.en
    assert "repeat the command with --crs EPSG:4326" in said.en
    assert "--crs EPSG:4326" in said.th
    assert thai(said.th)
    confirmed = crs.choose(None, seen((LON, LAT)), "EPSG:4326", PHIBUN, "f.topojson")
    assert "100% lie within the town's boundary" in confirmed.evidence.en


def test_nothing_is_proposed_where_some_of_it_lies_elsewhere() -> None:
    with pytest.raises(RefusedError, match="--crs") as refused:
        crs.choose(None, seen((LON, LAT), (100.5, 13.7)), None, PHIBUN, "f.topojson")
    assert "proposed_crs" not in refused.value.facts


def test_metres_are_proposed_in_the_towns_zone_and_the_old_datum_is_named_beside_it() -> None:
    with pytest.raises(RefusedError, match=r"repeat the command with --crs EPSG:32648") as refused:
        crs.choose(None, seen((524500, 1685500)), None, PHIBUN, "f.shp")
    assert "cannot tell it from EPSG:24048" in refused.value.detail.en


def test_the_old_datum_is_proposed_where_only_so_the_shapes_lie_inside() -> None:
    """Indian numbers of a town are 413 m east and 314 m south of where it lies."""
    old = [(524413.0 + step * 10, 1684690.0 + step * 10) for step in range(90)]
    with pytest.raises(RefusedError, match="--crs EPSG:24048") as refused:
        crs.choose(None, seen(*old), None, PHIBUN, "f.shp")
    assert refused.value.facts["proposed_crs"] == "EPSG:24048"
    assert "EPSG:32648" in refused.value.detail.en


@pytest.mark.parametrize("stated", ['LOCAL_CS["site grid",UNIT["metre",1]]', "no CRS at all"])
def test_a_local_grid_or_nonsense_states_no_crs(stated: str) -> None:
    with pytest.raises(RefusedError, match="says nothing about the earth") as refused:
        crs.choose(stated, seen((524500, 1685500)), None, PHIBUN, "f.gpkg")
    assert refused.value.facts["proposed_crs"] == "EPSG:32648"


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ((LAT, LON), "seem to be swapped (EPSG:4326)"),
        ((1685500.0, 524500.0), "seem to be swapped (EPSG:32648)"),
        ((524500e3, 1685500e3), "metres times 1,000 (EPSG:32648)"),
        ((524.5, 1685.5), "kilometres (EPSG:32648)"),
        ((48524500.0, 1685500.0), "zone number seems to stand before the easting"),
        ((524500.0, 685500.0), "leading digit of the northing"),
        ((LON * 1e6, LAT * 1e6), "degrees times 1,000,000"),
    ],
)
def test_known_mistakes_are_named(point: tuple[float, float], words: str) -> None:
    hint = crs.hints(seen(point), PHIBUN)
    assert hint is not None
    assert words in hint.en
    assert thai(hint.th)


@pytest.mark.parametrize(
    ("read_as", "point", "words"),
    [
        ("EPSG:32647", (524500.0, 1685500.0), "UTM zone is wrong: 47N instead of 48N"),
        ("EPSG:4326", (524500.0, 1685500.0), "they are metres, not degrees"),
        ("EPSG:32648", (LON, LAT), "they are degrees, not metres"),
    ],
)
def test_what_is_wrong_with_the_crs_is_named(
    read_as: str, point: tuple[float, float], words: str
) -> None:
    hint = crs.hints(seen(point), PHIBUN, crs.parse(read_as))
    assert hint is not None
    assert words in hint.en


def test_samples_of_pieces_add_up_to_the_sample_of_the_whole() -> None:
    rng = np.random.default_rng(7)
    points = shapely.points(rng.uniform(0, 1000, (10_000, 2)))
    whole = crs.sample(points)
    pieces = sum((crs.sample(piece) for piece in np.array_split(points, 7)), crs.Sample())
    assert pieces.count == whole.count == 10_000
    assert pieces.bounds == whole.bounds
    assert 1_000 < len(pieces.points) <= 4_096
    assert crs.sample(np.array([None, shapely.Point()], dtype=object)).count == 0


EVEREST = (
    'SPHEROID["Everest_1830",6377276.345,300.8017]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]]'
)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (f'GEOGCS["GCS_Indian_1975",DATUM["D_Indian_1975",{EVEREST}', 4240),
        (f'GEOGCS["GCS_Everest",DATUM["D_Everest_1830",{EVEREST}', 4240),
        (f'GEOGCS["GCS_Unknown",DATUM["Not_specified_based_on_Everest",{EVEREST}', 4240),
        ("+proj=utm +zone=48 +ellps=evrst30 +towgs84=293,836,318,0.5,1.6,-2.8,2.1", 24048),
        ("+proj=utm +zone=47 +a=6377276.345 +rf=300.8017 +towgs84=210,814,289", 24047),
    ],
)
def test_indian_1975_in_any_wording_is_recognised_and_its_own_shift_left_aside(
    words: str, code: int
) -> None:
    for text in (words, _utm(words) if words.startswith("GEOGCS") else words):
        found = crs.parse(text)
        assert is_indian(found)
        wanted = code if text == words else 24048
        assert transform.registered(found).to_epsg() == wanted
        town = PATONG if wanted == 24047 else PHIBUN
        with pytest.raises(RefusedError, match="--datum-operation"):
            datum.pin(found, town, None, "old.shp")
        assert datum.pin(found, town, "EPSG:1304", "old.shp").codes == ("EPSG:1304",)


def _utm(geographic: str) -> str:
    return (
        f'PROJCS["Thai_map",{geographic},PROJECTION["Transverse_Mercator"],'
        'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
        'PARAMETER["Central_Meridian",105.0],PARAMETER["Scale_Factor",0.9996],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )


@pytest.mark.parametrize("code", [32648, 4326, 4244, 4144, 4298, 4245, 3857])
def test_other_crs_are_not_taken_for_indian_1975(code: int) -> None:
    assert not is_indian(crs.parse(f"EPSG:{code}"))


def test_no_crs_and_no_boundary_is_refused() -> None:
    with pytest.raises(RefusedError, match="--crs"):
        crs.choose(None, seen((105.2, 15.2)), None, TownArea(32648), "f.topojson")


def test_a_crs_given_against_the_file_is_said_so() -> None:
    found = crs.choose("EPSG:4326", seen((524100, 1685100)), "EPSG:32648", PHIBUN, "f")
    assert found.name == "EPSG:32648"
    assert "against the file's EPSG:4326" in found.evidence.en
    assert (
        "as the file states"
        in crs.choose("EPSG:32648", seen((1, 1)), "EPSG:32648", PHIBUN, "f").evidence.en
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
