"""Tiny GeoTIFFs made on the spot, near the tiny town unless said."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from db.connect import Machine
from etl.raster_report import RasterReport
from etl.rasters import RasterOrder, import_raster
from layers import rasters
from tests.conftest import TownHandle
from tests.tiny import ORIGIN

NODATA = -9999.0


def tiff(path: Path, grid: Any, **more: Any) -> Path:
    """Write a GeoTIFF of `grid`, 10 m cells, its north-west corner 1 km north of the origin."""
    array = np.asarray(grid)
    bands = array if array.ndim == 3 else array[None]
    given = {
        "crs": "EPSG:32648",
        "transform": Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1] + 1000),
        "nodata": NODATA,
        **more,
    }
    tags, unit = given.pop("tags", {}), given.pop("unit", None)
    count, height, width = bands.shape
    profile = {"driver": "GTiff", "count": count, "height": height, "width": width}
    with rasterio.open(path, "w", dtype=bands.dtype, **profile, **given) as sink:
        sink.write(bands)
        for space, items in tags.items():
            sink.update_tags(ns=space, **items)
        if unit:
            sink.set_band_unit(1, unit)
    return path


def slope(columns: int = 100, rows: int = 100) -> Any:
    """Ground from 100 m in the west, 0.1 m higher each cell eastwards, with a hole in it."""
    grid = np.tile(100 + 0.1 * np.arange(columns), (rows, 1)).astype("float32")
    grid[10:20, 10:20] = NODATA
    return grid


def depths() -> Any:
    """Four strips of depth, one in each class, dry below them: 0.1, 0.4, 0.7, 2.5 m, 0, none."""
    grid = np.full((96, 96), NODATA, dtype="float32")
    for place, value in enumerate((0.1, 0.4, 0.7, 2.5, 0.0)):
        grid[16 * place : 16 * place + 16] = value
    return grid


def bring(town: TownHandle, raster_id: str, path: Path, folder: Path, **more: Any) -> RasterReport:
    """Import a raster as the loader."""
    raster = rasters.get(raster_id)
    assert raster is not None
    order = RasterOrder(raster, path, "tester", folder / town.town_id, **more)
    with town.connect(Machine.LOADER) as conn:
        return import_raster(conn, order)


def shared(name: str) -> Path:
    """A real sample file; the test that asks is skipped, with a printed line, where it is not."""
    given = os.environ.get("MUANG_SHARED_DATA")
    root = Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "data"
    path = root / name
    if not path.is_file():
        print(f"skipped: no shared data at {path}")
        pytest.skip(f"shared data is absent ({path})")
    return path
