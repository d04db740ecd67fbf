"""Readings of the series: the one way in, the newest of each station, and a stretch of one.

Unqualified names: whoever connects reads through their own views (`db.series_view`), machines all
columns, a role its own; after `db.past.enter` the same statements read what was known then.
Times are aware, values in the unit of the series (`layers.series`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection, Connection, sql

from layers.errors import BadRequestError
from layers.gauges import LAYER as GAUGES
from layers.series import DOUBTED, Flag, Limits, get, of_kind
from layers.text import Text

_YEARS = (1801, 2699)
"""Readings of other years are a slip of the pen (db/sql/060_readings.sql refuses them too)."""


@dataclass(frozen=True)
class Reading:
    """One reading as it came; `value` in the unit of the series, None where only discharge came.

    `at` is when it was read, `received_at` when we got it, both aware. `staff_m` is what was read
    on the staff where `value` was reckoned from it: it is reckoned anew when the zero is corrected.
    """

    station: str
    at: datetime
    value: float | None
    discharge_m3s: float | None = None
    source: str = ""
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    by: str | None = None
    exercise: bool = False
    staff_m: float | None = None


@dataclass(frozen=True)
class Added:
    """What became of a batch.

    `same` was told before and is not stored again; `revised` is stored beside the value it
    differs from; `flagged` of those stored have a flag.
    """

    new: int = 0
    same: int = 0
    revised: int = 0
    flagged: int = 0
    last_id: int | None = None


@dataclass(frozen=True)
class Latest:
    """The newest reading of a station that is neither marked wrong nor dated in the future."""

    station: str
    id: int
    at: datetime
    value: float | None
    discharge_m3s: float | None
    received_at: datetime
    source: str
    flags: Flag


@dataclass(frozen=True)
class Columns:
    """Readings of one station in order of time, as arrays of one length.

    `at` and `received` are datetime64[us] in UTC, `value` and `discharge` float64 with NaN for
    none, `flags` int16 of `layers.series.Flag` as they were given on arrival.
    """

    id: NDArray[np.int64]
    at: NDArray[np.datetime64]
    value: NDArray[np.float64]
    discharge: NDArray[np.float64]
    received: NDArray[np.datetime64]
    flags: NDArray[np.int16]
    wrong: NDArray[np.bool_]
    source: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.id)

    def part(self, start: int, end: int) -> "Columns":
        """The readings from one place up to another."""
        return Columns(
            id=self.id[start:end],
            at=self.at[start:end],
            value=self.value[start:end],
            discharge=self.discharge[start:end],
            received=self.received[start:end],
            flags=self.flags[start:end],
            wrong=self.wrong[start:end],
            source=self.source[start:end],
        )

    def take(self, places: NDArray[np.int64]) -> "Columns":
        """The readings at those places."""
        return Columns(
            id=self.id[places],
            at=self.at[places],
            value=self.value[places],
            discharge=self.discharge[places],
            received=self.received[places],
            flags=self.flags[places],
            wrong=self.wrong[places],
            source=tuple(self.source[place] for place in places.tolist()),
        )


_ADD = (
    "SELECT added, same, revised, doubtful, last_id FROM muang.add_readings("
    "%s, %s::text[], %s::timestamptz[], %s::float8[], %s::float8[], %s::timestamptz[],"
    " %s::text[], %s::text[], %s::smallint[], %s::boolean[], %s::float8[])"
)
_ACTOR = "SELECT set_config('muang.actor', %s, true)"
LIMIT_FIELDS = (
    *("expected_interval_s", "late_after_s", "future_after_s", "stuck_after_s"),
    *("most_per_h", "range_min", "range_max"),
)
"""Fields of `gauges` that say what is ordinary at a station."""
_LIMITS = sql.SQL("SELECT t.code, t.kind, {} FROM {} AS t").format(
    sql.SQL(", ").join(sql.Identifier("t", name) for name in LIMIT_FIELDS),
    sql.Identifier("town", GAUGES.id),
)


def add(
    conn: Connection[Any], series: str, readings: Sequence[Reading], *, actor: str | None = None
) -> Added:
    """Store a batch in one transaction, as one change of the series; as `loader` or `service`.

    Flags that can be told on arrival are stored with it: LATE, FUTURE, RANGE, DUPLICATE. A reading
    of a station nobody entered in `gauges` is stored too. BadRequestError for an impossible year
    and for a value that is no number; then nothing is stored.
    """
    if not readings:
        return Added()
    _check(readings)
    with conn.transaction():
        if actor is not None:
            conn.execute(_ACTOR, [actor])
        limits = _limits_of(series, conn.execute(_LIMITS).fetchall())
        row = conn.execute(_ADD, _arrays(series, readings, limits)).fetchone()
    return _added(row)


async def add_async(
    conn: AsyncConnection[Any],
    series: str,
    readings: Sequence[Reading],
    *,
    actor: str | None = None,
) -> Added:
    """`add` over an asynchronous connection."""
    if not readings:
        return Added()
    _check(readings)
    async with conn.transaction():
        if actor is not None:
            await conn.execute(_ACTOR, [actor])
        cursor = await conn.execute(_LIMITS)
        limits = _limits_of(series, await cursor.fetchall())
        cursor = await conn.execute(_ADD, _arrays(series, readings, limits))
        return _added(await cursor.fetchone())


def latest(
    conn: Connection[Any], series: str, *, exercise: bool = False, now: datetime | None = None
) -> dict[str, Latest]:
    """The newest reading of each station as of `now`, by station code."""
    return _newest(conn.execute(*_latest_query(series, exercise=exercise, now=now)).fetchall())


async def latest_async(
    conn: AsyncConnection[Any],
    series: str,
    *,
    exercise: bool = False,
    now: datetime | None = None,
    sound: bool = False,
) -> dict[str, Latest]:
    """`latest` over an asynchronous connection; `sound`: the newest that was not doubted."""
    asked = _latest_query(series, exercise=exercise, now=now, sound=sound)
    cursor = await conn.execute(*asked)
    return _newest(await cursor.fetchall())


def last_heard(conn: Connection[Any], series: str, since: datetime) -> dict[str, tuple[int, int]]:
    """Numbers of the last reading that came, late ones too, and of the last mark, by station.

    Of readings from `since` on; 0 where there is none. As a machine login.
    """
    statement = _HEARD.format(rows=sql.Identifier(get(series).id))
    values = {"since": since, "series": series}
    return {code: (last, mark) for code, last, mark in conn.execute(statement, values).fetchall()}


def between(
    conn: Connection[Any],
    series: str,
    station: str,
    start: datetime,
    end: datetime,
    *,
    exercise: bool = False,
    every: bool = False,
) -> Columns:
    """Readings of a station from `start` up to and without `end`, in order of time.

    Of several for one time the one received last, and none marked wrong; `every`: all of them.
    """
    found = between_many(conn, series, [station], start, end, exercise=exercise, every=every)
    return found.get(station) or columns([])


def between_many(
    conn: Connection[Any],
    series: str,
    stations: Iterable[str],
    start: datetime,
    end: datetime,
    *,
    exercise: bool = False,
    every: bool = False,
) -> dict[str, Columns]:
    """`between` of several stations with one statement; a station without readings is absent."""
    query = _between_query(series, stations, start, end, exercise=exercise, every=every)
    return _by_station(conn.execute(*query, binary=True).fetchall())


async def between_async(
    conn: AsyncConnection[Any],
    series: str,
    stations: Iterable[str],
    start: datetime,
    end: datetime,
    *,
    exercise: bool = False,
    every: bool = False,
) -> dict[str, Columns]:
    """`between_many` over an asynchronous connection."""
    query = _between_query(series, stations, start, end, exercise=exercise, every=every)
    cursor = await conn.execute(*query, binary=True)
    return _by_station(await cursor.fetchall())


async def coarse_async(
    conn: AsyncConnection[Any],
    series: str,
    station: str,
    start: datetime,
    end: datetime,
    *,
    step_s: float,
    exercise: bool = False,
) -> Columns:
    """Of each `step_s` from `start` the lowest and the highest reading in use, in order of time.

    For stretches too long to be brought here whole. What somebody else has judged is not asked:
    the flags are those of arrival.
    """
    in_use = _RAW.format(fields=_FIELDS, rows=sql.Identifier(get(series).id))
    statement = _COARSE.format(fields=_AS_NUMBERS, in_use=in_use)
    values = [timedelta(seconds=step_s), start, station, start, end, exercise]
    cursor = await conn.execute(statement, values, binary=True)
    return _by_station(await cursor.fetchall()).get(station) or columns([])


async def find_async(
    conn: AsyncConnection[Any], series: str, station: str, at: datetime, source: str
) -> int | None:
    """Number of the last reading a source told of a station and time; None: it told none."""
    cursor = await conn.execute(
        sql.SQL(
            "SELECT max(r.id) FROM {} AS r WHERE r.station = %s AND r.at = %s AND r.source = %s"
        ).format(sql.Identifier(get(series).id)),
        [station, at, source],
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def unknown_async(conn: AsyncConnection[Any]) -> list[str]:
    """Stations readings came from that are not in the layer `gauges`, as the role sees it."""
    cursor = await conn.execute(
        "SELECT DISTINCT s.station FROM series_stations AS s"
        " WHERE NOT EXISTS (SELECT 1 FROM gauges AS g WHERE g.code = s.station) ORDER BY 1"
    )
    return [row[0] for row in await cursor.fetchall()]


def limits(conn: Connection[Any], series: str) -> dict[str, Limits]:
    """What is ordinary at each station of the layer `gauges`; as a machine login."""
    return _limits_of(series, conn.execute(_LIMITS).fetchall())


_FIELDS = sql.SQL(", ").join(
    sql.Identifier("r", name)
    for name in ("station", "id", "at", "value", "discharge_m3s", "received_at", "source", "flags")
)
_AS_NUMBERS = sql.SQL(", ").join(
    sql.SQL("(extract(EPOCH FROM {}) * 1000000)::bigint AS {}").format(
        sql.Identifier("r", name), sql.Identifier(name)
    )
    if name in {"at", "received_at"}
    else sql.Identifier("r", name)
    for name in ("station", "id", "at", "value", "discharge_m3s", "received_at", "source", "flags")
)
"""A stretch's columns with times as microseconds since 1970: a third of the time of datetimes."""
_LATEST = sql.SQL(
    "SELECT {fields} FROM series_stations AS s CROSS JOIN LATERAL ("
    "SELECT r.* FROM {rows} AS r WHERE r.station = s.station AND r.at <= %s AND r.exercise = %s"
    " AND NOT r.wrong AND r.flags & %s = 0"
    " ORDER BY r.at DESC, r.id DESC LIMIT 1) AS r WHERE s.series = %s"
)
_HEARD = sql.SQL(
    "SELECT s.station,"
    " coalesce((SELECT max(r.id) FROM {rows} AS r"
    " WHERE r.station = s.station AND r.at >= %(since)s), 0),"
    " coalesce((SELECT max(m.id) FROM series.reading_mark AS m"
    " WHERE m.station = s.station AND m.series = s.series AND m.at >= %(since)s), 0)"
    " FROM series_stations AS s WHERE s.series = %(series)s"
)
_RAW = sql.SQL(
    "SELECT DISTINCT ON (r.at) {fields} FROM {rows} AS r"
    " WHERE r.station = %s AND r.at >= %s AND r.at < %s AND r.exercise = %s AND NOT r.wrong"
    " ORDER BY r.at, r.id DESC"
)
_IN_USE = sql.SQL(
    "SELECT DISTINCT ON (r.station, r.at) {fields}, false FROM {rows} AS r"
    " WHERE r.station = any(%s) AND r.at >= %s AND r.at < %s AND r.exercise = %s AND NOT r.wrong"
    " ORDER BY r.station, r.at, r.id DESC"
)
_COARSE = sql.SQL(
    "SELECT {fields}, false FROM (SELECT r.*,"
    " row_number() OVER (PARTITION BY r.bucket ORDER BY r.value, r.at) = 1 AS lowest,"
    " row_number() OVER (PARTITION BY r.bucket ORDER BY r.value DESC, r.at) = 1 AS highest"
    " FROM (SELECT r.*, date_bin(%s, r.at, %s) AS bucket FROM ({in_use}) AS r"
    " WHERE r.value IS NOT NULL) AS r) AS r WHERE r.lowest OR r.highest ORDER BY r.at"
)
_EVERY = sql.SQL(
    "SELECT {fields}, r.wrong FROM {rows} AS r"
    " WHERE r.station = any(%s) AND r.at >= %s AND r.at < %s AND r.exercise = %s"
    " ORDER BY r.station, r.at, r.id"
)


def _latest_query(
    series: str, *, exercise: bool, now: datetime | None, sound: bool = False
) -> tuple[sql.Composed, list[Any]]:
    found = get(series)
    moment = now or datetime.now(UTC)
    until = moment + timedelta(seconds=found.limits.future_after_s)
    statement = _LATEST.format(fields=_FIELDS, rows=sql.Identifier(found.id))
    return statement, [until, exercise, int(DOUBTED) if sound else 0, found.id]


def _between_query(
    series: str,
    stations: Iterable[str],
    start: datetime,
    end: datetime,
    *,
    exercise: bool,
    every: bool,
) -> tuple[sql.Composed, list[Any]]:
    template = _EVERY if every else _IN_USE
    statement = template.format(fields=_AS_NUMBERS, rows=sql.Identifier(get(series).id))
    return statement, [list(stations), start, end, exercise]


def _limits_of(series: str, rows: Iterable[Sequence[Any]]) -> dict[str, Limits]:
    return {
        row[0]: station_limits(series, row[1], dict(zip(LIMIT_FIELDS, row[2:], strict=True)))
        for row in rows
    }


def station_limits(series: str, kind: str, own: Mapping[str, float | None]) -> Limits:
    """A station's limits for a series: its own numbers where it has them, the defaults elsewhere.

    The numbers in `gauges` are about the series of the station's kind; a rain reading of a river
    station is held to the defaults of rain.
    """
    defaults = get(series).limits
    if of_kind(kind).id != series:
        return defaults
    given = {name: own[name] for name in LIMIT_FIELDS if own.get(name) is not None}
    return defaults.model_copy(update=given)


def arrival_flags(reading: Reading, limits: Limits) -> Flag:
    """The flags that can be told of one reading alone."""
    flags = Flag(0)
    lag = (reading.received_at - reading.at).total_seconds()
    if lag > limits.late_after_s:
        flags |= Flag.LATE
    if -lag > limits.future_after_s:
        flags |= Flag.FUTURE
    if reading.value is not None:
        low, high = limits.range_min, limits.range_max
        if (low is not None and reading.value < low) or (high is not None and reading.value > high):
            flags |= Flag.RANGE
    return flags


def _check(readings: Iterable[Reading]) -> None:
    for reading in readings:
        if not _YEARS[0] <= reading.at.year <= _YEARS[1]:
            raise BadRequestError(
                Text(
                    th=f"เวลา {reading.at.isoformat()} ของสถานี {reading.station} เป็นไปไม่ได้",
                    en=f"The time {reading.at.isoformat()} of station {reading.station} cannot be.",
                )
            )
        for value in (reading.value, reading.discharge_m3s, reading.staff_m):
            if value is not None and not np.isfinite(value):
                raise BadRequestError(
                    Text(
                        th=f"ค่าของสถานี {reading.station} ไม่ใช่ตัวเลข",
                        en=f"A value of station {reading.station} is not a number.",
                    )
                )


def _arrays(series: str, readings: Sequence[Reading], limits: Mapping[str, Limits]) -> list[object]:
    defaults = get(series).limits
    return [
        series,
        [r.station for r in readings],
        [r.at for r in readings],
        [r.value for r in readings],
        [r.discharge_m3s for r in readings],
        [r.received_at for r in readings],
        [r.source for r in readings],
        [r.by for r in readings],
        [int(arrival_flags(r, limits.get(r.station, defaults))) for r in readings],
        [r.exercise for r in readings],
        [r.staff_m for r in readings],
    ]


def _added(row: Sequence[Any] | None) -> Added:
    if row is None:
        raise RuntimeError("add_readings gave no row")
    return Added(row[0], row[1], row[2], row[3], row[4])


def _newest(rows: Iterable[Sequence[Any]]) -> dict[str, Latest]:
    return {
        station: Latest(station, found, at, value, discharge, received, source, Flag(flags))
        for station, found, at, value, discharge, received, source, flags in rows
    }


def _by_station(rows: Sequence[Sequence[Any]]) -> dict[str, Columns]:
    """Rows in the order of stations, times as microseconds, as arrays by station."""
    if not rows:
        return {}
    stations, ids, at, value, discharge, received, source, flags, wrong = zip(*rows, strict=True)
    whole = Columns(
        id=np.array(ids, dtype=np.int64),
        at=np.array(at, dtype=np.int64).view("datetime64[us]"),
        value=np.array(value, dtype=np.float64),
        discharge=np.array(discharge, dtype=np.float64),
        received=np.array(received, dtype=np.int64).view("datetime64[us]"),
        flags=np.array(flags, dtype=np.int16),
        wrong=np.array(wrong, dtype=np.bool_),
        source=source,
    )
    found: dict[str, Columns] = {}
    start = 0
    while start < len(stations):
        end = bisect_right(stations, stations[start], lo=start)
        found[stations[start]] = whole.part(start, end)
        start = end
    return found


def columns(rows: Sequence[Sequence[Any]]) -> Columns:
    """Rows (station, id, at, value, discharge, received, source, flags, wrong) as arrays."""
    return Columns(
        id=np.array([row[1] for row in rows], dtype=np.int64),
        at=_times(row[2] for row in rows),
        value=np.array([row[3] for row in rows], dtype=np.float64),
        discharge=np.array([row[4] for row in rows], dtype=np.float64),
        received=_times(row[5] for row in rows),
        source=tuple(row[6] for row in rows),
        flags=np.array([row[7] for row in rows], dtype=np.int16),
        wrong=np.array([row[8] for row in rows], dtype=np.bool_),
    )


def _times(moments: Iterable[datetime]) -> NDArray[np.datetime64]:
    return np.array(
        [moment.astimezone(UTC).replace(tzinfo=None) for moment in moments],
        dtype="datetime64[us]",
    )
