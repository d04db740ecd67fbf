"""OpenStreetMap extracts become roads, water and facilities of a town; two real ones too."""

import os
from pathlib import Path

import pytest

from db.towns import drop_town
from etl import osm
from etl.crs import TownArea
from etl.formats import Format
from etl.look import look
from etl.order import ImportOrder
from etl.sniff import sniff
from layers import catalog
from layers.errors import RefusedError
from tests.api.places import TO_DEGREES
from tests.conftest import TownHandle, make_town
from tests.etl.files import do, rows, thai
from tests.etl.osm_file import Node, Way, write_pbf

ORIGIN = (524000.0, 1685000.0)


def place(number: int, x: float, y: float, **tags: str) -> Node:
    """A node at metres of the tiny town's boundary."""
    lon, lat = TO_DEGREES.transform(ORIGIN[0] + x, ORIGIN[1] + y)
    return Node(number, lon, lat, {name.replace("__", ":"): value for name, value in tags.items()})


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Streets, a pond, a moat, a school and a shop; one street is 30 km away."""
    nodes = [
        *(place(n, 100.0 * n, 200) for n in range(1, 9)),
        place(20, 300, 300),
        place(21, 340, 300),
        place(22, 340, 340),
        place(23, 300, 340),
        place(30, 500, 500, amenity="school", name="Ban School", name__th="โรงเรียนบ้านน้ำ"),
        place(31, 510, 500, shop="bakery"),
        *(place(n, 500 + 60 * (n in (33, 34)), 600 + 40 * (n > 33)) for n in range(32, 36)),
        place(40, 30_000, 0),
        place(41, 30_100, 0),
    ]
    ways = [
        Way(1, (1, 2), {"highway": "trunk", "name": "ถนนใหญ่", "maxspeed": "90"}),
        Way(2, (2, 3), {"highway": "tertiary", "oneway": "yes", "maxspeed": "30 mph"}),
        Way(3, (3, 4), {"highway": "residential", "oneway": "-1", "maxspeed": "TH:urban"}),
        Way(4, (4, 5), {"highway": "unclassified", "junction": "roundabout"}),
        Way(5, (5, 6), {"highway": "footway"}),
        Way(6, (6, 7), {"waterway": "stream"}),
        Way(7, (20, 21, 22, 23, 20), {"natural": "water", "name": "หนองน้ำ"}),
        Way(8, (1, 2, 3, 1), {"natural": "water", "water": "moat"}),
        Way(
            10,
            (32, 33, 34, 35, 32),
            {"amenity": "hospital", "building": "yes", "building:levels": "4.5", "height": "15 m"},
        ),
        Way(11, (20, 21, 22, 20), {"building": "house", "building:levels": "many"}),
        Way(12, (21, 22, 23, 21), {"building": "yes"}),
        Way(13, (22, 23, 20, 22), {"building": "no"}),
        Way(14, (32, 33, 34, 32), {"amenity": "school", "building": "kraal"}),
        Way(9, (40, 41), {"highway": "residential", "name": "far away"}),
    ]
    return write_pbf(tmp_path_factory.mktemp("osm") / "town.osm.pbf", nodes, ways)


def order(layer_id: str, path: Path, **more: str) -> ImportOrder:
    return ImportOrder(layer=catalog.get(layer_id), files=(path,), actor="t", **more)  # type: ignore[arg-type]


def test_a_pbf_is_known_by_its_content(extract: Path, tmp_path: Path) -> None:
    other = tmp_path / "streets.bin"
    other.write_bytes(extract.read_bytes())
    assert sniff(other).format is Format.OSM_PBF


def test_streets_become_roads(shared_town: TownHandle, extract: Path) -> None:
    report = do(shared_town, order("roads", extract))
    assert (report.read, report.loaded, report.refused) == (4, 4, 0)
    assert report.source == "OpenStreetMap"
    told = rows(
        shared_town,
        "SELECT code, class, name, oneway, speed_kmh, source FROM town.roads ORDER BY code",
    )
    assert told == [
        ("way/1", "trunk", "ถนนใหญ่", "no", 90.0, "OpenStreetMap"),
        ("way/2", "secondary", None, "forward", pytest.approx(48.2803, abs=1e-3), "OpenStreetMap"),
        ("way/3", "residential", None, "backward", None, "OpenStreetMap"),
        ("way/4", "residential", None, "forward", None, "OpenStreetMap"),
    ]
    ((length,),) = rows(shared_town, "SELECT ST_Length(geom) FROM town.roads WHERE code = 'way/1'")
    assert length == pytest.approx(100, abs=0.05)
    ((licence,),) = rows(
        shared_town, "SELECT licence FROM muang.dataset WHERE id = %s", report.dataset_id
    )
    assert "ODbL" in licence


def test_the_same_extract_again_changes_nothing(shared_town: TownHandle, extract: Path) -> None:
    do(shared_town, order("roads", extract))
    again = do(shared_town, order("roads", extract))
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 4)


def test_water_and_places(shared_town: TownHandle, extract: Path) -> None:
    do(shared_town, order("water", extract))
    told = rows(shared_town, "SELECT code, name, kind FROM town.water ORDER BY code")
    assert told == [("way/7", "หนองน้ำ", "pond"), ("way/8", None, "canal")]
    do(shared_town, order("facilities", extract))
    told = rows(shared_town, "SELECT code, name, kind FROM town.facilities ORDER BY code")
    assert told == [
        ("node/30", "โรงเรียนบ้านน้ำ", "school"),
        ("way/10", None, "hospital"),
        ("way/14", None, "school"),
    ]
    ((inside,),) = rows(
        shared_town,
        "SELECT ST_X(geom) BETWEEN 524500 AND 524560 AND ST_Y(geom) BETWEEN 1685600 AND 1685640"
        " FROM town.facilities WHERE code = 'way/10'",
    )
    assert inside


def test_footprints_become_buildings(shared_town: TownHandle, extract: Path) -> None:
    report = do(shared_town, order("buildings", extract))
    assert (report.read, report.loaded, report.refused) == (4, 4, 0)
    told = rows(
        shared_town,
        "SELECT code, kind, storeys, height_m, source FROM town.buildings ORDER BY code",
    )
    assert told == [
        ("way/10", "health", 4, 15.0, "OpenStreetMap"),
        ("way/11", "residential", None, None, "OpenStreetMap"),
        ("way/12", None, None, None, "OpenStreetMap"),
        ("way/14", "other", None, None, "OpenStreetMap"),
    ]


def test_a_layer_osm_has_nothing_of_is_refused(shared_town: TownHandle, extract: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        do(shared_town, order("permits", extract))
    assert "--layer-in-file" in refused.value.detail.en


def test_a_layer_of_the_file_may_be_named(shared_town: TownHandle, extract: Path) -> None:
    """Then nothing of OSM's tags is taken for granted: the columns are the file's own."""
    with pytest.raises(RefusedError) as refused:
        do(shared_town, order("roads", extract, layer_in_file="streets"))
    assert "multipolygons" in refused.value.detail.en
    wanted = order("roads", extract, layer_in_file="lines", mode="append")
    wanted = ImportOrder(**{**wanted.__dict__, "mapping": {"code": "osm_id"}, "dry_run": True})
    assert do(shared_town, wanted).read > 4


def test_an_extract_without_anything_for_the_layer(shared_town: TownHandle, tmp_path: Path) -> None:
    path = write_pbf(tmp_path / "empty.osm.pbf", [place(1, 0, 0, shop="bakery")], [])
    with pytest.raises(RefusedError) as refused:
        do(shared_town, order("roads", path))
    assert "around the town" in refused.value.detail.en
    assert thai(refused.value.detail.th)


def test_a_cut_extract_is_refused(shared_town: TownHandle, extract: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(extract.read_bytes()[:-40])
    with pytest.raises(RefusedError):
        do(shared_town, order("roads", cut))


def test_a_look_into_an_extract(extract: Path) -> None:
    found = look(extract)
    counts = {layer.name: layer.read for layer in found.layers}
    assert counts["points"] == 2
    assert counts["lines"] == 7
    assert counts["multipolygons"] == 7


def test_the_surroundings_reach_beyond_the_boundary() -> None:
    assert osm.around(TownArea(32648)) is None


REAL = {"c_helsinki/Helsinki.osm.pbf": (32635, 979), "c_porto_alegre/poa_osm.pbf": (32722, 12450)}


@pytest.mark.parametrize("name", REAL)
def test_a_real_extract(name: str, server_url: str, secret: str) -> None:
    given = os.environ.get("MUANG_SHARED_DATA")
    root = Path(given) if given else Path(__file__).parents[2].parent / "shared" / "data"
    if not (root / name).is_file():
        print(f"a real extract is not tested: no {root / name}")
        pytest.skip(f"shared data is absent ({root})")
    srid, expected = REAL[name]
    town = make_town(server_url, secret, srid=srid)
    try:
        report = do(town, order("roads", root / name))
        assert (report.read, report.loaded) == (expected, expected)
        classes = {row[0] for row in rows(town, "SELECT DISTINCT class FROM town.roads")}
        assert {"residential", "primary", "secondary", "service"} <= classes
    finally:
        drop_town(town.server_url, town.town_id)
