"""Rows as they were in their file, for keeping a refused one whole."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

import shapely

from etl.geometry import parse_one
from etl.read import FID, WKB, Read
from etl.values import is_nothing, text


class Originals:
    """The files of one import, their rows numbered on from 1 through all of them."""

    def __init__(self) -> None:
        self._reads: list[Read] = []
        self._starts: list[int] = []
        self._next = 1

    def add(self, read: Read) -> range:
        """Take in a file; its row numbers in the import."""
        start = self._next
        self._reads.append(read)
        self._starts.append(start)
        self._next += read.table.num_rows
        return range(start, self._next)

    @property
    def count(self) -> int:
        """Rows read so far."""
        return self._next - 1

    def whole(self, row: int) -> Mapping[str, object]:
        """Every attribute of a row, its file, its number there, and its shape as text.

        The shape is WKT in the file's own CRS, or the WKB in hex when it cannot be parsed.
        """
        read, start = self._file(row)
        values: dict[str, Any] = read.table.slice(row - start, 1).to_pylist()[0]
        shape = values.pop(WKB, None)
        values.pop(FID, None)
        found = {name: plain(value) for name, value in values.items()}
        found["_file"] = read.source.name
        found["_row_in_file"] = row - start + 1
        if shape is not None:
            parsed = parse_one(shape)
            found["_geometry"] = (
                shape.hex() if parsed is None else shapely.to_wkt(parsed, rounding_precision=-1)
            )
        return found

    def cell(self, row: int, column: str | None) -> str | None:
        """One cell of a row as text; None when there is no such column."""
        read, start = self._file(row)
        if column is None or column not in read.columns:
            return None
        value = read.table.column(column)[row - start].as_py()
        return None if is_nothing(value) else str(plain(text(value)))

    def _file(self, row: int) -> tuple[Read, int]:
        at = bisect_right(self._starts, row) - 1
        return self._reads[at], self._starts[at]


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
