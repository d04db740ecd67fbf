"""Runs of boats: nobody twice, nobody left out, nothing overloaded, plans kept when one fails."""

import itertools
from collections import Counter
from time import monotonic

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flood.evacuation import Household
from flood.runs import NEARBY_M, Fetch, Mode, Plan, Run, Team, plan, without

BOTH = frozenset(Mode)


def boat(key: str, places: int = 6, stretchers: int = 1, mode: Mode = Mode.BOAT) -> Team:
    return Team(key, mode, places, stretchers, (0.0, 0.0), 10.0)


def fetch(
    key: str,
    people: int,
    lying: int = 0,
    xy: tuple[float, float] = (100.0, 0.0),
    modes: frozenset[Mode] = BOTH,
) -> Fetch:
    return Fetch(Household(key, people, lying=lying, xy=xy), modes, "S1", (0.0, 500.0))


def carried(runs: tuple[Run, ...]) -> Counter[str]:
    found: Counter[str] = Counter()
    for run in runs:
        for stop in run.stops:
            found[stop.household] += stop.sitting + stop.lying
    return found


TEAMS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 2), st.sampled_from(list(Mode))),
    min_size=0,
    max_size=6,
).map(lambda rows: [boat(f"T{n}", *row) for n, row in enumerate(rows)])
CALLS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.integers(0, 2),
        st.floats(0, 2000),
        st.sets(st.sampled_from(list(Mode))),
    ),
    max_size=20,
).map(
    lambda rows: [
        fetch(f"H{n}", people, min(lying, people), (x, 0.0), frozenset(modes))
        for n, (people, lying, x, modes) in enumerate(rows)
    ]
)


def held(found: Plan, calls: list[Fetch], teams: list[Team]) -> None:
    by_team = {team.key: team for team in teams}
    left = {key for key, _ in found.left}
    assert (
        carried(found.runs)
        == Counter(
            {c.household.key: c.household.people for c in calls if c.household.key not in left}
        )
        + Counter()
    )
    xy = {c.household.key: c.household.xy for c in calls}
    modes = {c.household.key: c.modes for c in calls}
    for run in found.runs:
        team = by_team[run.team]
        assert run.stops
        assert sum(stop.sitting for stop in run.stops) <= team.places
        assert sum(stop.lying for stop in run.stops) <= team.stretchers
        assert all(team.mode in modes[stop.household] for stop in run.stops)
        first = xy[run.stops[0].household]
        assert all(np.hypot(*np.subtract(xy[s.household], first)) <= NEARBY_M for s in run.stops)
    for team in teams:
        mine = [run for run in found.runs if run.team == team.key]
        assert all(a.back_h <= b.leaves_h for a, b in itertools.pairwise(mine))
        assert [run.number for run in mine] == list(range(1, len(mine) + 1))


@settings(max_examples=150, deadline=None)
@given(CALLS, TEAMS)
def test_everybody_is_fetched_or_listed_and_nothing_is_overloaded(
    calls: list[Fetch], teams: list[Team]
) -> None:
    found = plan(calls, teams)
    held(found, calls, teams)
    assert all(why.th and why.en for _, why in found.left)


def test_the_first_of_the_order_leaves_first_and_neighbours_fill_the_seats() -> None:
    calls = [fetch("A", 3), fetch("far", 2, xy=(5000.0, 0.0)), fetch("B", 3), fetch("C", 1)]
    found = plan(calls, [boat("T1"), boat("T2")])
    first = found.next_runs()["T1"]
    assert [stop.household for stop in first.stops] == ["A", "B"]
    assert [stop.household for stop in found.next_runs()["T2"].stops] == ["far"]


def test_a_household_larger_than_a_boat_goes_in_parts_and_lying_people_need_room() -> None:
    found = plan([fetch("A", 9, lying=1)], [boat("T1", places=5, stretchers=1)])
    assert [[(s.sitting, s.lying, s.part) for s in run.stops] for run in found.runs] == [
        [(5, 1, True)],
        [(3, 0, False)],
    ]
    assert plan([fetch("A", 2, lying=1)], [boat("T1", stretchers=0)]).left[0][0] == "A"
    nowhere = plan([fetch("A", 2, xy=(float("nan"), 0.0))], [boat("T1")])
    assert "where the house stands" in nowhere.left[0][1].en


def test_when_a_boat_fails_the_others_go_on_and_its_people_keep_their_place() -> None:
    calls = [fetch(f"H{n}", 6, xy=(1000.0 * n, 0.0)) for n in range(8)]
    teams = [boat(f"T{n}") for n in range(3)]
    out = plan(calls, teams).next_runs()
    started = [Run(**{**vars(run), "under_way": True}) for run in out.values()]
    working, still = without(teams, started, "T0")
    again = plan(calls, working, still)
    assert {run.team for run in again.runs} == {"T1", "T2"}
    assert set(started[1:]) <= set(again.runs)
    assert carried(again.runs) == Counter({f"H{n}": 6 for n in range(8)})
    fresh = [run for run in again.runs if not run.under_way]
    assert fresh[0].stops[0].household == "H0", "whom the failed boat was to fetch"
    assert again.next_runs() == {run.team: run for run in reversed(fresh)}
    nobody = plan(calls, [], ())
    assert len(nobody.left) == 8


def test_a_thousand_households_are_planned_at_once() -> None:
    rng = np.random.default_rng(6)
    calls = [
        fetch(f"H{n:04d}", int(rng.integers(1, 7)), xy=tuple(rng.uniform(0, 4000, 2).tolist()))
        for n in range(1000)
    ]
    teams = [boat(f"T{n}") for n in range(6)]
    start = monotonic()
    held(plan(calls, teams), calls, teams)
    print(f"1,000 households, 6 boats: {monotonic() - start:.2f} s")
