"""The basemaps on the register, for the server: as the caller's role sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from db.basemap_view import COLUMNS, VIEW

_SELECT = sql.SQL("SELECT {} FROM {} ORDER BY version DESC").format(
    sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS), sql.Identifier(VIEW)
)


@dataclass(frozen=True)
class Basemap:
    """A basemap on the register; west … north in degrees, `largest_tile` packed bytes."""

    version: int
    file: str
    sha256: str
    size_bytes: int
    max_zoom: int
    west: float
    south: float
    east: float
    north: float
    tiles: int
    largest_tile: int
    osm: bool
    made_at: datetime


async def basemaps(conn: AsyncConnection[Any]) -> list[Basemap]:
    """The register, the one in use first."""
    async with conn.cursor(row_factory=class_row(Basemap)) as cursor:
        await cursor.execute(_SELECT)
        return await cursor.fetchall()
