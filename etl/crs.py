"""Which CRS a file is in, with the evidence, and whether it then lies at the town at all."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import CRSError

from layers.errors import BadRequestError, RefusedError
from layers.text import Text

Shapes = np.ndarray[Any, np.dtype[np.object_]]

_FAR_M = 25_000.0
_NEAR_M = 2_000.0
_CANDIDATES = ("EPSG:4326", "EPSG:32647", "EPSG:32648", "EPSG:24047", "EPSG:24048", "EPSG:3857")


@dataclass(frozen=True)
class TownArea:
    """The town's projected CRS (EPSG number) and its boundary in it, when there is one."""

    srid: int
    boundary: shapely.Geometry | None = None

    @property
    def crs(self) -> CRS:
        """The town's CRS."""
        return CRS.from_epsg(self.srid)

    def box(self, margin_m: float) -> tuple[float, float, float, float] | None:
        """Bounds of the boundary with a margin, in the town's CRS."""
        if self.boundary is None:
            return None
        west, south, east, north = (float(value) for value in shapely.bounds(self.boundary))
        return (west - margin_m, south - margin_m, east + margin_m, north + margin_m)

    def lonlat(self) -> AreaOfInterest | None:
        """The town in degrees, for choosing an operation."""
        box = self.box(0)
        if box is None:
            return None
        turn = Transformer.from_crs(self.crs, CRS.from_epsg(4326), always_xy=True)
        return AreaOfInterest(*turn.transform_bounds(*box))


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


def choose(
    stated: str | None, shapes: Shapes, asked: str | None, town: TownArea, file: str
) -> Choice:
    """Decide the CRS: what was asked for, else what the file says, else 4326 when it fits."""
    if asked is not None:
        crs = parse(asked)
        return Choice(crs, label(crs), _asked_evidence(stated, crs))
    if stated is not None:
        try:
            crs = horizontal(CRS.from_user_input(stated))
        except CRSError as error:
            raise refuse(
                file,
                "ระบบพิกัดที่ไฟล์บอกไว้อ่านไม่ได้ ระบุด้วย --crs",
                "the CRS it states cannot be understood; say it with --crs",
            ) from error
        return Choice(
            crs,
            label(crs),
            Text(th="ไฟล์บอกไว้เอง", en="the file states it (or its format fixes it)"),
        )
    return _propose(shapes, town, file)


def _asked_evidence(stated: str | None, asked: CRS) -> Text:
    if stated is None:
        return Text(th="ระบุด้วย --crs (ไฟล์ไม่ได้บอก)", en="given with --crs (the file states none)")
    try:
        same = horizontal(CRS.from_user_input(stated)).equals(asked, ignore_axis_order=True)
    except CRSError:
        same = False
    if same:
        return Text(th="ระบุด้วย --crs ตรงกับที่ไฟล์บอก", en="given with --crs, as the file states")
    name = stated if len(stated) < 40 else CRS.from_user_input(stated).name  # noqa: PLR2004
    return Text(
        th=f"ระบุด้วย --crs แทนที่ไฟล์บอก ({name})", en=f"given with --crs against the file's {name}"
    )


def _propose(shapes: Shapes, town: TownArea, file: str) -> Choice:
    """No CRS in the file: longitude and latitude if, read so, everything lies at the town."""
    lonlat = CRS.from_epsg(4326)
    bounds = shapely.total_bounds(shapes)
    area = town.box(_NEAR_M)
    if area is not None and within_lonlat(bounds):
        turned = _probe(lonlat, town, bounds)
        if turned is not None and _inside(turned, area):
            return Choice(
                lonlat,
                "EPSG:4326",
                Text(
                    th="ไฟล์ไม่บอกระบบพิกัด รับเป็น EPSG:4326 เพราะทุกพิกัดเป็นลองจิจูด-ละติจูด"
                    f" และอยู่ในเขตเมือง (เผื่อ {_NEAR_M / 1000:g} กม.) ถ้าไม่ใช่ ระบุด้วย --crs",
                    en="the file states none; taken as EPSG:4326 because every coordinate is a "
                    "longitude and latitude and all of it lies within the town's bounds "
                    f"(+ {_NEAR_M / 1000:g} km). If that is wrong, say --crs",
                ),
            )
    hint = hints(shapes, town)
    raise refuse(
        file,
        f"ไม่บอกระบบพิกัด ระบุด้วย --crs{' ' + hint.th if hint else ''}",
        f"it does not say its coordinate system; say it with --crs{'. ' + hint.en if hint else ''}",
    )


def within_lonlat(bounds: Any) -> bool:
    """Whether bounds (w, s, e, n) can be degrees."""
    west, south, east, north = (float(value) for value in bounds)
    return -180.001 <= west <= east <= 180.001 and -90.001 <= south <= north <= 90.001  # noqa: PLR2004


def check_place(shapes: Shapes, turned: Shapes, source: CRS, town: TownArea, file: str) -> None:
    """Refuse the file when nothing of it lies within 25 km of the town: the CRS is wrong.

    `shapes` are as read, `turned` in the town's CRS. Without a boundary nothing is checked but
    that degrees are degrees.
    """
    present = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    if present.size == 0:
        return
    bounds = shapely.total_bounds(present)
    if source.is_geographic and not within_lonlat(bounds):
        hint = hints(present, town)
        raise refuse(
            file,
            f"พิกัดไม่ใช่ลองจิจูด-ละติจูดตามที่ระบบพิกัด {label(source)} บอก ระบุด้วย --crs"
            + (f" {hint.th}" if hint else ""),
            f"its coordinates are not the longitudes and latitudes its CRS ({label(source)}) "
            "calls for; say the right one with --crs" + (f". {hint.en}" if hint else ""),
        )
    area = town.box(_FAR_M)
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
    if near.any():
        return
    hint = hints(present, town)
    raise refuse(
        file,
        f"ไม่มีสิ่งใดอยู่ใกล้เมืองนี้ (ในระยะ 25 กม.) เมื่ออ่านเป็น {label(source)}"
        f" ระบบพิกัดน่าจะผิด ระบุด้วย --crs{' ' + hint.th if hint else ''}",
        f"nothing in it lies within 25 km of the town when read as {label(source)}: the CRS is "
        f"probably wrong; say the right one with --crs{'. ' + hint.en if hint else ''}",
    )


def hints(shapes: Shapes, town: TownArea) -> Text | None:
    """Which common CRS would put the shapes at the town, said as a hint, never applied."""
    area = town.box(_FAR_M)
    if area is None:
        return None
    bounds = tuple(float(value) for value in shapely.total_bounds(shapes))
    fits = [
        name
        for name in dict.fromkeys((*_CANDIDATES, f"EPSG:{town.srid}"))
        if (turned := _probe(CRS.from_user_input(name), town, bounds)) is not None
        and _inside(turned, area)
    ]
    if fits:
        listed = ", ".join(fits)
        return Text(th=f"(พิกัดเข้ากับ {listed})", en=f"The coordinates would fit {listed}")
    swapped = (bounds[1], bounds[0], bounds[3], bounds[2])
    turned = _probe(CRS.from_epsg(4326), town, swapped)
    if turned is not None and _inside(turned, area):
        return Text(th="(น่าจะสลับละติจูดกับลองจิจูด)", en="Latitude and longitude seem to be swapped")
    return None


def _probe(source: CRS, town: TownArea, bounds: Any) -> tuple[float, ...] | None:
    if source.is_geographic and not within_lonlat(bounds):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        turn = Transformer.from_crs(source, town.crs, always_xy=True)
    west, south, east, north = (float(value) for value in bounds)
    xs, ys = turn.transform([west, east, west, east], [south, south, north, north])
    found = (min(xs), min(ys), max(xs), max(ys))
    return found if all(np.isfinite(found)) else None


def _inside(inner: tuple[float, ...], outer: tuple[float, float, float, float]) -> bool:
    return (
        inner[0] >= outer[0]
        and inner[1] >= outer[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


def refuse(file: str, th: str, en: str) -> RefusedError:
    """The refusal of a file, as a sentence that names it."""
    return RefusedError(Text(th=f"ไม่รับไฟล์ “{file}”: {th}", en=f"“{file}” is refused: {en}."))
