"""The program that opens rasters nobody has checked, run alone in a child process.

Started by `etl.rasters` as a script (`python -I raster_reader.py`), with an environment built
there: GDAL knows the drivers `GTiff`, `COG` and `MEM`, no plug-ins, no network. It imports nothing
of ours, reads one order (JSON) on stdin and writes `meta.json`, and when asked to `convert` the
cloud-optimised GeoTIFF `made.tif`, into the order's folder. Exit status 3 is a refusal.
"""

import contextlib
import ctypes
import hashlib
import json
import math
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REFUSED = 3
DRIVERS = ("GTiff", "COG", "MEM")
NODATA = -9999.0
BLOCK = 512
_NEW_USER = 0x10000000
_NEW_NET = 0x40000000
_ROWS = 512
_SAMPLE = 4_000_000
_WARP_CHUNK = 256
_METRES = ("", "m", "metre", "metres", "meter", "meters")


class Trouble(Exception):  # noqa: N818  it is an answer to the parent, not a fault
    """A refusal with a machine word the parent turns into a sentence, and facts."""

    def __init__(self, word: str, **facts: object) -> None:
        super().__init__(word)
        self.word = word
        self.facts = facts


def main() -> int:
    """Limit ourselves, then do what was ordered; gives the exit status."""
    order = json.load(sys.stdin)
    isolated = _limit(order)
    meta: dict[str, Any]
    status = 0
    try:
        meta = _do(order)
    except Trouble as trouble:
        meta = {"trouble": trouble.word, "facts": trouble.facts}
        status = REFUSED
    except MemoryError:
        meta = {"trouble": "too_large", "facts": {}}
        status = REFUSED
    meta["isolated"] = isolated
    answer = Path(order["folder"]) / "meta.json"
    answer.write_text(json.dumps(meta), encoding="utf-8")
    return status


def _limit(order: dict[str, Any]) -> bool:
    """Memory, processor time, size of files and network, before anything that parses is loaded."""
    memory, seconds = int(order["memory_bytes"]), int(order["cpu_seconds"])
    written = int(order["file_bytes"])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    flags = _NEW_NET if os.geteuid() == 0 else _NEW_USER | _NEW_NET
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None, use_errno=True).unshare(flags) == 0)
    return False


def _do(order: dict[str, Any]) -> dict[str, Any]:
    import rasterio  # noqa: PLC0415  after the limits, on purpose

    with rasterio.Env() as env:
        extra = set(env.drivers()) - set(DRIVERS)
        if extra:
            raise Trouble("drivers", extra=sorted(extra))
        try:
            with rasterio.open(order["path"], driver="GTiff") as source:
                told = _check(source, order)
                return told | (_convert(source, order) if order["task"] == "convert" else {})
        except rasterio.errors.RasterioError as error:
            raise Trouble("damaged", message=str(error)) from error


def _check(source: Any, order: dict[str, Any]) -> dict[str, Any]:
    """What the file says of itself; Trouble when it is not one plain georeferenced band."""
    if source.width * source.height > order["max_pixels"]:
        raise Trouble("pixels", columns=source.width, rows=source.height)
    if source.count != 1:
        raise Trouble("bands", count=source.count)
    block = source.block_shapes[0]
    if block[0] * block[1] > order["max_block_pixels"]:
        raise Trouble("block", columns=block[1], rows=block[0])
    if source.dtypes[0].startswith("complex"):
        raise Trouble("dtype", name=source.dtypes[0])
    # a file may name another one to read its overviews from: nothing but itself is ever opened
    if source.tags(ns="OVERVIEWS") or len(source.files) > 1:
        raise Trouble("references", files=[Path(name).name for name in source.files[1:]])
    unit = (source.units[0] or "").strip().lower()
    if unit not in _METRES:
        raise Trouble("unit", name=unit)
    place = source.transform
    if place.is_identity or (not source.crs and source.gcps[0]):
        raise Trouble("place")
    if not place.is_rectilinear or place.a <= 0 or place.e >= 0:
        raise Trouble("rotated")
    if not all(math.isfinite(part) for part in place[:6]):
        raise Trouble("place")
    return {
        "columns": source.width,
        "rows": source.height,
        "dtype": source.dtypes[0],
        "crs": source.crs.to_wkt() if source.crs else None,
        "bounds": list(source.bounds),
        "nodata": None if source.nodata is None else repr(float(source.nodata)),
        "datum": _datum(source),
    }


def _datum(source: Any) -> str | None:
    """What heights are counted from: a tag, or the vertical part of a compound CRS."""
    tag = source.tags().get("VERTICAL_DATUM")
    if tag:
        return str(tag)[:200]
    if source.crs is None:
        return None
    from pyproj import CRS  # noqa: PLC0415

    known = CRS.from_user_input(source.crs.to_wkt())
    if known.is_compound and len(known.sub_crs_list) > 1:
        return str(known.sub_crs_list[1].name)[:200]
    return None


def _convert(source: Any, order: dict[str, Any]) -> dict[str, Any]:
    """Write `made.tif`: float32 cells in the town's CRS, refused ones as NODATA, as a COG."""
    import numpy as np  # noqa: PLC0415
    import rasterio  # noqa: PLC0415
    from rasterio.shutil import copy  # noqa: PLC0415
    from rasterio.warp import transform_bounds  # noqa: PLC0415

    folder = Path(order["folder"])
    grid, counts = _values(source, order, np)
    if counts["loaded"] == 0:
        raise Trouble("implausible" if counts["read"] else "nothing")
    transform = source.transform
    if order["pipeline"]:
        grid, transform = _warped(grid, transform, order, np)
    figures = _figures(grid, np)
    profile = {
        "driver": "GTiff",
        "height": grid.shape[0],
        "width": grid.shape[1],
        "count": 1,
        "dtype": "float32",
        "crs": f"EPSG:{order['srid']}",
        "transform": transform,
        "nodata": NODATA,
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": BLOCK,
        "bigtiff": "if_safer",
    }
    draft, made = folder / "draft.tif", folder / "made.tif"
    with rasterio.open(draft, "w", **profile) as sink:
        for start in range(0, grid.shape[0], _ROWS):
            rows = grid[start : start + _ROWS]
            window = rasterio.windows.Window(0, start, grid.shape[1], rows.shape[0])
            sink.write(rows, 1, window=window)
        sink.set_band_unit(1, "m")
        bounds = sink.bounds
    copy(
        draft,
        made,
        driver="COG",
        blocksize=BLOCK,
        compress="DEFLATE",
        predictor="YES",
        bigtiff="IF_SAFER",
        overview_resampling=order["overviews"],
    )
    lonlat = transform_bounds(f"EPSG:{order['srid']}", "EPSG:4326", *bounds)
    return {
        **counts,
        **figures,
        "made_columns": int(grid.shape[1]),
        "made_rows": int(grid.shape[0]),
        "cell_m": math.sqrt(abs(transform.a * transform.e)),
        "lonlat": list(lonlat),
        "sha256": _sha256(made),
        "size": made.stat().st_size,
    }


def _values(source: Any, order: dict[str, Any], np: Any) -> tuple[Any, dict[str, int]]:
    """The band as float32 with NODATA where there is nothing plausible, and the counts."""
    grid = np.empty((source.height, source.width), dtype="float32")
    scale, offset = source.scales[0], source.offsets[0]
    counts = {"read": 0, "loaded": 0, "too_low": 0, "too_high": 0}
    for start, window in _windows(source):
        rows = source.read(1, window=window, masked=True).astype("float64")
        values = rows.filled(np.nan) * scale + offset
        there = np.isfinite(values)
        low = there & (values < order["minimum"])
        high = there & (values > order["maximum"])
        kept = there & ~low & ~high
        grid[start : start + len(values)] = np.where(kept, values, NODATA)
        for name, mask in (("read", there), ("loaded", kept), ("too_low", low), ("too_high", high)):
            counts[name] += int(mask.sum())
    return grid, counts


def _windows(source: Any) -> Iterator[tuple[int, Any]]:
    from rasterio.windows import Window  # noqa: PLC0415

    for start in range(0, source.height, _ROWS):
        yield start, Window(0, start, source.width, min(_ROWS, source.height - start))


def _warped(grid: Any, transform: Any, order: dict[str, Any], np: Any) -> tuple[Any, Any]:
    """The grid in the town's CRS by the one pinned operation; cells between four are weighted.

    Not left to GDAL's warper: that would pick a datum operation by itself.
    """
    from affine import Affine  # noqa: PLC0415
    from pyproj import Transformer  # noqa: PLC0415

    turn = Transformer.from_pipeline(order["pipeline"])
    height, width = grid.shape
    columns, rows = _edge(width, height, np)
    east, north = turn.transform(
        transform.c + transform.a * columns, transform.f + transform.e * rows
    )
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise Trouble("turned")
    cell = math.sqrt((np.ptp(east) * np.ptp(north)) / (width * height))
    west, top = math.floor(east.min() / cell) * cell, math.ceil(north.max() / cell) * cell
    columns = math.ceil((east.max() - west) / cell)
    rows = math.ceil((top - north.min()) / cell)
    if columns * rows > order["max_pixels"]:
        raise Trouble("pixels", columns=columns, rows=rows)
    place = Affine(cell, 0, west, 0, -cell, top)
    made = np.full((rows, columns), NODATA, dtype="float32")
    for start in range(0, rows, _WARP_CHUNK):
        count = min(_WARP_CHUNK, rows - start)
        column, row = np.meshgrid(np.arange(columns) + 0.5, np.arange(start, start + count) + 0.5)
        x, y = turn.transform(west + cell * column, top - cell * row, direction="INVERSE")
        column, row = (x - transform.c) / transform.a, (y - transform.f) / transform.e
        made[start : start + count] = _between(grid, column, row, np)
    return made, place


def _edge(width: int, height: int, np: Any) -> tuple[Any, Any]:
    """Columns and rows along the four edges, close enough that bent edges are followed."""
    across, down = np.linspace(0, width, 101), np.linspace(0, height, 101)
    columns = np.concatenate([across, across, np.zeros(101), np.full(101, width)])
    rows = np.concatenate([np.zeros(101), np.full(101, height), down, down])
    return columns, rows


def _between(grid: Any, column: Any, row: Any, np: Any) -> Any:
    """Bilinear values at places in the grid; NODATA where the cell itself has none."""
    height, width = grid.shape
    with np.errstate(invalid="ignore"):
        inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    column, row = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
    own = grid[row.astype(int), column.astype(int)] != NODATA
    left, above = np.floor(column - 0.5).astype(int), np.floor(row - 0.5).astype(int)
    total, weights = np.zeros(column.shape), np.zeros(column.shape)
    for down in (0, 1):
        for across in (0, 1):
            c = np.clip(left + across, 0, width - 1)
            r = np.clip(above + down, 0, height - 1)
            weight = np.abs(1 - across - (column - 0.5 - left)) * np.abs(
                1 - down - (row - 0.5 - above)
            )
            value = grid[r, c]
            weight = np.where(value == NODATA, 0.0, weight)
            total += weight * value
            weights += weight
    good = inside & own & (weights > 0)
    return np.where(good, total / np.where(good, weights, 1.0), NODATA)


def _figures(grid: Any, np: Any) -> dict[str, float]:
    there = grid[grid != NODATA]
    if there.size == 0:
        raise Trouble("nothing")
    low, high = np.percentile(there[:: max(1, there.size // _SAMPLE)], (2, 98))
    return {
        "minimum": float(there.min()),
        "maximum": float(there.max()),
        "low": float(low),
        "high": float(high),
    }


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
