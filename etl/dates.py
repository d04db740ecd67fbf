"""Dates and times as town halls write them, in both eras, to Gregorian dates and Thai time.

A column of dates is looked over first (`DateSurvey`), because one cell cannot say whether
`03/04/2024` is in March or in April, nor whether `69` is 2569; then every cell is read the same
way (`DateStyle`). What nothing decides is not guessed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

import pyarrow as pa

from etl.thai import arabic, normal
from etl.values import Unreadable, is_nothing

Order = Literal["dmy", "mdy"]

THAI_TIME = timezone(timedelta(hours=7), "+07:00")

_TIME = r"(?:[T ,]+(.*))?"
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}")
_BASIC = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERIC = re.compile(rf"(\d{{1,2}})\s*[-/.]\s*(\d{{1,2}})\s*[-/.]\s*(\d{{4}}|\d{{2}}){_TIME}")
_WEEKDAY = r"(?:(?:วัน)?(?:จันทร์|อังคาร|พุธ|พฤหัสบดี|พฤหัสฯ?|ศุกร์|เสาร์|อาทิตย์)\s*)?(?:วัน)?(?:ที่)?\s*"
_WORDED = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th)?[\s\-/]*(?:เดือน\s*)?([ก-๎.]+|[A-Za-z]+\.?)[\s\-/,]*"
    rf"(?:ปี\s*)?(พ\.?\s*ศ\.?|ค\.?\s*ศ\.?)?\s*(\d{{4}}|\d{{2}}){_TIME}"
)
_MONTH_FIRST = re.compile(rf"([A-Za-z]+)\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_TIME}")
_CLOCK = re.compile(
    r"(?:เวลา\s*)?(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*(?:น\.?|นาฬิกา)?\s*"
    r"([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_THAI_SIGN = re.compile("[\u0e00-\u0e7f]")

_BUDDHIST = range(2400, 2700)
"""Years taken for Buddhist (1857-2156); 9999-12-31 and its like stay what they are."""
_BUDDHIST_OFFSET = 543
_SHORT_CENTURY = 2500
_SHORT_PLAIN = range(40, 80)
"""Two-digit years that are 1997-2036 in the Buddhist era and lie far from today in the other."""
_EXCEL_DAY_0 = date(1899, 12, 30)
_SERIALS = ((20_000, 80_000), (200_000, 270_000))
"""Day numbers of 1954-2119, and of Buddhist years typed into a sheet as if they were Gregorian."""
_MONTHS_A_YEAR = 12
_HALF_DAY = 12

_FULL = [
    "มกราคม",
    "กุมภาพันธ์",
    "มีนาคม",
    "เมษายน",
    "พฤษภาคม",
    "มิถุนายน",
    "กรกฎาคม",
    "สิงหาคม",
    "กันยายน",
    "ตุลาคม",
    "พฤศจิกายน",
    "ธันวาคม",
]
_SHORT = ["มค", "กพ", "มีค", "เมย", "พค", "มิย", "กค", "สค", "กย", "ตค", "พย", "ธค"]
_ENGLISH = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTHS = {
    **{word: number for number, word in enumerate(_FULL, 1)},
    **{re.sub("(คม|ยน|พันธ์)$", "", word): number for number, word in enumerate(_FULL, 1)},
    **{word: number for number, word in enumerate(_SHORT, 1)},
    **{word: number for number, word in enumerate(_ENGLISH, 1)},
    **{word[:3]: number for number, word in enumerate(_ENGLISH, 1)},
    "sept": 9,
}


@dataclass(frozen=True)
class DateStyle:
    """How a whole column is read.

    `order`: which comes first where both are numbers; None: nothing decided, such dates are
    Unreadable. `short_buddhist`: two-digit years are 25xx of the Buddhist era; otherwise only
    where the cell itself says so. `serials`: bare numbers are a spreadsheet's day numbers.
    """

    order: Order | None = "dmy"
    short_buddhist: bool = False
    serials: bool = False


DAY_FIRST = DateStyle()
STYLES = {
    "dmy": DateStyle("dmy"),
    "mdy": DateStyle("mdy"),
    "dmy-be": DateStyle("dmy", short_buddhist=True),
}
"""What may be said about a column of dates: `--map issued_on=ISSUED:dmy`."""


@dataclass
class DateSurvey:
    """What a column of dates shows; `see` it in pieces, then ask for its `style`.

    Counts cells: `first`/`second` where only that number can be the day, `open` where both can
    (and differ), `buddhist` and `western` four-digit years, `short` two-digit years (with the
    least and greatest seen), `thai` cells with Thai letters or digits, `serial` bare numbers
    that can be day numbers, `other` everything else.
    """

    first: int = 0
    second: int = 0
    open: int = 0
    buddhist: int = 0
    western: int = 0
    short: int = 0
    short_least: int = 99
    short_most: int = 0
    thai: int = 0
    serial: int = 0
    other: int = 0

    def see(self, cells: Iterable[object]) -> None:
        """Look at more cells of the column."""
        for cell in cells:
            if not is_nothing(cell):
                self._see(cell)

    def see_arrow(self, cells: pa.Array | pa.ChunkedArray) -> None:
        """The same for a column of Arrow; each different cell is looked at once."""
        if pa.types.is_temporal(cells.type):
            return
        for found in cells.value_counts():
            cell, count = found["values"].as_py(), found["counts"].as_py()
            if not is_nothing(cell):
                self._see(cell, count)

    def _see(self, cell: object, count: int = 1) -> None:
        if isinstance(cell, date):
            return
        if _serial(cell) is not None:
            self.serial += count
            return
        if not isinstance(cell, str):
            self.other += count
            return
        plain = arabic(normal(cell))
        self.thai += count * bool(_THAI_SIGN.search(cell))
        if match := _NUMERIC.fullmatch(plain):
            one, two, year = int(match[1]), int(match[2]), match[3]
            self.first += count * (one > _MONTHS_A_YEAR >= two)
            self.second += count * (two > _MONTHS_A_YEAR >= one)
            self.open += count * (one != two and max(one, two) <= _MONTHS_A_YEAR)
            self._see_year(year, count)
        elif match := _WORDED.fullmatch(plain):
            self._see_year(match[4], count)
        elif match := _ISO.fullmatch(plain):
            self._see_year(match[1], count)
        else:
            self.other += count

    def _see_year(self, year: str, count: int) -> None:
        number = int(year)
        if len(year) == 2:  # noqa: PLR2004
            self.short += count
            self.short_least = min(self.short_least, number)
            self.short_most = max(self.short_most, number)
        elif number in _BUDDHIST:
            self.buddhist += count
        else:
            self.western += count

    @property
    def mixed(self) -> bool:
        """Some dates can only be day-first and some only month-first."""
        return bool(self.first and self.second)

    @property
    def in_thai(self) -> bool:
        """Thai letters, Thai digits or Buddhist years: written by a Thai hand, day first."""
        return bool(self.buddhist or self.thai)

    @property
    def undecided(self) -> bool:
        """Dates are there that can be read both ways, and no cell of the column tells."""
        return bool(self.open) and not (self.first or self.second or self.in_thai)

    @property
    def short_undecided(self) -> bool:
        """Two-digit years are there, and nothing tells in which era."""
        return bool(self.short) and not self._short_buddhist

    @property
    def _short_buddhist(self) -> bool:
        if self.short and self.in_thai:
            return not self.western
        plain = self.short_least in _SHORT_PLAIN and self.short_most in _SHORT_PLAIN
        return bool(self.short) and plain and not self.western

    def style(self) -> DateStyle:
        """How the column is read; order None where it is mixed or undecided."""
        order: Order | None = "dmy"
        if self.mixed or self.undecided:
            order = None
        elif self.second:
            order = "mdy"
        alone = not (self.first or self.second or self.open or self.western or self.buddhist)
        return DateStyle(order, self._short_buddhist, serials=bool(self.serial) and alone)


def day(cell: object, style: DateStyle = DAY_FIRST) -> date | None:
    """A date; a year of 2400-2699 is Buddhist. Text with a time of day keeps its own date."""
    found = _read(cell, style)
    return None if found is None else found[0]


def moment(cell: object, style: DateStyle = DAY_FIRST) -> datetime | None:
    """A point in time; without an offset it is Thai time (+07:00), a date is its midnight."""
    if isinstance(cell, datetime):
        made = _gregorian(cell.year, cell.month, cell.day, cell)
        local = cell.replace(year=made.year, month=made.month, day=made.day)
        return local if local.tzinfo else local.replace(tzinfo=THAI_TIME)
    found = _read(cell, style)
    if found is None:
        return None
    on, clock = found
    midnight = datetime(on.year, on.month, on.day, tzinfo=THAI_TIME)
    if isinstance(clock, float):
        # a spreadsheet keeps the time of day as a part of the day; its noise is below a second
        return midnight + timedelta(seconds=round(clock * 86_400))
    return _with_clock(midnight, clock) if clock else midnight


def _read(cell: object, style: DateStyle) -> tuple[date, str | float | None] | None:
    if is_nothing(cell):
        return None
    if isinstance(cell, date):
        return _gregorian(cell.year, cell.month, cell.day, cell), None
    if style.serials and (number := _serial(cell)) is not None:
        whole = int(number)
        on = _EXCEL_DAY_0 + timedelta(days=whole)
        return _gregorian(on.year, on.month, on.day, cell), number - whole
    if not isinstance(cell, str):
        raise Unreadable(str(cell))
    return _parse(cell, style)


def _serial(cell: object) -> float | None:
    """A spreadsheet's day number, as a number or as bare text; None for anything else."""
    if isinstance(cell, str):
        plain = arabic(cell.strip())
        if not re.fullmatch(r"\d{5,6}(?:\.\d+)?", plain):
            return None
        number = float(plain)
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        number = float(cell)
    else:
        return None
    return number if any(low <= number < high for low, high in _SERIALS) else None


def _parse(raw: str, style: DateStyle) -> tuple[date, str | None]:
    plain = arabic(normal(raw))
    clock: str | None
    if match := _ISO.fullmatch(plain):
        year, month, on, clock = int(match[1]), int(match[2]), int(match[3]), match[4]
    elif match := _BASIC.fullmatch(plain):
        year, month, on, clock = int(match[1]), int(match[2]), int(match[3]), None
    elif match := _NUMERIC.fullmatch(plain):
        year, clock = _year(match[3], raw, style), match[4]
        on, month = _ordered(int(match[1]), int(match[2]), year, style, raw)
    elif match := _WORDED.fullmatch(plain):
        on, month, clock = int(match[1]), _month(match[2], raw), match[5]
        year = _worded_year(match[4], match[3], raw, style)
    elif match := _MONTH_FIRST.fullmatch(plain):
        month, on, year, clock = _month(match[1], raw), int(match[2]), int(match[3]), match[4]
    else:
        raise Unreadable(raw)
    return _gregorian(year, month, on, raw), (clock or "").strip() or None


def _ordered(one: int, two: int, year: int, style: DateStyle, raw: str) -> tuple[int, int]:
    """Day and month of two numbers."""
    order: Order | None = style.order
    if order is None:
        # only what can be read in one way is read
        if year in _BUDDHIST or one == two or one > _MONTHS_A_YEAR:
            order = "dmy"
        elif two > _MONTHS_A_YEAR:
            order = "mdy"
        else:
            raise Unreadable(raw)
    return (one, two) if order == "dmy" else (two, one)


def _year(digits: str, raw: str, style: DateStyle) -> int:
    year = int(digits)
    if len(digits) > 2:  # noqa: PLR2004
        return year
    if style.short_buddhist or _THAI_SIGN.search(raw):
        return _SHORT_CENTURY + year
    raise Unreadable(raw)


def _worded_year(digits: str, era: str | None, raw: str, style: DateStyle) -> int:
    year = _year(digits, raw, style)
    if era is None:
        return year
    if era.startswith("ค"):
        if len(digits) == 2 or year in _BUDDHIST:  # noqa: PLR2004
            raise Unreadable(raw)
        return year
    if year not in _BUDDHIST:
        raise Unreadable(raw)
    return year


def _month(word: str, raw: str) -> int:
    found = _MONTHS.get(re.sub(r"[.\s]", "", word).lower())
    if found is None:
        raise Unreadable(raw)
    return found


def _gregorian(year: int, month: int, on: int, raw: object) -> date:
    # before the date is made: 2567-02-29 is a real day, the Gregorian year 2567 has no such day
    if year in _BUDDHIST:
        year -= _BUDDHIST_OFFSET
    try:
        return date(year, month, on)
    except ValueError as error:
        raise Unreadable(str(raw)) from error


def _with_clock(midnight: datetime, clock: str) -> datetime:
    match = _CLOCK.fullmatch(clock.strip())
    if not match:
        raise Unreadable(clock)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= _HALF_DAY:
            raise Unreadable(clock)
        hour = hour % _HALF_DAY + (_HALF_DAY if match[4].lower() == "pm" else 0)
    try:
        local = midnight.replace(hour=hour, minute=minute, second=second)
        return local if match[5] is None else local.replace(tzinfo=_zone(match[5]))
    except ValueError as error:
        raise Unreadable(clock) from error


def _zone(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    digits = offset[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-shift if offset[0] == "-" else shift)
