"""Coverage: times against NetworkX, and far, unreachable and unknown kept apart."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flood import paths, vehicles
from flood.coverage import Covered, Reach, Services, Unused, covered
from flood.water import Water, no_water
from layers.errors import BadRequestError
from tests.flood.streets import flood, grid, pond, reference, shut

WALK, CAR, PICKUP = (vehicles.by_id(n) for n in ("walk", "car", "pickup"))
NOWHERE = (float("nan"), float("nan"))


def services(*xy: tuple[float, float], closed: tuple[int, ...] = ()) -> Services:
    return Services(
        keys=tuple(f"S{n}" for n in range(len(xy))),
        xy=np.array(xy, dtype=float).reshape(-1, 2),
        open=np.array([n not in closed for n in range(len(xy))], dtype=bool),
    )


def asked(
    places: list[tuple[float, float]], of: Services, minutes: float, areas: Water | None = None
) -> Covered:
    net = paths.network(grid(5), WALK, areas or no_water())
    return covered(net, np.array(places, dtype=float).reshape(-1, 2), of, minutes * 60)


def test_far_unreachable_and_unknown_are_not_the_same() -> None:
    places = [(100.0, 0.0), (400.0, 400.0), (300.0, 0.0), NOWHERE, (5000.0, 0.0)]
    found = asked(places, services((0, 0)), 5, flood(pond(300, 0, 40), depth=1.0))
    assert found.reach == (
        Reach.WITHIN,
        Reach.FAR,
        Reach.UNREACHABLE,
        Reach.NO_LOCATION,
        Reach.UNREACHABLE,
    )
    assert found.seconds[0] == pytest.approx(100 / (4 / 3.6), abs=0.01)
    assert found.service.tolist() == [0, 0, -1, -1, -1]


def test_a_service_that_cannot_serve_is_named_and_serves_nobody() -> None:
    of = services((0, 0), (400, 0), (0, 400), (9000, 0), NOWHERE, closed=(0,))
    found = asked([(0.0, 0.0)], of, 60, flood(pond(400, 0, 20), depth=0.1))
    assert found.unused == (
        Unused.CLOSED,
        Unused.FLOODED,
        None,
        Unused.NO_ROAD,
        Unused.NO_LOCATION,
    )
    assert found.service.tolist() == [2]
    none = asked([(0.0, 0.0)], services((0, 0), closed=(0,)), 60)
    assert none.reach == (Reach.UNREACHABLE,)
    assert len(none.edges) == 0


def test_no_roads_is_said_and_not_counted_as_cut_off() -> None:
    with pytest.raises(BadRequestError, match="no roads"):
        covered(paths.network(grid(0), WALK, no_water()), np.zeros((1, 2)), services((0, 0)), 60)


SPOT = st.tuples(st.floats(-80, 480), st.floats(-80, 480))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(SPOT, min_size=1, max_size=8),
    st.lists(SPOT, min_size=1, max_size=4),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400), st.floats(10, 120)), max_size=2),
    st.sampled_from([(WALK, False), (CAR, False), (CAR, True), (PICKUP, True)]),
    st.tuples(
        st.dictionaries(st.integers(0, 9), st.sampled_from(["forward", "backward"]), max_size=6),
        st.lists(SPOT, max_size=2),
    ),
)
def test_times_are_those_of_networkx(
    places: list[tuple[float, float]],
    of: list[tuple[float, float]],
    ponds: list[tuple[float, float, float]],
    way: tuple[vehicles.Vehicle, bool],
    streets: tuple[dict[int, str], list[tuple[float, float]]],
) -> None:
    vehicle, coming = way
    oneway, closed = streets
    graph = grid(5, oneway=oneway, lanes=True)
    areas, barred = flood(*(pond(*one) for one in ponds), depth=0.25), shut(*closed)
    net = paths.network(graph, vehicle, areas, barred)
    given_ = services(*of)
    found = covered(net, np.array(places), given_, 240, coming=coming)
    left = reference(graph, vehicle, areas, set(barred.edges(graph).tolist()))
    left = left if coming else left.reverse()
    joined = paths.nearest_nodes(graph, given_.xy, net.usable)
    for n, why in enumerate(found.unused):
        if why is None:
            left.add_edge(f"S{n}", int(joined[n]), weight=_walk(graph.xy[joined[n]], of[n]))
    doors = {f"S{n}" for n, why in enumerate(found.unused) if why is None}
    times = nx.multi_source_dijkstra_path_length(left, doors) if doors else {}
    deep = [any(abs(x - p[0]) <= p[2] and abs(y - p[1]) <= p[2] for p in ponds) for x, y in places]
    for n, xy in enumerate(places):
        node = int(paths.nearest_nodes(graph, np.array([xy]))[0])
        truth = times.get(node, np.inf) + _walk(graph.xy[node], xy)
        if deep[n] and vehicle.wades_m < 0.25:
            truth = np.inf
        assert found.seconds[n] == pytest.approx(truth, abs=0.01)
        assert (found.reach[n] is Reach.WITHIN) == (found.seconds[n] <= 240)
        assert (found.reach[n] is Reach.UNREACHABLE) == np.isinf(truth)
    assert paths.broken(net, found.edges) == []


def _walk(a: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", b: tuple[float, float]) -> float:
    return float(np.hypot(a[0] - b[0], a[1] - b[1]) / (4 / 3.6))
