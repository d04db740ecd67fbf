"""Stops working out an answer for somebody who has gone: a closed tab, a phone out of reach.

A geo-query may hold a connection of its role for ten seconds and more, and a tab reloaded three
times asks three times. Cancelling cancels the statement in the database too, and the connection
goes back to its pool. What already runs in a thread runs to its end; its answer is dropped.
"""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

QUESTIONS = "/queries/"
"""Paths that only read and keep an answer: edits are finished whoever waits for them."""


class Leaving:
    """Middleware that cancels a question once its asker has hung up."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(QUESTIONS):
            await self.app(scope, receive, send)
            return
        asked = _Asked(receive)
        work = asyncio.ensure_future(self.app(scope, asked.heard, send))
        watch = asyncio.create_task(asked.left())
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                # what went wrong is for whoever is outside
                await work
        finally:
            for task in (watch, work):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task


class _Asked:
    """What the asker sends: the application hears the body, the watch hears them go."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._whole = asyncio.Event()
        self._gone = asyncio.Event()

    async def heard(self) -> Message:
        """The next message, as ASGI's `receive`."""
        if self._whole.is_set():
            await self._gone.wait()
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] != "http.request":
            self._gone.set()
            self._whole.set()
        elif not message.get("more_body", False):
            self._whole.set()
        return message

    async def left(self) -> None:
        """Returns once they have gone."""
        await self._whole.wait()
        while not self._gone.is_set():
            if (await self._receive())["type"] == "http.disconnect":
                self._gone.set()
