"""What a map needs to know of its town: name, extent, and whether its data are invented."""

import math
from dataclasses import dataclass

from layers.text import Text

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees (EPSG:4326)."""

_SCREEN = (1100.0, 700.0)
_TILE = 512.0
_MAX_LATITUDE = 85.0511287798066

SYNTHETIC = Text(
    th="ข้อมูลสมมติเพื่อการสาธิต ไม่ใช่ข้อมูลจริง",
    en="Synthetic data for demonstration, not real",
)


@dataclass(frozen=True)
class TownFrame:
    """A town as a map sees it. `bounds` None: nothing has been loaded yet."""

    id: str
    name: Text
    bounds: Bounds | None = None
    synthetic: bool = False

    @property
    def credit(self) -> Text:
        """The words that go where a map names its sources."""
        if not self.synthetic:
            return self.name
        return Text(
            th=f"{self.name.th} · {SYNTHETIC.th}",
            en=f"{self.name.en} · {SYNTHETIC.en}",
        )

    @property
    def centre(self) -> tuple[float, float] | None:
        """Longitude and latitude of the middle of the bounds."""
        if self.bounds is None:
            return None
        west, south, east, north = self.bounds
        return (west + east) / 2, (south + north) / 2

    @property
    def zoom(self) -> float | None:
        """Web Mercator zoom (512-pixel tiles) at which the bounds fill an ordinary window."""
        if self.bounds is None:
            return None
        west, south, east, north = self.bounds
        width = max((east - west) / 360, 1e-6)
        height = max(_mercator(north) - _mercator(south), 1e-6)
        scale = min(_SCREEN[0] / _TILE / width, _SCREEN[1] / _TILE / height)
        return round(min(max(math.log2(scale), 0), 18), 2)


def _mercator(latitude: float) -> float:
    """Northing of a latitude as a share of the Web Mercator world, 0 at the equator."""
    clamped = math.radians(min(max(latitude, -_MAX_LATITUDE), _MAX_LATITUDE))
    return math.log(math.tan(math.pi / 4 + clamped / 2)) / (2 * math.pi)
