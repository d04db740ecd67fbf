"""What every route declares: who asks, the house, problem answers; unknown parameters refused."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Request
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from api import validation, viewer
from api.house import House
from api.house_of import house_of
from api.problems import MEDIA_TYPE, Problem
from api.viewer import Viewer

OPEN = "x-muang-open-parameters"
"""Marks an operation that looks at further query parameters itself."""


# Dependencies are coroutines, though they wait for nothing: FastAPI sends plain functions to a
# thread each, which costs more than they do, and much more on a busy machine.
async def _house(connection: HTTPConnection) -> House:
    return house_of(connection.scope)


CurrentHouse = Annotated[House, Depends(_house)]
CurrentViewer = Annotated[Viewer, Depends(viewer.current)]
LayerId = Annotated[str, Path(description="Id of a layer, such as parcels", max_length=60)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries of the problems a route may answer with."""
    if 401 in statuses:  # noqa: PLR2004 - whoever is identified is also counted
        statuses = tuple(sorted({*statuses, 403, 429}))
    shape = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _MEANINGS[status], "content": shape} for status in statuses}


_MEANINGS = {
    400: "The request cannot be understood",
    401: "The sign-in or the token is not good",
    403: "The caller's role may not do this",
    404: "There is no such thing for this caller",
    416: "The file has no such range of bytes",
    409: "It exists already, or changed meanwhile",
    412: "It was changed since the version named; the answer holds both",
    413: "The request is too large",
    429: "Too many requests; Retry-After says when to come back",
    503: "A part the answer needs is away",
}


def _problem_schemas() -> dict[str, Any]:
    made = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**made.pop("$defs"), "Problem": made}


PROBLEM_SCHEMAS = _problem_schemas()
"""Schemas of problem answers, by name."""


async def refuse_unknown_parameters(request: Request) -> None:
    """App-wide dependency: a query parameter the route does not name, or named twice, is 400."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or OPEN in (route.openapi_extra or {}):
        return
    app: FastAPI = request.app
    operation = app.openapi()["paths"].get(route.path_format, {}).get(request.method.lower(), {})
    named = [part["name"] for part in operation.get("parameters", []) if part["in"] == "query"]
    validation.refuse_unknown(request.query_params.keys(), [*named, "lang"])
    validation.refuse_repeated(name for name, _ in request.query_params.multi_items())
