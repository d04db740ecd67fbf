"""Questions and answers about roads as they travel; the dashboard's types come from these."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.impact_models import FloodRequest, Latitude, Longitude, Provenance, Recomputed, sane
from api.validation import SentenceError
from api.vehicle_models import VehicleId, VehicleUsed, Words
from layers.text import Text

Code = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
LonLat = tuple[float, float]


class NetworkRequest(BaseModel):
    """What every question about roads may say: the water, the vehicle, the time."""

    model_config = ConfigDict(extra="forbid")

    flood: FloodRequest | None = Field(default=None, description="The flood; none: a dry day")
    vehicle: VehicleId = Field(default="truck_6", description="What people are driven in")
    wades_m: float | None = Field(
        default=None,
        ge=0,
        le=5,
        description="How deep the vehicle wades; the editable default of its kind when not given",
    )
    depth_m: float | None = Field(
        default=None,
        ge=0,
        le=50,
        description="Greatest depth of areas whose depth is not known, such as drawn ones",
    )
    water_level_m: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Level of the water's surface (m MSL) where it is flat: roads of known level "
        "are then as deep as it stands above them",
    )
    as_of: Annotated[AwareDatetime, AfterValidator(sane)] | None = Field(
        default=None, description="Ask about the town as it was at this time"
    )


class SheltersRequest(NetworkRequest):
    """Where everybody goes, by roads that are neither too deep under water nor closed."""

    boat: bool = Field(default=True, description="Fetch by boat whom no road leads to")
    open_all: bool = Field(
        default=False, description="Plan as though every shelter were open, for quiet times"
    )
    only_in_water: bool = Field(
        default=False, description="Place only households whose house is in the flood"
    )
    include: list[Literal["households"]] = Field(
        default_factory=list, max_length=5, description="households: list those placed by road too"
    )


class RoadsUsed(BaseModel):
    """The road network as the vehicle finds it (m)."""

    length_m: float
    too_deep_m: float
    closed_m: float
    depth_unknown_m: float
    closures_at_no_road: int = Field(description="Closures further from any road than 30 m")


class ShelterPlaces(BaseModel):
    """One shelter: whether it takes people, its free places, whom it is given."""

    code: str
    name: str | None
    status: Literal["takes", "closed", "flooded", "full", "capacity_unknown", "no_road"]
    at: LonLat
    free: int | None = Field(default=None, description="Places before this answer")
    placed: int | None = Field(default=None, description="People this answer sends there")


class PlacedHousehold(BaseModel):
    """What became of one household. `metres` and `seconds` are of the way to its shelter."""

    household: str
    community: str | None
    people: int
    status: Literal["road", "boat", "no_place", "unreachable", "no_location"]
    shelter: str | None
    nearest: str | None = Field(description="Nearest shelter by road with free places at the start")
    metres: float | None
    seconds: float | None
    planned: bool = Field(description="Placed by the refuge plan, not by the solver")
    not_accessible: bool = Field(description="Needed an accessible place and found none")
    landing: LonLat | None = Field(description="Where a boat puts them ashore")


class PeoplePlaced(BaseModel):
    """People by what became of them: the five add up to `all`."""

    all: int
    road: int
    boat: int
    no_place: int
    unreachable: int
    no_location: int


class CommunityPlaced(BaseModel):
    """How many of a community go to which shelter; null where they have none."""

    community: str | None
    shelter: str | None
    status: Literal["road", "boat", "no_place", "unreachable", "no_location"]
    people: int
    households: int


class NetworkAnswer(BaseModel):
    """What every answer about roads says of itself."""

    id: uuid.UUID
    kind: str
    computed_at: datetime
    computing_ms: int = Field(default=0, description="How long it took to work out")
    pos: int
    personal: bool = Field(description="Whether single households are in it")
    provenance: list[Provenance]
    caveats: list[str] = Field(description="Sentences to read before using the numbers")
    recomputed: Recomputed | None = Field(default=None, description="Only with recompute")


class SheltersAnswer(NetworkAnswer):
    """Where everybody goes. People are absent for roles that do not see households."""

    kind: Literal["shelters"]
    vehicle: VehicleUsed
    roads: RoadsUsed
    shelters: list[ShelterPlaces]
    people: PeoplePlaced | None = None
    communities: list[CommunityPlaced] | None = None
    listed: list[PlacedHousehold] | None = Field(
        default=None, description="Every household not placed by road: boat, no place, no way"
    )
    households: list[PlacedHousehold] | None = Field(
        default=None, description="Those placed by road; only with include: households"
    )


class StageRequest(BaseModel):
    """What is under water some hours from now."""

    model_config = ConfigDict(extra="forbid")

    hours: float = Field(ge=0, le=24 * 60)
    flood: FloodRequest


class StartedRun(BaseModel):
    """A run that has left: it stays as it is when the rest is planned anew."""

    model_config = ConfigDict(extra="forbid")

    team: Code
    back_h: float = Field(ge=0, le=240, description="Hours until the team is back")
    to: list[Code] = Field(default_factory=list, max_length=20)
    stops: list["StartedStop"] = Field(min_length=1, max_length=100)


class StartedStop(BaseModel):
    """Who of a household is on board."""

    model_config = ConfigDict(extra="forbid")

    household: Code
    sitting: int = Field(ge=0, le=500)
    lying: int = Field(default=0, ge=0, le=100)


class EvacuationRequest(NetworkRequest):
    """In what order households leave, and which team fetches whom next."""

    stages: list[StageRequest] = Field(
        default_factory=list, max_length=12, description="Water to come, for the time left by road"
    )
    failed: list[Code] = Field(
        default_factory=list,
        max_length=100,
        description="Teams that cannot go, beside those on record as out of order",
    )
    started: list[StartedRun] = Field(
        default_factory=list, max_length=200, description="Runs under way"
    )
    open_all: bool = Field(default=False, description="Plan as though every shelter were open")


class RankedHousehold(BaseModel):
    """A household in its place of the order, and why it stands there."""

    rank: int
    household: str
    community: str | None
    people: int
    lying: int
    score: float
    reasons: list[Words]
    set_by_hand: bool
    shelter: str | None
    at: LonLat | None
    depth_m: float | None = Field(description="Greatest depth at the door; null: not known")
    cut_h: float | None = Field(description="Hours until its road is cut; null: not foreseen")


class RunStop(BaseModel):
    """One call of a run; `part`: not the whole household."""

    household: str
    sitting: int
    lying: int
    part: bool


class TeamRun(BaseModel):
    """One run of a team; hours from now."""

    team: str
    number: int
    stops: list[RunStop]
    to: list[str]
    leaves_h: float
    back_h: float
    under_way: bool


class NotFetched(BaseModel):
    """A household no team can fetch, and why."""

    household: str
    why: Words


class PowerAlertOut(BaseModel):
    """Somebody who depends on powered equipment where power is off or planned off."""

    household: str
    area: str
    state: Literal["off", "planned"]
    words: Words


class EvacuationAnswer(NetworkAnswer):
    """Who leaves in what order, and the runs of every team."""

    kind: Literal["evacuation"]
    vehicle: VehicleUsed
    roads: RoadsUsed
    not_in_danger: int = Field(description="People neither in the water nor about to be cut off")
    order: list[RankedHousehold]
    runs: list[TeamRun]
    left: list[NotFetched]
    alerts: list[PowerAlertOut]


class _Called(Protocol):
    """Something with a code."""

    code: str


_Some = TypeVar("_Some", bound=_Called)


def each_once(places: list[_Some]) -> list[_Some]:
    """The places, when no two have one code: an answer could not say which it means."""
    codes = [place.code for place in places]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice is not None:
        raise SentenceError(
            Text(
                th=f"มีรหัส “{twice}” มากกว่าหนึ่งจุด แต่ละจุดต้องมีรหัสของตนเอง",
                en=f"has more than one place called “{twice}”; each needs a code of its own",
            )
        )
    return places


class ReliefStop(BaseModel):
    """A place a relief round calls at."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    lon: Longitude
    lat: Latitude


class Place(BaseModel):
    """A place in degrees."""

    model_config = ConfigDict(extra="forbid")

    lon: Longitude
    lat: Latitude


class RouteCutsRequest(NetworkRequest):
    """Which stops of the waste routes, or of a relief round, are lost, and the way left."""

    routes: list[Code] | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="Codes of waste routes; all when not given",
    )
    relief: Annotated[list[ReliefStop], AfterValidator(each_once)] | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Places of a relief round instead of the waste routes, the first its start",
    )
    depot: Place | None = Field(default=None, description="Where every round starts")
    depot_of: Code | None = Field(
        default=None, description="Start every round where this boat, vehicle or crew stands"
    )
    collections: int = Field(
        default=1, ge=0, le=365, description="Collections the flood keeps the lorry away from"
    )

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if self.routes is not None and self.relief is not None:
            raise SentenceError(
                Text(
                    th="ถามเส้นทางเก็บขยะ (routes) หรือรอบส่งของ (relief) ทีละอย่าง",
                    en="asks about waste routes (routes) or a relief round (relief), not both",
                )
            )
        return self


class DepotUsed(BaseModel):
    """Where the rounds start; `no_road`: no road that can be used leads there, so all is lost."""

    code: str | None
    at: LonLat
    status: Literal["used", "no_road"]


class RouteLeft(BaseModel):
    """What is left of one route. `backlog` is absent where accounts are not theirs to see."""

    route: str
    served: list[str]
    lost: list[str]
    seconds: float
    metres: float
    line: dict[str, Any] | None = Field(description="The way as a GeoJSON LineString")
    accounts_lost: int | None = Field(default=None, description="null: not known")
    backlog: int | None = Field(default=None, description="Collections missed; null: not known")


class RouteCutsAnswer(NetworkAnswer):
    """What is left of the routes over dry roads."""

    kind: Literal["route_cuts"]
    vehicle: VehicleUsed
    roads: RoadsUsed
    depot: DepotUsed | None = Field(
        default=None, description="Absent: each round starts at a stop of its own"
    )
    routes: list[RouteLeft]
