"""Rows as they were in their file, for keeping a refused one whole."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import pyarrow as pa
import shapely

from etl.geometry import parse_one
from etl.read import BATCH_ROWS, FID, WKB, Read
from etl.values import is_nothing, text

Whole = Mapping[str, object]


class Originals:
    """The files of one import, their rows numbered on from 1 through all of them.

    Nothing is held in memory: rows are read again from the scratch folder when they are asked for.
    """

    def __init__(self) -> None:
        self._reads: list[Read] = []
        self._starts: list[int] = []
        self._keys: list[str | None] = []
        self._next = 1

    def add(self, read: Read, key_column: str | None = None) -> range:
        """Take in a file; its row numbers in the import. `key_column` is what names its rows."""
        start = self._next
        self._reads.append(read)
        self._starts.append(start)
        self._keys.append(key_column)
        self._next += read.rows
        return range(start, self._next)

    @property
    def count(self) -> int:
        """Rows read so far."""
        return self._next - 1

    def whole(self, rows: Iterable[int]) -> Iterator[tuple[int, str | None, Whole]]:
        """Number, key and content of each row, in the order of the numbers.

        The content is every attribute, the file, the number there, and the shape as WKT in the
        file's own CRS, or its WKB in hex when it cannot be parsed.
        """
        for (file, block), numbers in groupby(sorted(rows), key=self._place):
            read, start = self._reads[file], self._starts[file]
            first, table = next(read.batches(BATCH_ROWS, block * BATCH_ROWS))
            for row in numbers:
                at = row - start - first
                while at >= table.num_rows:
                    first, table = next(read.batches(BATCH_ROWS, first + table.num_rows))
                    at = row - start - first
                content = _content(table.slice(at, 1), read, row - start + 1)
                yield row, self._key(table, at, self._keys[file]), content

    def _place(self, row: int) -> tuple[int, int]:
        file = bisect_right(self._starts, row) - 1
        return file, (row - self._starts[file]) // BATCH_ROWS

    @staticmethod
    def _key(table: pa.Table, at: int, column: str | None) -> str | None:
        if column is None or column not in table.column_names:
            return None
        value = table.column(column)[at].as_py()
        return None if is_nothing(value) else str(plain(text(value)))


def _content(one: pa.Table, read: Read, row_in_file: int) -> Whole:
    values: dict[str, Any] = one.to_pylist()[0]
    shape = values.pop(WKB, None)
    values.pop(FID, None)
    found = {name: plain(value) for name, value in values.items()}
    found["_file"] = read.source.name
    found["_row_in_file"] = row_in_file
    if shape is not None:
        parsed = parse_one(shape)
        found["_geometry"] = (
            shape.hex() if parsed is None else shapely.to_wkt(parsed, rounding_precision=-1)
        )
    return found


def plain(value: object) -> object:
    """A value JSON and PostgreSQL can hold: no NaN, no NUL character, bytes as hex."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value).replace("\x00", "\ufffd")
