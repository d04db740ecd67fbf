"""Readings of one moment, made ready for the forecast: sound ones only, on an even grid."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db import exercise, readings
from db.derived import AnyConnection
from db.readings import Columns
from flood.chain import Above
from flood.gauges import judge
from flood.gauges import usable as sound
from flood.hydrograph import Floats, Quantity, River, Upstream, on_grid
from flood.rain import antecedent
from layers.series import Limits, of_kind
from ops.forecasting.setting import Gauge, Plan, Setting

HOUR = timedelta(hours=1)
HISTORY = timedelta(days=400)
"""How far back models are fitted and tested."""
LATE = timedelta(days=3)
"""A reading that comes later than this waits for the next one: it changes little of what comes."""
RAIN_WINDOW_H = 6.0
"""Rain goes into the regression as what fell in so many hours."""
Times = NDArray[np.datetime64]
Sound = tuple[Times, Floats, Floats]
"""Times, values and discharges of one length."""


@dataclass
class Stock:
    """Readings of one moment: the real ones, and from its start those of an open exercise."""

    conn: AnyConnection
    setting: Setting
    clock: datetime
    exercise: exercise.Exercise | None
    wall: datetime = field(default_factory=lambda: datetime.now(UTC))

    def river(
        self,
        gauge: Gauge,
        chain: Sequence[Above],
        plan: Plan,
        hours: float,
        *,
        real: bool = False,
    ) -> tuple[River, dict[str, datetime]] | None:
        """The gauge and those above it on the plan's grid, which ends at its last good reading.

        Also the time of each one's last good reading. None when the gauge has none.
        """
        own = self.good(gauge, hours, real=real)
        if not len(own[0]):
            return None
        end = own[0][-1].astype(datetime).replace(tzinfo=UTC)
        steps = int(min(hours, (end - _moment(own[0][0])) / HOUR) // plan.step_h) + 1
        start = end - timedelta(hours=plan.step_h * (steps - 1))
        grid = {"start": start, "step_h": plan.step_h, "steps": steps}
        last = {gauge.code: end}
        ups = []
        for each in chain:
            station = self.setting.gauges[each.gauge]
            at, value, flow = self.good(station, hours, real=real)
            quantity = Quantity.LEVEL
            if not np.isfinite(value).any():
                quantity, value = Quantity.FLOW, flow
            known = np.isfinite(value)
            inside = known & (at <= np.datetime64(end.replace(tzinfo=None), "us"))
            if inside.any():
                last[each.gauge] = _moment(at[inside][-1])
            series = on_grid(at, value, good=inside, **grid)
            if station.kind == "rain":
                series = _fallen(at[inside], value[inside], grid)
            ups.append(Upstream(each.gauge, quantity, quantity.to_z(series), each.lags))
        z = on_grid(own[0], own[1], **grid)
        leads = np.array([round(h / plan.step_h) for h in plan.leads_h], dtype=np.int64)
        river = River(
            gauge=gauge.code,
            quantity=Quantity.LEVEL,
            start=start,
            step_h=plan.step_h,
            z=z,
            ups=tuple(ups),
            tidal=gauge.kind == "tide",
            leads=leads,
        )
        return river, last

    def good(self, gauge: Gauge, hours: float, *, real: bool) -> Sound:
        """Times, values and discharges of a station's sound readings of the last hours."""
        series = of_kind(gauge.kind).id
        end = (self.wall if real else self.clock) + timedelta(seconds=gauge.limits.future_after_s)
        start = end - timedelta(hours=hours)
        turn = end if real or self.exercise is None else self.exercise.started_at
        parts = [readings.between(self.conn, series, gauge.code, start, min(turn, end))]
        if turn < end and self.exercise is not None:
            parts.append(readings.between(self.conn, series, gauge.code, turn, end, exercise=True))
        joined = [_sound(part, gauge.limits, gauge.kind) for part in parts]
        at, value, flow = (np.concatenate([one[n] for one in joined]) for n in range(3))
        return at, value, flow


def newest_readings(
    conn: AnyConnection, clock: datetime, *, in_exercise: bool
) -> dict[str, tuple[datetime, int, int]]:
    """The time of each station's newest reading, of an open exercise where it has any.

    Beside it what else makes a forecast another: the numbers of the reading of the last days that
    came last, late or revised, and of the last mark on one.
    """
    found: dict[str, tuple[datetime, int, int]] = {}
    for kind in ("river", "tide", "rain"):
        series = of_kind(kind).id
        heard = readings.last_heard(conn, series, clock - LATE)
        newest = readings.latest(conn, series, now=clock)
        if in_exercise:
            newest |= readings.latest(conn, series, now=clock, exercise=True)
        for code, latest in newest.items():
            found[code] = (latest.at, *heard.get(code, (0, 0)))
    return found


def _sound(part: Columns, limits: Limits, kind: str) -> Sound:
    """What may be learnt from: neither doubtful nor marked wrong; a dry rain gauge is not stuck."""
    rules = limits if kind != "rain" else limits.model_copy(update={"stuck_after_s": None})
    keep = sound(judge(part.at, part.value, part.received, rules)) & ~part.wrong
    return part.at[keep], part.value[keep], part.discharge[keep]


def _fallen(at: Times, value: Floats, grid: dict[str, Any]) -> Floats:
    """Rain of the last hours at each step: mm; unknown where nothing came for as long."""
    step_h = float(grid["step_h"])
    known = on_grid(at, np.ones(len(at)), **grid)
    fallen = antecedent(per_step(at, value, grid), step_h, RAIN_WINDOW_H)
    return np.where(np.isfinite(known), fallen, np.nan)


def per_step(at: Times, value: Floats, grid: dict[str, Any]) -> Floats:
    """Rain of each step of a grid (`start`, `step_h`, `steps`): mm, (steps,)."""
    amount = np.zeros(int(grid["steps"]))
    start = np.datetime64(grid["start"].replace(tzinfo=None), "us")
    span = grid["step_h"] * 3600
    number = np.ceil((at - start) / np.timedelta64(1, "s") / span - 1e-9).astype(int)
    inside = (number >= 0) & (number < len(amount)) & np.isfinite(value)
    np.add.at(amount, number[inside], value[inside])
    return amount


def _moment(value: Any) -> datetime:
    found: datetime = value.astype("datetime64[us]").astype(datetime)
    return found.replace(tzinfo=UTC)
