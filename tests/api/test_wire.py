"""One connection as the server reads it: turns, bounds, and heads that differ in little."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import wire
from api.app import create_app
from layers.model import Role
from tests.api.conftest import settings_for
from tests.api.places import tile_at
from tests.api.tile_storm import wait_for
from tests.api.wired import WiredCaller
from tests.conftest import TownHandle

PATH = f"/tiles/parcels/{tile_at(14)}.mvt"


@pytest.fixture(scope="module")
def served(tiny_town: TownHandle, dashboard: Path) -> Iterator[WiredCaller]:
    with WiredCaller(create_app(settings_for(tiny_town, dashboard))) as made:
        wait_for(lambda: made.app.state.house.hub.fresh)
        for encoding in ("gzip", "identity"):
            assert made.get(PATH, headers={"Accept-Encoding": encoding}).status_code == 200
        yield made


@pytest.fixture
def line(served: WiredCaller) -> Iterator[socket.socket]:
    with socket.create_connection(served.address, timeout=10) as made:
        yield made


def head(path: str = PATH, *more: str, method: str = "GET", version: str = "1.1") -> bytes:
    told = "".join(f"{one}\r\n" for one in more)
    host = "" if any(one.lower().startswith("host:") for one in more) else "Host: 127.0.0.1\r\n"
    return f"{method} {path} HTTP/{version}\r\n{host}{told}\r\n".encode()


def answers(line: socket.socket, count: int) -> list[tuple[int, dict[str, str], bytes]]:
    """So many answers, in the order they came."""
    found, read = [], b""
    while len(found) < count:
        while b"\r\n\r\n" not in read:
            more = line.recv(65536)
            assert more, f"closed after {len(found)} answers and {read!r}"
            read += more
        first, _, read = read.partition(b"\r\n\r\n")
        status, *lines = first.decode("latin-1").split("\r\n")
        told = {k.lower(): v for k, _, v in (one.partition(": ") for one in lines)}
        assert len(told) == len(lines), "a header came twice"
        length = int(told.get("content-length", 0))
        while len(read) < length:
            read += line.recv(65536)
        found.append((int(status.split()[1]), told, read[:length]))
        read = read[length:]
    assert not read
    return found


def statuses(line: socket.socket, count: int) -> list[int]:
    return [status for status, _, _ in answers(line, count)]


def hits(served: WiredCaller) -> int:
    found: int = served.app.state.house.tiles.numbers.hits
    return found


def test_requests_sent_together_are_answered_in_their_order(
    served: WiredCaller, line: socket.socket
) -> None:
    line.sendall(head() + head("/me") + head() + head("/me") + head())
    first, second, third, fourth, fifth = answers(line, 5)
    assert [first[0], third[0], fifth[0]] == [200, 200, 200]
    assert first[2] == third[2] == fifth[2] != second[2]
    assert second[1]["content-type"].startswith("application/json")
    assert fourth[1]["content-type"].startswith("application/json")
    line.sendall(head())
    assert statuses(line, 1) == [200]


def test_a_request_in_pieces_is_one_request(served: WiredCaller, line: socket.socket) -> None:
    line.sendall(head())
    whole = answers(line, 1)
    for cut in (5, 20, len(head()) - 3):
        line.sendall(head()[:cut])
        line.sendall(head()[cut:])
        assert answers(line, 1)[0][2] == whole[0][2]


def test_the_same_headers_again_are_the_same_answer_for_another_tile(
    served: WiredCaller, line: socket.socket
) -> None:
    other = f"/tiles/parcels/{tile_at(15)}.mvt"
    told = ("Accept-Encoding: gzip",)
    for path in (PATH, other):
        line.sendall(head(path, *told))
    answers(line, 2)
    before = hits(served)
    line.sendall(head(PATH, *told))
    one = answers(line, 1)[0]
    line.sendall(head(other, *told))
    two = answers(line, 1)[0]
    line.sendall(head(PATH, *told))
    three = answers(line, 1)[0]
    assert hits(served) == before + 3
    assert one[2] == three[2] != two[2]
    assert one[1]["etag"] == three[1]["etag"] != two[1]["etag"]
    line.sendall(head("/tiles/parcels/3/1/1.mvt?x=1", *told))
    assert statuses(line, 1) == [400]


def test_tags_differ_from_tile_to_tile(served: WiredCaller, line: socket.socket) -> None:
    line.sendall(head())
    tag = answers(line, 1)[0][1]["etag"]
    asked = [
        (head(PATH, f"If-None-Match: {tag}"), 304),
        (head(PATH, 'If-None-Match: W/"other"'), 200),
        (head(), 200),
        (head(PATH, f'If-None-Match: W/"x", {tag}'), 304),
        (head(PATH, f"if-none-match: {tag}"), 304),
        (head(PATH, 'If-None-Match: "x"', f"If-None-Match: {tag}"), 304),
        (head(PATH, "If-None-Match: *"), 304),
        (head(PATH, "If-None-Match: "), 200),
    ]
    for request, status in asked:
        line.sendall(request)
        assert statuses(line, 1) == [status], request


@pytest.mark.parametrize(
    "bad",
    [
        b'If-None-Match: "a"\nContent-Length: 5',
        b"If-None-Match: \x00",
        b"Content-Length: x",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4",
        b"No colon",
    ],
)
def test_a_head_that_is_none_is_refused_after_a_good_one(line: socket.socket, bad: bytes) -> None:
    line.sendall(head() + head())
    assert statuses(line, 2) == [200, 200]
    line.sendall(head()[:-2] + bad + b"\r\n\r\n")
    assert statuses(line, 1) == [400]
    assert line.recv(10) == b""


def test_a_body_belongs_to_its_request(served: WiredCaller, line: socket.socket) -> None:
    line.sendall(head() + head(PATH, "Content-Length: 5") + b"GET /" + head())
    assert statuses(line, 3) == [200, 200, 200]


def test_who_asks_is_looked_at_again_when_the_headers_change(
    served: WiredCaller, line: socket.socket, tokens: dict[Role, str]
) -> None:
    known = f"Authorization: Bearer {tokens[Role.STAFF]}"
    for told, status in (
        ((), 200),
        ((known,), 200),
        ((known,), 200),
        ((f"Authorization: Bearer muang_{'x' * 43}",), 401),
        ((known,), 200),
        (("Host: evil.example",), 421),
        ((), 200),
    ):
        line.sendall(head(PATH, *told))
        assert statuses(line, 1) == [status]


def test_a_connection_that_is_to_close_closes(line: socket.socket) -> None:
    line.sendall(head())
    answers(line, 1)
    line.sendall(head(PATH, "Connection: close"))
    assert statuses(line, 1) == [200]
    assert line.recv(10) == b""


def test_old_http_is_answered_and_closed(line: socket.socket) -> None:
    line.sendall(head(version="1.0"))
    assert statuses(line, 1) == [200]
    assert line.recv(10) == b""


def test_a_head_without_an_end_is_refused(line: socket.socket) -> None:
    line.sendall(f"GET {PATH} HTTP/1.1\r\n".encode())
    told = b"X-More: " + b"x" * 8000 + b"\r\n"
    for _ in range(wire.MOST_HEAD_BYTES // len(told) + 2):
        line.sendall(told)
    assert statuses(line, 1) == [431]
    assert line.recv(10) == b""


@pytest.mark.parametrize("sent", [b"", f"GET {PATH} HT".encode(), head() + b"GET "])
def test_a_head_that_does_not_come_is_not_waited_for(
    served: WiredCaller, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    with socket.create_connection(served.address, timeout=10) as line:
        line.sendall(sent)
        if sent == head() + b"GET ":
            assert statuses(line, 1) == [200]
        assert line.recv(10) == b""
