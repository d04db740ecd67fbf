"""What requests and answers about gauges look like."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from flood.levels import Quality
from layers.text import Text

Level = Annotated[float, Field(ge=-1_000, le=10_000, allow_inf_nan=False)]
FlagName = Literal["late", "duplicate", "future", "stuck", "spike", "gap", "range"]


class ReadingTold(BaseModel):
    """One reading as it came. `level_m` of river and tide stations, `rain_mm` of rain stations."""

    id: int
    at: datetime
    level_m: float | None = Field(default=None, description="m MSL")
    rain_mm: float | None = Field(default=None, description="In the interval that ends at `at`")
    discharge_m3s: float | None = None
    received_at: datetime
    source: str
    flags: list[FlagName] = Field(description="What is odd about it; nothing is deleted for it")
    wrong: bool = Field(description="Marked wrong by the desk")


class Readings(BaseModel):
    """Readings of one station in order of time."""

    gauge: str
    series: str
    unit: str
    start: datetime
    end: datetime
    step_s: int | None = Field(
        description="Of each so many seconds the lowest and the highest reading; null: all"
    )
    exercise: bool
    readings: list[ReadingTold]


class Now(BaseModel):
    """What a station says now; values are null where nothing can be said."""

    quality: Quality
    at: datetime | None = None
    received_at: datetime | None = None
    age_s: int | None = None
    level_m: float | None = None
    discharge_m3s: float | None = None
    to_bank_m: float | None = Field(
        default=None, description="Over the lowest known bank; negative below it"
    )
    trend_cm_h: float | None = Field(default=None, description="Over three hours")
    rain_mm: dict[str, float | None] | None = Field(
        default=None, description="Of a rain station: sums of the last hours, by hours"
    )
    source: str | None = None
    flags: list[FlagName] = []
    says: list[Text] = Field(default=[], description="The state in words, first things first")


class ThresholdTold(BaseModel):
    """A threshold and how far it is. `distance_m` and `distance_mm` are positive when reached."""

    name: str
    kind: str
    level_m: float | None
    rain_mm: float | None
    rain_hours: float | None
    distance_m: float | None = None
    distance_mm: float | None = None
    reached: bool | None
    set_by: str | None = Field(default=None, description="Told to staff")
    set_on: date | None
    note: str | None


class RememberedTold(BaseModel):
    """A remembered flood, and how far the level is from its peak; positive above it."""

    year_be: int
    peak_m: float
    distance_m: float | None
    says: Text | None = Field(description="Such as “40 cm below 2565”")
    note: str | None


class ZeroTold(BaseModel):
    """A zero of the staff gauge (m MSL; null: not known) and since when it holds."""

    valid_from: datetime
    zero_m: float | None
    reason: str | None


class GaugeTold(BaseModel):
    """A station: what it is, what it says now, and against what that is held."""

    code: str
    name: str | None
    river: str | None
    kind: str = Field(description="river, tide or rain")
    unit: str
    point: tuple[float, float] = Field(description="Longitude, latitude")
    zero_m: float | None = Field(
        description="Of the staff gauge, as it holds at the moment told of"
    )
    zeros: list[ZeroTold] = Field(
        description="Zeros with the time each holds from, the first first"
    )
    datum: str | None
    bank_left_m: float | None = Field(description="m MSL; null: not known")
    bank_right_m: float | None = Field(description="m MSL; null: not known")
    ground_m: float | None
    expected_interval_s: float
    source: str | None
    now: Now
    thresholds: list[ThresholdTold]
    next_threshold: str | None = Field(description="Name of the lowest one not reached")
    remembered: list[RememberedTold]
    doubts: list[Text] = Field(
        default=[], description="What contradicts itself in the record, in words"
    )


class Gauges(BaseModel):
    """Every station the caller sees."""

    at: datetime = Field(description="The moment told of: now, `as_of`, or the exercise's time")
    exercise: bool = Field(description="Whether these are readings of an exercise, not of water")
    gauges: list[GaugeTold]
    unknown_stations: list[str] = Field(
        description="Stations readings came from that nobody has entered as gauges; for staff"
    )


class ReadingIn(BaseModel):
    """A reading by hand: the number on the staff, or the level; of a rain station the rain."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"staff_m": 7.42}, {"level_m": 112.42, "confirm": True}]},
    )

    staff_m: Level | None = Field(
        default=None, description="What the staff gauge shows; the station's zero is added"
    )
    level_m: Level | None = Field(default=None, description="m MSL")
    rain_mm: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] | None = None
    at: AwareDatetime | None = Field(default=None, description="When it was read; empty: now")
    confirm: bool = Field(
        default=False, description="Store it although it is far from what was read before"
    )


class ReadingMade(BaseModel):
    """A reading by hand as it was stored."""

    id: int
    gauge: str
    at: datetime
    value: float
    unit: str
    to_bank_m: float | None
    says: list[Text]


class MarkIn(BaseModel):
    """What the desk says of a reading: wrong, or right after all."""

    model_config = ConfigDict(extra="forbid")

    wrong: bool
    reason: str = Field(min_length=3, max_length=500)


class MarkTold(BaseModel):
    """What somebody said of a reading."""

    wrong: bool
    reason: str
    marked_by: str
    marked_at: datetime


class Marks(BaseModel):
    """Everything said of a reading, the first first."""

    marks: list[MarkTold]


class PhotoMade(BaseModel):
    """A photograph was stored."""

    id: int
    bytes: int


PHOTO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/jpeg", "image/png", "image/webp")
        },
    }
}
"""The description of a photograph's bytes as a request's whole body."""
