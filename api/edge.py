"""The outermost door, pure ASGI: hosts, HEAD, body size, security headers, errors, access log."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import exchange, language, log, problems
from api.door import Door
from layers.text import Text

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Largest request body read: a drawn area of some 40,000 vertices."""

_STREAMS = frozenset({"/live"})
HEAD_ONLY = "muang.head"
"""In the scope of a GET that was a HEAD: its body is dropped here."""

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


def always(*, tls: bool) -> list[tuple[bytes, bytes]]:
    """The headers of every answer."""
    headers = SECURITY_HEADERS | (TLS_HEADERS if tls else {})
    return [(name.lower().encode(), told.encode()) for name, told in headers.items()]


class Edge:
    """Wraps the whole application; nothing leaves it but answers, and every error is a problem."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        door: Door,
        max_body: int = MAX_BODY_BYTES,
        tls: bool = False,
    ) -> None:
        self.app = app
        self.door = door
        self.headers = [*always(tls=tls), (b"cache-control", b"no-store")]
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI event stream."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        here = exchange.begin(scope)
        # the head of a stream would never end: there HEAD is a method like any other
        head = scope["method"] == "HEAD" and scope["path"] not in _STREAMS
        sender = _Sender(send, here, self.headers, head=head)
        try:
            await self._answer(scope, receive, sender)
        finally:
            log.answered(scope["method"], scope["path"], scope["query_string"], here)

    async def _answer(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        try:
            self.door.check(_client(scope), _host(scope))
            limited = _limited(scope, receive, self.max_body)
            # an answer that is long in the making may leave out what nobody will get
            inner = {**scope, "method": "GET", HEAD_ONLY: True} if sender.head else scope
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


def _client(scope: Scope) -> str | None:
    client = scope.get("client")
    return str(client[0]) if client else None


def _host(scope: Scope) -> bytes:
    return next((told for name, told in scope["headers"] if name == b"host"), b"")


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
