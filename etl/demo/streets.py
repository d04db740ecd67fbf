"""Streets between the main roads: land is cut again and again until blocks are town-sized.

Each cut is a street (or, at the last step, a lane that may stop short, or only the edge of a
field), so that the network is connected by construction and looks grown, not scattered.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon

from etl.demo.curves import FloatArray, part_of


@dataclass(frozen=True)
class Spec:
    """How land of one kind is cut: block width and length, plot front and depth, in metres."""

    kind: str
    width: float
    length: float
    front: float
    depth: float


SPECS = (
    Spec("core", 76.0, 150.0, 8.0, 32.0),
    Spec("town", 80.0, 190.0, 14.0, 34.0),
    Spec("suburb", 96.0, 240.0, 20.0, 42.0),
    Spec("village", 130.0, 260.0, 28.0, 55.0),
    Spec("farm", 400.0, 600.0, 60.0, 85.0),
    Spec("wild", 1e9, 1e9, 1e9, 1e9),
)
_THRESHOLDS = (0.78, 0.48, 0.26, 0.12, 0.0)
KINDS = {spec.kind: spec for spec in SPECS}


def kinds_of(density: FloatArray) -> list[Spec]:
    """The kind of land for each density (0 to 1; negative is land nobody builds on)."""
    index = np.sum(density[:, None] < np.asarray(_THRESHOLDS)[None, :], axis=1)
    return [SPECS[int(k)] for k in index]


_THIN_M = 22.0
"""Land narrower than this (mean width) is a verge nobody cuts."""
_MEET_M = 10.0
"""A street that would end this near to a junction ends at the junction."""


@dataclass(frozen=True)
class Cut:
    """One line cut through land: a street of a class, or (klass None) no road at all."""

    line: LineString
    klass: str | None


class Cutter:
    """Cuts polygons of land into blocks and remembers the streets it made."""

    def __init__(
        self,
        density: Callable[[FloatArray], FloatArray],
        junctions: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        self._density = density
        self._rng = rng
        self._ends: list[tuple[float, ...]] = [tuple(point) for point in junctions.tolist()]
        self.cuts: list[Cut] = []

    def cut(self, land: Polygon, grain: FloatArray | None = None) -> None:
        """Cut one piece of land until its blocks have the size their place asks for."""
        stack: list[tuple[Polygon, FloatArray | None]] = [(land, grain)]
        while stack:
            piece, direction = stack.pop()
            centre = shapely.get_coordinates(piece.centroid)
            spec = kinds_of(self._density(centre))[0]
            thin = 2.0 * piece.area < _THIN_M * piece.length
            if spec.kind == "wild" or thin or piece.area < 0.9 * spec.width * spec.width:
                continue
            axis = _axis(piece, direction)
            line, last = self._choose(piece, spec, axis)
            if line is None:
                continue
            line = self._meet(piece, line)
            parts = _split(piece, line)
            if len(parts) < 2:  # noqa: PLR2004 - a cut makes two pieces
                continue
            self._keep(piece, line, _klass(spec, piece.area), may_stop=last)
            stack.extend((part, axis) for part in parts)

    def _choose(
        self, piece: Polygon, spec: Spec, axis: FloatArray
    ) -> tuple[LineString | None, bool]:
        """The next cut through a piece, and whether its parts will be cut no more."""
        across = np.array([-axis[1], axis[0]])
        xy = shapely.get_coordinates(piece.exterior)
        u, v = xy @ axis, xy @ across
        ratio_u = float(np.ptp(u)) / spec.length
        ratio_v = float(np.ptp(v)) / spec.width
        if max(ratio_u, ratio_v) < 1.42:  # noqa: PLR2004 - halves would be under 0.7 of the aim
            return None, True
        if ratio_v >= ratio_u:
            low, high, run, normal = float(v.min()), float(v.max()), axis, across
            count, lo, hi = round(ratio_v), float(u.min()), float(u.max())
        else:
            low, high, run, normal = float(u.min()), float(u.max()), across, axis
            count, lo, hi = round(ratio_u), float(v.min()), float(v.max())
        count = max(2, count)
        share = (count // 2) / count + self._rng.uniform(-0.09, 0.09) / count
        offset = low + share * (high - low)
        offset = self._align(piece, normal, offset, 0.16 * (high - low) / count)
        ends = np.array([lo - 60.0, 0.5 * (lo + hi), hi + 60.0])
        sway = self._rng.normal(0.0, 0.012 * (hi - lo), 3)
        points = ends[:, None] * run[None, :] + (offset + sway)[:, None] * normal[None, :]
        return LineString(points), max(ratio_u, ratio_v) < 2.9  # noqa: PLR2004

    def _align(self, piece: Polygon, normal: FloatArray, offset: float, reach: float) -> float:
        """Move a cut to meet a street that ends on the other side of the road, when near."""
        if self._rng.random() > 0.7:  # noqa: PLR2004 - some stay staggered
            return offset
        ends = np.asarray(self._ends)
        near = ends[np.abs(ends @ normal - offset) < reach]
        if not len(near):
            return offset
        touching = near[shapely.distance(piece.exterior, shapely.points(near)) < 0.5]  # noqa: PLR2004
        if not len(touching):
            return offset
        places = touching @ normal
        return float(places[np.argmin(np.abs(places - offset))])

    def _meet(self, piece: Polygon, line: LineString) -> LineString:
        """Lead a cut's ends exactly to junctions they would miss by a few metres."""
        inside = shapely.intersection(piece, line)
        if inside.geom_type != "LineString" or inside.length < 4.0 * _MEET_M:
            return line
        points = shapely.get_coordinates(inside)
        known = np.asarray(self._ends)
        for end, inner in ((0, 1), (-1, -2)):
            away = np.hypot(*(known - points[end]).T)
            nearest = int(np.argmin(away))
            if away[nearest] < _MEET_M:
                points[end] = known[nearest]
            run = points[end] - points[inner]
            # a little further than the junction, so that the cut surely crosses the edge
            points[end] += 0.5 * run / np.hypot(*run)
        return LineString(points)

    def _keep(self, piece: Polygon, line: LineString, klass: str | None, *, may_stop: bool) -> None:
        """Remember the part of a cut inside its piece; a last lane may stop before the end."""
        inside = shapely.intersection(piece, line)
        for part in shapely.get_parts(inside):
            if part.geom_type != "LineString" or part.length < 8.0:  # noqa: PLR2004 - a clipped corner
                continue
            ends = shapely.get_coordinates(part)
            if klass == "service" and may_stop and part.length > 70.0 and self._rng.random() < 0.42:  # noqa: PLR2004
                self._stop_short(part)
                continue
            self._ends.extend((tuple(ends[0]), tuple(ends[-1])))
            self.cuts.append(Cut(part, klass))

    def _stop_short(self, lane: LineString) -> None:
        """A blind lane: a road for most of the way, then only the line between two plots."""
        share = self._rng.uniform(0.55, 0.85)
        if self._rng.random() < 0.5:  # noqa: PLR2004 - either end may be the open one
            lane = shapely.reverse(lane)
        at = share * lane.length
        road = part_of(lane, 0.0, at)
        rest = part_of(lane, at, lane.length)
        self._ends.append(tuple(shapely.get_coordinates(road)[0]))
        self.cuts.extend((Cut(road, "service"), Cut(rest, None)))


def _klass(spec: Spec, area: float) -> str | None:
    """Class of a street by the land it opens up."""
    if spec.kind == "farm":
        return "track"
    return "residential" if area > 9.0 * spec.width * spec.length else "service"


def _axis(piece: Polygon, direction: FloatArray | None) -> FloatArray:
    """Unit vector of a piece's long side, or of the side nearest to a given direction."""
    box = shapely.get_coordinates(shapely.oriented_envelope(piece))
    sides = np.diff(box[:3], axis=0)
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    units = sides / lengths[:, None]
    if direction is None:
        best = int(np.argmax(lengths))
    else:
        best = int(np.argmax(np.abs(units @ direction)))
    unit: FloatArray = units[best]
    return unit


def _split(piece: Polygon, line: LineString) -> list[Polygon]:
    """The pieces a line cuts a polygon into."""
    network = shapely.node(shapely.GeometryCollection([piece.boundary, line]))
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(network)))
    inside = shapely.contains_properly(piece, shapely.point_on_surface(parts))
    return [part for part, is_in in zip(parts, inside, strict=True) if is_in]
