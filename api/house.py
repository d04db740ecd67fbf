"""What the running server holds: its town, pools, sequencer and live hub."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from api.access import layers_of
from api.auth.oidc_provider import Provider
from api.export_desk import ExportDesk
from api.feed_watch import FeedWatch
from api.limits import Limits
from api.live_hub import LiveHub
from api.network.graphs import Graphs
from api.raster_desk import RasterDesk
from api.settings import ServerSettings
from api.stopping import on_stop
from api.tile_cache import TileCache
from api.tile_front import draw
from api.tile_plan import TilePlans
from api.verification import Verifier
from api.war_room.watch import Watch
from db import accounts, past, retention
from db.changes import Sequencer
from db.connect import Machine, url_for
from db.pools import Pools
from db.queries import town as town_queries
from db.towns import TownSpec
from layers.errors import MuangError, UnavailableError
from layers.model import Role
from layers.text import Text

log = logging.getLogger("muang.house")

_PATIENCE_S = 5.0
_REMEMBERED_S = 1.0

Connection = AsyncConnection[tuple[object, ...]]


class House:
    """One town being served by this process. Made by `open_house`, never by itself."""

    def __init__(self, settings: ServerSettings, pools: Pools) -> None:
        url = url_for(settings.database_url, settings.secret, settings.town, Machine.SERVICE)
        self.settings = settings
        self.pools = pools
        self.sequencer = Sequencer(url)
        self.plans = TilePlans()
        self.tiles = TileCache(
            settings.tile_cache_mb * 1024 * 1024, partial(draw, self), lambda: self.hub.fresh
        )
        self.hub = LiveHub(url, self.tiles)
        self.verifier = Verifier(self.verifying, throwaway=settings.loopback)
        self.limits = Limits(settings.rate_per_second)
        self.provider = Provider(settings)
        # proving holds a connection for as long as argon2 works; others need some as well
        self._proving = asyncio.Semaphore(2)
        folder = settings.rasters
        self.rasters = RasterDesk(None if folder is None else folder / settings.town)
        self.exports = ExportDesk()
        self.watch = Watch(self)
        self.feeds = FeedWatch(self)
        self.graphs = Graphs()
        self._town: TownSpec | None = None
        self._asking = asyncio.Lock()
        self._revision: tuple[float, str | None] = (-_REMEMBERED_S, None)

    def reader(self, role: Role) -> AbstractAsyncContextManager[Connection]:
        """An autocommitting connection that sees what the role sees."""
        return self.pools[role].connection()

    @contextlib.asynccontextmanager
    async def reading(self, role: Role, as_of: datetime | None) -> AsyncIterator[Connection]:
        """`reader`, or for a moment of the past one that sees what the role sees of that time."""
        async with self.reader(role) as conn:
            if as_of is None:
                yield conn
                return
            async with past.entered(conn, role, as_of):
                yield conn

    def service(self, patience_s: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """A connection for the platform's own records: tokens, answers, changes."""
        return self.pools[Machine.SERVICE].connection(timeout=patience_s)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """One transaction of an edit; whoever is told that it is done finds it in every answer.

        Answers read the town as of the last position given, so the edit gets its own here and
        does not wait for the sequencer.
        """
        async with self.service() as conn:
            async with conn.transaction():
                yield conn
            # what is committed stays so: where numbering fails the sequencer makes up for it
            with contextlib.suppress(psycopg.Error):
                await conn.execute("SELECT muang.number_changes()")

    def verifying(self) -> AbstractAsyncContextManager[Connection]:
        """A connection that only answers whose credentials these are."""
        return self.pools.verifying.connection()

    @contextlib.asynccontextmanager
    async def proving(self) -> AsyncIterator[Connection]:
        """One of two places where passwords are checked; UnavailableError when none comes free."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._proving.acquire()
        except TimeoutError as error:
            raise UnavailableError(
                Text(
                    th="ขณะนี้มีผู้ลงชื่อเข้าใช้พร้อมกันมาก ลองใหม่ในอีกสักครู่",
                    en="Too many people are signing in at once. Try again in a moment.",
                )
            ) from error
        try:
            async with self.service() as conn:
                yield conn
        finally:
            self._proving.release()

    async def town(self) -> TownSpec:
        """The town served; read once, because a town's id, CRS and name stay while it is served."""
        if self._town is None:
            async with self.service() as conn:
                self._town = await town_queries.town(conn)
        return self._town

    async def forget(self) -> None:
        """Delete what has had its time, until cancelled."""
        keep = retention.Keep(self.settings.keep_answers_days, self.settings.keep_sign_ins_days)
        await retention.run(self.service, keep)

    async def revision(self) -> str | None:
        """The database's migration, or None while it cannot be reached; at most a second old.

        Anybody may ask `/readyz` as often as they like: the database is asked once a second.
        """
        async with self._asking:
            if time.monotonic() - self._revision[0] > _REMEMBERED_S:
                found: str | None
                try:
                    async with self.service(patience_s=1) as conn:
                        found = await town_queries.revision(conn) or "none"
                    await self.town()
                except (psycopg.Error, PoolTimeout, MuangError):
                    found = None
                self._revision = (time.monotonic(), found)
            return self._revision[1]

    async def bounds(self, role: Role) -> town_queries.Bounds | None:
        """West, south, east, north of the town in degrees; None while it is empty."""
        async with self.reader(role) as conn:
            return await town_queries.bounds(conn, layers_of(role))


@contextlib.asynccontextmanager
async def open_house(settings: ServerSettings) -> AsyncIterator[House]:
    """Open pools, start sequencer and hub; on leaving, close streams first, then the rest.

    A database that is away does not stop the server from starting: `/readyz` says so, and
    everything connects by itself once it is back.
    """
    async with Pools(settings.database_url, settings.secret, settings.town) as pools:
        house = House(settings, pools)
        await _refuse_demo_sign_ins(house)
        # the first answers hold what was written before, by whomever
        with contextlib.suppress(psycopg.Error, PoolTimeout):
            async with house.service(patience_s=1) as conn:
                await conn.execute("SELECT muang.number_changes()")
        tasks = [
            asyncio.create_task(_kept_running(house.sequencer.run, "sequencer")),
            asyncio.create_task(_kept_running(house.hub.run, "hub")),
            asyncio.create_task(_kept_running(house.forget, "retention")),
            asyncio.create_task(_kept_running(house.tiles.keep_drawn, "tiles")),
            asyncio.create_task(_kept_running(house.feeds.run, "feeds")),
            *(
                [asyncio.create_task(_kept_running(house.watch.run, "rules"))]
                if settings.rules
                else []
            ),
        ]
        try:
            with on_stop(house.hub.close), on_stop(house.exports.close):
                yield house
        finally:
            house.rasters.close()
            house.exports.close()
            house.hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _refuse_demo_sign_ins(house: House) -> None:
    """UnavailableError when others reach this server and the demo's sign-ins are still there.

    Without its database the server starts all the same: such sign-ins are refused then too.
    """
    if house.settings.loopback:
        return
    try:
        async with house.service(patience_s=5) as conn:
            found = await accounts.any_throwaway(conn)
    except (psycopg.Error, PoolTimeout):
        return
    if found:
        raise UnavailableError(
            Text(
                th=f"ไม่เปิดระบบที่ {house.settings.public_url}: ยังมีบัญชีสาธิต ปิดก่อนด้วย "
                "./muang user disable (ดูรายชื่อด้วย ./muang user list)",
                en=f"Not serving at {house.settings.public_url}: there are sign-ins of the demo. "
                "Disable them with ./muang user disable (./muang user list names them).",
            )
        )


async def _kept_running(run: Any, name: str) -> None:
    """Run a background part while the server lives; a fault is logged, then it restarts."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("%s stopped; starting it again", name)
        await asyncio.sleep(1)
