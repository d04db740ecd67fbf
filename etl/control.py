"""Control points: which datum operation a file's numbers need, shown by what is left over.

A control point is a place known twice: as the file has it, and where it truly is (a surveyed
corner, a benchmark, a GPS fix of at least some minutes). Each published operation is tried, and
none; the residuals say which is right, before a single row is imported.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict
from pyproj import CRS, Transformer

from etl import transform
from etl.crs import TownArea, label
from etl.plan import normal
from etl.values import Unreadable, number, text
from layers.datum import FORBIDDEN_OPERATION, INDIAN_PROJECTED, PINNED, is_indian
from layers.errors import BadRequestError, RefusedError
from layers.text import Text

FITS_M = 15.0
"""RMS up to which an operation of nominally 5 m is said to fit scanned and digitised maps."""
_OUTLIER_M = 5.0
_ENOUGH = 3
NONE = "none"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class ControlPoint:
    """One place: as the file has it (in the file's CRS), and truly, in the town's CRS, metres."""

    name: str
    x: float
    y: float
    east: float
    north: float


class Residual(_Record):
    """Turned place minus true place of one point, in metres."""

    name: str
    east_m: float
    north_m: float
    distance_m: float


class Trial(_Record):
    """One operation tried: residuals, their mean, RMS, and the RMS once the mean is taken out."""

    operation: str
    crs: str
    name: Text
    forbidden: bool
    residuals: tuple[Residual, ...]
    mean_east_m: float
    mean_north_m: float
    rms_m: float
    spread_m: float

    @property
    def options(self) -> str:
        """What to say when the file is imported."""
        if self.operation == NONE:
            return f"--crs {self.crs}"
        return f"--crs {self.crs} --datum-operation {self.operation}"


class Control(_Record):
    """The whole check, best operation first (EPSG:1812 always last), and what it says."""

    town_crs: str
    points: int
    trials: tuple[Trial, ...]
    best: str | None
    verdict: Text
    warnings: tuple[Text, ...]


def parse_points(content: str, town: TownArea, true_crs: CRS | None) -> list[ControlPoint]:
    """Points of a CSV with a header `name, x, y, true_x, true_y`; BadRequestError names the line.

    True places are longitude and latitude when they can be, else in the town's CRS, unless
    `true_crs` says.
    """
    rows = csv.reader(io.StringIO(content.lstrip("\ufeff")))
    header = [normal(cell) for cell in next(rows, [])]
    at = {wanted: _position(header, wanted, words) for wanted, words in _HEADERS.items()}
    made: list[ControlPoint] = []
    for line, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            cells = {wanted: row[position] for wanted, position in at.items()}
            name = text(cells.pop("name")) or f"{line - 1}"
            x, y, true_x, true_y = (_figure(cells[key]) for key in ("x", "y", "truex", "truey"))
        except (IndexError, Unreadable) as error:
            raise BadRequestError(
                Text(
                    th=f"บรรทัด {line} ของไฟล์หมุดอ่านไม่ได้: {', '.join(row)[:80]}",
                    en=f"Line {line} of the control points cannot be read: {', '.join(row)[:80]}.",
                )
            ) from error
        made.append(point(name, (x, y), (true_x, true_y), town, true_crs))
    return made


_HEADERS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "point", "id", "ชื่อ", "หมุด"),
    "x": ("x", "filex", "east", "easting", "e", "lon", "ตะวันออก"),
    "y": ("y", "filey", "north", "northing", "n", "lat", "เหนือ"),
    "truex": ("truex", "trueeast", "truelon", "truelongitude", "ตะวันออกจริง"),
    "truey": ("truey", "truenorth", "truelat", "truelatitude", "เหนือจริง"),
}


def _position(header: Sequence[str], wanted: str, words: Sequence[str]) -> int:
    found = next((header.index(word) for word in words if word in header), None)
    if found is None:
        raise BadRequestError(
            Text(
                th=f"ไฟล์หมุดไม่มีคอลัมน์ {wanted} บรรทัดแรกต้องเป็น name,x,y,true_x,true_y",
                en=f"The control points have no column {wanted}: the first line must be "
                "name,x,y,true_x,true_y.",
            )
        )
    return found


def _figure(cell: str) -> float:
    value = number(cell)
    if value is None:
        raise Unreadable(cell)
    return value


def point(
    name: str,
    in_file: tuple[float, float],
    true: tuple[float, float],
    town: TownArea,
    true_crs: CRS | None = None,
) -> ControlPoint:
    """A control point with its true place brought to the town's CRS."""
    degrees = abs(true[0]) <= 180 and abs(true[1]) <= 90  # noqa: PLR2004
    source = true_crs or (transform.WGS84 if degrees else town.crs)
    if is_indian(source):
        raise RefusedError(
            Text(
                th="พิกัดจริงของหมุดต้องเป็น WGS 84 ไม่ใช่ Indian 1975",
                en="True places of control points must be in WGS 84, not on Indian 1975.",
            )
        )
    turn = transform.between(source, town.crs)
    east, north = turn.transform(*true) if turn else (float("nan"), float("nan"))
    if not np.isfinite([east, north]).all():
        raise RefusedError(
            Text(
                th=f"พิกัดจริงของหมุด {name} ใช้ไม่ได้ ({true[0]}, {true[1]})",
                en=f"The true place of {name} cannot be used ({true[0]}, {true[1]}).",
            )
        )
    return ControlPoint(name, *in_file, float(east), float(north))


def check(points: Sequence[ControlPoint], town: TownArea, stated: CRS | None) -> Control:
    """Try every operation on the points; `stated` is the CRS the file's numbers are said to be in.

    RefusedError without points, or where not one reading leads to the town's CRS.
    """
    if not points:
        raise RefusedError(
            Text(th="ไม่มีหมุดควบคุมเลย", en="There are no control points. Give a file, or --add.")
        )
    modern, old = _readings(points, town, stated)
    found = [_trial(points, NONE, modern, transform.between(modern, town.crs), _AS_IT_IS)]
    for each in transform.operations(old, town.crs, superseded=True):
        code = next((code for code in transform.codes(each) if code in PINNED), None)
        if code:
            found.append(_trial(points, code, old, each, _operation_name(each)))
    good = [trial for trial in found if trial is not None]
    good.sort(key=lambda trial: trial.rms_m)
    wrong = _trial(points, FORBIDDEN_OPERATION, old, transform.trap(old, town.crs), _TRAP)
    if not good:
        raise RefusedError(
            Text(
                th="อ่านพิกัดของหมุดในไฟล์ไม่ได้เลย ตรวจ --crs",
                en="The file's places of the points cannot be read at all; check --crs.",
            )
        )
    best, verdict = _verdict(good, wrong)
    return Control(
        town_crs=label(town.crs),
        points=len(points),
        trials=(*good, *([wrong] if wrong else [])),
        best=best,
        verdict=verdict,
        warnings=tuple(_warnings(points, good)),
    )


_AS_IT_IS = Text(th="ไม่แปลง (WGS 84 อยู่แล้ว)", en="no shift (the numbers are WGS 84 already)")
_TRAP = Text(
    th="ค่าเริ่มต้นของโปรแกรม ห้ามใช้", en="what programs take by default; never used, shown as a warning"
)


def _operation_name(transformer: Transformer) -> Text:
    names = [
        str(step["name"])
        for step in transform.steps(transformer)
        if step.get("type") != "Conversion" and "axis order" not in str(step.get("name"))
    ]
    return Text(th=names[0], en=names[0])


def _readings(
    points: Sequence[ControlPoint], town: TownArea, stated: CRS | None
) -> tuple[CRS, CRS]:
    """The two ways to read the file's numbers: on WGS 84, and on Indian 1975; same projection."""
    degrees = all(abs(each.x) <= 180 and abs(each.y) <= 90 for each in points)  # noqa: PLR2004
    if degrees:
        return transform.WGS84, CRS.from_epsg(4240)
    named = town.crs if stated is None else stated
    zone = str(transform.registered(named).utm_zone or town.crs.utm_zone or "")
    number_of_zone = int(zone[:-1]) if zone[:-1].isdigit() else 0
    old = INDIAN_PROJECTED.get(number_of_zone)
    if old is None:
        raise RefusedError(
            Text(
                th="ตรวจได้เฉพาะพิกัด UTM โซน 47 กับ 48 หรือองศา ระบุ --crs",
                en="Only UTM zones 47 and 48 and degrees can be checked; say --crs.",
            )
        )
    return CRS.from_epsg(32600 + number_of_zone), CRS.from_epsg(old)


def _trial(
    points: Sequence[ControlPoint],
    code: str,
    source: CRS,
    turn: Transformer | None,
    name: Text,
) -> Trial | None:
    if turn is None:
        return None
    turned = turn.transform([each.x for each in points], [each.y for each in points])
    true = np.array([[each.east, each.north] for each in points])
    off: Any = np.column_stack(turned) - true
    if not np.isfinite(off).all():
        return None
    mean = off.mean(axis=0)
    return Trial(
        operation=code,
        crs=label(source),
        name=name,
        forbidden=code == FORBIDDEN_OPERATION,
        residuals=tuple(
            Residual(
                name=each.name,
                east_m=round(float(e), 2),
                north_m=round(float(n), 2),
                distance_m=round(float(np.hypot(e, n)), 2),
            )
            for each, (e, n) in zip(points, off, strict=True)
        ),
        mean_east_m=round(float(mean[0]), 2),
        mean_north_m=round(float(mean[1]), 2),
        rms_m=round(_rms(off), 2),
        spread_m=round(_rms(off - mean), 2),
    )


def _rms(off: Any) -> float:
    return float(np.sqrt((off**2).sum(axis=1).mean()))


def _verdict(good: Sequence[Trial], wrong: Trial | None) -> tuple[str | None, Text]:
    best = good[0]
    if best.rms_m > FITS_M:
        closer = wrong is not None and wrong.rms_m < best.rms_m
        why_th = " (EPSG:1812 ใกล้กว่า แปลว่าไฟล์เคยถูกแปลงด้วยค่าเริ่มต้นที่ผิดมาก่อน)" if closer else ""
        why_en = (
            " EPSG:1812 comes closer: the file, or the true places, were once turned by it."
            if closer
            else ""
        )
        return None, Text(
            th=f"ไม่มีวิธีใดเข้ากัน ที่ใกล้สุด {best.operation} ยังคลาด {best.rms_m:,.1f} ม."
            f" ตรวจโซน UTM หน่วย ลำดับแกน และหมุด{why_th}",
            en=f"No operation fits: the closest, {best.operation}, still leaves "
            f"{best.rms_m:,.1f} m (RMS). Check the UTM zone, units, axis order and the "
            f"points.{why_en}",
        )
    equal = [each.operation for each in good[1:] if each.rms_m - best.rms_m < 1 and best.rms_m]
    also_th = f" ({', '.join(equal)} ต่างกันไม่ถึง 1 ม.)" if equal else ""
    also_en = f" ({', '.join(equal)} within 1 m of it)" if equal else ""
    return best.operation, Text(
        th=f"ที่เข้ากันที่สุด: {best.operation} คลาด {best.rms_m:,.2f} ม. (RMS){also_th}"
        f" นำเข้าด้วย {best.options}",
        en=f"Best: {best.operation}, {best.rms_m:,.2f} m left (RMS){also_en}. "
        f"Import with {best.options}",
    )


def _warnings(points: Sequence[ControlPoint], good: Sequence[Trial]) -> list[Text]:
    found: list[Text] = []
    if len(points) < _ENOUGH:
        found.append(
            Text(
                th=f"มีหมุดเพียง {len(points)} ควรมีอย่างน้อย {_ENOUGH} กระจายทั่วเมือง",
                en=f"Only {len(points)} points: use at least {_ENOUGH}, spread over the town.",
            )
        )
    best = good[0]
    if len(best.residuals) >= _ENOUGH:
        off = np.array([[each.east_m, each.north_m] for each in best.residuals])
        away = np.hypot(*(off - np.median(off, axis=0)).T)
        usual = float(np.median(away))
        found += [
            Text(
                th=f"หมุด {each.name} ต่างจากหมุดอื่น {distance:,.1f} ม. น่าจะผิด",
                en=f"{each.name} differs from the others by {distance:,.1f} m: probably wrong.",
            )
            for each, distance in zip(best.residuals, away, strict=True)
            if distance > max(_OUTLIER_M, 3 * usual)
        ]
    return found
