"""While a town is served: now and then a process of its own sees whether its basemap is old."""

import os
import subprocess
import sys
import time

from ops.checkout import Checkout
from ops.server import LEASH

EVERY_S = 600.0
"""Between two looks; a basemap is ground to stand on, the live layers lie over it."""


class BasemapKeeper:
    """Runs `muang basemap --if-changed` in the background, one at a time."""

    def __init__(self, checkout: Checkout, town: str) -> None:
        self._checkout = checkout
        self._town = town
        self._next = time.monotonic() + EVERY_S
        self._child: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start a look when it is time; never waits for one."""
        if self._child is not None and self._child.poll() is None:
            return
        self._child = None
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY_S
        log = self._checkout.log_dir / "basemap.log"
        with log.open("wb") as sink:
            self._child = subprocess.Popen(
                [
                    # the leash ends it when we end, however we end
                    *(sys.executable, "-I", str(LEASH), str(os.getpid())),
                    *(sys.executable, "-P", "-m", "ops"),
                    *("basemap", "--if-changed", "--town", self._town),
                ],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=self._checkout.root,
                start_new_session=True,
            )

    def stop(self) -> None:
        """End what still runs."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
