"""What people change about their own sign-in: the password and the one-time code.

Each change asks for the password again, and ends every other session of the account. Statements
run on the `service` login; wrong guesses are counted like those of signing in.
"""

import asyncio
import json
import time
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from psycopg.rows import dict_row

from db import totp
from db.changes import AsyncConnection
from db.passwords import check_password, hash_password, verify_password
from db.throttle import failed, keys, seconds_to_wait, succeeded
from layers.errors import BadRequestError, ForbiddenError, TooManyRequestsError
from layers.text import Text

ENROL_SECONDS = 900
"""How long a new secret waits for its first code."""


@dataclass(frozen=True)
class Owner:
    """Whose account it is, the password typed once more, and from where."""

    account_id: int
    username: str
    session_id: int
    password: str
    address: str


@dataclass(frozen=True)
class Enrolment:
    """A secret for an authenticator app, not yet in force: `proof` brings it back with a code."""

    secret: str
    uri: str
    proof: str


async def change_password(conn: AsyncConnection, secret: str, owner: Owner, new: str) -> None:
    """Set another password; ForbiddenError when the present one is wrong."""
    row = await _proven(conn, secret, owner)
    with_totp = row["totp_secret"] is not None
    text = check_password(new, username=owner.username, with_totp=with_totp)
    hashed = await asyncio.to_thread(hash_password, text)
    async with conn.transaction():
        await conn.execute(
            "UPDATE muang.account SET password_hash = %s, password_changed_at = clock_timestamp()"
            " WHERE id = %s",
            [hashed, owner.account_id],
        )
        await _end_others(conn, owner)


async def begin_totp(conn: AsyncConnection, secret: str, owner: Owner, town: str) -> Enrolment:
    """A new secret to be confirmed with a code; nothing is stored until then."""
    await _proven(conn, secret, owner)
    fresh = totp.new_secret()
    held = json.dumps({"account": owner.account_id, "totp": fresh})
    return Enrolment(
        secret=fresh,
        uri=totp.address(fresh, owner.username, town),
        proof=_envelope(secret).encrypt(held.encode()).decode(),
    )


async def confirm_totp(
    conn: AsyncConnection, secret: str, owner: Owner, *, proof: str, code: str
) -> None:
    """Put a secret in force with its first code; BadRequestError when it is not the right one."""
    fresh = _opened(secret, proof, owner.account_id)
    step = totp.step_of(code, fresh, after=None) if fresh else None
    if fresh is None or step is None:
        raise BadRequestError(
            Text(
                th="รหัสไม่ถูกต้องหรือหมดเวลาแล้ว ดูรหัสใหม่ในแอปแล้วลองอีกครั้ง",
                en="The code is not right or came too late. Take a new one from the app.",
            )
        )
    async with conn.transaction():
        await conn.execute(
            "UPDATE muang.account SET totp_secret = %s, totp_last_step = %s WHERE id = %s",
            [totp.seal(fresh, secret), step, owner.account_id],
        )
        await _end_others(conn, owner)


async def remove_totp(conn: AsyncConnection, secret: str, owner: Owner) -> None:
    """Sign in without a code from now on; a short password has to be changed first."""
    await _proven(conn, secret, owner)
    # the rule for passwords that stand alone is stricter
    check_password(owner.password, username=owner.username)
    async with conn.transaction():
        await conn.execute(
            "UPDATE muang.account SET totp_secret = NULL, totp_last_step = NULL WHERE id = %s",
            [owner.account_id],
        )
        await _end_others(conn, owner)


async def _proven(conn: AsyncConnection, secret: str, owner: Owner) -> dict[str, object]:
    """The account when the password is right; wrong ones are counted and make people wait."""
    tried = keys(secret, owner.username, owner.address)
    wait = await seconds_to_wait(conn, tried)
    if wait:
        raise TooManyRequestsError(
            Text(
                th=f"ลองผิดหลายครั้ง โปรดรอ {wait} วินาทีแล้วลองใหม่",
                en=f"Too many wrong attempts. Please wait {wait} seconds and try again.",
            ),
            seconds=wait,
        )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT password_hash, totp_secret FROM muang.account"
            " WHERE id = %s AND disabled_at IS NULL",
            [owner.account_id],
        )
        row = await cursor.fetchone()
    stored = str(row["password_hash"]) if row and row["password_hash"] is not None else None
    right = await asyncio.to_thread(verify_password, owner.password, stored)
    if row is None or not right:
        await failed(conn, tried)
        raise ForbiddenError(Text(th="รหัสผ่านปัจจุบันไม่ถูกต้อง", en="The present password is not right."))
    await succeeded(conn, tried)
    return row


async def _end_others(conn: AsyncConnection, owner: Owner) -> None:
    await conn.execute(
        "UPDATE muang.session SET ended_at = clock_timestamp()"
        " WHERE account_id = %s AND id <> %s AND ended_at IS NULL",
        [owner.account_id, owner.session_id],
    )


def _envelope(secret: str) -> Fernet:
    return totp.box(f"enrolment:{secret}")


def _opened(secret: str, proof: str, account_id: int) -> str | None:
    """The secret of a proof that is ours, of this account and not too old."""
    try:
        plain = _envelope(secret).decrypt_at_time(proof.encode(), ENROL_SECONDS, int(time.time()))
    except InvalidToken:
        return None
    held = json.loads(plain)
    return str(held["totp"]) if held.get("account") == account_id else None
