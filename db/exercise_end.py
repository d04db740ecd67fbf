"""An exercise that ends: its feeds go, its incidents get the all-clear, its event is closed.

Nothing is deleted that anybody read or did: its readings stay, marked, and real ones are shown
again; its incidents and its event stay in the log. What polls its sources hears of it by itself.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import class_row

from db import events, incidents, steps
from db.exercise import Exercise, current_async
from db.replies import Connection
from db.steps import Actor, Signed
from layers.errors import ConflictError
from layers.text import Text


@dataclass(frozen=True)
class Ended:
    """What ended. `exercise` None: none was open, only something of an earlier one was left."""

    exercise: Exercise | None
    incidents: int
    event: str | None


async def end_on(
    conn: Connection,
    actor: Actor,
    *,
    meant: datetime | None = None,
    note: str | None = None,
) -> Ended:
    """End the open exercise, on a connection of its own; what `end` says, and its rest as well."""
    async with conn.transaction():
        await steps.begin(conn, actor)
        ended = await end(conn, actor, meant=meant, note=note)
    await rest_on(conn, actor)
    return ended


async def rest_on(conn: Connection, actor: Actor) -> None:
    """What a rule found of the exercise while it was being ended is over as well."""
    async with conn.transaction():
        await steps.begin(conn, actor)
        if await current_async(conn) is None:
            await _war_room(conn, actor, None)
    await conn.execute("SELECT muang.number_changes()")


async def end(
    conn: Connection, actor: Actor, *, meant: datetime | None = None, note: str | None = None
) -> Ended:
    """End the open exercise within the caller's transaction (`steps.begin` was called).

    `meant`: when the one that is meant began; ConflictError where another is open by now. Without
    an open one the rest of an earlier one is put in order: incidents nobody comes to would
    escalate for ever, and a real event could not be opened.
    """
    there = await current_async(conn)
    if meant is not None and there is not None and there.started_at != meant:
        raise ConflictError(
            Text(
                th=f"การฝึกซ้อมที่ท่านเห็นจบไปแล้ว ขณะนี้กำลังฝึก “{there.name}” ดูหน้าจออีกครั้ง",
                en="The exercise you saw is over. Another is on now, "
                f"“{there.name}”: look at the screen again.",
            )
        )
    # locks in the war room's order: the event, incidents by id; the exercise's own come last
    left, event = await _war_room(conn, actor, note)
    ended = None if there is None else await _close(conn, there.id, actor)
    return Ended(ended, left, event)


async def _war_room(conn: Connection, actor: Actor, note: str | None) -> tuple[int, str | None]:
    """How many incidents of exercises were left, and which event of theirs was."""
    there = await steps.open_event(conn)
    record = None
    if there is not None and there.exercise:
        record = await steps.held(conn, events.LAYER, there.id)
    left = await incidents.end_exercise(conn, actor, datetime.now(UTC))
    if record is None or record["state"] != "open":
        return left, None
    await events.close(conn, record, Signed(), note, actor)
    return left, record.code


async def _close(conn: Connection, number: int, actor: Actor) -> Exercise | None:
    by = actor.name if actor.typed else actor.principal
    async with conn.cursor(row_factory=class_row(Exercise)) as cursor:
        await cursor.execute("SELECT * FROM muang.end_exercise(%s, %s)", [number, by])
        return await cursor.fetchone()
