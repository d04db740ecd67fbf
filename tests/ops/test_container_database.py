"""The database image's entry point, run on this machine's own PostgreSQL: no engine needed."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ops.container import database, values
from ops.container.values import PASSWORD
from ops.postgres import find_postgres
from ops.processes import free_port
from tests.ops.conftest import ROOT, environment

GOOD = secrets.token_hex(32)
DEMO = values.demo_values()


def test_the_settings_are_tuned_and_name_files_of_the_image() -> None:
    lines = [line.split(" = ") for line in database.configuration().splitlines()]
    chosen = {name: value.strip("'") for name, value in lines}
    assert chosen["listen_addresses"] == "*"
    assert chosen["password_encryption"] == "scram-sha-256"
    assert chosen["shared_buffers"].endswith("MB")
    assert Path(chosen["hba_file"]).is_file()
    assert Path(chosen["ident_file"]).is_file()


class DatabaseImage:
    """The database image's files and entry point, run on this machine's own PostgreSQL."""

    def __init__(self, folder: Path) -> None:
        found = find_postgres()
        assert found, "PostgreSQL with PostGIS is needed"
        self.folder = folder
        self.volume = folder / "volume"
        self.volume.mkdir()
        self.port = free_port()
        self.bindir = found.bindir
        shutil.copytree(
            ROOT / "ops", folder / "image" / "ops", ignore=shutil.ignore_patterns("__pycache__")
        )
        # the folder's owner is who PostgreSQL runs as, because it refuses to run as root
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(folder, self.user)
            shutil.chown(self.volume, self.user)
        self.python = self._python()

    def _python(self) -> str:
        """A bare Python the server's user may run: ours can be hidden below /root."""
        for path in ("/usr/bin/python3", os.path.realpath(sys.executable)):
            try:
                subprocess.run([path, "-c", "import tomllib"], user=self.user, cwd="/", check=True)
            except (OSError, subprocess.CalledProcessError):
                continue
            return path
        pytest.skip(f"no Python 3.11 that the user {self.user} may run")

    def start(self, **settings: str) -> subprocess.Popen[str]:
        """Start the entry point; its output is one stream."""
        own = {
            "PATH": f"{self.bindir}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder / "image"),
            "PGDATA": str(self.volume / "cluster"),
            "PGHOST": str(self.folder),
            "PGPORT": str(self.port),
        }
        return subprocess.Popen(
            [self.python, "-P", "-m", "ops.container.database", "-c", "fsync=off"],
            cwd="/",
            env=environment() | own | settings,
            user=self.user,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def refused(self, **settings: str) -> str:
        """What it says when it does not start."""
        said, _ = (child := self.start(**settings)).communicate(timeout=30)
        assert child.returncode == 1
        return said

    @contextmanager
    def running(self, **settings: str) -> Iterator[None]:
        """A running server; stopped the way an engine stops it."""
        child = self.start(**settings)
        program = [str(self.bindir / "pg_isready"), "-q", "-h", str(self.folder)]
        try:
            deadline = time.monotonic() + 60
            while subprocess.run([*program, "-p", str(self.port)], check=False).returncode:
                assert child.poll() is None, child.communicate()[0]
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield
        finally:
            child.send_signal(2)  # the image's STOPSIGNAL
            said, _ = child.communicate(timeout=30)
        assert child.returncode == 0, said

    def ask(self, password: str, query: str) -> object:
        url = f"postgresql://muang@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(url, password=password, connect_timeout=10) as conn:
            row = conn.execute(query.encode()).fetchone()
        return row and row[0]


@pytest.fixture
def image(open_folder: Path) -> DatabaseImage:
    return DatabaseImage(open_folder)


def test_the_database_starts_private_and_follows_its_password(image: DatabaseImage) -> None:
    assert f"{PASSWORD} is not set" in image.refused()
    assert "everybody knows" in image.refused(**{PASSWORD: DEMO[PASSWORD]})
    assert list(image.volume.iterdir()) == []
    with image.running(MUANG_DEMO="1"):
        assert image.ask(DEMO[PASSWORD], "SHOW data_checksums") == "on"
        assert image.ask(DEMO[PASSWORD], "SHOW server_encoding") == "UTF8"
        assert image.ask(DEMO[PASSWORD], "SELECT current_user") == "muang"
        rules = "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"
        assert image.ask(DEMO[PASSWORD], rules) == "peer,scram-sha-256"
        assert image.ask(DEMO[PASSWORD], "SELECT count(error) FROM pg_hba_file_rules") == 0
        assert image.ask(DEMO[PASSWORD], "SHOW random_page_cost") == "1.1"
        assert image.ask(DEMO[PASSWORD], "SHOW fsync") == "off"  # from the command line
        url = f"postgresql://muang@127.0.0.1:{image.port}/postgres"
        with psycopg.connect(url, password=DEMO[PASSWORD], autocommit=True) as conn:
            conn.execute("ALTER SYSTEM SET random_page_cost = 2.5")
    with image.running(**{PASSWORD: GOOD}):  # the demo's volume, taken over with a real password
        assert image.ask(GOOD, "SHOW random_page_cost") == "2.5"
        with pytest.raises(psycopg.OperationalError, match="password"):
            image.ask(DEMO[PASSWORD], "SELECT 1")
    kept = image.volume / "password.scram"
    assert kept.stat().st_mode & 0o077 == 0
    assert GOOD not in kept.read_text(encoding="ascii")


def test_a_first_start_cut_off_half_way_begins_again(image: DatabaseImage) -> None:
    half = image.volume / "cluster.new" / "base"
    half.mkdir(parents=True)
    if image.user:
        shutil.chown(half.parent, image.user)
        shutil.chown(half, image.user)
    with image.running(**{PASSWORD: GOOD}):
        assert image.ask(GOOD, "SELECT 1") == 1
    assert not half.exists()


def test_data_of_another_version_is_left_alone(image: DatabaseImage) -> None:
    data = image.volume / "cluster"
    data.mkdir()
    (data / "PG_VERSION").write_text("9\n", encoding="ascii")
    assert "was made by PostgreSQL 9" in image.refused(**{PASSWORD: GOOD})
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_volume_of_another_user_is_named(image: DatabaseImage) -> None:
    if image.user:
        shutil.chown(image.volume, 0)
    image.volume.chmod(0o555)
    assert "must belong to uid" in image.refused(**{PASSWORD: GOOD})
    image.volume.chmod(0o755)
