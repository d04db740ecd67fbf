"""`POST /queries/evacuation`: in what order households leave, and which team goes next."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import APIRouter

from api.house import House
from api.language import CallerLang
from api.network import common, gather
from api.network.models import EvacuationAnswer, EvacuationRequest
from api.network.shelters import NONE_TAKES, only
from api.queries import in_words
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db.queries import network as records
from flood import evacuation, power, runs, shelters
from flood.evacuation import Household, Need, Override, Ranked
from flood.paths import Network
from flood.power import Power, PowerArea
from flood.roads import Floats
from flood.runs import Fetch, Mode, Plan, Run, Team
from flood.shelters import Answer, Homes, Status
from flood.vehicles import by_id
from flood.water import Water, depth_at
from layers.catalog import get
from layers.errors import ForbiddenError
from layers.privacy import may_see
from layers.text import Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

NO_SHELTER = Text(th="ไม่มีที่ว่างในศูนย์พักพิงที่ไปถึงได้", en="no reachable shelter has a place left")
NO_WAY = Text(th="ไม่มีทางเข้าถึงทั้งทางถนนและทางเรือ", en="no way leads there by road or by boat")


@router.post(
    "/evacuation",
    summary="In what order do households leave, and which team fetches whom next?",
    response_model=EvacuationAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 403, 404, 413, 503),
)
async def ask_evacuation(
    asked: EvacuationRequest, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> dict[str, Any]:
    """Ranks whoever is in the water or about to be cut off, with reasons, and plans the runs.

    Ranks set by hand (`evacuation_ranks`) hold. For who commands: coordinators and
    administrators. The answer is kept.
    """
    started = time.monotonic()
    answer = await answer_evacuation(asked, house, who)
    return in_words(await common.keep(house, who, asked, answer, started), lang)


@dataclass(frozen=True)
class _Town:
    """What was read of the town."""

    setting: common.Setting
    stages: list[tuple[float, Water]]
    shelters: records.Rows
    plans: dict[str, list[str]]
    homes: records.Rows
    care: dict[str, gather.Care]
    teams: records.Rows
    ranks: records.Rows
    power: records.Rows
    moment: Any


@dataclass(frozen=True)
class _Found:
    """What was worked out of it."""

    net: Network
    placed: Answer
    order: tuple[Ranked, ...]
    plan: Plan
    alerts: tuple[power.PowerAlert, ...]
    spared: int


async def answer_evacuation(
    asked: EvacuationRequest, house: House, who: Viewer, again: common.At | None = None
) -> dict[str, Any]:
    """Answer the question, now or as it was answered before; the answer in both languages."""
    reader = common.reader_of(who, asked.as_of, again)
    common.people_needed(reader)
    if not may_see(get("evacuation_ranks"), who.role):
        raise ForbiddenError(
            Text(
                th="ลำดับอพยพเป็นของผู้สั่งการ สิทธิ์ของท่านดูไม่ได้",
                en="The order of leaving is for who commands; your role may not see it.",
            )
        )
    flood = await common.flood_of(asked.flood, who, house)
    later = [
        (stage.hours, await common.flood_of(stage.flood, who, house)) for stage in asked.stages
    ]
    async with house.reader(who.role) as conn, records.snapshot(conn, reader) as snap:
        setting = await common.setting_of(snap, asked, flood, house)
        stages = [
            (hours, gather.water_of(await snap.water(each), depth_m=asked.depth_m))
            for hours, each in later
        ]
        town = _Town(
            setting=setting,
            stages=stages,
            shelters=await snap.shelters(),
            plans=await snap.plans(),
            homes=await snap.households(),
            care=gather.care_of(await snap.in_care()),
            teams=await snap.teams(),
            ranks=await snap.ranks(),
            power=await snap.power_areas(),
            moment=reader.moment,
        )
        provenance = await snap.provenance()
        found = await asyncio.to_thread(_work_out, asked, town)
        at = await snap.to_degrees(
            [each.household.xy for each in found.order if not np.isnan(each.household.xy).any()]
        )
    given = common.Given(
        kind="evacuation",
        body={
            "vehicle": common.vehicle_used(setting.vehicle),
            "roads": common.roads_used(found.net),
            "not_in_danger": found.spared,
            "order": _order(found, at),
            "runs": [_run(run) for run in found.plan.runs],
            "left": [{"household": key, "why": common.words(why)} for key, why in found.plan.left],
            "alerts": [
                {
                    "household": one.household,
                    "area": one.area,
                    "state": str(one.state),
                    "words": common.words(one.words),
                }
                for one in found.alerts
            ],
        },
        snap=snap,
        provenance=provenance,
        caveats=_caveats(found, town, asked),
        personal=True,
    )
    return common.answer_of(given, EvacuationAnswer)


def _work_out(asked: EvacuationRequest, town: _Town) -> _Found:
    net = town.setting.network()
    everybody = gather.homes_of(town.homes, town.care)
    havens = gather.shelters_of(town.shelters, open_all=asked.open_all)
    depth, cut = _danger(town, net, everybody, havens)
    wet = np.maximum(depth, 0) > 0
    threatened = (wet | np.isfinite(cut)) & (everybody.people > 0)
    homes = only(everybody, threatened)
    placed = shelters.answer(
        net, homes, havens, plans=town.plans, boat=by_id("flat_boat", town.setting.vehicles)
    )
    rows = {row["code"]: row for row in town.homes}
    now = depth_at(homes.xy, net.water)
    people = [
        _household(town, rows[key], float(d), float(c))
        for key, d, c in zip(homes.keys, depth[threatened], cut[threatened], strict=True)
    ]
    overrides = [
        Override(row["household"], row["rank"], row["reason"], row["updated_by"])
        for row in town.ranks
    ]
    order = evacuation.order(people, overrides)
    return _Found(
        net=net,
        placed=placed,
        order=order,
        plan=_runs(asked, town, order, placed, now),
        alerts=_alerts(town),
        spared=int(everybody.people[~threatened].sum()),
    )


def _danger(
    town: _Town, net: Network, homes: Homes, havens: shelters.Shelters
) -> tuple[Floats, Floats]:
    """Greatest depth at each door now or later, and hours until its road is cut."""
    depth = depth_at(homes.xy, net.water)
    for _, areas in town.stages:
        depth = np.maximum(depth, depth_at(homes.xy, areas))
    if not all(areas.dry for areas in (net.water, *(areas for _, areas in town.stages))):
        # a home nobody can place may stand in the water
        depth[np.isnan(homes.xy).any(axis=1)] = np.inf
    if not havens.open.any():
        # nowhere to go does not mean that the road is cut: of that nothing can be said
        return depth, np.full(len(homes.keys), np.inf)
    stages = [(0.0, net), *((h, town.setting.network(w)) for h, w in town.stages)]
    return depth, evacuation.cut_hours(stages, homes.xy, havens.xy[havens.open])


def _household(town: _Town, row: dict[str, Any], depth: float, cut: float) -> Household:
    care = town.care.get(row["code"], gather.Care({}, 0))
    ages = {Need.INFANT: int(row["infants"]), Need.ELDERLY: int(row["elderly"])}
    needs = {need: n for need, n in {**care.needs, **ages}.items() if n}
    x, y = row["x"], row["y"]
    return Household(
        key=row["code"],
        people=int(row["people"]),
        lying=min(care.lying, int(row["people"])),
        needs=needs,
        depth_m=depth,
        cut_h=cut,
        community=row["community"],
        xy=(float("nan"), float("nan")) if x is None else (float(x), float(y)),
    )


def _runs(
    asked: EvacuationRequest, town: _Town, order: tuple[Ranked, ...], placed: Answer, now: Floats
) -> Plan:
    row = {key: n for n, key in enumerate(placed.homes.keys)}
    calls: list[Fetch] = []
    left: list[tuple[str, Text]] = []
    afloat = by_id("flat_boat", town.setting.vehicles).draught_m
    for each in order:
        n = row[each.household.key]
        status, shelter = placed.status[n], int(placed.shelter[n])
        if shelter < 0 and status is not Status.NO_LOCATION:
            why = NO_SHELTER if status is Status.NO_PLACE else NO_WAY
            left.append((each.household.key, why))
            continue
        by_boat = status is Status.BOAT
        to = placed.landing[n] if by_boat else placed.shelters.xy[max(shelter, 0)]
        modes = {Mode.BOAT} if by_boat else {Mode.ROAD}
        if not by_boat and now[n] >= afloat:
            modes.add(Mode.BOAT)
        key = placed.shelters.keys[shelter] if shelter >= 0 else ""
        calls.append(Fetch(each.household, frozenset(modes), key, (float(to[0]), float(to[1]))))
    started = [
        Run(
            team=one.team,
            number=n,
            stops=tuple(runs.Stop(s.household, s.sitting, s.lying) for s in one.stops),
            to=tuple(one.to),
            leaves_h=0.0,
            back_h=one.back_h,
            under_way=True,
        )
        for n, one in enumerate(asked.started, start=1)
        if one.team not in asked.failed
    ]
    planned = runs.plan(calls, _teams(asked, town, {run.team for run in started}), started)
    return Plan(planned.runs, (*left, *planned.left))


def _teams(asked: EvacuationRequest, town: _Town, out: set[str]) -> list[Team]:
    """Teams that can go: ready, or out on a run that the question tells of."""
    found = []
    for row in town.teams:
        ready = row["status"] == "ready" or (row["status"] == "out" and row["code"] in out)
        try:
            vehicle = by_id(row["vehicle"], town.setting.vehicles)
        except KeyError:
            continue
        if not ready or row["code"] in asked.failed:
            continue
        found.append(
            Team(
                key=row["code"],
                mode=Mode.BOAT if vehicle.afloat else Mode.ROAD,
                places=_or(row["places"], vehicle.places),
                stretchers=_or(row["stretchers"], vehicle.stretchers),
                xy=(float(row["x"]), float(row["y"])),
                speed_kmh=float(row["speed_kmh"] or vehicle.speed_kmh),
            )
        )
    return found


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else int(value)


def _alerts(town: _Town) -> tuple[power.PowerAlert, ...]:
    """Whoever depends on powered equipment in an outage, in the water or not."""
    rows = [
        row
        for row in town.homes
        if row["x"] is not None
        and Need.POWER in town.care.get(row["code"], gather.Care({}, 0)).needs
    ]
    areas = [
        PowerArea(row["code"], Power(row["state"]), row["since"], row["until"])
        for row in town.power
        if row["state"] in {str(one) for one in Power}
    ]
    known = [row for row in town.power if row["state"] in {str(one) for one in Power}]
    return power.alerts(
        [row["code"] for row in rows],
        gather.places_of(rows),
        areas,
        gather.shapes_of(known),
        town.moment,
    )


def _order(found: _Found, at: list[tuple[float, float]]) -> list[dict[str, Any]]:
    places = iter(at)
    row = {key: n for n, key in enumerate(found.placed.homes.keys)}
    told = []
    for each in found.order:
        home = each.household
        shelter = int(found.placed.shelter[row[home.key]])
        told.append(
            {
                "rank": each.rank,
                "household": home.key,
                "community": home.community,
                "people": home.people,
                "lying": home.lying,
                "score": round(each.score, 2),
                "reasons": [common.words(why) for why in each.reasons],
                "set_by_hand": each.override is not None,
                "shelter": found.placed.shelters.keys[shelter] if shelter >= 0 else None,
                "at": None if np.isnan(home.xy).any() else next(places),
                "depth_m": common.rounded(home.depth_m, 2),
                "cut_h": common.rounded(home.cut_h, 1),
            }
        )
    return told


def _run(run: Run) -> dict[str, Any]:
    return {
        "team": run.team,
        "number": run.number,
        "stops": [vars(stop) for stop in run.stops],
        "to": list(run.to),
        "leaves_h": round(run.leaves_h, 2),
        "back_h": round(run.back_h, 2),
        "under_way": run.under_way,
    }


def _caveats(found: _Found, town: _Town, asked: EvacuationRequest) -> list[Text]:
    told = [
        *common.caveats_of(found.net),
        evacuation.CAVEAT,
        runs.STRAIGHT,
    ]
    if not town.care:
        told.append(
            Text(
                th="ไม่รวมความต้องการของผู้ที่ดูแลที่บ้าน: ไม่มีข้อมูล หรือขณะนี้สิทธิ์ของท่านดูไม่ได้",
                en="What people in care need is left out: none on record, or you may not see it at "
                "present.",
            )
        )
    if all(why is not None for why in found.placed.excluded):
        told.append(NONE_TAKES)
    if not asked.stages:
        told.append(
            Text(
                th="ไม่ได้ให้ระดับน้ำที่จะมา จึงไม่ทราบเวลาที่ถนนจะถูกตัดขาด",
                en="No water to come was given, so the time until roads are cut is not known.",
            )
        )
    if not town.teams:
        told.append(Text(th="ยังไม่มีเรือหรือทีมในระบบ", en="No boats or teams are on record yet."))
    out = [row["code"] for row in town.teams if row["status"] == "out"]
    away = sorted(set(out) - {one.team for one in asked.started})
    if away:
        told.append(
            Text(
                th=f"ทีม {', '.join(away)} ออกปฏิบัติงานอยู่ ไม่ทราบเวลากลับ จึงไม่วางแผนให้",
                en=f"{', '.join(away)} are out and nobody said when they are back: they are not "
                "planned for.",
            )
        )
    return told
