"""Rules in the server: raised once, with what was found; escalation by the database's own time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.house import House
from api.war_room.watch import RULES
from db import exercise
from db.connect import Machine
from db.readings import Reading, add
from db.towns import drop_town
from layers.model import Role
from tests.api.war_room import EVENT, INCIDENT, WarRoom, war_room
from tests.conftest import make_tiny_town
from tests.tiny import load_rows, square

NOW = datetime.now(UTC)


@pytest.fixture(scope="module", autouse=True)
def _begins() -> None:
    """The module is read when a whole run begins, which may be an hour ago."""
    global NOW  # noqa: PLW0603
    NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def room(server_url: str, secret: str, dashboard: Path) -> Iterator[WarRoom]:
    town = make_tiny_town(server_url, secret)
    with war_room(town, dashboard) as made:
        made.event = made.post(Role.COORDINATOR, "/events", 201, **EVENT)["id"]
        yield made
    drop_town(server_url, town.town_id)


def look(room: WarRoom, rule: str | None = None, after: timedelta = timedelta(0)) -> list[Any]:
    """Let one rule look, or all, at a time from now; the incidents raised."""
    house: House = room.caller.app.state.house
    wanted = frozenset(RULES if rule is None else {rule})
    raised = room.caller.run(house.watch.look(wanted, NOW + after))
    return [room.get(Role.ADMIN, f"/incidents/{number}") for number in raised]


def run(room: WarRoom, statement: str, *values: object) -> None:
    with room.town.connect(Machine.LOADER) as conn:
        conn.execute(statement.encode(), values or None)


def test_a_full_shelter_is_raised_once_and_its_end_is_told(room: WarRoom) -> None:
    assert look(room, "shelter_full") == []
    run(room, "UPDATE town.shelters SET occupancy = 300 WHERE code = 'S1'")
    (made,) = look(room, "shelter_full")
    assert (made["kind"], made["origin"], made["rule"]) == ("shelter_full", "rule", "shelter_full")
    assert (made["rule_values"], made["about_code"]) == ("300/300", "S1")
    assert look(room, "shelter_full") == []
    run(room, "UPDATE town.shelters SET occupancy = 280 WHERE code = 'S1'")
    assert look(room, "shelter_full") == [], "within the dead band"
    run(room, "UPDATE town.shelters SET occupancy = 200 WHERE code = 'S1'")
    assert look(room, "shelter_full") == []
    run(room, "UPDATE town.shelters SET occupancy = 301 WHERE code = 'S1'")
    assert look(room, "shelter_full") == [], "the same incident is found again"
    told = [one["action"] for one in room.log(room.event) if one["record"] == made["id"]]
    assert [one for one in told if one not in ("changed", "edited")] == [
        *("raise", "condition_ended", "again")
    ]


def test_a_cut_road_by_closure_and_by_the_present_water(room: WarRoom) -> None:
    run(room, "UPDATE town.closures SET status = 'closed', road_code = 'R1' WHERE code = 'X1'")
    zone = {"code": "OBS", "kind": "observed", "observed_at": NOW, "depth_class": "lt_0_3"}
    with room.town.connect(Machine.LOADER) as conn:
        load_rows(conn, "flood_zones", [{**zone, "geom": square(-50, 100, 500, 100)}])
    made = {one["about_code"]: one for one in look(room, "road_cut")}
    assert set(made) == {"X1", "R1"}
    assert made["R1"]["rule_values"] == "450 ≥ 20 m"
    assert made["X1"]["title_en"] == "Road ถนนริมมูล is closed"


def test_somebody_without_power_is_for_rescuers_and_named_to_nobody(room: WarRoom) -> None:
    run(room, "UPDATE town.power_areas SET state = 'planned' WHERE code = 'P1'")
    (made,) = look(room, "power_dependent")
    assert (made["kind"], made["severity"], made["seen_by"]) == (
        *("power_dependent", "high", "rescuers"),
    )
    for role in (Role.STAFF, Role.ANALYST):
        room.get(role, f"/incidents/{made['id']}", 404)
    for role in (Role.COORDINATOR, Role.TEAM, Role.CARE):
        told = room.get(role, f"/incidents/{made['id']}")
        assert "K0" not in str(told)
        assert "H000" not in str(told)
    run(room, "UPDATE town.power_areas SET state = 'off' WHERE code = 'P1'")
    (now_off,) = look(room, "power_dependent")
    assert now_off["severity"] == "critical"
    staff = [one["record"] for one in room.log(room.event, Role.STAFF, kind="incident")]
    assert not {made["id"], now_off["id"]} & set(staff)


def test_a_level_over_the_bank_lasts_before_it_is_raised_and_silence_is_too(room: WarRoom) -> None:
    with room.town.connect(Machine.LOADER) as conn:
        reading = Reading("DEMO.1", NOW - timedelta(minutes=5), 112.3, source="tests")
        add(conn, "gauge_readings", [reading])
    assert look(room, "threshold") == []
    made = look(room, "threshold", timedelta(seconds=61))
    assert {(one["about_code"], one["severity"]) for one in made} == {
        ("DEMO.1", "low"),
        ("DEMO.1", "critical"),
    }
    assert "112.30 ≥ 112.00 m MSL" in {one["rule_values"] for one in made}
    assert look(room, "feed_silent", timedelta(minutes=41)) == []
    (silent,) = look(room, "feed_silent", timedelta(minutes=44))
    assert (silent["kind"], silent["about_code"]) == ("feed_silent", "DEMO.1")


def test_a_late_reading_raises_nothing_and_ends_nothing(room: WarRoom) -> None:
    def bring(hours: float, level: float, name: str) -> None:
        with room.town.connect(Machine.LOADER) as conn:
            at = NOW - timedelta(hours=hours)
            add(conn, "gauge_readings", [Reading("DEMO.1", at, level, source=name)])

    def of_gauge() -> dict[int, Any]:
        told = room.get(Role.ADMIN, "/incidents")["incidents"]
        mine = [one["id"] for one in told if one["about_code"] == "DEMO.1"]
        found = {number: room.get(Role.ADMIN, f"/incidents/{number}") for number in mine}
        # what a look escalates, and when it looked, is another matter
        kept = ("rule_values", "severity", "title_en")
        return {n: {k: one.get(k) for k in kept} for n, one in found.items()}

    before = of_gauge()
    assert before
    bring(6, 114.8, "late and higher")
    bring(5, 105.5, "late and lower")
    bring(-7, 119.0, "dated in the future")
    assert look(room, "threshold") == []
    assert look(room, "threshold", timedelta(minutes=4)) == []
    assert of_gauge() == before
    ended = [one for one in room.log(room.event) if one["action"] == "condition_ended"]
    assert not [one for one in ended if one["record"] in before]
    now = room.get(Role.ADMIN, "/gauges")["gauges"]
    assert {one["now"]["level_m"] for one in now if one["code"] == "DEMO.1"} == {112.3}


def test_a_rule_is_the_towns_to_edit(room: WarRoom) -> None:
    items = "/ogc/collections/incident_rules/items"
    off = {"code": "road_cut", "rule": "road_cut", "enabled": False}
    body = {"type": "Feature", "geometry": None, "properties": off}
    room.post(Role.COORDINATOR, items, 201, **body)
    run(room, "UPDATE town.closures SET status = 'closed', code = 'X2' WHERE code = 'X1'")
    assert look(room, "road_cut") == []


def test_unacknowledged_escalates_shelved_waits_and_a_restart_forgets_nothing(
    room: WarRoom,
) -> None:
    number = room.post(Role.STAFF, "/incidents", 201, **INCIDENT)["id"]
    other = room.post(Role.STAFF, "/incidents", 201, **INCIDENT)["id"]
    path = f"/incidents/{number}"
    until = datetime.now(UTC) + timedelta(hours=1)
    room.post(Role.STAFF, f"/incidents/{other}/shelve", until=until.isoformat())
    house: House = room.caller.app.state.house

    def at(minutes: float) -> int:
        moment = datetime.now(UTC) + timedelta(minutes=minutes)
        room.caller.run(house.watch.look(frozenset(), moment))
        times: int = room.get(Role.STAFF, path)["escalated"]
        return times

    assert [at(9), at(11), at(12), at(22)] == [0, 1, 1, 2]
    room.post(Role.STAFF, f"{path}/acknowledge")
    assert at(50) == 2
    shelved = room.get(Role.STAFF, f"/incidents/{other}")
    assert (shelved["escalated"], shelved["mark"]) == (0, "closed")
    at(61)
    back = room.get(Role.STAFF, f"/incidents/{other}")
    assert (back["shelved_until"], back["mark"]) == (None, "high")
    told = [one["action"] for one in room.log(room.event) if one["record"] == number]
    assert [one for one in told if one in ("escalate", "acknowledge")] == [
        *("escalate", "escalate", "acknowledge")
    ]


def test_homes_of_such_an_incident_are_read_by_who_may_see_them(room: WarRoom) -> None:
    made = room.get(Role.ADMIN, "/incidents?kind=power_dependent&active=true")["incidents"][0]
    path = f"/incidents/{made['id']}/homes"
    home = {"care_code": "K0", "household": "H000", "needs": ["oxygen"]}
    for role in (Role.ADMIN, Role.CARE, Role.COORDINATOR):
        assert room.get(role, path)["homes"] == [home], role
    assert room.get(Role.TEAM, path)["homes"] == []
    room.get(Role.STAFF, path, 404)


def read(room: WarRoom, level: float, ago: timedelta, **more: Any) -> None:
    """A reading of DEMO.1 so long before the test began."""
    with room.town.connect(Machine.LOADER) as conn:
        add(conn, "gauge_readings", [Reading("DEMO.1", NOW - ago, level, source="tests", **more)])


def steps_of(room: WarRoom, number: int) -> list[str]:
    return [one["action"] for one in room.log(room.event) if one["record"] == number]


def bank(room: WarRoom) -> dict[str, Any]:
    """The newest incident about DEMO.1's bank."""
    path = "/incidents?kind=threshold&severity=critical&limit=1"
    made: dict[str, Any] = room.get(Role.ADMIN, path)["incidents"][0]
    return made


def act(room: WarRoom, number: int, *actions: str, **body: Any) -> Any:
    for action in actions:
        done = room.post(Role.ADMIN, f"/incidents/{number}/{action}", **body)
    return done


def test_a_doubtful_reading_neither_ends_a_condition_nor_begins_one(room: WarRoom) -> None:
    held = bank(room)
    read(room, 9999.0, timedelta(minutes=4))
    assert look(room, "threshold", timedelta(minutes=10)) == []
    assert "condition_ended" not in steps_of(room, held["id"])


def test_what_comes_back_asks_for_somebody_again(room: WarRoom) -> None:
    """A resolved incident is reopened; of a merged one the other is told; a cleared one is new."""
    held = bank(room)
    act(room, held["id"], "acknowledge", "resolve")
    read(room, 110.0, timedelta(minutes=3))
    look(room, "threshold", timedelta(minutes=11))
    read(room, 112.5, timedelta(minutes=2))
    look(room, "threshold", timedelta(minutes=12))
    assert look(room, "threshold", timedelta(minutes=14)) == []
    back = room.get(Role.ADMIN, f"/incidents/{held['id']}")
    assert (back["status"], back["acknowledged_by"]) == ("raised", None)
    assert back["due_at"] is not None
    assert steps_of(room, held["id"])[-3:] == ["condition_ended", "again", "reopen"]
    by_hand = room.post(Role.STAFF, "/incidents", 201, **INCIDENT)["id"]
    act(room, held["id"], "merge", into=by_hand)
    read(room, 110.0, timedelta(minutes=1))
    look(room, "threshold", timedelta(minutes=15))
    assert steps_of(room, by_hand)[-1] == "condition_ended", "told where people look"
    act(room, by_hand, "acknowledge", "resolve", "all_clear")
    read(room, 112.6, timedelta(seconds=30))
    look(room, "threshold", timedelta(minutes=16))
    raised = look(room, "threshold", timedelta(minutes=18))
    assert bank(room)["id"] in {one["id"] for one in raised}


def test_an_incident_that_is_gone_stops_no_rule(room: WarRoom) -> None:
    number = bank(room)["id"]
    run(room, "DELETE FROM town.incidents WHERE id = %s", number)
    read(room, 109.0, timedelta(seconds=20))
    assert look(room, "threshold", timedelta(minutes=19)) == []
    read(room, 112.7, timedelta(seconds=10))
    look(room, "threshold", timedelta(minutes=20))
    assert "112.70 ≥ 112.00 m MSL" in {
        one["rule_values"] for one in look(room, "threshold", timedelta(minutes=22))
    }


def test_an_exercise_hides_no_flood_and_a_flood_no_exercise(room: WarRoom) -> None:
    """Rules look at both, remember both apart, and what holds in earnest is raised when it ends."""
    real = bank(room)
    with room.town.connect(Machine.LOADER) as conn:
        exercise.begin(conn, name="ฝึกซ้อม", scenario="river", seed=1, speed=1.0, actor="tests")
    try:
        soon = datetime.now(UTC) - NOW
        read(room, 113.4, -soon, exercise=True)
        assert look(room, "threshold", soon) == [], "it must last in an exercise, too"
        raised = look(room, "threshold", soon + timedelta(seconds=61))
        drilled = {one["rule_values"]: one["exercise"] for one in raised}
        assert drilled["113.40 ≥ 112.00 m MSL"] is True, "the real flood there does not hide it"
        assert steps_of(room, real["id"])[-1] == "raise", "it is looked at all the same"
        read(room, 109.0, timedelta(seconds=1) - soon)
        look(room, "threshold", soon + timedelta(seconds=62))
        assert steps_of(room, real["id"])[-1] == "condition_ended"
        run(room, "UPDATE town.shelters SET occupancy = 100 WHERE code = 'S1'")
        look(room, "shelter_full")
        full = room.get(Role.ADMIN, "/incidents?kind=shelter_full&limit=1")["incidents"][0]
        assert (full["exercise"], steps_of(room, full["id"])[-1]) == (False, "condition_ended")
        act(room, full["id"], "acknowledge", "resolve", "all_clear")
        run(room, "UPDATE town.shelters SET occupancy = 300 WHERE code = 'S1'")
        (played,) = look(room, "shelter_full")
        assert played["exercise"] is True
    finally:
        with room.town.connect(Machine.LOADER) as conn:
            exercise.end(conn, "tests")
    (earnest,) = look(room, "shelter_full")
    assert (earnest["exercise"], earnest["about_code"]) == (False, "S1")
    assert look(room, "threshold", soon + timedelta(seconds=63)) == [], "its own is no flood"


def test_a_clock_put_back_makes_nobody_wait_for_hours(room: WarRoom) -> None:
    number = room.post(Role.STAFF, "/incidents", 201, **INCIDENT)["id"]
    run(room, "UPDATE town.incidents SET due_at = due_at + interval '6 h' WHERE id = %s", number)
    look(room, "none")
    seen = room.get(Role.STAFF, f"/incidents/{number}")
    left = datetime.fromisoformat(seen["due_at"]) - NOW
    assert left <= timedelta(minutes=10), "the town's own row says ten minutes"
