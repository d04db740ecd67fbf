"""The pieces of `./muang soak`: what it judges, and a few seconds of it without a browser."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.soak.run import Plan, soak
from bench.soak.serving import Served
from bench.soak.verdict import (
    PageRecord,
    Sample,
    StreamRecord,
    growth,
    load_figures,
    order,
    stream_figures,
)
from db.towns import drop_town
from ops.session import Server
from tests.conftest import make_town
from tests.tiny import load_tiny


def test_order_knows_what_was_missed_repeated_and_not_meant() -> None:
    assert order([2, 3, 5], [2, 3, 5]).faults == 0
    found = order([2, 3, 3, 9, 7], [2, 3, 5, 7])
    assert (found.missed, found.repeated, found.foreign) == ((5,), (3,), (9,))
    assert not found.in_order
    assert order([3, 2], [2, 3]).faults == 1
    assert order([], []).faults == 0


def test_growth_is_of_the_settled_beginning_and_the_end() -> None:
    assert growth([]) == growth([5, 9]) == 0
    # a page that fills its caches at first has not grown
    settled = [10.0, *[20.0] * 19]
    assert growth(settled) == 0
    assert growth([100 + n for n in range(100)]) > 50
    # one garbage collection that came late does not count
    assert growth([20.0] * 19 + [90.0]) == 0


def _page(heaps: list[float], heard: list[int]) -> PageRecord:
    samples = [Sample(n * 10.0, heap, 100, 10) for n, heap in enumerate(heaps)]
    return PageRecord(
        "1 staff", "staff", raw=heard, told=heard, expected=[1, 2, 3], samples=samples
    )


def broken(page: PageRecord) -> set[str]:
    return {figure.name for figure in page.figures() if figure.met is False}


def test_a_page_holds_or_breaks_its_bounds() -> None:
    assert broken(_page([10.0] * 20, [1, 2, 3])) == set()
    assert broken(_page([10.0 + n for n in range(20)], [1, 2, 3])) == {"heap growth"}
    missed = {"positions wrong on the stream", "positions wrong on the page"}
    assert broken(_page([10.0] * 20, [1, 3])) == missed
    assert broken(_page([10.0] * 20, [1, 2, 2, 3])) == missed


def test_streams_and_the_load_hold_or_break_theirs() -> None:
    fine = StreamRecord("staff", heard=[1, 2], expected=[1, 2])
    assert all(figure.met is not False for figure in stream_figures([fine, fine]))
    gap = StreamRecord("staff", heard=[2], expected=[1, 2], resets=1, refused=[429])
    names = {f.name for f in stream_figures([fine, gap]) if f.met is False}
    assert len(names) == 3
    assert [f.met for f in load_figures(100, 100, 0, [1e6, 1e6, 1e6], 10)] == [True] * 3
    assert [f.met for f in load_figures(100, 50, 10, [1e6, 1e6, 9e6], 10)] == [False] * 3


@pytest.fixture
def served(server_url: str, secret: str, tmp_path: Path) -> Iterator[Served]:
    town = make_town(server_url, secret)
    try:
        load_tiny(town)
        with Served(Server(server_url, secret, None, private=False), town.town_id, tmp_path) as it:
            yield it
    finally:
        drop_town(server_url, town.town_id)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_all_come_back_at_once_without_a_gap(served: Served) -> None:
    """Nothing here is asserted on time: on a busy machine fewer changes are made."""
    said: list[str] = []
    plan = Plan(seconds=2, rate=10, pages=0, clients=20, storm_s=2)
    report = asyncio.run(soak(served, plan, None, said.append))
    names = {"load", "server"}
    found = [figure for figure in report.broken if figure.part not in names]
    assert [(figure.name, figure.note) for figure in found] == []
    told = report.told()
    assert sum(told["changes"]["made"].values()) > 10
    assert told["changes"]["refusals"] == []
    assert "the server is killed" in said
    assert "20 streams" in report.words()
