"""Signing in and out in a browser: the cookie, forged requests, guessing, ended accounts."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.verification import STALE_SECONDS
from db.accounts import disable_account
from db.connect import Machine
from db.throttle import FREE
from db.towns import drop_town
from layers.errors import UnavailableError
from layers.model import Role
from tests.api.caller import ADDRESS, NOBODY, Caller
from tests.api.conftest import settings_for
from tests.api.signing_in import PASSWORD, Browser, account
from tests.conftest import TownHandle, make_tiny_town


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_tiny_town(server_url, secret)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def here(town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with Caller(create_app(settings_for(town, dashboard))) as made:
        yield made


@pytest.fixture
def browser(here: Caller) -> Browser:
    return Browser(here)


def test_from_signing_in_to_signing_out(browser: Browser, town: TownHandle) -> None:
    account(town, "somsri", Role.CARE, communities=("C1",))
    assert browser.get("/me").json()["role"] == "public"
    answer = browser.sign_in(" SomSri ")
    assert answer.status_code == 200
    assert answer.json()["role"] == "care"
    session, known = f"__Host-muang-{town.town_id}", f"__Host-muang-{town.town_id}-known"
    assert set(browser.cookies) == {session, known}
    assert PASSWORD not in answer.text
    assert browser.cookies[session] not in answer.text
    answer = browser.get("/me")
    me = answer.json()
    assert (me["role"], me["principal"], me["kind"]) == ("care", "somsri", "session")
    assert (me["authenticated"], me["demo"], me["scope"]) == (True, False, ["C1"])
    assert me["csrf"] == browser.csrf
    assert answer.headers["cache-control"] == "private, no-store"
    assert "Cookie" in answer.headers["vary"]
    kept = dict(browser.cookies)
    answer = browser.post("/auth/logout")
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert set(browser.cookies) == {known}
    assert browser.get("/me").json()["role"] == "public"
    browser.cookies = kept  # somebody kept a copy
    answer = browser.get("/me?lang=en")
    assert answer.status_code == 401
    assert "sign in again" in answer.json()["detail"]
    assert set(browser.cookies) == {known}, "the browser is told to forget it"


def test_signing_out_without_a_session_still_clears(browser: Browser) -> None:
    answer = browser.post("/auth/logout")
    assert answer.status_code == 204
    assert "storage" in answer.headers["clear-site-data"]


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_sites_form_cannot_sign_anybody_out(
    browser: Browser, headers: dict[str, str]
) -> None:
    """Its request carries no SameSite=Strict cookie, but an answer could still end one."""
    answer = browser.post("/auth/logout", headers=headers)
    assert answer.status_code == 403
    assert "clear-site-data" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_wrong_names_and_wrong_passwords_look_the_same(browser: Browser, town: TownHandle) -> None:
    account(town, "known")
    told = []
    for name, password in (("known", "wrong"), ("nobody", "wrong"), ("nobody", PASSWORD)):
        answer = browser.sign_in(name, password)
        assert answer.status_code == 401
        told.append({k: v for k, v in answer.json().items() if k != "instance"})
        assert not answer.headers.get("set-cookie")
    assert told[0] == told[1] == told[2]
    assert told[0]["type"] == "urn:muang:problem:unauthenticated"


def test_guessing_has_to_wait(browser: Browser, town: TownHandle) -> None:
    account(town, "guessed")
    for name in ("guessed", "never-there"):
        for _ in range(FREE):
            assert browser.sign_in(name, "wrong").status_code == 401
        answer = browser.sign_in(name, PASSWORD)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 2
        assert "wait" in answer.json()["detail"]


def test_a_new_sign_in_ends_the_one_before(browser: Browser, town: TownHandle) -> None:
    account(town, "twice")
    browser.sign_in("twice")
    first = dict(browser.cookies)
    browser.sign_in("twice")
    assert browser.cookies != first
    other = Browser(browser.caller)
    other.cookies = first
    assert other.get("/me").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": ADDRESS}, 200),
        ({"X-CSRF-Token": ""}, 403),
        ({"X-CSRF-Token": "ก".encode()}, 403),
        ({"X-CSRF-Token": "0" * 64}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
)
def test_another_sites_page_cannot_act_for_a_person(
    browser: Browser, town: TownHandle, headers: dict[str, Any], status: int
) -> None:
    name = f"csrf{abs(hash(str(headers)))}"
    account(town, name)
    browser.sign_in(name)
    body = {"flood": {"zone_ids": "all"}, "layers": ["parcels"]}
    assert browser.post("/queries/impact", body, headers=headers).status_code == status
    assert browser.get("/me").status_code == 200
    refused = browser.post("/auth/logout", headers=headers).status_code
    assert refused == (403 if status == 403 else 204)


def test_a_cookie_alone_does_nothing(browser: Browser, town: TownHandle) -> None:
    """No origin and no header: a program with a stolen cookie jar, or a very old browser."""
    account(town, "bare")
    browser.sign_in("bare")
    cookie = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
    headers = {"Cookie": cookie, "X-CSRF-Token": browser.csrf or ""}
    body = {"flood": {"zone_ids": "all"}}
    answer = browser.caller.post("/queries/impact", NOBODY, json=body, headers=headers)
    assert answer.status_code == 403


def test_another_sites_page_cannot_sign_a_browser_in(browser: Browser, town: TownHandle) -> None:
    account(town, "lured")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        asked = {"username": "lured", "password": PASSWORD}
        answer = browser.post("/auth/login", asked, headers=headers)
        assert answer.status_code == 403
        assert not answer.headers.get("set-cookie")
    form = browser.ask(
        "POST",
        "/auth/login",
        content="username=lured&password=x",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert form.status_code == 400


def test_csrf_values_belong_to_one_session(browser: Browser, town: TownHandle) -> None:
    for name in ("mine", "yours"):
        account(town, name)
    other = Browser(browser.caller)
    browser.sign_in("mine")
    other.sign_in("yours")
    browser.csrf = other.csrf
    assert browser.post("/auth/logout").status_code == 403


def test_a_disabled_account_is_out_within_a_second(browser: Browser, town: TownHandle) -> None:
    account(town, "leaver")
    browser.sign_in("leaver")
    asked = {"name": "script", "password": PASSWORD}
    token = browser.post("/auth/tokens", asked).json()["token"]
    assert browser.caller.get("/me", token).json()["role"] == "staff"
    with town.connect(Machine.SERVICE) as conn:
        disable_account(conn, "leaver")
    time.sleep(STALE_SECONDS)
    assert browser.caller.get("/me", token).status_code == 401
    assert browser.get("/tiles/parcels/14/12981/7489.mvt").status_code == 401
    assert browser.sign_in("leaver").status_code == 401


def test_a_changed_role_counts_within_a_second(browser: Browser, town: TownHandle) -> None:
    account(town, "demoted", Role.ADMIN)
    browser.sign_in("demoted")
    asked = {"name": "s", "role": "care", "password": PASSWORD}
    token = browser.post("/auth/tokens", asked).json()["token"]
    assert browser.get("/ogc/collections/houses/items").status_code == 200
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.account SET role = 'analyst' WHERE username = 'demoted'")
    time.sleep(STALE_SECONDS)
    assert browser.get("/me").json()["role"] == "analyst"
    # its token allowed more than its maker may now
    assert browser.caller.get("/me", token).status_code == 401


def test_an_authorization_header_counts_before_a_cookie(browser: Browser, town: TownHandle) -> None:
    account(town, "both")
    browser.sign_in("both")
    answer = browser.get("/me", headers={"Authorization": "Bearer muang_wrong"})
    assert answer.status_code == 401
    assert browser.cookies, "the session has nothing to do with it"


def test_demo_sign_ins_work_on_this_machine_only(town: TownHandle, dashboard: Path) -> None:
    account(town, "demo-staff", throwaway=True)
    settings = settings_for(town, dashboard)
    with Caller(create_app(settings)) as caller:
        browser = Browser(caller)
        assert browser.sign_in("demo-staff").status_code == 200
        assert browser.get("/me").json()["demo"] is True
        asked = {"name": "t", "password": PASSWORD}
        token = browser.post("/auth/tokens", asked).json()["token"]
        caller.app.state.house.verifier._throwaway = False  # as if it were published
        caller.app.state.house.verifier.forget_all()
        assert browser.get("/me").status_code == 401
        assert caller.get("/me", token).status_code == 401


def test_a_published_server_refuses_to_start_with_demo_sign_ins(
    town: TownHandle, dashboard: Path
) -> None:
    account(town, "demo-left", throwaway=True)
    published = settings_for(
        town, dashboard, public_url="https://town.example", trusted_proxies="none"
    )
    with (
        pytest.raises(UnavailableError, match="sign-ins of the demo"),
        Caller(create_app(published)),
    ):
        pass
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.account SET disabled_at = now() WHERE throwaway")
    account(town, "real")
    with Caller(create_app(published)) as caller:
        answer = caller.get("/me", NOBODY, headers={"Host": "town.example"})
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        browser = Browser(caller)
        there = {"Host": "town.example", "Origin": "https://town.example"}
        asked = {"username": "real", "password": PASSWORD}
        assert browser.post("/auth/login", asked, headers=there).status_code == 200
        plain = there | {"Origin": "http://town.example"}
        assert browser.post("/auth/logout", headers=plain).status_code == 403


def test_wrong_bodies_are_problems(browser: Browser) -> None:
    for body in (None, {}, {"username": "x"}, {"username": "x", "password": 1}, {"a": 1}):
        answer = browser.post("/auth/login", body)
        assert answer.status_code == 400, body
        assert answer.headers["content-type"] == "application/problem+json"
    odd = {"username": "a\0b", "password": "x\0y"}
    assert browser.post("/auth/login", odd).status_code in (400, 401)
