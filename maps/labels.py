"""Names on the map: Thai and Latin in Sarabun, with a halo, placed by kind of geometry."""

from typing import Any

from layers.model import GeometryKind
from layers.style import Symbol
from layers.text import Lang
from maps.expressions import Expression
from maps.legend import Drawn
from maps.shapes import diameter

REGULAR = "Sarabun"
BOLD = "Sarabun Bold"
INK = "#15202b"
MUTED_INK = "#44525f"
HALO = "#ffffff"
_NEAR = 16

_FILES = {REGULAR: 400, BOLD: 700}


def font_faces(base_url: str) -> dict[str, Any]:
    """`font-faces` of a style: Thai letters from one file, everything else from the other."""
    fonts = f"{base_url}/assets/fonts"
    return {
        name: [
            {
                "url": f"{fonts}/sarabun-thai-{weight}-normal.woff2",
                "unicode-range": ["U+0E00-0E7F"],
            },
            {"url": f"{fonts}/sarabun-latin-{weight}-normal.woff2"},
        ]
        for name, weight in _FILES.items()
    }


def label_layers(drawn: Drawn, source: dict[str, str], lang: Lang) -> list[dict[str, Any]]:
    """The symbol layers that write the layer's names; none when it has none to write."""
    if drawn.label is None:
        return []
    name: Expression = ["get", drawn.label]
    if lang == "en" and drawn.label_en:
        name = ["coalesce", ["get", drawn.label_en], name]
    layout, paint = _LOOKS[_kind(drawn)](drawn)
    label = {
        "id": f"{drawn.layer.id}-label",
        "type": "symbol",
        **source,
        "minzoom": drawn.style.label_min_zoom,
        "layout": {
            "text-field": ["to-string", name],
            "text-padding": 3,
            **layout,
        },
        "paint": {
            "text-halo-color": HALO,
            "text-halo-width": 1.6,
            "text-halo-blur": 0.4,
            **paint,
        },
    }
    if drawn.layer.label_points is None:
        return [label]
    return _far_and_near(label, drawn.layer.label_points)


def _far_and_near(label: dict[str, Any], points: str) -> list[dict[str, Any]]:
    """From afar one name an area, at its label point; from near a faint one on each tile's piece.

    Close up the point is often off the screen, and which community this is must stay readable.
    """
    far = {**label, "source-layer": points, "maxzoom": _NEAR}
    near = {
        **label,
        "id": f"{label['id']}-near",
        "minzoom": _NEAR,
        "layout": {**label["layout"], "text-padding": 24},
        "paint": {**label["paint"], "text-opacity": 0.8},
    }
    return [far, near]


def _kind(drawn: Drawn) -> str:
    if drawn.layer.geometry is GeometryKind.POINT:
        return "marker"
    if drawn.layer.geometry is GeometryKind.MULTILINESTRING:
        return "along"
    return "water" if drawn.style.symbol is Symbol.FILL else "area"


def _size(start: tuple[float, float], end: tuple[float, float]) -> Expression:
    return ["interpolate", ["linear"], ["zoom"], *start, *end]


def _marker(drawn: Drawn) -> tuple[dict[str, Any], dict[str, Any]]:
    reach = max(diameter(cls) for cls in drawn.classes) / 2 + 3
    return {
        "text-font": [REGULAR],
        "text-size": _size((14, 12.5), (18, 15)),
        "text-max-width": 11,
        "text-variable-anchor": ["top", "bottom", "left", "right"],
        "text-radial-offset": round(reach / 13, 2),
        "text-justify": "auto",
    }, {"text-color": INK}


def _along(drawn: Drawn) -> tuple[dict[str, Any], dict[str, Any]]:
    # a white road's name is ink on white; a coloured route's name takes the route's colour
    color = drawn.remainder.color
    ink = MUTED_INK if color.lower() == HALO else color
    return {
        "symbol-placement": "line",
        "symbol-spacing": 320,
        "text-font": [REGULAR],
        "text-size": _size((14, 11.5), (18, 14.5)),
        "text-max-angle": 35,
    }, {"text-color": ink}


def _area(_: Drawn) -> tuple[dict[str, Any], dict[str, Any]]:
    return {
        "text-font": [BOLD],
        "text-size": _size((12, 12), (16, 16)),
        "text-max-width": 8,
    }, {"text-color": MUTED_INK}


def _water(_: Drawn) -> tuple[dict[str, Any], dict[str, Any]]:
    return {
        "text-font": [REGULAR],
        "text-size": _size((13, 12), (17, 15)),
        "text-max-width": 8,
    }, {"text-color": "#3f5f7c", "text-halo-color": "#e6ecf1"}


_LOOKS = {"marker": _marker, "along": _along, "area": _area, "water": _water}
