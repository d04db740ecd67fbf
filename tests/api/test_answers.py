"""Answers worked out again: on the same versions the same, whatever was edited meanwhile."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from db.connect import Machine
from db.towns import drop_town
from tests.api.caller import Caller
from tests.api.conftest import settings_for
from tests.api.places import drawn
from tests.api.test_impact import ask
from tests.conftest import TownHandle, make_tiny_town

WRITERS = 8
ANSWERS = 20


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_tiny_town(server_url, secret)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture
def here(town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with Caller(create_app(settings_for(town, dashboard, rate_per_second=1_000_000))) as caller:
        yield caller


def again(caller: Caller, answer: dict[str, Any]) -> dict[str, Any]:
    reply = caller.get(f"/queries/answers/{answer['id']}?recompute=true&lang=en")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def edit(town: TownHandle, statement: str) -> None:
    with town.connect(Machine.LOADER) as conn:
        conn.execute("SELECT set_config('muang.actor', 'tester', false)")
        conn.execute(statement.encode())


def test_an_answer_comes_out_the_same_after_an_edit(here: Caller, town: TownHandle) -> None:
    first = ask(here, {"zone_ids": ["Z100"]}).json()
    assert first["computing_ms"] >= 0
    assert "recomputed" not in first
    edit(town, "UPDATE town.parcels SET geom = ST_Translate(geom, 3000, 3000)")
    later = ask(here, {"zone_ids": ["Z100"]}).json()
    found = again(here, first)
    assert found.pop("recomputed") | {"at": ""} == {"at": "", "equal": True, "differs": []}
    assert found == first
    edit(town, "UPDATE town.parcels SET geom = ST_Translate(geom, -3000, -3000)")
    assert again(here, later)["exposed"] == later["exposed"]


def test_a_committed_change_without_a_number_is_no_part_of_an_answer(
    here: Caller, town: TownHandle
) -> None:
    """Else nobody could ask for the same versions again."""
    with town.connect(Machine.SERVICE) as holding:
        # whoever holds the lock gives the numbers: nobody does now
        holding.execute("SELECT pg_advisory_xact_lock(7214001)")
        before = ask(here, {"zone_ids": ["Z100"]}).json()
        edit(town, "UPDATE town.parcels SET geom = ST_Translate(geom, 3000, 3000)")
        during = ask(here, {"zone_ids": ["Z100"]}).json()
        assert during["exposed"] == before["exposed"]
        holding.rollback()
    assert again(here, during)["recomputed"]["equal"]
    edit(town, "UPDATE town.parcels SET geom = ST_Translate(geom, -3000, -3000)")


def test_answers_given_while_others_write_come_out_the_same(here: Caller, town: TownHandle) -> None:
    stop = threading.Event()
    edits = [0] * WRITERS

    def write(number: int) -> None:
        pick = random.Random(number)  # noqa: S311  no secret
        with town.connect(Machine.LOADER) as conn:
            conn.autocommit = True
            conn.execute("SELECT set_config('muang.actor', 'writer', false)")
            rows = conn.execute("SELECT id FROM town.parcels ORDER BY id").fetchall()
            ids = [row[0] for row in rows][number::WRITERS]
            while not stop.is_set():
                conn.execute(
                    "UPDATE town.parcels SET use = %s, geom = ST_Translate(geom, %s, 0)"
                    " WHERE id = %s",
                    [
                        pick.choice(("residential", "commercial", "vacant")),
                        pick.choice((-900, 900)),
                        pick.choice(ids),
                    ],
                )
                edits[number] += 1
                stop.wait(0.01)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        given = []
        for number in range(ANSWERS):
            flood: dict[str, Any] = (
                {"zone_ids": ["Z100"]}
                if number % 2
                else {"geometry": drawn(0, 0, 100 + 40 * number, 300)}
            )
            given.append(ask(here, flood, include=["ids"]).json())
        found = [again(here, answer) for answer in given]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert all(edits), "every writer wrote"
    assert len({str(answer["exposed"]["parcels"]) for answer in given}) > 1
    for answer, repeated in zip(given, found, strict=True):
        assert repeated.pop("recomputed")["equal"], answer["id"]
        assert repeated == answer


def test_only_whoever_may_see_an_answer_may_have_it_again(
    here: Caller,
) -> None:
    answer = ask(here, {"zone_ids": ["Z100"]}).json()
    path = f"/queries/answers/{answer['id']}?recompute=true"
    assert here.get(path).status_code == 200
    missing = "/queries/answers/00000000-0000-0000-0000-000000000000?recompute=true"
    assert here.get(missing).status_code == 404
    assert here.get(path.replace("true", "perhaps")).status_code == 400
