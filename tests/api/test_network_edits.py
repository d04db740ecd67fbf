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
from tests.conftest import TownHandle, make_tiny_town
from tests.tiny import load_rows, tiny


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_tiny_town(server_url, secret)
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


def test_no_open_shelter_is_not_a_cut_road(desk: Caller, town: TownHandle) -> None:
    write(town, "UPDATE town.shelters SET open = false")
    dry = told(desk, "evacuation", {})
    assert dry["order"] == [], "nobody is in danger on a dry day"
    wet = told(desk, "evacuation", {"flood": {"zone_ids": ["Z10"]}})
    assert len(wet["order"]) == 10
    assert {home["cut_h"] for home in wet["order"]} == {None}
    assert len(wet["left"]) == 10, "nobody is dropped"
    placed = told(desk, "shelters", {"flood": {"zone_ids": ["Z10"]}})
    assert placed["people"]["unreachable"] == placed["people"]["all"] == 225
    for answer in (dry, wet, placed):
        assert any("No shelter takes people" in caveat for caveat in answer["caveats"])
    covered = told(desk, "coverage", {"shelters": "open", "within_min": 10})
    assert {service["status"] for service in covered["services"]} == {"closed"}
    assert covered["people"]["unreachable"] == 225
    write(town, "UPDATE town.shelters SET open = true")


def test_every_road_closed_is_answered_and_told(desk: Caller, town: TownHandle) -> None:
    everything = [
        {"code": f"ALL{n}", "status": "closed", "road_code": row["code"], "whole_road": True}
        | {"geom": row["geom"].interpolate(1)}
        for n, row in enumerate(tiny()["roads"])
    ]
    with town.connect(Machine.LOADER) as conn:
        load_rows(conn, "closures", everything)
    write(town, "SELECT 1")
    placed = told(desk, "shelters", {})
    assert placed["people"]["unreachable"] == 225
    assert {one["status"] for one in placed["shelters"]} == {"no_road"}
    covered = told(desk, "coverage", {"facilities": ["clinic"], "within_min": 10})
    assert covered["services"][0]["status"] == "no_road"
    assert covered["people"]["unreachable"] == 225
    lost = told(desk, "route-cuts", {})["routes"][0]
    assert (lost["served"], lost["lost"]) == ([], ["B1-1", "B1-2"])
    ranked = told(desk, "evacuation", {})
    assert {home["cut_h"] for home in ranked["order"]} == {0.0}, "the roads are cut"
    write(town, "DELETE FROM town.closures WHERE code LIKE 'ALL%'")


def test_a_household_nobody_counted_is_not_nobody(desk: Caller, town: TownHandle) -> None:
    blank = ", ".join(
        f"{kind}_{age} = NULL"
        for kind in ("registered", "sleeping")
        for age in ("0_5", "6_17", "18_59", "60_up")
    )
    write(town, f"UPDATE town.households SET {blank} WHERE code = 'H049'")  # noqa: S608
    asked = {"facilities": ["clinic"], "within_min": 1, "include": ["households"]}
    answer = told(desk, "coverage", asked)
    assert answer["households"]["uncounted"] == 1
    (blank_one,) = [home for home in answer["outside"] if home["household"] == "H049"]
    assert blank_one["people"] is None
    assert any("Nobody has counted" in caveat for caveat in answer["caveats"])


def test_a_place_is_found_by_its_address_however_it_is_typed(
    desk: Caller, town: TownHandle
) -> None:
    write(
        town,
        "UPDATE town.parcels SET address = CASE WHEN id % 10 = 0 THEN 'ถนนแจ้งสนิท'"
        " ELSE 'บ้านเลขที่ ' || id || ' ถนนเทศบาล' END",
    )
    whole = told(desk, "dossier", {"address": "บ้านเลขที่ ๔๒  ถนนเทศบาล"})
    assert [parcel["address"] for parcel in whole["parcels"]] == ["บ้านเลขที่ 42 ถนนเทศบาล"]
    assert len(told(desk, "dossier", {"address": "ถนนแจ้งสนิท"})["parcels"]) == 10
    for address, status, word in (("ถนนเทศบาล", 400, "Many"), ("ถนนไม่มีจริง", 404, "no such")):
        reply = desk.post("/queries/dossier?lang=en", json={"address": address})
        assert (reply.status_code, word in reply.json()["detail"]) == (status, True), reply.text


def test_a_household_nobody_can_place_is_neither_safe_nor_cut_off(
    desk: Caller, town: TownHandle
) -> None:
    write(town, "UPDATE town.households SET house_code = '00000000000' WHERE code = 'H048'")
    dry = told(desk, "evacuation", {})
    assert "H048" not in {home["household"] for home in dry["order"]}, "no road is cut on a dry day"
    wet = told(desk, "evacuation", {"flood": {"zone_ids": ["Z10"]}})
    (lost,) = [home for home in wet["order"] if home["household"] == "H048"]
    assert (lost["at"], lost["depth_m"], lost["cut_h"]) == (None, None, None)
    assert "H048" in {one["household"] for one in wet["left"]}
    placed = told(desk, "shelters", {"flood": {"zone_ids": ["Z10"]}})
    assert placed["people"]["no_location"] > 0
    asked = {"flood": {"zone_ids": ["Z10"]}, "include": ["cut_off"]}
    part = told(desk, "impact", asked)["cut_off"]
    assert part["houses"]["count"] == 0


def test_a_town_without_roads_says_so_and_counts_nobody_as_cut_off(
    desk: Caller, town: TownHandle
) -> None:
    write(town, "DELETE FROM town.roads")
    answer = told(desk, "impact", {"flood": {"zone_ids": ["Z10"]}, "include": ["cut_off"]})
    assert "cut_off" not in answer
    assert answer["exposed"]["houses"]["count"] > 0
    assert any("no roads on record" in caveat for caveat in answer["caveats"])
    for path in ("shelters", "evacuation", "coverage"):
        body = {"facilities": ["clinic"], "within_min": 5} if path == "coverage" else {}
        reply = desk.post(f"/queries/{path}?lang=en", json=body)
        assert (reply.status_code, "no roads" in reply.text) == (400, True), path
