"""The register of basemaps and what decides whether a new one is due, as the `loader` login."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql
from psycopg.rows import class_row

from db.basemap_tiles import FEEDS, recipe
from db.derived import AnyConnection

KEPT = 2
"""Files that stay: the one in use, and the one before it that open pages still read."""


@dataclass(frozen=True)
class BasemapFile:
    """A finished file and its figures; `bounds` are west, south, east, north in degrees."""

    file: str
    sha256: str
    size_bytes: int
    state: str
    max_zoom: int
    bounds: tuple[float, float, float, float]
    tiles: int
    largest_tile: int
    osm: bool


@dataclass(frozen=True)
class BasemapRecord:
    """A basemap as it is on the register."""

    version: int
    file: str
    sha256: str
    size_bytes: int
    state: str
    tiles: int
    largest_tile: int
    osm: bool
    made_at: datetime


def state(conn: AnyConnection) -> tuple[str, bool]:
    """What a basemap made now would be made of, and whether OpenStreetMap's licence is in it.

    The state changes when a feeding layer changes, with the credit due, and with our own recipe.
    """
    rows = conn.execute(
        "SELECT a.layer, (SELECT max(c.pos) FROM muang.layer_change AS c WHERE c.layer = a.layer)"
        " FROM unnest(%s::text[]) AS a (layer) ORDER BY a.layer",
        [list(FEEDS)],
    ).fetchall()
    osm = credits_osm(conn)
    told = json.dumps([rows, osm, recipe()], default=str)
    return hashlib.sha256(told.encode()).hexdigest(), osm


def credits_osm(conn: AnyConnection) -> bool:
    """Whether a row that feeds the basemap came with a dataset under the ODbL."""
    held = sql.SQL(" OR ").join(
        sql.SQL("(d.layer = {} AND EXISTS (SELECT FROM {} AS t WHERE t.dataset_id = d.id))").format(
            sql.Literal(layer), sql.Identifier("town", layer)
        )
        for layer in FEEDS
    )
    row = conn.execute(
        sql.SQL(
            "SELECT EXISTS (SELECT FROM muang.dataset AS d WHERE d.undone_at IS NULL"
            " AND d.licence ~* '(odbl|openstreetmap|open database licen)' AND ({}))"
        ).format(held)
    ).fetchone()
    return bool(row and row[0])


def records(conn: AnyConnection) -> list[BasemapRecord]:
    """The register, the newest first."""
    with conn.cursor(row_factory=class_row(BasemapRecord)) as cursor:
        return cursor.execute(
            "SELECT version, file, sha256, size_bytes, state, tiles, largest_tile, osm, made_at"
            " FROM muang.basemap ORDER BY version DESC"
        ).fetchall()


def register(conn: AnyConnection, made: BasemapFile) -> None:
    """Make a file the basemap in use, inside the caller's transaction; forget all but `KEPT`.

    The same content made again keeps its name, so browsers keep what they have of it.
    """
    west, south, east, north = made.bounds
    conn.execute("DELETE FROM muang.basemap WHERE file = %s", [made.file])
    conn.execute(
        "INSERT INTO muang.basemap (file, sha256, size_bytes, state, max_zoom, west, south, east,"
        " north, tiles, largest_tile, osm)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(made.file, made.sha256, made.size_bytes, made.state, made.max_zoom),
            *(west, south, east, north, made.tiles, made.largest_tile, made.osm),
        ],
    )
    conn.execute(
        "DELETE FROM muang.basemap WHERE version NOT IN"
        " (SELECT version FROM muang.basemap ORDER BY version DESC LIMIT %s)",
        [KEPT],
    )
