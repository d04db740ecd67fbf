"""A stretch of one station's readings: which, how many, and as JSON or CSV."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

import numpy as np
from fastapi import Depends, Query

from api import past
from api.gauges import words
from api.gauges.models import Readings, ReadingTold
from api.gauges.states import aware, naive
from db import readings
from db.queries.gauges import Connection, Station
from db.readings import Columns
from flood.gauges import judge
from flood.levels import peaks
from layers.errors import BadRequestError
from layers.series import RAIN
from layers.text import Text

USUAL = timedelta(hours=48)
MOST = 5_000
"""Readings of one answer: more than a screen is wide, several times over."""
WHOLE = timedelta(days=400)
"""Longer stretches are thinned out in the database, and told with the flags of arrival alone."""
_UNSAFE = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class _Asked:
    start: datetime | None
    end: datetime | None
    step_s: int | None
    every: bool
    format: Literal["json", "csv"]


async def _asked(
    start: Annotated[
        str | None, Query(description="From this time on (RFC 3339); 48 h before the end")
    ] = None,
    end: Annotated[str | None, Query(description="Up to and without this time; now")] = None,
    step: Annotated[
        int | None,
        Query(ge=60, le=31_622_400, description="Seconds: the lowest and highest reading of each"),
    ] = None,
    every: Annotated[
        bool, Query(alias="all", description="Every reading, replaced and wrong ones too")
    ] = False,
    format: Annotated[Literal["json", "csv"], Query(description="What to answer with")] = "json",  # noqa: A002 - the parameter's name
) -> _Asked:
    return _Asked(
        None if start is None else past.moment(start, "start"),
        None if end is None else past.moment(end, "end"),
        *(step, every, format),
    )


Asked = Annotated[_Asked, Depends(_asked)]
"""What of a station's readings is wanted, as parameters of a route."""


async def readings_of(
    conn: Connection, station: Station, asked: _Asked, now: datetime, *, exercise: bool
) -> Readings:
    """The readings wanted; BadRequestError for a stretch that ends before it begins."""
    # readings dated a little ahead are part of the present
    end = asked.end or now + timedelta(seconds=station.limits.future_after_s)
    start = asked.start or end - USUAL
    if start >= end:
        raise BadRequestError(
            Text(th="เวลาเริ่ม (start) ต้องก่อนเวลาสิ้นสุด (end)", en="start must be before end.")
        )
    series = station.series.id
    step = asked.step_s
    if end - start > WHOLE:
        step = max(step or 0, _step_for(start, end))
        found = await readings.coarse_async(
            *(conn, series, station.code, start, end), step_s=step, exercise=exercise
        )
        return _told(station, found, found.flags, (start, end, step, exercise))
    many = await readings.between_async(
        *(conn, series, [station.code], start, end), exercise=exercise, every=asked.every
    )
    found = many.get(station.code) or readings.columns([])
    flags = found.flags | judge(found.at, found.value, found.received, station.limits)
    if step is None and len(found) > MOST:
        step = _step_for(start, end)
    if step is not None:
        step = max(step, _step_for(start, end)) if len(found) > MOST else step
        chosen = peaks(found.at, found.value, naive(start), step)
        found, flags = found.take(chosen), flags[chosen]
    return _told(station, found, flags, (start, end, step, exercise))


def _step_for(start: datetime, end: datetime) -> int:
    """The step of which a stretch has as many as an answer may hold two readings of."""
    return int((end - start).total_seconds() * 2 / MOST) + 1


def _told(
    station: Station,
    found: Columns,
    flags: np.ndarray[tuple[int], np.dtype[np.int16]],
    about: tuple[datetime, datetime, int | None, bool],
) -> Readings:
    of_rain = station.series == RAIN
    start, end, step, exercise = about
    return Readings(
        gauge=station.code,
        series=station.series.id,
        unit=station.series.unit,
        start=start,
        end=end,
        step_s=step,
        exercise=exercise,
        readings=[
            ReadingTold(
                id=int(found.id[n]),
                at=aware(found.at[n]),
                level_m=None if of_rain else _figure(found.value[n]),
                rain_mm=_figure(found.value[n]) if of_rain else None,
                discharge_m3s=_figure(found.discharge[n]),
                received_at=aware(found.received[n]),
                source=found.source[n],
                flags=words.flag_names(int(flags[n])),
                wrong=bool(found.wrong[n]),
            )
            for n in range(len(found))
        ],
    )


def as_csv(answer: Readings) -> str:
    """The readings as CSV (RFC 4180) with a heading; a spreadsheet runs none of its cells."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = ("at", "level_m", "rain_mm", "discharge_m3s", "received_at", "source", "flags", "wrong")
    writer.writerow(("id", *names))
    for one in answer.readings:
        writer.writerow(
            (
                *(one.id, one.at.isoformat(), one.level_m, one.rain_mm, one.discharge_m3s),
                *(one.received_at.isoformat(), _safe(one.source), " ".join(one.flags), one.wrong),
            )
        )
    return out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_UNSAFE) else text


def _figure(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
