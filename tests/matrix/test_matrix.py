"""Every person, every layer, every path: visible exactly when declared, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import BaseRoute

from layers.catalog import LAYERS
from layers.model import Layer, Role
from tests.api.signing_in import PASSWORD
from tests.matrix import asked
from tests.matrix.asking import Asker
from tests.matrix.conftest import Scene
from tests.matrix.drawing import tiles_of
from tests.matrix.seeds import TOKENS, Row, plain
from tests.matrix.table import BODIES, FILES, PROBES, TABLE, Probe, cases
from tests.matrix.views import PEOPLE, Person

ONCE = [person for person in PEOPLE if not person.again]


@pytest.mark.parametrize(("probe", "person"), cases([one for one in PROBES if one not in FILES]))
def test_visible_exactly_when_declared(asker: Asker, probe: Probe) -> None:
    probe(asker)


@pytest.mark.parametrize("person", ONCE, ids=lambda person: person.name)
def test_only_the_methods_described_answer_and_head_tells_what_get_does(
    asker: Asker, person: Person
) -> None:
    """Of every address: HEAD is GET without its body, and no other method does anything."""
    described = {path for _, path in TABLE}
    for path in described:
        methods = {method.upper() for method, other in TABLE if other == path}
        for filled in _filled(asker, path):
            for method in {"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "POST"} - methods:
                asker.ask(method, filled, (404, 405))
            if "GET" in methods and path != "/live":
                _is_told_by_head(asker, filled)
    assert {path for path in described if "{" not in path} | set(_EXAMPLES) == described


_EXAMPLES = {
    "/exports/{layer}.{format}",
    "/tiles/{layer}.json",
    "/tiles/{layers}/{z}/{x}/{y}.mvt",
    "/ogc/collections/{layer}",
    "/ogc/collections/{layer}/changes",
    "/ogc/collections/{layer}/items",
    "/ogc/collections/{layer}/items/{feature}",
    "/ogc/collections/{layer}/queryables",
    "/ogc/collections/{layer}/schema",
    "/queries/answers/{answer_id}",
    "/queries/answers/{answer_id}/run-lists",
    "/queries/run-lists/{number}.{form}",
    "/basemap/{file}.pmtiles",
    "/rasters/{raster}.json",
    "/rasters/{raster}/value",
    "/rasters/{raster}/{z}/{x}/{y}.png",
    "/auth/tokens/{token_id}",
    "/gauges/{code}/readings",
    "/gauges/{code}/readings/{reading}/photo",
    "/gauges/{code}/readings/{reading}/marks",
    "/events/{event}",
    "/events/{event}/{action}",
    "/events/{event}/log",
    "/events/{event}/log.csv",
    "/incidents/{incident}",
    "/incidents/{incident}/{action}",
    "/incidents/{incident}/duplicates",
    "/floods/{gauge}/stages",
    "/incidents/{incident}/homes",
    "/incidents/{incident}/steps",
    "/tasks/{task}/{action}",
    "/shelter-stays/{stay}/{action}",
    "/evacuation-runs/{run}/{action}",
    "/resources/{resource}/{action}",
    "/power-areas/{area}/homes",
}
"""Addresses with parameters, each of which `_filled` can fill."""


NUMBERED = (
    *("{token_id}", "{event}", "{incident}"),
    *("{task}", "{stay}", "{run}", "{resource}", "{area}"),
)


def _filled(asker: Asker, path: str) -> Iterator[str]:
    """An address with its parameters: layers seen and hidden, rows seen and hidden."""
    never = {
        "{answer_id}": "00000000-0000-0000-0000-000000000000",
        **dict.fromkeys(NUMBERED, "1"),
        "{action}": "note",
        "{number}": "999999999",
        "{form}": "csv",
    }
    for name, value in never.items():
        path = path.replace(name, value)
    path = f"{path}?since=2020-01-01T00:00:00Z" if path.endswith("/changes") else path
    path = f"{path}?lon=105.2&lat=15.2" if path.endswith("/value") else path
    path = path.replace("{raster}", "elevation").replace("{file}", "town-" + "0" * 32)
    path = f"{path}?q=aa" if path.endswith("/search") else path
    path = path.replace("{raster}", "elevation").replace("{gauge}", "G1")
    path = path.replace("{code}", "G1").replace("{reading}", "1")
    names = ("facility", "home_c1", "household_C1", "parcels") if "{" in path else ("facility",)
    for row in map(asker.view.seeds.row, names):
        place = next(iter(tiles_of([row], 13)), (0, 0))
        yield (
            path.replace("{layer}", row.layer.id)
            .replace("{layers}", row.layer.id)
            .replace("{format}", "geojsonl")
            .replace("{feature}", str(row.id))
            .replace("{z}/{x}/{y}", f"13/{place[0]}/{place[1]}")
        )


def _is_told_by_head(asker: Asker, path: str) -> None:
    plain_bytes = {"Accept-Encoding": "identity"}
    whole = asker.get(path, (200, 204, 401, 403, 404), headers=plain_bytes)
    head = asker.ask("HEAD", path, whole.status_code, headers=plain_bytes)
    assert head.content == b""
    told = [dict(reply.headers) for reply in (head, whole)]
    # the time they tell may be a digit shorter
    if "/items" in path or "/changes" in path or path.startswith("/gauges"):
        assert {len(each.pop("content-length")) for each in told}
    assert told[0] == told[1], path


@pytest.mark.parametrize("person", [one for one in PEOPLE if one.session], ids=lambda one: one.name)
def test_a_cookie_alone_changes_nothing(asker: Asker, person: Person) -> None:
    """What another site makes a browser send carries the cookie, and neither header nor origin."""
    ours = asker.view.headers
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    forms: tuple[dict[str, str], ...] = (
        {"Cookie": ours["Cookie"]},
        {"Cookie": ours["Cookie"], **foreign},
        {**ours, **foreign},
        {**ours, "X-CSRF-Token": "0" * 64},
    )
    changing = [(method, path) for method, path in TABLE if method != "get"]
    for method, path in changing:
        for headers in forms if path != "/auth/login" else forms[1:3]:
            filled = path.replace("{token_id}", "1").replace("{action}", "note")
            body = {"username": person.name, "password": PASSWORD}
            reply = asker.client.send(method.upper(), filled, headers=headers, json=body)
            assert reply.status_code == 403, (method, path, headers)
    assert asker.told("/me")["principal"] == person.name, "still signed in"


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
        if not path.startswith("/auth/")
        and "application/json" in (part := operation.get("requestBody") or {}).get("content", {})
    }
    assert bodies <= set(BODIES)


def test_no_address_is_outside_the_matrix(scene: Scene) -> None:
    described = {path for _, path in TABLE} - {"/tiles/{layers}/{z}/{x}/{y}.mvt"}
    found = set(_paths(scene.client.caller.app.routes))
    assert found == described | set(asked.PAGES)


def _paths(routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        inner: Any = getattr(route, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes)
        else:
            yield getattr(route, "path", repr(route)).replace("{layer:word}", "{layer}")


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
