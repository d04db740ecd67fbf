"""How fast one may guess: per name and per address, the same whether or not the name exists."""

import hashlib
import hmac
from dataclasses import dataclass

from db.changes import AsyncConnection

FREE = 5
"""Failures of one name within the window before waiting begins."""
FREE_PER_ADDRESS = 50
WINDOW_MINUTES = 30
LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Keys:
    """What is counted: hashes, so that the table names nobody and no address."""

    name: bytes
    address: bytes


def keys(secret: str, username: str, address: str) -> Keys:
    """The two counters of an attempt."""
    return Keys(_key(secret, "name", username), _key(secret, "address", address))


def _key(secret: str, kind: str, value: str) -> bytes:
    return hmac.new(secret.encode(), f"{kind}:{value}".encode(), hashlib.sha256).digest()


async def seconds_to_wait(conn: AsyncConnection, tried: Keys) -> int:
    """Seconds until the next attempt is heard; 0 when it may be made now."""
    cursor = await conn.execute(
        "SELECT key = %(name)s, count(*), extract(epoch FROM clock_timestamp() - max(at))::float8"
        " FROM muang.sign_in_failure WHERE key IN (%(name)s, %(address)s)"
        " AND at > clock_timestamp() - make_interval(mins => %(window)s) GROUP BY key",
        {"name": tried.name, "address": tried.address, "window": WINDOW_MINUTES},
    )
    wait = 0.0
    for is_name, failures, ago in await cursor.fetchall():
        over = int(str(failures)) - (FREE if is_name else FREE_PER_ADDRESS)
        if over >= 0:
            pause = min(2.0**over, LONGEST_SECONDS)
            wait = max(wait, pause - float(str(ago)))
    return max(0, -int(-wait // 1))


async def failed(conn: AsyncConnection, tried: Keys) -> None:
    """Count a failure, and forget those older than a day."""
    await conn.execute(
        "INSERT INTO muang.sign_in_failure (key) VALUES (%s), (%s)", [tried.name, tried.address]
    )
    await conn.execute(
        "DELETE FROM muang.sign_in_failure WHERE at < clock_timestamp() - interval '1 day'"
    )


async def succeeded(conn: AsyncConnection, tried: Keys) -> None:
    """A right password clears the name's counter; the address keeps its own."""
    await conn.execute("DELETE FROM muang.sign_in_failure WHERE key = %s", [tried.name])
