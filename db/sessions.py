"""Signing in and the sessions that follow: random, hashed at rest, idle and absolute limits."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row, dict_row

from db import codes, known_browsers, throttle
from db.accounts import clean_username
from db.changes import AsyncConnection
from db.codes import CodeNeededError
from db.passwords import hash_password, outdated, verify_password
from db.throttle import Tried
from db.trust import Trust
from layers.errors import TooManyRequestsError, UnauthenticatedError
from layers.model import Role
from layers.text import Text

IDLE = timedelta(hours=12)
"""A flood watch is a long shift; a session unused for longer has ended."""
LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class Attempt:
    """What somebody typed, from where, and what their browser kept of signing in before."""

    username: str
    password: str
    address: str
    code: str | None = None
    known: str = ""
    throwaway: bool = True
    """Whether sign-ins the demo printed are accepted here."""


@dataclass(frozen=True)
class Opened:
    """A session just opened; its token is shown once."""

    token: str
    account_id: int


@dataclass(frozen=True)
class Person:
    """Whose session it is and what it may: role, communities of a caregiver, crew of a team."""

    session_id: int
    account_id: int
    username: str
    display_name: str
    role: Role
    communities: list[str] | None
    team: str | None
    throwaway: bool
    totp: bool


def digest(token: str) -> bytes:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(conn: AsyncConnection, trust: Trust, attempt: Attempt) -> Opened:
    """Check an attempt and open a session.

    Raises TooManyRequestsError with the seconds to wait, CodeNeededError when only the code is
    missing, UnauthenticatedError otherwise: the same for a wrong name and a wrong password. After
    `throttle.LIMIT` failures strangers need the code too, whether or not the account has one.
    Errors carry the account's number, if there is one, as the fact `account`: for the log.
    """
    name = clean_username(attempt.username)
    row = await _account(conn, name, throwaway=attempt.throwaway)
    tried, limited = await _heard(conn, trust, attempt, name, row)
    stored = str(row["password_hash"]) if row and row["password_hash"] is not None else None
    # argon2 takes a tenth of a second of one core: not on the event loop
    right = await asyncio.to_thread(verify_password, attempt.password, stored)
    if row is None or not right or (limited and row["totp_secret"] is None):
        await throttle.failed(conn, tried)
        raise _wrong(row)
    if row["totp_secret"] is not None:
        if not attempt.code:
            raise codes.code_needed()
        if not await codes.is_right(conn, trust, row, attempt.code):
            await throttle.failed(conn, tried)
            raise _wrong(row)
    await throttle.succeeded(conn, tried)
    if stored and outdated(stored):
        renewed = await asyncio.to_thread(hash_password, attempt.password)
        await conn.execute(
            "UPDATE muang.account SET password_hash = %s WHERE id = %s", [renewed, row["id"]]
        )
    account_id = int(str(row["id"]))
    return Opened(await open_session(conn, account_id), account_id)


async def _account(
    conn: AsyncConnection, name: str, *, throwaway: bool
) -> dict[str, object] | None:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT id, password_hash, totp_secret, totp_last_step FROM muang.account"
            " WHERE username = %s AND disabled_at IS NULL AND (%s OR NOT throwaway)",
            [name, throwaway],
        )
        return await cursor.fetchone()


async def _heard(
    conn: AsyncConnection,
    trust: Trust,
    attempt: Attempt,
    name: str,
    row: dict[str, object] | None,
) -> tuple[Tried, bool]:
    """What the attempt counts for, and whether the password alone is not enough any more.

    Nothing here depends on the password: whoever is refused here has learnt nothing about it.
    """
    account_id = int(str(row["id"])) if row else None
    browser = (
        known_browsers.browser_of(trust.secret, attempt.known, account_id)
        if account_id is not None
        else None
    )
    if account_id is not None and browser is not None:
        tried = throttle.known_browser(trust.secret, name, account_id, browser)
        found = await throttle.standing(conn, tried)
        if found.failures < throttle.LIMIT:
            _check_pause(found.seconds, account_id)
            return tried, False
    tried = throttle.stranger(trust.secret, name, attempt.address)
    found = await throttle.standing(conn, tried)
    _check_pause(found.seconds, account_id)
    limited = found.failures >= throttle.LIMIT
    if limited and not attempt.code:
        raise CodeNeededError(
            Text(
                th="มีการลองผิดกับชื่อนี้มากเกินไป ลงชื่อจากเครื่องที่เคยลงชื่อมาก่อน หรือใส่รหัส 6 หลัก"
                "จากแอปยืนยันตัวตน หรือขอให้ผู้ดูแลระบบตั้งรหัสผ่านใหม่",
                en="There were too many wrong attempts at this name. Sign in with a browser you "
                "have used before, enter the 6-digit code of your authenticator app, or ask an "
                "administrator for a new password.",
            ),
            account=account_id,
        )
    return tried, limited


def _check_pause(seconds: int, account_id: int | None) -> None:
    if seconds:
        raise throttled(seconds, account=account_id)


def throttled(seconds: int, **facts: object) -> TooManyRequestsError:
    """The sentence for whoever tried too often."""
    return TooManyRequestsError(
        Text(
            th=f"ลองผิดหลายครั้ง โปรดรอ {seconds} วินาทีแล้วลองใหม่",
            en=f"Too many wrong attempts. Please wait {seconds} seconds and try again.",
        ),
        seconds=seconds,
        **facts,
    )


def _wrong(row: dict[str, object] | None) -> UnauthenticatedError:
    return UnauthenticatedError(
        Text(
            th="ชื่อผู้ใช้ รหัสผ่าน หรือรหัสยืนยันไม่ถูกต้อง",
            en="The username, password or code is not right.",
        ),
        account=row["id"] if row else None,
    )


async def open_session(conn: AsyncConnection, account_id: object) -> str:
    """A new session of an account whose right to one has been checked; returns its token."""
    token = secrets.token_urlsafe(32)
    await conn.execute(
        "INSERT INTO muang.session (token_hash, account_id, expires_at) VALUES (%s, %s, %s)",
        [digest(token), account_id, datetime.now(UTC) + LONGEST],
    )
    return token


_PERSON = """
SELECT
    s.id AS session_id, a.id AS account_id, a.username, a.display_name, a.role,
    a.communities, a.team, a.throwaway, a.totp_secret IS NOT NULL AS totp
FROM muang.session AS s
INNER JOIN muang.account AS a ON s.account_id = a.id
WHERE
    s.token_hash = %(digest)s AND s.ended_at IS NULL AND s.expires_at > clock_timestamp()
    AND s.seen_at > clock_timestamp() - %(idle)s AND a.disabled_at IS NULL
    AND (%(throwaway)s OR NOT a.throwaway)
"""


async def person_of(conn: AsyncConnection, token: str, *, throwaway: bool = True) -> Person | None:
    """Whose session a token is, when it is still good. `throwaway`: the demo's count too.

    Asking does not keep it from ending unused; `used` does.
    """
    values = {"digest": digest(token), "idle": IDLE, "throwaway": throwaway}
    async with conn.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_PERSON, values)
        return await cursor.fetchone()


async def used(conn: AsyncConnection, session_id: int) -> None:
    """Note that somebody used a session just now."""
    await conn.execute(
        "UPDATE muang.session SET seen_at = clock_timestamp() WHERE id = %s", [session_id]
    )


async def sign_out(conn: AsyncConnection, token: str) -> None:
    """End a session; ending one that is not there is no error."""
    await end(conn, digest(token))


async def end(conn: AsyncConnection, token_hash: bytes) -> None:
    """End the session whose token has this digest."""
    await conn.execute(
        "UPDATE muang.session SET ended_at = clock_timestamp()"
        " WHERE token_hash = %s AND ended_at IS NULL",
        [token_hash],
    )
