"""Geometry steps: from whatever a file holds to valid, two-dimensional shapes of the layer's type.

Pure, on frames of `etl.steps`; shapes are in the town's projected CRS (metres).
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
import shapely

from etl import curves
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
_AREAS = (3, 6)
_JOINED_M2 = 1e-6
_DIMENSIONS = {0: 0, 4: 0, 1: 1, 2: 1, 5: 1, 3: 2, 6: 2}
_WORDS = {
    0: Text(th="จุด", en="a point"),
    1: Text(th="เส้น", en="a line"),
    2: Text(th="พื้นที่", en="an area"),
    -1: Text(th="หลายชนิดปนกัน", en="a mixed collection"),
}


def parse_wkb(blobs: Sequence[bytes | None], rows: Sequence[int]) -> tuple[Shapes, Outcome]:
    """WKB of a file to shapes; a shape that cannot be parsed is missing, and its row refused.

    True curves become chords (`etl.curves`), an open ring of an area is closed; both are said.
    """
    notes = Notes()
    curved = [at for at, blob in enumerate(blobs) if blob and curves.kind_of(blob) > _COLLECTION]
    plain = np.array(blobs, dtype=object)
    plain[curved] = None
    shapes = np.asarray(shapely.from_wkb(plain, on_invalid="ignore"), dtype=object)
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == _COLLECTION)
    curved += [int(at) for at in mixed if _hides_curves(shapes[at])]
    shapes[curved] = None
    surfaces = _straighten(shapes, blobs, curved, rows, notes)
    missing = np.flatnonzero(shapely.is_missing(shapes)).tolist()
    open_ = [at for at in missing if blobs[at] is not None and at not in surfaces]
    _close(shapes, plain, open_, rows, notes)
    notes.refuse(
        [rows[at] for at in open_ if shapes[at] is None],
        Text(
            th="รูปเสีย อ่านไม่ได้ (เช่น ข้อมูลขาดหาย หรือจุดไม่พอ)",
            en="The shape is broken and cannot be read (cut short, or too few points).",
        ),
    )
    return shapes, notes.take(pd.DataFrame())[1]


def _straighten(
    shapes: Shapes,
    blobs: Sequence[bytes | None],
    curved: Sequence[int],
    rows: Sequence[int],
    notes: Notes,
) -> set[int]:
    """Put straightened shapes in the places `curved`; surfaces in space are refused, by place."""
    surfaces: set[int] = set()
    done: list[int] = []
    for at in curved:
        try:
            shapes[at] = curves.straighten(blobs[at] or b"")
            done.append(rows[at])
        except curves.NotStraightenedError:
            surfaces.add(at)
    notes.find(
        "straightened_curve",
        "repair",
        Text(
            th=f"เส้นโค้งแท้ (arc) แปลงเป็นเส้นตรงสั้น ๆ คลาดไม่เกิน {curves.TOLERANCE_M * 100:g} ซม.",
            en="true curves turned into short straight lines, nowhere more than "
            f"{curves.TOLERANCE_M * 100:g} cm off",
        ),
        count=len(done),
        examples=[f"row {row}" for row in done],
    )
    notes.refuse(
        sorted(rows[at] for at in surfaces),
        Text(
            th="รูปเป็นผิวสามมิติ (TIN, polyhedral) หรือเส้นโค้งที่เสีย ใช้ไม่ได้ โปรดบันทึกเป็นรูปสองมิติก่อน",
            en="The shape is a surface in space (TIN, polyhedron) or a broken curve, which cannot "
            "be used: save it as a flat shape first.",
        ),
    )
    return surfaces


def _close(
    shapes: Shapes, blobs: Any, places: Sequence[int], rows: Sequence[int], notes: Notes
) -> None:
    """Close the rings of areas GEOS refuses to parse; other damage stays missing."""
    closed: list[str] = []
    for at in places:
        if blobs[at] is None or curves.kind_of(blobs[at]) not in _AREAS:
            continue
        made = shapely.from_wkb(blobs[at], on_invalid="fix")
        # a ring of two points is stretched to three as well: that is no area anybody drew
        if made is None or "Too few points" in shapely.is_valid_reason(made):
            continue
        shapes[at] = made
        closed.append(f"row {rows[at]}")
    notes.find(
        "closed_ring",
        "repair",
        Text(
            th="ปิดวงของรูปที่จุดสุดท้ายไม่ตรงจุดแรก ด้วยเส้นตรงกลับไปจุดแรก",
            en="rings whose last point was not the first closed by a straight line back to it",
        ),
        count=len(closed),
        examples=closed,
    )


def _hides_curves(shape: Any) -> bool:
    """Whether a collection holds a kind of shape GEOS parses but cannot work with."""
    try:
        return any(
            shapely.get_type_id(part) > _COLLECTION for part in _leaves(shapely.get_parts(shape))
        )
    except NotImplementedError:
        return True


def parse_one(blob: bytes | None) -> shapely.Geometry | None:
    """One shape from WKB; None when there is none or it cannot be parsed."""
    return None if blob is None else cast("Any", parse_wkb([blob], [0])[0][0])


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
    joined: dict[int, float] = {}
    for at in np.flatnonzero((types != single) & (types != multi)).tolist():
        row = int(str(frame.index[at]))
        parts = _leaves(shapely.get_parts(shapes[at]))
        right = [part for part in parts if _dimension(part) == kind.dimension]
        found[at] = _assemble(right, kind)
        if found[at] is None:
            notes.refuse([row], _wrong_type(shapes[at], right, kind))
        elif len(right) < len(parts):
            trimmed.append(row)
        if found[at] is not None and kind is GeometryKind.MULTIPOLYGON:
            twice = float(sum(part.area for part in right) - found[at].area)
            if twice > _JOINED_M2:
                joined[row] = twice
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
    notes.find(
        "joined_parts",
        "repair",
        Text(
            th="ส่วนของรูปเดียวกันที่ทับกันรวมเป็นส่วนเดียว เนื้อที่ทับรวม {total:,.2f} ตร.ม.",
            en="overlapping parts of one shape joined; {total:,.2f} m2 were covered twice",
        ),
        count=len(joined),
        examples=[f"row {row}: {area:,.2f} m2" for row, area in joined.items()],
        total=sum(joined.values()),
        most=max(joined.values(), default=0.0),
    )
    return notes.take(frame.assign(**{GEOM: pd.Series(list(found), frame.index, dtype=object)}))


def tidy(frame: pd.DataFrame, layer: Layer) -> tuple[pd.DataFrame, Outcome]:
    """Points that repeat the one before them left out; outer rings turned counter-clockwise.

    Neither changes what a shape covers. One way round for all (that of GeoJSON, RFC 7946) makes a
    file and its export the same bytes, whichever format it came in.
    """
    if layer.geometry is None or layer.geometry is GeometryKind.POINT or frame.empty:
        return frame, Outcome()
    notes = Notes()
    shapes = _shapes(frame)
    slim = np.asarray(shapely.remove_repeated_points(shapes, 0.0), dtype=object)
    fewer = shapely.get_num_coordinates(shapes) - shapely.get_num_coordinates(slim)
    rows = frame.index[fewer > 0]
    notes.find(
        "repeated_points",
        "repair",
        Text(
            th="ตัดจุดที่ซ้ำกับจุดก่อนหน้า {total:,.0f} จุด รูปไม่เปลี่ยน",
            en="{total:,.0f} points that repeat the one before them left out; shapes unchanged",
        ),
        count=len(rows),
        examples=[f"row {row}: {count}" for row, count in zip(rows, fewer[fewer > 0], strict=True)],
        total=float(fewer.sum()),
    )
    if layer.geometry is GeometryKind.MULTIPOLYGON:
        slim = np.asarray(shapely.orient_polygons(slim), dtype=object)
    return notes.take(frame.assign(**{GEOM: pd.Series(list(slim), frame.index, dtype=object)}))


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
