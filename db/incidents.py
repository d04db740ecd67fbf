"""Incidents raised, taken up and closed: each action one transaction, one row, one step."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from db import steps
from db.replies import Connection
from db.steps import Actor, OpenEvent, Record, Step
from layers import incidents
from layers.errors import BadRequestError, ConflictError
from layers.lifecycle import INCIDENT, mark
from layers.text import Text

LAYER = incidents.LAYER
WITHIN_M = 100.0
"""Incidents of one kind nearer than this may be the same."""


@dataclass(frozen=True)
class NewIncident:
    """An incident to be raised; `at` is longitude and latitude.

    `exercise` None: what is raised while an exercise, or an exercise's event, is open is of it.
    """

    kind: str
    severity: str
    title: Text
    at: tuple[float, float]
    description: str | None = None
    place: str | None = None
    about: str | None = None
    about_code: str | None = None
    rule: str | None = None
    rule_values: str | None = None
    exercise: bool | None = None
    seen_by: str = incidents.OF_ALL
    source: str | None = None


@dataclass(frozen=True)
class Act:
    """What an action says beside its name."""

    unit: str | None = None
    note: str | None = None
    until: datetime | None = None
    into: int | None = None
    values: dict[str, object] = field(default_factory=dict)
    at: tuple[float, float] | None = None


async def raise_one(
    conn: Connection, new: NewIncident, actor: Actor, due: timedelta, now: datetime
) -> Record:
    """Raise an incident; unacknowledged it escalates after `due`."""
    event = await steps.open_event(conn)
    exercise = new.exercise
    if exercise is None:
        exercise = bool(event and event.exercise) or await steps.exercising(conn)
    if event is not None and event.exercise and not exercise:
        event = None  # what is real does not stand in an exercise's story
    number = await steps.next_id(conn, LAYER)
    record = await steps.add(
        conn,
        LAYER,
        {
            "id": number,
            "code": f"I{number}",
            "kind": new.kind,
            "severity": new.severity,
            "status": "raised",
            "mark": new.severity,
            "title_th": new.title.th,
            "title_en": new.title.en,
            "description": new.description,
            "place": new.place,
            "about": new.about,
            "about_code": new.about_code,
            "origin": "rule" if new.rule else "person",
            "rule": new.rule,
            "rule_values": new.rule_values,
            "event": event.code if event else None,
            "exercise": exercise,
            "raised_at": now,
            "raised_by": actor.name,
            "due_at": now + due,
            "escalated": 0,
            "seen_by": new.seen_by,
            "source": new.source,
        },
        new.at,
    )
    step = _step(record, "raise", None, "raised", note=new.rule_values)
    await steps.tell(conn, step, actor, event, now)
    return record


async def act(
    conn: Connection,
    record: Record,
    action: str,
    said: Act,
    actor: Actor,
    *,
    due: timedelta,
    now: datetime,
) -> Record:
    """Do something to an incident that is held; ConflictError says who was first, and with what."""
    move = INCIDENT[action]
    await _possible(conn, record, action)
    event = await event_of(conn, record)
    values: dict[str, object] = {}
    if move.end is not None:
        values["status"] = move.end
        # who acts on one that was put aside has taken it up again
        values |= {"shelved_until": None}
        values |= _stamps(record, action, said, actor, due=due, now=now)
    if action == "shelve":
        values |= {"shelved_until": said.until}
    if action == "merge":
        values |= {"merged_into": await _target(conn, record, said.into)}
    if action in ("unshelve", "unmerge"):
        values |= {"shelved_until" if action == "unshelve" else "merged_into": None}
        if record["due_at"] is not None and record["due_at"] <= now:
            # its time ran out while nobody was to look at it: it begins anew
            values |= {"due_at": now + due}
    if action == "change":
        values |= said.values
    told = {**record.values, **values}
    aside = told["merged_into"] is not None or told["shelved_until"] is not None
    values["mark"] = mark(str(told["status"]), str(told["severity"]), aside=aside)
    was, becomes = _difference(record, action, told, said)
    written = record
    if action != "note":
        written = await steps.write(conn, record, values, said.at)
    step = _step(record, action, was, becomes, note=said.note, unit=said.unit)
    await steps.tell(conn, step, actor, event, now)
    return written


def _stamps(
    record: Record, action: str, said: Act, actor: Actor, *, due: timedelta, now: datetime
) -> dict[str, object]:
    taken: dict[str, object] = {"acknowledged_at": now, "acknowledged_by": actor.name}
    stamps: dict[str, dict[str, object]] = {
        "acknowledge": {**taken, "due_at": None},
        "assign": {
            **({} if record["acknowledged_at"] else taken),
            "unit": said.unit,
            "assigned_at": now,
            "due_at": None,
        },
        "on_scene": {"on_scene_at": now},
        "resolve": {"resolved_at": now},
        "all_clear": {"cleared_at": now, "cleared_by": actor.name},
        "reopen": {
            "due_at": now + due,
            "escalated": 0,
            "acknowledged_at": None,
            "acknowledged_by": None,
            "unit": None,
            **dict.fromkeys(("assigned_at", "on_scene_at", "resolved_at"), None),
            **dict.fromkeys(("cleared_at", "cleared_by"), None),
        },
    }
    return stamps[action]


def _difference(
    record: Record, action: str, told: dict[str, object], said: Act
) -> tuple[str | None, str | None]:
    """What the log says was and becomes."""
    if action == "shelve":
        return None, said.until.isoformat() if said.until else None
    if action in ("merge", "unmerge"):
        return record["merged_into"], str(told["merged_into"] or "") or None
    if action == "change":
        names = sorted(said.values) + (["place"] if said.at else [])
        return None, ", ".join(dict.fromkeys(names))
    if action == "note":
        return None, None
    return str(record["status"]), str(told["status"])


async def _possible(conn: Connection, record: Record, action: str) -> None:
    """ConflictError when the incident is in no state for the action."""
    fits = {
        "unmerge": record["merged_into"] is not None,
        "unshelve": record["shelved_until"] is not None,
        "note": True,
    }.get(action, record["merged_into"] is None)
    if fits and record["status"] in INCIDENT[action].start:
        return
    who, what = await steps.last_step(conn, "incident", record)
    status = next(c.label for c in incidents.STATUSES if c.value == record["status"])
    merged = record["merged_into"]
    raise ConflictError(
        Text(
            th=f"ทำไม่ได้: {record.code} {f'รวมกับ {merged} แล้ว' if merged else status.th}"
            f" ({who}: {what})",
            en=f"This cannot be done: {record.code} is "
            f"{f'merged into {merged}' if merged else status.en.lower()} ({who}: {what}).",
        )
    )


async def _target(conn: Connection, record: Record, into: int | None) -> str:
    """Code of the incident another is merged into, one that stands by itself."""
    if into is None or into == record.id:
        raise BadRequestError(
            Text(th="ระบุเหตุอื่นที่จะรวมด้วย", en="Say which other incident it is merged into.")
        )
    # held in the order of ids by every merge, or two that merge each other would wait for ever
    target = await steps.held(conn, LAYER, into)
    cursor = await conn.execute(
        "SELECT 1 FROM town.incidents WHERE merged_into = %s LIMIT 1", [record.code]
    )
    if target["merged_into"] is not None or await cursor.fetchone() is not None:
        raise ConflictError(
            Text(
                th=f"{target.code} ถูกรวมไว้แล้ว หรือมีเหตุอื่นรวมอยู่กับ {record.code} รวมกับเหตุหลักแทน",
                en=f"{target.code} is merged itself, or others are merged into {record.code}. "
                "Merge into the one that stands by itself.",
            )
        )
    if target["status"] == "all_clear" != record["status"]:
        raise ConflictError(
            Text(
                th=f"{target.code} ประกาศปลอดภัยแล้ว รวมเหตุที่ยังไม่จบเข้าไปไม่ได้ เปิดเหตุนั้นอีกครั้งก่อน",
                en=f"{target.code} is all clear: what is not over would be lost in it. Reopen it "
                "first.",
            )
        )
    if target["seen_by"] != record["seen_by"]:
        raise ConflictError(
            Text(
                th="เหตุสองเหตุนี้มีผู้เห็นต่างกัน รวมกันไม่ได้",
                en="These two are not for the same people to see, so they cannot be one.",
            )
        )
    return target.code


async def hold(conn: Connection, record: int, other: int | None = None) -> Record:
    """An incident under lock, and another one with it, always in the order of their ids."""
    for each in sorted({record} if other is None else {record, other}):
        found = await steps.held(conn, LAYER, each)
        if each == record:
            kept = found
    return kept


async def stands(conn: Connection, number: int) -> Record | None:
    """An incident under lock, or the one it was merged into; None: there is none any more."""
    cursor = await conn.execute(
        "SELECT coalesce(m.id, i.id) FROM town.incidents AS i"
        " LEFT JOIN town.incidents AS m ON m.code = i.merged_into WHERE i.id = %s",
        [number],
    )
    row = await cursor.fetchone()
    return None if row is None else await steps.held(conn, LAYER, int(row[0]))


async def event_of(conn: Connection, record: Record) -> OpenEvent | None:
    """The event that is open, else the one the incident belongs to.

    What is real does not stand in an exercise's story, nor an exercise in that of a real event.
    """
    there = await steps.open_event(conn)
    exercise, own = bool(record["exercise"]), record["event"]
    if there is not None and (there.exercise == exercise or there.code == own):
        return there
    if own is None:
        return None
    return OpenEvent(0, own, exercise)


def _step(
    record: Record,
    action: str,
    was: str | None,
    becomes: str | None,
    *,
    note: str | None = None,
    unit: str | None = None,
) -> Step:
    return Step(
        "incident",
        action,
        record.code,
        record.id,
        was,
        becomes,
        unit=unit,
        note=note,
        seen_by=record["seen_by"],
    )


async def end_exercise(conn: Connection, actor: Actor, now: datetime) -> int:
    """Give the all-clear to an exercise's incidents that are left: nobody is to come any more.

    Returns how many there were.
    """
    cursor = await conn.execute(
        "SELECT id FROM town.incidents WHERE exercise AND status <> 'all_clear' ORDER BY id"
    )
    found = [int(row[0]) for row in await cursor.fetchall()]
    for number in found:
        record = await steps.held(conn, LAYER, number)
        stamps = {"cleared_at": now, "cleared_by": actor.name, "due_at": None}
        values = {"status": "all_clear", "shelved_until": None, **stamps}
        values["mark"] = mark("all_clear", record["severity"], aside=False)
        step = _step(record, "exercise_ended", record["status"], "all_clear")
        event = await event_of(conn, record)
        await steps.write(conn, record, values)
        await steps.tell(conn, step, actor, event, now)
    return len(found)


AT_ONCE = 100
SLACK = timedelta(minutes=1)
"""Clocks of a server and of its database may differ so much without being corrected."""


async def escalate(conn: Connection, now: datetime, due: dict[str, timedelta], actor: Actor) -> int:
    """Escalate what nobody acknowledged in time, and bring back what was shelved until now.

    When to look is in the database, so a restart forgets nothing; a clock that was put back makes
    nobody wait longer than is set now. Returns how many there were.
    """
    cursor = await conn.execute(
        "SELECT i.id, d.within FROM town.incidents AS i"
        " INNER JOIN unnest(%s::text[], %s::interval[]) AS d (severity, within)"
        " ON i.severity = d.severity WHERE i.status = 'raised' AND i.merged_into IS NULL"
        " AND i.shelved_until IS NULL AND i.due_at > %s + d.within",
        [list(due), list(due.values()), now + SLACK],
    )
    for number, within in await cursor.fetchall():
        await conn.execute(
            "UPDATE town.incidents SET due_at = %s WHERE id = %s", [now + within, number]
        )
    cursor = await conn.execute(
        "SELECT id FROM town.incidents WHERE (due_at <= %s AND status = 'raised'"
        " AND merged_into IS NULL AND shelved_until IS NULL) OR shelved_until <= %s"
        " OR shelved_until > %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
        [now, now, now + incidents.LONGEST_SHELF + SLACK, AT_ONCE],
    )
    found = [int(row[0]) for row in await cursor.fetchall()]
    for each in found:
        record = await steps.held(conn, LAYER, each)
        again = now + due[record["severity"]]
        event = await event_of(conn, record)
        if record["shelved_until"] is not None:
            values: dict[str, object] = {
                "shelved_until": None,
                "due_at": again if record["status"] == "raised" else None,
            }
            aside = record["merged_into"] is not None
            values["mark"] = mark(record["status"], record["severity"], aside=aside)
            step = _step(record, "shelf_ended", record["shelved_until"].isoformat(), None)
        else:
            times = int(record["escalated"] or 0) + 1
            values = {"escalated": times, "due_at": again}
            step = _step(record, "escalate", str(times - 1), str(times))
        await steps.write(conn, record, values)
        await steps.tell(conn, step, actor, event, now)
    return len(found)
