"""Ground as cells: the grid, what is not known of it, how good it is, and barriers put into it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import minimum_filter

from layers.errors import RefusedError
from layers.text import Text

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Surface = Literal["dtm", "dsm", "unknown"]

NOT_STATED_M = 1.9
"""Error taken where none is stated: of the best free models on a Thai plain (RMSE, HESS 2025)."""
_WHOLE_METRES_M = 0.29
"""Error of rounding to whole metres: 1 m over the square root of 12."""
_FULL_BYTE = 255


@dataclass(frozen=True)
class Ground:
    """Heights in metres (rows x columns, NaN where unknown) in the town's CRS, north up."""

    heights: Floats
    transform: Affine

    @property
    def cell_m(self) -> float:
        """Edge of a cell in metres."""
        return float(abs(self.transform.a))

    @property
    def cell_m2(self) -> float:
        """Area of a cell."""
        return float(abs(self.transform.a * self.transform.e))

    @property
    def box(self) -> shapely.Polygon:
        """The rectangle it covers."""
        rows, columns = self.heights.shape
        west, north = self.transform.c, self.transform.f
        east = west + columns * self.transform.a
        south = north + rows * self.transform.e
        return shapely.box(west, south, east, north)

    def cells_of(self, shape: shapely.Geometry, *, touched: bool = False) -> Bools:
        """Cells whose middle lies in a shape; with `touched`, every cell it touches."""
        if shapely.is_empty(shape):
            return np.zeros(self.heights.shape, dtype=bool)
        burned = rasterize(
            [(shape, 1)],
            out_shape=self.heights.shape,
            transform=self.transform,
            all_touched=touched,
            dtype="uint8",
        )
        return np.asarray(burned, dtype=bool)


def coarser(ground: Ground, cell_m: float | None) -> tuple[Ground, float]:
    """The ground in whole blocks of its cells, about `cell_m` wide, and what that loses.

    A block is the mean of the heights known in it, unknown where half or more are; blocks cut by
    the eastern and southern edge go by what is there. What is lost is the root mean square of
    the heights about their block's (metres). None, or a finer cell: the ground as it is.
    """
    times = 1 if cell_m is None else round(cell_m / ground.cell_m)
    if times <= 1:
        return ground, 0.0
    rows, columns = (-(-size // times) for size in ground.heights.shape)
    padded = np.full((rows * times, columns * times), np.nan)
    padded[: ground.heights.shape[0], : ground.heights.shape[1]] = ground.heights
    there = np.zeros(padded.shape, dtype=bool)
    there[: ground.heights.shape[0], : ground.heights.shape[1]] = True
    blocks, inside = (
        grid.reshape(rows, times, columns, times).swapaxes(1, 2).reshape(rows, columns, -1)
        for grid in (padded, there)
    )
    known = np.isfinite(blocks)
    count = known.sum(axis=2)
    total = np.where(known, blocks, 0.0).sum(axis=2)
    mean = np.where(2 * count > inside.sum(axis=2), total / np.maximum(count, 1), np.nan)
    off = blocks - mean[:, :, None]
    lost = float(np.sqrt(np.nanmean(off**2))) if np.isfinite(off).any() else 0.0
    a, b, c, d, e, f = ground.transform[:6]
    return Ground(mean.astype(np.float32), Affine(a * times, b, c, d, e * times, f)), lost


@dataclass(frozen=True)
class Quality:
    """How good the ground is for saying what a level floods.

    `error_m` is one standard deviation of a height, `stated` whether its source says so;
    `void_share` is the share of cells without a height.
    """

    error_m: float
    stated: bool
    void_share: float
    marked: bool
    caveats: tuple[Text, ...]


def quality(
    ground: Ground,
    *,
    stated_error_m: float | None = None,
    surface: Surface = "unknown",
    dtype: str = "float32",
    insist_dsm: bool = False,
) -> Quality:
    """What is known about a ground model, as the file and the user tell it.

    `dtype` is that of the file it came from. RefusedError for a surface model (roofs and tree
    tops) unless the user insists.
    """
    if surface == "dsm" and not insist_dsm:
        raise RefusedError(
            Text(
                th="แรสเตอร์นี้เป็นแบบจำลองผิว (DSM มีหลังคาและยอดไม้) ไม่ใช่พื้นดิน "
                "ใช้แบบจำลองพื้นดิน (DTM) หรือยืนยันด้วย --insist-dsm",
                en="This is a surface model (DSM: roofs and tree tops), not ground. Use a terrain "
                "model (DTM), or insist with --insist-dsm.",
            )
        )
    caveats = []
    if surface == "dsm":
        caveats.append(
            Text(
                th="ใช้แบบจำลองผิว (DSM) แทนพื้นดินตามที่ผู้ใช้ยืนยัน บ้านและต้นไม้กั้นน้ำในแบบจำลองนี้",
                en="A surface model (DSM) stands for the ground because the user insisted: houses "
                "and trees hold water back in it.",
            )
        )
    if surface == "unknown":
        caveats.append(
            Text(
                th="ไม่ทราบว่าแรสเตอร์เป็นพื้นดิน (DTM) หรือผิว (DSM)",
                en="Whether the heights are of the ground (DTM) or of roofs and trees (DSM) is "
                "not stated.",
            )
        )
    error = stated_error_m if stated_error_m is not None else NOT_STATED_M
    if stated_error_m is None:
        caveats.append(
            Text(
                th=f"ไม่มีผู้ระบุความคลาดเคลื่อนของระดับพื้นดิน ใช้ {NOT_STATED_M} ม.",
                en=f"Nobody states the error of the heights; {NOT_STATED_M} m is taken.",
            )
        )
    known = np.isfinite(ground.heights)
    void = 1.0 - float(known.mean())
    if not known.any():
        raise RefusedError(Text(th="ไม่มีระดับพื้นดินแม้แต่ช่องเดียว", en="Not one cell has a height."))
    if np.dtype(dtype).kind in "iu":
        error = float(np.hypot(error, _WHOLE_METRES_M))
        caveats.append(_whole_metres(ground, dtype))
    if void > 0:
        caveats.append(
            Text(
                th=f"{void:.1%} ของแรสเตอร์ไม่มีระดับ ไม่ได้คำนวณ ไม่ใช่แห้ง",
                en=f"{void:.1%} of the raster has no height: not modelled, which is not dry.",
            )
        )
    return Quality(error, stated_error_m is not None, void, surface == "dsm", tuple(caveats))


def _whole_metres(ground: Ground, dtype: str) -> Text:
    full = float(np.nanmax(ground.heights)) >= _FULL_BYTE and np.dtype(dtype).itemsize == 1
    more_th = " และค่า 255 อาจหมายถึงสูงกว่านั้น" if full else ""
    more_en = "; 255 may stand for anything higher" if full else ""
    return Text(
        th=f"ไฟล์เก็บระดับเป็นเมตรเต็ม ({dtype}) ละเอียดกว่าหนึ่งเมตรไม่ได้ 0 อาจเป็นน้ำหรือไม่มีข้อมูล{more_th}",
        en=f"The file keeps whole metres ({dtype}): nothing finer is known, and 0 may be water or "
        f"no value{more_en}.",
    )


@dataclass(frozen=True)
class Barrier:
    """A levee, wall or gate: its line in the town's CRS and its crest in the ground's metres.

    An open one lets water through as if it were not there. `crest_m` None: not known.
    """

    line: shapely.Geometry
    crest_m: float | None
    open: bool = False


@dataclass(frozen=True)
class Walled:
    """Ground with barriers in it, how many were put in, and what could not be."""

    ground: Ground
    burned: int
    caveats: tuple[Text, ...]


def with_barriers(ground: Ground, barriers: Sequence[Barrier]) -> Walled:
    """Raise the ground to the crest of each closed barrier, wherever it is lower.

    Water is held back up to the crest and passes where the surface stands above it; what is
    behind then fills to the same level, without asking how long that takes. Where an open gate
    lies on a levee, the ground under the gate stays as it was. A barrier without a crest level
    holds nothing back, and is told.
    """
    heights = ground.heights.copy()
    closed = [each for each in barriers if not each.open and each.crest_m is not None]
    for barrier in closed:
        cells = ground.cells_of(barrier.line, touched=True)
        heights[cells] = np.fmax(heights[cells], np.float32(barrier.crest_m))
    for gate in (each for each in barriers if each.open):
        cells = ground.cells_of(gate.line, touched=True)
        heights[cells] = ground.heights[cells]
    unknown = sum(each.crest_m is None and not each.open for each in barriers)
    caveats = [_OVERTOPPED] if closed else []
    if unknown:
        caveats.append(
            Text(
                th=f"คันกั้นน้ำ {unknown} เส้นไม่มีระดับสัน จึงไม่ได้กั้นน้ำในแบบจำลอง",
                en=f"{unknown} barriers have no crest level and hold no water back here.",
            )
        )
    return Walled(Ground(heights, ground.transform), len(closed), tuple(caveats))


_OVERTOPPED = Text(
    th="คันกั้นน้ำกั้นได้ถึงระดับสัน เมื่อน้ำสูงกว่าสันถือว่าด้านหลังท่วมถึงระดับเดียวกันทันที ไม่คิดการรั่ว การพัง หรือเวลา",
    en="A barrier holds water up to its crest. Above it, what lies behind is taken to fill to the "
    "same level at once; seepage, breaches and time are not modelled.",
)


def fill_channel(ground: Ground, source: Bools) -> Ground:
    """Give cells of the channel without a height the lowest one near, else the channel's lowest.

    A hole in the river would otherwise stop the water.
    """
    holes = source & ~np.isfinite(ground.heights)
    if not holes.any():
        return ground
    filled = np.where(np.isfinite(ground.heights), ground.heights, np.inf).astype(np.float32)
    lowest = filled[source].min()
    near = np.where(holes, minimum_filter(filled, size=3), filled)
    bottom = lowest if np.isfinite(lowest) else np.nanmin(ground.heights)
    heights = np.where(holes & ~np.isfinite(near), bottom, near)
    return Ground(
        np.where(np.isfinite(heights), heights, np.nan).astype(np.float32), ground.transform
    )
