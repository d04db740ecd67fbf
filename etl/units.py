"""Units a file may be in, and what the layer keeps: exact factors, and the Thai rai-ngan-wa."""

import re

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
_RAI_NGAN_WA = re.compile(r"(\d+)\s*[-/]\s*([0-3])\s*[-/]\s*(\d{1,2}(?:\.\d+)?)")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")

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
    """Area in m2 of `2-1-35.5` (rai-ngan-square wa): 1 rai = 4 ngan = 400 wa2, 1 wa2 = 4 m2."""
    if is_nothing(cell):
        return None
    match = _RAI_NGAN_WA.fullmatch(str(cell).strip().translate(_THAI_DIGITS))
    if not match:
        raise Unreadable(str(cell))
    return int(match[1]) * 1600.0 + int(match[2]) * 400.0 + float(match[3]) * 4.0
