"""Answers about roads while the records they rest on are edited: never of a graph gone stale."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.network.graphs import MOST
from db.changes import number_changes
from db.connect import Machine
from db.towns import drop_town
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle, make_town
from tests.tiny import load_rows, load_tiny, tiny


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    load_tiny(made)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def desk(town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.ADMIN, "desk")
    with Caller(create_app(settings_for(town, dashboard)), token) as made:
        yield made


def told(caller: Caller, path: str, body: dict[str, Any]) -> Any:
    reply = caller.post(f"/queries/{path}?lang=en", json=body)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def write(town: TownHandle, statement: str) -> None:
    """What somebody does in psql, and the number it gets."""
    with town.connect(Machine.LOADER) as conn, conn.transaction():
        conn.execute(statement.encode())
    with town.connect(Machine.SERVICE) as conn:
        number_changes(conn)


def is_the_same_again(caller: Caller, answer: dict[str, Any]) -> bool:
    """Worked out again on the same versions; what is of the past is never of a kept graph."""
    again = caller.get(f"/queries/answers/{answer['id']}?lang=en&recompute=true").json()
    return bool(again["recomputed"]["equal"])


def test_the_kept_graph_is_that_of_the_roads_as_they_are(desk: Caller, town: TownHandle) -> None:
    graphs = desk.app.state.house.graphs
    before = told(desk, "shelters", {})
    told(desk, "evacuation", {})
    (kept,) = graphs._kept.values()
    told(desk, "shelters", {})
    assert list(graphs._kept.values()) == [kept], "built once"
    write(town, "DELETE FROM town.roads WHERE code = 'R2'")
    after = told(desk, "shelters", {})
    assert after["roads"]["length_m"] < before["roads"]["length_m"]
    assert after["people"]["road"] < before["people"]["road"]
    assert is_the_same_again(desk, after)
    with town.connect(Machine.LOADER) as conn:
        load_rows(conn, "roads", [row for row in tiny()["roads"] if row["code"] == "R2"])
    write(town, "UPDATE town.roads SET surface_level_m = 5 WHERE code = 'R1'")
    again = told(desk, "shelters", {})
    assert (again["roads"], again["people"]) == (before["roads"], before["people"])
    assert is_the_same_again(desk, again)
    assert is_the_same_again(desk, after), "the past is of its own roads"
    assert len(graphs._kept) <= MOST


def test_what_the_town_says_of_its_vehicles_holds_and_is_told(
    desk: Caller, town: TownHandle
) -> None:
    flood = {"flood": {"zone_ids": ["Z100"]}, "boat": False, "vehicle": "car"}
    before = told(desk, "shelters", flood)
    assert before["vehicle"]["wades_default"]
    assert before["people"]["unreachable"] > 0, "a car wades 0.2 m by default"
    items = "/ogc/collections/vehicle_limits/items"
    deeper = {"vehicle": "car", "wades_m": 0.4, "reference": "ผู้ผลิต"}
    feature = {"type": "Feature", "geometry": None, "properties": deeper}
    made = desk.post(items, json=feature)
    assert made.status_code == 201, made.text
    write(town, "SELECT 1")
    after = told(desk, "shelters", flood)
    assert after["people"]["unreachable"] == 0
    vehicle = after["vehicle"]
    assert (vehicle["wades_m"], vehicle["wades_default"]) == (0.4, False)
    assert vehicle["reference"] == "ผู้ผลิต"
    assert "vehicle_limits" in {p["layer"] for p in after["provenance"]}
    asked = told(desk, "shelters", {**flood, "wades_m": 0.1})
    assert asked["people"]["unreachable"] > 0, "what is asked goes before what is on record"
    assert is_the_same_again(desk, before), "the past is of its own vehicles"
