"""Communities: every face of the network belongs to one, grown outwards from its centre."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely import MultiPolygon, STRtree

from etl.demo.network import IntArray, Network, Shapes
from etl.demo.plan import Plan

_CROSSING = {"trunk": 1400.0, "primary": 700.0, "secondary": 260.0, "residential": 40.0}
"""Extra metres it costs to grow across a road of a class."""
_WATER_CROSSING = 2500.0


@dataclass(frozen=True)
class Zones:
    """Areas of the communities, in the order of the plan, and the community of each face."""

    shapes: Shapes
    of_face: IntArray


def grow(plan: Plan, network: Network) -> Zones:
    """Give every face to the community nearest over land, main roads and water holding back."""
    faces = network.faces
    middles = shapely.point_on_surface(faces)
    a, b, cost = _borders(network, middles)
    size = len(faces)
    links = coo_array((cost, (a, b)), shape=(size, size)).tocsr()
    seeds = [_seed(network, community.xy) for community in plan.communities]
    _, _, nearest = dijkstra(
        links, directed=False, indices=seeds, min_only=True, return_predecessors=True
    )
    number = {face: order for order, face in enumerate(seeds)}
    of_face = np.array([number[int(face)] for face in nearest], dtype=np.int64)
    shapes = [_multi(shapely.union_all(faces[of_face == order])) for order in range(len(seeds))]
    return Zones(shapes=np.asarray(shapes, dtype=object), of_face=of_face)


def _seed(network: Network, xy: tuple[float, float]) -> int:
    """The dry face a community grows from."""
    away = shapely.distance(network.faces, shapely.Point(xy))
    return int(np.argmin(np.where(network.wet, np.inf, away)))


def _borders(network: Network, middles: Shapes) -> tuple[IntArray, IntArray, np.ndarray]:
    """Pairs of faces that share an edge, and what it costs to grow from one into the other."""
    on_edge = shapely.line_interpolate_point(network.edges, 0.5, normalized=True)
    edge, face = STRtree(network.faces).query(on_edge, predicate="dwithin", distance=1e-6)
    order = np.argsort(edge, kind="stable")
    edge, face = edge[order], face[order]
    pair = np.flatnonzero(edge[:-1] == edge[1:])
    a, b, of = face[pair], face[pair + 1], network.edge_street[edge[pair]]
    klass = ["" if street < 0 else network.streets[street].klass for street in of]
    extra = np.array([_CROSSING.get(k, 0.0) for k in klass])
    extra += _WATER_CROSSING * (network.wet[a] | network.wet[b])
    cost = shapely.distance(middles[a], middles[b]) + extra
    # of several edges between two faces the cheapest counts
    cheap = np.lexsort((cost, b, a))
    a, b, cost = a[cheap], b[cheap], cost[cheap]
    first = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]
    return a[first].astype(np.int64), b[first].astype(np.int64), cost[first]


def _multi(shape: shapely.Geometry) -> MultiPolygon:
    """The polygonal part of a shape as a multipolygon."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return MultiPolygon(parts)
