"""One request and its answer: the facts the access log tells and errors refer to."""

import time
import uuid
from dataclasses import dataclass, field

from starlette.types import Scope

_KEY = "muang.exchange"


@dataclass
class Exchange:
    """What is known of a request on its way; filled in by whoever learns it first."""

    id: str = field(default_factory=lambda: uuid.uuid4().urn)
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
