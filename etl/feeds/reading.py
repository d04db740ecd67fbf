"""Bytes to a document, and cells of it to numbers and times; shared by every shape of feed."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import orjson

from etl.dates import DAY_FIRST, DateStyle, moment
from etl.feeds.parsed import (
    BAD_VALUE,
    MOST_ROWS,
    NO_TIME,
    RowError,
    Rows,
    UnreadableAnswerError,
    brief,
)
from etl.values import Unreadable, number
from layers.text import Text

_TEXT_SHOWN = 60


def document(body: bytes) -> object:
    """The JSON document of an answer; UnreadableAnswerError says what it is instead."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise UnreadableAnswerError(Text(th="คำตอบว่างเปล่า", en="The answer is empty."))
    if start[:1] == b"<":
        raise UnreadableAnswerError(
            Text(
                th="แหล่งข้อมูลตอบเป็นหน้าเว็บ ไม่ใช่ข้อมูล (มักเป็นหน้าแจ้งขัดข้อง)",
                en="The source answered with a web page instead of data (often an error page).",
            )
        )
    try:
        return orjson.loads(start)
    except (orjson.JSONDecodeError, RecursionError):
        shown = brief(start[:_TEXT_SHOWN].decode("utf-8", "replace"))
        raise UnreadableAnswerError(
            Text(
                th=f"คำตอบไม่ใช่ JSON ที่สมบูรณ์ (ขาดหรือเสีย) ขึ้นต้นว่า “{shown}”",
                en=f"The answer is not whole JSON (cut off or damaged). It begins “{shown}”.",
            )
        ) from None


def wrong_shape(wanted: str, found: object) -> UnreadableAnswerError:
    """The error for JSON of another shape."""
    keys = ", ".join(map(brief, list(found)[:6])) if isinstance(found, dict) else ""
    there = keys or type(found).__name__
    return UnreadableAnswerError(
        Text(
            th=f"คำตอบไม่มี {wanted} (มี {there}) รูปแบบของแหล่งข้อมูลอาจเปลี่ยนไป",
            en=f"The answer has no {wanted} (it has {there}): the source may have changed its "
            "shape.",
        )
    )


def listed(rows: Iterable[object], tally: Rows) -> Iterator[object]:
    """Rows, counted; UnreadableAnswerError beyond MOST_ROWS."""
    for row in rows:
        tally.read += 1
        if tally.read > MOST_ROWS:
            raise UnreadableAnswerError(
                Text(
                    th=f"คำตอบมีเกิน {MOST_ROWS:,} แถว จึงไม่รับ",
                    en=f"The answer has more than {MOST_ROWS:,} rows and is refused.",
                )
            )
        yield row


def within(row: object, *names: str) -> object:
    """A member of nested objects; None where there is none."""
    for name in names:
        if not isinstance(row, dict):
            return None
        row = row.get(name)
    return row


def value_of(cell: object) -> float | None:
    """A number, also as text; None for none; RowError for anything else."""
    try:
        return number(cell) if cell not in ("-", "--") else None
    except (Unreadable, ValueError, TypeError):
        raise RowError(BAD_VALUE) from None


def time_of(cell: object, style: DateStyle = DAY_FIRST) -> datetime:
    """A moment; without an offset it is Thai time. RowError for none and for no time."""
    try:
        found = moment(cell, style)
    except (Unreadable, ValueError, OverflowError, TypeError):
        found = None
    if found is None:
        raise RowError(NO_TIME)
    return found


def known_or_none(cell: object) -> float | None:
    """A level a source tells of a station; 0 and what cannot be read are "not known"."""
    try:
        return number(cell) or None
    except (Unreadable, ValueError, TypeError):
        return None


def word(cell: object) -> str | None:
    """A code or a name as text, trimmed; None for nothing and for what is no single value."""
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        return None
    found = str(cell).strip()
    return found if found and len(found) <= 100 else None  # noqa: PLR2004 - no code is longer
