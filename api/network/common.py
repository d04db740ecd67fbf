"""What every answer about roads does: read the town in one snapshot, and say what it rests on."""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from pydantic import BaseModel

from api import access, floods
from api.house import House
from api.impact_models import FloodRequest
from api.network import gather
from api.network.models import RoadsUsed
from api.vehicle_models import VehicleUsed, Words
from api.viewer import Viewer
from db import answers
from db.queries.impact import Flood, Provenance
from db.queries.network import Reader, Snapshot
from flood import paths, vehicles, water
from flood.paths import Closures, Network
from flood.roads import TURNS, Graph
from flood.vehicles import Vehicle
from flood.water import Water
from layers import catalog
from layers.errors import ForbiddenError
from layers.text import Text


@dataclass(frozen=True)
class Setting:
    """The question's surroundings: vehicle and all the town's, water, closures, the road graph."""

    vehicle: Vehicle
    vehicles: tuple[Vehicle, ...]
    water: Water
    closures: Closures
    graph: Graph

    def network(self, areas: Water | None = None) -> Network:
        """The roads as the vehicle finds them, in other water when given."""
        return paths.network(
            self.graph, self.vehicle, self.water if areas is None else areas, self.closures
        )


@dataclass(frozen=True)
class At:
    """The position and the moment an answer was given at, to work it out again."""

    pos: int
    moment: datetime


def reader_of(who: Viewer, as_of: datetime | None, again: At | None) -> Reader:
    """Who reads, as the queries take it."""
    if again is not None:
        return Reader(role=who.role, keys=who.keys, at=again.pos, moment=as_of or again.moment)
    if as_of is not None:
        return Reader(role=who.role, keys=who.keys, at=as_of, moment=as_of)
    return Reader(role=who.role, keys=who.keys)


async def flood_of(asked: FloodRequest | None, who: Viewer, house: House) -> Flood | None:
    """The flood meant, paid for; None is a dry day."""
    if asked is None:
        return None
    await floods.affordable(asked, who, house)
    return floods.flood_of(asked, who.role)


async def setting_of(snap: Snapshot, asked: Any, flood: Flood | None, house: House) -> Setting:
    """Vehicle, water, closures and roads of a question; `asked` is one of our requests."""
    areas = gather.water_of(
        await snap.water(flood), depth_m=asked.depth_m, level_m=asked.water_level_m
    )
    table = vehicles.table_of(await snap.vehicle_limits())
    return Setting(
        vehicle=gather.vehicle_of(asked.vehicle, asked.wades_m, table),
        vehicles=table,
        water=areas,
        closures=gather.closures_of(await snap.closures()),
        graph=await house.graphs.graph(snap),
    )


def vehicle_used(vehicle: Vehicle) -> VehicleUsed:
    """The vehicle, as answers tell of it."""
    return VehicleUsed(
        id=vehicle.id,
        title=words(vehicle.title),
        wades_m=vehicle.wades_m,
        wades_default=vehicle.wades_default,
        reference=vehicle.reference,
    )


def roads_used(net: Network) -> RoadsUsed:
    """How much of the network the vehicle may not use, and why."""
    length = net.graph.length_m
    unknown = np.isinf(net.depth_m)
    deep = net.depth_m > net.vehicle.wades_m
    return RoadsUsed(
        length_m=_metres(length.sum()),
        too_deep_m=_metres(length[deep].sum()),
        closed_m=_metres(length[net.closed].sum()),
        depth_unknown_m=_metres(length[unknown].sum()),
        closures_at_no_road=int((net.closures.edges(net.graph) < 0).sum()),
    )


def _metres(value: Any) -> float:
    return round(float(value), 1)


def words(text: Text) -> Words:
    """A sentence in both languages."""
    return Words(th=text.th, en=text.en)


def caveats_of(net: Network) -> list[Text]:
    """What whoever reads the answer must know of its roads and water."""
    found = [TURNS]
    if net.vehicle.wades_default:
        found.append(vehicles.CAVEAT)
    if np.isinf(net.water.depth_m).any():
        found.append(water.UNKNOWN_DEPTH)
    if net.graph.bridge.any():
        found.append(water.BRIDGES)
    if not net.water.dry and not (net.depth_m > 0).any():
        found.append(
            Text(
                th="น้ำท่วมที่ระบุไม่แตะถนนเส้นใดของเมือง",
                en="The flood named touches no road of the town.",
            )
        )
    lost = int((net.closures.edges(net.graph) < 0).sum())
    if lost:
        found.append(
            Text(
                th="มีจุดปิดถนนที่ไม่อยู่ใกล้ถนนเส้นใด จึงไม่มีผล ตรวจตำแหน่ง",
                en="Some closures lie at no road and close nothing. Check where they are.",
            )
        )
    return found


def people_needed(reader: Reader) -> None:
    """ForbiddenError for roles that do not see the households of the whole town."""
    if not reader.counts_people:
        raise ForbiddenError(
            Text(
                th="คำตอบนี้มีข้อมูลครัวเรือนรายหลัง ซึ่งสิทธิ์ของท่านดูไม่ได้",
                en="This answer is about single households, which your role may not see.",
            )
        )


@dataclass(frozen=True)
class Given:
    """An answer: kind, own fields, what it rests on, caveats, whether households are in it."""

    kind: str
    body: dict[str, Any]
    snap: Snapshot
    provenance: tuple[Provenance, ...]
    caveats: list[Text]
    personal: bool


def answer_of(given: Given, model: type[BaseModel]) -> dict[str, Any]:
    """The answer as it is kept: JSON values, caveats in both languages."""
    made = model(
        id=uuid.uuid4(),
        kind=given.kind,
        # of the clock the answer went by, so that it can be asked again
        computed_at=given.snap.reader.moment,
        pos=given.snap.pos,
        personal=given.personal,
        provenance=[
            {
                "layer": p.layer,
                "version": p.version,
                "as_of": p.as_of,
                "source": p.source,
                "expected_days": catalog.get(p.layer).freshness.days,
            }
            for p in given.provenance
        ],
        caveats=[],
        **given.body,
    )
    answer = made.model_dump(mode="json", exclude_unset=True)
    told = dict.fromkeys((*given.snap.caveats, *given.caveats))
    answer["caveats"] = [one.model_dump() for one in told]
    return answer


async def keep(
    house: House, who: Viewer, asked: BaseModel, answer: dict[str, Any], started: float
) -> dict[str, Any]:
    """Store an answer under its id, with how long it took since `started` (monotonic)."""
    answer["computing_ms"] = round((time.monotonic() - started) * 1000)
    record = answers.Answer(
        id=uuid.UUID(answer["id"]),
        kind=answer["kind"],
        computed_at=datetime.fromisoformat(answer["computed_at"]),
        pos=answer["pos"],
        request=asked.model_dump(mode="json", exclude_unset=True),
        response=answer,
    )
    fingerprint = access.fingerprint(who) if answer["personal"] else None
    async with house.service() as conn:
        await answers.keep(conn, record, who.role, fingerprint)
    return answer


def rounded(value: float, digits: int = 1) -> float | None:
    """A number for people; None for what is not known or has no end."""
    return round(float(value), digits) if np.isfinite(value) else None
