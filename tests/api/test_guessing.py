"""Guessing: what a known browser is spared, what strangers wait for, what never asks anybody."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Scope

from api import house as houses
from api import limits
from api.app import create_app
from api.house import House
from api.viewer import STREAMS, Credential, Kind
from db import throttle
from db.connect import Machine
from db.tokens import PREFIX
from db.towns import drop_town
from layers.errors import MuangError
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.api.signing_in import PASSWORD, Browser, account
from tests.conftest import TownHandle, make_town


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def here(town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with Caller(create_app(settings_for(town, dashboard))) as made:
        yield made


@pytest.fixture
def house(here: Caller) -> House:
    found: House = here.app.state.house
    return found


def guessed(town: TownHandle, username: str, number: int, address: str = "127.0.0.1") -> None:
    """So many failures of strangers at a name, the last just now."""
    with town.connect(Machine.SERVICE) as conn:
        for counter in throttle.stranger(town.secret, username, address).counters[:2]:
            conn.execute(
                "INSERT INTO muang.sign_in_failure (key, recent, total) VALUES (%s, %s, %s)",
                [counter.key, number, number],
            )


def test_the_owners_browser_signs_in_while_strangers_wait(here: Caller, town: TownHandle) -> None:
    account(town, "coordinator", Role.COORDINATOR)
    owner, stranger = Browser(here), Browser(here)
    assert owner.sign_in("coordinator").status_code == 200
    known = {name: value for name, value in owner.cookies.items() if name.endswith("-known")}
    assert owner.post("/auth/logout").status_code == 204
    assert owner.cookies == known, "signing out keeps the browser known"
    guessed(town, "coordinator", 500)
    assert stranger.sign_in("coordinator").status_code == 429
    assert owner.sign_in("coordinator").status_code == 200


def test_a_known_browser_of_one_helps_against_nobody_else(here: Caller, town: TownHandle) -> None:
    account(town, "intruder")
    account(town, "victim")
    browser = Browser(here)
    browser.sign_in("intruder")
    guessed(town, "victim", 500)
    assert browser.sign_in("victim").status_code == 429


def test_after_a_hundred_failures_the_page_asks_for_the_code(
    here: Caller, town: TownHandle
) -> None:
    account(town, "tried")
    guessed(town, "tried", throttle.LIMIT)
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.sign_in_failure SET last_at = now() - interval '1 hour'")
    for password in (PASSWORD, "wrong"):
        answer = Browser(here).sign_in("tried", password)
        assert answer.json()["type"] == "urn:muang:problem:code-needed"


@pytest.mark.parametrize("asked", [{}, {"keep": False}, {"keep": True}])
def test_a_session_ends_with_the_browser_unless_asked(
    here: Caller, town: TownHandle, asked: dict[str, bool]
) -> None:
    name = f"keeper{len(asked)}{asked.get('keep')}".lower()
    account(town, name)
    body = {"username": name, "password": PASSWORD, **asked}
    answer = Browser(here).post("/auth/login", body)
    session = answer.headers.get_list("set-cookie")
    (line,) = [line for line in session if "-known=" not in line]
    assert ("Max-Age" in line) is asked.get("keep", False)


def test_an_open_stream_does_not_keep_a_session(
    here: Caller, town: TownHandle, house: House
) -> None:
    """An open page asks twice a second all night; that is not somebody at work."""
    account(town, "asleep")
    browser = Browser(here)
    browser.sign_in("asleep")
    token = browser.cookies[house.settings.cookie]
    credential = Credential(Kind.SESSION, token)
    old = "UPDATE muang.session SET seen_at = now() - interval '11 hours'"
    fresh = "SELECT bool_or(seen_at > now() - interval '1 hour') FROM muang.session"

    def looked_at(*, used: bool) -> Any:
        with town.connect(Machine.SERVICE) as conn:
            conn.execute(old)
        house.verifier.forget_all()
        house.verifier._noted.clear()
        assert here.run(house.verifier.viewer(credential, used=used))
        with town.connect(Machine.SERVICE) as conn:
            row = conn.execute(fresh).fetchone()
        return row and row[0]

    assert looked_at(used=False) is False
    assert looked_at(used=True) is True
    assert {"/live"} == STREAMS


@asynccontextmanager
async def _away() -> AsyncIterator[Any]:
    raise AssertionError("the database was asked")
    yield


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer x"},
        {"Authorization": f"Bearer {PREFIX}{'a' * 42}"},
        {"Authorization": f"Bearer {PREFIX}{'a' * 44}"},
        {"Authorization": f"Bearer {'a' * 43}"},
        {"Cookie": "{cookie}=short"},
        {"Cookie": "{cookie}=" + "a" * 44},
    ],
)
def test_what_cannot_be_a_credential_asks_nobody(
    here: Caller, house: House, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.verifier, "_connect", _away)
    monkeypatch.setattr(house, "service", _away)
    given = {
        name: value.replace("{cookie}", house.settings.cookie) for name, value in headers.items()
    }
    assert here.get("/me", headers=given).status_code == 401
    if "Cookie" in given:
        origin = {"Sec-Fetch-Site": "same-origin"}
        assert here.post("/auth/logout", headers=given | origin).status_code == 204


def test_guessing_takes_its_units_before_anybody_is_asked(
    town: TownHandle, dashboard: Path
) -> None:
    """All at once they would otherwise all be heard before the first is refused."""
    with Caller(create_app(settings_for(town, dashboard, rate_per_second=20))) as caller:
        house: House = caller.app.state.house
        asked = []
        connect = house.verifier._connect

        def counting() -> Any:
            asked.append(1)
            return connect()

        house.verifier._connect = counting

        async def guess(number: int) -> int:
            scope: Scope = {
                "type": "http",
                "method": "GET",
                "path": "/me",
                "client": ("127.0.0.1", 5),
                "headers": [(b"authorization", f"Bearer {PREFIX}{number:043}".encode())],
                "muang.exchange": None,
            }
            from api import exchange, viewer  # noqa: PLC0415 - used here only

            exchange.begin(scope)
            try:
                await viewer.of_scope(scope, house)
            except MuangError as error:
                return 429 if "seconds" in error.facts else 401
            return 200

        async def all_at_once() -> list[int]:
            return await asyncio.gather(*(guess(number) for number in range(30)))

        statuses = caller.run(all_at_once())
        heard = int(20 * limits.BURST_SECONDS / limits.GUESS)
        assert statuses.count(401) == len(asked) == heard
        assert statuses.count(429) == 30 - heard


def test_a_good_credential_gets_back_what_was_taken(town: TownHandle, dashboard: Path) -> None:
    with Caller(create_app(settings_for(town, dashboard, rate_per_second=20))) as caller:
        with town.connect(Machine.SERVICE) as conn:
            made = [a_token(conn, Role.STAFF, f"t{number}") for number in range(8)]
        assert {caller.get("/me", token).status_code for token in made} == {200}


def test_tokens_of_one_person_share_a_bucket(here: Caller, town: TownHandle, house: House) -> None:
    one = account(town, "tokens")
    with town.connect(Machine.SERVICE) as conn:
        made = [a_token(conn, Role.STAFF, f"t{n}", account_id=one.id) for n in range(2)]
        alone = a_token(conn, Role.STAFF, "machine")
    subjects = set()
    for token in (*made, alone):
        found = here.run(house.verifier.viewer(Credential(Kind.TOKEN, token)))
        assert found
        subjects.add(found.subject)
    assert len(subjects) == 2
    assert f"account:{one.id}" in subjects


def test_nobody_waits_for_ever_for_a_password_to_be_checked(
    here: Caller, town: TownHandle, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(houses, "_PATIENCE_S", 0.05)
    account(town, "queued")

    async def take_all() -> None:
        for _ in range(2):
            await house._proving.acquire()

    async def give_back() -> None:
        for _ in range(2):
            house._proving.release()

    here.run(take_all())
    answer = Browser(here).sign_in("queued")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    here.run(give_back())
    assert Browser(here).sign_in("queued").status_code == 200


def test_verification_does_not_wait_for_slow_work(here: Caller, house: House) -> None:
    """Every path asks who somebody is; all other connections may be busy."""

    async def all_busy() -> Any:
        held = [await house.pools[Machine.SERVICE].getconn() for _ in range(4)]
        try:
            return await house.verifier.viewer(Credential(Kind.TOKEN, PREFIX + "a" * 43))
        finally:
            for conn in held:
                await house.pools[Machine.SERVICE].putconn(conn)

    assert here.run(all_busy()) is None


def test_odd_names_and_passwords_are_refused_and_never_break_anything(here: Caller) -> None:
    for name in ("a\0b", "\ud800", "x" * 200, "a\u202eb", "\n"):
        body = '{"username": %s, "password": "x"}'
        import json  # noqa: PLC0415 - used here only

        answer = Browser(here).ask(
            "POST",
            "/auth/login",
            content=body % json.dumps(name),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 400, name
        assert answer.headers["content-type"] == "application/problem+json"
