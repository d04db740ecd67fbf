"""Units a file may be in, and what the layer keeps: exact factors, and the Thai rai-ngan-wa."""

import re

from etl.thai import arabic, normal
from etl.values import Unreadable, Value, is_nothing, number

_AREA = {
    "m2": 1.0,
    "ft2": 0.3048**2,
    "acre": 4046.8564224,
    "ha": 10_000.0,
    "km2": 1_000_000.0,
    "rai": 1600.0,
    "ngan": 400.0,
    "wa2": 4.0,
}
_LENGTH = {"m": 1.0, "cm": 0.01, "ft": 0.3048, "km": 1000.0}
_SPEED = {"km/h": 1.0, "mph": 1.609344}
RAI_NGAN_WA = "rai-ngan-wa"
_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_RAI_NGAN_WA = re.compile(
    r"(\d{1,3}(?:,\d{3})+|\d+)\s*[-/–]\s*([0-3])\s*[-/–]\s*(\d{1,2}(?:\.\d+)?)"
    r"(?:\s*(?:ไร่|ตร\.?\s?ว\.?))?"
)
_SPELLED = re.compile(
    rf"(?:({_FIGURE})\s*ไร่)?\s*(?:({_FIGURE})\s*งาน)?\s*"
    rf"(?:({_FIGURE})\s*(?:ตารางวา|ตร\.?\s?วา|ตร\.?\s?ว\.?|วา²?|ว\.))?"
)
_SQUARE_METRES = re.compile(
    rf"({_FIGURE})\s*(?:ตารางเมตร|ตร\.?\s?ม\.?|sq\.?\s?m\.?|m2|m²)", re.IGNORECASE
)

_FAMILIES = (_AREA, _LENGTH, _SPEED)
_OF_FIELD = {"m2": _AREA, "m": _LENGTH, "m MSL": _LENGTH, "km/h": _SPEED}
CURRENCIES = frozenset({"THB", "USD", "EUR", "CAD", "JPY"})
KNOWN = frozenset().union(*_FAMILIES) | {RAI_NGAN_WA} | CURRENCIES


def fits(unit: str, field_unit: str | None) -> bool:
    """Whether values in `unit` can be kept in a field of `field_unit`."""
    if unit in CURRENCIES:
        return field_unit in CURRENCIES
    family = _OF_FIELD.get(field_unit or "")
    if unit == RAI_NGAN_WA:
        return family is _AREA
    return family is not None and unit in family


def convert(cell: object, unit: str) -> Value:
    """A cell in `unit` as a number in the base unit (m2, m, km/h); money keeps its figure."""
    if unit == RAI_NGAN_WA:
        return rai_ngan_wa(cell)
    value = number(cell)
    if value is None or unit in CURRENCIES:
        return value
    factor = next(family[unit] for family in _FAMILIES if unit in family)
    return value * factor


def rai_ngan_wa(cell: object) -> float | None:
    """Area in m2 of `2-1-35.5` or `2 ไร่ 1 งาน 35.5 ตร.ว.` (rai, ngan, square wa).

    1 rai = 4 ngan = 400 square wa, 1 square wa = 4 m2. Written with dashes, a part that should
    have been carried (`2-4-0`) is Unreadable; spelled with words it is said and taken.
    """
    if is_nothing(cell):
        return None
    plain = arabic(normal(str(cell)))
    if match := _RAI_NGAN_WA.fullmatch(plain):
        return _figure(match[1]) * 1600.0 + int(match[2]) * 400.0 + float(match[3]) * 4.0
    match = _SPELLED.fullmatch(plain)
    if match is None or not any(match.groups()):
        raise Unreadable(plain)
    rai, ngan, wa = (_figure(part or "0") for part in match.groups())
    return rai * 1600.0 + ngan * 400.0 + wa * 4.0


def area(cell: object) -> float | None:
    """Area in m2 of a cell without a stated unit: a bare number, or one that says its own unit."""
    if is_nothing(cell):
        return None
    if isinstance(cell, str):
        plain = arabic(normal(cell))
        if match := _SQUARE_METRES.fullmatch(plain):
            return _figure(match[1])
        if _RAI_NGAN_WA.fullmatch(plain) or any(word in plain for word in ("ไร่", "งาน", "ว")):
            return rai_ngan_wa(cell)
    return number(cell)


def _figure(text: str) -> float:
    return float(text.replace(",", ""))
