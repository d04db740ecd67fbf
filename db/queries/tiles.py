"""Vector tiles: one statement for all layers of a tile, run on a plain autocommit connection.

The caller's own views decide what can be seen (`search_path` of the role's login); the field
list here repeats the same rules from the declarations. Half of a tile's time is `ST_AsMVTGeom`
and most of the rest encoding attributes (measured), so a tile carries only the fields a style
needs. Render tables derived per zoom come with a later step and replace `_one`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from psycopg import AsyncConnection, sql

from db.queries.cql2_parse import Node
from db.queries.cql2_sql import condition
from db.scopes import source
from layers import catalog
from layers.model import Field, FieldType, Layer, Role

EXTENT = 4096
"""Tile units along a side."""
BUFFER = 64
"""Tile units drawn beyond the edge, so that outlines meet between neighbours."""

_PLAIN = frozenset({FieldType.TEXT, FieldType.INTEGER, FieldType.NUMBER, FieldType.BOOLEAN})


@dataclass(frozen=True)
class TileLayer:
    """A layer and the fields of it somebody of a role gets in tiles; it must have a geometry.

    `filter` is a checked CQL2 condition on the layer's features.
    """

    layer: Layer
    role: Role
    fields: tuple[Field, ...]
    filter: Node | None = None


async def tile(
    conn: AsyncConnection[Any],
    layers: tuple[TileLayer, ...],
    *,
    z: int,
    x: int,
    y: int,
    keys: tuple[str, ...] | None = None,
) -> bytes:
    """The Mapbox vector tile of these layers, EPSG:3857 grid; empty when nothing is there.

    Feature ids are the rows' surrogate ids, so that they survive every edit of the row. `keys`
    are the scope of the caller.
    """
    statement, values = build(layers)
    place = {"z": z, "x": x, "y": y, "keys": None if keys is None else list(keys)}
    cursor = await conn.execute(statement, {**values, **place})
    row = await cursor.fetchone()
    return bytes(row[0]) if row and row[0] else b""


def build(
    layers: tuple[TileLayer, ...],
) -> tuple[bytes, dict[str, object]]:
    """The statement and the values of its filters; it also takes z, x, y and keys."""
    if all(one.filter is None for one in layers):
        return _statement(tuple(_Shape.of(one) for one in layers)), {}
    values: dict[str, object] = {}
    wheres = [
        sql.Composed([])
        if one.filter is None
        else sql.SQL(" AND ") + condition(one.filter, values, alias="t")
        for one in layers
    ]
    return _joined([(_Shape.of(one), where) for one, where in zip(layers, wheres, strict=True)]), (
        values
    )


@dataclass(frozen=True)
class _Shape:
    """All that decides a layer's part of the statement: columns, label points, where it reads."""

    layer_id: str  # hashed on every request, as a whole layer could not be
    role: Role
    columns: tuple[tuple[str, bool], ...]
    points: tuple[str, str] | None

    @classmethod
    def of(cls, one: TileLayer) -> Self:
        """The shape of a layer as its viewer gets it."""
        columns = tuple((f.name, f.type in _PLAIN) for f in one.fields if f.name != "id")
        return cls(one.layer.id, one.role, columns, _names(one))

    def table(self, *, margin: bool) -> sql.Composed:
        """What to read: the view, or the definer function with the tile's box as its argument."""
        box = _WIDE if margin else _TILE
        return source(catalog.get(self.layer_id), self.role, box, sql.SQL("%(keys)s"))


_TILE = sql.SQL("ST_TileEnvelope(%(z)s, %(x)s, %(y)s)")
_WIDE = sql.SQL("ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {}::float8)").format(
    sql.Literal(BUFFER / EXTENT)
)


def _names(one: TileLayer) -> tuple[str, str] | None:
    """The tile layer of label points and the field they carry, when the caller sees that field."""
    points, style = one.layer.label_points, one.layer.style
    if points is None or style is None or style.label is None:
        return None
    seen = any(field.name == style.label for field in one.fields)
    return (points, style.label) if seen else None


@lru_cache(maxsize=512)
def _statement(shapes: tuple[_Shape, ...]) -> bytes:
    """The statement as bytes, the same object every time: psycopg then prepares it."""
    return _joined([(shape, sql.Composed([])) for shape in shapes])


def _joined(parts: list[tuple[_Shape, sql.Composed]]) -> bytes:
    picked = []
    for shape, where in parts:
        picked.append(_one(shape, where))
        if shape.points:
            picked.append(_points(shape, *shape.points, where))
    return (sql.SQL("SELECT ") + sql.SQL(" || ").join(picked)).as_bytes(None)


def _points(shape: _Shape, points: str, label: str, where: sql.Composed) -> sql.Composed:
    """One point an area for its name, in the one tile where the point lies."""
    return sql.SQL(
        "coalesce((SELECT ST_AsMVT(q, {points}, {extent}, 'geom', 'id') FROM ("
        "SELECT t.id, t.{label}, ST_AsMVTGeom(p.at, {tile}, {extent}, 0, true) AS geom"
        " FROM {table} AS t CROSS JOIN LATERAL (SELECT ST_PointOnSurface(t.geom_3857) AS at) AS p"
        " WHERE t.geom_3857 && {tile} AND p.at && {tile}{where}) AS q), ''::bytea)"
    ).format(
        points=sql.Literal(points),
        extent=sql.Literal(EXTENT),
        label=sql.Identifier(label),
        table=shape.table(margin=False),
        tile=_TILE,
        where=where,
    )


def _one(shape: _Shape, where: sql.Composed) -> sql.Composed:
    picked = sql.SQL("").join(
        sql.SQL(", t.{name}").format(name=sql.Identifier(name))
        if plain
        else sql.SQL(", t.{name}::text AS {name}").format(name=sql.Identifier(name))
        for name, plain in shape.columns
    )
    return sql.SQL(
        "coalesce((SELECT ST_AsMVT(q, {name}, {extent}, 'geom', 'id') FROM ("
        "SELECT t.id{picked}, ST_AsMVTGeom(t.geom_3857, {tile}, {extent}, {buffer}, true) AS geom"
        " FROM {table} AS t WHERE t.geom_3857 && {wide}{where}) AS q), ''::bytea)"
    ).format(
        name=sql.Literal(shape.layer_id),
        extent=sql.Literal(EXTENT),
        buffer=sql.Literal(BUFFER),
        picked=picked,
        table=shape.table(margin=True),
        tile=_TILE,
        wide=_WIDE,
        where=where,
    )
