"""Every error is problem+json, in the caller's language, with an id found in the log."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import psycopg.errors
import pytest
from psycopg_pool import PoolTimeout

from api import problems
from api.app import create_app
from api.log import JsonLines
from layers import errors
from layers.errors import MuangError
from layers.text import Lang, Text
from tests.api.caller import Caller
from tests.api.conftest import settings_for
from tests.conftest import TownHandle

THAI = range(0x0E00, 0x0E80)


def is_thai(text: str) -> bool:
    return any(ord(character) in THAI for character in text)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Lines our loggers write inside the block, as they would reach stderr."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLines().format(record))

    handler, ours = Keep(), logging.getLogger("muang")
    before = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        ours.removeHandler(handler)
        ours.setLevel(before)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no/such/page", 404),
        ("DELETE", "/me", 405),
        ("POST", "/tiles/parcels/14/1/1.mvt", 405),
        ("GET", "/me?nonsense=1", 400),
        ("GET", "/tiles/parcels/14/1/1.mvt?nonsense=1", 400),
        ("GET", "/tiles/nothing/14/1/1.mvt", 404),
        ("GET", "/tiles/parcels/14/1.mvt", 404),
        ("GET", "/tiles/parcels.json?nonsense=1", 400),
        ("GET", "/styles/town.json?nonsense=1", 400),
        ("GET", "/live?nonsense=1", 400),
        ("GET", "/healthz?nonsense=1", 400),
        ("GET", "/docs?nonsense=1", 400),
        ("GET", "/assets/nothing.js", 404),
        ("GET", "/ogc/?nonsense=1", 400),
        ("GET", "/ogc/collections/parcels/items?nonsense=1", 400),
        ("GET", "/ogc/collections/parcels/items/x", 400),
        ("POST", "/queries/impact", 400),
        ("GET", "/queries/answers/not-a-uuid", 400),
    ],
)
@pytest.mark.parametrize("lang", ["th", "en"])
def test_shape(caller: Caller, method: str, path: str, status: int, lang: str) -> None:
    with listening() as lines:
        answer = caller.ask(method, path, headers={"Accept-Language": lang})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == lang
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= body.keys()
    assert body["status"] == status
    assert body["type"].startswith("urn:muang:problem:")
    assert is_thai(body["title"]) == is_thai(body["detail"]) == (lang == "th")
    assert [line for line in lines if json.loads(line)["id"] == body["instance"]]


def test_unknown_parameter_is_named_with_those_that_exist(caller: Caller) -> None:
    detail = caller.get("/ogc/collections/shelters/items?colour=red&lang=en").json()["detail"]
    assert "“colour”" in detail
    assert "bbox" in detail
    assert "capacity" in detail


def test_allow_header(caller: Caller) -> None:
    assert caller.ask("DELETE", "/me").headers["allow"] == "GET"
    assert caller.ask("PUT", "/tiles/parcels/14/1/1.mvt").headers["allow"] == "GET, HEAD"


def test_unexpected_error_gives_an_id_and_never_its_text(
    tiny_town: TownHandle, dashboard: Path
) -> None:
    app = create_app(settings_for(tiny_town, dashboard))

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the password is hunter2")

    with Caller(app) as caller, listening() as lines:
        answer = caller.get("/broken", headers={"Accept-Language": "en"})
    body = answer.json()
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text
    assert body["instance"] in body["detail"]
    told = [line for line in lines if body["instance"] in line and "hunter2" in line]
    assert told, "the log must hold the cause under the same id"


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (psycopg.errors.QueryCanceled("canceling statement SECRET"), 503),
        (psycopg.errors.InsufficientPrivilege("permission denied for table SECRET"), 403),
        (psycopg.OperationalError("connection to SECRET failed"), 503),
        (PoolTimeout("SECRET"), 503),
        (psycopg.DataError("invalid byte SECRET"), 400),
        (psycopg.errors.UndefinedTable("relation SECRET"), 500),
        (ValueError("SECRET"), 500),
    ],
)
def test_driver_errors_are_translated_once(cause: Exception, status: int) -> None:
    langs: tuple[Lang, ...] = ("th", "en")
    for lang in langs:
        answer = problems.response(cause, lang=lang, event_id="urn:uuid:1")
        assert answer.status_code == status
        assert b"SECRET" not in bytes(answer.body)


def test_each_error_of_the_tree_has_a_status() -> None:
    tree = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, MuangError)
    ]
    assert len(tree) >= 8
    for kind in tree:
        assert kind in problems.STATUS, kind
        error = kind(Text(th="ก", en="a"))
        assert problems.kind_of(error) == problems.kind_of(error).lower()
    assert problems.kind_of(errors.NotFoundError(Text(th="ก", en="a"))) == (
        "urn:muang:problem:not-found"
    )


def test_wrong_body_names_each_wrong_part(caller: Caller) -> None:
    wrong = {"flood": {"zone_ids": "some"}, "layres": []}
    body = caller.post("/queries/impact?lang=en", json=wrong).json()
    places = {part["where"] for part in body["errors"]}
    assert "body.layres" in places
    assert any(place.startswith("body.flood.zone_ids") for place in places)
    broken = caller.post(
        "/queries/impact?lang=en",
        content=b"{",
        headers={"Content-Type": "application/json"},
    )
    assert broken.status_code == 400
    assert "not valid JSON" in broken.json()["detail"]


def test_a_refusal_by_the_database_itself_is_written_down() -> None:
    """It caught what our own rules let through: 403 to the caller, an error with its trace here."""
    with listening() as lines:
        answer = problems.response(
            psycopg.errors.InsufficientPrivilege("permission denied"), lang="en", event_id="urn:x"
        )
    assert answer.status_code == 403
    (line,) = map(json.loads, lines)
    assert (line["level"], line["log"]) == ("error", "muang.problem")
    assert "InsufficientPrivilege" in line["trace"]
