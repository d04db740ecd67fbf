"""What people change about their own sign-in: password, one-time code, tokens."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from api.app import create_app
from db.connect import Machine
from db.throttle import FREE
from db.towns import drop_town
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import a_token, settings_for
from tests.api.signing_in import PASSWORD, Browser, account
from tests.conftest import TownHandle, make_town

OTHER = "ทุ่งนากว้าง ฟ้าคราม"


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def here(town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with Caller(create_app(settings_for(town, dashboard))) as made:
        yield made


def token_request(name: str = "t", **more: Any) -> dict[str, Any]:
    return {"name": name, "password": PASSWORD, **more}


@pytest.fixture
def browser(here: Caller) -> Browser:
    return Browser(here)


def test_a_new_password_ends_the_other_sessions(browser: Browser, town: TownHandle) -> None:
    account(town, "changer")
    elsewhere = Browser(browser.caller)
    browser.sign_in("changer")
    elsewhere.sign_in("changer")
    before = dict(browser.cookies)
    answer = browser.post("/auth/password", {"password": PASSWORD, "new_password": OTHER})
    assert answer.status_code == 200
    browser.csrf = answer.json()["csrf"]
    assert browser.cookies != before, "this session is renewed"
    assert browser.get("/me").status_code == 200
    assert elsewhere.get("/me").status_code == 401
    assert elsewhere.sign_in("changer", PASSWORD).status_code == 401
    assert elsewhere.sign_in("changer", OTHER).status_code == 200


def test_the_present_password_is_asked_for(browser: Browser, town: TownHandle) -> None:
    account(town, "careful")
    browser.sign_in("careful")
    for path, more in (("/auth/password", {"new_password": OTHER}), ("/auth/totp", {})):
        answer = browser.post(path + "?lang=en", {"password": "wrong", **more})
        assert answer.status_code == 403
        assert "present password" in answer.json()["detail"]
    weak = {"password": PASSWORD, "new_password": "123456789012345"}
    assert browser.post("/auth/password", weak).status_code == 400
    for _ in range(FREE):
        browser.post("/auth/totp", {"password": "wrong"})
    answer = browser.post("/auth/totp", {"password": PASSWORD})
    assert answer.status_code == 429
    assert answer.headers["retry-after"]


def test_one_time_codes_from_offer_to_removal(browser: Browser, town: TownHandle) -> None:
    account(town, "coded")
    browser.sign_in("coded")
    offer = browser.post("/auth/totp", {"password": PASSWORD}).json()
    assert offer["uri"].startswith("otpauth://totp/")
    assert browser.get("/me").json()["totp"] is False
    clock = pyotp.TOTP(offer["secret"])
    wrong = browser.post("/auth/totp/confirm?lang=en", {"proof": offer["proof"], "code": "000"})
    assert wrong.status_code == 400
    stranger = Browser(browser.caller)
    account(town, "stranger")
    stranger.sign_in("stranger")
    stolen = {"proof": offer["proof"], "code": clock.now()}
    assert stranger.post("/auth/totp/confirm", stolen).status_code == 400
    forged = {"proof": "x" * 100, "code": clock.now()}
    assert browser.post("/auth/totp/confirm", forged).status_code == 400
    code = clock.now()
    assert browser.post("/auth/totp/confirm", {"proof": offer["proof"], "code": code}).is_success
    assert browser.get("/me").json()["totp"] is True

    again = Browser(browser.caller)
    answer = again.sign_in("coded")
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:muang:problem:code-needed"
    assert again.sign_in("coded", "wrong").json()["type"] == "urn:muang:problem:unauthenticated"
    assert again.sign_in("coded", code=code).status_code == 401, "a code works once"
    late = clock.at(int(time.time()), counter_offset=1)
    assert again.sign_in("coded", code=late).status_code == 200
    asked = {"password": PASSWORD}
    for path, more in (("password", {"new_password": OTHER}), ("totp", {}), ("totp/remove", {})):
        told = again.post(f"/auth/{path}", asked | more)
        assert told.json()["type"] == "urn:muang:problem:code-needed", path
        used = again.post(f"/auth/{path}", asked | more | {"code": late})
        assert used.status_code == 403, "the password alone is not enough, nor a used code"
    assert again.post("/auth/tokens", token_request()).status_code == 401
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.account SET totp_last_step = 0 WHERE username = 'coded'")
    assert again.post("/auth/totp/remove", asked | {"code": clock.now()}).is_success
    assert Browser(browser.caller).sign_in("coded").status_code == 200


def test_tokens_are_made_listed_and_revoked(browser: Browser, town: TownHandle) -> None:
    account(town, "maker", Role.CARE, communities=("C1",))
    browser.sign_in("maker")
    made = browser.post("/auth/tokens", token_request("สมุดบันทึก", days=5))
    assert made.status_code == 201
    facts = made.json()
    token = facts.pop("token")
    me = browser.caller.get("/me", token).json()
    assert (me["role"], me["kind"], me["scope"]) == ("care", "token", ["C1"])
    (listed,) = browser.get("/auth/tokens").json()["tokens"]
    assert listed == facts
    assert token not in browser.get("/auth/tokens").text

    other = Browser(browser.caller)
    account(town, "other")
    other.sign_in("other")
    assert other.get("/auth/tokens").json()["tokens"] == []
    assert other.ask("DELETE", f"/auth/tokens/{facts['id']}").status_code == 404
    assert browser.ask("DELETE", f"/auth/tokens/{facts['id']}").status_code == 204
    assert browser.caller.get("/me", token).status_code == 401
    assert browser.ask("DELETE", f"/auth/tokens/{facts['id']}").status_code == 404


def test_only_administrators_choose_roles_and_scopes(browser: Browser, town: TownHandle) -> None:
    account(town, "plain")
    browser.sign_in("plain")
    for more in ({"role": "admin"}, {"role": "public"}, {"communities": ["C1"]}, {"team": "x"}):
        assert browser.post("/auth/tokens", token_request(**more)).status_code == 403, more
    boss = Browser(browser.caller)
    account(town, "boss", Role.ADMIN)
    boss.sign_in("boss")
    asked = token_request(role="team", team="boat 7")
    token = boss.post("/auth/tokens", asked).json()["token"]
    assert boss.caller.get("/me", token).json()["scope"] == ["boat 7"]
    for wrong in ({"role": "team"}, {"role": "staff", "team": "x"}, {"communities": ["C1"]}):
        assert boss.post("/auth/tokens", token_request(**wrong)).status_code == 400, wrong
    assert boss.post("/auth/tokens", token_request(days=0)).status_code == 400


def test_tokens_and_strangers_cannot_make_tokens(browser: Browser, town: TownHandle) -> None:
    with town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.ADMIN, "machine")
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/1")):
        body = {"json": {"name": "t"}} if method == "POST" else {}
        asked = browser.caller.ask(method, f"/auth/tokens{path}", token, **body)
        assert asked.status_code == 403
        assert browser.caller.ask(method, f"/auth/tokens{path}", NOBODY, **body).status_code == 401
    for path in ("password", "totp", "totp/confirm", "totp/remove"):
        assert browser.caller.post(f"/auth/{path}", NOBODY, json={}).status_code in (400, 401)
