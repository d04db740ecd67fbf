"""While a town is served: a process of its own forecasts its gauges as readings come."""

import os
import subprocess
import sys
import time

import psycopg

from layers.errors import MuangError
from ops.checkout import Checkout
from ops.server import LEASH
from ops.session import Server

AGAIN_S = 30.0
"""Before a process that ended by itself is started again."""


class ForecastKeeper:
    """Keeps `muang flood forecast --watch` running where the town has a gauge.

    A town without gauges costs no process: memory is scarce on a town's machine.
    """

    def __init__(self, checkout: Checkout, server: Server, town: str) -> None:
        self._checkout = checkout
        self._server = server
        self._town = town
        self._next = time.monotonic()
        self._child: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start it when it is wanted, does not run and it is time; never waits for it."""
        if self._child is not None and self._child.poll() is None:
            return
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + AGAIN_S
        if not self._wanted():
            return
        log = self._checkout.log_dir / "forecast.log"
        with log.open("ab") as sink:
            self._child = subprocess.Popen(
                [
                    # the leash ends it when we end, however we end
                    *(sys.executable, "-I", str(LEASH), str(os.getpid())),
                    *(sys.executable, "-P", "-m", "ops"),
                    *("flood", "forecast", "--watch", "--town", self._town),
                ],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=self._checkout.root,
                # forecasts wait for whoever looks at the map
                env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )

    def _wanted(self) -> bool:
        from db.connect import Machine, connect
        from db.forecasts import has_gauges

        server = self._server
        try:
            with connect(server.url, server.secret, self._town, Machine.LOADER) as conn:
                return has_gauges(conn)
        except (MuangError, psycopg.Error):
            return False

    def stop(self) -> None:
        """End it."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
