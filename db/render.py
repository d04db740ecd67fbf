"""Render tables: what tiles are drawn from, kept in the transaction that changes the live table.

A render table has the geometry in EPSG:3857 along a Hilbert curve, the fields tiles carry and
nothing else. Features of many points are there once a zoom, and from zoom 14 once a tile
(`muang.render_pieces`); small ones are told from which zoom on a plain rounding is the same as
`ST_AsMVTGeom` (`muang.plain_from`). Counted cells stand for features too small to be drawn.

All of it is derived: made by a migrate (`db.render_stamp` says when anew), then kept by triggers
like history is, so that no tile can ever be older than the position it is served with.
"""

from dataclasses import dataclass
from typing import LiteralString

from psycopg import Connection, sql

from db.tables import SQL_TYPES
from db.view_names import view_schema
from layers.model import Field, GeometryKind, Layer, Role
from layers.privacy import tile_fields, visible_fields

SCHEMA = "render"
MANY_POINTS = 64
"""Points from which on a line or area is kept in pieces."""
PIECE_ZOOM = 14
"""Zoom whose tiles the pieces of large features are cut to."""
WHOLE_TILE = -1
"""The `cell` that counts everything in a tile."""
LABEL_PIECE = -100
"""The `piece` of the point an area's name stands at."""

_CHANGED: LiteralString = "{}.id IN (SELECT unnest(changed))"
_PARTS: tuple[LiteralString, ...] = ("id", "piece", "plain_from", "geom")


def low_piece(z: int, x: int, y: int) -> int:
    """The `piece` of a feature of very many points in a tile below zoom 14."""
    return -1000 - ((1 << (2 * z)) + (x << z) + y)


def tile_view(layer: Layer) -> str:
    """Name of a role's view of the render table, in the role's schema."""
    return f"{layer.id}_tile"


def cell_bits(layer: Layer) -> int:
    """A tile has 2 to the power of this cells along a side: areas 64, marks 32."""
    return 5 if layer.geometry is GeometryKind.POINT else 6


def most_features(layer: Layer, sharing: int = 1) -> int:
    """Features of a layer with cells that a tile below `Zooms.cells_below` holds at most.

    `sharing` is how many such layers the tile holds. 10,000 is what a map client still draws
    smoothly; a town of 12,000 parcels is then whole on one screen.
    """
    return (3000 if layer.geometry is GeometryKind.POINT else 9500) // sharing


def has_pieces(layer: Layer) -> bool:
    """Whether features may be there in pieces: all but points."""
    return layer.geometry is not GeometryKind.POINT


def view_fields(layer: Layer, role: Role) -> tuple[str, ...]:
    """Columns of the role's view of the render table; empty when the role sees none of it."""
    if not visible_fields(layer, role):
        return ()
    names = tuple(field.name for field in tile_fields(layer, role) if field.name != "id")
    return ("id", *(("piece", "plain_from") if has_pieces(layer) else ()), *names, "geom")


def cell_fields(layer: Layer, role: Role) -> tuple[str, ...]:
    """Columns of the role's view of the cells; `class` only if it sees the style's field."""
    seen = {field.name for field in visible_fields(layer, role)}
    if not seen:
        return ()
    told = layer.style is not None and layer.style.field in seen
    return ("z", "tile_x", "tile_y", "cell", "n", *(("class",) if told else ()))


def make(conn: Connection[tuple[object, ...]], layers: tuple[Layer, ...]) -> None:
    """Make and fill the render tables of a town anew, as its owner, inside a transaction.

    Creating a trigger keeps writers out until the end, so nothing is missed between fill and use.
    """
    conn.execute("DROP SCHEMA IF EXISTS render CASCADE")
    conn.execute("CREATE SCHEMA render")
    conn.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA render REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"
    )
    for layer in layers:
        if layer.rendered:
            parts = _Parts.of(layer)
            conn.execute(parts.tables())
            conn.execute(parts.keeper())
            conn.execute(parts.fill())
            conn.execute(parts.indexes())


def in_tiles(layer: Layer, alias: str) -> sql.Composable:
    """The condition under which a row is in tiles at all."""
    if layer.drawn_apart is None:
        return sql.SQL("true")
    name, value = layer.drawn_apart
    return sql.SQL("{} IS DISTINCT FROM {}").format(sql.Identifier(alias, name), sql.Literal(value))


def at_zoom(layer: Layer, alias: str, zoom: sql.Composable) -> sql.Composable:
    """The condition under which a row is drawn at a zoom."""
    if layer.drawn_between is None:
        return sql.SQL("true")
    first, last = (sql.Identifier(alias, name) for name in layer.drawn_between)
    return sql.SQL("coalesce({} <= {}, true) AND coalesce({} >= {}, true)").format(
        first, zoom, last, zoom
    )


def views(layer: Layer, role: Role) -> list[tuple[str, sql.Composed]]:
    """Name and definition of the plain views of a role on a layer's render tables."""
    if not layer.rendered:
        return []
    shown = [(tile_view(layer), layer.id, view_fields(layer, role))]
    if layer.cells:
        shown.append((layer.cells, layer.cells, cell_fields(layer, role)))
    return [
        (
            name,
            sql.SQL("CREATE VIEW {} AS SELECT {} FROM {} AS t").format(
                sql.Identifier(view_schema(role), name),
                sql.SQL(", ").join(sql.Identifier("t", column) for column in columns),
                sql.Identifier(SCHEMA, table),
            ),
        )
        for name, table, columns in shown
        if columns
    ]


def statements(layer: Layer) -> str:
    """All the SQL a layer's render tables are made and kept with."""
    parts = _Parts.of(layer)
    made = (parts.tables(), parts.keeper(), parts.fill(), parts.indexes())
    return "".join(part.as_string(None) for part in made)


@dataclass(frozen=True)
class _Parts:
    """The SQL of one layer's render tables."""

    layer: Layer
    fields: tuple[Field, ...]
    names: dict[str, sql.Composable]

    @classmethod
    def of(cls, layer: Layer) -> "_Parts":
        fields = tuple(field for field in layer.fields if field.in_tile)
        parts = _PARTS if has_pieces(layer) else ("id", "geom")
        columns = [*parts[:-1], *(field.name for field in fields), "geom"]
        names: dict[str, sql.Composable] = {
            "live": sql.Identifier("town", layer.id),
            "table": sql.Identifier(SCHEMA, layer.id),
            "keep": sql.Identifier(SCHEMA, f"keep_{layer.id}"),
            "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
            "fields": sql.SQL("").join(
                sql.SQL("n.{}, ").format(sql.Identifier(field.name)) for field in fields
            ),
            "id_index": sql.Identifier(f"{layer.id}_render_id"),
            "geom_index": sql.Identifier(f"{layer.id}_render_geom"),
            "many": sql.Literal(MANY_POINTS),
            "zooms": _zooms(layer),
            "label": sql.Literal(LABEL_PIECE),
        }
        if layer.cells:
            names["cells"] = sql.Identifier(SCHEMA, layer.cells)
            names["cell_index"] = sql.Identifier(f"{layer.id}_render_tile")
        return cls(layer, fields, names)

    def tables(self) -> sql.Composed:
        """The tables, without indexes: they are filled first."""
        pieces = "piece integer, plain_from smallint, " if has_pieces(self.layer) else ""
        made = sql.SQL(
            "CREATE TABLE {table} (id bigint NOT NULL, {pieces}{typed}"
            "geom gis.geometry(Geometry, 3857) NOT NULL);"
            # unpacking a large geometry costs more than reading it
            "ALTER TABLE {table} ALTER COLUMN geom SET STORAGE EXTERNAL;"
        ).format(
            **self.names,
            pieces=sql.SQL(pieces),
            typed=sql.SQL("").join(
                sql.SQL("{} {}, ").format(
                    sql.Identifier(field.name), sql.SQL(SQL_TYPES[field.type])
                )
                for field in self.fields
            ),
        )
        if self.layer.cells is None:
            return made
        return made + sql.SQL(
            "CREATE TABLE {cells} (z smallint NOT NULL, tile_x integer NOT NULL,"
            " tile_y integer NOT NULL, cell smallint NOT NULL, class text, n integer NOT NULL);"
        ).format(**self.names)

    def indexes(self) -> sql.Composed:
        """Indexes, and the statistics a planner needs at once."""
        made = sql.SQL(
            "CREATE INDEX {id_index} ON {table} (id);"
            "CREATE INDEX {geom_index} ON {table} USING gist (geom); ANALYZE {table};"
        ).format(**self.names)
        if self.layer.cells is None:
            return made
        return made + sql.SQL(
            "CREATE INDEX {cell_index} ON {cells} (z, tile_x, tile_y, cell); ANALYZE {cells};"
        ).format(**self.names)

    def fill(self) -> sql.Composed:
        """Everything from the live table."""
        rows = self.rows(self.names["live"], in_tiles(self.layer, "n"))
        if self.layer.cells:
            rows += self.counted(
                sql.SQL("SELECT n.geom_3857, {}, 1 FROM {} AS n").format(
                    self._class("n"), self.names["live"]
                )
            )
        return rows

    def rows(self, source: sql.Composable, which: sql.Composable) -> sql.Composed:
        """INSERTs of the render rows of some live rows, called `n`."""
        if not has_pieces(self.layer):
            return sql.SQL(
                " INSERT INTO {table} ({columns}) SELECT n.id, {fields}n.geom_3857"
                " FROM {source} AS n WHERE {which} ORDER BY n.geom_3857;"
            ).format(**self.names, source=source, which=which)
        turned: LiteralString = (
            "ST_ForcePolygonCW({})" if self.layer.geometry is GeometryKind.MULTIPOLYGON else "{}"
        )
        made = sql.SQL("""
    INSERT INTO {table} ({columns})
    SELECT n.id, NULL, muang.plain_from(n.geom_3857), {fields}{turned}
    FROM {source} AS n
    WHERE {which} AND ST_NPoints(n.geom_3857) <= {many}
    ORDER BY n.geom_3857;
    INSERT INTO {table} ({columns})
    SELECT n.id, p.piece, NULL, {fields}p.geom
    FROM {source} AS n
    CROSS JOIN LATERAL muang.render_pieces(n.geom_3857, {zooms}) AS p
    WHERE {which} AND ST_NPoints(n.geom_3857) > {many}
    ORDER BY p.geom;""").format(
            **self.names,
            source=source,
            which=which,
            turned=sql.SQL(turned).format(sql.SQL("n.geom_3857")),
        )
        if self.layer.label_points:
            made += sql.SQL("""
    INSERT INTO {table} ({columns})
    SELECT n.id, {label}, NULL, {fields}ST_PointOnSurface(n.geom_3857)
    FROM {source} AS n
    WHERE {which};""").format(**self.names, source=source, which=which)
        return made

    def counted(self, source: sql.Composable) -> sql.Composed:
        """INSERT of what (geometry, class, how many) rows add to the cells of each zoom.

        Each zoom is added up from the one below it: there are ever fewer cells.
        """
        least, finest = self.layer.zooms.min, (self.layer.zooms.cells_below or 1) - 1
        bits = cell_bits(self.layer)
        levels = [
            sql.SQL(
                "c{finest} AS (SELECT {x} AS x, {y} AS y, r.class, sum(r.n)::integer AS n"
                " FROM ({source}) AS r (geom, class, n) GROUP BY 1, 2, 3 HAVING sum(r.n) <> 0)"
            ).format(
                finest=sql.SQL(str(finest)),
                source=source,
                x=cell_column(sql.SQL("r.geom"), sql.Literal(1 << (finest + bits))),
                y=cell_row(sql.SQL("r.geom"), sql.Literal(1 << (finest + bits))),
            ),
            *(
                sql.SQL(
                    "c{} AS (SELECT b.x >> 1 AS x, b.y >> 1 AS y, b.class, sum(b.n)::integer AS n"
                    " FROM c{} AS b GROUP BY 1, 2, 3 HAVING sum(b.n) <> 0)"
                ).format(sql.SQL(str(zoom)), sql.SQL(str(zoom + 1)))
                for zoom in range(finest - 1, least - 1, -1)
            ),
        ]
        every = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} AS z, l.x, l.y, l.class, l.n FROM c{} AS l").format(
                sql.Literal(zoom), sql.SQL(str(zoom))
            )
            for zoom in range(least, finest + 1)
        )
        return sql.SQL("""
    WITH {levels}, every AS ({every})
    INSERT INTO {cells} (z, tile_x, tile_y, cell, class, n)
    SELECT
        e.z, e.x >> {bits}, e.y >> {bits}, ((e.y & {mask}) << {bits}) + (e.x & {mask}), e.class, e.n
    FROM every AS e
    UNION ALL
    SELECT e.z, e.x >> {bits}, e.y >> {bits}, {whole}, NULL, sum(e.n)
    FROM every AS e
    GROUP BY e.z, e.x >> {bits}, e.y >> {bits}
    HAVING sum(e.n) <> 0;""").format(
            **self.names,
            levels=sql.SQL(", ").join(levels),
            every=every,
            whole=sql.Literal(WHOLE_TILE),
            bits=sql.Literal(bits),
            mask=sql.Literal((1 << bits) - 1),
        )

    def _class(self, alias: str) -> sql.Composable:
        """The class a row is counted in: the value of the style's field."""
        field = self.layer.style.field if self.layer.style else None
        return sql.SQL("NULL::text") if field is None else sql.Identifier(alias, field)

    def keeper(self) -> sql.Composed:
        """The trigger function and its triggers: the same rows again, for what has changed."""
        watched = [field.name for field in self.fields]
        if self.layer.drawn_apart and self.layer.drawn_apart[0] not in watched:
            watched.append(self.layer.drawn_apart[0])
        named = self.layer.style.field if self.layer.style else None
        if self.layer.cells and named and named not in watched:
            watched.append(named)
        both = [
            sql.SQL(", ").join(sql.Identifier(alias, name) for name in (*watched, "geom_3857"))
            for alias in ("o", "n")
        ]
        new = sql.SQL("new_rows")
        cells: sql.Composable = sql.SQL("")
        if self.layer.cells:
            taken, put = (
                sql.SQL("SELECT r.geom_3857, {}, {} FROM {} AS r WHERE {}").format(
                    self._class("r"), sql.SQL(sign), sql.SQL(rows), sql.SQL(which)
                )
                for sign, rows, which in (
                    ("-1", "old_rows", _CHANGED.format("r")),
                    ("1", "new_rows", _CHANGED.format("r")),
                )
            )
            cells = sql.SQL("""
    IF TG_OP = 'INSERT' THEN{put}
    ELSIF TG_OP = 'DELETE' THEN{taken}
    ELSE{moved}
    END IF;""").format(
                put=self.counted(
                    sql.SQL("SELECT r.geom_3857, {}, 1 FROM new_rows AS r").format(self._class("r"))
                ),
                taken=self.counted(taken),
                moved=self.counted(taken + sql.SQL(" UNION ALL ") + put),
            )
        return sql.SQL("""
CREATE FUNCTION {keep}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gis, pg_temp
-- a plan is kept for statements of one row and of a million: joins are hashed, never row by row
SET enable_nestloop = off SET enable_mergejoin = off SET jit = off SET work_mem = '64MB' AS $keep$
DECLARE
    changed bigint[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(coalesce(o.id, n.id)) INTO changed
        FROM old_rows AS o
        FULL JOIN new_rows AS n ON o.id = n.id
        WHERE o.id IS NULL OR n.id IS NULL OR ({old}) IS DISTINCT FROM ({new});
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(o.id) INTO changed FROM old_rows AS o;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        IF changed IS NULL THEN
            RETURN NULL;
        END IF;
        DELETE FROM {table} AS t WHERE t.id = any(changed);
    END IF;{cells}
    IF TG_OP = 'INSERT' THEN{inserted}
    ELSIF TG_OP = 'UPDATE' THEN{updated}
    END IF;
    RETURN NULL;
END;
$keep$;
CREATE OR REPLACE TRIGGER f_render_insert AFTER INSERT ON {live}
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {keep}();
CREATE OR REPLACE TRIGGER f_render_update AFTER UPDATE ON {live}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {keep}();
CREATE OR REPLACE TRIGGER f_render_delete AFTER DELETE ON {live}
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {keep}();
""").format(
            keep=self.names["keep"],
            live=self.names["live"],
            table=self.names["table"],
            old=both[0],
            new=both[1],
            cells=cells,
            inserted=self.rows(new, in_tiles(self.layer, "n")),
            updated=self.rows(
                new,
                sql.SQL(" AND ").join([sql.SQL(_CHANGED.format("n")), in_tiles(self.layer, "n")]),
            ),
        )


def _zooms(layer: Layer) -> sql.Composable:
    """The first and the last zoom for which pieces of a row `n` are wanted."""
    if layer.drawn_between is None:
        return sql.SQL("{}, {}").format(sql.Literal(layer.zooms.min), sql.Literal(layer.zooms.max))
    first, last = (sql.Identifier("n", name) for name in layer.drawn_between)
    return sql.SQL("greatest({}, {})::integer, least({}, {})::integer").format(
        sql.Literal(layer.zooms.min), first, sql.Literal(layer.zooms.max), last
    )


def cell_column(geom: sql.Composable, count: sql.Composable) -> sql.Composed:
    """Column of the cell with the middle of a geometry's box, of `count` round the world."""
    return sql.SQL(
        "least(greatest(floor("
        "((ST_XMin({0}) + ST_XMax({0})) / 80150033.371156976 + 0.5) * {1}), 0), {1} - 1)::integer"
    ).format(geom, count)


def cell_row(geom: sql.Composable, count: sql.Composable) -> sql.Composed:
    """Row of that cell, from the north."""
    return sql.SQL(
        "least(greatest(floor("
        "(0.5 - (ST_YMin({0}) + ST_YMax({0})) / 80150033.371156976) * {1}), 0), {1} - 1)::integer"
    ).format(geom, count)
