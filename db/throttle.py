"""How fast one may guess, the same whether or not the name exists.

Strangers are counted by name, by address, and by both together. The name's own pause is short:
otherwise anybody who knows a name keeps its owner out. A browser its owner signed in with before
is counted by itself (`db.known_browsers`), so strangers never make it wait.
"""

import hashlib
import hmac
from dataclasses import dataclass

from db.changes import AsyncConnection

FREE = 5
"""Failures in a row before waiting begins."""
FREE_PER_ADDRESS = 50
WINDOW_MINUTES = 30
"""Failures further apart do not count as being in a row."""
LONGEST_SECONDS = 900
LONGEST_FOR_A_NAME = 30
"""Longest pause of a name that strangers try from anywhere, in seconds."""
LIMIT = 100
"""Failures since a success after which a password alone is not enough (SP 800-63B-4, 3.2.2)."""
LIMIT_AGAIN = 20
"""Wrong answers to being asked once more, after which the session ends."""


@dataclass(frozen=True)
class Counter:
    """One thing that is counted: a hash that names nobody, free failures, longest pause in s."""

    key: bytes
    free: int = FREE
    longest: int = LONGEST_SECONDS


@dataclass(frozen=True)
class Tried:
    """What an attempt counts for, the one whose `LIMIT` holds first, and what a success clears."""

    counters: tuple[Counter, ...]
    cleared: tuple[bytes, ...]


@dataclass(frozen=True)
class Standing:
    """Seconds until the next attempt is heard (0: now), and failures since the last success."""

    seconds: int
    failures: int


def stranger(secret: str, username: str, address: str) -> Tried:
    """An attempt from a browser the account is not known in, or at a name that does not exist."""
    name = name_key(secret, username)
    there = _key(secret, "name and address", f"{address} {username}")
    counters = (
        Counter(name, longest=LONGEST_FOR_A_NAME),
        Counter(there),
        Counter(_key(secret, "address", address), free=FREE_PER_ADDRESS),
    )
    return Tried(counters, (name, there))


def known_browser(secret: str, username: str, account_id: int, browser: str) -> Tried:
    """An attempt from a browser this account has signed in with."""
    key = _key(secret, "known", f"{account_id} {browser}")
    return Tried((Counter(key),), (key, name_key(secret, username)))


def once_more(secret: str, account_id: int, session_id: int) -> Tried:
    """Somebody signed in, asked for the password again."""
    key = _key(secret, "again", f"{account_id} {session_id}")
    return Tried((Counter(key),), (key,))


def name_key(secret: str, username: str) -> bytes:
    """The counter of strangers who try a name."""
    return _key(secret, "name", username)


def _key(secret: str, kind: str, value: str) -> bytes:
    return hmac.new(secret.encode(), f"{kind}:{value}".encode(), hashlib.sha256).digest()


async def standing(conn: AsyncConnection, tried: Tried) -> Standing:
    """Whether an attempt may be made now."""
    cursor = await conn.execute(
        "SELECT key, recent, total, extract(epoch FROM clock_timestamp() - last_at)::float8"
        " FROM muang.sign_in_failure WHERE key = ANY(%s)",
        [[counter.key for counter in tried.counters]],
    )
    found = {bytes(key): rest for key, *rest in await cursor.fetchall()}  # type: ignore[call-overload]
    wait, failures = 0.0, 0
    for counter in tried.counters:
        recent, total, ago = (float(str(fact)) for fact in found.get(counter.key, (0, 0, 0)))
        if counter is tried.counters[0]:
            failures = int(total)
        over = int(recent) - counter.free
        if over >= 0 and ago < WINDOW_MINUTES * 60:
            wait = max(wait, min(2.0 ** min(over, 20), counter.longest) - ago)
    return Standing(max(0, -int(-wait // 1)), failures)


async def failed(conn: AsyncConnection, tried: Tried) -> None:
    """Count a failure; `db.retention` forgets it in time."""
    await conn.execute(
        "INSERT INTO muang.sign_in_failure AS f (key)"
        " SELECT given.key FROM unnest(%(keys)s::bytea[]) AS given (key)"
        " ORDER BY given.key"  # in one order, so that two at once never wait for each other
        " ON CONFLICT (key) DO UPDATE SET"
        " recent = CASE WHEN f.last_at > clock_timestamp() - make_interval(mins => %(window)s)"
        " THEN f.recent + 1 ELSE 1 END,"
        " total = f.total + 1, last_at = clock_timestamp()",
        {"keys": [counter.key for counter in tried.counters], "window": WINDOW_MINUTES},
    )


async def succeeded(conn: AsyncConnection, tried: Tried) -> None:
    """A right password ends the row of failures; the address keeps its own."""
    await conn.execute(
        "DELETE FROM muang.sign_in_failure WHERE key = ANY(%s)", [list(tried.cleared)]
    )
