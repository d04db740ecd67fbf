"""The outermost door: headers on everything, hosts, HEAD, body size, the access log."""

import json
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.door import host_name
from api.edge import MAX_BODY_BYTES
from tests.api.caller import ADDRESS, Caller
from tests.api.conftest import settings_for
from tests.api.test_problems import listening
from tests.conftest import TownHandle

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "font-src 'self'; worker-src 'self'; manifest-src 'self'; img-src 'self' data:"
)


@pytest.mark.parametrize(
    "path", ["/", "/me", "/docs", "/nothing", "/tiles/parcels/15/25962/14979.mvt", "/ogc/"]
)
def test_security_headers_on_every_answer(caller: Caller, path: str) -> None:
    headers = caller.get(path).headers
    assert headers["content-security-policy"].startswith(CSP)
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"]
    foreign = caller.get(path, headers={"Origin": "https://elsewhere.example"}).headers
    assert not [name for name in foreign if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""]
)
def test_foreign_hosts_are_refused(caller: Caller, host: str) -> None:
    """A page whose name points at 127.0.0.1 must not read the town through a browser."""
    answer = caller.get("/me", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_this_machine_is_answered(caller: Caller, host: str) -> None:
    assert caller.get("/me", headers={"Host": host}).status_code == 200


def test_host_names() -> None:
    assert host_name("[::1]:80") == "::1"
    assert host_name("Town.example:80") == "town.example"


@pytest.mark.parametrize("path", ["/healthz", "/tiles/parcels/15/25962/14979.mvt", "/docs"])
def test_head_is_get_without_a_body(caller: Caller, path: str) -> None:
    head, get = caller.ask("HEAD", path), caller.get(path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]


def test_large_bodies_are_refused_before_they_are_read(caller: Caller) -> None:
    answer = caller.post("/queries/impact", content=b" " * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_large_bodies_without_a_length_are_cut_off(caller: Caller) -> None:
    async def endless() -> object:
        for _ in range(3 * MAX_BODY_BYTES // 65536):
            yield b" " * 65536

    answer = caller.post("/queries/impact", content=endless())
    assert answer.status_code == 413


def test_access_log_has_names_of_parameters_and_no_values(caller: Caller) -> None:
    with listening() as lines:
        caller.get("/ogc/collections/care_locations/items?person_name=somebody&limit=5")
    line = next(json.loads(line) for line in lines if "care_locations" in line)
    assert line["parameters"] == ["person_name", "limit"]
    assert line["status"] == 200
    assert line["role"] == "admin"
    assert line["principal"] == "test admin"
    assert line["bytes"] > 0
    assert "somebody" not in "".join(lines)


def test_nothing_sent_forges_a_line_of_the_log(caller: Caller) -> None:
    with listening() as lines:
        caller.get("/ogc/collections/parcels/items?%0A%7B%22level%22%3A%22forged%22%7D=1&%0D=2")
    assert [json.loads(line) for line in lines]
    assert all("\n" not in line.rstrip("\n") and "\r" not in line for line in lines)
    assert not [line for line in lines if json.loads(line).get("level") == "forged"]


def test_a_server_of_this_machine_answers_nobody_else(
    tiny_town: TownHandle, dashboard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without TLS a password would cross the network, wherever the server was told to listen."""
    monkeypatch.setattr("api.settings.in_container", lambda: False)
    app = create_app(settings_for(tiny_town, dashboard))

    async def asking(client: tuple[str, int] | None) -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=client)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
            return await http.get("/healthz?lang=en")

    with Caller(app) as caller:
        for near in (("127.0.0.1", 5), ("127.9.9.9", 5), ("::1", 5)):
            assert caller.run(asking(near)).status_code == 200, near
        for far in (("192.0.2.7", 5), ("10.0.0.5", 5), ("::2", 5), None):
            answer = caller.run(asking(far))
            assert answer.status_code == 403, far
            assert "its own machine only" in answer.json()["detail"]


def test_what_serves_us_does_not_say_its_name(caller: Caller) -> None:
    assert caller.get("/healthz").headers["server"] == "muang"


@pytest.mark.parametrize("path", ["/ogc", "/me/", "/auth/login/", "/ogc/collections/", "/docs/"])
def test_nobody_is_led_to_plain_http(caller: Caller, path: str) -> None:
    """A redirect made of what the proxy in front calls us would carry a token over http."""
    for method in ("GET", "POST"):
        answer = caller.ask(method, path)
        assert not answer.is_redirect
        assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/me", "/auth/login", "/tiles/parcels/15/25962/14979.mvt"])
def test_trace_is_refused(caller: Caller, path: str) -> None:
    answer = caller.ask("TRACE", path, headers={"X-Canary": "echo"})
    assert answer.status_code == 405
    assert "echo" not in answer.text
