"""NWIS-shaped JSON of the U.S. Geological Survey: feet and cubic feet a second to metres.

Gage height (00065) is a number on a staff: it becomes m MSL by the zero the town recorded for the
station, and without one it is refused, not guessed. Discharge (00060) needs no zero. Precipitation
(00045) is inches. What cannot be told apart from "no value" (-999999, or the series' own number)
is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from etl.feeds.parsed import (
    BAD_ROW,
    NO_STATION,
    NO_VALUE,
    NOT_OURS,
    Door,
    Observation,
    Parsed,
    RowError,
    Rows,
    Series,
)
from etl.feeds.reading import document, listed, time_of, value_of, within, word, wrong_shape
from layers.text import Text

FOOT_M = 0.3048
CUBIC_FOOT_M3 = FOOT_M**3
INCH_MM = 25.4
_MISSING = -999_999.0
_LEVEL, _DISCHARGE, _RAIN = "00065", "00060", "00045"
_UNITS = {_LEVEL: ("ft",), _DISCHARGE: ("ft3/s",), _RAIN: ("in",)}
_NOT_A_SERIES = Text(
    th="ไม่ใช่ระดับน้ำ อัตราการไหล หรือฝนในหน่วยที่รู้จัก",
    en="not a level, discharge or rain in a unit we know",
)
NOTE = Text(
    th="แปลงฟุตเป็นเมตร (0.3048) และลูกบาศก์ฟุตต่อวินาทีเป็นลูกบาศก์เมตรต่อวินาที",
    en="Feet are turned to metres (0.3048) and cubic feet a second to cubic metres a second.",
)


@dataclass(frozen=True)
class _Line:
    """One time series of an answer: a station, what is measured, and what means no value."""

    site: str
    what: str
    missing: frozenset[float]


def parse(body: bytes, door: Door) -> Parsed:
    """The town's readings of an answer. UnreadableAnswerError when it is another shape."""
    tally = Rows()
    found: dict[tuple[Series, str, datetime], Observation] = {}
    answer = document(body)
    lines = within(answer, "value", "timeSeries")
    if not isinstance(lines, list):
        raise wrong_shape("value.timeSeries[]", answer)
    for told in lines:
        try:
            line = _line(told)
        except RowError as error:
            # a series that brings no reading is refused all the same
            count = len(list(_points(told))) or 1
            tally.read += count
            tally.refuse(error.reason, within(told, "name"), count)
            continue
        for point in listed(_points(told), tally):
            try:
                _keep(found, _observation(point, line, door))
                tally.kept += 1
            except RowError as error:
                tally.refuse(error.reason, f"{line.site} {line.what} {_shown(point)}")
    return Parsed(
        tally.read,
        tally.kept,
        observations=tuple(found.values()),
        refused=tally.finish(),
        notes=(NOTE,) if found else (),
    )


def _line(told: object) -> _Line:
    site = _first_code(within(told, "sourceInfo", "siteCode"))
    if site is None:
        raise RowError(NO_STATION)
    what = _first_code(within(told, "variable", "variableCode")) or ""
    unit = within(told, "variable", "unit", "unitCode")
    if unit not in _UNITS.get(what, ()):
        raise RowError(_NOT_A_SERIES)
    missing = {_MISSING}
    own = within(told, "variable", "noDataValue")
    if isinstance(own, int | float):
        missing.add(float(own))
    return _Line(site, what, frozenset(missing))


def _first_code(told: object) -> str | None:
    return word(within(told[0], "value")) if isinstance(told, list) and told else None


def _points(told: object) -> Iterator[object]:
    blocks = within(told, "values")
    for block in blocks if isinstance(blocks, list) else []:
        points = within(block, "value")
        yield from points if isinstance(points, list) else []


def _observation(point: object, line: _Line, door: Door) -> Observation:
    if not isinstance(point, dict):
        raise RowError(BAD_ROW)
    ours = door.station(line.site)
    if ours is None:
        raise RowError(NOT_OURS)
    at = door.time(time_of(point.get("dateTime")))
    value = value_of(point.get("value"))
    if value is None or value in line.missing:
        raise RowError(NO_VALUE)
    if line.what == _DISCHARGE:
        return Observation(ours, at, None, discharge_m3s=value * CUBIC_FOOT_M3)
    if line.what == _RAIN:
        return Observation(ours, at, value * INCH_MM, series=Series.RAIN)
    staff = value * FOOT_M
    return Observation(ours, at, door.level(ours, staff, at), staff_m=staff)


def _keep(found: dict[tuple[Series, str, datetime], Observation], one: Observation) -> None:
    """Level and discharge of one moment are one reading."""
    key = (one.series, one.station, one.at)
    there = found.get(key)
    if there is not None:
        one = replace(
            one,
            value=there.value if one.value is None else one.value,
            discharge_m3s=there.discharge_m3s if one.discharge_m3s is None else one.discharge_m3s,
            staff_m=there.staff_m if one.staff_m is None else one.staff_m,
        )
    found[key] = one


def _shown(point: object) -> str:
    return f"{within(point, 'dateTime')} {within(point, 'value')}"
