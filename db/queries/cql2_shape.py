"""Geometry literals of a CQL2 filter, checked before PostGIS sees them.

Coordinates are longitude, latitude. PostGIS answers some shapes it cannot use with an internal
error, so what it could stumble over is refused here, in a sentence.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from layers.errors import BadRequestError
from layers.text import Text

MAX_VERTICES = 10_000
_HIGHEST = 85.06
"""Latitudes are cut where the Web Mercator quad ends; no town lies beyond."""
_DEPTHS = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""How deeply positions are nested in the coordinates of each type."""
_CORNERS = 4


@dataclass(frozen=True)
class Shape:
    """A GeoJSON geometry in EPSG:4326, as text."""

    geojson: str


def refuse(th: str, en: str) -> BadRequestError:
    """The error every unusable filter ends in."""
    return BadRequestError(Text(th=f"ตัวกรองใช้ไม่ได้: {th}", en=f"The filter cannot be used: {en}"))


def shape(tree: Any) -> Shape:
    """The geometry or BBOX of a parsed filter; BadRequestError says what is wrong with it."""
    if isinstance(tree, dict) and isinstance(tree.get("bbox"), list):
        tree = {"type": "Polygon", "coordinates": [_ring(tree["bbox"])]}
    kind = tree.get("type") if isinstance(tree, dict) else None
    if not isinstance(kind, str) or kind not in _DEPTHS:
        raise refuse("ต้องเป็นรูปเรขาคณิตชนิดเดียว", "a geometry is needed, and not a collection.")
    if _vertices(tree.get("coordinates")) > MAX_VERTICES:
        raise refuse("รูปซับซ้อนเกินไป", f"the geometry has more than {MAX_VERTICES} vertices.")
    return Shape(
        json.dumps(
            {"type": kind, "coordinates": _nested(tree.get("coordinates"), _DEPTHS[kind], kind)}
        )
    )


def _ring(numbers: list[Any]) -> list[list[Any]]:
    """The ring of a BBOX: west, south, east, north."""
    if len(numbers) != 4:  # noqa: PLR2004 - four edges
        raise refuse("BBOX ต้องมี 4 ค่า", "BBOX needs four numbers.")
    west, south, east, north = numbers
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _nested(coordinates: Any, depth: int, kind: str) -> Any:
    if depth == 0:
        return _position(coordinates)
    if not isinstance(coordinates, list) or not coordinates:
        raise refuse("รูปว่างเปล่า", "the geometry is empty.")
    made = [_nested(part, depth - 1, kind) for part in coordinates]
    if depth == 1 and kind.endswith("LineString") and len(made) < 2:  # noqa: PLR2004 - two ends
        raise refuse("เส้นต้องมีอย่างน้อย 2 จุด", "a line needs two points at least.")
    if depth == 1 and kind.endswith("Polygon") and (len(made) < _CORNERS or made[0] != made[-1]):
        raise refuse(
            "เส้นขอบต้องปิดและมีอย่างน้อย 4 จุด", "a ring must be closed and have four points at least."
        )
    return made


def _position(place: Any) -> list[float]:
    if not isinstance(place, list) or len(place) < 2 or not all(map(_is_number, place)):  # noqa: PLR2004
        raise refuse("พิกัดไม่ถูกต้อง", "a position is not two numbers.")
    lon, lat = float(place[0]), float(place[1])
    if abs(lon) > 180 or abs(lat) > 90:  # noqa: PLR2004 - degrees
        raise refuse(
            "พิกัดอยู่นอกโลก ต้องเป็น ลองจิจูด ละติจูด",
            "a position is off the globe: longitude -180 to 180, latitude -90 to 90.",
        )
    return [lon, max(-_HIGHEST, min(_HIGHEST, lat))]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _vertices(coordinates: Any) -> int:
    if not isinstance(coordinates, list):
        return 0
    if coordinates and not isinstance(coordinates[0], list):
        return 1
    return sum(_vertices(part) for part in coordinates)
