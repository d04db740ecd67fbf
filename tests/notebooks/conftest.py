"""The tiny town behind a real server, for everything that talks HTTP to it."""

from collections.abc import Iterator

import pytest

from db.connect import Machine
from db.tokens import new_token
from layers.model import Role
from tests.conftest import TownHandle
from tests.served import served


@pytest.fixture(scope="package")
def town_token(tiny_town: TownHandle) -> str:
    """A token of the tiny town's administrator."""
    with tiny_town.connect(Machine.SERVICE) as conn:
        return new_token(conn, Role.ADMIN, "notebook tests", 1)[1]


@pytest.fixture(scope="package")
def analyst_token(tiny_town: TownHandle) -> str:
    """A token like the one `./muang notebook` makes."""
    with tiny_town.connect(Machine.SERVICE) as conn:
        return new_token(conn, Role.ANALYST, "notebook tests", 1)[1]


@pytest.fixture(scope="package")
def town_url(tiny_town: TownHandle) -> Iterator[str]:
    """Address of the served tiny town."""
    with served(tiny_town) as url:
        yield url
