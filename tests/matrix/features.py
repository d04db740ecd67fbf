"""Rows of the matrix for OGC API Features: what each person gets of each layer, and is refused."""

import json
from datetime import date, datetime
from typing import Any

import shapely
from pyproj import Transformer
from shapely.geometry import box

from layers.catalog import LAYERS
from layers.model import Field, FieldType, Layer
from tests.api.places import TO_DEGREES, moved
from tests.matrix.asking import Asker
from tests.matrix.seeds import Row

EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
AT = "/ogc/collections/{}"
FROM_MERCATOR = Transformer.from_crs(3857, 32648, always_xy=True)


def at(layer: Layer, tail: str = "") -> str:
    """Address of a layer's collection."""
    return AT.format(layer.id) + tail


def matched(asker: Asker, layer: Layer, **params: Any) -> set[str]:
    """Names of the rows a question finds; the number told is the number of those given."""
    told = asker.told(at(layer, "/items"), params={"limit": 1000, **params})
    by_id = {row.id: row.name for row in asker.view.seeds.of(layer)}
    found = {by_id[feature["id"]] for feature in told["features"]}
    assert told["numberMatched"] == told["numberReturned"] == len(found), params
    return found


def names(rows: list[Row]) -> set[str]:
    """Names of rows."""
    return {row.name for row in rows}


def items(asker: Asker) -> None:
    """Rows, fields and values are those declared; the count and the page tell the same."""
    for layer in asker.view.asked():
        if not asker.view.sees(layer):
            asker.same_refusal(layer.id, AT.format("{}") + "/items", 404, params={"lang": "en"})
            continue
        rows, fields = asker.view.rows(layer), asker.view.fields(layer)
        for crs in (EPSG.format(3857), EPSG.format(32648), EPSG.format(4326), CRS84):
            told = asker.told(at(layer, "/items"), params={"crs": crs, "limit": 1000})
            assert told["numberMatched"] == len(rows), layer.id
            assert {feature["id"] for feature in told["features"]} == {row.id for row in rows}
        bare = asker.told(at(layer, "/items"), params={"skipGeometry": "true"})["features"]
        assert not [feature for feature in bare if feature["geometry"] is not None]
        for feature in [*told["features"], *bare]:
            row = next(row for row in rows if row.id == feature["id"])
            _is_as_declared(feature["properties"], row, fields)
        _pages(asker, layer, rows)


def _is_as_declared(properties: dict[str, Any], row: Row, fields: dict[str, Field]) -> None:
    """Exactly the visible fields, and in each of them the very canary that was seeded."""
    assert set(properties) == set(fields) - {"id"}, row.name
    for name in set(properties) & set(row.values):
        seeded = row.values[name]
        if isinstance(seeded, datetime):
            assert datetime.fromisoformat(properties[name]) == seeded, (row.name, name)
        else:
            expected = seeded.isoformat() if isinstance(seeded, date) else seeded
            assert properties[name] == expected, (row.name, name)
    for system in ("source", "updated_by"):
        if system in fields:
            assert row.tokens[system] in properties[system], (row.name, system)


def _pages(asker: Asker, layer: Layer, rows: list[Row]) -> None:
    given = []
    for offset in range(len(asker.view.seeds.of(layer)) + 1):
        told = asker.told(at(layer, "/items"), params={"limit": 1, "offset": offset})
        assert told["numberMatched"] == len(rows)
        given += [feature["id"] for feature in told["features"]]
        assert ("next" in {link["rel"] for link in told["links"]}) == (offset + 1 < len(rows))
    assert given == sorted(row.id for row in rows)


def boxes(asker: Asker) -> None:
    """A box around any row, seen or not, finds just what is seen."""
    for layer in filter(asker.view.sees, asker.view.asked()):
        for row in asker.view.seeds.of(layer):
            if row.shape is None:
                assert matched(asker, layer, bbox="-180,-90,180,90") == set()
                continue
            x, y = row.vertices[0]
            around = box(x - 3, y - 3, x + 3, y + 3)
            inside = names(
                [seen for seen in asker.view.rows(layer) if shapely.intersects(seen.shape, around)]
            )
            degrees = ",".join(f"{edge:.7f}" for edge in moved(around, TO_DEGREES).bounds)
            metres = ",".join(f"{edge:.3f}" for edge in around.bounds)
            assert matched(asker, layer, bbox=degrees) == inside
            assert matched(asker, layer, bbox=metres, **{"bbox-crs": EPSG.format(32648)}) == inside
            spatial = f"S_INTERSECTS(geometry,BBOX({degrees}))"
            assert matched(asker, layer, filter=spatial, **{"filter-crs": CRS84}) == inside
            # everything but the small box: rows that are not seen are not counted either
            rest = names(asker.view.rows(layer)) - inside
            assert matched(asker, layer, filter=f"NOT {spatial}") == rest


def selections(asker: Asker) -> None:
    """`properties=` of one feature and of a page."""
    for layer in asker.view.layers():
        fields = sorted(asker.view.fields(layer))
        for name in asker.view.hidden(layer):
            for tail in ("/items", f"/items/{asker.view.seeds.of(layer)[0].id}"):
                params = {"properties": f"id,{{}},{fields[0]}", "lang": "en"}
                asker.same_refusal(name, at(layer, tail), 400, params=params)
        for picked in (fields[::2], fields[1::2]):
            params = {"properties": ",".join(picked)}
            for feature in asker.told(at(layer, "/items"), params=params)["features"]:
                assert set(feature["properties"]) == set(picked) - {"id"}


def literal(field: Field, value: Any) -> str:
    """A value as a CQL2 literal."""
    if field.type is FieldType.DATE:
        return f"DATE('{value.isoformat()}')"
    if field.type is FieldType.DATETIME:
        return f"TIMESTAMP('{value.strftime('%Y-%m-%dT%H:%M:%SZ')}')"
    return f"'{str(value).replace(chr(39), chr(39) * 2)}'" if isinstance(value, str) else str(value)


def test_of(field: Field, value: Any) -> str:
    """A CQL2 condition that holds for rows with the value."""
    if field.type is FieldType.TEXT_LIST:
        return f"A_CONTAINS({field.name}, ({literal(field, value[0])}))"
    if field.type is FieldType.BOOLEAN:
        return f"{field.name} = {str(value).lower()}"
    return f"{field.name} = {literal(field, value)}"


def filters(asker: Asker) -> None:
    """A row is found by what is seen of it; a hidden field is no name at all, however asked."""
    for layer in LAYERS:
        path = at(layer, "/items")
        if not asker.view.sees(layer):
            for query in ({"filter": "code='x'"}, {"filter": "true"}, {"code": "x"}):
                asker.get(path, 404, params=query)
            continue
        fields = asker.view.fields(layer)
        seen = asker.view.rows(layer)
        for row in asker.view.seeds.of(layer):
            known = [
                test_of(field, row.values[name])
                for name, field in fields.items()
                if row.values.get(name) is not None
            ]
            if asker.view.shows(row):
                assert row.name in matched(asker, layer, filter=" AND ".join(known))
                assert row.name in matched(asker, layer, **_equalities(fields, row))
            else:
                unique = [t for t in known if any(k in t for k in row.tokens.values())]
                assert matched(asker, layer, filter=" OR ".join(unique)) == set()
                key = layer.natural_key[0]
                # a key many rows share, as steps share their event, finds the others only
                others = {r.name for r in seen if r.values[key] == row.values[key]}
                assert matched(asker, layer, **{key: str(row.values[key])}) == others
        for name in asker.view.hidden(layer):
            for form in _forms():
                params = {**form, "lang": "en"}
                asker.same_refusal(name, path, 400, params=params)


def _equalities(fields: dict[str, Field], row: Row) -> dict[str, str]:
    made = {}
    for name, field in fields.items():
        value = row.values.get(name)
        if value is not None and name != "crs":
            value = value[0] if field.type is FieldType.TEXT_LIST else value
            value = str(value).lower() if isinstance(value, bool) else value
            made[name] = value.isoformat() if isinstance(value, date) else str(value)
    return made


def _forms() -> list[dict[str, str]]:
    """Every way to name a field, with `{}` in its place, also behind a test that holds already."""
    tree = {"op": "or", "args": [True, {"op": "isNull", "args": [{"property": "{}"}]}]}
    texts = ["true OR {} IS NULL", "CASEI({}) LIKE '%' AND id = {}"]
    forms: list[dict[str, str]] = [{"{}": "x"}, *({"filter": text} for text in texts)]
    forms.append({"sortby": "{}"})
    forms.append({"filter": json.dumps(tree), "filter-lang": "cql2-json"})
    return forms


def moments(asker: Asker) -> None:
    """`datetime` compares the field the schema names, which is seen; no hidden day answers."""
    for layer in asker.view.layers():
        schema = asker.told(at(layer, "/schema"))["properties"]
        (instant,) = [
            name for name, told in schema.items() if told.get("x-ogc-role") == "primary-instant"
        ] or [None]
        assert instant is None or instant in asker.view.fields(layer)
        rows = asker.view.rows(layer)
        days = {
            str(value)[:10]
            for row in asker.view.seeds.of(layer)
            for value in row.values.values()
            if isinstance(value, date)
        }
        for day in days | {"1999-01-01"}:
            on_it = [r for r in rows if str(r.values.get(instant or ""))[:10] == day]
            expected = names(on_it if instant else rows)
            assert matched(asker, layer, datetime=day) == expected, (layer.id, day)


def one_by_one(asker: Asker) -> None:
    """Every id there is: the row as declared, or the refusal of an id that never was."""
    for layer in asker.view.asked():
        fields = asker.view.fields(layer)
        for row in asker.view.seeds.of(layer):
            path = at(layer, f"/items/{row.id}")
            if asker.view.shows(row):
                for crs in (CRS84, EPSG.format(3857)):
                    told = asker.told(path, params={"crs": crs})
                    assert told["id"] == row.id
                    _is_as_declared(told["properties"], row, fields)
                _is_in_its_place(told["geometry"], row)
                assert asker.told(path, params={"skipGeometry": "true"})["geometry"] is None
                continue
            refused = asker.get(path, 404, params={"lang": "en"}).json()
            never = asker.get(at(layer, "/items/987654"), 404, params={"lang": "en"}).json()
            assert refused["detail"].replace(str(row.id), "987654") == never["detail"]


def _is_in_its_place(geometry: dict[str, Any] | None, row: Row) -> None:
    """The very place that was seeded: what is kept from others must be true for these."""
    if row.shape is None or geometry is None:
        assert row.shape is None, row.name
        assert geometry is None, row.name
        return
    there = moved(shapely.geometry.shape(geometry), FROM_MERCATOR)
    assert shapely.hausdorff_distance(there, row.shape) < 0.01, row.name
