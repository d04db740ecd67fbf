"""What `up` is serving: one small file, and a lock that says whether it is still true."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ops.checkout import Checkout, write_private
from ops.processes import Process


@dataclass(frozen=True)
class Serving:
    """One running `up`. `server` is the web server's process group, None while it starts."""

    url: str
    town: str
    pid: int
    started: int
    server_pid: int | None = None
    server_started: int | None = None
    demo_users: tuple[dict[str, str], ...] = ()

    @property
    def supervisor(self) -> Process:
        """The process that keeps everything running; ending it ends everything."""
        return Process(self.pid, self.started)

    @property
    def server(self) -> Process | None:
        """The web server, leader of its own process group."""
        if self.server_pid is None or self.server_started is None:
            return None
        return Process(self.server_pid, self.server_started)

    def public(self) -> dict[str, Any]:
        """What `--json` prints; the sign-ins are the demo's throw-away ones."""
        return {
            "url": self.url,
            "town": self.town,
            "pid": self.pid,
            "demo_users": list(self.demo_users),
        }


def serving(checkout: Checkout) -> Serving | None:
    """The `up` that runs on this checkout now; None when there is none."""
    record = last_record(checkout)
    return record if record and record.supervisor.alive else None


def last_record(checkout: Checkout) -> Serving | None:
    """What the last `up` wrote down, true or not."""
    with suppress(OSError, ValueError, TypeError):
        return Serving(**json.loads(_file(checkout).read_text(encoding="utf-8")))
    return None


def write_record(checkout: Checkout, record: Serving) -> None:
    """Write down what is being served."""
    write_private(_file(checkout), json.dumps(asdict(record)))


def forget(checkout: Checkout) -> None:
    """Nothing is served any more."""
    _file(checkout).unlink(missing_ok=True)


@contextmanager
def only_up(checkout: Checkout) -> Iterator[int | None]:
    """Hold the checkout's `up` lock; yields its file number, None when another `up` holds it.

    The kernel gives the lock back when its process dies, however it dies.
    """
    checkout.state.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (checkout.state / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
            return
        yield lock.fileno()


def _file(checkout: Checkout) -> Path:
    return checkout.state / "up.json"
