"""The register of imports: what was read from which files, by whom, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from db.derived import AnyConnection
from layers.errors import NotFoundError
from layers.text import Text


@dataclass(frozen=True)
class SourceFile:
    """One file an import read: its name, SHA-256 in hex, and size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Dataset:
    """An import about to happen.

    `resubmits` is the import whose refused rows it brings again; `read_as` says how its file is
    read.
    """

    layer: str
    source: str
    actor: str
    files: tuple[SourceFile, ...] = ()
    licence: str | None = None
    note: str | None = None
    synthetic: bool = False
    resubmits: int | None = None
    read_as: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Refusal:
    """A row that was refused: its number in the file (from 1), key, reason and whole content."""

    row: int
    key: str | None
    reason: Text
    data: Mapping[str, object]


@dataclass(frozen=True)
class DatasetRecord:
    """An import as it is on record."""

    id: int
    layer: str
    source: str
    licence: str | None
    note: str | None
    synthetic: bool
    files: list[dict[str, object]]
    mode: str
    actor: str
    started_at: datetime
    finished_at: datetime | None
    change_set: int | None
    report: dict[str, object] | None
    undone_at: datetime | None
    undone_by: str | None
    undone_set: int | None
    resubmits: int | None
    read_as: dict[str, object] | None


def begin(conn: AnyConnection, dataset: Dataset, mode: str) -> int:
    """Register an import inside the caller's transaction; its id goes onto every row."""
    row = conn.execute(
        "INSERT INTO muang.dataset"
        " (layer, source, licence, note, synthetic, files, mode, actor, resubmits, read_as)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            dataset.layer,
            dataset.source,
            dataset.licence,
            dataset.note,
            dataset.synthetic,
            Jsonb([{"name": f.name, "sha256": f.sha256, "size": f.size} for f in dataset.files]),
            mode,
            dataset.actor,
            dataset.resubmits,
            None if dataset.read_as is None else Jsonb(dict(dataset.read_as)),
        ],
    ).fetchone()
    if row is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return int(str(row[0]))


def finish(conn: AnyConnection, dataset_id: int, report: Mapping[str, Any]) -> None:
    """Keep the finished report with the import, in a transaction of its own."""
    with conn.transaction():
        conn.execute(
            "UPDATE muang.dataset SET report = %s, finished_at = clock_timestamp() WHERE id = %s",
            [Jsonb(dict(report)), dataset_id],
        )


def keep_refusals(conn: AnyConnection, dataset_id: int, refusals: Sequence[Refusal]) -> None:
    """Store refused rows whole, with their reasons. Row numbers must be unique in an import."""
    if not refusals:
        return
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO muang.refused_row"
            " (dataset_id, row_no, key, reason_th, reason_en, row_data)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (dataset_id, r.row, r.key, r.reason.th, r.reason.en, Jsonb(dict(r.data)))
                for r in refusals
            ],
        )


_COLUMNS = (
    "id, layer, source, licence, note, synthetic, files, mode, actor, started_at, finished_at,"
    " change_set, report, undone_at, undone_by, undone_set, resubmits, read_as"
)


def list_datasets(conn: AnyConnection) -> list[DatasetRecord]:
    """Every import of the town, newest first."""
    with conn.cursor(row_factory=class_row(DatasetRecord)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM muang.dataset ORDER BY id DESC"  # noqa: S608 - constant
        ).fetchall()


def get_dataset(conn: AnyConnection, dataset_id: int) -> DatasetRecord:
    """One import; NotFoundError when there is none of that number."""
    with conn.cursor(row_factory=class_row(DatasetRecord)) as cursor:
        found = cursor.execute(
            f"SELECT {_COLUMNS} FROM muang.dataset WHERE id = %s",  # noqa: S608 - constant
            [dataset_id],
        ).fetchone()
    if found is None:
        raise NotFoundError(
            Text(
                th=f"ไม่มีการนำเข้าหมายเลข {dataset_id} ดูรายการด้วย ./muang imports list",
                en=f"There is no import no. {dataset_id}. See ./muang imports list.",
            )
        )
    return found


def refused_rows(conn: AnyConnection, dataset_id: int) -> frozenset[int]:
    """Numbers of the rows an import refused."""
    rows = conn.execute(
        "SELECT row_no FROM muang.refused_row WHERE dataset_id = %s", [dataset_id]
    ).fetchall()
    return frozenset(int(str(row[0])) for row in rows)


def refusals_of(conn: AnyConnection, dataset_id: int) -> list[Refusal]:
    """The refused rows of an import, in file order."""
    rows = conn.execute(
        "SELECT row_no, key, reason_th, reason_en, row_data FROM muang.refused_row"
        " WHERE dataset_id = %s ORDER BY row_no",
        [dataset_id],
    ).fetchall()
    return [
        Refusal(
            row=int(str(row[0])),
            key=None if row[1] is None else str(row[1]),
            reason=Text(th=str(row[2]), en=str(row[3])),
            data=row[4] if isinstance(row[4], dict) else {},
        )
        for row in rows
    ]
