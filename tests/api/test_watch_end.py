"""The rules' watch lets the server end: a closed hub is no reason to spin."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from api.live_hub import Subscription
from api.war_room.watch import Watch


class ClosedHub:
    """Ends every stream as it is opened, as the hub does once the server is told to stop."""

    def __init__(self) -> None:
        self.opened = 0

    @contextmanager
    def subscribe(self, _whose: str) -> Iterator[Subscription]:
        self.opened += 1
        if self.opened > 50:
            raise RuntimeError("it spins and lets nothing else run")
        stream = Subscription()
        stream.end()
        yield stream


def test_a_watch_whose_hub_is_closed_can_be_cancelled() -> None:
    hub = ClosedHub()

    async def end() -> None:
        watch = Watch(SimpleNamespace(hub=hub))  # type: ignore[arg-type]
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()

    asyncio.run(end())
    assert hub.opened == 1
