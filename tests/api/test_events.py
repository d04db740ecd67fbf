"""Events: each authority's word a line of its own, signed; the log is the story, in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import exercise
from db.connect import Machine
from db.feeds import add, feeds
from db.towns import drop_town
from etl.feeds.drill.replay import drill_feeds
from layers.model import Role
from tests.api.war_room import EVENT, INCIDENT, WarRoom, war_room
from tests.conftest import make_tiny_town

SIGNED = {
    "signer": "ผู้ว่าทดสอบ",
    "seat": "governor",
    "document_no": "อบ 0021/1",
    "signed_at": "2026-11-21T02:00:00+07:00",
}


@pytest.fixture(scope="module")
def room(server_url: str, secret: str, dashboard: Path) -> Iterator[WarRoom]:
    town = make_tiny_town(server_url, secret)
    with war_room(town, dashboard) as made:
        yield made
    drop_town(server_url, town.town_id)


@pytest.fixture
def event(room: WarRoom) -> Iterator[int]:
    made: int = room.post(Role.COORDINATOR, "/events", 201, **EVENT)["id"]
    yield made
    if room.get(Role.ADMIN, f"/events/{made}")["state"] == "open":
        room.post(Role.COORDINATOR, f"/events/{made}/close")


def homes(room: WarRoom) -> int:
    found = room.get(Role.COORDINATOR, "/ogc/collections/care_locations/items?limit=100")
    return sum(one["properties"]["kind"] == "home" for one in found["features"])


def test_homes_are_open_to_coordinators_while_an_event_is(room: WarRoom) -> None:
    assert homes(room) == 0
    made = room.post(Role.COORDINATOR, "/events", 201, **EVENT)
    assert (made["state"], made["opened_by"]) == ("open", "คน coordinator")
    assert homes(room) == 8
    again = room.post(Role.ADMIN, "/events", 409, **EVENT)
    assert made["code"] in again["detail"]
    closed = room.post(Role.COORDINATOR, f"/events/{made['id']}/close", by="สมชาย", note="น้ำลด")
    assert (closed["state"], closed["closed_by"]) == ("closed", "สมชาย (คน coordinator)")
    assert homes(room) == 0
    room.post(Role.COORDINATOR, f"/events/{made['id']}/reopen")
    assert homes(room) == 8
    room.post(Role.COORDINATOR, f"/events/{made['id']}/close")
    assert homes(room) == 0
    assert [one["action"] for one in room.log(made["id"])] == ["open", "close", "reopen", "close"]


def test_what_each_authority_says_is_kept_apart_with_its_signer(room: WarRoom, event: int) -> None:
    path = f"/events/{event}/announce"
    said = {
        "flag": "red",
        "eoc": "open",
        "ddpm_level": "2",
        "disaster_area": "in_force",
        "relief_zone": "in_force",
        "evacuation_advice": "in_force",
        "evacuation_order": "in_force",
    }
    for line, value in said.items():
        room.post(Role.COORDINATOR, path, line=line, value=value, area="ชุมชน 1", **SIGNED)
    told = room.get(Role.STAFF, f"/events/{event}?lang=en")
    assert {line: told[line] for line in said} == said
    assert set(told["lines"]) == set(said)
    level = told["lines"]["ddpm_level"]
    assert level["said"] == "DDPM level Level 2, province"
    assert (level["signer"], level["seat"]) == ("ผู้ว่าทดสอบ", "governor")
    assert (level["document_no"], level["signed_at"][:16]) == ("อบ 0021/1", "2026-11-21T02:00")
    # the town's own alert knows no levels, and the public is told what holds but not who signed
    assert "red" in room.post(Role.ADMIN, path, 400, line="flag", value="3", **SIGNED)["detail"]
    room.post(Role.ADMIN, path, 400, line="ddpm_level", value="red", **SIGNED)
    room.post(Role.ADMIN, path, 400, line="flag", value="red")
    public = room.get(Role.PUBLIC, f"/events/{event}")
    assert public["flag"] == "red"
    assert not {"lines", "opened_by"} & set(public)


def test_a_step_is_taken_back_by_a_step(room: WarRoom, event: int) -> None:
    path = f"/events/{event}"
    for value in ("yellow", "red"):
        room.post(Role.ADMIN, f"{path}/announce", line="flag", value=value, **SIGNED)
    red = room.get(Role.ADMIN, path)["lines"]["flag"]["step"]
    assert room.post(Role.ADMIN, f"{path}/undo", step=red, note="ผิดสี")["flag"] == "yellow"
    assert room.get(Role.ADMIN, path)["lines"]["flag"]["value"] == "yellow"
    room.post(Role.ADMIN, f"{path}/undo", 409, step=red)
    steps = room.log(event)
    assert [one["action"] for one in steps] == ["open", "flag", "flag", "undo"]
    assert steps[-1]["undoes"] == red


def test_the_town_says_its_own_flags_and_seats(room: WarRoom, event: int) -> None:
    told = room.get(Role.PUBLIC, "/events/settings")
    assert "white" in [one["code"] for one in told["flags"]]
    assert "rules" not in told
    assert "director" in [one["code"] for one in told["seats"]]
    sent = {"line": "flag", "value": "white", **SIGNED}
    assert room.post(Role.ADMIN, f"/events/{event}/announce", **sent)["flag"] == "white"
    rules = {one["code"]: one for one in room.get(Role.STAFF, "/events/settings")["rules"]}
    assert rules["night"]["default"] is False
    assert rules["escalation"]["within_s"] == 300


def test_edits_of_the_boards_are_steps_whoever_makes_them(room: WarRoom, event: int) -> None:
    feature: dict[str, Any] = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [105.2243, 15.2402]},
        "properties": {"code": "X7", "status": "closed", "cause": "flood"},
    }
    items = "/ogc/collections/closures/items"
    made = room.post(Role.STAFF, items, 201, **feature)["id"]
    lifted = {"properties": {"status": "lifted"}}
    reply = room.caller.ask("PATCH", f"{items}/{made}", room.tokens[Role.STAFF], json=lifted)
    assert reply.status_code == 200
    with room.town.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.power_areas SET state = 'off' WHERE code = 'P1'")
        conn.execute("UPDATE town.shelters SET open = true WHERE code = 'S2'")
    steps = room.log(event)[1:]
    told = [(one["kind"], one["code"], one["action"], one["becomes"]) for one in steps]
    assert told == [
        ("closure", "X7", "added", "closed"),
        ("closure", "X7", "changed", "lifted"),
        ("power", "P1", "changed", "off"),
        ("shelter", "S2", "changed", "true"),
    ]
    assert steps[1]["words"] == "ปิดถนน X7: เปลี่ยนเป็น เปิดแล้ว"
    assert steps[0]["by_name"] == "คน staff"


def test_the_log_is_paged_filtered_and_a_table(room: WarRoom, event: int) -> None:
    for n in range(5):
        room.post(Role.ADMIN, f"/events/{event}/note", note=f"=1+{n}")
    whole = room.log(event)
    token, paged = None, []
    while True:
        query = f"?limit=2{f'&after={token}' if token else ''}"
        page = room.get(Role.ADMIN, f"/events/{event}/log{query}")
        paged += page["steps"]
        token = page["next"]
        if token is None:
            break
    assert paged == whole
    assert [one["pos"] for one in whole] == sorted({one["pos"] for one in whole})
    assert room.log(event, kind="incident") == []
    table = room.caller.get(f"/events/{event}/log.csv", room.tokens[Role.STAFF])
    assert table.content.startswith(b"\xef\xbb\xbfpos,id,at,words")
    assert "'=1+3" in table.text
    assert len(table.text.splitlines()) == 1 + len(whole)
    room.get(Role.PUBLIC, f"/events/{event}/log", 403)
    room.get(Role.ADMIN, f"/events/{event}/log?after=x", 400)


def test_nothing_in_the_log_is_rewritten(room: WarRoom, event: int) -> None:
    kinds = (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)
    for login in (Machine.LOADER, Machine.SERVICE):
        for statement in ("UPDATE town.event_log SET note = 'x'", "DELETE FROM town.event_log"):
            with pytest.raises(kinds), room.town.connect(login) as conn:
                conn.execute(statement.encode())


def test_only_who_commands_opens_closes_and_announces(room: WarRoom, event: int) -> None:
    for role in (Role.STAFF, Role.TEAM, Role.CARE, Role.ANALYST, Role.PUBLIC):
        room.post(role, "/events", 403, **EVENT)
        room.post(role, f"/events/{event}/note", 403, note="x")


def test_the_second_is_told_and_one_sending_counts_once(room: WarRoom, event: int) -> None:
    path = f"/events/{event}"
    first = room.get(Role.ADMIN, path)["version"]
    sent = {"line": "flag", "value": "red", **SIGNED}
    marks = {"If-Match": f'"{first}"', "Idempotency-Key": f"flag {event}"}
    done = room.post(Role.COORDINATOR, f"{path}/announce", headers=marks, **sent)
    assert room.post(Role.COORDINATOR, f"{path}/announce", headers=marks, **sent) == done
    late = room.post(Role.ADMIN, f"{path}/close", 412, headers={"If-Match": f'"{first}"'}, note="x")
    assert "คน coordinator" in late["detail"]
    assert (late["current"]["flag"], late["sent"]["action"]) == ("red", "close")
    assert len(room.log(event)) == 2


def _drilled(room: WarRoom) -> str:
    """An exercise is begun, with its feeds; when it began."""
    with room.town.connect(Machine.LOADER) as conn:
        made = exercise.begin(
            conn, name="ซ้อมแผน", scenario="river", seed=1, speed=60.0, actor="tests"
        )
        for feed in drill_feeds({"river", "rain"}, 60.0, "tests"):
            add(conn, feed)
    return made.started_at.isoformat()


def test_who_commands_ends_an_exercise_from_the_desk(room: WarRoom) -> None:
    """Its incidents, its event and its feeds are over with it, by name; what is real stays."""
    began = _drilled(room)
    event = room.post(Role.COORDINATOR, "/events", 201, **EVENT)
    played = room.post(Role.STAFF, "/incidents", 201, **INCIDENT)
    real = room.post(Role.STAFF, "/incidents", 201, **{**INCIDENT, "exercise": False})
    assert (event["exercise"], played["exercise"], real["exercise"]) == (True, True, False)
    room.post(Role.STAFF, "/exercise/end", 403)
    other = room.post(Role.ADMIN, "/exercise/end", 409, started_at="2026-01-01T00:00:00Z")
    assert "ซ้อมแผน" in other["detail"]
    mark = {"Idempotency-Key": "end-once"}
    said = {"started_at": began, "by": "ปลัดสมหญิง", "note": "ฝนตกจริง"}
    ended = room.post(Role.COORDINATOR, "/exercise/end", headers=mark, **said)
    assert room.post(Role.COORDINATOR, "/exercise/end", headers=mark, **said) == ended
    assert (ended["incidents"], ended["event"]) == (1, event["code"])
    assert ended["ended_by"] == "ปลัดสมหญิง (คน coordinator)"
    room.post(Role.COORDINATOR, "/exercise/end", 404, started_at=began)
    assert room.get(Role.ADMIN, "/me")["exercise"] is None
    with room.town.connect(Machine.LOADER) as conn:
        assert not [feed for feed in feeds(conn) if feed.exercise]
        assert (last := exercise.last(conn))
        assert last.closed_by == ended["ended_by"]
    # the log says by whom, once; nobody is woken for what was played
    told = [(one["kind"], one["action"], one["by_name"]) for one in room.log(event["id"])]
    assert told[-2:] == [
        ("incident", "exercise_ended", ended["ended_by"]),
        ("event", "close", ended["ended_by"]),
    ]
    assert room.log(event["id"])[-1]["note"] == "ฝนตกจริง"
    assert room.get(Role.STAFF, f"/incidents/{played['id']}")["status"] == "all_clear"
    assert room.get(Role.STAFF, f"/incidents/{real['id']}")["status"] == "raised"


def test_a_real_event_goes_on_when_an_exercise_ends(room: WarRoom, event: int) -> None:
    _drilled(room)
    ended = room.post(Role.ADMIN, "/exercise/end")
    assert ended["event"] is None
    assert room.get(Role.ADMIN, f"/events/{event}")["state"] == "open"
