"""The short way to a kept tile gives what the long way gives, and refuses all it refuses."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.tile_forms import Form, unpacked
from db.connect import Machine
from db.tokens import NewToken, make_token, revoke_token
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import a_token, settings_for
from tests.api.places import tile_at
from tests.api.tile_storm import wait_for
from tests.api.wired import WiredCaller
from tests.conftest import TownHandle

PATH = f"/tiles/parcels/{tile_at(14)}.mvt"
FILTERED = f"{PATH}?filter=use='vacant' OR use='commercial'"
NOT_OF_THE_TILE = {"date"}


@pytest.fixture(scope="module")
def short(tiny_town: TownHandle, dashboard: Path) -> Iterator[WiredCaller]:
    with WiredCaller(create_app(settings_for(tiny_town, dashboard))) as made:
        wait_for(lambda: made.app.state.house.hub.fresh)
        yield made


@pytest.fixture(scope="module")
def long(tiny_town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    """The same town without a cache: every request goes the long way."""
    with Caller(create_app(settings_for(tiny_town, dashboard, tile_cache_mb=0))) as made:
        yield made


@pytest.fixture(scope="module")
def ways(short: Caller, long: Caller) -> tuple[Caller, Caller]:
    return short, long


def hits(caller: Caller) -> int:
    found: int = caller.app.state.house.tiles.numbers.hits
    return found


def asked(caller: Caller, path: str, token: str, **headers: str) -> httpx.Response:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.get(path, token, headers=told)


def plain(reply: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    headers = {k: v for k, v in reply.headers.items() if k not in NOT_OF_THE_TILE}
    return reply.status_code, headers, reply.content


@pytest.mark.parametrize("path", [PATH, FILTERED, f"/tiles/parcels/{tile_at(14, 90_000, 0)}.mvt"])
@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity", "gzip;q=0"])
@pytest.mark.parametrize("role", [Role.PUBLIC, Role.STAFF, Role.CARE])
def test_both_ways_say_the_same(
    ways: tuple[Caller, Caller], tokens: dict[Role, str], path: str, encoding: str, role: Role
) -> None:
    short, long = ways
    token = NOBODY if role is Role.PUBLIC else tokens[role]
    meant = asked(long, path, token, accept_encoding=encoding)
    asked(short, path, token, accept_encoding=encoding)
    before = hits(short)
    again = asked(short, path, token, accept_encoding=encoding)
    assert hits(short) == before + 1
    known = asked(short, path, token, if_none_match=again.headers["etag"])
    assert known.status_code == 304
    assert plain(known) == plain(asked(long, path, token, if_none_match=meant.headers["etag"]))
    if meant.status_code == 204:
        assert plain(again) == plain(meant)
        return
    form = Form(again.headers.get("content-encoding", "identity"))
    content = again.content
    if form is Form.ZSTD:  # which the test's client does not unpack

        async def unpack() -> bytes:
            return await unpacked(content, form)

        content = short.run(unpack())
        meant = asked(long, path, token, accept_encoding="identity")
    assert content == meant.content
    assert again.headers["etag"] == meant.headers["etag"]
    lengths = {"content-length", "content-encoding"}
    assert {k: v for k, v in plain(again)[1].items() if k not in lengths} == {
        k: v for k, v in plain(meant)[1].items() if k not in lengths
    }
    assert int(again.headers["content-length"]) > 0


def test_what_is_refused_is_refused_with_the_tile_kept(
    short: Caller, tokens: dict[Role, str], tiny_town: TownHandle
) -> None:
    token = tokens[Role.STAFF]
    assert asked(short, PATH, token).status_code == 200
    other = asked(short, PATH, token, host="evil.example")
    assert other.status_code == 421
    assert asked(short, PATH, "muang_" + "x" * 43).status_code == 401
    assert asked(short, PATH, NOBODY, authorization="Basic x").status_code == 401
    assert short.ask("POST", PATH, token).status_code in (403, 405)
    head = short.ask("HEAD", PATH, token)
    assert (head.status_code, head.content) == (200, b"")


def test_a_revoked_token_gets_no_kept_tile(short: Caller, tiny_town: TownHandle) -> None:
    with tiny_town.connect(Machine.SERVICE) as conn:
        info, token = make_token(conn, NewToken(Role.STAFF, "soon gone", 1))
    tag = asked(short, PATH, token).headers["etag"]
    before = hits(short)
    assert asked(short, PATH, token).status_code == 200
    assert hits(short) == before + 1
    with tiny_town.connect(Machine.SERVICE) as conn:
        revoke_token(conn, info.id)
    time.sleep(0.6)
    for headers in ({}, {"if_none_match": tag}):
        assert asked(short, PATH, token, **headers).status_code == 401


def test_a_bucket_that_is_empty_is_429_with_the_tile_kept(
    tiny_town: TownHandle, dashboard: Path
) -> None:
    settings = settings_for(tiny_town, dashboard, rate_per_second=4)
    with WiredCaller(create_app(settings)) as caller:
        wait_for(lambda: caller.app.state.house.hub.fresh)
        said = [asked(caller, PATH, NOBODY) for _ in range(40)]
    assert said[0].status_code == 200
    assert {reply.status_code for reply in said} == {200, 429}
    assert said[-1].headers["retry-after"]


def test_the_access_line_names_the_caller(
    short: Caller, tiny_town: TownHandle, caplog: pytest.LogCaptureFixture
) -> None:
    with tiny_town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.STAFF, "a name to find")
    asked(short, FILTERED, token)
    before = hits(short)
    with caplog.at_level("INFO", "muang.access"):
        reply = asked(short, FILTERED, token)
    assert hits(short) == before + 1
    facts: Any = [
        record.__dict__["facts"] for record in caplog.records if "facts" in record.__dict__
    ]
    assert facts[-1]["principal"] == "a name to find"
    assert facts[-1]["role"] == "staff"
    assert facts[-1]["parameters"] == ["filter"]
    assert facts[-1]["bytes"] == int(reply.headers["content-length"])
