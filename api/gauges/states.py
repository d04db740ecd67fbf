"""What every station says now, against banks, thresholds and remembered floods."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from api.gauges import doubts, words
from api.gauges.models import GaugeTold, Now, RememberedTold, ThresholdTold, ZeroTold
from db import readings
from db.queries.gauges import Connection, Station
from db.readings import Columns
from flood.gauges import judge, usable
from flood.levels import Quality, State, known, state, to_bank
from layers.series import RAIN, SERIES, Flag
from layers.text import Text

_AHEAD = timedelta(days=2)
"""Readings dated further ahead are not looked at: those within are enough to say so."""
_LEAST_H = 26
_MARGIN_S = 7200
RAIN_HOURS = (1, 3, 6, 12, 24)


def naive(moment: datetime) -> np.datetime64:
    """An aware moment as numpy holds times here: UTC without a zone."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def aware(moment: np.datetime64) -> datetime:
    """The other way round."""
    found: datetime = moment.astype("datetime64[us]").item()
    return found.replace(tzinfo=UTC)


async def recent(
    conn: Connection, stations: Iterable[Station], now: datetime, *, exercise: bool
) -> dict[str, Columns]:
    """The last days' readings of each station, by code: as far back as its limits look."""
    asked = tuple(stations)
    found: dict[str, Columns] = {}
    for series in SERIES:
        own = [station for station in asked if station.series == series]
        if not own:
            continue
        back = max(max(one.limits.stuck_after_s or 0, _LEAST_H * 3600) for one in own) + _MARGIN_S
        codes = [station.code for station in own]
        start = now - timedelta(seconds=back)
        found |= await readings.between_async(
            conn, series.id, codes, start, now + _AHEAD, exercise=exercise
        )
        silent = set(codes) - set(found)
        if silent:
            last = await readings.latest_async(conn, series.id, exercise=exercise, now=now)
            found |= {code: _alone(last[code]) for code in silent & set(last)}
    return found


def _alone(last: readings.Latest) -> Columns:
    return readings.columns(
        [
            (
                *(last.station, last.id, last.at, last.value, last.discharge_m3s),
                *(last.received_at, last.source, last.flags, False),
            )
        ]
    )


def told(station: Station, columns: Columns | None, now: datetime) -> GaugeTold:
    """A station as answers tell it."""
    values = station.values
    found, at_now = _now(station, columns, now)
    banks = known(values["bank_left_m"]), known(values["bank_right_m"])
    rain = at_now.rain_mm or {}
    thresholds = [_threshold(one, found, rain) for one in _by_level(station.thresholds)]
    return GaugeTold(
        code=station.code,
        name=values["name"],
        river=values["river"],
        kind=values["kind"],
        unit=station.series.unit,
        point=(station.lon, station.lat),
        zero_m=station.zeros.at(now),
        zeros=[
            ZeroTold(
                valid_from=one["valid_from"].astimezone(UTC),
                zero_m=one["zero_m"],
                reason=one["reason"],
            )
            for one in station.dated_zeros
        ],
        datum=values["datum"],
        bank_left_m=banks[0],
        bank_right_m=banks[1],
        ground_m=values["ground_m"],
        expected_interval_s=station.limits.expected_interval_s,
        source=values["source"],
        now=at_now,
        thresholds=thresholds,
        next_threshold=next((one.name for one in thresholds if one.reached is False), None),
        remembered=[_remembered(one, found) for one in station.remembered],
        doubts=list(doubts.of_record(station)),
    )


def _now(station: Station, columns: Columns | None, now: datetime) -> tuple[float | None, Now]:
    """The level now, if there is one, and all that is said of it."""
    if columns is None or not len(columns):
        nothing = Text(th="ไม่มีค่าที่วัดได้", en="No reading")
        return None, Now(quality=Quality.NONE, says=[nothing])
    found = state(columns.at, columns.value, columns.received, station.limits, naive(now))
    flags = words.flag_names(found.flags)
    if found.index is None:
        return None, Now(quality=found.quality, flags=flags, says=list(words.doubts(found.flags)))
    shown = found.index
    value = _figure(columns.value[shown])
    of_rain = station.series == RAIN
    level = None if of_rain else value
    over = to_bank(level, station.values["bank_left_m"], station.values["bank_right_m"])
    doubt = None if level is None else doubts.of_level(station, level)
    return level, Now(
        quality=found.quality,
        at=aware(columns.at[shown]),
        received_at=aware(columns.received[shown]),
        age_s=None if found.age_s is None else int(found.age_s),
        level_m=level,
        discharge_m3s=_figure(columns.discharge[shown]),
        to_bank_m=_cut(over),
        trend_cm_h=None if of_rain or found.trend_cm_h is None else round(found.trend_cm_h, 1),
        rain_mm=_rain(station, columns, now) if of_rain else None,
        source=columns.source[shown],
        flags=flags,
        says=[
            *([] if doubt is None else [doubt]),
            *_says(found, over, of_rain=of_rain),
        ],
    )


def _says(found: State, over: float | None, *, of_rain: bool) -> list[Text]:
    said: list[Text] = []
    if over is not None:
        said.append(words.against_bank(over))
    if found.trend_cm_h is not None and not of_rain:
        said.append(words.trend(found.trend_cm_h))
    if found.age_s is not None:
        said.append(words.age(found.age_s))
    if found.quality is Quality.LATE:
        said.append(Text(th="ค่าเก่า ไม่มีค่าใหม่ตามกำหนด", en="Old: nothing newer came as expected"))
    if found.quality is Quality.SUSPECT:
        said.append(Text(th="น่าสงสัย โปรดตรวจสอบ", en="Suspect: have it checked"))
        said.extend(words.doubts(found.flags & ~(Flag.LATE | Flag.DUPLICATE | Flag.GAP)))
    return said


def _rain(station: Station, columns: Columns, now: datetime) -> dict[str, float | None]:
    return {str(h): _sum(station, columns, now, h) for h in RAIN_HOURS}


def _sum(station: Station, columns: Columns, now: datetime, hours: float) -> float | None:
    """Rain of the last hours; None where nothing came in them."""
    flags = judge(columns.at, columns.value, columns.received, station.limits)
    end = naive(now)
    within = (columns.at > end - np.timedelta64(int(hours * 3600), "s")) & (columns.at <= end)
    kept = columns.value[within & usable(flags) & np.isfinite(columns.value)]
    return round(float(kept.sum()), 2) if len(kept) else None


def _by_level(thresholds: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(
        thresholds,
        key=lambda one: (one["level_m"] or 0, one["rain_mm"] or 0, one["name"]),
    )


def _threshold(
    one: Mapping[str, Any], level: float | None, rain: Mapping[str, float | None]
) -> ThresholdTold:
    metres = None if level is None or one["level_m"] is None else level - one["level_m"]
    fell = _fell(rain, one["rain_hours"])
    amount = None if fell is None or one["rain_mm"] is None else fell - one["rain_mm"]
    distance = amount if metres is None else metres
    return ThresholdTold(
        name=one["name"],
        kind=one["kind"],
        level_m=one["level_m"],
        rain_mm=one["rain_mm"],
        rain_hours=one["rain_hours"],
        distance_m=_cut(metres),
        distance_mm=_cut(amount),
        reached=None if distance is None else distance >= 0,
        set_by=one.get("set_by"),
        set_on=one["set_on"],
        note=one["note"],
    )


def _fell(rain: Mapping[str, float | None], hours: float | None) -> float | None:
    """The sum told for the shortest time that is no shorter than the threshold's."""
    longer = [h for h in RAIN_HOURS if hours is not None and h >= hours]
    return rain.get(str(longer[0])) if longer else None


def _remembered(one: Mapping[str, Any], level: float | None) -> RememberedTold:
    away = None if level is None else level - one["peak_m"]
    return RememberedTold(
        year_be=one["year_be"],
        peak_m=one["peak_m"],
        distance_m=_cut(away),
        says=None if away is None else words.against_flood(away, one["year_be"]),
        note=one["note"],
    )


def _figure(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None


def _cut(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
