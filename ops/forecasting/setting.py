"""The town's gauges, the ways between them, and how far ahead each is forecast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db import readings
from db.derived import AnyConnection
from flood.chain import Above, Link, above
from flood.hydrograph import StageLag
from layers.series import Limits, of_kind

LONGEST_LAG_H = 480.0
_FAST_H = 6.0
"""Where water comes within so many hours, a town is warned hours ahead, not days."""

LEADS_SLOW_H = (3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 96, 120, 144, 168, 192, 216, 240)
LEADS_FAST_H = (1, 2, 3, 4, 5, 6, 9, 12, 18, 24)
LEADS_TIDE_H = (*range(1, 25), 30, 36, 42, 48)
LEADS_DAILY_H = tuple(range(24, 241, 24))


@dataclass(frozen=True)
class Gauge:
    """A station: what it measures, how often, and the levels that matter there (m MSL)."""

    code: str
    kind: str
    limits: Limits
    thresholds: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True)
class Setting:
    """The town's gauges and what is known of the ways between them."""

    gauges: Mapping[str, Gauge]
    links: tuple[Link, ...]

    def chain(self, code: str) -> tuple[Above, ...]:
        """The gauges above one that the layer `gauges` knows."""
        return tuple(each for each in above(self.links, code) if each.gauge in self.gauges)


@dataclass(frozen=True)
class Plan:
    """On which grid a gauge is forecast: hours of a step, leads in steps, the longest lag."""

    step_h: float
    leads_h: tuple[float, ...]
    max_lag_h: float


def setting_of(conn: AnyConnection) -> Setting:
    """Gauges with their thresholds, and links, as the town has them now; as `loader`."""
    limits = {kind: readings.limits(conn, of_kind(kind).id) for kind in ("river", "tide", "rain")}
    marks: dict[str, list[tuple[str, str, float]]] = {}
    for code, name, kind, level in conn.execute(
        "SELECT gauge, name, kind, level_m FROM town.gauge_thresholds"
        " WHERE level_m IS NOT NULL ORDER BY level_m, name"
    ).fetchall():
        marks.setdefault(str(code), []).append((str(name), str(kind), float(str(level))))
    gauges = {}
    for code, kind, left, right in conn.execute(
        "SELECT code, kind, bank_left_m, bank_right_m FROM town.gauges ORDER BY code"
    ).fetchall():
        banks = [("bank_left", "bank", left), ("bank_right", "bank", right)]
        levels = [(name, of, float(str(level))) for name, of, level in banks if level]
        name = str(code)
        gauges[name] = Gauge(
            name, str(kind), limits[str(kind)][name], (*levels, *marks.get(name, []))
        )
    links = tuple(
        Link(
            str(upper),
            str(lower),
            str(klass),
            StageLag(
                low_h=low,
                high_h=max(low, high),
                from_stage=first,
                to_stage=until,
                source=str(source),
                likely_h=likely,
            ),
        )
        for upper, lower, klass, source, first, until, low, high, likely in _links(conn)
    )
    return Setting(gauges, links)


def _links(conn: AnyConnection) -> list[Any]:
    return conn.execute(
        "SELECT upstream, downstream, stage_class, lag_source, from_stage, to_stage, lag_min_h,"
        " lag_max_h, lag_likely_h FROM town.gauge_links"
        " ORDER BY downstream, upstream, from_stage NULLS FIRST, stage_class"
    ).fetchall()


def plan_of(gauge: Gauge, chain: Sequence[Above], setting: Setting) -> Plan:
    """How far ahead and how finely a gauge is forecast, by how its water comes."""
    if gauge.kind == "tide":
        return Plan(1.0, LEADS_TIDE_H, 12.0)
    every_h = (
        max([gauge.limits.expected_interval_s, *(_interval(setting, each) for each in chain)])
        / 3600.0
    )
    if every_h > 3:  # noqa: PLR2004 - read by hand or told as daily means
        return Plan(24.0, LEADS_DAILY_H, LONGEST_LAG_H)
    longest = max((lag.high_h for each in chain for lag in each.lags), default=0.0)
    if chain and 0 < longest <= _FAST_H:
        return Plan(0.5, LEADS_FAST_H, 2 * _FAST_H)
    # staff may be wrong by half as much again; without their word ten days are looked through
    most = min(max(1.5 * longest, 48.0), LONGEST_LAG_H) if longest else 240.0
    return Plan(1.0, LEADS_SLOW_H, most)


def _interval(setting: Setting, each: Above) -> float:
    return setting.gauges[each.gauge].limits.expected_interval_s
