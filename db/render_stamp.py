"""Whether the render tables are still what a migrate would make: then it need not make them.

Making them takes a minute for a town of 200,000 parcels, and writers wait meanwhile. So what they
were made by, and what the database says of what was made, is written on their schema; and every
feature has to be there. What somebody changed in a live table with its triggers switched off is
not seen here: `./muang db migrate --redraw`.
"""

import hashlib
from collections.abc import Iterable
from typing import LiteralString

from psycopg import Connection, sql

from db import render
from layers.catalog import LAYERS
from layers.model import Layer

_BUILT: LiteralString = """
SELECT md5(coalesce(string_agg(told, chr(10) ORDER BY told), '')) FROM (
    SELECT concat_ws(' ', c.relname, c.relkind, c.relpersistence, a.attname, a.attstorage,
        format_type(a.atttypid, a.atttypmod), a.attnotnull) AS told
    FROM pg_class AS c
    INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'render'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_index AS i INNER JOIN pg_class AS c ON i.indrelid = c.oid
    WHERE c.relnamespace = 'render'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', pg_get_constraintdef(o.oid), o.conrelid::regclass)
    FROM pg_constraint AS o WHERE o.connamespace = 'render'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', pg_get_functiondef(p.oid), pg_get_userbyid(p.proowner))
    FROM pg_proc AS p WHERE p.pronamespace = 'render'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger AS t INNER JOIN pg_proc AS p ON t.tgfoid = p.oid
    WHERE p.pronamespace = 'render'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', a.attrelid::regclass, a.attname, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attrdef AS d
    INNER JOIN pg_attribute AS a ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    INNER JOIN pg_class AS c ON a.attrelid = c.oid
    WHERE c.relnamespace = 'town'::regnamespace AND a.attname = 'geom_3857'
    UNION ALL
    SELECT gis.postgis_lib_version() || ' ' || gis.postgis_geos_version()
) AS facts
"""


def made_by(layers: Iterable[Layer], sql_files: Iterable[str]) -> str:
    """Digest of every statement render tables are made with."""
    told = hashlib.sha256()
    for layer in layers:
        if layer.rendered:
            told.update(render.statements(layer).encode())
    for text in sql_files:
        told.update(text.encode())
    return told.hexdigest()


def holds(conn: Connection[tuple[object, ...]], made: str) -> bool:
    """Whether the tables there were made by this, and nobody has changed them since."""
    row = conn.execute("SELECT to_regnamespace('render')").fetchone()
    if row is None or row[0] is None:
        return False
    said = conn.execute("SELECT obj_description('render'::regnamespace, 'pg_namespace')").fetchone()
    if said is None or said[0] != _stamp(conn, made):
        return False
    return all(_whole(conn, layer) for layer in LAYERS if layer.rendered)


def put(conn: Connection[tuple[object, ...]], made: str) -> None:
    """Write down what the tables just made were made by."""
    conn.execute(sql.SQL("COMMENT ON SCHEMA render IS {}").format(sql.Literal(_stamp(conn, made))))


def _stamp(conn: Connection[tuple[object, ...]], made: str) -> str:
    row = conn.execute(_BUILT).fetchone()
    return f"{made[:32]} {row[0] if row else None}"


def _whole(conn: Connection[tuple[object, ...]], layer: Layer) -> bool:
    """Whether exactly the features of the live table are there."""
    live, drawn = sql.Identifier("town", layer.id), sql.Identifier(render.SCHEMA, layer.id)
    row = conn.execute(
        sql.SQL(
            "SELECT EXISTS (SELECT FROM {live} AS t"
            " WHERE NOT EXISTS (SELECT FROM {drawn} AS r WHERE r.id = t.id))"
            " OR EXISTS (SELECT FROM {drawn} AS r"
            " WHERE NOT EXISTS (SELECT FROM {live} AS t WHERE t.id = r.id))"
        ).format(live=live, drawn=drawn)
    ).fetchone()
    return row == (False,)
