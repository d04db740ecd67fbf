"""The part of an impact answer about dry homes without a way out, as it travels."""

from pydantic import BaseModel, Field

from api.impact_parts import Ages, Facility, NamedPlace
from api.vehicle_models import VehicleUsed, Words


class WayOut(BaseModel):
    """What is left of the roads (m): all that can be used, and the largest part of it."""

    usable_m: float
    part_m: float
    edge: bool | None = Field(
        description="Whether a road that leaves the town can be used; null: where the roads end is "
        "not known"
    )


class HousesCutOff(BaseModel):
    """Dry houses without a way out."""

    count: int
    certain: int = Field(description="Of them, however shallow the water may stand")
    unknown: int = Field(
        description="Dry houses of which the roads tell nothing: no place, no road near, or no way "
        "out before the water came"
    )


class PeopleCutOff(Ages):
    """People of these houses; none of them is among those in the water."""

    certain: int
    unknown: int


class HouseholdsCutOff(BaseModel):
    """Households of these houses."""

    count: int
    people_unknown: int


class CareCutOff(BaseModel):
    """People in care who are dry and have no way out, and facilities. See `care_locations`."""

    count: int
    by_class: dict[str, int]
    by_need: dict[str, int] | None = None
    unknown: int
    suppressed: bool


class WheelsInWater(BaseModel):
    """Of the roads in the water, what a vehicle may use and what is too deep for it (m)."""

    id: str
    title: Words
    wades_m: float
    passable_m: float
    too_deep_m: float


class RoadCutOff(BaseModel):
    """A road that can be used and leads nobody out (m of it)."""

    code: str
    length_m: float


class RoadsCut(BaseModel):
    """Roads in the water, in pieces of at most 100 m, and apart from them those cut off behind it.

    `cut_off_m` can be used by the vehicle but leads nobody out.
    """

    in_water_m: float
    depth_unknown_m: float
    by_vehicle: list[WheelsInWater]
    cut_off_m: float
    count: int = Field(description="Roads of which some is cut off")
    named: list[RoadCutOff] = Field(description="At most 100, the longest first")


class FacilitiesCutOff(BaseModel):
    """Dry facilities without a way out; at most 200 are named."""

    count: int
    named: list[Facility]


class ShelterCutOff(NamedPlace):
    """A dry shelter without a way out."""

    capacity: int | None
    open: bool | None


class SheltersCutOff(BaseModel):
    """Dry shelters without a way out, and how many people those hold whose capacity is known."""

    count: int
    capacity: int
    capacity_unknown: int
    named: list[ShelterCutOff]


class CommunityCutOff(BaseModel):
    """What is cut off in one community; the code is null for what lies in none."""

    code: str | None
    name: str | None
    name_en: str | None
    houses: int | None = None
    people: Ages | None = None
    households: int | None = None
    care: dict[str, int] | None = Field(default=None, description="People in care by band")


class CutOffAt(BaseModel):
    """How many are cut off at another stage."""

    houses: int
    people: int | None = None


class CutOffRange(BaseModel):
    """At the stages that enclose the error of the ground. Null: that stage is not mapped.

    Higher water may leave fewer cut off, because they then stand in it.
    """

    stage_low_m: float | None
    stage_high_m: float | None
    low: CutOffAt
    high: CutOffAt | None


class CutOff(BaseModel):
    """Dry homes from which the vehicle finds no way out; they are not among `exposed`.

    What the caller may not see, was not asked for or is not on record is absent, never 0.
    """

    vehicle: VehicleUsed
    way_out: WayOut
    houses: HousesCutOff | None = None
    people: PeopleCutOff | None = None
    households: HouseholdsCutOff | None = None
    care: CareCutOff | None = None
    roads: RoadsCut
    facilities: FacilitiesCutOff | None = None
    shelters: SheltersCutOff | None = None
    waste_stops: int | None = None
    communities: list[CommunityCutOff] | None = None
    range: CutOffRange | None = Field(
        default=None, description="Only for a stage of a library less certain than a step of it"
    )
