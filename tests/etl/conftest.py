"""Fixtures of the files-into-layers tests."""

from collections.abc import Iterator

import pytest

from db.towns import drop_town
from tests.conftest import TownHandle, make_town
from tests.etl.files import Command, boundary_order, do


@pytest.fixture(scope="module")
def shared_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A town with just its boundary, shared by a module's tests (each minds its own layer)."""
    town = make_town(server_url, secret)
    do(town, boundary_order(town))
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture
def command(
    server_url: str,
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Command:
    """`command("import", …)` runs a command line and gives its status and output."""
    monkeypatch.setenv("MUANG_DATABASE_URL", server_url)
    monkeypatch.setenv("MUANG_SECRET", secret)
    monkeypatch.setenv("MUANG_RAW_FILES", str(tmp_path_factory.mktemp("raw")))
    monkeypatch.delenv("MUANG_LANG", raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    return Command(monkeypatch, capsys)
