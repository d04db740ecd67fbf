"""Rows as Arrow batches: typed columns with their titles, geometry as WKB."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from exports.order import Chunk, Column, Order
from exports.text import plain

NATIVE = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
    "text_list": pa.list_(pa.string()),
}
"""Arrow types of the field types; a format that lacks one says what it has instead."""


class Batches:
    """Turns chunks into record batches of one schema.

    `words` are the field types a format keeps as text: dates and times ISO, lists JSON. `names`
    are the columns' names in the file. `cut` changes text on its way.
    """

    def __init__(
        self,
        order: Order,
        *,
        words: frozenset[str] = frozenset(),
        milliseconds: bool = False,
        names: tuple[str, ...] | None = None,
        cut: Callable[[str], str] | None = None,
    ) -> None:
        self._order = order
        self._words = words
        self._cut = cut
        self._moment = pa.timestamp("ms" if milliseconds else "us", "UTC")
        told = names or tuple(column.name for column in order.columns)
        fields = [
            self._field(column, name) for column, name in zip(order.columns, told, strict=True)
        ]
        if order.geometry is not None:
            fields.append(pa.field(order.geometry.name, pa.binary()))
        self.schema = pa.schema(fields)

    def _field(self, column: Column, name: str) -> pa.Field:
        kind = NATIVE[column.kind]
        if column.kind in self._words:
            kind = pa.string()
        elif column.kind == "datetime":
            kind = self._moment
        titles = {"title_th": column.title_th, "title_en": column.title_en}
        if column.unit:
            titles["unit"] = column.unit
        # what GDAL writes where a format has a place for a column's title
        ours = {
            "GDAL:OGR:alternative_name": column.title_th,
            "GDAL:OGR:comment": column.title("en"),
        }
        return pa.field(name, kind, metadata=titles | ours)

    def of(self, chunks: Iterable[Chunk]) -> Iterator[pa.RecordBatch]:
        """One batch a chunk."""
        for chunk in chunks:
            columns = list(zip(*chunk, strict=True))
            yield pa.record_batch(
                [
                    pa.array(self._values(number, values), field.type)
                    for number, (values, field) in enumerate(zip(columns, self.schema, strict=True))
                ],
                schema=self.schema,
            )

    def _values(self, number: int, values: tuple[Any, ...]) -> Iterable[Any]:
        if number >= len(self._order.columns):
            return values
        kind = self._order.columns[number].kind
        if kind in self._words:
            values = tuple(None if value is None else plain(value) for value in values)
        elif kind == "datetime":
            return [None if value is None else _utc(value) for value in values]
        elif kind != "text":
            return values
        if self._cut is None:
            return values
        return [None if value is None else self._cut(value) for value in values]


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)
