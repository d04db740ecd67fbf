"""What can be said of the Dockerfile and the compose file without an engine."""

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml  # type: ignore[import-untyped]

from api.settings import ServerSettings
from layers.errors import UnavailableError
from ops.container.values import PASSWORD, SECRET, demo_values, take_away_unset
from tests.ops.conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
TARGETS = ("db", "build", "api")


def compose(**given: str) -> dict[str, Any]:
    """The compose file as an engine reads it, with these variables set."""
    text = VARIABLE.sub(lambda found: given.get(found[1]) or found[2] or "", COMPOSE_TEXT)
    read: dict[str, Any] = yaml.safe_load(text)
    return read


SERVICES: dict[str, dict[str, Any]] = compose()["services"]


def stage(target: str) -> list[tuple[str, str]]:
    """(instruction, arguments) of one stage, continued lines joined."""
    lines = (line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#"))
    text = "\n".join(lines).replace("\\\n", " ")
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for line in filter(str.strip, text.splitlines()):
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            name = rest.rpartition(" AS ")[2]
            found[name] = []
        found[name].append((word, " ".join(rest.split())))
    assert tuple(found) == TARGETS
    return found[target]


def all_of(target: str, word: str) -> list[str]:
    return [rest for instruction, rest in stage(target) if instruction == word]


def copied(target: str) -> list[str]:
    """What a stage takes from the checkout."""
    found = []
    for rest in all_of(target, "COPY"):
        if not rest.startswith("--from"):
            found += rest.split()[:-1]
    return found


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a file of the checkout out; the last line that fits decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip().lstrip("!").removeprefix("**/")
        if not pattern or line.startswith("#"):
            continue
        parts = Path(path).parts
        below = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        names = parts if "**/" in line else below
        if any(fnmatch.fnmatch(name, pattern) for name in names):
            ignored = not line.startswith("!")
    return ignored


@pytest.mark.parametrize("target", TARGETS)
def test_every_stage_is_made_from_debian_12(target: str) -> None:
    assert all_of(target, "FROM") == [f"debian:bookworm-slim AS {target}"]


@pytest.mark.parametrize("target", ["db", "api"])
def test_what_runs_is_unprivileged_and_watched(target: str) -> None:
    (user,) = all_of(target, "USER")
    assert user not in ("root", "0")
    assert any("useradd --system --uid" in run and user in run for run in all_of(target, "RUN"))
    assert len(all_of(target, "HEALTHCHECK")) == 1
    after = [word for word, _ in stage(target)]
    assert "RUN" not in after[after.index("USER") :]
    for word in ("ENTRYPOINT", "CMD"):
        assert all(rest.startswith("[") for rest in all_of(target, word)), "signals need no shell"


def test_packages_are_those_of_the_lock_and_no_index_is_named() -> None:
    installs = " ".join(all_of("build", "RUN"))
    assert "--require-hashes --no-deps --only-binary :all:" in installs
    assert "npm ci --ignore-scripts" in installs
    for text in (DOCKERFILE, COMPOSE_TEXT):
        hosts = {urlsplit(url).hostname for url in re.findall(r"https?://[^\s\"']+", text)}
        assert hosts <= {"127.0.0.1"}
        assert "latest" not in text


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_stage_copies_is_there_and_reaches_the_engine(target: str) -> None:
    sources = copied(target)
    assert sources
    for source in sources:
        found = sorted(ROOT.glob(source.rstrip("/")))
        assert found, source
        for path in found:
            first = path if path.is_file() else next(path.rglob("*.*"), None)
            assert first, f"{source} is empty: git does not keep it, and the build would fail"
            assert not is_ignored(str(first.relative_to(ROOT))), first


def test_every_room_is_in_the_image() -> None:
    packages = {"api", "db", "etl", "exports", "flood", "layers", "ops"}
    assert packages < set(copied("api"))
    assert "maps/*.py" in copied("api")


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".muang/secret",
        ".venv/bin/python",
        "db/__pycache__/x.cpython-311.pyc",
        "maps/dashboard/node_modules/lit/index.js",
        "maps/dashboard/dist/index.html",
        "tests/tiny.py",
        "town-data.zip",
    ],
)
def test_local_state_and_secrets_stay_out(path: str) -> None:
    assert is_ignored(path)


def test_the_database_image_needs_nothing_it_does_not_copy(tmp_path: Path) -> None:
    """Its modules run with the standard library and the copied files alone."""
    for source in copied("db"):
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, target)
    program = (
        f"import sys; sys.path.append({str(tmp_path)!r}); import ops.container.database as d; "
    )
    program += "print(d.values.demo_values().keys(), d.configuration())"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD in done.stdout
    files = re.findall(r"(?:hba|ident)_file = '([^']+)'", done.stdout)
    assert len(files) == 2
    assert all(Path(name).is_relative_to(tmp_path) for name in files)
    assert all(Path(name).is_file() for name in files)


def test_only_the_server_is_published_and_only_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8000:8000"]}
    assert compose(MUANG_PORT="9")["services"]["api"]["ports"] == ["127.0.0.1:9:8000"]
    assert compose()["networks"]["inside"] == {"internal": True}
    for name in ("check", "db", "migrate", "forecasts"):
        assert SERVICES[name]["networks"] == ["inside"]
    assert not any("network_mode" in service for service in SERVICES.values())


def test_each_part_waits_for_what_it_needs() -> None:
    assert {
        name: {on: how["condition"] for on, how in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    } == {
        "check": {},
        "db": {"check": "service_completed_successfully"},
        "migrate": {"db": "service_healthy"},
        "api": {"migrate": "service_completed_successfully"},
        "feeds": {"migrate": "service_completed_successfully"},
        "forecasts": {"migrate": "service_completed_successfully"},
    }


def test_the_database_is_healthy_by_its_own_word_and_keeps_its_data() -> None:
    assert SERVICES["db"]["healthcheck"]["test"] == ["CMD", "pg_isready", "--quiet"]
    (volume,) = SERVICES["db"]["volumes"]
    name, _, place = volume.partition(":")
    assert name in compose()["volumes"]
    assert [place] == all_of("db", "VOLUME")
    data = re.search(r"PGDATA=(\S+)", " ".join(all_of("db", "ENV")))
    assert data
    assert Path(data[1]).is_relative_to(place)


def test_commands_write_rasters_and_the_server_only_reads_them() -> None:
    place = "/var/lib/muang/rasters"
    assert SERVICES["migrate"]["volumes"] == [
        f"rasters:{place}",
        "raw:/var/lib/muang/raw",
        "feeds:/var/lib/muang/feeds",
    ]
    assert SERVICES["api"]["volumes"] == [f"rasters:{place}:ro"]
    assert "rasters" in compose()["volumes"]
    assert f"MUANG_RASTERS={place} " in DOCKERFILE
    # what people brought is never within the server's reach
    assert "raw" in compose()["volumes"]
    assert "MUANG_RAW_FILES=/var/lib/muang/raw\n" in DOCKERFILE
    assert not [volume for volume in SERVICES["api"]["volumes"] if "raw" in volume]
    assert f"install -d -o muang -g muang -m 0750 {place}\n" in DOCKERFILE


def test_keys_of_feeds_are_within_reach_of_those_who_ask_and_not_of_the_server() -> None:
    place = "/var/lib/muang/feeds"
    assert SERVICES["feeds"]["volumes"] == [f"feeds:{place}"]
    assert "feeds" in compose()["volumes"]
    assert f"MUANG_FEED_KEYS_FILE={place}/keys " in DOCKERFILE
    assert f"MUANG_FEED_SPOOL={place} " in DOCKERFILE
    assert not [volume for volume in SERVICES["api"]["volumes"] if "feeds" in volume]
    assert SERVICES["feeds"]["healthcheck"] == {"test": ["NONE"]}, "it serves nothing to ask"


def test_compose_and_the_images_ask_health_the_same_way() -> None:
    for name, target in (("db", "db"), ("api", "api")):
        in_image = all_of(target, "HEALTHCHECK")[0]
        words: list[str] = yaml.safe_load(in_image.partition("CMD ")[2])
        asked = SERVICES[name]["healthcheck"]
        assert ["CMD", *words] == asked["test"]
        for option in ("interval", "timeout", "start_period", "retries"):
            assert f"--{option.replace('_', '-')}={asked[option]}" in in_image


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service["image"] in ("muang-api", "muang-db")
    assert service["pull_policy"] == "never"


def test_no_password_is_in_the_file_and_each_goes_where_it_is_needed() -> None:
    for value in demo_values().values():
        assert value not in COMPOSE_TEXT
        assert value not in DOCKERFILE
    for service in SERVICES.values():
        assert service["environment"].get(PASSWORD) in (None, "unset")
        assert service["environment"].get(SECRET) in (None, "unset")
        assert service["environment"]["MUANG_DEMO"] in ("0", 0)
    holders = {
        name: {key for key in (PASSWORD, SECRET) if key in service["environment"]}
        for name, service in SERVICES.items()
    }
    assert holders == {
        "check": {PASSWORD, SECRET},
        "db": {PASSWORD},
        "migrate": {PASSWORD, SECRET},
        "api": {SECRET},
        "feeds": {SECRET},
        "forecasts": {SECRET},
    }


def server_settings(monkeypatch: pytest.MonkeyPatch, **changed: str) -> ServerSettings:
    """The server's own reading of the environment the compose file gives it."""
    told = {name: str(value) for name, value in SERVICES["api"]["environment"].items()}
    told |= changed | {SECRET: "s" * 64}
    take_away_unset(told)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return ServerSettings()


def test_the_server_accepts_what_compose_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = server_settings(monkeypatch)
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)  # noqa: S104 - in a container
    assert settings.public_url == "http://127.0.0.1:8000"
    assert not settings.oidc_issuer


def test_a_town_behind_a_reverse_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = server_settings(
        monkeypatch,
        MUANG_PUBLIC_URL="https://town.example",
        MUANG_TRUSTED_PROXIES="192.0.2.1",
        MUANG_OIDC_ISSUER="https://id.example",
        MUANG_OIDC_CLIENT_ID="muang",
        MUANG_OIDC_CLIENT_SECRET="secret",
        MUANG_OIDC_ROLES='{"flood": "coordinator"}',
    )
    assert settings.public_url == "https://town.example"
    assert settings.proxies == {"192.0.2.1"}
    assert settings.oidc_roles == {"flood": "coordinator"}


def test_the_server_refuses_an_address_others_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://192.0.2.7:8000", ""):
        with pytest.raises(UnavailableError, match="without encryption"):
            server_settings(monkeypatch, MUANG_PUBLIC_URL=url)
