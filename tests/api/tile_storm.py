"""Writers and readers at once on a served town, and what is true of its tiles afterwards."""

import asyncio
import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, LiteralString

import httpx
import mapbox_vector_tile
import psycopg

from api.tile_address import Tile, TileAddress
from api.tile_plan import plan
from db.connect import Machine
from db.queries import tiles
from layers.model import Role
from tests.api.places import tile_at
from tests.api.running import stream
from tests.conftest import TownHandle

LAYERS = ("parcels", "parcels,roads", "shelters", "communities,shelters")
ROLES = (Role.PUBLIC, Role.STAFF)
Decoded = dict[str, Any]


def paths() -> list[str]:
    """Tiles over the tiny town and beside it, zoom 13 to 16."""
    places = {
        tile_at(z, x, y)
        for z in (13, 14, 15, 16)
        for x in range(-300, 1400, 300)
        for y in range(-300, 1400, 300)
    }
    return [f"/tiles/{layers}/{place}.mvt" for layers in LAYERS for place in sorted(places)]


def decoded(body: bytes) -> Decoded:
    """A tile with the features of each layer in the order of their ids."""
    found: Decoded = mapbox_vector_tile.decode(body) if body else {}
    for layer in found.values():
        layer["features"].sort(key=lambda one: (one.get("id", 0), repr(one)))
    return found


def fresh(town: TownHandle, role: Role, path: str) -> Decoded:
    """The tile of a path drawn now by its statement, past every cache."""
    address = TileAddress.parse(path)
    assert address is not None
    wanted = plan(address, {}, role)

    async def draw() -> bytes:
        async with await psycopg.AsyncConnection.connect(town.url(role), autocommit=True) as conn:
            tile: Tile = wanted.tile
            return await tiles.tile(conn, wanted.parts, z=tile.z, x=tile.x, y=tile.y)

    return decoded(asyncio.run(draw()))


def head(town: TownHandle) -> int:
    """The last position, once everything committed has one."""
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("SELECT muang.number_changes()")
        conn.commit()
        row = conn.execute("SELECT muang.current_pos()").fetchone()
    assert row is not None
    return int(str(row[0]))


@dataclass
class Found:
    """What happened: transactions committed, answers by status, positions told on the stream."""

    edits: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    heard: list[int] = field(default_factory=list)
    began_at: int = 0
    ended_at: int = 0


class _Storm:
    """Writers, readers and a stream; `over` ends the readers, `ended_at` ends the stream."""

    def __init__(self, town: TownHandle, url: str, tokens: dict[Role, str]) -> None:
        self.town = town
        self.url = url
        self.tokens = tokens
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.found = Found(began_at=head(town))

    def hear(self) -> None:
        found = self.found
        with stream(self.url, since=found.began_at, token=self.tokens[Role.STAFF]) as events:
            for event in events:
                if event["event"] == "change":
                    found.heard.append(int(event["id"]))
                if found.ended_at and int(event["id"]) >= found.ended_at:
                    return

    def write(self, number: int, enough: Callable[[int], bool]) -> None:
        chance = random.Random(number)  # noqa: S311 - dice
        count = 0
        with self.town.connect(Machine.LOADER) as conn:
            while not enough(count):
                with contextlib.suppress(psycopg.errors.DeadlockDetected), conn.transaction():
                    for _ in range(chance.choice((1, 1, 1, 3))):
                        edit(conn, chance)
                count += 1
        with self.lock:
            self.found.edits += count

    def read(self, number: int) -> None:
        chance = random.Random(1000 + number)  # noqa: S311 - dice
        known: dict[str, str] = {}
        statuses = Counter[int]()
        every = paths()
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as client:
            client.headers["Authorization"] = f"Bearer {self.tokens[ROLES[number % len(ROLES)]]}"
            while not self.over.is_set():
                path = chance.choice(every)
                tag = {"If-None-Match": known[path]} if path in known else {}
                reply = client.get(path, headers=tag)
                assert reply.status_code in (200, 204, 304), reply.text
                known[path] = reply.headers["etag"]
                statuses[reply.status_code] += 1
        with self.lock:
            self.found.statuses += statuses

    def end(self) -> None:
        """Tell the stream the last position by a last change, at which it ends."""
        self.found.ended_at = head(self.town) + 1
        with self.town.connect(Machine.LOADER) as conn:
            conn.execute("UPDATE town.shelters SET capacity = 1 WHERE code = 'S1'")
        assert head(self.town) == self.found.ended_at


def storm(
    town: TownHandle,
    url: str,
    tokens: dict[Role, str],
    enough: Callable[[int], bool],
    *,
    writers: int = 8,
    readers: int = 20,
) -> Found:
    """Write until each writer has `enough`, told its transactions so far; read all the while."""
    one = _Storm(town, url, tokens)
    with ThreadPoolExecutor(writers + readers + 1) as pool:
        hearing = pool.submit(one.hear)
        reading = [pool.submit(one.read, number) for number in range(readers)]
        writing = [pool.submit(one.write, number, enough) for number in range(writers)]
        try:
            _all(writing)
        finally:
            one.over.set()
            one.end()
        _all([*reading, hearing])
    return one.found


def _all(futures: list[Future[None]]) -> None:
    for future in futures:
        future.result(600)


def edit(conn: psycopg.Connection[Any], chance: random.Random) -> None:
    """One statement of somebody at work."""
    code = f"01A{chance.randrange(100):03d}"
    step = chance.choice((-250, -40, 40, 250))
    values = {"code": code, "step": step, "use": chance.choice(USES)}
    conn.execute(chance.choice(EDITS), values)


EDITS: tuple[LiteralString, ...] = (
    "UPDATE town.parcels SET use = %(use)s WHERE code = %(code)s",
    "UPDATE town.parcels SET geom = ST_Translate(geom, %(step)s, 0) WHERE code = %(code)s",
    "UPDATE town.shelters SET geom = ST_Translate(geom, 0, %(step)s) WHERE code = 'S1'",
    "UPDATE town.roads SET name = %(code)s WHERE code = 'R1'",
    "UPDATE town.communities SET name = %(code)s WHERE code = 'C1'",
    "DELETE FROM town.parcels WHERE code = %(code)s AND random() < 0.1",
    """INSERT INTO town.parcels (code, use, geom)
    SELECT code, 'vacant', ST_Translate(geom, %(step)s, %(step)s) FROM town.parcels
    WHERE code = %(code)s LIMIT 1""",
)
USES = ("residential", "commercial", "agriculture", "vacant")


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    """Return once something is so; AssertionError when it is not in a long time."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
