"""The part of the server that watches: rules woken by changes and a clock, and escalation.

Everything it has to remember is in the database, so a restart forgets nothing; of several servers
one looks. A rule that fails is logged and does not keep the others from looking.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import PoolTimeout

from api.network.gather import places_of, shapes_of
from db import exercise, incidents, readings, rule_states
from db.queries import war_room, watched
from db.steps import Actor, begin
from flood import alarms, power
from flood.alarms import Cut, Limit, Shelter, Source
from flood.power import Power, PowerArea
from layers.care_locations import POWERED
from layers.conditions import Condition
from layers.errors import MuangError
from layers.incidents import SEVERITIES
from layers.model import Role
from layers.war_defaults import LOCAL, within

if TYPE_CHECKING:
    from api.house import House

log = logging.getLogger("muang.rules")

TICK_SECONDS = 1.0
"""How often it is looked for what nobody acknowledged."""
LOOK_SECONDS = 30.0
"""How often every rule looks when no change has woken it."""
BY_READINGS = frozenset({"threshold", "feed_silent"})
"""Rules about readings: an exercise has its own. The others look at records, which it has not."""
EVERYTHING = frozenset({"incident_rules", "exercise"})
"""What lets every rule look: the town's own words about rules, an exercise that begins or ends."""
PRESENT = timedelta(hours=48)
"""An observed extent older than this is not the present water."""
RULER = Actor("rules", "กฎอัตโนมัติ · rules")
WOKEN_BY: dict[str, frozenset[str]] = {
    "threshold": frozenset({"gauge_readings", "rain_readings", "tide_readings", "gauges"})
    | {"gauge_thresholds"},
    "shelter_full": frozenset({"shelters"}),
    "road_cut": frozenset({"closures", "roads", "flood_zones"}),
    "power_dependent": frozenset({"power_areas", "care_locations"}),
    "feed_silent": frozenset({"feeds", "gauge_readings", "gauges"}),
}
"""Layers whose changes let a rule look at once."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """One look at the town: as which time, with which rule's numbers, at whose readings."""

    conn: watched.Connection
    service: watched.Connection
    rule: Row
    now: datetime
    exercise: bool

    def number(self, name: str, otherwise: float) -> float:
        """A number of the rule."""
        value = self.rule.get(name)
        return otherwise if value is None else float(value)

    @property
    def severity(self) -> str:
        """The severity of what the rule raises."""
        return str(self.rule.get("severity") or "moderate")


class Watch:
    """Looks after the rules and the clock of one town; `run` until cancelled."""

    def __init__(self, house: "House") -> None:
        self._house = house

    async def run(self) -> None:
        """Watch: woken by the hub's changes, and by a clock when nothing happens."""
        wanted, looked = set(RULES), time.monotonic()
        while True:
            with self._house.hub.subscribe("rules") as stream:
                while not stream.lost:
                    try:
                        await self.look(frozenset(wanted), datetime.now(UTC))
                        wanted = set()
                    except (psycopg.Error, PoolTimeout) as error:
                        log.warning("rules wait for the database: %s", type(error).__name__)
                    changed = {one.layer for one in await stream.take(TICK_SECONDS)}
                    wanted |= {rule for rule, by in WOKEN_BY.items() if by & changed}
                    if time.monotonic() - looked > LOOK_SECONDS or EVERYTHING & changed:
                        wanted, looked = set(RULES), time.monotonic()
            # of a stream that was lost something may have been missed
            wanted = set(RULES)
            # a hub that was closed ends every stream at once: without a pause the server's end,
            # which cancels this, would never be reached
            await asyncio.sleep(TICK_SECONDS)

    async def look(self, wanted: frozenset[str], now: datetime) -> list[int]:
        """Escalate what is due at `now`, let the `wanted` rules look; ids of what they raised."""
        house = self._house
        async with house.reader(Role.ADMIN) as conn, house.service() as service:
            rules = await war_room.rules(conn, Role.ADMIN)
            local = now.astimezone(LOCAL).time()
            due = {code.value: within(rules, code.value, local) for code in SEVERITIES}
            async with service.transaction():
                await begin(service, RULER)
                if not await rule_states.alone(service):
                    return []
                await incidents.escalate(service, now, due, RULER)
            drill = await exercise.current_async(conn)
            raised: list[int] = []
            for rule in rules:
                kind = str(rule["rule"])
                # a rule that is off is asked nothing: what it found stands as it was
                if kind not in wanted or kind not in RULES or not rule.get("enabled"):
                    continue
                looks = [Look(conn, service, rule, now, exercise=False)]
                if drill is not None and kind in BY_READINGS:
                    # a real flood does not wait until the exercise is over
                    looks.append(Look(conn, service, rule, drill.clock(now), exercise=True))
                for look in looks:
                    try:
                        found = await RULES[kind](look)
                        raised += await _decide(look, found, now, due, drilled=drill is not None)
                    except (ValueError, KeyError, psycopg.DataError, MuangError):
                        log.exception("the rule %s failed", rule["code"])
            return raised


async def _decide(
    look: Look,
    found: list[Condition],
    now: datetime,
    due: dict[str, timedelta],
    *,
    drilled: bool,
) -> list[int]:
    """What follows of what a look found; ids of the incidents raised. `drilled`: an exercise is on.

    Nobody can tell of a road closed during an exercise whether it is closed in earnest. What real
    incidents were raised for before stays with them; the rest is the exercise's, and raised anew,
    as real, if it still holds when the exercise is over.
    """
    service, rule, kind = look.service, str(look.rule["code"]), str(look.rule["rule"])
    async with service.transaction():
        await begin(service, RULER)
        if not await rule_states.alone(service):
            return []
        parts = {look.exercise: found}
        if drilled and kind not in BY_READINGS:
            real = await rule_states.raised_at(service, rule)
            parts = {
                mine: [one for one in found if (one.place in real) is not mine]
                for mine in (False, True)
            }
        if not drilled:
            await rule_states.forget_exercise(service, rule)
        raised = []
        for of_exercise, some in parts.items():
            raised += await rule_states.apply(
                service,
                rule,
                some,
                now=now,
                delay=timedelta(seconds=look.number("delay_s", 0)),
                due=due,
                actor=RULER,
                kind=kind,
                exercise=of_exercise,
            )
        return raised


def _at(row: Row) -> tuple[float, float]:
    return float(row["lon"]), float(row["lat"])


async def _thresholds(look: Look) -> list[Condition]:
    rows = await watched.read(look.conn, "limits")
    values: dict[tuple[str, str], float] = {}
    for series in ("gauge_readings", "tide_readings"):
        newest = await readings.latest_async(
            look.conn, series, exercise=look.exercise, now=look.now, sound=True
        )
        values |= {
            (one.station, "m MSL"): one.value for one in newest.values() if one.value is not None
        }
    limits = []
    for row in rows:
        if row["level_m"] is not None:
            limits.append(
                Limit(row["gauge"], row["name"], row["kind"], float(row["level_m"]), _at(row))
            )
        elif row["rain_mm"] is not None and row["rain_hours"]:
            hours = float(row["rain_hours"])
            unit = f"mm/{hours:g} h"
            asked = {"since": look.now - timedelta(hours=hours), "until": look.now}
            rain = await watched.read(
                look.conn, "rain", station=row["gauge"], exercise=look.exercise, **asked
            )
            if rain:
                values[row["gauge"], unit] = float(rain[0]["mm"] or 0)
            limits.append(
                Limit(row["gauge"], row["name"], row["kind"], float(row["rain_mm"]), _at(row), unit)
            )
    return alarms.thresholds(limits, values, look.number("dead_band", 0.05))


async def _full(look: Look) -> list[Condition]:
    rows = await watched.read(look.conn, "shelters")
    shelters = [
        Shelter(row["code"], row["name"], int(row["capacity"]), int(row["occupancy"]), _at(row))
        for row in rows
    ]
    share, band = look.number("threshold", 1.0), look.number("dead_band", 0.1)
    return alarms.full_shelters(shelters, share, band, look.severity)


async def _roads(look: Look) -> list[Condition]:
    closed = await watched.read(look.conn, "closures")
    wet = await watched.read(look.conn, "wet_roads", since=look.now - PRESENT)
    cuts = [
        *(Cut(row["road"] or "", row["name"], _at(row), closure=row["code"]) for row in closed),
        *(Cut(row["road"], row["name"], _at(row), wet_m=float(row["wet_m"])) for row in wet),
    ]
    return alarms.cut_roads(cuts, look.number("threshold", 20.0), look.severity)


async def _power(look: Look) -> list[Condition]:
    areas = await watched.read(look.conn, "power")
    homes = await watched.read(look.conn, "powered", powered=sorted(POWERED))
    if not areas or not homes:
        return []
    alerts = power.alerts(
        [row["household"] for row in homes],
        places_of(homes),
        [PowerArea(row["code"], Power(row["state"]), row["since"], row["until"]) for row in areas],
        shapes_of(areas),
        look.now,
    )
    return alarms.without_power(alerts, {row["code"]: _at(row) for row in areas}, look.severity)


async def _silent(look: Look) -> list[Condition]:
    sources = []
    gauges = await watched.read(look.conn, "gauges")
    for series in ("gauge_readings", "rain_readings", "tide_readings"):
        newest = await readings.latest_async(
            look.conn, series, exercise=look.exercise, now=look.now
        )
        sources += [
            Source(
                "gauge",
                row["code"],
                timedelta(seconds=int(row["expected_interval_s"])),
                newest[row["code"]].at,
                _at(row),
            )
            for row in gauges
            if row["code"] in newest
        ]
    middle = await watched.read(look.conn, "middle")
    if middle and not look.exercise:
        sources += [
            Source(
                "feed",
                row["name"],
                timedelta(seconds=int(row["interval_s"])),
                row["heard_at"],
                _at(middle[0]),
            )
            for row in await watched.feeds(look.service)
        ]
    return alarms.silent(sources, look.number("threshold", 3.0), look.now, look.severity)


RULES: dict[str, Callable[[Look], Awaitable[list[Condition]]]] = {
    "threshold": _thresholds,
    "shelter_full": _full,
    "road_cut": _roads,
    "power_dependent": _power,
    "feed_silent": _silent,
}
"""What each rule looks at."""
