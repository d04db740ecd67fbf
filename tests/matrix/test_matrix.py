"""Every person, every layer, every path: visible exactly when declared, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import BaseRoute

from layers.catalog import LAYERS
from layers.model import Layer, Role
from tests.matrix.asking import Asker
from tests.matrix.conftest import Scene
from tests.matrix.seeds import TOKENS, Row, plain
from tests.matrix.table import BODIES, BY_ROLE, PAGES, PROBES, TABLE, Probe
from tests.matrix.views import PEOPLE, Person

CASES = [
    pytest.param(probe, person, id=f"{probe.__name__}-{person.name}")
    for person in PEOPLE
    for probe in PROBES
    if probe not in BY_ROLE or not person.again
]


@pytest.mark.parametrize(("probe", "person"), CASES)
def test_visible_exactly_when_declared(asker: Asker, probe: Probe) -> None:
    probe(asker)


def test_every_operation_and_parameter_has_its_row(scene: Scene) -> None:
    document = scene.client.caller.app.openapi()
    found = {
        (method, path): {part["name"] for part in operation.get("parameters", [])} - {"lang"}
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert found == {key: set(line.parameters) for key, line in TABLE.items()}
    schemas = document["components"]["schemas"]
    for name, fields in BODIES.items():
        assert set(schemas[name]["properties"]) == fields, name
    bodies = {
        part["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path, item in document["paths"].items()
        for operation in item.values()
        if not path.startswith("/auth/") and (part := operation.get("requestBody"))
    }
    assert bodies <= set(BODIES)


def test_no_address_is_outside_the_matrix(scene: Scene) -> None:
    described = {path for _, path in TABLE} - {"/tiles/{layers}/{z}/{x}/{y}.mvt"}
    found = set(_paths(scene.client.caller.app.routes))
    assert found == described | PAGES


def _paths(routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        inner: Any = getattr(route, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes)
        else:
            yield getattr(route, "path", repr(route))


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
def test_every_layer_and_field_is_seeded(scene: Scene, layer: Layer) -> None:
    """Adding a layer or a field is covered by itself, or fails here."""
    rows = scene.seeds.of(layer)
    assert rows
    for rule in layer.row_rules:
        if rule.field is None:
            continue
        assert [row for row in rows if row.values[rule.field] == rule.value], rule
    for field in layer.fields:
        seeded = [row.values[field.name] for row in rows if row.values[field.name] is not None]
        assert seeded, field.name
        if Role.PUBLIC not in field.audience and field.type in ("text", "text_list", "date"):
            named = [row for row in rows if field.name in row.tokens]
            assert named or _is_a_key(field.name, rows), field.name


def _is_a_key(name: str, rows: list[Row]) -> bool:
    """Fields whose values other rows repeat hold a key instead of a canary of their own."""
    return all(row.values[name] in (None, "C1", "C2") for row in rows)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_whoever_may_see_a_canary_does(asker: Asker, person: Person) -> None:
    """The positive control: each canary is there for everybody it is declared for."""
    for layer in asker.view.layers():
        reply = asker.get(f"/ogc/collections/{layer.id}/items", params={"limit": "1000"})
        text = "\n".join(map(str, _values(reply.json())))
        for row, name, token in asker.view.expected(layer):
            assert token in text, (person.name, row.name, name)
            if name in row.values:
                assert plain(row.values[name])[:10] in text, (row.name, name)


def _values(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _values(part)
    else:
        yield tree


def test_the_search_finds_what_is_hidden_well(scene: Scene) -> None:
    """The searching itself is tried: entities, escapes and numbers are seen through."""
    texts = ["\\u0e01zq0001k", "&amp;lt;zq0002k", "7312.625", "[73100123]", "2031-04-05T00:00:00"]
    found = [token for text in texts for token in TOKENS.findall(text)]
    assert found == ["zq0001k", "zq0002k", "7312.625", "73100123", "2031-04-05"]
    distinct = [token for row in scene.seeds.rows for token in row.tokens.values()]
    shared = {token for token in distinct if distinct.count(token) > 1}
    keys = {row.tokens["code"] for row in scene.seeds.rows if row.name.startswith("household")}
    keys |= {row.tokens["house_code"] for row in scene.seeds.rows if row.name.startswith("house_")}
    assert shared == keys
