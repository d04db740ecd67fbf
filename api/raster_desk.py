"""Cells of the registered rasters: GDAL in few threads, with the fewest drivers and no network.

Only a file the register names is opened, by its own name below the town's folder, as a GeoTIFF and
nothing else, after its content was found to be what the register says.
"""

import asyncio
import hashlib
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from api.problems import TooSlowError
from api.tile_address import Tile
from db.queries.rasters import Registered
from layers.errors import UnavailableError
from layers.rasters import RasterClass
from layers.text import Text

if TYPE_CHECKING:
    import rasterio

Answer = TypeVar("Answer")

SIDE = 256
THREADS = 2
TIMEOUT_SECONDS = 5.0
DRIVERS = frozenset({"GTiff", "COG", "MEM", "PNG", "VRT"})
"""Drivers GDAL keeps in the server: our own files in, pictures out.

VRT is there because a warped raster is one in memory (without it warping fails); a VRT file is not
opened, as no file is opened but as a GTiff.
"""
WARP_TOLERANCE = 0.001
"""Pixels a warped place may be off: neighbouring tiles must take the same cell for one place."""
_OPTIONS: dict[str, str | int] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    # bytes; GDAL's own default is a twentieth of the machine's memory
    "GDAL_CACHEMAX": 32 * 1024**2,
    "GDAL_NUM_THREADS": "1",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_HTTP_PROXY": "http://127.0.0.1:9",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "PROJ_NETWORK": "OFF",
}
log = logging.getLogger("muang.rasters")


class OutsideError(Exception):
    """A place lies outside the raster."""


class RasterDesk:
    """Draws tiles and reads values of one town's rasters; `folder` is the town's own."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._workers = ThreadPoolExecutor(THREADS, thread_name_prefix="raster")
        self._checked: dict[str, tuple[int, ...]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Take no more work."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def tile(self, raster: Registered, classes: tuple[RasterClass, ...], tile: Tile) -> bytes:
        """A PNG of 256 x 256 pixels, transparent where the raster has nothing to say."""
        return await self._work(lambda: self._draw(raster, classes, tile))

    async def value(self, raster: Registered, lon: float, lat: float) -> float | None:
        """Metres in the cell at a place; None where it has no value, OutsideError beyond it."""
        return await self._work(lambda: self._read(raster, lon, lat))

    async def _work(self, work: Callable[[], Answer]) -> Answer:
        loop = asyncio.get_running_loop()
        try:
            # work still waiting for a thread is dropped; work begun keeps its thread to its end
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await loop.run_in_executor(self._workers, work)
        except TimeoutError as error:
            raise TooSlowError(
                Text(
                    th="แรสเตอร์นี้ใช้เวลานานเกินกำหนด ลองใหม่ในอีกสักครู่",
                    en="This raster took longer than allowed. Try again in a moment.",
                )
            ) from error

    def _draw(self, raster: Registered, classes: tuple[RasterClass, ...], tile: Tile) -> bytes:
        reader = _gdal()
        with self._opened(raster) as dataset, reader.io.Reader(None, dataset=dataset) as source:
            try:
                warp = {"tolerance": WARP_TOLERANCE}
                image = source.tile(tile.x, tile.y, tile.z, SIDE, vrt_options=warp)
            except reader.errors.TileOutsideBounds:
                return transparent()
            colors = [((cls.low, cls.high), (*_rgb(cls.color), 255)) for cls in classes]
            return bytes(image.render(img_format="PNG", colormap=colors, zlevel=6))

    def _read(self, raster: Registered, lon: float, lat: float) -> float | None:
        reader = _gdal()
        with self._opened(raster) as dataset:
            try:
                found = reader.reader.point(dataset, (lon, lat)).array
            except reader.errors.PointOutsideBounds as error:
                raise OutsideError from error
        return None if found.mask.any() else float(found.data[0])

    @contextmanager
    def _opened(self, raster: Registered) -> Iterator["rasterio.DatasetReader"]:
        import rasterio  # noqa: PLC0415  after its drivers were chosen

        path = self._path(raster)
        with rasterio.Env(**_OPTIONS), rasterio.open(path, driver="GTiff") as dataset:
            yield dataset

    def _path(self, raster: Registered) -> Path:
        """The file, once its content was compared with the register's hash; UnavailableError."""
        if self._folder is None:
            raise _missing(raster)
        path = self._folder / raster.file
        try:
            found = path.lstat()
        except OSError as error:
            raise _missing(raster) from error
        mark = (found.st_ino, found.st_size, found.st_mtime_ns)
        if not stat.S_ISREG(found.st_mode) or found.st_size != raster.size_bytes:
            raise _missing(raster)
        with self._lock:
            if self._checked.get(raster.sha256) != mark:
                with path.open("rb") as handle:
                    digest = hashlib.file_digest(handle, "sha256").hexdigest()
                if digest != raster.sha256:
                    log.error("raster %s is not the file that was registered", raster.file)
                    raise _missing(raster)
                self._checked[raster.sha256] = mark
        return path


@cache
def _gdal() -> Any:
    """rio-tiler, over a GDAL that has learnt our few drivers only.

    GDAL reads `GDAL_SKIP` once, when it registers its drivers, and has no list of drivers to keep:
    another process is asked for all their names. Where this process used GDAL before (tests), the
    drivers stay; a file is opened as a GeoTIFF or not at all in any case.
    """
    listed = subprocess.run(  # noqa: S603  our own words, an argument list, no shell
        [
            *(sys.executable, "-I", "-c"),
            "import rasterio\nwith rasterio.Env() as env: print(','.join(env.drivers()))",
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )
    skip = ",".join(sorted(set(listed.stdout.decode().strip().split(",")) - DRIVERS)) + ","
    before = os.environ.get("GDAL_SKIP")
    os.environ["GDAL_SKIP"] = skip
    try:
        import rasterio  # noqa: PLC0415

        with rasterio.Env() as env:
            more = set(env.drivers()) - DRIVERS
    finally:
        if before is None:
            del os.environ["GDAL_SKIP"]
        else:
            os.environ["GDAL_SKIP"] = before
    if more:
        log.warning("GDAL knows %d drivers more than it should", len(more))
    import rio_tiler.io  # noqa: PLC0415
    import rio_tiler.reader  # noqa: PLC0415

    return rio_tiler


@cache
def transparent() -> bytes:
    """The tile of a place where there is nothing: grey with alpha, one colour, some 100 bytes."""
    import struct  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checked)

    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 4, 0, 0, 0)
    rows = zlib.compress(bytes((1 + 2 * SIDE) * SIDE), 9)
    chunks = (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _missing(raster: Registered) -> UnavailableError:
    return UnavailableError(
        Text(
            th=f"ไฟล์ของแรสเตอร์ “{raster.id}” ไม่อยู่ในเครื่องนี้หรือไม่ใช่ไฟล์ที่ลงทะเบียนไว้ นำเข้าใหม่ด้วย "
            f"./muang import {raster.id} ไฟล์.tif",
            en=f"The file of the raster “{raster.id}” is not on this machine, or is not the one "
            f"registered. Bring it again: ./muang import {raster.id} FILE.tif.",
        )
    )
