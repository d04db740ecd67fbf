"""Accounts, passwords, one-time codes, sessions and throttling, on real PostGIS."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from db import accounts, known_browsers, sessions, throttle, totp
from db.codes import CodeNeededError
from db.connect import Machine
from db.passwords import check_password, hash_password, verify_password
from db.trust import Trust
from layers.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
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


def sign_in(town: TownHandle, tried: sessions.Attempt, old_secret: str = "") -> str:
    trust = Trust(town.secret, old_secret)
    return run(town, lambda conn: sessions.sign_in(conn, trust, tried)).token


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
            await throttle.failed(conn, throttle.stranger(town.secret, f"n{number}", "10.0.0.9"))

    run(town, many)
    with pytest.raises(TooManyRequestsError):
        sign_in(town, attempt(PASSWORD, address="10.0.0.9"))
    assert sign_in(town, attempt(PASSWORD, address="10.0.0.10"))


def failures(town: TownHandle, tried: throttle.Tried, number: int) -> None:
    """So many failures in a row, the last just now."""
    with town.connect(Machine.SERVICE) as conn:
        for counter in tried.counters:
            conn.execute(
                "INSERT INTO muang.sign_in_failure (key, recent, total) VALUES (%s, %s, %s)"
                " ON CONFLICT (key) DO UPDATE SET recent = excluded.recent,"
                " total = excluded.total, last_at = clock_timestamp()",
                [counter.key, number, number],
            )


def waiting(town: TownHandle, tried: sessions.Attempt) -> int:
    """Seconds an attempt has to wait; 0 when it was heard."""
    try:
        sign_in(town, tried)
    except TooManyRequestsError as error:
        return int(str(error.facts["seconds"]))
    return 0


def account_id(town: TownHandle, username: str = "somsri") -> int:
    with town.connect(Machine.SERVICE) as conn:
        found = {account.username: account.id for account in accounts.list_accounts(conn)}
    return found[username]


@pytest.mark.parametrize("username", ["somsri", "nobody"])
def test_strangers_make_a_name_wait_half_a_minute_at_most(town: TownHandle, username: str) -> None:
    """Whoever knows a name must not be able to keep its owner out; at one address it is 900 s."""
    failures(town, throttle.stranger(town.secret, username, "10.0.0.9"), 40)
    assert 31 < waiting(town, attempt(PASSWORD, username, address="10.0.0.9")) <= 900
    assert 1 <= waiting(town, attempt(PASSWORD, username, address="10.0.0.7")) <= 30


def test_a_known_browser_does_not_wait_for_strangers(town: TownHandle) -> None:
    kept = known_browsers.known_by(town.secret, "", account_id(town))
    failures(town, throttle.stranger(town.secret, "somsri", "127.0.0.1"), 500)
    assert waiting(town, attempt("wrong password")) > 0
    assert sign_in(town, attempt(PASSWORD, known=kept))


def test_a_known_browser_waits_for_its_own_failures(town: TownHandle) -> None:
    """Its counter is its own and no more patient, and gives way to the strangers' in the end."""
    mine = account_id(town)
    kept = known_browsers.known_by(town.secret, "", mine)
    browser = known_browsers.browser_of(town.secret, kept, mine)
    assert browser
    for _ in range(throttle.FREE):
        with pytest.raises(UnauthenticatedError):
            sign_in(town, attempt("wrong", known=kept))
    assert waiting(town, attempt(PASSWORD, known=kept)) > 0
    assert sign_in(town, attempt(PASSWORD)), "strangers are counted apart"
    tried = throttle.known_browser(town.secret, "somsri", mine, browser)
    failures(town, tried, throttle.LIMIT)
    assert sign_in(town, attempt(PASSWORD, known=kept)), "no longer known: heard as a stranger"


def test_the_mark_of_one_account_is_worth_nothing_for_another(town: TownHandle) -> None:
    new = accounts.NewAccount("malee", "มาลี", Role.STAFF, PASSWORD)
    with town.connect(Machine.SERVICE) as conn:
        other = accounts.add_account(conn, new).id
    kept = known_browsers.known_by(town.secret, "", other)
    failures(town, throttle.stranger(town.secret, "somsri", "127.0.0.1"), 20)
    assert waiting(town, attempt(PASSWORD, known=kept)) > 0
    both = known_browsers.known_by(town.secret, kept, account_id(town))
    assert both.split(".")[0] == kept.split(".")[0], "one browser"
    assert sign_in(town, attempt(PASSWORD, known=both))
    assert sign_in(town, attempt(PASSWORD, "malee", known=both))


@pytest.mark.parametrize("kept", ["", "x", "." * 50, "a" * 22, f"{'a' * 22}.{'b' * 22}", "ก" * 45])
def test_what_is_no_mark_of_ours_is_no_known_browser(kept: str) -> None:
    assert known_browsers.browser_of("s" * 32, kept, 1) is None
    fresh = known_browsers.known_by("s" * 32, kept, 1)
    assert known_browsers.browser_of("s" * 32, fresh, 1)
    assert known_browsers.browser_of("t" * 32, fresh, 1) is None
    for number in range(2, 30):
        fresh = known_browsers.known_by("s" * 32, fresh, number)
    assert known_browsers.browser_of("s" * 32, fresh, 29)
    assert known_browsers.browser_of("s" * 32, fresh, 1) is None, "the oldest give way"
    assert len(fresh) < 250


@pytest.mark.parametrize("username", ["somsri", "nobody"])
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_after_a_hundred_failures_a_strangers_password_is_not_enough(
    town: TownHandle, username: str, password: str
) -> None:
    """Refused before the password is looked at, so that the refusal tells nothing about it."""
    tried = throttle.stranger(town.secret, username, "10.0.0.9")
    failures(town, tried, throttle.LIMIT)
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.sign_in_failure SET last_at = now() - interval '1 hour'")
    with pytest.raises(CodeNeededError) as caught:
        sign_in(town, attempt(password, username))
    assert "browser you have used before" in caught.value.detail.en
    with pytest.raises(UnauthenticatedError) as wrong:
        sign_in(town, attempt(password, username, code="123456"))
    assert wrong.value.detail.en == "The username, password or code is not right."


def test_the_code_or_an_administrator_helps_after_a_hundred_failures(town: TownHandle) -> None:
    failures(town, throttle.stranger(town.secret, "somsri", "10.0.0.9"), throttle.LIMIT)
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.sign_in_failure SET last_at = now() - interval '1 hour'")
        seed = totp.new_secret()
        sealed = totp.seal(seed, town.secret)
        conn.execute("UPDATE muang.account SET totp_secret = %s", [sealed])
    assert sign_in(town, attempt(PASSWORD, code=pyotp.TOTP(seed).now()))
    failures(town, throttle.stranger(town.secret, "somsri", "10.0.0.9"), throttle.LIMIT)
    other = "ทุ่งนากว้าง ฟ้าคราม"
    with town.connect(Machine.SERVICE) as conn:
        accounts.set_password(conn, "somsri", other, Trust(town.secret), drop_code=True)
        with pytest.raises(NotFoundError):
            accounts.set_password(conn, "nobody", other, Trust(town.secret))
    assert sign_in(town, attempt(other))


def test_a_name_no_account_can_have_is_refused_before_it_is_counted(town: TownHandle) -> None:
    for name in ("a\0b", "a b", "x" * 65, "\n"):
        with pytest.raises(BadRequestError):
            sign_in(town, attempt(PASSWORD, name))
    with town.connect(Machine.SERVICE) as conn:
        assert conn.execute("SELECT count(*) FROM muang.sign_in_failure").fetchone() == (0,)


def test_one_time_codes_outlive_a_change_of_the_secret(town: TownHandle) -> None:
    old, seed = "o" * 32, totp.new_secret()
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.account SET totp_secret = %s", [totp.seal(seed, old)])
    code = pyotp.TOTP(seed).now()
    with pytest.raises(UnauthenticatedError):
        sign_in(town, attempt(PASSWORD, code=code))
    assert sign_in(town, attempt(PASSWORD, code=code), old_secret=old)
    with town.connect(Machine.SERVICE) as conn:
        row = conn.execute("SELECT totp_secret FROM muang.account").fetchone()
    assert row
    assert totp.unseal(row[0], town.secret) == seed, "sealed anew with the present one"


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
        accounts.set_password(conn, "somsri", other, Trust(town.secret))
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
    with pytest.raises(CodeNeededError):
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


def test_breached_passwords_of_the_operators_file_are_refused(tmp_path: Path) -> None:
    listed = [
        "correct horse battery staple",
        PASSWORD,
        *(f"slow river {n} boats" for n in range(99)),
    ]
    plain, sums = tmp_path / "plain.txt", tmp_path / "sums.txt"
    plain.write_text("\n".join(listed), encoding="utf-8")
    digests = sorted(
        hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper() for word in listed
    )
    sums.write_text("".join(f"{digest}:{n}\n" for n, digest in enumerate(digests)), "ascii")
    for file in (plain, sums):
        for word in listed:
            with pytest.raises(BadRequestError, match="leaked"):
                check_password(word, username="u", breached=file)
        assert check_password("nobody ever leaked this", username="u", breached=file)
    (tmp_path / "empty").touch()
    assert check_password(PASSWORD, username="u", breached=tmp_path / "empty")
    with pytest.raises(UnavailableError, match="MUANG_BREACHED_PASSWORDS"):
        check_password(PASSWORD, username="u", breached=tmp_path / "none")


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
