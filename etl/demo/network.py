"""From lines to a network: noded edges, the faces between them, roads as runs of edges."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import LineString, Polygon, STRtree

from etl.demo.curves import FloatArray
from etl.demo.plan import Plan, Street
from etl.demo.streets import Cutter

GRID_M = 0.01
"""Node coordinates are rounded to this, so that lines that meet share a node exactly."""
RANK = {"trunk": 0, "primary": 1, "secondary": 2, "residential": 3, "service": 4, "track": 5}
HALF_WIDTH_M = {
    "trunk": 14.0, "primary": 9.0, "secondary": 7.0, "residential": 4.5, "service": 3.2,
    "track": 2.5,
}  # fmt: skip
"""Half of the right of way by road class: plots begin there."""
WATERS = ("river", "canal", "pond", "sea")
_RESERVE_M = {"river": 22.0, "canal": 2.5, "pond": 8.0, "sea": 50.0}
"""Width of the land along water that is nobody's plot, by kind of water."""
_BLOCKING = ("river", "pond")
"""Water that ends land; the sea is where the town ends anyway, and roads step over canals."""
_STEP_M = 1.5
_STUB_M = 45.0
"""A drawn road's dead end shorter than this is only where it was drawn too long."""

IntArray = NDArray[np.int64]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Roads:
    """Roads between junctions: the line, its street's number and its end nodes' numbers.

    `oneway` is no, forward (along the line) or backward; every node reaches every other.
    """

    lines: Shapes
    street: IntArray
    ends: IntArray
    bridge: NDArray[np.bool_]
    oneway: list[str]


@dataclass(frozen=True)
class Network:
    """All streets of a town, their roads between junctions, and the land between them.

    `edges` are the finest noded pieces; `edge_street` is the street of each, -1 where the edge
    is no road. `faces` tile the town; `wet` marks faces of river, pond or sea.
    """

    streets: tuple[Street, ...]
    drawn: int
    roads: Roads
    edges: Shapes
    edge_street: IntArray
    faces: Shapes
    wet: NDArray[np.bool_]


def build(plan: Plan, rng: np.random.Generator) -> Network:
    """Cut the plan's land into blocks and return the whole network."""
    open_water = shapely.union_all([w.shape for w in plan.water if w.kind in _BLOCKING])
    shapely.prepare(open_water)
    strand = shore_land(plan, (*_BLOCKING, "sea"))
    shapely.prepare(strand)
    bare = [*plan.edges, *_outlines(open_water), *_outlines(strand)]
    edges, _, faces = _node([*(s.line for s in plan.streets), *bare], plan.boundary)
    cutter = Cutter(plan.density, shapely.get_coordinates(shapely.boundary(edges)), rng)
    for face in _in_order(faces):
        if not shapely.contains(strand, face.point_on_surface()):
            cutter.cut(face)
    made = [Street("", cut.klass, cut.line) for cut in cutter.cuts if cut.klass]
    streets = (*plan.streets, *sorted(made, key=lambda street: RANK[street.klass]))
    bare += [cut.line for cut in cutter.cuts if cut.klass is None]
    edges, origin, faces = _node([*(s.line for s in streets), *bare], plan.boundary)
    origin[origin >= len(streets)] = -1
    middles = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    over_water = shapely.contains(open_water, middles)
    origin[over_water & (origin >= len(plan.streets))] = -1
    nodes = _nodes(edges)
    _prune(origin, nodes, shapely.length(edges), len(plan.streets))
    faces = _in_order(faces)
    return Network(
        streets=streets,
        drawn=len(plan.streets),
        roads=_roads(edges, origin, nodes, over_water, streets),
        edges=edges,
        edge_street=origin,
        faces=faces,
        wet=shapely.contains(open_water, shapely.point_on_surface(faces)),
    )


def shore_land(plan: Plan, kinds: tuple[str, ...]) -> shapely.Geometry:
    """Water of some kinds and the land along it that is nobody's plot."""
    kept = [w.shape.buffer(_RESERVE_M[w.kind]) for w in plan.water if w.kind in kinds]
    return shapely.union_all(kept)


def _outlines(shape: shapely.Geometry) -> list[LineString]:
    """Every ring of an area as a line."""
    return [LineString(ring.coords) for ring in shapely.get_rings(shapely.get_parts(shape))]


def _in_order(shapes: Shapes) -> Shapes:
    """Shapes sorted by place, so that results do not hang on the order GEOS gives them."""
    bounds = np.round(shapely.bounds(shapes), 2)
    return shapes[np.lexsort((bounds[:, 2], bounds[:, 0], bounds[:, 3], bounds[:, 1]))]


def _node(lines: list[LineString], boundary: Polygon) -> tuple[Shapes, IntArray, Shapes]:
    """Break lines where they meet: edges, the number of the line each is part of, and faces.

    Where two lines run together the earlier one names the edge; -1 is the boundary itself.
    """
    inside = shapely.intersection(np.asarray(lines, dtype=object), boundary)
    parts, source = shapely.get_parts(inside, return_index=True)
    is_line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    parts, source = parts[is_line], source[is_line]
    merged = shapely.union_all([*parts, boundary.exterior], grid_size=GRID_M)
    edges = shapely.get_parts(merged)
    middles = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, part = STRtree(parts).query(middles, predicate="dwithin", distance=0.05)
    origin = np.full(len(edges), len(lines), dtype=np.int64)
    np.minimum.at(origin, edge, source[part])
    origin[origin == len(lines)] = -1
    return edges, origin, shapely.get_parts(shapely.polygonize(edges))


def _nodes(edges: Shapes) -> IntArray:
    """Numbers (n, 2) of the first and last node of each edge."""
    first = shapely.get_coordinates(shapely.get_point(edges, 0))
    last = shapely.get_coordinates(shapely.get_point(edges, -1))
    keys = np.round(np.vstack([first, last]) / GRID_M).astype(np.int64)
    _, number = np.unique(keys, axis=0, return_inverse=True)
    return number.reshape(2, -1).T.astype(np.int64)


def _prune(origin: IntArray, nodes: IntArray, length: FloatArray, drawn: int) -> None:
    """Take away, in place, stubs of drawn roads and roads cut off from the main network."""
    for _ in range(3):
        road = origin >= 0
        degree = np.bincount(nodes[road].ravel(), minlength=nodes.max() + 1)
        dead_end = (degree[nodes] == 1).any(axis=1)
        origin[road & dead_end & (length < _STUB_M) & (origin < drawn)] = -1
    left = np.flatnonzero(origin >= 0)
    size = int(nodes.max()) + 1
    links = coo_array((np.ones(len(left)), nodes[left].T), shape=(size, size))
    _, component = connected_components(links, directed=False)
    weight = np.bincount(component[nodes[left, 0]], weights=length[left])
    origin[left[component[nodes[left, 0]] != np.argmax(weight)]] = -1


def _roads(
    edges: Shapes,
    origin: IntArray,
    nodes: IntArray,
    over_water: NDArray[np.bool_],
    streets: tuple[Street, ...],
) -> Roads:
    """Join the edges of one street between junctions, in the direction the street was drawn."""
    road = np.flatnonzero(origin >= 0)
    inner = _pass_through(nodes[road], origin[road] * 2 + over_water[road])
    ends = nodes[road]
    # two edges hang together where they share a node nothing else meets at
    flat = np.where(inner[ends], ends, -1)
    edge_at = np.repeat(np.arange(len(road)), 2)
    at = flat.ravel()
    order = np.argsort(at[at >= 0], kind="stable")
    pairs = edge_at[at >= 0][order].reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(road), len(road)))
    _, group = connected_components(links, directed=False)
    sort = np.argsort(group, kind="stable")
    runs = shapely.multilinestrings(edges[road][sort], indices=group[sort])
    lines = np.asarray(shapely.line_merge(runs), dtype=object)
    first = np.unique(group, return_index=True)[1]
    street = origin[road][first]
    drawn_line = np.asarray([s.line for s in streets], dtype=object)[street]
    starts = shapely.line_locate_point(drawn_line, shapely.get_point(lines, 0))
    stops = shapely.line_locate_point(drawn_line, shapely.get_point(lines, -1))
    wrong = np.flatnonzero(starts > stops)
    lines[wrong] = shapely.reverse(lines[wrong])
    bridge = over_water[road][first]
    keep = _heal(lines, _nodes(lines))
    lines, street, bridge = lines[keep], street[keep], bridge[keep]
    ends = _nodes(lines)
    return Roads(
        lines=lines,
        street=street,
        ends=ends,
        bridge=bridge,
        oneway=_one_way(ends, [streets[s].oneway for s in street]),
    )


def _heal(lines: Shapes, ends: IntArray) -> NDArray[np.bool_]:
    """Make one junction, in place, of two that a road of a step's length joins.

    Gives which roads stay: the short ones themselves go.
    """
    short = (shapely.length(lines) < _STEP_M) & (ends[:, 0] != ends[:, 1])
    size = int(ends.max()) + 1
    links = coo_array((np.ones(int(short.sum())), ends[short].T), shape=(size, size))
    _, junction = connected_components(links, directed=False)
    place: dict[int, FloatArray] = {}
    joined = np.isin(junction, junction[ends[short].ravel()])
    for road in np.flatnonzero(joined[ends].any(axis=1)):
        xy = shapely.get_coordinates(lines[road])
        for end, node in ((0, ends[road, 0]), (-1, ends[road, 1])):
            xy[end] = place.setdefault(int(junction[node]), xy[end].copy())
        lines[road] = LineString(xy)
    kept: NDArray[np.bool_] = ~short
    return kept


def _one_way(ends: IntArray, wished: list[str]) -> list[str]:
    """The one-way rules that leave every node within reach of every other.

    A rule that would shut a road's end off is lifted on that road.
    """
    rule = np.asarray(wished)
    size = int(ends.max()) + 1
    while True:
        along, against = ends[rule != "backward"], ends[rule != "forward"][:, ::-1]
        links = np.vstack([along, against]).T
        graph = coo_array((np.ones(links.shape[1]), links), shape=(size, size))
        count, part = connected_components(graph, directed=True, connection="strong")
        if count == 1:
            return list(rule.tolist())
        main = np.bincount(part).argmax()
        rule[(part[ends] != main).any(axis=1)] = "no"


def _pass_through(ends: IntArray, kind: IntArray) -> NDArray[np.bool_]:
    """For each node number: whether just two edges of one kind meet there, and nothing else."""
    flat, kinds = ends.ravel(), np.repeat(kind, 2)
    size = int(flat.max()) + 1
    degree = np.bincount(flat, minlength=size)
    low = np.full(size, np.iinfo(np.int64).max)
    high = np.full(size, -1, dtype=np.int64)
    np.minimum.at(low, flat, kinds)
    np.maximum.at(high, flat, kinds)
    result: NDArray[np.bool_] = (degree == 2) & (low == high)  # noqa: PLR2004 - two edges meet
    return result
