"""Who is asking: nobody known (public), a machine's token, or a person's session.

No credentials means the role `public`. Credentials that are not good are refused and never
quietly taken for public. A verification is at most half a second old (`api.verification`).
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection, cookie_parser
from starlette.types import Scope

from api import client_address, csrf, exchange, limits, security
from api.house_of import house_of
from api.security import Event
from db import tokens
from layers.errors import ForbiddenError, UnauthenticatedError
from layers.model import Role
from layers.text import Text

if TYPE_CHECKING:
    from api.house import House


class Kind(StrEnum):
    """How a caller is known."""

    PUBLIC = "public"
    TOKEN = "token"  # noqa: S105 - a word
    SESSION = "session"


@dataclass(frozen=True)
class Credential:
    """What a caller showed: a bearer token or a session cookie."""

    kind: Kind
    token: str

    @cached_property
    def digest(self) -> bytes:
        """What is remembered of it."""
        return tokens.digest(self.token)


@dataclass(frozen=True)
class Viewer:
    """A caller whose right to ask has been checked.

    `keys` are the scope: communities of a caregiver (None: all), the crew of a team. `openings`
    are the ids of the events or tasks that open homes to them now. `subject` tells callers
    apart in counters and stays the same for as long as the caller does.
    """

    role: Role
    principal: str
    subject: str
    kind: Kind = Kind.PUBLIC
    keys: tuple[str, ...] | None = None
    openings: tuple[int, ...] = ()
    display_name: str | None = None
    account_id: int | None = None
    session_id: int | None = None
    totp: bool = False
    throwaway: bool = False

    @property
    def authenticated(self) -> bool:
        """Whether somebody is known to ask."""
        return self.kind is not Kind.PUBLIC


STREAMS = frozenset({"/live"})
"""What an open page asks by itself: no sign that somebody is sitting there."""
PUBLIC = "public"
"""Principal of callers nobody knows."""


async def of_scope(scope: Scope, house: "House") -> Viewer:
    """The caller of a request.

    UnauthenticatedError when credentials are shown and are not good, ForbiddenError when a page
    of another site might have sent them, TooManyRequestsError when the caller asks too often.
    """
    credential = shown(scope, house)
    address = client_address.of(scope, house.settings.proxies)
    if credential is None:
        found = nobody(address)
    else:
        found = await _verified(scope, house, credential, address)
        if credential.kind is Kind.SESSION:
            try:
                csrf.check(scope, house.settings, credential.token)
            except ForbiddenError:
                security.note(scope, house.settings, Event.FOREIGN_PAGE, "refused", found)
                raise
    here = exchange.of(scope)
    here.role, here.principal = found.role.value, found.principal
    house.limits.take(found.subject, limits.cost(scope))
    return found


@lru_cache(maxsize=4096)
def nobody(address: str) -> Viewer:
    """The caller at an address who shows no credentials."""
    return Viewer(Role.PUBLIC, PUBLIC, f"address:{address}")


async def _verified(scope: Scope, house: "House", credential: Credential, address: str) -> Viewer:
    """Whose credential it is. Guessing empties a bucket of its address before anybody is asked."""
    guessing = f"guesses:{address}"
    known = house.verifier.knows(credential)
    if not known:
        # taken before asking, or all who guess at once would be heard at once
        house.limits.take(guessing, limits.GUESS)
    found = await house.verifier.viewer(credential, used=scope["path"] not in STREAMS)
    if found is None:
        security.note(scope, house.settings, Event.BAD_CREDENTIAL, credential.kind.value)
        raise refusal(credential.kind, house.settings.cookie)
    if not known:
        house.limits.give_back(guessing, limits.GUESS)
    return found


async def current(connection: HTTPConnection) -> Viewer:
    """Route dependency: the caller of this request."""
    return await of_scope(connection.scope, house_of(connection.scope))


def shown(scope: Scope, house: "House") -> Credential | None:
    """The credential of a request; an Authorization header counts before a cookie."""
    cookies = []
    authorization = None
    for name, told in scope["headers"]:
        if name == b"cookie":
            cookies.append(told.decode("latin-1"))
        elif name == b"authorization" and authorization is None:
            authorization = told.decode("latin-1")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError(
                Text(
                    th="ส่วนหัว Authorization ต้องเป็น “Bearer ” ตามด้วยโทเคน",
                    en="The Authorization header must be “Bearer ” followed by a token.",
                )
            )
        return Credential(Kind.TOKEN, token)
    for line in cookies:
        token = cookie_parser(line).get(house.settings.cookie, "")
        if token:
            return Credential(Kind.SESSION, token)
    return None


def refusal(kind: Kind, cookie: str) -> UnauthenticatedError:
    """The sentence for credentials that are not good."""
    if kind is Kind.SESSION:
        return UnauthenticatedError(
            Text(
                th="การลงชื่อเข้าใช้สิ้นสุดแล้ว โปรดลงชื่อเข้าใช้อีกครั้ง",
                en="Your sign-in has ended. Please sign in again.",
            ),
            forget_cookie=cookie,
        )
    return UnauthenticatedError(
        Text(
            th="โทเคนนี้ใช้ไม่ได้ อาจหมดอายุหรือถูกยกเลิก ขอใหม่ด้วย ./muang token new",
            en="This token is not good: expired, revoked or never issued. "
            "Make a new one with ./muang token new.",
        )
    )
