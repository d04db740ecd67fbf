"""Settings fail at start with a sentence a person can act on."""

from pathlib import Path
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
    settings = ServerSettings(
        **GIVEN,  # type: ignore[arg-type]
        public_url="https://town.example/",
        trusted_proxies="10.0.0.1",
    )
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


def test_listening_everywhere_needs_a_published_address(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere: dict[str, Any] = GIVEN | {"host": "0.0.0.0"}  # noqa: S104
    here = everywhere | {"public_url": "http://127.0.0.1:8000"}
    monkeypatch.delenv("container", raising=False)
    monkeypatch.setattr("api.settings.in_container", lambda: False)
    for given in (everywhere, here):
        with pytest.raises(UnavailableError):
            ServerSettings(**given)
    monkeypatch.setattr("api.settings.in_container", lambda: True)
    inside = ServerSettings(**here)
    assert inside.hosts == {"localhost", "127.0.0.1", "::1"}
    assert inside.near
    assert inside.near("172.17.0.1"), "where a container's published port is called from"
    assert not inside.near("8.8.8.8")


def test_behind_https_the_proxy_is_named() -> None:
    published: dict[str, Any] = GIVEN | {"public_url": "https://town.example"}
    with pytest.raises(UnavailableError, match="MUANG_TRUSTED_PROXIES"):
        ServerSettings(**published)
    with pytest.raises(UnavailableError, match="not an IP address"):
        ServerSettings(**published, trusted_proxies="10.0.0.1, proxy")
    assert ServerSettings(**published, trusted_proxies="none").proxies == frozenset()
    named = ServerSettings(**published, trusted_proxies="10.0.0.1, ::1")
    assert named.proxies == {"10.0.0.1", "::1"}
    assert named.near is None


def test_the_list_of_breached_passwords_is_there(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="MUANG_BREACHED_PASSWORDS"):
        ServerSettings(**GIVEN, breached_passwords=tmp_path / "none")  # type: ignore[arg-type]


def test_the_secret_before_a_change_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.write_text("o" * 32 + "\n", encoding="ascii")
    settings = ServerSettings(**GIVEN, old_secret_file=file)  # type: ignore[arg-type]
    assert settings.trust.secrets == ("s" * 32, "o" * 32)


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
