"""Geometry steps: from whatever a file holds to valid, two-dimensional shapes of the layer's type.

Pure, on frames of `etl.steps`; shapes are in the town's projected CRS (metres).
"""

from typing import Any, cast

import numpy as np
import pandas as pd
import shapely

from etl.steps import GEOM, Notes, Outcome
from layers.model import GeometryKind, Layer
from layers.text import Text

Shapes = np.ndarray[Any, np.dtype[np.object_]]

_MULTI = {
    GeometryKind.POINT: None,
    GeometryKind.MULTILINESTRING: shapely.multilinestrings,
    GeometryKind.MULTIPOLYGON: shapely.multipolygons,
}
_TYPE_IDS = {
    GeometryKind.POINT: (0, 0),
    GeometryKind.MULTILINESTRING: (1, 5),
    GeometryKind.MULTIPOLYGON: (3, 6),
}
"""GEOS type ids of the single and the multi shape of each kind."""
_COLLECTION = 7
_DIMENSIONS = {0: 0, 4: 0, 1: 1, 2: 1, 5: 1, 3: 2, 6: 2}
_WORDS = {
    0: Text(th="จุด", en="a point"),
    1: Text(th="เส้น", en="a line"),
    2: Text(th="พื้นที่", en="an area"),
    -1: Text(th="หลายชนิดปนกัน", en="a mixed collection"),
}
_UNSUPPORTED = (8, 9, 10, 11, 12, 13, 14, 15, 16, 17)


def parse_wkb(blobs: list[bytes | None], rows: list[int]) -> tuple[Shapes, Outcome]:
    """WKB of a file to shapes; a shape that cannot be parsed is missing, and its row refused."""
    notes = Notes()
    curved = {
        row
        for row, blob in zip(rows, blobs, strict=True)
        if blob is not None and _wkb_type(blob) in _UNSUPPORTED
    }
    plain = [None if row in curved else blob for row, blob in zip(rows, blobs, strict=True)]
    shapes = np.asarray(
        shapely.from_wkb(np.array(plain, dtype=object), on_invalid="ignore"), dtype=object
    )
    for at in np.flatnonzero(shapely.get_type_id(shapes) == _COLLECTION):
        if _hides_curves(shapes[at]):
            shapes[at] = None
            curved.add(rows[at])
    broken = [
        (row, blob)
        for row, blob, missing in zip(rows, blobs, shapely.is_missing(shapes), strict=True)
        if missing and blob is not None
    ]
    notes.refuse(
        sorted(curved),
        Text(
            th="รูปมีเส้นโค้ง (curve) หรือเป็นผิวสามมิติ ยังไม่รองรับ โปรดแปลงเป็นเส้นตรงก่อน",
            en="The shape has true curves or is a surface in space, which are not supported: "
            "turn it into straight lines first.",
        ),
    )
    notes.refuse(
        [row for row, _blob in broken if row not in curved],
        Text(
            th="รูปเสีย อ่านไม่ได้ (เช่น วงรูปไม่ปิด หรือจุดไม่พอ)",
            en="The shape is broken and cannot be read (an unclosed ring, or too few points).",
        ),
    )
    return shapes, notes.take(pd.DataFrame())[1]


def _hides_curves(shape: Any) -> bool:
    """Whether a collection holds a kind of shape GEOS parses but cannot work with."""
    try:
        _leaves(shapely.get_parts(shape))
    except NotImplementedError:
        return True
    return False


def parse_one(blob: bytes | None) -> shapely.Geometry | None:
    """One shape from WKB; None when there is none or it cannot be parsed."""
    if blob is None:
        return None
    try:
        return shapely.from_wkb(blob, on_invalid="ignore")
    except NotImplementedError:
        return None


def _wkb_type(blob: bytes) -> int:
    number = int.from_bytes(blob[1:5], "little" if blob[:1] == b"\x01" else "big")
    return (number & 0x0FFFFFFF) % 1000


def refuse_missing(frame: pd.DataFrame) -> tuple[pd.DataFrame, Outcome]:
    """Refuse rows without a shape, with an empty one, or with a coordinate that is no number."""
    notes = Notes()
    shapes = _shapes(frame)
    missing = np.asarray(shapely.is_missing(shapes))
    empty = np.asarray(shapely.is_empty(shapes)) & ~missing
    notes.refuse(frame.index[missing], Text(th="ไม่มีรูปเรขาคณิต", en="There is no geometry."))
    notes.refuse(frame.index[empty], Text(th="รูปเรขาคณิตว่าง", en="The geometry is empty."))
    boxes = shapely.bounds(shapes)
    wild = ~np.isfinite(boxes).all(axis=1) & ~missing & ~empty
    notes.refuse(
        frame.index[wild],
        Text(
            th="พิกัดไม่ใช่ตัวเลขที่ใช้ได้ หรืออยู่นอกขอบเขตของระบบพิกัด",
            en="A coordinate is not a usable number, or lies outside the CRS.",
        ),
    )
    return notes.take(frame)


def flatten(frame: pd.DataFrame) -> tuple[pd.DataFrame, Outcome]:
    """Drop heights (Z) and measures (M); says in how many rows there were any."""
    notes = Notes()
    shapes = _shapes(frame)
    deep = np.asarray(shapely.has_z(shapes) | shapely.has_m(shapes))
    notes.find(
        "dropped_z",
        "note",
        Text(
            th="ตัดค่าความสูง (Z/M) ออกจากรูป เก็บเฉพาะสองมิติ",
            en="heights or measures (Z/M) dropped: shapes are kept in two dimensions",
        ),
        count=int(deep.sum()),
        examples=list(frame.index[deep]),
    )
    if deep.any():
        frame = frame.assign(**{GEOM: pd.Series(list(shapely.force_2d(shapes)), frame.index)})
    return notes.take(frame)


def repair(frame: pd.DataFrame) -> tuple[pd.DataFrame, Outcome]:
    """Make invalid shapes valid without leaving their dimension; the change of area is reported.

    GEOS "structure" method: holes stay holes and overlaps of one feature are not counted twice.
    A shape that falls to a lower dimension (a polygon without area) is refused.
    """
    notes = Notes()
    shapes = _shapes(frame)
    bad = ~np.asarray(shapely.is_valid(shapes))
    if not bad.any():
        return notes.take(frame)
    reasons = shapely.is_valid_reason(shapes[bad])
    before = shapely.area(shapes[bad])
    fixed = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    lost = np.asarray(shapely.is_empty(fixed))
    after = shapely.area(fixed)
    rows = frame.index[bad]
    notes.refuse(
        rows[lost],
        Text(
            th="รูปผิดและซ่อมไม่ได้ เพราะไม่เหลือเนื้อที่หรือความยาว",
            en="The shape is invalid and nothing of it remains after repair.",
        ),
    )
    changed = np.abs(after - before)
    order = np.argsort(-changed, kind="stable")
    total = float(changed[~lost].sum())
    notes.find(
        "repaired_geometry",
        "repair",
        Text(
            th=f"ซ่อมรูปที่ผิด (เช่น เส้นตัดกันเอง) เนื้อที่เปลี่ยนรวม {total:,.2f} ตร.ม."
            f" มากสุด {float(changed.max()):,.2f} ตร.ม.",
            en=f"invalid shapes repaired (crossing or touching rings); area changed by "
            f"{total:,.2f} m2 in all, at most {float(changed.max()):,.2f} m2 in one",
        ),
        count=int((~lost).sum()),
        examples=[
            f"row {rows[i]}: {reasons[i].split('[')[0]}, {before[i]:,.2f} -> {after[i]:,.2f} m2"
            for i in order
            if not lost[i]
        ],
    )
    mended = shapes.copy()
    mended[bad] = fixed
    return notes.take(frame.assign(**{GEOM: pd.Series(list(mended), frame.index)}))


def as_layer_type(frame: pd.DataFrame, layer: Layer) -> tuple[pd.DataFrame, Outcome]:
    """Every shape as the layer's type: single to multi, collections unpacked, others refused."""
    kind = layer.geometry
    if kind is None:
        raise ValueError(f"{layer.id} has no geometry")
    notes = Notes()
    shapes = _shapes(frame)
    types = np.asarray(shapely.get_type_id(shapes))
    single, multi = _TYPE_IDS[kind]
    found = np.empty(len(shapes), dtype=object)
    found[types == multi] = shapes[types == multi]
    alone = np.flatnonzero(types == single)
    build = _MULTI[kind]
    if alone.size:
        found[alone] = (
            shapes[alone] if build is None else build(shapes[alone], indices=np.arange(alone.size))
        )
    trimmed: list[int] = []
    for at in np.flatnonzero((types != single) & (types != multi)).tolist():
        row = int(str(frame.index[at]))
        parts = _leaves(shapely.get_parts(shapes[at]))
        right = [part for part in parts if _dimension(part) == kind.dimension]
        found[at] = _assemble(right, kind)
        if found[at] is None:
            notes.refuse([row], _wrong_type(shapes[at], right, kind))
        elif len(right) < len(parts):
            trimmed.append(row)
    notes.find(
        "trimmed_collection",
        "repair",
        Text(
            th="ตัดส่วนที่ไม่ใช่ชนิดของชั้นข้อมูล (เช่น จุดหรือเส้นที่ปนมา) ออกจากรูป",
            en="parts of another kind (stray points or lines) cut from shapes",
        ),
        count=len(trimmed),
        examples=[f"row {row}" for row in trimmed],
    )
    return notes.take(frame.assign(**{GEOM: pd.Series(list(found), frame.index, dtype=object)}))


def _assemble(parts: list[Any], kind: GeometryKind) -> shapely.Geometry | None:
    build = _MULTI[kind]
    if not parts:
        return None
    if build is None:
        distinct = {(part.x, part.y) for part in parts}
        return parts[0] if len(distinct) == 1 else None
    made: Any = build(np.array(parts, dtype=object))
    # parts that were valid one by one may overlap as one: union them, keeping the area once
    if not shapely.is_valid(made):
        made = shapely.make_valid(made, method="structure", keep_collapsed=False)
        if made.geom_type != kind.value:
            made = build(np.array(_leaves(shapely.get_parts(made)), dtype=object))
    return cast("shapely.Geometry", made)


def _leaves(parts: Any) -> list[Any]:
    """Simple shapes inside (nested) collections; rings count as lines."""
    found: list[Any] = []
    for part in parts:
        if shapely.get_type_id(part) in (4, 5, 6, _COLLECTION):
            found += _leaves(shapely.get_parts(part))
        elif not shapely.is_empty(part):
            found.append(part)
    return found


def _dimension(shape: Any) -> int:
    return _DIMENSIONS.get(int(shapely.get_type_id(shape)), -1)


def _wrong_type(shape: Any, right: list[Any], kind: GeometryKind) -> Text:
    if kind is GeometryKind.POINT and right:
        return Text(
            th="มีหลายจุดในแถวเดียว ชั้นข้อมูลนี้เก็บจุดเดียวต่อแถว",
            en="There are several points in one row; this layer keeps one point a row.",
        )
    wanted, found = _WORDS[kind.dimension], _WORDS[_dimension(shape)]
    return Text(
        th=f"รูปเป็น{found.th} แต่ชั้นข้อมูลนี้ต้องการ{wanted.th}",
        en=f"The shape is {found.en}, but this layer needs {wanted.en}.",
    )


def _shapes(frame: pd.DataFrame) -> Shapes:
    return np.asarray(frame[GEOM].to_numpy(), dtype=object)
