"""What people change about their own sign-in: the password, the one-time code, tokens.

Each change asks once more for everything signing in takes, and ends every other session of the
account. Statements run on the `service` login. Wrong answers are counted for this session alone:
strangers who try the name do not keep its owner from changing the password.
"""

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from psycopg.rows import dict_row

from db import codes, throttle, totp
from db.changes import AsyncConnection
from db.passwords import check_password, hash_password, verify_password
from db.sessions import throttled
from db.trust import Trust
from layers.errors import BadRequestError, ForbiddenError, UnauthenticatedError
from layers.text import Text

ENROL_SECONDS = 900
"""How long a new secret waits for its first code."""
RECENT_SECONDS = 600
"""How long ago somebody without a password may have signed in at their provider."""


@dataclass(frozen=True)
class Owner:
    """Whose account it is, and the password and code typed once more."""

    account_id: int
    username: str
    session_id: int
    password: str = ""
    code: str | None = None


@dataclass(frozen=True)
class Enrolment:
    """A secret for an authenticator app, not yet in force: `proof` brings it back with a code."""

    secret: str
    uri: str
    proof: str


async def change_password(
    conn: AsyncConnection, trust: Trust, owner: Owner, new: str, *, keep_tokens: bool = False
) -> None:
    """Set another password; ForbiddenError when the present one is wrong.

    Whoever knew the old one may have made tokens: they are revoked unless kept by choice.
    """
    row = await prove(conn, trust, owner)
    with_totp = row["totp_secret"] is not None
    text = check_password(
        new, username=owner.username, with_totp=with_totp, breached=trust.breached
    )
    hashed = await asyncio.to_thread(hash_password, text)
    async with conn.transaction():
        await conn.execute(
            "UPDATE muang.account SET password_hash = %s, password_changed_at = clock_timestamp()"
            " WHERE id = %s",
            [hashed, owner.account_id],
        )
        await _end_others(conn, owner)
        if not keep_tokens:
            await conn.execute(
                "UPDATE muang.api_token SET revoked_at = clock_timestamp()"
                " WHERE account_id = %s AND revoked_at IS NULL",
                [owner.account_id],
            )


async def begin_totp(conn: AsyncConnection, trust: Trust, owner: Owner, town: str) -> Enrolment:
    """A new secret to be confirmed with a code; nothing is stored until then."""
    row = await prove(conn, trust, owner)
    fresh = totp.new_secret()
    held = {
        "account": owner.account_id,
        "session": owner.session_id,
        "instead_of": _present(await _state(conn, owner.account_id) or row),
        "totp": fresh,
    }
    return Enrolment(
        secret=fresh,
        uri=totp.address(fresh, owner.username, town),
        proof=_envelope(trust.secret).encrypt(json.dumps(held).encode()).decode(),
    )


async def confirm_totp(
    conn: AsyncConnection, trust: Trust, owner: Owner, *, proof: str, code: str
) -> None:
    """Put a secret in force with its first code; BadRequestError when it is not the right one.

    A proof is good once, in the session it was given to, and while the account's code is still
    the one it was to take the place of.
    """
    async with conn.transaction():
        row = await _state(conn, owner.account_id, lock=True)
        fresh = _opened(trust.secret, proof, owner, row) if row else None
        step = totp.step_of(code, fresh, after=None) if fresh else None
        if fresh is None or step is None:
            raise BadRequestError(
                Text(
                    th="รหัสไม่ถูกต้องหรือหมดเวลาแล้ว ดูรหัสใหม่ในแอปแล้วลองอีกครั้ง",
                    en="The code is not right or came too late. Take a new one from the app.",
                )
            )
        await conn.execute(
            "UPDATE muang.account SET totp_secret = %s, totp_last_step = %s WHERE id = %s",
            [totp.seal(fresh, trust.secret), step, owner.account_id],
        )
        await _end_others(conn, owner)


async def remove_totp(conn: AsyncConnection, trust: Trust, owner: Owner) -> None:
    """Sign in without a code from now on; a short password has to be changed first."""
    row = await prove(conn, trust, owner)
    if row["password_hash"] is not None:
        # the rule for passwords that stand alone is stricter
        check_password(owner.password, username=owner.username, breached=trust.breached)
    async with conn.transaction():
        # the last step stays: a proof given before must not work again (see `_present`)
        await conn.execute(
            "UPDATE muang.account SET totp_secret = NULL WHERE id = %s", [owner.account_id]
        )
        await _end_others(conn, owner)


async def prove(conn: AsyncConnection, trust: Trust, owner: Owner) -> dict[str, object]:
    """The account when password and code are right; wrong ones are counted and make people wait.

    ForbiddenError when they are not, CodeNeededError when the code is missing,
    TooManyRequestsError with the seconds to wait, UnauthenticatedError when too many wrong ones
    have ended the session. Who signs in at a provider only must have done so just now.
    """
    tried = throttle.once_more(trust.secret, owner.account_id, owner.session_id)
    found = await throttle.standing(conn, tried)
    if found.seconds:
        raise throttled(found.seconds)
    row = await _state(conn, owner.account_id)
    if row is not None and row["password_hash"] is None:
        await _check_recent(conn, owner)
    else:
        stored = str(row["password_hash"]) if row else None
        if row is None or not await asyncio.to_thread(verify_password, owner.password, stored):
            raise await _refused(conn, owner, tried, found.failures)
    if row["totp_secret"] is not None:
        if not owner.code:
            raise codes.code_needed()
        if not await codes.is_right(conn, trust, row, owner.code):
            raise await _refused(conn, owner, tried, found.failures)
    await throttle.succeeded(conn, tried)
    return row


_STATE = """
SELECT id, password_hash, totp_secret, totp_last_step FROM muang.account
WHERE id = %s AND disabled_at IS NULL
"""
_LOCKED_STATE = f"{_STATE} FOR UPDATE"


async def _state(
    conn: AsyncConnection, account_id: int, *, lock: bool = False
) -> dict[str, object] | None:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_LOCKED_STATE if lock else _STATE, [account_id])
        return await cursor.fetchone()


async def _check_recent(conn: AsyncConnection, owner: Owner) -> None:
    cursor = await conn.execute(
        "SELECT created_at > clock_timestamp() - make_interval(secs => %s)"
        " FROM muang.session WHERE id = %s",
        [RECENT_SECONDS, owner.session_id],
    )
    row = await cursor.fetchone()
    if row is None or not row[0]:
        raise ForbiddenError(
            Text(
                th="โปรดออกจากระบบแล้วลงชื่อเข้าใช้กับผู้ให้บริการอีกครั้ง แล้วทำรายการนี้ภายใน 10 นาที",
                en="Sign out, sign in again with your provider, and do this within 10 minutes.",
            )
        )


async def _refused(
    conn: AsyncConnection, owner: Owner, tried: throttle.Tried, failures: int
) -> Exception:
    """Count a wrong answer; too many end the session: somebody else may be sitting there."""
    await throttle.failed(conn, tried)
    if failures + 1 < throttle.LIMIT_AGAIN:
        return ForbiddenError(
            Text(
                th="รหัสผ่านปัจจุบันหรือรหัสยืนยันไม่ถูกต้อง",
                en="The present password or the code is not right.",
            )
        )
    await conn.execute(
        "UPDATE muang.session SET ended_at = clock_timestamp() WHERE id = %s AND ended_at IS NULL",
        [owner.session_id],
    )
    return UnauthenticatedError(
        Text(
            th="ใส่รหัสผิดหลายครั้ง การลงชื่อเข้าใช้นี้สิ้นสุดแล้ว โปรดลงชื่อเข้าใช้อีกครั้ง",
            en="Too many wrong answers: this sign-in has ended. Please sign in again.",
        )
    )


async def _end_others(conn: AsyncConnection, owner: Owner) -> None:
    await conn.execute(
        "UPDATE muang.session SET ended_at = clock_timestamp()"
        " WHERE account_id = %s AND id <> %s AND ended_at IS NULL",
        [owner.account_id, owner.session_id],
    )


def _present(row: dict[str, object]) -> str:
    """What a new code would take the place of; another after each confirmation and removal.

    While there is a code, signing in with it changes nothing here.
    """
    sealed, step = row["totp_secret"], row["totp_last_step"]
    told = sealed if isinstance(sealed, bytes) else f"none since {step}".encode()
    return hashlib.sha256(told).hexdigest()


def _envelope(secret: str) -> Fernet:
    return totp.box(f"enrolment:{secret}")


def _opened(secret: str, proof: str, owner: Owner, row: dict[str, object]) -> str | None:
    """The secret of a proof that is ours, of this session, still wanted and not too old."""
    try:
        plain = _envelope(secret).decrypt_at_time(proof.encode(), ENROL_SECONDS, int(time.time()))
    except InvalidToken:
        return None
    held = json.loads(plain)
    wanted = [owner.account_id, owner.session_id, _present(row)]
    right = [held.get("account"), held.get("session"), held.get("instead_of")] == wanted
    return str(held["totp"]) if right else None
