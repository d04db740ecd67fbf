"""CSV and its kin, streamed as text cell by cell: types are decided later, the layer in sight."""

import codecs
import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from etl.reading import letters, shapes, titles
from etl.reading.letters import Guess
from etl.reading.out import check_columns, unique, write_cells
from etl.reading.trouble import Meta, Order, Trouble, note

_SAMPLE = 256 * 1024
_LINES = 200_000
_LONGEST = 16 * 1024 * 1024
_TRY_ROWS = 30
_BOM = "\ufeff"
_NUL_SHARE = 0.2


def read(order: Order, folder: Path) -> Meta:
    """Read a table of text into the folder."""
    path = Path(order["path"])
    encoding, evidence, sure, against = _encoding(path, order["encoding"])
    if against is not None and order["strict"]:
        raise Trouble("encoding_unsure", told=evidence, say=against)
    csv.field_size_limit(_LONGEST)
    errors = "strict" if against is None and order["encoding"] is None else "replace"
    with path.open(encoding=encoding, errors=errors, newline="") as handle:
        sample = handle.read(_SAMPLE)
        handle.seek(0)
        delimiter = _delimiter(sample)
        raw: list[str] = []
        rows = csv.reader(_lines(handle, raw), delimiter=delimiter, strict=False)
        try:
            found = _Cells(rows, raw)
            shape = shapes.choose(found.header, found.ahead)
            sink = write_cells(folder, found.header, found, shape.of if shape else None)
        except (csv.Error, UnicodeError) as error:
            raise Trouble("damaged", message=str(error)) from error
    return {
        "rows": sink.rows,
        "crs": shape.crs if shape else None,
        "encoding": encoding,
        "encoding_evidence": evidence,
        "encoding_confidence": sure,
        "encoding_against": against,
        "geometry_type": None,
        "has_geometry": shape is not None,
        "messages": [f"row {number}: {count} cells" for number, count in found.ragged[:200]],
        "notes": found.notes() + (shape.notes() if shape else []),
        "texts": sink.texts,
    }


class _Cells:
    """Header, then rows squared to the header's width; remembers which were ragged."""

    def __init__(self, rows: Iterator[list[str]], raw: list[str]) -> None:
        self._raw = raw
        first = [row for row in itertools.islice(rows, _TRY_ROWS) if any(map(str.strip, row))]
        if not first:
            raise Trouble("empty")
        self.skipped = titles.header_at(first)
        names = [cell.strip().lstrip(_BOM) for cell in first[self.skipped]]
        check_columns(len(names))
        self.header = unique(names)
        self._rows = itertools.chain(first[self.skipped + 1 :], rows)
        self.ahead = [self._square(row) for row in first[self.skipped + 1 :]]
        self.ragged: list[tuple[int, int]] = []
        self.wider = 0

    def __iter__(self) -> Iterator[list[str | None]]:
        number = 0
        lines: list[str] = []
        for cells in self._rows:
            if not cells:
                continue
            number += 1
            if len(cells) != len(self.header):
                self.ragged.append((number, len(cells)))
                self.wider += any(cell.strip() for cell in cells[len(self.header) :])
            yield self._square(cells)
            lines, self._raw[:] = list(self._raw), []
        # the last row ran over several lines and its quotes do not pair: it swallowed the rest
        lines += self._raw
        if len(lines) > 1 and sum(line.count('"') for line in lines) % 2:
            raise Trouble("open_quote")

    def _square(self, cells: list[str]) -> list[str | None]:
        kept: list[str | None] = [*cells[: len(self.header)]]
        return kept + [None] * (len(self.header) - len(kept))

    def notes(self) -> list[dict[str, object]]:
        found = []
        if self.skipped:
            found.append(note("title_rows", self.skipped))
        if self.ragged:
            found.append(
                note("ragged_rows", len(self.ragged), rows=[n for n, _ in self.ragged[:5]])
            )
        if self.wider:
            found.append(note("cells_beyond", self.wider))
        return found


def _lines(handle: Any, raw: list[str]) -> Iterator[str]:
    """Lines of bounded length, without NUL characters; those of the row being read are in `raw`."""
    while line := handle.readline(_LONGEST):
        if len(line) >= _LONGEST:
            raise Trouble("endless_line")
        raw.append(line)
        yield line.replace("\x00", "")


def _encoding(path: Path, asked: str | None) -> tuple[str, str, float, str | None]:
    """Codec, evidence, confidence, and what to say instead when it cannot be right."""
    if asked is not None:
        name = letters.codec(asked)
        if name is None:
            raise Trouble("encoding", name=asked)
        return "utf-8-sig" if name == "utf-8" else name, "given with --encoding", 1.0, None
    with path.open("rb") as handle:
        head = handle.read(_SAMPLE)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", "byte order mark (confidence 1.00)", 1.0, None
        wide = _utf16(head)
        if wide is not None:
            return wide, "every other byte is zero (confidence 0.95)", 0.95, None
        handle.seek(0)
        found = _judge(handle)
    told = f"{found.why} (confidence {found.confidence:.2f})"
    if found.encoding == "utf-8":
        return "utf-8-sig", told, found.confidence, None
    if found.encoding is not None and found.confidence >= letters.SURE:
        return found.encoding, told, found.confidence, None
    return found.encoding or "cp1252", told, found.confidence, found.encoding or "?"


def _utf16(head: bytes) -> str | None:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < _NUL_SHARE * max(1, len(head) // 2) or min(even, odd) > 0:
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _judge(handle: Any) -> Guess:
    """The encoding of all lines: every one that is not ASCII counts, in memory a part of them."""
    kept: list[bytes] = []
    broken = 0
    many = 0
    while line := handle.readline(_LONGEST):
        if line.isascii():
            continue
        many += 1
        if not _whole(line):
            broken += 1
            if broken <= _LINES:
                kept.append(line)
        elif len(kept) < _LINES:
            kept.append(line)
    if many and not broken:
        return Guess("utf-8", 1.0, f"all {many:,} lines that are not ASCII are valid UTF-8")
    if broken and broken * 100 < many:
        return Guess("utf-8", 0.5, f"{broken:,} of {many:,} lines that are not ASCII are not UTF-8")
    return letters.guess(kept)


def _whole(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(sample: str) -> str:
    """The sign that cuts the first lines into the same number of cells, and the most of them."""
    lines = [line for line in sample.splitlines()[:_TRY_ROWS] if line.strip()]

    def worth(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in lines]
        common = max(set(counts), key=lambda n: (counts.count(n), n), default=0) if counts else 0
        return (counts.count(common) if common else 0, common)

    first = lines[0] if lines else ""
    best = max((",", ";", "\t", "|"), key=lambda sign: (worth(sign), first.count(sign)))
    return best if worth(best)[1] else ","
