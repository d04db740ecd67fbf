"""Indexes that make search fast: made from the declarations on every migrate, like views.

A code is found by its beginning (B-tree), words by their trigrams (GIN, pg_trgm), both over
`muang.search_text`, so that it does not matter how something was typed.
"""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql

from layers.model import Layer

EXTENSION: LiteralString = "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA gis"
"""Made by the administrator; an owner of a database may as well, it is a trusted one."""


def indexes(layer: Layer) -> Iterator[sql.Composed]:
    """CREATE INDEX for every field search finds rows by."""
    kinds: tuple[tuple[tuple[str, ...], str, LiteralString], ...] = (
        (layer.found_by_code, "begins", "btree (muang.search_text({}) text_pattern_ops)"),
        (layer.found_by_words, "words", "gin (muang.search_text({}) gis.gin_trgm_ops)"),
    )
    for fields, kind, method in kinds:
        for field in fields:
            yield sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} USING " + method).format(
                sql.Identifier(f"{layer.id}_{field}_{kind}"),
                sql.Identifier("town", layer.id),
                sql.Identifier(field),
            )
