"""One asynchronous pool per role of the town being served."""

import select
import time
from contextlib import AsyncExitStack
from typing import Self
from weakref import WeakKeyDictionary

from psycopg_pool import AsyncConnectionPool

from db.changes import AsyncConnection
from db.connect import LOGINS, Login, Machine, url_for
from layers.model import Role

SIZES: dict[str, tuple[int, int]] = {
    Role.PUBLIC: (1, 4),
    Role.STAFF: (1, 4),
    Role.ADMIN: (1, 4),
    Machine.SERVICE: (1, 4),
}
"""Least and most connections; roles not named get (0, 3)."""
_TRUSTED_SECONDS = 1.0
VERIFYING = (1, 3)
"""Connections that only ever ask whose credentials these are: nothing slow holds them up."""


class Pools:
    """Pools of autocommitting connections, one per login. Use as an async context manager.

    Reads are single statements; an answer of several statements opens its own REPEATABLE READ
    transaction. Timeouts and read-only mode are settings of the roles themselves.
    """

    def __init__(self, server_url: str, secret: str, town_id: str) -> None:
        self._pools: dict[Login, AsyncConnectionPool[AsyncConnection]] = {
            login: _pool(
                url_for(server_url, secret, town_id, login),
                f"{town_id}-{login}",
                SIZES.get(login, (0, 3)),
            )
            for login in LOGINS
            if login != Machine.LOADER
        }
        self.verifying = _pool(
            url_for(server_url, secret, town_id, Machine.SERVICE),
            f"{town_id}-verifying",
            VERIFYING,
        )
        self._stack = AsyncExitStack()

    def __getitem__(self, login: Login) -> AsyncConnectionPool[AsyncConnection]:
        """The pool of a role or of the service."""
        return self._pools[login]

    async def __aenter__(self) -> Self:
        for pool in (*self._pools.values(), self.verifying):
            await self._stack.enter_async_context(pool)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()


def _pool(url: str, name: str, size: tuple[int, int]) -> AsyncConnectionPool[AsyncConnection]:
    return AsyncConnectionPool(
        url,
        min_size=size[0],
        max_size=size[1],
        kwargs={"autocommit": True, "application_name": "muang", "connect_timeout": 10},
        open=False,
        name=name,
        timeout=5,
        check=_Check(),
    )


class _Check:
    """Looks whether a connection still lives before it is lent; asks it only when in doubt.

    A question to the database for each tile costs as much as a small tile (measured). What the
    server said unasked, its farewell above all, waits in the socket, where it is seen for nothing;
    what dies without a word is found within `_TRUSTED_SECONDS`.
    """

    def __init__(self) -> None:
        self._asked: WeakKeyDictionary[AsyncConnection, float] = WeakKeyDictionary()

    async def __call__(self, conn: AsyncConnection) -> None:
        """Raise when the connection is of no use."""
        now = time.monotonic()
        if now - self._asked.get(conn, -_TRUSTED_SECONDS) < _TRUSTED_SECONDS and _is_silent(conn):
            return
        await AsyncConnectionPool.check_connection(conn)
        self._asked[conn] = now


def _is_silent(conn: AsyncConnection) -> bool:
    """Whether nothing waits to be read from it."""
    waiting = select.poll()
    waiting.register(conn.fileno(), select.POLLIN)
    return not waiting.poll(0)
