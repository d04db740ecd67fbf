"""When a feed is asked next: intervals, pauses that grow after failures, and a circuit. Pure.

`closed`: asked at its interval, and after a failure sooner or later than that, never in step with
others (full jitter). `open` after FAILURES_TO_OPEN failures one after the other: left in peace for
a while. `half_open`: that while is over, one try decides.
"""

import random
from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES_TO_OPEN = 5
OPEN_S = 900.0
LONGEST_S = 3600.0
LONGEST_ASKED_S = 6 * 3600.0
"""A source that asks us to come back later than this is asked again all the same."""
_FIRST_RETRY_S = 15.0


class State(StrEnum):
    """Of the circuit between us and a source; `waiting` has not been asked yet."""

    WAITING = "waiting"
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class Circuit:
    """Where a feed stands: `failures` one after the other, and whether it is asked at all."""

    state: State = State.WAITING
    failures: int = 0

    def succeeded(self) -> "Circuit":
        """After a good answer."""
        return Circuit(State.CLOSED)

    def failed(self) -> "Circuit":
        """After a failure: a try of a half-open circuit opens it again at once."""
        failures = self.failures + 1
        opens = self.state is State.HALF_OPEN or failures >= FAILURES_TO_OPEN
        return Circuit(State.OPEN if opens else State.CLOSED, failures)

    def trying(self) -> "Circuit":
        """While it is being asked."""
        return replace(self, state=State.HALF_OPEN) if self.state is State.OPEN else self


def pause_s(
    circuit: Circuit, interval_s: float, *, asked_s: float | None = None, rng: random.Random
) -> float:
    """Seconds until the next try; `asked_s` is what the source asked for (`Retry-After`).

    What a source asks for is kept, with a little added, so that not everybody comes at once.
    """
    if circuit.failures == 0:
        pause = interval_s * rng.uniform(0.97, 1.03)
    elif circuit.state is State.OPEN:
        times = circuit.failures - FAILURES_TO_OPEN
        longest = max(LONGEST_S, interval_s)
        pause = min(OPEN_S * 2.0 ** min(max(times, 0), 10), longest) * rng.uniform(0.75, 1.25)
    else:
        most = min(_FIRST_RETRY_S * 2.0**circuit.failures, max(interval_s, _FIRST_RETRY_S))
        pause = rng.uniform(min(1.0, most / 4), most)
    if asked_s is None:
        return pause
    return max(pause, min(asked_s, LONGEST_ASKED_S) * rng.uniform(1.0, 1.05))
