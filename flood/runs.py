"""Runs of boats and lorries: who is fetched by whom, in the order given, within what they carry.

The order decides: whichever team is free first takes the first household it can serve, then fills
its seats with the next ones nearby, in their order. Runs already under way stay as they are when
plans change. Travel is timed in a straight line at the vehicle's speed, which a chart of the water
would only lengthen: the times are the earliest.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from flood.evacuation import Household
from layers.text import Text

NEARBY_M = 500.0
"""A run that has seats left goes on only to households this near to its first."""
LOAD_MIN = 2.0
"""Minutes to take in one person; a lying one takes `LIFT_MIN`. Defaults to be edited."""
LIFT_MIN = 10.0

STRAIGHT = Text(
    th="เวลาเดินทางคิดเป็นเส้นตรงตามความเร็วพาหนะ จึงเป็นเวลาเร็วที่สุด",
    en="Travel is timed in a straight line at the vehicle's speed: times are the earliest.",
)


class Mode(StrEnum):
    """Over water or by road."""

    BOAT = "boat"
    ROAD = "road"


@dataclass(frozen=True)
class Team:
    """A crew with its vehicle: seats, lying people it lifts besides, where it starts, speed."""

    key: str
    mode: Mode
    places: int
    stretchers: int
    xy: tuple[float, float]
    speed_kmh: float
    free_at_h: float = 0.0


@dataclass(frozen=True)
class Fetch:
    """A household to be fetched: by which modes, and where its people are put down."""

    household: Household
    modes: frozenset[Mode]
    to: str
    to_xy: tuple[float, float]


@dataclass(frozen=True)
class Stop:
    """One call of a run: who of a household, sitting and lying; `part` when not all of them."""

    household: str
    sitting: int
    lying: int
    part: bool = False


@dataclass(frozen=True)
class Run:
    """One trip of a team. Hours count from the moment of planning; `number` within the team."""

    team: str
    number: int
    stops: tuple[Stop, ...]
    to: tuple[str, ...]
    leaves_h: float
    back_h: float
    under_way: bool = False

    @property
    def people(self) -> int:
        """Everybody on board."""
        return sum(stop.sitting + stop.lying for stop in self.stops)


@dataclass(frozen=True)
class Plan:
    """All runs in the order they leave, and who no team can fetch, with why not."""

    runs: tuple[Run, ...]
    left: tuple[tuple[str, Text], ...]

    def next_runs(self) -> dict[str, Run]:
        """The next run of each team that has one and is not out on it."""
        found: dict[str, Run] = {}
        for run in self.runs:
            if not run.under_way:
                found.setdefault(run.team, run)
        return found


@dataclass
class _Waiting:
    """What is left of a household to fetch."""

    fetch: Fetch
    sitting: int
    lying: int

    @property
    def xy(self) -> tuple[float, float]:
        return self.fetch.household.xy


def plan(order: Sequence[Fetch], teams: Sequence[Team], started: Sequence[Run] = ()) -> Plan:
    """Runs for everybody in `order` that some team can serve.

    `started` are runs under way: their people are not fetched again, and their team is free when
    they are back. A household larger than a vehicle is taken in several runs, the lying first.
    """
    waiting = _waiting(order, started)
    left: list[tuple[str, Text]] = []
    crews = {team.key: _after(team, started) for team in teams}
    servable = []
    for one in waiting:
        why = _why_not(one, crews.values())
        if why is None:
            servable.append(one)
        else:
            left.append((one.fetch.household.key, why))
    runs = list(started)
    numbers = {team.key: sum(run.team == team.key for run in started) for team in teams}
    while servable:
        crew = min(
            (c for c in crews.values() if any(_serves(c, one) for one in servable)),
            key=lambda c: (c.free_at_h, c.key),
        )
        numbers[crew.key] += 1
        run, where = _run(crew, numbers[crew.key], servable)
        runs.append(run)
        crews[crew.key] = replace(crew, xy=where, free_at_h=run.back_h)
        servable = [one for one in servable if one.sitting + one.lying > 0]
    return Plan(tuple(sorted(runs, key=lambda r: (r.leaves_h, r.team))), tuple(left))


def without(
    teams: Sequence[Team], runs: Sequence[Run], failed: str
) -> tuple[tuple[Team, ...], tuple[Run, ...]]:
    """Teams and runs under way once a team has failed: its people wait again in their old order."""
    return (
        tuple(team for team in teams if team.key != failed),
        tuple(run for run in runs if run.team != failed),
    )


def _waiting(order: Sequence[Fetch], started: Sequence[Run]) -> list[_Waiting]:
    taken: dict[str, tuple[int, int]] = {}
    for run in started:
        for stop in run.stops:
            sitting, lying = taken.get(stop.household, (0, 0))
            taken[stop.household] = (sitting + stop.sitting, lying + stop.lying)
    found = []
    for fetch in order:
        sitting, lying = taken.get(fetch.household.key, (0, 0))
        rest = _Waiting(
            fetch,
            max(fetch.household.people - fetch.household.lying - sitting, 0),
            max(fetch.household.lying - lying, 0),
        )
        if rest.sitting + rest.lying:
            found.append(rest)
    return found


def _after(team: Team, started: Sequence[Run]) -> Team:
    back = [run.back_h for run in started if run.team == team.key]
    return replace(team, free_at_h=max([team.free_at_h, *back]))


def _why_not(one: _Waiting, teams: Iterable[Team]) -> Text | None:
    suited = [team for team in teams if team.mode in one.fetch.modes]
    if np.isnan(one.xy).any():
        return Text(th="ไม่ทราบที่ตั้งบ้าน", en="where the house stands is not known")
    if not suited:
        return Text(th="ไม่มีทีมที่เข้าถึงได้", en="no team with a vehicle that gets there")
    if one.lying and not any(team.stretchers for team in suited):
        return Text(th="ไม่มีทีมที่รับผู้ป่วยนอนได้", en="no team that gets there takes a lying person")
    if one.sitting and not any(team.places for team in suited):
        return Text(th="ไม่มีทีมที่มีที่นั่ง", en="no team that gets there has seats")
    return None


def _serves(team: Team, one: _Waiting) -> bool:
    able = (one.lying and team.stretchers) or (one.sitting and team.places)
    return bool(team.mode in one.fetch.modes and able)


def _run(team: Team, number: int, waiting: Sequence[_Waiting]) -> tuple[Run, tuple[float, float]]:
    """One run for a team: the first it can serve, then who fits nearby. Lowers what is waiting."""
    first = next(one for one in waiting if _serves(team, one))
    seats, beds = team.places, team.stretchers
    stops: list[Stop] = []
    to: list[tuple[str, tuple[float, float]]] = []
    way = [team.xy]
    for one in waiting:
        if team.mode not in one.fetch.modes or not (seats or beds):
            continue
        sitting, lying = min(one.sitting, seats), min(one.lying, beds)
        whole = (sitting, lying) == (one.sitting, one.lying)
        if one is not first and (not whole or _away(first.xy, one.xy) > NEARBY_M):
            continue
        stops.append(Stop(one.fetch.household.key, sitting, lying, part=not whole))
        one.sitting, one.lying = one.sitting - sitting, one.lying - lying
        seats, beds = seats - sitting, beds - lying
        way.append(one.xy)
        if (one.fetch.to, one.fetch.to_xy) not in to:
            to.append((one.fetch.to, one.fetch.to_xy))
    way += [xy for _, xy in to]
    metres = sum(_away(a, b) for a, b in itertools.pairwise(way))
    minutes = sum(stop.sitting * LOAD_MIN + stop.lying * LIFT_MIN for stop in stops)
    back = team.free_at_h + metres / 1000.0 / team.speed_kmh + minutes / 60.0
    run = Run(team.key, number, tuple(stops), tuple(k for k, _ in to), team.free_at_h, back)
    return run, way[-1]


def _away(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))
