"""The zero of a staff gauge at a moment. `muang.zero_at` says the same in the database."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Zeros:
    """`first` holds before the first entry of `since`, then each entry until the next.

    Zeros in m MSL, None where nobody knows; moments aware, in order.
    """

    first: float | None = None
    since: tuple[tuple[datetime, float | None], ...] = ()

    def at(self, moment: datetime) -> float | None:
        """The zero that holds at a moment."""
        place = bisect_right([start for start, _ in self.since], moment)
        return self.first if place == 0 else self.since[place - 1][1]
