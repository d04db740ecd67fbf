"""A town with three stations, and feeds of it asked for real at sources on this machine."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import feeds as register
from db.connect import Machine
from db.derived import AnyConnection
from db.feeds import Feed, FeedState
from db.towns import drop_town
from etl.feeds.asking import Kit
from etl.feeds.fetching import Limits
from etl.feeds.keys import Keys
from etl.feeds.polling import Poller
from etl.feeds.spool import Spool
from etl.feeds.wall import Wall
from tests.conftest import TownHandle, make_town
from tests.tiny import load_rows, point, tiny

PATIENCE_S = 90.0


@pytest.fixture(scope="session")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    gauges = [
        {"code": "M.7", "kind": "river", "bank_left_m": 113.0, "geom": point(1, 1)},
        {"code": "M.4", "kind": "river", "zero_m": 100.0, "geom": point(2, 2)},
        {"code": "M.1", "kind": "river", "geom": point(2, 3)},
        {"code": "M.2", "kind": "river", "geom": point(2, 4)},
        {"code": "rain1", "kind": "rain", "geom": point(3, 3)},
    ]
    with made.connect(Machine.LOADER) as conn:
        load_rows(conn, "gauges", gauges)
        load_rows(conn, "town_boundary", tiny()["town_boundary"])
    yield made
    drop_town(server_url, made.town_id)


@dataclass
class Bench:
    """A poller of the town, and what a test may turn: keys, clock, whether the database is up."""

    town: TownHandle
    folder: Path
    keys: dict[str, str] = field(default_factory=dict)
    wall: Wall = field(default_factory=Wall)
    away: bool = False

    def connect(self) -> AnyConnection:
        """A connection as the loader, while the database is there."""
        if self.away:
            raise psycopg.OperationalError("the server is gone")
        return self.town.connect(Machine.LOADER)

    def poller(self, **more: Any) -> Poller:
        """A poller that looks often and gives up soon."""
        kit = Kit(
            connect=self.connect,
            keys=lambda: Keys(self.keys),
            spool=Spool(self.folder),
            wall=self.wall,
            limits=Limits(whole_s=2.0, read_s=0.5, most_bytes=1_000_000),
            rng=random.Random(1),  # noqa: S311 - a test's own
        )
        return Poller(kit, look_s=0.05, **more)

    def add(self, name: str, url: str, kind: str = "thaiwater", **more: Any) -> None:
        """Register a feed that may be asked on this machine, every second."""
        with self.town.connect(Machine.LOADER) as conn:
            made = {"interval_s": 1, "private": True, **more}
            register.add(conn, Feed(name, kind, url, added_by="tester", **made))

    def once(self) -> dict[str, FeedState]:
        """Ask every feed once."""
        return asyncio.run(self.poller().once())

    def until(self, poller: Poller, done: Callable[[], bool]) -> None:
        """Poll until something is so; fails after a minute and a half."""

        async def run() -> None:
            running = asyncio.create_task(poller.run())
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while not await asyncio.to_thread(done):
                        if running.done():
                            running.result()
                        await asyncio.sleep(0.05)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

        asyncio.run(run())

    def states(self) -> dict[str, FeedState]:
        """How the feeds are, as it is on record."""
        with self.town.connect(Machine.LOADER) as conn:
            return register.states(conn)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a question of the loader."""
        with self.town.connect(Machine.LOADER) as conn:
            return conn.execute(query.encode(), values).fetchall()

    def levels(
        self, station: str = "M.7", *, drilled: bool = False
    ) -> list[tuple[datetime, float, int, bool]]:
        """Time, value, flags and exercise of what is stored of a station, exercises' if asked."""
        return self.rows(
            "SELECT r.at, r.value, r.flags, r.exercise FROM gauge_readings AS r"
            " WHERE r.station = %s AND (%s OR NOT r.exercise) ORDER BY r.at, r.id",
            station,
            drilled,
        )


@pytest.fixture
def bench(town: TownHandle, tmp_path: Path) -> Iterator[Bench]:
    """The town with no feeds; readings of other tests stay, as readings do."""
    made = Bench(town, tmp_path / "spool")
    yield made
    with town.connect(Machine.LOADER) as conn:
        conn.execute("DELETE FROM muang.feed")
        conn.execute("UPDATE muang.exercise SET closed_at = now() WHERE closed_at IS NULL")
