"""`/events`: what is being run, what has been announced in it and by whom, and its story."""

import csv
import io
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api import acting
from api.house import House
from api.language import CallerLang
from api.ogc.editing import IdempotencyKey, IfMatch, expected
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from api.war_room import common
from api.war_room.common import RecordId
from api.war_room.models import (
    EVENT_ACTIONS,
    EventAct,
    EventIn,
    EventOut,
    Events,
    EventSteps,
    WarRoomSettings,
)
from db import events as records
from db import steps
from db.queries import war_room
from db.replies import Connection
from db.steps import Record, Signed
from layers import event_log, incident_rules
from layers.errors import BadRequestError
from layers.events import COMMAND, LAYER, LINES
from layers.model import Role
from layers.privacy import may_see
from layers.step_words import words
from layers.text import Lang, Text

router = APIRouter(prefix="/events", tags=["War room"])

MOST_STEPS = 1000
CSV_STEPS = 100_000
_AFTER = re.compile(r"(\d{1,18})\.(\d{1,18})")
Kinds = Annotated[
    Literal["event", "incident", "task", "run", "stay", "resource", "shelter", "closure", "power"]
    | None,
    Query(description="Only steps of this kind"),
]
_COLUMNS = (
    *("pos", "id", "at", "words", "kind", "code", "action", "was", "becomes", "unit", "by_name"),
    *("signer", "seat", "document_no", "signed_at", "area", "note", "undoes", "exercise"),
)


@router.get(
    "",
    summary="Events and what is announced in them",
    response_model=Events,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 503),
)
async def list_events(
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    state: Annotated[Literal["open", "closed"] | None, Query(description="Only these")] = None,
) -> Response:
    """Newest first; who signed what is told inside."""
    where = () if state is None else (("state", state),)
    async with house.reader(who.role) as conn:
        found = await war_room.records(conn, LAYER, who.role, *where, limit=100)
        flags = await _flags(conn, who.role)
        for one in found:
            await _add_lines(conn, who, one, lang, flags)
    return common.answer({"events": found})


@router.get(
    "/settings",
    summary="Flags, seats and rules in force",
    response_model=WarRoomSettings,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 503),
)
async def settings(house: CurrentHouse, who: CurrentViewer) -> Response:
    """Edited as records of the layers `event_words` and `incident_rules`."""
    async with house.reader(who.role) as conn:
        found = await war_room.words(conn, who.role)
        told: dict[str, Any] = {
            f"{name}s": [_part(row) for row in found if row["list"] == name]
            for name in ("flag", "seat")
        }
        if may_see(incident_rules.LAYER, who.role):
            told["rules"] = [_part(row) for row in await war_room.rules(conn, who.role)]
    return common.answer(told)


_NOT_TOLD = ("id", "source", "dataset_id", "updated_at", "updated_by", "version")


def _part(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NOT_TOLD}


@router.post(
    "",
    summary="Open an event",
    status_code=201,
    response_model=EventOut,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 409, 413, 503),
)
async def open_event(
    sent: EventIn,
    house: CurrentHouse,
    who: CurrentViewer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """While it is open coordinators see homes, and every step is kept. One at a time."""
    common.allow(who, COMMAND)
    actor = acting.actor(who, sent.by)
    new = records.NewEvent(sent.name, sent.kind, sent.exercise, sent.note, _signed(sent))

    async def work(conn: Connection) -> dict[str, Any]:
        return steps.shown(await records.open_one(conn, new, actor), who.role)

    repeat = common.repeat_of(who, idempotency_key, "POST events", sent)
    return await common.once(house, repeat, actor, work, 201)


@router.get(
    "/{event}",
    summary="One event",
    response_model=EventOut,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 503),
)
async def one_event(
    event: RecordId, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> Response:
    """The event as it stands; each line with its signer, document number and time."""
    async with house.reader(who.role) as conn:
        found = await _event(conn, who, event)
        await _add_lines(conn, who, found, lang, await _flags(conn, who.role))
    return common.answer(found)


@router.post(
    "/{event}/{action}",
    summary="Announce, close, open again, note or take back",
    response_model=EventOut,
    response_model_exclude_unset=True,
    responses=problems(*common.CHANGES),
)
async def act_on_event(
    event: RecordId,
    sent: EventAct,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    action: Annotated[str, common.action_of(EVENT_ACTIONS)],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """One step of the event, with who signed it; nothing is overwritten, `undo` adds a step."""
    common.allow(who, COMMAND)
    actor = acting.actor(who, sent.by)
    await _complete(action, sent, house, who)

    async def work(conn: Connection) -> dict[str, Any]:
        record = await steps.held(conn, LAYER, event)
        given = {"action": action, **sent.model_dump(mode="json", exclude_none=True)}
        await steps.check(conn, record, expected(if_match), given, kind="event", role=who.role)
        return steps.shown(await _done(conn, record, action, sent, actor), who.role)

    repeat = common.repeat_of(who, idempotency_key, f"POST events {event} {action}", sent)
    return await common.once(house, repeat, actor, work)


async def _done(
    conn: Connection, record: Record, action: str, sent: EventAct, actor: steps.Actor
) -> Record:
    signed = _signed(sent)
    if action == "announce":
        line, value = str(sent.line), str(sent.value)
        return await records.announce(
            conn, record, line, value, signed=signed, note=sent.note, actor=actor
        )
    if action == "undo":
        return await records.undo(
            conn, record, sent.step or 0, signed=signed, note=sent.note, actor=actor
        )
    if action == "note":
        return await records.note(conn, record, signed, sent.note or "", actor)
    work = records.close if action == "close" else records.reopen
    return await work(conn, record, signed, sent.note, actor)


async def _complete(action: str, sent: EventAct, house: House, who: Viewer) -> None:
    """BadRequestError when a part is missing or is none of the town's words."""
    needs = {"announce": ("line", "value", "signer"), "undo": ("step",), "note": ("note",)}
    for name in needs.get(action, ()):
        common.needed(getattr(sent, name), name)
    if action == "announce":
        async with house.reader(who.role) as conn:
            flags = frozenset(await _flags(conn, who.role))
        records.check_value(str(sent.line), str(sent.value), flags)


@router.get(
    "/{event}/log",
    summary="The story of an event, step by step",
    response_model=EventSteps,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 503),
)
async def event_steps(
    event: RecordId,
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    *,
    kind: Kinds = None,
    limit: Annotated[int, Query(ge=1, le=MOST_STEPS, description="At most so many")] = 200,
    after: Annotated[
        str | None, Query(max_length=40, description="`next` of the page before")
    ] = None,
) -> Response:
    """Every step of event, incidents, tasks and boards, once, in order of `pos`."""
    found, order = await _steps(
        house, who, event, kind=kind, after=_after(after), limit=limit, lang=lang
    )
    following = "{}.{}".format(*order[-1]) if order else after
    more = following if len(order) == limit else None
    return common.answer({"steps": found, "next": more})


@router.get(
    "/{event}/log.csv",
    summary="The story of an event as a table",
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **problems(400, 401, 404, 503),
    },
    response_class=Response,
)
async def event_table(
    event: RecordId,
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    kind: Kinds = None,
) -> Response:
    """UTF-8 with a byte order mark, for spreadsheets; what looks like a formula is marked by '."""
    found, _ = await _steps(house, who, event, kind=kind, after=(0, 0), limit=CSV_STEPS, lang=lang)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    writer.writerows([[_cell(row.get(name)) for name in _COLUMNS] for row in found])
    return Response(
        "\ufeff" + out.getvalue(),
        media_type="text/csv",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="event-{event}-log.csv"',
        },
    )


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


async def _steps(
    house: House,
    who: Viewer,
    event: int,
    *,
    kind: str | None,
    after: tuple[int, int],
    limit: int,
    lang: Lang,
) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
    common.inside(who, event_log.LAYER)
    async with house.reader(who.role) as conn:
        code = (await _event(conn, who, event))["code"]
        async with house.service() as service:
            order = await war_room.log_order(
                service, code, after, None if kind is None else [kind], limit
            )
        found = await war_room.log_rows(conn, who.role, order)
        flags = await _flags(conn, who.role)
    return [{**row, "words": words(row, flags).get(lang)} for row in found], order


def _after(text: str | None) -> tuple[int, int]:
    if text is None:
        return 0, 0
    found = _AFTER.fullmatch(text)
    if found is None:
        raise BadRequestError(
            Text(th="after ต้องเป็นค่า next ของหน้าก่อน", en="after is `next` of the page before.")
        )
    return int(found[1]), int(found[2])


async def _event(conn: Connection, who: Viewer, event: int) -> dict[str, Any]:
    found = await war_room.records(conn, LAYER, who.role, ("id", event), limit=1)
    if not found:
        raise steps.missing(LAYER, event)
    return found[0]


async def _flags(conn: Connection, role: Role) -> dict[str, Text]:
    """The town's flags by code."""
    return {
        row["code"]: Text(th=row["word_th"], en=row.get("word_en") or row["word_th"])
        for row in await war_room.words(conn, role)
        if row["list"] == "flag"
    }


async def _add_lines(
    conn: Connection, who: Viewer, found: dict[str, Any], lang: Lang, flags: dict[str, Text]
) -> None:
    if not may_see(event_log.LAYER, who.role):
        return
    names = {line.name for line in LINES}
    told = ("signer", "seat", "document_no", "signed_at", "area", "note", "by_name", "at")
    found["lines"] = {
        name: {
            "step": row["id"],
            "value": row["becomes"],
            "said": words(row, flags).get(lang).partition(": ")[2],
            **{part: row[part] for part in told if part in row},
        }
        for name, row in (await war_room.lines(conn, who.role, found["code"])).items()
        if name in names
    }


def _signed(sent: EventIn | EventAct) -> Signed:
    return Signed(sent.signer, sent.seat, sent.document_no, sent.signed_at, sent.area)
