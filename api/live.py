"""`/live`: server-sent events of every change the caller may know of; resumes by position."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import orjson
import psycopg
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from psycopg_pool import PoolTimeout
from starlette.types import Receive, Scope, Send

from api import access, viewer
from api.house import House
from api.live_hub import BATCH, MOST_OF_A_PERSON, MOST_OF_AN_ADDRESS, Subscription
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Credential, Viewer
from db.changes import Change
from db.queries.town import position
from layers import catalog, series
from layers.errors import BadRequestError, NotFoundError
from layers.model import EVERYONE, INTERNAL, Audience, Role
from layers.privacy import may_see, visible_rows
from layers.text import Text

router = APIRouter(tags=["Live"])

HEARTBEAT_SECONDS = 15.0
LONGEST_REPLAY = 20_000
"""Changes replayed to a stream that comes back; one further behind is told to read all anew."""
CHECK_SECONDS = 1.0
"""How often an open stream asks whether its caller may still hear it."""
TOPICS: dict[str, Audience] = {"exercise": EVERYONE, "feeds": INTERNAL, "forecasts": EVERYONE}
"""What is no layer and is told of all the same: who hears that an exercise begins, a feed fails."""
_STALE_SECONDS = 10.0
_WAITING = b": waiting for the database\n\n"
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
    since: Annotated[
        str | None,
        Query(description="The same, for a page that opens a new stream; the header goes first"),
    ] = None,
) -> StreamingResponse:
    """Server-sent events: `hello`, then `change` for each change, `heartbeat` each 15 s.

    `refused` ends the stream within a second when the caller's token or sign-in ends or their
    rights change; what comes next is asked for with the rights of now.

    Every event has the position as its id. `reset` instead of missed changes means: too much
    happened, or the position is not of this database; read everything anew. There are no
    heartbeats while the database is away, so silence means that the page is getting old.
    """
    resumed = _since(last_event_id or since)
    # asked before the answer begins, so that a missing database is a 503 and not an empty stream
    async with house.service() as conn:
        now = await position(conn)
    listener = _Listener(house, who, viewer.shown(request.scope, house))
    return _Stream(
        lambda: house.hub.subscribe(
            who.subject, MOST_OF_A_PERSON if who.authenticated else MOST_OF_AN_ADDRESS
        ),
        lambda stream: _events(house, stream, listener, resumed, now),
    )


class _Stream(StreamingResponse):
    """Takes its place in the hub before the first byte leaves, and gives it back whatever happens.

    A generator nobody ever reads from would not: its `finally` runs only once it has begun.
    """

    def __init__(
        self,
        place: Callable[[], AbstractContextManager[Subscription]],
        events: Callable[[Subscription], AsyncGenerator[bytes]],
    ) -> None:
        super().__init__(
            iter(()),
            media_type="text/event-stream",
            headers={
                "Cache-Control": "no-store, no-transform",
                "Vary": access.VARY,
                "X-Accel-Buffering": "no",
            },
        )
        self._place = place
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI event stream."""
        with self._place() as stream:
            self.body_iterator = self._events(stream)
            await super().__call__(scope, receive, send)


def _since(last_event_id: str | None) -> int | None:
    if not last_event_id:
        return None
    if not last_event_id.isdecimal() or len(last_event_id) > 18:  # noqa: PLR2004 - fits 64 bits
        raise BadRequestError(
            Text(
                th=f"ลำดับที่ให้เริ่มต่อ “{last_event_id}” ต้องเป็นตัวเลขลำดับ (Last-Event-ID, since)",
                en=f"“{last_event_id}” is no position to go on from (Last-Event-ID, since): "
                "it must be a whole number.",
            )
        )
    return int(last_event_id)


class Standing(Enum):
    """Whether a stream's caller may go on hearing it; `UNKNOWN` while nobody can say."""

    GOOD = "good"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class _Listener:
    """Whose stream it is, checked again for as long as it is open."""

    def __init__(self, house: House, who: Viewer, credential: Credential | None) -> None:
        self._house = house
        self.who = who
        self._credential = credential

    async def standing(self) -> Standing:
        """Whether the caller is still who they were, with the same rights."""
        if self._credential is None:
            return Standing.GOOD
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                now = await self._house.verifier.viewer(self._credential, used=False)
        except (TimeoutError, psycopg.Error, PoolTimeout):
            return Standing.UNKNOWN
        return Standing.GOOD if now == self.who else Standing.REFUSED

    def news(self, changes: list[Change]) -> bytes:
        """The changes as this caller may know them, or a comment that some went by."""
        return b"".join(told(change, self.who.role) for change in changes) or _QUIET


async def _events(
    house: House, stream: Subscription, listener: _Listener, since: int | None, now: int
) -> AsyncGenerator[bytes]:
    # whoever is told a position asks for tiles next, which must not be older than it
    await house.hub.reached(now)
    pos = now if since is None else since
    if pos > now or now - pos > LONGEST_REPLAY:
        pos = now
        yield b"retry: 2000\n" + event("reset", now, _moment(now))
    else:
        yield b"retry: 2000\n" + event("hello", pos, _moment(pos))
    while not stream.lost:
        # not taken from the queue: a replay longer than a batch must not have holes
        missed = await house.hub.missed(pos, house.service)
        if missed:
            await house.hub.reached(missed[-1].pos)
            standing = await listener.standing()
            if standing is Standing.REFUSED:
                yield event("refused", pos, _moment(pos))
            if standing is not Standing.GOOD:
                return
            pos = missed[-1].pos
            yield listener.news(missed)
        if len(missed) < BATCH:
            break
    async for news in _news(house, stream, listener, pos):
        yield news


async def _news(
    house: House, stream: Subscription, listener: _Listener, pos: int
) -> AsyncGenerator[bytes]:
    """What happens from now on; nothing is told that was not allowed within the last second."""
    next_beat = time.monotonic() + HEARTBEAT_SECONDS
    while not stream.lost:
        waiting = await stream.take(min(CHECK_SECONDS, next_beat - time.monotonic()))
        standing = await listener.standing()
        if standing is Standing.REFUSED:
            yield event("refused", pos, _moment(pos))
            return
        news = [change for change in waiting if change.pos > pos]
        if news and standing is Standing.UNKNOWN:
            return  # the browser comes back with its position, and nothing is lost
        if news:
            pos = news[-1].pos
            yield listener.news(news)
        if time.monotonic() >= next_beat and not stream.lost:
            next_beat = time.monotonic() + HEARTBEAT_SECONDS
            yield _beat(house, pos) if standing is Standing.GOOD else _WAITING


def _beat(house: House, pos: int) -> bytes:
    heard = house.hub.heard_at
    if heard is None or (datetime.now(UTC) - heard).total_seconds() > _STALE_SECONDS:
        return _WAITING
    return event("heartbeat", pos, _moment(pos))


def _moment(pos: int) -> dict[str, Any]:
    return {"pos": pos, "at": datetime.now(UTC)}


def told(change: Change, role: Role) -> bytes:
    """A change as the role may know it; nothing at all of layers it may not see.

    Where a role sees only some rows of a layer, or each person others, it learns that the layer
    changed and not where or how much: a box around one new row is somebody's home.
    """
    if change.layer in TOPICS:
        if role not in TOPICS[change.layer]:
            return b""
        heard = {"pos": change.pos, "layer": change.layer, "op": change.op, "at": change.at}
        return event("change", change.pos, heard | {"n": None, "bbox": None})
    whole = _hears_whole(change.layer, role)
    if whole is None:
        return b""
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


def _hears_whole(layer_id: str, role: Role) -> bool | None:
    """Whether the role sees every row of a layer or series; None: it knows nothing of it."""
    if series.is_series(layer_id):
        return True if role in series.get(layer_id).audience else None
    try:
        layer = catalog.get(layer_id)
    except NotFoundError:
        return None
    return visible_rows(layer, role) is None if may_see(layer, role) else None


def event(name: str, pos: int, data: dict[str, Any]) -> bytes:
    """One server-sent event whose id is a position."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (name.encode(), pos, orjson.dumps(data))
