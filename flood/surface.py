"""The water's surface over the ground: level along a river's line, or above each cell's drainage.

Both ways give, per cell, the stage at the gauge at which the water's surface stands at the ground.
With height above nearest drainage (HAND) a cell belongs to the place of the channel it drains to,
not to the nearest one, and the surface there follows the bed, or falls by a slope that is known;
flood marks correct either.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from flood import hand, river
from flood.ground import Bools, Floats, Ground
from layers.text import Text


@dataclass(frozen=True)
class Surface:
    """`relative`: per cell the stage (m MSL at the gauge) at which the surface stands at it.

    `slope` is metres a metre of river the surface falls; above drainage, where no slope was
    stated, it is what was found besides the fall of the bed.
    """

    relative: Floats
    slope: float
    calibration: river.Calibration | None
    caveats: tuple[Text, ...]


@dataclass(frozen=True)
class FloodMark:
    """A surveyed mark: the water's level there and at the gauge at that time, m MSL, its cell."""

    name: str
    level_m: float
    stage_m: float
    row: int
    column: int


LEVEL = Text(
    th="ใช้ผิวน้ำราบเท่าระดับที่สถานี ไม่คิดความลาดของผิวน้ำตามลำน้ำ",
    en="The water's surface is taken as level with the gauge; its slope along the river is not.",
)
HAND = Text(
    th="ใช้ความสูงเหนือร่องน้ำที่ใกล้ที่สุดตามทางไหล (HAND) น้ำสูงขึ้นเท่ากันทั้งลำน้ำ",
    en="Height above nearest drainage (HAND): the water rises equally along the whole river.",
)
_HAND_SLOPED = Text(
    th="ใช้ความสูงเหนือร่องน้ำตามทางไหล (HAND) ผิวน้ำลาดตามลำน้ำตามที่ระบุ ไม่ตามท้องน้ำ",
    en="Height above nearest drainage (HAND); the surface falls along the river by the stated "
    "slope, not as the bed does.",
)
_HAND_MARKED = Text(
    th="ใช้ความสูงเหนือร่องน้ำตามทางไหล (HAND) ผิวน้ำขนานท้องน้ำ ปรับด้วยคราบน้ำ",
    en="Height above nearest drainage (HAND); the surface follows the bed, corrected by the marks.",
)


def level_with_gauge(
    ground: Ground,
    *,
    upstream: Floats | None = None,
    slope: float | None = None,
    marks: Sequence[FloodMark] = (),
) -> Surface:
    """Level with the gauge, or falling along the river: `upstream` metres per cell (`river.along`).

    Marks fit an offset, and from three on a slope where none is given.
    """
    flat = np.zeros(ground.heights.shape, dtype=np.float32)
    found = _fitted(ground, flat, flat if upstream is None else upstream, slope, marks)
    caveats = (found.calibration.caveats if found.calibration else ()) or (
        () if found.slope else (LEVEL,)
    )
    return Surface(found.relative, found.slope, found.calibration, caveats)


def above_drainage(
    ground: Ground,
    source: Bools,
    gauge: shapely.Point,
    *,
    upstream: Floats | None = None,
    slope: float | None = None,
    marks: Sequence[FloodMark] = (),
) -> Surface:
    """Above the channel cell each cell drains to; NaN where it drains to none.

    Without a slope the surface follows the bed from the gauge on; with one (metres a metre, needs
    `upstream`) it falls by it. Marks fit an offset, and from three on, where the river's line is
    known and no slope given, what the slope differs from the bed's.
    """
    outlet = hand.drains_to(ground.heights, source)
    drained = outlet >= 0
    flat = ground.heights.ravel()
    base = np.zeros(ground.heights.shape, dtype=np.float32)
    if slope is None:
        bed = np.where(drained, flat[outlet], np.nan)
        base = np.asarray(bed - flat[_nearest(ground, source, gauge)], dtype=np.float32)
    along = np.zeros(ground.heights.shape, dtype=np.float32)
    if upstream is not None:
        along = np.asarray(upstream.ravel()[outlet], dtype=np.float32)
    # without the river's line there is nothing to find a slope along
    kept = 0.0 if upstream is None else slope
    found = _fitted(ground, base, along, kept, [m for m in marks if drained[m.row, m.column]])
    relative = np.where(drained, found.relative, np.float32(np.nan)).astype(np.float32)
    how = _HAND_SLOPED if slope is not None else _HAND_MARKED if found.calibration else HAND
    return Surface(relative, found.slope, found.calibration, (how,))


def _fitted(
    ground: Ground,
    base: Floats,
    upstream: Floats,
    slope: float | None,
    marks: Sequence[FloodMark],
) -> Surface:
    """The surface at stage + base + slope * upstream, corrected by the marks."""
    fitted = None
    if marks:
        fitted = river.calibrate(
            [
                river.Mark(
                    mark.name,
                    mark.level_m - float(base[mark.row, mark.column]),
                    mark.stage_m,
                    float(upstream[mark.row, mark.column]),
                )
                for mark in marks
            ],
            slope=slope,
        )
    found = fitted.slope if fitted else slope or 0.0
    offset = fitted.offset_m if fitted else 0.0
    lifted = Ground(np.asarray(ground.heights - base, dtype=np.float32), ground.transform)
    return Surface(river.relative(lifted, upstream, found, offset), found, fitted, ())


def _nearest(ground: Ground, source: Bools, gauge: shapely.Point) -> int:
    """The place (row * columns + column) of the channel cell nearest to the gauge."""
    rows, columns = np.nonzero(source & np.isfinite(ground.heights))
    x = ground.transform.c + (columns + 0.5) * ground.transform.a
    y = ground.transform.f + (rows + 0.5) * ground.transform.e
    near = int(np.argmin((x - gauge.x) ** 2 + (y - gauge.y) ** 2))
    return int(rows[near] * ground.heights.shape[1] + columns[near])
