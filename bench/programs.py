"""Programs a benchmark starts: on free ports of loopback, ended by the process it started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

_PATIENCE_S = 60.0


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[object],
    *,
    log: Path,
    environment: dict[str, str] | None = None,
    stdin: socket.socket | None = None,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a process group of its own, for as long as the block runs."""
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            stdin=subprocess.DEVNULL if stdin is None else stdin.fileno(),
            stdout=sink,
            stderr=sink,
            cwd=cwd,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the address answers at all."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(url, trust_env=False, timeout=30)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"{url} does not answer:\n{said}")
