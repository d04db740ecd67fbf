"""Headcounts by household: in a shelter or beside the home, in and out; occupancy follows."""

from dataclasses import dataclass

from db import editing, steps
from db.replies import Connection
from db.steps import Actor, Record, Step
from db.tasks import past
from layers import shelter_stays, shelters
from layers.errors import ConflictError, NotFoundError
from layers.text import Text

LAYER = shelter_stays.LAYER


@dataclass(frozen=True)
class NewStay:
    """A household that comes in."""

    household: str
    place: str
    shelter: str | None
    people: int
    note: str | None = None


async def come(conn: Connection, new: NewStay, actor: Actor) -> Record:
    """Count a household in; ConflictError, with where and since when, while it is somewhere."""
    await _turn(conn, new.household)
    cursor = await conn.execute(
        "SELECT code, coalesce(shelter_code, place), in_at FROM town.shelter_stays"
        " WHERE household = %s AND out_at IS NULL",
        [new.household],
    )
    there = await cursor.fetchone()
    if there is not None:
        code, where, since = there
        raise ConflictError(
            Text(
                th=f"{new.household} ลงชื่อไว้แล้วที่ {where} ({code}) ตั้งแต่ {since:%H:%M} "
                "เช็กออกจากที่นั่นก่อน",
                en=f"{new.household} is counted at {where} ({code}) since {since:%H:%M}. "
                "Check it out there first.",
            )
        )
    number = await steps.next_id(conn, LAYER)
    record = await steps.add(
        conn,
        LAYER,
        {
            "id": number,
            "code": f"S{number}",
            "household": new.household,
            "place": new.place,
            "shelter_code": new.shelter,
            "people": new.people,
            "in_at": await steps.moment(conn),
            "note": new.note,
            "by_name": actor.name,
        },
    )
    await _count(conn, new.shelter, new.people)
    await _tell(conn, record, "check_in", None, f"{_where(record)} +{new.people}", actor)
    return record


async def leave(
    conn: Connection, record: Record, note: str | None, actor: Actor, *, undo: bool = False
) -> Record:
    """Count a household out, or take back that it was counted in."""
    if record["out_at"] is not None:
        await past(conn, record, "stay", "out")
    people = int(record["people"] or 0)
    written = await steps.write(
        conn, record, {"out_at": await steps.moment(conn), "by_name": actor.name}
    )
    await _count(conn, record["shelter_code"], -people)
    action = "stay_undone" if undo else "check_out"
    await _tell(conn, record, action, f"{_where(record)} -{people}", None, actor, note)
    return written


async def recount(
    conn: Connection, record: Record, people: int, note: str | None, actor: Actor
) -> Record:
    """Correct how many of a household are there."""
    if record["out_at"] is not None:
        await past(conn, record, "stay", "out")
    was = int(record["people"] or 0)
    written = await steps.write(conn, record, {"people": people, "by_name": actor.name})
    await _count(conn, record["shelter_code"], people - was)
    await _tell(conn, record, "recount", str(was), str(people), actor, note)
    return written


def _where(record: Record) -> str:
    return str(record["shelter_code"] or record["place"])


async def _turn(conn: Connection, household: str) -> None:
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"stay {household}"]
    )


async def _count(conn: Connection, shelter: str | None, more: int) -> None:
    """Occupancy is what was counted by head, with households added and taken away."""
    if shelter is None:
        return
    # the same turn edits of shelters take, so that neither waits for the other for ever
    await editing.turn(conn, shelters.LAYER)
    cursor = await conn.execute(
        "UPDATE town.shelters SET occupancy = greatest(0, coalesce(occupancy, 0) + %s)"
        " WHERE code = %s",
        [more, shelter],
    )
    if cursor.rowcount == 0:
        raise NotFoundError(Text(th=f"ไม่มีศูนย์พักพิง {shelter}", en=f"There is no shelter {shelter}."))


async def _tell(  # noqa: PLR0917 - the parts of a line
    conn: Connection,
    record: Record,
    action: str,
    was: str | None,
    becomes: str | None,
    actor: Actor,
    note: str | None = None,
) -> None:
    step = Step("stay", action, record.code, record.id, was, becomes, note=note)
    await steps.tell(conn, step, actor, await steps.open_event(conn))
