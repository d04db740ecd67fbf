"""Places of the tiny town in degrees and in tiles, worked out without the code under test."""

import math
from typing import Any, TypeVar

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from tests.tiny import ORIGIN, square

Shape = TypeVar("Shape", bound=BaseGeometry)

TO_DEGREES = Transformer.from_crs(32648, 4326, always_xy=True)
TO_METRES = Transformer.from_crs(4326, 32648, always_xy=True)


def moved(shape: Shape, transformer: Transformer) -> Shape:
    """A geometry in another CRS."""

    def move(places: Any) -> Any:
        return np.column_stack(transformer.transform(places[:, 0], places[:, 1]))

    made: Shape = shapely.transform(shape, move)
    return made


def tile_at(z: int, x_m: float = 500, y_m: float = 500) -> str:
    """z/x/y of the tile that holds a place of the tiny town."""
    across, down = in_tiles(z, x_m, y_m)
    return f"{z}/{int(across)}/{int(down)}"


def in_tiles(z: int, x_m: float, y_m: float) -> tuple[float, float]:
    """A place of the tiny town in tiles from the west and from the north."""
    lon, lat = TO_DEGREES.transform(ORIGIN[0] + x_m, ORIGIN[1] + y_m)
    across = (lon + 180) / 360 * (1 << z)
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * (1 << z)
    return across, down


def box_around(x0: float, y0: float, x1: float, y1: float) -> str:
    """A bbox in degrees around metres of the tiny town."""
    west, south, east, north = moved(square(x0, y0, x1 - x0, y1 - y0), TO_DEGREES).bounds
    return f"{west:.8f},{south:.8f},{east:.8f},{north:.8f}"


def drawn(x: float, y: float, width: float, height: float) -> dict[str, Any]:
    """A rectangle of the tiny town as GeoJSON in degrees."""
    made: dict[str, Any] = shapely.geometry.mapping(moved(square(x, y, width, height), TO_DEGREES))
    return made
