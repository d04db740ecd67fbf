"""`/auth`: sign in and out, change the password, set up one-time codes."""

from fastapi import APIRouter, Request, Response

from api import client_address, cookies, csrf, exchange, limits
from api.auth.events import noting
from api.auth.models import (
    CodeOffer,
    CodeProof,
    PasswordAgain,
    PasswordChange,
    SignedIn,
    SignIn,
)
from api.auth.people import (
    SignedInPerson,
    address_of,
    give_cookie,
    owner_of,
    remember_browser,
)
from api.house import House
from api.routes import CurrentHouse, problems
from api.security import Event
from api.verification import is_formed
from api.viewer import Credential, Kind, shown
from db import own_account, sessions
from layers.errors import UnauthenticatedError
from layers.text import Text

router = APIRouter(prefix="/auth", tags=["Sign-in"])

CLEAR = '"cache", "storage"'
"""Cookies are ended by name: the host's others are of other towns, or make the browser known."""


@router.post("/login", summary="Sign in", responses=problems(400, 401, 503))
async def login(
    request: Request, response: Response, asked: SignIn, house: CurrentHouse
) -> SignedIn:
    """Open a session; its token is set as a cookie no script can read.

    A wrong name and a wrong password are told apart by nothing, not even by time. The problem
    `code-needed` means: send the one-time code as well. After some wrong attempts people wait,
    longer each time: 429 with `Retry-After`; a browser that signed in before waits for its own
    wrong attempts only.
    """
    settings = house.settings
    with noting(request, house, Event.SIGN_IN) as noted:
        csrf.check_origin_if_any(request.scope, settings)
        address = address_of(request, house)
        house.limits.take(f"address:{address}", limits.cost(request.scope))
        attempt = sessions.Attempt(
            asked.username,
            asked.password,
            address,
            asked.code,
            known=request.cookies.get(settings.known_cookie, ""),
            throwaway=settings.loopback,
        )
        async with house.proving() as conn:
            made = await sessions.sign_in(conn, settings.trust, attempt)
            noted.account = made.account_id
            present = request.cookies.get(settings.cookie)
            if present:
                # signing in again ends the session there was: a browser has one at most
                await sessions.sign_out(conn, present)
                house.verifier.forget(Credential(Kind.SESSION, present))
        remember_browser(request, response, house, made.account_id)
        return await opened(request, response, house, made.token, keep=asked.keep)


async def opened(
    request: Request, response: Response, house: House, token: str, *, keep: bool = False
) -> SignedIn:
    """Give the browser a new session and say whose it is."""
    who = await house.verifier.viewer(Credential(Kind.SESSION, token))
    if who is None:
        # ended between the two statements, by an administrator
        raise UnauthenticatedError(
            Text(th="บัญชีนี้ใช้ไม่ได้แล้ว", en="This account cannot be used any more.")
        )
    here = exchange.of(request.scope)
    here.role, here.principal = who.role.value, who.principal
    return SignedIn(
        username=who.principal,
        display_name=who.display_name or who.principal,
        role=who.role,
        csrf=give_cookie(response, house, token, keep=keep),
    )


@router.post("/logout", status_code=204, summary="Sign out", responses=problems(400, 401, 503))
async def logout(request: Request, house: CurrentHouse) -> Response:
    """End the session, and have the browser forget all it kept of this system."""
    settings = house.settings
    # first of all: a foreign page's form carries no cookie, and must not sign anybody out either
    csrf.check_origin_if_any(request.scope, settings)
    address = client_address.of(request.scope, settings.proxies)
    house.limits.take(f"address:{address}", limits.cost(request.scope))
    answer = Response(status_code=204, headers={"Clear-Site-Data": CLEAR})
    for name in (settings.cookie, f"{settings.cookie}-oidc"):
        answer.headers.append("Set-Cookie", cookies.ended(name))
    credential = shown(request.scope, house)
    if credential is None or credential.kind is not Kind.SESSION or not is_formed(credential):
        return answer
    with noting(request, house, Event.SIGN_OUT) as noted:
        csrf.check(request.scope, settings, credential.token)
        who = await house.verifier.viewer(credential)
        noted.account = who.account_id if who else None
        async with house.service() as conn:
            await sessions.sign_out(conn, credential.token)
        house.verifier.forget(credential)
    return answer


@router.post("/password", summary="Change one's password", responses=problems(400, 401, 403, 503))
async def change_password(
    request: Request,
    response: Response,
    asked: PasswordChange,
    house: CurrentHouse,
    person: SignedInPerson,
) -> SignedIn:
    """Set another password; every other session of the account ends, this one is renewed.

    Tokens for programs are revoked, unless `keep_tokens`: whoever knew the old password may
    have made one.
    """
    owner, trust = owner_of(person, asked), house.settings.trust
    with noting(request, house, Event.PASSWORD, person.who):
        async with house.proving() as conn:
            await own_account.change_password(
                conn, trust, owner, asked.new_password, keep_tokens=asked.keep_tokens
            )
            await sessions.sign_out(conn, person.credential.token)
            token = await sessions.open_session(conn, person.account_id)
        house.verifier.forget_all()
        remember_browser(request, response, house, person.account_id)
        return await opened(request, response, house, token)


@router.post(
    "/totp", summary="Offer a one-time code secret", responses=problems(400, 401, 403, 503)
)
async def offer_totp(
    request: Request, asked: PasswordAgain, house: CurrentHouse, person: SignedInPerson
) -> CodeOffer:
    """A secret for an authenticator app; nothing changes until its first code is sent."""
    town = await house.town()
    owner, trust = owner_of(person, asked), house.settings.trust
    with noting(request, house, Event.CODE_OFFERED, person.who):
        async with house.proving() as conn:
            made = await own_account.begin_totp(conn, trust, owner, town.id)
    return CodeOffer(secret=made.secret, uri=made.uri, proof=made.proof)


@router.post(
    "/totp/confirm",
    status_code=204,
    summary="Sign in with a one-time code from now on",
    responses=problems(400, 401, 403, 503),
)
async def confirm_totp(
    request: Request, asked: CodeProof, house: CurrentHouse, person: SignedInPerson
) -> None:
    """The first code of the secret offered puts it in force; other sessions end."""
    owner, trust = owner_of(person, PasswordAgain()), house.settings.trust
    with noting(request, house, Event.CODE_SET, person.who):
        async with house.service() as conn:
            await own_account.confirm_totp(conn, trust, owner, proof=asked.proof, code=asked.code)
        house.verifier.forget_all()


@router.post(
    "/totp/remove",
    status_code=204,
    summary="Sign in without a one-time code again",
    responses=problems(400, 401, 403, 503),
)
async def remove_totp(
    request: Request, asked: PasswordAgain, house: CurrentHouse, person: SignedInPerson
) -> None:
    """The password alone is enough from now on; it has to be long enough for that."""
    owner, trust = owner_of(person, asked), house.settings.trust
    with noting(request, house, Event.CODE_REMOVED, person.who):
        async with house.proving() as conn:
            await own_account.remove_totp(conn, trust, owner)
        house.verifier.forget_all()
