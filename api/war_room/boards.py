"""The boards: who is in which shelter, evacuation runs, boats and crews checked out and in."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from api import access, acting, floods
from api.ogc.editing import IdempotencyKey, IfMatch, expected
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from api.war_room import common
from api.war_room.common import RecordId
from api.war_room.models import (
    Homes,
    ResourceAct,
    ResourceOut,
    RunAct,
    RunOut,
    Runs,
    RunsIn,
    StayAct,
    StayIn,
    StayOut,
    Waiting,
)
from db import answers, editing, runs, stays, steps, taking_back
from db.queries import war_room
from db.replies import Connection
from db.runs import NewRun
from layers import evacuation_runs, power_areas, resources, shelter_stays
from layers.errors import BadRequestError
from layers.events import COMMAND
from layers.lifecycle import RUN
from layers.model import DESK, RESCUERS, Role
from layers.text import Text

router = APIRouter(tags=["War room"])

STAY_ACTIONS = ("check_out", "recount", "undo")
RESOURCE_ACTIONS = {"check_out": "out", "check_in": "ready", "fail": "failed"}
UNDO = "undo"


@router.post(
    "/shelter-stays",
    summary="Count a household in",
    status_code=201,
    response_model=StayOut,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 409, 413, 503),
)
async def come_in(
    sent: StayIn,
    house: CurrentHouse,
    who: CurrentViewer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """In a shelter, camping beside the home, or with relatives; the shelter's occupancy follows.

    A household is in one place at a time: 409 says where it is counted and since when.
    """
    common.allow(who, DESK)
    if sent.place == "shelter":
        common.needed(sent.shelter, "shelter")
    values = {"household": sent.household, "shelter_code": sent.shelter}
    async with house.reader(who.role) as conn:
        await editing.refuse_dangling(conn, shelter_stays.LAYER, values)
    actor = acting.actor(who, sent.by)
    shelter = sent.shelter if sent.place == "shelter" else None
    new = stays.NewStay(sent.household, sent.place, shelter, sent.people, sent.note)

    async def work(conn: Connection) -> dict[str, Any]:
        return steps.shown(await stays.come(conn, new, actor), who.role)

    repeat = common.repeat_of(who, idempotency_key, "POST shelter-stays", sent)
    return await common.once(house, repeat, actor, work, 201)


@router.post(
    "/shelter-stays/{stay}/{action}",
    summary="Count a household out or anew, or take the entry back",
    response_model=StayOut,
    response_model_exclude_unset=True,
    responses=problems(*common.CHANGES),
)
async def act_on_stay(
    stay: RecordId,
    sent: StayAct,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    action: Annotated[str, common.action_of(STAY_ACTIONS)],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """`recount` needs `people`. The record stays, with when they came and went."""
    common.allow(who, DESK)
    if action == "recount":
        common.needed(sent.people, "people")
    actor = acting.actor(who, sent.by)

    async def work(conn: Connection) -> dict[str, Any]:
        record = await steps.held(conn, shelter_stays.LAYER, stay)
        given = {"action": action, **sent.model_dump(mode="json", exclude_none=True)}
        await steps.check(conn, record, expected(if_match), given, kind="stay", role=who.role)
        if action == "recount":
            written = await stays.recount(conn, record, sent.people or 0, sent.note, actor)
        else:
            written = await stays.leave(conn, record, sent.note, actor, undo=action == "undo")
        return steps.shown(written, who.role)

    repeat = common.repeat_of(who, idempotency_key, f"POST stays {stay} {action}", sent)
    return await common.once(house, repeat, actor, work)


@router.post(
    "/evacuation-runs",
    summary="Accept runs of an evacuation answer",
    status_code=201,
    response_model=Runs,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 409, 413, 503),
)
async def accept_runs(
    sent: RunsIn,
    house: CurrentHouse,
    who: CurrentViewer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Runs of `POST /queries/evacuation`, by team and number, or all that are not under way."""
    common.allow(who, COMMAND)
    async with house.service() as conn:
        kept = await answers.kept(conn, sent.answer, who.role, access.fingerprint(who))
    new = _chosen(sent, kept)
    actor = acting.actor(who, sent.by)

    async def work(conn: Connection) -> dict[str, Any]:
        made = await runs.accept(conn, new, actor)
        return {"runs": [steps.shown(one, who.role) for one in made]}

    repeat = common.repeat_of(who, idempotency_key, "POST evacuation-runs", sent)
    return await common.once(house, repeat, actor, work, 201)


def _chosen(sent: RunsIn, kept: answers.Answer) -> list[NewRun]:
    wanted = None if sent.runs is None else {(one.team, one.number) for one in sent.runs}
    planned = kept.response.get("runs") if kept.kind == "evacuation" else None
    found = [
        NewRun(
            answer=str(sent.answer),
            team=run["team"],
            number=int(run["number"]),
            households=tuple(dict.fromkeys(stop["household"] for stop in run["stops"])),
            people=sum(stop["sitting"] + stop["lying"] for stop in run["stops"]),
            lying=sum(stop["lying"] for stop in run["stops"]),
            shelters=tuple(dict.fromkeys(run["to"])),
        )
        for run in planned or []
        if not run["under_way"] and (wanted is None or (run["team"], run["number"]) in wanted)
    ]
    if not found or (wanted is not None and len(found) < len(wanted)):
        raise BadRequestError(
            Text(
                th="คำตอบนี้ไม่มีเที่ยวอพยพที่ระบุ หรือเที่ยวนั้นออกไปแล้ว",
                en="This answer has no such runs, or they are under way already.",
            )
        )
    return found


@router.get(
    "/evacuation-runs/waiting",
    summary="Households that failed runs have returned to the list",
    response_model=Waiting,
    responses=problems(400, 401, 503),
)
async def waiting(house: CurrentHouse, who: CurrentViewer) -> Response:
    """Whom no later run fetches and no shelter has; the runs themselves are `evacuation_runs`."""
    common.inside(who, evacuation_runs.LAYER)
    async with house.service() as conn:
        found = await runs.waiting(conn)
    return common.answer({"waiting": found})


@router.post(
    "/evacuation-runs/{run}/{action}",
    summary="Start, finish, fail or cancel a run, or take its last step back",
    response_model=RunOut,
    response_model_exclude_unset=True,
    responses=problems(*common.CHANGES),
)
async def act_on_run(
    run: RecordId,
    sent: RunAct,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    action: Annotated[str, common.action_of((*RUN, UNDO))],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The boat or vehicle goes out and comes back with it; `fail` needs `reason`.

    `undo` takes the last step back, and what it did to the vehicle unless that has gone on since;
    409 when another run fetches one of its households by now.
    """
    common.allow(who, DESK | {Role.TEAM})
    if action == "fail":
        common.needed(sent.reason, "reason")
    actor = acting.actor(who, sent.by)

    async def work(conn: Connection) -> dict[str, Any]:
        record = await steps.held(conn, evacuation_runs.LAYER, run)
        given = {"action": action, **sent.model_dump(mode="json", exclude_none=True)}
        await _own(conn, who, "start" if action == UNDO else action, record["team"])
        await steps.check(conn, record, expected(if_match), given, kind="run", role=who.role)
        if action != UNDO:
            written = await runs.act(
                conn, record, action, sent.reason, actor, vehicle_failed=sent.vehicle_failed
            )
        else:
            step = await taking_back.last(conn, "run", record)
            await _own(conn, who, step.action, record["team"])
            written = await taking_back.run(conn, record, step, sent.reason, actor)
        return steps.shown(written, who.role)

    repeat = common.repeat_of(who, idempotency_key, f"POST runs {run} {action}", sent)
    return await common.once(house, repeat, actor, work)


async def _own(conn: Connection, who: Viewer, action: str, team: str) -> None:
    names = await runs.crew_of(conn, team) & set(who.keys or ())
    common.allow_move(who, RUN[action], next(iter(names), None))


@router.post(
    "/resources/{resource}/{action}",
    summary="Check a boat, vehicle or crew out, in, or as out of order, or take that back",
    response_model=ResourceOut,
    response_model_exclude_unset=True,
    responses=problems(*common.CHANGES),
)
async def act_on_resource(
    resource: RecordId,
    sent: ResourceAct,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    action: Annotated[str, common.action_of((*RESOURCE_ACTIONS, UNDO))],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """With the crew that takes it and where it is; other fields are edited as records.

    `undo` takes the last step back, `note` being why; 409 when it came with an evacuation run, or
    what it changed was changed again since.
    """
    common.allow(who, DESK)
    if sent.at is not None:
        floods.near([sent.at], await house.bounds(who.role))
    actor = acting.actor(who, sent.by)

    async def work(conn: Connection) -> dict[str, Any]:
        await editing.turn(conn, resources.LAYER)
        record = await steps.held(conn, resources.LAYER, resource)
        given = {"action": action, **sent.model_dump(mode="json", exclude_none=True)}
        await steps.check(conn, record, expected(if_match), given, kind="resource", role=who.role)
        if action == UNDO:
            step = await taking_back.last(conn, "resource", record)
            return steps.shown(
                await taking_back.resource(conn, record, step, sent.note, actor), who.role
            )
        written = await runs.check(
            conn,
            record,
            RESOURCE_ACTIONS[action],
            crew=sent.crew,
            at=sent.at,
            due_at=sent.due_at,
            note=sent.note,
            actor=actor,
        )
        return steps.shown(written, who.role)

    repeat = common.repeat_of(who, idempotency_key, f"POST resources {resource} {action}", sent)
    return await common.once(house, repeat, actor, work)


@router.get(
    "/power-areas/{area}/homes",
    summary="Homes in a power area whose people hang on power",
    response_model=Homes,
    responses=problems(400, 401, 404, 503),
)
async def powered_homes(area: RecordId, house: CurrentHouse, who: CurrentViewer) -> Response:
    """Whatever its state now: those homes that you may see at this moment.

    A coordinator sees homes during an event, a crew those of its open tasks, a caregiver those of
    their communities; whoever fetches nobody sees none and is refused.
    """
    common.allow(who, RESCUERS)
    async with house.reader(who.role) as conn:
        code = await war_room.power_area(conn, area)
        if code is None:
            raise steps.missing(power_areas.LAYER, area)
        told = await war_room.homes_without_power(conn, who.role, who.keys, code)
    return common.answer({"homes": told})
