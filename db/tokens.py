"""Machine tokens: random, shown once, kept only as a SHA-256, scoped to one role, expiring."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row

from db.changes import AsyncConnection
from db.derived import AnyConnection
from layers import catalog
from layers.errors import BadRequestError, ConflictError, NotFoundError
from layers.model import Role
from layers.privacy import visible_fields
from layers.text import Text

MOST_DAYS = 366
MOST_DAYS_PERSONAL = 90
"""Of a role that sees persons."""
MOST_LIVE = 50
"""Valid tokens of one account at a time."""
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
    communities: list[str] | None
    team: str | None
    account_id: int | None


@dataclass(frozen=True)
class NewToken:
    """A token to be made; `account_id` is whose it is, None for one made on the machine itself."""

    role: Role
    name: str
    days: int
    communities: tuple[str, ...] | None = None
    team: str | None = None
    account_id: int | None = None


def most_days(role: Role) -> int:
    """How long a token of this role may be valid: less where it sees anything of persons."""
    persons = any(
        field.personal for layer in catalog.LAYERS for field in visible_fields(layer, role)
    )
    return MOST_DAYS_PERSONAL if persons else MOST_DAYS


def digest(token: str) -> bytes:
    """What is kept of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def new_token(conn: AnyConnection, role: Role, name: str, days: int) -> tuple[TokenInfo, str]:
    """Make a token as the `service` login; the second part is shown once and never kept."""
    return make_token(conn, NewToken(role, name, days))


def make_token(conn: AnyConnection, new: NewToken) -> tuple[TokenInfo, str]:
    """Make a token as the `service` login; BadRequestError for a crew's token without a crew."""
    values, token = _values(new)
    with conn.transaction(), conn.cursor(row_factory=class_row(TokenInfo)) as cursor:
        made = cursor.execute(_INSERT, values).fetchone()
    if made is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return made, token


async def issue(conn: AsyncConnection, new: NewToken) -> tuple[TokenInfo, str]:
    """The same as `make_token`, in the server; ConflictError with too many valid ones already."""
    values, token = _values(new)
    row = await (await conn.execute(_LIVE, [new.account_id])).fetchone()
    if row is not None and int(str(row[0])) >= MOST_LIVE:
        raise ConflictError(
            Text(
                th=f"มีโทเคนที่ใช้ได้อยู่แล้ว {MOST_LIVE} รายการ ยกเลิกรายการที่ไม่ใช้ก่อน",
                en=f"There are {MOST_LIVE} valid tokens already. Revoke those not in use first.",
            )
        )
    async with conn.cursor(row_factory=class_row(TokenInfo)) as cursor:
        await cursor.execute(_INSERT, values)
        made = await cursor.fetchone()
    if made is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return made, token


def _values(new: NewToken) -> tuple[list[object], str]:
    if new.role == Role.TEAM and not new.team:
        raise BadRequestError(
            Text(th="โทเคนของทีมต้องระบุชื่อทีม", en="A team's token needs the name of its crew.")
        )
    most = most_days(new.role)
    if new.days > most:
        raise BadRequestError(
            Text(
                th=f"โทเคนของบทบาท {new.role} ใช้ได้ไม่เกิน {most} วัน",
                en=f"A token of the role {new.role} is valid for {most} days at most.",
            )
        )
    token = PREFIX + secrets.token_urlsafe(32)
    values = [
        digest(token),
        str(new.role),
        new.name,
        datetime.now(UTC) + timedelta(days=new.days),
        list(new.communities) if new.communities is not None else None,
        new.team,
        new.account_id,
    ]
    return values, token


def list_tokens(conn: AnyConnection) -> list[TokenInfo]:
    """Every token of the town, newest first."""
    with conn.cursor(row_factory=class_row(TokenInfo)) as cursor:
        return cursor.execute(_LIST, {"owner": None}).fetchall()


async def tokens_of(conn: AsyncConnection, account_id: int | None) -> list[TokenInfo]:
    """Tokens an account made, newest first; of everybody when None."""
    async with conn.cursor(row_factory=class_row(TokenInfo)) as cursor:
        await cursor.execute(_LIST, {"owner": account_id})
        return await cursor.fetchall()


def revoke_token(conn: AnyConnection, token_id: int) -> None:
    """Make a token useless from now on; NotFoundError when there is no live one of that number."""
    with conn.transaction():
        done = conn.execute(_REVOKE, {"id": token_id, "owner": None}).rowcount
    if not done:
        raise _no_token(token_id)


async def withdraw(conn: AsyncConnection, token_id: int, account_id: int | None) -> None:
    """`revoke_token` in the server; with an account only a token of its own."""
    cursor = await conn.execute(_REVOKE, {"id": token_id, "owner": account_id})
    if not cursor.rowcount:
        raise _no_token(token_id)


def _no_token(token_id: int) -> NotFoundError:
    return NotFoundError(
        Text(
            th=f"ไม่มีโทเคนที่ใช้ได้หมายเลข {token_id}",
            en=f"There is no valid token no. {token_id}.",
        )
    )


_COLUMNS = "id, role, name, created_at, expires_at, revoked_at, communities, team, account_id"

_INSERT = (
    "INSERT INTO muang.api_token"  # noqa: S608 - constant
    " (token_hash, role, name, expires_at, communities, team, account_id)"
    f" VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}"
)
_LIST = (
    f"SELECT {_COLUMNS} FROM muang.api_token"  # noqa: S608 - constant
    " WHERE %(owner)s::bigint IS NULL OR account_id = %(owner)s::bigint ORDER BY id DESC"
)
_LIVE = (
    "SELECT count(*) FROM muang.api_token"
    " WHERE account_id = %s AND revoked_at IS NULL AND expires_at > clock_timestamp()"
)
_REVOKE = """
UPDATE muang.api_token SET revoked_at = clock_timestamp()
WHERE id = %(id)s AND revoked_at IS NULL
    AND (%(owner)s::bigint IS NULL OR account_id = %(owner)s::bigint)
"""

VERIFY = """
SELECT
    t.id, t.role, t.name, t.created_at, t.expires_at, t.revoked_at, t.account_id,
    CASE WHEN a.id IS NULL OR a.role = 'admin' THEN t.communities ELSE a.communities END
        AS communities,
    CASE WHEN a.id IS NULL OR a.role = 'admin' THEN t.team ELSE a.team END AS team
FROM muang.api_token AS t
LEFT JOIN muang.account AS a ON t.account_id = a.id
WHERE
    t.token_hash = %(digest)s AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
    AND (
        a.id IS NULL
        OR (
            a.disabled_at IS NULL AND a.role IN ('admin', t.role)
            AND (%(throwaway)s OR NOT a.throwaway)
        )
    )
"""
"""Statement behind `verify`. A person's token never allows more than the person has now."""


async def verify(conn: AsyncConnection, token: str, *, throwaway: bool = True) -> TokenInfo | None:
    """The token's record when it is valid now, else None. `throwaway`: the demo's count too."""
    async with conn.cursor(row_factory=class_row(TokenInfo)) as cursor:
        await cursor.execute(VERIFY, {"digest": digest(token), "throwaway": throwaway})
        return await cursor.fetchone()
