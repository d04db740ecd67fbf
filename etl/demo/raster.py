"""The elevation raster as a file: a cloud-optimised GeoTIFF."""

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.io import MemoryFile
from rasterio.shutil import copy

from etl.demo.grid import NODATA

DATUM = "demo datum, metres; invented ground, not tied to mean sea level or any survey"


def write_elevation(path: Path, elevation: tuple[NDArray[np.float32], Affine, CRS]) -> None:
    """Write ground levels (float32 metres, north up) as a COG at `path`, whole or not at all."""
    array, transform, crs = elevation
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
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
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(array, 1)
            dataset.set_band_description(1, "ground level")
            dataset.set_band_unit(1, "m")
            dataset.update_tags(VERTICAL_DATUM=DATUM, SYNTHETIC="yes")
        with memory.open() as dataset:
            copy(dataset, draft, driver="COG", compress="DEFLATE", predictor="YES")
    draft.replace(path)
