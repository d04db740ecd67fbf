"""Tasks given to crews: one about a home opens that home to the crew until the task ends."""

from dataclasses import dataclass

from db import steps
from db.replies import Connection
from db.steps import Actor, Record, Step
from layers import tasks
from layers.errors import ConflictError
from layers.lifecycle import TASK, TASK_ENDS
from layers.text import Text

LAYER = tasks.LAYER


@dataclass(frozen=True)
class NewTask:
    """A task to be given; `care_code` names the home it is about."""

    team: str
    words: str | None
    incident: str | None = None
    care_code: str | None = None


async def give(conn: Connection, new: NewTask, actor: Actor) -> Record:
    """Give a task to a crew."""
    event = await steps.open_event(conn)
    number = await steps.next_id(conn, LAYER)
    record = await steps.add(
        conn,
        LAYER,
        {
            "id": number,
            "code": f"T{number}",
            "incident": new.incident,
            "team": new.team,
            "state": "given",
            "words": new.words,
            "care_code": new.care_code,
            "event": event.code if event else None,
            "given_by": actor.name,
        },
    )
    record = await steps.write(conn, record, {"given_at": record["updated_at"]})
    if new.care_code is not None:
        await conn.execute(
            "INSERT INTO muang.opening (kind, team, care_code, reason, opened_by, about)"
            " VALUES ('task', %s, %s, %s, %s, %s)",
            [new.team, new.care_code, f"task {record.code}", actor.principal, record.code],
        )
    step = Step("task", "give", record.code, record.id, None, "given", unit=new.team)
    await steps.tell(conn, step, actor, event)
    return record


async def act(
    conn: Connection, record: Record, action: str, reason: str | None, actor: Actor
) -> Record:
    """Do something with a task that is held; its end closes the home it opened."""
    move = TASK[action]
    if record["state"] not in move.start:
        await past(conn, record, "task", record["state"])
    values: dict[str, object] = {"state": move.end}
    if move.end in TASK_ENDS:
        values |= {"ended_at": await steps.moment(conn), "reason": reason}
        await conn.execute(
            "UPDATE muang.opening SET closed_at = clock_timestamp()"
            " WHERE kind = 'task' AND about = %s AND closed_at IS NULL",
            [record.code],
        )
    written = await steps.write(conn, record, values)
    step = Step(
        "task",
        action,
        record.code,
        record.id,
        record["state"],
        move.end,
        unit=record["team"],
        note=reason,
    )
    await steps.tell(conn, step, actor, await steps.open_event(conn))
    return written


async def past(conn: Connection, record: Record, kind: str, state: str) -> None:
    """ConflictError that says who brought a record into a state nothing leads on from."""
    who, what = await steps.last_step(conn, kind, record)
    raise ConflictError(
        Text(
            th=f"ทำไม่ได้: {record.code} อยู่ในสถานะ {state} ({who}: {what})",
            en=f"This cannot be done: {record.code} is {state} ({who}: {what}).",
        )
    )


async def homes_of(service: Connection, teams: tuple[str, ...]) -> dict[str, str]:
    """Homes open to crews now, by the task that opened them; as `service`."""
    cursor = await service.execute(
        "SELECT about, care_code FROM muang.opening WHERE kind = 'task' AND closed_at IS NULL"
        " AND about IS NOT NULL AND team = any(%s)",
        [list(teams)],
    )
    return {str(about): str(care) for about, care in await cursor.fetchall()}
