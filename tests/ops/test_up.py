"""`./muang up` as a person types it, in a copy of the checkout below an awkward path."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sysconfig
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops import bootstrap, dashboard
from ops.checkout import Checkout
from ops.processes import Process, free_port, processes
from tests.ops.conftest import ROOT, clear, environment

pytestmark = pytest.mark.slow

_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".muang", "node_modules", "__pycache__", ".*_cache", "build", "dist.new"
)


@dataclass(frozen=True)
class Copy:
    """A whole checkout that shares our packages but nothing else."""

    root: Path

    def muang(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command there to its end."""
        return subprocess.run(
            [str(self.root / "muang"), *arguments],
            capture_output=True,
            text=True,
            env=environment(),
            cwd="/",
            check=False,
            timeout=200,
        )

    def up(self, port: int, *arguments: str) -> dict[str, Any]:
        """`up --detach --json`; what it printed."""
        done = self.muang("up", "--no-demo", "--detach", "--json", "--port", str(port), *arguments)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 1
        facts: dict[str, Any] = json.loads(done.stdout)
        return facts

    def line_of(self, process: Process) -> str:
        """The whole command line of a process of this checkout, empty for any other."""
        with suppress(OSError):
            line = Path(f"/proc/{process.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            return line if str(self.root) in line else ""
        return ""

    def left(self) -> list[str]:
        """Command lines of whatever of this checkout still runs."""
        return [line for process in processes() if (line := self.line_of(process))]


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    folder = Path(tempfile.mkdtemp(prefix="muang-test-"))
    folder.chmod(stat.S_IRWXU | stat.S_IXGRP | stat.S_IXOTH)
    root = folder / "ข้อมูล เมือง" / ("ยาว" * 27) / "muang"
    shutil.copytree(ROOT, root, ignore=_LEFT_OUT)
    (root / ".muang").mkdir()
    if (root / "maps" / "dashboard" / "dist" / "index.html").exists():
        stamp = root / ".muang" / "dashboard.stamp"
        stamp.write_text(dashboard.source_hash(root / "maps" / "dashboard"))
    _borrow_packages(root)
    yield Copy(root)
    clear(Checkout(root))
    shutil.rmtree(folder)


def _borrow_packages(root: Path) -> None:
    """An environment as the launcher would make it, with our packages instead of downloads."""
    venv.create(root / ".venv", with_pip=False, symlinks=True)
    library = next((root / ".venv").glob("lib/python3*/site-packages"))
    (library / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (library / "muang.pth").write_text(bootstrap.PATH_LINE, encoding="ascii")
    held = {name: bootstrap.lock_hash(root, name) for name in bootstrap.LOCKS}
    bootstrap.write_stamp(root / ".venv", {"place": bootstrap.place(root), "locks": held})


@pytest.fixture
def town(copy: Copy) -> Iterator[Copy]:
    """The copy with nothing running, before and after."""
    assert copy.left() == []
    yield copy
    copy.muang("down")


def status_of(url: str) -> int:
    with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:  # noqa: S310
        status: int = answer.status
        return status


def test_from_nothing_to_ready_and_down_again(town: Copy) -> None:
    port = free_port()
    facts = town.up(port)
    assert facts == {
        "url": f"http://127.0.0.1:{port}",
        "town": "phibun",
        "pid": facts["pid"],
        "demo_users": [],
    }
    assert status_of(facts["url"]) == 200
    assert Process.of(facts["pid"]) is not None

    again = town.muang("up", "--port", str(port))
    assert again.returncode == 0
    assert again.stdout.strip() == facts["url"] + "/"
    assert "Already serving phibun" in again.stderr

    seen = json.loads(town.muang("status", "--json").stdout)
    assert seen["server"]["ready"] is True
    assert [each["id"] for each in seen["towns"]] == ["phibun"]

    token = town.muang("token", "new", "--role", "analyst", "--json")
    bearer = {"Authorization": f"Bearer {json.loads(token.stdout)['token']}"}
    request = urllib.request.Request(f"{facts['url']}/me", headers=bearer)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert json.load(answer)["role"] == "analyst"

    # an open live stream must not keep the server from ending
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.sendall(b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200" in stream.recv(100)
        assert town.muang("down").returncode == 0
    assert town.left() == []
    assert "Nothing was running" in town.muang("down").stderr


def test_a_busy_port_is_refused_with_the_holders_name(town: Copy) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        done = town.muang("up", "--no-demo", "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"process {os.getpid()}" in done.stderr
    assert "python" in done.stderr
    assert town.left() == []


def test_killed_runs_leave_nothing_in_the_way_of_the_next(town: Copy) -> None:
    port = free_port()
    first = town.up(port)
    os.kill(first["pid"], signal.SIGKILL)
    second = town.up(port)
    assert second["pid"] != first["pid"]
    assert status_of(second["url"]) == 200

    # and now everything at once, as in a power cut
    os.kill(second["pid"], signal.SIGKILL)
    postmaster = next(p for p in processes() if "postgres -D" in town.line_of(p))
    os.kill(postmaster.pid, signal.SIGKILL)
    assert status_of(town.up(port)["url"]) == 200
    assert town.muang("down").returncode == 0
    assert town.left() == []


def test_ctrl_c_stops_everything_it_started(town: Copy) -> None:
    port = free_port()
    with subprocess.Popen(
        [str(town.root / "muang"), "up", "--no-demo", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
        start_new_session=True,
    ) as shown:
        assert shown.stdout is not None
        address = next(line.strip() for line in shown.stdout if line.strip())
        assert address == f"http://127.0.0.1:{port}/"
        os.killpg(shown.pid, signal.SIGINT)
        assert shown.wait(60) == 0
    assert town.left() == []


def test_a_server_that_dies_is_started_again(town: Copy) -> None:
    facts = town.up(free_port())
    record = json.loads((town.root / ".muang" / "up.json").read_text())
    os.killpg(record["server_pid"], signal.SIGKILL)
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        try:
            assert status_of(facts["url"]) == 200
            break
        except OSError:
            time.sleep(0.1)
    else:
        pytest.fail("the server did not come back")
    assert json.loads((town.root / ".muang" / "up.json").read_text())["pid"] == facts["pid"]


def test_a_town_that_is_not_there_is_refused_with_the_way_to_make_it(town: Copy) -> None:
    done = town.muang("up", "--town", "nowhere", "--port", str(free_port()))
    assert done.returncode == 1
    assert "./muang town new nowhere" in done.stderr
    assert town.left() == []


def test_other_machines_are_kept_out_without_encryption(town: Copy) -> None:
    done = town.muang("up", "--host", "0.0.0.0", "--port", str(free_port()))  # noqa: S104
    assert done.returncode == 1
    assert "without encryption" in done.stderr
    assert town.left() == []
