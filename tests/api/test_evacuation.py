"""`POST /queries/evacuation` and `/queries/route-cuts` over the tiny town, by hand."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from db.changes import Sequencer
from db.connect import Machine
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle

Z10 = {"flood": {"zone_ids": ["Z10"]}}


def told(caller: Caller, body: dict[str, Any], token: str | None = None) -> Any:
    reply = caller.post("/queries/evacuation?lang=en", json=body, token=token)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def carried(answer: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for run in answer["runs"]:
        for stop in run["stops"]:
            people = stop["sitting"] + stop["lying"]
            found[stop["household"]] = found.get(stop["household"], 0) + people
    return found


def test_whoever_is_in_the_water_leaves_in_order_with_reasons(caller: Caller) -> None:
    answer = told(caller, Z10)
    order = answer["order"]
    assert {home["household"] for home in order} == {f"H{i:03d}" for i in range(10)}
    assert sum(home["people"] for home in order) + answer["not_in_danger"] == 225
    first, cut_off, *_ = order
    second = next(home for home in order[1:] if home["cut_h"] is None)
    assert (first["household"], first["set_by_hand"]) == ("H007", True)
    assert "สะพานไม้ชำรุด" in first["reasons"][0]["th"]
    assert (cut_off["household"], cut_off["cut_h"]) == ("H004", 0.0)
    assert "the road is cut already" in [why["en"] for why in cut_off["reasons"]]
    assert second["household"] == "H000"
    said = [why["en"] for why in second["reasons"]]
    assert "1 bedridden" in said
    assert "1 dependent on powered medical equipment" in said
    assert second["lying"] == 1
    assert second["depth_m"] is None, "a depth nobody knows is not 0"
    assert [home["score"] for home in order[1:]] == sorted(
        (home["score"] for home in order[1:]), reverse=True
    )


def test_six_boats_carry_everybody_within_what_they_hold(caller: Caller) -> None:
    answer = told(caller, Z10)
    assert carried(answer) == {home["household"]: home["people"] for home in answer["order"]}
    assert {run["team"] for run in answer["runs"]} == {f"B{i}" for i in range(1, 7)}
    for run in answer["runs"]:
        assert sum(stop["sitting"] for stop in run["stops"]) <= 6
        assert sum(stop["lying"] for stop in run["stops"]) <= 1
        assert run["to"] == ["S1"]
    assert answer["left"] == []


def test_when_a_boat_fails_the_order_holds_and_runs_under_way_go_on(caller: Caller) -> None:
    before = told(caller, Z10)
    out = next(run for run in before["runs"] if run["team"] == "B2")
    started = {
        "team": "B2",
        "back_h": 1.5,
        "stops": [{k: stop[k] for k in ("household", "sitting", "lying")} for stop in out["stops"]],
    }
    after = told(caller, {**Z10, "failed": ["B1"], "started": [started]})
    assert after["order"] == before["order"]
    assert "B1" not in {run["team"] for run in after["runs"]}
    (kept,) = [run for run in after["runs"] if run["under_way"]]
    assert (kept["team"], kept["back_h"]) == ("B2", 1.5)
    assert carried(after) == carried(before)
    nobody = told(caller, {**Z10, "failed": [f"B{i}" for i in range(1, 7)]})
    assert len(nobody["left"]) == 10
    assert "no team" in nobody["left"][0]["why"]["en"]


def test_water_to_come_tells_the_time_that_is_left(caller: Caller) -> None:
    stages = [{"hours": 6, "flood": {"zone_ids": ["Z10"]}}]
    answer = told(caller, {"stages": stages, "vehicle": "car"})
    assert {home["household"] for home in answer["order"]} == {f"H{i:03d}" for i in range(10)}
    assert {home["cut_h"] for home in answer["order"]} == {None, 6.0}
    dry = told(caller, {})
    assert (dry["order"], dry["runs"], dry["not_in_danger"]) == ([], [], 225)


@pytest.mark.parametrize("role", [None, Role.STAFF, Role.CARE, Role.TEAM, Role.ANALYST])
def test_it_is_for_who_commands(caller: Caller, tokens: dict[Role, str], role: Role | None) -> None:
    token = NOBODY if role is None else tokens[role]
    assert caller.post("/queries/evacuation", json=Z10, token=token).status_code == 403


def test_a_coordinator_without_an_event_is_told_what_is_left_out(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    answer = told(caller, Z10, tokens[Role.COORDINATOR])
    assert any("left out" in caveat for caveat in answer["caveats"])
    assert not any("bedridden" in why["en"] for home in answer["order"] for why in home["reasons"])


def test_it_is_kept_and_comes_out_the_same_again(caller: Caller) -> None:
    for path, body in (("evacuation", Z10), ("route-cuts", Z10)):
        answer = caller.post(f"/queries/{path}?lang=en", json=body).json()
        at = f"/queries/answers/{answer['id']}?lang=en"
        assert caller.get(at).json() == answer
        again = caller.get(f"{at}&recompute=true").json()
        assert again["recomputed"]["equal"], again["recomputed"]


@pytest.fixture
def desk(
    own_tiny_town: TownHandle, dashboard: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Caller]:
    """A desk whose server numbers no change by itself, as one that is too busy for now."""

    async def never(_: Sequencer) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Sequencer, "run", never)
    with own_tiny_town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.ADMIN, "desk")
    with Caller(create_app(settings_for(own_tiny_town, dashboard)), token) as made:
        yield made


def test_an_outage_on_record_is_an_alert_for_powered_equipment(desk: Caller) -> None:
    assert told(desk, {})["alerts"] == []
    items = desk.get("/ogc/collections/power_areas/items").json()["features"]
    (west,) = [item["id"] for item in items if item["properties"]["code"] == "P1"]
    at = f"/ogc/collections/power_areas/items/{west}"
    assert desk.ask("PATCH", at, json={"properties": {"state": "off"}}).status_code == 200
    (alert,) = told(desk, {})["alerts"]
    assert (alert["household"], alert["area"], alert["state"]) == ("H000", "P1", "off")


def rounds(caller: Caller, body: dict[str, Any], token: str | None = None) -> Any:
    reply = caller.post("/queries/route-cuts?lang=en", json=body, token=token)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def test_rounds_tell_lost_stops_and_the_way_left(caller: Caller, tokens: dict[Role, str]) -> None:
    (dry,) = rounds(caller, {})["routes"]
    assert (dry["served"], dry["lost"]) == (["B1-1", "B1-2"], [])
    assert dry["metres"] == pytest.approx(1350)
    assert dry["line"]["type"] == "LineString"
    (wet,) = rounds(caller, {"flood": {"zone_ids": ["Z100"]}, "vehicle": "car"})["routes"]
    assert wet["lost"] == ["B1-1"]
    assert (wet["accounts_lost"], wet["backlog"]) == (None, None), "nobody counted: not 0"
    (public,) = rounds(caller, {}, NOBODY)["routes"]
    assert not {"accounts_lost", "backlog"} & set(public)


def test_a_relief_round_goes_where_it_is_told(caller: Caller) -> None:
    (dry,) = rounds(caller, {})["routes"]
    ends = [dry["line"]["coordinates"][n] for n in (0, -1)]
    stops = [{"code": f"R{n}", "lon": lon, "lat": lat} for n, (lon, lat) in enumerate(ends)]
    (relief,) = rounds(caller, {"relief": stops})["routes"]
    assert relief["served"] == ["R0", "R1"]
    assert relief["metres"] == pytest.approx(1350, abs=1)
    swapped = [{"code": "R0", "lon": 15.2, "lat": 89.0}]
    for body, status in (({"relief": swapped}, 400), ({"routes": ["none"]}, 404)):
        assert caller.post("/queries/route-cuts", json=body).status_code == status


def test_rounds_start_at_the_depot_named(caller: Caller) -> None:
    (dry,) = rounds(caller, {})["routes"]
    lon, lat = dry["line"]["coordinates"][-1]
    answer = rounds(caller, {"depot": {"lon": lon, "lat": lat}})
    assert answer["depot"]["status"] == "used"
    (turned,) = answer["routes"]
    assert turned["served"] == ["B1-2", "B1-1"], "the shortest way from there"
    assert turned["metres"] == pytest.approx(1350, abs=1)
    boats = rounds(caller, {"depot_of": "B1"})
    assert boats["depot"]["code"] == "B1"
    (way,) = boats["routes"]
    assert way["served"] == ["B1-1", "B1-2"], "longer by 50 m, quicker on the main road"
    assert way["metres"] == pytest.approx(200 + 500 + 1350, abs=1), "from (500, 350)"
    cut = rounds(caller, {"depot": {"lon": lon, "lat": lat}, "flood": {"zone_ids": ["Z10"]}})
    assert cut["routes"][0]["lost"] == []
    away = rounds(caller, {"depot": {"lon": lon + 0.05, "lat": lat}})
    assert away["depot"]["status"] == "no_road"
    assert away["routes"][0]["lost"] == ["B1-1", "B1-2"]
    at = "/queries/answers/" + answer["id"]
    assert caller.get(f"{at}?recompute=true").json()["recomputed"]["equal"]
    for body, status in (
        ({"depot_of": "B99"}, 404),
        ({"depot_of": "B1", "depot": {"lon": lon, "lat": lat}}, 400),
        ({"depot": {"lon": 15.2, "lat": 89.0}}, 400),
    ):
        assert caller.post("/queries/route-cuts", json=body).status_code == status
    hidden = caller.post("/queries/route-cuts", json={"depot_of": "B1"}, token=NOBODY)
    assert hidden.status_code == 404
