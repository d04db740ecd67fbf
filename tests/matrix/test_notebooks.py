"""The notebooks' own client against a served town: frames hold just what is each person's."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from layers.catalog import LAYERS
from tests.api.running import Running, server
from tests.matrix.conftest import Scene
from tests.matrix.seeds import TOKENS
from tests.matrix.views import PEOPLE, Person

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PROGRAMS = [person for person in PEOPLE if person.token and not person.session]


@pytest.fixture(scope="module")
def client() -> ModuleType:
    """The client as a notebook imports it: from the folder the notebook lies in."""
    sys.path.insert(0, str(NOTEBOOKS))
    try:
        return importlib.import_module("muang_client")
    finally:
        sys.path.remove(str(NOTEBOOKS))


@pytest.fixture(scope="module")
def served(scene: Scene, dashboard: Path) -> Iterator[Running]:
    """The seeded town, served by a process of its own."""
    with server(scene.town, dashboard) as made:
        yield made


@pytest.mark.parametrize("person", PROGRAMS, ids=lambda person: person.name)
def test_frames_hold_what_is_declared(
    scene: Scene, client: ModuleType, served: Running, person: Person
) -> None:
    view = scene.asker(person).view
    token = view.headers["Authorization"].removeprefix("Bearer ")
    said = []
    with client.Town(served.url, token, lang="en") as town:
        assert town.role == person.role
        assert list(town.layers().index) == [layer.id for layer in view.layers()]
        for layer in LAYERS:
            if not view.sees(layer):
                with pytest.raises(client.TownError, match="There is no layer") as refused:
                    town.table(layer.id)
                said.append(str(refused.value))
                continue
            frame = town.layer(layer.id) if layer.geometry else town.table(layer.id)
            assert set(frame.index) == {row.id for row in view.rows(layer)}, layer.id
            assert set(town.fields(layer.id).index) - {"geometry"} == set(view.fields(layer))
            said += [frame.to_csv(), repr(town.fields(layer.id))]
            found = set(TOKENS.findall(said[-2]))
            assert found >= {token for _, _, token in view.expected(layer)}, layer.id
        answer = town.impact(zone_ids="all", include_ids=True)
        said += [str(answer.raw), answer.table().to_csv(), str(town.answer(answer.id).raw)]
        homes = {row.id for row in view.rows(scene.seeds.row("home_c1").layer)}
        assert set(answer.ids("care_locations")) == homes
    leaked = {token for text in said for token in TOKENS.findall(text)} - view.allowed()
    assert not leaked
