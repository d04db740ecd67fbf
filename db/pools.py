"""One asynchronous pool per role of the town being served."""

from contextlib import AsyncExitStack
from typing import Self

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
        check=AsyncConnectionPool.check_connection,
    )
