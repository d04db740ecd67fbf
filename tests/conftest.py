"""A real PostGIS for every test: towns are made and dropped; a missing server is a failure."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from db.connect import Login, connect, url_for
from db.towns import TownSpec, create_town, drop_town
from layers.text import Text
from tests.tiny import load_tiny

SRID = 32648


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


def make_town(server_url: str, secret: str, *, srid: int = SRID) -> TownHandle:
    """A new empty town with a random id."""
    town_id = f"t{secrets.token_hex(5)}"
    spec = TownSpec(
        id=town_id, name=Text(th="เมืองทดสอบ", en="Test town"), srid=srid, synthetic=True
    )
    create_town(server_url, secret, spec)
    return TownHandle(server_url, secret, town_id, srid)


@pytest.fixture
def blank_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A migrated town without data, for one test."""
    town = make_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture(scope="session")
def tiny_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A town with a few features in every layer, for tests that only read."""
    town = make_town(server_url, secret)
    load_tiny(town)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture
def own_tiny_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A tiny town of the test's own, to change at will."""
    town = make_town(server_url, secret)
    load_tiny(town)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture(scope="module")
def module_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A migrated town without data, shared by the tests of one module."""
    town = make_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)
