"""An import killed at any moment leaves the town as it was; two at once do not mix."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from db.connect import Machine, connect_admin
from db.towns import drop_town
from db.undo import undo
from etl.scratch import sweep
from layers.model import Role
from tests.conftest import TownHandle, make_town
from tests.etl.files import boundary_order, do, rows
from tests.tiny import ORIGIN, load_rows, square

KILLS = 20
ROWS = 3_000
SEED = 20261121
MODES = ("replace", "upsert", "append")


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    do(made, boundary_order(made))
    live = [
        {"code": f"P{n}", "use": "vacant", "geom": square(30 * (n % 30), 30 * (n // 30), 25, 25)}
        for n in range(300)
    ]
    with made.connect(Machine.LOADER) as conn:
        load_rows(conn, "parcels", live)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parcels enough that every phase of an import takes a while."""
    east, north = ORIGIN
    path = tmp_path_factory.mktemp("killed") / "parcels.gpkg"
    corners = [(east + 10 * (n % 100), north + 10 * (n // 100)) for n in range(ROWS)]
    shapes = [shapely.box(x, y, x + 9, y + 9) for x, y in corners]
    frame = {"code": [f"P{n}" for n in range(ROWS)], "use": ["public"] * ROWS}
    gpd.GeoDataFrame(frame, geometry=shapes, crs=32648).to_file(path, driver="GPKG")
    return path


def state(town: TownHandle) -> tuple[Any, ...]:
    """Live rows, what tiles are drawn from, a tile's bytes, and every register."""
    content = rows(
        town,
        "SELECT md5(string_agg(concat_ws(' ', t.id, t.code, t.use, t.source, t.geom::text), '|'"
        " ORDER BY t.id)) FROM town.parcels AS t"
        " UNION ALL SELECT md5(string_agg(h::text, '|' ORDER BY h::text)) FROM history.parcels AS h"
        " UNION ALL SELECT (SELECT count(*) FROM muang.dataset)::text"
        " || ' ' || (SELECT count(*) FROM muang.refused_row)"
        " || ' ' || (SELECT count(*) FROM muang.layer_change)"
        " || ' ' || (SELECT count(*) FROM muang.change_set)",
    )
    with town.connect(Role.PUBLIC) as reader:
        drawn = reader.execute(
            "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM parcels_tile AS t"
            " UNION ALL SELECT md5(string_agg(x, '|' ORDER BY x)) FROM (SELECT concat_ws(' ', z,"
            " tile_x, tile_y, cell, class, sum(n)) AS x FROM parcels_cells"
            " GROUP BY z, tile_x, tile_y, cell, class) AS c"
        ).fetchall()
    return (*content, *drawn)


def leftovers(town: TownHandle) -> int:
    """Temporary tables of sessions that are gone."""
    for _wait in range(100):
        with connect_admin(town.server_url, town.town_id) as conn:
            found = conn.execute(
                "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname ="
                " current_database() AND usename LIKE '%%loader'), (SELECT count(*) FROM pg_class"
                " WHERE relpersistence = 't' AND relkind = 'r')"
            ).fetchone()
        if found is not None and found[0] == 0:
            return int(str(found[1]))
        time.sleep(0.05)
    raise AssertionError("a killed import's session is still there")


def launch(town: TownHandle, file: Path, mode: str, scratch: Path) -> "subprocess.Popen[str]":
    """A process that has loaded everything and waits for `begin`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.etl.import_once", town.url(Machine.LOADER), str(file), mode],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def begin(process: "subprocess.Popen[str]") -> None:
    """Let it go to work."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline() == "begin\n"


@contextmanager
def start(
    town: TownHandle, file: Path, mode: str, scratch: Path
) -> Iterator["subprocess.Popen[str]"]:
    """An import at work."""
    with launch(town, file, mode, scratch) as process:
        begin(process)
        yield process


@pytest.mark.timeout(1200)
def test_killed_at_any_moment_it_leaves_everything_as_it_was(
    town: TownHandle, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = state(town)
    seconds = _whole_import(town, file, tmp_path)
    assert state(town)[0] == before[0], "taken back, the town is as it was"
    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    struck = 0
    ahead = launch(town, file, MODES[0], tmp_path)
    for number in range(1, KILLS + 1):
        process, ahead = ahead, launch(town, file, MODES[number % 3], tmp_path)
        before, known = state(town), datasets(town)
        with process:
            begin(process)
            # somewhere from the first byte read to the commit
            time.sleep(moments.uniform(0, 0.9 * seconds))
            os.killpg(process.pid, signal.SIGKILL)
        assert leftovers(town) == 0
        # one folder of the killed one at most: those before it were swept
        assert len(list(tmp_path.glob("*muang-import-*"))) <= 1
        if more := datasets(town) - known:
            # it had committed already: then all of it is there
            (dataset,) = more
            with town.connect(Machine.LOADER) as conn:
                undo(conn, dataset, "tester")
            assert state(town)[0] == before[0]
        else:
            struck += 1
            assert state(town) == before
    with ahead:
        ahead.kill()
    assert struck >= KILLS // 2
    with start(town, file, "replace", tmp_path) as after:
        assert after.wait() == 0
    assert rows(town, "SELECT count(*) FROM town.parcels") == [(ROWS,)]
    sweep()
    assert list(tmp_path.glob("*muang-import-*")) == []


def _whole_import(town: TownHandle, file: Path, scratch: Path) -> float:
    """Seconds a whole import takes here and now; it is taken back again."""
    known = datasets(town)
    with start(town, file, "replace", scratch) as process:
        began = time.monotonic()
        assert process.wait() == 0
        seconds = time.monotonic() - began
    (dataset,) = datasets(town) - known
    with town.connect(Machine.LOADER) as conn:
        undo(conn, dataset, "tester")
    return seconds


def datasets(town: TownHandle) -> set[int]:
    """Numbers of all imports on record."""
    return {row[0] for row in rows(town, "SELECT id FROM muang.dataset")}


@pytest.mark.parametrize("mode", ["upsert", "replace"])
def test_two_at_once_do_not_mix(town: TownHandle, file: Path, tmp_path: Path, mode: str) -> None:
    with town.connect(Machine.LOADER) as conn:
        conn.execute("DELETE FROM town.parcels")
    said = []
    with start(town, file, mode, tmp_path) as one, start(town, file, mode, tmp_path) as two:
        for process in (one, two):
            assert process.wait() == 0
            assert process.stdout is not None
            said.append(process.stdout.read().split())
    # the second finds what the first brought
    assert sorted(said) == sorted([[str(ROWS), "0", "0", "0"], ["0", "0", str(ROWS), "0"]])
    assert rows(town, "SELECT count(*), count(DISTINCT code) FROM town.parcels") == [(ROWS, ROWS)]
