"""MapLibre GL style (version 8, for MapLibre GL JS >= 6.17) of a town, made for one role.

Everything comes from the layers' own declarations; a layer or a field the role may not see is
nowhere in the style. What the page that draws it may rely on, above all the naming of marker
images (`muang-<shape>-<fill>-<outline>-<diameter>`, drawn by the page from the paths in
`metadata["muang:shapes"]`), of map layers and of the flood scenario, is written down in
docs/dashboard-style-contract.md.
"""

from collections.abc import Iterable
from typing import Any

from layers.model import GeometryKind, Layer, Role
from layers.style import StyleClass, Symbol
from layers.text import Lang
from maps.expressions import (
    BORDER_GROWTH,
    HAIRLINE_GROWTH,
    LINE_GROWTH,
    MARKER_GROWTH,
    TRANSPARENT,
    Expression,
    by_class,
    grow,
    rank,
)
from maps.frame import TownFrame
from maps.labels import font_faces, label_layers
from maps.legend import Drawn, drawn, legend
from maps.shapes import OUTLINE_PX, PATHS, diameter, icon_id

GROUND = "#e8ebed"
TOWN_LAYER = "town_boundary"
TOWN_GROUND = "#f3f4f2"
SCENARIO_LAYER = "flood_zones"
SCENARIO_FIELDS = ("kind", "return_period_y", "stage_m")
SCENARIO_DEFAULT = {"return_period_y": 100}

OUTLINED_FROM = 14
"""Further out, outlines of layers of thousands lie closer than the eye parts them, and cost a slow
machine more than all the rest of the picture."""
_DEFAULT_WIDTH = 1.0
_CASING_PX = 1.6
_UNBROKEN = (1.0, 0.0)
_CELL_RADII = (1, 2.5, 10, 7)
"""Root of a cell's count and radius in pixels: cells of marks lie 16 pixels apart."""
_CELL_STROKE_PX = 0.5


def style(
    layers: Iterable[Layer], role: Role, lang: Lang, base_url: str, town: TownFrame
) -> dict[str, Any]:
    """The style as plain JSON values.

    `base_url` is the address the server is reached at (MapLibre needs absolute font addresses);
    tiles and fonts come from there and from nowhere else. `lang` chooses the style's own words;
    the legend in the metadata holds both languages.
    """
    base_url = base_url.rstrip("/")
    shown = drawn(layers, role)
    features = [part for each in shown for part in _features(each)]
    labels = [part for each in shown for part in _labels(each, lang)]
    view = {"center": list(town.centre), "zoom": town.zoom} if town.centre else {}
    return {
        "version": 8,
        "name": town.name.get(lang),
        "metadata": _metadata(shown, role, lang, town),
        **view,
        "font-faces": font_faces(base_url),
        "sources": {f"muang-{each.layer.id}": _tiles(each, base_url, town, lang) for each in shown},
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": GROUND}},
            *(_ground(each) for each in shown if each.layer.id == TOWN_LAYER),
            *features,
            *labels,
        ],
    }


def _tiles(each: Drawn, base_url: str, town: TownFrame, lang: Lang) -> dict[str, Any]:
    """A layer's source. Its TileJSON is written out: asking for each cost a first map a second."""
    source: dict[str, Any] = {
        "type": "vector",
        "tiles": [f"{base_url}/tiles/{each.layer.id}/{{z}}/{{x}}/{{y}}.mvt"],
        "minzoom": each.layer.zooms.min,
        "maxzoom": each.layer.zooms.max,
        "attribution": town.credit.get(lang),
    }
    return source | ({"bounds": list(town.bounds)} if town.bounds else {})


def _metadata(shown: tuple[Drawn, ...], role: Role, lang: Lang, town: TownFrame) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "muang:legend": legend([each.layer for each in shown], role),
        "muang:shapes": {shape.value: path for shape, path in PATHS.items()},
        "muang:town": {
            "id": town.id,
            "name": town.name.model_dump(),
            "bounds": list(town.bounds) if town.bounds else None,
            "synthetic": town.synthetic,
        },
        "muang:role": role.value,
        "muang:lang": lang,
    }
    for each in shown:
        if each.layer.id == SCENARIO_LAYER:
            metadata["muang:scenario"] = {
                "layer": SCENARIO_LAYER,
                "map_layers": [part["id"] for part in _features(each)],
                "fields": list(SCENARIO_FIELDS),
                "default": SCENARIO_DEFAULT,
                "filter": _scenario_filter(),
            }
    return metadata


def _scenario_filter() -> Expression:
    tests = [["==", ["get", name], value] for name, value in SCENARIO_DEFAULT.items()]
    return tests[0] if len(tests) == 1 else ["all", *tests]


def _features(each: Drawn) -> list[dict[str, Any]]:
    """Map layers of one layer's features, lowest first."""
    parts = [*_cells(each), *(part for part in _PARTS[each.style.symbol](each) if part)]
    for part in parts:
        _finish(each, part)
        if each.layer.id == SCENARIO_LAYER:
            part["filter"] = _scenario_filter()
    return parts


def _ground(each: Drawn) -> dict[str, Any]:
    """The town's own ground, a little lighter than the land around it; below everything."""
    part = {
        "id": f"{each.layer.id}-ground",
        "type": "fill",
        **_source(each),
        "paint": {"fill-color": TOWN_GROUND},
    }
    _finish(each, part)
    return part


def _labels(each: Drawn, lang: Lang) -> list[dict[str, Any]]:
    parts = label_layers(each, _source(each), lang)
    for part in parts:
        _finish(each, part)
    return parts


def _source(each: Drawn) -> dict[str, str]:
    return {"source": f"muang-{each.layer.id}", "source-layer": each.layer.id}


def _finish(each: Drawn, part: dict[str, Any]) -> None:
    part["metadata"] = {"muang:layer": each.layer.id}
    part.setdefault("minzoom", each.layer.zooms.min)
    if not each.style.visible:
        part.setdefault("layout", {})["visibility"] = "none"


def _fill(each: Drawn) -> list[dict[str, Any]]:
    name, look = each.layer.id, each.style
    parts: list[dict[str, Any]] = [
        {
            "id": name,
            "type": "fill",
            **_source(each),
            "layout": {"fill-sort-key": rank(each)},
            "paint": {
                "fill-color": by_class(each, lambda cls: cls.color),
                "fill-opacity": _opacity(each),
            },
        }
    ]
    if look.outline_width > 0 and any(cls.outline for cls in each.classes):
        parts.append(
            {
                "id": f"{name}-outline",
                "type": "line",
                **_source(each),
                "layout": {"line-join": "round"},
                "paint": {
                    "line-color": by_class(each, lambda cls: cls.outline or TRANSPARENT),
                    "line-width": grow(look.outline_width, HAIRLINE_GROWTH),
                },
                **({"minzoom": OUTLINED_FROM} if each.layer.cells else {}),
            }
        )
    return parts


def _cells(each: Drawn) -> list[dict[str, Any]]:
    """From afar, where a tile has too many features: cells in the colour of the commonest class.

    The tile says which: it holds features or cells of a layer, never both.
    """
    name = each.layer.cells
    if name is None:
        return []
    part: dict[str, Any] = {
        "id": f"{each.layer.id}-cells",
        "source": f"muang-{each.layer.id}",
        "source-layer": name,
        "maxzoom": each.layer.zooms.cells_below,
    }
    color = by_class(each, lambda cls: cls.color)
    if each.style.symbol is not Symbol.MARKER:
        paint = {
            "fill-color": color,
            "fill-opacity": each.style.opacity,
            "fill-antialias": False,  # cells lie edge to edge
        }
        return [{**part, "type": "fill", "paint": paint}]
    paint = {
        "circle-color": color,
        "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], *_CELL_RADII],
        "circle-stroke-color": by_class(each, lambda cls: cls.outline or TRANSPARENT),
        "circle-stroke-width": _CELL_STROKE_PX,
        "circle-opacity": each.style.opacity,
    }
    return [{**part, "type": "circle", "layout": {"circle-sort-key": rank(each)}, "paint": paint}]


def _opacity(each: Drawn) -> Expression:
    """Water thins out close up, where the streets and parcels under it must be readable."""
    opacity = each.style.opacity
    if each.layer.id != SCENARIO_LAYER:
        return opacity
    return ["interpolate", ["linear"], ["zoom"], 15, opacity, 18, round(opacity * 0.75, 3)]


def _width(cls: StyleClass) -> float:
    return cls.size or _DEFAULT_WIDTH


def _dash(cls: StyleClass) -> Expression:
    return ["literal", list(cls.dash or _UNBROKEN)]


def _growth(each: Drawn) -> tuple[tuple[int, float], ...]:
    """A street is as broad as it is on the ground; a border is a mark, about the same anywhere."""
    area = each.layer.geometry is GeometryKind.MULTIPOLYGON
    return BORDER_GROWTH if area else LINE_GROWTH


def _line(each: Drawn) -> list[dict[str, Any]]:
    name, width = each.layer.id, by_class(each, _width)
    cap = "butt" if any(cls.dash for cls in each.classes) else "round"
    layout = {"line-cap": cap, "line-join": "round", "line-sort-key": rank(each)}
    line: dict[str, Any] = {
        "id": name,
        "type": "line",
        **_source(each),
        "layout": layout,
        "paint": {
            "line-color": by_class(each, lambda cls: cls.color),
            "line-width": grow(width, _growth(each)),
            "line-opacity": each.style.opacity,
        },
    }
    if any(cls.dash for cls in each.classes):
        line["paint"]["line-dasharray"] = by_class(each, _dash)
    if not any(cls.outline for cls in each.classes):
        return [line]
    casing = {
        "id": f"{name}-casing",
        "type": "line",
        **_source(each),
        "layout": dict(layout),
        "paint": {
            "line-color": by_class(each, lambda cls: cls.outline or TRANSPARENT),
            "line-width": grow(width, LINE_GROWTH, extra=_CASING_PX),
            "line-opacity": each.style.opacity,
        },
    }
    return [casing, line]


def _marker(each: Drawn) -> list[dict[str, Any]]:
    return [_circle(each) if each.kind == "circle" else _icon(each)]


def _circle(each: Drawn) -> dict[str, Any]:
    return {
        "id": each.layer.id,
        "type": "circle",
        **_source(each),
        "layout": {"circle-sort-key": rank(each)},
        "paint": {
            "circle-color": by_class(each, lambda cls: cls.color),
            "circle-radius": grow(by_class(each, lambda cls: diameter(cls) / 2), MARKER_GROWTH),
            "circle-stroke-color": by_class(each, lambda cls: cls.outline or TRANSPARENT),
            "circle-stroke-width": OUTLINE_PX,
            "circle-opacity": each.style.opacity,
        },
    }


def _icon(each: Drawn) -> dict[str, Any]:
    return {
        "id": each.layer.id,
        "type": "symbol",
        **_source(each),
        "layout": {
            "icon-image": by_class(each, icon_id),
            "icon-size": grow(1, MARKER_GROWTH),
            # every marker is drawn, whatever it covers: a missing heart would be read as "nobody"
            "icon-allow-overlap": True,
            "icon-ignore-placement": each.label is None,
            "symbol-sort-key": rank(each),
        },
        "paint": {"icon-opacity": each.style.opacity},
    }


_PARTS = {Symbol.FILL: _fill, Symbol.LINE: _line, Symbol.MARKER: _marker}
