"""The MapLibre style: what a role may not see is not in it, and the page's contract holds."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from layers.catalog import LAYERS, get
from layers.model import RESCUERS, Role
from layers.privacy import may_see, visible_fields
from layers.text import Lang, Text
from maps.frame import TownFrame
from maps.maplibre import style

BASE = "http://127.0.0.1:8123"
TOWN = TownFrame(
    id="phibun",
    name=Text(th="พิบูลมังสาหาร", en="Phibun Mangsahan"),
    bounds=(105.19, 15.21, 105.27, 15.28),
    synthetic=True,
)
ICON = re.compile(r"muang-[a-z]+-[0-9a-f]{6}-(?:[0-9a-f]{6}|none)-\d+")


def _style(role: Role = Role.ADMIN, lang: Lang = "th") -> dict[str, Any]:
    return style(LAYERS, role, lang, BASE, TOWN)


def _features(made: dict[str, Any], layer: str) -> list[dict[str, Any]]:
    return [part for part in made["layers"] if part.get("metadata", {}).get("muang:layer") == layer]


def _fields(value: object) -> Iterator[str]:
    """Names read by `["get", name]` anywhere in a JSON value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _fields(each)
    elif isinstance(value, list):
        if value[:1] == ["get"]:
            yield str(value[1])
        for each in value:
            yield from _fields(each)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_finds_only_what_it_may_see(role: Role) -> None:
    made = _style(role)
    for layer in LAYERS:
        parts = _features(made, layer.id)
        assert bool(parts) == bool(layer.style and may_see(layer, role)), layer.id
        assert (f"muang-{layer.id}" in made["sources"]) == bool(parts)
        seen = {field.name for field in visible_fields(layer, role) if field.in_tile}
        told = {"count"} if layer.cells else set()
        assert set(_fields(parts)) <= seen | told, layer.id
    # how somebody can be fetched is for those who fetch people, in whatever scope they see them
    assert ("bedridden" in json.dumps(made)) == (role in RESCUERS)


def test_layers_lie_in_order_with_all_names_on_top() -> None:
    parts = _style()["layers"]
    assert parts[0] == {
        "id": "background",
        "type": "background",
        "paint": {"background-color": parts[0]["paint"]["background-color"]},
    }
    ids = [part["id"] for part in parts]
    assert ids[1] == "town_boundary-ground"
    assert len(set(ids)) == len(ids)
    is_label = ["-label" in name for name in ids]
    assert is_label == sorted(is_label)
    orders = [
        found.order
        for part in parts[2:]
        if "-label" not in part["id"] and (found := get(part["metadata"]["muang:layer"]).style)
    ]
    assert orders == sorted(orders)
    assert ids.index("roads-casing") < ids.index("roads")


def test_every_address_is_our_own() -> None:
    made = style(LAYERS, Role.ADMIN, "th", f"{BASE}/", TOWN)
    addresses = re.findall(r"https?://[^\"]+", json.dumps(made))
    assert addresses
    assert all(each.startswith(f"{BASE}/") for each in addresses)
    assert not any("//" in each.removeprefix("http://") for each in addresses)
    assert "glyphs" not in made
    assert "sprite" not in made
    source = made["sources"]["muang-parcels"]
    assert source["tiles"] == [f"{BASE}/tiles/parcels/{{z}}/{{x}}/{{y}}.mvt"]


def test_fonts_cover_every_text_font() -> None:
    made = _style()
    used = {font for part in made["layers"] for font in part.get("layout", {}).get("text-font", [])}
    assert used == {"Sarabun", "Sarabun Bold"}
    for name, weight in (("Sarabun", 400), ("Sarabun Bold", 700)):
        assert made["font-faces"][name] == [
            {
                "url": f"{BASE}/assets/fonts/sarabun-thai-{weight}-normal.woff2",
                "unicode-range": ["U+0E00-0E7F"],
            },
            {"url": f"{BASE}/assets/fonts/sarabun-latin-{weight}-normal.woff2"},
        ]


def test_layers_hidden_at_first_are_hidden_whole() -> None:
    made = _style()
    for entry in made["metadata"]["muang:legend"]:
        hidden = {
            part.get("layout", {}).get("visibility") == "none"
            for part in _features(made, entry["layer"])
        }
        assert hidden == {not entry["visible"]}, entry["layer"]


def test_only_the_chosen_flood_scenario_is_drawn() -> None:
    made = _style(Role.PUBLIC)
    scenario = made["metadata"]["muang:scenario"]
    assert scenario["default"] == {"return_period_y": 100}
    assert scenario["filter"] == ["==", ["get", "return_period_y"], 100]
    filtered = {part["id"]: part["filter"] for part in made["layers"] if "filter" in part}
    assert set(filtered) == set(scenario["map_layers"])
    assert all(each == scenario["filter"] for each in filtered.values())
    in_tile = {field.name for field in get("flood_zones").fields if field.in_tile}
    assert set(scenario["fields"]) <= in_tile
    without = style([get("parcels")], Role.PUBLIC, "th", BASE, TOWN)
    assert "muang:scenario" not in without["metadata"]


def test_marker_images_are_named_by_the_contract() -> None:
    made = _style()
    icons = {
        name
        for part in made["layers"]
        for name in ICON.findall(json.dumps(part.get("layout", {}).get("icon-image", "")))
    }
    assert "muang-heart-7f0000-ffffff-13" in icons
    shapes = made["metadata"]["muang:shapes"]
    assert all(name.split("-")[1] in shapes for name in icons)
    (stops,) = _features(made, "waste_stops")
    assert stops["type"] == "circle"


def test_classes_become_one_expression_with_a_fallback() -> None:
    (fill,) = [part for part in _style()["layers"] if part["id"] == "parcels"]
    color = fill["paint"]["fill-color"]
    assert color[:2] == ["match", ["get", "use"]]
    assert color[2:4] == [["residential"], "#efe4cf"]
    assert color[-1] == "#f0efec"
    assert len(color) == 2 + 2 * 4 + 1


def test_widths_grow_with_the_zoom() -> None:
    for name in ("roads", "roads-casing", "town_boundary", "parcels-outline"):
        (line,) = [part for part in _style()["layers"] if part["id"] == name]
        width = line["paint"]["line-width"]
        assert width[:3] == ["interpolate", ["exponential", 1.4], ["zoom"]]
        assert width[3::2] == sorted(width[3::2])


def test_nothing_is_asked_of_tiles_below_the_layers_zooms() -> None:
    for part in _style()["layers"][1:]:
        assert part["minzoom"] >= get(part["metadata"]["muang:layer"]).zooms.min


def test_cells_stand_for_features_from_afar() -> None:
    made = _style(Role.STAFF)
    parts = {part["id"]: part for part in made["layers"]}
    counted = [layer for layer in LAYERS if layer.cells]
    assert {f"{layer.id}-cells" for layer in counted} == {
        name for name in parts if name.endswith("-cells")
    }
    assert {layer.id for layer in counted} >= {"parcels", "permits", "houses"}
    for layer in counted:
        cells, features = parts[f"{layer.id}-cells"], parts[layer.id]
        assert cells["source-layer"] == f"{layer.id}_cells"
        assert cells["source"] == features["source"]
        assert cells["minzoom"] == features["minzoom"] == layer.zooms.min
        assert cells["maxzoom"] == layer.zooms.cells_below
        color = "fill-color" if cells["type"] == "fill" else "circle-color"
        declared = {cls.color for cls in layer.style.classes} if layer.style else set()
        assert declared <= set(re.findall("#[0-9a-f]{6}", json.dumps(cells["paint"][color])))


def test_an_area_is_named_once_from_afar_and_everywhere_from_near() -> None:
    parts = {part["id"]: part for part in _style()["layers"]}
    far, near = parts["communities-label"], parts["communities-label-near"]
    assert far["source-layer"] == get("communities").label_points == "communities_label"
    assert near["source-layer"] == "communities"
    assert far["maxzoom"] == near["minzoom"]
    assert far["layout"]["text-field"] == near["layout"]["text-field"]
    assert parts["water-label"]["source-layer"] == "water_label"
    assert parts["roads-label"]["source-layer"] == "roads"
    assert get("town_boundary").label_points is None


def test_an_english_map_writes_english_names_where_there_are_some() -> None:
    parts = {part["id"]: part for part in _style(lang="en")["layers"]}
    english = ["to-string", ["coalesce", ["get", "name_en"], ["get", "name"]]]
    assert parts["communities-label"]["layout"]["text-field"] == english
    assert parts["communities-label-near"]["layout"]["text-field"] == english
    thai = {part["id"]: part for part in _style(lang="th")["layers"]}
    assert thai["communities-label"]["layout"]["text-field"] == ["to-string", ["get", "name"]]
    assert parts["water-label"]["layout"]["text-field"] == ["to-string", ["get", "name"]]


@pytest.mark.parametrize(("lang", "name"), [("th", "พิบูลมังสาหาร"), ("en", "Phibun Mangsahan")])
def test_the_style_speaks_the_asked_language(lang: Lang, name: str) -> None:
    made = _style(lang=lang)
    assert made["name"] == name
    credit = made["sources"]["muang-parcels"]["attribution"]
    assert name in credit
    assert TOWN.credit.get(lang) == credit
    assert made["metadata"]["muang:lang"] == lang
    assert made["metadata"]["muang:town"]["bounds"] == [105.19, 15.21, 105.27, 15.28]


def test_the_view_fits_the_town() -> None:
    made = _style()
    assert made["center"] == pytest.approx([105.23, 15.245])
    assert 12 < made["zoom"] < 14
    empty = style(LAYERS, Role.ADMIN, "th", BASE, TownFrame("new", Text(th="ใหม่", en="New")))
    assert "center" not in empty
    assert "zoom" not in empty
