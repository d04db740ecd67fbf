"""Rasters the town may hold: ground elevation and flood depth, each declared once like a layer.

A raster's file, place and figures are on the database's register; here is what it means, who may
see it and how it is coloured. Depth is told by the classes and colours of the layer `flood_zones`,
so that a cell and the zone over it never disagree.
"""

import math
import struct
from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from layers import flood_zones
from layers.errors import NotFoundError
from layers.model import EVERYONE, Audience, Role
from layers.style import Style
from layers.text import Text


class RasterKind(StrEnum):
    """What a cell's number says."""

    ELEVATION = "elevation"
    DEPTH = "depth"


class Raster(BaseModel):
    """One declared raster. Values are metres, plausible from `minimum` to `maximum`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: Text
    description: Text
    kind: RasterKind
    unit: str = "m"
    audience: Audience = EVERYONE
    minimum: float
    maximum: float


class RasterClass(BaseModel):
    """A class of the legend: values from `low` (included) to `high` (not), `#rrggbb`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    label: Text
    color: str
    low: float
    high: float


ELEVATION = Raster(
    id="elevation",
    title=Text(th="ระดับพื้นดิน", en="Ground elevation"),
    description=Text(
        th="ระดับของพื้นดิน เป็นเมตรเหนือระดับอ้างอิงที่บอกไว้กับข้อมูล",
        en="The level of the ground, in metres above the datum the data states.",
    ),
    kind=RasterKind.ELEVATION,
    minimum=-500,
    maximum=9000,
)
DEPTH = Raster(
    id="depth",
    title=Text(th="ความลึกน้ำท่วม", en="Flood depth"),
    description=Text(
        th="ความลึกของน้ำเหนือพื้นดิน ช่องที่แห้งหรือไม่ได้คำนวณไม่มีสี",
        en="The depth of water above the ground; dry and unmodelled cells have no colour.",
    ),
    kind=RasterKind.DEPTH,
    minimum=0,
    maximum=100,
)
RASTERS: tuple[Raster, ...] = (ELEVATION, DEPTH)
"""Every raster, in drawing order."""

MIN_ZOOM = 8
MAX_ZOOM = 20
DRY_M = 0.001
"""A depth below this, in metres, is dry: less than files of centimetres can tell."""

_DEPTHS: Mapping[str, tuple[float, float]] = {
    "lt_0_3": (DRY_M, 0.3),
    "0_3_0_5": (0.3, 0.5),
    "0_5_1": (0.5, 1.0),
    "gt_1": (1.0, math.inf),
}
"""Depth classes of `flood_zones` -> metres from, metres to."""
_GROUND = ("#2e6b57", "#5c8d62", "#8fac74", "#bfc68d", "#e3dcab", "#d3bd8b", "#b3936a", "#8d6b52")
"""From the lowest ground to the highest; no blue among them, which is water's."""
_FACTORS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_LOWEST = Text(th="ต่ำสุด", en="lowest")
_HIGHEST = Text(th="สูงสุด", en="highest")


def get(raster_id: str) -> Raster | None:
    """The declared raster of that id, None when there is none."""
    return next((raster for raster in RASTERS if raster.id == raster_id), None)


def rasters_of(role: Role) -> tuple[Raster, ...]:
    """The declared rasters a role may see."""
    return tuple(raster for raster in RASTERS if role in raster.audience)


def classes(raster: Raster, low: float, high: float) -> tuple[RasterClass, ...]:
    """The classes a raster is drawn in, from the lowest values to the highest.

    `low` and `high` bound the bulk of an elevation raster's values (metres), which its steps are
    spread over in round figures; depth classes are the same everywhere.
    """
    if raster.kind is RasterKind.DEPTH:
        return _depth_classes()
    return _ground_classes(low, high)


def class_of(found: tuple[RasterClass, ...], value: float) -> str | None:
    """Key of the class a value is drawn in; None where it is drawn in none.

    Compared in single precision, as cells are stored and tiles are drawn: 0.3 is not below 0.3.
    """
    at = _single(value)
    return next((cls.key for cls in found if _single(cls.low) <= at < _single(cls.high)), None)


def _single(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def max_zoom(cell_m: float, latitude: float) -> int:
    """The zoom at which a cell is some four pixels wide; beyond it nothing is added."""
    across = 2 * math.pi * 6_378_137 * math.cos(math.radians(latitude)) / 256
    return max(MIN_ZOOM, min(MAX_ZOOM, math.ceil(math.log2(across / cell_m)) + 2))


def _depth_classes() -> tuple[RasterClass, ...]:
    style = flood_zones.LAYER.style
    if not isinstance(style, Style):
        raise TypeError("flood_zones has no style to take the depth colours from")
    told = {cls.key: cls for cls in style.classes}
    return tuple(
        RasterClass(key=key, label=told[key].label, color=told[key].color, low=low, high=high)
        for key, (low, high) in _DEPTHS.items()
    )


def _ground_classes(low: float, high: float) -> tuple[RasterClass, ...]:
    step = _round_step((high - low) / len(_GROUND))
    first = math.floor(low / step) * step
    # a round step is at least as wide as asked, so the colours reach beyond `high`
    edges = [round(first + step * place, 6) for place in range(1, len(_GROUND))]
    ends = (-math.inf, *edges, math.inf)
    return tuple(
        RasterClass(
            key=f"ground_{place}",
            label=_ground_label(ends[place], ends[place + 1]),
            color=color,
            low=ends[place],
            high=ends[place + 1],
        )
        for place, color in enumerate(_GROUND)
    )


def _ground_label(low: float, high: float) -> Text:
    if low == -math.inf:
        return Text(th=f"{_LOWEST.th} (ต่ำกว่า {high:g} ม.)", en=f"{_LOWEST.en} (under {high:g} m)")
    if high == math.inf:
        return Text(th=f"{_HIGHEST.th} ({low:g} ม. ขึ้นไป)", en=f"{_HIGHEST.en} ({low:g} m and over)")
    return Text(th=f"{low:g}-{high:g} ม.", en=f"{low:g}-{high:g} m")


def _round_step(wanted: float) -> float:
    """The next figure a person reads easily, such as 1.5, 2 or 25; at least 0.1 m."""
    wanted = max(wanted, 0.1)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(round(factor * power, 6) for factor in _FACTORS if factor * power >= wanted - 1e-9)


def unknown(raster_id: str, there: tuple[str, ...]) -> NotFoundError:
    """The one refusal of a raster that is hidden, not declared or not loaded."""
    known_th = ", ".join(there) or "ไม่มี"
    known_en = ", ".join(there) or "none"
    return NotFoundError(
        Text(
            th=f"ไม่มีแรสเตอร์ชื่อ “{raster_id}” แรสเตอร์ที่มี: {known_th}",
            en=f"There is no raster called “{raster_id}”. The rasters are: {known_en}.",
        )
    )
