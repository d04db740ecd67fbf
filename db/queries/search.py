"""Finding a place by what somebody types: codes by their beginning, words also when misspelt.

Only the caller's views and functions are read, and only fields the caller may see are compared.
"""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, sql

from db.scopes import source
from layers.model import Layer, Role
from layers.privacy import visible_fields

SHORTEST = 2
LONGEST = 200
SIMILAR = 0.5
"""Word similarity (pg_trgm) from which something counts as found: one wrong letter in a Thai name
of nine gives 0.62."""


@dataclass(frozen=True)
class Sought:
    """What is sought, by whom: `layers` the caller sees, `keys` as in `db.scopes`."""

    text: str
    role: Role
    layers: tuple[Layer, ...]
    keys: tuple[str, ...] | None = None
    limit: int = 20


@dataclass(frozen=True)
class Hit:
    """One row found: by which field, its value there, 1 best; where (EPSG:4326), if anywhere."""

    layer: str
    id: int
    field: str
    value: str
    score: float
    lon: float | None
    lat: float | None


async def search(conn: AsyncConnection[Any], sought: Sought) -> list[Hit]:
    """The best rows first; one row once. Empty when the text is too short to mean anything."""
    parts = [part for layer in sought.layers for part in _parts(layer, sought.role)]
    async with conn.transaction():
        cursor = await conn.execute(
            "SELECT muang.search_text(%s),"
            " set_config('pg_trgm.word_similarity_threshold', %s, true)",
            [sought.text, str(SIMILAR)],
        )
        row = await cursor.fetchone()
        wanted = str(row[0]) if row else ""
        if len(wanted) < SHORTEST or not parts:
            return []
        statement = sql.SQL(
            "WITH found AS ({parts}), best AS ("
            " SELECT DISTINCT ON (f.layer, f.id) f.* FROM found AS f"
            " ORDER BY f.layer, f.id, f.score DESC, f.field)"
            " SELECT b.layer, b.id, b.field, b.value, b.score, ST_X(p.at), ST_Y(p.at)"
            " FROM (SELECT * FROM best ORDER BY score DESC, length(value), layer, id"
            " LIMIT %(limit)s) AS b"
            " LEFT JOIN LATERAL (SELECT ST_Transform(ST_PointOnSurface(b.geom), 4326) AS at) AS p"
            " ON true ORDER BY b.score DESC, length(b.value), b.layer, b.id"
        ).format(parts=sql.SQL(" UNION ALL ").join(parts))
        cursor = await conn.execute(
            statement,
            {
                "wanted": wanted,
                "beyond": wanted + chr(0x10FFFF),
                "keys": None if sought.keys is None else list(sought.keys),
                "limit": sought.limit,
            },
        )
        return [Hit(*row) for row in await cursor.fetchall()]


def _parts(layer: Layer, role: Role) -> list[sql.Composed]:
    """A SELECT for each field of the layer this role may see and search reads."""
    seen = {field.name for field in visible_fields(layer, role)}
    table = source(layer, role, sql.SQL("NULL::geometry"), sql.SQL("%(keys)s"))
    geom = sql.SQL("t.geom" if layer.geometry is not None else "NULL::geometry")
    made = []
    for field in (*layer.found_by_code, *layer.found_by_words):
        if field not in seen:
            continue
        by_code = field in layer.found_by_code
        column = sql.SQL("muang.search_text({})").format(sql.Identifier("t", field))
        if by_code:
            # the operators of the pattern index, which a parameter can use where LIKE could not
            test = sql.SQL("{0} ~>=~ %(wanted)s AND {0} ~<~ %(beyond)s").format(column)
            score = sql.SQL(
                "(CASE WHEN {0} = %(wanted)s THEN 1.0"
                " ELSE 0.9 * length(%(wanted)s) / length({0}) END)::float8"
            ).format(column)
        else:
            test = sql.SQL("{} %%> %(wanted)s").format(column)
            score = sql.SQL(
                "(CASE WHEN {0} = %(wanted)s THEN 1.0"
                " ELSE 0.95 * word_similarity(%(wanted)s, {0}) END)::float8"
            ).format(column)
        made.append(
            sql.SQL(
                "(SELECT {layer} AS layer, t.id, {field} AS field, {name} AS value,"
                " {score} AS score, {geom} AS geom FROM {table} AS t WHERE {test}"
                " ORDER BY score DESC, length({name}), t.id LIMIT %(limit)s)"
            ).format(
                layer=sql.Literal(layer.id),
                field=sql.Literal(field),
                name=sql.Identifier("t", field),
                score=score,
                geom=geom,
                table=table,
                test=test,
            )
        )
    return made
