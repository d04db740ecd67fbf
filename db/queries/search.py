"""Finding a place by what somebody types: codes by their beginning, words also when misspelt.

Only the caller's views and functions are read, and only fields the caller may see are compared.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from psycopg import AsyncConnection, sql

from db.scopes import source
from layers.model import Layer, Role
from layers.privacy import visible_fields

SHORTEST = 2
LONGEST = 200
SIMILAR = 0.4
"""Word similarity (pg_trgm) from which something counts as found: a letter left out of a Thai name
of nine gives 0.45 to 0.62, because vowels above and below the line end a word for pg_trgm."""
MEASURED = 400
"""Rows of a field that are ranked at most: a common name is held by a tenth of a town's parcels,
and to measure each of them takes seconds."""
_WORDS = 8
_LETTERS = re.compile(r"[^\W\d_]{3}")
"""What a word needs before its likes are looked for; a number's likes are other numbers."""


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


class _How(Enum):
    """As it was typed: codes that begin with it, texts that hold its words. Or like it."""

    TYPED = "typed"
    LIKE = "like"


async def search(conn: AsyncConnection[Any], sought: Sought) -> list[Hit]:
    """The best rows first; one row once. Empty when the text is too short to mean anything.

    What only resembles the text is looked for where too few rows hold it as it was typed.
    """
    async with conn.transaction():
        cursor = await conn.execute(
            "SELECT muang.search_text(%s),"
            " set_config('pg_trgm.word_similarity_threshold', %s, true)",
            [sought.text, str(SIMILAR)],
        )
        row = await cursor.fetchone()
        wanted = str(row[0]) if row else ""
        if len(wanted) < SHORTEST:
            return []
        found = await _best(conn, sought, wanted, _How.TYPED)
        if len(found) < sought.limit and _LETTERS.search(wanted):
            found += await _best(conn, sought, wanted, _How.LIKE)
    best = {(hit.layer, hit.id): hit for hit in sorted(found, key=lambda hit: hit.score)}
    ranked = sorted(best.values(), key=lambda hit: (-hit.score, len(hit.value), hit.layer, hit.id))
    return ranked[: sought.limit]


async def _best(conn: AsyncConnection[Any], sought: Sought, wanted: str, how: _How) -> list[Hit]:
    words = wanted.split(" ")[:_WORDS]
    values: dict[str, object] = {
        "wanted": wanted,
        "end": chr(0x10FFFF),
        "keys": None if sought.keys is None else list(sought.keys),
        "limit": sought.limit,
        "most": MEASURED,
        **{f"word_{place}": f"%{_escaped(word)}%" for place, word in enumerate(words)},
    }
    parts = [
        part for layer in sought.layers for part in _parts(layer, sought.role, how, len(words))
    ]
    if not parts:
        return []
    statement = sql.SQL(
        "WITH found AS ({parts}), best AS ("
        " SELECT DISTINCT ON (f.layer, f.id) f.* FROM found AS f"
        " ORDER BY f.layer, f.id, f.score DESC, f.field)"
        " SELECT b.layer, b.id, b.field, b.value, b.score, ST_X(p.at), ST_Y(p.at)"
        " FROM (SELECT * FROM best ORDER BY score DESC, length(value), layer, id"
        " LIMIT %(limit)s) AS b"
        " LEFT JOIN LATERAL (SELECT ST_Transform(ST_PointOnSurface(b.geom), 4326) AS at) AS p"
        " ON true"
    ).format(parts=sql.SQL(" UNION ALL ").join(parts))
    cursor = await conn.execute(statement, values)
    return [Hit(*row) for row in await cursor.fetchall()]


def _escaped(word: str) -> str:
    """A word for LIKE, in which nothing of it means more than itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _parts(layer: Layer, role: Role, how: _How, words: int) -> Iterator[sql.Composed]:
    """A SELECT for each field of the layer this role may see and search reads."""
    seen = {field.name for field in visible_fields(layer, role)}
    table = source(layer, role, sql.SQL("NULL::geometry"), sql.SQL("%(keys)s"))
    geom = sql.SQL("t.geom" if layer.geometry is not None else "NULL::geometry")
    codes = layer.found_by_code if how is _How.TYPED else ()
    for field in (*codes, *layer.found_by_words):
        if field not in seen:
            continue
        by_code = field in codes
        name = sql.Identifier("t", field)
        yield sql.SQL(
            "(SELECT {layer} AS layer, t.id, {field} AS field, {name} AS value,"
            " (CASE WHEN t.said = %(wanted)s THEN 1.0 ELSE {rank} END)::float8 AS score,"
            " {geom} AS geom FROM (SELECT t.*, muang.search_text({name}) AS said"
            " FROM {table} AS t WHERE {test} LIMIT %(most)s) AS t"
            " ORDER BY score DESC, length({name}), t.id LIMIT %(limit)s)"
        ).format(
            layer=sql.Literal(layer.id),
            field=sql.Literal(field),
            name=name,
            rank=sql.SQL(
                "0.9 * length(%(wanted)s) / length(t.said)"
                if by_code
                else "0.95 * word_similarity(%(wanted)s, t.said)"
            ),
            geom=geom,
            table=table,
            test=_begins(name) if by_code else _has(name, how, words),
        )


def _begins(name: sql.Identifier) -> sql.Composable:
    """Texts that begin with what was typed, in small or capital letters.

    Ranges, which a parameter can use an index for where LIKE could not; the towns' collation
    (C.UTF-8) is the order of code points.
    """
    return sql.SQL(
        "({0} >= %(wanted)s AND {0} < %(wanted)s || %(end)s"
        " OR {0} >= upper(%(wanted)s) AND {0} < upper(%(wanted)s) || %(end)s)"
    ).format(name)


def _has(name: sql.Identifier, how: _How, words: int) -> sql.Composable:
    if how is _How.LIKE:
        return sql.SQL("{} %%> %(wanted)s").format(name)
    held = [sql.SQL("{} ILIKE {}").format(name, sql.Placeholder(f"word_{n}")) for n in range(words)]
    return sql.SQL(" AND ").join(held)
