"""`/live`: server-sent events of every change the caller may know of; resumes by position."""

import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import psycopg
from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from psycopg_pool import PoolTimeout
from starlette.types import Scope

from api import viewer
from api.house import House
from api.live_hub import BATCH
from api.routes import CurrentHouse, CurrentViewer, problems
from db.changes import Change, changes_since
from db.queries.town import position
from layers import catalog
from layers.errors import BadRequestError, NotFoundError, UnauthenticatedError
from layers.model import Role
from layers.privacy import may_see, visible_rows
from layers.text import Text

router = APIRouter(tags=["Live"])

HEARTBEAT_SECONDS = 15.0
LONGEST_REPLAY = 20_000
"""Changes replayed to a stream that comes back; one further behind is told to read all anew."""
_STALE_SECONDS = 10.0
_QUIET = b":\n\n"
"""A comment: changes went by that this caller does not hear of."""


@router.get(
    "/live",
    summary="Changes as they happen",
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        **problems(400, 401, 503),
    },
    response_class=StreamingResponse,
)
async def live(
    request: Request,
    house: CurrentHouse,
    who: CurrentViewer,
    last_event_id: Annotated[
        str | None, Header(description="Position to go on from, as browsers send it")
    ] = None,
) -> StreamingResponse:
    """Server-sent events: `hello`, then `change` for each change, `heartbeat` each 15 s.

    Every event has the position as its id. `reset` instead of missed changes means: too much
    happened, or the position is not of this database; read everything anew. There are no
    heartbeats while the database is away, so silence means that the page is getting old.
    """
    since = _since(last_event_id)
    # asked before the answer begins, so that a missing database is a 503 and not an empty stream
    async with house.service() as conn:
        now = await position(conn)
    return StreamingResponse(
        _events(request.scope, house, who.role, since, now),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


def _since(last_event_id: str | None) -> int | None:
    if not last_event_id:
        return None
    if not last_event_id.isdecimal() or len(last_event_id) > 18:  # noqa: PLR2004 - fits 64 bits
        raise BadRequestError(
            Text(
                th=f"Last-Event-ID “{last_event_id}” ต้องเป็นตัวเลขลำดับ",
                en=f"Last-Event-ID “{last_event_id}” must be a position, a whole number.",
            )
        )
    return int(last_event_id)


async def _events(
    scope: Scope, house: House, role: Role, since: int | None, now: int
) -> AsyncGenerator[bytes]:
    with house.hub.subscribe() as stream:
        pos = now if since is None else since
        if pos > now or now - pos > LONGEST_REPLAY:
            pos = now
            yield b"retry: 2000\n" + event("reset", now, _moment(now))
        else:
            yield b"retry: 2000\n" + event("hello", pos, _moment(pos))
        while not stream.lost:
            # read, not taken from the queue: a replay longer than a batch must not have holes
            async with house.service() as conn:
                missed = await changes_since(conn, pos, BATCH)
            if missed:
                pos = missed[-1].pos
                yield b"".join(told(change, role) for change in missed) or _QUIET
            if len(missed) < BATCH:
                break
        next_beat = time.monotonic() + HEARTBEAT_SECONDS
        while not stream.lost:
            waiting = await stream.take(next_beat - time.monotonic())
            news = [change for change in waiting if change.pos > pos]
            if news:
                pos = news[-1].pos
                yield b"".join(told(change, role) for change in news) or _QUIET
            if time.monotonic() >= next_beat and not stream.lost:
                next_beat = time.monotonic() + HEARTBEAT_SECONDS
                if not await _may_stay(scope, house, role):
                    return
                yield _beat(house, pos)


async def _may_stay(scope: Scope, house: House, role: Role) -> bool:
    """Whether the caller's token is still good: a revoked one ends its stream within a beat."""
    try:
        return (await viewer.of_scope(scope, house)).role is role
    except UnauthenticatedError:
        return False
    except (psycopg.Error, PoolTimeout):
        return True  # the database is away, which the missing heartbeats say


def _beat(house: House, pos: int) -> bytes:
    heard = house.hub.heard_at
    if heard is None or (datetime.now(UTC) - heard).total_seconds() > _STALE_SECONDS:
        return b": waiting for the database\n\n"
    return event("heartbeat", pos, _moment(pos))


def _moment(pos: int) -> dict[str, Any]:
    return {"pos": pos, "at": datetime.now(UTC)}


def told(change: Change, role: Role) -> bytes:
    """A change as the role may know it; nothing at all of layers it may not see.

    Where a role sees only some rows of a layer, it learns that the layer changed and not
    where or how much: a box around one new row is somebody's home.
    """
    try:
        layer = catalog.get(change.layer)
    except NotFoundError:
        return b""
    if not may_see(layer, role):
        return b""
    whole = visible_rows(layer, role) is None
    return event(
        "change",
        change.pos,
        {
            "pos": change.pos,
            "layer": change.layer,
            "op": change.op,
            "n": change.row_count if whole else None,
            "bbox": change.bbox if whole else None,
            "at": change.at,
        },
    )


def event(name: str, pos: int, data: dict[str, Any]) -> bytes:
    """One server-sent event whose id is a position."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (name.encode(), pos, orjson.dumps(data))
