"""`/auth`: sign in and out, change the password, set up one-time codes."""

from fastapi import APIRouter, Request, Response

from api import cookies, csrf, limits
from api.auth.models import (
    CodeOffer,
    CodeProof,
    PasswordAgain,
    PasswordChange,
    SignedIn,
    SignIn,
)
from api.auth.people import Session, SignedInPerson, address_of, give_cookie
from api.house import House
from api.routes import CurrentHouse, problems
from api.viewer import Credential, Kind, shown
from db import own_account, sessions
from layers.errors import UnauthenticatedError
from layers.text import Text

router = APIRouter(prefix="/auth", tags=["Sign-in"])

CLEAR = '"cache", "cookies", "storage"'


@router.post("/login", summary="Sign in", responses=problems(400, 401, 503))
async def login(
    request: Request, response: Response, asked: SignIn, house: CurrentHouse
) -> SignedIn:
    """Open a session; its token is set as a cookie no script can read.

    A wrong name and a wrong password are told apart by nothing, not even by time. The problem
    `code-needed` means: right so far, send the one-time code as well. After some wrong attempts
    people wait, longer each time: 429 with `Retry-After`.
    """
    settings = house.settings
    csrf.check_origin_if_any(request.scope, settings)
    address = address_of(request, house)
    house.limits.take(f"address:{address}", limits.cost(request.scope))
    attempt = sessions.Attempt(
        asked.username, asked.password, address, asked.code, throwaway=settings.loopback
    )
    async with house.sign_ins, house.service() as conn:
        token = await sessions.sign_in(conn, settings.secret, attempt)
        present = request.cookies.get(settings.cookie)
        if present:
            # signing in again ends the session there was: a browser has one at most
            await sessions.sign_out(conn, present)
            house.verifier.forget(Credential(Kind.SESSION, present))
    return await opened(response, house, token)


async def opened(response: Response, house: House, token: str) -> SignedIn:
    """Give the browser a new session and say whose it is."""
    who = await house.verifier.viewer(Credential(Kind.SESSION, token))
    if who is None:
        # ended between the two statements, by an administrator
        raise UnauthenticatedError(
            Text(th="บัญชีนี้ใช้ไม่ได้แล้ว", en="This account cannot be used any more.")
        )
    return SignedIn(
        username=who.principal,
        display_name=who.display_name or who.principal,
        role=who.role,
        csrf=give_cookie(response, house, token),
    )


@router.post("/logout", status_code=204, summary="Sign out", responses=problems(400, 401, 503))
async def logout(request: Request, house: CurrentHouse) -> Response:
    """End the session, and have the browser forget all it kept of this system."""
    # first of all: a foreign page's form carries no cookie, and must not sign anybody out either
    csrf.check_origin_if_any(request.scope, house.settings)
    answer = Response(
        status_code=204,
        headers={"Clear-Site-Data": CLEAR, "Set-Cookie": cookies.ended(house.settings.cookie)},
    )
    credential = shown(request.scope, house)
    if credential is None or credential.kind is not Kind.SESSION:
        return answer
    csrf.check(request.scope, house.settings, credential.token)
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
    """Set another password; every other session of the account ends, this one is renewed."""
    owner = _owner(request, house, person, asked.password)
    async with house.sign_ins, house.service() as conn:
        await own_account.change_password(conn, house.settings.secret, owner, asked.new_password)
        await sessions.sign_out(conn, person.credential.token)
        token = await sessions.open_session(conn, person.account_id)
    house.verifier.forget_all()
    return await opened(response, house, token)


@router.post(
    "/totp", summary="Offer a one-time code secret", responses=problems(400, 401, 403, 503)
)
async def offer_totp(
    request: Request, asked: PasswordAgain, house: CurrentHouse, person: SignedInPerson
) -> CodeOffer:
    """A secret for an authenticator app; nothing changes until its first code is sent."""
    town = await house.town()
    owner = _owner(request, house, person, asked.password)
    async with house.sign_ins, house.service() as conn:
        made = await own_account.begin_totp(conn, house.settings.secret, owner, town.id)
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
    owner = _owner(request, house, person, "")
    async with house.service() as conn:
        await own_account.confirm_totp(
            conn, house.settings.secret, owner, proof=asked.proof, code=asked.code
        )
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
    owner = _owner(request, house, person, asked.password)
    async with house.sign_ins, house.service() as conn:
        await own_account.remove_totp(conn, house.settings.secret, owner)
    house.verifier.forget_all()


def _owner(request: Request, house: House, person: Session, password: str) -> own_account.Owner:
    return own_account.Owner(
        account_id=person.account_id,
        username=person.who.principal,
        session_id=person.session_id,
        password=password,
        address=address_of(request, house),
    )
