"""`/incidents`: raised, acknowledged by name, assigned, on scene, resolved, all clear."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from psycopg import sql

from api import acting, floods
from api.house import House
from api.language import CallerLang
from api.ogc.editing import IdempotencyKey, IfMatch, expected
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from api.war_room import common
from api.war_room.common import RecordId
from api.war_room.models import (
    Duplicates,
    Homes,
    IncidentAct,
    IncidentIn,
    IncidentOut,
    Incidents,
    IncidentSteps,
    Severity,
)
from db import incidents as records
from db import steps
from db.incidents import WITHIN_M, Act, NewIncident
from db.queries import war_room
from db.replies import Connection
from layers.errors import BadRequestError
from layers.incidents import LAYER, LONGEST_SHELF
from layers.lifecycle import INCIDENT, RAISERS
from layers.model import Role
from layers.step_words import words
from layers.text import Text
from layers.war_defaults import LOCAL, within

router = APIRouter(prefix="/incidents", tags=["War room"])

MOST_STEPS = 1000
_OPEN = sql.SQL("status <> 'all_clear' AND merged_into IS NULL AND shelved_until IS NULL")
_NEEDS = {"assign": "unit", "shelve": "until", "merge": "into", "note": "note"}
_CHANGED = ("kind", "severity", "description", "place")


@router.get(
    "",
    summary="Incidents",
    response_model=Incidents,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 503),
)
async def list_incidents(
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    active: Annotated[
        bool, Query(description="Only those that still ask something of somebody")
    ] = False,
    status: Annotated[str | None, Query(max_length=40, description="Only of this state")] = None,
    severity: Annotated[Severity | None, Query(description="Only of this severity")] = None,
    kind: Annotated[str | None, Query(max_length=40, description="Only of this kind")] = None,
    unit: Annotated[str | None, Query(max_length=100, description="Only of this unit")] = None,
    event: Annotated[str | None, Query(max_length=40, description="Code of an event")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many")] = 200,
    before: Annotated[
        int | None, Query(ge=-(2**63), le=2**63 - 1, description="`next` of the page before")
    ] = None,
) -> Response:
    """Newest first. The same records are the layer `incidents`: tiles, items, exports."""
    common.inside(who, LAYER)
    asked = {"status": status, "severity": severity, "kind": kind, "unit": unit, "event": event}
    also: list[sql.Composable] = [_OPEN] if active else []
    if before is not None:
        also.append(sql.SQL("id < {}").format(sql.Literal(before)))
    async with house.reader(who.role) as conn:
        found = await war_room.records(
            conn,
            LAYER,
            who.role,
            *((name, value) for name, value in asked.items() if value is not None),
            also=sql.SQL(" AND ").join(also) if also else None,
            limit=limit,
        )
    more = found[-1]["id"] if len(found) == limit else None
    return common.answer({"incidents": found, "next": more})


@router.post(
    "",
    summary="Raise an incident",
    status_code=201,
    response_model=IncidentOut,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 409, 413, 503),
)
async def raise_incident(
    sent: IncidentIn,
    house: CurrentHouse,
    who: CurrentViewer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answers with the incident, and in `duplicates` those it may be the same as."""
    common.allow(who, RAISERS)
    floods.near([sent.at], await house.bounds(who.role))
    actor = acting.actor(who, sent.by)
    now = datetime.now(UTC)
    due = await due_of(house, who.role, sent.severity, now)
    new = NewIncident(
        kind=sent.kind,
        severity=sent.severity,
        title=Text(th=sent.title, en=sent.title),
        at=sent.at,
        description=sent.description,
        place=sent.place,
        exercise=sent.exercise,
        source=sent.source,
    )

    async def work(conn: Connection) -> dict[str, Any]:
        record = await records.raise_one(conn, new, actor, due, now)
        near = await war_room.near(conn, record.id, WITHIN_M)
        return {
            **steps.shown(record, who.role),
            "duplicates": [one["incident"] for one in near],
        }

    repeat = common.repeat_of(who, idempotency_key, "POST incidents", sent)
    return await common.once(house, repeat, actor, work, 201)


@router.get(
    "/{incident}",
    summary="One incident",
    response_model=IncidentOut,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 503),
)
async def one_incident(incident: RecordId, house: CurrentHouse, who: CurrentViewer) -> Response:
    """The incident as it stands, with the version an action names in If-Match."""
    common.inside(who, LAYER)
    return common.answer(await _seen(house, who, incident))


@router.get(
    "/{incident}/duplicates",
    summary="Incidents that may be the same",
    response_model=Duplicates,
    responses=problems(400, 401, 404, 503),
)
async def duplicates(
    incident: RecordId,
    house: CurrentHouse,
    who: CurrentViewer,
    metres: Annotated[
        float, Query(ge=0, le=5000, allow_inf_nan=False, description="Within this distance")
    ] = WITHIN_M,
) -> Response:
    """Of the same kind, still asking something, within some metres; nearest first."""
    common.inside(who, LAYER)
    await _seen(house, who, incident)
    async with house.service() as conn:
        found = await war_room.near(conn, incident, metres)
    return common.answer({"duplicates": found})


@router.get(
    "/{incident}/steps",
    summary="What was done about an incident, step by step",
    response_model=IncidentSteps,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 503),
)
async def incident_steps(
    incident: RecordId, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> Response:
    """Who did what and when, also where no event was open; the first thousand, in their order."""
    common.inside(who, LAYER)
    await _seen(house, who, incident)
    async with house.service() as service:
        order = await war_room.order_of_one(service, "incident", incident, MOST_STEPS)
    async with house.reader(who.role) as conn:
        found = await war_room.log_rows(conn, who.role, order)
    return common.answer({"steps": [{**row, "words": words(row).get(lang)} for row in found]})


@router.get(
    "/{incident}/homes",
    summary="Homes of people who hang on power, where it is off",
    response_model=Homes,
    responses=problems(400, 401, 404, 503),
)
async def homes(incident: RecordId, house: CurrentHouse, who: CurrentViewer) -> Response:
    """Of an incident raised by the rule `power_dependent`: those homes that you may see now.

    The incident itself names none. A coordinator sees homes during an event, a crew those of its
    open tasks, a caregiver those of their communities.
    """
    common.inside(who, LAYER)
    found = await _seen(house, who, incident)
    told: list[dict[str, Any]] = []
    if found["about"] == "power_areas":
        async with house.reader(who.role) as conn:
            told = await war_room.homes_without_power(
                conn, who.role, who.keys, str(found["about_code"])
            )
    return common.answer({"homes": told})


@router.post(
    "/{incident}/{action}",
    summary="Acknowledge, assign, resolve … an incident",
    response_model=IncidentOut,
    response_model_exclude_unset=True,
    responses=problems(*common.CHANGES),
)
async def act_on_incident(
    incident: RecordId,
    sent: IncidentAct,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    action: Annotated[str, common.action_of(INCIDENT)],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """One step; whoever is second is told who was first.

    412 with both versions where If-Match names an older one, 409 where the incident is past this.
    """
    common.inside(who, LAYER)
    now = datetime.now(UTC)
    actor = acting.actor(who, sent.by)
    _complete(action, sent)
    if sent.at is not None:
        floods.near([sent.at], await house.bounds(who.role))
    seen = await _seen(house, who, incident)
    if sent.into is not None:
        await _seen(house, who, sent.into)
    common.allow_move(who, INCIDENT[action], seen.get("unit"))
    due = await due_of(house, who.role, sent.severity or seen["severity"], now)

    async def work(conn: Connection) -> dict[str, Any]:
        record = await records.hold(conn, incident, sent.into)
        given = {"action": action, **sent.model_dump(mode="json", exclude_none=True)}
        _on_time(action, sent, now)
        await steps.check(conn, record, expected(if_match), given, kind="incident", role=who.role)
        common.allow_move(who, INCIDENT[action], record["unit"])
        written = await records.act(conn, record, action, _act(sent), actor, due=due, now=now)
        return steps.shown(written, who.role)

    repeat = common.repeat_of(who, idempotency_key, f"POST incidents {incident} {action}", sent)
    return await common.once(house, repeat, actor, work)


def _complete(action: str, sent: IncidentAct) -> None:
    if action in _NEEDS:
        common.needed(getattr(sent, _NEEDS[action]), _NEEDS[action])
    changed = [name for name in (*_CHANGED, "title", "at") if getattr(sent, name) is not None]
    if action == "change" and not changed:
        common.needed(None, "kind, severity, title, description, place / at")


def _on_time(action: str, sent: IncidentAct, now: datetime) -> None:
    """Refuse a shelf that has ended; not asked of a request that was answered before."""
    if action == "shelve" and sent.until and not now < sent.until <= now + LONGEST_SHELF:
        raise BadRequestError(
            Text(
                th="พักได้ถึงเวลาในอนาคต ไม่เกิน 7 วัน",
                en="An incident is shelved until a time to come, 7 days at most.",
            )
        )


def _act(sent: IncidentAct) -> Act:
    values: dict[str, object] = {
        name: getattr(sent, name) for name in _CHANGED if getattr(sent, name) is not None
    }
    if sent.title is not None:
        values |= {"title_th": sent.title, "title_en": sent.title}
    return Act(sent.unit, sent.note, sent.until, sent.into, values, sent.at)


async def _seen(house: House, who: Viewer, incident: int) -> dict[str, Any]:
    """An incident as the caller sees it; NotFoundError when there is none for them."""
    async with house.reader(who.role) as conn:
        found = await war_room.records(conn, LAYER, who.role, ("id", incident), limit=1)
    if not found:
        raise steps.missing(LAYER, incident)
    return found[0]


async def due_of(house: House, role: Role, severity: str, now: datetime) -> timedelta:
    """How soon an incident raised now must be acknowledged."""
    async with house.reader(role) as conn:
        rules = await war_room.rules(conn, role)
    return within(rules, severity, now.astimezone(LOCAL).time())
