"""The tiny town behind the application, and a token for each role."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.settings import ServerSettings
from db.connect import Machine
from db.derived import AnyConnection
from db.tokens import NewToken, make_token
from layers.model import Role
from tests.api.caller import Caller
from tests.conftest import TownHandle


def settings_for(town: TownHandle, dashboard: Path, **more: Any) -> ServerSettings:
    """Settings that serve a town with the dashboard of a folder, without a rate limit and rules."""
    return ServerSettings(
        database_url=town.server_url,
        secret=town.secret,
        town=town.town_id,
        dashboard=dashboard,
        **{"rate_per_second": 0, "rules": False, **more},
    )


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder shaped like the dashboard's build."""
    root = tmp_path_factory.mktemp("dist")
    (root / "assets" / "fonts").mkdir(parents=True)
    (root / "login.html").write_text("<!doctype html><title>ลงชื่อเข้าใช้</title>", encoding="utf-8")
    (root / "index.html").write_text("<!doctype html><title>เมือง</title>", encoding="utf-8")
    (root / "assets" / "index-Ab3dEf9_.js").write_text("export {};\n" * 200, encoding="utf-8")
    (root / "assets" / "fonts" / "sarabun-thai-400-normal.woff2").write_bytes(b"wOF2")
    (root.parent / "secret.txt").write_text("not yours", encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def caller(tiny_town: TownHandle, dashboard: Path, tokens: dict[Role, str]) -> Iterator[Caller]:
    """The tiny town's server, for tests that only read; an administrator asks unless said."""
    with Caller(create_app(settings_for(tiny_town, dashboard)), tokens[Role.ADMIN]) as made:
        yield made


@pytest.fixture(scope="session")
def tokens(tiny_town: TownHandle) -> dict[Role, str]:
    """A good token for each role of the tiny town."""
    with tiny_town.connect(Machine.SERVICE) as conn:
        return {role: a_token(conn, role, f"test {role}") for role in Role}


def a_token(conn: AnyConnection, role: Role, name: str, **more: Any) -> str:
    """A good token; that of a team belongs to a crew called `boat 1`."""
    team = more.pop("team", "boat 1" if role is Role.TEAM else None)
    return make_token(conn, NewToken(role, name, 1, team=team, **more))[1]
