"""The elevation raster: its grid, smooth noise for it, and reading a level at a point."""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import map_coordinates, zoom
from shapely import Polygon, box

from etl.demo.curves import Baseline, FloatArray

CELL_M = 5.0
NODATA = -9999.0


@dataclass(frozen=True)
class Grid:
    """A north-up raster grid of square cells in the town's CRS."""

    west: float
    north: float
    columns: int
    rows: int
    cell: float = CELL_M

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float], margin: float) -> "Grid":
        """The grid that covers `bounds` (west, south, east, north) and a margin in metres."""
        west = np.floor((bounds[0] - margin) / CELL_M) * CELL_M
        north = np.ceil((bounds[3] + margin) / CELL_M) * CELL_M
        columns = int(np.ceil((bounds[2] + margin - west) / CELL_M))
        rows = int(np.ceil((north - bounds[1] + margin) / CELL_M))
        return cls(west=float(west), north=float(north), columns=columns, rows=rows)

    @property
    def transform(self) -> Affine:
        """Pixel to plane coordinates, as rasterio writes it."""
        return Affine(self.cell, 0.0, self.west, 0.0, -self.cell, self.north)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def box(self) -> Polygon:
        """The ground the grid covers."""
        east, south = self.west + self.columns * self.cell, self.north - self.rows * self.cell
        return box(self.west, south, east, self.north)

    def centres(self) -> FloatArray:
        """Plane coordinates (rows * columns, 2) of the cell centres, row by row."""
        x = self.west + (np.arange(self.columns) + 0.5) * self.cell
        y = self.north - (np.arange(self.rows) + 0.5) * self.cell
        return np.column_stack([np.tile(x, self.rows), np.repeat(y, self.columns)])

    def sample(self, raster: NDArray[np.float32], xy: FloatArray) -> FloatArray:
        """The raster's value at points (n, 2), bilinear; the edge value outside."""
        column = (xy[:, 0] - self.west) / self.cell - 0.5
        row = (self.north - xy[:, 1]) / self.cell - 0.5
        values = map_coordinates(raster, [row, column], order=1, mode="nearest")
        return values.astype(np.float64)


def line_coordinates(grid: Grid, line: Baseline) -> tuple[FloatArray, FloatArray]:
    """The (s, d) of every cell by a line, worked out on every fourth cell and interpolated."""
    every = 4
    coarse = Grid(
        west=grid.west,
        north=grid.north,
        columns=grid.columns // every + 2,
        rows=grid.rows // every + 2,
        cell=grid.cell * every,
    )
    s, d = line.sd(coarse.centres())
    row = (np.arange(grid.rows) + 0.5) / every - 0.5
    column = (np.arange(grid.columns) + 0.5) / every - 0.5
    return _bilinear(s.reshape(coarse.shape), row, column), _bilinear(
        d.reshape(coarse.shape), row, column
    )


def _bilinear(values: FloatArray, row: FloatArray, column: FloatArray) -> FloatArray:
    """Values of a coarse raster at a lattice of row and column positions."""
    r = np.clip(np.floor(row).astype(int), 0, values.shape[0] - 2)
    c = np.clip(np.floor(column).astype(int), 0, values.shape[1] - 2)
    wr, wc = (row - r)[:, None], (column - c)[None, :]
    top = values[r][:, c] * (1 - wc) + values[r][:, c + 1] * wc
    below = values[r + 1][:, c] * (1 - wc) + values[r + 1][:, c + 1] * wc
    result: FloatArray = top * (1 - wr) + below * wr
    return result


def noise(grid: Grid, wavelength: float, rng: np.random.Generator) -> FloatArray:
    """A smooth random surface on the grid, about -1 to 1, with bumps of a size in metres."""
    coarse = (
        int(np.ceil(grid.rows * grid.cell / wavelength)) + 3,
        int(np.ceil(grid.columns * grid.cell / wavelength)) + 3,
    )
    knots = zoom(rng.uniform(-1.0, 1.0, coarse), 4, order=3, mode="nearest", grid_mode=True)
    scale = 4.0 * grid.cell / wavelength
    row = np.arange(grid.rows, dtype=np.float64) * scale + 2.0
    column = np.arange(grid.columns, dtype=np.float64) * scale + 2.0
    return _bilinear(knots, row, column)


def mask(grid: Grid, shape: Polygon) -> NDArray[np.bool_]:
    """Cells whose centre lies in a polygon."""
    inside = rasterize([(shape, 1)], out_shape=grid.shape, transform=grid.transform, dtype="uint8")
    result: NDArray[np.bool_] = inside.astype(np.bool_)
    return result


def step(value: FloatArray, low: float, high: float | FloatArray) -> FloatArray:
    """0 below `low`, 1 above `high`, a smooth rise between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
