"""A road graph from road lines: where lines share a vertex one can turn, elsewhere not.

Lines are in metres of the town's CRS. Noding follows the data: two lines join where they share a
vertex (to the millimetre), and where one of them ends within `SNAP_M` of a vertex of the other.
Lines that merely cross do not join: one of them is a bridge. Lines of different level (OSM's
`layer`) join only where one of them ends.

Edges are at most twice `PIECE_M` long, so that what water takes of a road is little more than what
it covers. Turns are free: no turn restriction is known.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from layers.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Shapes = NDArray[np.object_]

SNAP_M = 0.5
"""An end this near to another line's vertex is the same place: drawing is not more exact."""
PIECE_M = 50.0
"""Longer stretches between junctions are cut into edges of about this length."""
SPEED_KMH = {
    "trunk": 80.0,
    "primary": 60.0,
    "secondary": 50.0,
    "residential": 30.0,
    "service": 20.0,
    "track": 15.0,
}
"""Speed by class where a road states none: defaults, not limits."""
SLOWEST_KMH = 15.0
"""Of a road of no known class."""

TURNS = Text(
    th="ไม่ทราบข้อห้ามเลี้ยว จึงถือว่าเลี้ยวได้ทุกแยก",
    en="Turn restrictions are not known: every turn is taken as allowed.",
)


@dataclass(frozen=True)
class Roads:
    """Road lines and what is known of each; arrays of one length.

    `oneway` is 1 along the line, -1 against it, 0 both ways; `surface_m` metres MSL, NaN unknown;
    `level` as OSM's `layer`, 0 the ground; `bridge` whether a deck carries it.
    """

    lines: Shapes
    codes: tuple[str, ...]
    speed_kmh: Floats
    oneway: Ints
    surface_m: Floats
    bridge: Bools
    level: Ints


@dataclass(frozen=True)
class Graph:
    """Nodes (`xy`, metres) and edges between them; `road` is each edge's row of `Roads`.

    `forward` and `backward` say in which direction vehicles may use an edge.
    """

    xy: Floats
    start: Ints
    end: Ints
    road: Ints
    lines: Shapes
    length_m: Floats
    speed_kmh: Floats
    forward: Bools
    backward: Bools
    surface_m: Floats
    bridge: Bools
    codes: tuple[str, ...] = field(repr=False)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The edges' lines as a tree to search."""
        return shapely.STRtree(self.lines)

    @property
    def empty(self) -> bool:
        """Whether there is no road at all: nothing can then be said about ways."""
        return len(self.start) == 0

    def codes_of(self, edges: Ints) -> list[str]:
        """Codes of the roads of these edges, in their order, neighbours of one road once."""
        found: list[str] = []
        for road in self.road[edges].tolist():
            if not found or found[-1] != self.codes[road]:
                found.append(self.codes[road])
        return found


def roads(
    lines: Shapes,
    *,
    codes: list[str | None] | None = None,
    classes: list[str | None] | None = None,
    speed_kmh: list[float | None] | None = None,
    oneway: list[str | None] | None = None,
    surface_m: list[float | None] | None = None,
    bridge: list[bool | None] | None = None,
    level: list[int | None] | None = None,
) -> Roads:
    """`Roads` from columns of the roads layer; what a column does not say gets its default.

    A road without a speed, or with one of 0, takes that of its class.
    """
    count = len(lines)
    kinds = classes or [None] * count
    usual = np.array([SPEED_KMH.get(k or "", SLOWEST_KMH) for k in kinds], dtype=float)
    stated = _floats(speed_kmh, count)
    ways = {"forward": 1, "backward": -1}
    return Roads(
        lines=np.asarray(lines, dtype=object),
        codes=tuple(c or f"#{n}" for n, c in enumerate(codes or [None] * count, start=1)),
        speed_kmh=np.where(stated > 0, stated, usual),
        oneway=np.array([ways.get(w or "", 0) for w in oneway or [None] * count], dtype=np.int64),
        surface_m=_floats(surface_m, count),
        bridge=np.array([bool(b) for b in bridge or [None] * count], dtype=bool),
        level=np.array([n or 0 for n in level or [None] * count], dtype=np.int64),
    )


def _floats(values: list[float | None] | None, count: int) -> Floats:
    given = [None] * count if values is None else values
    return np.array([np.nan if v is None else float(v) for v in given], dtype=float)


def build(given: Roads, *, snap_m: float = SNAP_M, piece_m: float = PIECE_M) -> Graph:
    """The graph of these roads; empty lines and lines of no length make no edge."""
    parts, road = shapely.get_parts(given.lines, return_index=True)
    keep = shapely.length(parts) > 0
    parts, road = parts[keep], road[keep].astype(np.int64)
    if not len(parts):
        return _nothing(given)
    xy, of = shapely.get_coordinates(parts, return_index=True)
    again = np.r_[False, (of[1:] == of[:-1]) & np.all(xy[1:] == xy[:-1], axis=1)]
    xy, of = xy[~again], of[~again].astype(np.int64)
    last = np.r_[of[1:] != of[:-1], True]
    first = np.r_[True, last[:-1]]
    places = _places(xy, first | last, given.level[road[of]], snap_m)
    nodes = (first | last) | (np.bincount(places)[places] > 1)
    dense = _dense(xy, of, last, piece_m)
    return _edges(given, road, dense, places=places, nodes=nodes, piece_m=piece_m)


def _nothing(given: Roads) -> Graph:
    none, flags = np.zeros(0), np.zeros(0, dtype=bool)
    ints = np.zeros(0, dtype=np.int64)
    return Graph(
        xy=np.zeros((0, 2)),
        start=ints,
        end=ints,
        road=ints,
        lines=np.zeros(0, dtype=object),
        length_m=none,
        speed_kmh=none,
        forward=flags,
        backward=flags,
        surface_m=none,
        bridge=flags,
        codes=given.codes,
    )


def _places(xy: Floats, ends: Bools, level: Ints, snap_m: float) -> Ints:
    """Number of the place of each vertex: the same for vertices that are joined."""
    grid = np.rint(xy * 1000.0).astype(np.int64)
    _, spot = np.unique(grid, axis=0, return_inverse=True)
    _, own = np.unique(np.c_[spot, level], axis=0, return_inverse=True)
    spot, own = spot.ravel(), own.ravel()
    # at one spot, levels are joined only by an end
    joining = np.zeros(int(spot.max()) + 1, dtype=bool)
    joining[spot[ends]] = True
    there = np.flatnonzero(joining[spot])
    representative = np.full(len(joining), -1)
    representative[spot[there]] = own[there]
    pairs = [np.c_[own[there], representative[spot[there]]]]
    # an end is joined to the nearest vertex of its level, when that is nearer than the tolerance
    tree = KDTree(xy)
    for end in np.flatnonzero(ends).tolist() if snap_m > 0 else ():
        near = [
            n
            for n in tree.query_ball_point(xy[end], snap_m)
            if spot[n] != spot[end] and level[n] == level[end]
        ]
        if near:
            away = np.hypot(*(xy[near] - xy[end]).T)
            pairs.append(np.array([[own[end], own[near[int(np.argmin(away))]]]]))
    joined = np.concatenate(pairs)
    count = int(own.max()) + 1
    links = coo_array((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(count, count))
    _, label = connected_components(links, directed=False)
    return np.asarray(label, dtype=np.int64)[own]


@dataclass(frozen=True)
class _Dense:
    """Vertices with more of them along long segments; `vertex` is the original's row, or -1."""

    xy: Floats
    of: Ints
    vertex: Ints


def _dense(xy: Floats, of: Ints, last: Bools, piece_m: float) -> _Dense:
    run = np.zeros_like(xy)
    run[:-1] = xy[1:] - xy[:-1]
    run[last] = 0.0
    steps = np.maximum(np.ceil(np.hypot(run[:, 0], run[:, 1]) / piece_m), 1).astype(np.int64)
    row = np.repeat(np.arange(len(xy)), steps)
    step = np.arange(len(row)) - np.repeat(np.cumsum(steps) - steps, steps)
    share = step / steps[row]
    return _Dense(
        xy=xy[row] + share[:, None] * run[row],
        of=of[row],
        vertex=np.where(step == 0, row, -1),
    )


def _edges(
    given: Roads, road: Ints, dense: _Dense, *, places: Ints, nodes: Bools, piece_m: float
) -> Graph:
    here = dense.vertex >= 0
    junction = np.zeros(len(dense.xy), dtype=bool)
    junction[here] = nodes[dense.vertex[here]]
    same = np.r_[False, dense.of[1:] == dense.of[:-1]]
    step = np.r_[0.0, np.hypot(*np.diff(dense.xy, axis=0).T)]
    along = np.cumsum(np.where(same, step, 0.0))
    since = along - np.maximum.accumulate(np.where(junction, along, -1.0))
    piece = np.floor(since / piece_m + 1e-9)
    breaks = junction | (same & (piece > np.r_[0.0, piece[:-1]]))
    number = np.full(len(dense.xy), -1, dtype=np.int64)
    _, number[junction] = np.unique(places[dense.vertex[junction]], return_inverse=True)
    count = int(number.max()) + 1
    between = breaks & ~junction
    number[between] = count + np.arange(int(between.sum()))
    at = np.flatnonzero(breaks)
    whole = dense.of[at[1:]] == dense.of[at[:-1]]
    a, b = at[:-1][whole], at[1:][whole]
    sizes = b - a + 1
    rows = np.repeat(a - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    pieces = np.repeat(np.arange(len(a)), sizes)
    lines = np.asarray(shapely.linestrings(dense.xy[rows], indices=pieces), dtype=object)
    xy = np.zeros((int(number.max()) + 1, 2))
    xy[number[at]] = dense.xy[at]
    mine = road[dense.of[a]]
    return Graph(
        xy=xy,
        start=number[a],
        end=number[b],
        road=mine,
        lines=lines,
        length_m=np.asarray(shapely.length(lines), dtype=float),
        speed_kmh=given.speed_kmh[mine],
        forward=given.oneway[mine] >= 0,
        backward=given.oneway[mine] <= 0,
        surface_m=given.surface_m[mine],
        bridge=given.bridge[mine],
        codes=given.codes,
    )
