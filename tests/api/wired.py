"""The application in this process behind the server's own wire, on a free port of loopback."""

import asyncio
import socket
from typing import Any, Self

import httpx
import uvicorn
from fastapi import FastAPI

from api.__main__ import config
from tests.api.caller import Caller


class WiredCaller(Caller):
    """A `Caller` whose requests go through a socket, as everybody's do; one connection for all."""

    def __init__(self, app: FastAPI, token: str | None = None) -> None:
        super().__init__(app, token)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._server: uvicorn.Server
        self._serving: asyncio.Task[None]
        self._client: httpx.AsyncClient

    def __enter__(self) -> Self:
        super().__enter__()
        self.run(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self.run(self._close())
        super().__exit__(*error)

    async def _open(self) -> None:
        how = config(self.app, *self.address)
        how.lifespan = "off"  # the caller runs it
        self._server = uvicorn.Server(how)
        self._serving = asyncio.create_task(self._server.serve([self._socket]))
        url = f"http://{self.address[0]}:{self.address[1]}"
        self._client = httpx.AsyncClient(base_url=url, trust_env=False, timeout=30)
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)

    async def _close(self) -> None:
        await self._client.aclose()
        self._server.should_exit = True
        await self._serving

    async def _asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self._client.request(method, path, **options)
