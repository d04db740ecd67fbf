"""The question what the revenue registers lack, and its answer, as they travel."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from api.impact_models import Provenance, Recomputed, sane
from api.network.models import LonLat
from api.vehicle_models import Words
from layers.revenue import Gap


class RevenueGapsRequest(BaseModel):
    """Parcels in use of which an account or a licence is missing."""

    model_config = ConfigDict(extra="forbid")

    kinds: list[Gap] | None = Field(
        default=None, min_length=1, max_length=10, description="Gaps to look for; all by default"
    )
    limit: int = Field(default=200, ge=0, le=2000, description="Parcels listed")
    offset: int = Field(default=0, ge=0, le=10_000_000, description="Parcels passed over")
    as_of: Annotated[AwareDatetime, AfterValidator(sane)] | None = Field(
        default=None, description="Ask about the town as it was at this time"
    )


class GapCount(BaseModel):
    """One kind of gap over the whole town. The counts are null where it cannot be known."""

    known: bool = Field(description="Whether the register compared with holds anything")
    parcels: int | None
    area_m2: float | None
    appraised_value: float | None
    value_unknown: int | None = Field(description="Parcels without an appraised value")


class GapFound(BaseModel):
    """A gap of a parcel and why it is one."""

    kind: Gap
    why: Words


class GapParcel(BaseModel):
    """A parcel in use with gaps. Its owner is told by the dossier, not here."""

    id: int
    parcel: str | None
    address: str | None
    uses: list[str]
    at: LonLat
    area_m2: float | None
    area_deed_m2: float | None
    appraised_value: float | None
    buildings: int | None = Field(description="null: the town has no buildings on record")
    building_m2: float | None
    houses: int | None
    meters: int | None
    businesses: int | None
    gaps: list[GapFound]


class WasteGap(BaseModel):
    """A waste stop with more houses around it than accounts."""

    stop: str
    route: str
    at: LonLat
    houses: int = Field(description="Houses nearer to it than to any other, within 300 m")
    accounts: int
    missing: int


class WasteGaps(BaseModel):
    """Waste accounts are kept by stop, not by parcel: what each stop seems to lack."""

    known: bool
    stops: int | None = Field(default=None, description="Stops that lack accounts")
    missing: int | None = Field(default=None, description="Accounts they lack together")
    uncounted: int | None = Field(default=None, description="Stops whose accounts nobody counted")
    listed: list[WasteGap] | None = None


class RevenueGapsAnswer(BaseModel):
    """Candidates to be looked at, the most valuable first; `matched` are all there are."""

    id: uuid.UUID
    kind: Literal["revenue_gaps"]
    computed_at: datetime
    computing_ms: int = 0
    pos: int
    personal: bool
    gaps: dict[Gap, GapCount]
    matched: int
    parcels: list[GapParcel]
    waste: WasteGaps
    provenance: list[Provenance]
    caveats: list[str]
    recomputed: Recomputed | None = None
