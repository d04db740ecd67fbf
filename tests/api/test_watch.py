"""Rules in the server: raised once, with what was found; escalation by the database's own time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.house import House
from api.war_room.watch import RULES
from db.connect import Machine
from db.readings import Reading, add
from db.towns import drop_town
from layers.model import Role
from tests.api.war_room import EVENT, INCIDENT, WarRoom, war_room
from tests.conftest import make_town
from tests.tiny import load_rows, load_tiny, square

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def room(server_url: str, secret: str, dashboard: Path) -> Iterator[WarRoom]:
    town = make_town(server_url, secret)
    load_tiny(town)
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


def run(room: WarRoom, statement: str) -> None:
    with room.town.connect(Machine.LOADER) as conn:
        conn.execute(statement.encode())


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
