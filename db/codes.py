"""One-time codes of an account: right once, and sealed with the platform's present secret."""

from collections.abc import Mapping

from db import totp
from db.changes import AsyncConnection
from db.trust import Trust
from layers.errors import UnauthenticatedError
from layers.text import Text


class CodeNeededError(UnauthenticatedError):
    """A one-time code is needed as well."""


def code_needed() -> CodeNeededError:
    """The password is right and the code is missing."""
    return CodeNeededError(
        Text(
            th="ใส่รหัส 6 หลักจากแอปยืนยันตัวตน",
            en="Enter the 6-digit code of your authenticator app.",
        )
    )


async def is_right(
    conn: AsyncConnection, trust: Trust, account: Mapping[str, object], code: str
) -> bool:
    """Whether the code is the account's (`id`, `totp_secret`, `totp_last_step`), and uses it up.

    Its step is kept in the same statement that checks it. A seed sealed with the old secret is
    sealed anew.
    """
    sealed, last = account["totp_secret"], account["totp_last_step"]
    if not isinstance(sealed, bytes):
        return False
    plain = totp.unseal(sealed, *trust.secrets)
    after = int(str(last)) if last is not None else None
    step = totp.step_of(code, plain, after=after) if plain else None
    if plain is None or step is None:
        return False
    if totp.unseal(sealed, trust.secret) is None:
        sealed = totp.seal(plain, trust.secret)
    cursor = await conn.execute(
        "UPDATE muang.account SET totp_last_step = %s, totp_secret = %s"
        " WHERE id = %s AND (totp_last_step IS NULL OR totp_last_step < %s)",
        [step, sealed, account["id"], step],
    )
    return bool(cursor.rowcount)
