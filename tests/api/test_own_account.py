"""What people change about their own sign-in: password, one-time code, tokens."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from api.app import create_app
from db import sessions, tokens
from db.connect import Machine
from db.throttle import FREE, LIMIT_AGAIN
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


def test_a_new_password_revokes_tokens_unless_they_are_kept(
    browser: Browser, town: TownHandle
) -> None:
    """Whoever knew the old password may have made one."""
    account(town, "robbed")
    browser.sign_in("robbed")
    token = browser.post("/auth/tokens", token_request()).json()["token"]
    change = {"password": PASSWORD, "new_password": OTHER, "keep_tokens": True}
    browser.csrf = browser.post("/auth/password", change).json()["csrf"]
    assert browser.caller.get("/me", token).status_code == 200
    change = {"password": OTHER, "new_password": PASSWORD}
    browser.csrf = browser.post("/auth/password", change).json()["csrf"]
    assert browser.caller.get("/me", token).status_code == 401


def test_making_a_token_asks_for_the_password(browser: Browser, town: TownHandle) -> None:
    account(town, "borrowed")
    browser.sign_in("borrowed")
    assert browser.post("/auth/tokens", {"name": "t"}).status_code == 403
    assert browser.post("/auth/tokens", token_request(password="wrong")).status_code == 403
    assert browser.get("/auth/tokens").json()["tokens"] == []


def test_tokens_live_a_year_and_a_quarter_where_persons_are_seen(
    browser: Browser, town: TownHandle
) -> None:
    account(town, "long", Role.ADMIN)
    browser.sign_in("long")
    for role, most in (("public", 366), ("care", 90), ("admin", 90), ("coordinator", 90)):
        good = browser.post("/auth/tokens", token_request(role=role, days=most))
        assert good.status_code == 201, role
        refused = browser.post("/auth/tokens?lang=en", token_request(role=role, days=most + 1))
        assert refused.status_code == 400, role
    assert browser.post("/auth/tokens", token_request(days=3650)).status_code == 400


def test_so_many_tokens_and_no_more(browser: Browser, town: TownHandle) -> None:
    mine = account(town, "hoarder")
    browser.sign_in("hoarder")
    with town.connect(Machine.SERVICE) as conn:
        for number in range(tokens.MOST_LIVE - 1):
            a_token(conn, Role.STAFF, f"t{number}", account_id=mine.id)
    assert browser.post("/auth/tokens", token_request()).status_code == 201
    assert browser.post("/auth/tokens", token_request()).status_code == 409
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.api_token SET revoked_at = now() WHERE name = 't1'")
    assert browser.post("/auth/tokens", token_request()).status_code == 201


def test_strangers_do_not_keep_anybody_from_changing_the_password(
    browser: Browser, town: TownHandle
) -> None:
    account(town, "besieged")
    browser.sign_in("besieged")
    for _ in range(FREE + 1):
        Browser(browser.caller).sign_in("besieged", "wrong")
    assert Browser(browser.caller).sign_in("besieged").status_code == 429
    answer = browser.post("/auth/password", {"password": PASSWORD, "new_password": OTHER})
    assert answer.status_code == 200


def test_many_wrong_answers_end_the_session(browser: Browser, town: TownHandle) -> None:
    account(town, "left-open")
    browser.sign_in("left-open")
    for _ in range(LIMIT_AGAIN - 1):
        assert browser.post("/auth/totp", {"password": "wrong"}).status_code == 403
        with town.connect(Machine.SERVICE) as conn:  # as if they had waited
            conn.execute("UPDATE muang.sign_in_failure SET recent = 0")
    assert browser.post("/auth/totp", {"password": "wrong"}).status_code == 401
    browser.caller.app.state.house.verifier.forget_all()
    assert browser.get("/me").status_code == 401


def test_a_proof_is_good_once_and_in_its_session(browser: Browser, town: TownHandle) -> None:
    account(town, "enrolled")
    browser.sign_in("enrolled")
    offer = browser.post("/auth/totp", {"password": PASSWORD}).json()
    clock = pyotp.TOTP(offer["secret"])
    proof = {"proof": offer["proof"]}
    elsewhere = Browser(browser.caller)
    elsewhere.sign_in("enrolled")
    confirm = "/auth/totp/confirm"
    assert elsewhere.post(confirm, proof | {"code": clock.now()}).status_code == 400
    assert browser.post(confirm, proof | {"code": clock.now()}).status_code == 204
    assert browser.post(confirm, proof | {"code": clock.now()}).status_code == 400, "used"
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.account SET totp_last_step = 7 WHERE username = 'enrolled'")
    gone = {"password": PASSWORD, "code": clock.now()}
    assert browser.post("/auth/totp/remove", gone).status_code == 204
    late = clock.at(int(time.time()), counter_offset=1)
    assert browser.post(confirm, proof | {"code": late}).status_code == 400, "used, and removed"
    assert browser.get("/me").json()["totp"] is False


def test_who_has_no_password_signs_in_anew_before_changing_anything(
    browser: Browser, town: TownHandle
) -> None:
    made = account(town, "by-provider", password=None, oidc_issuer="i", oidc_subject="s")
    house = browser.caller.app.state.house

    async def signed_in() -> str:
        async with house.service() as conn:
            return await sessions.open_session(conn, made.id)

    browser.cookies[house.settings.cookie] = browser.caller.run(signed_in())
    browser.csrf = browser.get("/me").json()["csrf"]
    assert browser.post("/auth/tokens", {"name": "t"}).status_code == 201
    with town.connect(Machine.SERVICE) as conn:
        conn.execute(
            "UPDATE muang.session SET created_at = now() - interval '11 minutes'"
            " WHERE account_id = %s",
            [made.id],
        )
    answer = browser.post("/auth/tokens?lang=en", {"name": "t"})
    assert answer.status_code == 403
    assert "with your provider" in answer.json()["detail"]
