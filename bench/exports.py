"""Exports of many parcels: time, first byte, and how much memory the server and its child take.

    python -m bench.exports [ROWS]

Serves a throw-away town for real and downloads it once in each format. Memory is the peak over
what the server held before (VmHWM after a reset), and the peak of the writing process.
"""

import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx

from db.connect import Machine, connect_admin
from db.towns import drop_town
from exports.formats import FORMATS
from tests.conftest import TownHandle, make_town
from tests.served import served

ROWS = 200_000
_POLL_S = 0.02
_FILL = """
INSERT INTO town.parcels (code, deed_no, address, use, area_deed_m2, area_m2, owner_name, geom)
SELECT
    'P' || n, n::text, 'เลขที่ ' || n || ' ถนนริมมูล ตำบลพิบูล', 'residential', 400, 400,
    'นายทดสอบ ลำดับ ' || n,
    ST_Multi(ST_MakeEnvelope(x, y, x + 19.7, y + 19.3, 32648))
FROM (
    SELECT n, 520000 + 20.1 * mod(n, 500) AS x, 1680000 + 20.3 * (n / 500) AS y
    FROM generate_series(1, %s) AS n
) AS grid
"""


def main() -> None:
    """Make the town, download, print a line a format."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    town = make_town(os.environ["MUANG_DATABASE_URL"], "bench" * 8)
    try:
        with town.connect(Machine.LOADER) as conn:
            conn.execute("SET LOCAL search_path = town, gis, pg_catalog")
            conn.execute("SELECT set_config('muang.actor', 'bench', true)")
            conn.execute(_FILL.encode(), [rows])
        with connect_admin(town.server_url, town.town_id) as admin:
            admin.execute("VACUUM ANALYZE town.parcels")
        print(f"{rows:,} parcels; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(
            f"{'format':9}{'MB':>8}{'s':>8}{'first byte s':>14}{'server +MB':>12}{'child MB':>10}"
        )
        with _page() as page, served(town, MUANG_DASHBOARD=page) as url:
            httpx.get(f"{url}/exports/town_boundary.csv", trust_env=False)
            for suffix in FORMATS:
                _measure(town, url, suffix)
    finally:
        drop_town(town.server_url, town.town_id)


@contextlib.contextmanager
def _page() -> Iterator[str]:
    """A folder shaped like the dashboard's build, without which a server is not ready."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("index.html", "login.html"):
            (Path(folder) / name).write_text("<!doctype html>", encoding="utf-8")
        yield folder


def _measure(town: TownHandle, url: str, suffix: str) -> None:
    server = _server(town)
    before = _memory(server, "VmRSS")
    watch = _Watch(server)
    began = time.perf_counter()
    first, size = 0.0, 0
    with (
        watch,
        httpx.stream(
            "GET",
            f"{url}/exports/parcels.{suffix}",
            headers={"Accept-Encoding": "identity"},
            timeout=900,
            trust_env=False,
        ) as answer,
    ):
        answer.raise_for_status()
        for piece in answer.iter_raw():
            first = first or time.perf_counter() - began
            size += len(piece)
    took = time.perf_counter() - began
    grown = (watch.server - before) / 1024
    told = f"{suffix:9}{size / 1e6:8.1f}{took:8.1f}{first:14.2f}{grown:12.1f}"
    print(f"{told}{watch.child / 1024:10.0f}", flush=True)


class _Watch(threading.Thread):
    """Looks how much memory the server and the process writing the export hold, in kB."""

    def __init__(self, server: int) -> None:
        super().__init__(daemon=True)
        self._server_id = server
        self._done = threading.Event()
        self.server = self.child = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._done.wait(_POLL_S):
            self.server = max(self.server, _memory(self._server_id, "VmRSS"))
            for child in _children(self._server_id):
                self.child = max(self.child, _memory(child, "VmHWM"))


def _server(town: TownHandle) -> int:
    """The worker process of granian that serves the town: the one with the most memory."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (path / "environ").read_bytes()
            if f"MUANG_TOWN={town.town_id}".encode() in environment:
                found.append((_memory(int(path.name), "VmRSS"), int(path.name)))
    return max(found)[1]


def _children(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        tasks = Path(f"/proc/{process}/task").glob("*/children")
        return [int(word) for task in tasks for word in task.read_text().split()]
    return []


def _memory(process: int, what: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
