"""Hear SIGTERM before the server does anything about it, so that open streams can end.

The server first waits for every open connection and only then tells the application to stop, so
an open event stream would hold it for as long as it waits at all. Its own handler is set before
the application starts; the one set here calls it afterwards and takes nothing away from it.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def on_stop(call: Callable[[], None]) -> Iterator[None]:
    """Call something in the running loop when the process is told to stop, inside the block.

    Does nothing outside the main thread, and for a signal that nobody handles: then the process
    ends at once anyway.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def told(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be gone already
            loop.call_soon_threadsafe(call)
        known = before[signal.Signals(number)]
        if callable(known):
            known(number, frame)

    chained = [number for number, handler in before.items() if callable(handler)]
    for number in chained:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number in chained:
            signal.signal(number, before[number])
