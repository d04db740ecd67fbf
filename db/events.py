"""Events opened, escalated and closed by name; each announcement a step of its own line."""

from dataclasses import dataclass

from db import steps
from db.replies import Connection
from db.steps import Actor, Record, Signed, Step
from layers import events
from layers.errors import BadRequestError, ConflictError
from layers.text import Text

LAYER = events.LAYER
LINES = {line.name: line for line in events.LINES}


@dataclass(frozen=True)
class NewEvent:
    """An event to be opened."""

    name: str
    kind: str
    exercise: bool | None
    note: str | None
    signed: Signed


async def open_one(conn: Connection, new: NewEvent, actor: Actor) -> Record:
    """Open an event and with it homes to coordinators; ConflictError while another is open."""
    await _alone(conn)
    number = await steps.next_id(conn, LAYER)
    record = await steps.add(
        conn,
        LAYER,
        {
            "id": number,
            "code": f"E{number}",
            "name": new.name,
            "kind": new.kind,
            "state": "open",
            "exercise": await steps.exercising(conn) if new.exercise is None else new.exercise,
            "opened_by": actor.name,
        },
    )
    record = await steps.write(conn, record, {"opened_at": record["updated_at"]})
    await _let_in(conn, record, actor)
    step = Step("event", "open", record.code, record.id, None, "open", note=new.note)
    await _tell(conn, record, step, new.signed, actor)
    return record


async def close(
    conn: Connection, record: Record, signed: Signed, note: str | None, actor: Actor
) -> Record:
    """Close an event: homes close to coordinators, and to crews with the tasks that are left."""
    _must_be(record, "open")
    cursor = await conn.execute(
        "SELECT id FROM town.tasks WHERE event = %s AND state IN ('given', 'under_way', 'on_scene')"
        " ORDER BY id FOR UPDATE",
        [record.code],
    )
    event = steps.OpenEvent(record.id, record.code, bool(record["exercise"]))
    for (task,) in await cursor.fetchall():
        await _cancel(conn, int(task), event, actor)
    await conn.execute(
        "UPDATE muang.opening SET closed_at = clock_timestamp()"
        " WHERE kind = 'event' AND about = %s AND closed_at IS NULL",
        [record.code],
    )
    now = await steps.moment(conn)
    values = {"state": "closed", "closed_at": now, "closed_by": actor.name}
    written = await steps.write(conn, record, values)
    step = Step("event", "close", record.code, record.id, "open", "closed", note=note)
    await _tell(conn, written, step, signed, actor)
    return written


async def _cancel(conn: Connection, task: int, event: steps.OpenEvent, actor: Actor) -> None:
    await conn.execute(
        "UPDATE town.tasks SET state = 'cancelled', ended_at = now() WHERE id = %s", [task]
    )
    await conn.execute(
        "UPDATE muang.opening SET closed_at = clock_timestamp()"
        " WHERE kind = 'task' AND about = %s AND closed_at IS NULL",
        [f"T{task}"],
    )
    step = Step("task", "cancel", f"T{task}", task, None, "cancelled")
    await steps.tell(conn, step, actor, event)


async def reopen(
    conn: Connection, record: Record, signed: Signed, note: str | None, actor: Actor
) -> Record:
    """Open a closed event again; ConflictError while another is open."""
    _must_be(record, "closed")
    await _alone(conn)
    written = await steps.write(
        conn, record, {"state": "open", "closed_at": None, "closed_by": None}
    )
    await _let_in(conn, written, actor)
    step = Step("event", "reopen", record.code, record.id, "closed", "open", note=note)
    await _tell(conn, written, step, signed, actor)
    return written


async def announce(
    conn: Connection,
    record: Record,
    line: str,
    becomes: str,
    *,
    signed: Signed,
    note: str | None,
    actor: Actor,
) -> Record:
    """Record what an authority said; each line keeps its own value, signer, number and time."""
    _must_be(record, "open")
    was = record[line]
    step = Step("event", line, record.code, record.id, was, becomes, note=note)
    await _tell(conn, record, step, signed, actor)
    return await steps.write(conn, record, {line: becomes})


async def note(
    conn: Connection, record: Record, signed: Signed, words: str, actor: Actor
) -> Record:
    """A line of the log in words."""
    step = Step("event", "note", record.code, record.id, note=words)
    await _tell(conn, record, step, signed, actor)
    return record


async def undo(
    conn: Connection,
    record: Record,
    step_id: int,
    *,
    signed: Signed,
    note: str | None,
    actor: Actor,
) -> Record:
    """Take back an announcement by a new step; its line stands again as it did without it."""
    cursor = await conn.execute(
        "SELECT l.action, l.becomes, EXISTS (SELECT 1 FROM town.event_log AS u"
        " WHERE u.undoes = l.id AND u.kind = 'event') FROM town.event_log AS l"
        " WHERE l.id = %s AND l.kind = 'event' AND l.record = %s",
        [step_id, record.id],
    )
    found = await cursor.fetchone()
    if found is None or found[0] not in LINES or found[2]:
        raise ConflictError(
            Text(
                th=f"ขั้นตอน {step_id} ไม่ใช่ประกาศของเหตุการณ์นี้ หรือถูกแก้ไปแล้ว",
                en=f"Step {step_id} is no announcement of this event, or was taken back already.",
            )
        )
    line = str(found[0])
    cursor = await conn.execute(
        "SELECT l.becomes FROM town.event_log AS l WHERE l.kind = 'event' AND l.record = %s"
        " AND l.action = %s AND l.undoes IS NULL AND l.id <> %s AND NOT EXISTS ("
        " SELECT 1 FROM town.event_log AS u WHERE u.undoes = l.id AND u.kind = 'event')"
        " ORDER BY l.id DESC LIMIT 1",
        [record.id, line, step_id],
    )
    before = await cursor.fetchone()
    becomes = before[0] if before else None
    step = Step(
        "event", "undo", record.code, record.id, found[1], becomes, note=note, undoes=step_id
    )
    await _tell(conn, record, step, signed, actor)
    return await steps.write(conn, record, {line: becomes})


async def _alone(conn: Connection) -> None:
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('muang events', 0))")
    there = await steps.open_event(conn)
    if there is not None:
        raise ConflictError(
            Text(
                th=f"เหตุการณ์ {there.code} เปิดอยู่แล้ว บันทึกต่อในเหตุการณ์นั้น หรือปิดก่อน",
                en=f"Event {there.code} is open already. Go on in that one, or close it first.",
            )
        )


async def _let_in(conn: Connection, record: Record, actor: Actor) -> None:
    await conn.execute(
        "INSERT INTO muang.opening (kind, reason, opened_by, about) VALUES ('event', %s, %s, %s)",
        [record["name"], actor.principal, record.code],
    )


async def _tell(conn: Connection, record: Record, step: Step, signed: Signed, actor: Actor) -> int:
    event = steps.OpenEvent(record.id, record.code, bool(record["exercise"]))
    return await steps.tell(conn, Step(**{**vars(step), "signed": signed}), actor, event)


def _must_be(record: Record, state: str) -> None:
    if record["state"] != state:
        raise ConflictError(
            Text(
                th=f"เหตุการณ์ {record.code} ไม่ได้{'เปิด' if state == 'open' else 'ปิด'}อยู่",
                en=f"Event {record.code} is not {state}.",
            )
        )


def check_value(line: str, becomes: str, flags: frozenset[str]) -> None:
    """BadRequestError for a value a line cannot have; `flags` are the town's."""
    known = flags if line == "flag" else {code.value for code in LINES[line].codes}
    if becomes not in known:
        told = ", ".join(sorted(known))
        raise BadRequestError(
            Text(
                th=f"{LINES[line].title.th}: ต้องเป็นค่าใน {told}",
                en=f"{LINES[line].title.en}: must be one of {told}.",
            )
        )
