"""The checks themselves, as statements that put what they find into `pg_temp.found`.

Areas that should lie side by side are looked at in cells of 250 m: the union of a cell's features
tells at once whether any overlap (it is smaller than their sum), and, closed by half a metre all
round, where slits are left. Pairs are compared only in cells where something overlaps.
"""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql

from db.derived import AnyConnection
from layers.model import GeometryKind, Layer

CELL_M = 250
NEAR_M = 2.0
"""A cell's features are all that come within this of it."""
OVERLAP_M2 = 1.0
"""Overlaps and gaps smaller than this are the noise of drawing,"""
WIDTH_M = 0.10
"""and so are those narrower than this on average (twice the area by the outline)."""
GAP_M = 1.0
"""A strip without a parcel is a gap up to this width; a wider one is taken for a way."""
SLIVER_M2 = 1.0
SLIVER_M = 0.20
"""An area smaller than the one or, on average, narrower than the other is no plot of land."""

_FOUND: LiteralString = """
CREATE TEMPORARY TABLE found (
    kind text, severity text, sentence_th text, sentence_en text, feature_id bigint,
    other_id bigint, file_row bigint, area_m2 float8, length_m float8, dataset_id bigint,
    geom gis.geometry, grave float8
) ON COMMIT DROP"""


def prepare(conn: AnyConnection) -> None:
    """Make the empty table the statements fill; it goes with the transaction."""
    conn.execute(_FOUND)


def clean_up(conn: AnyConnection) -> None:
    """Drop what the statements made, so that another layer can be looked at in the transaction."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.found, pg_temp.cell, pg_temp.overlap, pg_temp.gap")


def statements(layer: Layer) -> Iterator[sql.Composed]:
    """Every check that fits the layer, in order."""
    if layer.coverage:
        yield from _side_by_side(layer)
    yield _same_shape(layer)
    yield _same_key(layer)
    if layer.geometry is GeometryKind.MULTIPOLYGON:
        yield _slivers(layer)
    if layer.id != "town_boundary":
        yield _outside(layer)
    yield _repaired(layer)


def _found(kind: LiteralString, severity: LiteralString, th: str, en: str) -> sql.Composed:
    """The beginning of every check: SELECT after it gives the arguments of the sentences first.

    Rows then are: sentence arguments (a text array), feature, other, row, m2, m, dataset, place,
    gravity.
    """
    return sql.SQL(
        "INSERT INTO pg_temp.found SELECT {}, {}, format({}, VARIADIC r.words),"
        " format({}, VARIADIC r.words), r.feature, r.other, r.file_row, r.area, r.length,"
        " r.dataset_id, r.place, r.grave FROM ("
    ).format(sql.Literal(kind), sql.Literal(severity), sql.Literal(th), sql.Literal(en))


_FIGURE: LiteralString = "'FM999,999,990.00'"
_END = sql.SQL(") AS r (words, feature, other, file_row, area, length, dataset_id, place, grave)")


def _table(layer: Layer) -> sql.Identifier:
    return sql.Identifier("town", layer.id)


def _side_by_side(layer: Layer) -> Iterator[sql.Composed]:
    limits = {
        "table": _table(layer),
        "cell": sql.Literal(CELL_M),
        "near": sql.Literal(NEAR_M),
        "half": sql.Literal(GAP_M / 2),
        "least": sql.Literal(OVERLAP_M2),
        "width": sql.Literal(WIDTH_M),
    }
    yield sql.SQL("""
CREATE TEMPORARY TABLE cell ON COMMIT DROP AS
SELECT
    gis.ST_MakeEnvelope(
        c.x * {cell}, c.y * {cell}, (c.x + 1) * {cell}, (c.y + 1) * {cell}, c.srid
    ) AS box,
    n.whole,
    n.area - gis.ST_Area(n.whole) AS excess
FROM (
    SELECT DISTINCT
        floor(x.x / {cell}) AS x, floor(y.y / {cell}) AS y, gis.ST_SRID(t.geom) AS srid
    FROM {table} AS t
    CROSS JOIN LATERAL generate_series(
        floor(gis.ST_XMin(t.geom) / {cell})::int, floor(gis.ST_XMax(t.geom) / {cell})::int
    ) AS i (n)
    CROSS JOIN LATERAL generate_series(
        floor(gis.ST_YMin(t.geom) / {cell})::int, floor(gis.ST_YMax(t.geom) / {cell})::int
    ) AS j (n)
    CROSS JOIN LATERAL (VALUES (i.n * {cell})) AS x (x)
    CROSS JOIN LATERAL (VALUES (j.n * {cell})) AS y (y)
) AS c
CROSS JOIN LATERAL (
    SELECT gis.ST_Union(t.geom) AS whole, sum(gis.ST_Area(t.geom)) AS area
    FROM {table} AS t
    WHERE t.geom OPERATOR(gis.&&) gis.ST_MakeEnvelope(
        c.x * {cell} - {near}, c.y * {cell} - {near},
        (c.x + 1) * {cell} + {near}, (c.y + 1) * {cell} + {near}, c.srid
    )
) AS n
WHERE n.whole IS NOT NULL""").format(**limits)
    yield sql.Composed([sql.SQL("ANALYZE pg_temp.cell")])
    yield sql.SQL("""
CREATE TEMPORARY TABLE overlap ON COMMIT DROP AS
SELECT
    p.id, p.other, p.dataset_id, p.part, gis.ST_Area(p.part) AS area,
    2 * gis.ST_Area(p.part) / nullif(gis.ST_Perimeter(p.part), 0) AS width
FROM (
    SELECT
        a.id, b.id AS other, greatest(a.dataset_id, b.dataset_id) AS dataset_id,
        gis.ST_CollectionExtract(gis.ST_Intersection(a.geom, b.geom), 3) AS part
    FROM (
        -- OFFSET: the index once for each cell; else every row is held against every cell
        SELECT DISTINCT ON (n.id) n.id, n.dataset_id, n.geom
        FROM pg_temp.cell AS c
        CROSS JOIN LATERAL (
            SELECT t.id, t.dataset_id, t.geom
            FROM {table} AS t
            WHERE t.geom OPERATOR(gis.&&) c.box
            OFFSET 0
        ) AS n
        WHERE c.excess > {least} / 2
    ) AS a
    -- + 0: not by the primary key, half of which lies beyond any id
    INNER JOIN {table} AS b ON b.geom OPERATOR(gis.&&) a.geom AND a.id < b.id + 0
    WHERE gis.ST_Relate(a.geom, b.geom, 'T********')
) AS p
WHERE gis.ST_Area(p.part) >= {least}""").format(**limits)
    yield (
        _found(
            "overlap",
            "warning",
            f"{layer.title.th} เลขระเบียน %1$s กับ %2$s ทับซ้อนกัน %3$s ตร.ม. กว้างเฉลี่ย %4$s ม.",
            f"{layer.title.en} no. %1$s and %2$s overlap by %3$s m2, %4$s m wide on average",
        )
        + sql.SQL("""
    SELECT
        ARRAY[o.id::text, o.other::text, to_char(o.area, {figure}), to_char(o.width, {figure})],
        o.id, o.other, NULL::bigint, round(o.area::numeric, 2), round(o.width::numeric, 2),
        o.dataset_id, gis.ST_PointOnSurface(o.part), o.area
    FROM pg_temp.overlap AS o
    WHERE o.width >= {width}""").format(figure=sql.SQL(_FIGURE), **limits)
        + _END
    )
    yield sql.SQL("""
CREATE TEMPORARY TABLE gap ON COMMIT DROP AS
SELECT g.part, g.place, gis.ST_Area(g.part) AS area,
    2 * gis.ST_Area(g.part) / nullif(gis.ST_Perimeter(g.part), 0) AS width
FROM (
    SELECT c.box, d.geom AS part, gis.ST_PointOnSurface(d.geom) AS place
    FROM pg_temp.cell AS c
    CROSS JOIN LATERAL gis.ST_Dump(gis.ST_Difference(
        gis.ST_Buffer(
            gis.ST_Buffer(c.whole, {half}, 'join=mitre mitre_limit=5'),
            -{half}, 'join=mitre mitre_limit=5'
        ),
        c.whole
    )) AS d
    WHERE gis.ST_Area(d.geom) >= {least}
) AS g
WHERE
    gis.ST_Intersects(g.place, g.box)
    -- on the line between two cells it is told once
    AND floor(gis.ST_X(g.place) / {cell}) * {cell} = gis.ST_XMin(g.box)
    AND floor(gis.ST_Y(g.place) / {cell}) * {cell} = gis.ST_YMin(g.box)""").format(**limits)
    yield (
        _found(
            "gap",
            "warning",
            f"ช่องว่างระหว่าง{layer.title.th} เลขระเบียน %1$s %2$s ตร.ม. กว้างเฉลี่ย %3$s ม.",
            f"a gap beside {layer.title.en} no. %1$s of %2$s m2, %3$s m wide on average",
        )
        + sql.SQL("""
    SELECT
        ARRAY[n.id::text, to_char(g.area, {figure}), to_char(g.width, {figure})],
        n.id, n.other, NULL::bigint, round(g.area::numeric, 2), round(g.width::numeric, 2),
        n.dataset_id, g.place, g.area
    FROM pg_temp.gap AS g
    CROSS JOIN LATERAL (
        SELECT
            min(t.id) AS id, nullif(max(t.id), min(t.id)) AS other, max(t.dataset_id) AS dataset_id
        FROM {table} AS t
        WHERE gis.ST_DWithin(t.geom, g.place, {half} * 2)
    ) AS n
    WHERE g.width >= {width} AND n.id IS NOT NULL""").format(figure=sql.SQL(_FIGURE), **limits)
        + _END
    )


def _place(row: LiteralString) -> sql.Composed:
    return sql.SQL("gis.ST_PointOnSurface({}.geom)").format(sql.SQL(row))


def _same_shape(layer: Layer) -> sql.Composed:
    """Equal shapes, wherever they begin; points at one place only where their keys are equal too.

    Several permits at one gate are no mistake.
    """
    keys = (
        [sql.SQL("t.{}::text").format(sql.Identifier(name)) for name in layer.natural_key]
        if layer.geometry is GeometryKind.POINT
        else []
    )
    return (
        _found(
            "same_shape",
            "warning",
            f"{layer.title.th} เลขระเบียน %1$s มีรูปเดียวกับ %2$s",
            f"{layer.title.en} no. %1$s has the same shape as no. %2$s",
        )
        + sql.SQL("""
    SELECT
        ARRAY[d.id::text, d.first::text], d.id, d.first, NULL::bigint, NULL::numeric,
        NULL::numeric, d.dataset_id, gis.ST_PointOnSurface(d.geom), 0
    FROM (
        SELECT t.id, t.dataset_id, t.geom, min(t.id) OVER (
            PARTITION BY md5(ROW({parts})::text)
        ) AS first
        FROM {table} AS t
    ) AS d
    WHERE d.id <> d.first""").format(
            parts=sql.SQL(", ").join([sql.SQL("gis.ST_AsBinary(gis.ST_Normalize(t.geom))"), *keys]),
            table=_table(layer),
        )
        + _END
    )


def _same_key(layer: Layer) -> sql.Composed:
    """Rows that carry the key of an earlier one; the key itself is not told: not all may see it."""
    keys = [sql.Identifier("t", name) for name in layer.natural_key]
    return (
        _found(
            "same_key",
            "warning",
            f"{layer.title.th} เลขระเบียน %1$s ใช้รหัสเดียวกับ %2$s",
            f"{layer.title.en} no. %1$s carries the same key as no. %2$s",
        )
        + sql.SQL("""
    SELECT
        ARRAY[d.id::text, d.first::text], d.id, d.first, NULL::bigint, NULL::numeric,
        NULL::numeric, d.dataset_id, gis.ST_PointOnSurface(d.geom), 0
    FROM (
        SELECT t.id, t.dataset_id, t.geom, min(t.id) OVER (PARTITION BY {keys}) AS first
        FROM {table} AS t
        WHERE {known}
    ) AS d
    WHERE d.id <> d.first""").format(
            keys=sql.SQL(", ").join(keys),
            known=sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(key) for key in keys),
            table=_table(layer),
        )
        + _END
    )


def _slivers(layer: Layer) -> sql.Composed:
    return (
        _found(
            "sliver",
            "warning",
            f"{layer.title.th} เลขระเบียน %1$s มีเนื้อที่เพียง %2$s ตร.ม. กว้างเฉลี่ย %3$s ม.",
            f"{layer.title.en} no. %1$s is only %2$s m2, %3$s m wide on average",
        )
        + sql.SQL("""
    SELECT
        ARRAY[s.id::text, to_char(s.area, {figure}), to_char(s.width, {figure})],
        s.id, NULL::bigint, NULL::bigint, round(s.area::numeric, 2), round(s.width::numeric, 2),
        s.dataset_id, gis.ST_PointOnSurface(s.geom), -s.area
    FROM (
        SELECT
            t.id, t.dataset_id, t.geom, gis.ST_Area(t.geom) AS area,
            2 * gis.ST_Area(t.geom) / nullif(gis.ST_Perimeter(t.geom), 0) AS width
        FROM {table} AS t
    ) AS s
    WHERE s.area < {least} OR s.width < {width}""").format(
            figure=sql.SQL(_FIGURE),
            table=_table(layer),
            least=sql.Literal(SLIVER_M2),
            width=sql.Literal(SLIVER_M),
        )
        + _END
    )


def _outside(layer: Layer) -> sql.Composed:
    """Features wholly outside the boundary; nothing while the town has none."""
    return (
        _found(
            "outside_town",
            "warning",
            f"{layer.title.th} เลขระเบียน %1$s อยู่นอกเขตเมืองทั้งรูป ห่าง %2$s ม.",
            f"{layer.title.en} no. %1$s lies wholly outside the town, %2$s m away",
        )
        + sql.SQL("""
    SELECT
        ARRAY[o.id::text, to_char(o.away, {figure})], o.id, NULL::bigint, NULL::bigint,
        NULL::numeric, round(o.away::numeric, 2), o.dataset_id, gis.ST_PointOnSurface(o.geom),
        o.away
    FROM (
        SELECT t.id, t.dataset_id, t.geom, gis.ST_Distance(t.geom, b.geom) AS away
        FROM (SELECT gis.ST_Union(w.geom) AS geom FROM town.town_boundary AS w) AS b
        INNER JOIN {table} AS t ON NOT gis.ST_Intersects(b.geom, t.geom)
    ) AS o""").format(figure=sql.SQL(_FIGURE), table=_table(layer))
        + _END
    )


def _repaired(layer: Layer) -> sql.Composed:
    """Shapes an import repaired that are still just as the repair left them."""
    return (
        _found(
            "repaired",
            "note",
            f"{layer.title.th} เลขระเบียน %1$s แถว %2$s ในไฟล์: ซ่อมแล้ว %3$s",
            f"{layer.title.en} no. %1$s, row %2$s of its file: repaired, %4$s",
        )
        + sql.SQL("""
    SELECT DISTINCT ON (t.id)
        ARRAY[t.id::text, s.row_no::text, s.reason_th, s.reason_en], t.id, NULL::bigint, s.row_no,
        round(abs(s.change)::numeric, 2), NULL::numeric, s.dataset_id,
        coalesce(
            gis.ST_SetSRID(gis.ST_MakePoint(s.x, s.y), gis.ST_SRID(t.geom)),
            gis.ST_PointOnSurface(t.geom)
        ),
        abs(s.change)
    FROM muang.shape_repair AS s
    INNER JOIN muang.dataset AS d ON d.id = s.dataset_id AND d.layer = {layer}
    INNER JOIN {table} AS t ON md5(gis.ST_AsBinary(t.geom)) = s.shape_md5
    ORDER BY t.id, s.dataset_id DESC""").format(layer=sql.Literal(layer.id), table=_table(layer))
        + _END
    )
