"""Tells open screens of feeds that fell silent: nothing is written when nobody asks a source."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolTimeout

from db import feeds as register
from layers.feed_health import Health, health

if TYPE_CHECKING:
    from api.house import House

log = logging.getLogger("muang.feeds")

LOOK_SECONDS = 10.0
"""How often it is looked which feeds have grown stale by time alone."""


class FeedWatch:
    """Says on `/live` (topic `feeds`) when a feed grows stale or is heard of again.

    Failures and doubts are told by the process that polls, as it writes them down; when that
    process is dead, only the time tells. Of several servers each may say it: to be told twice to
    look is no harm.
    """

    def __init__(self, house: "House") -> None:
        self._house = house
        self._stale: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look(datetime.now(UTC))
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("feeds are not looked at: %s", type(error).__name__)

    async def look(self, now: datetime) -> bool:
        """Look once; whether there was something to tell."""
        async with self._house.service() as conn:
            stale = frozenset(
                feed.name
                for feed, state in await register.overview(conn)
                if health(register.facts(feed, state), now)[0] is Health.STALE
            )
            if stale == self._stale:
                return False
            await register.tell_anew(conn)
            self._stale = stale
        return True
