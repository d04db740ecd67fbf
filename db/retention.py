"""How long the platform's own records are kept, and the part of the server that forgets them.

What is proof is kept for as long as it may be asked for: an answer somebody acted on, and the
event that opened people's homes. Who was signed in when is kept for what the law asks of a
service. What nobody signed in asked for is kept for a day.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import psycopg
from psycopg_pool import PoolTimeout

from db.changes import AsyncConnection

log = logging.getLogger("muang.retention")

EVERY_SECONDS = 60.0
BATCH = 500
"""Rows of a kind deleted in one transaction: some milliseconds, and no lock anybody waits for."""
BREATH_SECONDS = 0.1
"""Between two batches, so that a day's backlog does not hold up a tile."""
PUBLIC_MOST = 10_000
"""Answers to callers without a sign-in kept at once, however many ask within a day."""


@dataclass(frozen=True)
class Keep:
    """Days for which answers (and closed events), and ended sign-ins and tokens, are kept."""

    answers_days: int
    sign_ins_days: int


async def forget(
    conn: AsyncConnection, keep: Keep, *, public_most: int = PUBLIC_MOST, batch: int = BATCH
) -> dict[str, int]:
    """Delete one batch of each kind that has had its time; needs the `service` login.

    Returns how many rows of each kind went.
    """
    cursor = await conn.execute(
        "SELECT what, gone FROM muang.forget(%s, %s, %s, %s)",
        [keep.answers_days, keep.sign_ins_days, public_most, batch],
    )
    return {str(what): int(str(gone)) for what, gone in await cursor.fetchall()}


async def run(
    connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]], keep: Keep
) -> None:
    """Forget at once and then every `EVERY_SECONDS`, until cancelled.

    A database that is away is asked again at the next round.
    """
    while True:
        more = False
        try:
            more = await _forget_a_batch(connect, keep)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("retention waits for the database: %s", type(error).__name__)
        await asyncio.sleep(BREATH_SECONDS if more else EVERY_SECONDS)


async def _forget_a_batch(
    connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]], keep: Keep
) -> bool:
    """Whether there may be more."""
    async with connect() as conn:
        gone = await forget(conn, keep)
    if any(gone.values()):
        log.info("forgot what had had its time: %s", {k: n for k, n in gone.items() if n})
    return any(n >= BATCH for n in gone.values())
