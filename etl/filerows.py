"""One file's rows as the layer's fields: everything decided first, then batch after batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from etl import values
from etl.cells import Reading, decide, read_column, survey
from etl.crs import TownArea
from etl.dates import DateSurvey
from etl.intake import Side, file_report, profile_of
from etl.order import ImportOrder
from etl.places import Placing
from etl.plan import ROW_NUMBER, Entry, Plan, make_plan
from etl.profile import SourceProfile
from etl.read import Read
from etl.report import FileReport
from etl.steps import Notes, Outcome
from etl.tally import Tally
from etl.values import Unreadable
from layers.errors import BadRequestError, RefusedError
from layers.model import Layer
from layers.text import Text

KEPT_ROW = "_row"
Keys = tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: their frame, and for each table to join the key of each row."""

    frame: pd.DataFrame
    keys: Keys
    read: int

    def kept(self, frame: pd.DataFrame) -> "Batch":
        """The batch after a step took rows out."""
        if len(frame) == len(self.frame):
            return Batch(frame, self.keys, self.read)
        still = set(frame.index)
        places = [at for at, row in enumerate(self.frame.index) if row in still]
        keys = tuple(tuple(column[at] for at in places) for column in self.keys)
        return Batch(frame, keys, self.read)


@dataclass
class _Column:
    """A column of the file on its way to a field."""

    entry: Entry
    survey: DateSurvey | None
    reading: Reading
    tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        self.tally = Tally(self.entry)


class FileRows:
    """A file on its way into a layer.

    Making one is the first pass: columns, CRS, operation and the order of dates are decided from
    the whole file. `batches` is the second, and may be run more than once.
    """

    def __init__(
        self, order: ImportOrder, town: TownArea, found: Read, sides: Sequence[Side]
    ) -> None:
        """Decide; RefusedError or BadRequestError when the file cannot be used as ordered."""
        self._order, self._town, self.read = order, town, found
        layer = order.layer
        profile = profile_of(order, found.source.name, found.columns)
        self.plan = make_plan(
            layer,
            [*found.columns, *(name for side in sides for name in side.table.cells)],
            file=found.source.name,
            mapping=order.mapping,
            constants=order.constants,
            profile=profile,
            join_key=_file_key(found, sides),
        )
        self._join_columns = [_join_column(found, side, self.plan, layer) for side in sides]
        self.placing = self._place()
        notes = Notes()
        self._constants = [
            (entry, _constant(entry)) for entry in self.plan.entries if entry.column is None
        ]
        self._entries = [
            entry for entry in self.plan.entries if entry.column in (*found.columns, ROW_NUMBER)
        ]
        for entry in self._entries:
            note_money(entry, notes)
        self.decided: Outcome = notes.take(pd.DataFrame())[1]
        self._columns = self._decide()
        told = order.profile.name if order.profile.name and profile else None
        self.report: FileReport = file_report(found, self.placing, self.plan, told)

    @property
    def names(self) -> tuple[str, ...]:
        """Fields the file brings."""
        made = (*(entry for entry, _value in self._constants), *self._entries)
        return tuple(entry.field.name for entry in made)

    @property
    def read_as(self) -> SourceProfile:
        """How this file is read, as a profile that reads its like."""
        entries = self.plan.entries
        placed = self.placing
        return SourceProfile(
            layer=self._order.layer.id,
            datum_operation=next(iter(placed.operation.codes), None) if placed else None,
            map={e.field.name: _source(e) for e in entries if e.column},
            set={e.field.name: e.constant for e in entries if e.constant is not None},
            codes={e.field.name: dict(e.codes) for e in entries if e.codes},
            nulls={e.field.name: tuple(sorted(e.nulls)) for e in entries if e.nulls},
        )

    @property
    def key_column(self) -> str | None:
        """The column the rows are named by."""
        entry = self.plan.entry(self._order.layer.natural_key[0])
        return entry.column if entry else None

    def batches(self, first_row: int) -> Iterator[tuple[Batch, Outcome]]:
        """The rows as the layer's fields; `first_row` is the number of the first in the import."""
        for start, table in self.read.batches():
            rows = range(first_row + start, first_row + start + table.num_rows)
            yield self._batch(table, rows)

    def restart(self) -> None:
        """Forget what was counted, for another pass."""
        for column in self._columns:
            column.tally = Tally(column.entry)
        if self.placing is not None:
            self.placing.restart()

    def finish(self) -> Outcome:
        """What only the whole file shows, once all batches have passed; it may refuse the file."""
        if self.placing is not None:
            self.placing.finish()
        notes = Notes()
        for column in self._columns:
            column.tally.tell(notes, column.reading.style, column.survey)
        return notes.take(pd.DataFrame())[1]

    def _decide(self) -> "list[_Column]":
        """How each column is read, after a look over all of those that one cell cannot decide."""
        entries = [entry for entry in self._entries if entry.column != ROW_NUMBER]
        surveys = [survey(entry) for entry in entries]
        looked = [(e, s) for e, s in zip(entries, surveys, strict=True) if s is not None]
        for _start, table in self.read.batches() if looked else ():
            for entry, seen in looked:
                seen.see_arrow(table.column(entry.column))
        return [
            _Column(
                entry,
                seen,
                decide(
                    entry,
                    seen,
                    file=self.read.source.name,
                    is_key=entry.field.name in self._order.layer.natural_key,
                ),
            )
            for entry, seen in zip(entries, surveys, strict=True)
        ]

    def _place(self) -> Placing | None:
        order = self._order
        if order.layer.geometry is None:
            return None
        profile = profile_of(order, self.read.source.name, self.read.columns)
        return Placing(
            self.read,
            order.layer,
            self._town,
            asked_crs=order.crs or (profile.crs if profile else None),
            datum_operation=order.datum_operation or (profile.datum_operation if profile else None),
        )

    def _batch(self, table: pa.Table, rows: range) -> tuple[Batch, Outcome]:
        if self.placing is None:
            frame, outcome = pd.DataFrame(index=list(rows)), Outcome()
        else:
            frame, outcome = self.placing.apply(table, rows)
        places = [row - rows.start for row in frame.index]
        keys = []
        for column in self._join_columns:
            cells = table.column(column).to_pylist()
            keys.append(tuple(values.key(cells[at]) for at in places))
        batch = Batch(frame, tuple(keys), len(rows))
        frame, more = self._map(frame, table, places)
        return batch.kept(frame), outcome + more

    def _map(
        self, frame: pd.DataFrame, table: pa.Table, places: Sequence[int]
    ) -> tuple[pd.DataFrame, Outcome]:
        """The plan's columns as values; rows without a required value are refused."""
        notes = Notes()
        rows = list(frame.index)
        made: dict[str, list[values.Value]] = {
            entry.field.name: [value] * len(frame) for entry, value in self._constants
        }
        for entry in self._entries:
            if entry.column == ROW_NUMBER:
                made[entry.field.name] = [str(row) for row in rows]
        for column in self._columns:
            cells = table.column(column.entry.column).to_pylist()
            chosen = [cells[at] for at in places]
            made[column.entry.field.name] = column.reading.apply(chosen, rows, column.tally).found
            column.tally.take_refused(notes)
        mapped = {name: pd.Series(cells, frame.index, dtype=object) for name, cells in made.items()}
        return notes.take(frame.assign(**mapped))


def _source(entry: Entry) -> str:
    """A column with its unit; of a row's number, where the number is kept with a refused row."""
    column = KEPT_ROW if entry.column == ROW_NUMBER else entry.column
    return f"{column}:{entry.unit}" if entry.unit else str(column)


def note_money(entry: Entry, notes: Notes) -> None:
    """Say when figures are in another currency than the layer's."""
    if entry.unit is None or entry.field.unit != "THB":
        return
    notes.find(
        "other_currency",
        "warning",
        Text(
            th=f"{entry.field.name}: ตัวเลขเป็น {entry.unit} ไม่ใช่บาท เก็บตามเดิมโดยไม่แปลงค่า",
            en=f"{entry.field.name}: figures are {entry.unit}, not baht; kept as they are, "
            "not converted",
        ),
        count=1,
    )


def _constant(entry: Entry) -> values.Value:
    try:
        column = read_column(entry, [entry.constant], [0], Notes())
    except Unreadable as error:
        raise _bad_constant(entry) from error
    if column.unreadable:
        raise _bad_constant(entry)
    return column.found[0]


def _bad_constant(entry: Entry) -> BadRequestError:
    words = ", ".join(code.value for code in entry.field.codes) or entry.field.type.value
    name = entry.field.name
    return BadRequestError(
        Text(
            th=f"ค่า “{entry.constant}” ใช้กับช่อง {name} ไม่ได้ ที่ใช้ได้: {words}",
            en=f"The value “{entry.constant}” cannot be used for {name}. It takes: {words}.",
        )
    )


def _file_key(found: Read, sides: Sequence[Side]) -> str | None:
    keys = [side.table.file_key for side in sides if side.table.file_key in found.columns]
    return keys[0] if keys else None


def _join_column(found: Read, side: Side, plan: Plan, layer: Layer) -> str:
    """The file's column a table is joined by: the one named, else the one that became the key."""
    wanted = side.table.file_key
    if wanted in found.columns:
        return wanted
    entry = plan.entry(layer.natural_key[0])
    if entry is not None and entry.column in found.columns:
        return entry.column
    raise RefusedError(
        Text(
            th=f"ไม่รับไฟล์ “{found.source.name}”: ไม่มีคอลัมน์ “{wanted}” สำหรับเชื่อมกับ"
            f" {side.table.name} เขียน --join ไฟล์:รหัสในตาราง=รหัสในไฟล์",
            en=f"“{found.source.name}” is refused: it has no column “{wanted}” to join "
            f"{side.table.name} by. Write --join FILE:KEY_OF_TABLE=KEY_OF_FILE.",
        )
    )
