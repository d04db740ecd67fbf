"""One exercise at a time, its clock, and that everybody hears of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from db import exercise
from db.connect import Machine
from db.derived import AnyConnection
from db.towns import drop_town
from layers.errors import ConflictError, NotFoundError
from layers.model import Role
from tests.conftest import TownHandle, make_town

ASKED = {"name": "ซ้อม 2569", "scenario": "river", "seed": 7, "speed": 60.0, "actor": "tester"}


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture
def conn(town: TownHandle) -> Iterator[AnyConnection]:
    with town.connect(Machine.LOADER) as opened:
        yield opened
        opened.rollback()


def test_one_is_open_at_a_time_and_ending_removes_nothing(conn: AnyConnection) -> None:
    assert exercise.current(conn) is None
    with pytest.raises(NotFoundError):
        exercise.end(conn, "tester")
    made = exercise.begin(conn, **ASKED)
    assert exercise.current(conn) == made
    with pytest.raises(ConflictError):
        exercise.begin(conn, **ASKED)
    closed = exercise.end(conn, "tester")
    assert exercise.current(conn) is None
    assert exercise.last(conn) == closed
    assert closed.closed_at is not None


def test_its_clock_runs_at_its_speed_in_python_and_in_sql(conn: AnyConnection) -> None:
    made = exercise.begin(conn, **ASKED)
    later = made.started_at + timedelta(minutes=1)
    assert made.clock(later) == made.started_at + timedelta(hours=1)
    assert made.clock(made.started_at - timedelta(hours=6)) == made.started_at
    row = conn.execute("SELECT now(), muang.exercise_clock()").fetchone()
    assert row is not None
    assert isinstance(row[0], datetime)
    assert row[1] == made.started_at + made.speed * (row[0] - made.started_at)


def test_every_role_may_ask_and_only_the_loader_may_begin(town: TownHandle) -> None:
    for login in (*Role, Machine.SERVICE):
        with town.connect(login) as asking:
            assert exercise.current(asking) is None
            row = asking.execute("SELECT now() = muang.exercise_clock()").fetchone()
            assert row == (True,)


def test_a_beginning_and_a_feed_that_fails_are_told_and_nothing_else(town: TownHandle) -> None:
    with town.connect(Machine.LOADER) as conn:
        conn.execute(
            "INSERT INTO muang.feed (name, kind, url, interval_s, added_by)"
            " VALUES ('river', 'thaiwater', 'https://example.org/', 600, 'tester')"
        )
        conn.execute("INSERT INTO muang.feed_state (feed) VALUES ('river')")
        conn.commit()
        conn.execute("UPDATE muang.feed_state SET tried_at = %s", [datetime.now(UTC)])
        conn.commit()
        conn.execute("UPDATE muang.feed_state SET error_th = 'ก', error_en = 'a'")
        conn.commit()
        exercise.begin(conn, **ASKED)
        conn.commit()
        exercise.end(conn, "tester")
        conn.commit()
        conn.execute("SELECT muang.number_changes()")
        told = conn.execute("SELECT layer, op FROM muang.layer_change ORDER BY pos").fetchall()
    assert told == [
        ("feeds", "insert"),
        ("feeds", "update"),
        ("exercise", "insert"),
        ("exercise", "update"),
    ]
