"""The session behind a request, for what only a person signed in here may do."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from api import client_address, cookies, csrf
from api.auth.models import PasswordAgain
from api.house import House
from api.house_of import house_of
from api.viewer import Credential, Kind, Viewer, current, shown
from db import known_browsers, own_account, sessions
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


def give_cookie(response: Response, house: House, token: str, *, keep: bool = False) -> str:
    """Put a session into the browser; returns the value of X-CSRF-Token that goes with it.

    It goes when the browser is closed, unless whoever signs in asked to `keep` it.
    """
    settings = house.settings
    seconds = int(sessions.LONGEST.total_seconds()) if keep else None
    response.headers.append("Set-Cookie", cookies.kept(settings.cookie, token, seconds))
    return csrf.token_for(settings.secret, token)


def remember_browser(request: Request, response: Response, house: House, account_id: int) -> None:
    """Have the browser known by this account: others' wrong guesses do not make it wait."""
    settings = house.settings
    present = request.cookies.get(settings.known_cookie, "")
    kept = known_browsers.known_by(settings.secret, present, account_id)
    seconds = known_browsers.DAYS * 24 * 3600
    response.headers.append("Set-Cookie", cookies.kept(settings.known_cookie, kept, seconds))


def owner_of(person: Session, asked: PasswordAgain) -> own_account.Owner:
    """Whose account it is, with what they typed once more."""
    return own_account.Owner(
        account_id=person.account_id,
        username=person.who.principal,
        session_id=person.session_id,
        password=asked.password,
        code=asked.code,
    )
