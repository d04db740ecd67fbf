"""The order of leaving, hours until a road is cut, and alerts about power."""

from datetime import UTC, datetime, timedelta

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from flood import paths, vehicles
from flood.evacuation import Household, Need, Override, Weights, cut_hours, order, reasons, score
from flood.power import Power, PowerArea, alerts
from layers.errors import BadRequestError
from tests.flood.streets import flood, grid, pond, reference, shapes

INF = float("inf")
PICKUP = vehicles.by_id("pickup")

HOUSEHOLDS = st.lists(
    st.builds(
        Household,
        key=st.uuids().map(str),
        people=st.integers(0, 9),
        needs=st.dictionaries(st.sampled_from(list(Need)), st.integers(0, 2), max_size=3),
        depth_m=st.sampled_from([0.0, 0.2, 0.5, 0.9, 2.0, INF]),
        cut_h=st.sampled_from([0.0, 1.0, 5.0, 20.0, INF]),
    ),
    max_size=12,
    unique_by=lambda h: h.key,
)


def test_a_score_is_vulnerability_times_depth_times_time() -> None:
    plain = Household("H", 3)
    assert score(plain) == 0.25
    assert score(Household("H", 3, depth_m=0.4)) == 2.0
    assert score(Household("H", 3, depth_m=0.4, cut_h=2)) == 6.0
    in_bed = Household("H", 3, needs={Need.BEDRIDDEN: 1, Need.ELDERLY: 2}, depth_m=2, cut_h=0)
    assert score(in_bed) == (1 + 4 + 2 * 0.5) * 4 * 4
    assert score(Household("H", 0, depth_m=2, cut_h=0)) == 0, "nobody is there"
    assert score(Household("H", 1, depth_m=INF)) == 3.0, "an unknown depth is not 0"
    assert score(plain, Weights(depth=((0.0, 7.0),))) == 7.0, "the table can be edited"


def test_reasons_are_told_in_both_languages() -> None:
    told = reasons(Household("H", 3, needs={Need.POWER: 1}, depth_m=0.5, cut_h=4))
    assert [one.en for one in told] == [
        "1 dependent on powered medical equipment",
        "water at the door up to 0.5 m deep",
        "the road is cut in 4 h",
    ]
    assert all(one.th and one.th != one.en for one in told)
    assert "not known" in reasons(Household("H", 1, depth_m=INF))[1].en


@settings(max_examples=100, deadline=None)
@given(HOUSEHOLDS, st.data())
def test_the_order_holds_everybody_once_and_what_was_decided(
    households: list[Household], data: st.DataObject
) -> None:
    keys = [h.key for h in households]
    ranks = data.draw(st.lists(st.integers(1, len(keys) + 2), unique=True, max_size=4))
    some = data.draw(st.permutations(keys))[: len(ranks)] if keys else []
    decided = [Override(k, r, "knows them", "a") for k, r in zip(some, ranks, strict=False)]
    line = order(households, decided)
    assert sorted(r.household.key for r in line) == sorted(keys)
    assert [r.rank for r in line] == list(range(1, len(keys) + 1))
    place = {r.household.key: r.rank for r in line}
    for one in decided:
        assert one.rank is not None
        if one.rank <= len(keys) - len(decided) + 1:
            assert place[one.household] == one.rank
    free = [r.score for r in line if r.override is None]
    assert free == sorted(free, reverse=True)
    assert line == order(list(reversed(households)), decided), "whatever order they came in"


def test_a_rank_by_hand_needs_a_reason_and_the_last_word_counts() -> None:
    two = [Household("A", 1), Household("B", 1, depth_m=2)]
    assert [r.household.key for r in order(two)] == ["B", "A"]
    first = Override("A", 1, "the bridge there goes first", "somchai")
    line = order(two, [first])
    assert [r.household.key for r in line] == ["A", "B"]
    assert "somchai" in line[0].reasons[0].en
    last = Override("A", None, "refuses to go", "malee")
    assert [r.household.key for r in order(two, [first, last])] == ["B", "A"]
    assert order(two, [Override("gone", 1, "was here", "x")]) == order(two)
    for wrong in (Override("A", 1, "  ", "x"), Override("A", 0, "why", "x")):
        with pytest.raises(BadRequestError):
            order(two, [wrong])


def test_hours_until_the_road_is_cut_are_those_of_the_first_stage_that_cuts_it() -> None:
    graph = grid(4)
    homes = np.array([[300.0, 300.0], [0.0, 100.0], [900.0, 900.0]])
    havens = np.array([[0.0, 0.0]])
    waters = [(6.0, flood(pond(300, 300, 30), depth=2)), (12.0, flood(pond(0, 0, 130), depth=2))]
    stages = [(h, paths.network(graph, PICKUP, areas)) for h, areas in reversed(waters)]
    # no road ever led to the third: it is not cut off by water
    assert list(cut_hours(stages, homes, havens)) == [6.0, 12.0, INF]
    nowhere = np.array([[np.nan, np.nan]])
    assert list(cut_hours(stages, nowhere, havens)) == [INF]
    at = paths.nearest_nodes(graph, homes)
    for hours, areas in waters[:1]:
        left = reference(graph, PICKUP, areas)
        haven = int(paths.nearest_nodes(graph, havens)[0])
        for n, node in enumerate(at[:2].tolist()):
            assert nx.has_path(left, node, haven) == (cut_hours(stages, homes, havens)[n] > hours)
    assert list(cut_hours([], homes, havens)) == [INF, INF, INF]


def test_powered_equipment_in_an_outage_is_an_alert() -> None:
    now = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
    homes = np.array([[5.0, 5.0], [15.0, 5.0], [95.0, 95.0]])
    left, right = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
    areas = [
        PowerArea("P2", Power.PLANNED, since=now + timedelta(hours=3)),
        PowerArea("P1", Power.OFF),
        PowerArea("P0", Power.OFF, until=now),
        PowerArea("P3", Power.ON),
    ]
    found = alerts(["A", "B", "C"], homes, areas, shapes(right, left, left, right), now)
    assert [(a.household, a.area, a.state) for a in found] == [
        ("A", "P1", Power.OFF),
        ("B", "P2", Power.PLANNED),
    ]
    assert "in 3.0 h" in found[1].words.en
    assert alerts([], np.zeros((0, 2)), areas, shapes(right, left, left, right), now) == ()
