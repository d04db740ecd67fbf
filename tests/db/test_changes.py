"""The change log under concurrent writers: nothing lost, nothing out of order, no gap."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from db.changes import Change, Sequencer, changes_since, listen, number_changes
from db.connect import Machine
from layers.catalog import LAYERS
from tests.conftest import TownHandle
from tests.tiny import load_rows, point, square

WRITERS = 8
EACH = 40


def rows(
    conn: psycopg.Connection[tuple[object, ...]], text: LiteralString
) -> list[tuple[object, ...]]:
    return conn.execute(sql.SQL(text)).fetchall()


def write(town: TownHandle, writer: int) -> None:
    """Many transactions that stay open for unequal times; every tenth is rolled back."""
    with town.connect(Machine.LOADER) as conn:
        for turn in range(EACH):
            conn.execute("SELECT set_config('muang.actor', %s, true)", [f"writer {writer}"])
            conn.execute(
                "INSERT INTO town.shelters (code, geom)"
                " VALUES (%s, ST_GeomFromText(%s::text, %s::integer))",
                [f"{writer}-{turn}", point(writer, turn).wkt, town.srid],
            )
            conn.execute("SELECT pg_sleep(%s)", [0.001 * ((writer * 7 + turn) % 5)])
            if turn % 10 == 9:
                conn.rollback()
            else:
                conn.commit()


def number(town: TownHandle, stop: threading.Event) -> None:
    """A sequencer that races with others."""
    with town.connect(Machine.SERVICE) as conn:
        while not stop.is_set():
            number_changes(conn)


async def follow(town: TownHandle, working: Callable[[], bool]) -> list[int]:
    """Positions met by a reader that resumes from the last one it saw."""
    seen: list[int] = []
    async with await psycopg.AsyncConnection.connect(
        town.url(Machine.SERVICE), autocommit=True
    ) as conn:
        while True:
            busy = working()
            await conn.execute("SELECT muang.number_changes()")
            fresh = await changes_since(conn, seen[-1] if seen else 0)
            seen.extend(change.pos for change in fresh)
            if not busy and not fresh:
                return seen
            await asyncio.sleep(0.005)


def test_eight_writers_lose_nothing(blank_town: TownHandle) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(WRITERS + 3) as threads:
        sequencers = [threads.submit(number, blank_town, stop) for _ in range(3)]
        writers = [threads.submit(write, blank_town, n) for n in range(WRITERS)]
        seen = asyncio.run(follow(blank_town, lambda: not all(w.done() for w in writers)))
        stop.set()
        for work in (*writers, *sequencers):
            work.result()
    kept = WRITERS * (EACH - EACH // 10)
    assert seen == list(range(1, kept + 1))
    with blank_town.connect(Machine.LOADER) as conn:
        assert rows(conn, "SELECT count(*) FROM town.shelters") == [(kept,)]
        by_writer = rows(
            conn,
            "SELECT s.actor, array_agg(c.id ORDER BY c.pos) = array_agg(c.id ORDER BY c.id)"
            " FROM muang.layer_change AS c"
            " INNER JOIN muang.change_set AS s ON s.id = c.change_set GROUP BY s.actor",
        )
        # a writer's own changes keep their order
        assert sorted(by_writer) == [(f"writer {n}", True) for n in range(WRITERS)]


def test_rows_wait_for_each_other_in_order(blank_town: TownHandle) -> None:
    """The second writer of a row is numbered after the first, whichever began first."""
    with blank_town.connect(Machine.LOADER) as setup:
        load_rows(setup, "shelters", [{"code": "S", "name": "0", "geom": point(0, 0)}])
    first = blank_town.connect(Machine.LOADER)
    second = blank_town.connect(Machine.LOADER)
    # the later committer opens its change set, and writes another row, first
    second.execute("UPDATE town.shelters SET name = 'x' WHERE false")
    first.execute("UPDATE town.shelters SET name = 'first' WHERE code = 'S'")
    waiting = threading.Thread(
        target=lambda: second.execute("UPDATE town.shelters SET name = 'second' WHERE code = 'S'")
    )
    waiting.start()
    first.commit()
    waiting.join()
    second.commit()
    number_changes(first)
    order = rows(
        first,
        "SELECT h.name FROM history.shelters AS h"
        " INNER JOIN muang.change_set AS t ON t.id = h.set_to ORDER BY t.pos",
    )
    assert order == [("0",), ("first",)]
    spans = rows(
        first,
        "SELECT f.pos < t.pos FROM history.shelters AS h"
        " INNER JOIN muang.change_set AS f ON f.id = h.set_from"
        " INNER JOIN muang.change_set AS t ON t.id = h.set_to",
    )
    assert spans == [(True,), (True,)]
    first.close()
    second.close()


def test_every_layer_logs_every_kind_of_change(own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn:
        for layer in LAYERS:
            if layer.id == "event_log":  # never rewritten: tests/api/test_events.py tries
                continue
            table = sql.Identifier("town", layer.id)
            before = rows(conn, "SELECT muang.current_pos()")[0][0]
            updated = conn.execute(sql.SQL("UPDATE {} SET source = 'psql'").format(table)).rowcount
            deleted = conn.execute(sql.SQL("DELETE FROM {}").format(table)).rowcount
            assert updated == deleted > 0
            conn.commit()
            number_changes(conn)
            logged = conn.execute(
                "SELECT op, sum(row_count), bool_and(old_box IS NOT NULL),"
                " bool_and(new_box IS NOT NULL) FROM muang.layer_change"
                " WHERE pos > %s AND layer = %s GROUP BY op ORDER BY op DESC",
                [before, layer.id],
            ).fetchall()
            shaped = layer.geometry is not None
            assert logged == [
                ("update", updated, shaped, shaped),
                ("delete", deleted, shaped, False),
            ]
            kept = conn.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("history", layer.id))
            ).fetchone()
            assert kept == (2 * updated,)


def test_cells_and_boxes_say_where_it_changed(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        load_rows(
            conn,
            "parcels",
            [
                {"code": "A", "geom": square(0, 0, 10, 10)},
                {"code": "B", "geom": square(20, 0, 10, 10)},
                {"code": "C", "geom": square(5000, 0, 10, 10)},
            ],
        )
        conn.execute("UPDATE town.parcels SET geom = ST_Translate(geom, 3000, 0) WHERE code = 'A'")
        conn.commit()
        number_changes(conn)

    async def read() -> list[Change]:
        async with await psycopg.AsyncConnection.connect(
            blank_town.url(Machine.SERVICE), autocommit=True
        ) as conn:
            return await changes_since(conn, 0)

    changes = asyncio.run(read())
    assert [(change.op, change.row_count) for change in changes] == [
        ("insert", 2),
        ("insert", 1),
        ("update", 1),
        ("update", 1),
    ]
    near, far = changes[0].bbox, changes[1].bbox
    assert near is not None
    assert far is not None
    assert near[2] < far[0]
    assert near[2] - near[0] == pytest.approx(30 / 107_500, rel=0.01)


def test_empty_statements_leave_nothing(own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn:
        before = rows(conn, "SELECT count(*) FROM muang.change_set")
        conn.execute("UPDATE town.parcels SET use = 'vacant' WHERE false")
        conn.execute("DELETE FROM town.parcels WHERE false")
        conn.commit()
        assert rows(conn, "SELECT count(*) FROM muang.change_set") == before


def test_a_savepoint_rolled_back_leaves_nothing(own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn:
        before = rows(conn, "SELECT count(*) FROM muang.layer_change")
        with conn.transaction():
            with conn.transaction() as inner:
                conn.execute("UPDATE town.shelters SET capacity = 1")
                raise psycopg.Rollback(inner)
            conn.execute("UPDATE town.shelters SET capacity = 2")
        assert rows(conn, "SELECT count(*) FROM muang.layer_change") == [
            (int(str(before[0][0])) + 1,)
        ]
        assert rows(conn, "SELECT DISTINCT capacity FROM town.shelters") == [(2,)]


def test_who_and_when_are_stamped_for_everybody(own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.shelters SET capacity = 9, updated_by = 'somebody else'")
        conn.commit()
        assert rows(conn, "SELECT DISTINCT updated_by FROM town.shelters") == [
            (f"muang_{own_tiny_town.town_id}_loader",)
        ]


def test_truncate_is_refused(own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn, pytest.raises(psycopg.errors.Error):
        conn.execute("TRUNCATE town.parcels")


def test_a_set_id_forged_for_the_session_is_not_believed(own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn:
        conn.execute("SET muang.change_set = '1'")
        conn.execute("UPDATE town.shelters SET capacity = 3")
        conn.commit()
        sets = rows(conn, "SELECT DISTINCT change_set FROM town.shelters")
        assert sets != [(1,)]


def test_the_sequencer_wakes_on_commit_and_the_listener_hears_it(
    own_tiny_town: TownHandle,
) -> None:
    async def run() -> list[Change]:
        url = own_tiny_town.url(Machine.SERVICE)
        sequencer = Sequencer(url)
        task = asyncio.create_task(sequencer.run())
        found: list[Change] = []
        with own_tiny_town.connect(Machine.LOADER) as writer:
            start = int(str(rows(writer, "SELECT muang.current_pos()")[0][0]))
            writer.commit()
            async for conn in listen(url):
                found = await changes_since(conn, start)
                if found:
                    break
                writer.execute("UPDATE town.shelters SET capacity = 77 WHERE code = 'S1'")
                writer.commit()
        assert sequencer.alive
        task.cancel()
        return found

    changes = asyncio.run(asyncio.wait_for(run(), 30))
    assert {(change.layer, change.op) for change in changes} == {("shelters", "update")}
