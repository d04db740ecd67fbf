"""What a forecast says, as it is kept: JSON values, moments as text, levels to the millimetre."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from db.forecasts import Told
from flood import forecast as arrival
from flood.band import Crossing
from flood.chain import Above
from flood.forecast import Trained
from flood.hydrograph import CARRY_STEPS, River
from flood.rain import RainSign, learn
from ops.forecasting.setting import Gauge, plan_of
from ops.forecasting.stock import HISTORY, HOUR, RAIN_WINDOW_H, Stock, per_step


def too_little(gauge: Gauge, stock: Stock, river: River, last: Mapping[str, datetime]) -> Told:
    """What is told of a gauge whose past is too short to learn from: where it stands, no more."""
    return Told(
        gauge=gauge.code,
        exercise=stock.exercise is not None,
        made_at=datetime.now(UTC),
        origin=last[gauge.code],
        level_m=round(float(river.z[-1]), 3),
        points=[],
        crossings=[],
        inputs=[],
        caveats=[arrival.TOO_SHORT.model_dump()],
    )


def point(one: arrival.Point) -> dict[str, object]:
    """A point of `db.forecasts.Told`."""
    return {
        "at": one.at.isoformat(),
        "lead_h": one.lead_h,
        "level_m": round(one.value, 3),
        "low_m": round(one.low, 3),
        "high_m": round(one.high, 3),
        "model": one.model,
        "supported": one.supported,
    }


def crossing(name: str, kind: str, one: Crossing, origin: datetime) -> dict[str, object]:
    """A crossing of `db.forecasts.Told`; hours count from the origin."""

    def when(hours: float | None) -> str | None:
        return None if hours is None else (origin + timedelta(hours=hours)).isoformat()

    return {
        "threshold": name,
        "kind": kind,
        "level_m": one.level,
        "earliest": when(one.earliest_h),
        "likely": when(one.likely_h),
        "latest": when(one.latest_h),
        "probability": round(one.probability, 3),
    }


def inputs(
    chain: Sequence[Above],
    stock: Stock,
    full: Trained,
    last: Mapping[str, datetime],
    used: tuple[str, ...],
) -> list[dict[str, object]]:
    """The gauges above: when each last spoke, and how long its water takes."""
    told: list[dict[str, object]] = []
    lags = dict(zip(full.ups, full.lags, strict=True))
    for each in chain:
        if stock.setting.gauges[each.gauge].kind == "rain":
            continue
        classes = lags.get(each.gauge) or each.lags
        moment = last.get(each.gauge)
        told.append(
            {
                "gauge": each.gauge,
                "last": None if moment is None else moment.isoformat(),
                "lag_h": [
                    round(min(lag.low_h for lag in classes), 1),
                    round(max(lag.high_h for lag in classes), 1),
                ]
                if classes
                else None,
                "lag_source": classes[0].source if classes else None,
                "used": each.gauge in used,
                "rain": None,
            }
        )
    return told


def rains(stock: Stock, chain: Sequence[Above]) -> list[Above]:
    """The rain gauges among those above."""
    return [each for each in chain if stock.setting.gauges[each.gauge].kind == "rain"]


def rain_sign(stock: Stock, gauge: Gauge, each: Above) -> RainSign | None:
    """Which rain at a gauge above has warned of the lowest threshold before; None: not known."""
    level = min((level for _, _, level in gauge.thresholds), default=None)
    plan = plan_of(gauge, [each], stock.setting)
    past = stock.river(gauge, [each], plan, HISTORY / HOUR, real=True)
    if past is None or level is None:
        return None
    river = past[0]
    at, value, _ = stock.good(stock.setting.gauges[each.gauge], HISTORY / HOUR, real=True)
    grid = {"start": river.start, "step_h": river.step_h, "steps": len(river.z)}
    return learn(per_step(at, value, grid), river.z, threshold=level, step_h=river.step_h)


def rain(
    stock: Stock, each: Above, last: Mapping[str, datetime], sign: RainSign | None
) -> dict[str, object]:
    """A rain gauge among the inputs: what fell in the sign's window, and what the sign is worth."""
    moment = last.get(each.gauge)
    window = sign.window_h if sign else RAIN_WINDOW_H
    fallen: float | None = None
    if moment is not None and stock.clock - moment < CARRY_STEPS * HOUR:
        at, value, _ = stock.good(stock.setting.gauges[each.gauge], window + 1, real=False)
        since = np.datetime64((moment - window * HOUR).replace(tzinfo=None), "us")
        fallen = round(float(np.nansum(value[at > since])), 1)
    return {
        "gauge": each.gauge,
        "last": None if moment is None else moment.isoformat(),
        "lag_h": [each.lags[0].low_h, each.lags[-1].high_h] if each.lags else None,
        "lag_source": each.lags[0].source if each.lags else None,
        "used": fallen is not None,
        "rain": {
            "fallen_mm": fallen,
            "window_h": window,
            "sign_mm": round(sign.amount_mm, 1) if sign else None,
            "within_h": sign.within_h if sign else None,
            "events": sign.events if sign else 0,
            "hits": sign.hits if sign else 0,
            "false_alarms": sign.false_alarms if sign else 0,
            "worth": sign.worth if sign else False,
        },
    }
