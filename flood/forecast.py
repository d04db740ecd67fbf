"""The arrival forecast: a gauge's level hours to days ahead, from the water on its way to it.

`train` learns from the past and tells how good it is; `forecast` says what comes from the readings
of now. Both are pure: a river on its grid in, frozen records out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from flood import band as bands
from flood.backtest import (
    MEAN,
    Choice,
    Pass,
    absolute_errors,
    activity,
    choose,
    fold_starts,
    mean_of,
    rolling,
    taken,
)
from flood.band import Crossing, Spread, crossing, spread_of, ways
from flood.baselines import ANALOGUE, PERSISTENCE, Analogue, Persistence
from flood.hydrograph import Floats, Ints, River, StageLag
from flood.lagged import LAGGED, STAFF_LAGS, Lagged, Recession, correlograms, travel_times
from flood.models import Fitted, Model
from flood.routing import CASCADE, MUSKINGUM, Routing
from flood.skill import Skill, measure
from flood.tide import Tide
from layers.text import Text

FOLDS = 8
WARM_UP = 2
"""The first folds only teach which model to take and how wide the band is."""
FIRST_SHARE = 0.3
LEAST_STEPS = 80
"""Fewer known steps of its own give a gauge no forecast."""
LOOK_BACK = 2200
"""Steps of readings a forecast looks back at: the longest kernel, and the longest lag besides."""
PAST_PER_LEAD = 5
"""How many times as long as a lead the record must be, to say anything that far ahead."""
LEAST_SHARED = 0.3
"""An upper gauge known in a smaller share of the gauge's own steps is left out."""

TOO_SHORT = Text(
    th="ข้อมูลที่วัดได้ยังสั้นเกินไปที่จะคาดการณ์ ต้องมีอย่างน้อยหลายวัน",
    en="Too little has been measured here yet to forecast from: it takes some days at least.",
)


@dataclass(frozen=True)
class Trained:
    """What was learnt of a river: which models, how wide the band, how good; no series is kept.

    `lags` are the travel times in use for each upper gauge, as shown beside the forecast;
    `cut_short`: the past is too short for the longest leads that were asked for.
    """

    gauge: str
    leads: Ints
    step_h: float
    ups: tuple[str, ...]
    fitted: dict[str, Fitted]
    choice: Choice
    spread: Spread
    skills: tuple[Skill, ...]
    lags: tuple[tuple[StageLag, ...], ...]
    trained_to: datetime
    cut_short: bool = False

    @property
    def reach_h(self) -> float:
        """How far ahead water that has passed an upper gauge is on its way; 0 without any."""
        return max((one.high_h for lags in self.lags for one in lags), default=0.0)


@dataclass(frozen=True)
class Point:
    """The level at a lead: what is likeliest, and the band that holds it four times in five.

    `supported` is False where the back-test had too few errors to measure the band by.
    """

    at: datetime
    lead_h: float
    value: float
    low: float
    high: float
    model: str
    supported: bool


@dataclass(frozen=True)
class Forecast:
    """What comes at a gauge, counted from its last good reading (`origin`)."""

    gauge: str
    origin: datetime
    value: float
    points: tuple[Point, ...]
    crossings: tuple[Crossing, ...]
    skills: tuple[Skill, ...]
    missing: tuple[str, ...]
    caveats: tuple[Text, ...]


def models_for(river: River, first: int, max_lag_h: float) -> list[Model]:
    """Every way of forecasting that suits a river, baselines first."""
    models: list[Model] = [Persistence(), Analogue(), Recession()]
    if river.tidal:
        models.append(Tide())
    if river.ups:
        models.append(Lagged(LAGGED, correlograms(river, first - 1, max_lag_h)))
        models += [Routing(MUSKINGUM, max_lag_h), Routing(CASCADE, max_lag_h)]
    if any(up.lags for up in river.ups):
        models.append(Lagged(STAFF_LAGS))
    return models


def usable(river: River) -> River:
    """The river without upper gauges that are known too seldom to learn from."""
    known = np.isfinite(river.z)
    poor = frozenset(
        up.gauge
        for up in river.ups
        if np.isfinite(up.z)[known].mean(dtype=np.float64) < LEAST_SHARED
    )
    return river.without(poor) if poor else river


def enough(river: River) -> bool:
    """Whether there is enough of the gauge's own past to learn from at all."""
    return int(np.isfinite(river.z).sum()) >= max(LEAST_STEPS, PAST_PER_LEAD * int(river.leads[0]))


def within_reason(river: River) -> River:
    """The river asked only at leads its own past is five times as long as, the shortest kept."""
    known = int(np.isfinite(river.z).sum())
    leads = river.leads[river.leads * PAST_PER_LEAD <= known]
    return river if len(leads) == len(river.leads) else replace(river, leads=leads)


def train(
    river: River, *, thresholds: Sequence[float] = (), max_lag_h: float, starts: Ints | None = None
) -> Trained:
    """Back-test every model over the river's past, choose by it, and fit to all of it.

    `thresholds` in the river's unit are what hits and false alarms are counted on. ValueError
    where there is not `enough`.
    """
    if not enough(river):
        raise ValueError(f"{river.gauge}: too few readings to learn from")
    asked = int(river.leads[-1])
    river = within_reason(river)
    steps = len(river.z)
    if starts is None:
        known = np.flatnonzero(np.isfinite(river.z))
        first = int(known[int(len(known) * FIRST_SHARE)])
        starts = fold_starts(steps, first, FOLDS)
    models = models_for(river, int(starts[0]), max_lag_h)
    found = rolling(river, models, starts)
    everything = np.isfinite(found.came)
    choice = choose(absolute_errors(river, found), everything)
    spread = spread_of(found, choice, river.z[found.origins], everything)
    measured = measure(
        river, found, first_fold=WARM_UP, thresholds=tuple(thresholds), choice=choice
    )
    fitted = {}
    for model in models:
        one = model.fit(river, steps - 1)
        if one is not None:
            fitted[model.name] = one
    return Trained(
        gauge=river.gauge,
        leads=river.leads,
        step_h=river.step_h,
        ups=tuple(up.gauge for up in river.ups),
        fitted=fitted,
        choice=choice,
        spread=spread,
        skills=measured.skills,
        lags=_lags_in_use(river, models, choice),
        trained_to=river.at(steps - 1),
        cut_short=int(river.leads[-1]) < asked,
    )


def forecast(
    trained: Trained,
    river: River,
    *,
    thresholds: Sequence[float] = (),
    full: Trained | None = None,
) -> Forecast:
    """What comes after the river's last step, which must be known.

    The river has exactly the upper gauges it was `trained` with; where some of its gauges are
    silent, `full` is what was learnt with them: the band is then at least as wide as with them.
    """
    river = river.recent(LOOK_BACK)
    origin = len(river.z) - 1
    here = np.array([origin], dtype=np.int64)
    now = float(river.z[origin])
    said = _said(trained, river, here)
    moving = float(activity(river, here)[0])
    low, high = bands.band(trained.spread, now, said, moving)
    missing: tuple[str, ...] = ()
    if full is not None:
        missing = tuple(name for name in full.ups if name not in trained.ups)
        low_full, high_full = bands.band(full.spread, now, said, moving)
        low, high = np.minimum(low, low_full), np.maximum(high, high_full)
    paths = ways(trained.spread, now, said, moving, (low, high))
    value = river.quantity.from_z
    hours = trained.leads * trained.step_h
    supported = trained.spread.supported
    points = tuple(
        Point(
            at=river.at(origin) + timedelta(hours=float(hours[n])),
            lead_h=float(hours[n]),
            value=float(value(said[n : n + 1])[0]),
            low=float(value(low[n : n + 1])[0]),
            high=float(value(high[n : n + 1])[0]),
            model=trained.choice.names[n],
            supported=bool(supported[n]),
        )
        for n in range(len(said))
    )
    current = float(value(np.array([now]))[0])
    crossings = tuple(
        crossing(value(paths), hours.astype(np.float64), current, level) for level in thresholds
    )
    return Forecast(
        gauge=river.gauge,
        origin=river.at(origin),
        value=current,
        points=points,
        crossings=crossings,
        skills=trained.skills,
        missing=missing,
        caveats=_caveats(trained, points, missing),
    )


def _said(trained: Trained, river: River, here: Ints) -> Floats:
    """What the chosen models say now, persistence where one is unable: (leads,)."""
    asked = replace(river, leads=trained.leads)
    asked_for = {*trained.choice.names, PERSISTENCE}
    if MEAN in asked_for:
        asked_for |= trained.fitted.keys() - {ANALOGUE}
    said = {
        name: one.predict(asked, here) for name, one in trained.fitted.items() if name in asked_for
    }
    said[MEAN] = mean_of(said)
    empty = np.full((1, len(trained.leads)), np.nan)
    for name in trained.choice.names:
        said.setdefault(name, empty)
    found = Pass(here, np.zeros(1, dtype=np.int64), here, said, empty, empty[:, 0], trained.leads)
    one: Floats = taken(found, trained.choice)[0]
    return one


def _lags_in_use(
    river: River, models: Sequence[Model], choice: Choice
) -> tuple[tuple[StageLag, ...], ...]:
    """Travel times to show: staff's where they forecast better or are all there is."""
    staff = tuple(up.lags for up in river.ups)
    lagged = next((m for m in models if isinstance(m, Lagged) and m.found is not None), None)
    if lagged is None or lagged.found is None:
        return staff
    told = tuple(travel_times(each, len(river.z) - 1, draws=200) for each in lagged.found)
    prefer_staff = choice.names.count(STAFF_LAGS) > choice.names.count(LAGGED)
    return tuple(
        given if given and (prefer_staff or not found) else found
        for given, found in zip(staff, told, strict=True)
    )


def _caveats(
    trained: Trained, points: Sequence[Point], missing: tuple[str, ...]
) -> tuple[Text, ...]:
    told = []
    if missing:
        names = ", ".join(missing)
        told.append(
            Text(
                th=f"ไม่มีข้อมูลล่าสุดจากสถานี {names} ช่วงคาดการณ์จึงกว้างขึ้น",
                en=f"There are no recent readings from {names}: the band is wider for it.",
            )
        )
    beyond = [point.lead_h for point in points if point.lead_h > trained.reach_h]
    if beyond and trained.reach_h > 0:
        told.append(
            Text(
                th=f"เกิน {trained.reach_h:.0f} ชั่วโมง น้ำที่จะมาถึงยังไม่ผ่านสถานีเหนือน้ำ ช่วงคาดการณ์จึงกว้างขึ้น",
                en=f"Beyond {trained.reach_h:.0f} h the water has not passed any gauge upstream "
                "yet: the band widens.",
            )
        )
    if trained.cut_short:
        told.append(
            Text(
                th=f"ข้อมูลที่วัดได้ยังสั้น จึงคาดได้ไม่เกิน {points[-1].lead_h:.0f} ชั่วโมง",
                en=f"The record is short: nothing is told beyond {points[-1].lead_h:.0f} h.",
            )
        )
    if not trained.ups:
        told.append(
            Text(
                th="ไม่มีสถานีเหนือน้ำที่ใช้ได้ คาดจากสถานีนี้เองเท่านั้น",
                en="No gauge upstream could be used: this is told from the gauge's own past alone.",
            )
        )
    worse = [one.lead_h for one in trained.skills if not one.better_than_persistence]
    if worse:
        hours = ", ".join(f"{hour:g}" for hour in worse)
        told.append(
            Text(
                th=f"ที่ {hours} ชั่วโมงล่วงหน้า ผลย้อนหลังไม่ดีกว่าการถือว่าระดับน้ำคงเดิม",
                en=f"At {hours} h ahead it was no better in the past than saying the water stays.",
            )
        )
    if any(name == PERSISTENCE for name in trained.choice.names):
        told.append(
            Text(
                th="บางช่วงเวลาใช้ระดับปัจจุบันเป็นค่าคาดการณ์ เพราะไม่มีวิธีใดดีกว่า",
                en="At some leads the present level itself is given: nothing did better.",
            )
        )
    return tuple(told)
