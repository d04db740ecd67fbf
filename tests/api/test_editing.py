"""OGC API Features Part 4: records of an operation edited by those who may, once, and in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from api.app import create_app
from db.connect import Machine
from layers.catalog import LAYERS
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle

AT = [105.2243, 15.2402]
CLOSURE = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": AT},
    "properties": {"code": "X9", "status": "closed", "cause": "flood", "road_code": "R1"},
}
ITEMS = "/ogc/collections/closures/items"


@pytest.fixture
def desk(own_tiny_town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with own_tiny_town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.STAFF, "โต๊ะปฏิบัติการ")
    with Caller(create_app(settings_for(own_tiny_town, dashboard)), token) as made:
        yield made


def made(desk: Caller, body: dict[str, Any] | None = None, **headers: str) -> Any:
    reply = desk.post(ITEMS, json=body or CLOSURE, headers=headers)
    assert reply.status_code == 201, reply.text
    return reply


def test_a_record_is_made_read_replaced_changed_and_deleted(desk: Caller) -> None:
    path = made(desk).headers["Location"].removeprefix("http://127.0.0.1:8000")
    read = desk.get(path)
    feature = read.json()
    assert feature["geometry"]["coordinates"] == pytest.approx(AT, abs=1e-6)
    assert feature["properties"]["road_code"] == "R1"
    assert feature["properties"]["updated_by"] == "โต๊ะปฏิบัติการ"
    first = read.headers["ETag"]
    feature["properties"]["status"] = "lifted"
    put = desk.ask("PUT", path, json=feature, headers={"If-Match": first})
    assert put.status_code == 200, put.text
    assert desk.get(path).headers["ETag"] == put.headers["ETag"] != first
    patch = desk.ask("PATCH", path, json={"properties": {"note": "ทดสอบ", "cause": None}})
    assert patch.status_code == 200, patch.text
    told = desk.get(path).json()["properties"]
    assert (told["status"], told["note"], told["cause"]) == ("lifted", "ทดสอบ", None)
    assert desk.ask("DELETE", path).status_code == 204
    assert desk.get(path).status_code == 404
    assert desk.ask("DELETE", path).status_code == 404


def test_a_lost_update_is_refused_with_both_versions(desk: Caller) -> None:
    reply = made(desk)
    path, first = reply.headers["Location"][21:], reply.headers["ETag"]
    assert desk.ask("PATCH", path, json={"properties": {"cause": "tree"}}).status_code == 200
    for method, body in (
        ("PUT", {**CLOSURE, "properties": {"code": "X9", "status": "lifted"}}),
        ("PATCH", {"properties": {"status": "lifted"}}),
        ("DELETE", None),
    ):
        late = desk.ask(method, path, json=body, headers={"If-Match": first})
        assert late.status_code == 412, late.text
        assert late.json()["current"]["cause"] == "tree"
        assert f'"{late.json()["sent"]["version"]}"' == first
    assert desk.get(path).json()["properties"]["status"] == "closed"
    anything = desk.ask("DELETE", path, headers={"If-Match": "*"})
    assert anything.status_code == 204


def test_an_edit_sent_twice_is_done_once(desk: Caller) -> None:
    first = made(desk, **{"Idempotency-Key": "k1"})
    again = made(desk, **{"Idempotency-Key": "k1"})
    assert again.json() == first.json()
    assert again.headers["ETag"] == first.headers["ETag"]
    other = desk.post(
        ITEMS,
        json={**CLOSURE, "properties": {"code": "X8", "status": "closed"}},
        headers={"Idempotency-Key": "k1"},
    )
    assert other.status_code == 409
    assert desk.post(ITEMS, json=CLOSURE).status_code == 409, "that code is taken"
    path = first.headers["Location"][21:]
    for _ in range(2):
        gone = desk.ask("DELETE", path, headers={"Idempotency-Key": "k2"})
        assert gone.status_code == 204


def test_only_editors_edit_only_what_is_edited(desk: Caller, own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.SERVICE) as conn:
        tokens = {role: a_token(conn, role, f"t {role}") for role in Role}
        conn.commit()
    for layer in LAYERS:
        path = f"/ogc/collections/{layer.id}/items"
        for role, token in tokens.items():
            reply = desk.post(path, token=token, json={"type": "Feature", "properties": {"x": 1}})
            allowed = role in layer.editors
            assert reply.status_code == 400 if allowed else reply.status_code in (403, 404)
    assert desk.post(ITEMS, token=NOBODY, json=CLOSURE).status_code == 401


@pytest.mark.parametrize(
    ("properties", "geometry", "word"),
    [
        ({"status": "closed"}, AT, "code"),
        ({"code": "X", "status": "shut"}, AT, "must be one of"),
        ({"code": "X", "status": "closed", "nothing": 1}, AT, "nothing"),
        ({"code": "X", "status": "closed", "whole_road": "yes"}, AT, "true or false"),
        ({"code": "X", "status": "closed", "since": "2026-11-21"}, AT, "offset"),
        ({"code": "X", "status": "closed", "road_code": "R77"}, AT, "no “R77”"),
        ({"code": "X" * 5000, "status": "closed"}, AT, "4,000"),
        ({"code": 5, "status": "closed"}, AT, "text"),
        ({"code": "X", "status": "closed"}, [15.2402, 105.2243], "longitude, latitude"),
        ({"code": "X", "status": "closed"}, [105.2], "longitude, latitude"),
        ({"code": "X", "status": "closed"}, [[105.2, 15.2], [105.2, 15.2]], "GeoJSON"),
        ({"code": "X", "status": "closed"}, None, "geometry"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    caller: Caller, properties: dict[str, Any], geometry: Any, word: str
) -> None:
    shape = None if geometry is None else {"type": "Point", "coordinates": geometry}
    body = {"type": "Feature", "geometry": shape, "properties": properties}
    reply = caller.post(f"{ITEMS}?lang=en", json=body)
    assert reply.status_code == 400, reply.text
    assert word in reply.json()["detail"]


def test_plain_tables_and_areas_are_edited_too(desk: Caller) -> None:
    plan = {"type": "Feature", "properties": {"community": "C1", "seq": 2, "shelter_code": "S2"}}
    reply = desk.post("/ogc/collections/refuge_plans/items", json=plan)
    assert reply.status_code == 201, reply.text
    ring = [[105.22, 15.24], [105.23, 15.24], [105.23, 15.25], [105.22, 15.24]]
    area = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"code": "P9", "state": "planned"},
    }
    reply = desk.post("/ogc/collections/power_areas/items", json=area)
    assert reply.status_code == 201, reply.text
    stored = desk.get(reply.headers["Location"][21:]).json()
    assert stored["geometry"]["type"] == "MultiPolygon"
    bow = [[105.22, 15.24], [105.23, 15.25], [105.23, 15.24], [105.22, 15.25], [105.22, 15.24]]
    area["geometry"] = {"type": "Polygon", "coordinates": [bow]}
    area["properties"] = {"code": "P8", "state": "off"}
    assert desk.post("/ogc/collections/power_areas/items", json=area).status_code == 400


def test_a_closure_made_here_changes_the_ways(desk: Caller) -> None:
    everybody = desk.post("/queries/shelters", json={}).json()["people"]
    assert everybody["road"] == everybody["all"]
    whole = {"code": "X7", "status": "closed", "road_code": "R2", "whole_road": True}
    made(desk, {**CLOSURE, "properties": whole})
    cut = desk.post("/queries/shelters", json={}).json()
    assert cut["people"]["unreachable"] == everybody["all"]
    assert cut["roads"]["closed_m"] == pytest.approx(1000)


def test_an_edit_bears_the_name_of_who_acts_beside_the_sign_in(desk: Caller) -> None:
    officer = {"Acting-Name": quote("สมหญิง ใจดี")}
    path = made(desk, **officer).headers["Location"][21:]
    assert desk.get(path).json()["properties"]["updated_by"] == "สมหญิง ใจดี (โต๊ะปฏิบัติการ)"
    late = desk.ask(
        "DELETE", path, headers={"If-Match": '"0000000000000000"', "Acting-Name": quote("นายสอง")}
    )
    assert late.status_code == 412
    assert "สมหญิง ใจดี (โต๊ะปฏิบัติการ)" in late.json()["detail"], (
        "the second is told by name who was first"
    )
    told = desk.ask("PATCH", path, json={"properties": {"note": "x"}}).json()
    assert told
    assert desk.get(path).json()["properties"]["updated_by"] == "โต๊ะปฏิบัติการ", "nobody else's name"
    for wrong in ("%FF", "%0A", "a" * 101, "%20"):
        refused = desk.ask(
            "PATCH", path, json={"properties": {"note": "y"}}, headers={"Acting-Name": wrong}
        )
        assert refused.status_code == 400, wrong
