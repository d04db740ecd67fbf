"""The web server as a process group of its own: start, wait until ready, stop."""

import http.client
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from layers.errors import UnavailableError
from layers.text import Text
from ops.checkout import Checkout
from ops.processes import Process, stop_group
from ops.session import Server

LEASH = Path(__file__).with_name("leash.py")
"""Ends a child when we end, however we end."""
_START_S = 90.0
_STOP_S = 8.0
_LOG_KEEP_BYTES = 20_000_000


@dataclass(frozen=True)
class Address:
    """Where the server listens, and what people type to reach it."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        if published := os.environ.get("MUANG_PUBLIC_URL"):
            return published.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def near(self) -> tuple[str, int]:
        """Host and port at which this machine itself reaches the server."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  names, nothing listens
        return everywhere.get(self.host, self.host), self.port


class WebServer:
    """One server process serving one town. `process` leads its own process group."""

    def __init__(self, checkout: Checkout, server: Server, town: str, address: Address) -> None:
        self.address = address
        self.log = checkout.log_dir / "server.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_KEEP_BYTES:
            self.log.replace(self.log.with_suffix(".old"))
        self._mark = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as sink:
            self._child = subprocess.Popen(
                [
                    *(sys.executable, "-I", str(LEASH), str(os.getpid())),
                    *(sys.executable, "-P", "-m", "api"),
                    *("--host", address.host, "--port", str(address.port)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=checkout.root,
                env=os.environ
                | server.environment(town)
                | {
                    "MUANG_HOST": address.host,
                    "MUANG_PORT": str(address.port),
                    "MUANG_PUBLIC_URL": address.url,
                },
                start_new_session=True,
            )
        self.process = Process.of(self._child.pid)

    def wait_ready(self) -> None:
        """Return once `/readyz` is 200; UnavailableError, with reasons, when that fails."""
        deadline = time.monotonic() + _START_S
        reason = ""
        while time.monotonic() < deadline:
            if self._child.poll() is not None:
                raise self._failed(self.tail())
            ready, reason = readiness(self.address)
            if ready:
                return
            time.sleep(0.05)
        raise self._failed(reason or self.tail())

    def wait(self, timeout_s: float) -> int | None:
        """Its exit status, or None when it still runs after `timeout_s` seconds."""
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """End the server and everything in its process group."""
        if self.process:
            stop_group(self.process, _STOP_S)
        self._child.wait()

    def tail(self, lines: int = 12) -> str:
        """The last lines it has written since it was started."""
        with suppress(OSError):
            said = self.log.read_bytes()[self._mark :].decode(errors="replace")
            return "\n".join(said.splitlines()[-lines:])
        return ""

    def _failed(self, why: str) -> UnavailableError:
        return UnavailableError(
            Text(
                th=f"เปิดระบบไม่สำเร็จ ดูบันทึกที่ {self.log}\n{why}",
                en=f"The server did not become ready. Its log: {self.log}\n{why}",
            )
        )


def readiness(address: Address) -> tuple[bool, str]:
    """Whether `/readyz` answers 200, and what it says when it does not."""
    host, port = address.near
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        named = urlsplit(address.url).netloc
        connection.request("GET", "/readyz", headers={"Host": named, "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    finally:
        connection.close()
    if answer.status == http.HTTPStatus.OK:
        return True, ""
    with suppress(ValueError):
        return False, json.dumps(json.loads(body), ensure_ascii=False)
    return False, body
