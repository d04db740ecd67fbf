"""MapLibre style of the basemap: a calm grey ground on which water and people stand out.

Nothing on it is blue enough to be read as flood, and nothing is red. Each layer's metadata names
the town's own layer that says the same, live (`muang:under`): a page that shows that one hides
the basemap's words for it, so that no name is written twice.
"""

from typing import Any

from layers.text import Lang, Text
from maps.basemap_credit import OSM_CREDIT, credit_of
from maps.expressions import Expression
from maps.frame import TownFrame
from maps.labels import BOLD, REGULAR, font_faces

SOURCE = "basemap"
GROUND = "#e9ebeb"
WATER = "#d3dbe1"
WATER_INK = "#5d7488"
BUILDING = "#d8d8d3"
BUILDING_EDGE = "#c4c4be"
STREET = "#ffffff"
CASING = "#c5ccd1"
BOUNDARY = "#98a2ab"
INK = "#4b5863"
FAINT_INK = "#66727c"
HALO = "#ffffff"

_STREETS: tuple[tuple[str, tuple[str, ...], float, tuple[tuple[float, float], ...]], ...] = (
    ("track", ("track",), 14, ((14, 0.8), (18, 4))),
    ("service", ("service",), 13.5, ((13, 0.6), (15, 1.6), (18, 9))),
    ("residential", ("residential", "unclassified"), 12, ((12, 0.5), (14, 1.4), (18, 14))),
    ("secondary", ("secondary", "tertiary"), 10, ((10, 0.7), (14, 2.6), (18, 18))),
    ("primary", ("primary",), 8, ((8, 0.8), (14, 3.6), (18, 22))),
    ("trunk", ("motorway", "trunk"), 6, ((6, 0.8), (14, 4.4), (18, 26))),
)
"""Kinds of street, lowest first: name, Shortbread kinds, from which zoom, widths in pixels."""
_CASING_PX = 1.4


def basemap_style(
    base_url: str, town: TownFrame, lang: Lang, *, file: str | None, osm: bool
) -> dict[str, Any]:
    """The style as plain JSON values; without a `file` only the ground.

    The source is read with the PMTiles protocol from our own address; `lang` puts English names
    first where there are any, otherwise Thai names come first.
    """
    base_url = base_url.rstrip("/")
    credit = credit_of(town.credit, osm=osm)
    view = {"center": list(town.centre), "zoom": town.zoom} if town.centre else {}
    source = {
        "type": "vector",
        "url": f"pmtiles://{base_url}/basemap/{file}",
        "attribution": credit.get(lang),
    }
    return {
        "version": 8,
        "name": Text(th="แผนที่ฐาน", en="Basemap").get(lang),
        "metadata": {
            "muang:basemap": file,
            "muang:credit": credit.model_dump(),
            "muang:osm": OSM_CREDIT.model_dump() if osm else None,
            "muang:lang": lang,
        },
        **view,
        "font-faces": font_faces(base_url),
        "sources": {} if file is None else {SOURCE: source},
        "layers": [_background(), *([] if file is None else _layers(lang))],
    }


def _background() -> dict[str, Any]:
    return {
        "id": "basemap-background",
        "type": "background",
        "paint": {"background-color": GROUND},
    }


def _layers(lang: Lang) -> list[dict[str, Any]]:
    return [
        _part("ocean", "fill", "ocean", paint={"fill-color": WATER}),
        _part("water", "fill", "water_polygons", paint={"fill-color": WATER}),
        _part(
            "water-edge",
            "line",
            "water_polygons",
            minzoom=12,
            paint={"line-color": "#c3cdd5", "line-width": _ramp((12, 0.4), (16, 1.2))},
        ),
        _part(
            "buildings",
            "fill",
            "buildings",
            minzoom=14,
            under="buildings",
            paint={"fill-color": BUILDING, "fill-opacity": _ramp((14, 0.7), (15.5, 1))},
        ),
        _part(
            "buildings-edge",
            "line",
            "buildings",
            minzoom=15,
            under="buildings",
            paint={"line-color": BUILDING_EDGE, "line-width": _ramp((15, 0.3), (18, 1))},
        ),
        *_casings(),
        *_fills(),
        *_boundary(),
        *_labels(lang),
    ]


def _part(
    name: str, kind: str, layer: str, *, under: str | None = None, **rest: Any
) -> dict[str, Any]:
    """A layer of the basemap; `under` is the town's own layer that says the same."""
    part = {"id": f"basemap-{name}", "type": kind, "source": SOURCE, "source-layer": layer, **rest}
    if under:
        part["metadata"] = {"muang:under": under}
    return part


def _ramp(*stops: tuple[float, float]) -> Expression:
    return ["interpolate", ["exponential", 1.5], ["zoom"], *(one for stop in stops for one in stop)]


def _casings() -> list[dict[str, Any]]:
    """The edges of all streets below all their fills, so that crossings stay open."""
    return [
        _part(
            f"street-{name}-casing",
            "line",
            "streets",
            filter=_kinds(kinds),
            minzoom=max(least, 12.5),
            layout={"line-cap": "butt", "line-join": "round"},
            paint={
                "line-color": CASING,
                "line-width": _ramp(*((zoom, width + _CASING_PX) for zoom, width in widths)),
            },
        )
        for name, kinds, least, widths in _STREETS
        if name != "track"
    ]


def _fills() -> list[dict[str, Any]]:
    parts = []
    for name, kinds, least, widths in _STREETS:
        part = _part(
            f"street-{name}",
            "line",
            "streets",
            filter=_kinds(kinds),
            minzoom=least,
            layout={"line-cap": "round", "line-join": "round"},
            paint={"line-color": STREET, "line-width": _ramp(*widths)},
        )
        if name == "track":
            part["layout"]["line-cap"] = "butt"
            part["paint"] |= {"line-color": CASING, "line-dasharray": [3, 1.5]}
        parts.append(part)
    return parts


def _kinds(kinds: tuple[str, ...]) -> Expression:
    return ["in", ["get", "kind"], ["literal", list(kinds)]]


def _boundary() -> list[dict[str, Any]]:
    wide = {"line-color": HALO, "line-width": _ramp((8, 2), (14, 5)), "line-opacity": 0.6}
    thin = {
        "line-color": BOUNDARY,
        "line-width": _ramp((8, 0.8), (14, 1.6)),
        "line-dasharray": [4, 2, 1, 2],
    }
    join = {"line-join": "round"}
    under = "town_boundary"
    return [
        _part("boundary-halo", "line", "boundaries", under=under, layout=join, paint=wide),
        _part("boundary", "line", "boundaries", under=under, layout=join, paint=thin),
    ]


def _labels(lang: Lang) -> list[dict[str, Any]]:
    name = _name(lang)
    along = {
        "text-field": name,
        "text-font": [REGULAR],
        "symbol-placement": "line",
        "text-max-angle": 35,
        "symbol-spacing": 340,
        "text-padding": 4,
    }
    main = ["in", ["get", "kind"], ["literal", ["trunk", "primary", "secondary"]]]
    return [
        _part(
            "poi",
            "circle",
            "pois",
            minzoom=14.5,
            under="facilities",
            paint={
                "circle-radius": 2.2,
                "circle-color": "#a7afb6",
                "circle-stroke-color": HALO,
                "circle-stroke-width": 1,
            },
        ),
        _part(
            "poi-label",
            "symbol",
            "pois",
            minzoom=15.5,
            under="facilities",
            layout={
                "text-field": name,
                "text-font": [REGULAR],
                "text-size": _ramp((15, 11), (18, 13)),
                "text-anchor": "top",
                "text-offset": [0, 0.5],
                "text-max-width": 9,
                "text-padding": 4,
            },
            paint=_ink(FAINT_INK),
        ),
        _part(
            "street-label",
            "symbol",
            "street_labels",
            minzoom=15,
            under="roads",
            filter=["!", main],
            layout={**along, "text-size": _ramp((15, 10.5), (18, 13))},
            paint=_ink(FAINT_INK),
        ),
        _part(
            "street-main-label",
            "symbol",
            "street_labels",
            minzoom=13,
            under="roads",
            filter=main,
            layout={**along, "text-size": _ramp((13, 11), (18, 14.5))},
            paint=_ink(INK),
        ),
        _part(
            "water-label",
            "symbol",
            "water_polygons_labels",
            under="water",
            layout={
                "text-field": name,
                "text-font": [REGULAR],
                "text-size": _ramp((11, 11.5), (17, 15)),
                "text-max-width": 7,
            },
            paint={**_ink(WATER_INK), "text-halo-color": "#e8edf0"},
        ),
        _part(
            "neighbourhood-label",
            "symbol",
            "place_labels",
            minzoom=12.5,
            maxzoom=16.5,
            under="communities",
            filter=["==", ["get", "kind"], "neighbourhood"],
            layout={
                "text-field": name,
                "text-font": [REGULAR],
                "text-size": _ramp((12, 11), (16, 14)),
                "text-max-width": 7,
                "text-padding": 6,
            },
            paint=_ink(FAINT_INK),
        ),
        _part(
            "town-label",
            "symbol",
            "place_labels",
            maxzoom=12.5,
            filter=["==", ["get", "kind"], "town"],
            layout={
                "text-field": name,
                "text-font": [BOLD],
                "text-size": _ramp((4, 12), (12, 18)),
                "text-max-width": 9,
            },
            paint=_ink(INK),
        ),
    ]


def _name(lang: Lang) -> Expression:
    thai, english = ["get", "name"], ["get", "name_en"]
    first = [english, thai] if lang == "en" else [thai, english]
    return ["coalesce", *first, ""]


def _ink(color: str) -> dict[str, Any]:
    return {"text-color": color, "text-halo-color": HALO, "text-halo-width": 1.4}
