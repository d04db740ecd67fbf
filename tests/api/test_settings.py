"""Settings fail at start with a sentence a person can act on."""

from typing import Any

import pytest

from api.settings import ServerSettings, from_environment, is_loopback
from layers.errors import UnavailableError
from layers.model import Role

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
    ["http://192.168.1.20:8000", "http://town.example", "http://0.0.0.0:8000", "ftp://localhost"],
)
def test_other_addresses_are_refused_without_tls(public_url: str) -> None:
    with pytest.raises(UnavailableError, match=r"https|not an http"):
        ServerSettings(**GIVEN, public_url=public_url)  # type: ignore[arg-type]


def test_other_addresses_are_served_with_tls() -> None:
    settings = ServerSettings(**GIVEN, public_url="https://town.example/")  # type: ignore[arg-type]
    assert settings.tls
    assert not settings.loopback
    assert settings.hosts == {"localhost", "127.0.0.1", "::1", "town.example"}
    assert settings.cookie == "__Host-muang-phibun"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"oidc_issuer": "http://id.example"}, "https"),
        ({"oidc_issuer": "https://id.example"}, "MUANG_OIDC_CLIENT_ID"),
        ({"oidc_roles": {"crew": "team"}}, "roles public or team"),
        ({"oidc_roles": {"all": "public"}}, "roles public or team"),
    ],
)
def test_a_provider_is_set_up_wholly_or_not_at_all(given: dict[str, Any], says: str) -> None:
    whole = {
        "oidc_issuer": "https://id.example",
        "oidc_client_id": "muang" if "oidc_roles" in given else "",
        "oidc_client_secret": "s",
    }
    with pytest.raises(UnavailableError, match=says):
        ServerSettings(**GIVEN, **(whole | given))  # type: ignore[arg-type]


def test_a_provider_on_this_machine_may_be_plain() -> None:
    settings = ServerSettings(
        **GIVEN,  # type: ignore[arg-type]
        oidc_issuer="http://127.0.0.1:9400/",
        oidc_client_id="muang",
        oidc_client_secret="s",
        oidc_roles={"gis": Role.STAFF},
    )
    assert settings.oidc_issuer == "http://127.0.0.1:9400"


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
    ("host", "ours"),
    [
        ("127.0.0.1:80", True),
        ("[::1]:80", True),
        ("localhost:1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("LOCALHOST", True),
        ("10.0.0.1", False),
    ],
)
def test_is_loopback(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours
