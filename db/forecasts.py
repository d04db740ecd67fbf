"""Forecasts of arrival as they were told, kept with what they rest on and what they were worth.

Written by the machine that forecasts (`loader`), read by every role through one function. A
forecast is never changed: what was told at a moment is what `told` gives for that moment.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from db.exercise import current_async
from layers.errors import BadRequestError, NotFoundError
from layers.text import Text

KEPT_DAYS = 60
"""What was told longer ago is forgotten; answers that were given keep their own words."""

MODELS_KEPT_DAYS = 3
"""Models themselves are fitted anew every day; what they were worth stays with the forecasts."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Fit:
    """What a model was fitted to and was worth: `skill` one object a lead (`flood.skill.Skill`)."""

    gauge: str
    exercise: bool
    made_at: datetime
    trained_from: datetime
    trained_to: datetime
    model_version: str
    skill: Sequence[Json]


@dataclass(frozen=True)
class Told:
    """One forecast, to be stored: counted from `origin`, the last good reading.

    `points`: at, lead_h, level_m, low_m, high_m, model, supported, in order of time; `crossings`:
    threshold, kind, level_m, earliest, likely, latest, probability; `inputs`: gauge, last, lag_h,
    lag_source, used; `caveats`: th, en. Levels in m MSL, moments RFC 3339 in UTC.
    """

    gauge: str
    exercise: bool
    made_at: datetime
    origin: datetime
    level_m: float
    points: Sequence[Json]
    crossings: Sequence[Json]
    inputs: Sequence[Json]
    caveats: Sequence[Json]


@dataclass(frozen=True)
class Forecast(Told):
    """A forecast as it is kept, with the skill of its model; empty skill where there was none."""

    id: int
    skill: Sequence[Json] | None
    trained_from: datetime | None
    trained_to: datetime | None
    model_version: str | None
    fit: int | None
    fitted_at: datetime | None


_FIT = (
    "INSERT INTO muang.forecast_fit"
    " (gauge, exercise, made_at, trained_from, trained_to, model_version, skill)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
_TOLD = (
    "INSERT INTO muang.forecast (gauge, exercise, made_at, origin, pos, fit, level_m, points,"
    " crossings, inputs, caveats)"
    " VALUES (%s, %s, %s, %s, muang.current_pos(), %s, %s, %s, %s, %s, %s)"
)
_OF = "SELECT * FROM muang.forecast_of(%s, %s, %s, %s)"
_NEWEST = (
    "SELECT DISTINCT ON (gauge) gauge, origin FROM muang.forecast WHERE exercise = %s"
    " ORDER BY gauge, id DESC"
)
_FORGET = "DELETE FROM muang.forecast WHERE made_at < now() - make_interval(days => %s)"
_MODEL = "INSERT INTO muang.forecast_model (fit, basis, model) VALUES (%s, %s, %s)"
_FITTED = (
    "SELECT m.fit, t.made_at, m.model FROM muang.forecast_model AS m"
    " INNER JOIN muang.forecast_fit AS t ON m.fit = t.id WHERE t.gauge = %s AND t.exercise = %s"
    " AND t.model_version = %s AND m.basis = %s AND t.made_at > %s AND t.made_at <= %s"
    " ORDER BY m.fit DESC LIMIT 1"
)
_FORGET_MODELS = (
    "DELETE FROM muang.forecast_model AS m USING muang.forecast_fit AS t"
    " WHERE m.fit = t.id AND t.made_at < now() - make_interval(days => %s)"
)
_FORGET_FITS = (
    "DELETE FROM muang.forecast_fit AS t WHERE t.made_at < now() - make_interval(days => %s)"
    " AND NOT EXISTS (SELECT FROM muang.forecast AS f WHERE f.fit = t.id)"
)


def add_fit(conn: Connection[Any], fit: Fit, model: tuple[Json, bytes] | None = None) -> int:
    """Keep what a model was worth; its number, for the forecasts made with it. As `loader`.

    `model` is what it was fitted on and the model itself, for `fitted` to find again.
    """
    row = conn.execute(
        _FIT,
        [
            *(fit.gauge, fit.exercise, fit.made_at, fit.trained_from, fit.trained_to),
            *(fit.model_version, Jsonb(list(fit.skill))),
        ],
    ).fetchone()
    if row is None:
        raise RuntimeError("the fit was not kept")
    number = int(row[0])
    if model is not None:
        conn.execute(_MODEL, [number, Jsonb(dict(model[0])), model[1]])
    return number


def fitted(
    conn: Connection[Any], gauge: str, model_version: str, basis: Json, *, since: datetime
) -> tuple[int, datetime, bytes] | None:
    """The newest model of real readings fitted on just that after `since`: number, time, model.

    One from after now, by a clock that was put back, is not taken. As `loader`.
    """
    row = conn.execute(
        _FITTED,
        [gauge, False, model_version, Jsonb(dict(basis)), since, datetime.now(UTC)],
    ).fetchone()
    return None if row is None else (int(row[0]), row[1], bytes(row[2]))


def add(conn: Connection[Any], told: Sequence[tuple[Told, int | None]]) -> None:
    """Keep forecasts with the numbers of their fits, and forget old ones. As `loader`."""
    with conn.transaction(), conn.cursor() as cursor:
        for one, fit in told:
            cursor.execute(
                _TOLD,
                [
                    *(one.gauge, one.exercise, one.made_at, one.origin, fit, one.level_m),
                    Jsonb(list(one.points)),
                    Jsonb(list(one.crossings)),
                    Jsonb(list(one.inputs)),
                    Jsonb(list(one.caveats)),
                ],
            )
        for statement in (_FORGET, _FORGET_FITS):
            cursor.execute(statement, [KEPT_DAYS])
        cursor.execute(_FORGET_MODELS, [MODELS_KEPT_DAYS])


def has_gauges(conn: Connection[Any]) -> bool:
    """Whether the town has a gauge that can be forecast. As `loader`."""
    row = conn.execute("SELECT EXISTS (SELECT FROM town.gauges WHERE kind <> 'rain')").fetchone()
    return bool(row and row[0])


def newest_origins(conn: Connection[Any], *, exercise: bool) -> dict[str, datetime]:
    """The origin of each gauge's newest forecast. As `loader`."""
    return dict(conn.execute(_NEWEST, [exercise]).fetchall())


async def told(
    conn: AsyncConnection[Any],
    gauge: str,
    *,
    exercise: bool,
    number: int | None = None,
    up_to: datetime | None = None,
) -> Forecast | None:
    """The newest forecast of a gauge, the one of that number, or the newest made by a moment."""
    async with conn.cursor(row_factory=class_row(Forecast)) as cursor:
        await cursor.execute(_OF, [gauge, exercise, number, up_to])
        return await cursor.fetchone()


@dataclass(frozen=True)
class AtMoment:
    """What the newest forecast says of a moment, in m MSL; `clock` is the present it was asked at.

    `origin` is the reading it counts from. During an exercise both are of the exercise's time.
    """

    likely_m: float
    low_m: float
    high_m: float
    origin: datetime
    clock: datetime


async def stage_at(conn: AsyncConnection[Any], gauge: str, at: datetime) -> AtMoment:
    """The level at a moment, of the newest forecast; any role may ask.

    Straight lines between the leads; while an exercise is open its forecast. NotFoundError when
    the gauge has none, BadRequestError for a moment before its origin or after its last lead.
    """
    drill = await current_async(conn)
    now = datetime.now(UTC)
    found = await told(conn, gauge, exercise=drill is not None)
    if found is None or not found.points:
        raise NotFoundError(
            Text(
                th=f"ยังไม่มีการคาดการณ์ของสถานี {gauge}",
                en=f"There is no forecast for gauge {gauge} yet.",
            )
        )
    times = [found.origin, *(datetime.fromisoformat(point["at"]) for point in found.points)]
    if not times[0] <= at <= times[-1]:
        raise BadRequestError(
            Text(
                th=f"เวลาอยู่นอกช่วงคาดการณ์ของสถานี {gauge} ({times[0].isoformat()} ถึง "
                f"{times[-1].isoformat()})",
                en=f"The time is outside the forecast of gauge {gauge}, which runs from "
                f"{times[0].isoformat()} to {times[-1].isoformat()}.",
            )
        )
    first = found.level_m
    levels = [
        (first, first, first),
        *((p["level_m"], p["low_m"], p["high_m"]) for p in found.points),
    ]
    after = max(bisect_left(times, at), 1)
    share = (at - times[after - 1]) / (times[after] - times[after - 1])
    likely, low, high = (
        before + share * (then - before)
        for before, then in zip(levels[after - 1], levels[after], strict=True)
    )
    return AtMoment(
        likely, low, high, found.origin.astimezone(UTC), drill.clock(now) if drill else now
    )
