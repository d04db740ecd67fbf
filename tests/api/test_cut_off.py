"""`include: cut_off` of the impact question over the tiny town, counted by hand."""

from typing import Any

import numpy as np
import pytest
import shapely

from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.places import TO_DEGREES, moved
from tests.tiny import square, tiny

ACROSS = shapely.multipolygons(
    [*shapely.get_parts(square(480, 205, 40, 5)), *shapely.get_parts(square(480, 905, 40, 5))]
)
"""Water over R2 in two places: between them it meets no other road. Its depth nobody knows."""


def asked(**more: Any) -> dict[str, Any]:
    area = shapely.geometry.mapping(moved(ACROSS, TO_DEGREES))
    return {"flood": {"geometry": area}, "include": ["cut_off"], **more}


def told(caller: Caller, body: dict[str, Any], token: str | None = None) -> Any:
    reply = caller.post("/queries/impact?lang=en", json=body, token=token)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def cut_off_rows(rows: list[dict[str, Any]]) -> list[int]:
    """Rows whose nearest corner of a road, 50 m apart, is on R2 between the two waters."""
    nodes = [(50.0 * n, 150.0) for n in range(21)] + [(500.0, 50.0 * n) for n in range(21)]
    origin = square(0, 0, 1, 1).bounds[:2]
    found = []
    for n, row in enumerate(rows):
        x, y = np.array(row["geom"].coords[0]) - origin
        _, i = min((np.hypot(x - a, y - b), i) for i, (a, b) in enumerate(nodes))
        if i > 20 and 250 <= nodes[i][1] <= 900:
            found.append(n)
    return found


def test_dry_homes_without_a_way_out_are_counted_by_hand(caller: Caller) -> None:
    answer = told(caller, asked())
    part = answer["cut_off"]
    rows = tiny()
    cut = cut_off_rows(rows["houses"])
    assert answer["exposed"]["houses"]["count"] == 0, "not one of them stands in the water"
    assert part["houses"] == {"count": len(cut), "certain": 0, "unknown": 0}
    assert len(cut) > 10
    even = sum(n % 2 == 0 for n in cut)
    odd = len(cut) - even
    assert part["people"] == {
        "count": 4 * even + 5 * odd,
        "by_age": {"0-5": odd, "6-17": even + odd, "18-59": even + 2 * odd, "60+": 2 * even + odd},
        "certain": 0,
        "unknown": 0,
    }
    assert part["households"] == {"count": len(cut), "people_unknown": 0}
    care = cut_off_rows(rows["care_locations"])
    assert part["care"] == {
        "count": len(care),
        "by_class": {"facility": 1},
        "by_need": {},
        "unknown": 0,
        "suppressed": False,
    }
    (home,) = part["communities"][:1]
    assert (home["code"], home["houses"], home["households"]) == ("C1", len(cut), len(cut))
    assert sum(one.get("houses", 0) for one in part["communities"]) == len(cut)
    assert [one["care"] for one in part["communities"] if "care" in one] == [{"facility": 1}]
    assert [one["code"] for one in part["facilities"]["named"]] == ["P2"]
    assert (part["shelters"]["count"], part["shelters"]["capacity"]) == (1, 300)
    assert part["waste_stops"] == 0
    assert part["vehicle"]["id"] == "truck_6"
    assert "range" not in part


def test_roads_in_water_and_roads_cut_off_are_told_apart(caller: Caller) -> None:
    roads = told(caller, asked())["cut_off"]["roads"]
    # R2 is one line of two parts: 150 to 1,000 in seventeen pieces of 50 m
    assert (roads["in_water_m"], roads["depth_unknown_m"]) == (100, 100)
    assert (roads["cut_off_m"], roads["count"]) == (650, 1)
    assert roads["named"] == [{"code": "R2", "length_m": 650}]
    wheels = {one["id"]: one for one in roads["by_vehicle"]}
    assert {one["passable_m"] for one in wheels.values()} == {0}, "a depth nobody knows is no ford"
    shallow = told(
        caller,
        {"flood": {"zone_ids": ["Z100"]}, "include": ["cut_off"], "vehicle": "car", "wades_m": 0.5},
    )
    part = shallow["cut_off"]
    wheels = {one["id"]: one for one in part["roads"]["by_vehicle"]}
    assert wheels["car"]["too_deep_m"] == 0
    assert wheels["car"]["passable_m"] == part["roads"]["in_water_m"] > 1000
    assert part["roads"]["cut_off_m"] == part["houses"]["count"] == 0


def test_what_a_role_may_not_see_is_absent(caller: Caller, tokens: dict[Role, str]) -> None:
    body = asked()
    public = told(caller, body, NOBODY)["cut_off"]
    assert not {"houses", "people", "households", "communities"} & set(public)
    assert public["roads"]["cut_off_m"] == 650
    assert public["care"]["suppressed"]
    coordinator = told(caller, body, tokens[Role.COORDINATOR])["cut_off"]
    assert coordinator["care"]["suppressed"]
    assert coordinator["people"]["count"] > 0
    some = told(caller, {**body, "layers": ["roads", "houses"]})["cut_off"]
    assert {"houses"} == {"houses", "people", "care", "facilities", "shelters"} & set(some)


def test_it_is_compared_kept_and_comes_out_the_same_again(caller: Caller) -> None:
    answer = told(caller, asked(compare={"flood": {"zone_ids": ["Z10"]}}))
    rows = {row["figure"]: row for row in answer["compared"]["differences"]}
    houses = rows["cut_off.houses.count"]
    assert houses["first"] == answer["cut_off"]["houses"]["count"]
    assert houses["second"] == answer["compared"]["cut_off"]["houses"]["count"]
    used = {item["layer"] for item in answer["provenance"]}
    assert {"roads", "closures", "town_boundary", "houses", "vehicle_limits"} <= used
    again = caller.get(f"/queries/answers/{answer['id']}?lang=en&recompute=true").json()
    assert again["recomputed"]["equal"], again["recomputed"]
    plain = told(caller, {"flood": {"zone_ids": ["Z10"]}})
    assert "cut_off" not in plain


@pytest.mark.parametrize(
    "more", [{"vehicle": "car"}, {"wades_m": 0.1}, {"include": ["cut_off"], "vehicle": "ox"}]
)
def test_what_makes_no_sense_is_refused(caller: Caller, more: dict[str, Any]) -> None:
    body = {"flood": {"zone_ids": ["Z10"]}, **more}
    assert caller.post("/queries/impact", json=body).status_code == 400
