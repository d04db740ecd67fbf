"""What each rule found last, and the incidents it raised: one transaction for each rule."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from db import incidents, steps
from db.incidents import Act, NewIncident
from db.replies import Connection
from db.steps import Actor, Record, Step
from layers.conditions import Condition, Decision, State, decide


async def alone(conn: Connection) -> bool:
    """Whether no other server looks after this town's rules, until the transaction ends."""
    cursor = await conn.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('muang rules', 0))"
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def raised_at(conn: Connection, rule: str) -> frozenset[str]:
    """Places where a rule has raised a real incident whose condition has not ended."""
    cursor = await conn.execute(
        "SELECT place FROM muang.rule_state WHERE rule = %s AND NOT exercise"
        " AND incident IS NOT NULL",
        [rule],
    )
    return frozenset(str(place) for (place,) in await cursor.fetchall())


async def forget_exercise(conn: Connection, rule: str) -> None:
    """Forget what a rule found in an exercise that is over: what still holds is found anew."""
    await conn.execute("DELETE FROM muang.rule_state WHERE rule = %s AND exercise", [rule])


async def apply(
    conn: Connection,
    rule: str,
    found: Sequence[Condition],
    *,
    now: datetime,
    delay: timedelta,
    due: dict[str, timedelta],
    actor: Actor,
    kind: str,
    exercise: bool = False,
) -> list[int]:
    """Raise, end and remember what a look found; ids of the incidents raised.

    An incident of the same rule and place that is not over is not raised again: the log says that
    it was found again, and one that was held for resolved asks for somebody again. What is found
    in an exercise and what is found in earnest are kept apart.
    """
    cursor = await conn.execute(
        "SELECT place, since, incident, before FROM muang.rule_state"
        " WHERE rule = %s AND exercise = %s FOR UPDATE",
        [rule, exercise],
    )
    known = {str(place): State(*kept) for place, *kept in await cursor.fetchall()}
    here = {one.place: one for one in found}
    raised = []
    for place in sorted({*known, *here}):
        state, one = known.get(place, State()), here.get(place)
        decision = decide(state, one, now, delay)
        if decision is Decision.RAISE and one is not None:
            again = due[one.severity]
            number = await _again(conn, state.before, one, actor, due=again, now=now)
            if number is None:
                record = await incidents.raise_one(
                    conn, _new(rule, kind, one, exercise=exercise), actor, again, now
                )
                number = record.id
                raised.append(number)
            after = State(state.since or now, number)
        elif decision is Decision.WAIT:
            after = State(now, None, state.before)
        elif decision is Decision.END and state.incident is not None:
            ended = await incidents.stands(conn, state.incident)
            if ended is not None:
                await _tell(conn, ended, "condition_ended", None, actor=actor, now=now)
            after = State(before=state.incident)
        elif decision is Decision.FORGET:
            after = State(before=state.before)
        else:
            continue
        await _remember(conn, rule, place, after, exercise=exercise, now=now)
    return raised


def _new(rule: str, kind: str, one: Condition, *, exercise: bool) -> NewIncident:
    return NewIncident(
        kind=kind,
        severity=one.severity,
        title=one.title,
        at=one.at,
        about=one.about,
        about_code=one.about_code,
        rule=rule,
        rule_values=one.values,
        exercise=exercise,
        seen_by=one.seen_by,
        source="muang rules",
    )


async def _remember(
    conn: Connection, rule: str, place: str, state: State, *, exercise: bool, now: datetime
) -> None:
    await conn.execute(
        "INSERT INTO muang.rule_state (rule, place, exercise, since, incident, before, seen_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (rule, place, exercise) DO UPDATE"
        " SET since = excluded.since, incident = excluded.incident, before = excluded.before,"
        " seen_at = excluded.seen_at",
        [rule, place, exercise, state.since, state.incident, state.before, now],
    )


async def _again(
    conn: Connection,
    before: int | None,
    one: Condition,
    actor: Actor,
    *,
    due: timedelta,
    now: datetime,
) -> int | None:
    """The incident this place had before, when it is not over: it has been found again.

    Merged into another, it is that one. Nobody looks at what is resolved: it is raised again.
    """
    record = None if before is None else await incidents.stands(conn, before)
    if record is None or record["status"] == "all_clear":
        return None
    await _tell(conn, record, "again", one.values, actor=actor, now=now)
    if record["status"] == "resolved":
        said = Act(note=one.values)
        await incidents.act(conn, record, "reopen", said, actor, due=due, now=now)
    return record.id


async def _tell(
    conn: Connection, record: Record, action: str, note: str | None, *, actor: Actor, now: datetime
) -> None:
    event = await incidents.event_of(conn, record)
    step = Step("incident", action, record.code, record.id, note=note, seen_by=record["seen_by"])
    await steps.tell(conn, step, actor, event, now)
