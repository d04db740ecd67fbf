"""What is odd about a station's readings: pure rules over arrays; nothing is dropped, only said.

Times are datetime64 in UTC, values in the unit of the series, `Limits` what is ordinary at the
station (`layers.series`). Judged again whenever a stretch is read: whether a jump was a spike is
known only by what came after it, and staff change a station's limits.
"""

import numpy as np
from numpy.typing import NDArray

from layers.series import DOUBTED, Flag, Limits

__all__ = ["DOUBTED", "Flag", "Limits", "judge", "usable"]

Times = NDArray[np.datetime64]
Values = NDArray[np.float64]
Flags = NDArray[np.int16]

GAP_INTERVALS = 2.5
"""A gap is more than so many expected intervals: one late reading is none."""
SPIKE_MOST = 3
"""A jump that comes back within so many readings is a spike; one that stays is the river."""
STUCK_LEAST = 4
"""Fewer equal readings are no sign of anything."""
_SHORTEST_S = 600.0
"""Two readings closer than this are held to the change of ten minutes: water moves in waves."""


def judge(times: Times, values: Values, received: Times, rules: Limits) -> Flags:
    """Flags of each reading, in the order given; arrays of one length, values NaN where none is.

    Readings of one time: the one received last stands for it, the others are DUPLICATE. Readings
    dated in the future and impossible values tell nothing about their neighbours. The last reading
    is a SPIKE while it jumps and nothing has confirmed it.
    """
    flags = np.zeros(len(times), dtype=np.int16)
    if not len(times):
        return flags
    lag = _seconds(received - times)
    flags[lag > rules.late_after_s] |= Flag.LATE
    flags[-lag > rules.future_after_s] |= Flag.FUTURE
    if rules.range_min is not None:
        flags[values < rules.range_min] |= Flag.RANGE
    if rules.range_max is not None:
        flags[values > rules.range_max] |= Flag.RANGE
    # by time, of one time by when it came
    order = np.lexsort((received, times))
    same = times[order][:-1] == times[order][1:]
    flags[order[:-1][same]] |= Flag.DUPLICATE
    sound = order[(flags[order] & (Flag.FUTURE | Flag.RANGE | Flag.DUPLICATE)) == 0]
    flags[sound] |= _gaps(times[sound], rules)
    known = sound[np.isfinite(values[sound])]
    flags[known] |= _stuck(times[known], values[known], rules)
    flags[known] |= _spikes(times[known], values[known], rules)
    return flags


def usable(flags: Flags) -> NDArray[np.bool_]:
    """Readings an answer may rest on: nothing makes their value doubtful."""
    kept: NDArray[np.bool_] = (flags & DOUBTED) == 0
    return kept


def _seconds(spans: NDArray[np.timedelta64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = spans / np.timedelta64(1, "s")
    return found


def _gaps(times: Times, rules: Limits) -> Flags:
    """The first reading after each gap; times strictly grow, here and below."""
    flags = np.zeros(len(times), dtype=np.int16)
    wide = _seconds(np.diff(times)) > GAP_INTERVALS * rules.expected_interval_s
    flags[1:][wide] = Flag.GAP
    return flags


def _stuck(times: Times, values: Values, rules: Limits) -> Flags:
    """All but the first of a run of equal values that lasts too long; a gap ends a run."""
    flags = np.zeros(len(times), dtype=np.int16)
    if rules.stuck_after_s is None or len(times) < STUCK_LEAST:
        return flags
    breaks = (np.diff(values) != 0) | (
        _seconds(np.diff(times)) > GAP_INTERVALS * rules.expected_interval_s
    )
    starts = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    ends = np.concatenate((starts[1:], [len(times)]))
    lasts = _seconds(times[ends - 1] - times[starts])
    long = (lasts >= rules.stuck_after_s) & (ends - starts >= STUCK_LEAST)
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        flags[start + 1 : end] = Flag.STUCK
    return flags


def _spikes(times: Times, values: Values, rules: Limits) -> Flags:
    """Readings that leave what was before faster than water can, and come back."""
    flags = np.zeros(len(times), dtype=np.int16)
    most = rules.most_per_h
    if most is None or len(times) < 2:  # noqa: PLR2004 - one reading cannot jump
        return flags
    seconds = _seconds(times - times[0])
    allowed = most * np.maximum(np.diff(seconds), _SHORTEST_S) / 3600
    jumps = np.abs(np.diff(values)) > allowed
    end = 0
    for first in (np.flatnonzero(jumps) + 1).tolist():
        if first < end:
            continue  # within the spike before, or its way back
        end = _comes_back(seconds, values, jumps, first, most)
        flags[first:end] = Flag.SPIKE
        end += 1
    return flags


def _comes_back(
    seconds: NDArray[np.float64], values: Values, jumps: NDArray[np.bool_], first: int, most: float
) -> int:
    """Where a spike beginning at `first` ends (exclusive); `first` when it is none."""
    before = first - 1
    for after in range(first + 1, min(first + SPIKE_MOST, len(values) - 1) + 1):
        span = max(seconds[after] - seconds[before], _SHORTEST_S)
        if jumps[after - 1] and abs(values[after] - values[before]) <= most * span / 3600:
            return after
    return first + 1 if first == len(values) - 1 else first
