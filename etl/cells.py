"""A column of cells to a column of values: code lists, units, and what could not be read.

In two halves, so that a file can be read in pieces: `survey` looks over a whole column once where
one cell cannot say how it is meant (dates), `decide` fixes how the column is read, and the
`Reading` then reads piece after piece the same way. What it could not read is added up in a
`Tally`, which tells it once at the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from etl import codes, dates, lanes, units, values
from etl.dates import DateStyle, DateSurvey
from etl.plan import Entry
from etl.steps import Notes
from etl.tally import Tally
from etl.values import Unreadable, Value
from layers.errors import RefusedError
from layers.model import Field, FieldType
from layers.text import Text

Read = Callable[[object], Value]

_DATES = (FieldType.DATE, FieldType.DATETIME)
_ARROW: dict[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.NUMBER: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.DATE: pa.date32(),
    FieldType.DATETIME: pa.timestamp("us", "UTC"),
    FieldType.TEXT_LIST: pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Column:
    """Values of one field, and the numbers of the rows whose cell could not be read."""

    found: list[Value]
    unreadable: tuple[int, ...]


def survey(entry: Entry) -> DateSurvey | None:
    """What has to see every cell of the column before it can be read; None when nothing has to."""
    stated = entry.unit in dates.STYLES
    return None if stated or entry.field.type not in _DATES else DateSurvey()


def decide(
    entry: Entry,
    seen: DateSurvey | None,
    *,
    file: str = "",
    is_key: bool = False,
    bounded: bool = False,
) -> "Reading":
    """How a column is read from here on.

    `bounded` also empties values outside the field's range (used for joined tables; the database
    refuses such rows of the file itself). RefusedError when the column's dates can be read in
    two ways and nothing says which.
    """
    style = dates.STYLES.get(entry.unit or "", dates.DAY_FIRST)
    if seen is not None:
        style = seen.style()
        if seen.mixed or seen.undecided or seen.short_undecided:
            raise _undecided(entry, seen, file)
    return Reading(entry, _reader(entry, style, is_key=is_key), style, bounded=bounded)


@dataclass(frozen=True)
class Reading:
    """How one column becomes values of one field; the same for every piece of the file."""

    entry: Entry
    read: Read
    style: DateStyle
    bounded: bool = False
    _known: dict[object, Value | Unreadable] = field(default_factory=dict, repr=False)

    def apply(self, cells: Sequence[object], rows: Sequence[int], tally: Tally) -> Column:
        """Values of a piece of the column; `rows` are the cells' row numbers.

        A cell that cannot be read refuses its row when the field is required; otherwise the
        value stays empty and a warning says so, because a parcel with a bad date is still one.
        """
        found: list[Value] = []
        failed: list[int] = []
        for row, cell in zip(rows, cells, strict=True):
            value = self._value(cell)
            if isinstance(value, Unreadable):
                tally.unreadable(row, cell)
                failed.append(row)
                value = None
            elif self.bounded and isinstance(value, int | float) and not self._within(value):
                tally.outside(row, cell)
                value = None
            found.append(value)
        return Column(found, tuple(failed))

    def apply_arrow(self, cells: pa.Array | pa.ChunkedArray, first: int, tally: Tally) -> pa.Array:
        """The same for a column of Arrow, whose first cell is row `first`.

        Each different cell is read once; columns that are already what the field keeps are not
        looked at one by one.
        """
        whole = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
        kind = _ARROW[self.entry.field.type]
        if self._is_plain(whole.type):
            plain: pa.Array = whole.cast(kind)
            return plain
        lane = None if self.entry.nulls or self.bounded else lanes.of(self.read)
        if lane is not None and pa.types.is_string(whole.type):
            easy = lane.easy(whole).fill_null(fill_value=False)
            hard = self._long_way(pc.if_else(easy, None, whole), first, tally, kind)
            read: pa.Array = pc.replace_with_mask(hard, easy, lane.read(whole.filter(easy)))
            return read
        return self._long_way(whole, first, tally, kind)

    def _long_way(self, whole: pa.Array, first: int, tally: Tally, kind: pa.DataType) -> pa.Array:
        if pa.types.is_nested(whole.type) or pa.types.is_null(whole.type):
            column = self.apply(whole.to_pylist(), range(first, first + len(whole)), tally)
            return pa.array(column.found, kind)
        coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
        words = coded.dictionary.to_pylist()
        read = [self._fresh(word) for word in words]
        empty = self._value(None)
        odd = [
            at
            for at, value in enumerate(read)
            if isinstance(value, Unreadable) or not (self._kept(value))
        ]
        if odd:
            self._tell_odd(coded.indices, {at: words[at] for at in odd}, read, first, tally)
        clean = [
            None if isinstance(value, Unreadable) or not self._kept(value) else value
            for value in read
        ]
        made = pa.array([*clean, empty], kind)
        taken: pa.Array = made.take(coded.indices.fill_null(len(clean)))
        return taken

    def _is_plain(self, kind: pa.DataType) -> bool:
        """Numbers of the file that are the field's own: nothing to read, convert or check."""
        entry = self.entry
        if entry.nulls or entry.codes or entry.unit or self.bounded or entry.field.codes:
            return False
        if entry.field.type is FieldType.INTEGER:
            return bool(pa.types.is_integer(kind))
        return bool(entry.field.type is FieldType.BOOLEAN and pa.types.is_boolean(kind))

    def _tell_odd(
        self,
        indices: pa.Array,
        odd: Mapping[int, object],
        read: Sequence[Value | Unreadable],
        first: int,
        tally: Tally,
    ) -> None:
        for at, index in enumerate(indices.to_pylist()):
            if index in odd:
                told = tally.unreadable if isinstance(read[index], Unreadable) else tally.outside
                told(first + at, odd[index])

    def _value(self, cell: object) -> Value | Unreadable:
        """As `_fresh`, remembering what short text was read as."""
        if not isinstance(cell, str) or len(cell) > _REMEMBERED:
            return self._fresh(cell)
        if cell in self._known:
            return self._known[cell]
        found = self._fresh(cell)
        if len(self._known) < _ROOM:
            self._known[cell] = found
        return found

    def _fresh(self, cell: object) -> Value | Unreadable:
        entry = self.entry
        try:
            if values.is_nothing(cell) or (entry.nulls and values.text(cell) in entry.nulls):
                # a code list may say what an empty cell means
                return entry.codes.get("") or None
            return self.read(cell)
        except Unreadable as error:
            return error

    def _kept(self, value: Value) -> bool:
        return not self.bounded or not isinstance(value, int | float) or self._within(value)

    def _within(self, value: float) -> bool:
        least, most = self.entry.field.minimum, self.entry.field.maximum
        return (least is None or value >= least) and (most is None or value <= most)


_REMEMBERED = 40
_ROOM = 20_000


def read_column(
    entry: Entry,
    cells: Sequence[object],
    rows: Sequence[int],
    notes: Notes,
    *,
    file: str = "",
    is_key: bool = False,
    bounded: bool = False,
) -> Column:
    """Look over, decide and read a whole column at once, noting what is odd."""
    seen = survey(entry)
    if seen is not None:
        seen.see(cells)
    tally = Tally(entry)
    reading = decide(entry, seen, file=file, is_key=is_key, bounded=bounded)
    column = reading.apply(cells, rows, tally)
    tally.tell(notes, reading.style, seen)
    return column


def _reader(entry: Entry, style: DateStyle, *, is_key: bool) -> Read:
    wanted = entry.field
    if wanted.codes and wanted.type is FieldType.TEXT:
        match = cache(lambda word: match_code(wanted, word, entry.codes))
        return lambda cell: match(values.text(cell))
    if wanted.codes:
        return lambda cell: (
            [match_code(wanted, word, entry.codes) or "" for word in values.text_list(cell) or []]
            or None
        )
    if wanted.type in _DATES:
        date_reader = dates.day if wanted.type is FieldType.DATE else dates.moment
        return lambda cell: date_reader(cell, style)
    if entry.unit is not None:
        return _in_unit(entry.unit)
    if wanted.type is FieldType.TEXT and (is_key or wanted.references):
        return values.key
    plain = units.area if wanted.unit == "m2" else _PLAIN[wanted.type]
    return codes.SPELLINGS.get(wanted.name) or plain


def _in_unit(unit: str) -> Read:
    if unit == units.RAI_NGAN_WA:
        return units.rai_ngan_wa
    return lambda cell: units.convert(cell, unit)


_PLAIN: dict[FieldType, Read] = {
    FieldType.TEXT: values.text,
    FieldType.INTEGER: values.integer,
    FieldType.NUMBER: values.number,
    FieldType.BOOLEAN: values.boolean,
    FieldType.TEXT_LIST: values.text_list,
}


def match_code(wanted: Field, word: str | None, known: Mapping[str, str]) -> str | None:
    """Our code for a file's word: the code list given, our own value, or its label in th or en."""
    if word is None:
        return None
    if word in known:
        return known[word] or None
    for pattern, ours in known.items():
        if any(sign in pattern for sign in "*?[") and fnmatchcase(word, pattern):
            return ours or None
    plain = word.casefold()
    for code in wanted.codes:
        if plain in (code.value.casefold(), code.label.th.casefold(), code.label.en.casefold()):
            return code.value
    raise Unreadable(word)


def _undecided(entry: Entry, seen: DateSurvey, file: str) -> RefusedError:
    """The refusal of a file whose dates can be read in two ways."""
    name, column = entry.field.name, entry.column or ""
    start = Text(th=f"ไม่รับไฟล์ “{file}”: คอลัมน์ {column}", en=f"“{file}” is refused: in {column}")
    again = f"--map {name}={column}:"
    if seen.mixed:
        th = f"มีทั้งวันที่แบบวันมาก่อน ({seen.first:,} แถว) และเดือนมาก่อน ({seen.second:,} แถว)"
        en = f"some dates are day-first ({seen.first:,}), some month-first ({seen.second:,})"
        ways = ("dmy", "mdy")
    elif seen.undecided:
        th = f"ไม่มีวันที่ใดบอกได้ว่าวันหรือเดือนมาก่อน ({seen.open:,} แถวอ่านได้สองแบบ)"
        en = f"no date shows whether day or month comes first ({seen.open:,} can be read both ways)"
        ways = ("dmy", "mdy")
    else:
        th = f"ปีมีสองหลัก ({seen.short:,} แถว) และไม่มีอะไรบอกว่าเป็น พ.ศ. ถ้าใช่ ระบุ {again}dmy-be"
        en = (
            f"years have two digits ({seen.short:,}) and nothing says they are Buddhist; "
            f"if they are, say {again}dmy-be, otherwise write the years in full"
        )
        return RefusedError(Text(th=f"{start.th} {th}", en=f"{start.en} {en}."))
    said = " / ".join(f"{again}{way}" for way in ways)
    return RefusedError(
        Text(th=f"{start.th} {th} ระบุ {said}", en=f"{start.en} {en}. Say which: {said}.")
    )
