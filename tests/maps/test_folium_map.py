"""The folium map: the same classes as the style, titles in the popups, nothing from outside."""

import re
from pathlib import Path

import folium
import geopandas as gpd
import pytest

from layers.catalog import drawn
from layers.errors import BadRequestError, NotFoundError, UnavailableError
from layers.model import Role
from layers.text import Text
from maps import folium_assets
from maps.folium_assets import FoliumAssets
from maps.folium_map import town_map
from maps.frame import TownFrame
from tests.tiny import tiny

BARE = FoliumAssets(scripts=("/* leaflet */",), css="")
TOWN = TownFrame("tiny", Text(th="เมืองทดสอบ", en="Test town"), synthetic=True)


def frames(*names: str) -> dict[str, gpd.GeoDataFrame]:
    """The tiny town's layers as frames in its own CRS."""
    rows = tiny()
    return {
        name: gpd.GeoDataFrame(rows[name], geometry="geom", crs=32648)
        for name in names or [layer.id for layer in drawn()]
    }


def _geojsons(page: folium.Map, layer_title: str) -> list[folium.GeoJson]:
    (group,) = [
        child
        for child in page._children.values()
        if isinstance(child, folium.FeatureGroup) and child.layer_name == layer_title
    ]
    return [child for child in group._children.values() if isinstance(child, folium.GeoJson)]


def test_every_layer_of_the_town_is_drawn_in_its_order() -> None:
    page = town_map(frames(), assets=BARE, town=TOWN)
    names = [
        child.layer_name
        for child in page._children.values()
        if isinstance(child, folium.FeatureGroup)
    ]
    assert names == [layer.title.th for layer in drawn()]


def test_the_page_links_to_nothing() -> None:
    page = town_map(frames(), assets=BARE, town=TOWN).get_root().render()
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page)
    outside = set(re.findall(r"https?://[\w./:-]+", page))
    assert outside <= {"http://www.w3.org/2000/svg"}


def test_classes_have_the_colours_of_the_style() -> None:
    page = town_map(frames("parcels"), assets=BARE)
    parts = _geojsons(page, "แปลงที่ดิน")
    looks = {part.style_function(None)["fillColor"]: len(part.data["features"]) for part in parts}
    # the tiny town has four uses in turn, one of them not stated
    assert looks == {"#efe4cf": 25, "#e3cbd2": 25, "#dde5cd": 25, "#f0efec": 25}


def test_popups_show_titles_and_labels_of_what_is_known() -> None:
    (part,) = [
        each
        for each in _geojsons(town_map(frames("parcels"), assets=BARE), "แปลงที่ดิน")
        if each.style_function(None)["fillColor"] == "#efe4cf"
    ]
    (popup,) = [c for c in part._children.values() if isinstance(c, folium.GeoJsonPopup)]
    first = part.data["features"][0]["properties"]
    said = {popup.aliases[int(name)]: text for name, text in first.items()}
    assert said["รหัสแปลง"] == "01A000"
    assert said["การใช้ประโยชน์"] == "อยู่อาศัย"
    assert said["เนื้อที่จากรูปแปลง"] == "10,000 ตร.ม."
    assert "ระวาง" not in said  # no parcel of the tiny town states it


def test_a_popup_never_carries_markup_of_the_data() -> None:
    page = town_map(frames("care_locations"), role=Role.CARE, assets=BARE)
    (bedridden,) = [
        part for part in _geojsons(page, "ผู้สูงอายุและผู้ป่วยติดเตียง") if len(part.data["features"]) == 5
    ]
    texts = list(bedridden.data["features"][0]["properties"].values())
    assert "ยายทดสอบ &lt;b&gt;0&lt;/b&gt; &#x27;อ้างอิง&#x27;" in texts


def test_a_role_without_the_right_gets_neither_field_nor_class() -> None:
    page = town_map(frames("care_locations"), role=Role.PUBLIC, assets=BARE)
    text = page.get_root().render()
    assert "ยายทดสอบ" not in text
    assert "ติดบ้าน" not in text
    (facility,) = _geojsons(page, "ผู้สูงอายุและผู้ป่วยติดเตียง")
    assert len(facility.data["features"]) == 1  # eight homes stay unseen
    assert "บ้านพักผู้สูงอายุ" in facility.data["features"][0]["properties"].values()


def test_what_the_style_hides_is_off_at_first() -> None:
    page = town_map(frames("permits", "shelters"), assets=BARE)
    shown = {
        child.layer_name: child.show
        for child in page._children.values()
        if isinstance(child, folium.FeatureGroup)
    }
    assert shown == {"ใบอนุญาต": False, "ศูนย์พักพิง": True}


def test_the_legend_names_each_class_and_says_whose_data() -> None:
    page = town_map(frames("parcels", "roads"), assets=BARE, town=TOWN, lang="en")
    text = page.get_root().render()
    legend = text[text.index('<details class="muang-legend"') : text.index("</details>")]
    assert "Agriculture" in legend
    assert "Highways and main roads" in legend
    assert "Test town · Synthetic data" in legend
    assert legend.count("<svg") == 5 + 3


def test_an_empty_frame_is_an_empty_layer() -> None:
    empty = frames("parcels")["parcels"].iloc[:0]
    page = town_map({"parcels": empty}, assets=BARE)
    assert _geojsons(page, "แปลงที่ดิน") == []
    assert page.get_root().render()


def test_mistakes_are_sentences() -> None:
    parcels = frames("parcels")["parcels"]
    with pytest.raises(BadRequestError, match="does not say its coordinate system"):
        town_map({"parcels": gpd.GeoDataFrame(tiny()["parcels"], geometry="geom")}, assets=BARE)
    with pytest.raises(BadRequestError, match="table without geometry"):
        town_map({"households": parcels}, assets=BARE)
    with pytest.raises(NotFoundError, match="no layer called"):
        town_map({"volcanoes": parcels}, assets=BARE)


def test_missing_assets_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"\./muang up"):
        folium_assets.read(tmp_path)
