"""Many rows out of the database, one at a time, all from one moment.

Imports the driver and nothing else: the process that writes an export starts in a fraction of a
second (`exports.worker`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

_TYPES = {
    "text": "text",
    "integer": "int8",
    "number": "float8",
    "boolean": "bool",
    "date": "date",
    "datetime": "timestamptz",
    "text_list": "text[]",
}
"""PostgreSQL types of the field types, as COPY sends them."""
_LOOK = "1s"
"""How often a statement at work looks whether its client is still there."""


class Snapshot:
    """A REPEATABLE READ, read-only transaction."""

    def __init__(self, conn: "psycopg.Connection[Any]") -> None:
        self._conn = conn

    def row(self, statement: str) -> Sequence[Any]:
        """The one row of a statement; RuntimeError when there is none."""
        found: Sequence[Any] | None = self._conn.execute(statement.encode()).fetchone()
        if found is None:
            raise RuntimeError("the statement gave no row")
        return found

    def rows(self, copy: str, kinds: Sequence[str], shape: str | None) -> Iterator[tuple[Any, ...]]:
        """Rows of a COPY … TO STDOUT (FORMAT BINARY): fields of these kinds, then the geometry."""
        types = [_TYPES[kind] for kind in kinds]
        if shape is not None:
            types.append("bytea" if shape == "wkb" else "text")
        with self._conn.cursor() as cursor, cursor.copy(copy.encode()) as out:
            out.set_types(types)
            yield from out.rows()


@contextmanager
def snapshot(url: str, setup: Iterable[str], seconds: int) -> Iterator[Snapshot]:
    """Read everything as it is at one moment, `seconds` at most in all (0: as long as it takes)."""
    with psycopg.connect(url, connect_timeout=10, application_name="muang export") as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        conn.execute(
            "SELECT set_config('statement_timeout', %s, true),"
            " set_config('client_connection_check_interval', %s, true)",
            [str(seconds * 1000), _LOOK],
        )
        for statement in setup:
            conn.execute(statement.encode())
        yield Snapshot(conn)
