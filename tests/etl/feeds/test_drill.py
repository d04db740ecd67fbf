"""Exercises: the invented event itself, and one served, polled, ended and forgotten by nobody."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import exercise, feeds
from db.connect import Machine
from db.exercise import Exercise
from etl.feeds.drill.calling import Calls
from etl.feeds.drill.replay import Play, Replay, drill_feeds
from etl.feeds.drill.scenarios import (
    BEFORE_H,
    SCENARIOS,
    Link,
    Scenario,
    Station,
    delays_h,
    level_m,
    rain_mm,
    scenario_of,
    tide_m,
)
from etl.feeds.drill.stations import town_of
from etl.feeds.parsed import Door
from etl.feeds.thaiwater import parse
from layers.errors import ConflictError, NotFoundError, RefusedError
from ops.commands import drill
from ops.feeds import poller_of
from ops.session import Server
from tests.etl.feeds.answers import at_thai, level_row, thaiwater
from tests.etl.feeds.conftest import Bench
from tests.etl.feeds.source import Reply, source

STARTED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
UPPER, LOWER = Station("U", "river", 120.0), Station("L", "river", 113.0, 102.0)
LINKS = (Link("U", "L", 30.0), Link("L", "U", 1.0), Link("S", "U", 12.0))


def levels(scenario: Scenario, station: Station, delay: float, seed: int = 1) -> list[float]:
    hours = range(-24, int(scenario.hours + delay) + 1)
    return [level_m(scenario, station, delay, seed, at) for at in hours]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda each: each.id)
def test_an_event_rises_peaks_and_falls_and_says_so_twice(scenario: Scenario) -> None:
    found = levels(scenario, LOWER, 0.0)
    assert found == levels(scenario, LOWER, 0.0), "the same seed is the same event"
    assert found != levels(scenario, LOWER, 0.0, seed=2)
    peak = max(found)
    assert (peak > 113.0) == (scenario.over_bank_m > 0)
    assert abs(peak - (113.0 + scenario.over_bank_m)) < 0.2
    assert found[0] < peak - 1
    assert found[-1] < peak - 0.5
    assert all(report.says.th != report.says.en for report in scenario.reports)
    rain = [rain_mm(scenario, Station("R", "rain"), 1, at / 6) for at in range(-60, 300)]
    assert min(rain) == 0
    assert max(rain) > 0.5
    tide = [tide_m(scenario, Station("T", "tide"), 1, at / 2) for at in range(60)]
    assert -2 < min(tide) < 0 < max(tide) < 3


def test_the_wave_comes_later_downstream_by_the_towns_own_travel_times() -> None:
    delays = delays_h((UPPER, LOWER, Station("S", "river")), LINKS)
    assert delays["S"] == 0
    assert delays["L"] >= 30
    upper = levels(SCENARIOS["river"], UPPER, 0.0)
    lower = levels(SCENARIOS["river"], LOWER, 30.0)
    assert lower.index(max(lower)) - upper.index(max(upper)) == pytest.approx(30, abs=2)


def test_a_bank_nobody_knows_is_not_invented() -> None:
    found = levels(SCENARIOS["river"], Station("X", "river", None, 50.0), 0.0)
    assert 50 < min(found) < max(found) < 56
    with pytest.raises(NotFoundError, match="river, flash, quiet"):
        scenario_of("tsunami")


def test_what_is_served_is_read_like_any_source_and_runs_at_its_speed() -> None:
    held = Exercise(3, "ซ้อม", "river", 1, 60.0, STARTED, "t")
    play = Play(held, (UPPER, LOWER), LINKS)
    later = STARTED + timedelta(minutes=60)
    for now, hours_back in ((STARTED, BEFORE_H), (later, 24)):
        made = play.answer("/levels", now)
        assert made is not None
        parsed = parse(made[1], Door(held.clock(now)))
        assert parsed.refused == ()
        times = sorted({one.at for one in parsed.observations})
        assert times[-1] == held.clock(now)
        assert times[-1] - times[0] == timedelta(hours=hours_back)
    assert held.clock(later) == STARTED + timedelta(hours=60)
    assert play.answer("/levels", later) == play.answer("/levels", later + timedelta(seconds=5))
    assert play.answer("/nothing", later) is None


@pytest.fixture
def at_home(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The commands find the bench's town."""
    monkeypatch.setenv("MUANG_DATABASE_URL", bench.town.server_url)
    monkeypatch.setenv("MUANG_SECRET", bench.town.secret)
    return bench


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON object a command printed."""
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    return made


def test_an_exercise_is_polled_like_any_feed_and_real_readings_go_on(
    at_home: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench, town = at_home, at_home.town.town_id
    real = thaiwater(level_row("M.7", at_thai(datetime.now(UTC)), "107.31"))
    drill.start(scenario="river", speed=600, seed=5, town=town, as_json=True)
    begun = said(capsys)
    assert (begun["open"], begun["polled"], begun["last_reading_s_ago"]) == (True, False, None)
    with pytest.raises(ConflictError):
        drill.start(town=town)
    with source(Reply(body=real)) as river:
        bench.add("river", river.url())
        replay = Replay(lambda: town_of(bench.connect))
        poller = bench.poller(replayer=replay)

        def both_came() -> bool:
            told = bench.levels(drilled=True)
            drilled = [at for at, _, _, exercised in told if exercised]
            return (
                any(value == 107.31 and not exercised for _, value, _, exercised in told)
                and len(drilled) > 3 * 144
                and bool(bench.rows("SELECT FROM rain_readings AS r WHERE r.exercise"))
            )

        bench.until(poller, both_came)
    drill.status(town=town, as_json=True)
    told = said(capsys)
    assert told["last_reading_s_ago"] is not None
    assert told["hour"] > 0
    assert told["polled"] is False, "its process is gone, and the status says so"
    flags = [flags for _, _, flags, exercised in bench.levels(drilled=True) if exercised]
    assert flags
    assert not any(flag & 4 for flag in flags), "on the exercise's clock nothing is ahead"
    before = len(bench.levels(drilled=True))
    drill.stop(town=town, as_json=True)
    assert said(capsys)["open"] is False
    assert len(bench.levels(drilled=True)) == before, "nothing is deleted"
    with bench.town.connect(Machine.LOADER) as conn:
        assert exercise.current(conn) is None
        assert [each.name for each in feeds.feeds(conn)] == ["river"]
    with pytest.raises(NotFoundError):
        drill.stop(town=town)


def test_what_the_script_says_is_called_in_once_and_marked(at_home: Bench) -> None:
    with at_home.town.connect(Machine.LOADER) as conn:
        begun = exercise.begin(conn, name="ซ้อม", scenario="flash", seed=1, speed=60, actor="tester")
    poller = poller_of(
        Server(at_home.town.server_url, at_home.town.secret, None, private=False),
        at_home.town.town_id,
    )
    assert isinstance(poller.caller, Calls)
    later = begun.started_at + timedelta(minutes=3, seconds=30)
    assert asyncio.run(poller.caller.call(begun, begun.started_at)) == 0
    assert asyncio.run(poller.caller.call(begun, later)) == 2
    assert asyncio.run(poller.caller.call(begun, later)) == 0
    again = Calls(poller.caller.connect, poller.caller.connect_as)
    assert asyncio.run(again.call(begun, later)) == 0, "another process calls nothing in twice"
    found = at_home.rows(
        "SELECT i.kind, i.severity, i.exercise, i.status FROM town.incidents AS i ORDER BY i.id"
    )
    assert found == [
        ("road_cut", "moderate", True, "raised"),
        ("rescue", "high", True, "raised"),
    ]
    drill.stop(town=at_home.town.town_id)
    left = at_home.rows("SELECT i.status, i.mark, i.due_at FROM town.incidents AS i")
    assert left == [("all_clear", "closed", None)] * 2, "nobody is called out to them any more"
    told = at_home.rows("SELECT l.action FROM town.event_log AS l ORDER BY l.id")
    assert told == [("raise",)] * 2 + [("exercise_ended",)] * 2


def test_the_leaders_sheet_says_what_is_called_in_and_when(
    capsys: pytest.CaptureFixture[str],
) -> None:
    drill.script(scenario="flash", as_json=True)
    told = said(capsys)
    assert [call["hour"] for call in told["reports"]] == [1.5, 3, 4.5, 7]
    assert told["reports"][1]["severity"] == "high"
    drill.script(scenario="flash")
    assert "รถดับกลางน้ำ 2 คัน" in capsys.readouterr().out


def test_a_town_without_gauges_has_no_exercise(
    at_home: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drill_feeds(set(), 60, "t") == []
    monkeypatch.setattr("db.exercise.gauges", lambda _: [])
    with pytest.raises(RefusedError, match="no gauges"):
        drill.start(town=at_home.town.town_id)
