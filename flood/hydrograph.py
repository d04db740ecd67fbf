"""A gauge, and the gauges above it, on one even grid of time: what every forecast is fitted to.

Heights are taken as they are (m MSL), flows as their logarithm: every model downstream is linear in
that quantity, `z`, and is indifferent to the zero of a staff gauge and to the unit of a flow.
Nothing here looks ahead: a step of the grid holds what had been measured by its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CARRY_STEPS = 3
"""Steps a reading is taken to hold when nothing newer came; after that the value is unknown."""


class Quantity(StrEnum):
    """What a series measures; how it is turned into `z`."""

    LEVEL = "level"
    FLOW = "flow"

    def to_z(self, values: Floats) -> Floats:
        """Metres as they are; m3/s as natural logarithm, where there is a flow at all."""
        given = np.asarray(values, dtype=np.float64)
        if self is Quantity.LEVEL:
            return given
        return np.log(np.where(given > 0, given, np.nan))

    def from_z(self, z: Floats) -> Floats:
        """The inverse of `to_z`."""
        return z if self is Quantity.LEVEL else np.exp(z)


@dataclass(frozen=True)
class StageLag:
    """Travel time of a reach while its upper gauge stands in [from_stage, to_stage).

    Hours; stages in the unit of the upper gauge's series, None where the class is open.
    `source` is `staff` (entered by people) or `estimated` (from the series).
    """

    low_h: float
    high_h: float
    from_stage: float | None = None
    to_stage: float | None = None
    source: str = "staff"
    likely_h: float | None = None

    @property
    def middle_h(self) -> float:
        """What is reckoned with: the likeliest, or half way."""
        return self.likely_h if self.likely_h is not None else (self.low_h + self.high_h) / 2


@dataclass(frozen=True)
class Upstream:
    """A gauge above the one forecast: its series on the grid, and how long its water travels.

    `z` is (T,); `lags` the classes of the whole way down to the gauge forecast.
    """

    gauge: str
    quantity: Quantity
    z: Floats
    lags: tuple[StageLag, ...] = ()

    def lag_steps(self, step_h: float, lags: Sequence[StageLag] | None = None) -> Ints:
        """For each step the travel time, in whole steps, of the water passing then: (T,), >= 1."""
        classes = self.lags if lags is None else lags
        hours = np.full(len(self.z), np.nan)
        value = self.quantity.from_z(self.z)
        for one in classes:
            inside = np.ones(len(value), dtype=bool)
            if one.from_stage is not None:
                inside &= value >= one.from_stage
            if one.to_stage is not None:
                inside &= value < one.to_stage
            hours[inside] = one.middle_h
        default = float(np.median([one.middle_h for one in classes]))
        hours = np.where(np.isnan(hours), default, hours)
        return np.maximum(np.rint(hours / step_h), 1).astype(np.int64)


@dataclass(frozen=True)
class River:
    """The gauge to be forecast and those above it, nearest first, on one grid of `step_h` hours.

    `z` is (T,), NaN where nothing good was measured; step n ends at `start` + n steps.
    """

    gauge: str
    quantity: Quantity
    start: datetime
    step_h: float
    z: Floats
    ups: tuple[Upstream, ...] = ()
    tidal: bool = False
    leads: Ints = field(default_factory=lambda: np.array([1], dtype=np.int64))

    def at(self, step: int) -> datetime:
        """The moment a step ends."""
        return self.start + timedelta(hours=self.step_h * step)

    def without(self, gauges: frozenset[str]) -> "River":
        """The same river had these upper gauges never been there."""
        return replace(self, ups=tuple(up for up in self.ups if up.gauge not in gauges))

    def recent(self, steps: int) -> "River":
        """The last `steps` of it: what a forecast of now looks back at."""
        skip = max(len(self.z) - steps, 0)
        ups = tuple(replace(up, z=up.z[skip:]) for up in self.ups)
        return replace(self, start=self.at(skip), z=self.z[skip:], ups=ups)

    def until(self, step: int) -> "River":
        """The river as it was known at the end of a step."""
        ups = tuple(replace(up, z=up.z[: step + 1]) for up in self.ups)
        return replace(self, z=self.z[: step + 1], ups=ups)


def on_grid(
    at: Sequence[datetime] | NDArray[np.datetime64],
    values: Floats,
    *,
    start: datetime,
    step_h: float,
    steps: int,
    good: Bools | None = None,
) -> Floats:
    """Readings on the grid: (steps,), the median of the good ones in the interval ending there.

    An interval without any carries the last value on for `CARRY_STEPS`, then is NaN.
    `good` False leaves a reading out (stuck, spiking, dated in the future); NaN is left out too.
    """
    value = np.asarray(values, dtype=np.float64)
    keep = np.isfinite(value) if good is None else np.isfinite(value) & good
    since = seconds_since(at, start)[keep]
    value = value[keep]
    number = np.ceil(since / (step_h * 3600.0) - 1e-9).astype(np.int64)
    inside = (number >= 0) & (number < steps)
    number, value = number[inside], value[inside]
    out = np.full(steps, np.nan)
    order = np.lexsort((value, number))
    number, value = number[order], value[order]
    each, first, count = np.unique(number, return_index=True, return_counts=True)
    lower, upper = first + (count - 1) // 2, first + count // 2
    out[each] = (value[lower] + value[upper]) / 2 if len(each) else value
    return carried(out, CARRY_STEPS)


def carried(values: Floats, limit: int) -> Floats:
    """Each gap filled with the value before it, for at most `limit` steps."""
    known = np.isfinite(values)
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    age = np.arange(len(values)) - last
    return np.where((last >= 0) & (age <= limit), values[np.maximum(last, 0)], np.nan)


def seconds_since(
    at: Sequence[datetime] | NDArray[np.datetime64], start: datetime
) -> NDArray[np.float64]:
    """Seconds from `start` (aware) to each moment."""
    if isinstance(at, np.ndarray) and np.issubdtype(at.dtype, np.datetime64):
        origin = np.datetime64(start.astimezone(UTC).replace(tzinfo=None), "us")
        since: NDArray[np.float64] = (at - origin) / np.timedelta64(1, "s")
        return since
    return np.array([(moment - start).total_seconds() for moment in at], dtype=np.float64)
