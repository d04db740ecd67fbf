"""The log of security events: who tried what from where, and nothing anybody typed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from db.connect import Machine
from db.throttle import FREE
from db.towns import drop_town
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import settings_for
from tests.api.signing_in import PASSWORD, Browser, account
from tests.api.test_problems import listening
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


def told(lines: list[str]) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, lines) if line["log"] == "muang.security"]


def test_each_event_has_its_line(here: Caller, town: TownHandle) -> None:
    mine = account(town, "noted").id
    browser = Browser(here)
    with listening() as lines:
        browser.sign_in("noted", "a wrong password")
        signed_in = browser.sign_in("noted")
        browser.post("/auth/totp", {"password": PASSWORD})
        made = browser.post("/auth/tokens", {"name": "t", "password": PASSWORD}).json()
        browser.ask("DELETE", f"/auth/tokens/{made['id']}")
        browser.post("/auth/logout", headers={"X-CSRF-Token": "0"})
        browser.post("/queries/impact", {}, headers={"X-CSRF-Token": "0"})
        browser.post("/auth/password", {"password": "w", "new_password": "x" * 20})
        browser.post("/auth/logout")
    found = told(lines)
    assert [(line["event"], line["outcome"]) for line in found] == [
        ("sign-in", "unauthenticated"),
        ("sign-in", "done"),
        ("one-time code offered", "done"),
        ("token made", "done"),
        ("token revoked", "done"),
        ("sign-out", "forbidden"),
        ("request of a foreign page", "refused"),
        ("password changed", "forbidden"),
        ("sign-out", "done"),
    ]
    assert signed_in.status_code == 200
    assert {line["account"] for line in found if line["event"] != "sign-out"} == {mine}
    assert {line["address"] for line in found} == {"127.0.0.1"}
    assert all(line["id"].startswith("urn:uuid:") for line in found)
    assert found[3]["about"] == found[4]["about"] == made["id"]
    assert found[0]["level"] == "warning"
    assert found[1]["level"] == "info"
    access = [line for line in map(json.loads, lines) if line["log"] == "muang.access"]
    assert access[1]["principal"] == "noted", "who signed in is in the access line as well"
    text = "".join(lines)
    assert PASSWORD not in text
    assert "a wrong password" not in text
    assert made["token"] not in text


def test_names_that_do_not_exist_and_pauses_are_noted(here: Caller, town: TownHandle) -> None:
    mine = account(town, "paused").id
    with listening() as lines:
        for name in ("paused", "my password by mistake"):
            for _ in range(FREE + 1):
                Browser(here).sign_in(name.replace(" ", "-"), "wrong")
    found = told(lines)
    outcomes = [(line["account"], line["outcome"]) for line in found]
    for account_id in (mine, None):
        assert outcomes.count((account_id, "unauthenticated")) == FREE
        assert outcomes.count((account_id, "too-many-requests")) == 1
    assert "my-password" not in "".join(lines), "people type one for the other"


def test_credentials_that_are_not_good_are_noted(here: Caller, town: TownHandle) -> None:
    account(town, "revoked")
    browser = Browser(here)
    browser.sign_in("revoked")
    made = browser.post("/auth/tokens", {"name": "t", "password": PASSWORD}).json()
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.api_token SET revoked_at = now()")
    here.app.state.house.verifier.forget_all()
    with listening() as lines:
        assert here.get("/me", made["token"]).status_code == 401
        assert here.get("/me", NOBODY).status_code == 200
    (line,) = told(lines)
    assert (line["event"], line["outcome"]) == ("credential not good", "token")
    assert made["token"] not in "".join(lines)
