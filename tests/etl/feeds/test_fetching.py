"""Asking over HTTP: bounded, conditional, only where it may, and the key is never said."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from etl.feeds.fetching import Answer, Ask, FetchError, Limits, _is_public, fetch
from tests.etl.feeds.certificate import write_certificate
from tests.etl.feeds.source import Asked, Reply, Source, source

KEY = "k3y/of+the=town"
SHORT = Limits(whole_s=2.0, read_s=0.3, most_bytes=10_000)


def asked(url: str, **more: Any) -> Answer:
    return asyncio.run(fetch(Ask(url, private=True, **more), SHORT))


def refused(url: str, **more: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        asked(url, **more)
    told = caught.value
    assert KEY not in told.detail.en + told.detail.th + str(told) + repr(told.__cause__)
    assert told.detail.th != told.detail.en
    return told


@pytest.fixture
def quiet() -> Iterator[Source]:
    with source(Reply()) as made:
        yield made


def test_the_answer_its_marks_and_the_next_question_that_rests_on_them(quiet: Source) -> None:
    quiet.replies = [
        Reply(body=b"{}", headers={"ETag": '"1"', "Last-Modified": "yesterday"}),
        lambda one: Reply(304 if one.headers.get("if-none-match") == '"1"' else 500),
    ]
    first = asked(quiet.url("/a?b=1"))
    assert first == Answer(200, b"{}", '"1"', "yesterday")
    again = asked(quiet.url("/a?b=1"), etag=first.etag, last_modified=first.last_modified)
    assert (again.status, again.body) == (304, None)
    assert quiet.asked[1].headers["if-modified-since"] == "yesterday"
    assert quiet.asked[0].headers["host"] == f"127.0.0.1:{quiet.port}"


def test_the_key_is_put_in_at_the_last_moment(quiet: Source) -> None:
    quiet.replies = [Reply(body=b"{}")]
    asked(quiet.url("/?api_key={key}"), headers={"X-Key": "{key}"}, key="abc-123")
    assert quiet.asked[0] == Asked(
        "/?api_key=abc-123", {**quiet.asked[0].headers, "x-key": "abc-123"}
    )
    assert "abc-123" not in repr(Ask("https://x/", key="abc-123"))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(500, b"oops"), "out of order"),
        (Reply(404), "404"),
        (Reply(401), "does not accept the key"),
        (Reply(hang=5), "timed out"),
        (Reply(body=b"x" * 100, cut=50), "broke off"),
        (Reply(body=b"x" * 20_000), "larger than"),
        (
            Reply(body=gzip.compress(b"0" * 5_000_000), headers={"Content-Encoding": "gzip"}),
            "larger than",
        ),
        (Reply(body=gzip.compress(b"x")[:-6], headers={"Content-Encoding": "gzip"}), "cut off"),
        (Reply(body=b"nothing packed", headers={"Content-Encoding": "gzip"}), "damaged"),
        (Reply(body=b"x", headers={"Content-Encoding": "br"}), "packs its answer as br"),
        (Reply(302, headers={"Location": "http://elsewhere.example/"}), "another host"),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), "another host"),
        (Reply(302, headers={"Location": "http://[bad"}), "another host"),
        (Reply(302, headers={"Location": "/round"}), "again and again"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_good_answer_is_said_in_a_sentence(
    quiet: Source, reply: Reply, said: str
) -> None:
    quiet.replies = [reply]
    told = refused(quiet.url("/?api_key={key}"), key=KEY)
    assert said in told.detail.en


def test_a_packed_answer_is_unpacked(quiet: Source) -> None:
    quiet.replies = [Reply(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})]
    assert asked(quiet.url()).body == b"{}"


def test_an_answer_that_drips_is_given_up(quiet: Source) -> None:
    quiet.replies = [Reply(hang=5)]
    limits = Limits(whole_s=0.2, read_s=10)
    with pytest.raises(FetchError, match="did not finish"):
        asyncio.run(fetch(Ask(quiet.url(), private=True), limits))


def test_redirects_on_the_same_host_are_followed(quiet: Source) -> None:
    quiet.replies = [Reply(301, headers={"Location": "/there"}), Reply(body=b"{}")]
    assert asked(quiet.url("/here")).body == b"{}"
    assert [one.path for one in quiet.asked] == ["/here", "/there"]


def test_what_the_source_asks_us_to_wait_is_told(quiet: Source) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    for told, least, most in (("17", 17, 17), (soon, 100, 121), ("later", None, None)):
        quiet.replies = [Reply(429, headers={"Retry-After": told})]
        error = refused(quiet.url())
        assert error.status == 429
        if least is None or most is None:
            assert error.retry_after_s is None
        else:
            assert error.retry_after_s is not None
            assert least <= error.retry_after_s <= most


def test_private_addresses_are_not_asked_unless_it_is_meant(quiet: Source) -> None:
    with pytest.raises(FetchError, match="private network"):
        asyncio.run(fetch(Ask(quiet.url())))
    with pytest.raises(FetchError, match="private network"):
        asyncio.run(fetch(Ask(f"http://localhost:{quiet.port}/")))
    assert quiet.asked == []
    private = ("10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "::ffff:10.0.0.1")
    assert not any(map(_is_public, (*private, "224.0.0.1", "100.64.0.1", "fc00::1")))
    assert all(map(_is_public, ("1.1.1.1", "2606:4700::1111")))


def test_nobody_there_and_no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert "cannot be reached" in refused(f"http://127.0.0.1:{port}/").detail.en
    assert "no host" in refused("http://no-such-name.invalid/").detail.en


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    pem = tmp_path / "own.pem"
    write_certificate(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with source(Reply(body=b"{}"), tls=context) as safe:
        url = safe.url("/?k={key}").replace("http://127.0.0.1", "https://localhost")
        told = refused(url, key=KEY)
        assert safe.asked == []
    assert "certificate" in told.detail.en
