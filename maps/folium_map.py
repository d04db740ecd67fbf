"""A folium map of GeoDataFrames in the same style as the dashboard: legend, popups, no network.

For notebooks and files to send: the page carries everything it needs (`maps.folium_assets`) and
draws on a grey ground instead of tiles. The layers' declarations give colours, shapes, legend
words and the titles in the popups.
"""

import html
import json
from collections.abc import Mapping
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
import shapely
from branca.element import Element, Figure

from layers.catalog import get
from layers.datum import is_indian
from layers.errors import BadRequestError
from layers.model import Field, Layer, Role
from layers.privacy import visible_fields, visible_rows
from layers.style import StyleClass, Symbol
from layers.text import Lang, Text
from maps import folium_assets
from maps.folium_legend import legend_html
from maps.frame import TownFrame
from maps.legend import Drawn, drawn
from maps.maplibre import GROUND
from maps.shapes import OUTLINE_PX, diameter, svg
from maps.words import spoken

_DEGREE_GRID = 1e-6
"""Coordinates are written to about 0.1 m: a third of the size of the page."""
_DEFAULT_WIDTH = 1.0

_PAGE_CSS = f"""
.leaflet-container {{ background: {GROUND}; font: 14px/1.5 Sarabun, sans-serif; color: #15202b; }}
.leaflet-popup-content table {{ border-collapse: collapse; }}
.leaflet-popup-content th {{ font-weight: 400; color: #44525f; text-align: left;
  vertical-align: top; padding: 1px 12px 1px 0; }}
.leaflet-popup-content td {{ vertical-align: top; }}
.leaflet-control-layers {{ font-size: 13px; }}
.leaflet-control-scale-line:not(:first-child) {{ display: none; }}
.muang-marker {{ line-height: 0; }}
"""


class OfflineMap(folium.Map):
    """A folium map whose page carries its scripts and style sheets instead of linking to them."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own name and type
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, assets: folium_assets.FoliumAssets, **options: Any) -> None:
        super().__init__(tiles=None, **options)
        header = _figure(self).header
        header.add_child(Element(f"<style>{assets.css}{_PAGE_CSS}</style>"), name="muang_css")
        for number, script in enumerate(assets.scripts):
            header.add_child(_Verbatim(f"<script>{script}</script>"), name=f"muang_js_{number}")


class _Verbatim(Element):
    """Text that goes into the page as it is: Leaflet's braces are no template."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self._content = content

    def render(self, **_: Any) -> str:
        """The text itself."""
        return self._content


def town_map(
    frames: Mapping[str, gpd.GeoDataFrame],
    *,
    role: Role = Role.ADMIN,
    lang: Lang = "th",
    town: TownFrame | None = None,
    assets: folium_assets.FoliumAssets | None = None,
    height: str = "600px",
) -> folium.Map:
    """The frames drawn in their layers' style, the lowest layer first.

    `frames` maps layer ids to frames in any CRS, with columns named as the layer's fields; columns
    the layer or the role does not know are not shown. A popup lists every field of the layer that
    has a value; fewer columns make a smaller page. `height` is that of the map in a notebook; a
    saved page fills its window.
    BadRequestError for an unknown layer, a frame without CRS or a layer without geometry.
    """
    shown = drawn([_layer(name) for name in frames], role)
    ready = {
        each.layer.id: _open_rows(each.layer, _in_degrees(each.layer, frames[each.layer.id]), role)
        for each in shown
    }
    page = OfflineMap(
        assets or folium_assets.read(),
        prefer_canvas=True,
        control_scale=True,
        zoom_control="bottomright",
        attribution_control=False,
    )
    groups = [_group(each, ready[each.layer.id], role, lang) for each in shown]
    for group in groups:
        group.add_to(page)
    # Leaflet draws what was switched on last on top: this puts the order right again
    page.keep_in_front(*groups)
    folium.LayerControl(position="topright", collapsed=False).add_to(page)
    _figure(page).html.add_child(_Verbatim(legend_html(shown, lang, town)), name="muang_legend")
    _figure(page).height = height
    _fit(page, list(ready.values()))
    return page


def _figure(page: folium.Map) -> Figure:
    root = page.get_root()
    if not isinstance(root, Figure):  # folium puts every map into a figure of its own
        raise TypeError("a folium map without a figure")
    return root


def _layer(name: str) -> Layer:
    layer = get(name)
    if layer.style is None or layer.geometry is None:
        raise BadRequestError(
            Text(
                th=f"ชั้นข้อมูล “{layer.title.th}” เป็นตาราง วาดบนแผนที่ไม่ได้",
                en=f"“{layer.title.en}” is a table without geometry; it cannot be drawn on a map.",
            )
        )
    return layer


def _in_degrees(layer: Layer, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if frame.crs is None:
        raise BadRequestError(
            Text(
                th=f"ข้อมูล “{layer.title.th}” ไม่ได้บอกระบบพิกัด (CRS)",
                en=f"The frame of “{layer.title.en}” does not say its coordinate system (CRS).",
            )
        )
    if is_indian(frame.crs):
        raise BadRequestError(
            Text(
                th=f"ข้อมูล “{layer.title.th}” อยู่บน Indian 1975 ซึ่ง GeoPandas แปลงคลาดไปราว 190 เมตร"
                " นำเข้าด้วย ./muang import --datum-operation ก่อน",
                en=f"The frame of “{layer.title.en}” is on Indian 1975, which GeoPandas turns "
                "about 190 m off. Load it with ./muang import --datum-operation first.",
            )
        )
    frame = frame.to_crs(4326)
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    rounded = shapely.set_precision(frame.geometry.values, _DEGREE_GRID, mode="pointwise")
    return frame.set_geometry(gpd.GeoSeries(rounded, index=frame.index, crs=4326))


def _open_rows(layer: Layer, frame: gpd.GeoDataFrame, role: Role) -> gpd.GeoDataFrame:
    """The rows the role may see; without the column that decides, none."""
    rules = visible_rows(layer, role)
    if rules is None:
        return frame
    opened = pd.Series(data=False, index=frame.index)
    for rule in rules:
        if rule.field is None:
            opened |= True
        elif rule.field in frame.columns:
            opened |= frame[rule.field] == rule.value
    return frame[opened]


def _group(each: Drawn, frame: gpd.GeoDataFrame, role: Role, lang: Lang) -> folium.FeatureGroup:
    """One switchable layer: a GeoJSON per class, the first class of the legend on top."""
    group = folium.FeatureGroup(name=each.layer.title.get(lang), show=each.style.visible)
    seen = set(visible_fields(each.layer, role)) & set(each.layer.fields)
    fields = [f for f in each.layer.fields if f in seen and f.name in frame.columns]
    classes = _class_of_each(each, frame)
    for cls in reversed(each.classes):
        part = frame[[key == cls.key for key in classes]]
        if len(part):
            _geojson(each, cls, part, fields, lang).add_to(group)
    return group


def _class_of_each(each: Drawn, frame: gpd.GeoDataFrame) -> list[str]:
    rest = each.remainder.key
    if each.field is None or each.field not in frame.columns:
        return [rest] * len(frame)
    key_of = {value: cls.key for cls in each.classes for value in cls.values}  # noqa: PD011 - no frame
    return [key_of.get(value, rest) for value in frame[each.field]]


def _geojson(
    each: Drawn, cls: StyleClass, frame: gpd.GeoDataFrame, fields: list[Field], lang: Lang
) -> folium.GeoJson:
    columns = {field.name: _column(frame[field.name], field, lang) for field in fields}
    told = [field for field in fields if any(text is not None for text in columns[field.name])]
    geometries = json.loads(frame.geometry.to_json(drop_id=True))["features"]
    for place, feature in enumerate(geometries):
        feature["id"] = place
        feature["properties"] = {
            str(n): columns[field.name][place] or "–" for n, field in enumerate(told)
        }
    aliases = [html.escape(field.title.get(lang)) for field in told]
    names = [str(n) for n in range(len(told))]
    look = _look(each, cls)
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": geometries},
        style_function=lambda _: look,
        marker=_marker(each, cls),
        popup=folium.GeoJsonPopup(fields=names, aliases=aliases, max_width=420) if told else None,
        control=False,
    )


def _column(values: Any, field: Field, lang: Lang) -> list[str | None]:
    texts = [spoken(field, value, lang) for value in values]
    # folium writes values into the page as HTML, and these come out of a town's files
    return [None if text is None else html.escape(text) for text in texts]


def _look(each: Drawn, cls: StyleClass) -> dict[str, Any]:
    """Leaflet path options of a class."""
    look = each.style
    if look.symbol is Symbol.MARKER:
        return {}
    if look.symbol is Symbol.LINE:
        width = cls.size or _DEFAULT_WIDTH
        # white streets need the colour of their casing here: Leaflet draws one line, not two
        color = cls.outline or cls.color
        dash = " ".join(f"{part * width:g}" for part in cls.dash)
        return {
            "color": color,
            "weight": width,
            "opacity": look.opacity,
            "dashArray": dash or None,
            "fill": False,
        }
    outlined = bool(cls.outline) and look.outline_width > 0
    return {
        "stroke": outlined,
        "color": cls.outline or cls.color,
        "weight": look.outline_width,
        "fill": True,
        "fillColor": cls.color,
        "fillOpacity": look.opacity,
    }


def _marker(each: Drawn, cls: StyleClass) -> folium.Marker | folium.CircleMarker | None:
    if each.style.symbol is not Symbol.MARKER:
        return None
    if each.kind == "circle":
        return folium.CircleMarker(
            radius=diameter(cls) / 2,
            color=cls.outline or cls.color,
            weight=OUTLINE_PX if cls.outline else 0,
            fill=True,
            fill_color=cls.color,
            fill_opacity=each.style.opacity,
        )
    side = diameter(cls) + 4
    icon = folium.DivIcon(
        html=svg(cls),
        icon_size=(side, side),
        icon_anchor=(side // 2, side // 2),
        class_name="muang-marker",
    )
    return folium.Marker(icon=icon)


def _fit(page: folium.Map, frames: list[gpd.GeoDataFrame]) -> None:
    boxes = [frame.total_bounds for frame in frames if len(frame)]
    if not boxes:
        return
    west, south = (float(min(box[n] for box in boxes)) for n in (0, 1))
    east, north = (float(max(box[n] for box in boxes)) for n in (2, 3))
    # the left is the legend's
    page.fit_bounds(
        [[south, west], [north, east]],
        padding_top_left=(260, 16),
        padding_bottom_right=(16, 32),
    )
