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
    return _statement(tuple((one.layer.id, _columns(one.fields)) for one in layers))


def _columns(fields: tuple[Field, ...]) -> tuple[tuple[str, bool], ...]:
    return tuple((field.name, field.type in _PLAIN) for field in fields if field.name != "id")


@lru_cache(maxsize=512)
def _statement(layers: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]) -> bytes:
    """The statement as bytes, the same object every time: psycopg then prepares it."""
    parts = sql.SQL(" || ").join(_one(layer_id, columns) for layer_id, columns in layers)
    return (sql.SQL("SELECT ") + parts).as_bytes(None)


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
