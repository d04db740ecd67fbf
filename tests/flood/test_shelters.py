"""Shelters: nobody lost, no place given twice, no wet road; costs against independent solvers."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from flood import paths, placing, vehicles
from flood.shelters import Answer, Excluded, Homes, Shelters, Status, answer
from flood.water import Water, no_water
from layers.errors import BadRequestError
from tests.flood.streets import flood, grid, pond, reference

PICKUP, TRUCK, BOAT = (vehicles.by_id(n) for n in ("pickup", "truck_6", "flat_boat"))
NOWHERE = (float("nan"), float("nan"))


def homes(*rows: tuple[int, tuple[float, float], str | None, bool]) -> Homes:
    return Homes(
        keys=tuple(f"H{n}" for n in range(len(rows))),
        people=np.array([row[0] for row in rows], dtype=np.int64),
        xy=np.array([row[1] for row in rows], dtype=float).reshape(-1, 2),
        communities=tuple(row[2] for row in rows),
        accessible=np.array([row[3] for row in rows], dtype=bool),
    )


def shelters(*rows: tuple[tuple[float, float], int, int, bool, bool]) -> Shelters:
    return Shelters(
        keys=tuple(f"S{n}" for n in range(len(rows))),
        xy=np.array([row[0] for row in rows], dtype=float).reshape(-1, 2),
        capacity=np.array([row[1] for row in rows], dtype=np.int64),
        occupancy=np.array([row[2] for row in rows], dtype=np.int64),
        open=np.array([row[3] for row in rows], dtype=bool),
        accessible=np.array([row[4] for row in rows], dtype=bool),
    )


def asked(of: Homes, to: Shelters, areas: Water | None = None, **more: object) -> Answer:
    net = paths.network(grid(5), PICKUP, areas or no_water())
    return answer(net, of, to, **more)  # type: ignore[arg-type]


def test_the_plan_is_followed_first_and_only_the_overflow_is_proposed() -> None:
    town = homes(*[(4, (20.0 * n, 0.0), "C1", False) for n in range(6)])
    places = shelters(((0, 0), 100, 0, True, False), ((400, 400), 10, 0, True, False))
    found = asked(town, places, plans={"C1": ["S1"]})
    assert found.planned.sum() == 2
    assert [places.keys[n] for n in found.shelter[found.planned]] == ["S1", "S1"]
    assert set(found.shelter[~found.planned].tolist()) == {0}
    assert set(found.nearest.tolist()) == {0}


def test_people_in_bed_get_accessible_places_first() -> None:
    town = homes((5, (0, 0), "C1", False), (3, (0, 20), "C1", True), (2, (0, 40), "C1", True))
    places = shelters(((0, 0), 50, 0, True, False), ((400, 400), 3, 0, True, True))
    found = asked(town, places)
    assert list(found.shelter) == [0, 1, 0]
    assert list(found.not_accessible) == [False, False, True]


def test_a_community_stays_together_where_it_fits() -> None:
    rows = [(3, (10.0 * n, 0.0), "C1", False) for n in range(10)]
    rows += [(3, (400.0 - 10 * n, 0.0), "C2", False) for n in range(10)]
    places = shelters(((200, 0), 30, 0, True, False), ((200, 400), 30, 0, True, False))
    found = asked(homes(*rows), places)
    for community in ("C1", "C2"):
        mine = [n for n, row in enumerate(rows) if row[2] == community]
        assert len(set(found.shelter[mine].tolist())) == 1


def test_who_takes_nobody_and_who_has_no_way_is_told() -> None:
    town = homes(
        (4, (0, 0), "C1", False),
        (3, (400, 400), "C1", False),
        (2, NOWHERE, None, False),
        (5, (9000, 9000), None, False),
    )
    places = shelters(
        ((0, 0), 100, 0, False, False),
        ((400, 400), 100, 0, True, False),
        ((0, 400), -1, 0, True, False),
        ((400, 0), 7, 7, True, False),
        ((9000, 0), 7, 0, True, False),
        ((0, 100), 4, 0, True, False),
    )
    found = asked(town, places, flood(pond(400, 400, 120), depth=2.0))
    assert found.excluded == (
        Excluded.CLOSED,
        Excluded.FLOODED,
        Excluded.CAPACITY_UNKNOWN,
        Excluded.FULL,
        Excluded.NO_ROAD,
        None,
    )
    assert found.status == (
        Status.ROAD,
        Status.UNREACHABLE,
        Status.NO_LOCATION,
        Status.UNREACHABLE,
    )
    by_boat = asked(town, places, flood(pond(400, 400, 120), depth=2.0), boat=BOAT)
    assert by_boat.status[1] is Status.NO_PLACE, "reached by boat, but the places are gone"
    assert not np.isnan(by_boat.landing[1]).any()


def test_a_boat_is_told_its_landing_and_the_way_on() -> None:
    town = homes((3, (400, 400), "C1", False))
    places = shelters(((0, 0), 100, 0, True, False))
    found = asked(town, places, flood(pond(400, 400, 120), depth=2.0), boat=BOAT)
    assert found.status == (Status.BOAT,)
    over = float(np.hypot(*(found.landing[0] - [400, 400])))
    assert 100 <= over <= 260
    assert found.metres[0] > over
    assert found.nearest[0] == -1, "no road leads there"


def test_no_flooded_door_is_driven_to_though_its_road_is_dry() -> None:
    town = homes((3, (50, 30), None, False))
    places = shelters(((0, 0), 100, 0, True, False))
    assert asked(town, places, flood(pond(50, 30, 10), depth=2.0)).status[0] is Status.UNREACHABLE
    assert asked(town, places, flood(pond(50, 30, 10), depth=0.2)).status[0] is Status.ROAD


def test_no_shelters_no_homes_and_no_roads_are_answered() -> None:
    nobody, nothing = homes(), shelters()
    assert asked(homes((4, (0, 0), None, False)), nothing).status == (Status.UNREACHABLE,)
    assert asked(nobody, shelters(((0, 0), 9, 0, True, False))).status == ()
    with pytest.raises(BadRequestError):
        answer(paths.network(grid(0), PICKUP, no_water()), nobody, nothing)


def test_all_roads_closed_leaves_everybody_listed() -> None:
    graph = grid(3)
    everything = paths.Closures(np.zeros((6, 2)), tuple(f"R{n}" for n in range(6)))
    net = paths.network(graph, PICKUP, no_water(), everything)
    found = answer(net, homes((4, (0, 0), None, False)), shelters(((0, 0), 9, 0, True, False)))
    assert found.status == (Status.UNREACHABLE,)
    assert found.excluded == (Excluded.NO_ROAD,)


SPOT = st.tuples(st.floats(0, 400), st.floats(0, 400))
HOMES = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.one_of(SPOT, st.just(NOWHERE)),
        st.sampled_from(["C1", "C2", None]),
        st.booleans(),
    ),
    max_size=25,
)
SHELTERS = st.lists(
    st.tuples(SPOT, st.integers(-1, 40), st.integers(0, 10), st.booleans(), st.booleans()),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(
    HOMES,
    SHELTERS,
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400), st.floats(10, 120)), max_size=3),
    st.sampled_from([0.2, 0.4, None]),
    st.booleans(),
)
def test_everybody_is_placed_or_listed_and_nearest_is_networkx_nearest(
    town: list[tuple[int, tuple[float, float], str | None, bool]],
    places: list[tuple[tuple[float, float], int, int, bool, bool]],
    ponds: list[tuple[float, float, float]],
    depth: float | None,
    boats: bool,
) -> None:
    graph = grid(5)
    areas = flood(*(pond(*one) for one in ponds), depth=depth)
    net = paths.network(graph, PICKUP, areas)
    of, to = homes(*town), shelters(*places)
    plans = {"C1": ["S1", "S0", "missing"], "C2": []}
    found = answer(net, of, to, plans=plans, boat=BOAT if boats else None)
    placed = of.people[[s in (Status.ROAD, Status.BOAT) for s in found.status]].sum()
    listed = sum(found.people(s) for s in (Status.NO_PLACE, Status.UNREACHABLE, Status.NO_LOCATION))
    assert placed + listed == of.people.sum()
    assert (found.placed + to.occupancy <= np.maximum(to.capacity, to.occupancy)).all()
    assert paths.broken(net, found.edges) == []
    left = reference(graph, PICKUP, areas)
    at = paths.nearest_nodes(graph, to.xy, net.usable)
    for n, status in enumerate(found.status):
        if status is Status.ROAD:
            time = nx.dijkstra_path_length(left, found.node[n], at[found.shelter[n]])
            assert found.seconds[n] == pytest.approx(time)
        near = [
            nx.dijkstra_path_length(left, found.node[n], at[s])
            for s in range(len(to.keys))
            if found.excluded[s] is None
            and status in (Status.ROAD, Status.NO_PLACE)
            and found.nearest[n] >= 0
            and nx.has_path(left, found.node[n], at[s])
        ]
        if near:
            chosen = nx.dijkstra_path_length(left, found.node[n], at[found.nearest[n]])
            assert chosen == pytest.approx(min(near))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_flow_costs_what_a_linear_program_says(data: st.DataObject) -> None:
    groups, places = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    people = np.array(data.draw(st.lists(st.integers(0, 30), min_size=groups, max_size=groups)))
    free = np.array(data.draw(st.lists(st.integers(0, 40), min_size=places, max_size=places)))
    raw = data.draw(
        st.lists(
            st.one_of(st.integers(1, 900).map(float), st.just(float("inf"))),
            min_size=groups * places,
            max_size=groups * places,
        )
    )
    cost = np.array(raw).reshape(groups, places)
    sent = placing.flow(people, free, cost)
    assert (sent.sum(axis=1) <= people).all()
    assert (sent.sum(axis=0) <= free).all()
    assert (sent[~np.isfinite(cost)] == 0).all()
    # the same in other words: most people first, then the least cost
    flat = np.where(np.isfinite(cost), cost - 1e6, 0.0).ravel()
    rows = [np.kron(np.eye(groups), np.ones(places)), np.kron(np.ones(groups), np.eye(places))]
    most = [(0, None if np.isfinite(c) else 0) for c in cost.ravel()]
    best = linprog(flat, A_ub=np.vstack(rows), b_ub=np.r_[people, free], bounds=most)
    mine = float(np.where(sent > 0, cost - 1e6, 0.0).ravel() @ sent.ravel())
    assert mine == pytest.approx(best.fun, abs=1e-3)


def test_whole_households_are_placed_as_many_as_an_exhaustive_search_finds() -> None:
    people = np.array([3, 3, 2, 2])
    free = np.array([5, 5])
    cost = np.ones((4, 2))
    got = placing.place(people, [np.arange(4)], free.copy(), cost)
    most = max(
        sum(int(people[n]) for n in range(4) if way[n] >= 0)
        for way in itertools.product((-1, 0, 1), repeat=4)
        if all(sum(int(people[n]) for n in range(4) if way[n] == s) <= 5 for s in (0, 1))
    )
    assert int(people[got >= 0].sum()) == most == 10
