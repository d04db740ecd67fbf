"""True curves of a file (arcs, compound curves) as straight lines, to a stated tolerance. Pure.

GEOS can read curves but not work with them, and GDAL's Arrow stream hands them through as they
are, so they are straightened here, from ISO WKB or EWKB.
"""

import math
import struct
from typing import Any

import shapely
from shapely.errors import ShapelyError

TOLERANCE_M = 0.01
TOLERANCE_DEG = 1e-7
"""How far a chord may lie from its arc: 1 cm, or in degrees about as much (1.1 cm)."""
_COARSEST = math.pi / 16
"""No chord spans more than this, however small the arc: a pipe stays round."""
_LARGEST_RADIUS = 1e7
"""An arc larger than the Earth is a damaged number, not a road."""
_MOST_NESTED = 16
_DEGREES = 361.0

Points = list[tuple[float, float]]


class NotStraightenedError(ValueError):
    """The bytes are damaged, or the shape is a surface in space (TIN, polyhedron)."""


def kind_of(blob: bytes) -> int:
    """WKB type without dimension flags: 1-7 straight, 8-12 curved, others surfaces."""
    number = int.from_bytes(blob[1:5], "little" if blob[:1] == b"\x01" else "big")
    return (number & 0x0FFFFFFF) % 1000


def straighten(blob: bytes) -> shapely.Geometry:
    """The shape with every arc as chords no farther than the tolerance from it, in two dimensions.

    Coordinates that all lie within 361 are taken for degrees. NotStraightenedError when the bytes
    are damaged or hold something else than points, lines, curves and areas.
    """
    try:
        made: shapely.Geometry = _Reader(blob).shape(0)
    except NotStraightenedError:
        raise
    except (
        struct.error,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ShapelyError,
    ) as error:
        raise NotStraightenedError(str(error)) from error
    return made


class _Reader:
    """Reads one WKB from front to back."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._at = 0

    def shape(self, depth: int) -> Any:
        order, kind, width = self._head()
        if depth > _MOST_NESTED:
            raise NotStraightenedError("nested too deeply")
        match kind:
            case 1:
                made: Any = shapely.Point(self._points(order, width, 1)[0])
            case 2:
                made = shapely.LineString(self._points(order, width))
            case 3:
                made = _polygon([self._points(order, width) for _ in range(self._count(order))])
            case 8:
                made = shapely.LineString(arcs(self._points(order, width)))
            case 9:
                made = shapely.LineString(_joined(self._parts(order, depth)))
            case 10:
                made = _polygon([list(part.coords) for part in self._parts(order, depth)])
            case _:
                made = _gathered(kind, self._parts(order, depth))
        return made

    def _parts(self, order: str, depth: int) -> list[Any]:
        return [self.shape(depth + 1) for _ in range(self._count(order))]

    def _head(self) -> tuple[str, int, int]:
        order = "<" if self._blob[self._at] == 1 else ">"
        (number,) = struct.unpack_from(f"{order}I", self._blob, self._at + 1)
        self._at += 5
        if number & 0x20000000:
            self._at += 4
        thousands, kind = divmod(number & 0x0FFFFFFF, 1000)
        has_z = bool(number & 0x80000000) or thousands in (1, 3)
        has_m = bool(number & 0x40000000) or thousands in (2, 3)
        return order, kind, 2 + has_z + has_m

    def _count(self, order: str) -> int:
        (count,) = struct.unpack_from(f"{order}I", self._blob, self._at)
        self._at += 4
        if count > len(self._blob):
            raise NotStraightenedError("more parts than bytes")
        return int(count)

    def _points(self, order: str, width: int, count: int | None = None) -> Points:
        count = self._count(order) if count is None else count
        numbers = struct.unpack_from(f"{order}{count * width}d", self._blob, self._at)
        self._at += 8 * count * width
        return [(numbers[at], numbers[at + 1]) for at in range(0, len(numbers), width)]


def _gathered(kind: int, parts: list[Any]) -> Any:
    if kind in (4, 5, 6, 11, 12):
        makers: dict[int, Any] = {
            4: shapely.MultiPoint,
            5: shapely.MultiLineString,
            6: shapely.MultiPolygon,
            11: shapely.MultiLineString,
            12: shapely.MultiPolygon,
        }
        return makers[kind](parts)
    if kind == 7:  # noqa: PLR2004 - a collection
        return shapely.GeometryCollection(parts)
    raise NotStraightenedError(f"WKB type {kind}")


def _polygon(rings: list[Points]) -> shapely.Polygon:
    if not rings:
        return shapely.Polygon()
    return shapely.Polygon(rings[0], rings[1:])


def _joined(parts: list[Any]) -> Points:
    made: Points = []
    for part in parts:
        points = [(x, y) for x, y, *_ in part.coords]
        made += points[1:] if made and made[-1] == points[0] else points
    return made


def arcs(points: Points) -> Points:
    """A circular string (start, through, end, through, end, ...) as chords."""
    if len(points) % 2 == 0:
        raise NotStraightenedError("a circular string needs an odd number of points")
    made = points[:1]
    for at in range(0, len(points) - 2, 2):
        made += _arc(points[at], points[at + 1], points[at + 2])
    return made


def _arc(
    start: tuple[float, float], through: tuple[float, float], end: tuple[float, float]
) -> Points:
    """Points after `start` along one arc, `end` the last."""
    centre = _centre(start, through, end)
    if centre is None:
        return [through, end]
    x, y = centre
    radius = math.hypot(start[0] - x, start[1] - y)
    first, middle, last = (math.atan2(p[1] - y, p[0] - x) for p in (start, through, end))
    sweep = (last - first) % math.tau
    if start == end:
        sweep = math.tau
    elif (middle - first) % math.tau > sweep:
        sweep -= math.tau
    if not 0 < radius < _LARGEST_RADIUS:
        raise NotStraightenedError("an arc of no usable size")
    count = math.ceil(abs(sweep) / _step(radius, (start, through, end)))
    turned = [first + sweep * step / count for step in range(1, count)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in turned] + [end]


def _step(radius: float, points: tuple[tuple[float, float], ...]) -> float:
    degrees = all(abs(number) < _DEGREES for point in points for number in point)
    tolerance = TOLERANCE_DEG if degrees else TOLERANCE_M
    # sagitta of a chord that spans a small angle a: radius * a^2 / 8, a little more than the truth
    return min(_COARSEST, math.sqrt(8 * tolerance / radius))


def _centre(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]
) -> tuple[float, float] | None:
    """Centre of the circle through three points; None when they lie on a line."""
    if not all(math.isfinite(number) for point in (a, b, c) for number in point):
        raise NotStraightenedError("a coordinate is no number")
    if a == c:
        return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) if a != b else None
    # relative to the first point: UTM numbers squared would leave no digits
    bx, by, cx, cy = b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]
    cross = 2 * (bx * cy - by * cx)
    if abs(cross) <= 1e-12 * (abs(bx) + abs(by)) * (abs(cx) + abs(cy)):
        return None
    bb, cc = bx * bx + by * by, cx * cx + cy * cy
    return a[0] + (cy * bb - by * cc) / cross, a[1] + (bx * cc - cx * bb) / cross
