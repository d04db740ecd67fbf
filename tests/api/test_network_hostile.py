"""Questions about who reaches what and which stops are lost, asked by somebody who means no good.

Each is answered clearly or refused with a sentence in both languages; nothing is ever a 500.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from db.changes import number_changes
from db.connect import Machine
from db.towns import drop_town
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.api.places import TO_DEGREES, drawn
from tests.api.war_room import EVENT, INCIDENT
from tests.conftest import TownHandle, make_tiny_town
from tests.tiny import ORIGIN, load_rows, tiny

COVERAGE, CUTS = "coverage", "route-cuts"
CLINIC = {"facilities": ["clinic"], "within_min": 10}
NAN, INFINITE = float("nan"), float("inf")


def at(x: float, y: float, code: str = "P") -> dict[str, Any]:
    """A place some metres from the corner of the tiny town, as people set it on the map."""
    lon, lat = TO_DEGREES.transform(ORIGIN[0] + x, ORIGIN[1] + y)
    return {"code": code, "lon": lon, "lat": lat}


HERE = at(500, 350)
MANY = [at(500 + n % 100, 350, f"P{n}") for n in range(10_000)]
BOW = {
    "type": "Polygon",
    "coordinates": [
        [[105.22, 15.24], [105.23, 15.25], [105.23, 15.24], [105.22, 15.25], [105.22, 15.24]]
    ],
}
"""A shape like a bow tie."""
ENDLESS = {
    "type": "Polygon",
    "coordinates": [[[105.2, 15.2], [NAN, 15.2], [105.3, INFINITE], [105.2, 15.2]]],
}


def post(caller: Caller, path: str, body: object, lang: str = "en") -> httpx.Response:
    """A request whose JSON may hold what no JSON should: NaN, Infinity, half characters."""
    return caller.post(
        f"/queries/{path}?lang={lang}",
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )


def told(caller: Caller, path: str, body: object) -> Any:
    reply = post(caller, path, body)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def is_refused(caller: Caller, path: str, body: object, status: int, word: str) -> None:
    """With a sentence in each language, which names what is wrong and nothing of the inside."""
    for lang in ("en", "th"):
        reply = post(caller, path, body, lang)
        assert reply.status_code == status, (body, reply.text[:300])
        assert reply.headers["content-type"] == "application/problem+json"
        detail = reply.json()["detail"]
        assert any("ก" <= sign <= "๛" for sign in detail) == (lang == "th"), detail
        assert word in detail or lang == "th", detail
        assert "see /docs" not in detail, "says what would be right"
        for inside in ("psycopg", "Traceback", "SELECT", "pydantic", "Error"):
            assert inside not in detail


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        *(
            (COVERAGE, {"facilities": ["clinic"], "within_min": minutes}, 400, "within_min")
            for minutes in (0, -1, 240.1, 1e300, NAN, INFINITE, "ten", None, [], {})
        ),
        (COVERAGE, {"facilities": ["clinic"]}, 400, "within_min"),
        *(
            (COVERAGE, {"points": points, "within_min": 10}, 400, "points")
            for points in (
                [],
                MANY,
                "here",
                [{}],
                [{**HERE, "lat": NAN}],
                [{**HERE, "lon": INFINITE}],
                [{**HERE, "lon": 200}],
                [{**HERE, "height": 3}],
                [{**HERE, "code": ""}],
                [{**HERE, "code": "x" * 201}],
                [{**HERE, "code": "a\x00b"}],
                [{**HERE, "code": "\ud800"}],
                [HERE, {**HERE, "lon": HERE["lon"] + 0.001}],
            )
        ),
        (COVERAGE, {"points": [at(900_000, 0)], "within_min": 10}, 400, "far from this town"),
        (
            COVERAGE,
            {"points": [{**HERE, "lon": HERE["lat"], "lat": 89.0}], "within_min": 10},
            400,
            "far from this town",
        ),
        *(
            (COVERAGE, {"facilities": kinds, "within_min": 10}, 400, "facilities")
            for kinds in ([], [""], "clinic", ["x" * 61], ["a\x00b"], ["\ud800"], [1], ["x"] * 21)
        ),
        (COVERAGE, {"facilities": ["'; DROP"], "within_min": 10}, 400, "no facilities of the kind"),
        (COVERAGE, {"shelters": "some", "within_min": 10}, 400, "shelters"),
        (COVERAGE, {"shelters": None, "within_min": 10}, 400, "just one way"),
        (COVERAGE, {**CLINIC, "points": [HERE]}, 400, "just one way"),
        (COVERAGE, {**CLINIC, "incude": ["roads"]}, 400, "incude"),
        (COVERAGE, {**CLINIC, "include": ["people"]}, 400, "include"),
        (COVERAGE, {**CLINIC, "vehicle": "plane"}, 400, "vehicle"),
        *((COVERAGE, {**CLINIC, "wades_m": m}, 400, "wades_m") for m in (-1, 6, NAN, INFINITE)),
        *((CUTS, {"depth_m": m}, 400, "depth_m") for m in (-1, 51, NAN, INFINITE)),
        *((CUTS, {"water_level_m": m}, 400, "water_level_m") for m in (NAN, INFINITE, "high")),
        *(
            (path, {**more, "flood": {"geometry": BOW}}, 400, "crosses itself")
            for path, more in ((COVERAGE, CLINIC), (CUTS, {}))
        ),
        *(
            (path, {**more, "flood": {"geometry": ENDLESS}}, 400, "geometry")
            for path, more in ((COVERAGE, CLINIC), (CUTS, {}))
        ),
        (CUTS, {"flood": {"geometry": {"type": "Polygon", "coordinates": []}}}, 400, "geometry"),
        (CUTS, {"flood": {"geometry": {"type": "Point", "coordinates": [1, 2]}}}, 400, "geometry"),
        (CUTS, {"flood": {}}, 400, "just one way"),
        (CUTS, {"flood": {"zone_ids": ["none"]}}, 404, "none"),
        (CUTS, {"as_of": "0001-01-01T00:00:00Z"}, 400, "as_of"),
        (CUTS, {"as_of": "yesterday"}, 400, "as_of"),
        (CUTS, {"routes": []}, 400, "routes"),
        (CUTS, {"routes": ["B1", "none"]}, 404, "none"),
        (CUTS, {"routes": ["\ud800"]}, 400, "routes"),
        (CUTS, {"routes": ["B1"], "relief": [HERE]}, 400, "relief"),
        *(
            (CUTS, {"relief": stops}, 400, "relief")
            for stops in ([], MANY, [{**HERE, "lat": NAN}], [{**HERE, "to": 1}], [HERE, HERE])
        ),
        (CUTS, {"relief": [HERE, at(900_000, 0, "Q")]}, 400, "far from this town"),
        *((CUTS, {"collections": n}, 400, "collections") for n in (-1, 366, 1.5, NAN, "many")),
        (CUTS, {"depot": {"lon": NAN, "lat": 15}}, 400, "depot"),
        (CUTS, {"depot": {"lon": 104.8}}, 400, "depot"),
        (CUTS, {"depot_of": "none"}, 404, "none"),
        (CUTS, {"depot_of": "\ud800"}, 400, "depot_of"),
        *((path, body, 400, "") for path in (COVERAGE, CUTS) for body in ([], "x", None, 1)),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    caller: Caller, path: str, body: object, status: int, word: str
) -> None:
    is_refused(caller, path, body, status, word)


def test_names_are_kept_as_they_were_given(caller: Caller) -> None:
    """Markup, formulas, Thai, an emoji: a name is a name."""
    names = ["<script>", "=1+1", "จุดที่ ๑", "🚤", "a\u202eb", "x" * 200]
    points = [{**at(500 + n, 350), "code": name} for n, name in enumerate(names)]
    answer = told(caller, COVERAGE, {"points": points, "within_min": 10})
    assert [service["code"] for service in answer["services"]] == names
    again = caller.get(f"/queries/answers/{answer['id']}?lang=en&recompute=true").json()
    assert again["recomputed"]["equal"]
    (relief,) = told(caller, CUTS, {"relief": points})["routes"]
    assert sorted([*relief["served"], *relief["lost"]]) == sorted(names)


def test_as_many_places_as_may_be_given_are_all_answered_for(caller: Caller) -> None:
    points = MANY[:200]
    answer = told(caller, COVERAGE, {"points": points, "within_min": 240})
    assert len(answer["services"]) == 200
    assert answer["people"]["all"] == sum(
        answer["people"][reach] for reach in ("within", "far", "unreachable", "no_location")
    )
    (relief,) = told(caller, CUTS, {"relief": points})["routes"]
    assert len(relief["served"]) + len(relief["lost"]) == 200


def test_places_beyond_the_town_serve_nobody_and_are_said_to(caller: Caller) -> None:
    away = [at(20_000, 20_000, "away")]
    answer = told(caller, COVERAGE, {"points": away, "within_min": 240})
    assert [service["status"] for service in answer["services"]] == ["no_road"]
    assert answer["people"]["unreachable"] == answer["people"]["all"] > 0
    assert any("None of the services" in caveat for caveat in answer["caveats"])
    (relief,) = told(caller, CUTS, {"relief": [HERE, *away]})["routes"]
    assert (relief["served"], relief["lost"]) == (["P"], ["away"])
    (lost,) = told(caller, CUTS, {"relief": away})["routes"]
    assert (lost["served"], lost["lost"], lost["line"]) == ([], ["away"], None)
    beyond = {"flood": {"geometry": drawn(50_000, 50_000, 900, 900)}}
    assert (
        told(caller, COVERAGE, {**CLINIC, **beyond})["people"]
        == told(caller, COVERAGE, CLINIC)["people"]
    )


def test_the_least_and_the_most_time_are_answers(caller: Caller) -> None:
    least = told(caller, COVERAGE, {**CLINIC, "within_min": 1e-300})["people"]
    most = told(caller, COVERAGE, {**CLINIC, "within_min": 240})["people"]
    assert (least["within"], least["far"]) == (0, most["within"])
    assert most["far"] == 0
    assert most["all"] == least["all"]


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


def write(town: TownHandle, *statements: str) -> None:
    """What somebody does in psql, and the number it gets."""
    with town.connect(Machine.LOADER) as conn, conn.transaction():
        for statement in statements:
            conn.execute(statement.encode())
    with town.connect(Machine.SERVICE) as conn:
        number_changes(conn)


def test_an_exercise_moves_nobody(desk: Caller, town: TownHandle) -> None:
    """Closures and places are the town's own; what an exercise invents is no part of them."""
    asked = (
        (COVERAGE, {**CLINIC, "flood": {"zone_ids": ["Z10"]}}),
        (COVERAGE, {"shelters": "open", "within_min": 30}),
        (CUTS, {"flood": {"zone_ids": ["Z10"]}}),
    )

    def answers() -> list[dict[str, Any]]:
        about_itself = ("id", "computed_at", "computing_ms", "pos")
        found = [told(desk, path, body) for path, body in asked]
        return [{k: v for k, v in one.items() if k not in about_itself} for one in found]

    before = answers()
    opened = desk.post("/events", json={**EVENT, "exercise": True})
    assert opened.status_code == 201, opened.text
    made = desk.post("/incidents", json={**INCIDENT, "at": [HERE["lon"], HERE["lat"]]})
    assert made.status_code == 201, made.text
    assert answers() == before


def test_nobody_counted_is_not_nobody(desk: Caller, town: TownHandle) -> None:
    """Where no household was ever counted, how many people are far is not known, which is not 0."""
    blank = ", ".join(
        f"{kind}_{age} = NULL"
        for kind in ("registered", "sleeping")
        for age in ("0_5", "6_17", "18_59", "60_up")
    )
    half = "(SELECT house_code FROM town.houses WHERE id % 2 = 0)"
    write(
        town,
        "UPDATE town.houses SET community = 'C2' WHERE id % 2 = 1",
        f"UPDATE town.households SET {blank} WHERE house_code IN {half}",  # noqa: S608
    )
    answer = told(desk, COVERAGE, CLINIC)
    by_code = {row["community"]: row for row in answer["communities"]}
    first = by_code.pop("C1")
    assert first["households"]["uncounted"] == first["households"]["all"] > 0
    assert (first["people"], first["by_age"]) == (None, None)
    assert all(row["people"]["all"] > 0 for row in by_code.values())
    assert answer["people"]["all"] == sum(row["people"]["all"] for row in by_code.values())
    write(town, f"UPDATE town.households SET {blank}")  # noqa: S608
    nobody = told(desk, COVERAGE, CLINIC)
    assert (nobody["people"], nobody["by_age"]) == (None, None)
    assert nobody["households"]["all"] == nobody["households"]["uncounted"] == 50
    assert any("Nobody has counted" in caveat for caveat in nobody["caveats"])


def test_a_closed_graph_loses_every_stop_and_reaches_nobody(desk: Caller, town: TownHandle) -> None:
    with town.connect(Machine.LOADER) as conn:
        load_rows(
            conn,
            "closures",
            [
                {"code": f"ALL{n}", "status": "closed", "road_code": row["code"]}
                | {"whole_road": True, "geom": row["geom"].interpolate(1)}
                for n, row in enumerate(tiny()["roads"])
            ],
        )
    write(town, "SELECT 1")
    (relief,) = told(desk, CUTS, {"relief": [HERE, at(100, 350, "Q")]})["routes"]
    assert (relief["served"], relief["lost"], relief["line"]) == ([], ["P", "Q"], None)
    (waste,) = told(desk, CUTS, {"depot_of": "B1"})["routes"]
    assert waste["served"] == []
    points = told(desk, COVERAGE, {"points": [HERE], "within_min": 10, "include": ["roads"]})
    assert [one["status"] for one in points["services"]] == ["no_road"]
    assert {f["properties"]["reach"] for f in points["reach"]["features"]} == {"barred"}
    write(town, "DELETE FROM town.closures WHERE code LIKE 'ALL%'")


def test_layers_without_rows_are_said_to_have_none(desk: Caller, town: TownHandle) -> None:
    write(town, "DELETE FROM town.waste_stops")
    answer = told(desk, CUTS, {})
    assert answer["routes"] == []
    assert any("no waste stops on record" in caveat for caveat in answer["caveats"])
    is_refused(desk, CUTS, {"routes": ["B1"]}, 404, "B1")
    write(town, "DELETE FROM town.shelters", "DELETE FROM town.facilities")
    is_refused(desk, COVERAGE, {"shelters": "open", "within_min": 5}, 400, "no shelters on record")
    is_refused(desk, COVERAGE, CLINIC, 400, "no facilities of the kind")
    write(town, "DELETE FROM town.households")
    empty = told(desk, COVERAGE, {"points": [HERE], "within_min": 5, "include": ["households"]})
    assert not {"people", "households", "by_age", "communities", "outside"} & set(empty)
    assert any("no households on record" in caveat for caveat in empty["caveats"])
    write(town, "DELETE FROM town.roads")
    for path, body in ((COVERAGE, {"points": [HERE], "within_min": 5}), (CUTS, {"relief": [HERE]})):
        is_refused(desk, path, body, 400, "no roads yet")
