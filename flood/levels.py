"""A level as a watch needs it: over or under the bank, rising or falling, to be believed or not.

Pure. Levels in m MSL, times datetime64 in UTC, arrays of one length in order of time. A bank of 0
is how some sources write that nobody knows it.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from flood.gauges import GAP_INTERVALS, Flag, Flags, Times, Values, judge
from layers.series import Limits

TREND_HOURS = 3.0
"""A trend is told over so much, and only where readings span at least half of it."""
_NOTHING = Flag(0)
_UNBELIEVED = int(Flag.FUTURE | Flag.RANGE | Flag.SPIKE)


class Quality(StrEnum):
    """Whether what is shown may be relied on: `late` is old, `suspect` odd, `none` not there."""

    OK = "ok"
    LATE = "late"
    SUSPECT = "suspect"
    NONE = "none"


@dataclass(frozen=True)
class State:
    """What a station says now. `index` is the reading shown, None where none can be."""

    quality: Quality
    index: int | None = None
    age_s: float | None = None
    trend_cm_h: float | None = None
    flags: Flag = _NOTHING


def state(
    times: Times, values: Values, received: Times, limits: Limits, now: np.datetime64
) -> State:
    """The state at `now`, judged from the station's last days.

    Shown is the newest reading that is neither of the future nor impossible nor a jump nothing
    has confirmed; where a newer one was passed over for that, the state is suspect.
    """
    flags = judge(times, values, received, limits)
    past = times <= now + np.timedelta64(int(limits.future_after_s), "s")
    kept = np.flatnonzero(((flags & _UNBELIEVED) == 0) & past)
    if not len(kept):
        last = Flag(int(flags[-1])) if len(flags) else Flag(0)
        return State(Quality.SUSPECT if len(flags) else Quality.NONE, flags=last)
    shown = int(kept[-1])
    age = max(0.0, float((now - times[shown]) / np.timedelta64(1, "s")))
    newer = flags[shown + 1 :]
    told = Flag(int(flags[shown])) | Flag(int(np.bitwise_or.reduce(newer)) if len(newer) else 0)
    quality = Quality.OK
    if age > max(limits.late_after_s, GAP_INTERVALS * limits.expected_interval_s):
        quality = Quality.LATE
    if flags[shown] & Flag.STUCK or len(newer):
        quality = Quality.SUSPECT
    return State(quality, shown, age, trend_cm_h(times, values, flags, shown), told)


def trend_cm_h(times: Times, values: Values, flags: Flags, until: int) -> float | None:
    """Centimetres an hour up to reading `until`, by least squares; None where too few are known."""
    end = times[until]
    begin = end - np.timedelta64(int(TREND_HOURS * 3600), "s")
    sound = (flags & (_UNBELIEVED | int(Flag.DUPLICATE))) == 0
    recent = (times >= begin) & (times <= end) & sound & np.isfinite(values)
    hours: NDArray[np.float64] = (times[recent] - end) / np.timedelta64(3600, "s")
    if len(hours) < 2 or -float(hours.min()) < TREND_HOURS / 2:  # noqa: PLR2004 - a line needs two
        return None
    away = hours - hours.mean()
    below = float(away @ away)
    return 100 * float(away @ values[recent]) / below if below else None


def known(bank: float | None) -> float | None:
    """A bank's level, None where it is not known: empty, 0 or no number."""
    return None if bank is None or bank == 0 or not math.isfinite(bank) else bank


def to_bank(level: float | None, *banks: float | None) -> float | None:
    """Metres over the lowest known bank, negative below it; None where no bank is known."""
    levels = [bank for bank in map(known, banks) if bank is not None]
    return None if level is None or not levels else level - min(levels)


def peaks(times: Times, values: Values, start: np.datetime64, step_s: float) -> NDArray[np.int64]:
    """Indices of the readings to draw: of each `step_s` from `start` the lowest and the highest.

    So no peak is lost however few points are drawn; the last reading is always among them.
    """
    finite = np.flatnonzero(np.isfinite(values))
    if not len(finite):
        return np.arange(len(times), dtype=np.int64)[:0]
    bucket = ((times[finite] - start) / np.timedelta64(1, "s") // step_s).astype(np.int64)
    by_value = np.lexsort((values[finite], bucket))
    edges = np.flatnonzero(np.diff(bucket[by_value]))
    lowest = by_value[np.concatenate(([0], edges + 1))]
    highest = by_value[np.concatenate((edges, [len(by_value) - 1]))]
    chosen: NDArray[np.int64] = np.unique(
        np.concatenate((finite[lowest], finite[highest], finite[-1:]))
    )
    return chosen
