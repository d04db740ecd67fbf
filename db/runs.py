"""Evacuation runs accepted from a plan; boats, vehicles and crews checked out and in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import dict_row

from db import editing, steps
from db.replies import Connection
from db.steps import Actor, Record, Step
from db.tasks import past
from layers import evacuation_runs, resources
from layers.errors import ConflictError
from layers.lifecycle import RUN
from layers.text import Text

LAYER = evacuation_runs.LAYER
RESOURCES = resources.LAYER
OUT = "out"
_VEHICLE = {"start": OUT, "done": "ready", "fail": "ready"}


@dataclass(frozen=True)
class NewRun:
    """One run of a plan: the answer it stands in, its team, and who is fetched."""

    answer: str
    team: str
    number: int
    households: tuple[str, ...]
    people: int
    lying: int
    shelters: tuple[str, ...]


async def accept(conn: Connection, runs: Sequence[NewRun], actor: Actor) -> list[Record]:
    """Take runs of a plan as orders; ConflictError when one was accepted already."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('muang runs', 0))")
    event = await steps.open_event(conn)
    made = []
    for run in runs:
        await _refuse_twice(conn, run)
        number = await steps.next_id(conn, LAYER)
        record = await steps.add(
            conn,
            LAYER,
            {
                "id": number,
                "code": f"R{number}",
                "answer": run.answer,
                "team": run.team,
                "number": run.number,
                "state": "planned",
                "households": list(run.households),
                "people": run.people,
                "lying": run.lying,
                "shelters": list(run.shelters),
                "event": event.code if event else None,
                "planned_at": await steps.moment(conn),
                "by_name": actor.name,
            },
        )
        step = Step("run", "accept", record.code, record.id, None, "planned", unit=run.team)
        await steps.tell(conn, step, actor, event)
        made.append(record)
    return made


async def _refuse_twice(conn: Connection, run: NewRun) -> None:
    cursor = await conn.execute(
        "SELECT code FROM town.evacuation_runs WHERE (answer = %s AND team = %s AND number = %s)"
        # a plan may share one household between two of its own runs: it knows who sits where
        " OR (state IN ('planned', 'underway') AND households && %s::text[] AND answer <> %s)"
        " LIMIT 1",
        [run.answer, run.team, run.number, list(run.households), run.answer],
    )
    there = await cursor.fetchone()
    if there is not None:
        raise ConflictError(
            Text(
                th=f"เที่ยวนี้หรือครัวเรือนในเที่ยวนี้อยู่ใน {there[0]} แล้ว",
                en=f"This run, or a household on it, is in {there[0]} already.",
            )
        )


async def act(
    conn: Connection,
    record: Record,
    action: str,
    reason: str | None,
    actor: Actor,
    *,
    vehicle_failed: bool = False,
) -> Record:
    """Do something with a run that is held; its vehicle goes out and comes back with it."""
    move = RUN[action]
    if record["state"] not in move.start:
        await past(conn, record, "run", record["state"])
    now = await steps.moment(conn)
    values: dict[str, object] = {"state": move.end, "by_name": actor.name}
    values |= {"left_at": now} if action == "start" else {"ended_at": now, "reason": reason}
    written = await steps.write(conn, record, values)
    event = await steps.open_event(conn)
    step = Step(
        "run",
        action,
        record.code,
        record.id,
        record["state"],
        move.end,
        unit=record["team"],
        note=reason,
    )
    await steps.tell(conn, step, actor, event)
    if action in _VEHICLE:
        status = "failed" if vehicle_failed else _VEHICLE[action]
        await editing.turn(conn, RESOURCES)
        cursor = await conn.execute(
            "SELECT id FROM town.resources WHERE code = %s ORDER BY id LIMIT 1", [record["team"]]
        )
        vehicle = await cursor.fetchone()
        if vehicle is not None:
            held = await steps.held(conn, RESOURCES, int(vehicle[0]))
            await _put(conn, held, {"status": status}, record.code, actor)
    return written


async def check(
    conn: Connection,
    record: Record,
    status: str,
    *,
    crew: str | None,
    at: tuple[float, float] | None,
    due_at: datetime | None,
    note: str | None,
    actor: Actor,
) -> Record:
    """Check a boat, vehicle or crew out, in, or as out of order; `due_at`: when it is back."""
    if record["status"] == status and crew in (None, record["crew"]):
        await past(conn, record, "resource", status)
    values: dict[str, object] = {"status": status}
    if crew is not None:
        values["crew"] = crew
    if status == OUT:
        values["due_at"] = due_at
    return await _put(conn, record, values, note, actor, at)


_ACTIONS = {"out": "check_out", "ready": "check_in", "failed": "changed"}


async def _put(  # noqa: PLR0917 - the parts of a line
    conn: Connection,
    record: Record,
    values: dict[str, object],
    note: str | None,
    actor: Actor,
    at: tuple[float, float] | None = None,
) -> Record:
    status = str(values["status"])
    if status != OUT:
        values |= {"out_at": None, "due_at": None}
    elif record["status"] != OUT:
        values["out_at"] = await steps.moment(conn)
    written = await steps.write(conn, record, {**values, "by_name": actor.name}, at)
    step = Step(
        "resource",
        _ACTIONS[status],
        record.code,
        record.id,
        record["status"],
        status,
        unit=written["crew"],
        note=note,
    )
    await steps.tell(conn, step, actor, await steps.open_event(conn))
    return written


async def crew_of(conn: Connection, team: str) -> set[str]:
    """The names a run's team goes by: its code, and the crew that has the vehicle."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT crew FROM town.resources WHERE code = %s", [team])
        found = await cursor.fetchall()
    return {team, *(str(row["crew"]) for row in found if row["crew"])}


_WAITING = """
SELECT DISTINCT ON (h.household) h.household, r.code AS run, r.reason
FROM town.evacuation_runs AS r
CROSS JOIN LATERAL unnest(r.households) AS h (household)
WHERE r.state IN ('failed', 'cancelled')
    AND NOT EXISTS (
        SELECT 1 FROM town.evacuation_runs AS n
        WHERE n.state IN ('planned', 'underway', 'done') AND h.household = any(n.households)
    )
    AND NOT EXISTS (
        SELECT 1 FROM town.shelter_stays AS s
        WHERE s.household = h.household AND s.out_at IS NULL AND s.place <> 'camping'
    )
ORDER BY h.household, r.id DESC
"""


async def waiting(service: Connection) -> list[dict[str, object]]:
    """Households of failed runs that no other run fetches and no shelter has; as `service`."""
    async with service.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_WAITING)
        return await cursor.fetchall()
