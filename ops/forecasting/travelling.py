"""Travel times of every reach the town knows of, estimated from its own readings."""

from dataclasses import dataclass
from datetime import datetime

from db import gauge_links
from db.derived import AnyConnection
from db.gauge_links import Estimated
from flood.chain import Above
from flood.hydrograph import River
from flood.lagged import correlograms
from flood.travel import Estimate
from ops.forecasting.setting import LONGEST_LAG_H, Gauge, plan_of, setting_of
from ops.forecasting.stock import HISTORY, HOUR, Stock

_NAMES = {1: ("all",), 2: ("low", "high"), 3: ("low", "middle", "high")}


@dataclass(frozen=True)
class Reach:
    """A reach with what was found for it, and what staff entered; empty: nothing to go by."""

    upstream: str
    downstream: str
    found: tuple[Estimated, ...]
    staff_h: tuple[float, float] | None


def estimate(conn: AnyConnection, *, now: datetime, actor: str, store: bool = True) -> list[Reach]:
    """Estimate each reach between two level gauges, and keep it unless not to `store`; commits."""
    setting = setting_of(conn)
    told = []
    for upper, lower in dict.fromkeys((link.upstream, link.downstream) for link in setting.links):
        gauges = [setting.gauges.get(code) for code in (upper, lower)]
        if any(gauge is None or gauge.kind == "rain" for gauge in gauges):
            continue
        staff = [
            link.lag
            for link in setting.links
            if (link.upstream, link.downstream) == (upper, lower) and link.lag.source == "staff"
        ]
        reach = Above(upper, tuple(staff))
        stock = Stock(conn, setting, now, None, wall=now)
        found = _found(stock, setting.gauges[lower], reach)
        if store and found:
            gauge_links.keep(conn, (upper, lower), found, at=now, actor=actor)
        span = (
            (min(lag.low_h for lag in staff), max(lag.high_h for lag in staff)) if staff else None
        )
        told.append(Reach(upper, lower, found, span))
    conn.commit()
    return told


def _found(stock: Stock, lower: Gauge, reach: Above) -> tuple[Estimated, ...]:
    plan = plan_of(lower, [reach], stock.setting)
    past = stock.river(lower, [reach], plan, HISTORY / HOUR, real=True)
    if past is None:
        return ()
    river: River = past[0]
    most = min(plan.max_lag_h, LONGEST_LAG_H, len(river.z) * river.step_h / 8)
    (sums,) = correlograms(river, len(river.z) - 1, most)
    names = _NAMES.get(len(sums.edges) + 1)
    bounds = [None, *sums.edges]
    return tuple(
        _kept(one, names[bounds.index(one.from_stage)] if names else "all")
        for one in sums.estimates()
    )


def _kept(one: Estimate, name: str) -> Estimated:
    return Estimated(
        stage_class=name,
        from_stage=one.from_stage if one.from_stage is None else round(one.from_stage, 2),
        to_stage=one.to_stage if one.to_stage is None else round(one.to_stage, 2),
        low_h=round(one.low_h, 2),
        high_h=round(one.high_h, 2),
        likely_h=round(one.likely_h, 2),
        correlation=round(one.correlation, 3),
        pairs=one.pairs,
    )
