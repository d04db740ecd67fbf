"""A column of cells to a column of values: code lists, units, and what could not be read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from etl import units, values
from etl.plan import Entry
from etl.steps import EXAMPLES, Notes
from etl.values import DateOrder, Unreadable, Value
from layers.model import Field, FieldType
from layers.text import Text


@dataclass(frozen=True)
class Column:
    """Values of one field, and the numbers of the rows whose cell could not be read."""

    found: list[Value]
    unreadable: tuple[int, ...]


def read_column(
    entry: Entry,
    cells: Sequence[object],
    rows: Sequence[int],
    notes: Notes,
    *,
    is_key: bool = False,
    bounded: bool = False,
) -> Column:
    """Read one column, noting what is odd.

    A cell that cannot be read refuses its row when the field is required; otherwise the value
    stays empty and a warning says so, because a parcel with a bad date is still a parcel.
    `bounded` also empties values outside the field's range (used for joined tables; the database
    refuses such rows of the file itself).
    """
    field = entry.field
    read = _reader(entry, cells, notes, is_key=is_key)
    # a code list may say what an empty cell means
    empty = entry.codes.get("") or None
    found: list[Value] = []
    failed: list[tuple[int, object]] = []
    outside: list[tuple[int, object]] = []
    for row, cell in zip(rows, cells, strict=True):
        try:
            value = empty if _is_null(cell, entry) else read(cell)
        except Unreadable:
            failed.append((row, cell))
            value = None
        if bounded and isinstance(value, int | float) and not _within(field, value):
            outside.append((row, cell))
            value = None
        found.append(value)
    _note_failed(field, failed, notes)
    _note_outside(field, outside, notes)
    return Column(found, tuple(row for row, _cell in failed))


def _is_null(cell: object, entry: Entry) -> bool:
    return values.is_nothing(cell) or (bool(entry.nulls) and values.text(cell) in entry.nulls)


def _reader(
    entry: Entry, cells: Sequence[object], notes: Notes, *, is_key: bool
) -> Callable[[object], Value]:
    field = entry.field
    if field.codes and field.type is FieldType.TEXT:
        match = cache(lambda word: match_code(field, word, entry.codes))
        return lambda cell: match(values.text(cell))
    if field.codes:
        return lambda cell: (
            [match_code(field, word, entry.codes) or "" for word in values.text_list(cell) or []]
            or None
        )
    if entry.unit is not None:
        unit = entry.unit
        return lambda cell: units.convert(cell, unit)
    if is_key or field.references:
        return values.key
    order: DateOrder = "dmy"
    if field.type in (FieldType.DATE, FieldType.DATETIME):
        order = _order(field, cells, notes)
    return values.reader_for(field, order)


def _order(field: Field, cells: Sequence[object], notes: Notes) -> DateOrder:
    found = values.date_order(cells)
    notes.find(
        "mixed_dates",
        "warning",
        Text(
            th=f"{field.name}: วันที่ในคอลัมน์สลับลำดับวัน/เดือนไม่เหมือนกันทุกแถว อ่านเป็น วัน/เดือน/ปี",
            en=f"{field.name}: some dates are day-first, some month-first; read as day-first",
        ),
        count=int(found == "mixed"),
    )
    notes.find(
        "ambiguous_dates",
        "warning",
        Text(
            th=f"{field.name}: ไม่มีวันที่ใดบอกได้ว่าวันหรือเดือนมาก่อน อ่านเป็น วัน/เดือน/ปี",
            en=f"{field.name}: no date shows whether day or month comes first; read as day-first",
        ),
        count=int(found == "open"),
    )
    return "mdy" if found == "mdy" else "dmy"


def match_code(field: Field, word: str | None, codes: Mapping[str, str]) -> str | None:
    """Our code for a file's word: the code list given, our own value, or its label in th or en."""
    if word is None:
        return None
    if word in codes:
        return codes[word] or None
    for pattern, ours in codes.items():
        if any(sign in pattern for sign in "*?[") and fnmatchcase(word, pattern):
            return ours or None
    plain = word.casefold()
    for code in field.codes:
        if plain in (code.value.casefold(), code.label.th.casefold(), code.label.en.casefold()):
            return code.value
    raise Unreadable(word)


def _within(field: Field, value: float) -> bool:
    low = field.minimum is None or value >= field.minimum
    return low and (field.maximum is None or value <= field.maximum)


def _note_failed(field: Field, failed: list[tuple[int, object]], notes: Notes) -> None:
    if not failed:
        return
    counted = Counter(str(cell) for _row, cell in failed)
    examples = [f"“{word}” x {count}" for word, count in counted.most_common(EXAMPLES)]
    if field.required:
        for row, cell in failed:
            notes.refuse(
                [row],
                Text(
                    th=f"อ่านค่า “{cell}” ของช่อง {field.title.th} ไม่ได้",
                    en=f"The value “{cell}” of {field.name} cannot be read.",
                ),
            )
        return
    if field.codes:
        known = ", ".join(code.value for code in field.codes)
        text = Text(
            th=f"{field.name}: คำที่ไม่อยู่ในรายการรหัส ({known}) ถูกเว้นว่าง",
            en=f"{field.name}: words that are not in the code list ({known}) left empty",
        )
        notes.find("unknown_code", "warning", text, count=len(failed), examples=examples)
        return
    text = Text(
        th=f"{field.name}: ค่าที่อ่านเป็น{_KINDS[field.type].th}ไม่ได้ ถูกเว้นว่าง",
        en=f"{field.name}: values that are not {_KINDS[field.type].en} left empty",
    )
    notes.find("unreadable_value", "warning", text, count=len(failed), examples=examples)


def _note_outside(field: Field, outside: list[tuple[int, object]], notes: Notes) -> None:
    notes.find(
        "out_of_range",
        "warning",
        Text(
            th=f"{field.name}: ค่านอกช่วงที่เป็นไปได้ในตาราง ถูกเว้นว่าง",
            en=f"{field.name}: values of the table outside the possible range left empty",
        ),
        count=len(outside),
        examples=[f"row {row}: {cell}" for row, cell in outside],
    )


_KINDS = {
    FieldType.TEXT: Text(th="ข้อความ", en="text"),
    FieldType.INTEGER: Text(th="จำนวนเต็ม", en="a whole number"),
    FieldType.NUMBER: Text(th="ตัวเลข", en="a number"),
    FieldType.BOOLEAN: Text(th="ใช่/ไม่ใช่", en="yes or no"),
    FieldType.DATE: Text(th="วันที่", en="a date"),
    FieldType.DATETIME: Text(th="วันเวลา", en="a date and time"),
    FieldType.TEXT_LIST: Text(th="รายการ", en="a list"),
}
