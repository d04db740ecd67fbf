"""A demo town's ground and its 100-year flood, brought in the way any raster file is."""

import tempfile
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from etl.demo.grid import NODATA
from etl.demo.towns import SOURCE
from etl.rasters import LoaderConnection, RasterOrder, import_raster
from layers.rasters import DEPTH, ELEVATION, Raster

DATUM = "ระดับสมมติของเมืองสาธิต (demo datum)"
"""Not tied to mean sea level or any survey: the ground is invented."""
ERROR_M = 0.1
"""Invented like the ground, so that what rests on it is told with a range."""
Elevation = tuple[NDArray[np.float32], Affine, CRS]


def load_rasters(
    conn: LoaderConnection,
    folder: Path,
    elevation: Elevation,
    depth: NDArray[np.float32],
    actor: str,
) -> None:
    """Register a demo town's elevation and depth; `folder` is the town's folder of rasters."""
    array, transform, crs = elevation
    with tempfile.TemporaryDirectory(prefix="muang-") as name:
        for raster, grid in ((ELEVATION, array), (DEPTH, depth)):
            path = Path(name) / f"demo-{raster.id}.tif"
            write_raster(path, raster, (grid, transform, crs))
            import_raster(
                conn,
                RasterOrder(
                    raster=raster,
                    file=path,
                    actor=actor,
                    folder=folder,
                    source=SOURCE,
                    error_m=ERROR_M if raster is ELEVATION else None,
                    surface="dtm" if raster is ELEVATION else None,
                    licence="Apache-2.0",
                    synthetic=True,
                ),
            )


def write_raster(path: Path, raster: Raster, grid: Elevation) -> None:
    """Write a grid of metres (float32, north up) as a GeoTIFF."""
    array, transform, crs = grid
    profile = {
        "driver": "GTiff",
        "height": array.shape[0],
        "width": array.shape[1],
        "count": 1,
        "dtype": "float32",
        "crs": rasterio.crs.CRS.from_epsg(crs.to_epsg()),
        "transform": transform,
        "nodata": NODATA,
    }
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(array, 1)
        dataset.set_band_description(1, raster.title.en)
        dataset.set_band_unit(1, raster.unit)
        if raster is ELEVATION:
            dataset.update_tags(VERTICAL_DATUM=DATUM)
