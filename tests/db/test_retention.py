"""What has had its time is forgotten, in small batches; what is still proof stays."""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from db.connect import Machine, connect_admin
from db.retention import Keep, forget
from db.towns import drop_town
from tests.conftest import TownHandle, make_town

KEEP = Keep(answers_days=400, sign_ins_days=90)


@pytest.fixture(scope="module")
def made(server_url: str, secret: str) -> Iterator[TownHandle]:
    town = make_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture
def town(made: TownHandle) -> TownHandle:
    admin(
        made,
        "TRUNCATE muang.answer, muang.session, muang.api_token, muang.account,"
        " muang.sign_in_failure, muang.opening, muang.run_list",
    )
    return made


def admin(town: TownHandle, statement: str) -> list[tuple[Any, ...]]:
    with connect_admin(town.server_url, town.town_id) as conn:
        cursor = conn.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def forgotten(town: TownHandle, keep: Keep = KEEP, **options: int) -> dict[str, int]:
    async def run() -> dict[str, int]:
        url = town.url(Machine.SERVICE)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            return await forget(conn, keep, **options)

    return {what: n for what, n in asyncio.run(run()).items() if n}


def answers(town: TownHandle, role: str, *ages: str) -> None:
    for age in ages:
        admin(
            town,
            "INSERT INTO muang.answer (id, kind, computed_at, pos, role, request, response) SELECT"
            f" gen_random_uuid(), 'impact', now() - interval '{age}', 1, '{role}', '{{}}', '{{}}'",
        )


def test_answers_to_the_public_are_kept_for_a_day_and_others_as_proof(town: TownHandle) -> None:
    answers(town, "public", "1 hour", "23 hours", "25 hours", "500 days")
    answers(town, "staff", "1 hour", "25 hours", "399 days", "401 days")
    assert forgotten(town) == {"answers of the public": 2, "answers": 1}
    left = admin(town, "SELECT role, count(*) FROM muang.answer GROUP BY 1 ORDER BY 1")
    assert left == [("public", 2), ("staff", 3)]
    assert forgotten(town) == {}
    assert forgotten(town, Keep(answers_days=30, sign_ins_days=90)) == {"answers": 1}


def test_printed_run_lists_go_with_their_answers(town: TownHandle) -> None:
    answers(town, "admin", "1 day", "500 days")
    admin(town, "INSERT INTO muang.run_list (answer, made_by) SELECT id, 'x' FROM muang.answer")
    assert forgotten(town) == {"answers": 1}
    (left,) = admin(town, "SELECT count(*), count(DISTINCT answer) FROM muang.run_list")
    assert left == (1, 1)


def test_answers_to_the_public_are_bounded_in_number(town: TownHandle) -> None:
    answers(town, "public", *(f"{minutes} minutes" for minutes in range(1, 8)))
    answers(town, "staff", "2 hours")
    assert forgotten(town, public_most=3) == {"answers of the public": 4}
    oldest = admin(
        town,
        "SELECT now() - min(computed_at) < '4 minutes' FROM muang.answer WHERE role = 'public'",
    )
    assert oldest == [(True,)], "the newest stay"
    assert forgotten(town, public_most=3) == {}


def test_ended_sign_ins_and_tokens_go_and_living_ones_stay(town: TownHandle) -> None:
    admin(
        town,
        """INSERT INTO muang.account (username, display_name, role) VALUES ('a', 'A', 'staff');
        INSERT INTO muang.session (token_hash, account_id, created_at, expires_at, ended_at)
        SELECT v.name::bytea, a.id, now() - interval '200 days', now() + v.expires, now() + v.ended
        FROM muang.account AS a, (VALUES
            ('living', interval '1 day', NULL::interval),
            ('ended lately', interval '1 day', interval '-10 days'),
            ('ended long ago', interval '1 day', interval '-91 days'),
            ('ran out lately', interval '-10 days', NULL),
            ('ran out long ago', interval '-91 days', NULL)
        ) AS v (name, expires, ended);
        INSERT INTO muang.api_token (token_hash, role, name, expires_at, revoked_at)
        SELECT v.name::bytea, 'staff', v.name, now() + v.expires, now() + v.ended
        FROM (VALUES
            ('living', interval '1 day', NULL::interval),
            ('revoked lately', interval '1 day', interval '-10 days'),
            ('revoked long ago', interval '1 day', interval '-91 days'),
            ('ran out long ago', interval '-91 days', NULL)
        ) AS v (name, expires, ended);
        INSERT INTO muang.sign_in_failure (key, total, last_at) VALUES
        ('just now', 1, now()), ('left alone', 9, now() - interval '25 hours'),
        ('tried often', 10, now() - interval '25 hours'),
        ('tried often long ago', 500, now() - interval '91 days')""",
    )
    assert forgotten(town) == {"sessions": 2, "tokens": 2, "failed sign-ins": 2}
    assert admin(town, "SELECT count(*) FROM muang.sign_in_failure") == [(2,)]
    assert {
        bytes(row[0]).decode() for row in admin(town, "SELECT token_hash FROM muang.session")
    } == {
        "living",
        "ended lately",
        "ran out lately",
    }
    assert admin(town, "SELECT name FROM muang.api_token ORDER BY 1") == [
        ("living",),
        ("revoked lately",),
    ]
    assert admin(town, "SELECT username FROM muang.account") == [("a",)]


def test_an_open_event_stays_however_old(town: TownHandle) -> None:
    admin(
        town,
        """INSERT INTO muang.opening (kind, reason, opened_by, opened_at, closed_at) VALUES
        ('event', 'open', 't', now() - interval '900 days', NULL),
        ('event', 'closed lately', 't', now() - interval '900 days', now() - interval '399 days'),
        ('event', 'closed', 't', now() - interval '900 days', now() - interval '401 days')""",
    )
    assert forgotten(town) == {"closed events and tasks": 1}
    assert len(admin(town, "SELECT 1 FROM muang.opening")) == 2


def test_batches_are_small_and_wait_for_nobody(town: TownHandle) -> None:
    answers(town, "staff", "401 days", "402 days", "403 days")
    with connect_admin(town.server_url, town.town_id) as other, other.transaction():
        other.execute(
            "SELECT 1 FROM muang.answer ORDER BY computed_at LIMIT 1 FOR UPDATE"
        ).fetchall()
        assert forgotten(town, batch=1) == {"answers": 1}
        assert forgotten(town) == {"answers": 1}, "the locked one is left for another time"
    assert forgotten(town) == {"answers": 1}


def test_the_service_cannot_delete_by_itself(town: TownHandle) -> None:
    with town.connect(Machine.SERVICE) as conn:
        conn.autocommit = True
        for name in ("answer", "session", "api_token", "opening", "account"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"DELETE FROM muang.{name}".encode())  # noqa: S608 - our tables
    answers(town, "staff", "1 hour")
    assert forgotten(town, Keep(answers_days=-5, sign_ins_days=0)) == {}, "never within a day"
