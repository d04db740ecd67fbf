"""Vehicles as questions name them and answers tell of them."""

from typing import Literal

from pydantic import BaseModel, Field

VehicleId = Literal["walk", "car", "pickup", "truck_6", "military_truck"]


class Words(BaseModel):
    """A sentence in both languages."""

    th: str
    en: str


class VehicleUsed(BaseModel):
    """What the ways are for, and how deep it may wade.

    The layer `vehicle_limits` holds what the town has set, and where it has that from.
    """

    id: str
    title: Words
    wades_m: float
    wades_default: bool = Field(description="An invented default: neither asked nor set")
    reference: str | None = Field(
        default=None, description="Where the town has its figures from; null: all are defaults"
    )
