"""What rules find, with their dead bands; and when that becomes an incident."""

from datetime import UTC, datetime, time, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from flood import alarms, power
from flood.alarms import Cut, Limit, Shelter, Source
from flood.power import Power, PowerArea
from layers.conditions import Condition, Decision, State, decide
from layers.incidents import OF_RESCUERS
from layers.text import Text
from layers.war_defaults import RULES, within

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
AT = (105.2, 15.2)
HELD = Condition("p", AT, "high", Text(th="ก", en="a"), "1")
BAND = Condition("p", AT, "high", Text(th="ก", en="a"), "1", held=False)
MINUTE = timedelta(minutes=1)


def test_a_threshold_holds_from_its_level_and_ends_a_band_below() -> None:
    limits = [
        Limit("M.7", "ตลิ่ง", "bank", 112.0, AT),
        Limit("M.7", "เฝ้าระวัง", "watch", 111.0, AT),
        Limit("R.1", "ฝน", "warning", 90.0, AT, "mm/24 h"),
    ]

    def found(level: float) -> dict[str, bool]:
        values = {("M.7", "m MSL"): level, ("R.1", "m MSL"): 500.0}
        return {one.place: one.held for one in alarms.thresholds(limits, values, 0.05)}

    assert found(112.0) == {"M.7|ตลิ่ง": True, "M.7|เฝ้าระวัง": True}
    assert found(111.96) == {"M.7|ตลิ่ง": False, "M.7|เฝ้าระวัง": True}
    assert found(111.94) == {"M.7|เฝ้าระวัง": True}
    assert found(110.9) == {}
    (bank, _) = alarms.thresholds(limits, {("M.7", "m MSL"): 112.43}, 0.05)
    assert (bank.severity, bank.values) == ("critical", "112.43 ≥ 112.00 m MSL")


def test_a_shelter_is_full_until_a_tenth_is_free_again() -> None:
    def found(people: int) -> list[bool]:
        one = Shelter("S1", "วัด", 100, people, AT)
        return [each.held for each in alarms.full_shelters([one], 1.0, 0.1, "high")]

    assert [found(n) for n in (89, 90, 99, 100, 140)] == [[], [False], [False], [True], [True]]


def test_roads_are_cut_by_closures_and_by_water() -> None:
    cuts = [
        Cut("R1", "ถนนริมมูล", AT, closure="X1"),
        Cut("R2", "ซอย 1", AT, wet_m=19.0),
        Cut("R3", "ซอย 2", AT, wet_m=20.0),
        Cut("R4", "ซอย 3", AT, wet_m=9.0),
    ]
    found = {one.place: one.held for one in alarms.cut_roads(cuts, 20.0, "moderate")}
    assert found == {"closure X1": True, "road R2": False, "road R3": True}


def test_power_dependence_names_an_area_to_rescuers_and_nobodys_home() -> None:
    shapes = np.asarray([shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)], dtype=object)
    areas = [PowerArea("P1", Power.OFF), PowerArea("P2", Power.PLANNED, NOW + MINUTE)]
    alerts = power.alerts(
        ["H1", "H2", "H3"], np.array([[1.0, 1.0], [2.0, 2.0], [25.0, 5.0]]), areas, shapes, NOW
    )
    found = alarms.without_power(alerts, {"P1": AT, "P2": AT}, "critical")
    assert [(one.place, one.severity) for one in found] == [
        ("P1|off", "critical"),
        ("P2|planned", "high"),
    ]
    for one in found:
        assert one.seen_by == OF_RESCUERS
        assert not any(home in f"{one.title} {one.values}" for home in ("H1", "H2", "H3"))


def test_silence_is_so_many_intervals() -> None:
    sources = [
        Source("gauge", "M.7", 15 * MINUTE, NOW - 44 * MINUTE, AT),
        Source("feed", "rid", 15 * MINUTE, NOW - 45 * MINUTE, AT),
    ]
    (found,) = alarms.silent(sources, 3.0, NOW, "moderate")
    assert (found.place, found.values) == ("feed rid", "45 min > 3 x 15 min")


@pytest.mark.parametrize(
    ("state", "found", "delay", "expected"),
    [
        (None, None, MINUTE, Decision.NOTHING),
        (None, HELD, MINUTE, Decision.WAIT),
        (None, HELD, 0 * MINUTE, Decision.RAISE),
        (None, BAND, 0 * MINUTE, Decision.NOTHING),
        (State(NOW - MINUTE / 2), HELD, MINUTE, Decision.NOTHING),
        (State(NOW - MINUTE), HELD, MINUTE, Decision.RAISE),
        (State(NOW - MINUTE), None, MINUTE, Decision.FORGET),
        (State(NOW - MINUTE, 7), HELD, MINUTE, Decision.NOTHING),
        (State(NOW - MINUTE, 7), BAND, MINUTE, Decision.NOTHING),
        (State(NOW - MINUTE, 7), None, MINUTE, Decision.END),
        (State(before=7), HELD, MINUTE, Decision.WAIT),
    ],
)
def test_what_follows_of_a_look(
    state: State | None, found: Condition | None, delay: timedelta, expected: Decision
) -> None:
    assert decide(state, found, NOW, delay) is expected


@given(st.lists(st.sampled_from([HELD, BAND, None]), max_size=60))
def test_a_fluttering_level_raises_once_until_it_ends(looks: list[Condition | None]) -> None:
    """Between two raisings there is an end, and nothing is raised that has not lasted."""
    state, told = State(), list[Decision]()
    for n, found in enumerate(looks):
        now = NOW + n * MINUTE
        follows = decide(state, found, now, 2 * MINUTE)
        told.append(follows)
        if follows is Decision.RAISE:
            assert looks[n - 2] is not None
            state = State(state.since, 1)
        elif follows is Decision.WAIT:
            state = State(now)
        elif follows in (Decision.END, Decision.FORGET):
            state = State()
    raised = [one for one in told if one in (Decision.RAISE, Decision.END)]
    assert raised == [Decision.RAISE, Decision.END] * (len(raised) // 2) + [Decision.RAISE] * (
        len(raised) % 2
    )


def test_time_to_acknowledge_by_severity_and_shift() -> None:
    night = {"rule": "escalation", "enabled": True, "shift_from": "20:00", "shift_to": "06:00"}
    rows = [
        *RULES,
        {**night, "within_s": 900},
        {"rule": "escalation", "enabled": True, "severity": "critical", "within_s": 120},
        {**night, "severity": "critical", "within_s": 180},
        {"rule": "escalation", "enabled": False, "severity": "low", "within_s": 1},
    ]
    asked = [("low", 12), ("low", 23), ("low", 5), ("low", 6), ("critical", 12), ("critical", 2)]
    found = [within(rows, severity, time(hour)).total_seconds() for severity, hour in asked]
    assert found == [300, 900, 900, 300, 120, 180]


def test_a_beginning_that_lies_ahead_counts_from_now() -> None:
    ahead = State(since=NOW + timedelta(hours=6))
    assert decide(ahead, HELD, NOW, 2 * MINUTE) is Decision.WAIT
    assert decide(ahead, HELD, NOW, timedelta(0)) is Decision.RAISE


def test_a_shift_from_an_hour_to_the_same_is_the_whole_day() -> None:
    day = {"rule": "escalation", "enabled": True, "within_s": 60, "severity": None}
    rows = [{**day, "shift_from": "07:00", "shift_to": "07:00"}]
    assert within(rows, "high", time(3)) == MINUTE
