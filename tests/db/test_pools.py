"""Connections are lent alive, and are not asked about it each time."""

import asyncio
from typing import Any

import pytest

from db.connect import connect_admin
from db.pools import Pools
from layers.model import Role
from tests.conftest import TownHandle


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whom the pool asked over the network."""
    from db import pools  # noqa: PLC0415 - patched here

    found: list[object] = []
    real = pools.AsyncConnectionPool.check_connection

    async def noted(conn: Any) -> None:
        found.append(conn)
        await real(conn)

    monkeypatch.setattr(pools.AsyncConnectionPool, "check_connection", staticmethod(noted))
    monkeypatch.setattr(pools, "_TRUSTED_SECONDS", 1000.0)
    return found


def test_a_connection_in_use_is_asked_once(tiny_town: TownHandle, asked: list[object]) -> None:
    async def use() -> None:
        async with Pools(tiny_town.server_url, tiny_town.secret, tiny_town.town_id) as pools:
            for _ in range(20):
                async with pools[Role.PUBLIC].connection() as conn:
                    await conn.execute("SELECT 1")

    asyncio.run(use())
    assert len(asked) == len({id(conn) for conn in asked}) <= 4


def test_a_connection_that_was_ended_is_not_lent(
    tiny_town: TownHandle, asked: list[object]
) -> None:
    async def use() -> None:
        async with Pools(tiny_town.server_url, tiny_town.secret, tiny_town.town_id) as pools:
            for _ in range(5):
                async with pools[Role.PUBLIC].connection() as conn:
                    pid = conn.info.backend_pid
                with connect_admin(tiny_town.server_url) as admin:
                    admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
                async with pools[Role.PUBLIC].connection() as conn:
                    cursor = await conn.execute("SELECT pg_backend_pid()")
                    row = await cursor.fetchone()
                assert row
                assert row[0] != pid

    asyncio.run(use())
