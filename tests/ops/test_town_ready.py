"""When the demo is loaded: into an empty town, or again when a load was broken off."""

from io import StringIO
from pathlib import Path

import pytest

from db.connect import Machine
from db.datasets import Dataset, begin
from layers.catalog import LAYERS
from ops import town_ready
from ops.checkout import Checkout
from ops.progress import Progress
from ops.session import Server
from tests.conftest import TownHandle


def loaded(town: TownHandle, layer: str, *, synthetic: bool) -> None:
    with town.connect(Machine.LOADER) as conn:
        begin(conn, Dataset(layer, source="test", actor="test", synthetic=synthetic), "replace")


def server_of(town: TownHandle) -> Server:
    return Server(town.server_url, town.secret, None, private=False)


def test_the_demo_goes_into_an_empty_town_and_is_taken_up_again(blank_town: TownHandle) -> None:
    server = server_of(blank_town)
    assert town_ready.is_empty(server, blank_town.town_id)
    loaded(blank_town, "parcels", synthetic=True)
    assert town_ready.is_empty(server, blank_town.town_id)
    loaded(blank_town, LAYERS[-1].id, synthetic=True)
    assert not town_ready.is_empty(server, blank_town.town_id)


def test_the_demo_never_joins_what_people_loaded(blank_town: TownHandle) -> None:
    loaded(blank_town, "parcels", synthetic=False)
    assert not town_ready.is_empty(server_of(blank_town), blank_town.town_id)


def test_a_town_that_exists_is_migrated_and_its_data_left_alone(
    tiny_town: TownHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(town_ready, "load_demo", lambda *_: called.append("load"))
    progress = Progress(StringIO())
    town_ready.need_town(server_of(tiny_town), tiny_town.town_id, progress, demo=True)
    assert called == []
    assert len(progress.times) == 1
    assert progress.times[0][0].endswith("Migrating the town's database")


@pytest.mark.slow
def test_the_layer_a_demo_ends_with_is_the_last_one_it_loads() -> None:
    from etl.demo import generate  # noqa: PLC0415 - slow to import

    assert list(generate("patong").frames)[-1] == LAYERS[-1].id


def test_the_server_is_told_where_the_rasters_are(
    blank_town: TownHandle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MUANG_RASTERS", raising=False)
    told = server_of(blank_town).environment(blank_town.town_id)
    assert told["MUANG_RASTERS"] == str(Checkout.here().state / "rasters")
    monkeypatch.setenv("MUANG_RASTERS", str(tmp_path))
    told = server_of(blank_town).environment(blank_town.town_id)
    assert told["MUANG_RASTERS"] == str(tmp_path)


def test_rasters_are_looked_after_in_demo_towns_only(
    blank_town: TownHandle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The town is synthetic but no demo's: it is left alone, with its folder not even made."""
    monkeypatch.setenv("MUANG_RASTERS", str(tmp_path / "rasters"))
    loaded(blank_town, LAYERS[-1].id, synthetic=True)
    town_ready.need_town(server_of(blank_town), blank_town.town_id, Progress(StringIO()), demo=True)
    assert not (tmp_path / "rasters").exists()
