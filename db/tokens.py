"""Machine tokens: random, shown once, kept only as a SHA-256, scoped to one role, expiring."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row

from db.changes import AsyncConnection
from db.derived import AnyConnection
from layers.errors import NotFoundError
from layers.model import Role
from layers.text import Text

PREFIX = "muang_"
"""Tokens begin with it, so that a leaked one is recognised by secret scanners."""


@dataclass(frozen=True)
class TokenInfo:
    """A token on record, without the token."""

    id: int
    role: Role
    name: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def digest(token: str) -> bytes:
    """What is kept of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def new_token(conn: AnyConnection, role: Role, name: str, days: int) -> tuple[TokenInfo, str]:
    """Make a token as the `service` login; the second part is shown once and never kept."""
    token = PREFIX + secrets.token_urlsafe(32)
    with conn.transaction(), conn.cursor(row_factory=class_row(TokenInfo)) as cursor:
        made = cursor.execute(
            "INSERT INTO muang.api_token (token_hash, role, name, expires_at)"  # noqa: S608
            f" VALUES (%s, %s, %s, %s) RETURNING {_COLUMNS}",
            [digest(token), str(role), name, datetime.now(UTC) + timedelta(days=days)],
        ).fetchone()
    if made is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return made, token


def list_tokens(conn: AnyConnection) -> list[TokenInfo]:
    """Every token of the town, newest first."""
    with conn.cursor(row_factory=class_row(TokenInfo)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM muang.api_token ORDER BY id DESC"  # noqa: S608 - constant
        ).fetchall()


def revoke_token(conn: AnyConnection, token_id: int) -> None:
    """Make a token useless from now on; NotFoundError when there is no live one of that number."""
    with conn.transaction():
        done = conn.execute(
            "UPDATE muang.api_token SET revoked_at = clock_timestamp()"
            " WHERE id = %s AND revoked_at IS NULL",
            [token_id],
        ).rowcount
    if not done:
        raise NotFoundError(
            Text(
                th=f"ไม่มีโทเคนที่ใช้ได้หมายเลข {token_id}",
                en=f"There is no valid token no. {token_id}.",
            )
        )


_COLUMNS = "id, role, name, created_at, expires_at, revoked_at"

VERIFY = (
    f"SELECT {_COLUMNS} FROM muang.api_token"  # noqa: S608 - constant
    " WHERE token_hash = %s AND revoked_at IS NULL AND expires_at > clock_timestamp()"
)
"""Statement behind `verify`; takes `digest(token)`."""


async def verify(conn: AsyncConnection, token: str) -> TokenInfo | None:
    """The token's record when it is valid now, else None."""
    async with conn.cursor(row_factory=class_row(TokenInfo)) as cursor:
        await cursor.execute(VERIFY, [digest(token)])
        return await cursor.fetchone()
