"""Finds the machine's own PostgreSQL server programs that have PostGIS beside them."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/usr", "/usr/local", "/opt/homebrew/opt")
_OLDEST_POSTGRES = 14
_OLDEST_POSTGIS = (3, 3)


@dataclass(frozen=True)
class Postgres:
    """One installed PostgreSQL server with PostGIS."""

    bindir: Path
    major: int
    postgis: tuple[int, int]

    def program(self, name: str) -> Path:
        """Path of one of its programs."""
        return self.bindir / name


def find_postgres(major: int | None = None) -> Postgres | None:
    """The newest usable server on this machine: PostgreSQL >= 14 with PostGIS >= 3.3.

    `major` asks for that version and no other: data can only be read by the version that made it.
    """
    servers = (_look(bindir) for bindir in _bindirs())
    found = [server for server in servers if server and major in (None, server.major)]
    return max(found, key=lambda server: server.major, default=None)


def server_majors() -> list[int]:
    """Major versions of the PostgreSQL servers present, with or without PostGIS."""
    return sorted({major for bindir in _bindirs() if (major := _major(bindir))})


def _bindirs() -> list[Path]:
    found: list[Path] = []
    for place in map(Path, _PLACES):
        found += [place / "bin", *place.glob("*/bin")]
    found += Path("/usr").glob("pgsql-*/bin")
    if config := shutil.which("pg_config"):
        found.append(Path(_output([config, "--bindir"]) or "/nonexistent"))
    unique = {os.path.realpath(path): path for path in found}
    return [path for path in unique.values() if (path / "initdb").exists()]


def _look(bindir: Path) -> Postgres | None:
    major = _major(bindir)
    if major is None or major < _OLDEST_POSTGRES:
        return None
    for share in _sharedirs(bindir, major):
        control = share / "extension" / "postgis.control"
        if control.exists():
            match = re.search(r"default_version\s*=\s*'(\d+)\.(\d+)", control.read_text())
            version = (int(match[1]), int(match[2])) if match else (0, 0)
            return Postgres(bindir, major, version) if version >= _OLDEST_POSTGIS else None
    return None


def _major(bindir: Path) -> int | None:
    match = re.search(r"\) (\d+)", _output([bindir / "postgres", "-V"]))
    return int(match[1]) if match else None


def _sharedirs(bindir: Path, major: int) -> list[Path]:
    # Debian's pg_config is in another package than the server: known places come first
    places = [
        Path(f"/usr/share/postgresql/{major}"),
        bindir.parent / "share",
        bindir.parent / "share" / "pgsql",
        bindir.parent / "share" / "postgresql",
    ]
    if (bindir / "pg_config").exists():
        places.append(Path(_output([bindir / "pg_config", "--sharedir"]) or "/nonexistent"))
    return places


def _output(command: list[str | Path]) -> str:
    try:
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()
