"""Polls every feed, each in a task of its own: what one of them does never stops another.

The town's register is read again every few seconds, so feeds that are added, paused or removed,
and exercises that begin and end, need no restart. While the database is away feeds are asked all
the same and what they say waits on disk (`etl.feeds.spool`).
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from db import feeds as register
from db.derived import AnyConnection
from db.exercise import Exercise
from db.feeds import Feed, FeedState, Stations
from etl.feeds import keeping
from etl.feeds.asking import AWAY, Asker, Kit, Setting, is_away
from etl.feeds.keeping import Told

log = logging.getLogger("muang.feeds")

LOOK_S = 2.0
"""Between two looks at the register."""


class Replayer(Protocol):
    """Serves an exercise's invented sources while it is open."""

    def address(self, exercise: Exercise, feed: Feed) -> str:
        """Where an exercise's feed is asked for."""

    def stop(self) -> None:
        """Serve no longer."""


class Caller(Protocol):
    """Calls in what an exercise's script has people report."""

    async def call(self, open_one: Exercise, now: datetime) -> int:
        """Raise what is due; how many were."""


@dataclass
class _Running:
    """A feed being polled: its setting as it was when the task began."""

    feed: Feed
    address: str
    task: asyncio.Task[None]


@dataclass
class Poller:
    """Polls the feeds of one town until cancelled. `led`: it was the process that polls, once."""

    kit: Kit
    replayer: Replayer | None = None
    caller: Caller | None = None
    look_s: float = LOOK_S
    led: bool = False
    _running: dict[str, _Running] = field(default_factory=dict)
    _stations: Stations = field(default_factory=lambda: Stations(frozenset(), {}))
    _exercise: Exercise | None = None
    _lead: AnyConnection | None = None
    _opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(self.look_s)
        finally:
            await self._stop_all()
            self._let_go()
            if self.replayer is not None:
                self.replayer.stop()

    async def look(self) -> None:
        """Read the register once: begin and end tasks, and bring what waits on disk."""
        moved = self.kit.wall.look()
        if moved:
            log.warning("the clock was set by %+.0f s", moved)
        try:
            told = await asyncio.to_thread(self._ask_register)
        except AWAY as error:
            # feeds go on being asked; what they say waits on disk
            self._let_go()
            log.warning("the database is away: %s", type(error).__name__)
            return
        if told is None:
            await self._stop_all()
            return
        self._stations, self._exercise = told.stations, told.exercise
        if told.exercise is None and self.replayer is not None:
            self.replayer.stop()
        await self._adjust(told)
        await self._bring_waiting()
        await self._call()

    async def _call(self) -> None:
        """Have an exercise's people call in; what goes wrong there is no matter for feeds."""
        if self._exercise is None or self.caller is None:
            return
        try:
            await self.caller.call(self._exercise, self.kit.wall.now())
        except AWAY:
            log.exception("what the exercise's script says could not be called in")

    async def once(self) -> dict[str, FeedState]:
        """Ask every feed once, one after the other; how each is then."""
        told = await asyncio.to_thread(self._ask_register)
        if told is None:
            return {}
        self._stations, self._exercise = told.stations, told.exercise
        await self._bring_waiting()
        found = {}
        for feed in self._asked(told):
            asker = self._asker(feed, told.states.get(feed.name), self._address(feed))
            await asker.ask()
            found[feed.name] = asker.state
        await self._call()
        self._let_go()
        return found

    @property
    def leads(self) -> bool:
        """Whether this is the process that polls the town."""
        return self._lead is not None

    def _ask_register(self) -> Told | None:
        """What the database says, None while another process polls this town."""
        if self._lead is None:
            self._opened.close()
            conn = self._opened.enter_context(self.kit.connect())
            if not register.lead(conn):
                self._opened.close()
                return None
            self._lead, self.led = conn, True
        return keeping.ask_register(self._lead)

    def _let_go(self) -> None:
        """Lead no longer; a connection that is broken already is let go without a word."""
        lead, self._lead = self._lead, None
        with contextlib.suppress(*AWAY):
            if lead is not None:
                register.let_go(lead)
        with contextlib.suppress(*AWAY):
            self._opened.close()

    def _asked(self, told: Told) -> list[Feed]:
        return [
            feed
            for feed in told.feeds
            if feed.enabled and (not feed.exercise or told.exercise is not None)
        ]

    async def _adjust(self, told: Told) -> None:
        wanted = {}
        for feed in self._asked(told):
            try:
                wanted[feed.name] = (feed, self._address(feed))
            except AWAY:
                log.exception("feed %s cannot be asked", feed.name)
        for name, running in list(self._running.items()):
            if wanted.get(name) != (running.feed, running.address) or running.task.done():
                await self._stop(name)
        for name, (feed, address) in wanted.items():
            if name not in self._running:
                task = asyncio.create_task(self._poll(feed, told.states.get(name), address))
                self._running[name] = _Running(feed, address, task)

    def _address(self, feed: Feed) -> str:
        if feed.exercise and self._exercise is not None and self.replayer is not None:
            return self.replayer.address(self._exercise, feed)
        return feed.url

    def _asker(self, feed: Feed, state: FeedState | None, address: str) -> Asker:
        setting = Setting(replace(feed, url=address), self._stations, self._exercise)
        return Asker(self.kit, setting, state or FeedState(feed.name))

    async def _poll(self, feed: Feed, state: FeedState | None, address: str) -> None:
        asker = self._asker(feed, state, address)
        pause = first_pause_s(asker.state, feed.interval_s, self.kit.wall.now())
        while True:
            await asyncio.sleep(pause)
            asker.setting = replace(asker.setting, stations=self._stations, exercise=self._exercise)
            pause = await asker.ask()

    async def _bring_waiting(self) -> None:
        """Bring what is on disk from before, or from while the database was away."""
        for path in self.kit.spool.waiting():
            if path in self.kit.under_way:
                continue
            found = self.kit.spool.read(path)
            if found.batch is not None:
                source = f"feed:{found.batch.feed}"
                try:
                    await asyncio.to_thread(keeping.deliver, self.kit.connect, found.batch, source)
                except AWAY as error:
                    if is_away(error):
                        log.warning("what waits on disk stays there: %s", type(error).__name__)
                        return
                    log.exception("%s is refused by the database", path.name)
                    found = replace(found, damaged=len(found.batch.observations))
            if found.damaged:
                log.warning("%s is damaged, %d lines: put aside", path.name, found.damaged)
            self.kit.spool.done(found)

    async def _stop(self, name: str) -> None:
        running = self._running.pop(name)
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)

    async def _stop_all(self) -> None:
        for name in list(self._running):
            await self._stop(name)


def first_pause_s(state: FeedState, interval_s: float, now: datetime) -> float:
    """Seconds until a feed is asked first after a start, from what it was told before.

    A start does not hammer a source that asked for quiet; a clock that was put back does not make
    a feed wait for hours.
    """
    if state.next_try_at is None or state.tried_at is None or state.tried_at > now:
        return 0.0
    planned = state.next_try_at - state.tried_at
    since = now - state.tried_at
    left = (planned - since) / timedelta(seconds=1)
    return min(max(left, 0.0), max(interval_s, planned / timedelta(seconds=1)))
