"""The impact question and its answer as they travel; the dashboard's types come from these."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from api import past
from api.cut_off_models import CutOff
from api.impact_parts import Community, Displaced, Exposed, Need
from api.validation import SentenceError
from api.vehicle_models import VehicleId
from db.queries.cql2_parse import MAX_CHARACTERS
from layers.text import Text

MAX_VERTICES = 20_000
_CORNERS = 4

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Height = Annotated[float, Field(allow_inf_nan=False)]
Position = tuple[Longitude, Latitude] | tuple[Longitude, Latitude, Height]
Ring = Annotated[list[Position], Field(min_length=_CORNERS)]
Rings = Annotated[list[Ring], Field(min_length=1)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Area(BaseModel):
    """What drawn areas share: closed rings and a bound on their vertices."""

    def rings(self) -> Iterator[list[Position]]:
        """Every ring of the area."""
        raise NotImplementedError

    @property
    def vertices(self) -> int:
        """How many positions the area has in all its rings."""
        return sum(len(ring) for ring in self.rings())

    @model_validator(mode="after")
    def _is_closed_and_bounded(self) -> Self:
        if self.vertices > MAX_VERTICES:
            raise SentenceError(
                Text(
                    th=f"มีจุดเกิน {MAX_VERTICES:,} จุด ลดรายละเอียดของรูป",
                    en=f"has more than {MAX_VERTICES:,} vertices; simplify the shape",
                )
            )
        if any(ring[0] != ring[-1] for ring in self.rings()):
            raise SentenceError(
                Text(
                    th="มีเส้นขอบที่ไม่ปิด จุดแรกกับจุดสุดท้ายต้องเป็นจุดเดียวกัน",
                    en="has a ring that is not closed: its first and last points must be the same",
                )
            )
        return self


class Polygon(_Area):
    """A GeoJSON Polygon in longitude and latitude."""

    type: Literal["Polygon"]
    coordinates: Rings

    def rings(self) -> Iterator[list[Position]]:
        """Every ring of the area."""
        yield from self.coordinates


class MultiPolygon(_Area):
    """A GeoJSON MultiPolygon in longitude and latitude."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(min_length=1)]

    def rings(self) -> Iterator[list[Position]]:
        """Every ring of the area."""
        for polygon in self.coordinates:
            yield from polygon


Area = Annotated[Polygon | MultiPolygon, Field(discriminator="type")]
LayerName = Annotated[str, Field(max_length=60, pattern="^[a-z][a-z0-9_]*$")]


def _is_no_truth(value: object) -> object:
    """Python counts true as 1, a zone's id; nobody who asks does."""
    if isinstance(value, bool):
        raise SentenceError(
            Text(th="ต้องเป็นเลขหรือรหัสของเขตน้ำท่วม", en="must be the id or code of a flood zone")
        )
    return value


ZoneNumber = Annotated[int, Field(ge=0, lt=2**63), BeforeValidator(_is_no_truth)]
ZoneId = ZoneNumber | Annotated[str, Field(max_length=200)]


class FloodRequest(_Request):
    """The flood meant, named in just one way."""

    zone_ids: (
        Annotated[list[ZoneId], Field(min_length=1, max_length=5000)] | Literal["all"] | None
    ) = Field(default=None, description="Ids or codes of flood zones, or all")
    geometry: Area | None = Field(default=None, description="A drawn area")
    gauge: str | None = Field(default=None, description="A gauge; needs stage_m", max_length=200)
    stage_m: float | None = Field(
        default=None, description="Stage at the gauge in m MSL", allow_inf_nan=False
    )
    where: str | None = Field(
        default=None,
        description="Flood zones that meet a condition in CQL2 text over their queryables",
        max_length=MAX_CHARACTERS,
    )

    @model_validator(mode="after")
    def _is_named_once(self) -> Self:
        self.check_way()
        return self

    def check_way(self) -> None:
        """SentenceError unless the flood is named in just one way."""
        if (self.gauge is None) != (self.stage_m is None):
            raise SentenceError(
                Text(th="ต้องมีทั้ง gauge และ stage_m", en="needs both gauge and stage_m")
            )
        ways = (self.zone_ids, self.geometry, self.gauge, self.where)
        if sum(way is not None for way in ways) != 1:
            raise SentenceError(
                Text(
                    th="ต้องระบุน้ำท่วมเพียงแบบเดียว: zone_ids, where, gauge กับ stage_m หรือ geometry",
                    en="must name the flood in just one way: zone_ids, where, "
                    "gauge with stage_m, or geometry",
                )
            )


def sane(moment: datetime) -> datetime:
    """The moment, when a town can have records of it."""
    if not past.is_sane(moment):
        raise SentenceError(
            Text(th="ต้องเป็นเวลาที่เมืองมีข้อมูลได้", en="must be a time a town can have records of")
        )
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(sane)]


class ImpactFlood(FloodRequest):
    """The flood meant; also that of a forecast moment, as the nearest stage mapped."""

    at: Moment | None = Field(
        default=None, description="With gauge, in stage_m's place: a moment of its forecast"
    )

    def check_way(self) -> None:
        """SentenceError unless the flood is named in just one way."""
        if self.at is None:
            super().check_way()
            return
        others = (self.zone_ids, self.geometry, self.stage_m, self.where)
        if self.gauge is None or any(way is not None for way in others):
            raise SentenceError(
                Text(
                    th="at ใช้คู่กับ gauge เท่านั้น",
                    en="at goes with a gauge and with nothing else",
                )
            )


class Comparison(_Request):
    """What an answer is compared with: another flood, another time, or both."""

    flood: ImpactFlood | None = Field(default=None, description="The same flood when not given")
    as_of: Moment | None = Field(default=None, description="The same time when not given")

    @model_validator(mode="after")
    def _is_about_something_else(self) -> Self:
        if self.flood is None and self.as_of is None:
            raise SentenceError(
                Text(
                    th="ต้องมี flood หรือ as_of อย่างน้อยหนึ่งอย่าง",
                    en="needs another flood, another as_of, or both",
                )
            )
        return self


class ImpactRequest(_Request):
    """The question who and what a flood touches."""

    flood: ImpactFlood
    layers: list[LayerName] | None = Field(
        default=None, max_length=50, description="Layers to count; all when not given"
    )
    include: list[Literal["ids", "cut_off"]] = Field(
        default_factory=list,
        max_length=5,
        description="ids: list what was counted; cut_off: also dry homes without a way out, and "
        "what of the roads is cut off (takes longer than the rest)",
    )
    vehicle: VehicleId | None = Field(
        default=None,
        description="With include: cut_off, what the way out is for; truck_6 when not given",
    )
    wades_m: float | None = Field(
        default=None,
        ge=0,
        le=5,
        allow_inf_nan=False,
        description="With include: cut_off, how deep it wades; its own limit when not given",
    )
    as_of: Moment | None = Field(
        default=None, description="Ask about the town as it was at this time"
    )
    displaced_above_m: float | None = Field(
        default=None,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="Water deeper than this over the floor (m) displaces who sleeps there; the "
        "town's own figure (layer `assumptions`) when not given, else 0",
    )
    compare: Comparison | None = Field(
        default=None, description="Answer for another flood or time as well, with the differences"
    )

    @model_validator(mode="after")
    def _asks_what_it_tells_of(self) -> Self:
        told = self.vehicle is not None or self.wades_m is not None
        if told and "cut_off" not in self.include:
            raise SentenceError(
                Text(
                    th="vehicle และ wades_m ใช้คู่กับ include: cut_off เท่านั้น",
                    en="vehicle and wades_m go with include: cut_off only",
                )
            )
        return self


class CountRange(BaseModel):
    """What is certainly touched (nine in ten), and what possibly is; null: not known."""

    certain: int | None
    possible: int | None


class StageRange(BaseModel):
    """The stages that enclose the error of the ground, and the counts of each layer there."""

    stage_low_m: float | None
    stage_high_m: float | None
    counts: dict[str, CountRange]


class FloodExtent(BaseModel):
    """The flood itself: its area (m2), overlaps counted once, and whether depth is known.

    `range` is there for a stage of a library whose ground is less certain than a step of it: then
    no count means anything without it.
    """

    area_m2: float
    depth_known: bool
    range: StageRange | None = None


class Provenance(BaseModel):
    """What an answer rests on: a layer, the position of its last change, when, from where."""

    layer: str
    version: int
    as_of: datetime | None
    source: str | None
    expected_days: float | None = Field(
        default=None, description="Days until its data count as old; null: never"
    )


class Recomputed(BaseModel):
    """Whether an answer worked out again on the same versions is the one given before."""

    at: datetime
    equal: bool
    differs: list[str] = Field(description="Parts of the answer that came out different")


class Difference(BaseModel):
    """One figure of both answers, by its path; null where one of them does not know it."""

    figure: str
    first: float | None
    second: float | None
    difference: float | None = Field(description="The second less the first")


class ForecastStage(BaseModel):
    """What a gauge is forecast to show at a moment (m MSL), and the stage that stands for it."""

    gauge: str
    at: datetime
    likely_m: float
    low_m: float
    high_m: float
    stage_m: float
    highest_m: float = Field(description="The highest stage that is mapped")
    origin: datetime | None = Field(
        default=None, description="When the reading was taken that the forecast counts from"
    )
    clock: datetime | None = Field(
        default=None, description="The present it was asked at; the exercise's during one"
    )


class _Answer(BaseModel):
    flood: FloodExtent
    forecast: ForecastStage | None = Field(
        default=None, description="Only for the flood of a forecast moment"
    )
    exposed: Exposed
    displaced: Displaced | None = None
    needs: list[Need] | None = None
    communities: list[Community] | None = None
    cut_off: CutOff | None = Field(
        default=None, description="Only with include: cut_off, in a town with roads on record"
    )
    provenance: list[Provenance]


class Compared(_Answer):
    """The answer for the flood or time it is compared with, and how far apart the two are."""

    pos: int = Field(description="The position of the town's changes it was read at")
    differences: list[Difference]


class ImpactAnswer(_Answer):
    """Who and what a flood touches, with what the answer rests on."""

    id: uuid.UUID
    computed_at: datetime
    computing_ms: int = Field(default=0, description="How long it took to work out")
    compared: Compared | None = Field(default=None, description="Only with compare")
    caveats: list[str] = Field(description="Sentences to read before using the numbers")
    recomputed: Recomputed | None = Field(default=None, description="Only with recompute")
