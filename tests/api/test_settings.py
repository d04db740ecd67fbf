"""Settings fail at start with a sentence a person can act on."""

import pytest

from api.settings import ServerSettings, from_environment, is_loopback
from layers.errors import UnavailableError

GIVEN = {"database_url": "postgresql://127.0.0.1/postgres", "secret": "s" * 32}


@pytest.mark.parametrize(
    "public_url",
    ["http://127.0.0.1:8000", "http://localhost:8000/", "https://localhost", "http://[::1]:8000"],
)
def test_this_machine_may_be_served(public_url: str) -> None:
    settings = ServerSettings(**GIVEN, public_url=public_url)  # type: ignore[arg-type]
    assert settings.public_url == public_url.rstrip("/")
    assert "localhost" in settings.hosts


@pytest.mark.parametrize(
    "public_url",
    ["http://192.168.1.20:8000", "https://town.example", "http://0.0.0.0:8000", "ftp://localhost"],
)
def test_other_addresses_are_refused_until_people_can_sign_in(public_url: str) -> None:
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1|not an http"):
        ServerSettings(**GIVEN, public_url=public_url)  # type: ignore[arg-type]


def test_listening_everywhere_needs_a_published_address() -> None:
    with pytest.raises(UnavailableError):
        ServerSettings(**GIVEN, host="0.0.0.0")  # type: ignore[arg-type]  # noqa: S104
    inside = ServerSettings(**GIVEN, host="0.0.0.0", public_url="http://127.0.0.1:8000")  # type: ignore[arg-type]  # noqa: S104
    assert inside.hosts == {"localhost", "127.0.0.1", "::1"}


def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MUANG_DATABASE_URL", "MUANG_SECRET", "MUANG_SECRET_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UnavailableError, match="MUANG_DATABASE_URL"):
        from_environment()
    monkeypatch.setenv("MUANG_DATABASE_URL", GIVEN["database_url"])
    with pytest.raises(UnavailableError, match="MUANG_SECRET"):
        from_environment()
    monkeypatch.setenv("MUANG_SECRET", GIVEN["secret"])
    monkeypatch.setenv("MUANG_PORT", "not a port")
    with pytest.raises(UnavailableError, match="MUANG_PORT"):
        from_environment()


@pytest.mark.parametrize(
    ("host", "ours"), [("127.8.8.8", True), ("::1", True), ("LOCALHOST", True), ("10.0.0.1", False)]
)
def test_is_loopback(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours
