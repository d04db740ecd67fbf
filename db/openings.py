"""What is open at the moment: events to coordinators, tasks to a crew."""

from db.changes import AsyncConnection
from layers.model import Role

_EVENTS = "SELECT id FROM muang.opening WHERE kind = 'event' AND closed_at IS NULL ORDER BY id"
_TASKS = (
    "SELECT id FROM muang.opening"
    " WHERE kind = 'task' AND closed_at IS NULL AND team = %s ORDER BY id"
)


async def open_for(conn: AsyncConnection, role: Role, team: str | None) -> tuple[int, ...]:
    """Ids of the open records that decide what this person sees; needs the `service` login."""
    if role is Role.COORDINATOR:
        cursor = await conn.execute(_EVENTS)
    elif role is Role.TEAM and team is not None:
        cursor = await conn.execute(_TASKS, [team])
    else:
        return ()
    return tuple(int(str(row[0])) for row in await cursor.fetchall())
