"""What a rule finds, and when it becomes an incident: after it has lasted, once, without flutter.

Pure: whoever looks at the town makes `Condition`s, whoever keeps the records keeps a `State` for
each rule and place, and `decide` says what follows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from layers.incidents import OF_ALL
from layers.text import Text


@dataclass(frozen=True)
class Condition:
    """A place where a rule holds, or (`held` False) is within its dead band and stays as it was.

    `at` is longitude and latitude, `values` what was found against what, the same in every
    language. Titles name no person and no home.
    """

    place: str
    at: tuple[float, float]
    severity: str
    title: Text
    values: str
    held: bool = True
    about: str | None = None
    about_code: str | None = None
    seen_by: str = OF_ALL


@dataclass(frozen=True)
class State:
    """Since when a rule holds at a place, and the incident that was raised for it.

    `before` is the incident of the last time it held there.
    """

    since: datetime | None = None
    incident: int | None = None
    before: int | None = None


class Decision(StrEnum):
    """What follows: raise an incident, say that the condition ended, remember, or nothing."""

    RAISE = "raise"
    END = "end"
    WAIT = "wait"
    FORGET = "forget"
    NOTHING = "nothing"


def decide(
    known: State | None, found: Condition | None, now: datetime, delay: timedelta
) -> Decision:
    """What follows of a look: `found` None means the rule does not hold at the place.

    A condition must last for `delay`; one raised already is not raised again until it has ended;
    within the dead band nothing changes. A beginning that lies ahead was told by a clock that has
    been put back since: it counts anew from now.
    """
    state = known or State()
    since = state.since if state.since is not None and state.since <= now else None
    if found is None:
        if state.incident is not None:
            return Decision.END
        return Decision.FORGET if state.since is not None else Decision.NOTHING
    if not found.held or state.incident is not None:
        return Decision.NOTHING
    if now - (since or now) >= delay:
        return Decision.RAISE
    return Decision.WAIT if since is None else Decision.NOTHING
