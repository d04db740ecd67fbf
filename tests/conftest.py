"""A real PostGIS for every test: towns are made and dropped; a missing server is a failure."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import psycopg
import pytest

from db.connect import Login, connect, url_for
from db.towns import TownSpec, create_town, drop_town
from layers.errors import MuangError
from layers.text import Text
from tests.tiny import load_tiny
from tests.town_copies import Original, make_original

SRID = 32648

FIRST = (
    *("tests/matrix/test_exports.py", "tests/matrix/test_schemathesis.py"),
    *("tests/matrix/test_matrix.py", "tests/matrix/"),
    *("tests/etl/test_shared_files.py", "tests/etl/test_real_files.py", "tests/etl/"),
    *("tests/e2e/test_sign_in.py", "tests/e2e/test_boards.py", "tests/e2e/test_desk.py"),
    *("tests/e2e/test_screenshots.py", "tests/e2e/test_access.py", "tests/e2e/"),
    *("tests/api/test_exports.py", "tests/api/test_tile_freshness.py", "tests/api/"),
    *("tests/ops/", "tests/db/"),
)
"""Which files processes side by side begin with: the longest of the longest folders, so that none
is left alone at the end. A folder stays together, because its files share a server or a browser.
What is not named comes last."""


@dataclass(frozen=True)
class TownHandle:
    """A town's database as tests see it."""

    server_url: str
    secret: str
    town_id: str
    srid: int = SRID

    def connect(self, login: Login) -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection as one of the town's roles."""
        return connect(self.server_url, self.secret, self.town_id, login)

    def url(self, login: Login) -> str:
        """Connection string of one of the town's roles."""
        return url_for(self.server_url, self.secret, self.town_id, login)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first where processes share them out; otherwise in the order of the folders."""
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """The place of its file in `FIRST`."""
    return next((n for n, path in enumerate(FIRST) if item.nodeid.startswith(path)), len(FIRST))


@pytest.fixture(scope="session")
def server_url() -> str:
    """URL of a PostGIS server: MUANG_DATABASE_URL, else the checkout's private test cluster."""
    given = os.environ.get("MUANG_DATABASE_URL")
    if given:
        return given
    from ops.cluster import test_server  # noqa: PLC0415 - only where no server is given

    return test_server()


@pytest.fixture(scope="session")
def secret() -> str:
    """The secret the test towns' passwords come from."""
    return secrets.token_hex(32)


_ORIGINALS: dict[tuple[str, str], Original] = {}
"""What this process's towns are copied from, by server and by what is in them."""


def make_town(server_url: str, secret: str, *, srid: int = SRID) -> TownHandle:
    """A new empty town with a random id."""
    spec = _spec(srid)
    if srid == SRID:
        _original(server_url, secret, "blank").copy(secret, spec)
    else:
        create_town(server_url, secret, spec)
    return TownHandle(server_url, secret, spec.id, srid)


def make_tiny_town(server_url: str, secret: str) -> TownHandle:
    """A new town with a few features in every layer."""
    spec = _spec(SRID)
    _original(server_url, secret, "tiny").copy(secret, spec)
    return TownHandle(server_url, secret, spec.id)


def _spec(srid: int) -> TownSpec:
    return TownSpec(
        id=f"t{secrets.token_hex(5)}",
        name=Text(th="เมืองทดสอบ", en="Test town"),
        srid=srid,
        synthetic=True,
    )


def _original(server_url: str, secret: str, content: Literal["blank", "tiny"]) -> Original:
    """The town to copy, made when it is first wanted."""
    if (server_url, content) not in _ORIGINALS:
        if content == "blank":
            original = make_original(server_url, secret, _spec(SRID))
        else:
            town = make_town(server_url, secret)
            load_tiny(town)
            original = Original.of(server_url, town.town_id)
        _ORIGINALS[server_url, content] = original
    return _ORIGINALS[server_url, content]


@pytest.fixture(scope="session", autouse=True)
def _originals_go() -> Iterator[None]:
    yield
    for original in _ORIGINALS.values():
        with suppress(MuangError, psycopg.Error):  # a server of one test's own is gone already
            original.drop()
    _ORIGINALS.clear()


@pytest.fixture
def blank_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A migrated town without data, for one test."""
    town = make_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture(scope="session")
def tiny_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A town with a few features in every layer, for tests that only read."""
    town = make_tiny_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture
def own_tiny_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A tiny town of the test's own, to change at will."""
    town = make_tiny_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture(scope="module")
def module_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A migrated town without data, shared by the tests of one module."""
    town = make_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)
