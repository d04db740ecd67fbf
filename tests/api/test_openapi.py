"""The description is complete: every route, parameter and answer; and it has an honest 3.0 form."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api import describe
from api.ogc.openapi30 import lowered
from api.routes import OPEN
from tests.api.caller import Caller

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document(caller: Caller) -> dict[str, Any]:
    made: dict[str, Any] = caller.get("/openapi.json").json()
    return made


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def walk(part: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a document with its place."""
    yield at, part
    if isinstance(part, dict):
        for name, value in part.items():
            yield from walk(value, f"{at}/{name}")
    elif isinstance(part, list):
        for place, value in enumerate(part):
            yield from walk(value, f"{at}/{place}")


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert {path for path, _, _ in operations(document)} >= {
        "/me",
        "/healthz",
        "/readyz",
        "/live",
        "/styles/town.json",
        "/tiles/{layer}.json",
        "/tiles/{layers}/{z}/{x}/{y}.mvt",
        "/ogc/",
        "/ogc/conformance",
        "/ogc/collections",
        "/ogc/collections/{layer}/items",
        "/queries/impact",
        "/queries/answers/{answer_id}",
    }
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path
        for parameter in operation.get("parameters", []):
            told = parameter.get("description") or parameter["schema"].get("description")
            assert told, (path, method, parameter["name"])


def test_errors_are_described_as_problems(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, _, operation in operations(document):
        assert "422" not in operation["responses"], path
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and path != "/readyz":
                assert list(answer["content"]) == ["application/problem+json"], (path, status)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for at, value in walk(document):
        if at.endswith("/$ref"):
            target: Any = document
            for step in str(value).removeprefix("#/").split("/"):
                target = target[step]
            assert target


def test_the_impact_answer_is_typed_to_the_last_number(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert set(schemas["Exposed"]["properties"]) == {
        "people",
        "households",
        "houses",
        "care_locations",
        "parcels",
        "permits",
        "facilities",
        "shelters",
        "roads",
        "waste_routes",
    }
    assert schemas["Parcels"]["properties"]["wet_area_m2"]["type"] == "number"


def test_the_30_form_holds_nothing_newer(caller: Caller, document: dict[str, Any]) -> None:
    answer = caller.get("/ogc/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    older = answer.json()
    assert older["openapi"] == "3.0.3"
    assert older["paths"].keys() == document["paths"].keys()
    for at, value in walk(older):
        key = at.rsplit("/", 1)[-1]
        if isinstance(value, dict) and "properties" not in at.rsplit("/", 2)[-2:-1]:
            assert value.get("type") != "null", at
            assert not isinstance(value.get("type"), list), at
            assert "const" not in value, at
            assert "prefixItems" not in value, at
            if value.get("type") == "array":
                assert "items" in value, at
        if key in ("exclusiveMinimum", "exclusiveMaximum"):
            assert isinstance(value, bool), at


def test_lowering_keeps_the_meaning() -> None:
    older = lowered(
        {
            "openapi": "3.1.0",
            "a": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"},
            "b": {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
            "c": {"const": 1, "exclusiveMaximum": 5},
            "d": {"type": "array", "prefixItems": [{"type": "number"}] * 2, "maxItems": 2},
            "e": {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
        }
    )
    assert older["a"] == {"type": "string", "description": "d", "nullable": True}
    assert older["b"] == {"allOf": [{"$ref": "#/x"}], "nullable": True}
    assert older["c"] == {"enum": [1], "maximum": 5, "exclusiveMaximum": True}
    assert older["d"] == {"type": "array", "items": {"type": "number"}, "maxItems": 2}
    assert older["e"] == {"anyOf": [{"type": "integer"}, {"type": "string"}], "nullable": True}


def test_declared_parameters_are_accepted_and_only_those(
    caller: Caller, document: dict[str, Any]
) -> None:
    for path, method, operation in operations(document):
        if method != "get" or OPEN in operation or path == "/live":
            continue
        real = path.replace("{layers}/{z}/{x}/{y}", "parcels/14/12981/7489")
        real = (
            real.replace("{layer}", "parcels")
            .replace("{feature}", "1")
            .replace("{z}/{x}/{y}", "14/12981/7489")
            .replace("{answer_id}", "00000000-0000-0000-0000-000000000000")
            .replace("{number}.{form}", "999999999.csv")
        )
        real = re.sub(r"\{(area|event|incident|code|reading)\}", "1", real)
        needed = {
            part["name"]: part["schema"]["examples"][0]
            for part in operation.get("parameters", [])
            if part["in"] == "query" and part["required"]
        }
        plain = caller.get(real, params=needed)
        assert plain.status_code in (200, 204, 403, 404), real
        told = caller.get(real, params={**needed, "lang": "en"})
        assert told.status_code == plain.status_code
        assert caller.get(real, params={**needed, "made_up": "1"}).status_code == 400


def test_the_description_in_docs_has_not_drifted() -> None:
    kept = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
    assert kept.read_text(encoding="utf-8") == describe.document(), (
        "run `python -m api.describe docs/openapi.json`"
    )
