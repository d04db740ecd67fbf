"""The arrival question and its answer as they travel; the dashboard's types come from these."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from api.impact_models import Recomputed, sane
from flood.levels import Quality

LONGEST_H = 240


class ArrivalRequest(BaseModel):
    """Which gauge, how far ahead, and as known when."""

    model_config = ConfigDict(extra="forbid")

    gauge: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")] = Field(
        description="Code of a river or tide gauge"
    )
    horizon_h: float = Field(
        default=LONGEST_H, gt=0, le=LONGEST_H, description="Hours ahead that are wanted"
    )
    as_of: Annotated[AwareDatetime, AfterValidator(sane)] | None = Field(
        default=None, description="What was known, and told, at this time"
    )


class LevelNow(BaseModel):
    """The last reading that may be relied on. `to_bank_m` is positive over the lowest bank.

    `quality` is late when nothing newer came in time, suspect when newer readings are doubtful.
    """

    at: datetime | None
    level_m: float | None
    age_s: int | None
    to_bank_m: float | None
    quality: Quality


class ForecastPoint(BaseModel):
    """The level at a moment; `band_80` holds it four times in five, by the back-test's errors.

    `supported` is false where the past had too few errors to measure the band by.
    """

    at: datetime
    lead_h: float
    level_m: float
    band_80: tuple[float, float]
    model: str
    supported: bool


class CrossingTold(BaseModel):
    """When a threshold is reached: one way in ten by `earliest`, half by `likely`, nine `latest`.

    Null where that lies beyond the last lead; `probability` is the share that reaches it by then.
    """

    threshold: str
    kind: str
    level_m: float
    earliest: datetime | None
    likely: datetime | None
    latest: datetime | None
    probability: float


class AlarmsTold(BaseModel):
    """Origin by origin at a threshold: floods foreseen and missed, alarms without a flood."""

    level_m: float
    hits: int
    misses: int
    false_alarms: int
    persistence_hits: int
    persistence_false_alarms: int


class LeadSkill(BaseModel):
    """What forecasts at a lead were worth in the rolling-origin back-test, on the same origins."""

    lead_h: float
    model: str
    origins: int
    mae_m: float | None
    mae_persistence_m: float | None
    mae_analogue_m: float | None
    band_coverage: float | None
    alarms: list[AlarmsTold]
    better_than_persistence: bool


class RainSignTold(BaseModel):
    """Rain of the last `window_h` hours, and the amount that warned of the lowest threshold.

    `worth` is false where such warnings did not do better than at random times; then no sign.
    """

    fallen_mm: float | None
    window_h: float
    sign_mm: float | None
    within_h: float | None
    events: int
    hits: int
    false_alarms: int
    worth: bool


class ArrivalInput(BaseModel):
    """A gauge above: how old its word is, how long its water takes, whether it was used."""

    gauge: str
    age_s: int | None
    lag_h: tuple[float, float] | None
    lag_source: Literal["staff", "estimated"] | None
    used: bool
    rain: RainSignTold | None = None


class ArrivalAnswer(BaseModel):
    """When the water comes, how sure that is, how old what it rests on is, and past skill.

    Leads count from `origin`, the last good reading when the forecast was made.
    """

    id: uuid.UUID
    kind: Literal["arrival"] = "arrival"
    computed_at: datetime
    computing_ms: int = 0
    pos: int = Field(description="Position of the town's data it was read at")
    clock: datetime = Field(description="The time it was: an exercise's own while one is open")
    gauge: str
    now: LevelNow
    forecast_id: int | None
    made_at: datetime | None
    origin: datetime | None
    forecast: list[ForecastPoint]
    crossings: list[CrossingTold]
    skill: LeadSkill | None = Field(description="At 24 h, or the lead nearest to it")
    skill_by_lead: list[LeadSkill]
    model_version: str | None
    trained_from: datetime | None
    trained_to: datetime | None
    fit_id: int | None = Field(default=None, description="The fit the forecast was made with")
    fitted_at: datetime | None = Field(default=None, description="When that fit was made")
    inputs: list[ArrivalInput]
    caveats: list[str]
    exercise: bool
    recomputed: Recomputed | None = None
