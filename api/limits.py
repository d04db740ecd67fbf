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
TILE = 1
"""Units a tile takes."""
_COSTS = (
    ("/tiles/", TILE),
    ("/rasters/", TILE),
    ("/basemap/", TILE),
    ("/queries/", 100),
    ("/exports/", 200),
    ("/auth/login", 1000),
    ("/auth/", 50),
    ("/live", 50),
)
_OTHER = 10
GUESS = 50
"""What a wrong token or session takes from its address: some 500 at once, then 100 a second."""
_MOST = 20_000
_TIDY_SECONDS = 1.0


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
        self._tidied = 0.0

    def take(self, subject: str, units: int) -> None:
        """Take units from a caller's bucket; TooManyRequestsError when it does not hold them."""
        if not self._rate:
            return
        now = time.monotonic()
        held = self._held(subject, now)
        enough = held >= units
        if len(self._buckets) >= _MOST and now - self._tidied >= _TIDY_SECONDS:
            self._tidied = now
            self._make_room(now)
        self._buckets[subject] = (held - units if enough else held, now)
        if not enough:
            seconds = max(1, math.ceil((units - held) / self._rate))
            raise TooManyRequestsError(
                Text(
                    th=f"เรียกข้อมูลถี่เกินไป รอ {seconds} วินาทีแล้วลองใหม่",
                    en=f"You are asking too often. Wait {seconds} s and try again.",
                ),
                seconds=seconds,
            )

    def give_back(self, subject: str, units: int) -> None:
        """Return what was taken beforehand and turned out not to be due."""
        if self._rate and subject in self._buckets:
            now = time.monotonic()
            self._buckets[subject] = (min(self._full, self._held(subject, now) + units), now)

    def _held(self, subject: str, now: float) -> float:
        held, since = self._buckets.get(subject, (self._full, now))
        return min(self._full, held + (now - since) * self._rate)

    def _make_room(self, now: float) -> None:
        """Forget callers whose bucket is full again, and if need be those who lack the least.

        A full bucket is as if its caller had never asked; half of the room is kept free, or a
        flood of addresses would have this done for each.
        """
        emptiest = sorted((self._held(subject, now), subject) for subject in self._buckets)
        kept = [subject for held, subject in emptiest[: _MOST // 2] if held < self._full]
        self._buckets = {subject: self._buckets[subject] for subject in kept}
