"""Serves an exercise's invented readings on this machine, in the shapes real sources have."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from db.exercise import Exercise
from db.feeds import Feed
from etl.feeds.drill.scenarios import (
    BEFORE_H,
    STEP_H,
    Link,
    Scenario,
    Station,
    delays_h,
    level_m,
    rain_mm,
    scenario_of,
    tide_m,
)
from layers.errors import NotFoundError
from layers.text import Text

SCHEME = "replay:"
_WINDOW_H = 24.0
"""Each answer tells the last day again, so that a process that was away misses nothing of it."""
_EARLY = timedelta(minutes=2)
"""So long after the beginning answers also tell the quiet days before."""
_THAI = timezone(timedelta(hours=7))
_STEP = timedelta(minutes=10)

Town = tuple[tuple[Station, ...], tuple[Link, ...]]


@dataclass(frozen=True)
class Play:
    """One exercise on the stations of a town: what its sources would say at a moment."""

    exercise: Exercise
    stations: tuple[Station, ...]
    links: tuple[Link, ...]

    def answer(self, path: str, now: datetime) -> tuple[str, bytes] | None:
        """The mark (ETag) and the body of a source at a moment; None where there is no source."""
        made = {"/levels": self._levels, "/rain": self._rain, "/tide": self._tide}.get(path)
        if made is None:
            return None
        times = self._times(now)
        mark = f'"{self.exercise.id}-{times[0]:%d%H%M}-{times[-1]:%m%d%H%M}"'
        return mark, orjson.dumps(made(times))

    def _times(self, now: datetime) -> list[datetime]:
        """Full tens of minutes up to the exercise's present."""
        clock = self.exercise.clock(now)
        last = clock - (clock - datetime(2000, 1, 1, tzinfo=UTC)) % _STEP
        early = now - self.exercise.started_at < _EARLY
        first = max(
            last - timedelta(hours=BEFORE_H if early else _WINDOW_H),
            self.exercise.started_at - timedelta(hours=BEFORE_H),
        )
        steps = max(0, int((last - first) / _STEP))
        return [last - _STEP * back for back in range(steps, -1, -1)]

    def _scenario(self) -> Scenario:
        return scenario_of(self.exercise.scenario)

    def _hours(self, at: datetime) -> float:
        return (at - self.exercise.started_at) / timedelta(hours=1)

    def _of(self, kind: str) -> Iterator[Station]:
        return (station for station in self.stations if station.kind == kind)

    def _levels(self, times: list[datetime]) -> dict[str, Any]:
        delays = delays_h(self.stations, self.links)
        play, seed = self._scenario(), self.exercise.seed
        rows = [
            _level_row(
                station, at, level_m(play, station, delays[station.code], seed, self._hours(at))
            )
            for station in self._of("river")
            for at in times
        ]
        return {"waterlevel_data": {"result": "OK", "data": rows}}

    def _rain(self, times: list[datetime]) -> dict[str, Any]:
        return {"rows": list(self._rows("rain", times, rain_mm))}

    def _tide(self, times: list[datetime]) -> dict[str, Any]:
        return {"rows": list(self._rows("tide", times, tide_m))}

    def _rows(
        self,
        kind: str,
        times: list[datetime],
        value: Callable[[Scenario, Station, int, float], float],
    ) -> Iterator[dict[str, Any]]:
        play, seed = self._scenario(), self.exercise.seed
        for station in self._of(kind):
            for at in times:
                told = value(play, station, seed, self._hours(at))
                yield {"station": station.code, "at": at.isoformat(), "value": told}


def _level_row(station: Station, at: datetime, level: float) -> dict[str, Any]:
    return {
        "station": {
            "tele_station_oldcode": station.code,
            "min_bank": station.bank_m or 0,
            "ground_level": station.ground_m,
        },
        "waterlevel_msl": f"{level:.2f}",
        "waterlevel_datetime": at.astimezone(_THAI).strftime("%Y-%m-%d %H:%M"),
        "situation_level": None,
    }


def drill_feeds(kinds: set[str], speed: float, actor: str) -> list[Feed]:
    """The feeds of an exercise: one for each kind of station the town has."""
    interval = max(1, round(STEP_H * 3600 / speed))
    paths = {"station": "station", "at": "at", "value": "value", "rows": "rows"}
    feeds = {
        "river": Feed("drill_levels", "thaiwater", f"{SCHEME}levels", interval, actor),
        "rain": Feed(
            *("drill_rain", "mapper", f"{SCHEME}rain", interval, actor),
            mapping={**paths, "series": "rain_readings", "unit": "mm"},
        ),
        "tide": Feed(
            *("drill_tide", "mapper", f"{SCHEME}tide", interval, actor),
            mapping={**paths, "series": "tide_readings"},
        ),
    }
    title = "ฝึกซ้อม · EXERCISE"
    return [
        Feed(
            *(feed.name, feed.kind, feed.url, feed.interval_s, actor),
            title=title,
            mapping=feed.mapping,
            private=True,
            exercise=True,
        )
        for kind, feed in feeds.items()
        if kind in kinds
    ]


class Replay:
    """An HTTP server on this machine's loopback for as long as an exercise is polled."""

    def __init__(
        self,
        town: Callable[[], Town],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._town = town
        self._now = now
        self._server: ThreadingHTTPServer | None = None
        self._play: Play | None = None

    def address(self, exercise: Exercise, feed: Feed) -> str:
        """Where an exercise's feed is asked for; begins to serve when it is the first."""
        if self._play is None or self._play.exercise != exercise:
            self.stop()
            stations, links = self._town()
            self._play = Play(exercise, stations, links)
        if self._server is None:
            self._server = _serve(self._answer)
        port = int(self._server.server_address[1])
        return f"http://127.0.0.1:{port}/{feed.url.removeprefix(SCHEME)}"

    def stop(self) -> None:
        """Serve no longer."""
        server, self._server, self._play = self._server, None, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def _answer(self, path: str) -> tuple[str, bytes] | None:
        play = self._play
        return play.answer(path, self._now()) if play is not None else None


def _serve(answer: Callable[[str], tuple[str, bytes] | None]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                found = answer(self.path)
            except NotFoundError:
                found = None
            if found is None:
                self.send_error(404)
                return
            mark, body = found
            if self.headers.get("If-None-Match") == mark:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("ETag", mark)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the poller says what came of it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    return server


NO_STATIONS = Text(
    th="เมืองนี้ยังไม่มีสถานีวัดน้ำ เพิ่มในชั้น gauges ก่อน จึงจะฝึกซ้อมได้",
    en="This town has no gauges yet: enter them in the layer gauges before an exercise.",
)
