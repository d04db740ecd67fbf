"""Blocks: the land of each face that is neither road nor water, and the plots of public places."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon, STRtree

from etl.demo.network import HALF_WIDTH_M, RANK, WATERS, IntArray, Network, Shapes, shore_land
from etl.demo.plan import Place, Plan
from etl.demo.streets import Spec, kinds_of

_SMALLEST_M2 = 160.0
"""A scrap of land smaller than this is verge, not a block."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of land to be cut into plots, and the plots that belong to places.

    `face` is the number of the network's face a block lies in; `place_shapes[i]` is the plot of
    `places[i]`.
    """

    shapes: Shapes
    face: IntArray
    specs: list[Spec]
    places: tuple[Place, ...]
    place_shapes: Shapes
    place_face: IntArray


def build(plan: Plan, network: Network) -> Blocks:
    """All blocks of a town, with the places of its plan given their plots first."""
    shapes, face = _buildable(plan, network)
    shapes, face, place_shapes, place_face = _give(plan.places, shapes, face)
    density = plan.density(shapely.get_coordinates(shapely.centroid(shapes)))
    specs = kinds_of(density)
    settled = np.array([spec.kind != "wild" for spec in specs])
    return Blocks(
        shapes=shapes[settled],
        face=face[settled],
        specs=[spec for spec in specs if spec.kind != "wild"],
        places=plan.places,
        place_shapes=place_shapes,
        place_face=place_face,
    )


def _buildable(plan: Plan, network: Network) -> tuple[Shapes, IntArray]:
    """The faces without water, reserves and roads, as single polygons and their face numbers."""
    road = network.edge_street >= 0
    klass = [network.streets[s].klass for s in network.edge_street[road]]
    half = np.array([HALF_WIDTH_M[k] for k in klass])
    taken = shapely.buffer(network.edges[road], half, quad_segs=2)
    taken = np.concatenate([taken, shapely.get_parts(shore_land(plan, WATERS))])
    dry = np.flatnonzero(~network.wet)
    of_face, of_taken = STRtree(taken).query(network.faces[dry], predicate="intersects")
    starts = np.searchsorted(of_face, np.arange(len(dry) + 1))
    left = [
        shapely.difference(network.faces[f], shapely.union_all(taken[of_taken[a:b]]))
        for f, a, b in zip(dry, starts[:-1], starts[1:], strict=True)
    ]
    parts, source = shapely.get_parts(np.asarray(left, dtype=object), return_index=True)
    wide = shapely.area(shapely.buffer(parts, -4.0)) > 0.25 * _SMALLEST_M2
    keep = (shapely.area(parts) > _SMALLEST_M2) & wide
    return parts[keep], dry[source[keep]]


def _give(
    places: tuple[Place, ...], shapes: Shapes, face: IntArray
) -> tuple[Shapes, IntArray, Shapes, IntArray]:
    """Give every place, largest first, the nearest block that is large enough, or part of it."""
    left, left_face = list(shapes), face.tolist()
    given: list[Polygon | None] = [None] * len(places)
    given_face = np.zeros(len(places), dtype=np.int64)
    for number in sorted(range(len(places)), key=lambda i: -places[i].area_m2):
        place = places[number]
        stock = np.asarray(left, dtype=object)
        away = shapely.distance(stock, shapely.Point(place.xy))
        fits = shapely.area(stock) >= 0.8 * place.area_m2
        best = int(np.argmin(np.where(fits, away, np.inf)))
        block, of = left.pop(best), left_face.pop(best)
        plot, rest = _part(block, place)
        given[number], given_face[number] = plot, of
        if rest is not None:
            left.append(rest)
            left_face.append(of)
    return (
        np.asarray(left, dtype=object),
        np.asarray(left_face, dtype=np.int64),
        np.asarray(given, dtype=object),
        given_face,
    )


def _part(block: Polygon, place: Place) -> tuple[Polygon, Polygon | None]:
    """Cut a place's plot off the end of a block nearest to it; all of a block little larger."""
    if block.area < 1.35 * place.area_m2:
        return block, None
    box = shapely.get_coordinates(shapely.oriented_envelope(block))[:4]
    if np.hypot(*(box[1] - box[0])) < np.hypot(*(box[2] - box[1])):
        box = np.roll(box, -1, axis=0)
    # box[0] -> box[1] is now the long side; start from the end nearest to the place
    near = np.hypot(*(box[[0, 1]] - place.xy).T)
    if near[1] < near[0]:
        box = box[[1, 0, 3, 2]]
    share = place.area_m2 / block.area
    one, two = (box[i] + share * (box[j] - box[i]) for i, j in ((0, 1), (3, 2)))
    plot = shapely.intersection(block, Polygon([box[0], one, two, box[3]]))
    rest = shapely.intersection(block, Polygon([one, box[1], box[2], two]))
    if isinstance(plot, Polygon) and isinstance(rest, Polygon):
        return plot, rest
    return block, None


def best_rank(network: Network, shapes: Shapes, reach: float) -> IntArray:
    """Rank (0 highway ... 5 track, 9 none) of the best road within `reach` metres of each shape."""
    ranks = np.array([RANK[network.streets[s].klass] for s in network.roads.street])
    shape, road = STRtree(network.roads.lines).query(shapes, predicate="dwithin", distance=reach)
    best = np.full(len(shapes), 9, dtype=np.int64)
    np.minimum.at(best, shape, ranks[road])
    return best
