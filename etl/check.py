"""Quality checks on rows ready to load. They refuse nothing: they say what a person should see."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from etl.crs import TownArea
from etl.steps import EXAMPLES, GEOM, Notes, Outcome
from layers.model import FieldType, Layer
from layers.text import Text

_SLIVER_M2 = 1.0
_MOJIBAKE_SHARE = 0.3
_MIN_LETTERS = 20


def check(frame: pd.DataFrame, layer: Layer, town: TownArea) -> tuple[pd.DataFrame, Outcome]:
    """Everything odd about the rows: keys, repeats, place, slivers, garbled Thai."""
    notes = Notes()
    _keys(frame, layer, notes)
    _repeats(frame, notes)
    if layer.geometry is not None and len(frame):
        if layer.id != "town_boundary":
            _place(frame, town, notes)
        if layer.geometry.dimension == 2:  # noqa: PLR2004  an area
            _slivers(frame, notes)
    _garbled(frame, layer, notes)
    return notes.take(frame)


def _key_of(frame: pd.DataFrame, layer: Layer) -> list[tuple[Any, ...]]:
    names = [name for name in layer.natural_key if name in frame.columns]
    return list(zip(*(frame[name] for name in names), strict=True)) if names else []


def _keys(frame: pd.DataFrame, layer: Layer, notes: Notes) -> None:
    keys = _key_of(frame, layer)
    named = ", ".join(layer.natural_key)
    empty = [row for row, key in zip(frame.index, keys, strict=True) if None in key]
    notes.find(
        "missing_key",
        "warning",
        Text(th=f"แถวที่ไม่มีรหัส ({named})", en=f"rows without a key ({named})"),
        count=len(empty),
        examples=[f"row {row}" for row in empty],
    )
    counted = Counter(key for key in keys if None not in key)
    repeated = {key: count for key, count in counted.items() if count > 1}
    rows = sum(repeated.values())
    notes.find(
        "repeated_key",
        "warning",
        Text(
            th=f"รหัส ({named}) {len(repeated):,} รหัสซ้ำกันใน {rows:,} แถว",
            en=f"{len(repeated):,} keys ({named}) are used by more than one row, {rows:,} rows "
            "together",
        ),
        count=rows,
        examples=[
            f"{'/'.join(map(str, key))} x {count}"
            for key, count in sorted(repeated.items(), key=lambda item: (-item[1], item[0]))
        ],
    )


def _repeats(frame: pd.DataFrame, notes: Notes) -> None:
    """Rows equal to an earlier one in every field and in shape."""
    columns: list[Sequence[Any]] = [
        frame[name].map(_hashable).tolist() for name in frame.columns if name != GEOM
    ]
    if GEOM in frame.columns:
        columns.append(shapely.to_wkb(shapely.normalize(frame[GEOM].to_numpy())).tolist())
    seen: dict[tuple[Any, ...], int] = {}
    again: list[str] = []
    for row, *content in zip(frame.index, *columns, strict=True):
        first = seen.setdefault(tuple(content), row)
        if first != row:
            again.append(f"row {row} = row {first}")
    notes.find(
        "repeated_row",
        "warning",
        Text(
            th="แถวที่เหมือนแถวก่อนหน้าทุกช่องรวมทั้งรูป",
            en="rows equal to an earlier row in every field and in shape",
        ),
        count=len(again),
        examples=again,
    )


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _place(frame: pd.DataFrame, town: TownArea, notes: Notes) -> None:
    if town.boundary is None:
        notes.find(
            "no_boundary",
            "note",
            Text(
                th="เมืองนี้ยังไม่มีเขต จึงไม่ได้ตรวจว่าอยู่ในเขตหรือไม่",
                en="the town has no boundary yet, so nothing was checked against it",
            ),
            count=1,
        )
        return
    shapes = frame[GEOM].to_numpy()
    shapely.prepare(town.boundary)
    outside = ~np.asarray(shapely.intersects(town.boundary, shapes))
    away = shapely.distance(town.boundary, shapes[outside])
    rows = frame.index[outside]
    order = np.argsort(-away, kind="stable")[:EXAMPLES]
    farthest = float(away.max()) if away.size else 0.0
    notes.find(
        "outside_boundary",
        "warning",
        Text(
            th=f"อยู่นอกเขตเมืองทั้งรูป ไกลสุด {farthest:,.0f} ม. (นำเข้าแล้ว)",
            en=f"wholly outside the town's boundary, at most {farthest:,.0f} m away (loaded)",
        ),
        count=int(outside.sum()),
        examples=[f"row {rows[at]}: {away[at]:,.0f} m" for at in order],
    )


def _slivers(frame: pd.DataFrame, notes: Notes) -> None:
    sizes = shapely.area(frame[GEOM].to_numpy())
    tiny = sizes < _SLIVER_M2
    notes.find(
        "tiny_area",
        "warning",
        Text(
            th=f"รูปที่เล็กกว่า {_SLIVER_M2:g} ตร.ม. อาจเป็นเศษจากการวาด",
            en=f"shapes smaller than {_SLIVER_M2:g} m2, perhaps leftovers of drawing",
        ),
        count=int(tiny.sum()),
        examples=[
            f"row {row}: {size:.3f} m2"
            for row, size in zip(frame.index[tiny], sizes[tiny], strict=True)
        ],
    )


def _garbled(frame: pd.DataFrame, layer: Layer, notes: Notes) -> None:
    """Thai read in a Western code page: letters U+00A1-00FF where U+0E00-0E7F belong."""
    thai = western = letters = 0
    for field in layer.fields:
        if field.type is not FieldType.TEXT or field.name not in frame.columns:
            continue
        for value in frame[field.name]:
            if isinstance(value, str):
                thai += sum("\u0e00" <= sign <= "\u0e7f" for sign in value)
                western += sum("\u00a1" <= sign <= "\u00ff" for sign in value)
                letters += sum(sign.isalpha() for sign in value)
    suspicious = western > _MIN_LETTERS and western > thai and western > _MOJIBAKE_SHARE * letters
    notes.find(
        "garbled_text",
        "warning",
        Text(
            th="ข้อความน่าจะเป็นภาษาไทยที่อ่านผิดรหัส ลองนำเข้าใหม่ด้วย --encoding cp874",
            en="the text looks like Thai read in the wrong encoding: try --encoding cp874",
        ),
        count=int(suspicious),
    )
