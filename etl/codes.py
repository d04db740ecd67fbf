"""Thai names of things as parts: map sheets, tax-map codes, deed types. Pure.

Spellings of one thing vary from file to file; what is understood is written in one way, what is
not stays as it was written.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from etl.thai import arabic
from etl.values import Unreadable, Value, text

_SHEET = re.compile(
    r"(\d{4})[\s\-/]*(IV|I{1,3}|[1-4])[\s\-/]*(\d{2})[\s\-/]*(\d{2})(?:[\s\-/]*\(?(\d{1,2})\)?)?",
    re.IGNORECASE,
)
_ROMAN = ("I", "II", "III", "IV")
_TAX_MAP = re.compile(r"(\d{2})[\s\-]*([A-Z])[\s\-]*(\d{3})(?:[\s]*[/\-][\s]*(\d{1,3}))?")


@dataclass(frozen=True)
class Sheet:
    """A cadastral map sheet (ระวาง): 1:50,000 sheet and quarter, kilometre indices modulo 100.

    `inset` is the number of a larger-scale sheet within it, when one is named.
    """

    base: str
    quarter: str
    east: int
    north: int
    inset: int | None = None

    def __str__(self) -> str:
        inset = "" if self.inset is None else f"-{self.inset}"
        return f"{self.base} {self.quarter} {self.east:02d}{self.north:02d}{inset}"


def sheet(cell: object) -> Sheet | None:
    """The parts of `5440IV4046`, `5038 III 1410`, `5440-4-4046`; Unreadable for anything else."""
    plain = text(cell)
    if plain is None:
        return None
    match = _SHEET.fullmatch(arabic(plain))
    if match is None:
        raise Unreadable(plain)
    quarter = match[2].upper()
    if quarter.isdigit():
        quarter = _ROMAN[int(quarter) - 1]
    inset = int(match[5]) if match[5] else None
    return Sheet(match[1], quarter, int(match[3]), int(match[4]), inset)


@dataclass(frozen=True)
class TaxMapCode:
    """A municipality's own parcel code: zone, block, lot, and the part of a divided lot."""

    zone: str
    block: str
    lot: str
    part: str | None = None

    def __str__(self) -> str:
        part = "" if self.part is None else f"/{self.part}"
        return f"{self.zone}{self.block}{self.lot}{part}"


def tax_map_code(cell: object) -> TaxMapCode | None:
    """The parts of `01A001` and `01A001/001`; Unreadable for anything else."""
    plain = text(cell)
    if plain is None:
        return None
    match = _TAX_MAP.fullmatch(arabic(plain).upper())
    if match is None:
        raise Unreadable(plain)
    return TaxMapCode(match[1], match[2], match[3], match[4] and match[4].zfill(3))


_DEEDS = MappingProxyType(
    {
        "โฉนด": "โฉนดที่ดิน",
        "โฉนดที่ดิน": "โฉนดที่ดิน",
        "นส4": "น.ส.4",
        "นส4จ": "น.ส.4จ.",
        "นส3": "น.ส.3",
        "นส3ก": "น.ส.3ก.",
        "นส3ข": "น.ส.3ข.",
        "นส2": "น.ส.2",
        "สค1": "ส.ค.1",
        "สปก": "ส.ป.ก.",
        "สปก401": "ส.ป.ก.4-01",
        "นค3": "น.ค.3",
        "กสน5": "ก.ส.น.5",
        "นสล": "น.ส.ล.",
        "ที่ราชพัสดุ": "ที่ราชพัสดุ",
    }
)


def deed_type(cell: object) -> str | None:
    """A title document's kind in one spelling (`นส3 ก` -> `น.ส.3ก.`); unknown kinds as written."""
    plain = text(cell)
    if plain is None:
        return None
    return _DEEDS.get(re.sub(r"[\s.\-–/]", "", arabic(plain)).casefold(), plain)


def sheet_name(cell: object) -> str | None:
    """A sheet's name in one spelling, `5440 IV 4046`; others as written."""
    try:
        found = sheet(cell)
    except Unreadable:
        return text(cell)
    return None if found is None else str(found)


SPELLINGS: MappingProxyType[str, Callable[[object], Value]] = MappingProxyType(
    {"sheet": sheet_name, "deed_type": deed_type}
)
"""Fields, by name, whose cells have several spellings of one thing."""
