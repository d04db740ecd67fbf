"""Asks as one person, and lets no reply pass that gives away what the person may not see."""

import asyncio
import contextlib
import json
import re
from typing import Any
from urllib.parse import unquote_plus

import httpx

from layers.catalog import LAYERS
from tests.api.caller import ADDRESS, Caller
from tests.matrix import replies
from tests.matrix.seeds import TOKENS
from tests.matrix.views import View

PERSONS = (
    "/tiles/",
    "/styles/",
    "/exports/",
    "/ogc/collections",
    "/queries/",
    "/gauges",
    "/me",
    "/live",
    "/auth/",
    "/events",
    "/incidents",
    "/tasks",
    "/evacuation-runs",
)
"""Addresses whose answers are not the same for everybody."""


class Client:
    """One client for all requests: opening one for each costs more than the request."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        transport = httpx.ASGITransport(app=caller.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=ADDRESS, trust_env=False)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request."""
        return self.caller.run(self._client.request(method, path, **options))


class Asker:
    """A person at the door: every reply is searched before anybody looks at it."""

    def __init__(self, client: Client, view: View) -> None:
        self.view = view
        self.client = client
        self._allowed = view.allowed()
        self._never: dict[tuple[str, str], list[Any]] = {}
        self._unseen = [row for row in view.seeds.rows if not view.shows(row)]

    @property
    def headers(self) -> dict[str, str]:
        """The person's credentials."""
        return self.view.headers

    def ask(
        self,
        method: str,
        path: str,
        expect: int | tuple[int, ...] = 200,
        **options: Any,
    ) -> httpx.Response:
        """Ask; the status must be as expected."""
        headers = {**self.headers, **options.pop("headers", {})}
        reply = self.client.send(method, path, headers=headers, **options)
        self.inspect(reply, sent=_sent(reply))
        statuses = expect if isinstance(expect, tuple) else (expect,)
        assert reply.status_code in statuses, (self.who(reply), reply.status_code, reply.text[:300])
        return reply

    def get(self, path: str, expect: int | tuple[int, ...] = 200, **options: Any) -> httpx.Response:
        """GET with query parameters in `params`."""
        return self.ask("GET", path, expect, **options)

    def told(self, path: str, **options: Any) -> dict[str, Any]:
        """The JSON of a GET that must work."""
        made: dict[str, Any] = self.get(path, **options).json()
        return made

    def inspect(self, reply: httpx.Response, sent: str = "") -> None:
        """Fail when the reply holds a canary or a place that does not exist for this person."""
        leaked = replies.canaries(reply) - self._allowed - set(TOKENS.findall(sent))
        assert not leaked, (self.who(reply), "gives away", self._named(leaked))
        where = replies.betrayed(reply, self._unseen)
        assert not where, (self.who(reply), "tells the place of", where)
        stored = "no-store" not in reply.headers.get("cache-control", "")
        if stored and reply.request.url.path.startswith(PERSONS):
            varies = reply.headers.get("vary", "")
            assert "Authorization" in varies, (self.who(reply), "is kept for everybody")
            assert "Cookie" in varies, (self.who(reply), "is kept for everybody")

    def who(self, reply: httpx.Response) -> str:
        """Who asked what."""
        return f"{self.view.person.name}: {reply.request.method} {reply.request.url}"

    def _named(self, tokens: set[str]) -> list[str]:
        return sorted(
            f"{row.name}.{name}"
            for row in self.view.seeds.rows
            for name, token in row.tokens.items()
            if token in tokens
        )

    def same_refusal(self, hidden: str, path: str, status: int, **options: Any) -> None:
        """The refusal of a hidden name is, but for the name itself, that of one that never was."""
        about = (path, json.dumps(options))
        if about not in self._never:
            self._never[about] = self._refused("zzz", path, status, options)
        told = self._refused(hidden, path, status, options)
        assert told == self._never[about], (self.view.person.name, hidden, path, options)

    def _refused(self, name: str, path: str, status: int, options: dict[str, Any]) -> list[Any]:
        asked = json.loads(json.dumps(options).replace("{}", name))
        method = asked.pop("method", "GET")
        reply = self.ask(method, path.replace("{}", name), status, **asked)
        problem = reply.json()
        words = set(re.findall(r"[a-z0-9_]+", problem["detail"])) - {name}
        assert not words & self._unnamed(path), (self.view.person.name, path, problem["detail"])
        said = problem["detail"].replace(f"“{name}”", "“?”").replace(f" {name} ", " ? ")
        headers = {k: v for k, v in reply.headers.items() if k != "content-length"}
        return [problem["type"], problem["title"], said, headers]

    def _unnamed(self, path: str) -> set[str]:
        """Names no refusal may tell: layers, and fields of the layers asked about, not seen."""
        about = set(re.split("[/,]", path))
        layers = {layer.id for layer in LAYERS if not self.view.sees(layer)}
        return layers | {
            name for layer in LAYERS if layer.id in about for name in self.view.hidden(layer)
        }

    def events(self, since: int, until: int) -> httpx.Response:
        """What `/live` says from one position to another, as a reply to be searched."""
        return self.client.caller.run(self._events(since, until))

    async def _events(self, since: int, until: int) -> httpx.Response:
        body, head = bytearray(), dict[str, Any]()
        enough = asyncio.Event()

        async def send(message: Any) -> None:
            head.update(message if message["type"] == "http.response.start" else {})
            body.extend(message.get("body", b""))
            if f"id: {until}\n".encode() in body and body.endswith(b"\n\n"):
                enough.set()

        headers = {"host": "127.0.0.1", "last-event-id": str(since), **self.headers}
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/live",
            "raw_path": b"/live",
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "scheme": "http",
        }
        given = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            return next(given, None) or await asyncio.Event().wait()

        task = asyncio.create_task(self.client.caller.app(scope, receive, send))
        # quiet changes carry no id: a caller who hears of none of them is given a moment
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), 0.5)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        request = httpx.Request("GET", f"{ADDRESS}/live")
        return httpx.Response(
            head["status"], headers=head["headers"], content=bytes(body), request=request
        )


def _sent(reply: httpx.Response) -> str:
    body = reply.request.content.decode(errors="replace")
    return unquote_plus(str(reply.request.url)) + json.dumps(body) + body
