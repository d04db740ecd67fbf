"""`/auth/oidc`: the two addresses a browser passes on its way to the provider and back.

A person stands behind them, so trouble leads back to the sign-in page, which says it in words.
"""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from api import client_address, cookies, limits
from api.auth import oidc
from api.auth.events import noting
from api.auth.people import give_cookie
from api.door import host_name
from api.house import House
from api.problems import log
from api.routes import OPEN, CurrentHouse, problems
from api.security import Event
from api.settings import ServerSettings
from db import oidc_accounts, sessions
from layers.errors import (
    BadRequestError,
    ForbiddenError,
    MuangError,
    NotFoundError,
    UnavailableError,
)
from layers.text import Text

router = APIRouter(prefix="/auth/oidc", tags=["Sign-in"])

_ERRORS: tuple[tuple[type[MuangError], str], ...] = (
    (BadRequestError, "refused"),
    (ForbiddenError, "refused"),
    (UnavailableError, "away"),
)
"""What `/login?error=` says."""


@router.get(
    "",
    status_code=303,
    response_class=RedirectResponse,
    summary="Sign in with OpenID Connect",
    responses=problems(400, 404, 429),
)
async def begin(request: Request, house: CurrentHouse) -> RedirectResponse:
    """Send the browser to the configured provider; 404 where none is configured.

    A page of another site that leads here gets no further than our own sign-in page: with the
    provider's session still good, a session of ours would begin without anybody's doing.
    """
    settings = _configured(request, house)
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return RedirectResponse("/login", 303)
    public = urlsplit(settings.public_url)
    if host_name(request.headers.get("host", "")) != public.hostname:
        # the cookie has to be where the provider sends the browser back to
        return RedirectResponse(f"{settings.public_url}/auth/oidc", 303)
    try:
        present = request.cookies.get(settings.cookie)
        begun = await oidc.begin(settings, house.provider, present)
    except UnavailableError as error:
        return _back(error)
    answer = RedirectResponse(begun.address, 303)
    kept = cookies.kept(
        _cookie(house), begun.sealed, oidc.LIFE_SECONDS, same_site="Lax"
    )  # Lax: the provider's page leads back here
    answer.headers.append("Set-Cookie", kept)
    return answer


@router.get(
    "/callback",
    status_code=303,
    response_class=RedirectResponse,
    summary="Back from the provider",
    openapi_extra={OPEN: True},
    responses=problems(400, 404, 429, 503),
)
async def callback(request: Request, house: CurrentHouse) -> RedirectResponse:
    """Check the provider's answer, open a session and go to the dashboard."""
    settings = _configured(request, house)
    held = oidc.opened(settings, request.cookies.get(_cookie(house), ""))
    try:
        with noting(request, house, Event.SIGN_IN_BY_PROVIDER) as noted:
            who = await oidc.finish(settings, house.provider, held, request.query_params)
            async with house.service() as conn:
                account_id = noted.account = await oidc_accounts.account_of(conn, who)
                if held and held.session:
                    await sessions.end(conn, bytes.fromhex(held.session))
                token = await sessions.open_session(conn, account_id)
            house.verifier.forget_all()
    except (BadRequestError, ForbiddenError, UnavailableError) as error:
        answer = _back(error)
    else:
        answer = RedirectResponse("/", 303)
        give_cookie(answer, house, token)
    answer.headers.append("Set-Cookie", cookies.ended(_cookie(house)))
    return answer


def _back(error: MuangError) -> RedirectResponse:
    log.warning("sign-in by OpenID Connect failed: %s", error.detail.en)
    name = next(name for kind, name in _ERRORS if isinstance(error, kind))
    return RedirectResponse(f"/login?error={name}", 303)


def _cookie(house: House) -> str:
    return f"{house.settings.cookie}-oidc"


def _configured(request: Request, house: House) -> ServerSettings:
    settings = house.settings
    if not settings.oidc_issuer:
        raise NotFoundError(
            Text(
                th="ระบบนี้ไม่ได้ตั้งค่า OpenID Connect ลงชื่อเข้าใช้ด้วยรหัสผ่าน",
                en="OpenID Connect is not set up here. Sign in with a password.",
            )
        )
    address = client_address.of(request.scope, settings.proxies)
    house.limits.take(f"address:{address}", limits.cost(request.scope))
    return settings
