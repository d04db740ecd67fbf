"""A tile's address parsed once into a frozen type; everything impossible is 404 before any SQL."""

import re
from dataclasses import dataclass
from typing import Self

from api.access import layer_for, layers_of
from layers.errors import NotFoundError
from layers.model import Layer, Role
from layers.privacy import may_see
from layers.text import Text

MAX_ZOOM = 22
_PATH = re.compile(r"/tiles/([^/]+)/(\d{1,2})/(\d{1,7})/(\d{1,7})\.mvt")
_LOOKS_LIKE_A_TILE = re.compile(r"/tiles/.*\.mvt")


@dataclass(frozen=True)
class Tile:
    """One tile of the Web Mercator quad: zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        side = 1 << self.z
        if self.z > MAX_ZOOM or self.x >= side or self.y >= side:
            raise NotFoundError(
                Text(
                    th=f"ไม่มีแผ่นกระเบื้อง {self.z}/{self.x}/{self.y}",
                    en=f"There is no tile {self.z}/{self.x}/{self.y}.",
                )
            )


@dataclass(frozen=True)
class TileAddress:
    """The layers asked for, by id as written, and the tile."""

    names: tuple[str, ...]
    tile: Tile

    @classmethod
    def parse(cls, path: str) -> Self | None:
        """The address in a path; None when the path is not one of a tile."""
        found = _PATH.fullmatch(path)
        if found is None:
            if _LOOKS_LIKE_A_TILE.fullmatch(path):
                raise NotFoundError(
                    Text(
                        th="ที่อยู่แผ่นกระเบื้องต้องเป็น /tiles/{ชั้นข้อมูล}/{z}/{x}/{y}.mvt",
                        en="A tile's address is /tiles/{layer}/{z}/{x}/{y}.mvt.",
                    )
                )
            return None
        names = tuple(dict.fromkeys(found[1].split(",")))
        return cls(names, Tile(*(int(found[place]) for place in (2, 3, 4))))

    def layers(self, role: Role) -> tuple[Layer, ...]:
        """The layers with a tile at this zoom, for this role; NotFoundError when there is none.

        Of several layers, those without this zoom are left out of the tile.
        """
        asked = [layer_for(name, role) for name in self.names]
        for layer in asked:
            if layer.geometry is None:
                raise NotFoundError(
                    Text(
                        th=f"ชั้นข้อมูล “{layer.id}” ไม่มีรูปบนแผนที่ มีแต่ตาราง",
                        en=f"The layer “{layer.id}” is a table; it has nothing to draw.",
                    )
                )
        z = self.tile.z
        found = tuple(layer for layer in asked if layer.zooms.min <= z <= layer.zooms.max)
        if not found:
            lowest = min(layer.zooms.min for layer in asked)
            highest = max(layer.zooms.max for layer in asked)
            raise NotFoundError(
                Text(
                    th=f"ชั้นข้อมูลนี้มีแผ่นกระเบื้องที่ระดับซูม {lowest}-{highest} ไม่มีที่ {z}",
                    en=f"This layer has tiles at zoom {lowest}-{highest}, not at {z}.",
                )
            )
        return found


def drawable(role: Role) -> tuple[Layer, ...]:
    """Layers of a role that have tiles."""
    return tuple(lay for lay in layers_of(role) if lay.geometry is not None and may_see(lay, role))
