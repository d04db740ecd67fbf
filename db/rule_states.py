"""What each rule found last, and the incidents it raised: one transaction for each rule."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from db import incidents, steps
from db.incidents import LAYER, NewIncident
from db.replies import Connection
from db.steps import Actor, Step
from layers.conditions import Condition, Decision, State, decide


async def alone(conn: Connection) -> bool:
    """Whether no other server looks after this town's rules, until the transaction ends."""
    cursor = await conn.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('muang rules', 0))"
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


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
    it was found again.
    """
    cursor = await conn.execute(
        "SELECT place, since, incident, before FROM muang.rule_state WHERE rule = %s FOR UPDATE",
        [rule],
    )
    known = {str(place): State(*kept) for place, *kept in await cursor.fetchall()}
    here = {one.place: one for one in found}
    raised = []
    for place in sorted({*known, *here}):
        state, one = known.get(place, State()), here.get(place)
        decision = decide(state, one, now, delay)
        if decision is Decision.RAISE and one is not None:
            number = await _again(conn, state.before, one, actor, now)
            if number is None:
                record = await incidents.raise_one(
                    conn, _new(rule, kind, one, exercise=exercise), actor, due[one.severity], now
                )
                number = record.id
                raised.append(number)
            await _remember(conn, rule, place, State(state.since or now, number), now)
        elif decision is Decision.WAIT:
            await _remember(conn, rule, place, State(now, None, state.before), now)
        elif decision is Decision.END and state.incident is not None:
            await _tell(conn, state.incident, "condition_ended", None, actor=actor, now=now)
            await _remember(conn, rule, place, State(before=state.incident), now)
        elif decision is Decision.FORGET:
            await _remember(conn, rule, place, State(before=state.before), now)
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


async def _remember(conn: Connection, rule: str, place: str, state: State, now: datetime) -> None:
    await conn.execute(
        "INSERT INTO muang.rule_state (rule, place, since, incident, before, seen_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (rule, place) DO UPDATE"
        " SET since = excluded.since, incident = excluded.incident, before = excluded.before,"
        " seen_at = excluded.seen_at",
        [rule, place, state.since, state.incident, state.before, now],
    )


async def _again(
    conn: Connection, before: int | None, one: Condition, actor: Actor, now: datetime
) -> int | None:
    """The incident this place had before, when it is not over: it has been found again."""
    if before is None:
        return None
    cursor = await conn.execute(
        "SELECT 1 FROM town.incidents WHERE id = %s AND status <> 'all_clear'", [before]
    )
    if await cursor.fetchone() is None:
        return None
    await _tell(conn, before, "again", one.values, actor=actor, now=now)
    return before


async def _tell(
    conn: Connection, number: int, action: str, note: str | None, *, actor: Actor, now: datetime
) -> None:
    record = await steps.held(conn, LAYER, number)
    event = await incidents.event_of(conn, record)
    step = Step("incident", action, record.code, record.id, note=note, seen_by=record["seen_by"])
    await steps.tell(conn, step, actor, event, now)
