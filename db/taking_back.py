"""Steps on evacuation runs, boats, vehicles and crews, taken back.

The step stays in the log, and a further one names it. What the record held before comes out of its
history, for what the step changed and nothing else: nobody's other edit is lost by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from db import editing, steps
from db.replies import Connection
from db.steps import Actor, Record, Step
from layers import evacuation_runs, resources
from layers.errors import ConflictError
from layers.model import Layer
from layers.text import Text

RUNS = evacuation_runs.LAYER
RESOURCES = resources.LAYER
_BEGINNINGS = ["undo", "accept", "added", "removed", "many"]
"""Steps with nothing before them to go back to."""
_UNDER_WAY = ("planned", "underway")

_STANDING = """
SELECT l.id, l.action, l.change_set
FROM town.event_log AS l
WHERE l.kind = %s AND l.record = %s AND NOT l.action = any(%s)
    AND NOT EXISTS (
        SELECT 1 FROM town.event_log AS u
        WHERE u.kind = l.kind AND u.record = l.record AND u.undoes = l.id
    )
ORDER BY l.id DESC
LIMIT 1
"""
_RUN_OF = """
SELECT l.code
FROM town.event_log AS l
WHERE l.kind = 'run' AND l.change_set = %s
    AND NOT EXISTS (SELECT 1 FROM town.event_log AS u WHERE u.kind = 'run' AND u.undoes = l.id)
LIMIT 1
"""
_VEHICLE_OF = (
    "SELECT record FROM town.event_log WHERE kind = 'resource' AND change_set = %s LIMIT 1"
)
_FETCHED = """
SELECT code FROM town.evacuation_runs
WHERE id <> %s AND answer <> %s
    AND state IN ('planned', 'underway') AND households && %s::text[]
LIMIT 1
"""


@dataclass(frozen=True)
class Standing:
    """The last step of a record that was not taken back, and the change set it was made in."""

    id: int
    action: str
    change_set: int


async def last(conn: Connection, kind: str, record: Record) -> Standing:
    """The step that would be taken back; ConflictError when there is none."""
    found = await _standing(conn, kind, record)
    if found is None:
        raise ConflictError(
            Text(
                th=f"{record.code} ไม่มีขั้นตอนที่ถอนได้",
                en=f"{record.code} has no step that could be taken back.",
            )
        )
    return found


async def run(
    conn: Connection, record: Record, step: Standing, reason: str | None, actor: Actor
) -> Record:
    """Take a run's last step back, and what it did to its vehicle unless that has gone on since.

    ConflictError when another run fetches one of its households by now.
    """
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('muang runs', 0))")
    before = await _before(conn, record, step)
    if before is None:
        raise _changed_since(record)
    if record["state"] not in _UNDER_WAY and before.get("state") in _UNDER_WAY:
        await _refuse_fetched(conn, record)
    written = await _restore(conn, "run", record, step, before, reason, actor)
    cursor = await conn.execute(_VEHICLE_OF, [step.change_set])
    vehicle = await cursor.fetchone()
    if vehicle is not None:
        await editing.turn(conn, RESOURCES)
        held = await steps.held(conn, RESOURCES, int(vehicle[0]))
        standing = await _standing(conn, "resource", held)
        if standing is not None and standing.change_set == step.change_set:
            was = await _before(conn, held, standing)
            if was is not None:
                await _restore(conn, "resource", held, standing, was, record.code, actor)
    return written


async def resource(
    conn: Connection, record: Record, step: Standing, reason: str | None, actor: Actor
) -> Record:
    """Take the last step of a boat, vehicle or crew back; one that came with a run goes with it."""
    cursor = await conn.execute(_RUN_OF, [step.change_set])
    found = await cursor.fetchone()
    if found is not None:
        raise ConflictError(
            Text(
                th=f"ขั้นตอนนี้มากับเที่ยวอพยพ {found[0]} ให้ถอนที่เที่ยวนั้น",
                en=f"This step came with the evacuation run {found[0]}. Take it back there.",
            )
        )
    before = await _before(conn, record, step)
    if before is None:
        raise _changed_since(record)
    return await _restore(conn, "resource", record, step, before, reason, actor)


async def _standing(conn: Connection, kind: str, record: Record) -> Standing | None:
    cursor = await conn.execute(_STANDING, [kind, record.id, _BEGINNINGS])
    row = await cursor.fetchone()
    return None if row is None else Standing(int(row[0]), str(row[1]), int(row[2]))


async def _before(conn: Connection, record: Record, step: Standing) -> dict[str, Any] | None:
    """What the step changed, as it was before; None when that was changed again since."""
    was = await _version(conn, record, sql.SQL("set_to = %s AND set_from <> set_to"), step)
    became = await _version(conn, record, sql.SQL("set_from = %s AND set_from <> set_to"), step)
    now = await _now(conn, record)
    if was is None:
        return None
    after = became or now
    changed = {name: value for name, value in was.items() if after[name] != value}
    return changed if all(now[name] == after[name] for name in changed) else None


def _names(layer: Layer) -> Sequence[str]:
    # who recorded it last is who takes it back
    fields = [field.name for field in layer.fields if field.name != "by_name"]
    return [*fields, "geom"] if layer.geometry is not None else fields


async def _version(
    conn: Connection, record: Record, when: sql.SQL, step: Standing
) -> dict[str, Any] | None:
    statement = sql.SQL("SELECT {} FROM {} WHERE id = %s AND {} LIMIT 1").format(
        sql.SQL(", ").join(map(sql.Identifier, _names(record.layer))),
        sql.Identifier("history", record.layer.id),
        when,
    )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, [record.id, step.change_set])
        return await cursor.fetchone()


async def _now(conn: Connection, record: Record) -> dict[str, Any]:
    statement = sql.SQL("SELECT {} FROM {} WHERE id = %s").format(
        sql.SQL(", ").join(map(sql.Identifier, _names(record.layer))),
        sql.Identifier("town", record.layer.id),
    )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, [record.id])
        row = await cursor.fetchone()
    return row or {}


async def _refuse_fetched(conn: Connection, record: Record) -> None:
    cursor = await conn.execute(_FETCHED, [record.id, record["answer"], record["households"]])
    other = await cursor.fetchone()
    if other is not None:
        raise ConflictError(
            Text(
                th=f"ครัวเรือนในเที่ยวนี้อยู่ใน {other[0]} แล้ว จึงถอนไม่ได้",
                en=f"A household of this run is in {other[0]} by now: it cannot be taken back.",
            )
        )


async def _restore(  # noqa: PLR0917 - the parts of a line
    conn: Connection,
    kind: str,
    record: Record,
    step: Standing,
    before: dict[str, Any],
    reason: str | None,
    actor: Actor,
) -> Record:
    state = "state" if kind == "run" else "status"
    written = await steps.write(conn, record, {**before, "by_name": actor.name})
    told = Step(
        kind,
        "undo",
        record.code,
        record.id,
        record[state],
        written[state],
        unit=written["team" if kind == "run" else "crew"],
        note=reason,
        undoes=step.id,
    )
    await steps.tell(conn, told, actor, await steps.open_event(conn))
    return written


def _changed_since(record: Record) -> ConflictError:
    return ConflictError(
        Text(
            th=f"{record.code} ถูกแก้ไขทางอื่นหลังขั้นตอนนี้ จึงถอนไม่ได้ ให้แก้ด้วยขั้นตอนใหม่",
            en=f"{record.code} was changed otherwise after this step: it cannot be taken back. "
            "Put it right by a new step.",
        )
    )
