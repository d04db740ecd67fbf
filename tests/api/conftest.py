"""The tiny town behind the application, and a token for each role."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from api.settings import ServerSettings
from db.connect import Machine
from db.tokens import new_token
from layers.model import Role
from tests.api.caller import Caller
from tests.conftest import TownHandle


def settings_for(town: TownHandle, dashboard: Path) -> ServerSettings:
    """Settings that serve a town with the dashboard of a folder."""
    return ServerSettings(
        database_url=town.server_url,
        secret=town.secret,
        town=town.town_id,
        dashboard=dashboard,
    )


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder shaped like the dashboard's build."""
    root = tmp_path_factory.mktemp("dist")
    (root / "assets" / "fonts").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>เมือง</title>", encoding="utf-8")
    (root / "assets" / "index-Ab3dEf9_.js").write_text("export {};\n" * 200, encoding="utf-8")
    (root / "assets" / "fonts" / "sarabun-thai-400-normal.woff2").write_bytes(b"wOF2")
    (root.parent / "secret.txt").write_text("not yours", encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def caller(tiny_town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    """The tiny town's server, for tests that only read."""
    with Caller(create_app(settings_for(tiny_town, dashboard))) as made:
        yield made


@pytest.fixture(scope="session")
def tokens(tiny_town: TownHandle) -> dict[Role, str]:
    """A good token for each role of the tiny town."""
    with tiny_town.connect(Machine.SERVICE) as conn:
        return {role: new_token(conn, role, f"test {role}", 1)[1] for role in Role}
