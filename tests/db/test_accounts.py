"""Accounts, passwords, one-time codes, sessions and throttling, on real PostGIS."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from db import accounts, sessions, throttle, totp
from db.connect import Machine
from db.passwords import check_password, hash_password, verify_password
from layers.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from layers.model import Role
from tests.conftest import TownHandle

PASSWORD = "แม่น้ำมูล ยาวไกลมาก"


T = TypeVar("T")


def run(town: TownHandle, work: Callable[[Any], Awaitable[T]]) -> T:
    async def go() -> T:
        async with await psycopg.AsyncConnection.connect(
            town.url(Machine.SERVICE), autocommit=True
        ) as conn:
            return await work(conn)

    return asyncio.run(go())


def attempt(password: str, username: str = "somsri", **more: Any) -> sessions.Attempt:
    return sessions.Attempt(username, password, more.pop("address", "127.0.0.1"), **more)


@pytest.fixture
def town(blank_town: TownHandle) -> TownHandle:
    new = accounts.NewAccount("Somsri", "สมศรี", Role.CARE, PASSWORD, communities=("C1",))
    with blank_town.connect(Machine.SERVICE) as conn:
        accounts.add_account(conn, new)
    return blank_town


def sign_in(town: TownHandle, tried: sessions.Attempt) -> str:
    return run(town, lambda conn: sessions.sign_in(conn, town.secret, tried))


def test_a_session_from_sign_in_to_sign_out(town: TownHandle) -> None:
    token = sign_in(town, attempt(PASSWORD, "  SOMSRI "))
    person = run(town, lambda conn: sessions.person_of(conn, token))
    assert person is not None
    assert (person.username, person.role, person.communities) == ("somsri", Role.CARE, ["C1"])
    run(town, lambda conn: sessions.sign_out(conn, token))
    assert run(town, lambda conn: sessions.person_of(conn, token)) is None


def test_nothing_kept_can_be_used_to_sign_in(town: TownHandle) -> None:
    token = sign_in(town, attempt(PASSWORD))
    with town.connect(Machine.SERVICE) as conn:
        kept = conn.execute(
            "SELECT a::text || s::text FROM muang.account AS a, muang.session AS s"
        ).fetchall()
    assert token not in str(kept)
    assert PASSWORD not in str(kept)
    assert "$argon2id$" in str(kept)


@pytest.mark.parametrize(("username", "password"), [("somsri", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(
    town: TownHandle, username: str, password: str
) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        sign_in(town, attempt(password, username))
    assert caught.value.detail.en == "The username, password or code is not right."


@pytest.mark.parametrize("username", ["somsri", "nobody"])
def test_guessing_slows_down_for_names_that_exist_and_names_that_do_not(
    town: TownHandle, username: str
) -> None:
    for _ in range(throttle.FREE):
        with pytest.raises(UnauthenticatedError):
            sign_in(town, attempt("wrong", username))
    with pytest.raises(TooManyRequestsError) as caught:
        sign_in(town, attempt(PASSWORD, username))
    assert 1 <= int(str(caught.value.facts["seconds"])) <= 2


def test_one_address_cannot_try_many_names(town: TownHandle) -> None:
    async def many(conn: Any) -> None:
        for number in range(throttle.FREE_PER_ADDRESS):
            await throttle.failed(conn, throttle.keys(town.secret, f"n{number}", "10.0.0.9"))

    run(town, many)
    with pytest.raises(TooManyRequestsError):
        sign_in(town, attempt(PASSWORD, address="10.0.0.9"))
    assert sign_in(town, attempt(PASSWORD, address="10.0.0.10"))


def test_a_disabled_account_loses_its_sessions_at_once(town: TownHandle) -> None:
    token = sign_in(town, attempt(PASSWORD))
    with town.connect(Machine.SERVICE) as conn:
        accounts.disable_account(conn, "somsri")
        with pytest.raises(NotFoundError):
            accounts.disable_account(conn, "somsri")
    assert run(town, lambda conn: sessions.person_of(conn, token)) is None
    with pytest.raises(UnauthenticatedError):
        sign_in(town, attempt(PASSWORD))


def test_a_new_password_ends_the_sessions(town: TownHandle) -> None:
    token = sign_in(town, attempt(PASSWORD))
    other = "ทุ่งนากว้าง ฟ้าคราม"
    with town.connect(Machine.SERVICE) as conn:
        accounts.set_password(conn, "somsri", other, with_totp=False)
    assert run(town, lambda conn: sessions.person_of(conn, token)) is None
    assert sign_in(town, attempt(other))


@pytest.mark.parametrize("what", ["expires_at", "seen_at"])
def test_sessions_end_by_themselves(town: TownHandle, what: str) -> None:
    token = sign_in(town, attempt(PASSWORD))
    with town.connect(Machine.SERVICE) as conn:
        conn.execute(
            sql.SQL("UPDATE muang.session SET {} = now() - interval '13 hours'").format(
                sql.Identifier(what)
            )
        )
    assert run(town, lambda conn: sessions.person_of(conn, token)) is None


def test_a_one_time_code_works_once(town: TownHandle) -> None:
    secret = totp.new_secret()
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.account SET totp_secret = %s", [totp.seal(secret, town.secret)])
    with pytest.raises(sessions.CodeNeededError):
        sign_in(town, attempt(PASSWORD))
    code = pyotp.TOTP(secret).now()
    assert sign_in(town, attempt(PASSWORD, code=code))
    with pytest.raises(UnauthenticatedError):
        sign_in(town, attempt(PASSWORD, code=code))


def test_codes_are_right_for_a_step_before_and_after_only() -> None:
    secret, now = totp.new_secret(), 1_800_000_000.0
    codes = {n: pyotp.TOTP(secret).at(int(now) + 30 * n) for n in (-2, -1, 0, 1, 2)}
    good = {n: totp.step_of(code, secret, after=None, now=now) for n, code in codes.items()}
    assert good[-1] and good[0] and good[1]  # noqa: PT018 - three of a kind
    for n in (-2, 2):
        assert good[n] is None or codes[n] in (codes[-1], codes[0], codes[1])
    assert totp.step_of("๑๒๓๔๕๖", secret, after=None, now=now) is None
    assert totp.unseal(totp.seal(secret, "a" * 32), "b" * 32) is None


def test_accounts_are_checked_when_made(town: TownHandle) -> None:
    with town.connect(Machine.SERVICE) as conn:
        for wrong, error in (
            (accounts.NewAccount("SOMSRI", "x", Role.STAFF, PASSWORD), ConflictError),
            (accounts.NewAccount("a b", "x", Role.STAFF, PASSWORD), BadRequestError),
            (accounts.NewAccount("x", "x", Role.PUBLIC, PASSWORD), BadRequestError),
            (accounts.NewAccount("x", "x", Role.TEAM, PASSWORD), BadRequestError),
            (accounts.NewAccount("x", "x", Role.STAFF, "short"), BadRequestError),
        ):
            with pytest.raises(error):
                accounts.add_account(conn, wrong)
        conn.rollback()
        assert [account.username for account in accounts.list_accounts(conn)] == ["somsri"]


@pytest.mark.parametrize(
    "password",
    [
        "สั้นไป",
        "a" * 300,
        "aaaaaaaaaaaaaaaaaaa",
        "123456789012345",
        "abcdefghijklmnop",
        "password password",
        "Password1234567",
        "somsrisomsrisomsri",
        "เทศบาลเทศบาลเทศบาล",
        "qwertyqwertyqwerty",
    ],
)
def test_passwords_everybody_guesses_are_refused(password: str) -> None:
    with pytest.raises(BadRequestError):
        check_password(password, username="somsri")


def test_long_passwords_of_any_characters_are_welcome() -> None:
    for password in ("correct horse battery staple", PASSWORD, "🐘🌊🛶🏠🌧️ช้างว่ายน้ำได้ไหม"):
        assert verify_password(password, hash_password(check_password(password, username="u")))


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_only_the_right_password_is_right(password: str) -> None:
    stored = hash_password(PASSWORD)
    assert not verify_password(password, stored) or password == PASSWORD
    assert not verify_password(password, None)


def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    """The work is done for names that do not exist too (a wide margin: the machine is shared)."""
    stored = hash_password(PASSWORD)
    verify_password("warm", None)

    def cost(kept: str | None) -> float:
        begun = time.process_time()
        verify_password("wrong", kept)
        return time.process_time() - begun

    known = sorted(cost(stored) for _ in range(5))[2]
    unknown = sorted(cost(None) for _ in range(5))[2]
    assert unknown > known / 3
