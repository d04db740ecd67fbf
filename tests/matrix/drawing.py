"""Rows of the matrix for tiles, TileJSON, styles, collections and schemas."""

import math
from collections.abc import Iterator
from typing import Any

from layers.catalog import LAYERS
from layers.model import GeometryKind, Layer
from layers.rasters import RASTERS
from tests.api.places import in_tiles
from tests.matrix import replies
from tests.matrix.asking import Asker
from tests.matrix.features import at
from tests.matrix.seeds import Row
from tests.tiny import ORIGIN

EXTENT = 4096
BUFFER = 64


def drawable() -> list[Layer]:
    """Layers with a geometry."""
    return [layer for layer in LAYERS if layer.geometry is not None]


def place(z: int, vertex: tuple[float, float]) -> tuple[float, float]:
    """A vertex in tiles from the west and the north."""
    return in_tiles(z, vertex[0] - ORIGIN[0], vertex[1] - ORIGIN[1])


def tiles_of(rows: list[Row], z: int) -> set[tuple[int, int]]:
    """The tiles that hold the first vertices of rows, seen or not."""
    found = {place(z, row.vertices[0]) for row in rows if row.shape is not None}
    return {(math.floor(across), math.floor(down)) for across, down in found}


def tiles(asker: Asker) -> None:
    """Each tile holds just the features one sees, in their places, with the declared fields."""
    for layer in [one for one in drawable() if one in asker.view.asked()]:
        z = max(layer.zooms.min, 13)
        if not asker.view.sees(layer):
            x, y = next(iter(tiles_of(asker.view.seeds.of(layer), z)))
            for path in (f"/tiles/{{}}/{z}/{x}/{y}.mvt", f"/tiles/roads,{{}}/{z}/{x}/{y}.mvt"):
                asker.same_refusal(layer.id, path, 404, params={"lang": "en"})
            continue
        for x, y in tiles_of(asker.view.seeds.of(layer), z):
            _holds(asker, [layer], (z, x, y))
        z = layer.zooms.max
        x, y = next(iter(tiles_of(asker.view.seeds.of(layer), z)))
        _holds(asker, [layer], (z, x, y))


def many_layers(asker: Asker) -> None:
    """A tile of every layer one sees; with a single hidden one there is no tile at all."""
    seen = [layer for layer in drawable() if asker.view.sees(layer)]
    z = max(layer.zooms.min for layer in seen)
    for x, y in tiles_of(asker.view.seeds.rows, z):
        _holds(asker, seen, (z, x, y))


def _holds(asker: Asker, layers: list[Layer], tile: tuple[int, int, int]) -> None:
    z, x, y = tile
    names = ",".join(layer.id for layer in layers)
    reply = asker.get(f"/tiles/{names}/{z}/{x}/{y}.mvt", (200, 204))
    drawn = replies.tile_of(reply)
    labels = {layer.label_points for layer in layers} - {None}
    assert set(drawn) <= {layer.id for layer in layers} | labels
    for layer in layers:
        rows = {row.id: row for row in asker.view.rows(layer)}
        features = drawn.get(layer.id, {"features": []})["features"]
        must = {n for n, row in rows.items() if _inside(row, tile)}
        given = {feature["id"] for feature in features}
        assert must <= given <= set(rows), (layer.id, tile)
        for feature in features:
            _is_drawn_as_declared(asker, feature, rows[feature["id"]], tile)
        for point in drawn.get(layer.label_points or "", {"features": []})["features"]:
            assert point["id"] in rows
            assert set(point["properties"]) <= asker.view.tile_fields(layer)


def _inside(row: Row, tile: tuple[int, int, int]) -> bool:
    across, down = place(tile[0], row.vertices[0])
    return tile[1:] == (math.floor(across), math.floor(down))


def _is_drawn_as_declared(
    asker: Asker, feature: dict[str, Any], row: Row, tile: tuple[int, int, int]
) -> None:
    expected = {
        name: row.values[name]
        for name in asker.view.tile_fields(row.layer)
        if row.values.get(name) is not None
    }
    assert set(feature["properties"]) == set(expected), row.name
    for name, value in expected.items():
        if isinstance(value, str | int | float):
            assert feature["properties"][name] == value, (row.name, name)
    if row.layer.geometry is GeometryKind.POINT:
        across, down = place(tile[0], row.vertices[0])
        px, py = (across - tile[1]) * EXTENT, (down - tile[2]) * EXTENT
        gx, gy = feature["geometry"]["coordinates"]
        assert abs(px - gx) <= 1, row.name
        assert abs(py - gy) <= 1, row.name


def tile_filters(asker: Asker) -> None:
    """A hidden field is no name in a tile's filter either; what is seen filters."""
    for layer in drawable():
        row = asker.view.seeds.of(layer)[-1]
        z = layer.zooms.max
        x, y = next(iter(tiles_of([row], z)))
        path = f"/tiles/{layer.id}/{z}/{x}/{y}.mvt"
        if not asker.view.sees(layer):
            asker.get(path, 404, params={"filter": "true"})
            continue
        for name in asker.view.hidden(layer):
            text = "true OR {} IS NULL"
            asker.same_refusal(name, path, 400, params={"filter": text, "lang": "en"})
        code = next(n for n in layer.natural_key)
        value = str(row.values[code]).replace("'", "''")
        reply = asker.get(path, (200, 204), params={"filter": f"{code} = '{value}'"})
        drawn = replies.tile_of(reply).get(layer.id, {"features": []})["features"]
        assert {f["id"] for f in drawn} == ({row.id} if asker.view.shows(row) else set())
        json = f'{{"op":"isNull","args":[{{"property":"{code}"}}]}}'
        params = {"filter": json, "filter-lang": "cql2-json"}
        asker.get(path, 204, params=params)


def tilejson(asker: Asker) -> None:
    """The fields announced are those in the tiles."""
    for layer in LAYERS:
        path = f"/tiles/{layer.id}.json"
        if not asker.view.sees(layer):
            asker.same_refusal(layer.id, "/tiles/{}.json", 404, params={"lang": "en"})
            continue
        if layer.geometry is None:
            asker.get(path, 404)
            continue
        for lang in ("th", "en"):
            told = asker.told(path, params={"lang": lang})
            fields = told["vector_layers"][0]["fields"]
            assert set(fields) == asker.view.tile_fields(layer)
            _is_the_town(asker, [told["bounds"]])
            _says_no_hidden_title(asker, layer, told, lang)


def style(asker: Asker) -> None:
    """The style draws the layers one sees, by fields one sees, and explains no others."""
    for lang in ("th", "en"):
        told = asker.told("/styles/town.json", params={"lang": lang})
        drawn = {
            layer["metadata"]["muang:layer"] for layer in told["layers"] if "metadata" in layer
        }
        assert drawn == {layer.id for layer in drawable() if asker.view.sees(layer)} & drawn
        assert drawn >= {row["layer"] for row in told["metadata"]["muang:legend"]}
        for layer in told["layers"]:
            declared = next(
                (one for one in LAYERS if one.id == layer.get("metadata", {}).get("muang:layer")),
                None,
            )
            used = set(_read(layer))
            if declared and layer.get("source-layer") == declared.cells:
                used -= {"count"}  # of features one sees all of: cells are for layers without rules
            assert used <= (asker.view.tile_fields(declared) if declared else set()), layer["id"]
        for entry in told["metadata"]["muang:legend"]:
            declared = next(one for one in LAYERS if one.id == entry["layer"])
            _says_no_hidden_title(asker, declared, entry["classes"], lang)


def _read(part: Any) -> Iterator[str]:
    """Names of the properties an expression of a style reads."""
    if isinstance(part, dict):
        for value in part.values():
            yield from _read(value)
    elif isinstance(part, list):
        if len(part) == 2 and part[0] in ("get", "has") and isinstance(part[1], str):
            yield part[1]
        for value in part:
            yield from _read(value)


_OF_THE_FORMAT = {"description"}
"""Keys TileJSON and JSON Schema have whatever a layer's fields are called."""


def _says_no_hidden_title(asker: Asker, layer: Layer, told: Any, lang: str) -> None:
    """Neither name, title nor code of a field that does not exist for this person."""
    seen = {
        word
        for one in LAYERS
        for field in asker.view.fields(one).values()
        for word in (field.name, field.title.th, field.title.en, *_codes(field))
    } | {one.id for one in LAYERS}
    titles = {text for one in LAYERS for text in (one.title.th, one.title.en)}
    words = set(map(str, replies.walked(told)))
    for name in asker.view.hidden(layer):
        field = layer.field(name)
        own = {field.name, field.title.get("th"), field.title.get("en"), *_codes(field)}
        assert not (own - seen - titles - _OF_THE_FORMAT) & words, (layer.id, name, lang)


def _codes(field: Any) -> list[str]:
    return [w for code in field.codes for w in (code.value, code.label.th, code.label.en)]


def collections(asker: Asker) -> None:
    """The collections are the layers one sees; no extent reaches beyond what everybody knows."""
    told = asker.told("/ogc/collections")["collections"]
    assert [one["id"] for one in told] == [layer.id for layer in asker.view.layers()]
    for one in told:
        assert asker.told(f"/ogc/collections/{one['id']}") == one
        _is_the_town(asker, one.get("extent", {"spatial": {"bbox": []}})["spatial"]["bbox"])
    for layer in LAYERS:
        if not asker.view.sees(layer):
            asker.same_refusal(layer.id, "/ogc/collections/{}", 404, params={"lang": "en"})


def _is_the_town(asker: Asker, found: list[list[float]]) -> None:
    """The extent of the boundary, which the homes on both sides of it would widen."""
    (boundary,) = [row for row in asker.view.seeds.rows if row.layer.id == "town_boundary"]
    for west, south, east, north in found:
        corners = [place(0, vertex) for vertex in boundary.vertices]
        edges = [(west + 180) / 360, (east + 180) / 360]
        assert abs(edges[0] - min(x for x, _ in corners)) < 1e-7
        assert abs(edges[1] - max(x for x, _ in corners)) < 1e-7
        assert south < north


def schemas(asker: Asker) -> None:
    """Queryables and schema name the fields one sees, and nothing of the others."""
    for layer in LAYERS:
        for tail in ("/schema", "/queryables"):
            if not asker.view.sees(layer):
                asker.same_refusal(
                    layer.id, "/ogc/collections/{}" + tail, 404, params={"lang": "en"}
                )
                continue
            for lang in ("th", "en"):
                told = asker.told(at(layer, tail), params={"lang": lang})
                expected = set(asker.view.fields(layer))
                assert set(told["properties"]) - {"geometry"} == expected
                assert ("geometry" in told["properties"]) == (layer.geometry is not None)
                for field in told["properties"].values():
                    linked = field.get("x-muang-references")
                    assert linked is None or linked in {one.id for one in asker.view.layers()}
                _says_no_hidden_title(asker, layer, told, lang)


def basemap(asker: Asker) -> None:
    """The ground is everybody's and the same for each; a file nobody made is none.

    What is in a file, and that only the public's view can be: `tests/ops/test_basemap.py`.
    """
    for lang in ("th", "en"):
        told = asker.told("/styles/basemap.json", params={"lang": lang})
        plain = asker.client.send("GET", f"/styles/basemap.json?lang={lang}").json()
        assert told["layers"] == plain["layers"]
        assert told["sources"] == {}
    for name in ("matrix-" + "0" * 32, "..%2f..%2fsecret", "town"):
        asker.get(f"/basemap/{name}.pmtiles", 404, headers={"Range": "bytes=0-9"})


def rasters(asker: Asker) -> None:
    """A raster nobody has loaded is none, like one that never was, on each of its paths.

    Who sees those there are, and that others see no trace: `tests/api/test_rasters.py`.
    """
    assert asker.told("/rasters") == {"rasters": []}
    tails = {
        ".json": {},
        "/14/12975/7497.png": {},
        "/7/0/0.png": {},
        "/value": {"lon": 1, "lat": 1},
    }
    for raster in RASTERS:
        for tail, more in tails.items():
            params = {"lang": "en", **more}
            asker.same_refusal(raster.id, "/rasters/{}" + tail, 404, params=params)
