"""The generated OpenAPI description, completed: problems, bearer tokens, and the tile front."""

from typing import Any

from fastapi import FastAPI

from api import filters
from api.routes import PROBLEM_SCHEMAS, problems
from api.tile_address import MAX_ZOOM
from api.tile_front import MEDIA_TYPE

_TEXT = {"type": "string"}


def _place(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "integer", "minimum": 0},
    }


def _query(name: str, description: str, choices: list[str] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string", "enum": choices} if choices else _TEXT,
    }


TILES: dict[str, Any] = {
    "get": {
        "tags": ["Tiles and styles"],
        "operationId": "tile",
        "summary": "Vector tile of one or several layers",
        "description": "Mapbox vector tile on the Web Mercator quad. Each layer of the tile is "
        "named by its id and holds the fields its style needs, as the caller's role sees them; "
        "feature ids are the ids of items. A layer without this zoom is left out of several.",
        "parameters": [
            {
                "name": "layers",
                "in": "path",
                "required": True,
                "description": "Ids of layers, with commas",
                "schema": _TEXT,
            },
            _place("z", f"Zoom, 0 to {MAX_ZOOM}"),
            _place("x", "Column from the west"),
            _place("y", "Row from the north"),
            _query("as_of", "The town as it was at this time (RFC 3339 with offset); from zoom 14"),
            _query("filter", "CQL2 condition every layer of the tile must be able to answer"),
            _query("filter-lang", "How filter is written", [*filters.LANGUAGES]),
            _query("filter-crs", "CRS of coordinates in filter: CRS84, the default"),
            {
                "name": "lang",
                "in": "query",
                "required": False,
                "description": "Language of problems: th or en",
                "schema": {"type": "string", "enum": ["th", "en"]},
            },
        ],
        "responses": {
            "200": {"description": "The tile", "content": {MEDIA_TYPE: {"schema": _TEXT}}},
            "204": {"description": "Nothing is there"},
            "304": {"description": "As the caller has it"},
            **{str(status): told for status, told in problems(400, 401, 404, 503).items()},
        },
    }
}
"""The one address answered in front of the framework, described by hand."""


def complete(app: FastAPI) -> None:
    """Give the application a description that says everything the server answers."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(generate())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _completed(made: dict[str, Any]) -> dict[str, Any]:
    for item in made["paths"].values():
        for operation in item.values():
            # wrong parameters are a problem of status 400 here, not the framework's own 422
            operation["responses"].pop("422", None)
    made["paths"]["/tiles/{layers}/{z}/{x}/{y}.mvt"] = TILES
    parts = made.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(PROBLEM_SCHEMAS)
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-muang-{town}",
            "description": "Set by POST /auth/login; what changes something also needs the "
            "header X-CSRF-Token of /me and a same-origin request",
        },
    }
    made["security"] = [{}, {"token": []}, {"session": []}]
    return made
