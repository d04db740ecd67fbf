"""What `up` refuses before any long work."""

import os
import socket

import pytest

from api.settings import in_container
from layers.errors import UnavailableError
from ops.guard import check_address, check_port, is_loopback
from ops.server import Address


def test_a_busy_port_says_who_holds_it_and_what_to_do() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(UnavailableError) as caught:
            check_port(Address("127.0.0.1", port))
    for sentence in (caught.value.detail.th, caught.value.detail.en):
        assert str(os.getpid()) in sentence
        assert "python" in sentence
        assert f"--port {port + 1}" in sentence


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_loopback_is_allowed(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUANG_PUBLIC_URL", raising=False)
    assert is_loopback(host)
    check_address(Address(host, 8000))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::", "example.org"])  # noqa: S104
def test_other_addresses_are_refused_without_tls(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUANG_PUBLIC_URL", raising=False)
    with pytest.raises(UnavailableError, match="encryption"):
        check_address(Address(host, 8000))


def test_a_container_may_listen_everywhere_behind_a_loopback_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("container", "podman")
    assert in_container()
    monkeypatch.setenv("MUANG_PUBLIC_URL", "http://127.0.0.1:8000/")
    everywhere = Address("0.0.0.0", 8000)  # noqa: S104
    check_address(everywhere)
    assert everywhere.url == "http://127.0.0.1:8000"
    monkeypatch.setenv("MUANG_PUBLIC_URL", "http://town.example.org")
    with pytest.raises(UnavailableError):
        check_address(everywhere)
    monkeypatch.setenv("MUANG_PUBLIC_URL", "https://town.example.org")
    monkeypatch.delenv("MUANG_TRUSTED_PROXIES", raising=False)
    with pytest.raises(UnavailableError, match="MUANG_TRUSTED_PROXIES"):
        check_address(everywhere)
    monkeypatch.setenv("MUANG_TRUSTED_PROXIES", "10.0.0.1")
    check_address(everywhere)


def test_the_address_is_a_url_a_browser_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUANG_PUBLIC_URL", raising=False)
    assert Address("::1", 8000).url == "http://[::1]:8000"
    assert Address("0.0.0.0", 81).near == ("127.0.0.1", 81)  # noqa: S104
