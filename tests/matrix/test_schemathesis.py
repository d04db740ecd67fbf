"""Whatever the description allows, asked of a running server by every role: no 5xx, no lie.

`/live` is left out: a stream has no end to wait for. `test_matrix.py` and `tests/api/test_live.py`
read it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from db.connect import Machine
from layers.catalog import LAYERS
from layers.model import Role
from tests.api.conftest import a_token
from tests.api.places import tile_at
from tests.api.running import Running, server
from tests.conftest import TownHandle

EXAMPLES = 6
"""Requests of each operation by each role."""
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
NAMES = [layer.id for layer in LAYERS] + ["zzz", "", "a" * 300, "น้ำ", "'; --", "%00"]
FILTERS = ["kind = 'home'", "code LIKE '%'", "true", "id > 3", "S_INTERSECTS(geometry,POINT(1 2))"]


@pytest.fixture(scope="module")
def running(tiny_town: TownHandle, dashboard: Path) -> Iterator[Running]:
    """The tiny town, served; questions that change nothing of it."""
    with server(tiny_town, dashboard) as made:
        yield made


@pytest.fixture(scope="module")
def credentials(tiny_town: TownHandle) -> dict[Role, str]:
    """A token of each role."""
    with tiny_town.connect(Machine.SERVICE) as conn:
        return {role: a_token(conn, role, f"schemathesis {role}") for role in Role}


@pytest.fixture(scope="module")
def described(running: Running) -> Any:
    """The description; where any text would be a wrong name, mostly names there are."""
    document = httpx.get(f"{running.url}/openapi.json", trust_env=False).json()
    del document["paths"]["/live"]
    z, x, y = tile_at(14).split("/")
    narrower = {
        "layer": {"enum": NAMES},
        "layers": {"enum": [*NAMES, "parcels,care_locations", "houses,zzz"]},
        "z": {"enum": [int(z), 0, 13, 22, 99]},
        "x": {"enum": [int(x), 0, 2**22, -1]},
        "y": {"enum": [int(y), 0, 2**22, -1]},
        "feature": {"type": "integer", "minimum": -5, "maximum": 120},
    }
    for item in document["paths"].values():
        for operation in item.values():
            for part in operation.get("parameters", []):
                if part["in"] == "path" and part["name"] in narrower:
                    part["schema"] = narrower[part["name"]]
                if part["name"] == "filter":
                    part["schema"] = {"anyOf": [{"enum": FILTERS}, part["schema"]]}
    return schemathesis.openapi.from_dict(document)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("role", Role)
def test_the_description_holds(
    running: Running, credentials: dict[Role, str], described: Any, role: Role
) -> None:
    headers = {"Authorization": f"Bearer {credentials[role]}"}
    asked, wrong = 0, []
    for found in described.get_all_operations():
        operation = found.ok()

        @seed(20)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def hold(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(base_url=running.url, headers=headers, checks=CHECKS, timeout=30)

        try:
            hold()
        except FailureGroup as failures:
            wrong += [f"{operation.label}: {failure}" for failure in failures.exceptions]
    assert not wrong, "\n\n".join(wrong)
    assert asked > EXAMPLES * len(described.raw_schema["paths"]) / 2
