"""Two floods or two times in one answer, the flood of a forecast moment, and floods of nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from db import forecasts
from db.changes import number_changes
from db.connect import Machine
from db.forecasts import Told
from db.towns import drop_town
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.api.places import drawn
from tests.api.test_impact import ask
from tests.conftest import TownHandle, make_tiny_town
from tests.tiny import load_rows, square

GAUGE = "DEMO.1"
ORIGIN = datetime.now(UTC).replace(microsecond=0)


def told(level: float, minutes: int = 0, origin: datetime = ORIGIN) -> Told:
    """A forecast that rises by a metre in the six hours from now."""
    points = [
        {
            "at": (ORIGIN + timedelta(hours=6)).isoformat(),
            "lead_h": 6.0,
            "level_m": level + 1,
            "low_m": level + 0.8,
            "high_m": level + 1.4,
            "model": "lagged",
            "supported": True,
        }
    ]
    made = ORIGIN + timedelta(minutes=minutes)
    return Told(GAUGE, False, made, origin, level, points, [], [], [{"th": "ท", "en": "t"}])


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_tiny_town(server_url, secret)
    higher = {"code": "S113", "kind": "stage", "gauge": GAUGE, "stage_m": 113.0}
    with made.connect(Machine.LOADER) as conn:
        load_rows(conn, "flood_zones", [{**higher, "geom": square(-50, -50, 1100, 450)}])
        forecasts.add(conn, [(told(112.0), None)])
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def desk(town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.ADMIN, "desk")
    with Caller(create_app(settings_for(town, dashboard)), token) as caller:
        yield caller


def again(caller: Caller, answer: dict[str, Any]) -> dict[str, Any]:
    found = caller.get(f"/queries/answers/{answer['id']}?recompute=true&lang=en").json()
    same: dict[str, Any] = found.pop("recomputed")
    assert same["equal"], same["differs"]
    assert found == answer
    return same


def test_two_floods_in_one_answer(desk: Caller) -> None:
    other = {"flood": {"zone_ids": ["Z100", "Z10"]}}
    answer = ask(desk, {"zone_ids": ["Z100"]}, compare=other).json()
    second = ask(desk, {"zone_ids": ["Z100", "Z10"]}).json()
    compared = answer["compared"]
    for part in ("flood", "exposed", "displaced", "needs", "communities"):
        assert compared[part] == second[part], part
    found = {row["figure"]: row for row in compared["differences"]}
    assert found["displaced.count"]["difference"] == 36
    assert found["needs.water.amount"]["difference"] == 108
    assert found["exposed.parcels.count"] == {
        "figure": "exposed.parcels.count",
        "first": 40,
        "second": 40,
        "difference": 0,
    }
    assert all(
        row["difference"] == pytest.approx(row["second"] - row["first"])
        for row in compared["differences"]
        if row["difference"] is not None
    )
    again(desk, answer)


def test_two_times_in_one_answer(desk: Caller, town: TownHandle) -> None:
    before = datetime.now(UTC)
    with town.connect(Machine.LOADER) as conn:
        conn.execute("SELECT set_config('muang.actor', 'tester', false)")
        conn.execute("UPDATE town.houses SET floor_height_m = 0.1 WHERE floor_height_m = 0.5")
        conn.commit()
        number_changes(conn)
    flood = {"zone_ids": ["Z100"]}
    answer = ask(desk, flood, compare={"as_of": before.isoformat()}).json()
    assert answer["displaced"]["count"] > 0
    assert answer["compared"]["displaced"]["count"] == 0
    assert answer["compared"]["pos"] < answer["provenance"][1]["version"] + 1_000_000
    found = {row["figure"]: row for row in answer["compared"]["differences"]}
    assert found["displaced.count"]["difference"] == -answer["displaced"]["count"]
    with town.connect(Machine.LOADER) as conn:
        conn.execute("SELECT set_config('muang.actor', 'tester', false)")
        conn.execute("UPDATE town.houses SET floor_height_m = 0.5 WHERE floor_height_m = 0.1")
        conn.commit()
        number_changes(conn)
    again(desk, answer)


def test_the_depth_that_displaces_is_the_towns_unless_asked(desk: Caller) -> None:
    flood = {"zone_ids": ["Z100"]}
    before = ask(desk, flood).json()
    assert before["displaced"]["above_from"] == "town"
    items = "/ogc/collections/assumptions/items"
    (row,) = desk.get(items).json()["features"]
    decided = {"value": 0.3, "reason": "ประกาศเทศบาล", "decided_by": "นายกเทศมนตรี"}
    sent = {"properties": {**decided, "decided_on": None}}
    assert desk.ask("PATCH", f"{items}/{row['id']}", json=sent).status_code == 200
    answer = ask(desk, flood).json()
    told = answer["displaced"]
    assert (told["above_m"], told["above_from"]) == (0.3, "town")
    assert told["above_set"] == {"reason": "ประกาศเทศบาล", "by": "นายกเทศมนตรี", "on": None}
    assert "assumptions" in {item["layer"] for item in answer["provenance"]}
    mine = ask(desk, flood, displaced_above_m=0.1).json()["displaced"]
    assert (mine["above_m"], mine["above_from"], "above_set" in mine) == (0.1, "question", False)
    again(desk, before)
    assert desk.ask("DELETE", f"{items}/{row['id']}").status_code == 204
    told = ask(desk, flood).json()["displaced"]
    assert (told["above_m"], told["above_from"]) == (0.0, "default")


def test_the_flood_of_a_forecast_moment(desk: Caller, town: TownHandle) -> None:
    at = (ORIGIN + timedelta(hours=5)).isoformat()
    answer = ask(desk, {"gauge": GAUGE, "at": at}).json()
    forecast = answer["forecast"]
    assert forecast["likely_m"] == pytest.approx(112.83, abs=0.01)
    assert (forecast["stage_m"], forecast["highest_m"]) == (113, 113)
    assert any("113.00 m stands for it" in caveat for caveat in answer["caveats"])
    mapped = ask(desk, {"gauge": GAUGE, "stage_m": 113}).json()
    assert answer["exposed"] == mapped["exposed"]
    assert "forecast" not in mapped
    # the newest forecast is another: what was answered stays what it rested on
    with town.connect(Machine.LOADER) as conn:
        forecasts.add(conn, [(told(111.4, minutes=10), None)])
        number_changes(conn)
    again(desk, answer)
    lower = ask(desk, {"gauge": GAUGE, "at": at}, compare={"flood": {"gauge": GAUGE, "at": at}})
    assert lower.json()["forecast"]["stage_m"] == 112
    again(desk, lower.json())


@pytest.mark.parametrize(
    ("level", "status", "says"),
    [(109.0, 404, "below the lowest stage"), (114.0, 200, "the figures are the least")],
)
def test_a_forecast_beyond_what_is_mapped_is_said(
    desk: Caller, town: TownHandle, level: float, status: int, says: str
) -> None:
    with town.connect(Machine.LOADER) as conn:
        forecasts.add(conn, [(told(level, minutes=int(level)), None)])
        number_changes(conn)
    reply = ask(desk, {"gauge": GAUGE, "at": (ORIGIN + timedelta(hours=5)).isoformat()})
    assert reply.status_code == status
    assert says in reply.text


def test_an_old_forecast_is_said_first_in_both_languages(desk: Caller, town: TownHandle) -> None:
    flood = {"gauge": GAUGE, "at": (ORIGIN + timedelta(hours=5)).isoformat()}
    # ORIGIN is when the module was read: in a whole run that may be an hour ago
    now = datetime.now(UTC)
    for hours, old in ((5.5, False), (9.0, True)):
        with town.connect(Machine.LOADER) as conn:
            forecasts.add(conn, [(told(112.0, origin=now - timedelta(hours=hours)), None)])
            number_changes(conn)
        answer = ask(desk, flood).json()
        assert answer["forecast"]["origin"] is not None
        assert ("OLD FORECAST" in answer["caveats"][0]) is old
        assert ("9 h ago" in answer["caveats"][0]) is old
    # asked again, it is as old as it was then
    again(desk, answer)
    thai = desk.post("/queries/impact?lang=th", json={"flood": flood}).json()
    assert "การคาดการณ์เก่า" in thai["caveats"][0]
    # beside another flood it is said as well
    both = ask(desk, {"gauge": GAUGE, "stage_m": 112.0}, compare={"flood": flood}).json()
    assert any("OLD FORECAST" in caveat for caveat in both["caveats"])


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"flood": {"gauge": "NONE", "at": "2026-11-21T00:00:00Z"}}, 404, "no forecast"),
        ({"flood": {"gauge": GAUGE, "at": "2001-01-01T00:00:00Z"}}, 400, "outside the forecast"),
        ({"flood": {"at": "2026-11-21T00:00:00Z"}}, 400, "goes with a gauge"),
        (
            {"flood": {"gauge": GAUGE, "stage_m": 112, "at": "2026-11-21T00:00:00Z"}},
            400,
            "goes with a gauge",
        ),
        ({"flood": {"zone_ids": "all"}, "compare": {}}, 400, "needs another flood"),
        ({"flood": {"zone_ids": "all"}, "compare": {"flood": {}}}, 400, "just one way"),
        ({"flood": {"zone_ids": "all"}, "compare": {"flood": {"zone_ids": ["X"]}}}, 404, "X"),
        ({"flood": {"zone_ids": "all"}, "displaced_above_m": -1}, 400, "displaced_above_m"),
        ({"flood": {"zone_ids": "all"}, "displaced_above_m": 11}, 400, "displaced_above_m"),
    ],
)
def test_comparisons_and_moments_that_make_no_sense(
    desk: Caller, asked: dict[str, Any], status: int, says: str
) -> None:
    reply = desk.post("/queries/impact?lang=en", json=asked)
    assert reply.status_code == status, reply.text
    assert says in reply.text


def test_a_flood_outside_the_town_touches_nothing_and_says_how_much_it_is(desk: Caller) -> None:
    """Near the town but beyond all it has: the layers are there, so 0 is a count, not a gap."""
    answer = ask(desk, {"geometry": drawn(5000, 5000, 200, 200)}).json()
    exposed = answer["exposed"]
    assert answer["flood"]["area_m2"] == pytest.approx(40_000, rel=1e-3)
    assert {name: part["count"] for name, part in exposed.items()} == dict.fromkeys(exposed, 0)
    assert (answer["displaced"]["count"], answer["displaced"]["at_most"]) == (0, 0)
    assert {item["amount"] for item in answer["needs"]} == {0, None}
    assert answer.get("communities") == []


def test_an_empty_layer_is_absent_while_the_others_are_counted(
    blank_town: TownHandle, dashboard: Path
) -> None:
    rows = {"house_code": "X1", "floor_height_m": 0.5, "geom": square(0, 0, 9, 9).centroid}
    with blank_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "houses", [rows])
    with blank_town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.STAFF, "desk")
    with Caller(create_app(settings_for(blank_town, dashboard)), token) as caller:
        answer = ask(caller, {"geometry": drawn(-10, -10, 500, 500)}).json()
    # nobody is on record: people are unknown and absent, and nobody is said to be displaced
    assert answer["exposed"].keys() == {"houses"}
    assert answer["exposed"]["houses"]["by_indoor_depth"] == {"unknown": 1}
    assert not {"displaced", "needs", "communities"} & answer.keys()
