"""A look into a file without loading it: layers, counts, types, CRS and encoding, problems."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from etl import crs, geometry, rasters
from etl.formats import Format
from etl.looked import Column, LayerLook, Look, Problem
from etl.mask import HIDDEN, looks_personal, shown
from etl.places import lonlat_columns
from etl.read import WKB, Limits, Read, first, read
from etl.transform import WGS84, between
from etl.unpack import Source, locate, members
from etl.values import is_nothing
from layers.errors import RefusedError
from layers.text import Text

_EXAMPLES = 3


def look(path: Path, *, encoding: str | None = None, limits: Limits = Limits()) -> Look:
    """Look into a file; RefusedError when it is none that can be read.

    Text in an unsure or wrong encoding is shown with the problem, not refused.
    """
    found: list[LayerLook] = []
    source = None
    for member in members(path):
        with tempfile.TemporaryDirectory(prefix="muang-") as folder:
            scratch = Path(folder)
            source = locate(path, scratch, member=member)
            if source.format is Format.GEOTIFF:
                found.append(_raster(path, scratch))
            else:
                found += _layers(source, scratch, member, encoding, limits)
    if source is None:
        raise RuntimeError("a file has at least one member")
    return Look(
        file=path.name,
        format=source.format.value,
        sha256=source.sha256,
        bytes=source.size,
        layers=tuple(found),
    )


def _layers(
    source: Source, scratch: Path, member: str | None, encoding: str | None, limits: Limits
) -> list[LayerLook]:
    """Every layer; one that cannot be read among several is shown with the reason."""
    names, only = first(source, scratch, encoding=encoding, limits=limits, strict=False)
    if only is not None:
        return [_layer(only, member or only.layer)]
    found = []
    for name in names:
        try:
            table = read(
                source, scratch, layer=name, encoding=encoding, limits=limits, strict=False
            )
        except RefusedError as error:
            found.append(_unreadable(name, error))
        else:
            found.append(_layer(table, name))
    return found


def _unreadable(name: str, error: RefusedError) -> LayerLook:
    return LayerLook(
        name=name,
        read=0,
        geometry_types={},
        crs=None,
        crs_evidence=_NOT_SAID,
        bounds=None,
        bounds_lonlat=None,
        encoding=None,
        encoding_evidence="",
        columns=(),
        problems=(Problem(kind="unreadable", count=1, text=error.detail),),
    )


def _raster(path: Path, scratch: Path) -> LayerLook:
    told = rasters.facts(path, scratch)
    stated = CRS.from_user_input(told["crs"]) if told["crs"] else None
    west, south, east, north = (float(value) for value in told["bounds"])
    bounds = (west, south, east, north)
    return LayerLook(
        name=None,
        read=int(told["rows"]) * int(told["columns"]),
        geometry_types={f"{told['dtype']} {told['columns']} x {told['rows']}": 1},
        crs=crs.label(stated) if stated is not None else None,
        crs_evidence=_NOT_SAID if stated is None else _STATED,
        bounds=bounds,
        bounds_lonlat=_lonlat(bounds, stated),
        encoding=None,
        encoding_evidence=f"datum: {told['datum'] or '?'}; nodata: {told['nodata'] or '-'}",
        columns=(),
        problems=() if stated is not None else (_problem("no_crs", 1, _NO_CRS),),
    )


_NOT_SAID = Text(th="ไฟล์ไม่ได้บอก", en="the file does not say")
_STATED = Text(th="ไฟล์บอกไว้เอง", en="stated by the file or its format")
_NO_CRS = Text(th="ไม่รู้ระบบพิกัด", en="the CRS is not known")


def _layer(table: Read, name: str | None) -> LayerLook:
    rows = range(1, table.rows + 1)
    whole = table.table
    shapes = np.empty(0, dtype=object)
    problems: list[Problem] = []
    if table.has_geometry:
        shapes, outcome = geometry.parse_wkb(whole.column(WKB).to_pylist(), list(rows))
        problems += [
            _problem("broken_geometry", 1, refusal.reason) for refusal in outcome.refused[:1]
        ]
        problems += _shape_problems(shapes)
    stated, label, evidence = _crs(table)
    if table.has_geometry:
        problems += _crs_problems(shapes, stated)
    bounds = _bounds(shapes)
    return LayerLook(
        name=name,
        read=len(rows),
        geometry_types=_types(shapes),
        crs=label,
        crs_evidence=evidence,
        bounds=bounds,
        bounds_lonlat=_lonlat(bounds, stated),
        encoding=table.encoding,
        encoding_evidence=table.encoding_evidence,
        columns=tuple(_column(whole, column) for column in table.columns),
        encoding_confidence=table.encoding_confidence,
        problems=(*problems, *_read_problems(table)),
    )


def _crs(table: Read) -> tuple[CRS | None, str | None, Text]:
    if not table.has_geometry:
        pair = lonlat_columns(table.columns)
        if pair is None:
            return None, None, Text(th="เป็นตาราง ไม่มีตำแหน่ง", en="a table, without places")
        return (
            None,
            None,
            Text(
                th=f"ตารางที่มีพิกัดในคอลัมน์ {pair[0]}, {pair[1]} นำเข้าเป็นจุดได้ด้วย --crs",
                en=f"a table with coordinates in {pair[0]}, {pair[1]}: import as points with --crs",
            ),
        )
    if table.crs is None:
        return None, None, _NOT_SAID
    try:
        known = crs.horizontal(CRS.from_user_input(table.crs))
    except CRSError:
        return None, None, Text(th="บอกไว้แต่อ่านไม่ได้", en="stated, but it cannot be understood")
    return known, crs.label(known), _STATED


def _types(shapes: Any) -> dict[str, int]:
    present = shapes[~shapely.is_missing(shapes)]
    names = Counter(str(shape.geom_type) for shape in present)
    return dict(names.most_common())


def _bounds(shapes: Any) -> tuple[float, float, float, float] | None:
    if shapes.size == 0:
        return None
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    return None if np.isnan(west) else (west, south, east, north)


def _lonlat(
    bounds: tuple[float, float, float, float] | None, known: CRS | None
) -> tuple[float, float, float, float] | None:
    if bounds is None or known is None or crs.label(known) == "EPSG:4326":
        return bounds if known is not None else None
    turn = between(known, WGS84)
    if turn is None:
        return None
    turned = tuple(float(value) for value in turn.transform_bounds(*bounds))
    return turned if all(np.isfinite(turned)) else None  # type: ignore[return-value]  # four of them


def _shape_problems(shapes: Any) -> list[Problem]:
    missing = shapely.is_missing(shapes)
    empty = shapely.is_empty(shapes) & ~missing
    broken = ~shapely.is_valid(shapes) & ~missing
    reasons = Counter(
        str(reason).split("[")[0] for reason in shapely.is_valid_reason(shapes[broken])
    )
    listed = ", ".join(f"{reason} x {count}" for reason, count in reasons.most_common(4))
    dimensions = {int(value) for value in shapely.get_dimensions(shapes) if value >= 0}
    found = [
        _problem("null_geometry", missing, Text(th="แถวที่ไม่มีรูป", en="rows without a shape")),
        _problem("empty_geometry", empty, Text(th="รูปว่าง", en="empty shapes")),
        _problem(
            "invalid_geometry",
            broken,
            Text(th=f"รูปผิด ({listed})", en=f"invalid shapes ({listed})"),
        ),
        _problem(
            "has_z_or_m",
            shapely.has_z(shapes) | shapely.has_m(shapes),
            Text(th="มีค่าความสูงหรือค่า M", en="shapes with heights or measures (Z/M)"),
        ),
        _problem(
            "mixed_geometry",
            len(shapes) if len(dimensions) > 1 else 0,
            Text(th="จุด เส้น พื้นที่ปนกัน", en="points, lines and areas mixed"),
        ),
    ]
    return [problem for problem in found if problem.count]


def _crs_problems(shapes: Any, known: CRS | None) -> list[Problem]:
    bounds = _bounds(shapes)
    if known is None:
        return [_problem("no_crs", 1, _NO_CRS)]
    if bounds is not None and known.is_geographic and not crs.within_lonlat(bounds):
        text = Text(
            th="พิกัดไม่ใช่ลองจิจูด-ละติจูดตามที่ระบบพิกัดบอก",
            en="coordinates are not the longitudes and latitudes the CRS calls for",
        )
        return [_problem("not_degrees", 1, text)]
    return []


def _read_problems(table: Read) -> list[Problem]:
    """What the reader itself has to say."""
    found = [Problem(kind=f.kind, count=f.count, text=f.text) for f in table.findings]
    if table.messages:
        lines = "; ".join(table.messages[:3])[:300]
        text = Text(th=f"ตัวอ่านบอกว่า: {lines}", en=f"the reader says: {lines}")
        found.append(Problem(kind="reader_messages", count=len(table.messages), text=text))
    return found


def _problem(kind: str, where: Any, text: Text) -> Problem:
    count = where if isinstance(where, int) else int(np.asarray(where).sum())
    return Problem(kind=kind, count=count, text=text)


def _column(table: pa.Table, name: str) -> Column:
    column = table.column(name)
    cells = [cell for cell in column.to_pylist() if not is_nothing(cell)]
    examples = tuple(dict.fromkeys(shown(cell) for cell in cells[:200]))[:_EXAMPLES]
    if examples and looks_personal(name):
        examples = (HIDDEN,)
    return Column(name=name, type=str(column.type), filled=len(cells), examples=examples)
