"""The rasters a role may see, for the server."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from db.raster_view import COLUMNS, VIEW

_SELECT = sql.SQL("SELECT {} FROM {}").format(
    sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS), sql.Identifier(VIEW)
)


@dataclass(frozen=True)
class Registered:
    """A raster in use; west … north in degrees, values in metres, `cell_m` a cell's edge."""

    id: str
    version: int
    file: str
    sha256: str
    size_bytes: int
    columns: int
    rows: int
    cell_m: float
    west: float
    south: float
    east: float
    north: float
    min_value: float
    max_value: float
    low_value: float
    high_value: float
    nodata: float
    datum: str | None
    source: str
    synthetic: bool
    made_at: datetime


async def rasters(conn: AsyncConnection[Any]) -> list[Registered]:
    """The rasters in use that exist for the connection's role, by id."""
    async with conn.cursor(row_factory=class_row(Registered)) as cursor:
        await cursor.execute(_SELECT + sql.SQL(" ORDER BY id"))
        return await cursor.fetchall()
