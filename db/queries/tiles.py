"""Vector tiles: one statement for all layers of a tile, run on a plain autocommit connection.

The caller's own views decide what can be seen (`search_path` of the role's login); the field
list here repeats the same rules from the declarations. Half of a tile's time is `ST_AsMVTGeom`
and most of the rest encoding attributes (measured), so a tile carries only the fields a style
needs. Render tables derived per zoom come with a later step and replace `_one`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import AsyncConnection, sql

from layers.model import Field, FieldType, Layer

EXTENT = 4096
"""Tile units along a side."""
BUFFER = 64
"""Tile units drawn beyond the edge, so that outlines meet between neighbours."""

_PLAIN = frozenset({FieldType.TEXT, FieldType.INTEGER, FieldType.NUMBER, FieldType.BOOLEAN})


@dataclass(frozen=True)
class TileLayer:
    """A layer and the fields of it the caller gets in tiles; the layer must have a geometry."""

    layer: Layer
    fields: tuple[Field, ...]


async def tile(
    conn: AsyncConnection[Any], layers: tuple[TileLayer, ...], *, z: int, x: int, y: int
) -> bytes:
    """The Mapbox vector tile of these layers, EPSG:3857 grid; empty when nothing is there.

    Feature ids are the rows' surrogate ids, so that they survive every edit of the row.
    """
    cursor = await conn.execute(build(layers), {"z": z, "x": x, "y": y})
    row = await cursor.fetchone()
    return bytes(row[0]) if row and row[0] else b""


def build(layers: tuple[TileLayer, ...]) -> bytes:
    """The statement; takes z, x and y."""
    return _statement(tuple((one.layer.id, _columns(one.fields), _names(one)) for one in layers))


def _columns(fields: tuple[Field, ...]) -> tuple[tuple[str, bool], ...]:
    return tuple((field.name, field.type in _PLAIN) for field in fields if field.name != "id")


def _names(one: TileLayer) -> tuple[str, str] | None:
    """The tile layer of label points and the field they carry, when the caller sees that field."""
    points, style = one.layer.label_points, one.layer.style
    if points is None or style is None or style.label is None:
        return None
    seen = any(field.name == style.label for field in one.fields)
    return (points, style.label) if seen else None


_Shape = tuple[str, tuple[tuple[str, bool], ...], tuple[str, str] | None]


@lru_cache(maxsize=512)
def _statement(layers: tuple[_Shape, ...]) -> bytes:
    """The statement as bytes, the same object every time: psycopg then prepares it."""
    parts = []
    for layer_id, columns, names in layers:
        parts.append(_one(layer_id, columns))
        if names:
            parts.append(_points(layer_id, *names))
    return (sql.SQL("SELECT ") + sql.SQL(" || ").join(parts)).as_bytes(None)


def _points(layer_id: str, points: str, label: str) -> sql.Composed:
    """One point an area for its name, in the one tile where the point lies."""
    return sql.SQL(
        "coalesce((SELECT ST_AsMVT(q, {points}, {extent}, 'geom', 'id') FROM ("
        "SELECT t.id, t.{label}, ST_AsMVTGeom(p.at,"
        " ST_TileEnvelope(%(z)s, %(x)s, %(y)s), {extent}, 0, true) AS geom"
        " FROM {table} AS t CROSS JOIN LATERAL (SELECT ST_PointOnSurface(t.geom_3857) AS at) AS p"
        " WHERE t.geom_3857 && ST_TileEnvelope(%(z)s, %(x)s, %(y)s)"
        " AND p.at && ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) AS q), ''::bytea)"
    ).format(
        points=sql.Literal(points),
        extent=sql.Literal(EXTENT),
        label=sql.Identifier(label),
        table=sql.Identifier(layer_id),
    )


def _one(layer_id: str, columns: tuple[tuple[str, bool], ...]) -> sql.Composed:
    picked = sql.SQL("").join(
        sql.SQL(", t.{name}").format(name=sql.Identifier(name))
        if plain
        else sql.SQL(", t.{name}::text AS {name}").format(name=sql.Identifier(name))
        for name, plain in columns
    )
    return sql.SQL(
        "coalesce((SELECT ST_AsMVT(q, {name}, {extent}, 'geom', 'id') FROM ("
        "SELECT t.id{picked}, ST_AsMVTGeom(t.geom_3857,"
        " ST_TileEnvelope(%(z)s, %(x)s, %(y)s), {extent}, {buffer}, true) AS geom"
        " FROM {table} AS t WHERE t.geom_3857 &&"
        " ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {margin}::float8)) AS q), ''::bytea)"
    ).format(
        name=sql.Literal(layer_id),
        extent=sql.Literal(EXTENT),
        buffer=sql.Literal(BUFFER),
        margin=sql.Literal(BUFFER / EXTENT),
        picked=picked,
        table=sql.Identifier(layer_id),
    )
