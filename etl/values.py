"""One cell of a file to one value of a field. Pure; `Unreadable` says a cell cannot be understood.

Numbers may have thousands commas and Thai digits, dates may be in the Buddhist era and in any
order, yes and no may be in Thai. Nothing here guesses a value that is not in the cell.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

from layers.model import Field, FieldType

Value = str | int | float | bool | date | datetime | list[str] | None
DateOrder = Literal["dmy", "mdy"]

THAI_TIME = timezone(timedelta(hours=7), "+07:00")
NOTHING = frozenset({"", "<null>", "null", "none", "nan", "n/a", "#n/a"})
"""What programs write for "no value", compared in lower case."""

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+(\.\d*)?|\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_MONEY = re.compile(r"^[฿$€£]\s*|\s*(บาท|baht|THB|USD)$", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](.*))?")
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[T ,]+(.*))?")
_YEAR_FIRST = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?:[T ,]+(.*))?")
_CLOCK = re.compile(
    r"(\d{1,2})[:.](\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:น\.?)?\s*([AaPp][Mm])?\s*"
    r"(Z|[+-]\d{2}:?\d{2})?"
)
_BUDDHIST_FROM = 2400
_BUDDHIST_OFFSET = 543
_YES = frozenset({"true", "t", "yes", "y", "1", "ใช่", "มี", "จริง", "เปิด"})
_NO = frozenset({"false", "f", "no", "n", "0", "ไม่ใช่", "ไม่มี", "ไม่", "เท็จ", "ปิด"})
_TONES = "\u0e48-\u0e4b"


class Unreadable(ValueError):  # noqa: N818  the caller decides whether it is an error
    """The cell holds something, but not what the field wants."""


def reader_for(field: Field, order: DateOrder = "dmy") -> Callable[[object], Value]:
    """The function that turns a cell into a value of this field (codes are read apart)."""
    readers: dict[FieldType, Callable[[object], Value]] = {
        FieldType.TEXT: text,
        FieldType.INTEGER: integer,
        FieldType.NUMBER: number,
        FieldType.BOOLEAN: boolean,
        FieldType.DATE: lambda cell: day(cell, order),
        FieldType.DATETIME: lambda cell: moment(cell, order),
        FieldType.TEXT_LIST: text_list,
    }
    return readers[field.type]


def is_nothing(cell: object) -> bool:
    """True for null, empty text, NaN and the words programs write for them."""
    if cell is None:
        return True
    if isinstance(cell, float):
        return math.isnan(cell)
    return isinstance(cell, str) and cell.strip().lower() in NOTHING


def text(cell: object) -> str | None:
    """Text, trimmed; a whole number loses its `.0`; Thai typed in another order is put right."""
    if is_nothing(cell):
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004
        return str(int(cell))
    if isinstance(cell, bytes):
        raise Unreadable("binary data")
    return thai_order(unicodedata.normalize("NFC", str(cell)).strip()) or None


def thai_order(value: str) -> str:
    """`น` + nikhahit + tone + `า` becomes tone + `ำ`: NFC and NFKC leave the two apart."""
    if "\u0e4d" not in value:
        return value
    value = re.sub(f"\u0e4d([{_TONES}])\u0e32", "\\1\u0e33", value)
    return re.sub(f"([{_TONES}]?)\u0e4d\u0e32", "\\1\u0e33", value)


def key(cell: object) -> str | None:
    """Text of a key: Thai digits become Arabic ones, inner runs of blanks become one."""
    plain = text(cell)
    return None if plain is None else " ".join(plain.translate(_THAI_DIGITS).split())


def number(cell: object) -> float | None:
    """A number; `1,234.50`, `฿1,200`, `๑๒๓` are read, `1.234,5` and `12a` are Unreadable."""
    if is_nothing(cell):
        return None
    if isinstance(cell, bool):
        raise Unreadable("a yes or no where a number belongs")
    if isinstance(cell, int | float):
        if math.isinf(cell):
            raise Unreadable("infinite")
        return float(cell)
    plain = _MONEY.sub("", str(cell).strip().translate(_THAI_DIGITS)).strip()
    if not _NUMBER.fullmatch(plain):
        raise Unreadable(plain)
    value = float(plain.replace(",", ""))
    if math.isinf(value):
        raise Unreadable(plain)
    return value


def integer(cell: object) -> int | None:
    """A whole number; `3.0` is 3, `3.5` is Unreadable."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    value = number(cell)
    if value is None:
        return None
    if not value.is_integer():
        raise Unreadable(str(cell))
    return int(value)


def boolean(cell: object) -> bool | None:
    """Yes or no, in Thai or English, or 1 and 0."""
    if is_nothing(cell):
        return None
    if isinstance(cell, bool):
        return cell
    plain = (text(cell) or "").lower()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise Unreadable(plain)


def text_list(cell: object) -> list[str] | None:
    """Several values: a JSON array, or text parted by `,` `;` or `|`."""
    if isinstance(cell, list):
        parts: Iterable[object] = cell
    elif is_nothing(cell):
        return None
    else:
        plain = str(cell).strip()
        parts = _json_list(plain) if plain.startswith("[") else re.split(r"[,;|]", plain)
    found = [word for word in (text(part) for part in parts) if word is not None]
    return found or None


def _json_list(plain: str) -> list[object]:
    try:
        found = json.loads(plain)
    except ValueError as error:
        raise Unreadable(plain) from error
    if not isinstance(found, list):
        raise Unreadable(plain)
    return found


def day(cell: object, order: DateOrder = "dmy") -> date | None:
    """A date; a year from 2400 on is Buddhist. Text with a time of day keeps its own date."""
    if is_nothing(cell):
        return None
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    return _parse_date(str(cell), order)[0]


def moment(cell: object, order: DateOrder = "dmy") -> datetime | None:
    """A point in time; without an offset it is Thai time (+07:00), a date is its midnight."""
    if is_nothing(cell):
        return None
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=THAI_TIME)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=THAI_TIME)
    on, clock = _parse_date(str(cell), order)
    midnight = datetime(on.year, on.month, on.day, tzinfo=THAI_TIME)
    return _with_clock(midnight, clock) if clock else midnight


def date_order(cells: Iterable[object]) -> DateOrder | Literal["mixed", "open"] | None:
    """Whether day or month comes first in a column of dates.

    `mixed` when some dates say one and some the other, `open` when nothing decides (every first
    and second number is 12 or less), None when no date is written that way.
    """
    first = second = seen = False
    for cell in cells:
        match = _SLASHED.fullmatch(str(cell).strip().translate(_THAI_DIGITS)) if cell else None
        if match:
            seen = True
            first |= int(match[1]) > 12  # noqa: PLR2004  no month has that number
            second |= int(match[2]) > 12  # noqa: PLR2004
    if first and second:
        return "mixed"
    if first or second:
        return "dmy" if first else "mdy"
    return "open" if seen else None


def _parse_date(raw: str, order: DateOrder) -> tuple[date, str | None]:
    plain = raw.strip().translate(_THAI_DIGITS)
    if match := _ISO.fullmatch(plain) or _YEAR_FIRST.fullmatch(plain):
        year, month, on = int(match[1]), int(match[2]), int(match[3])
    elif match := _SLASHED.fullmatch(plain):
        year, month, on = int(match[3]), int(match[2]), int(match[1])
        if order == "mdy":
            month, on = on, month
    else:
        raise Unreadable(raw)
    # before the date is made: 2567-02-29 is a real day, the Gregorian year 2567 has no such day
    if year >= _BUDDHIST_FROM:
        year -= _BUDDHIST_OFFSET
    try:
        return date(year, month, on), (match[4] or "").strip() or None
    except ValueError as error:
        raise Unreadable(raw) from error


def _with_clock(midnight: datetime, clock: str) -> datetime:
    match = _CLOCK.fullmatch(clock.strip())
    if not match:
        raise Unreadable(clock)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        hour = hour % 12 + (12 if match[4].lower() == "pm" else 0)
    try:
        local = midnight.replace(hour=hour, minute=minute, second=second)
    except ValueError as error:
        raise Unreadable(clock) from error
    offset = match[5]
    if offset is None:
        return local
    if offset == "Z":
        return local.replace(tzinfo=UTC)
    sign = -1 if offset[0] == "-" else 1
    digits = offset[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return local.replace(tzinfo=timezone(sign * shift))
