"""`/exercise/end`: whoever commands ends the exercise that is on, from the desk."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from api import acting
from api.ogc.editing import IdempotencyKey
from api.routes import CurrentHouse, CurrentViewer, problems
from api.war_room import common
from api.war_room.models import ExerciseEnd, ExerciseEnded
from db import exercise_end
from db.exercise import none_open
from db.replies import Connection
from layers.events import COMMAND

router = APIRouter(prefix="/exercise", tags=["War room"])


@router.post(
    "/end",
    summary="End the exercise that is on",
    response_model=ExerciseEnded,
    responses=problems(400, 401, 404, 409, 413, 503),
)
async def end_exercise(
    sent: ExerciseEnd,
    house: CurrentHouse,
    who: CurrentViewer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Every screen shows what is real again. Its incidents get the all-clear, its event is closed.

    Nothing is deleted: its readings, incidents and log stay, marked as an exercise's.
    """
    common.allow(who, COMMAND)
    actor = acting.actor(who, sent.by)

    async def work(conn: Connection) -> dict[str, Any]:
        ended = await exercise_end.end(conn, actor, meant=sent.started_at, note=sent.note)
        if ended.exercise is None:
            raise none_open()
        return {
            "name": ended.exercise.name,
            "started_at": _told(ended.exercise.started_at),
            "ended_at": _told(ended.exercise.closed_at),
            "ended_by": actor.name,
            "incidents": ended.incidents,
            "event": ended.event,
        }

    repeat = common.repeat_of(who, idempotency_key, "POST exercise end", sent)
    reply = await common.once(house, repeat, actor, work)
    async with house.service() as conn:
        await exercise_end.rest_on(conn, actor)
    return reply


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
