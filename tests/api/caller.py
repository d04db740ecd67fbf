"""The application in this process, its lifespan running in a thread, asked over ASGI."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

import httpx
from fastapi import FastAPI

Answer = TypeVar("Answer")
ADDRESS = "http://127.0.0.1:8000"
NOBODY = ""
"""For `token=`: no credentials at all."""


class Caller:
    """Asks the application as a client would; use as a context manager."""

    def __init__(self, app: FastAPI, token: str | None = None) -> None:
        self.app = app
        self.token = token
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._lifespan = app.router.lifespan_context(app)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.run(self._lifespan.__aenter__())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.run(self._lifespan.__aexit__(None, None, None))
        self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run a coroutine in the application's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    def ask(
        self, method: str, path: str, token: str | None = None, **options: Any
    ) -> httpx.Response:
        """One request with a bearer token: the caller's own when none is given, or `NOBODY`."""
        headers = {**options.pop("headers", {})}
        token = self.token if token is None else token
        if token and not {"Authorization", "Cookie"} & headers.keys():
            headers["Authorization"] = f"Bearer {token}"

        return self.run(self._asked(method, path, headers=headers, **options))

    async def _asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
            return await client.request(method, path, **options)

    def get(self, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """GET a path."""
        return self.ask("GET", path, token, **options)

    def post(self, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """POST to a path."""
        return self.ask("POST", path, token, **options)
