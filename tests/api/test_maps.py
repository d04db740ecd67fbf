"""TileJSON and the style as the server gives them: for the caller's role, from this origin only."""

import re

from layers.catalog import LAYERS
from layers.model import Role
from layers.privacy import may_see, tile_fields
from tests.api.caller import ADDRESS, Caller


def test_tilejson(caller: Caller, tokens: dict[Role, str]) -> None:
    for role in Role:
        for layer in LAYERS:
            answer = caller.get(f"/tiles/{layer.id}.json?lang=en", tokens[role])
            if layer.geometry is None or not may_see(layer, role):
                assert answer.status_code == 404
                continue
            told = answer.json()
            assert told["tilejson"] == "3.0.0"
            assert told["tiles"] == [f"{ADDRESS}/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt"]
            assert (told["minzoom"], told["maxzoom"]) == (layer.zooms.min, layer.zooms.max)
            west, south, east, north = told["bounds"]
            assert (round(west, 1), round(south, 1)) == (105.2, 15.2)
            assert west < told["center"][0] < east
            assert south < told["center"][1] < north
            vector, *others = told["vector_layers"]
            assert [each["id"] for each in others] in ([], [layer.label_points], [layer.cells])
            assert ("count" in others[-1]["fields"] if others else False) == bool(layer.cells)
            assert vector["id"] == layer.id
            assert set(vector["fields"]) == {field.name for field in tile_fields(layer, role)}
            assert told["name"] == layer.title.en


def test_synthetic_data_say_so_in_the_attribution(caller: Caller) -> None:
    assert "Synthetic" in caller.get("/tiles/parcels.json?lang=en").json()["attribution"]
    assert "สมมติ" in caller.get("/tiles/parcels.json").json()["attribution"]


def test_style_names_only_this_origin_and_visible_layers(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    for role in Role:
        answer = caller.get("/styles/town.json?lang=en", tokens[role])
        assert set(re.findall(r"https?://[^/\"]+", answer.text)) == {ADDRESS}
        style = answer.json()
        assert style["version"] == 8
        for name, source in style["sources"].items():
            layer = name.removeprefix("muang-")
            told = caller.get(f"/tiles/{layer}.json?lang=en", tokens[role]).json()
            # a source says what its TileJSON says, which then nobody has to ask for first
            parts = ("tiles", "minzoom", "maxzoom", "bounds", "attribution")
            assert source == {"type": "vector"} | {part: told[part] for part in parts}
    public = caller.get("/styles/town.json", tokens[Role.PUBLIC]).json()
    assert "muang-houses" not in public["sources"]


def test_style_speaks_both_languages(caller: Caller) -> None:
    assert caller.get("/styles/town.json?lang=en").json()["name"] == "Test town"
    assert caller.get("/styles/town.json?lang=th").json()["name"] == "เมืองทดสอบ"
    assert caller.get("/styles/other.json").status_code == 404
