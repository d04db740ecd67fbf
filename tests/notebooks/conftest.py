"""The tiny town behind a real server, for everything that talks HTTP to it."""

from collections.abc import Iterator

import pytest

from tests.conftest import TownHandle
from tests.served import served


@pytest.fixture(scope="package")
def town_url(tiny_town: TownHandle) -> Iterator[str]:
    """Address of the served tiny town."""
    with served(tiny_town) as url:
        yield url
