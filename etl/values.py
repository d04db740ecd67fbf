"""One cell of a file to one value of a field. Pure; `Unreadable` says a cell cannot be understood.

Numbers may have thousands commas and Thai digits, yes and no may be in Thai, text is brought to
one spelling; dates are in `etl.dates`. Nothing here guesses a value that is not in the cell.
"""

import json
import math
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from etl.thai import arabic, normal

Value = str | int | float | bool | date | datetime | list[str] | None

NOTHING = frozenset({"", "<null>", "null", "none", "nan", "n/a", "#n/a"})
"""What programs write for "no value", compared in lower case."""

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+(\.\d*)?|\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_MONEY = re.compile(r"^[฿$€£]\s*|\s*(บาท|baht|THB|USD|\.-)$", re.IGNORECASE)
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-"})
_LARGEST = 1e18
_YES = frozenset({"true", "t", "yes", "y", "1", "ใช่", "มี", "จริง", "เปิด", "ได้", "เป็น", "✓", "✔"})
_NO = frozenset(
    {"false", "f", "no", "n", "0", "ไม่ใช่", "ไม่มี", "ไม่", "เท็จ", "ปิด", "ไม่ได้", "ไม่เป็น", "✗", "✘"}
)
_NOT_KNOWN = frozenset(
    {"-", "–", "—", "?", "unknown", "not known", "u", "ไม่ทราบ", "ไม่ระบุ", "ไม่แน่ใจ", "ไม่มีข้อมูล"}
)


class Unreadable(ValueError):  # noqa: N818  the caller decides whether it is an error
    """The cell holds something, but not what the field wants."""


def is_nothing(cell: object) -> bool:
    """True for null, empty text, NaN and the words programs write for them."""
    if cell is None:
        return True
    if isinstance(cell, float):
        return math.isnan(cell)
    return isinstance(cell, str) and cell.strip().lower() in NOTHING


def text(cell: object) -> str | None:
    """Text in one spelling, trimmed; a whole number loses its `.0`."""
    if is_nothing(cell):
        return None
    if isinstance(cell, str):
        found = normal(cell)
        return None if found.lower() in NOTHING else found
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004
        return str(int(cell))
    if isinstance(cell, bytes):
        raise Unreadable("binary data")
    return normal(str(cell)) or None


def key(cell: object) -> str | None:
    """Text of a key: Thai digits become Arabic ones, inner runs of blanks become one."""
    plain = text(cell)
    return None if plain is None else " ".join(arabic(plain).split())


def number(cell: object) -> float | None:
    """A number; `1,234.50`, `฿1,200`, `๑๒๓` are read, `1.234,5` and `12a` are Unreadable."""
    if is_nothing(cell):
        return None
    if isinstance(cell, bool):
        raise Unreadable("a yes or no where a number belongs")
    try:
        value = float(cell if isinstance(cell, int | float) else _plain_number(cell))
    except OverflowError as error:
        raise Unreadable(str(cell)[:40]) from error
    if math.isinf(value):
        raise Unreadable(str(cell)[:40])
    return value


def _plain_number(cell: object) -> str:
    plain = _MONEY.sub("", arabic(normal(str(cell))).translate(_MINUS)).strip()
    if not _NUMBER.fullmatch(plain):
        raise Unreadable(plain)
    return plain.replace(",", "")


def integer(cell: object) -> int | None:
    """A whole number, exact to its last digit; `3.0` is 3, `3.5` is Unreadable."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    value = number(cell)
    if value is None:
        return None
    if not value.is_integer() or abs(value) >= _LARGEST:
        raise Unreadable(str(cell)[:40])
    return int(value) if isinstance(cell, float) else int(Decimal(_plain_number(cell)))


def boolean(cell: object) -> bool | None:
    """Yes, no or not known (None), in Thai or English, or 1 and 0."""
    if is_nothing(cell):
        return None
    if isinstance(cell, bool):
        return cell
    plain = arabic(text(cell) or "").lower()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    if plain in _NOT_KNOWN or not plain:
        return None
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
    except (ValueError, RecursionError) as error:
        raise Unreadable(plain[:40]) from error
    if not isinstance(found, list):
        raise Unreadable(plain)
    return found
