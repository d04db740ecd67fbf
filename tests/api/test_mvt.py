"""Our tiles keep the specification's every rule, and GDAL reads them."""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path

import mapbox_vector_tile
import pyogrio
import pytest
import shapely

from api.app import create_app
from db.connect import Machine
from db.towns import drop_town
from layers.catalog import LAYERS
from layers.model import Layer, Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.api.places import tile_at
from tests.conftest import TownHandle
from tests.e2e.demo_town import load_demo, make_demo_town
from tests.mvt_rules import broken

DRAWN = [layer for layer in LAYERS if layer.geometry is not None]
STRICTER = {
    "016": "a geometry of unknown type, which the specification allows and we do not send",
    "057": "a MoveTo to half a billion places that are not there, kept to try decoders",
}


def test_the_rules_agree_with_the_specification_s_own_tiles() -> None:
    given = os.environ.get("MUANG_SHARED_DATA")
    root = Path(given) if given else Path(__file__).parents[2].parent / "shared" / "data"
    folder = root / "e_conformance" / "mvt_fixtures" / "fixtures"
    if not folder.is_dir():
        print(f"the rules of vector tiles are not tried: no {folder}")
        pytest.skip(f"shared data is absent ({root})")
    tried = 0
    for fixture in sorted(folder.iterdir()):
        valid = json.loads((fixture / "info.json").read_text(encoding="utf-8"))["validity"]["v2"]
        found = broken((fixture / "tile.mvt").read_bytes())
        assert bool(found) != valid or fixture.name in STRICTER, (fixture.name, found)
        tried += 1
    assert tried > 70


@pytest.mark.parametrize(
    ("tile", "rule"),
    [
        (b"\x1a\x02\x78\x02", "without name"),
        (b"\x1a\x04\x0a\x02\x61\x61", "without version"),
        (b"\x1a\xff\x01\x78", "cannot be read"),
    ],
)
def test_what_breaks_a_rule_is_named(tile: bytes, rule: str) -> None:
    assert any(rule in each for each in broken(tile))


@pytest.mark.parametrize("layer", DRAWN, ids=lambda layer: layer.id)
def test_every_layer_at_every_zoom(caller: Caller, layer: Layer) -> None:
    drawn = 0
    for zoom in range(layer.zooms.min, layer.zooms.max + 1):
        for x, y in ((50, 50), (500, 500), (999, 999)):
            answer = caller.get(f"/tiles/{layer.id}/{tile_at(zoom, x, y)}.mvt")
            assert answer.status_code in (200, 204)
            assert broken(answer.content) == [], (zoom, x, y)
            drawn += answer.status_code == 200
    assert drawn


@pytest.fixture(scope="module")
def demo(server_url: str, secret: str, dashboard: Path) -> Iterator[Caller]:
    """The demo town, asked by its administrator."""
    town: TownHandle = make_demo_town(server_url, secret)
    try:
        load_demo(town)
        with town.connect(Machine.SERVICE) as conn:
            token = a_token(conn, Role.ADMIN, "test")
        with Caller(create_app(settings_for(town, dashboard)), token) as made:
            yield made
    finally:
        drop_town(town.server_url, town.town_id)


@pytest.mark.slow
def test_the_tiles_of_a_whole_town(demo: Caller, tmp_path: Path) -> None:
    """Every tile of zooms 10 to 15 over the demo town, all layers at once."""
    west, south, east, north = demo.get("/me").json()["town"]["bounds"]
    names = ",".join(layer.id for layer in DRAWN)
    sizes = {}
    for zoom in range(10, 16):
        across = _column(west, zoom), _column(east, zoom)
        down = _row(north, zoom), _row(south, zoom)
        step = max(1, (across[1] - across[0]) // 4)
        for x in range(across[0], across[1] + 1, step):
            for y in range(down[0], down[1] + 1, step):
                answer = demo.get(f"/tiles/{names}/{zoom}/{x}/{y}.mvt")
                assert answer.status_code in (200, 204)
                assert broken(answer.content) == [], (zoom, x, y)
                sizes[zoom, x, y] = len(answer.content)
    assert len(sizes) > 20
    (zoom, x, y), size = max(sizes.items(), key=lambda item: item[1])
    assert size > 10_000
    content = demo.get(f"/tiles/{names}/{zoom}/{x}/{y}.mvt").content
    _gdal_reads(content, tmp_path / f"{y}.mvt")


@pytest.mark.slow
def test_what_is_drawn_is_what_is_there(demo: Caller) -> None:
    """Flood zones of every tile at zoom 14, cut when written, have the area they have when read.

    Reprojected, zones that only touch themselves cross themselves by a hair; cut without care,
    such a zone is turned inside out and puts the whole tile under water.
    """
    west, south, east, north = demo.get("/me").json()["town"]["bounds"]
    compared = 0
    for x in range(_column(west, 14), _column(east, 14) + 1):
        for y in range(_row(north, 14), _row(south, 14) + 1):
            path = f"/tiles/flood_zones,water,communities/14/{x}/{y}.mvt"
            drawn = _areas(demo.get(path).content)
            there = _areas(demo.get(path, params={"as_of": "2199-01-01T00:00:00Z"}).content)
            assert drawn.keys() == there.keys(), path
            for feature, area in there.items():
                assert drawn[feature] == pytest.approx(area, abs=4096), (path, feature)
                compared += 1
    assert compared > 300


def _areas(content: bytes) -> dict[tuple[str, int], float]:
    """Area of every feature in tile units, by layer and id; features of a hair are left out."""
    found = {
        (name, feature["id"]): shapely.make_valid(shapely.geometry.shape(feature["geometry"])).area
        for name, layer in (mapbox_vector_tile.decode(content) if content else {}).items()
        for feature in layer["features"]
        if not name.endswith("_label")
    }
    return {key: area for key, area in found.items() if area > 500}


def _gdal_reads(content: bytes, path: Path) -> None:
    """The same layers with as many features, by another reader (what ogrinfo tells)."""
    path.write_bytes(content)
    ours = mapbox_vector_tile.decode(content)
    theirs = {
        str(name): pyogrio.read_info(path, layer=name, force_feature_count=True)["features"]
        for name, _ in pyogrio.list_layers(path)
    }
    assert theirs == {name: len(layer["features"]) for name, layer in ours.items()}


def _column(longitude: float, zoom: int) -> int:
    return int((longitude + 180) / 360 * (1 << zoom))


def _row(latitude: float, zoom: int) -> int:
    turned = math.asinh(math.tan(math.radians(latitude)))
    return int((1 - turned / math.pi) / 2 * (1 << zoom))
