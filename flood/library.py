"""The library of a gauge: what every stage floods, worked out once.

One pass of the fill gives each cell the lowest stage that wets it. Cells of equal first stage and
equal band of height become rings that share their edges; the zones of every stage and depth class
are unions of rings, so classes never overlap and a higher stage holds all of every lower one.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import shapes as raster_shapes
from shapely import MultiPolygon, Polygon

from flood.ground import Bools, Floats, Ground
from flood.inundation import first_wet_level
from layers.errors import RefusedError
from layers.text import Text

Ints = NDArray[np.int32]
Shapes = NDArray[np.object_]
Tell = Callable[[str, int, int], None]
"""Told what is being done, how much of it is, and how much there is."""

CLASSES: tuple[tuple[str, float, float], ...] = (
    ("lt_0_3", 0.0, 0.3),
    ("0_3_0_5", 0.3, 0.5),
    ("0_5_1", 0.5, 1.0),
    ("gt_1", 1.0, np.inf),
)
"""Depth classes: code, metres from (included), metres to (not)."""
STEP_M = 0.1
MOST_STAGES = 400
_SMOOTH_CELLS = 1.5
_SCRAP_CELLS = 0.01
_CLOSE_M = 1e-6


@dataclass(frozen=True)
class Ring:
    """Land wet from one stage on, its ground within one band: `level_m` is the band's top.

    At a stage of `wet_from_m` or more its least depth is stage minus `level_m`. Metres MSL at the
    gauge.
    """

    wet_from_m: float
    level_m: float
    shape: MultiPolygon


@dataclass(frozen=True)
class Zone:
    """What one stage floods to one depth class. `deepest_m` is the greatest depth off the channel.

    `area_m2` is counted in cells.
    """

    stage_m: float
    depth_class: str
    least_m: float
    deepest_m: float
    area_m2: float
    shape: MultiPolygon


@dataclass(frozen=True)
class Library:
    """Everything about a gauge's stages.

    `first` is per cell the index of the first stage that wets it, len(stages) where none does;
    `relative` the stage at which the surface stands at the ground (NaN not modelled).
    """

    stages: tuple[float, ...]
    first: Ints
    relative: Floats
    rings: tuple[Ring, ...]
    not_modelled: MultiPolygon | None
    channel: Bools
    ground: Ground

    def depth(self, stage_m: float) -> Floats:
        """Per cell the depth in metres at a stage of the library; NaN not modelled, 0 dry."""
        wet = self.first <= self.number(stage_m)
        depth = np.where(wet, np.float32(stage_m) - self.relative, np.float32(0))
        return np.where(np.isfinite(self.relative), depth, np.nan).astype(np.float32)

    def number(self, stage_m: float) -> int:
        """The index of a stage; ValueError when the library does not hold it."""
        at = int(np.argmin(np.abs(np.asarray(self.stages) - stage_m)))
        if abs(self.stages[at] - stage_m) > _CLOSE_M:
            raise ValueError(f"{stage_m} is no stage of this library")
        return at

    def zones(self, number: int) -> list[Zone]:
        """The zones of one stage, shallowest first; classes nobody stands in are left out."""
        stage = self.stages[number]
        wet = [ring for ring in self.rings if ring.wet_from_m <= stage + _CLOSE_M]
        depth = stage - self.relative[self.first <= number]
        ashore = depth[~self.channel[self.first <= number]]
        found = []
        for code, low, high in CLASSES:
            inside = [r.shape for r in wet if low - _CLOSE_M <= stage - r.level_m < high - _CLOSE_M]
            shape = joined(inside, self.ground.cell_m2 * _SCRAP_CELLS)
            if shape is None:
                continue
            deepest = float(ashore.max(initial=low)) if np.isinf(high) else high
            cells = int(((depth >= low - _CLOSE_M) & (depth < high - _CLOSE_M)).sum())
            area = cells * self.ground.cell_m2
            found.append(Zone(stage, code, low, max(low, deepest), area, shape))
        return found

    def all_zones(self) -> Iterator[Zone]:
        """The zones of every stage, lowest first; two at a time (GEOS lets go of the lock)."""
        with ThreadPoolExecutor(2) as workers:
            for zones in workers.map(self.zones, range(len(self.stages))):
                yield from zones


def stages_between(low_m: float, high_m: float, step_m: float = STEP_M) -> tuple[float, ...]:
    """The stages of a library, metres MSL, both ends included.

    RefusedError for none or too many.
    """
    count = round((high_m - low_m) / step_m) + 1
    if step_m <= 0 or not 1 <= count <= MOST_STAGES:
        raise RefusedError(
            Text(
                th=f"ระดับน้ำต้องมี 1 ถึง {MOST_STAGES} ขั้น (ขอ {count})",
                en=f"A library has 1 to {MOST_STAGES} stages ({count} were asked for).",
            )
        )
    return tuple(round(low_m + step_m * place, 3) for place in range(count))


def build(
    ground: Ground,
    relative: Floats,
    source: Bools,
    stages: Sequence[float],
    *,
    town: shapely.Geometry | None = None,
    tell: Tell = lambda _what, _done, _all: None,
) -> Library:
    """Work out the library.

    `relative` is per cell the stage (metres MSL at the gauge) at which the surface stands at the
    ground, with the barriers in it; `source` the channel or sea the water comes from; `town` the
    area answers are wanted for: what of it lies off the ground is not modelled.
    RefusedError when no stage wets any of the source.
    """
    tell("fill", 0, len(stages))
    first = first_wet_level(relative, source, stages)
    if not (first < len(stages)).any():
        raise RefusedError(
            Text(
                th="ไม่มีระดับใดที่น้ำถึงพื้นร่องน้ำ ตรวจระดับอ้างอิง ช่วงระดับ และร่องน้ำ",
                en="No stage reaches the bed of the channel: check the datum, the range of stages "
                "and the channel.",
            )
        )
    tell("rings", 0, len(stages))
    rings = _rings(ground, relative, first, stages)
    tell("rings", len(stages), len(stages))
    return Library(
        tuple(stages),
        first,
        relative,
        tuple(rings),
        _not_modelled(ground, relative, town),
        source,
        ground,
    )


def bands(stages: Sequence[float]) -> list[float]:
    """Tops of the bands of height: every stage less every limit of a depth class, rising."""
    limits = [low for _, low, _ in CLASSES]
    return sorted({round(stage - limit, 3) for stage in stages for limit in limits})


def banded(relative: Floats, stages: Sequence[float]) -> tuple[list[float], Ints]:
    """Tops of the bands, rising, and per cell the number of its own; one more for none of them."""
    edges = bands(stages)
    return edges, np.searchsorted(np.asarray(edges), relative, side="left").astype(np.int32)


def _rings(ground: Ground, relative: Floats, first: Ints, stages: Sequence[float]) -> list[Ring]:
    """Rings in the order of their first stage and band.

    Small patches are kept: joining them to a neighbour moved the wet area by up to a third where
    the ground is steep and a ring is narrower than a cell.
    """
    edges, band = banded(relative, stages)
    code = np.where(first < len(stages), 1 + first * len(edges) + band, 0).astype(np.int32)
    areas, codes = _smooth(code)
    areas = shapely.transform(areas, lambda xy: _to_map(ground.transform, xy))
    found = []
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.r_[True, codes[order][1:] != codes[order][:-1]])
    for one, next_one in pairwise([*starts.tolist(), len(order)]):
        members = areas[order[one:next_one]]
        wet_from, top = divmod(int(codes[order[one]]) - 1, len(edges))
        shape = joined(list(members), ground.cell_m2 * _SCRAP_CELLS)
        if shape is not None:
            found.append(Ring(stages[wet_from], edges[top], shape))
    return found


def _smooth(code: Ints) -> tuple[Shapes, Ints]:
    """Areas of equal code in cells (column, row), their stair steps smoothed, and their codes.

    Neighbours keep every edge in common: each has a vertex at every corner of a cell.
    """
    found = list(raster_shapes(code, mask=code > 0, connectivity=4, transform=Affine.identity()))
    areas = np.asarray([shapely.geometry.shape(shape) for shape, _ in found], dtype=object)
    if not len(areas):
        return areas, np.zeros(0, dtype=np.int32)
    areas = shapely.transform(shapely.segmentize(areas, 1.0), np.round)
    smooth = shapely.coverage_simplify(areas, _SMOOTH_CELLS, simplify_boundary=True)
    return smooth, np.asarray([value for _, value in found], dtype=np.int32)


def _to_map(transform: Affine, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns and rows as coordinates, to the millimetre: the same corner is the same point."""
    x = transform.a * xy[:, 0] + transform.c
    y = transform.e * xy[:, 1] + transform.f
    return np.round(np.column_stack([x, y]), 3).astype(np.float64)


def joined(areas: Sequence[shapely.Geometry], scrap_m2: float) -> MultiPolygon | None:
    """The union of areas that share their edges; None when nothing is left."""
    if not len(areas):
        return None
    joined = shapely.coverage_union_all(np.asarray(areas, dtype=object))
    if not shapely.is_valid(joined):
        joined = shapely.union_all(np.asarray(areas, dtype=object))
    parts = [p for p in shapely.get_parts(joined) if isinstance(p, Polygon) and p.area > scrap_m2]
    return MultiPolygon(parts) if parts else None


def _not_modelled(
    ground: Ground, relative: Floats, town: shapely.Geometry | None
) -> MultiPolygon | None:
    """Cells without a height, and the town's land beyond the ground's edge."""
    unknown = ~np.isfinite(relative)
    holes = [
        shapely.geometry.shape(shape)
        for shape, _ in raster_shapes(
            unknown.astype("uint8"), mask=unknown, connectivity=4, transform=ground.transform
        )
    ]
    if town is not None:
        shapely.prepare(town)
        holes = [shapely.intersection(hole, town) for hole in holes]
        holes.append(shapely.difference(town, ground.box))
    parts = [
        part
        for part in shapely.get_parts(shapely.union_all(holes))
        if isinstance(part, Polygon) and part.area > ground.cell_m2 * _SCRAP_CELLS
    ]
    return MultiPolygon(parts) if parts else None
