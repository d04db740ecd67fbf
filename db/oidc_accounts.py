"""Accounts of people who sign in with OpenID Connect: bound by issuer and subject, nothing else.

An account is made beforehand (`./muang user add --oidc-subject`), or at first sign-in where the
configuration maps a group to a role; a mapped account gets its role anew at each sign-in.
"""

from dataclasses import dataclass

from psycopg.rows import dict_row

from db.accounts import clean_username
from db.changes import AsyncConnection
from layers.errors import ForbiddenError
from layers.model import Role
from layers.text import Text


@dataclass(frozen=True)
class Identity:
    """Who the provider says it is; `role` is what the configured mapping gives them, if any.

    `two_factors`: the provider says that it asked for more than a password.
    """

    issuer: str
    subject: str
    username: str
    display_name: str
    role: Role | None
    two_factors: bool = False


async def account_of(conn: AsyncConnection, who: Identity) -> int:
    """The account to open a session for; ForbiddenError when there is none for this person.

    Needs the `service` login. A username taken by somebody else gets a number, and never the
    other one's account: only issuer and subject say who somebody is.
    """
    row = await _bound(conn, who)
    if row is None and who.role is not None:
        await _make(conn, who, who.role)
        row = await _bound(conn, who)
    if row is None or row["disabled_at"] is not None:
        raise _unknown()
    if row["totp"] and not who.two_factors:
        raise ForbiddenError(
            Text(
                th="บัญชีนี้ใช้รหัส 6 หลักด้วย แต่ผู้ให้บริการไม่ได้ตรวจสองขั้น ลงชื่อเข้าใช้ด้วยรหัสผ่านและรหัส",
                en="This account asks for a one-time code, and the provider did not ask for a "
                "second factor. Sign in with your password and code.",
            ),
            account=row["id"],
        )
    found = int(str(row["id"]))
    if row["oidc_mapped"]:
        if who.role is None:
            await _end_all(conn, found)
            raise _unknown()
        cursor = await conn.execute(
            "UPDATE muang.account SET role = %s WHERE id = %s AND role <> %s",
            [str(who.role), found, str(who.role)],
        )
        if cursor.rowcount:
            await _end_all(conn, found)
    return found


async def _end_all(conn: AsyncConnection, account_id: int) -> None:
    """End what was opened with rights the provider no longer gives: sessions and tokens."""
    await conn.execute(
        "UPDATE muang.session SET ended_at = clock_timestamp()"
        " WHERE account_id = %s AND ended_at IS NULL",
        [account_id],
    )
    await conn.execute(
        "UPDATE muang.api_token SET revoked_at = clock_timestamp()"
        " WHERE account_id = %s AND revoked_at IS NULL",
        [account_id],
    )


async def _bound(conn: AsyncConnection, who: Identity) -> dict[str, object] | None:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT id, disabled_at, oidc_mapped, totp_secret IS NOT NULL AS totp"
            " FROM muang.account WHERE oidc_issuer = %s AND oidc_subject = %s",
            [who.issuer, who.subject],
        )
        return await cursor.fetchone()


async def _make(conn: AsyncConnection, who: Identity, role: Role) -> None:
    base = clean_username("-".join(who.username.split())[:56] or "person")
    for number in range(1, 1000):
        username = base if number == 1 else f"{base}-{number}"
        cursor = await conn.execute(
            "INSERT INTO muang.account"
            " (username, display_name, role, oidc_issuer, oidc_subject, oidc_mapped)"
            " VALUES (%s, %s, %s, %s, %s, true) ON CONFLICT DO NOTHING",
            [username, who.display_name[:200], str(role), who.issuer, who.subject],
        )
        # nothing made: the name is taken, or the same person signs in twice at once
        if cursor.rowcount or await _bound(conn, who):
            return


def _unknown() -> ForbiddenError:
    return ForbiddenError(
        Text(
            th="ยังไม่มีบัญชีสำหรับท่าน ขอให้ผู้ดูแลระบบสร้างให้",
            en="There is no account for you yet. Ask an administrator to make one.",
        )
    )
