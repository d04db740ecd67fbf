"""Depth indoors, the displaced, communities, names and values of the tiny town, counted by hand."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from db.connect import Machine
from db.queries.impact import Flood
from db.queries.impact_compare import differences
from db.queries.impact_needs import Above, communities, displaced, needs
from db.towns import drop_town
from layers.model import Role
from tests.api.places import TO_DEGREES, drawn, moved
from tests.conftest import TownHandle, make_tiny_town
from tests.db.test_impact import ask
from tests.tiny import ORIGIN, load_rows, point, square

BOTH = Flood(zone_ids=("Z100", "Z10"))


def test_people_and_houses_by_depth_indoors(tiny_town: TownHandle) -> None:
    found = ask(tiny_town, BOTH).exposed
    # over 1 m and no known limit over floors of 0.5 m; 0.3 m does not reach them
    assert found["houses"]["by_indoor_depth"] == {"gt_1": 8, "dry": 16, "unknown": 6}
    assert found["houses"]["depth_unknown"] == 6
    people = found["people"]["by_indoor_depth"]
    assert {depth: part["count"] for depth, part in people.items()} == {
        "gt_1": 36,
        "dry": 72,
        "unknown": 27,
    }
    assert people["gt_1"]["by_age"] == {"0-5": 4, "6-17": 8, "18-59": 12, "60+": 12}
    assert sum(part["count"] for part in people.values()) == found["people"]["count"]


FLOORS = (0.2, 0.5, 1.8, None)


@pytest.fixture(scope="module")
def wider_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """The tiny town with houses of all kinds outside it, each four under water of two depths."""
    town = make_tiny_town(server_url, secret)
    extents = [
        {"code": "D1", "depth_class": "0_5_1", "geom": square(2000, 0, 50, 50)},
        {"code": "D2", "depth_min_m": 1.0, "depth_max_m": 2.0, "geom": square(2050, 0, 50, 50)},
        {"code": "OBS", "geom": square(0, 0, 240, 240)},
    ]
    homes = [
        {"house_code": f"X{n + x}", "floor_height_m": floor, "geom": point(2010 + n + x, 9)}
        for x in (0, 50)
        for n, floor in enumerate(FLOORS)
    ]
    high = {"house_code": "HIGH", "floor_height_m": 1.0, "geom": point(1040, 5)}
    with town.connect(Machine.LOADER) as conn:
        load_rows(conn, "flood_zones", [{"kind": "observed", **extent} for extent in extents])
        load_rows(conn, "houses", [*homes, high])
    yield town
    drop_town(server_url, town.town_id)


def test_a_stilt_house_is_dry_where_a_one_storey_one_is_not(wider_town: TownHandle) -> None:
    shallow = ask(wider_town, Flood(zone_ids=("D1",)))
    assert shallow.exposed["houses"]["by_indoor_depth"] == {
        "0_5_1": 1,
        "0_3_0_5": 1,
        "dry": 1,
        "unknown": 1,
    }
    assert [(row["code"], row["houses"]) for row in shallow.communities or ()] == [(None, 4)]
    # an observed extent that names its depth in metres and no class
    known = ask(wider_town, Flood(zone_ids=("D2",))).exposed["houses"]
    assert known["by_indoor_depth"] == {"gt_1": 2, "lt_0_3": 1, "unknown": 1}


def test_water_without_a_limit_under_a_high_floor_is_unknown(wider_town: TownHandle) -> None:
    houses = ask(wider_town, Flood(zone_ids=("Z10",))).exposed["houses"]
    assert houses["by_indoor_depth"] == {"gt_1": 8, "unknown": 3}


def test_an_observed_extent_is_a_flood_like_any_other(wider_town: TownHandle) -> None:
    answer = ask(wider_town, Flood(zone_ids=("OBS",)))
    assert answer.exposed["houses"]["count"] == 4
    assert answer.flood == {"area_m2": 57_600, "depth_known": False}


def test_displaced_and_what_they_need(tiny_town: TownHandle) -> None:
    answer = ask(tiny_town, BOTH)
    ages = {"0-5": 4, "6-17": 8, "18-59": 12, "60+": 12}
    told = answer.displaced
    assert told is not None
    assert (told["count"], told["at_most"], told["households"]) == (36, 63, 8)
    assert (told["by_age"], told["above_m"]) == (ages, 0.0)
    assert (told["unknown"]["count"], told["unknown"]["households"]) == (27, 6)
    items = {item["code"]: item for item in answer.needs or ()}
    assert (items["water"]["amount"], items["water"]["at_most"]) == (108, 189)
    assert (items["kit"]["amount"], items["kit"]["at_most"]) == (8, 14)
    # the table states no amount: nothing is made up
    assert (items["milk"]["amount"], items["milk"]["at_most"]) == (None, None)
    assert items["water"]["reference"] == "ค่าทดสอบ"
    assert "minimum_needs" in {item.layer for item in answer.provenance}
    assert any("counted by depth indoors alone" in caveat.en for caveat in answer.caveats)


def test_the_depth_that_displaces_is_the_askers_to_say(tiny_town: TownHandle) -> None:
    shallow = Flood(zone_ids=("Z100",))
    answer = ask(tiny_town, shallow, displaced_above_m=0.2)
    assert answer.displaced is not None
    assert (answer.displaced["count"], answer.displaced["above_m"]) == (0, 0.2)
    assert answer.displaced["at_most"] == 27


def test_displaced_of_unknown_depth_are_not_none(tiny_town: TownHandle) -> None:
    answer = ask(tiny_town, Flood(stage=("DEMO.1", 112.0)))
    told = answer.displaced
    assert told is not None
    assert (told["count"], told["by_age"], told["households"]) == (None, None, None)
    assert told["at_most"] == answer.exposed["people"]["count"] > 0
    assert {item["amount"] for item in answer.needs or ()} == {None}


def test_communities_add_up_to_the_town(tiny_town: TownHandle) -> None:
    answer = ask(tiny_town, BOTH)
    rows = answer.communities or []
    assert [(row["code"], row["name"]) for row in rows] == [
        ("C1", "ชุมชนแก่งสะพือ"),
        ("C2", "ชุมชนหนองบัว"),
    ]
    # every house says it belongs to C1; land and homes of people in care lie where they lie
    assert [row["houses"] for row in rows] == [30, 0]
    assert [row["people"]["count"] for row in rows] == [135, 0]
    assert [(row["displaced"], row["displaced_unknown"]) for row in rows] == [(36, 27), (0, 0)]
    assert [row["parcels"] for row in rows] == [20, 20]
    assert [row["care"] for row in rows] == [{"bedridden": 5}, {"homebound": 3}]


def test_parcels_by_use_and_value(tiny_town: TownHandle) -> None:
    found = ask(tiny_town, Flood(zone_ids=("Z100",))).exposed["parcels"]
    uses = found["by_use"]
    assert {use: part["count"] for use, part in uses.items()} == found["by_class"]
    assert {use: part["wet_area_m2"] for use, part in uses.items()} == {
        "residential": 80_000,
        "commercial": 80_000,
        "agriculture": 70_000,
        "unknown": 70_000,
    }
    assert found["appraised_value"] == 40_000_000 + sum(range(40))
    assert uses["residential"]["appraised_value"] == 10_000_000 + sum(range(0, 40, 4))
    assert found["value_unknown"] == 0


def test_what_is_named(tiny_town: TownHandle) -> None:
    found = ask(tiny_town, Flood(zone_ids=("Z100",))).exposed
    assert [(r["code"], r["wet_length_m"], r["length_m"]) for r in found["roads"]["named"]] == [
        ("R1", 1000, 1000),
        ("R2", 300, 1000),
    ]
    assert found["roads"]["wet_length_by_depth"] == {"lt_0_3": 1300}
    assert [f["name"] for f in found["facilities"]["named"]] == ["สถานีอนามัย"]
    (shelter,) = found["shelters"]["named"]
    assert (shelter["name"], shelter["capacity"], shelter["open"]) == ("วัดริมน้ำ", 120, False)
    (route,) = found["waste_routes"]["named"]
    assert (route["code"], route["stops"], route["stops_in_water"]) == ("B1", 2, 1)
    # nobody has counted accounts: unknown, not 0
    assert found["waste_routes"]["service"] == {
        "stops": 2,
        "stops_in_water": 1,
        "accounts": None,
        "accounts_in_water": None,
        "accounts_unknown": 2,
    }
    assert found["care_locations"]["by_need"] == {"oxygen": 1}


HAZARD = Flood(geometry=json.dumps(drawn(110, 810, 80, 80)))


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        (Role.PUBLIC, set()),
        (Role.ANALYST, {"hazard_class"}),
        (Role.STAFF, {"hazard_class", "holder_name"}),
    ],
)
def test_hazardous_permits_are_named_by_what_the_role_sees(
    tiny_town: TownHandle, role: Role, fields: set[str]
) -> None:
    found = ask(tiny_town, HAZARD, role=role).exposed["permits"]["hazardous"]
    (permit,) = found["named"]
    assert found["count"] == 1
    assert permit["permit_no"] == "อ3/2569"
    assert permit.keys() == {"id", "permit_no", "kind", "status", "address"} | fields


@pytest.mark.parametrize("role", list(Role))
def test_values_and_people_are_told_only_to_those_who_see_them(
    tiny_town: TownHandle, role: Role
) -> None:
    answer = ask(tiny_town, BOTH, role=role)
    registry = role in {Role.STAFF, Role.ADMIN}
    assert ("appraised_value" in answer.exposed["parcels"]) is registry
    rescuers = role in {Role.CARE, Role.ADMIN, Role.COORDINATOR}
    if "care_locations" in answer.exposed and rescuers:
        assert "by_need" in answer.exposed["care_locations"]
    if role is Role.PUBLIC:
        assert answer.displaced is None
        assert all("people" not in row for row in answer.communities or ())
        assert "accounts" not in answer.exposed["waste_routes"]["service"]
        assert "by_need" not in answer.exposed["care_locations"]


def test_two_scenarios_in_one_answer(tiny_town: TownHandle) -> None:
    first, second = ask(tiny_town, Flood(zone_ids=("Z100",))), ask(tiny_town, BOTH)
    rows = differences(
        {"exposed": first.exposed, "displaced": first.displaced},
        {"exposed": second.exposed, "displaced": second.displaced},
    )
    found = {row["figure"]: (row["first"], row["second"], row["difference"]) for row in rows}
    assert found["exposed.people.count"] == (135, 135, 0)
    assert found["exposed.houses.by_indoor_depth.dry"] == (24, 16, -8)
    # a class nobody is in is 0 there
    assert found["exposed.houses.by_indoor_depth.gt_1"] == (0, 8, 8)
    assert found["displaced.count"] == (0, 36, 36)
    assert not any("named" in figure or "suppressed" in figure for figure in found)


def test_what_one_answer_does_not_know_is_no_difference() -> None:
    dark = {"houses": {"count": 5, "by_depth": {"unknown": 5}}, "displaced": {"count": None}}
    lit = {"houses": {"count": 7, "by_depth": {"gt_1": 7}}, "displaced": {"count": 3}, "more": 1}
    found = {row["figure"]: row for row in differences(dark, lit)}
    assert found["houses.count"]["difference"] == 2
    assert found["houses.by_depth.gt_1"]["first"] is None
    assert found["houses.by_depth.unknown"]["difference"] == -5
    assert (found["displaced.count"]["first"], found["displaced.count"]["difference"]) == (
        None,
        None,
    )
    assert (found["more"]["first"], found["more"]["second"]) == (None, 1)


def _people(count: int, households: int) -> dict[str, Any]:
    return {"count": count, "households": households, "by_age": {"0-5": count, "60+": 0}}


def test_needs_count_ages_households_and_days() -> None:
    states = {
        "displaced": _people(10, 4),
        "stays": _people(3, 1),
        "unknown": _people(5, 2),
    }
    base = {
        "name": "x",
        "name_en": None,
        "unit": "u",
        "unit_en": None,
        "age": None,
        "reference": "r",
    }
    rows = [
        {**base, "code": "a", "per": "person_day", "amount": 1.5},
        {**base, "code": "b", "per": "household", "amount": 2.0},
        {**base, "code": "c", "per": "person", "age": "60+", "amount": 7.0},
        {**base, "code": "d", "per": "person", "age": "0-5", "amount": 1.0},
    ]
    found = {row["code"]: (row["amount"], row["at_most"]) for row in needs(rows, states)}
    assert found == {"a": (15, 22.5), "b": (8, 12), "c": (0, 0), "d": (10, 15)}


def test_nobody_in_the_water_needs_nothing() -> None:
    none = {name: _people(0, 0) for name in ("displaced", "stays", "unknown")}
    told = displaced(none, Above(0.3, "question"))
    assert (told["count"], told["at_most"], told["above_m"]) == (0, 0, 0.3)


def test_a_town_without_communities_has_no_rows() -> None:
    assert communities({"houses": {"count": 3}}, []) is None
    rows = communities({"houses": {"count": 3, "by_community": {"": 2, "C9": 1}}}, [])
    assert [(row["code"], row["houses"]) for row in rows or ()] == [("C9", 1), (None, 2)]


def test_the_same_shape_by_way_of_three_systems(tiny_town: TownHandle) -> None:
    """Drawn in degrees, in the town's metres or in Web Mercator: areas within 0.02 m2."""
    corners = np.array([(33, 21), (618, 88), (777, 402), (401, 333), (95, 446)]) + ORIGIN
    town = moved(shapely.Polygon(corners), TO_DEGREES)
    answers = [ask(tiny_town, Flood(geometry=json.dumps(mapping(town))), with_ids=True)]
    with tiny_town.connect(Role.PUBLIC) as conn:
        for srid in (32648, 3857):
            row = conn.execute(
                "SELECT ST_AsGeoJSON(ST_Transform(ST_Transform("
                "ST_SetSRID(ST_GeomFromGeoJSON(%s), 4326), %s::integer), 4326), 15)",
                [json.dumps(mapping(town)), srid],
            ).fetchone()
            flood = Flood(geometry=str(row[0]) if row else "")
            answers.append(ask(tiny_town, flood, with_ids=True))
    for answer in answers[1:]:
        assert answer.exposed["houses"]["ids"] == answers[0].exposed["houses"]["ids"]
        assert answer.exposed["people"] == answers[0].exposed["people"]
        for one, name in (("parcels", "wet_area_m2"), ("roads", "wet_length_m")):
            assert answer.exposed[one][name] == pytest.approx(
                answers[0].exposed[one][name], abs=0.02
            )
