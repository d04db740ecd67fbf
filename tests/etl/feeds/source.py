"""A source on this machine: answers what a test tells it to, and remembers what it was asked."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """One answer. `cut`: the line is dropped after so many bytes of the body; `hang`: seconds."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    hang: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One question as it came."""

    path: str
    headers: dict[str, str]


class Source:
    """Answers from `replies`, one after the other; the last one again and again."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.replies: list[Reply | Callable[[Asked], Reply]] = []
        self.asked: list[Asked] = []
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def url(self, path: str = "/") -> str:
        """An address of it."""
        return f"http://127.0.0.1:{self.port}{path}"

    def reply(self, asked: Asked) -> Reply:
        """What to answer now."""
        self.asked.append(asked)
        made = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
        return made if isinstance(made, Reply) else made(asked)


@contextmanager
def source(
    *replies: Reply | Callable[[Asked], Reply], tls: ssl.SSLContext | None = None
) -> Iterator[Source]:
    """A source that answers so, for the block."""
    made: list[Source] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one = made[0]
            reply = one.reply(Asked(self.path, {k.lower(): v for k, v in self.headers.items()}))
            if reply.hang:
                one.closing.wait(reply.hang)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who asks may hang up
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    made.append(Source(server))
    made[0].replies = list(replies)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made[0]
    finally:
        made[0].closing.set()
        server.shutdown()
        server.server_close()
