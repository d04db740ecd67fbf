"""The water's surface along a river: places along its line, and flood marks it is fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from flood.ground import Floats, Ground
from layers.errors import RefusedError
from layers.text import Text


def along(ground: Ground, line: shapely.Geometry, gauge: shapely.Point) -> Floats:
    """Per cell how far upstream of the gauge the river's nearest place lies (metres).

    The line runs downstream. RefusedError when it is not one line, or misses the ground.
    """
    whole = _one_line(line)
    step = ground.cell_m / 2
    places = np.arange(0.0, whole.length + step, step)
    points = shapely.get_coordinates(shapely.line_interpolate_point(whole, places))
    columns, rows = ~ground.transform * (points[:, 0], points[:, 1])
    rows, columns = np.floor(rows).astype(int), np.floor(columns).astype(int)
    height, width = ground.heights.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    if not inside.any():
        raise RefusedError(
            Text(th="เส้นแม่น้ำอยู่นอกแรสเตอร์พื้นดิน", en="The river line lies outside the ground.")
        )
    upstream = whole.project(gauge) - places
    grid = np.full(ground.heights.shape, np.nan)
    grid[rows[inside], columns[inside]] = upstream[inside]
    near = distance_transform_edt(np.isnan(grid), return_distances=False, return_indices=True)
    return np.asarray(grid[tuple(near)], dtype=np.float32)


def _one_line(line: shapely.Geometry) -> shapely.LineString:
    merged = line if isinstance(line, shapely.LineString) else shapely.line_merge(line)
    if not isinstance(merged, shapely.LineString) or merged.is_empty:
        raise RefusedError(
            Text(
                th="เส้นแม่น้ำต้องเป็นเส้นเดียวต่อเนื่อง ลากตามทิศน้ำไหล",
                en="The river must be one connected line, drawn downstream.",
            )
        )
    return merged


@dataclass(frozen=True)
class Mark:
    """A surveyed flood mark: water level there and at the gauge at that time, m MSL.

    `upstream_m` is how far along the river it lies above the gauge, negative below.
    """

    name: str
    level_m: float
    stage_m: float
    upstream_m: float


@dataclass(frozen=True)
class Calibration:
    """The surface fitted to marks: level = stage + `offset_m` + `slope` * metres upstream.

    `residuals_m` are mark minus surface, by mark; `rmse_m` their root mean square.
    """

    offset_m: float
    slope: float
    residuals_m: tuple[float, ...]
    rmse_m: float
    caveats: tuple[Text, ...]


_MARKS_FOR_SLOPE = 3


def calibrate(marks: Sequence[Mark], *, slope: float | None = None) -> Calibration:
    """Least squares of offset and slope; the slope only from three marks at different places.

    A `slope` given is kept. RefusedError without marks.
    """
    if not marks:
        raise RefusedError(Text(th="ไม่มีคราบน้ำให้ปรับเทียบ", en="There are no marks to fit to."))
    over = np.array([mark.level_m - mark.stage_m for mark in marks])
    up = np.array([mark.upstream_m for mark in marks])
    caveats = []
    free = slope is None and len(marks) >= _MARKS_FOR_SLOPE and float(np.ptp(up)) > 0
    if free:
        design = np.column_stack([np.ones_like(up), up])
        offset, fitted = (float(value) for value in np.linalg.lstsq(design, over)[0])
    else:
        fitted = slope or 0.0
        offset = float(np.mean(over - fitted * up))
        if slope is None:
            caveats.append(
                Text(
                    th=f"มีคราบน้ำ {len(marks)} จุด น้อยเกินกว่าจะหาความลาดผิวน้ำ ใช้ผิวน้ำราบ",
                    en=f"{len(marks)} marks are too few to find a slope; the surface is level.",
                )
            )
    residuals = over - offset - fitted * up
    rmse = float(np.sqrt(np.mean(residuals**2)))
    return Calibration(offset, fitted, tuple(residuals.tolist()), rmse, tuple(caveats))


def relative(
    ground: Ground, upstream: Floats | None, slope: float, offset_m: float = 0.0
) -> Floats:
    """Per cell the stage at the gauge at which the water's surface stands at the ground."""
    lift: NDArray[np.float32] | float = 0.0 if upstream is None else upstream * np.float32(slope)
    return np.asarray(ground.heights - lift - np.float32(offset_m), dtype=np.float32)
