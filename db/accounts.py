"""People who sign in: made by an administrator, disabled rather than deleted."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import class_row

from db.changes import AsyncConnection
from db.derived import AnyConnection
from db.passwords import check_password, hash_password, normal
from db.throttle import name_key
from db.trust import Trust
from layers.errors import BadRequestError, ConflictError, NotFoundError
from layers.model import Role
from layers.text import Text

_COLUMNS = (
    "id, username, display_name, role, communities, team, totp_secret IS NOT NULL AS totp,"
    " oidc_issuer, throwaway, created_at, disabled_at"
)


@dataclass(frozen=True)
class Account:
    """An account as administrators see it; never its secrets."""

    id: int
    username: str
    display_name: str
    role: Role
    communities: list[str] | None
    team: str | None
    totp: bool
    oidc_issuer: str | None
    throwaway: bool
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True)
class NewAccount:
    """An account to be made. `communities` limits a caregiver, `team` names a field crew."""

    username: str
    display_name: str
    role: Role
    password: str | None = None
    communities: tuple[str, ...] | None = None
    team: str | None = None
    oidc_issuer: str | None = None
    oidc_subject: str | None = None
    throwaway: bool = False


def clean_username(username: str) -> str:
    """A username as it is stored and compared; BadRequestError when it cannot be one."""
    clean = normal(username).strip().lower()
    if not 1 <= len(clean) <= 64 or any(not c.isprintable() or c.isspace() for c in clean):  # noqa: PLR2004
        raise BadRequestError(
            Text(
                th="ชื่อผู้ใช้ต้องยาวไม่เกิน 64 ตัวอักษร และไม่มีช่องว่าง",
                en="A username has at most 64 characters and no spaces.",
            )
        )
    return clean


def add_account(conn: AnyConnection, new: NewAccount, *, breached: Path | None = None) -> Account:
    """Make an account as the `service` login; ConflictError when the name is taken.

    `breached` is the operator's file of passwords nobody may use.
    """
    username = clean_username(new.username)
    if new.role == Role.PUBLIC:
        raise BadRequestError(
            Text(th="บทบาท public ไม่ต้องมีบัญชี", en="The role public needs no account.")
        )
    if new.role == Role.TEAM and not new.team:
        raise BadRequestError(
            Text(th="บัญชีทีมต้องระบุชื่อทีม (--team)", en="A team account needs its crew (--team).")
        )
    hashed = None
    if new.password is not None:
        hashed = hash_password(check_password(new.password, username=username, breached=breached))
    try:
        with conn.transaction(), conn.cursor(row_factory=class_row(Account)) as cursor:
            made = cursor.execute(
                "INSERT INTO muang.account (username, display_name, role, password_hash,"  # noqa: S608
                " communities, team, oidc_issuer, oidc_subject, throwaway)"
                f" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}",
                [
                    username,
                    new.display_name,
                    str(new.role),
                    hashed,
                    list(new.communities) if new.communities is not None else None,
                    new.team,
                    new.oidc_issuer,
                    new.oidc_subject,
                    new.throwaway,
                ],
            ).fetchone()
    except psycopg.errors.UniqueViolation as error:
        raise ConflictError(
            Text(
                th=f"มีผู้ใช้ชื่อ “{username}” อยู่แล้ว",
                en=f"There is a user called “{username}” already.",
            )
        ) from error
    if made is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return made


def ensure_throwaway(conn: AnyConnection, new: NewAccount) -> None:
    """A sign-in of the demo with this password, made or renewed; ends its old sessions.

    An account of that name which the demo did not make is left alone: ConflictError.
    """
    hashed = hash_password(check_password(new.password or "", username=new.username))
    with conn.transaction():
        done = conn.execute(
            "INSERT INTO muang.account"
            " (username, display_name, role, password_hash, team, throwaway)"
            " VALUES (%s, %s, %s, %s, %s, true)"
            " ON CONFLICT (username) DO UPDATE SET"
            " display_name = excluded.display_name, role = excluded.role, team = excluded.team,"
            " password_hash = excluded.password_hash, totp_secret = NULL, totp_last_step = NULL,"
            " password_changed_at = clock_timestamp(), disabled_at = NULL"
            " WHERE account.throwaway",
            [
                clean_username(new.username),
                new.display_name,
                str(new.role),
                hashed,
                new.team,
            ],
        ).rowcount
        _end_sessions(conn, new.username)
    if not done:
        raise ConflictError(
            Text(
                th=f"มีผู้ใช้ชื่อ “{new.username}” ที่ไม่ใช่บัญชีสาธิตอยู่แล้ว",
                en=f"There is a user called “{new.username}” who is not of the demo.",
            )
        )


def throwaway_accounts(conn: AnyConnection) -> list[str]:
    """Usernames of the demo's sign-ins that still work."""
    rows = conn.execute(
        "SELECT username FROM muang.account WHERE throwaway AND disabled_at IS NULL"
        " ORDER BY username"
    ).fetchall()
    return [str(row[0]) for row in rows]


async def any_throwaway(conn: AsyncConnection) -> bool:
    """Whether a sign-in of the demo still works; asked by the server when it starts."""
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT 1 FROM muang.account WHERE throwaway AND disabled_at IS NULL)"
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


def _end_sessions(conn: AnyConnection, username: str) -> None:
    conn.execute(
        "UPDATE muang.session AS s SET ended_at = clock_timestamp() FROM muang.account AS a"
        " WHERE a.id = s.account_id AND a.username = %s AND s.ended_at IS NULL",
        [clean_username(username)],
    )


def list_accounts(conn: AnyConnection) -> list[Account]:
    """Every account, by name."""
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM muang.account ORDER BY username"  # noqa: S608 - constant
        ).fetchall()


def disable_account(conn: AnyConnection, username: str) -> None:
    """End an account and all its sessions; NotFoundError when there is no live one."""
    with conn.transaction():
        done = conn.execute(
            "UPDATE muang.account SET disabled_at = clock_timestamp()"
            " WHERE username = %s AND disabled_at IS NULL",
            [clean_username(username)],
        ).rowcount
        _end_sessions(conn, username)
    if not done:
        raise _no_user(username)


def _no_user(username: str) -> NotFoundError:
    return NotFoundError(
        Text(
            th=f"ไม่มีผู้ใช้ที่ใช้งานอยู่ชื่อ “{username}”",
            en=f"There is no active user called “{username}”.",
        )
    )


def set_password(
    conn: AnyConnection, username: str, password: str, trust: Trust, *, drop_code: bool = False
) -> None:
    """Give somebody a new password, as an administrator does; NotFoundError without an account.

    Ends the account's sessions and tokens, and with `drop_code` its one-time code, for whoever
    lost the device. Strangers' failures at the name are forgotten.
    """
    name = clean_username(username)
    hashed = hash_password(check_password(password, username=name, breached=trust.breached))
    with conn.transaction():
        found = conn.execute(
            "UPDATE muang.account SET password_hash = %s, password_changed_at = clock_timestamp(),"
            " totp_secret = CASE WHEN %s THEN NULL ELSE totp_secret END"
            " WHERE username = %s AND disabled_at IS NULL RETURNING id",
            [hashed, drop_code, name],
        ).fetchone()
        if found is None:
            raise _no_user(username)
        _end_sessions(conn, name)
        conn.execute(
            "UPDATE muang.api_token SET revoked_at = clock_timestamp()"
            " WHERE account_id = %s AND revoked_at IS NULL",
            found,
        )
        conn.execute(
            "DELETE FROM muang.sign_in_failure WHERE key = %s", [name_key(trust.secret, name)]
        )
