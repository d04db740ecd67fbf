"""The town's basemap: made of its public layers when it is missing or they changed."""

from pathlib import Path

import psycopg
from psycopg import IsolationLevel

from db.basemap import BasemapFile, BasemapRecord, records, register, state
from db.basemap_tiles import MAX_ZOOM, MOST, PARTS, bounds, places, tile
from db.connect import Machine, connect
from db.derived import AnyConnection
from db.towns import list_towns
from layers.errors import MuangError
from layers.model import Role
from layers.text import Text
from maps.basemap_credit import credit_of
from maps.basemap_file import pack, write
from maps.frame import TownFrame
from ops.progress import Progress, Step
from ops.rasters import raster_root, writable
from ops.session import Server

MAX_TILE_BYTES = 400_000
"""A packed tile is at most this large; a fuller one leaves its smallest buildings out."""
_FEWEST = 100


def need_basemap(
    server: Server, town_id: str, progress: Progress, *, always: bool = False
) -> BasemapRecord | None:
    """The town's basemap in use, made first where none is or the public layers changed.

    None where there is nothing to draw yet, or no folder to keep files in. `always` makes it
    even so; the same data then give the same file.
    """
    folder = raster_root() / town_id
    if not writable(folder):
        return None
    with connect(server.url, server.secret, town_id, Machine.LOADER) as conn:
        due, osm = state(conn)
        known = records(conn)
        conn.commit()
        if known and not always and known[0].state == due and (folder / known[0].file).is_file():
            return known[0]
        title = Text(th="สร้างแผนที่ฐาน", en="Making the basemap")
        with progress.step(title) as step:
            made = _make(server, town_id, folder, due=due, osm=osm, step=step)
        if made is None:
            return None
        with conn.transaction():
            register(conn, made)
        found = records(conn)
        conn.commit()
        sweep(folder, town_id, {record.file for record in found})
    return found[0]


def try_basemap(server: Server, town_id: str, progress: Progress) -> None:
    """The same, where a map without its ground is still a map: what fails is said, no more."""
    try:
        need_basemap(server, town_id, progress)
    except (MuangError, OSError, psycopg.Error) as error:
        progress.say(
            Text(
                th=f"ยังสร้างแผนที่ฐานไม่ได้: {error} ลองใหม่ด้วย ./muang basemap",
                en=f"The basemap could not be made: {error}. Try again: ./muang basemap.",
            )
        )


def sweep(folder: Path, town_id: str, kept: set[str]) -> list[str]:
    """Delete this town's basemaps that are not on the register; gives their names."""
    gone = []
    for path in sorted(folder.glob(f"{town_id}-{'[0-9a-f]' * 32}.pmtiles")):
        if path.name not in kept:
            path.unlink(missing_ok=True)
            gone.append(path.name)
    return gone


def _make(
    server: Server, town_id: str, folder: Path, *, due: str, osm: bool, step: Step
) -> BasemapFile | None:
    town = next(found for found in list_towns(server.url) if found.id == town_id)
    # as the public login: what is not public cannot come into the file
    with connect(server.url, server.secret, town_id, Role.PUBLIC) as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        conn.execute("SET statement_timeout = '120s'")
        # in one process, or the order in which its parts come together would differ
        conn.execute("SET max_parallel_workers_per_gather = 0")
        conn.commit()
        box = bounds(conn)
        if box is None:
            return None
        todo = places(box)
        tiles = []
        for done, (z, x, y) in enumerate(todo):
            step.report(f"z{z}", done, len(todo))
            packed = _bounded(conn, z, x, y)
            if packed:
                tiles.append((z, x, y, packed))
        conn.rollback()
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    credit = credit_of(TownFrame(town.id, town.name, box, town.synthetic).credit, osm=osm)
    written = write(
        folder,
        town_id,
        tiles,
        bounds=box,
        fields={part.name: (part.min_zoom, part.max_zoom, part.fields) for part in PARTS},
        name=town.name,
        credit=credit,
    )
    return BasemapFile(
        file=written.file,
        sha256=written.sha256,
        size_bytes=written.size_bytes,
        state=due,
        max_zoom=MAX_ZOOM,
        bounds=box,
        tiles=written.tiles,
        largest_tile=written.largest_tile,
        osm=osm,
    )


def _bounded(conn: AnyConnection, z: int, x: int, y: int) -> bytes:
    """A packed tile of at most MAX_TILE_BYTES: halving its buildings until it fits."""
    most = MOST
    while True:
        data = tile(conn, z, x, y, most=most)
        packed = pack(data) if data else b""
        if len(packed) <= MAX_TILE_BYTES or most <= _FEWEST:
            return packed
        most //= 2
