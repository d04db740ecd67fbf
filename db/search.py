"""Indexes that make search fast: made from the declarations on every migrate, like views.

A code is found by its beginning (B-tree; the natural key and references have theirs already), words
by their trigrams (GIN, pg_trgm). Both are over the field as it is, because imports have put Thai
text in order already: over `muang.search_text` they cost a large import three times as much.
"""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql

from layers.model import Layer

EXTENSION: LiteralString = "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA gis"
"""Made by the administrator; an owner of a database may as well, it is a trusted one."""


def indexes(layer: Layer) -> Iterator[sql.Composed]:
    """CREATE INDEX for every field search finds rows by."""
    for field in layer.found_by_code:
        if field != layer.natural_key[0] and layer.field(field).references is None:
            yield _index(layer, field, "begins", "btree ({})")
    for field in layer.found_by_words:
        yield _index(layer, field, "words", "gin ({} gis.gin_trgm_ops)")


def _index(layer: Layer, field: str, kind: str, method: LiteralString) -> sql.Composed:
    column = sql.Identifier(field)
    return sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} USING {} WHERE {} IS NOT NULL").format(
        sql.Identifier(f"{layer.id}_{field}_{kind}"),
        sql.Identifier("town", layer.id),
        sql.SQL(method).format(column),
        column,
    )
