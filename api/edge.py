"""The outermost door, pure ASGI: hosts, HEAD, body size, security headers, errors, access log."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import exchange, language, log, problems
from api.house_of import house_of
from api.tile_hit import Hits
from layers.errors import ForbiddenError, MuangError
from layers.text import Text

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Largest request body read: a drawn area of some 40,000 vertices."""

_STREAMS = frozenset({"/live"})

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{kind} {allowed}" for kind, allowed in _POLICY.items())

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
    # what serves us would write its own name there
    "Server": "muang",
}

TLS_HEADERS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
"""Where the published address is https: browsers never ask for it in the open again."""


class Edge:
    """Wraps the whole application; nothing leaves it but answers, and every error is a problem.

    `hosts` are the names this server answers for: a foreign page whose name was pointed at
    127.0.0.1 must not read the town through somebody's browser. Empty means any. `near` says
    whether an address may call at all; None: all may. A server published to its own machine only
    speaks no TLS, so nobody else may use it, wherever it was told to listen.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str] = (),
        max_body: int = MAX_BODY_BYTES,
        tls: bool = False,
        near: Callable[[str], bool] | None = None,
        hits: Hits | None = None,
    ) -> None:
        self.app = app
        headers = SECURITY_HEADERS | (TLS_HEADERS if tls else {}) | {"Cache-Control": "no-store"}
        self.headers = [(name.lower().encode(), told.encode()) for name, told in headers.items()]
        # a tile says itself how it may be kept, and nothing else that is said for every answer
        self.beside_a_tile = [told for told in self.headers if told[0] != b"cache-control"]
        self.hosts = frozenset(host.lower() for host in hosts)
        self.max_body = max_body
        self.near = near
        self.hits = hits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI event stream."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        here = exchange.begin(scope)
        if await self._hit(scope, send, here):
            return
        # the head of a stream would never end: there HEAD is a method like any other
        head = scope["method"] == "HEAD" and scope["path"] not in _STREAMS
        sender = _Sender(send, here, self.headers, head=head)
        try:
            await self._answer(scope, receive, sender)
        finally:
            log.answered(scope, here)

    async def _hit(self, scope: Scope, send: Send, here: exchange.Exchange) -> bool:
        """Answer with a kept tile where that is all a request asks for; False: it was not."""
        if self.hits is None or scope["method"] != "GET" or not scope["path"].startswith("/tiles/"):
            return False
        headers = dict(scope["headers"])
        if len(headers) != len(scope["headers"]):
            return False
        try:
            self._check_caller(scope)
            self._check_host(scope)
        except MuangError:
            return False
        found = self.hits.find(scope, headers, house_of(scope))
        if found is None:
            return False
        here.status, here.sent = found.status, len(found.body)
        here.role, here.principal = found.who.role.value, found.who.principal
        try:
            told = found.headers + self.beside_a_tile
            await send({"type": "http.response.start", "status": found.status, "headers": told})
            await send({"type": "http.response.body", "body": found.body})
        finally:
            log.answered(scope, here)
        return True

    async def _answer(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        try:
            self._check_caller(scope)
            self._check_host(scope)
            limited = _limited(scope, receive, self.max_body)
            inner = {**scope, "method": "GET"} if sender.head else scope
            await self.app(inner, limited, sender)
        except Exception as exc:
            if sender.started:
                # half an answer cannot be taken back: log it and let the server cut the line
                problems.log.exception("cut %s", exchange.of(scope).id)
                raise
            made = problems.response(
                exc, lang=language.of_scope(scope), event_id=exchange.of(scope).id
            )
            await made(scope, receive, sender)

    def _check_caller(self, scope: Scope) -> None:
        client = scope.get("client")
        if self.near is None or (client and self.near(str(client[0]))):
            return
        raise ForbiddenError(
            Text(
                th="ระบบนี้เปิดให้ใช้ในเครื่องของมันเองเท่านั้น ให้ผู้ดูแลวาง https ไว้ข้างหน้า "
                "แล้วตั้ง MUANG_PUBLIC_URL",
                en="This system is for its own machine only. To reach it from elsewhere its "
                "keeper puts https in front and sets MUANG_PUBLIC_URL.",
            )
        )

    def _check_host(self, scope: Scope) -> None:
        host = next((told for name, told in scope["headers"] if name == b"host"), b"")
        if self.hosts and host_name(host.decode("latin-1")) not in self.hosts:
            raise problems.MisdirectedError(
                Text(
                    th="ระบบนี้ไม่ตอบที่อยู่นี้ เปิดด้วยที่อยู่ที่ ./muang up แสดง หรือตั้ง MUANG_PUBLIC_URL",
                    en="This system does not answer at this address. Open the address "
                    "./muang up printed, or set MUANG_PUBLIC_URL.",
                )
            )


@lru_cache(maxsize=256)
def host_name(host: str) -> str:
    """The name in a Host header, without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _limited(scope: Scope, receive: Receive, limit: int) -> Receive:
    """`receive`, refusing bodies above the limit before they are in memory."""
    for name, declared in scope["headers"]:
        if name == b"content-length" and declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
    total = 0

    async def reading() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise _too_large(limit)
        return message

    return reading


def _too_large(limit: int) -> problems.TooLargeError:
    return problems.TooLargeError(
        Text(
            th=f"คำขอใหญ่เกิน {limit // 1024} กิโลไบต์ ลดจำนวนจุดของรูปที่วาด",
            en=f"The request is larger than {limit // 1024} kB. Use fewer points in the area.",
        )
    )


class _Sender:
    """Counts what leaves, adds the headers every answer has, drops the body of a HEAD."""

    def __init__(
        self,
        send: Send,
        here: exchange.Exchange,
        added: list[tuple[bytes, bytes]],
        *,
        head: bool,
    ) -> None:
        self.send = send
        self.here = here
        self.added = added
        self.head = head

    @property
    def started(self) -> bool:
        return self.here.status is not None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.here.status = message["status"]
            headers = message["headers"]
            names = {name for name, _ in headers}
            added = [header for header in self.added if header[0] not in names]
            message = {**message, "headers": [*headers, *added]}
        elif message["type"] == "http.response.body":
            self.here.sent += len(message.get("body", b""))
            if self.head:
                message = {**message, "body": b""}
        await self.send(message)
