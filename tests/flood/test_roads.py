"""The road graph: what joins and what does not, and ways against NetworkX."""

import itertools

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, box

from flood import paths, vehicles, water
from flood.between import between
from flood.roads import PIECE_M, build, roads
from layers.errors import BadRequestError
from tests.flood.streets import flood, grid, pond, reference, shapes, shut

WALK, CAR, PICKUP, TRUCK = (vehicles.by_id(n) for n in ("walk", "car", "pickup", "truck_6"))


def joined(*lines: shapely.Geometry, **columns: list[object]) -> int:
    """In how many pieces the network of these lines falls."""
    graph = build(roads(shapes(*lines), **columns))  # type: ignore[arg-type]
    made: nx.Graph[int] = nx.Graph()
    made.add_nodes_from(range(len(graph.xy)))
    made.add_edges_from(zip(graph.start.tolist(), graph.end.tolist(), strict=True))
    return nx.number_connected_components(made)


def test_lines_join_where_they_share_a_vertex_and_nowhere_else() -> None:
    east = LineString([(0, 0), (100, 0), (200, 0)])
    assert joined(east, LineString([(100, 0), (100, 90)])) == 1, "at a vertex"
    assert joined(east, LineString([(100, -90), (100, 0), (100, 90)])) == 1, "a crossing"
    assert joined(east, LineString([(50, -90), (50, 90)])) == 2, "over or under it"
    assert joined(east, LineString([(200, 0.4), (200, 90)])) == 1, "an end within the tolerance"
    assert joined(east, LineString([(200, 0.6), (200, 90)])) == 2, "further away"
    assert joined(east, MultiLineString([[(0, 0), (0, 50)], [(200, 0), (200, 50)]])) == 1


def test_levels_join_only_where_a_line_ends() -> None:
    east = LineString([(0, 0), (100, 0), (200, 0)])
    over = LineString([(100, -90), (100, 0), (100, 90)])
    assert joined(east, over, level=[0, 1]) == 2
    assert joined(east, LineString([(100, 0), (100, 90)]), level=[0, 1]) == 1


def test_edges_are_short_and_keep_the_length_of_their_roads() -> None:
    lines = shapes(
        LineString([(0, 0), (30, 5), (410, 5), (411, 90)]), LineString([(30, 5), (0, 90)])
    )
    graph = build(roads(lines))
    assert graph.length_m.max() <= 2 * PIECE_M
    for n, line in enumerate(lines):
        mine = graph.road == n
        assert graph.length_m[mine].sum() == pytest.approx(line.length)
        assert (
            shapely.line_merge(shapely.union_all(graph.lines[mine])).hausdorff_distance(line) < 1e-6
        )


def test_nothing_is_made_of_nothing() -> None:
    for lines in ((), (LineString(),), (LineString([(1, 1), (1, 1)]),)):
        graph = build(roads(shapes(*lines)))
        assert graph.empty
        with pytest.raises(BadRequestError, match="no roads"):
            paths.need_roads(graph)
        nothing = paths.network(graph, CAR, flood(box(0, 0, 9, 9)), shut((1, 1)))
        assert list(paths.nearest_nodes(graph, np.array([[1.0, 1.0]]))) == [-1]
        assert paths.times_to(nothing, np.array([-1])).seconds.shape == (1, 0)


def test_the_depth_of_an_edge_is_the_deepest_it_meets_and_unknown_bars_all_but_boats() -> None:
    graph = grid(2)
    areas = water.water(
        shapes(pond(50, 0, 10), pond(50, 0, 5), pond(50, 100, 10)),
        classes=["lt_0_3", "0_3_0_5", "unknown"],
    )
    depth = water.depth_on(graph, areas)
    assert set(depth.tolist()) == {0.0, 0.5, np.inf}
    assert (
        paths.network(graph, PICKUP, areas).open.sum()
        < paths.network(graph, TRUCK, areas).open.sum()
    )
    boat = vehicles.by_id("flat_boat")
    assert paths.network(graph, boat, areas).open.all()
    assert list(
        water.depth_at(np.array([[50.0, 0.0], [50.0, 8.0], [50.0, 50.0], [50.0, 100.0]]), areas)
    ) == [
        0.5,
        0.3,
        0.0,
        np.inf,
    ]


def test_a_known_surface_decides_and_a_bridge_is_dry_unless_it_is_known_not_to_be() -> None:
    line = LineString([(0, 0), (40, 0)])
    cases = (  # surface, bridge, level of the water -> depth
        (None, False, None, 1.0),
        (None, False, 112.0, 1.0),
        (111.8, False, 112.0, 0.2),
        (112.5, False, 112.0, 0.0),
        (None, True, None, 0.0),
        (111.5, True, 112.0, 0.5),
        (115.0, True, 112.0, 0.0),
    )
    for surface, bridge, level, depth in cases:
        graph = build(roads(shapes(line), surface_m=[surface], bridge=[bridge]))
        areas = water.water(shapes(pond(20, 0, 5)), depth_max_m=[1.0], level_m=level)
        assert water.depth_on(graph, areas).max() == pytest.approx(depth), (surface, bridge, level)


def test_closures_take_the_nearest_stretch_or_the_whole_road_and_far_ones_are_told() -> None:
    graph = grid(3)
    near = shut((50.0, 3.0)).edges(graph)
    assert len(near) == 1
    assert graph.lines[near[0]].distance(shapely.Point(50, 3)) == 3
    assert list(shut((50.0, 50.0)).edges(graph)) == [-1]
    whole = paths.Closures(np.array([[0.0, 0.0]]), ("R1",)).edges(graph)
    assert {graph.codes[n] for n in graph.road[whole]} == {"R1"}
    assert graph.length_m[whole].sum() == pytest.approx(200)


PONDS = st.lists(
    st.tuples(st.floats(-20, 420), st.floats(-20, 420), st.floats(5, 90)), min_size=0, max_size=4
)
DEPTHS = st.sampled_from([0.1, 0.3, 0.5, 2.0, None])


@settings(max_examples=60, deadline=None)
@given(
    PONDS,
    DEPTHS,
    st.sampled_from([WALK, CAR, PICKUP, TRUCK]),
    st.dictionaries(st.integers(0, 9), st.sampled_from(["forward", "backward"]), max_size=6),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400)), max_size=3),
)
def test_ways_are_those_of_networkx_and_never_wet_or_closed(
    ponds: list[tuple[float, float, float]],
    depth: float | None,
    vehicle: vehicles.Vehicle,
    oneway: dict[int, str],
    closed: list[tuple[float, float]],
) -> None:
    graph = grid(5, oneway=oneway)
    areas = flood(*(pond(*one) for one in ponds), depth=depth)
    barred = shut(*closed)
    net = paths.network(graph, vehicle, areas, barred)
    goals = np.array([0, 7, len(graph.xy) - 1])
    times = paths.times_to(net, goals)
    left = reference(graph, vehicle, areas, set(barred.edges(graph).tolist()))
    for row, goal in enumerate(goals.tolist()):
        lengths = nx.single_source_dijkstra_path_length(left.reverse(), goal, weight="weight")
        truth = np.array([lengths.get(n, np.inf) for n in range(len(graph.xy))])
        np.testing.assert_allclose(times.seconds[row], truth, rtol=1e-9)
        for node in range(len(graph.xy)):
            way = times.way(row, node)
            edges = paths.edges_along(net, way)
            assert paths.broken(net, edges) == []
            if len(way):
                line = paths.line_of(graph, way, edges)
                assert (line.length if line else 0.0) == pytest.approx(graph.length_m[edges].sum())
    soonest = paths.soonest(net, goals)
    np.testing.assert_allclose(soonest, times.seconds.min(axis=0), rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    PONDS,
    DEPTHS,
    st.sampled_from([WALK, PICKUP]),
    st.dictionaries(st.integers(0, 11), st.sampled_from(["forward", "backward"]), max_size=8),
    st.tuples(
        st.lists(st.integers(-1, 99), min_size=1, max_size=4),
        st.lists(st.integers(-1, 99), max_size=12),
    ),
)
def test_streets_drawn_together_lead_the_same_way(
    ponds: list[tuple[float, float, float]],
    depth: float | None,
    vehicle: vehicles.Vehicle,
    oneway: dict[int, str],
    ends: tuple[list[int], list[int]],
) -> None:
    graph = grid(5, oneway=oneway, lanes=True)
    areas = flood(*(pond(*one) for one in ponds), depth=depth)
    net = paths.network(graph, vehicle, areas)
    count = len(graph.xy)
    to, start = (np.array([n % count if n >= 0 else -1 for n in x], dtype=int) for x in ends)
    ways = between(net, to, start)
    left = reference(graph, vehicle, areas)
    for row, goal in enumerate(to.tolist()):
        lengths = {}
        if goal >= 0:
            lengths = nx.single_source_dijkstra_path_length(left.reverse(), goal)
        truth = np.array([lengths.get(n, np.inf) for n in start.tolist()])
        np.testing.assert_allclose(ways.seconds[row], truth, rtol=1e-9)
        here = np.flatnonzero(np.isfinite(truth))
        metres, used = ways.follow(np.full(len(here), row), here)
        assert paths.broken(net, used) == []
        # the edges said to be used are enough, and as long as said
        alone = reference(graph, vehicle, areas, set(range(len(graph.start))) - set(used.tolist()))
        for n, far in zip(here.tolist(), metres.tolist(), strict=True):
            time, way = nx.single_source_dijkstra(alone, int(start[n]), goal)
            assert time == pytest.approx(truth[n])
            steps = itertools.pairwise(way)
            told = sum(min(e["metres"] for e in alone[a][b].values()) for a, b in steps)
            assert told == pytest.approx(far)


def test_a_broken_way_is_found_out_from_the_water_itself() -> None:
    graph = grid(3)
    areas = flood(pond(50, 0, 5), depth=0.6)
    net = paths.network(graph, TRUCK, areas, shut((150, 0)))
    wet = int(np.flatnonzero(net.depth_m > 0)[0])
    closed = int(np.flatnonzero(net.closed)[0])
    dry = int(np.flatnonzero(net.open)[0])
    assert paths.broken(net, np.array([dry])) == []
    assert "under 0.6 m" in paths.broken(net, np.array([wet]))[0]
    assert "is closed" in paths.broken(net, np.array([closed]))[0]
    with pytest.raises(paths.BrokenWayError):
        paths.prove(net, np.array([dry, wet]))
