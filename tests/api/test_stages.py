"""The stages of a gauge over HTTP: what is told, what tiles hold, a model against what was seen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest

from api.app import create_app
from db.connect import Machine
from db.towns import drop_town
from layers.model import Role
from ops.flood_ground import LibraryOrder
from ops.flood_library import build_library
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import a_token, settings_for
from tests.api.places import tile_at
from tests.conftest import make_town
from tests.rasters import bring, tiff
from tests.tiny import line, load_rows, load_tiny, point, square


@pytest.fixture(scope="module")
def told(
    server_url: str, secret: str, dashboard: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Caller]:
    """The tiny town with a library of DEMO.2 and an extent seen from a drone, served."""
    town = make_town(server_url, secret)
    folder = tmp_path_factory.mktemp("rasters")
    grid = np.tile(100 + 0.02 * np.arange(100), (110, 1)).astype("float32")
    path = tiff(folder / "given.tif", grid)
    load_tiny(town)
    bring(town, "elevation", path, folder, datum="MSL (Ko Lak)", error_m=0.2, surface="dtm")
    try:
        with town.connect(Machine.LOADER) as conn:
            order = LibraryOrder("DEMO.2", 100.2, 101.8, "tester", seed="lowest")
            build_library(conn, order, folder / town.town_id, lambda *_said: None)
            load_rows(
                conn,
                "flood_zones",
                [
                    {
                        "code": "SEEN",
                        "kind": "observed",
                        "means": "drone",
                        "confidence": "high",
                        "geom": square(0, 0, 200, 1000),
                    }
                ],
            )
            lane = {"code": "R3", "geom": line((500, 1000), (560, 940), (960, 940))}
            load_rows(conn, "roads", [lane])
            gauge = {"code": "DEMO.2", "kind": "river", "geom": point(20, 500)}
            load_rows(conn, "gauges", [gauge])
        with town.connect(Machine.SERVICE) as conn:
            token = a_token(conn, Role.STAFF, "staff")
        with Caller(create_app(settings_for(town, dashboard)), token) as caller:
            yield caller
    finally:
        drop_town(server_url, town.town_id)


def test_the_slider_hears_of_stages_areas_and_ranges(told: Caller) -> None:
    answer = told.get("/floods/DEMO.2/stages?lang=en").json()
    stages = answer["stages"]
    assert [each["stage_m"] for each in stages] == [round(100.2 + 0.1 * n, 1) for n in range(17)]
    totals = [each["total_m2"] for each in stages]
    assert totals == sorted(totals)
    assert answer["error_m"] == 0.2
    # 1.28 x 0.2 m, outwards
    assert (stages[8]["stage_low_m"], stages[8]["stage_high_m"]) == (100.7, 101.3)
    assert stages[0]["stage_low_m"] is None
    assert any("no count without its range" in caveat for caveat in answer["caveats"])
    assert answer["tiles"] == "/tiles/flood_stages/{z}/{x}/{y}.mvt"
    assert answer["dataset_id"] is not None
    assert told.get("/floods/DEMO.2/stages", token=NOBODY).json()["dataset_id"] is None
    imported = told.get("/floods/DEMO.1/stages?lang=en").json()
    assert imported["tiles"] is None
    assert "not known" in imported["caveats"][0]
    assert told.get("/floods/X/stages").status_code == 404


def test_one_tile_draws_every_stage(told: Caller) -> None:
    tile = mapbox_vector_tile.decode(told.get(f"/tiles/flood_stages/{tile_at(14)}.mvt").content)
    rings = [each["properties"] for each in tile["flood_stages"]["features"]]
    mine = [each for each in rings if each["gauge"] == "DEMO.2"]
    assert {each["kind"] for each in mine} == {"ring"}
    assert len({each["wet_from_m"] for each in mine}) > 10
    assert all(each["wet_from_m"] >= each["level_m"] - 1e-9 for each in mine)
    zones = mapbox_vector_tile.decode(told.get(f"/tiles/flood_zones/{tile_at(14)}.mvt").content)
    codes = {each["id"] for each in zones["flood_zones"]["features"]}
    items = told.get(
        "/ogc/collections/flood_zones/items?filter=means='library'&skipGeometry=true&limit=500"
    ).json()["features"]
    assert items
    assert codes.isdisjoint({each["id"] for each in items})
    assert all(each["properties"]["stage_low_m"] != 0 for each in items)


def test_no_count_of_a_stage_is_told_without_its_range(told: Caller) -> None:
    def at(stage: float) -> dict[str, Any]:
        asked = {"flood": {"gauge": "DEMO.2", "stage_m": stage}, "layers": ["houses", "parcels"]}
        answer: dict[str, Any] = told.post("/queries/impact", json=asked).json()
        return answer

    answer = at(101.0)
    found = answer["flood"]["range"]
    assert (found["stage_low_m"], found["stage_high_m"]) == (100.7, 101.3)
    for layer in ("houses", "parcels"):
        low, high = found["counts"][layer]["certain"], found["counts"][layer]["possible"]
        assert low == at(100.7)["exposed"][layer]["count"]
        assert high == at(101.3)["exposed"][layer]["count"]
        assert low < answer["exposed"][layer]["count"] < high
    assert {one["certain"] for one in at(100.2)["flood"]["range"]["counts"].values()} == {0}
    assert {one["possible"] for one in at(101.8)["flood"]["range"]["counts"].values()} == {None}
    again = told.get(f"/queries/answers/{answer['id']}?recompute=true").json()
    assert again["recomputed"]["equal"]
    # of a library's stages the highest holds all others: "all" is what it was without the rest
    everything = {"flood": {"zone_ids": "all"}, "layers": ["houses"]}
    assert (
        told.post("/queries/impact", json=everything).json()["exposed"]["houses"]["count"]
        >= (at(101.8)["exposed"]["houses"]["count"])
    )
    imported = {"flood": {"gauge": "DEMO.1", "stage_m": 112.0}, "layers": ["houses"]}
    assert "range" not in told.post("/queries/impact", json=imported).json()["flood"]


def test_who_is_cut_off_at_a_stage_is_told_with_the_stages_around_it(told: Caller) -> None:
    def at(stage: float) -> dict[str, Any]:
        flood = {"gauge": "DEMO.2", "stage_m": stage}
        asked = {"flood": flood, "include": ["cut_off"], "vehicle": "car", "wades_m": 0.05}
        reply = told.post("/queries/impact?lang=en", json=asked)
        assert reply.status_code == 200, reply.text[:300]
        answer: dict[str, Any] = reply.json()
        return answer

    answer = at(101.0)
    part = answer["cut_off"]
    between = part["range"]
    assert (between["stage_low_m"], between["stage_high_m"]) == (100.7, 101.3)
    low, high = at(100.7)["cut_off"], at(101.3)["cut_off"]
    for end, alone in (("low", low), ("high", high)):
        assert between[end] == {
            "houses": alone["houses"]["count"],
            "people": alone["people"]["count"],
        }
    # the water cuts the lane, and then takes the houses along it
    counts = [one["houses"]["count"] for one in (low, part, high)]
    assert counts[0] < counts[2] < counts[1], counts
    assert at(101.3)["cut_off"]["range"]["low"]["houses"] == counts[1]
    assert any("Higher water may leave fewer cut off" in one for one in answer["caveats"])
    # beyond the library: below its lowest stage nothing is wet, above its highest nobody knows
    lowest, highest = at(100.2)["cut_off"]["range"], at(101.8)["cut_off"]["range"]
    assert (lowest["stage_low_m"], highest["stage_high_m"]) == (None, None)
    assert lowest["low"] == {"houses": 0, "people": 0}
    assert highest["high"] is None
    again = told.get(f"/queries/answers/{answer['id']}?recompute=true").json()
    assert again["recomputed"]["equal"]
    drawn = {"flood": {"gauge": "DEMO.1", "stage_m": 112.0}, "include": ["cut_off"]}
    assert "range" not in told.post("/queries/impact", json=drawn).json()["cut_off"]


def test_a_model_is_scored_and_mapped(told: Caller) -> None:
    asked = {
        "model": {"gauge": "DEMO.2", "stage_m": 100.8},
        "observed": {"zone_ids": ["SEEN"]},
        "include": ["map"],
    }
    answer = told.ask("POST", "/queries/flood-score", json=asked).json()
    # modelled: 0-400 m from the west, on 1,100 m of ground; seen: 0-200 m on 1,000 m of it
    assert answer["hit_m2"] == pytest.approx(200_000, rel=0.03)
    assert answer["pod"] == pytest.approx(1, abs=0.02)
    assert answer["bias"] == pytest.approx(2.2, abs=0.1)
    assert answer["csi"] == pytest.approx(1 / 2.2, abs=0.03)
    parts = {each["properties"]["part"] for each in answer["map"]["features"]}
    assert {"hit", "false_alarm"} <= parts
    looked = {**asked, "within": {"zone_ids": ["SEEN"]}, "include": []}
    answer = told.ask("POST", "/queries/flood-score", json=looked).json()
    assert answer["false_alarm_m2"] == 0
    assert answer["map"] is None


def test_an_observed_extent_is_drawn_and_corrected_by_the_desk_and_says_by_whom(
    told: Caller,
) -> None:
    shape = {
        "type": "MultiPolygon",
        "coordinates": [[[[105.22, 15.24], [105.23, 15.24], [105.23, 15.25], [105.22, 15.24]]]],
    }
    drawn = {
        "type": "Feature",
        "geometry": shape,
        "properties": {
            "code": "OBS-1",
            "kind": "observed",
            "means": "staff",
            "observed_at": "2026-11-20T03:00:00Z",
            "confidence": "ยืนยันจากพื้นที่",
        },
    }
    made = told.ask("POST", "/ogc/collections/flood_zones/items", json=drawn)
    assert made.status_code == 201
    where = made.headers["location"]
    fixed = told.ask(
        "PATCH",
        where,
        json={"type": "Feature", "properties": {"confidence": "แก้ไขแล้ว"}},
        headers={"If-Match": made.headers["etag"]},
    )
    assert fixed.status_code == 200
    seen = told.get(where).json()["properties"]
    assert seen["confidence"] == "แก้ไขแล้ว"
    assert seen["updated_by"]
    assert (
        told.ask("POST", "/ogc/collections/flood_zones/items", json=drawn, token=NOBODY).status_code
        == 401
    )


STAGE = {"gauge": "DEMO.2", "stage_m": 101.0}
RESTING: dict[str, tuple[str, dict[str, Any] | None]] = {
    "stages": ("/floods/DEMO.2/stages", None),
    "a stage": ("/queries/impact", {"flood": STAGE, "layers": ["houses"]}),
    "all zones": ("/queries/impact", {"flood": {"zone_ids": "all"}, "layers": ["houses"]}),
    "shelters": ("/queries/shelters", {"flood": STAGE}),
    "rounds": ("/queries/route-cuts", {"flood": STAGE}),
    "arrival": ("/queries/arrival", {"gauge": "DEMO.2"}),
    "score": ("/queries/flood-score", {"model": STAGE, "observed": {"zone_ids": ["SEEN"]}}),
}


def caveats(told: Caller, what: str, lang: str = "en") -> list[str]:
    path, body = RESTING[what]
    asked = f"{path}?lang={lang}"
    reply = told.get(asked) if body is None else told.post(asked, json=body)
    assert reply.status_code == 200, reply.text[:300]
    return list(reply.json()["caveats"])


def edit(told: Caller, layer: str, code: str, **fields: str) -> None:
    found = told.get(f"/ogc/collections/{layer}/items?filter=code='{code}'").json()["features"]
    where = f"/ogc/collections/{layer}/items/{found[0]['id']}"
    tag = told.get(where).headers["etag"]
    body = {"type": "Feature", "properties": fields}
    made = told.ask("PATCH", where, json=body, headers={"If-Match": tag})
    assert made.status_code == 200, made.text[:300]


def test_a_gate_that_is_open_in_a_closed_levee_is_told_with_the_state_taken(told: Caller) -> None:
    """The tiny town's gate stands 10 m from its levee; every answer that uses the library says."""
    for what in RESTING:
        (mine,) = [one for one in caveats(told, what) if "GT1" in one]
        assert "Gate ประตูน้ำ 1 (GT1) is recorded as “Open”" in mine, what
        assert "the levee คันริมแม่น้ำ (L1) as “Closed, holding”" in mine, what
        assert "took the levee as closed" in mine, what
        (mine,) = [one for one in caveats(told, what, "th") if "GT1" in one]
        assert "L1" in mine, what
        assert "ถือว่าแนวคันกั้นปิดและกั้นน้ำอยู่" in mine, what
    imported = {"flood": {"gauge": "DEMO.1", "stage_m": 112.0}, "layers": ["houses"]}
    before = told.post("/queries/impact", json=RESTING["a stage"][1]).json()["id"]
    assert "GT1" not in str(told.post("/queries/impact", json=imported).json()["caveats"])
    assert "GT1" not in str(told.get("/floods/DEMO.1/stages").json()["caveats"])
    edit(told, "gates", "GT1", status="closed")
    for what in RESTING:
        assert not [one for one in caveats(told, what) if "GT1" in one], what
    edit(told, "gates", "GT1", status="open")
    edit(told, "levees", "L1", state="open")
    for what in RESTING:
        mine = [one for one in caveats(told, what) if "L1" in one]
        assert len(mine) == 1, what
        assert "recorded as “Open” now, but was “Closed, holding” when" in mine[0], what
    again = told.get(f"/queries/answers/{before}?recompute=true").json()
    assert again["recomputed"]["equal"]
