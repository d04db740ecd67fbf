"""Staged COPY -> checked upsert, replace or append, in one transaction.

Rows that break a CHECK, a NOT NULL or (for upsert) the uniqueness of their key are found in the
staging table by SQL and come back as refusals with a reason; live data changes all at once or
not at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from psycopg import Rollback, sql
from psycopg.types.json import Jsonb

from db.changes import number_changes
from db.datasets import Dataset, Refusal, begin, keep_refusals
from db.derived import AnyConnection
from db.staging import refuse, stage
from layers.errors import BadRequestError
from layers.model import Layer
from layers.text import Text

Mode = Literal["upsert", "replace", "append"]


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
class Loaded:
    """What a load did: read = inserted + updated + unchanged + len(refused)."""

    dataset_id: int
    read: int
    counts: Counts
    refused: tuple[Refusal, ...]


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
    whole: Callable[[int], Mapping[str, object]] | None = None,
) -> Loaded:
    """Load inside the caller's transaction, so that several layers change together or not at all.

    The caller numbers the changes after commit. `whole` gives a row as it was in its file, by
    row number, to be kept with a refusal instead of what was made of it.
    """
    _check_columns(layer, incoming.columns)
    conn.execute("SELECT set_config('muang.actor', %s, true)", [dataset.actor])
    # two imports of one layer queue up instead of mixing; readers are not held up
    conn.execute(
        sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(
            sql.Identifier("town", layer.id)
        )
    )
    columns = incoming.columns
    read = stage(
        conn,
        layer,
        columns,
        incoming.rows,
        srid=_srid(conn),
        row_numbers=incoming.row_numbers,
        on_rows=on_rows,
    )
    dataset_id = begin(conn, dataset, mode)
    refused = refuse(conn, layer, columns, unique_key=mode == "upsert")
    if whole is not None:
        refused = [replace(refusal, data=whole(refusal.row)) for refusal in refused]
    keep_refusals(conn, dataset_id, refused)
    counts = _MODES[mode](conn, layer, columns, dataset.source, dataset_id)
    conn.execute("DROP TABLE pg_temp.incoming")
    loaded = Loaded(dataset_id, read, counts, tuple(refused))
    _register(conn, loaded)
    return loaded


def _register(conn: AnyConnection, loaded: Loaded) -> None:
    """Put the figures and the change set on record with the data; `datasets.finish` says more."""
    counts = asdict(loaded.counts)
    refused = len(loaded.refused)
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
    order = sql.SQL("ORDER BY i.shape") if layer.geometry else sql.SQL("ORDER BY i.row_no")
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
        sql.SQL("t.{}::bytea IS DISTINCT FROM i.shape::bytea").format(sql.Identifier("geom"))
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
    return sql.SQL("i.{}").format(sql.Identifier("shape" if name == "geom" else name))


_MODES: dict[Mode, Callable[[AnyConnection, Layer, tuple[str, ...], str, int], Counts]] = {
    "append": _append,
    "replace": _replace,
    "upsert": _upsert,
}
