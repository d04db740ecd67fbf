"""Rows of the matrix for events, incidents and what is done with them."""

from typing import Any

from layers.catalog import get
from layers.model import RESCUERS, Role
from tests.matrix.asking import Asker

COMMAND = (Role.COORDINATOR, Role.ADMIN)
OFFICE = (Role.STAFF, *COMMAND)
CREWS = (*OFFICE, Role.TEAM, Role.CARE)
MARKS = {"If-Match": '"0000000000000000"', "Idempotency-Key": "matrix"}
FAR = [0.0, 0.0]
SIGNED = {
    "signer": "x",
    "seat": "x",
    "document_no": "1",
    "signed_at": "2026-01-01T00:00:00Z",
    "area": "x",
    "note": "x",
    "by": "x",
}


def _refused(asker: Asker) -> int:
    return 403 if asker.headers else 401


def events(asker: Asker) -> None:
    """What holds is for everybody, who signed it for those inside."""
    told = asker.told("/events", params={"state": "open"})
    seen = asker.view.fields(get("events"))
    row = asker.view.seeds.row("events")
    (one,) = told["events"]
    inside = asker.view.sees(get("event_log"))
    assert set(one) - {"version", "lines"} <= set(seen)
    assert ("lines" in one) == inside
    assert asker.told(f"/events/{row.id}") == one
    assert not asker.told("/events", params={"state": "closed"})["events"]
    settings = asker.told("/events/settings")
    assert ("rules" in settings) == asker.view.sees(get("incident_rules"))


def story(asker: Asker) -> None:
    """The log shows the steps one sees, each field by its audience."""
    row = asker.view.seeds.row("events")
    log = get("event_log")
    path = f"/events/{row.id}/log"
    if not asker.view.sees(log):
        asker.get(path, _refused(asker))
        asker.get(f"{path}.csv", _refused(asker))
        return
    expected = {one.id for one in asker.view.rows(log)}
    told = asker.told(path, params={"limit": "10", "after": "0.0"})["steps"]
    assert {one["id"] for one in told} == expected
    for one in told:
        assert set(one) - {"version", "pos", "words"} <= set(asker.view.fields(log))
    assert not asker.told(path, params={"kind": "power"})["steps"]
    table = asker.get(f"{path}.csv", params={"kind": "power"})
    assert len(table.text.splitlines()) == 1
    assert len(asker.get(f"{path}.csv").text.splitlines()) == 1 + len(expected)


def run_events(asker: Asker) -> None:
    """Who commands opens, announces and closes; here one is open, and nobody has its version."""
    row = asker.view.seeds.row("events")
    commands = asker.view.role in COMMAND
    body: dict[str, Any] = {"name": "x", "kind": "flood", "exercise": True, **SIGNED}
    asker.ask("POST", "/events", 409 if commands else _refused(asker), json=body, headers=MARKS)
    body = {"line": "eoc", "value": "open", "step": 1, **SIGNED}
    for action in ("announce", "close", "reopen", "note", "undo"):
        path = f"/events/{row.id}/{action}"
        status = 412 if commands else _refused(asker)
        reply = asker.ask("POST", path, status, json=body, headers=MARKS)
        assert ("current" in reply.json()) == commands


def end_exercise(asker: Asker) -> None:
    """Who commands ends an exercise; here none is on."""
    commands = asker.view.role in COMMAND
    body = {"started_at": "2026-01-01T00:00:00Z", "note": "x", "by": "x"}
    status = 404 if commands else _refused(asker)
    asker.ask("POST", "/exercise/end", status, json=body, headers=MARKS)


def incidents(asker: Asker) -> None:
    """Everybody inside sees incidents, rescuers those about people in care as well."""
    layer = get("incidents")
    if not asker.view.sees(layer):
        asker.get("/incidents", _refused(asker))
        asker.get("/incidents/1", _refused(asker))
        asker.get("/incidents/1/duplicates", _refused(asker))
        return
    expected = {row.id: row for row in asker.view.rows(layer)}
    told = asker.told("/incidents", params={"limit": "10", "before": "100000"})["incidents"]
    assert {one["id"] for one in told} == set(expected)
    for one in told:
        assert set(one) - {"version", "at"} <= set(asker.view.fields(layer))
        assert asker.told(f"/incidents/{one['id']}") == one
        asker.get(f"/incidents/{one['id']}/duplicates", params={"metres": "5000"})
        for name in ("status", "kind", "unit", "event"):
            values = {name: one[name], "active": "false"}
            assert one in asker.told("/incidents", params=values)["incidents"]
    asker.told("/incidents", params={"active": "true", "severity": "high"})
    for row in asker.view.unseen(layer):
        asker.get(f"/incidents/{row.id}", 404)
        asker.get(f"/incidents/{row.id}/duplicates", 404)


def act(asker: Asker) -> None:
    """Who may do what with an incident; nobody learns of one they do not see."""
    layer = get("incidents")
    role = asker.view.role
    raised = {"kind": "rescue", "severity": "low", "title": "x", "at": FAR, "by": "x"}
    raised |= {"description": "x", "place": "x", "source": "x", "exercise": True}
    status = 400 if role in CREWS else _refused(asker)
    asker.ask("POST", "/incidents", status, json=raised, headers=MARKS)
    may = {
        **dict.fromkeys(("acknowledge", "change"), (*OFFICE, Role.CARE)),
        "note": CREWS,
    }
    body = {"unit": "x", "note": "x", "severity": "low", "by": "x", "until": None, "into": None}
    for row in asker.view.seeds.of(layer):
        for action in ("acknowledge", "assign", "on_scene", "resolve", "all_clear", "reopen"):
            _acts(asker, row.id, action, may.get(action, OFFICE), body, shown=asker.view.shows(row))
        for action in ("unshelve", "unmerge", "change", "note"):
            _acts(asker, row.id, action, may.get(action, OFFICE), body, shown=asker.view.shows(row))
    if asker.view.sees(layer):
        path = f"/incidents/{asker.view.seeds.row('incidents_open').id}"
        for action, part in (("merge", "into"), ("shelve", "until"), ("assign", "unit")):
            told = asker.ask("POST", f"{path}/{action}", 400, json={}, params={"lang": "en"})
            assert part in told.json()["detail"]


def _acts(
    asker: Asker, row: int, action: str, who: tuple[Role, ...], body: Any, *, shown: bool
) -> None:
    path = f"/incidents/{row}/{action}"
    allowed = asker.view.role in who
    status = 412 if allowed else _refused(asker)
    if asker.view.sees(get("incidents")) and not shown:
        status = 404
    asker.ask("POST", path, status, json=body, headers=MARKS)


def steps(asker: Asker) -> None:
    """Steps of an incident are those of the log one sees anyway, in the fields one sees."""
    log = get("event_log")
    seen = {row.id: row for row in asker.view.rows(log)}
    for row in asker.view.seeds.of(get("incidents")):
        path = f"/incidents/{row.id}/steps"
        if not asker.view.sees(row.layer):
            asker.get(path, _refused(asker))
        elif asker.view.shows(row):
            for step in asker.told(path)["steps"]:
                assert step["id"] in seen
                assert set(step) - {"version", "pos", "words"} <= set(asker.view.fields(log))
        else:
            asker.get(path, 404)


def homes(asker: Asker) -> None:
    """Homes of an incident are those one sees anyway; an incident one does not see has none."""
    for row in asker.view.seeds.of(get("incidents")):
        path = f"/incidents/{row.id}/homes"
        if not asker.view.sees(row.layer):
            asker.get(path, _refused(asker))
        elif asker.view.shows(row):
            assert asker.told(path) == {"homes": []}
        else:
            asker.get(path, 404)


def powered(asker: Asker) -> None:
    """Homes in a power area that hang on power: those one sees anyway, for who fetches people."""
    row = asker.view.seeds.row("power_areas")
    path = f"/power-areas/{row.id}/homes"
    if asker.view.role not in RESCUERS:
        asker.get(path, _refused(asker))
        return
    asker.get("/power-areas/-1/homes", 404)
    seen = {one.values["code"] for one in asker.view.rows(get("care_locations"))}
    for home in asker.told(path)["homes"]:
        assert home["care_code"] in seen


def tasks(asker: Asker) -> None:
    """Everybody inside sees tasks, the home one is about only who commands or cares."""
    layer = get("tasks")
    row = asker.view.seeds.row("tasks")
    desk = asker.view.role in OFFICE
    given = {"team": "x", "words": "x", "incident": -1, "care_code": "x", "by": "x"}
    asker.ask("POST", "/tasks", 404 if desk else _refused(asker), json=given, headers=MARKS)
    given = {"team": "x", "care_code": asker.view.seeds.row("home_c2").values["code"]}
    if desk and "home_c2" not in asker.view.person.homes:
        asker.ask("POST", "/tasks", 404, json=given)
    body = {"reason": "x", "by": "x"}
    for action in ("start", "on_scene", "done", "fail", "cancel"):
        path = f"/tasks/{row.id}/{action}"
        asker.ask("POST", path, 412 if desk else _refused(asker), json=body, headers=MARKS)
    if not asker.view.sees(layer):
        asker.get("/tasks", _refused(asker))
        return
    values = {"team": row.values["team"], "incident": row.values["incident"], "limit": "5"}
    for params in ({}, {**values, "active": "true"}):
        (one,) = asker.told("/tasks", params=params)["tasks"]
        assert set(one) - {"version"} <= set(asker.view.fields(layer))


def boards(asker: Asker) -> None:
    """Headcounts and boats are the desk's, plans who commands accepts; nothing is done here."""
    desk, commands = asker.view.role in OFFICE, asker.view.role in COMMAND
    stay = {"household": "x", "place": "shelter", "shelter": "x", "people": 1, "note": "x"}
    status = 400 if desk else _refused(asker)
    asker.ask("POST", "/shelter-stays", status, json={**stay, "by": "x"}, headers=MARKS)
    nothing = "00000000-0000-0000-0000-000000000000"
    runs = {"answer": nothing, "runs": [{"team": "x", "number": 1}], "by": "x"}
    status = 404 if commands else _refused(asker)
    asker.ask("POST", "/evacuation-runs", status, json=runs, headers=MARKS)
    for path, layer, body, actions in (
        ("shelter-stays", "shelter_stays", {"people": 1, "note": "x"}, ("check_out", "recount")),
        ("shelter-stays", "shelter_stays", {"people": 1, "note": "x"}, ("undo",)),
        (
            "evacuation-runs",
            "evacuation_runs",
            {"reason": "x", "vehicle_failed": True},
            ("start", "done", "fail", "cancel", "undo"),
        ),
        (
            "resources",
            "resources",
            {"crew": "x", "at": None, "due_at": None, "note": "x"},
            ("check_out", "check_in", "fail", "undo"),
        ),
    ):
        row = asker.view.seeds.row(layer)
        for action in actions:
            told = asker.ask(
                "POST",
                f"/{path}/{row.id}/{action}",
                412 if desk else _refused(asker),
                json={**body, "by": "x"},
                headers=MARKS,
            )
            assert ("current" in told.json()) == desk
    if asker.view.role in CREWS:
        assert asker.told("/evacuation-runs/waiting") == {"waiting": []}
    else:
        asker.get("/evacuation-runs/waiting", _refused(asker))
