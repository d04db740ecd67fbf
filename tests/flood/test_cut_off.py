"""Homes cut off: against NetworkX over random towns, and by hand at the edges of what is asked."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flood import cut_off, paths, vehicles
from flood.cut_off import Found, Looked, Stands
from flood.paths import Closures
from flood.roads import Graph, Ints
from flood.water import Water, no_water
from layers.errors import BadRequestError
from tests.flood.streets import flood, gets_out, grid, largest_parts, pond, reference, shut

WALK, CAR, PICKUP = (vehicles.by_id(n) for n in ("walk", "car", "pickup"))
NOWHERE = (float("nan"), float("nan"))
TOWN = shapely.box(0, 0, 400, 400)
NO_ENDS = np.zeros(0, dtype=np.int64)


def stands(
    places: list[tuple[float, float]],
    areas: Water,
    *,
    graph: Graph | None = None,
    least: Water | None = None,
    ends: Ints = NO_ENDS,
    closed: Closures | None = None,
) -> tuple[Looked, Found]:
    net = paths.network(graph or grid(5), CAR, areas, closed)
    looked = cut_off.look(net, least or areas, ends)
    return looked, cut_off.standing(looked, np.array(places, dtype=float).reshape(-1, 2))


def ring(x: float, y: float, inner: float, outer: float) -> shapely.Polygon:
    """Water all round a dry place."""
    return shapely.difference(pond(x, y, outer), pond(x, y, inner))


def test_a_dry_home_in_a_ring_of_water_is_cut_off_and_no_other() -> None:
    places = [(100.0, 100.0), (100.0, 150.0), (300.0, 300.0), NOWHERE, (5000.0, 0.0)]
    looked, found = stands(places, flood(ring(100, 100, 30, 60), depth=1.0))
    assert [Stands(n) for n in found.stands] == [
        Stands.CUT_OFF,
        Stands.IN_WATER,
        Stands.OUT,
        Stands.UNKNOWN,
        Stands.UNKNOWN,
    ]
    assert found.certain.tolist() == [True, False, False, False, False]
    assert looked.most.part.sum() > 20


def test_water_that_may_be_shallow_leaves_nobody_certainly_cut_off() -> None:
    deep, shallow = (flood(ring(100, 100, 30, 60), depth=d) for d in (0.5, 0.1))
    _, found = stands([(100.0, 100.0)], deep, least=shallow)
    assert (found.stands[0], found.certain[0]) == (Stands.CUT_OFF, False)
    _, waded = stands([(100.0, 100.0)], shallow)
    assert waded.stands[0] == Stands.OUT


def test_a_closed_road_cuts_off_as_water_does() -> None:
    lane = grid(3, lanes=True)
    home = [(-60.0, -100.0)]
    _, free = stands(home, no_water(), graph=lane)
    assert free.stands[0] == Stands.OUT
    _, found = stands(home, no_water(), graph=lane, closed=shut((-30, 0)))
    assert (found.stands[0], found.certain[0]) == (Stands.CUT_OFF, True)


def test_a_street_that_never_met_the_others_is_not_cut_off_by_water() -> None:
    _, found = stands([(-800.0, -900.0)], flood(pond(0, 0, 10)), graph=grid(3, lanes=True))
    assert found.stands[0] == Stands.UNKNOWN


def test_half_a_town_with_a_road_out_is_not_cut_off() -> None:
    graph = grid(5)
    split = flood(shapely.box(-10, 140, 410, 160), depth=1.0)
    south = [(100.0, 0.0)]
    _, alone = stands(south, split, graph=graph)
    assert alone.stands[0] == Stands.CUT_OFF
    # the grid's streets end at its corners only where a lane goes on
    lanes = grid(5, lanes=True)
    ends = cut_off.road_ends(lanes, TOWN)
    assert len(ends) >= 3
    looked, out = stands(south, split, graph=lanes, ends=ends)
    assert (out.stands[0], looked.most.edge) == (Stands.OUT, True)
    drowned = flood(shapely.box(-10, 140, 410, 160), shapely.box(-999, -999, 999, -20), depth=1.0)
    looked, shut_in = stands(south, drowned, graph=lanes, ends=ends)
    assert (shut_in.stands[0], looked.most.edge) == (Stands.CUT_OFF, False)


def test_a_boundary_that_is_none_of_these_roads_tells_nothing() -> None:
    graph = grid(3, lanes=True)
    for town in (None, shapely.Polygon(), shapely.box(9e5, 9e5, 9.1e5, 9.1e5)):
        assert len(cut_off.road_ends(graph, town)) == 0


def test_water_over_everything_and_roads_of_one_way_only() -> None:
    looked, found = stands([(0.0, 0.0), (900.0, 0.0)], flood(shapely.box(-9, -9, 450, 450)))
    assert found.stands.tolist() == [Stands.IN_WATER, Stands.UNKNOWN]
    assert not looked.most.out.any()
    graph = grid(2, oneway=dict.fromkeys(range(4), "forward"))
    _, out = stands([(0.0, 0.0)], no_water(), graph=graph)
    assert out.stands[0] == Stands.OUT
    with pytest.raises(BadRequestError, match="no roads"):
        stands([(0.0, 0.0)], no_water(), graph=grid(0))


def test_roads_in_water_by_vehicle_and_roads_cut_off_are_counted_apart() -> None:
    areas = flood(ring(100, 100, 30, 60), depth=0.25)
    looked, _ = stands([], areas)
    told = {one.vehicle.id: one for one in cut_off.passable(looked.roads, vehicles.DEFAULTS)}
    wet = looked.roads.graph.length_m[looked.roads.depth_m > 0].sum()
    assert set(told) == {"walk", "car", "pickup", "truck_6", "military_truck"}
    assert (told["car"].passable_m, told["car"].too_deep_m) == (0, wet)
    assert (told["pickup"].passable_m, told["pickup"].too_deep_m) == (wet, 0)
    cut = cut_off.edges_cut_off(looked)
    assert not (cut & (looked.roads.depth_m > 0)).any(), "nothing is counted twice"
    dry, _ = stands([], no_water())
    assert not cut_off.edges_cut_off(dry).any()


SPOT = st.tuples(st.floats(-80, 480), st.floats(-80, 480))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(SPOT, min_size=1, max_size=8),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400), st.floats(10, 120)), max_size=5),
    st.sampled_from([WALK, CAR, PICKUP]),
    st.dictionaries(st.integers(0, 9), st.sampled_from(["forward", "backward"]), max_size=6),
    st.tuples(st.lists(SPOT, max_size=2), st.booleans()),
)
def test_who_is_cut_off_is_as_networkx_has_it(
    places: list[tuple[float, float]],
    ponds: list[tuple[float, float, float]],
    vehicle: vehicles.Vehicle,
    oneway: dict[int, str],
    more: tuple[list[tuple[float, float]], bool],
) -> None:
    closed, bounded = more
    graph = grid(5, oneway=oneway, lanes=True)
    areas, barred = flood(*(pond(*one) for one in ponds), depth=0.25), shut(*closed)
    ends = cut_off.road_ends(graph, TOWN) if bounded else NO_ENDS
    net = paths.network(graph, vehicle, areas, barred)
    looked = cut_off.look(net, flood(*(pond(*one) for one in ponds), depth=0.0), ends)
    found = cut_off.standing(looked, np.array(places))
    shut_edges = set(barred.edges(graph).tolist())
    left = reference(graph, vehicle, areas, shut_edges)
    # which of two equal parts is the larger nobody can say
    assume(len(largest_parts(left)) < 2)
    out = gets_out(left, ends)
    before = gets_out(reference(graph, vehicle, no_water()), ends)
    lakes = shapely.union_all([pond(*one) for one in ponds])
    for n, xy in enumerate(places):
        node = int(np.argmin(np.hypot(*(graph.xy - xy).T)))
        if shapely.intersects(lakes, shapely.Point(xy)):
            truth = Stands.IN_WATER
        elif node in out:
            truth = Stands.OUT
        else:
            truth = Stands.CUT_OFF if node in before else Stands.UNKNOWN
        assert found.stands[n] == truth
        assert not found.certain[n] or truth is Stands.CUT_OFF
    assert paths.broken(net, found.edges) == []
