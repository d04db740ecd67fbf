"""The parts of an impact answer as they travel: counts of each layer, needs, communities."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field


class _Counted(BaseModel):
    count: int
    ids: list[int] | None = Field(default=None, description="Only with include: ids")


_AGES = ("0-5", "6-17", "18-59", "60+")


def _from_young_to_old(ages: dict[str, int]) -> dict[str, int]:
    return {age: ages[age] for age in _AGES if age in ages}


ByAge = Annotated[dict[str, int], AfterValidator(_from_young_to_old)]
INDOORS = (
    "By the greatest depth over the floor: dry, the depth classes, unknown where floor or water is"
)


class Ages(BaseModel):
    """People by age band."""

    count: int
    by_age: ByAge


class People(Ages):
    """People sleeping in the houses touched; registered ones where nobody has asked."""

    by_indoor_depth: dict[str, Ages] = Field(default_factory=dict, description=INDOORS)


class Households(BaseModel):
    """Households of the houses touched."""

    count: int
    people_unknown: int = Field(
        default=0, description="Households of which nobody knows how many live there"
    )


class Houses(_Counted):
    """Houses whose entrance is in the flood. Depth is above the ground at the entrance."""

    by_depth: dict[str, int]
    by_indoor_depth: dict[str, int] = Field(default_factory=dict, description=INDOORS)
    depth_unknown: int = Field(description="Houses whose depth indoors nobody can say")


class Classed(_Counted):
    """Features touched, by use or kind."""

    by_class: dict[str, int]


class CareLocations(Classed):
    """People in care and facilities. `suppressed`: homes the caller may not see are left out."""

    suppressed: bool
    by_need: dict[str, int] | None = Field(
        default=None, description="What they need; only for those who may see needs"
    )


class Land(BaseModel):
    """Parcels: whole area and area under water (m2), and what they are appraised at (THB).

    The value is told only to those who may see it, null where none of them has one.
    """

    count: int
    area_m2: float
    wet_area_m2: float
    appraised_value: float | None = None
    value_unknown: int | None = Field(default=None, description="Parcels without a value")


class Parcels(Land, Classed):
    """Parcels touched, by use, and by the deepest class of each."""

    by_depth: dict[str, int]
    by_use: dict[str, Land] = Field(default_factory=dict)


class NamedPlace(BaseModel):
    """A record by number, code and name."""

    id: int
    code: str | None
    name: str | None


class Permit(BaseModel):
    """A permit by name; fields the caller may not see are absent."""

    id: int
    permit_no: str | None
    kind: str | None
    status: str | None
    address: str | None
    hazard_class: str | None = None
    holder_name: str | None = None


class Hazardous(BaseModel):
    """Permits of businesses hazardous to health; at most 200 are named."""

    count: int
    named: list[Permit]


class Permits(Classed):
    """Permits touched by kind, the hazardous ones by name."""

    hazardous: Hazardous | None = None


class Facility(NamedPlace):
    """A facility by name."""

    kind: str | None


class Facilities(Classed):
    """Facilities touched; at most 200 are named, health and rescue first."""

    named: list[Facility] = Field(default_factory=list)


class Shelter(NamedPlace):
    """A shelter that floods: how many it holds, whether it is open, how deep the water is."""

    capacity: int | None
    open: bool | None
    depth: str


class Shelters(_Counted):
    """Shelters touched, and how many people those hold whose capacity is known."""

    capacity: int
    capacity_unknown: int = 0
    named: list[Shelter] = Field(default_factory=list, description="At most 200 of them")


class _Lines(_Counted):
    wet_length_m: float


class _Line(NamedPlace):
    length_m: float
    wet_length_m: float


class Road(_Line):
    """A road under water: its length, the length of that under water (m), the deepest class."""

    # a field called `class` cannot be one of a Python class
    class_: str | None = Field(alias="class", serialization_alias="class")
    bridge: bool | None
    depth: str


class Roads(_Lines):
    """Roads touched and their length under water (m); the 100 longest stretches are named."""

    wet_length_by_depth: dict[str, float] = Field(
        default_factory=dict, description="By the deepest class each road meets"
    )
    named: list[Road] = Field(default_factory=list)


class Service(BaseModel):
    """Stops of waste routes and the accounts they serve, and those that stand in the water.

    Accounts are told only to those who may see them, null where nobody has counted any.
    """

    stops: int
    stops_in_water: int
    accounts: int | None = None
    accounts_in_water: int | None = None
    accounts_unknown: int | None = Field(default=None, description="Stops nobody has counted")


class WasteRoute(_Line):
    """A waste route under water, with its stops where it has any."""

    stops: int | None = None
    stops_in_water: int | None = None
    accounts: int | None = None
    accounts_in_water: int | None = None
    accounts_unknown: int | None = None


class WasteRoutes(_Lines):
    """Waste routes touched, their length under water (m), and the service of the whole town."""

    named: list[WasteRoute] = Field(default_factory=list, description="At most 100 of them")
    service: Service | None = None


class Exposed(BaseModel):
    """What the flood touches. A layer without data in this town is absent, never 0."""

    people: People | None = None
    households: Households | None = None
    houses: Houses | None = None
    care_locations: CareLocations | None = None
    parcels: Parcels | None = None
    permits: Permits | None = None
    facilities: Facilities | None = None
    shelters: Shelters | None = None
    roads: Roads | None = None
    waste_routes: WasteRoutes | None = None


class Homeless(Ages):
    """People of so many households."""

    households: int


class Decided(BaseModel):
    """Who decided on a figure of the town, why, and when where that is on record."""

    reason: str
    by: str
    on: date | None


class Displaced(BaseModel):
    """People with water deeper than `above_m` over the floor they sleep on.

    Null, not 0, where the depth indoors of everybody is unknown. Homes that are dry but cut off
    are not among them: `cut_off` counts those.
    """

    above_m: float
    above_from: Literal["question", "town", "default"] = Field(
        default="question", description="town: a record of the layer `assumptions`"
    )
    above_set: Decided | None = Field(default=None, description="Only where it is the town's own")
    count: int | None
    at_most: int = Field(description="With those whose depth indoors is unknown")
    by_age: ByAge | None
    households: int | None
    unknown: Homeless = Field(description="Those whose depth indoors is unknown")


class Need(BaseModel):
    """What the displaced need of one item of the town's table of minimum needs."""

    code: str
    name: str
    name_en: str | None
    unit: str
    unit_en: str | None
    per: str = Field(description="person_day, person, household_day or household")
    age: str | None = Field(description="The age band it is for; null: everybody")
    each: float | None = Field(description="Amount for each; null: the table states none")
    amount: float | None = Field(description="Of the displaced, for one day where per day")
    at_most: float | None = Field(description="With those whose depth indoors is unknown")
    reference: str = Field(description="Where the figure comes from, as the table says")


class Community(BaseModel):
    """What a flood touches in one community; the code is null for what lies in none.

    A thing the town has no data of, or the caller may not count, is absent.
    """

    code: str | None
    name: str | None
    name_en: str | None
    people: Ages | None = None
    households: int | None = None
    displaced: int | None = Field(
        default=None, description="Null where the depth indoors of everybody is unknown"
    )
    displaced_unknown: int | None = None
    houses: int | None = None
    parcels: int | None = None
    care: dict[str, int] | None = Field(default=None, description="People in care by band")
