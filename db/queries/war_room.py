"""Records of the war room as a role sees them, and the log in its order."""

from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from db import scopes, steps
from layers import care_locations, event_log, event_words, incident_rules
from layers.model import Layer, Role
from layers.privacy import visible_fields
from layers.war_defaults import RULES, WORDS, merged

Connection = AsyncConnection[Any]
Where = tuple[str, object]
"""A field and the value it must have."""

_PAGE = """
SELECT c.pos, l.id
FROM town.event_log AS l
INNER JOIN muang.change_set AS c ON l.change_set = c.id
WHERE l.event = %s AND c.pos IS NOT NULL AND (c.pos, l.id) > (%s, %s)
    AND (%s::text[] IS NULL OR l.kind = any(%s::text[]))
ORDER BY c.pos, l.id
LIMIT %s
"""
_OF_ONE = """
SELECT c.pos, l.id
FROM town.event_log AS l
INNER JOIN muang.change_set AS c ON l.change_set = c.id
WHERE l.kind = %s AND l.record = %s AND c.pos IS NOT NULL
ORDER BY c.pos, l.id
LIMIT %s
"""
_NEAR = """
SELECT
    o.id AS incident,
    o.code,
    round(gis.ST_Distance(o.geom, i.geom)::numeric, 1)::float8 AS metres
FROM town.incidents AS i
INNER JOIN town.incidents AS o
    ON o.kind = i.kind AND o.seen_by = i.seen_by AND o.id <> i.id
    AND gis.ST_DWithin(o.geom, i.geom, %s)
WHERE i.id = %s AND o.status <> 'all_clear' AND o.merged_into IS NULL
ORDER BY metres, o.id
LIMIT 20
"""


async def records(
    conn: Connection,
    layer: Layer,
    role: Role,
    *where: Where,
    also: sql.Composable | None = None,
    limit: int = 1000,
) -> list[dict[str, Any]]:
    """Rows of a layer as the role sees them, newest first, as `db.steps.told` makes them."""
    columns: list[sql.Composable] = [
        sql.Identifier(field.name) for field in visible_fields(layer, role)
    ]
    if layer.geometry is not None:
        columns.append(steps.LON_LAT)
    tests = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name, _ in where]
    statement = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY id DESC LIMIT %s").format(
        sql.SQL(", ").join(columns),
        sql.Identifier(layer.id),
        sql.SQL(" AND ").join([*tests, also or sql.SQL("true")]),
    )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, [*(value for _, value in where), limit])
        return [steps.told(layer, row, role) for row in await cursor.fetchall()]


async def log_order(
    service: Connection, event: str, after: tuple[int, int], kinds: list[str] | None, limit: int
) -> list[tuple[int, int]]:
    """Position and id of the steps of an event after one of them, in order."""
    cursor = await service.execute(_PAGE, [event, *after, kinds, kinds, limit])
    return [(int(pos), int(step)) for pos, step in await cursor.fetchall()]


async def order_of_one(
    service: Connection, kind: str, record: int, limit: int
) -> list[tuple[int, int]]:
    """Position and id of the steps of one record, in order, whatever event they belong to."""
    cursor = await service.execute(_OF_ONE, [kind, record, limit])
    return [(int(pos), int(step)) for pos, step in await cursor.fetchall()]


async def log_rows(
    conn: Connection, role: Role, order: list[tuple[int, int]]
) -> list[dict[str, Any]]:
    """Steps as the role sees them, in their order, each with its `pos`."""
    ids = [step for _, step in order]
    found = await records(
        conn, event_log.LAYER, role, also=sql.SQL("id = any({})").format(ids), limit=len(ids) + 1
    )
    by_id = {row["id"]: row for row in found}
    return [{**by_id[step], "pos": pos} for pos, step in order if step in by_id]


async def lines(conn: Connection, role: Role, event: str) -> dict[str, dict[str, Any]]:
    """The step each line of an event stands by now: the last that was not taken back."""
    found = await records(
        conn,
        event_log.LAYER,
        role,
        ("event", event),
        ("kind", "event"),
        also=sql.SQL("undoes IS NULL"),
    )
    undone = {
        row["undoes"]
        for row in await records(conn, event_log.LAYER, role, ("event", event), ("action", "undo"))
    }
    standing: dict[str, dict[str, Any]] = {}
    for row in found:
        if row["id"] not in undone:
            standing.setdefault(row["action"], row)
    return standing


async def words(conn: Connection, role: Role) -> list[dict[str, Any]]:
    """The town's flags and seats, in order."""
    rows = await records(conn, event_words.LAYER, role)
    found = merged(WORDS, rows, ("list", "code"))
    return sorted(found, key=lambda row: (row["list"], row.get("seq") or 0, row["code"]))


async def rules(conn: Connection, role: Role) -> list[dict[str, Any]]:
    """The rules that raise incidents, and how soon each must be acknowledged."""
    return merged(RULES, await records(conn, incident_rules.LAYER, role), ("code",))


async def near(service: Connection, incident: int, metres: float) -> list[dict[str, Any]]:
    """Incidents of the same kind near one, for the same people to see, nearest first."""
    async with service.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_NEAR, [metres, incident])
        return await cursor.fetchall()


async def home(conn: Connection, role: Role, keys: tuple[str, ...] | None, code: str) -> None:
    """NotFoundError unless there is a home of that code which somebody sees now."""
    layer = care_locations.LAYER
    names = {field.name for field in visible_fields(layer, role)}
    found = None
    if {"kind", "household"} <= names:
        held = sql.Literal(None if keys is None else list(keys))
        cursor = await conn.execute(
            sql.SQL("SELECT 1 FROM {} AS c WHERE c.kind = 'home' AND c.code = %s LIMIT 1").format(
                scopes.source(layer, role, sql.SQL("NULL::gis.geometry"), held)
            ),
            [code],
        )
        found = await cursor.fetchone()
    if found is None:
        raise steps.missing(layer, code)


async def power_area(conn: Connection, area: int) -> str | None:
    """The code of a power area by its record number; None when there is none."""
    cursor = await conn.execute("SELECT code FROM power_areas WHERE id = %s", [area])
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def homes_without_power(
    conn: Connection, role: Role, keys: tuple[str, ...] | None, area: str
) -> list[dict[str, Any]]:
    """Homes in a power area whose people hang on power, those somebody sees now."""
    layer = care_locations.LAYER
    names = {field.name for field in visible_fields(layer, role)}
    if not {"household", "needs"} <= names:
        return []
    held = sql.Literal(None if keys is None else list(keys))
    shape = sql.SQL("(SELECT b.geom FROM power_areas AS b WHERE b.code = {} LIMIT 1)").format(
        sql.Literal(area)
    )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            sql.SQL(
                "SELECT c.code AS care_code, c.household, c.needs FROM {} AS c"
                " INNER JOIN power_areas AS a ON a.code = %s AND ST_Intersects(a.geom, c.geom)"
                " WHERE c.kind = 'home' AND c.needs && %s::text[] ORDER BY c.code"
            ).format(scopes.source(layer, role, shape, held)),
            [area, sorted(care_locations.POWERED)],
        )
        return await cursor.fetchall()
