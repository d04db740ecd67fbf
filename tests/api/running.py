"""The server as people run it, in a process of its own, and its event stream read."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from tests.conftest import TownHandle

ROOT = Path(__file__).resolve().parents[2]
Event = dict[str, Any]


@dataclass(frozen=True)
class Running:
    """A running server: its address, its process (leader of its group) and its log."""

    url: str
    process: subprocess.Popen[bytes]
    _log: IO[bytes]

    def log(self) -> str:
        """What it has written so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")


@contextmanager
def server(town: TownHandle, dashboard: Path, **more: str) -> Iterator[Running]:
    """The town served on a free port, ready; killed with its group when the block is left.

    `more` are further settings by their names in the environment.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "api", "--host", "127.0.0.1", "--port", str(port)]
    settings = {
        "MUANG_DATABASE_URL": town.server_url,
        "MUANG_SECRET": town.secret,
        "MUANG_TOWN": town.town_id,
        "MUANG_PORT": str(port),
        "MUANG_DASHBOARD": str(dashboard),
        # what rules raise by themselves would stand among what a test has made
        "MUANG_RULES": "false",
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | settings | more,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            while not _is_ready(url):
                assert process.poll() is None, "the server ended before it was ready"
                time.sleep(0.1)
            yield Running(url, process, log)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


def _is_ready(url: str) -> bool:
    try:
        # certificates are read for each call that might need them, which takes longer than asking
        return httpx.get(f"{url}/readyz", trust_env=False, verify=False).is_success  # noqa: S501
    except httpx.TransportError:
        return False


def parsed(lines: Iterator[str]) -> Iterator[Event]:
    """Events of a stream, comments left out."""
    event: Event = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line == "" and event.get("data") is not None:
            yield event
            event = {}
        elif name in ("event", "id"):
            event[name] = value
        elif name == "data":
            event["data"] = json.loads(value)


@contextmanager
def stream(
    url: str, since: int | None = None, token: str | None = None
) -> Iterator[Iterator[Event]]:
    """The events of `/live`, from a position on when one is given."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if since is not None:
        headers["Last-Event-ID"] = str(since)
    with httpx.stream("GET", f"{url}/live", headers=headers, timeout=30, trust_env=False) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in answer.headers["cache-control"]
        yield parsed(answer.iter_lines())


def until(events: Iterator[Event], pos: int) -> list[Event]:
    """Events up to and with a position."""
    taken = []
    for event in events:
        taken.append(event)
        if int(event["id"]) >= pos:
            break
    return taken
