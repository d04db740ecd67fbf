"""Who stays dry and yet has no way out: what water and closures leave of the roads falls apart.

Out is who reaches the largest part of the roads that can still be used, or the end of a road at the
town's edge. Whom no road led out of before the water came is not cut off by it: of them the roads
on record tell nothing.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra

from flood import paths
from flood.paths import Network
from flood.roads import Bools, Floats, Graph, Ints
from flood.vehicles import Vehicle
from flood.water import Water, no_water, touched
from layers.text import Text

EDGE_M = 2.0
"""A road that ends this near to the town's boundary has been cut there: it goes on."""

METHOD = Text(
    th="ถูกตัดขาด คือบ้านที่ยังแห้งแต่ไปไม่ถึงทั้งโครงข่ายถนนส่วนใหญ่ที่สุดที่ยังใช้ได้และถนนที่ออกนอกเขตเมือง "
    "นอกเขตเมืองไม่ได้ดู",
    en="Cut off are dry homes from which neither the largest part of the roads that can still be "
    "used nor a road out at the town's edge is reached. Beyond the edge nothing was looked at.",
)


class Stands(IntEnum):
    """How a place stands to the water and to the ways out."""

    OUT = 0
    CUT_OFF = 1
    IN_WATER = 2
    UNKNOWN = 3
    """No place on record, no road near, or none that led out before the water came."""


Standing = NDArray[np.int8]


@dataclass(frozen=True)
class Ways:
    """Of each node whether one gets out from there, and the next node on that way (-1 none).

    `part` are the nodes of the largest part, `edge` whether a road at the town's edge can be used.
    """

    roads: Network
    out: Bools
    after: Ints
    part: Bools
    edge: bool

    def edges_from(self, nodes: Ints) -> Ints:
        """Edges of the ways out from these nodes, each once."""
        met = np.zeros(len(self.out), dtype=bool)
        here = np.unique(nodes)
        while len(here):
            met[here] = True
            here = self.after[here]
            here = np.unique(here[here >= 0])
            here = here[~met[here]]
        tails = np.flatnonzero(met & (self.after >= 0))
        return np.unique(paths.edges_between(self.roads, tails, self.after[tails]))


def road_ends(graph: Graph, town: shapely.Geometry | None) -> Ints:
    """Nodes where a road ends at the town's edge or beyond it; none without a boundary.

    None either where most of the roads lie outside: then they do not end at the edge.
    """
    none = np.zeros(0, dtype=np.int64)
    if town is None or shapely.is_empty(town) or graph.empty:
        return none
    within, well_within = (
        shapely.contains_xy(shapely.buffer(town, by), graph.xy[:, 0], graph.xy[:, 1])
        for by in (EDGE_M, -EDGE_M)
    )
    if 2 * int(within.sum()) < len(within):
        return none
    degree = np.bincount(np.r_[graph.start, graph.end], minlength=len(graph.xy))
    return np.flatnonzero(~well_within & (degree == 1))


def ways_out(roads: Network, ends: Ints) -> Ways:
    """The ways out of what is left of the roads; `ends` as `road_ends` gives them."""
    graph = roads.graph
    count = len(graph.xy)
    nowhere = np.full(count, -1, dtype=np.int64)
    if not roads.open.any():
        nobody = np.zeros(count, dtype=bool)
        return Ways(roads, nobody, nowhere, nobody, edge=False)
    part = _largest(roads)
    usable = ends[roads.usable[ends]]
    goals = np.unique(np.r_[np.flatnonzero(part), usable])
    seconds, after, _ = dijkstra(
        roads.arcs.T.tocsr(), indices=goals, min_only=True, return_predecessors=True
    )
    return Ways(
        roads=roads,
        out=np.asarray(np.isfinite(seconds), dtype=bool),
        after=np.where(after >= 0, after, -1).astype(np.int64),
        part=part,
        edge=bool(len(usable)),
    )


def _largest(roads: Network) -> Bools:
    """Nodes of the largest part (m) within which everybody gets everywhere; the first of equals.

    Where no two nodes have a way there and back, of the largest part that hangs together.
    """
    graph = roads.graph
    for kind in ("strong", "weak"):
        _, label = connected_components(roads.arcs, directed=True, connection=kind)
        within = roads.open & (label[graph.start] == label[graph.end])
        metres = np.bincount(label[graph.start[within]], graph.length_m[within], minlength=1)
        if metres.any():
            break
    return np.asarray(label == int(np.argmax(metres)), dtype=bool)


@dataclass(frozen=True)
class Looked:
    """The ways out before the water came, as it stands at most and at least, and all waters."""

    before: Ways
    most: Ways
    least: Ways

    @property
    def roads(self) -> Network:
        """The roads under the deepest water, as answers about roads have them."""
        return self.most.roads


def look(roads: Network, least: Water, ends: Ints) -> Looked:
    """Look for ways out in the water of `roads` and in `least`, the same as shallow as may be.

    BadRequestError in a town without roads.
    """
    paths.need_roads(roads.graph)
    before = paths.network(roads.graph, roads.vehicle, no_water())
    shallow = paths.network(roads.graph, roads.vehicle, least, roads.closures)
    return Looked(
        before=ways_out(before, ends),
        most=ways_out(roads, ends),
        least=ways_out(shallow, ends),
    )


@dataclass(frozen=True)
class Found:
    """How places stand, and which of those cut off are so whichever way the water stands."""

    stands: Standing
    certain: Bools
    edges: Ints

    def rows(self, what: Stands) -> Ints:
        """Rows of the places that stand so."""
        return np.flatnonzero(self.stands == what)


def standing(looked: Looked, xy: Floats) -> Found:
    """How places (n x 2, NaN unknown) stand; BrokenWayError were a way out to be barred."""
    roads = looked.roads
    node = paths.nearest_nodes(roads.graph, xy)
    near = node >= 0
    stands = np.full(len(xy), Stands.UNKNOWN, dtype=np.int8)
    known = near & looked.before.out[node]
    stands[known] = Stands.CUT_OFF
    out = near & looked.most.out[node]
    stands[out] = Stands.OUT
    wet = touched(xy, roads.water)
    stands[wet] = Stands.IN_WATER
    edges = looked.most.edges_from(node[out & ~wet])
    paths.prove(roads, edges)
    return Found(
        stands=stands,
        certain=(stands == Stands.CUT_OFF) & ~looked.least.out[node],
        edges=edges,
    )


def edges_cut_off(looked: Looked) -> Bools:
    """Edges that can be used and lead nobody out any more, as they did before the water came."""
    return looked.roads.open & ~_leads_out(looked.most) & _leads_out(looked.before)


def _leads_out(ways: Ways) -> Bools:
    graph, vehicle = ways.roads.graph, ways.roads.vehicle
    both = not vehicle.obeys_oneway
    ahead = (graph.forward | both) & ways.out[graph.end]
    back = (graph.backward | both) & ways.out[graph.start]
    return np.asarray(ways.roads.open & (ahead | back), dtype=bool)


@dataclass(frozen=True)
class Passable:
    """Metres of the roads in water that a vehicle may use, and that are too deep for it."""

    vehicle: Vehicle
    passable_m: float
    too_deep_m: float


def passable(roads: Network, vehicles: tuple[Vehicle, ...]) -> tuple[Passable, ...]:
    """What of the roads in water each vehicle on wheels, or a walker, may use; closures aside."""
    wet = roads.depth_m > 0
    length = roads.graph.length_m

    def one(vehicle: Vehicle) -> Passable:
        deep = wet & (roads.depth_m > vehicle.wades_m)
        return Passable(vehicle, float(length[wet & ~deep].sum()), float(length[deep].sum()))

    return tuple(one(vehicle) for vehicle in vehicles if not vehicle.afloat)
