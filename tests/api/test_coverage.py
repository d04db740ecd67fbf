"""`POST /queries/coverage` over the tiny town, by hand: who is within, far, cut off, unknown."""

from typing import Any

import httpx
import pytest

from api.app import create_app
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import settings_for
from tests.api.places import drawn
from tests.conftest import TownHandle

EVERYBODY = 225
CLINIC = {"facilities": ["clinic"], "within_min": 10}


def ask(caller: Caller, body: dict[str, Any], token: str | None = None) -> httpx.Response:
    return caller.post("/queries/coverage?lang=en", json=body, token=token)


def told(caller: Caller, body: dict[str, Any], token: str | None = None) -> Any:
    reply = ask(caller, body, token)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def test_everybody_is_counted_once_by_reach_community_and_age(caller: Caller) -> None:
    answer = told(caller, {**CLINIC, "include": ["households", "roads"]})
    (clinic,) = answer["services"]
    assert (clinic["code"], clinic["status"]) == ("P1", "serves")
    people, homes = answer["people"], answer["households"]
    assert people["all"] == EVERYBODY == sum(people[one] for one in people if one != "all")
    assert homes["all"] == 50
    assert homes["uncounted"] == 0
    assert people["within"] > 0 < people["far"]
    for counts in (people, homes):
        for reach in ("within", "far", "unreachable", "no_location"):
            key = "people" if counts is people else "households"
            assert counts[reach] == sum(c[key][reach] for c in answer["communities"])
    assert sum(age["all"] for age in answer["by_age"].values()) == EVERYBODY
    assert answer["by_age"]["60+"]["all"] == 25 * 2 + 25 * 1
    outside = answer["outside"]
    assert len(outside) == homes["far"] + homes["unreachable"] + homes["no_location"]
    assert all(home["minutes"] > 10 for home in outside if home["status"] == "far")
    reach = {f["properties"]["reach"] for f in answer["reach"]["features"]}
    assert reach == {"within", "far"}
    # the house at (50, 150) is 250 m along R1 from the clinic's road, which is 70 m on foot
    near = told(caller, {**CLINIC, "within_min": 4.5, "include": ["households"]})
    far = {home["household"]: home["minutes"] for home in near["outside"]}
    assert far["H010"] == pytest.approx((250 + 70) / (4000 / 60), abs=0.11)


def test_cut_off_is_not_far_and_a_service_in_the_water_serves_nobody(caller: Caller) -> None:
    wet = told(caller, {**CLINIC, "flood": {"zone_ids": ["Z10"]}, "include": ["roads"]})
    (clinic,) = wet["services"]
    assert clinic["status"] == "flooded"
    assert wet["people"]["unreachable"] == EVERYBODY
    assert any("None of the services" in caveat for caveat in wet["caveats"])
    assert {f["properties"]["reach"] for f in wet["reach"]["features"]} == {
        "unreachable",
        "barred",
    }
    office = {"facilities": ["government"], "within_min": 60, "flood": {"zone_ids": ["Z10"]}}
    apart = told(caller, office)
    assert apart["people"]["unreachable"] == 45, "the ten houses in the water"
    assert apart["people"]["within"] == EVERYBODY - 45


def test_shelters_and_points_are_services_too(caller: Caller) -> None:
    shelters = told(caller, {"shelters": "open", "within_min": 120, "vehicle": "car"})
    assert {s["code"]: s["status"] for s in shelters["services"]} == {
        "S1": "serves",
        "S2": "closed",
    }
    every = told(caller, {"shelters": "all", "within_min": 120, "coming": True})
    assert {s["status"] for s in every["services"]} == {"serves"}
    lon, lat = shelters["services"][0]["at"]
    point = {"points": [{"code": "new", "lon": lon, "lat": lat}], "within_min": 120}
    assert told(caller, {**point, "vehicle": "car"})["people"] == shelters["people"]
    dry = drawn(5000, 5000, 100, 100)
    away = told(caller, {**CLINIC, "flood": {"geometry": dry}})
    assert away["people"] == told(caller, CLINIC)["people"]
    assert any("touches no road" in caveat for caveat in away["caveats"])


@pytest.mark.parametrize("role", [None, Role.CARE])
def test_roles_without_households_get_roads_and_services_alone(
    caller: Caller, tokens: dict[Role, str], role: Role | None
) -> None:
    token = NOBODY if role is None else tokens[role]
    answer = told(caller, {**CLINIC, "include": ["households", "roads"]}, token)
    assert not {"people", "households", "by_age", "communities", "outside"} & set(answer)
    assert answer["reach"]["features"]
    assert any("left out" in caveat for caveat in answer["caveats"])
    assert "households" not in {p["layer"] for p in answer["provenance"]}


def test_it_is_kept_and_comes_out_the_same_again(caller: Caller) -> None:
    asked = {**CLINIC, "flood": {"zone_ids": ["Z100"]}, "include": ["households", "roads"]}
    answer = told(caller, asked)
    path = f"/queries/answers/{answer['id']}?lang=en"
    assert caller.get(path).json() == answer
    assert caller.get(f"{path}&recompute=true").json()["recomputed"]["equal"]


def test_what_cannot_be_answered_is_refused_with_a_sentence(caller: Caller) -> None:
    point = {"code": "x", "lon": 15.2, "lat": 89.0}
    for body, status, word in (
        ({"facilities": ["hospital"], "within_min": 5}, 400, "no facilities of the kind"),
        ({"within_min": 5}, 400, "just one way"),
        ({**CLINIC, "shelters": "open"}, 400, "just one way"),
        ({"points": [point], "within_min": 5}, 400, "far from this town"),
        ({**CLINIC, "within_min": 0}, 400, "within_min"),
        ({**CLINIC, "flood": {"zone_ids": ["none"]}}, 404, "none"),
    ):
        reply = ask(caller, body)
        assert reply.status_code == status, reply.text
        assert word in reply.json()["detail"], reply.text


def test_a_town_without_roads_is_told_so(blank_town: TownHandle, dashboard: Any) -> None:
    with Caller(create_app(settings_for(blank_town, dashboard))) as nobody:
        reply = ask(nobody, {"points": [{"code": "x", "lon": 105.2, "lat": 15.2}], "within_min": 5})
        assert reply.status_code == 400
        assert "no roads yet" in reply.json()["detail"]
