"""Bringing a table's columns to the rows of a file by key, one row or many on each side.

Several table rows on one key are summed up: money is added, rows are counted, an area is the
largest stated, an address the shortest (the one without a flat number), and everything else
comes from the row with the highest value. When several shapes of the file share a key, sums and
counts go onto the largest shape only, so that adding up the town stays right.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely

from etl import values
from etl.cells import read_column
from etl.plan import Entry
from etl.steps import EXAMPLES, GEOM, Notes
from etl.values import Value
from layers.errors import RefusedError
from layers.model import FieldType, Layer
from layers.text import Text

MONEY_UNIT = "THB"
COUNT_FIELD = "assessments"
_LARGEST = frozenset({"area_deed_m2"})
_SHORTEST = frozenset({"address"})
_LISTED = 10_000


@dataclass(frozen=True)
class Table:
    """A table to join: its cells by row from 1, its key column, and the file's key column."""

    name: str
    cells: Mapping[str, Sequence[object]]
    rows: int
    key: str
    file_key: str


@dataclass(frozen=True)
class Joined:
    """What a join did, both ways. Lists hold keys (and counts of rows), at most 10,000."""

    table: str
    key: str
    table_rows: int
    table_rows_joined: int
    table_rows_without_key: int
    table_rows_unmatched: int
    table_keys_unmatched: tuple[tuple[str, int], ...]
    file_rows: int
    file_rows_joined: int
    file_rows_without_key: int
    file_rows_unmatched: int
    file_keys_unmatched: tuple[tuple[str, int], ...]
    unmatched_table_row_numbers: tuple[int, ...]


@dataclass(frozen=True)
class Rows:
    """A table read into the layer's fields: values by field name, and the key of each row."""

    keys: tuple[str | None, ...]
    columns: Mapping[str, Sequence[Value]]
    entries: Mapping[str, Entry]

    def by_key(self) -> dict[str, list[int]]:
        """Positions of the rows of each key, in file order."""
        found: dict[str, list[int]] = defaultdict(list)
        for position, key in enumerate(self.keys):
            if key is not None:
                found[key].append(position)
        return dict(found)

    def main(self, positions: Sequence[int]) -> int:
        """The row that speaks for a key: the one of highest value, else the first."""
        money = next((name for name, e in self.entries.items() if e.field.unit == MONEY_UNIT), None)
        if money is None:
            return positions[0]
        amounts = self.columns[money]
        return max(positions, key=lambda at: (_amount(amounts[at]), -at))

    def summed(self, name: str, positions: Sequence[int]) -> Value:
        """One value of a field for several rows."""
        cells = [self.columns[name][at] for at in positions]
        present = [cell for cell in cells if cell is not None]
        if not present:
            return None
        if is_additive(self.entries[name]):
            return sum(_amount(cell) for cell in present)
        if name in _LARGEST:
            return max(_amount(cell) for cell in present)
        if name in _SHORTEST:
            return min((str(cell) for cell in present), key=lambda word: (len(word), word))
        return self.columns[name][self.main(positions)]


def is_additive(entry: Entry) -> bool:
    """Whether values of several rows on one key are added up."""
    return entry.field.type is FieldType.NUMBER and entry.field.unit == MONEY_UNIT


def read_rows(table: Table, entries: Sequence[Entry], notes: Notes) -> Rows:
    """Read the table's columns that become fields; values out of range are left empty."""
    if table.key not in table.cells:
        raise RefusedError(
            Text(
                th=f"ไม่รับตาราง “{table.name}”: ไม่มีคอลัมน์ “{table.key}”"
                f" คอลัมน์ที่มี: {', '.join(table.cells)}",
                en=f"The table “{table.name}” is refused: it has no column “{table.key}”. "
                f"Its columns are: {', '.join(table.cells)}.",
            )
        )
    keys = tuple(values.key(cell) for cell in table.cells[table.key])
    numbers = range(1, table.rows + 1)
    columns = {
        entry.field.name: read_column(
            entry, table.cells[entry.column or ""], numbers, notes, bounded=True
        ).found
        for entry in entries
    }
    return Rows(keys, columns, {entry.field.name: entry for entry in entries})


class Joining:
    """Brings a table's fields to the rows of the files, batch by batch.

    `meet` every batch first: only then is it known which of the rows that share a key has the
    largest shape. Keys are by row number, None where a row has none.
    """

    def __init__(self, table: Table, rows: Rows, layer: Layer) -> None:
        self._table, self.rows = table, rows
        self._groups = rows.by_key()
        self._summed = {
            key: {name: rows.summed(name, at) for name in rows.columns}
            for key, at in self._groups.items()
        }
        self._counted = any(field.name == COUNT_FIELD for field in layer.fields)
        self._best: dict[str, tuple[float, int]] = {}
        self._file_rows = self._file_without = 0
        self._file_lost: Counter[str] = Counter()
        self._shared = 0
        self._shared_keys: dict[str, None] = {}

    @property
    def keys(self) -> Collection[str]:
        """The keys of the table."""
        return self._groups.keys()

    def names(self, taken: Collection[str]) -> tuple[str, ...]:
        """Fields the rows get, beside those they have."""
        counted = self._counted and COUNT_FIELD not in taken
        return (*self.rows.columns, *((COUNT_FIELD,) if counted else ()))

    def meet(self, frame: pd.DataFrame, keys: Sequence[str | None]) -> None:
        """First pass: which row leads each key, the one with the largest shape (else the first)."""
        if GEOM in frame.columns:
            sizes = shapely.area(frame[GEOM].to_numpy()).tolist()
        else:
            sizes = [0.0] * len(frame)
        for row, key, size in zip(frame.index.tolist(), keys, sizes, strict=True):
            if key in self._groups and (key not in self._best or size > self._best[key][0]):
                self._best[key] = (size, row)

    def attach(self, frame: pd.DataFrame, keys: Sequence[str | None]) -> pd.DataFrame:
        """Second pass: the batch with the table's fields."""
        columns = self.rows.columns
        additive = {name: is_additive(self.rows.entries[name]) for name in columns}
        made: dict[str, list[Value]] = {name: [] for name in columns}
        count: list[Value] = []
        for row, key in zip(frame.index.tolist(), keys, strict=True):
            found = self._summed.get(key) if key is not None else None
            leads = found is not None and key is not None and self._best[key][1] == row
            self._count(key, joined=found is not None, leads=leads)
            for name, column in made.items():
                empty = found is None or (additive[name] and not leads)
                column.append(None if empty or found is None else found[name])
            count.append(len(self._groups[key]) if leads and key is not None else None)
        extra: dict[str, Any] = {
            n: pd.Series(c, frame.index, dtype=object) for n, c in made.items()
        }
        if COUNT_FIELD in self.names(frame.columns):
            extra[COUNT_FIELD] = pd.Series(count, frame.index, dtype=object)
        return frame.assign(**extra)

    def _count(self, key: str | None, *, joined: bool, leads: bool) -> None:
        self._file_rows += 1
        if key is None:
            self._file_without += 1
        elif not joined:
            self._file_lost[key] += 1
        elif not leads:
            self._shared += 1
            if len(self._shared_keys) < EXAMPLES:
                self._shared_keys[key] = None

    def finish(self, notes: Notes) -> Joined:
        """What joined and what did not, in both directions."""
        keys, groups, met = self.rows.keys, self._groups, self._best
        lost = {key: len(at) for key, at in groups.items() if key not in met}
        unmatched = tuple(at + 1 for at, key in enumerate(keys) if key is None or key not in met)
        file_lost = sum(self._file_lost.values())
        joined = Joined(
            table=self._table.name,
            key=self._table.key,
            table_rows=self._table.rows,
            table_rows_joined=self._table.rows - len(unmatched),
            table_rows_without_key=sum(key is None for key in keys),
            table_rows_unmatched=sum(lost.values()),
            table_keys_unmatched=tuple(sorted(lost.items()))[:_LISTED],
            file_rows=self._file_rows,
            file_rows_joined=self._file_rows - self._file_without - file_lost,
            file_rows_without_key=self._file_without,
            file_rows_unmatched=file_lost,
            file_keys_unmatched=tuple(sorted(self._file_lost.items()))[:_LISTED],
            unmatched_table_row_numbers=unmatched,
        )
        _tell(joined, self._shared, list(self._shared_keys), notes)
        return joined


def _tell(joined: Joined, shared: int, shared_keys: list[str], notes: Notes) -> None:
    notes.find(
        "rows_without_table_row",
        "warning",
        Text(
            th=f"แถวในไฟล์ที่ไม่มีแถวใน {joined.table} ({joined.key}) นำเข้าโดยไม่มีข้อมูลจากตาราง",
            en=f"rows of the file without a row in {joined.table} ({joined.key}): loaded without "
            "the table's values",
        ),
        count=joined.file_rows_unmatched + joined.file_rows_without_key,
        examples=[key for key, _count in joined.file_keys_unmatched],
    )
    notes.find(
        "table_rows_without_row",
        "warning",
        Text(
            th=f"แถวใน {joined.table} ที่ไม่มีแถวในไฟล์ ({joined.key})",
            en=f"rows of {joined.table} without a row in the file ({joined.key})",
        ),
        count=joined.table_rows_unmatched + joined.table_rows_without_key,
        examples=[f"{key} x {n}" if n > 1 else key for key, n in joined.table_keys_unmatched],
    )
    notes.find(
        "shared_key",
        "warning",
        Text(
            th="หลายรูปใช้รหัสร่วมกัน ยอดรวมจากตารางจึงใส่ที่รูปใหญ่สุดรูปเดียว",
            en="shapes that share a key with a larger one: the table's sums are on the largest "
            "shape only, so that totals stay right",
        ),
        count=shared,
        examples=shared_keys,
    )


def _amount(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else float("-inf")
