"""The session behind a request, for what only a person signed in here may do."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from api import client_address, cookies, csrf
from api.house import House
from api.house_of import house_of
from api.viewer import Credential, Kind, Viewer, current, shown
from db import sessions
from layers.errors import ForbiddenError, UnauthenticatedError
from layers.text import Text


@dataclass(frozen=True)
class Session:
    """A person signed in by the session cookie."""

    who: Viewer
    credential: Credential
    account_id: int
    session_id: int


async def session(request: Request) -> Session:
    """Route dependency: the caller's session; refuses everybody else."""
    who = await current(request)
    if who.kind is Kind.PUBLIC:
        raise UnauthenticatedError(Text(th="โปรดลงชื่อเข้าใช้ก่อน", en="Please sign in first."))
    credential = shown(request.scope, house_of(request.scope))
    ids = who.account_id, who.session_id
    if who.kind is not Kind.SESSION or credential is None or ids[0] is None or ids[1] is None:
        raise ForbiddenError(
            Text(
                th="ทำได้เฉพาะผู้ที่ลงชื่อเข้าใช้บนหน้าจอ ไม่ใช่ด้วยโทเคน",
                en="Only a person signed in on the page can do this, not a token.",
            )
        )
    return Session(who, credential, ids[0], ids[1])


SignedInPerson = Annotated[Session, Depends(session)]


def address_of(request: Request, house: House) -> str:
    """Where the request came from."""
    return client_address.of(request.scope, house.settings.proxies)


def give_cookie(response: Response, house: House, token: str) -> str:
    """Put a session into the browser; returns the value of X-CSRF-Token that goes with it."""
    settings = house.settings
    seconds = int(sessions.LONGEST.total_seconds())
    response.headers.append("Set-Cookie", cookies.kept(settings.cookie, token, seconds))
    return csrf.token_for(settings.secret, token)
