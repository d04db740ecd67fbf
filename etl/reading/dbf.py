"""What the bytes of a DBF say: its fields, the encoding of its text, and what was cut off.

Read apart from GDAL, which turns text into UTF-8 by what the file claims and tells nothing.
"""

import mmap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from etl.reading import letters
from etl.reading.letters import Guess
from etl.reading.trouble import Trouble

_LANGUAGES = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x08: "cp865",
    0x13: "cp932",
    0x26: "cp866",
    0x4D: "gbk",
    0x4E: "cp949",
    0x4F: "cp950",
    0x50: "cp874",
    0x64: "cp852",
    0x65: "cp866",
    0x7A: "gbk",
    0x7B: "cp932",
    0x7C: "cp874",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCB: "cp1253",
}
"""Language bytes that name a code page; 0x00 and 0x57 (the writer's own) name none."""
_ONE_BYTE = ("cp1252", "iso8859-1", "iso8859-15", "cp437", "cp850", "latin-1")
_ROWS = 16_384
_SAMPLES = 20_000
_LONG = 16
_LIMIT = 250
_HIGH = 0x80


@dataclass(frozen=True)
class Cut:
    """A text column with values that fill their width: probably cut off."""

    column: int
    width: int
    rows: int
    in_a_letter: int


@dataclass
class Dbf:
    """A DBF's own account: rows promised, rows marked deleted, raw names, samples of raw text."""

    rows: int
    deleted: int = 0
    names: list[bytes] = field(default_factory=list)
    language: int = 0
    samples: list[bytes] = field(default_factory=list)
    full: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Per text column: its position, width, rows that fill it, rows that do not."""
    ends: dict[int, list[bytes]] = field(default_factory=dict)

    def cuts(self, encoding: str) -> list[Cut]:
        """Columns that look cut off, given the encoding."""
        found = []
        for column, width, full, short in self.full:
            torn = 0
            if encoding == "utf-8":
                torn = sum(letters.cut_short(value) for value in self.ends.get(column, []))
            # a code of fixed width fills its column in every row: that is no sign of a cut
            varied = width >= _LONG and short > 0
            if torn or (full and (varied or width >= _LIMIT)):
                found.append(Cut(column, width, full, torn))
        return found


def read(path: Path) -> Dbf:
    """Scan a whole DBF, in chunks; Trouble when it is shorter than it says."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(32)
        if len(head) < 32:  # noqa: PLR2004
            raise Trouble("cut_off", part=".dbf")
        rows = int.from_bytes(head[4:8], "little")
        start = int.from_bytes(head[8:10], "little")
        width = int.from_bytes(head[10:12], "little")
        found = Dbf(rows, language=head[29])
        fields = _fields(handle.read(max(0, min(start, size) - 32)), found)
        if width == 0 or start == 0:
            raise Trouble("damaged", message="the DBF's header makes no sense")
        # a last record may lack the padding of its last field or the end mark
        if start + rows * width > size + width:
            raise Trouble(
                "cut_off", part=".dbf", promised=rows, there=max(0, size - start) // width
            )
        if rows and size > start:
            with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                _scan(mapped, found, fields, start, width)
    return found


def _fields(block: bytes, found: Dbf) -> list[tuple[int, int, int]]:
    """Text fields: position among the columns, offset in a record, width."""
    texts = []
    offset = 1
    for at in range(0, len(block) - 31, 32):
        entry = block[at : at + 32]
        if entry[:1] in (b"\r", b"\n", b"\x00"):
            break
        kind, width = entry[11:12], entry[16]
        if kind == b"C":
            # long text fields keep the high byte of their width where others keep decimals
            width += 256 * entry[17]
            texts.append((len(found.names), offset, width))
        found.names.append(entry[:11].split(b"\x00", 1)[0])
        offset += width
    return texts


def _scan(
    mapped: Any, found: Dbf, fields: list[tuple[int, int, int]], start: int, width: int
) -> None:
    there = min(found.rows, (len(mapped) - start) // width)
    full = [0] * len(fields)
    short = [0] * len(fields)
    for first in range(0, there, _ROWS):
        count = min(_ROWS, there - first)
        block = np.frombuffer(mapped, np.uint8, count * width, start + first * width)
        block = block.reshape(count, width)
        found.deleted += int((block[:, 0] == ord("*")).sum())
        for number, (column, offset, size) in enumerate(fields):
            if size == 0 or offset + size > width:
                continue
            cells = block[:, offset : offset + size]
            filled = (cells[:, -1] != ord(" ")) & (cells[:, -1] != 0)
            some = ((cells != ord(" ")) & (cells != 0)).any(axis=1)
            full[number] += int(filled.sum())
            short[number] += int((some & ~filled).sum())
            if size >= _LONG:
                ends = found.ends.setdefault(column, [])
                room = max(0, _SAMPLES - len(ends))
                ends += [row.tobytes() for row in cells[filled][:room]]
            high = np.flatnonzero((cells >= _HIGH).any(axis=1))[
                : max(0, _SAMPLES - len(found.samples))
            ]
            found.samples += [cells[row].tobytes().rstrip(b" \x00") for row in high]
        del block
    found.full = [
        (column, size, full[number], short[number])
        for number, (column, _offset, size) in enumerate(fields)
    ]


@dataclass(frozen=True)
class Decided:
    """The encoding to read text in (a Python codec), what was found, and what speaks against it."""

    encoding: str
    guess: Guess
    evidence: str
    confidence: float
    against: str | None = None
    """What to say with --encoding instead, where what is stated cannot be right."""


def decide(  # noqa: PLR0911  a ladder of evidence, a rung each
    found: Dbf, cpg: Path | None, asked: str | None
) -> Decided:
    """Which encoding: the one asked for, else the one stated, else the one the bytes show."""
    samples = [*found.samples, *(name for name in found.names if not name.isascii())]
    seen = letters.guess(samples)
    told = f"{seen.why}: {seen.encoding or 'unknown'}, confidence {seen.confidence:.2f}"
    if asked is not None:
        name = letters.codec(asked)
        if name is None:
            raise Trouble("encoding", name=asked)
        wrong = 0 if seen.confidence == 1 else _undecodable(samples, name)
        more = f"; {wrong:,} values do not fit it" if wrong else ""
        return Decided(name, seen, f"given with --encoding{more}", 1.0)
    if not samples:
        word = _stated(cpg, found.language)[1]
        return Decided("utf-8", seen, f"{word}; {seen.why}, the same in any encoding", 1.0)
    name, word = _stated(cpg, found.language)
    if name is not None:
        wrong = _undecodable(samples, name)
        thai = letters.thai(samples)
        latin = name in _ONE_BYTE and thai.confidence >= letters.SURE
        if not wrong and not latin:
            same = _same(name, seen.encoding)
            sure = max(0.9, seen.confidence) if same else 0.75
            return Decided(name, seen, f"{word}; {told}", sure)
        against = seen.encoding if seen.confidence >= letters.SURE else None
        if wrong and against is None and wrong < 0.1 * len(samples):
            return Decided(name, seen, f"{word}; {wrong:,} values do not fit it; {told}", 0.5)
        return Decided(
            name,
            seen,
            f"{word}, but {wrong:,} of {len(samples):,} values do not fit it; {told}"
            if wrong
            else f"{word}, but {told}",
            0.0,
            against or "?",
        )
    if seen.encoding is not None and seen.confidence >= letters.SURE:
        return Decided(seen.encoding, seen, f"{word}; {told}", seen.confidence)
    return Decided(
        seen.encoding or "cp1252", seen, f"{word}; {told}", seen.confidence, seen.encoding or "?"
    )


def _stated(cpg: Path | None, language: int) -> tuple[str | None, str]:
    if cpg is not None:
        word = cpg.read_bytes()[:64].decode("ascii", errors="replace").strip()
        if word:
            name = letters.codec(word)
            if name is not None:
                return name, f"the .cpg says {word}"
            return None, f"the .cpg says “{word}”, which is no encoding"
    if language in _LANGUAGES:
        name = _LANGUAGES[language]
        return name, f"no .cpg; the DBF language byte 0x{language:02X} says {name}"
    return None, f"no .cpg, and the DBF language byte 0x{language:02X} names no encoding"


def _undecodable(samples: list[bytes], name: str) -> int:
    wrong = 0
    for sample in samples:
        try:
            sample.decode(name)
        except UnicodeDecodeError as error:
            # cut off within its last letter: the encoding is right all the same
            wrong += error.end < len(sample)
    return wrong


def _same(one: str, other: str | None) -> bool:
    thai = ("cp874", "iso8859-11", "tis-620")
    return one == other or (one in thai and other in thai)
