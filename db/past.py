"""Reading the town as it was: the same names, in a schema of views over live rows and history.

Whoever has entered the past (`enter`) reads every layer as of one position: unqualified names
resolve to `as_<role>_past`, whose views and definer functions hold the same columns and rows as
those of the present, taken from `town` and `history`. So every statement that reads layers, and
every rule about who sees what, holds for the past too without knowing of it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, sql

from db.tables import history_columns
from db.view_names import SINCE, UNTIL, Tense, view_schema
from layers.model import Layer, Role

Connection = AsyncConnection[Any]

SETTING = "muang.as_of"


def rows_of(layer: Layer, tense: Tense) -> sql.Composable:
    """What a role's views of a layer are made over, to stand after FROM with an alias."""
    return _versions(layer) if tense is Tense.PAST else sql.Identifier("town", layer.id)


def index(layer: Layer) -> sql.Composed:
    """CREATE INDEX for finding what was kept by a box of the town's own CRS.

    The one for degrees and tiles is of the geometry in EPSG:3857 (`db.tables`).
    """
    return sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} USING gist (geom)").format(
        sql.Identifier(f"{layer.id}_history_geom"), sql.Identifier("history", layer.id)
    )


def _versions(layer: Layer) -> sql.Composed:
    """Subquery of the versions of all rows as of the position entered.

    A version whose change set has no position yet is not part of any past. Not a barrier: the
    planner takes conditions into both halves, where both have an index on the 3857 geometry.
    """
    names = history_columns(layer)
    live = sql.SQL(", ").join(sql.Identifier("v", name) for name in names)
    kept = live
    if layer.geometry is not None:
        live += sql.SQL(", v.geom_3857")
        kept += sql.SQL(", gis.st_transform(v.geom, 3857)")
    return sql.SQL(
        "(SELECT {live}, f.pos AS {since}, NULL::bigint AS {until}, f.committed_at"
        " FROM town.{table} AS v INNER JOIN muang.change_set AS f ON v.change_set = f.id"
        " WHERE f.pos <= current_setting({setting})::bigint"
        " UNION ALL"
        " SELECT {kept}, f.pos, u.pos, f.committed_at FROM history.{table} AS v"
        " INNER JOIN muang.change_set AS f ON v.set_from = f.id"
        " LEFT JOIN muang.change_set AS u ON v.set_to = u.id"
        " WHERE f.pos <= current_setting({setting})::bigint"
        " AND (u.pos IS NULL OR u.pos > current_setting({setting})::bigint))"
    ).format(
        live=live,
        kept=kept,
        table=sql.Identifier(layer.id),
        setting=sql.Literal(SETTING),
        since=sql.Identifier(SINCE),
        until=sql.Identifier(UNTIL),
    )


async def position_at(conn: Connection, moment: datetime) -> int:
    """The position that was current at a moment; 0 before the first change."""
    cursor = await conn.execute("SELECT muang.pos_at(%s)", [moment])
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def enter(conn: Connection, role: Role, pos: int) -> None:
    """From here to the end of the transaction under way, read as of a position."""
    await conn.execute(
        "SELECT set_config('search_path', %s, true), set_config(%s, %s, true)",
        [f"{view_schema(role, Tense.PAST)}, gis, pg_catalog", SETTING, str(pos)],
    )


@asynccontextmanager
async def snapshot(
    conn: Connection, role: Role, at: datetime | int | None = None
) -> AsyncIterator[int]:
    """A read-only transaction that reads the town as of one position, which it yields.

    `at` is a moment, a position, or None for now. The same position reads the same rows for ever:
    while a committed change waits for its number, even now is read as the past of the last one.
    """
    async with conn.transaction():
        await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if isinstance(at, datetime):
            pos = await position_at(conn, at)
        elif at is not None:
            pos = at
        else:
            cursor = await conn.execute("SELECT muang.current_pos(), muang.awaits_number()")
            row = await cursor.fetchone()
            pos, newer = (int(row[0]), bool(row[1])) if row else (0, False)
            if not newer:
                yield pos
                return
        await enter(conn, role, pos)
        yield pos


@asynccontextmanager
async def entered(conn: Connection, role: Role, moment: datetime) -> AsyncIterator[int]:
    """A read-only transaction in the past; yields the position that was current then."""
    async with conn.transaction():
        await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        pos = await position_at(conn, moment)
        await enter(conn, role, pos)
        yield pos
