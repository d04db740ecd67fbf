"""The forecaster: looks which gauges have news, fits what is a day old, tells what comes."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from db import exercise, forecasts
from db.derived import AnyConnection
from db.forecasts import Fit, Told
from flood import forecast as arrival
from flood.chain import Above
from flood.forecast import Trained, enough, forecast, train, usable
from flood.kept import from_bytes, to_bytes
from flood.rain import RainSign
from flood.skill import MODEL_VERSION
from ops.forecasting import telling
from ops.forecasting.setting import Gauge, Plan, plan_of, setting_of
from ops.forecasting.stock import HISTORY, HOUR, Stock, newest_readings

REFIT = timedelta(days=1)


@dataclass
class Learnt:
    """What was fitted, for which gauges above, and its number in the database."""

    trained: Trained
    fit: int
    at: datetime


@dataclass
class Forecaster:
    """Forecasts the gauges of one town; keeps fitted models between readings."""

    learnt: dict[tuple[object, ...], Learnt] = field(default_factory=dict)
    signs: dict[tuple[Gauge, Above], tuple[datetime, RainSign | None]] = field(default_factory=dict)
    seen: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def run(
        self, conn: AnyConnection, *, only: str | None = None, always: bool = False
    ) -> list[Told]:
        """Forecast every gauge whose chain has newer readings, store what was told, give it back.

        Needs the `loader` login; commits gauge by gauge. `always`: also where nothing is new. A
        gauge whose figures cannot be worked out is said on stderr and holds up no other.
        """
        open_exercise = exercise.current(conn)
        now = datetime.now(UTC)
        clock = open_exercise.clock(now) if open_exercise else now
        setting = setting_of(conn)
        newest = newest_readings(conn, clock, in_exercise=open_exercise is not None)
        made: list[Told] = []
        for gauge in setting.gauges.values():
            if gauge.kind == "rain" or (only is not None and gauge.code != only):
                continue
            chain = setting.chain(gauge.code)
            codes = (gauge.code, *(each.gauge for each in chain))
            state = (open_exercise, chain, gauge, tuple(newest.get(code) for code in codes))
            if newest.get(gauge.code) is None or (
                not always and self.seen.get(gauge.code) == state
            ):
                continue
            self.seen[gauge.code] = state
            stock = Stock(conn, setting, clock, open_exercise)
            try:
                one = self._forecast(stock, gauge, chain)
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
                conn.rollback()
                # fits of this round went with it
                self.learnt.clear()
                print(f"{gauge.code}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                continue
            if one is not None:
                forecasts.add(conn, [one])
                made.append(one[0])
            conn.commit()
        conn.commit()
        return made

    def _forecast(
        self, stock: Stock, gauge: Gauge, chain: Sequence[Above]
    ) -> tuple[Told, int | None] | None:
        plan = plan_of(gauge, chain, stock.setting)
        recent = stock.river(gauge, chain, plan, plan.step_h * arrival.LOOK_BACK)
        if recent is None:
            return None
        river, last = recent
        silent = frozenset(up.gauge for up in river.ups if not np.isfinite(up.z[-1]))
        full = self._learn(stock, gauge, chain, plan, frozenset())
        if full is None:
            return telling.too_little(gauge, stock, river, last), None
        # gauges too poor to learn from are left out of the forecast, and named among the inputs
        poor = frozenset(up.gauge for up in river.ups) - frozenset(full.trained.ups)
        without = silent - poor
        used = self._learn(stock, gauge, chain, plan, without) if without else full
        if used is None:
            return telling.too_little(gauge, stock, river, last), None
        levels = [level for _, _, level in gauge.thresholds]
        found = forecast(
            used.trained,
            river.without(frozenset(up.gauge for up in river.ups) - set(used.trained.ups)),
            thresholds=levels,
            full=full.trained if without else None,
        )
        inputs = telling.inputs(chain, stock, full.trained, last, used.trained.ups)
        for each in telling.rains(stock, chain):
            inputs.append(telling.rain(stock, each, last, self._sign(stock, gauge, each)))
        told = Told(
            gauge=gauge.code,
            exercise=stock.exercise is not None,
            made_at=datetime.now(UTC),
            origin=found.origin,
            level_m=round(found.value, 3),
            points=[telling.point(point) for point in found.points],
            crossings=[
                telling.crossing(name, kind, one, found.origin)
                for (name, kind, _), one in zip(gauge.thresholds, found.crossings, strict=True)
            ],
            inputs=inputs,
            caveats=[text.model_dump() for text in found.caveats],
        )
        return told, used.fit

    def _sign(self, stock: Stock, gauge: Gauge, each: Above) -> RainSign | None:
        known = self.signs.get((gauge, each))
        if known is None or not timedelta(0) <= stock.wall - known[0] < REFIT:
            known = (stock.wall, telling.rain_sign(stock, gauge, each))
            self.signs[gauge, each] = known
        return known[1]

    def _learn(
        self,
        stock: Stock,
        gauge: Gauge,
        chain: Sequence[Above],
        plan: Plan,
        without: frozenset[str],
    ) -> Learnt | None:
        """The model fitted without some gauges; fitted anew when a day old or the chain changed."""
        key = (gauge, tuple(chain), plan, without)
        known = self.learnt.get(key)
        # not one from a clock that has been put back since
        if known is not None and timedelta(0) <= stock.wall - known.at < REFIT:
            return known
        basis = _basis(gauge, chain, plan, without)
        kept = self._kept(stock, gauge, basis)
        if kept is not None:
            self.learnt[key] = kept
            return kept
        past = stock.river(gauge, chain, plan, HISTORY / HOUR, real=True)
        if past is None:
            return None
        river = usable(past[0]).without(without)
        if not enough(river):
            return None
        most = min(plan.max_lag_h, len(river.z) * plan.step_h / 8)
        trained = train(
            river, thresholds=[level for _, _, level in gauge.thresholds], max_lag_h=most
        )
        fit = forecasts.add_fit(
            stock.conn,
            Fit(
                gauge=gauge.code,
                exercise=False,
                made_at=stock.wall,
                trained_from=river.start,
                trained_to=trained.trained_to,
                model_version=MODEL_VERSION,
                skill=[one.told() for one in trained.skills],
            ),
            (basis, to_bytes(trained)),
        )
        self.learnt = {k: v for k, v in self.learnt.items() if abs(stock.wall - v.at) < REFIT}
        self.learnt[key] = Learnt(trained, fit, stock.wall)
        return self.learnt[key]

    def _kept(self, stock: Stock, gauge: Gauge, basis: dict[str, Any]) -> Learnt | None:
        """What another process, or this one before it was started again, has fitted on the same."""
        found = forecasts.fitted(
            stock.conn, gauge.code, MODEL_VERSION, basis, since=stock.wall - REFIT
        )
        trained = None if found is None else from_bytes(found[2])
        if found is None or trained is None:
            return None
        return Learnt(trained, found[0], found[1])


def _basis(
    gauge: Gauge, chain: Sequence[Above], plan: Plan, without: frozenset[str]
) -> dict[str, Any]:
    """What a model is fitted on, as JSON values: any change of it asks for a new fit."""
    told = {
        "gauge": {**asdict(gauge), "limits": gauge.limits.model_dump()},
        "above": [asdict(each) for each in chain],
        "plan": asdict(plan),
        "without": sorted(without),
    }
    found: dict[str, Any] = json.loads(json.dumps(told))
    return found
