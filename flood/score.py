"""A modelled flood against an observed one: contingency scores and where they differ."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.text import Text

Bools = NDArray[np.bool_]

NOT_DRY = Text(
    th="ดาวเทียมเรดาร์มองไม่เห็นน้ำในย่านตึกและใต้ต้นไม้ ที่ไม่พบน้ำไม่ได้แปลว่าแห้ง จุดที่แบบจำลองท่วมเกินอาจถูกต้อง",
    en="Radar does not see water between houses and under trees: not seen is not dry, and a false "
    "alarm there may be right.",
)


@dataclass(frozen=True)
class Score:
    """Hits, misses and false alarms (cells or m2) and what follows; None where undefined.

    CSI = hits / (hits + misses + false alarms), POD = hits / observed, FAR = false alarms /
    modelled, bias = modelled / observed.
    """

    hits: float
    misses: float
    false_alarms: float
    csi: float | None
    pod: float | None
    far: float | None
    bias: float | None


def score(hits: float, misses: float, false_alarms: float) -> Score:
    """The scores of a contingency table."""
    modelled, observed = hits + false_alarms, hits + misses
    return Score(
        hits,
        misses,
        false_alarms,
        csi=_ratio(hits, hits + misses + false_alarms),
        pod=_ratio(hits, observed),
        far=_ratio(false_alarms, modelled),
        bias=_ratio(modelled, observed),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def score_cells(model: Bools, observed: Bools, looked_at: Bools | None = None) -> Score:
    """Score two rasters of one shape, in the cells that were looked at."""
    if model.shape != observed.shape:
        raise ValueError(f"model is {model.shape}, observed is {observed.shape}")
    seen = np.ones(model.shape, dtype=bool) if looked_at is None else looked_at
    return score(
        float((model & observed & seen).sum()),
        float((~model & observed & seen).sum()),
        float((model & ~observed & seen).sum()),
    )


@dataclass(frozen=True)
class Compared:
    """Where model and observation agree and differ, and the score of the areas (m2)."""

    score: Score
    hit: shapely.MultiPolygon
    miss: shapely.MultiPolygon
    false_alarm: shapely.MultiPolygon


def compare(
    model: shapely.Geometry,
    observed: shapely.Geometry,
    *,
    within: shapely.Geometry | None = None,
    grid_m: float = 0.01,
) -> Compared:
    """Compare two extents (projected CRS, metres), where `within` was looked at and modelled.

    Coordinates are rounded to `grid_m`, so that the three parts add up to the two extents.
    """
    parts = [_areas(shapely.set_precision(shape, grid_m)) for shape in (model, observed)]
    if within is not None:
        parts = [_areas(shapely.intersection(one, within, grid_size=grid_m)) for one in parts]
    hit = _areas(shapely.intersection(parts[0], parts[1], grid_size=grid_m))
    miss = _areas(shapely.difference(parts[1], parts[0], grid_size=grid_m))
    false_alarm = _areas(shapely.difference(parts[0], parts[1], grid_size=grid_m))
    areas = (float(shape.area) for shape in (hit, miss, false_alarm))
    return Compared(score(*areas), hit, miss, false_alarm)


def _areas(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """The areas of a shape: where extents only touch, an overlay also gives lines and points."""
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([part for part in parts if isinstance(part, shapely.Polygon)])
