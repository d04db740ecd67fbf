"""`/tasks`: what crews have been given to do, and how it went."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from psycopg import sql

from api import acting
from api.house import House
from api.ogc.editing import IdempotencyKey, IfMatch, expected
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from api.war_room import common
from api.war_room.common import RecordId
from api.war_room.models import TaskAct, TaskIn, TaskOut, Tasks
from db import steps
from db import tasks as records
from db.queries import war_room
from db.replies import Connection
from layers import incidents
from layers.lifecycle import TASK, TASK_ENDS
from layers.model import DESK, Role
from layers.tasks import LAYER

router = APIRouter(prefix="/tasks", tags=["War room"])

_OPEN = sql.SQL("state <> all({})").format(sorted(TASK_ENDS))


@router.get(
    "",
    summary="Tasks of crews",
    response_model=Tasks,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 503),
)
async def list_tasks(
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    active: Annotated[bool, Query(description="Only those not ended")] = False,
    team: Annotated[str | None, Query(max_length=100, description="Only of this team")] = None,
    incident: Annotated[str | None, Query(max_length=40, description="Code of it")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many")] = 200,
) -> Response:
    """Newest first. A crew is told which home each of its own open tasks is about."""
    common.inside(who, LAYER)
    asked = {"team": team, "incident": incident}
    async with house.reader(who.role) as conn:
        found = await war_room.records(
            conn,
            LAYER,
            who.role,
            *((name, value) for name, value in asked.items() if value is not None),
            also=_OPEN if active else None,
            limit=limit,
        )
    await _add_homes(house, who, found)
    return common.answer({"tasks": found})


@router.post(
    "",
    summary="Give a crew a task",
    status_code=201,
    response_model=TaskOut,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 409, 413, 503),
)
async def give_task(
    sent: TaskIn,
    house: CurrentHouse,
    who: CurrentViewer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """With `care_code` the crew sees that home until the task ends; only who sees it can say so."""
    common.allow(who, DESK)
    incident = None
    async with house.reader(who.role) as conn:
        if sent.incident is not None:
            seen = await war_room.records(
                conn, incidents.LAYER, who.role, ("id", sent.incident), limit=1
            )
            if not seen:
                raise steps.missing(incidents.LAYER, sent.incident)
            incident = seen[0]["code"]
        if sent.care_code is not None:
            await war_room.home(conn, who.role, who.keys, sent.care_code)
    actor = acting.actor(who, sent.by)
    new = records.NewTask(sent.team, sent.words, incident, sent.care_code)

    async def work(conn: Connection) -> dict[str, Any]:
        return steps.shown(await records.give(conn, new, actor), who.role)

    repeat = common.repeat_of(who, idempotency_key, "POST tasks", sent)
    return await common.once(house, repeat, actor, work, 201)


@router.post(
    "/{task}/{action}",
    summary="Set off, arrive, finish or fail a task",
    response_model=TaskOut,
    response_model_exclude_unset=True,
    responses=problems(*common.CHANGES),
)
async def act_on_task(
    task: RecordId,
    sent: TaskAct,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    action: Annotated[str, common.action_of(TASK)],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """By the desk, or by the crew itself; its end closes the home it opened."""
    common.inside(who, LAYER)
    common.allow(who, TASK[action].who | {Role.TEAM})
    if action == "fail":
        common.needed(sent.reason, "reason")
    actor = acting.actor(who, sent.by)

    async def work(conn: Connection) -> dict[str, Any]:
        record = await steps.held(conn, LAYER, task)
        common.allow_move(who, TASK[action], record["team"])
        given = {"action": action, **sent.model_dump(mode="json", exclude_none=True)}
        await steps.check(conn, record, expected(if_match), given, kind="task", role=who.role)
        written = await records.act(conn, record, action, sent.reason, actor)
        return steps.shown(written, who.role)

    repeat = common.repeat_of(who, idempotency_key, f"POST tasks {task} {action}", sent)
    return await common.once(house, repeat, actor, work)


async def _add_homes(house: House, who: Viewer, found: list[dict[str, Any]]) -> None:
    if who.role is not Role.TEAM or not who.keys:
        return
    async with house.service() as conn:
        homes = await records.homes_of(conn, who.keys)
    for one in found:
        if one["code"] in homes:
            one["care_code"] = homes[one["code"]]
