"""While a town is served: a process of its own polls its feeds, started again when it dies."""

import os
import subprocess
import sys
import time

import psycopg

from layers.errors import MuangError
from ops.checkout import Checkout
from ops.server import LEASH
from ops.session import Server

_LOOK_S = 5.0
"""Between two looks whether a feed or an exercise wants to be polled."""
_STEADY_S = 60.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_STOP_S = 10.0
_LOG_KEEP_BYTES = 5_000_000


class FeedKeeper:
    """Runs `muang feed run` beside the web server for as long as there is something to poll.

    A town without feeds costs no process: memory is scarce on a town's machine.
    """

    def __init__(self, checkout: Checkout, server: Server, town: str) -> None:
        self._checkout = checkout
        self._server = server
        self._town = town
        self._child: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._next = 0.0
        self._pause = _FIRST_PAUSE_S

    @property
    def pid(self) -> int | None:
        """The polling process; None while there is none."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def look(self) -> None:
        """Start the process when it is wanted and not there; never waits for it."""
        now = time.monotonic()
        if self._child is not None and self._child.poll() is not None:
            steady = now - self._began > _STEADY_S
            self._pause = _FIRST_PAUSE_S if steady else min(self._pause * 2, _LONGEST_PAUSE_S)
            self._child, self._next = None, now + self._pause
        if self._child is not None or now < self._next:
            return
        self._next = now + _LOOK_S
        if self._wanted():
            self._began = now
            self._child = self._start()

    def stop(self) -> None:
        """End it: asked first, so that what is under way gets done."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _wanted(self) -> bool:
        from db.connect import Machine, connect
        from db.feeds import wants_polling

        server = self._server
        try:
            with connect(server.url, server.secret, self._town, Machine.LOADER) as conn:
                return wants_polling(conn)
        except (MuangError, psycopg.Error):
            return False

    def _start(self) -> subprocess.Popen[bytes]:
        log = self._checkout.log_dir / "feeds.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_KEEP_BYTES:
            log.replace(log.with_suffix(".old"))
        with log.open("ab") as sink:
            return subprocess.Popen(
                [
                    # the leash ends it when we end, however we end
                    *(sys.executable, "-I", str(LEASH), str(os.getpid())),
                    *(sys.executable, "-P", "-m", "ops"),
                    *("feed", "run", "--town", self._town),
                ],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=self._checkout.root,
                start_new_session=True,
            )
