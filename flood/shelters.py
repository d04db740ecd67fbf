"""Where everybody goes: the refuge plan first, then what the solver proposes for the rest.

Nobody is dropped: each household is placed by road, placed but to be fetched by boat, or listed
with why not. `Answer.check` holds each answer to that, to the places there are and to dry roads.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely

from flood import paths, placing
from flood.between import Between, between
from flood.paths import Network
from flood.roads import Bools, Floats, Ints
from flood.vehicles import Vehicle
from flood.water import afloat, depth_at

LANDING_M = 60.0
"""A boat takes people from this near to its water, and lands this near to a usable road."""


class Status(StrEnum):
    """What became of a household."""

    ROAD = "road"
    BOAT = "boat"
    NO_PLACE = "no_place"
    UNREACHABLE = "unreachable"
    NO_LOCATION = "no_location"


class Excluded(StrEnum):
    """Why a shelter takes nobody."""

    CLOSED = "closed"
    FLOODED = "flooded"
    FULL = "full"
    CAPACITY_UNKNOWN = "capacity_unknown"
    NO_ROAD = "no_road"


@dataclass(frozen=True)
class Homes:
    """Households: people in each, where (NaN unknown), community, who needs an accessible place."""

    keys: tuple[str, ...]
    people: Ints
    xy: Floats
    communities: tuple[str | None, ...]
    accessible: Bools


@dataclass(frozen=True)
class Shelters:
    """Shelters; `capacity` -1 unknown, `accessible` with ramp and power for people in bed."""

    keys: tuple[str, ...]
    xy: Floats
    capacity: Ints
    occupancy: Ints
    open: Bools
    accessible: Bools


@dataclass(frozen=True)
class Answer:
    """Who goes where. Arrays have a row a household; `shelter` and `nearest` are rows, -1 none.

    `nearest` is the nearest shelter by road that takes people and had a free place at the start.
    `planned` tells whom the refuge plan placed; `not_accessible` who needed an accessible place
    and did not get one. `landing` is where a boat lands (NaN for those on the road).
    """

    homes: Homes
    shelters: Shelters
    status: tuple[Status, ...]
    shelter: Ints
    nearest: Ints
    seconds: Floats
    metres: Floats
    planned: Bools
    not_accessible: Bools
    landing: Floats
    node: Ints
    excluded: tuple[Excluded | None, ...]
    free: Ints
    edges: Ints

    def people(self, status: Status) -> int:
        """People of the households of that status."""
        return int(self.homes.people[[one is status for one in self.status]].sum())

    @property
    def placed(self) -> Ints:
        """People placed in each shelter, to be added to those there already."""
        found = np.zeros(len(self.shelters.keys), dtype=np.int64)
        has = self.shelter >= 0
        np.add.at(found, self.shelter[has], self.homes.people[has])
        return found

    def check(self, roads: Network) -> None:
        """BrokenWayError or AssertionError when the answer breaks what it promises."""
        paths.prove(roads, self.edges)
        wrong = [
            name
            for name, bad in (
                ("more people than places", bool(np.any(self.placed > self.free))),
                ("somebody in a shelter that takes nobody", self._in_excluded()),
                ("somebody counted twice or not at all", self._lost()),
            )
            if bad
        ]
        if wrong:
            raise AssertionError("; ".join(wrong))

    def _in_excluded(self) -> bool:
        return any(self.excluded[n] is not None for n in self.shelter[self.shelter >= 0].tolist())

    def _lost(self) -> bool:
        has = np.array([one in (Status.ROAD, Status.BOAT) for one in self.status], dtype=bool)
        total = sum(self.people(one) for one in Status)
        return bool(np.any(has != (self.shelter >= 0))) or total != int(self.homes.people.sum())


@dataclass(frozen=True)
class _Ways:
    """Seconds from each home to each shelter, by road or by boat and road; who goes by boat.

    `start` is the node a home's way by road begins at, for those by boat their landing.
    """

    seconds: Floats
    boat: Bools
    start: Ints
    roads: Between


def answer(
    roads: Network,
    homes: Homes,
    shelters: Shelters,
    *,
    plans: Mapping[str, Sequence[str]] | None = None,
    boat: Vehicle | None = None,
) -> Answer:
    """Place every household. `plans` are shelter codes of each community, in order of choice.

    Without a `boat` nobody is fetched over water. A vehicle or roads of which nothing is left
    leave everybody listed; a town without roads is BadRequestError.
    """
    paths.need_roads(roads.graph)
    at = paths.nearest_nodes(roads.graph, shelters.xy, roads.usable)
    excluded = _excluded(roads, shelters, at)
    takes = np.array([why is None for why in excluded], dtype=bool)
    free = np.where(takes, shelters.capacity - shelters.occupancy, 0)
    ways = _ways(roads, homes, np.where(takes, at, -1), boat)
    chosen, planned = _choose(homes, shelters, ways.seconds, free.copy(), plans or {})
    found = _told(
        roads,
        homes,
        shelters,
        ways,
        chosen=chosen,
        planned=planned,
        excluded=excluded,
        free=free,
    )
    found.check(roads)
    return found


def _excluded(roads: Network, shelters: Shelters, at: Ints) -> tuple[Excluded | None, ...]:
    wet = depth_at(shelters.xy, roads.water) > 0

    def why(n: int) -> Excluded | None:
        tests = (
            (not shelters.open[n], Excluded.CLOSED),
            (bool(wet[n]), Excluded.FLOODED),
            (shelters.capacity[n] < 0, Excluded.CAPACITY_UNKNOWN),
            (shelters.capacity[n] <= shelters.occupancy[n], Excluded.FULL),
            (at[n] < 0, Excluded.NO_ROAD),
        )
        return next((reason for true, reason in tests if true), None)

    return tuple(why(n) for n in range(len(shelters.keys)))


def _ways(roads: Network, homes: Homes, goals: Ints, boat: Vehicle | None) -> _Ways:
    start = paths.nearest_nodes(roads.graph, homes.xy)
    # nobody drives to a door that stands deeper in water than the vehicle wades
    deep = depth_at(homes.xy, roads.water) > roads.vehicle.wades_m
    soonest = paths.soonest(roads, goals)
    by_road = np.zeros(len(homes.keys), dtype=bool)
    met = (start >= 0) & ~deep
    by_road[met] = np.isfinite(soonest[start[met]])
    over = np.zeros(len(homes.keys))
    landing = np.full(len(homes.keys), -1, dtype=np.int64)
    if boat is not None:
        landing, over = _landings(roads, homes, soonest, boat, ~by_road)
    afloat_ = landing >= 0
    start = np.where(afloat_, landing, start)
    found = between(roads, goals, np.where(by_road | afloat_, start, -1))
    return _Ways(found.seconds.T + over[:, None], afloat_, start, found)


def _landings(
    roads: Network, homes: Homes, soonest: Floats, boat: Vehicle, wanted: Bools
) -> tuple[Ints, Floats]:
    """Where a boat lands with each home no road leads to (-1 nowhere), and seconds until there.

    Of the landings of the waters a home lies at, the one with the soonest shelter.
    """
    landing = np.full(len(homes.keys), -1, dtype=np.int64)
    over = np.zeros(len(homes.keys))
    least = np.full(len(homes.keys), np.inf)
    left = np.flatnonzero(wanted & ~np.isnan(homes.xy).any(axis=1))
    waters, _ = afloat(roads.water, boat.draught_m)
    lands = np.flatnonzero(np.isfinite(soonest) & roads.usable)
    if not len(left) or not len(waters) or not len(lands):
        return landing, over
    home_at = shapely.STRtree(np.asarray(shapely.points(homes.xy[left]), dtype=object))
    land_at = shapely.STRtree(np.asarray(shapely.points(roads.graph.xy[lands]), dtype=object))
    for shape in waters:
        here = left[home_at.query(shape, predicate="dwithin", distance=LANDING_M)]
        near = lands[land_at.query(shape, predicate="dwithin", distance=LANDING_M)]
        if not len(here) or not len(near):
            continue
        away, nearest = paths.nearest(roads.graph.xy[near], homes.xy[here])
        afloat_s = away / (boat.speed_kmh / 3.6)
        total = afloat_s + soonest[near[nearest]]
        better = total < least[here]
        mine = here[better]
        landing[mine], over[mine] = near[nearest][better], afloat_s[better]
        least[mine] = total[better]
    return landing, over


def _choose(
    homes: Homes,
    shelters: Shelters,
    seconds: Floats,
    free: Ints,
    plans: Mapping[str, Sequence[str]],
) -> tuple[Ints, Bools]:
    """Shelter of each home (-1 none) and whether the plan placed it."""
    chosen = np.full(len(homes.keys), -1, dtype=np.int64)
    planned = np.zeros(len(homes.keys), dtype=bool)
    reaches = np.isfinite(seconds).any(axis=1)
    apart = np.where(shelters.accessible[None, :], seconds, np.inf)
    # places for people in bed are given first, and those left over to everybody
    for who, cost in ((homes.accessible, apart), (np.ones(len(homes.keys), dtype=bool), seconds)):
        waiting = np.flatnonzero(who & reaches & (chosen < 0))
        _follow_plans(homes, shelters, waiting, cost=cost, free=free, plans=plans, chosen=chosen)
        planned[waiting] |= chosen[waiting] >= 0
        waiting = waiting[chosen[waiting] < 0]
        got = placing.place(homes.people, _groups(homes, waiting, cost), free, cost)
        chosen[waiting] = got[waiting]
    return chosen, planned


def _follow_plans(
    homes: Homes,
    shelters: Shelters,
    waiting: Ints,
    *,
    cost: Floats,
    free: Ints,
    plans: Mapping[str, Sequence[str]],
    chosen: Ints,
) -> None:
    row = {key: n for n, key in enumerate(shelters.keys)}
    for community in sorted(plans):
        order = [row[key] for key in plans[community] if key in row]
        mine = [n for n in waiting.tolist() if homes.communities[n] == community]
        if not order:
            continue
        for home in sorted(mine, key=lambda n: (float(cost[n, order[0]]), n)):
            count = int(homes.people[home])
            for shelter in order:
                if np.isfinite(cost[home, shelter]) and free[shelter] >= count:
                    chosen[home] = shelter
                    free[shelter] -= count
                    break


def _groups(homes: Homes, waiting: Ints, cost: Floats) -> list[Ints]:
    """Neighbours: homes of one community from which the same shelters can be reached."""
    found: dict[tuple[str, bytes], list[int]] = defaultdict(list)
    reach = np.isfinite(cost)
    for n in waiting.tolist():
        if reach[n].any():
            found[homes.communities[n] or "", reach[n].tobytes()].append(n)
    return [np.asarray(rows, dtype=np.int64) for _, rows in sorted(found.items())]


def _told(
    roads: Network,
    homes: Homes,
    shelters: Shelters,
    ways: _Ways,
    *,
    chosen: Ints,
    planned: Bools,
    excluded: tuple[Excluded | None, ...],
    free: Ints,
) -> Answer:
    count = len(homes.keys)
    has = np.flatnonzero(chosen >= 0)
    seconds, metres = np.full(count, np.nan), np.full(count, np.nan)
    seconds[has] = ways.seconds[has, chosen[has]]
    metres[has], used = ways.roads.follow(chosen[has], has)
    landing = np.full((count, 2), np.nan)
    landing[ways.boat] = roads.graph.xy[ways.start[ways.boat]]
    over = np.hypot(landing[:, 0] - homes.xy[:, 0], landing[:, 1] - homes.xy[:, 1])
    granted = np.r_[shelters.accessible, True][chosen]
    return Answer(
        homes=homes,
        shelters=shelters,
        status=_statuses(homes, ways, chosen),
        shelter=chosen,
        nearest=_nearest(ways),
        seconds=seconds,
        metres=np.where(ways.boat, metres + over, metres),
        planned=planned,
        not_accessible=homes.accessible & ~granted,
        landing=landing,
        node=ways.start,
        excluded=excluded,
        free=free,
        edges=used,
    )


def _nearest(ways: _Ways) -> Ints:
    """The shelter soonest reached by road alone, -1 where none is."""
    found = np.full(len(ways.seconds), -1, dtype=np.int64)
    some = np.flatnonzero(np.isfinite(ways.seconds).any(axis=1) & ~ways.boat)
    if len(some):
        found[some] = np.argmin(ways.seconds[some], axis=1)
    return found


def _statuses(homes: Homes, ways: _Ways, chosen: Ints) -> tuple[Status, ...]:
    reached = np.asarray(np.isfinite(ways.seconds).any(axis=1), dtype=bool)

    def one(n: int) -> Status:
        if np.isnan(homes.xy[n]).any():
            return Status.NO_LOCATION
        if not reached[n]:
            return Status.UNREACHABLE
        if chosen[n] < 0:
            return Status.NO_PLACE
        return Status.BOAT if ways.boat[n] else Status.ROAD

    return tuple(one(n) for n in range(len(homes.keys)))
