"""Raw files: sealed, found again whole, forgotten for good; kept, shown, returned, swept."""

import json
import os
import stat
from pathlib import Path

import pytest

from db.connect import Machine, connect_admin
from etl.raw_store import CHUNK, RawStore
from etl.unpack import checksum, parts
from layers import catalog
from layers.errors import RefusedError, UnavailableError
from tests.conftest import TownHandle
from tests.etl.files import DATA, Command, rows

PARCELS = ("import", "parcels", DATA / "parcels.topojson", "--map", "code=ML", "--crs", "EPSG:4326")


def kept(store: RawStore, path: Path) -> tuple[str, bytes]:
    made = store.keep(parts(path), *checksum(path))
    return made.sha256, made.key


def content_of(store: RawStore, digest: str, key: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, piece in store.read(digest, key):
        found[name] = found.get(name, b"") + piece
    return found


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_kept_comes_back_whole(tmp_path: Path, size: int) -> None:
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    (tmp_path / "a").write_bytes(content)
    store = RawStore(tmp_path / "store")
    digest, key = kept(store, tmp_path / "a")
    assert content_of(store, digest, key) == {"a": content}
    assert store.opens(digest, key)
    assert not store.opens(digest, bytes(32))
    place = store.place(digest)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    if size > 16:
        assert content[:16] not in place.read_bytes()


def test_a_shapefile_comes_back_with_its_side_files(tmp_path: Path) -> None:
    content = {"a.shp": b"s" * (CHUNK + 7), "a.shx": b"x", "a.dbf": b"", "a.prj": b"p" * 9}
    for name, piece in content.items():
        (tmp_path / name).write_bytes(piece)
    store = RawStore(tmp_path / "store")
    digest, key = kept(store, tmp_path / "a.shp")
    assert content_of(store, digest, key) == content


def test_a_sealed_file_can_be_neither_cut_nor_exchanged(tmp_path: Path) -> None:
    store = RawStore(tmp_path / "store")
    (tmp_path / "a").write_bytes(b"a" * (2 * CHUNK + 5))
    (tmp_path / "b").write_bytes(b"b" * 100)
    first, key = kept(store, tmp_path / "a")
    second, other = kept(store, tmp_path / "b")
    sealed = store.place(first).read_bytes()
    step = 4 + CHUNK + 16
    head = len(b"muang raw 1\n") + len(json.dumps([["a", 2 * CHUNK + 5]])) + 4 + 16
    swapped = sealed[:head] + sealed[head + step : head + 2 * step] + sealed[head : head + step]
    for harmed in (
        sealed[: head + step],
        sealed[:-1],
        sealed[:head],
        b"",
        sealed[:-1] + bytes([sealed[-1] ^ 1]),
        swapped + sealed[head + 2 * step :],
        store.place(second).read_bytes(),
    ):
        store.place(first).write_bytes(harmed)
        for tried in (key, other):
            with pytest.raises(UnavailableError):
                content_of(store, first, tried)
    store.remove(first)
    with pytest.raises(UnavailableError):
        content_of(store, first, key)
    assert list(store.held()) == [second]


def test_a_file_that_changes_meanwhile_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    store = RawStore(tmp_path / "store")
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises(RefusedError, match="changed while"):
        store.keep((tmp_path / "a",), "0" * 64, 1)
    assert not [path for path in store.folder.rglob("*") if path.is_file()]


def test_an_import_keeps_its_files_and_undo_leaves_them(
    shared_town: TownHandle, command: Command, tmp_path: Path
) -> None:
    town = ("--town", shared_town.town_id)
    said = command(*PARCELS, "--mode", "append", *town, "--json")
    assert said.status == 0, said.err
    number = json.loads(said.out)["dataset_id"]
    (told,) = json.loads(command("imports", "show", number, *town, "--json").out)["raw_files"]
    place = Path(told["path"])
    assert told["kept"]
    assert told["personal"] == catalog.get("parcels").personal
    assert told["forget_at"] is not None
    assert place.is_file()
    assert "P1" not in place.read_bytes().decode("latin-1")
    assert "sealed, in" in command("imports", "show", number, *town).out

    assert command("imports", "undo", number, *town).status == 0
    assert command("imports", "sweep", *town).status == 0
    back = command("imports", "files", number, tmp_path / "back", *town, "--json")
    assert back.status == 0, back.err
    (path,) = json.loads(back.out)["files"]
    assert Path(path).read_bytes() == (DATA / "parcels.topojson").read_bytes()
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


def test_a_refused_import_leaves_no_file_and_a_rehearsal_keeps_none(
    shared_town: TownHandle, command: Command
) -> None:
    store = Path(os.environ["MUANG_RAW_FILES"]) / shared_town.town_id
    refused = command(
        "import", "parcels", DATA / "truncated.geojson", "--town", shared_town.town_id
    )
    assert refused.status == 1
    rehearsed = command(
        "import",
        "shelters",
        DATA / "shelters.geojson",
        *("--map", "code=GID", "--dry-run", "--town", shared_town.town_id),
    )
    assert rehearsed.status == 0, rehearsed.err
    assert not [path for path in store.rglob("*") if path.is_file()]


def test_after_its_time_the_key_is_gone_and_the_sweep_takes_the_file(
    shared_town: TownHandle, command: Command, tmp_path: Path
) -> None:
    town = ("--town", shared_town.town_id)
    number = json.loads(command(*PARCELS, "--mode", "append", *town, "--json").out)["dataset_id"]
    with connect_admin(shared_town.server_url, shared_town.town_id) as conn:
        conn.execute("UPDATE muang.raw_file SET forget_at = now() - interval '1 second'")
        conn.execute("SELECT count(*) FROM muang.forget(400, 90, 100, 100)")
    (told,) = json.loads(command("imports", "show", number, *town, "--json").out)["raw_files"]
    assert not told["kept"]
    assert told["forgotten_at"] is not None
    gone = command("imports", "files", number, tmp_path / "back", *town)
    assert gone.status == 1
    assert "no longer there" in gone.err
    swept = json.loads(command("imports", "sweep", *town, "--json").out)
    assert swept["removed"] == 1
    assert swept["bytes"] > 0
    # brought again, it is kept again
    again = json.loads(command(*PARCELS, "--mode", "append", *town, "--json").out)["dataset_id"]
    (told,) = json.loads(command("imports", "show", again, *town, "--json").out)["raw_files"]
    assert told["kept"]
    assert rows(shared_town, "SELECT count(*) FROM muang.raw_file WHERE seal_key IS NOT NULL")[0][0]


def test_days_are_a_number(
    shared_town: TownHandle, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUANG_KEEP_RAW_DAYS", "long")
    said = command(*PARCELS, "--mode", "append", "--town", shared_town.town_id)
    assert said.status == 2
    assert "number of days" in said.err


def test_the_server_cannot_read_the_register(shared_town: TownHandle) -> None:
    with shared_town.connect(Machine.SERVICE) as conn, pytest.raises(Exception, match="permission"):
        conn.execute("SELECT seal_key FROM muang.raw_file")
