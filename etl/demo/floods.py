"""Flood zones from the elevation raster: connected water below a surface, by depth class.

All zones of one plan are unions of the same small areas, so that within a scenario depth
classes never overlap and every higher scenario holds all of every lower one.
"""

import math

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes as raster_shapes
from rasterio.features import sieve
from shapely import MultiPolygon, Polygon

from etl.demo.grid import NODATA, Grid, mask
from etl.demo.network import IntArray, Shapes
from etl.demo.plan import FloodPlan, Plan, Scenario
from etl.demo.towns import DemoTown
from flood.inundation import first_wet_level

_CLASSES = (("lt_0_3", 0.0, 0.3), ("0_3_0_5", 0.3, 0.5), ("0_5_1", 0.5, 1.0), ("gt_1", 1.0, np.inf))
"""Depth classes: code, least and greatest depth in metres."""
_PATCH_CELLS = 40
"""Areas smaller than this (1,000 m2) are joined to their neighbour."""
_SMOOTH_M = 8.0
"""Tolerance of the simplification of the raster's stair steps."""
_SCRAP_M2 = 0.05


def zones(town: DemoTown, plan: Plan, boundary: MultiPolygon) -> gpd.GeoDataFrame:
    """All flood zones (fields of the layer and `geom`): one row a scenario and depth class."""
    water = shapely.union_all([w.shape for w in plan.water])
    ground = shapely.difference(boundary, water)
    shapely.prepare(ground)
    records: list[dict[str, object]] = []
    for flood in plan.floods:
        records.extend(_zones_of(town, plan.grid, flood, ground))
    frame = gpd.GeoDataFrame(records, geometry="geom", crs=f"EPSG:{town.srid}")
    frame["return_period_y"] = frame["return_period_y"].astype("Int64")
    return frame


def depth(plan: Plan, years: int) -> NDArray[np.float32]:
    """Per cell the depth in metres of the flood of that return period; NODATA where none is.

    Only on the town's dry ground, as the zones are; of several floods the deepest counts.
    """
    deepest = np.full(plan.grid.shape, -np.inf, dtype=np.float32)
    for flood in plan.floods:
        for scenario in flood.scenarios:
            if scenario.kind == "return_period" and scenario.value == years:
                wet = first_wet_level(flood.relative, flood.source, [scenario.level_m]) == 0
                here = np.where(wet, scenario.level_m - flood.relative, -np.inf)
                deepest = np.fmax(deepest, here.astype(np.float32))
    ground = mask(plan.grid, plan.boundary)
    for water in plan.water:
        ground &= ~mask(plan.grid, water.shape)
    return np.where(ground & (deepest > 0), deepest, np.float32(NODATA)).astype(np.float32)


def _zones_of(
    town: DemoTown, grid: Grid, flood: FloodPlan, ground: shapely.Geometry
) -> list[dict[str, object]]:
    """The zones of one plan, lowest level first."""
    scenarios = sorted(flood.scenarios, key=lambda s: s.level_m)
    levels = [s.level_m for s in scenarios]
    edges = sorted({round(h - depth, 3) for h in levels for _, depth, _ in _CLASSES})
    cells = _cells(flood, levels, edges)
    areas, first, band = _areas(cells, grid, len(edges) + 1)
    records = []
    for number, scenario in enumerate(scenarios):
        for code, low, high in _CLASSES:
            floor = -np.inf if np.isinf(high) else round(scenario.level_m - high, 3)
            top = round(scenario.level_m - low, 3)
            lower = 0 if np.isinf(floor) else edges.index(floor) + 1
            here = (first <= number) & (band >= lower) & (band <= edges.index(top))
            shape = _shape(areas[here], ground)
            if shape is not None:
                deepest = _deepest(flood, scenario.level_m) if np.isinf(high) else high
                records.append(
                    {
                        **_describe(town, flood, scenario, code),
                        "depth_min_m": low,
                        "depth_max_m": deepest,
                        "geom": shape,
                    }
                )
    return records


def _cells(flood: FloodPlan, levels: list[float], edges: list[float]) -> NDArray[np.int32]:
    """Per cell 0 when never wet, else 1 + first wet level * bands + band of relative height."""
    bands = len(edges) + 1
    first = first_wet_level(flood.relative, flood.source, levels)
    band = np.searchsorted(np.asarray(edges), flood.relative, side="right")
    code = np.where(first < len(levels), 1 + first * bands + band, 0).astype(np.int32)
    return np.asarray(sieve(code, size=_PATCH_CELLS, connectivity=8), dtype=np.int32)


def _areas(cells: NDArray[np.int32], grid: Grid, bands: int) -> tuple[Shapes, IntArray, IntArray]:
    """Smoothed areas that tile the wet land, with the first wet level and the band of each."""
    found = list(raster_shapes(cells, mask=cells > 0, connectivity=4, transform=grid.transform))
    areas = np.asarray([shapely.geometry.shape(s) for s, _ in found], dtype=object)
    # neighbours must share every vertex: put one at each cell corner of every outline
    areas = shapely.transform(shapely.segmentize(areas, grid.cell), np.round)
    code = np.asarray([value for _, value in found], dtype=np.int64) - 1
    return shapely.coverage_simplify(areas, _SMOOTH_M), code // bands, code % bands


def _shape(areas: Shapes, ground: shapely.Geometry) -> MultiPolygon | None:
    """The union of areas on the town's dry ground; None when nothing is left."""
    if not len(areas):
        return None
    joined = shapely.intersection(shapely.coverage_union_all(areas), ground)
    parts = [p for p in shapely.get_parts(joined) if isinstance(p, Polygon) and p.area > _SCRAP_M2]
    return MultiPolygon(parts) if parts else None


def _deepest(flood: FloodPlan, level: float) -> float:
    """Greatest depth outside the channel, in whole half metres."""
    depth = level - float(np.percentile(flood.relative[flood.relative < level], 25))
    return math.ceil(max(depth, 1.5) * 2) / 2


def _describe(
    town: DemoTown, flood: FloodPlan, scenario: Scenario, depth_class: str
) -> dict[str, object]:
    """Code, name and scenario of one zone."""
    period = scenario.kind == "return_period"
    mark = f"RP{scenario.value:03.0f}" if period else f"ST{scenario.value * 100:05.0f}"
    when = (
        f"{flood.title_th} คาบ {scenario.value:.0f} ปี"
        if period
        else f"{flood.title_th} ระดับ {scenario.value:.2f} ม."
    )
    depth = {
        "lt_0_3": "ต่ำกว่า 0.3 ม.",
        "0_3_0_5": "0.3-0.5 ม.",
        "0_5_1": "0.5-1 ม.",
        "gt_1": "เกิน 1 ม.",
    }
    return {
        "code": f"FZ-{town.short}-{mark}-{depth_class}",
        "name": f"{when} ลึก{depth[depth_class]} (สาธิต)",
        "kind": scenario.kind,
        "return_period_y": int(scenario.value) if period else None,
        "gauge": flood.gauge,
        "stage_m": None if period else scenario.level_m,
        "depth_class": depth_class,
        "confidence": "ข้อมูลสาธิต ไม่ใช่ผลสำรวจ (demo, not surveyed)",
    }
