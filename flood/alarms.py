"""What rules find in the town: pure functions over records, each with its dead band.

Every function gives a `Condition` for each place where the rule holds or is in its dead band;
levels in m MSL, lengths in m, times aware; places are longitude and latitude.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flood.power import Power, PowerAlert
from layers.conditions import Condition
from layers.incidents import OF_RESCUERS
from layers.text import Text

LonLat = tuple[float, float]
GRAVITY = {"watch": "low", "warning": "high", "critical": "critical", "other": "moderate"}
"""Severity by the kind of a gauge's threshold; a bank counts as critical."""


@dataclass(frozen=True)
class Limit:
    """A level somebody set at a gauge, or its bank."""

    gauge: str
    name: str
    kind: str
    level: float
    at: LonLat
    unit: str = "m MSL"


@dataclass(frozen=True)
class Shelter:
    """A shelter and how full it is."""

    code: str
    name: str
    capacity: int
    occupancy: int
    at: LonLat


@dataclass(frozen=True)
class Cut:
    """A road nobody gets along: a closure, or `wet_m` metres of it under the present water."""

    road: str
    name: str
    at: LonLat
    closure: str | None = None
    wet_m: float | None = None


@dataclass(frozen=True)
class Source:
    """Something that should tell of itself every `every`, and when it last did."""

    kind: str
    code: str
    every: timedelta
    heard_at: datetime
    at: LonLat


def thresholds(
    limits: Sequence[Limit], values: Mapping[tuple[str, str], float], dead_band: float
) -> list[Condition]:
    """Levels that are reached; `values` by gauge and unit. Ended only `dead_band` below them."""
    found = []
    for limit in limits:
        value = values.get((limit.gauge, limit.unit))
        if value is None or value < limit.level - dead_band:
            continue
        found.append(
            Condition(
                place=f"{limit.gauge}|{limit.name}",
                at=limit.at,
                severity=GRAVITY.get(limit.kind, "critical"),
                title=Text(
                    th=f"{limit.gauge} ถึงเกณฑ์ {limit.name}", en=f"{limit.gauge} at {limit.name}"
                ),
                values=f"{value:.2f} ≥ {limit.level:.2f} {limit.unit}",
                held=value >= limit.level,
                about="gauges",
                about_code=limit.gauge,
            )
        )
    return found


def full_shelters(
    shelters: Sequence[Shelter], share: float, dead_band: float, severity: str
) -> list[Condition]:
    """Open shelters filled to a share of their places."""
    return [
        Condition(
            place=one.code,
            at=one.at,
            severity=severity,
            title=Text(th=f"ศูนย์พักพิง {one.name} เต็ม", en=f"Shelter {one.name} is full"),
            values=f"{one.occupancy}/{one.capacity}",
            held=one.occupancy >= share * one.capacity,
            about="shelters",
            about_code=one.code,
        )
        for one in shelters
        if one.capacity > 0 and one.occupancy >= (share - dead_band) * one.capacity
    ]


def cut_roads(cuts: Sequence[Cut], wet_m: float, severity: str) -> list[Condition]:
    """Closures, and roads of which as much lies under the present water; half of it keeps one."""
    found = []
    for cut in cuts:
        if cut.closure is not None:
            found.append(_cut(cut, f"closures {cut.closure}", severity, held=True))
        elif cut.wet_m is not None and cut.wet_m >= wet_m / 2:
            values = f"{cut.wet_m:.0f} ≥ {wet_m:.0f} m"
            found.append(_cut(cut, values, severity, held=cut.wet_m >= wet_m))
    return found


def _cut(cut: Cut, values: str, severity: str, *, held: bool) -> Condition:
    closed = cut.closure is not None
    return Condition(
        place=f"closure {cut.closure}" if closed else f"road {cut.road}",
        at=cut.at,
        severity=severity,
        title=Text(
            th=f"ถนน {cut.name} {'ปิด' if closed else 'น้ำท่วม'}",
            en=f"Road {cut.name} is {'closed' if closed else 'under water'}",
        ),
        values=values,
        held=held,
        about="closures" if closed else "roads",
        about_code=cut.closure if closed else cut.road,
    )


def without_power(
    alerts: Sequence[PowerAlert], places: Mapping[str, LonLat], severity: str
) -> list[Condition]:
    """Areas that are, or will be, without power where somebody hangs on it: for rescuers alone.

    One incident an area. It names no household; who may see the homes finds them there.
    """
    areas = {alert.area: alert for alert in reversed(alerts)}
    found = []
    for area, alert in sorted(areas.items()):
        homes = {one.household for one in alerts if one.area == area}
        found.append(
            Condition(
                # off is graver than planned: it is told again when the time has come
                place=f"{area}|{alert.state}",
                at=places[area],
                severity=severity if alert.state is Power.OFF else "high",
                title=alert.words,
                values=f"{area} {alert.state}: {len(homes)}",
                about="power_areas",
                about_code=area,
                seen_by=OF_RESCUERS,
            )
        )
    return found


def silent(
    sources: Sequence[Source], intervals: float, now: datetime, severity: str
) -> list[Condition]:
    """Sources not heard of for so many of their intervals."""
    found = []
    for one in sources:
        age = now - one.heard_at
        if age < intervals * one.every:
            continue
        minutes, every = age.total_seconds() / 60, one.every.total_seconds() / 60
        found.append(
            Condition(
                place=f"{one.kind} {one.code}",
                at=one.at,
                severity=severity,
                title=Text(th=f"ไม่มีข้อมูลจาก {one.code}", en=f"Nothing heard from {one.code}"),
                values=f"{minutes:.0f} min > {intervals:g} x {every:g} min",
                about="gauges" if one.kind == "gauge" else "feeds",
                about_code=one.code,
            )
        )
    return found
