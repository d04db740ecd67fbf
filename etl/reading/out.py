"""Writing what was read: one Arrow file of bounded record batches, never the whole in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from etl.reading.trouble import FID, WKB, Trouble

BATCH_ROWS = 64 * 1024
CHUNK_ROWS = 16 * 1024
_BATCH_BYTES = 32 * 1024 * 1024
_SAMPLES = 20_000


class Sink:
    """`table.arrow` in the scratch folder. Every batch is checked whole before it is written."""

    def __init__(self, folder: Path, schema: Any) -> None:
        self.schema = schema
        self.rows = 0
        self.texts: list[str] = []
        self._file = pa.OSFile(str(folder / "table.arrow"), "wb")
        self._out = pa.ipc.new_file(self._file, schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._out.close()
        self._file.close()

    def add(self, columns: Sequence[Any]) -> None:
        """Write columns of one length (arrays), in pieces of at most 64k rows and about 32 MB."""
        batch = pa.record_batch(list(columns), schema=self.schema)
        # text that is no UTF-8 or offsets that lead nowhere must not reach the parent
        batch.validate(full=True)
        self._sample(batch)
        self.rows += batch.num_rows
        for part in _parts(batch):
            self._out.write_batch(part)

    def _sample(self, batch: Any) -> None:
        """Keep some text that is not ASCII, to judge by what it was written."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if len(self.texts) >= _SAMPLES:
                return
            if name not in (WKB, FID) and is_text(column.type):
                plain = pc.string_is_ascii(column).fill_null(True)
                self.texts += column.filter(pc.invert(plain)).slice(0, 2000).to_pylist()


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is one of text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _parts(batch: Any) -> Iterator[Any]:
    pieces = max(1, batch.nbytes // _BATCH_BYTES + 1, -(-batch.num_rows // BATCH_ROWS))
    step = max(1, -(-batch.num_rows // pieces))
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


def write_cells(
    folder: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str | None]],
    wkb: Callable[[Sequence[str | None]], bytes | None] | None = None,
) -> Sink:
    """Rows of text cells (and the shape of each) as they come, numbered from 0."""
    fields = [(name, pa.string()) for name in header]
    fields += [(WKB, pa.binary())] if wkb is not None else []
    schema = pa.schema([*fields, (FID, pa.int64())])
    with Sink(folder, schema) as sink:
        chunk: list[Sequence[str | None]] = []
        held = 0
        for row in rows:
            chunk.append(row)
            held += sum(map(len, filter(None, row)))
            if len(chunk) >= CHUNK_ROWS or held > _BATCH_BYTES:
                _flush(sink, chunk, len(header), wkb)
                chunk, held = [], 0
        _flush(sink, chunk, len(header), wkb)
    return sink


def _flush(
    sink: Sink,
    chunk: list[Sequence[str | None]],
    width: int,
    wkb: Callable[[Sequence[str | None]], bytes | None] | None,
) -> None:
    if not chunk:
        return
    columns = list(zip(*chunk, strict=True)) or [() for _ in range(width)]
    arrays = [pa.array(column, type=pa.string()) for column in columns]
    if wkb is not None:
        arrays.append(pa.array([wkb(row) for row in chunk], type=pa.binary()))
    arrays.append(pa.array(range(sink.rows, sink.rows + len(chunk)), type=pa.int64()))
    sink.add(arrays)


def unique(names: Sequence[str]) -> list[str]:
    """Names of columns, none empty, none twice, none of ours."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for number, name in enumerate(names, start=1):
        plain = name or f"column_{number}"
        if plain in (WKB, FID):
            plain = f"{plain}_of_file"
        seen[plain] = seen.get(plain, 0) + 1
        made = plain if seen[plain] == 1 else f"{plain}_{seen[plain]}"
        while made in result:
            made += "_"
        result.append(made)
    return result


def check_columns(count: int) -> None:
    """No table of a town has thousands of columns; one that says so is broken or meant to hurt."""
    if count > 2000:  # noqa: PLR2004
        raise Trouble("columns", count=count)
