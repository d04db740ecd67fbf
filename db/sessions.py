"""Signing in and the sessions that follow: random, hashed at rest, idle and absolute limits."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row, dict_row

from db import totp
from db.changes import AsyncConnection
from db.passwords import hash_password, normal, outdated, verify_password
from db.throttle import failed, keys, seconds_to_wait, succeeded
from layers.errors import TooManyRequestsError, UnauthenticatedError
from layers.model import Role
from layers.text import Text

IDLE = timedelta(hours=12)
"""A flood watch is a long shift; a session unused for longer has ended."""
LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class Attempt:
    """What somebody typed, and from where."""

    username: str
    password: str
    address: str
    code: str | None = None
    throwaway: bool = True
    """Whether sign-ins the demo printed are accepted here."""


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


class CodeNeededError(UnauthenticatedError):
    """The password is right; a one-time code is needed as well."""


def digest(token: str) -> bytes:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(conn: AsyncConnection, secret: str, attempt: Attempt) -> str:
    """Check an attempt and open a session; returns its token, which is shown once.

    Raises TooManyRequestsError with the seconds to wait, CodeNeededError when only the code is
    missing, UnauthenticatedError otherwise: the same for a wrong name and a wrong password.
    """
    name = normal(attempt.username).strip().lower()
    tried = keys(secret, name, attempt.address)
    wait = await seconds_to_wait(conn, tried)
    if wait:
        raise TooManyRequestsError(
            Text(
                th=f"ลองผิดหลายครั้ง โปรดรอ {wait} วินาทีแล้วลองใหม่",
                en=f"Too many wrong attempts. Please wait {wait} seconds and try again.",
            ),
            seconds=wait,
        )
    row = await _account(conn, name, throwaway=attempt.throwaway)
    stored = str(row["password_hash"]) if row and row["password_hash"] is not None else None
    # argon2 takes a tenth of a second of one core: not on the event loop
    right = await asyncio.to_thread(verify_password, attempt.password, stored)
    if row is None or not right:
        await failed(conn, tried)
        raise _wrong()
    if row["totp_secret"] is not None:
        await _check_code(conn, secret, attempt, row)
    await succeeded(conn, tried)
    if stored and outdated(stored):
        renewed = await asyncio.to_thread(hash_password, attempt.password)
        await conn.execute(
            "UPDATE muang.account SET password_hash = %s WHERE id = %s", [renewed, row["id"]]
        )
    return await open_session(conn, row["id"])


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


async def _check_code(
    conn: AsyncConnection, secret: str, attempt: Attempt, row: dict[str, object]
) -> None:
    """A one-time code works once: its step is kept, in the same statement that checks it."""
    if not attempt.code:
        raise CodeNeededError(
            Text(
                th="ใส่รหัส 6 หลักจากแอปยืนยันตัวตน",
                en="Enter the 6-digit code of your authenticator app.",
            )
        )
    sealed, last = row["totp_secret"], row["totp_last_step"]
    plain = totp.unseal(sealed, secret) if isinstance(sealed, bytes) else None
    step = (
        totp.step_of(attempt.code, plain, after=int(str(last)) if last is not None else None)
        if plain
        else None
    )
    if step is not None:
        cursor = await conn.execute(
            "UPDATE muang.account SET totp_last_step = %s"
            " WHERE id = %s AND (totp_last_step IS NULL OR totp_last_step < %s)",
            [step, row["id"], step],
        )
        if cursor.rowcount:
            return
    await failed(conn, keys(secret, normal(attempt.username).strip().lower(), attempt.address))
    raise _wrong()


def _wrong() -> UnauthenticatedError:
    return UnauthenticatedError(
        Text(
            th="ชื่อผู้ใช้ รหัสผ่าน หรือรหัสยืนยันไม่ถูกต้อง",
            en="The username, password or code is not right.",
        )
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

_SEEN = """
UPDATE muang.session SET seen_at = clock_timestamp()
WHERE id = %s AND seen_at < clock_timestamp() - interval '1 minute'
"""
"""A session is asked about twice a second by an open page, and written once a minute."""


async def person_of(conn: AsyncConnection, token: str, *, throwaway: bool = True) -> Person | None:
    """Whose session a token is, when it is still good; notes that it was used.

    `throwaway`: sign-ins the demo printed count too.
    """
    values = {"digest": digest(token), "idle": IDLE, "throwaway": throwaway}
    async with conn.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_PERSON, values)
        person = await cursor.fetchone()
    if person is not None:
        await conn.execute(_SEEN, [person.session_id])
    return person


async def sign_out(conn: AsyncConnection, token: str) -> None:
    """End a session; ending one that is not there is no error."""
    await conn.execute(
        "UPDATE muang.session SET ended_at = clock_timestamp()"
        " WHERE token_hash = %s AND ended_at IS NULL",
        [digest(token)],
    )
