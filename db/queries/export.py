"""A whole layer, or the part of it a question chooses, as COPY gives it out: typed -> SQL texts.

The texts hold their values already: COPY takes no parameters, and another process runs them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncClientCursor, AsyncConnection, ClientCursor, Connection, sql

from db.past import SETTING
from db.queries.features import Page, rows_asked
from db.view_names import Tense, view_schema

_DIGITS = 15
"""Every digit there is: what is exported imports again equal."""


@dataclass(frozen=True)
class Statements:
    """What the process that writes an export runs, in this order and in one transaction.

    `about` gives one row: version, as_of and source of the layer, position of the town, now.
    """

    setup: tuple[str, ...]
    about: str
    copy: str


def statements(
    cursor: AsyncClientCursor[Any] | ClientCursor[Any],
    page: Page,
    shape: str,
    as_of: datetime | None,
) -> Statements:
    """Build the statements; the cursor is asked nothing, it only says how values are written.

    `shape` is how geometry comes: geojson, wkt or wkb.
    """
    values: dict[str, object] = {}
    copy = _copy(page, shape, values)
    setup = () if as_of is None else (cursor.mogrify(*_enter(page, as_of)),)
    return Statements(setup, cursor.mogrify(*_about(page)), cursor.mogrify(copy, values))


def _copy(page: Page, shape: str, values: dict[str, object]) -> sql.Composed:
    table, where = rows_asked(page, values)
    picked = [sql.Identifier("t", field.name) for field in page.fields]
    geometry = [_geometry(page, shape)] if has_geometry(page) else []
    return sql.SQL(
        "COPY (SELECT {picked} FROM {table} AS t{where} ORDER BY t.id) TO STDOUT (FORMAT BINARY)"
    ).format(picked=sql.SQL(", ").join([*picked, *geometry]), table=table, where=where)


def has_geometry(page: Page) -> bool:
    """Whether the rows come with a geometry."""
    return page.layer.geometry is not None and page.with_geometry


def _geometry(page: Page, shape: str) -> sql.Composed:
    geom: sql.Composable = sql.SQL("t.geom")
    if page.srid != page.town_srid:
        geom = sql.SQL("ST_Transform({}, {})").format(geom, sql.Literal(page.srid))
    if shape == "wkb":
        return sql.SQL("ST_AsBinary({}, 'NDR')").format(geom)
    if shape == "wkt":
        return sql.SQL("ST_AsText({}, {})").format(geom, sql.Literal(_DIGITS))
    return sql.SQL("ST_AsGeoJSON({}, {}, 0)").format(geom, sql.Literal(_DIGITS))


def _enter(page: Page, as_of: datetime) -> tuple[sql.Composed, Mapping[str, object]]:
    """What `db.past.enter` does, the position found by the statement itself."""
    path = f"{view_schema(page.role, Tense.PAST)}, gis, pg_catalog"
    return (
        sql.SQL(
            "SELECT set_config('search_path', {}, true),"
            " set_config({}, muang.pos_at(%(as_of)s)::text, true)"
        ).format(sql.Literal(path), sql.Literal(SETTING)),
        {"as_of": as_of},
    )


def _about(page: Page) -> tuple[sql.Composed, Mapping[str, object]]:
    return (
        sql.SQL(
            "SELECT p.version, p.as_of, p.source, coalesce("
            "nullif(current_setting({}, true), '')::bigint, muang.current_pos()), now()"
            " FROM (VALUES (0)) AS one (row)"
            " LEFT JOIN layer_provenance(%(layer)s, %(keys)s::text[]) AS p ON true"
        ).format(sql.Literal(SETTING)),
        {"layer": page.layer.id, "keys": None if page.keys is None else list(page.keys)},
    )


async def licences(conn: AsyncConnection[Any], layer: str) -> dict[str, str]:
    """Licences of a layer's imports by the name of their source; needs the `service` login.

    Only those of sources somebody was told of may be told on (`exports.about.licences`).
    """
    cursor = await conn.execute(_LICENCES, [layer])
    return {str(source): str(licence) for source, licence in await cursor.fetchall()}


def licences_now(conn: Connection[Any], layer: str) -> dict[str, str]:
    """`licences`, for commands."""
    found = conn.execute(_LICENCES, [layer]).fetchall()
    return {str(source): str(licence) for source, licence in found}


_LICENCES = """
SELECT d.source, string_agg(DISTINCT d.licence, '; ' ORDER BY d.licence)
FROM muang.dataset AS d
WHERE d.layer = %s AND d.undone_at IS NULL AND d.licence IS NOT NULL
GROUP BY d.source
"""
