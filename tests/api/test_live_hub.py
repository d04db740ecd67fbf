"""The hub on a real database: what it proves, what it passes on, and when it lost its way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from api import live_hub
from api.live_hub import LiveHub
from db.changes import AsyncConnection, Change, Sequencer
from db.connect import Machine, connect_admin
from layers.model import Role
from tests.api.tile_storm import head
from tests.conftest import TownHandle
from tests.tiny import load_rows, square


class Kept:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.forgot = 0

    def heard(self, changes: list[Change]) -> None:
        self.changes += changes

    def forget(self) -> None:
        self.forgot += 1


@asynccontextmanager
async def hearing(town: TownHandle) -> AsyncIterator[tuple[LiveHub, Kept]]:
    """A hub and a sequencer at work, sure of what they hear."""
    kept = Kept()
    hub = LiveHub(town.url(Machine.SERVICE), kept)
    tasks = [
        asyncio.create_task(hub.run()),
        asyncio.create_task(Sequencer(town.url(Machine.SERVICE)).run()),
    ]
    try:
        await until(lambda: hub.fresh)
        kept.forgot = 0
        yield hub, kept
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(what: Callable[[], bool]) -> None:
    while not what():  # noqa: ASYNC110 - the hub tells nobody
        await asyncio.sleep(0.02)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def edit(town: TownHandle, statement: str) -> int:
    with town.connect(Machine.LOADER) as conn:
        conn.execute(statement.encode())
    return head(town)


def admin(town: TownHandle, statement: str) -> None:
    with connect_admin(town.server_url, town.town_id) as conn:
        conn.execute(statement.encode())


UPDATE = "UPDATE town.parcels SET use = 'vacant' WHERE code = '01A000'"


def test_a_stream_hears_after_the_keeper(own_tiny_town: TownHandle) -> None:
    async def work() -> None:
        async with hearing(own_tiny_town) as (hub, kept):
            with hub.subscribe("somebody") as stream:
                pos = await asyncio.to_thread(edit, own_tiny_town, UPDATE)
                heard = await stream.take(30)
                assert [change.pos for change in heard] == [pos]
                assert kept.changes == heard
            await hub.reached(pos)
            assert hub.pos == pos
            assert not kept.forgot

    run(work())


def test_a_moved_row_has_two_places(own_tiny_town: TownHandle) -> None:
    moved = "UPDATE town.shelters SET geom = ST_Translate(geom, 300, 0) WHERE code = 'S1'"

    async def work() -> None:
        async with hearing(own_tiny_town) as (hub, kept):
            await asyncio.to_thread(edit, own_tiny_town, UPDATE)
            await hub.reached(await asyncio.to_thread(edit, own_tiny_town, moved))
            same, shelter = kept.changes[0], kept.changes[1:]
            assert len(same.boxes) == 1
            boxes = [box for change in shelter for box in change.boxes]
            assert len(boxes) == 2
            assert abs(abs(boxes[0][0] - boxes[1][0]) - 300 / 107_500) < 1e-5

    run(work())


def test_boxes_hold_their_rows(own_tiny_town: TownHandle) -> None:
    """A box in metres turns and bends in degrees; what was drawn from it must stay inside."""
    wide = {"code": "WIDE", "name": "w", "geom": square(-40_000, -60_000, 90_000, 120_000)}

    async def work() -> None:
        async with hearing(own_tiny_town) as (hub, kept):
            with own_tiny_town.connect(Machine.LOADER) as conn:
                load_rows(conn, "communities", [wide])
            await hub.reached(await asyncio.to_thread(head, own_tiny_town))
            (box,) = kept.changes[-1].boxes
            with own_tiny_town.connect(Role.ADMIN) as conn:
                row = conn.execute(
                    "SELECT ST_XMin(g), ST_YMin(g), ST_XMax(g), ST_YMax(g) FROM ("
                    "SELECT ST_Transform(ST_Segmentize(geom, 100), 4326) AS g"
                    " FROM communities WHERE code = 'WIDE') AS t"
                ).fetchone()
            assert row is not None
            west, south, east, north = (float(str(edge)) for edge in row)
            assert box[0] < west < box[0] + 0.001
            assert box[1] < south < box[1] + 0.001
            assert box[2] - 0.001 < east < box[2]
            assert box[3] - 0.001 < north < box[3]

    run(work())


def test_a_view_made_anew_is_noticed(own_tiny_town: TownHandle) -> None:
    async def work() -> None:
        async with hearing(own_tiny_town) as (_, kept):
            for statement in (
                "COMMENT ON VIEW as_public.parcels IS 'changes nothing'",
                "ANALYZE town.parcels",
                "VACUUM town.parcels",
            ):
                await asyncio.to_thread(admin, own_tiny_town, statement)
            await asyncio.sleep(0.6)
            assert kept.forgot == 0
            login = f'"muang_{own_tiny_town.town_id}_public"'
            for number, statement in enumerate(
                (
                    f"REVOKE ALL ON as_public.parcels FROM {login}",
                    f"GRANT SELECT ON as_public.parcels TO {login}",
                    "DROP VIEW as_public.parcels",
                )
            ):
                await asyncio.to_thread(admin, own_tiny_town, statement)
                await until(lambda wanted=number + 1: kept.forgot == wanted)  # type: ignore[misc]

    run(work())


def test_a_past_that_never_was_ends_what_is_kept_and_the_streams(
    own_tiny_town: TownHandle,
) -> None:
    """A database restored from an older copy gives positions a second time."""
    past = """
    WITH gone AS (
        DELETE FROM muang.layer_change
        WHERE pos > (SELECT max(pos) - 3 FROM muang.layer_change)
        RETURNING change_set
    )
    DELETE FROM muang.change_set WHERE id IN (SELECT change_set FROM gone)
    """

    async def work() -> None:
        async with hearing(own_tiny_town) as (hub, kept):
            with hub.subscribe("somebody") as stream:
                for _ in range(3):
                    await hub.reached(await asyncio.to_thread(edit, own_tiny_town, UPDATE))
                await asyncio.to_thread(admin, own_tiny_town, past)
                await until(lambda: kept.forgot == 1)
                assert stream.lost
            pos = await asyncio.to_thread(edit, own_tiny_town, UPDATE)
            await hub.reached(pos)
            assert hub.pos == pos
            await until(lambda: hub.fresh)

    run(work())


def test_other_changes_under_known_positions_are_noticed(own_tiny_town: TownHandle) -> None:
    """A replica took over that lacks our last transaction and has another in its place."""
    other = """
    UPDATE muang.layer_change SET committed_at = committed_at + interval '1 second'
    WHERE pos = (SELECT max(pos) FROM muang.layer_change)
    """

    async def work() -> None:
        async with hearing(own_tiny_town) as (hub, kept):
            await hub.reached(await asyncio.to_thread(edit, own_tiny_town, UPDATE))
            await asyncio.to_thread(admin, own_tiny_town, other)
            await until(lambda: kept.forgot == 1)

    run(work())


def test_a_hole_in_the_log_ends_what_is_kept(own_tiny_town: TownHandle) -> None:
    hole = """
    DELETE FROM muang.layer_change
    WHERE pos IS NULL AND id < (SELECT max(id) FROM muang.layer_change)
    """
    renumber = """
    UPDATE muang.layer_change SET pos = 2 + (SELECT max(pos) FROM muang.layer_change),
        committed_at = now()
    WHERE pos IS NULL
    """

    async def work() -> None:
        async with hearing(own_tiny_town) as (hub, kept):
            before = hub.pos or 0
            with connect_admin(own_tiny_town.server_url, own_tiny_town.town_id) as conn:
                conn.execute("SELECT pg_advisory_lock(7214001)")
                with own_tiny_town.connect(Machine.LOADER) as clerk:
                    for _ in range(2):
                        await asyncio.to_thread(clerk.execute, UPDATE)
                        clerk.commit()
                await asyncio.to_thread(conn.execute, hole)
                await asyncio.to_thread(conn.execute, renumber)
                conn.execute("SELECT pg_advisory_unlock(7214001)")
            await until(lambda: hub.pos == before + 2)
            assert kept.forgot == 1
            assert kept.changes == []

    run(work())


def test_what_is_committed_and_not_numbered_ends_the_proof(own_tiny_town: TownHandle) -> None:
    async def work() -> None:
        async with hearing(own_tiny_town) as (hub, kept):
            with connect_admin(own_tiny_town.server_url, own_tiny_town.town_id) as conn:
                conn.execute("SELECT pg_advisory_lock(7214001)")
                with own_tiny_town.connect(Machine.LOADER) as clerk:
                    await asyncio.to_thread(clerk.execute, UPDATE)
                await until(lambda: not hub.fresh)
                conn.execute("SELECT pg_advisory_unlock(7214001)")
            await until(lambda: hub.fresh)
            assert len(kept.changes) == 1
            assert kept.forgot == 0

    run(work())


def test_a_writer_without_end_does_not_end_the_proof(own_tiny_town: TownHandle) -> None:
    """There is always something waiting for its number, but never the same for long."""

    async def work() -> None:
        async with hearing(own_tiny_town) as (hub, kept):
            over = asyncio.Event()

            async def write() -> None:
                with own_tiny_town.connect(Machine.LOADER) as clerk:
                    while not over.is_set():
                        await asyncio.to_thread(clerk.execute, UPDATE)
                        clerk.commit()

            writing = asyncio.create_task(write())
            await until(lambda: len(kept.changes) > 300)
            fresh = hub.fresh
            over.set()
            await writing
            assert fresh
            await hub.reached(await asyncio.to_thread(head, own_tiny_town))
            places = [change.pos for change in kept.changes]
            assert places == list(range(places[0], places[-1] + 1))

    run(work())


def test_what_many_come_back_for_is_read_once(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    start = head(town)
    for number in range(5):
        _use(town, f"01A00{number}")
    assert head(town) == start + 5  # numbered before the hub begins: it has not heard them itself

    async def check() -> None:
        lent = 0
        async with hearing(town) as (hub, _), await _service(town) as conn:

            @asynccontextmanager
            async def service() -> AsyncIterator[AsyncConnection]:
                nonlocal lent
                lent += 1
                yield conn

            await hub.reached(start + 5)
            backs = await asyncio.gather(*(hub.missed(start + 2, service) for _ in range(50)))
            assert {tuple(c.pos for c in back) for back in backs} == {
                (start + 3, start + 4, start + 5)
            }
            assert lent == 1
            # one who was away longer is read for as well; who was away less is not
            assert next(c.pos for c in await hub.missed(start, service)) == start + 1
            assert await hub.missed(start + 5, service) == []
            assert lent == 2
            # what is heard from now on is remembered as it comes
            await asyncio.to_thread(_use, town, "01A006")
            await until(lambda: (hub.pos or 0) >= start + 6)
            wanted = list(range(start + 1, start + 7))
            assert [c.pos for c in await hub.missed(start, service)] == wanted
            assert lent == 2

    run(check())


def test_only_so_much_is_remembered(
    own_tiny_town: TownHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = own_tiny_town
    monkeypatch.setattr(live_hub, "KEPT", 4)

    async def check() -> None:
        async with hearing(town) as (hub, _), await _service(town) as conn:

            @asynccontextmanager
            async def service() -> AsyncIterator[AsyncConnection]:
                yield conn

            start = hub.pos or 0
            for number in range(7):
                await asyncio.to_thread(_use, town, f"01A01{number}")
            await until(lambda: (hub.pos or 0) >= start + 7)
            for away in range(1, 8):
                # more than is remembered comes in parts, as of the log
                found = [c.pos for c in await hub.missed(start + 7 - away, service)]
                assert found == list(range(start + 8 - away, start + 8))[: len(found)]
                assert len(found) >= min(away, 4)

    run(check())


async def _service(town: TownHandle) -> AsyncConnection:
    return await AsyncConnection.connect(town.url(Machine.SERVICE), autocommit=True)


def _use(town: TownHandle, code: str) -> None:
    with town.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.parcels SET use = 'public' WHERE code = %s", [code])
