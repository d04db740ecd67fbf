"""Water over roads and places: how deep it stands, and what is not known about that.

Depth is the greatest that may stand there: the upper limit of the depth class of the deepest area
met. A depth nobody knows is not 0: it is deeper than anything that wades (inf).
"""

from dataclasses import dataclass

import numpy as np
import shapely

from flood.roads import Bools, Floats, Graph, Ints, Shapes
from layers.text import Text

DEEPEST_M = {"lt_0_3": 0.3, "0_3_0_5": 0.5, "0_5_1": 1.0}
"""Upper limit of the depth classes that have one, in metres."""
SHALLOWEST_M = {"lt_0_3": 0.0, "0_3_0_5": 0.3, "0_5_1": 0.5, "gt_1": 1.0}
"""Lower limit of the depth classes, in metres."""
UNKNOWN = np.inf

UNKNOWN_DEPTH = Text(
    th="ไม่ทราบความลึกของน้ำบางส่วน ถือว่ารถผ่านไม่ได้ ผ่านได้เฉพาะเรือ",
    en="Where the depth of water is not known no road vehicle is let through, only boats.",
)
BRIDGES = Text(
    th="สะพานที่ข้อมูลระบุไว้ถือว่าพ้นน้ำ เว้นแต่ทราบว่าผิวสะพานต่ำกว่าน้ำ ต้องตรวจคอสะพานก่อนใช้",
    en="Bridges named in the data are taken as above the water unless their deck is known to be "
    "lower; look at the approaches before relying on one.",
)


@dataclass(frozen=True)
class Water:
    """Flooded areas: polygons in the town's CRS, the greatest depth in each, its surface.

    `depth_m` is inf where unknown; `level_m` the water's surface there in metres MSL, NaN unknown.
    """

    shapes: Shapes
    depth_m: Floats
    level_m: Floats

    @property
    def dry(self) -> bool:
        """Whether there is no water at all."""
        return len(self.shapes) == 0


def water(
    shapes: Shapes,
    *,
    classes: list[str | None] | None = None,
    depth_max_m: list[float | None] | None = None,
    level_m: float | None = None,
) -> Water:
    """`Water` from columns of the flood zones layer.

    The greatest depth is `depth_max_m`, or the upper limit of the class; where both are missing,
    or the class has no limit, it is unknown. `level_m` is one level for a surface that is flat.
    """
    count = len(shapes)
    tops = depth_max_m or [None] * count
    kinds = classes or [None] * count
    depth = [
        float(top) if top is not None else DEEPEST_M.get(kind or "", UNKNOWN)
        for top, kind in zip(tops, kinds, strict=True)
    ]
    return Water(
        shapes=np.asarray(shapes, dtype=object),
        depth_m=np.asarray(depth, dtype=float),
        level_m=np.full(count, np.nan if level_m is None else level_m),
    )


def no_water() -> Water:
    """A dry day."""
    return Water(np.zeros(0, dtype=object), np.zeros(0), np.zeros(0))


def depth_at(points: Floats, areas: Water) -> Floats:
    """Greatest depth in metres at points (n x 2); 0 dry, inf unknown."""
    found = np.zeros(len(points))
    if areas.dry or not len(points):
        return found
    area, point = _pairs(areas, shapely.STRtree(np.asarray(shapely.points(points), dtype=object)))
    np.maximum.at(found, point, areas.depth_m[area])
    return found


def touched(points: Floats, areas: Water) -> Bools:
    """Whether points (n x 2, NaN none) lie in or at the water, however deep it is."""
    found = np.zeros(len(points), dtype=bool)
    if not areas.dry and len(points):
        tree = shapely.STRtree(np.asarray(shapely.points(points), dtype=object))
        found[_pairs(areas, tree)[1]] = True
    return found


def depth_on(graph: Graph, areas: Water) -> Floats:
    """Greatest depth in metres along each edge; 0 dry, inf unknown.

    Water counts where an edge touches it, be it at one point. Where the level of water and road
    are both known the depth is at most their difference. A bridge is dry unless they are known.
    """
    found = np.zeros(len(graph.start))
    if areas.dry or graph.empty:
        return found
    area, edge = _pairs(areas, graph.tree)
    np.maximum.at(found, edge, depth_of(graph, areas, edge, area))
    return found


def depth_of(graph: Graph, areas: Water, edge: Ints, area: Ints) -> Floats:
    """Depth of each pair of an edge and an area it meets."""
    over = areas.level_m[area] - graph.surface_m[edge]
    known = ~np.isnan(over)
    depth = areas.depth_m[area].copy()
    depth[known] = np.minimum(depth[known], np.maximum(over[known], 0.0))
    deck = graph.bridge[edge]
    depth[deck & known] = np.maximum(over[deck & known], 0.0)
    depth[deck & ~known] = 0.0
    return depth


def _pairs(areas: Water, tree: shapely.STRtree) -> tuple[Ints, Ints]:
    """Pairs (area, shape of the tree) that meet."""
    shapely.prepare(areas.shapes)
    area, shape = tree.query(areas.shapes, predicate="intersects")
    return area.astype(np.int64), shape.astype(np.int64)


def afloat(areas: Water, draught_m: float) -> tuple[Shapes, Bools]:
    """Waters a boat of that draught may be used on, joined where they touch: polygons.

    The depth of a class is its upper limit, so a boat is sent where it may float, not where it
    surely does. The second array tells which of the areas took part.
    """
    deep = areas.depth_m >= draught_m
    joined = shapely.union_all(areas.shapes[deep]) if deep.any() else None
    parts = shapely.get_parts(joined) if joined is not None else np.zeros(0, dtype=object)
    polygons = parts[shapely.get_dimensions(parts) == 2] if len(parts) else parts  # noqa: PLR2004 - areas
    return np.asarray(polygons, dtype=object), deep
