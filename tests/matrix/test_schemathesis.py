"""Whatever the description allows, asked of a running server by every role: no 5xx, no lie.

`/live` is left out: a stream has no end to wait for. `test_matrix.py` and `tests/api/test_live.py`
read it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.requests import ManagedCookiesSession

from db.connect import Machine
from db.datasets import get_dataset
from db.rasters import take_back
from db.towns import drop_town
from layers.catalog import LAYERS
from layers.model import REGISTRY, RESCUERS, Role
from tests.api.conftest import a_token
from tests.api.places import drawn, tile_at
from tests.api.running import Running, server
from tests.conftest import TownHandle, make_tiny_town
from tests.rasters import bring, depths, slope, tiff

EXAMPLES = 12
"""Requests of each operation by each role, at most: half of them of things that are there."""
CASES = [
    *((role, GenerationMode.POSITIVE) for role in Role),
    # what is not as described is refused before anybody looks at the role
    (Role.PUBLIC, GenerationMode.NEGATIVE),
    (Role.ADMIN, GenerationMode.NEGATIVE),
]
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
NAMES = [layer.id for layer in LAYERS] + ["zzz", "", "a" * 300, "น้ำ", "'; --", "%00"]
SEEN_BY_ALL = ["parcels", "care_locations", "flood_zones", "roads"]
FILTERS = ["id > 3", "true", "S_INTERSECTS(geometry,POINT(1 2))", "source IS NULL"]
FLOODS: list[dict[str, Any]] = [
    {"zone_ids": "all"},
    {"zone_ids": ["Z100"]},
    {"where": "code = 'Z10'"},
    {"gauge": "G1", "stage_m": 112.0},
    {"geometry": drawn(0, 0, 500, 500)},
]
LAYER_LISTS = [None, ["parcels"], ["roads", "care_locations"], ["houses", "households"]]


ACTED = {
    "/exercise/end",
    "/tasks/{task}/{action}",
    "/shelter-stays",
    "/shelter-stays/{stay}/{action}",
    "/evacuation-runs",
    "/evacuation-runs/{run}/{action}",
    "/resources/{resource}/{action}",
}
"""Steps that are possible once; tests/api/test_boards.py and test_events.py take them."""
INSIDE = {
    "/feeds",
    "/events/{event}/log",
    "/events/{event}/log.csv",
    "/incidents",
    "/incidents/{incident}",
    "/incidents/{incident}/duplicates",
    "/incidents/{incident}/homes",
    "/incidents/{incident}/steps",
    "/tasks",
}
COMMAND = (Role.COORDINATOR, Role.ADMIN)
RUN_LISTS = ("/queries/answers/{answer_id}/run-lists", "/queries/run-lists/{number}.{form}")
"""Of an answer about evacuation, and of a copy of one; others have neither."""


def refused_to(role: Role) -> set[str]:
    """Addresses of the war room and of commands that nobody of the role gets an answer from."""
    found = set(ACTED)
    if role not in COMMAND:
        found |= {"/queries/evacuation", "/events/{event}/{action}", *RUN_LISTS}
    if role not in REGISTRY:
        found.add("/queries/revenue-gaps")
    if role not in RESCUERS:
        found.add("/power-areas/{area}/homes")
    if role is Role.PUBLIC:
        found |= INSIDE
    if role in (Role.PUBLIC, Role.ANALYST):
        found |= {"/incidents/{incident}/{action}", "/evacuation-runs/waiting"}
    return found


@pytest.fixture(scope="module")
def tiny_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """A tiny town of its own: some of what is asked here opens events and raises incidents."""
    town = make_tiny_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture(scope="module")
def rasters(tiny_town: TownHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Both rasters of the tiny town; its other tests know of none, so they go again."""
    folder = tmp_path_factory.mktemp("rasters")
    grids = {"elevation": slope(), "depth": depths()}
    reports = [
        bring(tiny_town, name, tiff(folder / f"{name}.tif", grid), folder)
        for name, grid in grids.items()
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUANG_RASTERS", str(folder))
        yield
    with tiny_town.connect(Machine.LOADER) as conn:
        for report in reports:
            take_back(conn, get_dataset(conn, report.dataset_id or 0), "tests")


@pytest.fixture(scope="module")
def running(tiny_town: TownHandle, dashboard: Path, rasters: None) -> Iterator[Running]:
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
    names = {"layer": NAMES, "layers": [*NAMES, "parcels,care_locations", "houses,zzz"]}
    for item in document["paths"].values():
        for operation in item.values():
            # the server refuses the longest heads itself, before the application hears of them
            operation["responses"]["431"] = {"description": "Longer than a head may be"}
            for part in operation.get("parameters", []):
                if part["in"] == "path" and part["name"] in names:
                    part["schema"] = {"enum": names[part["name"]]}
                if part["name"] == "filter":
                    part["schema"] = {"anyOf": [{"enum": FILTERS}, part["schema"]]}
    return schemathesis.openapi.from_dict(document)


_DRAWN_FLOODS = st.fixed_dictionaries({"flood": st.sampled_from(FLOODS)})
LIKELY_BODIES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "/queries/shelters": _DRAWN_FLOODS,
    "/queries/evacuation": _DRAWN_FLOODS,
    "/queries/arrival": st.fixed_dictionaries({"gauge": st.just("DEMO.1")}),
    "/queries/coverage": st.fixed_dictionaries(
        {"shelters": st.just("all"), "within_min": st.sampled_from([1, 30])}
    ),
    "/queries/dossier": st.fixed_dictionaries({"parcel": st.integers(1, 12)}),
    "/queries/flood-score": st.fixed_dictionaries(
        {
            "model": st.sampled_from(FLOODS),
            "observed": st.sampled_from(FLOODS),
            "include": st.just(["map"]),
        }
    ),
}
"""Questions that find something, by the address they are asked at."""


def take_a_note(case: Any) -> None:
    """The one step that is always possible."""
    if case.operation.path.endswith("/{action}"):
        case.path_parameters["action"] = "note"
        case.body = {"note": "x"}
        case.headers.pop("If-Match", None)


@dataclass(frozen=True)
class Kept:
    """What was asked before: ids of answers, and the number of a run list on paper."""

    impact: str
    evacuation: str
    copy: str


def ask_before(running: Running, headers: dict[str, str], role: Role) -> Kept:
    """Questions whose answers other addresses are about."""

    def asked(path: str, body: Any) -> Any:
        url = f"{running.url}/queries/{path}"
        return httpx.post(url, json=body, headers=headers, trust_env=False, timeout=60).json()

    flood = {"flood": {"zone_ids": "all"}}
    impact = asked("impact", {**flood, "layers": ["parcels"]})["id"]
    if role not in COMMAND:
        return Kept(impact, impact, "1")
    evacuation = asked("evacuation", flood)["id"]
    copy = asked(f"answers/{evacuation}/run-lists", {})
    return Kept(impact, evacuation, str(copy["number"]))


def make_likely(case: Any, data: st.DataObject, kept: Kept) -> None:
    """Ask for something that is there, so that the answers' own schemas are tried as well."""
    z, x, y = tile_at(14).split("/")
    there = {
        "layer": st.sampled_from(SEEN_BY_ALL),
        "raster": st.sampled_from(["elevation", "depth"]),
        "layers": st.sampled_from([*SEEN_BY_ALL, "parcels,care_locations"]),
        "z": st.just(z),
        "x": st.just(x),
        "y": st.just(y),
        "feature": st.integers(1, 12).map(str),
        "answer_id": st.just(
            kept.evacuation if "run-lists" in case.operation.path else kept.impact
        ),
        "number": st.just(kept.copy),
        "form": st.sampled_from(["html", "csv"]),
        "gauge": st.sampled_from(["DEMO.1", "M.7"]),
        # what is asked changes nothing of the town: there is nowhere to enter a reading
        "code": st.just("DEMO.1" if case.method == "GET" else "zzz"),
        **dict.fromkeys(("event", "incident", "area"), st.just("1")),
    }
    for name in case.path_parameters or {}:
        if name in there:
            case.path_parameters[name] = data.draw(there[name])
    if case.operation.path == "/rasters/{raster}/value":
        return
    if case.operation.path == "/queries/impact":
        flood = data.draw(st.sampled_from(FLOODS))
        layers = data.draw(st.sampled_from(LAYER_LISTS))
        include = data.draw(st.sampled_from([[], ["ids"], ["cut_off"]]))
        case.body = {"flood": flood, "layers": layers, "include": include}
        if data.draw(st.booleans()):
            case.body["compare"] = {"flood": data.draw(st.sampled_from(FLOODS))}
    if case.operation.path in RUN_LISTS:
        case.body = {} if case.method == "POST" else case.body
    if case.operation.path in LIKELY_BODIES:
        case.body = data.draw(LIKELY_BODIES[case.operation.path])
    take_a_note(case)
    needed = {"since": "2026-01-01T00:00:00Z"} if case.operation.path.endswith("/changes") else {}
    if needed or data.draw(st.booleans()):
        case.query = needed


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("role", "mode"), CASES)
def test_the_description_holds(
    running: Running,
    credentials: dict[Role, str],
    described: Any,
    role: Role,
    mode: GenerationMode,
) -> None:
    """Requests as described and requests that are not, by somebody of each role."""
    headers = {"Authorization": f"Bearer {credentials[role]}"}
    kept = ask_before(running, headers, role)
    heard: defaultdict[str, Counter[int]] = defaultdict(Counter)
    wrong = []
    # one connection for all of them, and no look at this machine's proxies and passwords
    session = ManagedCookiesSession()
    session.trust_env = False
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
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def hold(case: Any, data: st.DataObject) -> None:
            if mode is GenerationMode.POSITIVE and data.draw(st.booleans()):
                make_likely(case, data, kept)
            reply = case.call_and_validate(
                base_url=running.url, session=session, headers=headers, checks=CHECKS, timeout=30
            )
            heard[case.operation.path][reply.status_code] += 1

        try:
            hold()
        except Unsatisfiable:
            pass  # there is no wrong way to ask this
        except FailureGroup as failures:
            wrong += [f"{operation.label}: {failure}" for failure in failures.exceptions]
    assert not wrong, "\n\n".join(wrong)
    paths = described.raw_schema["paths"]
    if mode is GenerationMode.POSITIVE:
        refused = {path for path in paths if path.startswith("/auth/")}
        # the tiny town has no basemap; tests/api/test_basemap.py reads one
        refused.add("/basemap/{file}.pmtiles")
        # nor a reading: tests/api/test_gauges.py photographs and marks some
        refused |= {f"/gauges/{{code}}/readings/{{reading}}/{what}" for what in ("photo", "marks")}
        refused |= refused_to(role)
        answered = {path for path, statuses in heard.items() if {200, 201, 204} & set(statuses)}
        missing = set(paths) - refused - answered
        assert not missing, {path: heard[path] for path in missing}
    assert sum(statuses.total() for statuses in heard.values()) > EXAMPLES * len(paths) / 2
