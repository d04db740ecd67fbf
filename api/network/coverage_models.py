"""The question who lives how far from a service, and its answer, as they travel."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.impact_models import Latitude, Longitude
from api.network.models import (
    Code,
    LonLat,
    NetworkAnswer,
    NetworkRequest,
    RoadsUsed,
    each_once,
)
from api.validation import SentenceError
from api.vehicle_models import VehicleId, VehicleUsed
from layers.text import Text

Kind = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00]+$")]
ReachName = Literal["within", "far", "unreachable", "no_location"]


class ServicePoint(BaseModel):
    """A place of the service that is not on record, such as a planned one."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    lon: Longitude
    lat: Latitude


class CoverageRequest(NetworkRequest):
    """Who lives outside a walking or driving time of a service, named in just one way."""

    vehicle: VehicleId = Field(default="walk", description="How people get there")
    facilities: list[Kind] | None = Field(
        default=None, min_length=1, max_length=20, description="Facilities of these kinds"
    )
    shelters: Literal["open", "all"] | None = Field(
        default=None, description="Shelters: those open now, or all as though they were"
    )
    points: Annotated[list[ServicePoint], AfterValidator(each_once)] | None = Field(
        default=None, min_length=1, max_length=200, description="Places given here"
    )
    within_min: float = Field(gt=0, le=240, description="Minutes counted as within reach")
    coming: bool = Field(
        default=False, description="The service comes to people (a fire engine), not they to it"
    )
    include: list[Literal["households", "roads"]] = Field(
        default_factory=list,
        max_length=5,
        description="households: list those not within reach; roads: the road network by reach "
        "as GeoJSON",
    )

    @model_validator(mode="after")
    def _is_named_once(self) -> Self:
        ways = (self.facilities, self.shelters, self.points)
        if sum(way is not None for way in ways) != 1:
            raise SentenceError(
                Text(
                    th="ต้องระบุบริการเพียงแบบเดียว: facilities, shelters หรือ points",
                    en="must name the service in just one way: facilities, shelters or points",
                )
            )
        return self


class ServiceUsed(BaseModel):
    """One place of the service, and whether it serves anybody."""

    code: str
    name: str | None = None
    status: Literal["serves", "closed", "flooded", "no_road", "no_location"]
    at: LonLat | None


class CountsByReach(BaseModel):
    """Counts by reach: the four add up to `all`."""

    all: int
    within: int
    far: int
    unreachable: int
    no_location: int


class HouseholdsByReach(CountsByReach):
    """Households by reach; `uncounted`: nobody knows how many people they are."""

    uncounted: int


class CommunityCovered(BaseModel):
    """One community's people by reach; null: houses in no community."""

    community: str | None
    people: CountsByReach | None = Field(description="null: nobody has counted any of them")
    households: HouseholdsByReach
    by_age: dict[str, CountsByReach] | None


class HouseholdOutside(BaseModel):
    """A household not within reach; `minutes` null: no way, or its place is not known."""

    household: str
    community: str | None
    people: int | None = Field(description="null: nobody has counted")
    status: Literal["far", "unreachable", "no_location"]
    minutes: float | None
    service: str | None = Field(description="The service soonest reached")


class RoadsByReach(BaseModel):
    """Roads by reach, as GeoJSON: within, far, cut off from every service, and barred."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


class CoverageAnswer(NetworkAnswer):
    """Who is outside. People are absent for roles that do not see households.

    They are absent too in a town that has none on record, and null where nobody has ever counted
    who lives in them: no data is never 0.
    """

    kind: Literal["coverage"]
    vehicle: VehicleUsed
    roads: RoadsUsed
    within_min: float
    services: list[ServiceUsed]
    people: CountsByReach | None = None
    households: HouseholdsByReach | None = None
    by_age: dict[str, CountsByReach] | None = None
    communities: list[CommunityCovered] | None = None
    outside: list[HouseholdOutside] | None = Field(
        default=None, description="Only with include: households"
    )
    reach: RoadsByReach | None = Field(default=None, description="Only with include: roads")
