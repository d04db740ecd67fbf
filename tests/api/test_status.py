"""Who am I, alive, ready: and what each says when something is missing."""

import json
from pathlib import Path

import pytest

from api import house
from api.app import create_app
from api.settings import ServerSettings
from db.connect import connect_admin
from layers.catalog import LAYERS
from layers.model import Role
from layers.privacy import may_see
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import settings_for
from tests.conftest import TownHandle


def test_without_credentials_one_is_the_public(caller: Caller, tiny_town: TownHandle) -> None:
    me = caller.get("/me", NOBODY).json()
    assert (me["role"], me["principal"], me["kind"]) == ("public", "public", "public")
    assert me["demo"] is False
    assert me["authenticated"] is False
    assert me["csrf"] is None
    assert me["oidc"] is None
    assert "houses" not in me["layers"]
    assert me["town"]["id"] == tiny_town.town_id
    assert me["town"]["name"] == {"th": "เมืองทดสอบ", "en": "Test town"}
    assert me["town"]["srid"] == 32648
    assert me["town"]["synthetic"] is True
    west, south, east, north = me["town"]["bounds"]
    assert 0.008 < east - west < 0.011
    assert 0.008 < north - south < 0.011


def test_me_with_a_token(caller: Caller, tokens: dict[Role, str]) -> None:
    for role in Role:
        me = caller.get("/me", tokens[role]).json()
        assert (me["role"], me["demo"], me["authenticated"]) == (role, False, True)
        assert me["principal"] == f"test {role}"
        assert me["layers"] == [layer.id for layer in LAYERS if may_see(layer, role)]


def test_alive_and_ready(caller: Caller) -> None:
    assert caller.get("/healthz").json() == {"status": "ok"}
    answer = caller.get("/readyz")
    assert answer.json()["ready"] is True, answer.text
    assert answer.status_code == 200
    assert set(answer.json()["checks"]) == {"database", "migrations", "sequencer", "dashboard"}


def test_not_ready_without_a_dashboard(tiny_town: TownHandle, tmp_path: Path) -> None:
    with Caller(create_app(settings_for(tiny_town, tmp_path))) as caller:
        answer = caller.get("/readyz?lang=en")
        assert answer.status_code == 503
        check = answer.json()["checks"]["dashboard"]
        assert check == {"ok": False, "reason": "The dashboard has not been built; run ./muang up."}
        page = caller.get("/")
        assert page.status_code == 503
        assert "./muang up" in page.json()["detail"]


def test_not_ready_when_the_database_is_behind(
    blank_town: TownHandle, dashboard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Caller(create_app(settings_for(blank_town, dashboard))) as caller:
        assert caller.get("/readyz").json()["checks"]["migrations"]["ok"] is True
        with connect_admin(blank_town.server_url, blank_town.town_id) as conn:
            conn.execute("UPDATE muang.revision SET version_num = '0000_old'")
        assert caller.get("/readyz").json()["checks"]["migrations"]["ok"], "remembered for a second"
        monkeypatch.setattr(house, "_REMEMBERED_S", -1.0)
        check = caller.get("/readyz?lang=en").json()["checks"]["migrations"]
        assert check["ok"] is False
        assert "0000_old" in check["reason"]
        assert "./muang db migrate" in check["reason"]


@pytest.fixture(scope="module")
def away(dashboard: Path) -> ServerSettings:
    """Settings of a database nobody listens for."""
    return ServerSettings(
        database_url="postgresql://nobody@127.0.0.1:1/postgres",
        secret="s" * 32,
        town="nowhere",
        dashboard=dashboard,
    )


@pytest.mark.slow
def test_the_server_starts_without_its_database_and_says_so(away: ServerSettings) -> None:
    with Caller(create_app(away)) as caller:
        assert caller.get("/healthz").status_code == 200
        ready = caller.get("/readyz?lang=en")
        assert ready.status_code == 503
        assert "cannot be reached" in ready.json()["checks"]["database"]["reason"]
        assert ready.json()["checks"]["sequencer"]["ok"] is False
        answer = caller.get("/me?lang=en")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"]
        assert "127.0.0.1:1" not in json.dumps(answer.json())
