"""`POST /queries/impact`: forms of asking, refusals, the stored answer, one truth everywhere."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import shapely

from api.app import create_app
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import settings_for
from tests.api.places import drawn
from tests.conftest import TownHandle


def ask(caller: Caller, flood: dict[str, Any], lang: str = "en", **more: Any) -> httpx.Response:
    return caller.post(f"/queries/impact?lang={lang}", json={"flood": flood, **more})


def test_answer_by_hand(caller: Caller) -> None:
    answer = ask(caller, {"zone_ids": ["Z100"]}).json()
    exposed = answer["exposed"]
    assert exposed["parcels"]["count"] == 40
    assert exposed["parcels"]["wet_area_m2"] == pytest.approx(300_000)
    assert exposed["people"]["count"] == 135
    assert exposed["people"]["by_age"] == {"0-5": 15, "6-17": 30, "18-59": 45, "60+": 45}
    assert list(exposed["people"]["by_age"]) == ["0-5", "6-17", "18-59", "60+"]
    assert (exposed["shelters"]["count"], exposed["shelters"]["capacity"]) == (1, 120)
    assert exposed["roads"]["wet_length_m"] == pytest.approx(1300)
    assert answer["flood"] == {"area_m2": 385_000, "depth_known": True}
    assert {item["layer"] for item in answer["provenance"]} >= {"flood_zones", "parcels", "houses"}
    assert all(item["version"] > 0 for item in answer["provenance"])
    assert any("ST_Intersects" in caveat for caveat in answer["caveats"])
    assert "ids" not in exposed["parcels"]


def test_zones_by_id_code_and_all_agree(caller: Caller, tiny_town: TownHandle) -> None:
    with tiny_town.connect(Role.ADMIN) as conn:
        rows = conn.execute("SELECT code, id FROM flood_zones").fetchall()
    ids = {row[0]: row[1] for row in rows}
    forms: list[Any] = [
        "all",
        ["all"],
        list(ids.values()),
        ["Z100", "Z10", "S112"],
        [ids["Z100"], "Z10", "S112"],
    ]
    counts = [ask(caller, {"zone_ids": form}).json()["exposed"]["parcels"] for form in forms]
    assert counts[0]["count"] == 40
    assert all(count == counts[0] for count in counts)


def test_zones_by_a_condition(caller: Caller) -> None:
    def parcels(flood: dict[str, Any]) -> Any:
        return ask(caller, flood).json()["exposed"]["parcels"]

    by_code = parcels({"zone_ids": ["Z100", "Z10"]})
    assert parcels({"where": "kind = 'return_period'"}) == by_code
    assert parcels({"where": "return_period_y > 50 OR code = 'Z10'"}) == by_code
    inside = "S_INTERSECTS(geometry, BBOX(105, 15, 106, 16)) AND kind = 'return_period'"
    assert parcels({"where": inside}) == by_code
    none = ask(caller, {"where": "kind = 'regulatory'"})
    assert none.status_code == 404
    assert "No flood zone" in none.json()["detail"]


def test_stage_of_a_gauge(caller: Caller) -> None:
    answer = ask(caller, {"gauge": "DEMO.1", "stage_m": 112})
    assert answer.json()["exposed"]["parcels"]["count"] > 0
    assert ask(caller, {"gauge": "DEMO.1", "stage_m": 999}).status_code == 404


def test_a_drawn_area_counts_like_the_features_it_meets(caller: Caller) -> None:
    area = drawn(110, 10, 180, 180)
    exposed = ask(caller, {"geometry": area}, include=["ids"]).json()["exposed"]
    assert exposed["parcels"]["count"] == 4
    west, south, east, north = shapely.geometry.shape(area).bounds
    path = f"/ogc/collections/parcels/items?bbox={west},{south},{east},{north}"
    assert exposed["parcels"]["ids"] == [f["id"] for f in caller.get(path).json()["features"]]


def test_polygon_and_multipolygon(caller: Caller) -> None:
    multi = drawn(110, 10, 180, 180)
    single = {"type": "Polygon", "coordinates": multi["coordinates"][0]}
    both = [ask(caller, {"geometry": area}).json()["exposed"] for area in (multi, single)]
    assert both[0] == both[1]


def test_layers_narrow_the_answer(caller: Caller) -> None:
    exposed = ask(caller, {"zone_ids": "all"}, layers=["parcels", "roads"]).json()["exposed"]
    assert exposed.keys() == {"parcels", "roads"}
    assert ask(caller, {"zone_ids": "all"}, layers=["moon"]).status_code == 400


def test_the_answer_is_kept_in_both_languages(caller: Caller, tokens: dict[Role, str]) -> None:
    given = ask(caller, {"zone_ids": ["Z10"]}, lang="th").json()
    path = f"/queries/answers/{given['id']}"
    assert caller.get(f"{path}?lang=th").json() == given
    english = caller.get(f"{path}?lang=en").json()
    assert english["exposed"] == given["exposed"]
    assert english["caveats"] != given["caveats"]
    assert len(english["caveats"]) == len(given["caveats"])
    assert caller.get(path, tokens[Role.STAFF]).status_code == 404
    missing = "/queries/answers/00000000-0000-0000-0000-000000000000"
    assert caller.get(missing).status_code == 404


RING = [[105.2, 15.2], [105.3, 15.2], [105.3, 15.3], [105.2, 15.2]]


def ring(vertices: int) -> dict[str, Any]:
    """A round area of the town with so many vertices, the closing one counted."""
    circle = shapely.Point(105.2255, 15.2415).buffer(0.004, quad_segs=vertices)
    xy = list(circle.exterior.coords)[: vertices - 1]
    return {"type": "Polygon", "coordinates": [[*xy, xy[0]]]}


def test_without_a_sign_in_shapes_are_simpler(caller: Caller, tokens: dict[Role, str]) -> None:
    def asked(vertices: int, token: str) -> httpx.Response:
        body = {"flood": {"geometry": ring(vertices)}, "layers": ["shelters"]}
        return caller.post("/queries/impact?lang=en", token, json=body)

    assert asked(2000, NOBODY).status_code == 200
    for token in (NOBODY, tokens[Role.PUBLIC]):
        refused = asked(2001, token)
        assert refused.status_code == 400
        assert "2,001 vertices" in refused.json()["detail"]
    assert asked(2001, tokens[Role.STAFF]).status_code == 200


def test_a_large_shape_costs_more(
    tiny_town: TownHandle, dashboard: Path, tokens: dict[Role, str]
) -> None:
    # 400 units a second, 2,000 at most: a question is 100, one of 6,000 vertices 1,600
    with Caller(create_app(settings_for(tiny_town, dashboard, rate_per_second=400))) as caller:
        body = {"flood": {"geometry": ring(6000)}, "layers": ["shelters"]}
        first = caller.post("/queries/impact", tokens[Role.STAFF], json=body)
        again = caller.post("/queries/impact", tokens[Role.STAFF], json=body)
        assert (first.status_code, again.status_code) == (200, 429)
        assert int(again.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("flood", "says"),
    [
        ({}, "just one way"),
        ({"zone_ids": "all", "gauge": "M.7", "stage_m": 1}, "just one way"),
        ({"gauge": "M.7"}, "both gauge and stage_m"),
        ({"stage_m": 3}, "both gauge and stage_m"),
        ({"where": "colour = 'red'"}, "no property “colour”"),
        ({"where": "kind ="}, "not valid CQL2"),
        ({"where": ""}, "CQL2"),
        ({"where": "kind = 'stage'", "zone_ids": "all"}, "just one way"),
        ({"zone_ids": []}, "at least 1"),
        ({"zone_ids": "some"}, ""),
        ({"zone_ids": [-5]}, ""),
        ({"zone_ids": [True]}, "id or code of a flood zone"),
        ({"zone_ids": [1, False]}, "id or code of a flood zone"),
        ({"geometry": {"type": "Point", "coordinates": [105, 15]}}, ""),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "at least 1"),
        ({"geometry": {"type": "Polygon", "coordinates": [RING[:3]]}}, "at least 4"),
        ({"geometry": {"type": "Polygon", "coordinates": [[*RING[:3], [1, 1]]]}}, "not closed"),
        ({"geometry": {"type": "Polygon", "coordinates": [[[200, 0]] * 4]}}, ""),
        ({"geometry": {"type": "Polygon", "coordinates": [[["x", 0]] * 4]}}, ""),
        (
            {"geometry": {"type": "Polygon", "coordinates": [[[x - 50, y] for x, y in RING]]}},
            "far from",
        ),
        ({"geometry": {"type": "Polygon", "coordinates": [RING * 6000]}}, "20,000 vertices"),
        ({"nonsense": 1}, "not a field"),
    ],
)
def test_floods_that_make_no_sense(caller: Caller, flood: dict[str, Any], says: str) -> None:
    answer = ask(caller, flood)
    assert answer.status_code == 400
    assert says in answer.text
    thai = ask(caller, flood, lang="th").json()["detail"]
    assert any("ก" <= character <= "๛" for character in thai)


def test_unknown_zones_are_named(caller: Caller) -> None:
    answer = ask(caller, {"zone_ids": ["Z100", "Z999"]})
    assert answer.status_code == 404
    assert "Z999" in answer.json()["detail"]


def test_a_crossing_shape_is_refused_with_a_sentence(caller: Caller) -> None:
    bow = [[105.22, 15.24], [105.23, 15.25], [105.23, 15.24], [105.22, 15.25], [105.22, 15.24]]
    answer = ask(caller, {"geometry": {"type": "Polygon", "coordinates": [bow]}})
    assert answer.status_code == 400
    assert "crosses itself" in answer.json()["detail"]


def test_a_town_without_layers_gives_none_of_them(blank_town: TownHandle, dashboard: Path) -> None:

    with Caller(create_app(settings_for(blank_town, dashboard))) as caller:
        answer = ask(caller, {"geometry": drawn(0, 0, 500, 500)}).json()
        assert answer["exposed"] == {}
        assert answer["flood"]["area_m2"] == pytest.approx(250_000, rel=1e-3)
        assert caller.get("/me").json()["town"]["bounds"] is None
        assert caller.get("/ogc/collections/parcels/items").json()["numberMatched"] == 0
        assert caller.get("/styles/town.json").status_code == 200
        assert "bounds" not in caller.get("/tiles/parcels.json").json()
        assert caller.get("/tiles/parcels/14/12981/7489.mvt").status_code == 204
