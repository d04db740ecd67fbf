"""Series of readings: declared like layers, but without geometry, append-only and split by time.

A reading is never changed and never deleted. What is wrong with it is said beside it: a `Flag` it
got when it came or is given when it is read, or a mark somebody of the desk put on it by name.
"""

from enum import IntFlag

from pydantic import BaseModel, ConfigDict

from layers.errors import NotFoundError
from layers.model import EVERYONE, INTERNAL, Audience, FieldType, Role
from layers.text import Text


class Flag(IntFlag):
    """What is odd about a reading. Stored as a smallint: numbers stay."""

    LATE = 1
    DUPLICATE = 2
    FUTURE = 4
    STUCK = 8
    SPIKE = 16
    GAP = 32
    RANGE = 64


FLAG_WORDS: dict[Flag, Text] = {
    Flag.LATE: Text(th="มาช้า", en="came late"),
    Flag.DUPLICATE: Text(th="ซ้ำเวลาเดิม", en="another one of the same time"),
    Flag.FUTURE: Text(th="เวลาอยู่ในอนาคต", en="dated in the future"),
    Flag.STUCK: Text(th="ค่าค้าง", en="stuck at one value"),
    Flag.SPIKE: Text(th="ค่ากระโดด", en="jumps"),
    Flag.GAP: Text(th="ขาดช่วงก่อนค่านี้", en="follows a gap"),
    Flag.RANGE: Text(th="เกินช่วงที่เป็นไปได้", en="beyond what is possible"),
}

DOUBTED = Flag.FUTURE | Flag.STUCK | Flag.SPIKE | Flag.RANGE
"""Flags of readings no answer should rest on; the others tell of the way they came."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Frozen):
    """What is ordinary at a station; seconds, and units of the series. None: never doubted.

    A station's own numbers are fields of the layer `gauges`; where those are empty, the series'
    defaults hold. `most_per_h` is the greatest change in an hour that is believed.
    """

    expected_interval_s: float
    late_after_s: float
    future_after_s: float
    stuck_after_s: float | None = None
    most_per_h: float | None = None
    range_min: float | None = None
    range_max: float | None = None


class Column(_Frozen):
    """One column of a series beside those of the platform."""

    name: str
    type: FieldType
    title: Text
    audience: Audience = EVERYONE


class Series(_Frozen):
    """One kind of readings: which stations of `gauges` have it, its unit, and what is ordinary."""

    id: str
    title: Text
    description: Text
    kind: str
    unit: str
    limits: Limits
    audience: Audience = EVERYONE

    def columns(self, role: Role) -> tuple[str, ...]:
        """Names of the columns a role may see, in order; none when it may not see the series."""
        if role not in self.audience:
            return ()
        return tuple(column.name for column in COLUMNS if role in column.audience)


COLUMNS: tuple[Column, ...] = (
    Column(name="id", type=FieldType.INTEGER, title=Text(th="เลขที่", en="No.")),
    Column(name="station", type=FieldType.TEXT, title=Text(th="สถานี", en="Station")),
    Column(name="at", type=FieldType.DATETIME, title=Text(th="เวลาที่วัด", en="Read at")),
    Column(name="value", type=FieldType.NUMBER, title=Text(th="ค่า", en="Value")),
    Column(
        name="discharge_m3s", type=FieldType.NUMBER, title=Text(th="อัตราการไหล", en="Discharge")
    ),
    Column(name="staff_m", type=FieldType.NUMBER, title=Text(th="ที่อ่านบนเสา", en="Read on staff")),
    Column(name="received_at", type=FieldType.DATETIME, title=Text(th="ได้รับเมื่อ", en="Received")),
    Column(name="source", type=FieldType.TEXT, title=Text(th="แหล่งข้อมูล", en="Source")),
    Column(name="flags", type=FieldType.INTEGER, title=Text(th="ข้อสังเกต", en="Flags")),
    Column(name="exercise", type=FieldType.BOOLEAN, title=Text(th="ฝึกซ้อม", en="Exercise")),
    Column(name="wrong", type=FieldType.BOOLEAN, title=Text(th="ถูกระบุว่าผิด", en="Marked wrong")),
    Column(
        name="entered_by",
        type=FieldType.TEXT,
        title=Text(th="ผู้กรอก", en="Entered by"),
        audience=INTERNAL,
    ),
    Column(
        name="photo",
        type=FieldType.BOOLEAN,
        title=Text(th="มีภาพถ่าย", en="Has a photo"),
        audience=INTERNAL,
    ),
)
"""What a reading holds. A photo may show somebody, and who entered it is somebody: internal."""

_HOUR = 3600.0

GAUGE = Series(
    id="gauge_readings",
    title=Text(th="ระดับน้ำ", en="River levels"),
    description=Text(
        th="ค่าระดับน้ำเป็น ม.รทก. และอัตราการไหล ตามที่ได้รับ ไม่ลบไม่แก้",
        en="River levels in m MSL and discharges as received; never changed, never deleted.",
    ),
    kind="river",
    unit="m MSL",
    limits=Limits(
        expected_interval_s=_HOUR,
        late_after_s=3 * _HOUR,
        future_after_s=300,
        stuck_after_s=48 * _HOUR,
        most_per_h=2.0,
        range_min=-20,
        range_max=3000,
    ),
)
TIDE = Series(
    id="tide_readings",
    title=Text(th="น้ำขึ้นน้ำลง", en="Tide levels"),
    description=Text(
        th="ระดับน้ำทะเลเป็น ม.รทก. ตามที่ได้รับ ไม่ลบไม่แก้",
        en="Sea levels in m MSL as received; never changed, never deleted.",
    ),
    kind="tide",
    unit="m MSL",
    limits=Limits(
        expected_interval_s=_HOUR,
        late_after_s=3 * _HOUR,
        future_after_s=300,
        stuck_after_s=6 * _HOUR,
        most_per_h=2.0,
        range_min=-10,
        range_max=20,
    ),
)
RAIN = Series(
    id="rain_readings",
    title=Text(th="ฝน", en="Rain"),
    description=Text(
        th="ฝนเป็นมิลลิเมตรในช่วงที่สิ้นสุด ณ เวลาที่วัด ตามที่ได้รับ ไม่ลบไม่แก้",
        en="Rain in mm of the interval that ends at the time; never changed, never deleted.",
    ),
    kind="rain",
    unit="mm",
    limits=Limits(
        expected_interval_s=_HOUR,
        late_after_s=3 * _HOUR,
        future_after_s=300,
        range_min=0,
        range_max=300,
    ),
)
SERIES: tuple[Series, ...] = (GAUGE, RAIN, TIDE)

_BY_ID = {series.id: series for series in SERIES}
_BY_KIND = {series.kind: series for series in SERIES}


def is_series(series_id: str) -> bool:
    """Whether there is a series of that id."""
    return series_id in _BY_ID


def get(series_id: str) -> Series:
    """The series of that id; NotFoundError names the series there are."""
    found = _BY_ID.get(series_id)
    if found is None:
        known = ", ".join(_BY_ID)
        raise NotFoundError(
            Text(
                th=f"ไม่มีชุดค่าชื่อ “{series_id}” ที่มี: {known}",
                en=f"There is no series called “{series_id}”. The series are: {known}.",
            )
        )
    return found


def of_kind(kind: str) -> Series:
    """The series a station of that kind is read for; one of a kind nobody knows is a river's."""
    return _BY_KIND.get(kind, GAUGE)
