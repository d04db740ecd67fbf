"""Arrow arrays to PostgreSQL's binary COPY format, without a Python object for any cell.

Each cell is a length (4 bytes, -1 for NULL) and its bytes. Both are made as Arrow arrays, a column
at a time, and joined row by row: the data of the joined array is the stream itself. The format:
https://www.postgresql.org/docs/current/sql-copy.html (Binary Format).
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layers.model import FieldType

HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)

ARROW_TYPES: dict[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.large_string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.NUMBER: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.DATE: pa.date32(),
    FieldType.DATETIME: pa.timestamp("us", tz="UTC"),
    FieldType.TEXT_LIST: pa.list_(pa.large_string()),
}
"""What a column of a field must be for `rows`; geometry is EWKB as `large_binary`."""

_EPOCH_DAYS = 10_957
"""Days from 1970 to 2000, where PostgreSQL counts from."""
_EPOCH_US = _EPOCH_DAYS * 86_400_000_000
_TEXT_OID = 25
_BYTES = pa.large_binary()


def rows(columns: Sequence[pa.Array]) -> memoryview:
    """The rows of equally long arrays as COPY wants them, between HEADER and TRAILER."""
    count = len(columns[0])
    if count == 0:
        return memoryview(b"")
    head = np.full(count, len(columns), dtype=">i2")
    parts: list[Any] = [_fixed(head)]
    for column in columns:
        parts += _cells(column)
    joined = pc.binary_join_element_wise(*parts, pa.scalar(b"", _BYTES))
    data = memoryview(joined.buffers()[2])
    ends = np.frombuffer(joined.buffers()[1], dtype=np.int64)
    return data[: int(ends[count])]


def _cells(column: pa.Array) -> list[pa.Array]:
    """The lengths and the bytes of a column's cells."""
    kind = column.type
    if pa.types.is_list(kind):
        values = pa.array([_text_array(cell) for cell in column.to_pylist()], type=_BYTES)
    elif pa.types.is_large_string(kind):
        # NUL is a letter everywhere but in PostgreSQL
        values = pc.replace_substring(column, "\x00", "\ufffd").cast(_BYTES)
    elif kind == _BYTES:
        values = column
    else:
        values = _numbers(column)
    lengths = pc.fill_null(pc.binary_length(values), -1).to_numpy(zero_copy_only=False)
    return [_fixed(lengths.astype(">i4")), pc.fill_null(values, b"")]


def _numbers(column: pa.Array) -> pa.Array:
    """Cells of one width each; a missing one is missing still."""
    kind = column.type
    if pa.types.is_boolean(kind):
        plain = pc.fill_null(column, False).cast(pa.uint8()).to_numpy()
    elif pa.types.is_date32(kind):
        days = pc.fill_null(column.cast(pa.int32()), 0).to_numpy()
        plain = (days - _EPOCH_DAYS).astype(">i4")
    elif pa.types.is_timestamp(kind):
        moments = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
        plain = (moments - _EPOCH_US).astype(">i8")
    elif pa.types.is_floating(kind):
        plain = pc.fill_null(column, 0.0).to_numpy().astype(">f8")
    else:
        plain = pc.fill_null(column, 0).to_numpy().astype(">i8")
    made = _fixed(plain)
    return made if column.null_count == 0 else pc.if_else(column.is_valid(), made, None)


def _fixed(values: np.ndarray[Any, Any]) -> pa.Array:
    """Numbers as byte strings of their own width."""
    width, count = values.dtype.itemsize, len(values)
    ends = pa.py_buffer(np.arange(count + 1, dtype=np.int64) * width)
    return pa.Array.from_buffers(_BYTES, count, [None, ends, pa.py_buffer(values.tobytes())])


def _text_array(words: list[str | None] | None) -> bytes | None:
    """A `text[]` of one dimension."""
    if words is None:
        return None
    if not words:
        return struct.pack("!iii", 0, 0, _TEXT_OID)
    has_null = any(word is None for word in words)
    made = [struct.pack("!iiiii", 1, int(has_null), _TEXT_OID, len(words), 1)]
    for word in words:
        if word is None:
            made.append(struct.pack("!i", -1))
            continue
        data = word.replace("\x00", "\ufffd").encode()
        made.append(struct.pack("!i", len(data)) + data)
    return b"".join(made)
