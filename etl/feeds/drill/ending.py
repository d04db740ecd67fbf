"""What an exercise leaves behind in the war room is over with it: its incidents, and its event."""

from datetime import datetime

from db import events, incidents, steps
from db.steps import Actor, Signed, begin
from etl.feeds.drill.calling import ConnectAs


async def end(connect_as: ConnectAs, actor: Actor, now: datetime) -> int:
    """Give its incidents the all-clear, close its event: homes it opened close. How many were left.

    Otherwise they would escalate for ever, and a real event could not be opened.
    """
    async with connect_as(False) as conn:
        async with conn.transaction():
            await begin(conn, actor)
            left = await incidents.end_exercise(conn, actor, now)
            there = await steps.open_event(conn)
            if there is not None and there.exercise:
                record = await steps.held(conn, events.LAYER, there.id)
                await events.close(conn, record, Signed(), None, actor)
        await conn.execute("SELECT muang.number_changes()")
    return left
