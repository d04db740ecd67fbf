"""Smooth directed lines with their own coordinates: `s` along, `d` across (right positive).

A river and a beach are such lines; streets that follow them are lines of constant `d`, and
the streets that cross are lines of constant `s`. Metres in the town's projected CRS.
"""

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree
from shapely import LineString, Polygon
from shapely.ops import substring

FloatArray = NDArray[np.float64]

_STEP = 10.0
"""Distance between the samples a curve is kept as."""


def smooth(points: ArrayLike, step: float = _STEP) -> FloatArray:
    """A curve through the control points as (n, 2) samples about `step` apart."""
    xy = np.asarray(points, dtype=np.float64)
    chord = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    samples = np.linspace(0.0, chord[-1], max(2, round(chord[-1] / step) + 1))
    curve: FloatArray = CubicSpline(chord, xy, bc_type="natural")(samples)
    return curve


def smooth_line(points: ArrayLike, step: float = 20.0) -> LineString:
    """The same curve as a line."""
    return LineString(smooth(points, step))


def smooth_ring(points: ArrayLike, step: float = 25.0) -> Polygon:
    """A closed curve through the control points, as a polygon."""
    xy = np.asarray(points, dtype=np.float64)
    closed = np.vstack([xy, xy[:1]])
    chord = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    samples = np.linspace(0.0, chord[-1], max(4, round(chord[-1] / step)), endpoint=False)
    return Polygon(CubicSpline(chord, closed, bc_type="periodic")(samples))


def rough_ring(points: ArrayLike, rng: np.random.Generator) -> Polygon:
    """A closed outline through the control points with the small turns a boundary has."""
    xy = np.asarray(points, dtype=np.float64)
    ring = np.vstack([xy, xy[:1]])
    for sway in (0.07, 0.05):
        ends = np.diff(ring, axis=0)
        side = np.column_stack([-ends[:, 1], ends[:, 0]])
        middle = ring[:-1] + ends * rng.uniform(0.38, 0.62, (len(ends), 1))
        middle += side * rng.normal(0.0, sway, (len(ends), 1))
        ring = np.vstack([np.stack([ring[:-1], middle], axis=1).reshape(-1, 2), ring[:1]])
    return Polygon(ring)


def join(line: LineString, target: LineString, *, end: bool) -> LineString:
    """The line cut, or led on, to `target` at its last point (`end`) or its first."""
    if not end:
        return shapely.reverse(join(shapely.reverse(line), target, end=True))
    crossing = shapely.get_coordinates(shapely.intersection(line, target))
    if len(crossing):
        at = max(float(line.project(shapely.Point(p))) for p in crossing)
        return part_of(line, 0.0, at)
    last = shapely.Point(line.coords[-1])
    onto = shapely.get_coordinates(target.interpolate(target.project(last)))
    return LineString(np.vstack([shapely.get_coordinates(line), onto]))


def part_of(line: LineString, start: float, end: float) -> LineString:
    """The part of a line between two distances along it."""
    part = substring(line, start, end)
    if not isinstance(part, LineString):
        raise TypeError("the part of the line has no length")
    return part


def polygon_of(shape: shapely.Geometry) -> Polygon:
    """The largest polygon of a shape that has at least one."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area)


class Baseline:
    """A smooth line through control points, and the (s, d) coordinates it gives to a plane.

    `s` runs from 0 to `length` along the line, `d` is the distance to its right. Coordinates
    are sound where `d` is less than the line's radius of curvature.
    """

    def __init__(self, points: ArrayLike) -> None:
        self._xy = smooth(points)
        steps = np.hypot(*np.diff(self._xy, axis=0).T)
        self._s = np.concatenate([[0.0], np.cumsum(steps)])
        tangent = np.gradient(self._xy, axis=0)
        angle = gaussian_filter1d(np.unwrap(np.arctan2(tangent[:, 1], tangent[:, 0])), 6.0)
        self._normal = np.column_stack([np.sin(angle), -np.cos(angle)])
        self._tree = cKDTree(self._xy)

    @property
    def length(self) -> float:
        """Length of the line in metres."""
        return float(self._s[-1])

    def xy(self, s: ArrayLike, d: ArrayLike) -> FloatArray:
        """Plane coordinates (n, 2) of positions along and across the line."""
        s, d = np.broadcast_arrays(np.asarray(s, float), np.asarray(d, float))
        point = [np.interp(s, self._s, self._xy[:, k]) for k in (0, 1)]
        normal = [np.interp(s, self._s, self._normal[:, k]) for k in (0, 1)]
        return np.stack([p + d * n for p, n in zip(point, normal, strict=True)], axis=-1)

    def sd(self, xy: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Positions (s, d) of points (n, 2), by the nearest sample of the line."""
        _, index = self._tree.query(xy)
        offset = xy - self._xy[index]
        normal = self._normal[index]
        along = offset[:, 0] * -normal[:, 1] + offset[:, 1] * normal[:, 0]
        across = offset[:, 0] * normal[:, 0] + offset[:, 1] * normal[:, 1]
        return self._s[index] + along, across

    def at(self, s: float, d: float) -> tuple[float, float]:
        """One point of the plane."""
        x, y = self.xy(s, d)
        return float(x), float(y)

    def along(
        self, s0: float, s1: float, d: float | Callable[[FloatArray], FloatArray]
    ) -> LineString:
        """The line from s0 to s1 at offset `d`, one number or a function of s."""
        s = np.linspace(s0, s1, max(2, round(abs(s1 - s0) / 20.0) + 1))
        return LineString(self.xy(s, d(s) if callable(d) else d))

    def across(self, s0: float, s1: float, d0: float, d1: float) -> LineString:
        """The straight line from (s0, d0) to (s1, d1) in the line's coordinates."""
        n = max(2, round(abs(d1 - d0) / 30.0) + 1)
        return LineString(self.xy(np.linspace(s0, s1, n), np.linspace(d0, d1, n)))

    def band(self, s: FloatArray, left: FloatArray, right: FloatArray) -> Polygon:
        """The area between two offsets given at positions `s`."""
        ring = np.vstack([self.xy(s, left), self.xy(s, right)[::-1]])
        return polygon_of(shapely.make_valid(Polygon(ring)))
