"""Who is asking: the role of a bearer token, or the demo's administrator on this machine."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from api import exchange
from api.house import House, house_of
from db import tokens
from layers.errors import UnauthenticatedError
from layers.model import Role
from layers.text import Text

DEMO_PRINCIPAL = "demo"


@dataclass(frozen=True)
class Viewer:
    """A caller whose right to ask has been checked.

    `demo` means nobody signed in: without sign-in the server answers this machine only, and
    treats whoever sits at it as the administrator, which the page has to say.
    """

    role: Role
    principal: str
    demo: bool


async def of_scope(scope: Scope, house: House) -> Viewer:
    """The caller of a request. UnauthenticatedError when a token is shown and is not good."""
    found = await _find(Headers(scope=scope).get("authorization"), house)
    here = exchange.of(scope)
    here.role, here.principal = found.role.value, found.principal
    return found


async def current(connection: HTTPConnection) -> Viewer:
    """Route dependency: the caller of this request."""
    return await of_scope(connection.scope, house_of(connection.scope))


async def _find(authorization: str | None, house: House) -> Viewer:
    if authorization is None:
        return Viewer(Role.ADMIN, DEMO_PRINCIPAL, demo=True)
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError(
            Text(
                th="ส่วนหัว Authorization ต้องเป็น “Bearer ” ตามด้วยโทเคน",
                en="The Authorization header must be “Bearer ” followed by a token.",
            )
        )
    async with house.service() as conn:
        info = await tokens.verify(conn, token)
    if info is None:
        raise UnauthenticatedError(
            Text(
                th="โทเคนนี้ใช้ไม่ได้ อาจหมดอายุหรือถูกยกเลิก ขอใหม่ด้วย ./muang token new",
                en="This token is not good: expired, revoked or never issued. "
                "Make a new one with ./muang token new.",
            )
        )
    return Viewer(Role(info.role), info.name, demo=False)
