"""What a feed's answer becomes: readings or zones, and a report of everything that was refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shapely import MultiPolygon

from layers.errors import RefusedError
from layers.text import Text
from layers.zeros import Zeros

MOST_ROWS = 200_000
"""Rows of one answer that are looked at; an answer with more is no answer about one country."""
_AHEAD = timedelta(days=1)
_OLDEST = datetime(1900, 1, 1, tzinfo=UTC)
_EXAMPLES = 3
_LONGEST = 80


class Series(StrEnum):
    """Where readings of a kind are kept; the values are the series' ids."""

    LEVEL = "gauge_readings"
    RAIN = "rain_readings"
    TIDE = "tide_readings"


@dataclass(frozen=True)
class Observation:
    """One reading: `at` in UTC; level in m MSL, rain in mm, tide in m MSL, discharge in m3/s.

    `staff_m` is what was read on the staff, where the level was reckoned from it.
    """

    station: str
    at: datetime
    value: float | None
    discharge_m3s: float | None = None
    series: Series = Series.LEVEL
    staff_m: float | None = None


@dataclass(frozen=True)
class Station:
    """What a source says of a station of its own; nothing of it is taken over by itself.

    Levels in m MSL; None where the source says nothing, or 0, which is how it says "not known".
    """

    code: str
    name: Text | None = None
    lon: float | None = None
    lat: float | None = None
    bank_left_m: float | None = None
    bank_right_m: float | None = None
    ground_m: float | None = None


@dataclass(frozen=True)
class Zone:
    """Water somebody saw: its outline in EPSG:4326, and when (None: the source does not say)."""

    code: str
    name: str
    seen_at: datetime | None
    outline: MultiPolygon


@dataclass(frozen=True)
class Refused:
    """Rows that became no reading, for one reason; `first` shows some of them."""

    reason: Text
    count: int
    first: tuple[str, ...]


@dataclass(frozen=True)
class Parsed:
    """An answer taken apart: of `read` rows `kept` became something, the rest is in `refused`."""

    read: int
    kept: int
    observations: tuple[Observation, ...] = ()
    zones: tuple[Zone, ...] = ()
    stations: tuple[Station, ...] = ()
    refused: tuple[Refused, ...] = ()
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Door:
    """What the town knows when an answer comes in.

    `names` turns a source's station into the town's code where they differ; `known` are the
    town's own stations (None: take every one); `zeros` the zeros of staff gauges in time.
    """

    now: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[str] | None = None
    zeros: Mapping[str, Zeros] = field(default_factory=dict)

    def station(self, theirs: str) -> str | None:
        """The town's code of a source's station; None for one that is not the town's."""
        ours = self.names.get(theirs, theirs)
        return ours if self.known is None or ours in self.known else None

    def level(self, station: str, staff_m: float, at: datetime) -> float:
        """What was read on a station's staff in m MSL; RowError where its zero is not known."""
        zeros = self.zeros.get(station)
        zero = None if zeros is None else zeros.at(at)
        if zero is None:
            raise RowError(NO_ZERO)
        return zero + staff_m

    def time(self, at: datetime) -> datetime:
        """The moment in UTC; RowError for one that is no possible time of a reading.

        A few hours ahead is a fault stations are known for: such a reading is kept and flagged.
        """
        try:
            moment = at.astimezone(UTC)
        except (OverflowError, ValueError):
            raise RowError(NO_TIME) from None
        if moment < _OLDEST:
            raise RowError(TOO_OLD)
        if moment > self.now + _AHEAD:
            raise RowError(AHEAD)
        return moment


def once(parsed: Parsed) -> Parsed:
    """The answer with one reading for each station and time; level and discharge apart are one.

    Of several the last stands, as of readings that come one after the other; the others are refused
    and told. Stored, they would replace one another at every question, for ever.
    """
    found: dict[tuple[Series, str, datetime], Observation] = {}
    tally = Rows()
    lost = 0
    for one in parsed.observations:
        key = (one.series, one.station, one.at)
        before = found.get(key)
        found[key] = one
        if before is None:
            continue
        if before.value is None and one.discharge_m3s is None:
            found[key] = replace(one, discharge_m3s=before.discharge_m3s)
        elif one.value is None and before.discharge_m3s is None:
            found[key] = replace(before, discharge_m3s=one.discharge_m3s)
        else:
            lost += 1
            tally.refuse(TWICE, f"{one.station} {one.at:%Y-%m-%dT%H:%MZ} {before.value}")
    if len(found) == len(parsed.observations):
        return parsed
    return replace(
        parsed,
        kept=parsed.kept - lost,
        observations=tuple(found.values()),
        refused=(*parsed.refused, *tally.finish()),
    )


class UnreadableAnswerError(RefusedError):
    """The whole answer is not what this kind of feed sends; `body` is put in by who asked."""

    body: bytes = b""
    status: int | None = None


class RowError(Exception):
    """One row cannot become a reading, for `reason`."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Rows:
    """Counts rows and what becomes of them, so that nothing is dropped without a word."""

    def __init__(self) -> None:
        self.read = 0
        self.kept = 0
        self._refused: dict[Text, list[str]] = {}
        self._counts: dict[Text, int] = {}

    def refuse(self, reason: Text, shown: object, count: int = 1) -> None:
        """Note refused rows; `shown` names one of them for a person."""
        self._counts[reason] = self._counts.get(reason, 0) + count
        first = self._refused.setdefault(reason, [])
        if len(first) < _EXAMPLES:
            first.append(brief(shown))

    def finish(self) -> tuple[Refused, ...]:
        """The refused rows, the commonest reason first."""
        ordered = sorted(self._counts.items(), key=lambda item: -item[1])
        return tuple(
            Refused(reason, count, tuple(self._refused[reason])) for reason, count in ordered
        )


def brief(shown: object) -> str:
    """A few signs of anything, for a report."""
    said = " ".join(str(shown).split())
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


NO_STATION = Text(
    th="ไม่มีรหัสสถานี (เลขภายในของแหล่งข้อมูลเปลี่ยนได้ จึงไม่ใช้)",
    en="no station code (the source's own numbers change, so they are not used)",
)
NOT_OURS = Text(th="ไม่ใช่สถานีของเมืองนี้", en="not a station of this town")
TWICE = Text(
    th="แหล่งข้อมูลบอกสถานีและเวลาเดียวกันมากกว่าหนึ่งค่า ใช้ค่าสุดท้าย ตรวจว่ารหัสสถานีซ้ำหรือไม่",
    en="the source tells more than one value for one station and time; the last is kept: see "
    "whether two stations bear one code",
)
NO_TIME = Text(th="อ่านเวลาไม่ได้", en="the time cannot be read")
TOO_OLD = Text(th="เวลาเก่ากว่าที่จะเป็นไปได้", en="the time is older than can be")
AHEAD = Text(th="เวลาอยู่ล่วงหน้าเกินหนึ่งวัน", en="the time is more than a day ahead")
NO_VALUE = Text(th="ไม่มีค่า", en="there is no value")
BAD_VALUE = Text(th="ค่าไม่ใช่ตัวเลข", en="the value is not a number")
BAD_ROW = Text(th="แถวไม่ใช่รูปที่คาด", en="the row does not have the expected shape")
NO_ZERO = Text(
    th="ค่าเป็นระดับเหนือศูนย์เสาวัด แต่เมืองยังไม่ได้บันทึกระดับศูนย์ (zero_m) ของสถานีในเวลานั้น",
    en="the value is above the staff's zero, and the town has not recorded the zero (zero_m) of "
    "that time",
)
