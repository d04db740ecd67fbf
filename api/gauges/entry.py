"""A reading by hand: what is stored of it, and when its writer is asked whether it is right."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from api.gauges import doubts, words
from api.gauges.models import ReadingIn
from api.gauges.states import naive
from db.queries.gauges import Station
from db.readings import Columns, Reading, arrival_flags
from flood.gauges import judge, usable
from layers.errors import BadRequestError, ConfirmError
from layers.series import RAIN, Flag
from layers.text import Text

SOURCE = "staff"
"""Source of readings by hand; who it was is in `entered_by`."""
BEFORE = timedelta(hours=48)
"""How far back the reading is looked for that a new one is held against."""
_OLD = timedelta(days=2)
_LEAST_HOURS = 1 / 6


@dataclass(frozen=True)
class Writer:
    """Who enters it and on which clock: during an exercise its own, and marked as such."""

    name: str
    now: datetime
    exercise: bool


def reading_of(sent: ReadingIn, station: Station, writer: Writer) -> Reading:
    """The reading meant; BadRequestError where what was sent is not of this kind of station."""
    at = (sent.at or writer.now).astimezone(UTC).replace(microsecond=0)
    if not 1900 <= at.year <= 2200:  # noqa: PLR2004 - years a town's records can have
        raise BadRequestError(
            Text(th=f"เวลา {at.isoformat()} เป็นไปไม่ได้", en=f"The time {at.isoformat()} cannot be.")
        )
    return Reading(
        station=station.code,
        at=at,
        value=_value(sent, station, at),
        staff_m=sent.staff_m,
        source=SOURCE,
        received_at=writer.now,
        by=writer.name,
        exercise=writer.exercise,
    )


def _value(sent: ReadingIn, station: Station, at: datetime) -> float:
    told = {"staff_m": sent.staff_m, "level_m": sent.level_m, "rain_mm": sent.rain_mm}
    given = {name: value for name, value in told.items() if value is not None}
    of_rain = station.series == RAIN
    allowed = {"rain_mm"} if of_rain else {"staff_m", "level_m"}
    if len(given) != 1 or not given.keys() <= allowed:
        names = " / ".join(sorted(allowed))
        raise BadRequestError(
            Text(
                th=f"ส่งค่าเดียวจาก {names} สำหรับสถานี “{station.code}”",
                en=f"Send just one of {names} for the station “{station.code}”.",
            )
        )
    if "staff_m" not in given:
        (value,) = given.values()
        return value
    zero = station.zeros.at(at)
    if zero is None:
        raise BadRequestError(
            Text(
                th=f"ไม่ทราบศูนย์เสาระดับของสถานี “{station.code}” ในเวลานั้น ส่งเป็น ม.รทก. (level_m) "
                "หรือให้เจ้าหน้าที่กรอกศูนย์เสาระดับก่อน",
                en=f"The zero of the staff gauge at “{station.code}” is not known for that time. "
                "Send m MSL "
                "(level_m), or have the desk enter the zero first.",
            )
        )
    return round(given["staff_m"] + zero, 3)


def ask_if_odd(reading: Reading, station: Station, before: Columns) -> None:
    """ConfirmError where a reading is likelier a slip than water.

    `before` are the station's readings of the last `BEFORE` up to it.
    """
    odd = [*_odd_time(reading, station), *_odd_value(reading, station, before)]
    if not odd:
        return
    raise ConfirmError(
        Text(
            th=" ".join(one.th for one in odd) + " ถ้าถูกต้อง ส่งอีกครั้งพร้อมคำยืนยัน (confirm)",
            en=" ".join(one.en for one in odd) + " If it is right, send it again with confirm.",
        )
    )


def _odd_time(reading: Reading, station: Station) -> list[Text]:
    if Flag.FUTURE in arrival_flags(reading, station.limits):
        return [Text(th="เวลาที่วัดอยู่ในอนาคต", en="Its time is in the future.")]
    old = (reading.received_at - reading.at).total_seconds()
    if old > _OLD.total_seconds():
        return [
            Text(
                th=f"เวลาที่วัดคือ {words.age(old).th}",
                en=f"It was read {words.age(old).en}.",
            )
        ]
    return []


def _odd_value(reading: Reading, station: Station, before: Columns) -> list[Text]:
    value = reading.value
    if value is None:
        return []
    unit = station.series.unit
    if Flag.RANGE in arrival_flags(reading, station.limits):
        return [
            Text(
                th=f"{value:.2f} {unit} เกินช่วงที่เป็นไปได้ของสถานีนี้",
                en=f"{value:.2f} {unit} is beyond what is possible at this station.",
            )
        ]
    doubt = doubts.of_level(station, value)
    if doubt is not None:
        return [doubt]
    most = station.limits.most_per_h
    last = _last(before, station, reading.at)
    if most is None or last is None:
        return []
    then, level = last
    hours = max((reading.at - then).total_seconds() / 3600, _LEAST_HOURS)
    away = value - level
    if abs(away) <= most * hours:
        return []
    since = words.age(hours * 3600)
    return [
        Text(
            th=f"{value:.2f} ม. ต่างจากค่าเดิม {level:.2f} ม. ({since.th}) อยู่ {abs(away):.2f} ม.",
            en=f"{value:.2f} m is {abs(away):.2f} m from the last reading, {level:.2f} m "
            f"({since.en}).",
        )
    ]


def _last(before: Columns, station: Station, at: datetime) -> tuple[datetime, float] | None:
    """Time and value of the newest reading before `at` that may be believed."""
    flags = judge(before.at, before.value, before.received, station.limits)
    kept = usable(flags) & np.isfinite(before.value) & (before.at < naive(at))
    places = np.flatnonzero(kept)
    if not len(places):
        return None
    when: datetime = before.at[places[-1]].item()
    return when.replace(tzinfo=UTC), float(before.value[places[-1]])
