"""One request and its answer: the facts the access log tells and errors refer to."""

import random
import time
from dataclasses import dataclass, field

from starlette.types import Scope

_KEY = "muang.exchange"


def _new_id() -> str:
    """A random UUID as its URN; it tells requests apart and is no secret."""
    made = f"{random.getrandbits(128):032x}"
    return f"urn:uuid:{made[:8]}-{made[8:12]}-4{made[13:16]}-8{made[17:20]}-{made[20:]}"


@dataclass
class Exchange:
    """What is known of a request on its way; filled in by whoever learns it first."""

    id: str = field(default_factory=_new_id)
    began: float = field(default_factory=time.perf_counter)
    status: int | None = None
    sent: int = 0
    role: str | None = None
    principal: str | None = None

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request arrived."""
        return round((time.perf_counter() - self.began) * 1000, 1)


def begin(scope: Scope) -> Exchange:
    """Attach a new exchange to the scope."""
    made = Exchange()
    scope[_KEY] = made
    return made


def of(scope: Scope) -> Exchange:
    """The exchange of a scope."""
    found: Exchange = scope[_KEY]
    return found
