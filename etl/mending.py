"""Invalid shapes: named, made valid without leaving their dimension, or refused. Pure.

GEOS's "structure" method, not "linework": holes stay holes and an overlap of one feature with
itself is covered once, where linework would cut it out (a hole that sticks out of its shell
would become land outside it). `tests/etl/test_mending.py` compares the two.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import shapely

from etl import flaws
from etl.steps import GEOM, Flaw, Notes, Outcome
from layers.text import Text

MOST_CHANGE = 100.0
"""A repair may change a shape by this many m2 (m for lines), whatever its size,"""
MOST_SHARE = 0.10
"""or by this share of it, whatever the figure; a repair that changes more than both is refused."""

_NOTHING_LEFT = Text(
    th="รูปผิดและซ่อมไม่ได้ เพราะไม่เหลือเนื้อที่หรือความยาว",
    en="The shape is invalid and nothing of it remains after repair.",
)
_TOO_MUCH = Text(
    th=f"รูปผิด และการซ่อมจะเปลี่ยนรูปมากเกินไป (เกินทั้ง {MOST_CHANGE:g} ตร.ม. หรือ ม. และ"
    f" {MOST_SHARE:.0%}) โปรดแก้ที่ต้นทาง",
    en=f"The shape is invalid, and repairing it would change it too much (more than both "
    f"{MOST_CHANGE:g} m2 or m and {MOST_SHARE:.0%}): correct it at its source.",
)
_Shapes = np.ndarray[Any, np.dtype[np.object_]]
Turn = Callable[[_Shapes], _Shapes]


def repair(
    frame: pd.DataFrame, as_read: "pd.Series[Any] | None" = None, turn: Turn | None = None
) -> tuple[pd.DataFrame, Outcome]:
    """Make invalid shapes valid; what was wrong, where, and the change are told row by row.

    `as_read` holds the shapes in the file's coordinates by row, and `turn` brings such to the
    town's: a reason's place is then told in both. A shape that turning alone made valid or
    invalid is told as well: its coordinates were rounded anew.
    """
    notes = Notes()
    shapes = np.asarray(frame[GEOM].to_numpy(), dtype=object)
    before_turning = (
        shapes if as_read is None else np.asarray(as_read.loc[frame.index], dtype=object)
    )
    bad = ~np.asarray(shapely.is_valid(shapes))
    bad_in_file = bad if as_read is None else ~np.asarray(shapely.is_valid(before_turning))
    _tell_turned(frame, bad, bad_in_file, notes)
    if not bad.any():
        return notes.take(frame)
    fixed = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    told = _Told(frame.index[bad], shapes[bad], fixed)
    told.name(before_turning[bad] if as_read is not None else None, turn)
    lost = np.asarray(shapely.is_empty(fixed))
    large = ~lost & (np.abs(told.change) > MOST_CHANGE)
    large &= np.abs(told.change) > MOST_SHARE * np.maximum(told.before, told.after)
    for at in np.flatnonzero(lost | large).tolist():
        notes.refuse([told.rows[at]], _NOTHING_LEFT if lost[at] else _TOO_MUCH, told.detail(at))
    kept = np.flatnonzero(~lost & ~large)
    _tell_repaired(told, kept, notes)
    mended = shapes.copy()
    mended[bad] = fixed
    return notes.take(frame.assign(**{GEOM: pd.Series(list(mended), frame.index, dtype=object)}))


class _Told:
    """Invalid shapes beside what was made of them: sizes, reasons and places."""

    def __init__(self, rows: pd.Index, shapes: _Shapes, fixed: _Shapes) -> None:
        self.rows = rows
        areas = shapely.get_dimensions(shapes) == 2  # noqa: PLR2004 - of an area
        self.units = np.where(areas, "m2", "m")
        self.before = np.where(areas, shapely.area(shapes), shapely.length(shapes))
        self.after = np.where(areas, shapely.area(fixed), shapely.length(fixed))
        self.change = self.after - self.before
        parsed = [flaws.parse(reason) for reason in shapely.is_valid_reason(shapes)]
        self.reasons = [reason for reason, _place in parsed]
        self.places = [place for _reason, place in parsed]
        self.places_in_file: list[tuple[float, float] | None] = [None] * len(parsed)

    def name(self, as_read: _Shapes | None, turn: Turn | None) -> None:
        """Take reasons and places from the file's shapes where those are invalid too."""
        if as_read is None:
            return
        for at, reason in enumerate(shapely.is_valid_reason(as_read)):
            found, place = flaws.parse(reason)
            if found == "Valid Geometry":
                continue
            self.reasons[at], self.places_in_file[at] = found, place
            if place is not None and turn is not None:
                (moved,) = turn(np.array([shapely.Point(place)], dtype=object))
                if moved is not None and np.isfinite([moved.x, moved.y]).all():
                    self.places[at] = (moved.x, moved.y)

    def detail(self, at: int) -> Text:
        """What is wrong with one shape, where, and its size before and after."""
        name, town = flaws.name(self.reasons[at]), flaws.place_text(self.places[at])
        file = flaws.place_text(self.places_in_file[at])
        sizes = f"{self.before[at]:,.2f} -> {self.after[at]:,.2f} {self.units[at]}"
        where_th = f" ที่ {town}" if town else ""
        where_en = f" at {town}" if town else ""
        if file and file != town:
            where_th += f" (ในไฟล์ {file})"
            where_en += f" (in the file {file})"
        return Text(th=f"{name.th}{where_th}; {sizes}", en=f"{name.en}{where_en}; {sizes}")


def _tell_repaired(told: _Told, kept: Any, notes: Notes) -> None:
    changed = np.abs(told.change[kept])
    order = kept[np.argsort(-changed, kind="stable")]
    notes.flaws += [
        Flaw(
            row=int(str(told.rows[at])),
            kind=flaws.word(told.reasons[at]),
            reason=told.detail(at),
            at=told.places[at],
            at_in_file=told.places_in_file[at],
            change=float(told.change[at]),
        )
        for at in kept.tolist()
    ]
    notes.find(
        "repaired_geometry",
        "repair",
        Text(
            th="ซ่อมรูปที่ผิด (เช่น เส้นตัดกันเอง) เนื้อที่เปลี่ยนรวม {total:,.2f} ตร.ม. มากสุด {most:,.2f} ตร.ม.",
            en="invalid shapes repaired (crossing or touching rings); area changed by "
            "{total:,.2f} m2 in all, at most {most:,.2f} m2 in one",
        ),
        count=len(kept),
        examples=[f"row {told.rows[at]}: {told.detail(at).en}" for at in order[:5].tolist()],
        total=float(changed.sum()),
        most=float(changed.max()) if len(kept) else 0.0,
    )


def _tell_turned(frame: pd.DataFrame, bad: Any, bad_in_file: Any, notes: Notes) -> None:
    """Shapes that are invalid in the file and valid in the town's CRS, or the other way round."""
    for kind, odd, text in (
        (
            "invalid_in_file",
            bad_in_file & ~bad,
            Text(
                th="รูปที่ผิดในไฟล์ แต่ถูกเมื่อแปลงเป็นพิกัดของเมือง (ปัดเศษใหม่)",
                en="shapes invalid in the file that are valid in the town's CRS (rounded anew)",
            ),
        ),
        (
            "invalid_once_turned",
            bad & ~bad_in_file,
            Text(
                th="รูปที่ถูกในไฟล์ แต่ผิดเมื่อแปลงเป็นพิกัดของเมือง (ปัดเศษใหม่) และซ่อมแล้ว",
                en="shapes valid in the file that became invalid in the town's CRS (rounded anew)",
            ),
        ),
    ):
        rows = frame.index[odd]
        notes.find(kind, "note", text, count=len(rows), examples=[f"row {row}" for row in rows[:5]])
