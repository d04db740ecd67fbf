"""Rasters over HTTP: colours at known depths, values, neighbours that meet, who may see them."""

import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio.io import MemoryFile

from api import raster_desk
from api.app import create_app
from api.limits import cost
from api.raster_desk import DRIVERS, RasterDesk, transparent
from db.connect import Machine
from db.migrate import migrate
from db.rasters import versions
from db.towns import drop_town
from layers import flood_zones, rasters
from layers.errors import UnavailableError
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import a_token, settings_for
from tests.api.places import TO_DEGREES, in_tiles, tile_at
from tests.conftest import TownHandle, make_town
from tests.rasters import NODATA, bring, depths, shared, slope, tiff
from tests.tiny import ORIGIN, load_tiny

# a picture has no place on the map of its own
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

ROOT = Path(__file__).resolve().parents[2]
COLORS = {
    cls.key: tuple(int(cls.color[at : at + 2], 16) for at in (1, 3, 5))
    for cls in (flood_zones.LAYER.style.classes if flood_zones.LAYER.style else ())
}


@dataclass(frozen=True)
class Scene:
    """A town with both rasters, served."""

    town: TownHandle
    caller: Caller
    folder: Path


@pytest.fixture(scope="module")
def scene(
    server_url: str, secret: str, dashboard: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    town, folder = make_town(server_url, secret), tmp_path_factory.mktemp("rasters")
    load_tiny(town)
    ground = tiff(folder / "dem.tif", slope(), tags={None: {"VERTICAL_DATUM": "MSL"}})
    bring(town, "elevation", ground, folder, source="สำรวจ 2569")
    bring(town, "depth", tiff(folder / "depth.tif", depths()), folder)
    with Caller(create_app(settings_for(town, dashboard, rasters=folder)), NOBODY) as caller:
        yield Scene(town, caller, folder)
    drop_town(server_url, town.town_id)


def pixels(reply: Any) -> Any:
    """The decoded picture: rows x columns x red, green, blue, alpha."""
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "image/png"
    with MemoryFile(reply.content) as memory, memory.open() as image:
        assert (image.width, image.height) == (256, 256)
        bands = image.read()
    if len(bands) == 2:
        bands = bands[[0, 0, 0, 1]]
    return np.moveaxis(bands, 0, -1)


def pixel_at(z: int, x_m: float, y_m: float) -> tuple[str, int, int]:
    """Tile, row and column of the pixel over a place in metres from the origin."""
    across, down = in_tiles(z, x_m, y_m)
    row, column = int((down % 1) * 256), int((across % 1) * 256)
    return f"{z}/{int(across)}/{int(down)}", row, column


def at(x_m: float, y_m: float) -> dict[str, float]:
    """A place in metres from the origin, as a query."""
    lon, lat = TO_DEGREES.transform(ORIGIN[0] + x_m, ORIGIN[1] + y_m)
    return {"lon": lon, "lat": lat}


STRIPS = [("lt_0_3", 0.1), ("0_3_0_5", 0.4), ("0_5_1", 0.7), ("gt_1", 2.5), (None, 0.0)]


@pytest.mark.parametrize(("place", "key", "depth"), [(n, *s) for n, s in enumerate(STRIPS)])
def test_a_depth_has_the_colour_of_its_zone(
    scene: Scene, place: int, key: str | None, depth: float
) -> None:
    middle = (485, 1000 - 160 * place - 80)
    tile, row, column = pixel_at(16, *middle)
    red, green, blue, alpha = pixels(scene.caller.get(f"/rasters/depth/{tile}.png"))[row, column]
    told = scene.caller.get("/rasters/depth/value", params=at(*middle)).json()
    assert told["value"] == pytest.approx(depth)
    assert told["class_key"] == key
    assert told["reason"] is None
    if key is None:
        assert alpha == 0
    else:
        assert alpha == 255
        assert (red, green, blue) == COLORS[key]


def test_nothing_is_drawn_where_nothing_is_known(scene: Scene) -> None:
    tile, row, column = pixel_at(16, 485, 1000 - 850)
    assert pixels(scene.caller.get(f"/rasters/depth/{tile}.png"))[row, column, 3] == 0
    assert len(transparent()) < 500
    far = scene.caller.get(f"/rasters/depth/{tile_at(16, 30_000, 30_000)}.png")
    assert far.content == transparent()
    assert not pixels(far).any()


@pytest.mark.parametrize("z", [13, 14, 15, 16])
def test_every_pixel_is_the_cell_that_lies_there(scene: Scene, z: int) -> None:
    """Four neighbouring tiles against PROJ's arithmetic for each pixel: no seam, no shift."""
    entry = scene.caller.get("/rasters/elevation.json").json()
    across, down = (int(part) for part in tile_at(z).split("/")[1:])

    def drawn(i: int, j: int) -> Any:
        return pixels(scene.caller.get(f"/rasters/elevation/{z}/{across + i}/{down + j}.png"))

    wide = np.concatenate(
        [np.concatenate([drawn(0, j), drawn(1, j)], axis=1) for j in (0, 1)], axis=0
    )
    steps = (np.arange(512) + 0.5) / 256
    world = 20037508.342789244
    size = 2 * world / (1 << z)
    xs, ys = np.meshgrid(-world + (across + steps) * size, world - (down + steps) * size)
    east, north = Transformer.from_crs(3857, 32648, always_xy=True).transform(xs, ys)
    column, row = (east - ORIGIN[0]) / 10, (ORIGIN[1] + 1000 - north) / 10
    # pixels whose centre lies on the very edge of a cell may go either way
    sure = (np.abs(column - column.round()) > 0.03) & (np.abs(row - row.round()) > 0.03)
    inside = (column >= 0) & (column < 100) & (row >= 0) & (row < 100)
    values = np.full(column.shape, NODATA, dtype="float32")
    values[inside] = slope()[row[inside].astype(int), column[inside].astype(int)]
    expected = np.zeros((512, 512, 4), dtype=np.uint8)
    for cls in entry["legend"]:
        low = -math.inf if cls["from_m"] is None else cls["from_m"]
        high = math.inf if cls["to_m"] is None else cls["to_m"]
        color = [int(cls["color"][place : place + 2], 16) for place in (1, 3, 5)]
        expected[(values != NODATA) & (values >= low) & (values < high)] = [*color, 255]
    wide[wide[..., 3] == 0] = 0
    wrong = (wide != expected).any(axis=-1) & sure
    assert wrong.sum() == 0, (wrong.sum(), np.argwhere(wrong)[:5])
    assert (expected[..., 3] > 0).sum() > 1000


def test_values_are_rasterios_own(scene: Scene) -> None:
    with scene.town.connect(Machine.LOADER) as conn:
        (record,) = versions(conn, "elevation")
    rng = np.random.default_rng(1)
    places = rng.uniform(1, 999, (60, 2))
    with rasterio.open(scene.folder / scene.town.town_id / record.file) as made:
        own = [
            float(value[0])
            for value in made.sample([(ORIGIN[0] + x, ORIGIN[1] + y) for x, y in places])
        ]
    for (x, y), value in zip(places, own, strict=True):
        told = scene.caller.get("/rasters/elevation/value", params=at(x, y)).json()
        if value == NODATA:
            assert (told["value"], told["reason"]) == (None, "nodata")
        else:
            assert told["value"] == pytest.approx(value, abs=0.001)


def test_a_value_says_its_unit_and_datum_or_why_there_is_none(scene: Scene) -> None:
    said = scene.caller.get("/rasters/elevation/value", params={**at(5, 5), "lang": "en"}).json()
    assert (said["unit"], said["datum"]) == ("m", "MSL")
    assert said["text"] == "100.00 m MSL."
    thai = scene.caller.get("/rasters/elevation/value", params=at(5, 5)).json()
    assert thai["text"] == "100.00 ม.รทก."
    hole = scene.caller.get("/rasters/elevation/value", params=at(150, 850)).json()
    assert (hole["value"], hole["reason"]) == (None, "nodata")
    off = scene.caller.get("/rasters/elevation/value", params={"lon": 0, "lat": 0}).json()
    assert (off["value"], off["reason"]) == (None, "outside")
    for wrong in ({"lon": 181, "lat": 0}, {"lon": "nan", "lat": 0}, {"lon": 105}, {}):
        assert scene.caller.get("/rasters/elevation/value", params=wrong).status_code == 400
    more = {**at(5, 5), "file": "/etc/passwd"}
    assert scene.caller.get("/rasters/elevation/value", params=more).status_code == 400


def test_tilejson_and_list_tell_the_same(scene: Scene) -> None:
    told = scene.caller.get("/rasters", params={"lang": "en"}).json()["rasters"]
    assert [one["id"] for one in told] == ["elevation", "depth"]
    for one in told:
        document = scene.caller.get(f"/rasters/{one['id']}.json", params={"lang": "en"}).json()
        assert document["tilejson"] == "3.0.0"
        assert document["raster"] == {key: one[key] for key in one if key != "links"}
        west, south, east, north = document["bounds"]
        assert west < at(500, 500)["lon"] < east
        assert south < at(500, 500)["lat"] < north
        assert document["minzoom"] <= 14 < document["maxzoom"] <= 20
        (address,) = document["tiles"]
        z, x, y = tile_at(14).split("/")
        path = address.replace("{z}", z).replace("{x}", x).replace("{y}", y)
        assert pixels(scene.caller.get(path)).any()
    assert told[0]["source"] == "สำรวจ 2569"
    legend = scene.caller.get("/rasters/depth.json").json()["legend"]
    assert [cls["key"] for cls in legend] == ["lt_0_3", "0_3_0_5", "0_5_1", "gt_1"]
    assert legend[0]["label"] == "ต่ำกว่า 0.3 ม."


def test_a_tile_known_already_is_304_without_a_look_into_the_file(scene: Scene) -> None:
    path = f"/rasters/depth/{tile_at(15)}.png"
    first = scene.caller.get(path)
    assert first.headers["cache-control"] == "no-cache"
    assert "content-encoding" not in first.headers
    again = scene.caller.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    other = scene.caller.get(f"/rasters/elevation/{tile_at(15)}.png")
    assert other.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "depth/7/0/0.png",
        "depth/23/0/0.png",
        "depth/19/0/0.png",
        "depth/14/16384/0.png",
        "depth/14/0/99999999999999999999.png",
        "nothing/14/0/0.png",
        "nothing.json",
        "nothing/value?lon=1&lat=1",
        "../depth.json",
        "..%2f..%2fetc%2fpasswd/14/0/0.png",
        "%2Fvsicurl%2Fhttp:%2F%2F127.0.0.1/14/0/0.png",
    ],
)
def test_what_is_not_there_is_404_before_a_file_is_opened(scene: Scene, path: str) -> None:
    reply = scene.caller.get(f"/rasters/{path}")
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_raster_costs_what_a_tile_costs() -> None:
    assert cost({"path": "/rasters/depth/14/1/1.png"}) == cost({"path": "/tiles/x/1/1/1.mvt"}) == 1


def test_a_server_that_starts_knows_five_drivers() -> None:
    """GDAL as a new process of ours gets it: what it opens and draws with, and nothing more."""
    program = (
        "import os, api.raster_desk as desk; desk._gdal(); import rasterio\n"
        "with rasterio.Env() as env: print(','.join(sorted(env.drivers())))\n"
        "print('GDAL_SKIP' in os.environ)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    names, left = done.stdout.split()
    assert set(names.split(",")) == DRIVERS
    assert left == "False"


def test_a_vrt_is_never_opened_even_under_a_registered_name(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last guard alone: with the content's hash believed, GDAL still takes a GeoTIFF only."""
    path = tmp_path / "x.tif"
    path.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>', encoding="utf-8")
    monkeypatch.setattr(RasterDesk, "_path", lambda *_: path)
    reply = scene.caller.get(f"/rasters/depth/{tile_at(15, 400, 600)}.png")
    assert reply.status_code == 500
    assert "VRT" not in reply.text


def test_a_slow_raster_is_given_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def draw(*_: object) -> bytes:
        let_go.wait(30)
        return b""

    monkeypatch.setattr(RasterDesk, "_draw", draw)
    monkeypatch.setattr(raster_desk, "TIMEOUT_SECONDS", 0.05)
    path = f"/rasters/depth/{tile_at(15)}.png"
    try:
        replies = [scene.caller.get(path) for _ in range(raster_desk.THREADS + 2)]
    finally:
        let_go.set()
    assert [reply.status_code for reply in replies] == [503] * len(replies)
    assert replies[0].json()["type"] == "urn:muang:problem:too-slow"
    monkeypatch.undo()
    assert scene.caller.get(path).status_code == 200


def test_only_the_registered_content_is_served(
    own_tiny_town: TownHandle, dashboard: Path, tmp_path: Path
) -> None:
    town = own_tiny_town
    report = bring(town, "depth", tiff(tmp_path / "d.tif", depths()), tmp_path)
    path = tmp_path / town.town_id / str(report.stored)
    whole, tile = path.read_bytes(), f"/rasters/depth/{tile_at(15)}.png"
    with Caller(create_app(settings_for(town, dashboard, rasters=tmp_path)), NOBODY) as caller:
        assert caller.get(tile).status_code == 200
        swapped = bytearray(whole)
        swapped[-5] ^= 1
        path.write_bytes(bytes(swapped))
        refused = caller.get(tile)
        assert refused.status_code == 503
        assert "./muang import depth" in refused.json()["detail"]
        path.unlink()
        (tmp_path / "elsewhere.tif").write_bytes(whole)
        path.symlink_to(tmp_path / "elsewhere.tif")
        assert caller.get(tile).status_code == 503
        path.unlink()
        assert caller.get(tile).status_code == 503
        path.write_bytes(whole)
        assert caller.get(tile).status_code == 200
    with Caller(create_app(settings_for(town, dashboard)), NOBODY) as caller:
        assert caller.get(tile).status_code == 503


def test_the_folder_is_never_below_the_pages(own_tiny_town: TownHandle, dashboard: Path) -> None:
    with pytest.raises(UnavailableError, match="MUANG_RASTERS"):
        settings_for(own_tiny_town, dashboard, rasters=dashboard / "assets")


def test_a_hidden_raster_is_like_none(
    own_tiny_town: TownHandle, dashboard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a raster for staff only, nobody else sees a trace: same answers as for no raster."""
    town = own_tiny_town
    hidden = rasters.ELEVATION.model_copy(update={"audience": frozenset({Role.STAFF})})
    monkeypatch.setattr(rasters, "RASTERS", (hidden, rasters.DEPTH))
    migrate(town.server_url, town.secret, town.town_id)
    bring(town, "elevation", tiff(tmp_path / "dem.tif", slope()), tmp_path)
    bring(town, "depth", tiff(tmp_path / "d.tif", depths()), tmp_path)
    with town.connect(Machine.SERVICE) as conn:
        tokens = {role: a_token(conn, role, f"raster {role}") for role in Role}
    value = f"/value?lon={at(5, 5)['lon']}&lat={at(5, 5)['lat']}"
    with Caller(create_app(settings_for(town, dashboard, rasters=tmp_path)), NOBODY) as caller:
        for role in Role:
            token = tokens[role]
            listed = caller.get("/rasters", token).json()["rasters"]
            seen = ["elevation", "depth"] if role is Role.STAFF else ["depth"]
            assert [one["id"] for one in listed] == seen
            for tail in (".json", f"/{tile_at(15)}.png", "/7/0/0.png", value):
                reply = caller.get(f"/rasters/elevation{tail}", token)
                never = caller.get(f"/rasters/zzz{tail}", token)
                if role is Role.STAFF and tail != "/7/0/0.png":
                    assert reply.status_code == 200
                    assert "no-store" in reply.headers["cache-control"]
                else:
                    assert reply.status_code == never.status_code == 404
                if role is not Role.STAFF:
                    said = reply.json()["detail"].replace("elevation", "zzz")
                    assert said == never.json()["detail"]
            with town.connect(role) as conn:
                rows = conn.execute("SELECT id FROM rasters ORDER BY 1 DESC").fetchall()
            assert [row[0] for row in rows] == seen


def test_a_real_survey_is_drawn(
    server_url: str, secret: str, dashboard: Path, tmp_path: Path
) -> None:
    given = shared("c_alexandria_lidar/dtm.tif")
    town = make_town(server_url, secret, srid=26918)
    try:
        bring(town, "elevation", given, tmp_path)
        with rasterio.open(given) as survey:
            x, y = survey.xy(130, 140)
            (own,) = next(survey.sample([(x, y)]))
        lon, lat = Transformer.from_crs(26918, 4326, always_xy=True).transform(x, y)
        with Caller(create_app(settings_for(town, dashboard, rasters=tmp_path)), NOBODY) as caller:
            told = caller.get("/rasters/elevation/value", params={"lon": lon, "lat": lat}).json()
            assert told["value"] == pytest.approx(float(own), abs=0.001)
            tiles = caller.get("/rasters/elevation.json").json()
            z = tiles["maxzoom"]
            across = int((lon + 180) / 360 * (1 << z))
            down = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * (1 << z))
            assert pixels(caller.get(f"/rasters/elevation/{z}/{across}/{down}.png"))[..., 3].all()
    finally:
        drop_town(server_url, town.town_id)
