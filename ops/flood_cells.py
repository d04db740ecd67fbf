"""The cells of a stage library as a file, and the depth raster of any stage made from it."""

import hashlib
import time
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from db import flood_library
from flood.library import Library
from layers.errors import NotFoundError
from layers.text import Text

_NODATA = -9999.0
_CLOSE_M = 0.001


def write_cells(library: Library, folder: Path, srid: int) -> tuple[str, str]:
    """Write what every depth raster is made from, a COG of two bands; its name and SHA-256.

    Band 1 is the stage at which the water stands at the ground, band 2 the lowest stage of the
    library that wets the cell: depth at a stage is stage less band 1 where band 2 is not above it.
    """
    stages = np.asarray([*library.stages, np.nan], dtype=np.float32)
    bands = np.stack([library.relative, stages[library.first]])
    scratch = folder / f".reach-{time.time_ns()}.tif"
    try:
        _write_cog(scratch, bands, library.ground.transform, srid)
        digest = hashlib.sha256(scratch.read_bytes()).hexdigest()
        name = f"reach_{digest[:32]}.tif"
        scratch.replace(folder / name)
    finally:
        scratch.unlink(missing_ok=True)
    return name, digest


def write_depth(
    record: flood_library.LibraryRecord, folder: Path, stage_m: float, out: Path
) -> None:
    """Write the depth raster of one stage as a COG: metres, 0 dry, nodata not modelled."""
    if record.file is None or not (folder / record.file).is_file():
        raise NotFoundError(
            Text(
                th=f"ไม่มีไฟล์ช่องของคลังสถานี {record.gauge} สร้างคลังใหม่",
                en=f"The cells of {record.gauge}'s library are not here: build it again.",
            )
        )
    if not any(abs(each["stage_m"] - stage_m) < _CLOSE_M for each in record.facts["stages"]):
        raise NotFoundError(
            Text(
                th=f"คลังของสถานี {record.gauge} ไม่มีระดับ {stage_m:g} ม.",
                en=f"The library of {record.gauge} has no stage {stage_m:g} m.",
            )
        )
    with rasterio.open(folder / record.file) as opened:
        relative, wet_from = opened.read(masked=True).astype(np.float32).filled(np.nan)
        transform, srid = Affine(*opened.transform[:6]), opened.crs.to_epsg()
    # in single precision on both sides, as stages are kept
    wet = wet_from <= np.float32(stage_m)
    depth = np.where(wet, np.float32(stage_m) - relative, np.float32(0))
    depth = np.where(np.isfinite(relative), depth, np.nan).astype(np.float32)
    _write_cog(out, depth[None], transform, int(srid))


def _write_cog(path: Path, bands: NDArray[np.float32], transform: Affine, srid: int) -> None:
    profile = {
        "driver": "COG",
        "count": bands.shape[0],
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": "float32",
        "crs": rasterio.crs.CRS.from_epsg(srid),
        "transform": transform,
        "nodata": _NODATA,
        "compress": "deflate",
        "predictor": 3,
        "overview_resampling": "nearest",
    }
    with rasterio.open(path, "w", **profile) as sink:
        sink.write(np.where(np.isfinite(bands), bands, np.float32(_NODATA)))
