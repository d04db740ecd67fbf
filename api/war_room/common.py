"""What the war room's routes share: who acts, one action in one transaction, answers."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

import orjson
from fastapi import Depends, Path
from pydantic import BaseModel
from starlette.responses import Response

from api import access
from api.house import House
from api.viewer import Viewer
from db import replies, steps
from db.replies import Connection, Repeat
from db.steps import Actor
from layers.errors import BadRequestError, ForbiddenError, NotFoundError, UnauthenticatedError
from layers.lifecycle import Move
from layers.model import Layer, Role
from layers.privacy import may_see
from layers.text import Text

RecordId = Annotated[int, Path(description="Id of the record", ge=-(2**63), le=2**63 - 1)]


def action_of(actions: Iterable[str]) -> Any:
    """The path parameter that names an action; the description lists those there are.

    An address with another one does not exist: NotFoundError, before anybody reads the body. It
    stands behind the caller in a route, whose credentials are looked at first.
    """

    async def named(
        action: Annotated[
            str, Path(description="What is done", json_schema_extra={"enum": [*actions]})
        ],
    ) -> str:
        if action in actions:
            return action
        told = ", ".join(actions)
        raise NotFoundError(
            Text(
                th=f"ไม่มีการกระทำชื่อนี้ ที่มีคือ {told}",
                en=f"There is no such action. There are: {told}.",
            )
        )

    return Depends(named)


CHANGES = (400, 401, 404, 409, 412, 413, 503)
"""Problems an action may answer with."""


def inside(who: Viewer, layer: Layer) -> None:
    """Refuse whoever may not see the layer at all."""
    if not may_see(layer, who.role):
        raise _refusal(who)


def allow(who: Viewer, audience: frozenset[Role]) -> None:
    """Refuse whoever is not in an audience."""
    if who.role not in audience:
        raise _refusal(who)


def allow_move(who: Viewer, move: Move, team: str | None) -> None:
    """Refuse whoever may not do this; `team` is the crew the record was given to."""
    if move.crew and who.role is Role.TEAM and team is not None and team in (who.keys or ()):
        return
    allow(who, move.who)


def _refusal(who: Viewer) -> UnauthenticatedError | ForbiddenError:
    if not who.authenticated:
        return UnauthenticatedError(Text(th="ต้องลงชื่อเข้าใช้ก่อน", en="Sign in first."))
    return ForbiddenError(Text(th="สิทธิ์ของท่านทำหรือดูสิ่งนี้ไม่ได้", en="Your role may not do or see this."))


def needed(value: object, name: str) -> None:
    """BadRequestError when an action lacks a part."""
    if value is None:
        raise BadRequestError(Text(th=f"การกระทำนี้ต้องระบุ {name}", en=f"This action needs {name}."))


def repeat_of(who: Viewer, key: str | None, what: str, sent: BaseModel) -> Repeat | None:
    """What marks a request that may be sent twice."""
    if key is None:
        return None
    body = orjson.dumps(sent.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return Repeat(who.subject, key, hashlib.sha256(f"{what} ".encode() + body).digest())


async def once(
    house: House,
    repeat: Repeat | None,
    who: Actor,
    work: Callable[[Connection], Awaitable[dict[str, Any]]],
    status: int = 200,
) -> Response:
    """One action in one transaction, or what the same request answered before."""
    async with house.writing() as conn:
        before = await replies.find(conn, repeat)
        if before is None:
            await steps.begin(conn, who)
            made = await work(conn)
            await replies.keep(conn, repeat, status, made)
            before = status, made
    return answer(before[1], before[0])


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """A record or a list of them; nobody keeps it."""
    headers = {"Cache-Control": "private, no-store", "Vary": access.VARY}
    if "version" in body:
        headers["ETag"] = f'"{body["version"]}"'
    return Response(
        orjson.dumps(body), status_code=status, media_type="application/json", headers=headers
    )
