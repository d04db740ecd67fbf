"""The basemap: Shortbread tiles of public data in one file, served in ranges, credited when due."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from pmtiles.reader import MemorySource, Reader

from api.app import create_app
from api.limits import cost
from db.basemap import BasemapRecord, records
from db.basemap_tiles import PARTS, places
from db.connect import Machine
from db.datasets import Dataset
from db.load import load
from db.towns import drop_town
from layers.catalog import get
from layers.model import Role
from maps.basemap_credit import OSM_CREDIT
from ops import basemap
from ops.progress import Progress
from ops.session import Server
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import settings_for
from tests.conftest import TownHandle, make_tiny_town
from tests.mvt_rules import broken
from tests.tiny import incoming, line, load_rows, tiny


@dataclass(frozen=True)
class Scene:
    """A town of its own with a folder for its files, served."""

    town: TownHandle
    caller: Caller
    folder: Path

    def make(self, *, always: bool = False) -> BasemapRecord:
        """What `./muang basemap` does."""
        server = Server(self.town.server_url, self.town.secret, None, private=False)
        progress = Progress(StringIO())
        made = basemap.need_basemap(server, self.town.town_id, progress, always=always)
        assert made is not None
        return made

    def bytes_of(self, record: BasemapRecord) -> bytes:
        return (self.folder / self.town.town_id / record.file).read_bytes()

    def load(self, layer: str, rows: list[dict[str, Any]], **more: Any) -> None:
        with self.town.connect(Machine.LOADER) as conn:
            load_rows(conn, layer, rows, **more)

    def run(self, statement: str) -> None:
        with self.town.connect(Machine.LOADER) as conn:
            conn.execute(statement.encode())
            conn.commit()
            conn.execute("SELECT muang.number_changes()")
            conn.commit()


@pytest.fixture
def scene(
    server_url: str,
    secret: str,
    dashboard: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    monkeypatch.setenv("MUANG_RASTERS", str(tmp_path))
    town = make_tiny_town(server_url, secret)
    try:
        with Caller(create_app(settings_for(town, dashboard, rasters=tmp_path)), NOBODY) as caller:
            yield Scene(town, caller, tmp_path)
    finally:
        drop_town(server_url, town.town_id)


def opened(body: bytes) -> Reader:
    return Reader(MemorySource(body))


def tiles_of(body: bytes) -> dict[tuple[int, int, int], dict[str, Any]]:
    """Every tile, decoded, after its bytes were held to the specification."""
    reader = opened(body)
    header = reader.header()
    names = ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")
    west, south, east, north = (header[name] / 1e7 for name in names)
    found = {}
    for place in places((west, south, east, north)):
        packed = reader.get(*place)
        if packed is not None:
            plain = gzip.decompress(packed)
            assert broken(plain) == []
            found[place] = mapbox_vector_tile.decode(plain)
    assert len(found) == header["addressed_tiles_count"]
    return found


def test_what_is_public_is_on_it_in_shortbreads_words(scene: Scene) -> None:
    made = scene.make()
    body = scene.bytes_of(made)
    assert made.file == f"{scene.town.town_id}-{hashlib.sha256(body).hexdigest()[:32]}.pmtiles"
    tiles = tiles_of(body)
    told: dict[str, list[dict[str, Any]]] = {}
    for (z, _, _), tile in tiles.items():
        for name, layer in tile.items():
            part = next(one for one in PARTS if one.name == name)
            assert part.min_zoom <= z <= part.max_zoom
            for feature in layer["features"]:
                assert set(feature["properties"]) <= set(part.fields)
                assert "id" not in feature or not feature["id"]
                told.setdefault(name, []).append(feature["properties"])
    assert {"primary", "residential"} == {each["kind"] for each in told["streets"]}
    assert {"ถนนริมมูล", "ซอย 1"} == {each["name"] for each in told["street_labels"]}
    assert {"river"} == {each["kind"] for each in told["water_polygons"]}
    assert {"clinic", "townhall"} == {each["amenity"] for each in told["pois"]}
    assert {"ทดสอบ", "ชุมชนแก่งสะพือ", "ชุมชนหนองบัว"} == {each["name"] for each in told["place_labels"]}
    buildings = [
        tile["buildings"]["features"] for (z, _, _), tile in tiles.items() if "buildings" in tile
    ]
    assert sum(map(len, buildings)) >= 50
    assert set(told) <= {part.name for part in PARTS}
    # homes, owners and licence holders are nowhere
    assert not any(word in repr(told) for word in ("ยายทดสอบ", "นายทดสอบ", "บริษัท"))


def test_the_same_data_are_the_same_bytes(scene: Scene) -> None:
    first = scene.make()
    assert scene.make(always=True).sha256 == first.sha256
    body = scene.bytes_of(first)
    # other record numbers and another order of rows, but the same town
    for layer in ("roads", "buildings", "water"):
        scene.run(f"DELETE FROM town.{layer}")  # noqa: S608  our own words
        scene.load(layer, tiny()[layer][::-1])
    again = scene.make()
    assert again.state != first.state
    assert (again.sha256, again.file) == (first.sha256, first.file)
    assert scene.bytes_of(again) == body


def test_it_is_made_again_when_a_public_layer_changed_and_the_old_one_goes(scene: Scene) -> None:
    first = scene.make()
    assert scene.make() == first
    scene.load("houses", [{**tiny()["houses"][0], "house_code": "34010009999"}])
    assert scene.make() == first
    names = []
    for number in range(3):
        road = {"code": f"N{number}", "class": "trunk", "geom": line((0, 9 * number), (900, 700))}
        scene.load("roads", [road])
        names.append(scene.make().file)
    assert len({first.file, *names}) == 4
    stray = scene.folder / scene.town.town_id / f"{scene.town.town_id}-{'f' * 32}.pmtiles"
    stray.write_bytes(b"nobody registered this")
    assert scene.caller.get(f"/basemap/{stray.name}").status_code == 404
    with scene.town.connect(Machine.LOADER) as conn:
        assert [record.file for record in records(conn)] == names[:0:-1]
    scene.make(always=True)
    left = {path.name for path in stray.parent.glob("*.pmtiles")}
    assert left == set(names[1:])
    assert scene.caller.get(f"/basemap/{first.file}").status_code == 404


def test_a_full_tile_leaves_its_smallest_buildings_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scene.make().largest_tile
    monkeypatch.setattr(basemap, "MAX_TILE_BYTES", whole - 60)
    monkeypatch.setattr(basemap, "MOST", 50)
    monkeypatch.setattr(basemap, "_FEWEST", 1)
    made = scene.make(always=True)
    assert made.largest_tile <= whole - 60
    counts = [
        len(tile["buildings"]["features"])
        for tile in tiles_of(scene.bytes_of(made)).values()
        if "buildings" in tile
    ]
    assert min(counts) > 0
    assert max(counts) < 50


def test_ranges_as_http_has_them(scene: Scene) -> None:
    made = scene.make()
    body, path = scene.bytes_of(made), f"/basemap/{made.file}"
    whole = scene.caller.get(path)
    assert (whole.status_code, whole.content) == (200, body)
    assert whole.headers["content-type"] == "application/vnd.pmtiles"
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["accept-ranges"] == "bytes"
    etag = whole.headers["etag"]
    size = len(body)
    for asked, first, last in (
        ("bytes=0-126", 0, 126),
        ("bytes=127-", 127, size - 1),
        ("bytes=-10", size - 10, size - 1),
        (f"bytes=5-{size + 99}", 5, size - 1),
        (f"bytes=-{size + 5}", 0, size - 1),
    ):
        part = scene.caller.get(path, headers={"Range": asked})
        assert (part.status_code, part.content) == (206, body[first : last + 1]), asked
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert "content-encoding" not in part.headers
    for beyond in (f"bytes={size}-", "bytes=-0"):
        gone = scene.caller.get(path, headers={"Range": beyond})
        assert (gone.status_code, gone.headers["content-range"]) == (416, f"bytes */{size}")
    for odd in ("bytes=9-3", "bytes=a-b", "pages=1-2", "bytes=0-1,5-6", "bytes=-"):
        assert scene.caller.get(path, headers={"Range": odd}).status_code == 200, odd
    same = scene.caller.get(path, headers={"If-None-Match": etag})
    assert (same.status_code, same.content) == (304, b"")
    held = {"Range": "bytes=0-9", "If-Range": etag}
    assert scene.caller.get(path, headers=held).status_code == 206
    assert scene.caller.get(path, headers={**held, "If-Range": '"old"'}).status_code == 200
    head = scene.caller.ask("HEAD", path, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.headers["content-length"], head.content) == (206, "10", b"")
    assert cost({"path": path}) == 1


def test_a_file_that_is_not_the_registered_one_is_not_given_out(scene: Scene) -> None:
    made = scene.make()
    path = scene.folder / scene.town.town_id / made.file
    path.write_bytes(path.read_bytes() + b"more")
    assert scene.caller.get(f"/basemap/{made.file}").status_code == 503
    path.unlink()
    refused = scene.caller.get(f"/basemap/{made.file}", headers={"Accept-Language": "en"})
    assert refused.status_code == 503
    assert "./muang basemap" in refused.json()["detail"]
    path.symlink_to("/etc/passwd")
    assert scene.caller.get(f"/basemap/{made.file}").status_code == 503


def style(scene: Scene, lang: str) -> dict[str, Any]:
    reply = scene.caller.get(f"/styles/basemap.json?lang={lang}")
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


def said(scene: Scene, record: BasemapRecord) -> list[str]:
    """All places where a credit is said: the style in both languages, and the file."""
    metadata = opened(scene.bytes_of(record)).metadata()
    both = [style(scene, lang)["sources"]["basemap"]["attribution"] for lang in ("th", "en")]
    return [*both, metadata["attribution"], metadata["muang:credit"]["th"]]


def test_openstreetmap_is_credited_exactly_when_its_data_are_on_the_map(scene: Scene) -> None:
    assert style(scene, "th")["sources"] == {}
    plain = scene.make()
    assert not plain.osm
    assert not any("OpenStreetMap" in text for text in said(scene, plain))
    rows = [{"code": "way/1", "class": "trunk", "geom": line((0, 5), (900, 700))}]
    with scene.town.connect(Machine.LOADER) as conn:
        licence = "ODbL 1.0, © OpenStreetMap contributors"
        dataset = Dataset("roads", "OpenStreetMap", "tests", licence=licence)
        load(conn, get("roads"), incoming(rows), mode="append", dataset=dataset)
    made = scene.make()
    assert made.osm
    th, en, both, file_th = said(scene, made)
    assert th.endswith(OSM_CREDIT.th)
    assert file_th.endswith(OSM_CREDIT.th)
    assert en.endswith(OSM_CREDIT.en)
    assert OSM_CREDIT.th in both
    assert OSM_CREDIT.en in both
    assert style(scene, "en")["metadata"]["muang:osm"]["en"] == OSM_CREDIT.en
    # the rows are gone, and with them the debt
    scene.run("DELETE FROM town.roads WHERE code = 'way/1'")
    assert not any("OpenStreetMap" in text for text in said(scene, scene.make()))


def test_every_role_reads_the_same_ground(scene: Scene) -> None:
    made = scene.make()
    told = style(scene, "th")
    assert told["sources"]["basemap"]["url"].endswith(f"/basemap/{made.file}")
    assert told["sources"]["basemap"]["url"].startswith("pmtiles://http://127.0.0.1:8000/")
    with scene.town.connect(Role.PUBLIC) as conn:
        rows = conn.execute("SELECT file FROM basemaps").fetchall()
    assert rows == [(made.file,)]
    assert scene.bytes_of(made)[:7] == b"PMTiles"
