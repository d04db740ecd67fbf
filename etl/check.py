"""Quality checks on rows ready to load. They refuse nothing: they say what a person should see."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from db.staging import Repeats
from etl.crs import TownArea
from etl.steps import EXAMPLES, GEOM, Finding, Notes, Outcome
from layers.model import FieldType, Layer
from layers.text import Text

_SLIVER_M2 = 1.0
_MOJIBAKE_SHARE = 0.3
_MIN_LETTERS = 20
_NO_LETTER = re.compile(r"[\W\d_]+")
_THAI = re.compile("[\u0e00-\u0e7f]")
_WESTERN = re.compile("[\u00a1-\u00ff]")


class Checker:
    """Everything odd about the rows of one import: missing keys, repeats, place, slivers, Thai.

    Keys that are repeated are found in the database, where all rows are together.
    """

    def __init__(self, layer: Layer, town: TownArea) -> None:
        self._layer, self._town = layer, town
        self._prints: list[np.ndarray[Any, np.dtype[np.int64]]] = []
        self._rows: list[np.ndarray[Any, np.dtype[np.int64]]] = []
        self._letters = Counter[str]()

    def check(self, frame: pd.DataFrame) -> Outcome:
        """Look at one batch."""
        notes = Notes()
        layer = self._layer
        _missing_keys(frame, layer, notes)
        self._remember(frame)
        if layer.geometry is not None and len(frame):
            if layer.id != "town_boundary" and self._town.boundary is not None:
                _place(frame, self._town.boundary, notes)
            if layer.geometry.dimension == 2:  # noqa: PLR2004  an area
                _slivers(frame, notes)
        for field in layer.fields:
            if field.type is FieldType.TEXT and field.name in frame.columns:
                self._letters.update(_letters(frame[field.name]))
        return notes.take(frame)[1]

    def finish(self) -> Outcome:
        """What only all rows together show."""
        notes = Notes()
        self._repeats(notes)
        if self._layer.geometry is not None and self._layer.id != "town_boundary":
            _no_boundary(self._town, notes)
        self._garbled(notes)
        return notes.take(pd.DataFrame())[1]

    def _remember(self, frame: pd.DataFrame) -> None:
        """Keep a print of each row's content.

        64 bits: that two of a million rows are equal by chance is one in thirty million.
        """
        columns: list[Sequence[Any]] = [
            frame[name].map(_hashable).tolist() for name in frame.columns if name != GEOM
        ]
        if GEOM in frame.columns:
            columns.append(shapely.to_wkb(shapely.normalize(frame[GEOM].to_numpy())).tolist())
        prints = [hash(content) for content in zip(*columns, strict=True)]
        self._prints.append(np.array(prints, dtype=np.int64))
        self._rows.append(np.asarray(frame.index, dtype=np.int64))

    def _repeats(self, notes: Notes) -> None:
        """Rows equal to an earlier one in every field and in shape."""
        if not self._prints:
            return
        prints, rows = np.concatenate(self._prints), np.concatenate(self._rows)
        _unique, first, which = np.unique(prints, return_index=True, return_inverse=True)
        again = np.flatnonzero(first[which] != np.arange(prints.size))
        notes.find(
            "repeated_row",
            "warning",
            Text(
                th="แถวที่เหมือนแถวก่อนหน้าทุกช่องรวมทั้งรูป",
                en="rows equal to an earlier row in every field and in shape",
            ),
            count=int(again.size),
            examples=[f"row {rows[at]} = row {rows[first[which[at]]]}" for at in again[:EXAMPLES]],
        )

    def _garbled(self, notes: Notes) -> None:
        """Thai read in a Western code page: letters U+00A1-00FF where U+0E00-0E7F belong."""
        thai, western, letters = (self._letters[kind] for kind in ("thai", "western", "all"))
        suspicious = western > _MIN_LETTERS and western > thai
        notes.find(
            "garbled_text",
            "warning",
            Text(
                th="ข้อความน่าจะเป็นภาษาไทยที่อ่านผิดรหัส ลองนำเข้าใหม่ด้วย --encoding cp874",
                en="the text looks like Thai read in the wrong encoding: try --encoding cp874",
            ),
            count=int(suspicious and western > _MOJIBAKE_SHARE * letters),
        )


def _missing_keys(frame: pd.DataFrame, layer: Layer, notes: Notes) -> None:
    names = [name for name in layer.natural_key if name in frame.columns]
    if not names:
        return
    empty = frame.index[frame[names].isna().any(axis=1)]
    named = ", ".join(layer.natural_key)
    notes.find(
        "missing_key",
        "warning",
        Text(th=f"แถวที่ไม่มีรหัส ({named})", en=f"rows without a key ({named})"),
        count=len(empty),
        examples=[f"row {row}" for row in empty[:EXAMPLES]],
    )


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def repeated_keys(layer: Layer, repeats: Repeats) -> tuple[Finding, ...]:
    """What the database found of keys that several rows have."""
    notes = Notes()
    named = ", ".join(layer.natural_key)
    notes.find(
        "repeated_key",
        "warning",
        Text(
            th=f"รหัส ({named}) {repeats.keys:,} รหัสซ้ำกันใน {repeats.rows:,} แถว",
            en=f"{repeats.keys:,} keys ({named}) are used by more than one row, "
            f"{repeats.rows:,} rows together",
        ),
        count=repeats.rows,
        examples=[f"{key} x {count}" for key, count in repeats.examples],
    )
    return tuple(notes.findings)


def _no_boundary(town: TownArea, notes: Notes) -> None:
    notes.find(
        "no_boundary",
        "note",
        Text(
            th="เมืองนี้ยังไม่มีเขต จึงไม่ได้ตรวจว่าอยู่ในเขตหรือไม่",
            en="the town has no boundary yet, so nothing was checked against it",
        ),
        count=int(town.boundary is None),
    )


def _place(frame: pd.DataFrame, boundary: shapely.Geometry, notes: Notes) -> None:
    shapes = frame[GEOM].to_numpy()
    shapely.prepare(boundary)
    outside = ~np.asarray(shapely.intersects(boundary, shapes))
    if not outside.any():
        return
    away = shapely.distance(boundary, shapes[outside])
    rows = frame.index[outside]
    order = np.argsort(-away, kind="stable")[:EXAMPLES]
    notes.find(
        "outside_boundary",
        "warning",
        Text(
            th="อยู่นอกเขตเมืองทั้งรูป ไกลสุด {most:,.0f} ม. (นำเข้าแล้ว)",
            en="wholly outside the town's boundary, at most {most:,.0f} m away (loaded)",
        ),
        count=int(outside.sum()),
        examples=[f"row {rows[at]}: {away[at]:,.0f} m" for at in order],
        total=0.0,
        most=float(away.max()),
        ranks=[float(away[at]) for at in order],
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


def _letters(values: Iterable[object]) -> dict[str, int]:
    """Letters by kind in a column of texts."""
    whole = "".join(value for value in values if isinstance(value, str))
    letters = len(_NO_LETTER.sub("", whole))
    if whole.isascii():
        return {"all": letters}
    return {
        "thai": len(_THAI.findall(whole)),
        "western": len(_WESTERN.findall(whole)),
        "all": letters,
    }
