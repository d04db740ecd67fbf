"""The staging table of a load: COPY into it, and find in SQL every row that cannot go live.

`pg_temp.incoming` is the session's own and goes at the end of its transaction, however that ends:
nothing of a broken load is left over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
from psycopg import sql
from psycopg.rows import dict_row

from db import binary_copy
from db.datasets import Refusal
from db.derived import AnyConnection
from db.rules import Reason, rules, source
from db.tables import SQL_TYPES
from layers.model import Layer

GEOM = "geom"
_CHUNK = 5_000
_EXAMPLES = 5


@dataclass(frozen=True)
class Repeats:
    """Natural keys more than one staged row has: how many keys, how many rows, the commonest."""

    keys: int = 0
    rows: int = 0
    examples: tuple[tuple[str, int], ...] = ()


def make(conn: AnyConnection, layer: Layer, columns: tuple[str, ...]) -> None:
    """Make the staging table, which has no constraint, inside the caller's transaction."""
    definitions = sql.SQL(", ").join(
        sql.SQL("{} gis.geometry").format(sql.Identifier(name))
        if name == GEOM
        else sql.SQL("{} {}").format(
            sql.Identifier(name), sql.SQL(SQL_TYPES[layer.field(name).type])
        )
        for name in columns
    )
    conn.execute(
        sql.SQL("CREATE TEMPORARY TABLE incoming (row_no bigint, {}) ON COMMIT DROP").format(
            definitions
        )
    )


def fill(conn: AnyConnection, columns: tuple[str, ...], arrays: Sequence[pa.Array]) -> None:
    """COPY a batch: its row numbers (int64), then its columns as `binary_copy.ARROW_TYPES` says."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name in ("row_no", *columns))
    copy_in = sql.SQL("COPY pg_temp.incoming ({}) FROM STDIN (FORMAT BINARY)").format(names)
    with conn.cursor() as cursor, cursor.copy(copy_in) as copy:
        copy.write(binary_copy.HEADER)
        copy.write(binary_copy.rows(arrays))
        copy.write(binary_copy.TRAILER)


def analyze(conn: AnyConnection, layer: Layer, columns: tuple[str, ...]) -> None:
    """Let the planner know how many rows are staged and how often keys repeat, and no more."""
    names = sql.SQL(", ").join(
        sql.Identifier(name)
        for name in ("row_no", *layer.natural_key)
        if name in ("row_no", *columns)
    )
    conn.execute(sql.SQL("ANALYZE pg_temp.incoming ({})").format(names))


def repeats(conn: AnyConnection, layer: Layer, columns: tuple[str, ...]) -> Repeats:
    """Which natural keys are there more than once."""
    if not set(layer.natural_key) <= set(columns):
        return Repeats()
    whole = sql.SQL(" AND ").join(
        sql.SQL("i.{} IS NOT NULL").format(sql.Identifier(name)) for name in layer.natural_key
    )
    found = conn.execute(
        sql.SQL(
            "SELECT concat_ws('/', {key}), count(*), count(*) OVER (), sum(count(*)) OVER ()"
            " FROM pg_temp.incoming AS i WHERE {whole} GROUP BY {key} HAVING count(*) > 1"
            " ORDER BY count(*) DESC, {key} LIMIT {few}"
        ).format(key=key_list(layer), whole=whole, few=sql.Literal(_EXAMPLES))
    ).fetchall()
    if not found:
        return Repeats()
    examples = tuple((str(row[0]), int(str(row[1]))) for row in found)
    return Repeats(int(str(found[0][2])), int(str(found[0][3])), examples)


@dataclass(frozen=True)
class Unfit:
    """Staged rows taken out of staging because they cannot go live, kept in `pg_temp.unfit`."""

    conn: AnyConnection
    layer: Layer
    columns: tuple[str, ...]
    reasons: tuple[Reason, ...]
    count: int

    def __iter__(self) -> Iterator[Refusal]:
        """Every such row with its first reason, in the order of the file, some at a time.

        The content is what was made of the row in the file.
        """
        plain = [name for name in self.columns if name != GEOM]
        chosen: list[sql.Composable] = [sql.SQL("i.{}").format(sql.Identifier(n)) for n in plain]
        if GEOM in self.columns:
            chosen.append(sql.SQL("left(gis.ST_AsText(i.geom), 100000) AS geom"))
        query = sql.SQL(
            "SELECT i.row_no AS __row, i.__reason{} FROM pg_temp.unfit AS i"
            " WHERE i.row_no > {} ORDER BY i.row_no LIMIT {}"
        )
        listed = sql.SQL("").join(sql.SQL(", ") + item for item in chosen)
        last = -1
        while self.count:
            with self.conn.cursor(row_factory=dict_row) as cursor:
                rows = cursor.execute(
                    query.format(listed, sql.Literal(last), sql.Literal(_CHUNK))
                ).fetchall()
            if not rows:
                return
            last = rows[-1]["__row"]
            for row in rows:
                yield Refusal(
                    row=row.pop("__row"),
                    reason=self.reasons[row.pop("__reason")].text,
                    key=_key_text(self.layer, row),
                    data={name: _jsonable(value) for name, value in row.items()},
                )


def refuse(
    conn: AnyConnection, layer: Layer, columns: tuple[str, ...], *, unique_key: bool
) -> Unfit:
    """Take every row out of staging that cannot go live, by its first reason.

    `unique_key` also refuses rows whose natural key is missing, repeated in the file, or
    carried by several live rows: an upsert could not know which one is meant.
    """
    has_key = set(layer.natural_key) <= set(columns)
    reasons = rules(layer, columns, unique_key=unique_key)
    whens = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(reason.test, sql.Literal(number))
        for number, reason in enumerate(reasons)
    )
    conn.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE unfit ON COMMIT DROP AS SELECT * FROM ("
            "SELECT i.*, CASE WHEN false THEN 0 {} END AS __reason FROM {}) AS i"
            " WHERE i.__reason IS NOT NULL"
        ).format(whens, source(layer, unique_key=unique_key and has_key))
    )
    count = conn.execute(
        "DELETE FROM pg_temp.incoming AS i USING pg_temp.unfit AS u WHERE i.row_no = u.row_no"
    ).rowcount
    return Unfit(conn, layer, columns, reasons, count)


def key_list(layer: Layer) -> sql.Composed:
    """The natural key's columns, quoted and joined by commas."""
    return sql.SQL(", ").join(sql.Identifier(name) for name in layer.natural_key)


def _key_text(layer: Layer, row: dict[str, object]) -> str | None:
    parts = [str(row[name]) for name in layer.natural_key if row.get(name) is not None]
    return " / ".join(parts) or None


def _jsonable(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value
