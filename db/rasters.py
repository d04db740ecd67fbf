"""Writing the register of rasters, as the `loader` login: a new version, the ones before, undo."""

from dataclasses import dataclass

from psycopg.rows import class_row

from db.datasets import DatasetRecord
from db.derived import AnyConnection
from layers.errors import ConflictError
from layers.text import Text

KEPT = 2
"""Versions of a raster that stay: the one in use and the one an undo goes back to."""


@dataclass(frozen=True)
class RasterFile:
    """A checked file and its figures: metres, `bounds` west, south, east, north in degrees.

    `error_m` is the standard error of a height and `surface` what it is of (dtm, dsm), as far as
    somebody has said; `dtype` the type of the cells in the file it was made from.
    """

    id: str
    file: str
    sha256: str
    size_bytes: int
    columns: int
    rows: int
    cell_m: float
    srid: int
    bounds: tuple[float, float, float, float]
    min_value: float
    max_value: float
    low_value: float
    high_value: float
    nodata: float
    datum: str | None
    error_m: float | None = None
    surface: str | None = None
    dtype: str | None = None


@dataclass(frozen=True)
class RasterRecord:
    """A version as it is on the register."""

    id: str
    version: int
    file: str
    sha256: str
    synthetic: bool
    dataset_id: int


def register(
    conn: AnyConnection, raster: RasterFile, *, source: str, synthetic: bool, dataset_id: int
) -> None:
    """Make a file the raster in use, inside the caller's transaction; forget all but `KEPT`."""
    west, south, east, north = raster.bounds
    conn.execute(
        "INSERT INTO muang.raster (id, file, sha256, size_bytes, columns, rows, cell_m, srid,"
        " west, south, east, north, min_value, max_value, low_value, high_value, nodata, datum,"
        " source, synthetic, dataset_id, error_m, surface, dtype) VALUES"
        " (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " %s, %s, %s)",
        [
            *(raster.id, raster.file, raster.sha256, raster.size_bytes),
            *(raster.columns, raster.rows, raster.cell_m, raster.srid),
            *(west, south, east, north),
            *(raster.min_value, raster.max_value, raster.low_value, raster.high_value),
            *(raster.nodata, raster.datum, source, synthetic, dataset_id),
            *(raster.error_m, raster.surface, raster.dtype),
        ],
    )
    conn.execute(
        "DELETE FROM muang.raster WHERE id = %(id)s AND version NOT IN"
        " (SELECT version FROM muang.raster WHERE id = %(id)s"
        " ORDER BY version DESC LIMIT %(kept)s)",
        {"id": raster.id, "kept": KEPT},
    )


def versions(conn: AnyConnection, raster_id: str | None = None) -> list[RasterRecord]:
    """Versions on the register, the newest first: of one raster, or of all."""
    with conn.cursor(row_factory=class_row(RasterRecord)) as cursor:
        return cursor.execute(
            "SELECT id, version, file, sha256, synthetic, dataset_id FROM muang.raster"
            " WHERE %(id)s::text IS NULL OR id = %(id)s ORDER BY version DESC",
            {"id": raster_id},
        ).fetchall()


def newest(conn: AnyConnection) -> list[RasterRecord]:
    """The version in use of each raster."""
    found: dict[str, RasterRecord] = {}
    for version in versions(conn):
        found.setdefault(version.id, version)
    return list(found.values())


def take_back(conn: AnyConnection, record: DatasetRecord, actor: str) -> str | None:
    """Take a raster's import off the register: the version before is in use again.

    Gives the file that went; no file when the version was forgotten already. ConflictError when
    it was taken back before, or a later import stands on top of it.
    """
    if record.undone_at is not None:
        raise ConflictError(
            Text(
                th=f"การนำเข้าหมายเลข {record.id} ถูกยกเลิกไปแล้ว",
                en=f"Import no. {record.id} was taken back already.",
            )
        )
    with conn.transaction():
        conn.execute("LOCK TABLE muang.raster IN SHARE ROW EXCLUSIVE MODE")
        known = versions(conn, record.layer)
        later = [each.dataset_id for each in known if each.dataset_id > record.id]
        if later:
            raise ConflictError(
                Text(
                    th=f"ยกเลิกการนำเข้าหมายเลข {record.id} ไม่ได้ เพราะมีการนำเข้าหมายเลข {later[0]} "
                    "แทนที่แล้ว โปรดยกเลิกการนำเข้านั้นก่อน",
                    en=f"Import no. {record.id} cannot be taken back: import no. {later[0]} "
                    "replaced it. Take that one back first.",
                )
            )
        row = conn.execute(
            "DELETE FROM muang.raster WHERE dataset_id = %s RETURNING file", [record.id]
        ).fetchone()
        conn.execute(
            "UPDATE muang.dataset SET undone_at = clock_timestamp(), undone_by = %s WHERE id = %s",
            [actor, record.id],
        )
    return None if row is None else str(row[0])
