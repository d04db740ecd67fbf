"""Tasks open homes to their crew; headcounts, runs and boats leave each step in the log."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from db import runs, steps
from db.towns import drop_town
from layers.errors import ConflictError
from layers.model import Role
from tests.api.war_room import EVENT, INCIDENT, WarRoom, war_room
from tests.conftest import make_tiny_town

STAYS = "/shelter-stays"
RUNS = "/evacuation-runs"


@pytest.fixture(scope="module")
def room(server_url: str, secret: str, dashboard: Path) -> Iterator[WarRoom]:
    town = make_tiny_town(server_url, secret)
    with war_room(town, dashboard) as made:
        made.event = made.post(Role.COORDINATOR, "/events", 201, **EVENT)["id"]
        yield made
    drop_town(server_url, town.town_id)


def homes(room: WarRoom) -> list[str]:
    found = room.get(Role.TEAM, "/ogc/collections/care_locations/items?limit=100")["features"]
    codes = [one["properties"]["code"] for one in found if one["properties"]["kind"] == "home"]
    return sorted(codes)


def item(room: WarRoom, layer: str, code: str) -> dict[str, Any]:
    found = room.get(Role.ADMIN, f"/ogc/collections/{layer}/items?limit=100")["features"]
    (one,) = [each for each in found if each["properties"]["code"] == code]
    values: dict[str, Any] = {"id": one["id"], **one["properties"]}
    return values


def test_a_task_opens_one_home_to_its_crew_until_it_ends(room: WarRoom) -> None:
    incident = room.post(Role.STAFF, "/incidents", 201, **INCIDENT)
    assert homes(room) == []
    sent = {"team": "boat 1", "words": "รับผู้ป่วย", "incident": incident["id"], "care_code": "K3"}
    room.post(Role.STAFF, "/tasks", 404, **sent)
    task = room.post(Role.COORDINATOR, "/tasks", 201, **sent)
    assert (task["state"], task["incident"], task["care_code"]) == (
        *("given", incident["code"], "K3"),
    )
    assert homes(room) == ["K3"]
    (mine,) = room.get(Role.TEAM, "/tasks?active=true&team=boat 1")["tasks"]
    assert (mine["id"], mine["care_code"]) == (task["id"], "K3")
    (seen,) = room.get(Role.STAFF, "/tasks?active=true&team=boat 1")["tasks"]
    assert "care_code" not in seen
    other = room.post(Role.COORDINATOR, "/tasks", 201, team="boat 2", care_code="K4")
    room.post(Role.TEAM, f"/tasks/{other['id']}/start", 403)
    path = f"/tasks/{task['id']}"
    room.post(Role.TEAM, f"{path}/start")
    room.post(Role.TEAM, f"{path}/on_scene")
    room.post(Role.TEAM, f"{path}/fail", 400)
    done = room.post(Role.TEAM, f"{path}/done")
    assert done["state"] == "done"
    assert homes(room) == []
    late = room.post(Role.COORDINATOR, f"{path}/cancel", 409)
    assert "คน team" in late["detail"]
    told = [
        one["action"] for one in room.log(room.event, kind="task") if one["code"] == done["code"]
    ]
    assert told == ["give", "start", "on_scene", "done"]


def test_closing_the_event_ends_what_is_left_of_its_tasks(room: WarRoom) -> None:
    task = room.post(Role.COORDINATOR, "/tasks", 201, team="boat 1", care_code="K5")
    assert homes(room) == ["K5"]
    path = f"/events/{room.event}"
    room.post(Role.COORDINATOR, f"{path}/close")
    assert homes(room) == []
    ended = room.get(Role.STAFF, "/tasks")["tasks"]
    assert {one["state"] for one in ended if one["id"] == task["id"]} == {"cancelled"}
    room.post(Role.COORDINATOR, f"{path}/reopen")


def test_headcounts_by_household_and_occupancy_that_follows(room: WarRoom) -> None:
    sent = {"household": "H001", "shelter": "S1", "people": 4}
    stay = room.post(Role.STAFF, STAYS, 201, **sent)
    # what was read bears the version that a step is made of
    path = f"/ogc/collections/shelter_stays/items/{stay['id']}"
    read = room.caller.get(path, room.tokens[Role.STAFF])
    assert read.headers["ETag"] == f'"{stay["version"]}"'
    room.post(Role.STAFF, STAYS, 201, **{**sent, "household": "H002", "people": 3})
    camping = {"household": "H003", "place": "camping", "people": 2}
    room.post(Role.STAFF, STAYS, 201, **camping)
    assert item(room, "shelters", "S1")["occupancy"] == 7
    twice = room.post(Role.STAFF, STAYS, 409, **camping, headers={"Idempotency-Key": "x"})
    assert "camping" in twice["detail"]
    room.post(Role.STAFF, STAYS, 400, **{**sent, "household": "H999"})
    room.post(Role.STAFF, STAYS, 400, household="H004", people=1)
    path = f"{STAYS}/{stay['id']}"
    assert room.post(Role.STAFF, f"{path}/recount", people=5)["people"] == 5
    assert item(room, "shelters", "S1")["occupancy"] == 8
    out = room.post(Role.STAFF, f"{path}/check_out", note="กลับบ้าน")
    assert out["out_at"] is not None
    assert out["by_name"] == "คน staff"
    assert item(room, "shelters", "S1")["occupancy"] == 3
    room.post(Role.STAFF, f"{path}/check_out", 409)
    told = [one for one in room.log(room.event, kind="stay") if one["record"] == stay["id"]]
    assert [one["action"] for one in told] == ["check_in", "recount", "check_out"]
    assert not room.log(room.event, kind="shelter"), "told once, as a headcount"


def test_a_household_is_counted_in_once_however_many_do_it_at_once(room: WarRoom) -> None:
    before = item(room, "shelters", "S1")["occupancy"]
    replies = []

    def come(shelter: str) -> None:
        body = {"household": "H010", "shelter": shelter, "people": 2}
        replies.append(room.sent(Role.STAFF, STAYS, body).status_code)

    threads = [threading.Thread(target=come, args=(("S1", "S2")[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replies) == [201, 409, 409, 409, 409, 409]
    after = item(room, "shelters", "S1")["occupancy"] + (
        item(room, "shelters", "S2")["occupancy"] or 0
    )
    assert after == before + 2


def test_runs_of_a_plan_are_accepted_gone_done_and_failed(room: WarRoom) -> None:
    asked = {"flood": {"zone_ids": "all"}, "open_all": True}
    plan = room.post(Role.COORDINATOR, "/queries/evacuation", **asked)
    first, second = [run for run in plan["runs"] if run["number"] == 1][:2]
    chosen = [{"team": run["team"], "number": 1} for run in (first, second)]
    sent = {"answer": plan["id"], "runs": chosen}
    room.post(Role.STAFF, RUNS, 403, **sent)
    one, two = room.post(Role.COORDINATOR, RUNS, 201, **sent)["runs"]
    assert one["households"] == [stop["household"] for stop in first["stops"]]
    room.post(Role.COORDINATOR, RUNS, 409, **sent)
    room.post(Role.COORDINATOR, RUNS, 400, answer=plan["id"], runs=[{"team": "?", "number": 1}])
    for run in (one, two):
        room.post(Role.STAFF, f"{RUNS}/{run['id']}/start")
        vehicle = item(room, "resources", run["team"])
        assert (vehicle["status"], vehicle["by_name"]) == ("out", "คน staff")
        assert vehicle["out_at"] is not None
    room.post(Role.STAFF, f"{RUNS}/{one['id']}/done")
    assert item(room, "resources", one["team"])["status"] == "ready"
    room.post(Role.STAFF, f"{RUNS}/{two['id']}/fail", 400)
    failed = room.post(
        Role.STAFF, f"{RUNS}/{two['id']}/fail", reason="เครื่องเสีย", vehicle_failed=True
    )
    assert (failed["state"], item(room, "resources", two["team"])["status"]) == ("failed",) * 2
    waiting = room.get(Role.STAFF, f"{RUNS}/waiting")["waiting"]
    assert [row["household"] for row in waiting] == sorted(two["households"])
    assert {row["reason"] for row in waiting} == {"เครื่องเสีย"}
    room.post(Role.STAFF, STAYS, 201, household=two["households"][0], place="relatives", people=1)
    left = room.get(Role.STAFF, f"{RUNS}/waiting")["waiting"]
    assert [row["household"] for row in left] == sorted(two["households"][1:])
    kinds = [
        (one["kind"], one["action"]) for one in room.log(room.event) if one["code"] == two["team"]
    ]
    assert kinds == [("resource", "check_out"), ("resource", "changed")]


def test_boats_and_crews_are_checked_out_and_in(room: WarRoom) -> None:
    boat = item(room, "resources", "B6")
    path = f"/resources/{boat['id']}"
    sent = {"crew": "ทีม 6", "at": [105.2243, 15.2402], "due_at": "2026-11-21T12:00:00Z"}
    out = room.post(Role.STAFF, f"{path}/check_out", **sent, by="นายหก")
    assert (out["status"], out["crew"]) == ("out", "ทีม 6")
    assert datetime.fromisoformat(out["due_at"]) == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert out["out_at"] is not None
    assert out["by_name"].startswith("นายหก (")
    room.post(Role.STAFF, f"{path}/check_out", 409)
    room.post(Role.TEAM, f"{path}/check_in", 403)
    back = room.post(Role.STAFF, f"{path}/check_in", note="เติมน้ำมันแล้ว")
    assert (back["out_at"], back["due_at"], back["crew"]) == (None, None, "ทีม 6")
    told = [one for one in room.log(room.event, kind="resource") if one["code"] == "B6"]
    assert [(one["action"], one["unit"]) for one in told] == [
        ("check_out", "ทีม 6"),
        ("check_in", "ทีม 6"),
    ]


def test_a_runs_steps_are_taken_back_and_its_vehicle_with_them(room: WarRoom) -> None:
    asked = {"flood": {"zone_ids": "all"}, "open_all": True}
    plan = room.post(Role.COORDINATOR, "/queries/evacuation", **asked)
    free = [
        run
        for run in plan["runs"]
        if not run["under_way"] and not {s["household"] for s in run["stops"]} & busy(room)
    ]
    chosen = [{"team": free[0]["team"], "number": free[0]["number"]}]
    (run,) = room.post(Role.COORDINATOR, RUNS, 201, answer=plan["id"], runs=chosen)["runs"]
    path, team = f"{RUNS}/{run['id']}", run["team"]
    before = item(room, "resources", team)
    room.post(Role.STAFF, f"{path}/undo", 409)
    room.post(Role.STAFF, f"{path}/start")
    done = room.post(Role.STAFF, f"{path}/done")
    assert item(room, "resources", team)["status"] == "ready"
    # whoever looks at an older version takes nothing back, and hears who was first
    stale = {"If-Match": f'"{run["version"]}"'}
    late = room.post(Role.STAFF, f"{path}/undo", 412, headers=stale)
    assert "คน staff" in late["detail"]
    boat = item(room, "resources", team)
    refused = room.post(Role.STAFF, f"/resources/{boat['id']}/undo", 409)
    assert run["code"] in refused["detail"], "what came with a run goes with the run"
    now = {"If-Match": f'"{done["version"]}"'}
    back = room.post(Role.STAFF, f"{path}/undo", headers=now, reason="กดผิดเที่ยว", by="นายเวร")
    assert (back["state"], back["ended_at"]) == ("underway", None)
    assert back["by_name"] == "นายเวร (คน staff)"
    assert item(room, "resources", team)["status"] == "out"
    again = room.post(Role.STAFF, f"{path}/undo")
    assert (again["state"], again["left_at"]) == ("planned", None)
    after = item(room, "resources", team)
    assert [after[name] for name in ("status", "crew", "out_at", "due_at")] == [
        before[name] for name in ("status", "crew", "out_at", "due_at")
    ]
    room.post(Role.STAFF, f"{path}/undo", 409)
    told = [one for one in room.log(room.event, kind="run") if one["code"] == run["code"]]
    assert [one["action"] for one in told] == ["accept", "start", "done", "undo", "undo"]
    assert [one["undoes"] for one in told[3:]] == [told[2]["id"], told[1]["id"]]
    assert told[3]["note"] == "กดผิดเที่ยว"
    # failed, and its households already on another run: what was failed stays so
    room.post(Role.STAFF, f"{path}/fail", reason="น้ำแรง")
    second = room.post(Role.COORDINATOR, "/queries/evacuation", **asked)
    other = next(
        one
        for one in second["runs"]
        if {stop["household"] for stop in one["stops"]} & set(run["households"])
    )
    chosen = [{"team": other["team"], "number": other["number"]}]
    (new,) = room.post(Role.COORDINATOR, RUNS, 201, answer=second["id"], runs=chosen)["runs"]
    kept = room.post(Role.STAFF, f"{path}/undo", 409)
    assert new["code"] in kept["detail"]
    room.post(Role.COORDINATOR, f"{RUNS}/{new['id']}/cancel")
    assert room.post(Role.STAFF, f"{path}/undo")["state"] == "planned"


def test_a_plan_that_shares_a_household_between_two_runs_is_accepted_whole(room: WarRoom) -> None:
    two = [
        runs.NewRun("00000000-0000-7000-8000-00000000000a", team, 1, ("H044",), 3, 0, ("S1",))
        for team in ("B5", "B6")
    ]
    other = runs.NewRun("00000000-0000-7000-8000-00000000000b", "B5", 1, ("H044",), 3, 0, ("S1",))

    async def accepted() -> list[str]:
        house = room.caller.app.state.house
        async with house.writing() as conn:
            actor = steps.Actor("test", "คนทดสอบ")
            await steps.begin(conn, actor)
            made = await runs.accept(conn, two, actor)
            with pytest.raises(ConflictError):
                await runs.accept(conn, [other], actor)
            for one in made:
                await runs.act(conn, one, "cancel", None, actor)
            return [one["team"] for one in made]

    assert room.caller.run(accepted()) == ["B5", "B6"]


def runs_of(room: WarRoom) -> list[dict[str, Any]]:
    found = room.get(Role.STAFF, "/ogc/collections/evacuation_runs/items?limit=100")["features"]
    return [each["properties"] for each in found]


def busy(room: WarRoom) -> set[str]:
    return {
        household
        for one in runs_of(room)
        if one["state"] in ("planned", "underway")
        for household in one["households"]
    }


def test_what_became_of_a_boat_is_taken_back_and_loses_nobodys_edit(room: WarRoom) -> None:
    boat = item(room, "resources", "B6")
    path = f"/resources/{boat['id']}"
    sent = {"crew": "ทีมกลางคืน", "at": [105.2251, 15.2411], "due_at": "2026-11-21T20:00:00Z"}
    room.post(Role.STAFF, f"{path}/check_out", **sent)
    record = f"/ogc/collections/resources/items/{boat['id']}"
    words = {"properties": {"note": "น้ำมันครึ่งถัง"}}
    edited = room.caller.ask(
        "PATCH",
        record,
        room.tokens[Role.STAFF],
        json=words,
        headers={"Acting-Name": quote("นายหก")},
    )
    assert edited.status_code == 200, edited.text
    step = room.log(room.event, kind="resource")[-1]
    assert (step["action"], step["by_name"]) == ("edited", "นายหก (คน staff)")
    # the edit is a step too: it goes first, then the step before it
    room.post(Role.STAFF, f"{path}/undo", note="ใส่ผิดลำ")
    assert item(room, "resources", "B6")["note"] == boat["note"]
    back = room.post(Role.STAFF, f"{path}/undo", by="นางเจ็ด")
    assert (back["status"], back["crew"], back["due_at"]) == ("ready", boat["crew"], None)
    place = room.get(Role.ADMIN, record)["geometry"]["coordinates"]
    assert place != pytest.approx(sent["at"], abs=1e-5)
    room.post(Role.TEAM, f"{path}/undo", 403)
    told = [one for one in room.log(room.event, kind="resource") if one["code"] == "B6"][-2:]
    assert [one["action"] for one in told] == ["undo", "undo"]
    assert told[1]["words"].endswith("กลับเป็น พร้อม") or "so again: Ready" in told[1]["words"]


def test_who_hangs_on_power_in_an_area_is_told_to_who_fetches_them(room: WarRoom) -> None:
    west, east = item(room, "power_areas", "P1"), item(room, "power_areas", "P2")
    found = {
        home["care_code"]: home["needs"]
        for area in (west, east)
        for home in room.get(Role.COORDINATOR, f"/power-areas/{area['id']}/homes")["homes"]
    }
    assert found
    assert all({"oxygen", "ventilator", "suction"} & set(needs) for needs in found.values())
    for role in (Role.STAFF, Role.ANALYST):
        room.get(role, f"/power-areas/{east['id']}/homes", 403)
    room.get(Role.PUBLIC, f"/power-areas/{east['id']}/homes", 403)
    room.get(Role.COORDINATOR, "/power-areas/-1/homes", 404)
