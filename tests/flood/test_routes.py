"""Rounds over dry roads: lost stops told, the shortest way against all permutations."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flood import paths, routes, vehicles
from flood.routes import Stops, exact, improved, length, plan
from flood.water import Water, no_water
from layers.errors import BadRequestError
from tests.flood.streets import flood, grid, pond, reference

TRUCK = vehicles.by_id("truck_6")


def stops(*xy: tuple[float, float], accounts: list[int] | None = None) -> Stops:
    return Stops(
        "W1",
        tuple(f"P{n}" for n in range(len(xy))),
        np.array(xy, dtype=float).reshape(-1, 2),
        np.array(accounts or [10] * len(xy), dtype=np.int64),
    )


def roads(areas: Water | None = None) -> paths.Network:
    return paths.network(grid(5), TRUCK, areas or no_water())


COSTS = st.integers(1, 7).flatmap(
    lambda n: st.lists(st.floats(1, 100), min_size=n * n, max_size=n * n).map(
        lambda flat: np.array(flat).reshape(n, n)
    )
)


@settings(max_examples=80, deadline=None)
@given(COSTS)
def test_the_exact_order_is_the_best_of_all_and_the_good_one_no_worse_than_its_start(
    cost: np.ndarray,
) -> None:
    count = len(cost)
    best = min(length(cost, (0, *rest)) for rest in itertools.permutations(range(1, count)))
    found = exact(cost)
    assert sorted(found) == list(range(count))
    assert found[0] == 0
    assert length(cost, found) == pytest.approx(best)
    good = improved(cost)
    assert sorted(good) == list(range(count))
    assert best - 1e-6 <= length(cost, good) <= length(cost, range(count)) + 1e-6


def test_lost_stops_and_their_backlog_are_told_and_the_rest_is_gone_round() -> None:
    pool = flood(pond(400, 400, 60), depth=2.0)
    asked = stops((0, 0), (400, 400), (400, 0), (0, 400), accounts=[5, 7, 9, 11])
    found = plan(roads(pool), asked, collections=3)
    assert found.lost == ("P1",)
    assert (found.accounts_lost, found.backlog) == (7, 21)
    assert set(found.served) == {"P0", "P2", "P3"}
    assert found.line is not None
    assert found.line.length == pytest.approx(found.metres)
    assert paths.broken(roads(pool), found.edges) == []
    assert found.metres == pytest.approx(1200)
    unknown = plan(roads(pool), stops((0, 0), (400, 400), accounts=[5, -1]))
    assert unknown.backlog is None, "no data is not 0"


def test_a_depot_decides_which_side_is_served() -> None:
    split = flood(pond(200, 0, 20), pond(200, 100, 20), pond(200, 200, 20), depth=2.0)
    both = flood(*(pond(200, y, 20) for y in range(0, 500, 100)), depth=2.0)
    asked = stops((0, 0), (100, 0), (400, 0))
    assert plan(roads(split), asked).lost == ()
    assert plan(roads(both), asked).lost == ("P2",)
    assert plan(roads(both), asked, depot=(400.0, 400.0)).served == ("P2",)
    assert plan(roads(both), asked, depot=(9000.0, 400.0)).served == ()


def test_nothing_to_serve_and_no_roads() -> None:
    none = plan(roads(), stops())
    assert (none.served, none.lost, none.line, none.backlog) == ((), (), None, 0)
    with pytest.raises(BadRequestError):
        plan(paths.network(grid(0), TRUCK, no_water()), stops((0, 0)))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400)), min_size=1, max_size=14),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400), st.floats(10, 90)), max_size=3),
)
def test_every_round_is_driven_on_dry_roads_and_tells_its_length(
    xy: list[tuple[float, float]], ponds: list[tuple[float, float, float]]
) -> None:
    areas = flood(*(pond(*one) for one in ponds), depth=2.0)
    net = roads(areas)
    asked = stops(*xy)
    found = plan(net, asked)
    assert sorted(found.served + found.lost) == sorted(asked.keys)
    left = reference(net.graph, TRUCK, areas)
    at = dict(zip(asked.keys, paths.nearest_nodes(net.graph, asked.xy).tolist(), strict=True))
    truth = sum(
        nx.dijkstra_path_length(left, at[a], at[b])
        for a, b in zip(found.served[:-1], found.served[1:], strict=True)
    )
    assert found.seconds == pytest.approx(truth)
    assert routes.METHOD.en


@pytest.mark.parametrize("at_once", [1, 3, 64])
def test_a_long_route_is_worked_out_piece_by_piece_as_a_short_one_whole(at_once: int) -> None:
    whole = roads()
    nodes = np.array([3, 0, -1, 7, 5, 3, 1])
    times = paths.times_to(whole, nodes)
    table = routes.costs(whole, nodes, at_once)
    for i, j in itertools.product(range(len(nodes)), repeat=2):
        lies = nodes[i] >= 0 and nodes[j] >= 0
        assert table[i, j] == (times.seconds[j, nodes[i]] if lies else np.inf)
    way = [0, 3, 1, 6, 4]
    found = routes.legs(whole, nodes, way, at_once)
    for leg, (a, b) in zip(found, itertools.pairwise(way), strict=True):
        assert leg.tolist() == times.way(b, int(nodes[a])).tolist()
        assert (leg[0], leg[-1]) == (nodes[a], nodes[b])
