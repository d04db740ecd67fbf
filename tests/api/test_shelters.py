"""`POST /queries/shelters` over the tiny town: by hand, by role, refusals, and the answer kept."""

from typing import Any

import httpx
import pytest

from api.app import create_app
from layers.catalog import get
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import settings_for
from tests.api.places import drawn
from tests.conftest import TownHandle

EVERYBODY = 225
IN_Z10 = 45
"""People of the ten houses in the zone Z10, whose depth has no limit."""


def ask(caller: Caller, body: dict[str, Any], token: str | None = None) -> httpx.Response:
    return caller.post("/queries/shelters?lang=en", json=body, token=token)


def told(caller: Caller, body: dict[str, Any], token: str | None = None) -> Any:
    reply = ask(caller, body, token)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def test_everybody_is_placed_or_listed(caller: Caller) -> None:
    answer = told(caller, {"flood": {"zone_ids": ["Z10"]}, "include": ["households"]})
    assert answer["people"] == {
        "all": EVERYBODY,
        "road": EVERYBODY - IN_Z10,
        "boat": IN_Z10,
        "no_place": 0,
        "unreachable": 0,
        "no_location": 0,
    }
    assert len(answer["households"]) == 40
    assert {home["status"] for home in answer["listed"]} == {"boat"}
    assert all(home["landing"] for home in answer["listed"])
    assert all(home["planned"] and home["shelter"] == "S1" for home in answer["households"])
    shelters = {each["code"]: each for each in answer["shelters"]}
    assert shelters["S1"]["status"] == "takes"
    assert (shelters["S1"]["free"], shelters["S1"]["placed"]) == (300, EVERYBODY)
    assert shelters["S2"]["status"] == "closed"
    assert answer["roads"]["too_deep_m"] > 0
    assert sum(row["people"] for row in answer["communities"]) == EVERYBODY
    assert any("depth of water is not known" in caveat for caveat in answer["caveats"])
    ages = {p["layer"]: p["expected_days"] for p in answer["provenance"]}
    assert ages.keys() >= {"roads", "shelters", "households"}
    assert ages["households"] == get("households").freshness.days


def test_without_a_boat_they_are_listed_as_unreachable(caller: Caller) -> None:
    answer = told(caller, {"flood": {"zone_ids": ["Z10"]}, "boat": False})
    assert answer["people"]["unreachable"] == IN_Z10
    assert answer["people"]["road"] == EVERYBODY - IN_Z10
    assert "households" not in answer
    assert len(answer["listed"]) == 10


def test_the_vehicle_and_what_is_known_of_depth_decide(caller: Caller) -> None:
    z100 = {"flood": {"zone_ids": ["Z100"]}, "boat": False}
    assert told(caller, z100)["people"]["unreachable"] == 0, "a lorry wades 0.3 m"
    car = told(caller, {**z100, "vehicle": "car"})
    assert car["people"]["unreachable"] > 0
    assert car["vehicle"]["wades_default"]
    edited = told(caller, {**z100, "vehicle": "car", "wades_m": 0.4})
    assert edited["people"]["unreachable"] == 0
    assert not edited["vehicle"]["wades_default"]
    shallow = {"flood": {"zone_ids": ["Z10"]}, "boat": False, "depth_m": 0.2}
    assert told(caller, shallow)["people"]["unreachable"] == 0


def test_dry_days_quiet_times_and_only_those_in_the_water(caller: Caller) -> None:
    dry = told(caller, {})
    assert dry["people"]["road"] == EVERYBODY
    every = told(caller, {"open_all": True})
    assert {each["status"] for each in every["shelters"]} == {"takes"}
    wet = told(caller, {"flood": {"zone_ids": ["Z10"]}, "only_in_water": True})
    assert wet["people"]["all"] == IN_Z10
    far = told(caller, {"flood": {"geometry": drawn(5000, 5000, 100, 100)}})
    assert far["people"]["road"] == EVERYBODY
    assert any("touches no road" in caveat for caveat in far["caveats"])


@pytest.mark.parametrize("role", [None, Role.CARE])
def test_roles_without_all_households_get_the_shelters_alone(
    caller: Caller, tokens: dict[Role, str], role: Role | None
) -> None:
    token = NOBODY if role is None else tokens[role]
    answer = told(caller, {"flood": {"zone_ids": ["Z10"]}, "include": ["households"]}, token)
    assert not {"people", "communities", "listed", "households"} & set(answer)
    assert all("placed" not in each and "free" not in each for each in answer["shelters"])
    assert "households" not in {p["layer"] for p in answer["provenance"]}
    assert any("left out" in caveat for caveat in answer["caveats"])


def test_the_answer_is_kept_for_who_may_see_the_same(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    answer = told(caller, {"flood": {"zone_ids": ["Z10"]}})
    path = f"/queries/answers/{answer['id']}?lang=en"
    assert caller.get(path).json() == answer
    again = caller.get(f"{path}&recompute=true").json()
    assert again["recomputed"]["equal"], again["recomputed"]
    thai = caller.get(path.replace("lang=en", "lang=th")).json()
    assert thai["people"] == answer["people"]
    assert thai["caveats"] != answer["caveats"]
    assert caller.get(path, token=tokens[Role.STAFF]).status_code == 404


def test_refusals(caller: Caller) -> None:
    bow = {
        "type": "Polygon",
        "coordinates": [
            [[105.2, 15.2], [105.3, 15.3], [105.3, 15.2], [105.2, 15.3], [105.2, 15.2]]
        ],
    }
    for body, status in (
        ({"flood": {"zone_ids": ["none"]}}, 404),
        ({"vehicle": "submarine"}, 400),
        ({"wades_m": -1}, 400),
        ({"flood": {"geometry": bow}}, 400),
        ({"unknown": 1}, 400),
    ):
        reply = ask(caller, body)
        assert reply.status_code == status, reply.text
        assert len(reply.json()["detail"]) > 10


def test_a_town_without_roads_is_told_so(blank_town: TownHandle, dashboard: Any) -> None:
    with Caller(create_app(settings_for(blank_town, dashboard))) as nobody:
        reply = ask(nobody, {})
        assert reply.status_code == 400
        assert "no roads yet" in reply.json()["detail"]
