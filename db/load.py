"""Staged COPY -> checked upsert, replace or append, in one transaction.

Rows that break a CHECK, a NOT NULL or (for upsert) the uniqueness of their key are found in the
staging table by SQL and come back as refusals with a reason; live data changes all at once or
not at all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any, Literal, TypeVar

import pyarrow as pa
import shapely
from psycopg import Rollback, sql
from psycopg.types.json import Jsonb

from db import staging
from db.binary_copy import ARROW_TYPES
from db.changes import number_changes
from db.datasets import Dataset, Refusal, begin, keep_refusals
from db.derived import AnyConnection
from db.staging import GEOM, Repeats, Unfit
from layers.errors import BadRequestError
from layers.model import Layer
from layers.text import Text

T = TypeVar("T")
Mode = Literal["upsert", "replace", "append"]
Whole = Callable[[Sequence[int]], Iterable[tuple[int, str | None, Mapping[str, object]]]]
"""Rows as they were in their file, by row number: number, key, content."""

_CHUNK = 20_000
_KEPT_AT_ONCE = 1_000
_ROWS_TOLD = 20


@dataclass(frozen=True)
class Incoming:
    """Rows on their way in: column names (layer fields, and `geom` as WKB in the town's SRID).

    Rows are tuples of Python values in the order of `columns`; `row_numbers` names each row's
    place in its file (from 1) for the report, by default its place in `rows`.
    """

    columns: tuple[str, ...]
    rows: Iterable[tuple[object, ...]]
    row_numbers: Sequence[int] | None = None


@dataclass(frozen=True)
class Counts:
    """Rows an import inserted, changed, found equal to what was there, and deleted."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class RefusedFor:
    """Rows refused for one reason: how many, and the first numbers."""

    reason: Text
    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Loaded:
    """What a load did: read = inserted + updated + unchanged + refused."""

    dataset_id: int
    read: int
    counts: Counts
    refused: tuple[RefusedFor, ...] = ()
    repeats: Repeats = field(default_factory=Repeats)

    @property
    def refused_count(self) -> int:
        """Rows refused here."""
        return sum(group.count for group in self.refused)


def load(
    conn: AnyConnection,
    layer: Layer,
    incoming: Incoming,
    *,
    mode: Mode,
    dataset: Dataset,
    dry_run: bool = False,
    on_rows: Callable[[int], None] | None = None,
) -> Loaded:
    """Load rows into a layer as the `loader` role; `dry_run` does all of it and takes it back.

    `on_rows` is told how many rows have been staged so far. Numbers its own changes at the end.
    """
    with conn.transaction() as transaction:
        loaded = load_inside(conn, layer, incoming, mode=mode, dataset=dataset, on_rows=on_rows)
        if dry_run:
            raise Rollback(transaction)
    if not dry_run:
        number_changes(conn)
    return loaded


def load_inside(
    conn: AnyConnection,
    layer: Layer,
    incoming: Incoming,
    *,
    mode: Mode,
    dataset: Dataset,
    on_rows: Callable[[int], None] | None = None,
) -> Loaded:
    """Load inside the caller's transaction, so that several layers change together or not at all.

    The caller numbers the changes after commit.
    """
    loading = Loading(conn, layer, incoming.columns, mode=mode, dataset=dataset)
    for arrays in _arrays(layer, incoming, loading.srid):
        loading.add(arrays)
        if on_rows:
            on_rows(loading.staged)
    return loading.finish()


class Loading:
    """One load inside the caller's transaction: `add` batches, then `finish`.

    Until `finish` nothing but the session's own staging table and the register are written, and
    no lock on live data is held.
    """

    def __init__(
        self,
        conn: AnyConnection,
        layer: Layer,
        columns: tuple[str, ...],
        *,
        mode: Mode,
        dataset: Dataset,
    ) -> None:
        """Begin; BadRequestError when the columns do not fit the layer."""
        _check_columns(layer, columns)
        self._conn, self._layer, self._columns = conn, layer, columns
        self._mode: Mode = mode
        self._dataset = dataset
        self.srid = _srid(conn)
        self.staged = 0
        conn.execute("SELECT set_config('muang.actor', %s, true)", [dataset.actor])
        conn.execute("SET LOCAL work_mem = '64MB'")
        staging.make(conn, layer, columns)
        self.dataset_id = begin(conn, dataset, mode)

    def add(self, arrays: Sequence[pa.Array], refusals: Sequence[Refusal] = ()) -> None:
        """Stage a batch: row numbers (int64), then the columns; keep rows refused before."""
        keep_refusals(self._conn, self.dataset_id, refusals)
        if len(arrays[0]):
            staging.fill(self._conn, self._columns, arrays)
            self.staged += len(arrays[0])

    def finish(self, whole: Whole | None = None) -> Loaded:
        """Check everything staged, and bring it live.

        `whole` gives rows as they were in their file, to be kept with a refusal instead of what
        was made of them.
        """
        conn, layer = self._conn, self._layer
        conn.execute("ANALYZE pg_temp.incoming")
        # two imports of one layer queue up instead of mixing; readers are not held up
        conn.execute(
            sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(
                sql.Identifier("town", layer.id)
            )
        )
        repeats = staging.repeats(conn, layer, self._columns)
        unfit = staging.refuse(conn, layer, self._columns, unique_key=self._mode == "upsert")
        refused = self._keep(unfit, whole)
        counts = _MODES[self._mode](
            conn, layer, self._columns, self._dataset.source, self.dataset_id
        )
        conn.execute("DROP TABLE pg_temp.incoming, pg_temp.unfit")
        loaded = Loaded(self.dataset_id, self.staged, counts, refused, repeats)
        _register(conn, loaded)
        return loaded

    def _keep(self, unfit: Unfit, whole: Whole | None) -> tuple[RefusedFor, ...]:
        """Store refused rows whole, some at a time; what is said of them is short."""
        told: dict[Text, list[int]] = {}
        counted: dict[Text, int] = {}
        for chunk in _chunks(unfit, _KEPT_AT_ONCE):
            for refusal in chunk:
                counted[refusal.reason] = counted.get(refusal.reason, 0) + 1
                rows = told.setdefault(refusal.reason, [])
                if len(rows) < _ROWS_TOLD:
                    rows.append(refusal.row)
            kept: Sequence[Refusal] = chunk
            if whole is not None:
                found = whole([refusal.row for refusal in chunk])
                kept = [
                    replace(refusal, data=data)
                    for refusal, (_row, _key, data) in zip(chunk, found, strict=True)
                ]
            keep_refusals(self._conn, self.dataset_id, kept)
        return tuple(RefusedFor(text, count, tuple(told[text])) for text, count in counted.items())


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Items, some at a time."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


def _arrays(layer: Layer, incoming: Incoming, srid: int) -> Iterator[list[pa.Array]]:
    """Rows of Python values as columns, some thousands at a time."""
    numbers = iter(incoming.row_numbers) if incoming.row_numbers else None
    first = 1
    for chunk in _chunks(incoming.rows, _CHUNK):
        rows = range(first, first + len(chunk))
        first += len(chunk)
        named = [next(numbers) for _row in chunk] if numbers else list(rows)
        columns = [
            ewkb(shapely.from_wkb(column), srid)
            if name == GEOM
            else pa.array(column, type=ARROW_TYPES[layer.field(name).type])
            for name, column in zip(incoming.columns, zip(*chunk, strict=True), strict=True)
        ]
        yield [pa.array(named, type=pa.int64()), *columns]


def ewkb(shapes: Any, srid: int) -> pa.Array:
    """Shapes (an array, None for none) as EWKB with their SRID."""
    marked = shapely.set_srid(shapes, srid)
    return pa.array(shapely.to_wkb(marked, include_srid=True), type=pa.large_binary())


def _register(conn: AnyConnection, loaded: Loaded) -> None:
    """Put the figures and the change set on record with the data; `datasets.finish` says more."""
    counts = asdict(loaded.counts)
    refused = loaded.refused_count
    report = {"read": loaded.read, "loaded": loaded.read - refused, "refused": refused, **counts}
    conn.execute(
        "UPDATE muang.dataset SET report = %s, finished_at = clock_timestamp(), change_set ="
        " (SELECT s.id FROM muang.change_set AS s"
        " WHERE s.id = nullif(current_setting('muang.change_set', true), '')::bigint)"
        " WHERE id = %s",
        [Jsonb(report), loaded.dataset_id],
    )


def _check_columns(layer: Layer, columns: tuple[str, ...]) -> None:
    known = {field.name for field in layer.fields} | ({"geom"} if layer.geometry else set())
    unknown = [name for name in columns if name not in known]
    if unknown or (layer.geometry and "geom" not in columns):
        names = ", ".join(unknown) or "geom"
        raise BadRequestError(
            Text(
                th=f"คอลัมน์ {names} ไม่ตรงกับชั้นข้อมูล {layer.id}",
                en=f"The columns {names} do not fit the layer {layer.id}.",
            )
        )


def _srid(conn: AnyConnection) -> int:
    row = conn.execute("SELECT srid FROM muang.town_facts()").fetchone()
    if row is None:
        raise RuntimeError("the town's record is missing")
    return int(str(row[0]))


def _append(
    conn: AnyConnection, layer: Layer, columns: tuple[str, ...], source: str, dataset_id: int
) -> Counts:
    """Insert every staged row. Ordered by geometry (Hilbert), so neighbours share pages."""
    order = sql.SQL("ORDER BY i.geom") if layer.geometry else sql.SQL("ORDER BY i.row_no")
    cursor = conn.execute(
        sql.SQL(
            "INSERT INTO {} ({}, source, dataset_id) SELECT {}, %s, %s"
            " FROM pg_temp.incoming AS i {}"
        ).format(
            sql.Identifier("town", layer.id),
            sql.SQL(", ").join(sql.Identifier(name) for name in columns),
            sql.SQL(", ").join(_staged(name) for name in columns),
            order,
        ),
        [source, dataset_id],
    )
    return Counts(inserted=cursor.rowcount)


def _replace(
    conn: AnyConnection, layer: Layer, columns: tuple[str, ...], source: str, dataset_id: int
) -> Counts:
    deleted = conn.execute(
        sql.SQL("DELETE FROM {}").format(sql.Identifier("town", layer.id))
    ).rowcount
    counts = _append(conn, layer, columns, source, dataset_id)
    return Counts(inserted=counts.inserted, deleted=deleted)


def _upsert(
    conn: AnyConnection, layer: Layer, columns: tuple[str, ...], source: str, dataset_id: int
) -> Counts:
    """Update rows whose content differs, leave equal ones alone, insert the rest."""
    table = sql.Identifier("town", layer.id)
    same_key = sql.SQL(" AND ").join(
        sql.SQL("t.{0} = i.{0}").format(sql.Identifier(name)) for name in layer.natural_key
    )
    others = [name for name in columns if name not in layer.natural_key]
    differs = sql.SQL(" OR ").join(
        sql.SQL("t.{}::bytea IS DISTINCT FROM i.geom::bytea").format(sql.Identifier("geom"))
        if name == "geom"
        else sql.SQL("t.{0} IS DISTINCT FROM i.{0}").format(sql.Identifier(name))
        for name in others
    )
    updated = 0
    if others:
        updated = conn.execute(
            sql.SQL(
                "UPDATE {} AS t SET {}, source = %s, dataset_id = %s"
                " FROM pg_temp.incoming AS i WHERE {} AND ({})"
            ).format(
                table,
                sql.SQL(", ").join(
                    sql.SQL("{} = {}").format(sql.Identifier(name), _staged(name))
                    for name in others
                ),
                same_key,
                differs,
            ),
            [source, dataset_id],
        ).rowcount
    matched = conn.execute(
        sql.SQL("DELETE FROM pg_temp.incoming AS i USING {} AS t WHERE {}").format(table, same_key)
    ).rowcount
    inserted = _append(conn, layer, columns, source, dataset_id).inserted
    return Counts(inserted=inserted, updated=updated, unchanged=matched - updated)


def _staged(name: str) -> sql.Composed:
    return sql.SQL("i.{}").format(sql.Identifier(name))


_MODES: dict[Mode, Callable[[AnyConnection, Layer, tuple[str, ...], str, int], Counts]] = {
    "append": _append,
    "replace": _replace,
    "upsert": _upsert,
}
