"""Incidents: raised to all-clear by name, once, in order; the second is told; merges undone."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.house import House
from db import exercise
from db.connect import Machine
from db.towns import drop_town
from layers.model import Role
from tests.api.war_room import AT, EVENT, INCIDENT, WarRoom, war_room
from tests.conftest import make_tiny_town


@pytest.fixture(scope="module")
def room(server_url: str, secret: str, dashboard: Path) -> Iterator[WarRoom]:
    town = make_tiny_town(server_url, secret)
    with war_room(town, dashboard) as made:
        made.event = made.post(Role.COORDINATOR, "/events", 201, **EVENT)["id"]
        yield made
    drop_town(server_url, town.town_id)


def raised(room: WarRoom, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = room.post(Role.STAFF, "/incidents", 201, **{**INCIDENT, **more})
    return made


def act(room: WarRoom, number: int, action: str, role: Role = Role.STAFF, **body: Any) -> Any:
    return room.post(role, f"/incidents/{number}/{action}", **body)


def steps_of(room: WarRoom, number: int) -> list[dict[str, Any]]:
    return [one for one in room.log(room.event, kind="incident") if one["record"] == number]


def test_from_raised_to_all_clear_by_name(room: WarRoom) -> None:
    made = raised(room, description="มีเด็กเล็ก", place="ซอย 1")
    assert (made["status"], made["origin"], made["mark"]) == ("raised", "person", "high")
    assert made["at"] == pytest.approx(AT, abs=1e-6)
    number = made["id"]
    due = datetime.fromisoformat(made["due_at"]) - datetime.fromisoformat(made["raised_at"])
    assert due == timedelta(seconds=600), "the town's own row counts"
    taken = act(room, number, "acknowledge", by="สมหญิง")
    assert (taken["status"], taken["acknowledged_by"]) == ("acknowledged", "สมหญิง (คน staff)")
    assert taken["due_at"] is None
    act(room, number, "assign", unit="boat 1")
    act(room, number, "on_scene", Role.TEAM)
    act(room, number, "resolve", Role.TEAM, note="ช่วยลงมาแล้ว")
    clear = act(room, number, "all_clear", Role.COORDINATOR)
    assert (clear["status"], clear["cleared_by"], clear["mark"]) == (
        "all_clear",
        "คน coordinator",
        "closed",
    )
    told = steps_of(room, number)
    assert [one["action"] for one in told] == [
        *("raise", "acknowledge", "assign", "on_scene", "resolve", "all_clear")
    ]
    assert [one["becomes"] for one in told][1:3] == ["acknowledged", "assigned"]
    assert told[2]["words"] == f"เหตุ I{number}: มอบหมาย boat 1"
    back = act(room, number, "reopen", Role.COORDINATOR)
    assert (back["status"], back["acknowledged_by"], back["unit"]) == ("raised", None, None)
    own = [*steps_of(room, number)]
    assert room.get(Role.STAFF, f"/incidents/{number}/steps?lang=th")["steps"] == own
    less = room.get(Role.ANALYST, f"/incidents/{number}/steps")["steps"]
    assert [one["action"] for one in less] == [one["action"] for one in own]
    assert not {"by_name", "note"} & {name for one in less for name in one}
    room.get(Role.PUBLIC, f"/incidents/{number}/steps", 403)


def test_the_second_is_told_who_was_first(room: WarRoom) -> None:
    made = raised(room)
    number, mark = made["id"], {"If-Match": f'"{made["version"]}"'}
    act(room, number, "acknowledge", Role.COORDINATOR, headers=mark)
    path = f"/incidents/{number}/acknowledge"
    late = room.post(Role.STAFF, path, 412, headers=mark)
    assert "คน coordinator" in late["detail"]
    assert (late["current"]["status"], late["sent"]["action"]) == ("acknowledged", "acknowledge")
    blind = room.post(Role.STAFF, path, 409)
    assert "คน coordinator" in blind["detail"]
    assert len(steps_of(room, number)) == 2


def test_one_sending_counts_once(room: WarRoom) -> None:
    marks = {"Idempotency-Key": "phone 7"}
    first = room.post(Role.TEAM, "/incidents", 201, headers=marks, **INCIDENT)
    assert room.post(Role.TEAM, "/incidents", 201, headers=marks, **INCIDENT) == first
    other = {**INCIDENT, "title": "อื่น"}
    room.post(Role.TEAM, "/incidents", 409, headers=marks, **other)
    assert len(steps_of(room, first["id"])) == 1


def test_duplicates_are_proposed_merged_and_taken_apart(room: WarRoom) -> None:
    far, near = [AT[0] + 0.01, AT[1]], [AT[0] + 0.0105, AT[1]]
    one = raised(room, kind="levee", at=far)
    two = raised(room, kind="levee", at=near)
    raised(room, kind="supplies", at=near)
    assert two["duplicates"] == [one["id"]]
    path = f"/incidents/{two['id']}"
    (found,) = room.get(Role.STAFF, f"{path}/duplicates")["duplicates"]
    assert (found["incident"], 40 < found["metres"] < 70) == (one["id"], True)
    assert room.get(Role.STAFF, f"{path}/duplicates?metres=10")["duplicates"] == []
    before = act(room, two["id"], "acknowledge")
    merged = act(room, two["id"], "merge", into=one["id"])
    assert (merged["merged_into"], merged["mark"]) == (one["code"], "closed")
    listed = room.get(Role.STAFF, "/incidents?active=true&kind=levee")["incidents"]
    assert [item["id"] for item in listed] == [one["id"]]
    room.post(Role.STAFF, f"{path}/resolve", 409)
    room.post(Role.STAFF, f"/incidents/{one['id']}/merge", 409, into=two["id"])
    apart = act(room, two["id"], "unmerge")
    changing = {"version", "updated_at", "updated_by"}
    assert {k: v for k, v in apart.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    room.post(Role.STAFF, f"{path}/merge", 400, into=two["id"])


def test_shelved_until_a_time_and_taken_off(room: WarRoom) -> None:
    number = raised(room)["id"]
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    shelved = act(room, number, "shelve", until=until)
    assert (shelved["status"], shelved["mark"]) == ("raised", "closed")
    assert act(room, number, "unshelve")["mark"] == "high"
    past = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    room.post(Role.STAFF, f"/incidents/{number}/shelve", 400, until=past)


def test_nothing_live_is_lost_on_a_shelf_or_in_a_closed_one(room: WarRoom) -> None:
    """Who acts takes it off the shelf; a live one goes into no closed one; time begins anew."""
    number, other = raised(room)["id"], raised(room)["id"]
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    mark = {"Idempotency-Key": "shelf"}
    first = act(room, number, "shelve", headers=mark, until=until)
    taken = act(room, number, "acknowledge")
    assert (taken["shelved_until"], taken["mark"]) == (None, "high")
    assert act(room, number, "shelve", headers=mark, until=until) == first, "sent twice"
    act(room, number, "resolve")
    act(room, number, "all_clear")
    lost = room.post(Role.STAFF, f"/incidents/{other}/merge", 409, into=number)
    assert "all clear" in lost["detail"] or "ปลอดภัย" in lost["detail"]
    act(room, number, "reopen")
    act(room, other, "merge", into=number)
    with room.town.connect(Machine.LOADER) as conn:
        conn.execute(
            "UPDATE town.incidents SET due_at = now() - interval '1 h' WHERE id = %s", [other]
        )
    apart = act(room, other, "unmerge")
    assert datetime.fromisoformat(apart["due_at"]) > datetime.now(UTC), "it begins to wait anew"
    assert [one["action"] for one in steps_of(room, other)] == ["raise", "merge", "unmerge"]


def test_who_may_do_what(room: WarRoom) -> None:
    number = raised(room)["id"]
    for role in (Role.ANALYST, Role.PUBLIC):
        room.post(role, "/incidents", 403, **INCIDENT)
    room.post(Role.TEAM, f"/incidents/{number}/acknowledge", 403)
    act(room, number, "assign", unit="boat 2")
    room.post(Role.TEAM, f"/incidents/{number}/on_scene", 403)
    room.get(Role.ANALYST, f"/incidents/{number}")
    assert "description" not in room.get(Role.ANALYST, f"/incidents/{number}")
    room.get(Role.PUBLIC, "/incidents", 403)
    room.post(Role.STAFF, "/incidents", 400, **{**INCIDENT, "at": [0, 0]})


def busy(room: WarRoom, numbers: list[int], seed: int, done: list[Any], refused: list[Any]) -> None:
    """Somebody who does what comes to mind, now and then on a version just read."""
    random = Random(seed)  # noqa: S311 - which action comes next
    actions = ("acknowledge", "assign", "on_scene", "resolve", "all_clear", "reopen", "note")
    for _ in range(25):
        number, action = random.choice(numbers), random.choice(actions)
        body = {"unit": f"boat {seed}", "note": f"{seed}", "by": f"คนที่ {seed}"}
        headers = {}
        if random.random() < 0.5:
            seen = room.get(Role.STAFF, f"/incidents/{number}")
            headers = {"If-Match": f'"{seen["version"]}"'}
        reply = room.sent(Role.STAFF, f"/incidents/{number}/{action}", body, headers)
        if reply.status_code == 200:
            done.append((number, action))
        else:
            refused.append(reply)


def test_many_at_once_lose_no_step(room: WarRoom) -> None:
    """Every accepted step is in the log once and in order; every refused one was told why."""
    numbers = [raised(room, kind="other")["id"] for _ in range(3)]
    accepted: list[list[Any]] = [[] for _ in range(6)]
    refused: list[Any] = []
    threads = [
        threading.Thread(target=busy, args=(room, numbers, seed, done, refused))
        for seed, done in enumerate(accepted)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {reply.status_code for reply in refused} <= {409, 412}
    for reply in refused:
        assert any(name in reply.json()["detail"] for name in ("คนที่", "คน staff"))
    log = [one for one in room.log(room.event, kind="incident") if one["record"] in numbers]
    told = sorted((one["record"], one["action"]) for one in log if one["action"] != "raise")
    assert told == sorted(step for done in accepted for step in done)
    for seed, done in enumerate(accepted):
        mine = [one for one in log if one["by_name"].startswith(f"คนที่ {seed} ")]
        assert [(one["record"], one["action"]) for one in mine] == done, "in the order taken"
    for number in numbers:
        chain = [one for one in log if one["record"] == number and one["action"] != "note"]
        assert [one["was"] for one in chain[1:]] == [one["becomes"] for one in chain[:-1]]
        assert room.get(Role.STAFF, f"/incidents/{number}")["status"] == chain[-1]["becomes"]


def test_an_acknowledgement_reaches_whoever_listens(room: WarRoom) -> None:
    """Another screen hears that incidents changed, and then reads who acknowledged."""
    made = raised(room)
    house: House = room.caller.app.state.house

    async def heard(done: threading.Event) -> set[str]:
        with house.hub.subscribe("another screen") as stream:
            done.set()
            layers = set[str]()
            while not {"incidents", "event_log"} <= layers:
                layers |= {one.layer for one in await stream.take(30)}
                assert not stream.lost
            return layers

    listening = threading.Event()
    found: list[set[str]] = []
    thread = threading.Thread(target=lambda: found.append(room.caller.run(heard(listening))))
    thread.start()
    listening.wait(30)
    act(room, made["id"], "acknowledge", Role.COORDINATOR)
    thread.join(60)
    assert found
    seen = room.get(Role.STAFF, f"/incidents/{made['id']}")
    assert seen["acknowledged_by"] == "คน coordinator"


def test_what_is_raised_in_an_exercise_says_so(room: WarRoom) -> None:
    with room.town.connect(Machine.LOADER) as conn:
        exercise.begin(conn, name="ฝึกซ้อม", scenario="flood", seed=1, speed=1.0, actor="tests")
        conn.commit()
        assert raised(room)["exercise"] is True
        # somebody drowns during an exercise, too
        assert raised(room, exercise=False)["exercise"] is False
        exercise.end(conn, "tests")
    assert raised(room)["exercise"] is False
