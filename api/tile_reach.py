"""Which tiles a box of the world can be seen in: pure arithmetic of the Web Mercator quad."""

import math
from typing import NamedTuple

from db.changes import Box
from db.queries.tiles import BUFFER, EXTENT

_SLACK = 2
"""Tile units more than what is drawn beyond a tile's edge: where rounding puts a coordinate."""
_MARGIN = (BUFFER + _SLACK) / EXTENT
_NORTHMOST = 85.0511287798066


class Tiles(NamedTuple):
    """Columns and rows of tiles of one zoom, both ends included."""

    west: int
    north: int
    east: int
    south: int

    @property
    def number(self) -> int:
        """How many tiles these are."""
        return (self.east - self.west + 1) * (self.south - self.north + 1)


class Place(NamedTuple):
    """A box in shares of the world's side: 0 is the west or the north edge."""

    west: float
    north: float
    east: float
    south: float

    def tiles(self, z: int, reach: float = _MARGIN) -> Tiles:
        """The tiles of a zoom that draw something of the box or of `reach` tiles around it."""
        side = 1 << z
        most = side - 1
        return Tiles(
            max(0, math.floor(self.west * side - reach)),
            max(0, math.floor(self.north * side - reach)),
            min(most, math.floor(self.east * side + reach)),
            min(most, math.floor(self.south * side + reach)),
        )


def place_of(box: Box) -> Place:
    """Where a box in EPSG:4326 lies."""
    west, south, east, north = box
    return Place(_across(west), _down(north), _across(east), _down(south))


def _across(lon: float) -> float:
    return (lon + 180) / 360


def _down(lat: float) -> float:
    held = max(-_NORTHMOST, min(_NORTHMOST, lat))
    return (1 - math.asinh(math.tan(math.radians(held))) / math.pi) / 2
