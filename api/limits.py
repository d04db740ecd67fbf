"""How often one caller may ask: a bucket of units for each, refilled steadily.

A tile costs one unit, so a fast map is never held up; a geo-query costs a hundred.
"""

import math
import time

from starlette.types import Scope

from layers.errors import TooManyRequestsError
from layers.text import Text

BURST_SECONDS = 5.0
"""A bucket holds what flows in within this time."""
_COSTS = (
    ("/tiles/", 1),
    ("/queries/", 100),
    ("/auth/login", 1000),
    ("/auth/", 50),
    ("/live", 50),
)
_OTHER = 10
GUESS = 50
"""What a wrong token or session takes from its address: some 500 at once, then 100 a second."""
_MOST = 20_000


def cost(scope: Scope) -> int:
    """Units a request takes from its caller's bucket."""
    path = str(scope["path"])
    return next((units for start, units in _COSTS if path.startswith(start)), _OTHER)


class Limits:
    """One bucket for each caller, in this process; a rate of 0 means no limit."""

    def __init__(self, units_per_second: int) -> None:
        self._rate = float(units_per_second)
        self._full = self._rate * BURST_SECONDS
        self._buckets: dict[str, tuple[float, float]] = {}

    def need(self, subject: str, units: int) -> None:
        """TooManyRequestsError when a caller's bucket does not hold so much; takes nothing."""
        self._use(subject, units, takes=False)

    def take(self, subject: str, units: int) -> None:
        """Take units from a caller's bucket; TooManyRequestsError when it does not hold them."""
        self._use(subject, units, takes=True)

    def _use(self, subject: str, units: int, *, takes: bool) -> None:
        if not self._rate:
            return
        now = time.monotonic()
        held, since = self._buckets.get(subject, (self._full, now))
        held = min(self._full, held + (now - since) * self._rate)
        enough = held >= units
        if len(self._buckets) >= _MOST:
            self._drop_full(now)
        self._buckets[subject] = (held - units if enough and takes else held, now)
        if not enough:
            seconds = max(1, math.ceil((units - held) / self._rate))
            raise TooManyRequestsError(
                Text(
                    th=f"เรียกข้อมูลถี่เกินไป รอ {seconds} วินาทีแล้วลองใหม่",
                    en=f"You are asking too often. Wait {seconds} s and try again.",
                ),
                seconds=seconds,
            )

    def _drop_full(self, now: float) -> None:
        """Forget callers whose bucket is full again: they are as if they had never asked."""
        self._buckets = {
            subject: (held, since)
            for subject, (held, since) in self._buckets.items()
            if held + (now - since) * self._rate < self._full
        }
