"""Vector tiles: one statement for all layers of a tile, run on a plain autocommit connection.

The caller's own views decide what can be seen (`search_path` of the role's login); the field
list here repeats the same rules from the declarations. Half of a tile's time was `ST_AsMVTGeom`
and most of the rest encoding attributes (measured), so a tile carries only the fields a style
needs, and comes from the layer's render table (`db.render`) where it has one:

- a geometry that lies wholly in the tile and that rounding cannot harm (`plain_from`) is moved to
  the tile's grid and rounded, which gives what `ST_AsMVTGeom` gives but for points on a straight
  line; everything else goes through `ST_AsMVTGeom`;
- features of many points are read in the piece that was cut for the zoom or the tile;
- below `Zooms.cells_below` a tile with more than `most_features` holds counted cells instead. With
  a filter, the same cells are counted then and there over the caller's own view.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, LiteralString, Self

from psycopg import AsyncConnection, sql

from db.queries.cql2_parse import Node
from db.queries.cql2_sql import condition
from db.render import (
    LABEL_PIECE,
    PIECE_ZOOM,
    WHOLE_TILE,
    at_zoom,
    cell_bits,
    cell_column,
    cell_row,
    has_pieces,
    in_tiles,
    low_piece,
    most_features,
    tile_view,
)
from db.scopes import source
from layers import catalog
from layers.model import Field, FieldType, GeometryKind, Layer, Role

EXTENT = 4096
"""Tile units along a side."""
BUFFER = 64
"""Tile units drawn beyond the edge, so that outlines meet between neighbours."""

_HALF_WORLD = 20037508.342789244
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
    rendered: bool = True,
) -> bytes:
    """The Mapbox vector tile of these layers, EPSG:3857 grid; empty when nothing is there.

    Feature ids are the rows' surrogate ids, so that they survive every edit of the row; cells
    have none. `keys` are the scope of the caller. Without `rendered` all is read from the views:
    the past has no render tables, and so no cells.
    """
    statement, values = build(layers, z, rendered=rendered)
    # as bytes: in text a tile is twice as long, and has to be read digit by digit
    cursor = await conn.execute(statement, {**values, **place(z, x, y, keys)}, binary=True)
    row = await cursor.fetchone()
    return bytes(row[0]) if row and row[0] else b""


def build(
    layers: tuple[TileLayer, ...], z: int, *, rendered: bool = True
) -> tuple[bytes, dict[str, object]]:
    """The statement for a zoom and the values of its filters; `place` has the other values."""
    shapes = [_Shape.of(one, z, rendered=rendered) for one in layers]
    if all(one.filter is None for one in layers):
        return _statement(tuple(shapes)), {}
    values: dict[str, object] = {}
    wheres = [
        None if one.filter is None else condition(one.filter, values, alias="t") for one in layers
    ]
    return _joined(list(zip(shapes, wheres, strict=True))), values


def place(z: int, x: int, y: int, keys: tuple[str, ...] | None = None) -> dict[str, object]:
    """The values every statement of `build` takes for the tile z/x/y and the caller's scope."""
    scale = EXTENT * (1 << z) / (2 * _HALF_WORLD)
    up = z - PIECE_ZOOM
    return {
        "z": z,
        "x": x,
        "y": y,
        "scale": scale,
        "west": _HALF_WORLD * scale - EXTENT * x,
        "north": _HALF_WORLD * scale - EXTENT * y,
        "pieces": [-1 - z, low_piece(z, x, y)]
        if up < 0
        else [((x >> up) << PIECE_ZOOM) + (y >> up)],
        "keys": None if keys is None else list(keys),
    }


@dataclass(frozen=True)
class _Shape:
    """All that decides a layer's part of the statement: columns, label points, where it reads."""

    layer_id: str  # hashed on every request, as a whole layer could not be
    role: Role
    rendered: bool
    counted: bool
    columns: tuple[tuple[str, bool], ...]
    points: tuple[str, tuple[str, ...]] | None

    @classmethod
    def of(cls, one: TileLayer, z: int, *, rendered: bool) -> Self:
        """The shape of a layer as its viewer gets it at a zoom."""
        layer = one.layer
        columns = tuple((f.name, f.type in _PLAIN) for f in one.fields if f.name != "id")
        return cls(
            layer.id,
            one.role,
            rendered and layer.rendered,
            rendered and layer.may_be_cells(z),
            columns,
            _names(one),
        )

    @property
    def layer(self) -> Layer:
        """The layer itself."""
        return catalog.get(self.layer_id)

    @property
    def geom(self) -> sql.Identifier:
        """The column of the geometry in EPSG:3857."""
        return sql.Identifier("t", "geom" if self.rendered else "geom_3857")

    def live(self, box: sql.Composable) -> sql.Composed:
        """The view, or the definer function with the tile's box as its argument."""
        return source(self.layer, self.role, box, sql.SQL("%(keys)s"))

    def table(self, box: sql.Composable, where: sql.Composed | None) -> sql.Composable:
        """What to read features from, to stand before AS t.

        A filter is about the columns of the live view; what it leaves is looked up one by one,
        which no missing statistics can turn into a join of everything with everything.
        """
        if not self.rendered:
            return self.live(box)
        rendered = sql.Identifier(tile_view(self.layer))
        if where is None:
            return rendered
        return sql.SQL(
            "(SELECT t.id FROM {live} AS t WHERE t.geom_3857 && {box} AND {where} OFFSET 0) AS f"
            " CROSS JOIN LATERAL (SELECT r.* FROM {rendered} AS r WHERE r.id = f.id OFFSET 0)"
        ).format(live=self.live(box), box=box, where=where, rendered=rendered)

    def only(self, where: sql.Composed | None) -> sql.Composable:
        """AND what is drawn at this zoom, AND what `table` has not seen to already."""
        tests: list[sql.Composable] = []
        if self.layer.drawn_between:
            tests.append(at_zoom(self.layer, "t", sql.SQL("%(z)s")))
        if not self.rendered and where is not None:
            tests.append(where)
        if not self.rendered and self.layer.drawn_apart:
            tests.append(in_tiles(self.layer, "t"))
        return sql.SQL("").join(sql.SQL(" AND ") + test for test in tests)


_TILE = sql.SQL("ST_TileEnvelope(%(z)s, %(x)s, %(y)s)")
_WIDE = sql.SQL("ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {}::float8)").format(
    sql.Literal(BUFFER / EXTENT)
)
_MOVED = sql.SQL(
    "ST_SnapToGrid(ST_Affine({}, %(scale)s, 0, 0, -%(scale)s::float8, %(west)s, %(north)s), 1)"
)


def _names(one: TileLayer) -> tuple[str, tuple[str, ...]] | None:
    """The tile layer of label points and the names they carry, of those the caller sees."""
    points, style = one.layer.label_points, one.layer.style
    if points is None or style is None or style.label is None:
        return None
    seen = {field.name for field in one.fields}
    if style.label not in seen:
        return None
    return points, tuple(name for name in style.labels if name in seen)


@lru_cache(maxsize=1024)
def _statement(shapes: tuple[_Shape, ...]) -> bytes:
    """The statement as bytes, the same object every time: psycopg then prepares it."""
    return _joined([(shape, None) for shape in shapes])


def _joined(parts: list[tuple[_Shape, sql.Composed | None]]) -> bytes:
    picked = []
    sharing = max(1, sum(shape.counted for shape, _ in parts))
    for shape, where in parts:
        picked.append(_one(shape, where, sharing))
        if shape.counted:
            picked.append(_cells(shape, where, sharing))
        if shape.points:
            picked.append(_points(shape, *shape.points, where))
    return (sql.SQL("SELECT ") + sql.SQL(" || ").join(picked)).as_bytes(None)


def _points(
    shape: _Shape, points: str, labels: tuple[str, ...], where: sql.Composed | None
) -> sql.Composed:
    """One point an area for its name, in the one tile where the point lies."""
    at, found = (
        sql.SQL("p.at"),
        sql.SQL(
            "{table} AS t CROSS JOIN LATERAL (SELECT ST_PointOnSurface(t.geom_3857) AS at) AS p"
            " WHERE t.geom_3857 && {tile} AND p.at && {tile}"
        ),
    )
    if shape.rendered:
        at = sql.SQL("t.geom")
        found = sql.SQL("{table} AS t WHERE t.geom && {tile} AND t.piece = {label_piece}")
    return sql.SQL(
        "coalesce((SELECT ST_AsMVT(q, {points}, {extent}, 'geom', 'id') FROM ("
        "SELECT t.id, {labels}, ST_AsMVTGeom({at}, {tile}, {extent}, 0, true) AS geom"
        " FROM {found}{only}) AS q), ''::bytea)"
    ).format(
        points=sql.Literal(points),
        extent=sql.Literal(EXTENT),
        labels=sql.SQL(", ").join(sql.Identifier("t", label) for label in labels),
        at=at,
        tile=_TILE,
        found=found.format(
            table=shape.table(_TILE, where), tile=_TILE, label_piece=sql.Literal(LABEL_PIECE)
        ),
        only=shape.only(where),
    )


def _one(shape: _Shape, where: sql.Composed | None, sharing: int) -> sql.Composed:
    """The layer's features, each whole or as the piece this tile lies in."""
    picked = sql.SQL("").join(
        sql.SQL(", t.{name}").format(name=sql.Identifier(name))
        if plain
        else sql.SQL(", t.{name}::text AS {name}").format(name=sql.Identifier(name))
        for name, plain in shape.columns
    )
    pieces = shape.rendered and has_pieces(shape.layer)
    return sql.SQL(
        "coalesce((SELECT ST_AsMVT(q, {name}, {extent}, 'geom', 'id') FROM ("
        "SELECT t.id{picked}, {drawn} AS geom"
        " FROM {table} AS t WHERE {geom} && {wide}{piece}{few}{only}) AS q), ''::bytea)"
    ).format(
        name=sql.Literal(shape.layer_id),
        extent=sql.Literal(EXTENT),
        picked=picked,
        drawn=_drawn(shape, pieces=pieces),
        table=shape.table(_WIDE, where),
        geom=shape.geom,
        wide=_WIDE,
        piece=sql.SQL(
            " AND (t.piece IS NULL OR t.piece = any(%(pieces)s::integer[]))" if pieces else ""
        ),
        few=_and_has(shape.layer, "<=", sharing) if shape.counted else sql.SQL(""),
        only=shape.only(where),
    )


def _drawn(shape: _Shape, *, pieces: bool) -> sql.Composed:
    """The geometry on the tile's grid. A point needs nothing but to lie in the tile.

    `@` compares boxes in single precision, up to 2 m too wide within 150 degrees of Greenwich:
    less than the buffer at zoom 18, so what it finds in the tile needs no cutting at the buffer.
    """
    cut = sql.SQL("ST_AsMVTGeom({}, {}, {}, {}, true)").format(
        shape.geom, _TILE, sql.Literal(EXTENT), sql.Literal(BUFFER)
    )
    if not pieces and shape.layer.geometry is not GeometryKind.POINT:
        return cut
    return sql.SQL("CASE WHEN {plain}{geom} @ {tile} THEN {moved} ELSE {cut} END").format(
        plain=sql.SQL(
            # what was drawn for this very tile when it was kept
            "t.piece <= -1000 THEN {} WHEN t.plain_from <= %(z)s AND "
        ).format(_MOVED.format(shape.geom))
        if pieces
        else sql.SQL(""),
        geom=shape.geom,
        tile=_TILE,
        moved=_MOVED.format(shape.geom),
        cut=cut,
    )


def _cells(shape: _Shape, where: sql.Composed | None, sharing: int) -> sql.Composed:
    """Counted cells with their commonest class: squares for areas, middles for points."""
    layer = shape.layer
    bits = cell_bits(layer)
    side = EXTENT >> bits
    field = layer.style.field if layer.style else None
    told = field is not None and any(name == field for name, _ in shape.columns)
    corner = {
        "west": sql.SQL("(d.cell & {}) * {}").format(
            sql.Literal((1 << bits) - 1), sql.Literal(side)
        ),
        "north": sql.SQL("(d.cell >> {}) * {}").format(sql.Literal(bits), sql.Literal(side)),
        "side": sql.Literal(side),
    }
    drawn = (
        "ST_ForcePolygonCCW(ST_MakeEnvelope({west}, {north}, {west} + {side}, {north} + {side}))"
    )
    if layer.geometry is GeometryKind.POINT:
        drawn = "ST_MakePoint({west} + {side} / 2, {north} + {side} / 2)"
    return sql.SQL(
        "coalesce((SELECT ST_AsMVT(q, {name}, {extent}, 'geom') FROM ("
        "SELECT d.count, {told}{drawn} AS geom FROM ("
        "SELECT s.cell, sum(s.n)::integer AS count,"
        " (array_agg(s.class ORDER BY s.n DESC, s.class))[1] AS class"
        " FROM ({counted}{many}) AS s GROUP BY s.cell) AS d) AS q), ''::bytea)"
    ).format(
        name=sql.Literal(layer.cells),
        extent=sql.Literal(EXTENT),
        told=sql.SQL("d.class AS {}, ").format(sql.Identifier(field))
        if told and field
        else sql.SQL(""),
        drawn=sql.SQL(drawn).format(**corner),
        counted=_stored(layer, told=told)
        if where is None
        else _counted(shape, bits, where, field if told else None),
        many=_and_has(layer, ">", sharing) + sql.SQL(" GROUP BY 1, 2 HAVING sum(c.n) > 0"),
    )


def _and_has(layer: Layer, sign: LiteralString, sharing: int) -> sql.Composed:
    """AND the whole tile holds at most, or more than, the features a tile may."""
    return sql.SQL(
        " AND (SELECT coalesce(sum(w.n), 0) FROM {cells} AS w WHERE w.z = %(z)s"
        " AND w.tile_x = %(x)s AND w.tile_y = %(y)s AND w.cell = {whole}) {sign} {most}"
    ).format(
        cells=sql.Identifier(layer.cells or ""),
        whole=sql.Literal(WHOLE_TILE),
        sign=sql.SQL(sign),
        most=sql.Literal(most_features(layer, sharing)),
    )


def _stored(layer: Layer, *, told: bool) -> sql.Composed:
    return sql.SQL(
        "SELECT c.cell, {told} AS class, sum(c.n) AS n FROM {cells} AS c"
        " WHERE c.z = %(z)s AND c.tile_x = %(x)s AND c.tile_y = %(y)s AND c.cell >= 0"
    ).format(
        told=sql.SQL("c.class" if told else "NULL::text"),
        cells=sql.Identifier(layer.cells or ""),
    )


def _counted(shape: _Shape, bits: int, where: sql.Composed, field: str | None) -> sql.Composed:
    """The same from the live view, for what a filter leaves of it."""
    grid = sql.SQL("(%(z)s + {})").format(sql.Literal(bits))
    return sql.SQL(
        "SELECT (((c.y & {mask}) << {bits}) + (c.x & {mask})) AS cell, c.class, sum(c.n) AS n"
        " FROM (SELECT 1 AS n, {x} AS x, {y} AS y, {told} AS class"
        " FROM {table} AS t WHERE t.geom_3857 && {tile} AND {where}) AS c"
        " WHERE c.x >> {bits} = %(x)s AND c.y >> {bits} = %(y)s"
    ).format(
        mask=sql.Literal((1 << bits) - 1),
        bits=sql.Literal(bits),
        x=cell_column(sql.Identifier("t", "geom_3857"), sql.SQL("(1 << {})").format(grid)),
        y=cell_row(sql.Identifier("t", "geom_3857"), sql.SQL("(1 << {})").format(grid)),
        told=sql.SQL("NULL::text") if field is None else sql.Identifier("t", field),
        table=shape.live(_TILE),
        tile=_TILE,
        where=where,
    )
