"""A town served for real: the server in a process group of its own on a free port of loopback."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.conftest import TownHandle

_PATIENCE_S = 60
_LOG_LINES = 12


@contextmanager
def served(town: TownHandle, **more: str) -> Iterator[str]:
    """Serve the town for the block; yields its address once `/readyz` says 200.

    `more` are further settings by their names in the environment.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "MUANG_DATABASE_URL": town.server_url,
        "MUANG_SECRET": town.secret,
        "MUANG_TOWN": town.town_id,
        "MUANG_PUBLIC_URL": url,
    }
    command = [sys.executable, "-m", "api", "--host", "127.0.0.1", "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[1],
            env=os.environ | settings | more,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            said = _wait(url, process)
            if said:
                log.seek(0)
                tail = log.read().decode(errors="replace").splitlines()[-_LOG_LINES:]
                raise AssertionError("\n".join(["the server is not ready:", said, *tail]))
            yield url
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes]) -> str:
    """What the server last said while it was not ready; empty once it is."""
    said = "nothing"
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            reply = httpx.get(f"{url}/readyz", trust_env=False)
            if reply.is_success:
                return ""
            said = reply.text
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    return said
