"""One feed asked once: fetch, take apart, write down, keep; and when to ask again.

Whatever happens here becomes a state of that feed, never an exception for its neighbours.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import shapely

from db.exercise import Exercise
from db.feeds import MOST_BODY, Body, Feed, FeedState, Stations
from etl.feeds import gistda, keeping, mapper, thaiwater, usgs
from etl.feeds.circuit import Circuit, State, pause_s
from etl.feeds.fetching import Answer, Ask, FetchError, Limits, fetch
from etl.feeds.keeping import Connect, Outcome
from etl.feeds.keys import Keys, check_address
from etl.feeds.mapping import Mapping, read_mapping
from etl.feeds.parsed import Door, Parsed, UnreadableAnswerError, once
from etl.feeds.spool import Batch, Spool
from etl.feeds.wall import Wall
from layers.errors import MuangError, UnavailableError
from layers.feed_health import lasted
from layers.text import Text

log = logging.getLogger("muang.feeds")

AWAY = (psycopg.Error, MuangError, OSError)
_AHEAD = timedelta(minutes=10)
_OLD = timedelta(hours=3)
_OLD_INTERVALS = 6
_LONGEST_KEY = 4096

_INTERNAL = Text(
    th="โปรแกรมอ่านฟีดขัดข้อง ดูบันทึก feeds.log", en="Reading the feed went wrong: see feeds.log."
)
_UNKEPT = Text(
    th="ฐานข้อมูลไม่รับสิ่งที่ฟีดนี้ส่งมา ดูบันทึก feeds.log",
    en="The database refused what this feed sent: see feeds.log.",
)


@dataclass
class Kit:
    """What every feed is asked with. `connect` opens connections as `loader`."""

    connect: Connect
    keys: Callable[[], Keys]
    spool: Spool
    wall: Wall = field(default_factory=Wall)
    limits: Limits = field(default_factory=Limits)
    rng: random.Random = field(default_factory=random.Random)
    under_way: set[Path] = field(default_factory=set)


@dataclass(frozen=True)
class Setting:
    """A feed with the address it is asked at, and what the town knows at the moment."""

    feed: Feed
    stations: Stations
    exercise: Exercise | None = None


class Asker:
    """Asks one feed; `state` is how it is."""

    def __init__(self, kit: Kit, setting: Setting, state: FeedState) -> None:
        self._kit = kit
        self.setting = setting
        self.state = state

    async def ask(self) -> float:
        """Ask once, and give the seconds until the next time. Raises nothing but cancellation."""
        circuit = circuit_of(self.state).trying()
        asked_s = None
        try:
            outcome = await self._outcome()
            circuit = circuit.succeeded()
        except (FetchError, UnreadableAnswerError) as error:
            circuit, asked_s = circuit.failed(), getattr(error, "retry_after_s", None)
            outcome = self._failure(error.detail, error.body, error.status)
        except MuangError as error:
            circuit = circuit.failed()
            outcome = self._failure(error.detail)
        except Exception:
            log.exception("feed %s", self.setting.feed.name)
            circuit = circuit.failed()
            outcome = self._failure(_INTERNAL)
        pause = pause_s(circuit, self.setting.feed.interval_s, asked_s=asked_s, rng=self._kit.rng)
        await self._keep(self._finished(outcome, circuit, pause))
        return pause

    async def _outcome(self) -> Outcome:
        """What the source says now, taken apart."""
        feed, keys = self.setting.feed, self._kit.keys()
        mapping = read_mapping(dict(feed.mapping), feed.kind)
        key = None
        if feed.secret is not None:
            check_address(feed.url, feed.headers, secret=True)
            key = keys.get(feed.secret)
        ask = Ask(
            feed.url,
            dict(feed.headers),
            key,
            private=feed.private,
            etag=self.state.etag,
            last_modified=self.state.last_modified,
        )
        answer = await fetch(ask, self._kit.limits)
        if answer.body is None:
            return Outcome(self._good(answer, keys))
        received = self._now()
        near = await self._near(mapping)
        try:
            parsed = await asyncio.to_thread(self._parsed, answer.body, received, mapping, near)
        except UnreadableAnswerError as error:
            # kept with the failure, for whoever has to find out what it is
            error.body, error.status = answer.body, answer.status
            raise
        state = self._good(answer, keys)
        newest = keeping.latest_of(parsed.observations, received)
        if newest is not None:
            state = replace(state, newest_at=max(newest, state.newest_at or newest))
        state = self._doubted(state, parsed, received)
        batch = None
        if parsed.observations:
            batch = Batch(feed.name, received, feed.exercise, parsed.observations)
        body = self._body(answer.body, answer.status, good=True)
        return Outcome(state, body, batch, parsed.zones, parsed)

    def _parsed(
        self,
        body: bytes,
        received: datetime,
        mapping: Mapping,
        near: Callable[[shapely.Geometry], bool],
    ) -> Parsed:
        return once(self._read(body, received, mapping, near))

    def _read(
        self,
        body: bytes,
        received: datetime,
        mapping: Mapping,
        near: Callable[[shapely.Geometry], bool],
    ) -> Parsed:
        known = self.setting.stations
        door = Door(received, mapping.stations, known.codes, known.zeros)
        match self.setting.feed.kind:
            case "thaiwater":
                return thaiwater.parse(body, door, mapping.series)
            case "usgs":
                return usgs.parse(body, door)
            case "gistda":
                return gistda.parse(body, door, mapping, near)
            case _:
                return mapper.parse(body, door, mapping)

    async def _near(self, mapping: Mapping) -> Callable[[shapely.Geometry], bool]:
        """Whether an outline in EPSG:4326 lies near the town; everywhere, where it has no edge."""
        if self.setting.feed.kind != "gistda":
            return lambda _: True
        try:
            sides = await asyncio.to_thread(
                keeping.near_box, self._kit.connect, mapping.near_km * 1000
            )
        except psycopg.Error:
            raise UnavailableError(
                Text(th="ติดต่อฐานข้อมูลไม่ได้", en="The database cannot be reached.")
            ) from None
        if sides is None:
            return lambda _: True
        around = shapely.box(*sides)
        return lambda outline: bool(shapely.intersects(around, outline))

    def _now(self) -> datetime:
        """The present: an exercise's feeds live by the exercise's clock."""
        now = self._kit.wall.now()
        drill = self.setting.exercise
        return drill.clock(now) if self.setting.feed.exercise and drill is not None else now

    def _good(self, answer: Answer, keys: Keys) -> FeedState:
        now, old = self._kit.wall.now(), answer.body is None
        etag = self.state.etag if old else answer.etag
        return replace(
            self.state,
            tried_at=now,
            succeeded_at=now,
            error_th=None,
            error_en=None,
            # a mark that tells the key is not kept, and the next question is not conditional
            etag=etag if etag and keys.hide(etag) == etag else None,
            last_modified=self.state.last_modified if old else answer.last_modified,
        )

    def _doubted(self, state: FeedState, parsed: Parsed, received: datetime) -> FeedState:
        doubt = self._doubt(state, parsed, received)
        return replace(
            state, doubt_th=doubt.th if doubt else None, doubt_en=doubt.en if doubt else None
        )

    def _doubt(self, state: FeedState, parsed: Parsed, received: datetime) -> Text | None:
        """What is odd about an answer that could be read."""
        clock = self._kit.wall.doubt
        if clock is not None:
            return clock
        ahead = max((one.at for one in parsed.observations), default=received) - received
        if ahead > _AHEAD:
            length = lasted(ahead.total_seconds())
            return Text(
                th=f"แหล่งข้อมูลบอกเวลาล่วงหน้า {length.th}",
                en=f"The source tells times {length.en} ahead.",
            )
        old = max(_OLD, timedelta(seconds=self.setting.feed.interval_s * _OLD_INTERVALS))
        if parsed.observations and state.newest_at and received - state.newest_at > old:
            length = lasted((received - state.newest_at).total_seconds())
            return Text(
                th=f"แหล่งข้อมูลตอบ แต่ค่าล่าสุดเก่า {length.th} แล้ว",
                en=f"The source answers, but its newest reading is {length.en} old.",
            )
        if not parsed.kept:
            return Text(
                th="คำตอบไม่มีค่าที่ใช้ได้ของเมืองนี้เลย", en="The answer holds nothing for this town."
            )
        return None

    def _failure(self, detail: Text, body: bytes = b"", status: int | None = None) -> Outcome:
        said = self._hidden(detail)
        state = replace(
            self.state, tried_at=self._kit.wall.now(), error_th=said.th, error_en=said.en
        )
        kept = self._body(body, status, good=False) if body else None
        return Outcome(state, kept)

    def _hidden(self, detail: Text) -> Text:
        try:
            return self._kit.keys().hide_text(detail)
        except MuangError:
            return detail  # no key could be read, so none was put into anything

    def _body(self, body: bytes, status: int | None, *, good: bool) -> Body:
        """What was said, without links and keys, cut: what could be half a key goes too."""
        if self.setting.feed.kind == "gistda":
            body = gistda.stripped(body) or body
        text = body[: 2 * MOST_BODY + _LONGEST_KEY].decode("utf-8", "replace")
        if len(body) > 2 * MOST_BODY:
            text = text[:-_LONGEST_KEY]
        hidden = self._kit.keys().hide(text)[:MOST_BODY]
        return Body(good, self._kit.wall.now(), status, hidden)

    def _finished(self, outcome: Outcome, circuit: Circuit, pause: float) -> Outcome:
        before, now = self.state, self._kit.wall.now()
        state = replace(
            outcome.state,
            circuit=circuit.state.value,
            failures=circuit.failures,
            next_try_at=now + timedelta(seconds=pause),
        )
        clock = self._kit.wall.doubt
        if clock is not None:
            state = replace(state, doubt_th=clock.th, doubt_en=clock.en)
        if _standing(state) != _standing(before):
            state = replace(state, since=now)
        return replace(outcome, state=state)

    async def _keep(self, outcome: Outcome) -> None:
        """Write down, then bring into the database; what cannot be brought stays on disk."""
        feed = self.setting.feed
        path = self._kit.spool.put(outcome.batch) if outcome.batch else None
        if path is not None:
            self._kit.under_way.add(path)
        try:
            self.state = await asyncio.to_thread(keeping.keep, self._kit.connect, feed, outcome)
            if path is not None:
                path.unlink(missing_ok=True)
        except AWAY as error:
            # without the mark of this answer, the next one is whole again
            self.state = replace(
                outcome.state, etag=self.state.etag, last_modified=self.state.last_modified
            )
            if is_away(error):
                log.warning("feed %s: the database is away, readings wait on disk", feed.name)
                return
            log.exception("feed %s: what it sent is refused by the database", feed.name)
            self.state = replace(self.state, error_th=_UNKEPT.th, error_en=_UNKEPT.en)
            await self._keep_state()
        finally:
            if path is not None:
                self._kit.under_way.discard(path)

    async def _keep_state(self) -> None:
        try:
            outcome = Outcome(self.state)
            await asyncio.to_thread(keeping.keep, self._kit.connect, self.setting.feed, outcome)
        except AWAY:
            log.exception("feed %s: its state could not be kept", self.setting.feed.name)


def _standing(state: FeedState) -> tuple[object, ...]:
    return (state.circuit, state.error_en is None, state.doubt_en is None)


def circuit_of(state: FeedState) -> Circuit:
    """The circuit a feed's state was kept with."""
    known = {each.value: each for each in State}
    return Circuit(known.get(state.circuit, State.WAITING), max(state.failures, 0))


def is_away(error: Exception) -> bool:
    """Whether the database is not there, rather than refusing what it was given."""
    return isinstance(error, psycopg.OperationalError | UnavailableError | OSError)
