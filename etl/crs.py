"""Which CRS a file is in, with the evidence, and whether it then lies at the town at all.

`Sample` is gathered over the whole file, piece by piece; `choose` decides once from it. A CRS the
file does not say is never assumed: it is proposed with its evidence and a person confirms it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import CRSError

from etl.transform import WGS84, between
from layers.errors import BadRequestError, RefusedError
from layers.text import Text

Shapes = np.ndarray[Any, np.dtype[np.object_]]
Points = np.ndarray[Any, np.dtype[np.float64]]
Bounds = tuple[float, float, float, float]

FAR_M = 25_000.0
NEAR_M = 2_000.0
_POINTS = 4_096


Known = Callable[[list[tuple[float, float]]], list[float]]
"""Points in the town's CRS -> metres to the centre of the feature nearest to each, of the layer
that is to be loaded; empty while it holds nothing."""


@dataclass(frozen=True)
class TownArea:
    """The town's projected CRS (EPSG number), its boundary in it, and what lies there already."""

    srid: int
    boundary: shapely.Geometry | None = None
    known: "Known | None" = None

    @property
    def crs(self) -> CRS:
        """The town's CRS."""
        return CRS.from_epsg(self.srid)

    def box(self, margin_m: float) -> Bounds | None:
        """Bounds of the boundary with a margin, in the town's CRS."""
        if self.boundary is None:
            return None
        west, south, east, north = (float(value) for value in shapely.bounds(self.boundary))
        return (west - margin_m, south - margin_m, east + margin_m, north + margin_m)

    def lonlat(self) -> AreaOfInterest | None:
        """The town in degrees, for choosing an operation."""
        box = self.box(0)
        turn = between(self.crs, WGS84)
        if box is None or turn is None:
            return None
        return AreaOfInterest(*turn.transform_bounds(*box))


@dataclass(frozen=True)
class Sample:
    """Where the shapes of a file lie in its own coordinates: bounds, and points spread over it.

    `count` is the number of shapes with a place; `points` are centres of at most 4,096 of them.
    Samples of pieces of a file are added up with `+`.
    """

    count: int = 0
    bounds: Bounds | None = None
    points: Points = field(default_factory=lambda: np.empty((0, 2)))

    def __add__(self, other: "Sample") -> "Sample":
        if self.bounds is None or other.bounds is None:
            return other if self.bounds is None else self
        low = np.minimum(self.bounds[:2], other.bounds[:2])
        high = np.maximum(self.bounds[2:], other.bounds[2:])
        points = _thin(np.vstack([self.points, other.points]))
        bounds = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        return Sample(self.count + other.count, bounds, points)


def sample(shapes: Shapes) -> Sample:
    """The sample of shapes as read, in their own coordinates."""
    boxes = shapely.bounds(shapes)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return Sample()
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    bounds = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return Sample(len(boxes), bounds, _thin((boxes[:, :2] + boxes[:, 2:]) / 2))


def _thin(points: Points) -> Points:
    step = -(-len(points) // _POINTS)
    return points[::step] if step > 1 else points


@dataclass(frozen=True)
class Choice:
    """The CRS of a file and why we believe it."""

    crs: CRS
    name: str
    evidence: Text


def parse(name: str) -> CRS:
    """A CRS as people write it (`EPSG:32648`); BadRequestError when there is no such thing."""
    try:
        return horizontal(CRS.from_user_input(name))
    except CRSError as error:
        raise BadRequestError(
            Text(
                th=f"ไม่รู้จักระบบพิกัด “{name}” เขียนเช่น EPSG:32648",
                en=f"The coordinate system “{name}” is unknown. Write it as EPSG:32648.",
            )
        ) from error


def horizontal(crs: CRS) -> CRS:
    """The horizontal part of a compound or three-dimensional CRS."""
    if crs.is_compound:
        return horizontal(crs.sub_crs_list[0])
    return crs.to_2d()


def label(crs: CRS) -> str:
    """`EPSG:n` when the CRS is a registered one, else its name."""
    code = crs.to_epsg(min_confidence=70)
    return f"EPSG:{code}" if code else str(crs.name)


def stated_crs(stated: str | None) -> CRS | None:
    """What the file says, when it says where on the earth; None for local grids and nonsense."""
    if stated is None:
        return None
    try:
        found = horizontal(CRS.from_user_input(stated))
    except CRSError:
        return None
    return found if found.geodetic_crs is not None else None


def choose(
    stated: str | None, seen: Sample, asked: str | None, town: TownArea, file: str
) -> Choice:
    """Decide the CRS of a file: what was asked for, else what the file says.

    RefusedError when neither says one: with the proposal (`facts["proposed_crs"]`) and its
    evidence where the coordinates fit the town, to be confirmed by asking for it.
    """
    said = stated_crs(stated)
    if asked is not None:
        crs = parse(asked)
        evidence = _asked_evidence(stated, said, crs)
        return Choice(crs, label(crs), join(evidence, where(crs, seen, town)))
    if said is None:
        raise _unstated(stated, seen, town, file)
    evidence = Text(th="ไฟล์บอกไว้เอง", en="the file states it (or its format fixes it)")
    return Choice(said, label(said), evidence)


def _asked_evidence(stated: str | None, said: CRS | None, asked: CRS) -> Text:
    if stated is None:
        return Text(th="ระบุด้วย --crs (ไฟล์ไม่ได้บอก)", en="given with --crs (the file states none)")
    if said is not None and said.equals(asked, ignore_axis_order=True):
        return Text(th="ระบุด้วย --crs ตรงกับที่ไฟล์บอก", en="given with --crs, as the file states")
    name = stated if said is None or len(stated) < 40 else said.name  # noqa: PLR2004
    return Text(
        th=f"ระบุด้วย --crs แทนที่ไฟล์บอก ({name[:80]})",
        en=f"given with --crs against the file's {name[:80]}",
    )


def join(first: Text, second: Text | None) -> Text:
    """Two halves of one sentence."""
    if second is None:
        return first
    return Text(th=f"{first.th} {second.th}", en=f"{first.en}; {second.en}")


# ---------------------------------------------------------------- how well a reading fits


@dataclass(frozen=True)
class Fit:
    """A way to read coordinates, and how it lies at the town.

    `inside`, `near` (2 km) and `around` (25 km) are shares of the sampled points; `farthest_m`
    is the greatest distance of a point to the boundary.
    """

    name: str
    crs: CRS
    inside: float
    near: float
    around: float
    farthest_m: float
    oddity: Text | None = None

    @property
    def told(self) -> Text:
        """The evidence as a clause."""
        far = f"{self.farthest_m / 1000:,.1f} km" if self.farthest_m > NEAR_M else ""
        far = far or f"{self.farthest_m:,.0f} m"
        return Text(
            th=f"อ่านเป็น {self.name}: อยู่ในเขตเมือง {self.inside:.0%} ไกลสุดจากเขต {far}",
            en=f"read as {self.name}, {self.inside:.0%} lie within the town's boundary, "
            f"the farthest {far} from it",
        )


def fit(
    name: str, crs: CRS, points: Points, town: TownArea, oddity: Text | None = None
) -> Fit | None:
    """How points read as `crs` lie at the town; None when they cannot be read so."""
    turned = _turned(crs, points, town)
    if turned is None or town.boundary is None:
        return None
    away = shapely.distance(shapely.points(turned), town.boundary)
    inside, near, around = (float((away <= limit).mean()) for limit in (0.0, NEAR_M, FAR_M))
    return Fit(name, crs, inside, near, around, float(away.max()), oddity)


def where(crs: CRS, seen: Sample, town: TownArea) -> Text | None:
    """How a file lies at the town when read as `crs`, as a clause of its evidence."""
    found = fit(label(crs), crs, seen.points, town) if seen.count else None
    return None if found is None else found.told


def _turned(crs: CRS, points: Points, town: TownArea) -> Points | None:
    if not len(points) or (crs.is_geographic and not within_lonlat(_bounds(points))):
        return None
    turn = between(crs, town.crs)
    if turn is None:
        return None
    east, north = turn.transform(points[:, 0], points[:, 1])
    turned = np.column_stack([east, north])
    return turned if np.isfinite(turned).all() else None


def _bounds(points: Points) -> Bounds:
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def within_lonlat(bounds: Any) -> bool:
    """Whether bounds (w, s, e, n) can be degrees."""
    west, south, east, north = (float(value) for value in bounds)
    return -180.001 <= west <= east <= 180.001 and -90.001 <= south <= north <= 90.001  # noqa: PLR2004


_EVERYWHERE = (4326, 3857)
_THAI = (4326, 32648, 32647, 24048, 24047, 4240, 3857)
_THAI_ZONES = (32647, 32648)


def candidates(town: TownArea) -> tuple[str, ...]:
    """CRS a town's files come in, the town's own first; in Thailand both zones and old datums."""
    usual = _THAI if town.srid in _THAI_ZONES else _EVERYWHERE
    return tuple(f"EPSG:{code}" for code in dict.fromkeys((town.srid, *usual)))


def fitting(seen: Sample, town: TownArea) -> list[Fit]:
    """Every common CRS in which the coordinates, as they are, lie at the town; best first."""
    found = [fit(name, parse(name), seen.points, town) for name in candidates(town)]
    there = [each for each in found if each is not None and each.around > _HALF]
    return sorted(there, key=lambda each: (-round(each.near, 2), -round(each.inside, 1)))


_HALF = 0.5

Mend = Callable[[Points], Points]

_ODDITIES: tuple[tuple[Text, tuple[int, ...], Mend], ...] = (
    (
        Text(
            th="น่าจะสลับแกน (ละติจูดกับลองจิจูด หรือเหนือกับตะวันออก)",
            en="Latitude and longitude (or north and east) seem to be swapped",
        ),
        (4326, 0, 32647, 32648),
        lambda points: points[:, ::-1],
    ),
    (
        Text(th="น่าจะเป็นมิลลิเมตร (เมตรคูณ 1,000)", en="They seem to be metres times 1,000"),
        (0, 32647, 32648),
        lambda points: points / 1000,
    ),
    (
        Text(th="น่าจะเป็นกิโลเมตร", en="They seem to be kilometres"),
        (0, 32647, 32648),
        lambda points: points * 1000,
    ),
    (
        Text(
            th="น่าจะมีเลขโซนนำหน้าค่าตะวันออก (เช่น 48524100)",
            en="The zone number seems to stand before the easting (48524100)",
        ),
        (0, 32647, 32648),
        lambda points: points % (1e6, 1e7),
    ),
    (
        Text(
            th="น่าจะถูกตัดเลขหลักล้านของค่าเหนือ",
            en="The leading digit of the northing seems to be cut off",
        ),
        (0, 32647, 32648),
        lambda points: np.add(points, (0, 1e6)),
    ),
    (
        Text(th="น่าจะเป็นองศาคูณ 1,000,000", en="They seem to be degrees times 1,000,000"),
        (4326,),
        lambda points: points / 1e6,
    ),
)
"""What is done to coordinates by mistake, the CRS to try it in (0: the town's), and the way back.

Only ever said: the file has to be put right where it was made wrong.
"""


def odd(seen: Sample, town: TownArea) -> Fit | None:
    """The one known mistake after which the coordinates would lie at the town."""
    if not len(seen.points):
        return None
    for said, codes, mend in _ODDITIES:
        for code in codes:
            crs = CRS.from_epsg(code or town.srid)
            found = fit(label(crs), crs, mend(seen.points), town, said)
            if found is not None and found.near > _HALF:
                return found
    return None


def hints(seen: Sample, town: TownArea, read_as: CRS | None = None) -> Text | None:
    """What would put the shapes at the town: a common CRS or a known mistake. Never applied."""
    found = fitting(seen, town)
    if found:
        listed = ", ".join(each.name for each in found)
        clause = Text(th=f"(พิกัดเข้ากับ {listed})", en=f"The coordinates would fit {listed}")
        return join_hint(clause, _why(found[0].crs, read_as))
    mistake = odd(seen, town)
    if mistake is None or mistake.oddity is None:
        return None
    said = mistake.oddity
    return Text(th=f"({said.th}, {mistake.name})", en=f"{said.en} ({mistake.name})")


def _why(fits: CRS, read_as: CRS | None) -> Text | None:
    """What is wrong with the CRS they were read as, by name."""
    if read_as is None:
        return None
    if fits.is_geographic and not read_as.is_geographic:
        return Text(th="พิกัดเป็นองศา ไม่ใช่เมตร", en="they are degrees, not metres")
    if read_as.is_geographic and not fits.is_geographic:
        return Text(th="พิกัดเป็นเมตร ไม่ใช่องศา", en="they are metres, not degrees")
    zones = fits.utm_zone, read_as.utm_zone
    if all(zones) and zones[0] != zones[1]:
        return Text(
            th=f"โซน UTM ผิด: {zones[1]} ควรเป็น {zones[0]}",
            en=f"the UTM zone is wrong: {zones[1]} instead of {zones[0]}",
        )
    return None


def join_hint(clause: Text, why: Text | None) -> Text:
    """A hint with the reason behind it."""
    if why is None:
        return clause
    return Text(th=f"{clause.th} {why.th}", en=f"{clause.en}: {why.en}")


def _unstated(stated: str | None, seen: Sample, town: TownArea, file: str) -> RefusedError:
    """No CRS in the file: what it could be, with the evidence, for a person to confirm."""
    none = Text(th="ไม่บอกระบบพิกัด", en="it does not say its coordinate system")
    if stated is not None:
        said = " ".join(stated.split())[:60]
        none = Text(
            th=f"ระบบพิกัดที่บอกไว้ ({said}) ไม่บอกตำแหน่งบนโลก",
            en=f"the coordinate system it states ({said}) says nothing about the earth",
        )
    found = fitting(seen, town)
    if not found or found[0].near < _MOST:
        hint = hints(seen, town)
        return refuse(
            file,
            f"{none.th} ระบุด้วย --crs{' ' + hint.th if hint else ''}",
            f"{none.en}; say it with --crs{'. ' + hint.en if hint else ''}",
        )
    best = found[0]
    others = ", ".join(each.name for each in found[1:] if each.near >= _MOST)
    also_th = f" (เขตเมืองแยกไม่ออกจาก {others})" if others else ""
    also_en = f" (the boundary alone cannot tell it from {others})" if others else ""
    made = refuse(
        file,
        f"{none.th} {best.told.th}{also_th} ถ้าใช่ สั่งอีกครั้งโดยเติม --crs {best.name}",
        f"{none.en}. Of its {seen.count:,} shapes, {best.told.en}{also_en}. "
        f"If that is right, repeat the command with --crs {best.name}",
    )
    made.facts["proposed_crs"] = best.name
    return made


_MOST = 0.98


# ---------------------------------------------------------------- whether it lies at the town


@dataclass
class Nearness:
    """Whether anything of a file lies within 25 km of the town; `see` pieces, then `settle`.

    Without a boundary nothing is checked but that degrees are degrees.
    """

    source: CRS
    town: TownArea
    file: str
    near: int = 0

    def see(self, turned: Shapes) -> None:
        """Look at shapes in the town's CRS."""
        area = self.town.box(FAR_M)
        if area is None:
            return
        boxes = shapely.bounds(turned)
        west, south, east, north = area
        with np.errstate(invalid="ignore"):
            near = (
                (boxes[:, 0] <= east)
                & (boxes[:, 2] >= west)
                & (boxes[:, 1] <= north)
                & (boxes[:, 3] >= south)
            )
        self.near += int(near.sum())

    def check_degrees(self, seen: Sample) -> None:
        """RefusedError when a CRS in degrees meets numbers that are none."""
        if seen.bounds is None or not self.source.is_geographic or within_lonlat(seen.bounds):
            return
        hint = hints(seen, self.town, self.source)
        name = label(self.source)
        raise refuse(
            self.file,
            f"พิกัดไม่ใช่ลองจิจูด-ละติจูดตามที่ระบบพิกัด {name} บอก ระบุด้วย --crs"
            + (f" {hint.th}" if hint else ""),
            f"its coordinates are not the longitudes and latitudes its CRS ({name}) "
            "calls for; say the right one with --crs" + (f". {hint.en}" if hint else ""),
        )

    def settle(self, seen: Sample) -> None:
        """RefusedError when all of the file was seen and nothing of it lies near the town."""
        if seen.count == 0 or self.near or self.town.boundary is None:
            return
        hint = hints(seen, self.town, self.source)
        name = label(self.source)
        raise refuse(
            self.file,
            f"ไม่มีสิ่งใดอยู่ใกล้เมืองนี้ (ในระยะ 25 กม.) เมื่ออ่านเป็น {name}"
            f" ระบบพิกัดน่าจะผิด ระบุด้วย --crs{' ' + hint.th if hint else ''}",
            f"nothing in it lies within 25 km of the town when read as {name}: the CRS is "
            f"probably wrong; say the right one with --crs{'. ' + hint.en if hint else ''}",
        )


def check_place(shapes: Shapes, turned: Shapes, source: CRS, town: TownArea, file: str) -> None:
    """`Nearness` of a whole file at once: shapes as read, and in the town's CRS."""
    seen = sample(shapes)
    nearness = Nearness(source, town, file)
    nearness.check_degrees(seen)
    nearness.see(turned)
    nearness.settle(seen)


def refuse(file: str, th: str, en: str) -> RefusedError:
    """The refusal of a file, as a sentence that names it."""
    return RefusedError(Text(th=f"ไม่รับไฟล์ “{file}”: {th}", en=f"“{file}” is refused: {en}."))
