"""What people are moved with: how deep each may wade, how fast it goes, whom it carries.

Every figure here is a default for what a town has not set itself (the layer `vehicle_limits`),
invented for exercises. None is a maker's or an authority's statement of what is safe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from layers.text import Text


@dataclass(frozen=True)
class Vehicle:
    """One kind of vehicle. `wades_m` inf: any water; `afloat`: it leaves the roads on water.

    `draught_m` is the least depth a boat floats in. `obeys_oneway` False is for walkers, who use
    a street both ways. `places` are seats, `stretchers` how many lying people it takes besides.
    `reference` tells where the town has its figures from; None: all are the defaults.
    """

    id: str
    title: Text
    wades_m: float
    speed_kmh: float
    places: int
    stretchers: int = 0
    afloat: bool = False
    draught_m: float = 0.0
    obeys_oneway: bool = True
    reference: str | None = None
    wades_default: bool = True


DEFAULTS: tuple[Vehicle, ...] = (
    Vehicle("walk", Text(th="เดินเท้า", en="On foot"), 0.3, 4.0, 1, obeys_oneway=False),
    Vehicle("car", Text(th="รถยนต์นั่ง", en="Car"), 0.2, 60.0, 4),
    Vehicle("pickup", Text(th="รถกระบะ", en="Pickup"), 0.3, 60.0, 8, 1),
    Vehicle("truck_6", Text(th="รถบรรทุก 6 ล้อ", en="Six-wheel lorry"), 0.5, 50.0, 25, 4),
    Vehicle("military_truck", Text(th="รถทหารยกสูง", en="High military lorry"), 1.0, 40.0, 25, 6),
    Vehicle(
        "flat_boat",
        Text(th="เรือท้องแบน", en="Flat-bottomed boat"),
        float("inf"),
        10.0,
        8,
        2,
        afloat=True,
        draught_m=0.3,
        obeys_oneway=False,
    ),
)
"""The table a town starts with; see the head of this module about its figures."""

CAVEAT = Text(
    th="ความลึกที่พาหนะลุยได้เป็นค่าตั้งต้นที่สมมติขึ้น เมืองต้องแก้ไขเอง ไม่ใช่คำรับรองความปลอดภัยของหน่วยงานใด",
    en="How deep a vehicle may wade is an invented default for the town to edit, not any "
    "authority's statement that it is safe.",
)


def by_id(vehicle_id: str, table: tuple[Vehicle, ...] = DEFAULTS) -> Vehicle:
    """The vehicle of that id; KeyError when the table has none."""
    for vehicle in table:
        if vehicle.id == vehicle_id:
            return vehicle
    raise KeyError(vehicle_id)


def table_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Vehicle, ...]:
    """The defaults with what the town has set: rows of `vehicle_limits`, the last of a kind counts.

    A field left empty keeps its default; a kind nobody knows here is passed over.
    """
    found = {vehicle.id: vehicle for vehicle in DEFAULTS}
    for row in rows:
        kind = str(row["vehicle"])
        if kind not in found:
            continue
        names = ("wades_m", "speed_kmh", "places", "stretchers", "draught_m")
        given = {name: row[name] for name in names if row[name] is not None}
        found[kind] = replace(
            found[kind],
            **given,
            reference=str(row["reference"]),
            wades_default=found[kind].wades_default and "wades_m" not in given,
        )
    return tuple(found.values())
