"""The server's side of a connection: uvicorn's own, which answers kept tiles before all else.

A finished tile that goes through ASGI costs two to three times as much as the checks it has to
pass (measured): a task, two messages and every wrapper of the framework. So a request for one is
answered as soon as its head has been read, by `api.tile_hit`, in its turn among the others of its
connection. Everything that is not such a request goes on to the application unseen.

A map asks for many tiles with the same headers to the byte. Who they say is asking is worked out
once for such a run; whether that somebody may have the tile, on every request.

The head of a request is also bounded here in size and time, which uvicorn leaves to others.
"""

import asyncio
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import log
from api.exchange import Exchange
from api.tile_hit import Asker
from layers.errors import BadRequestError
from layers.text import Text

if TYPE_CHECKING:
    from api.house import House
    from api.tile_hit import Hits

MOST_HEAD_BYTES = 64 * 1024
"""Size of a request's first line and headers together."""
HEAD_SECONDS = 30.0
"""Time to send them in."""
_TILES = b"GET /tiles/"
_AFTER_URL = b" HTTP/1.1\r\n"
_KNOWN = b"\r\nIf-None-Match: "
_PRINTABLE = re.compile(rb"[!-~](?:[ -~]*[!-~])?")
_END = b"\r\n\r\n"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)
_REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n"
    b"cache-control: no-store\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
)
_UNREADABLE = Text(
    th="อ่านคำขอไม่ได้ อาจยาวเกินไปหรือไม่ใช่ HTTP",
    en="The request cannot be read: it is too long, or is not HTTP.",
)


def _without_tags(request: bytes) -> tuple[bytes, bytes]:
    """A request without its If-None-Match header, and what that says.

    The request as it is when it has none, or has something in it that no tag has.
    """
    at = request.find(_KNOWN)
    if at < 0:
        return request, b""
    end = request.find(b"\r\n", at + 2)
    tags = request[at + len(_KNOWN) : end]
    if not _PRINTABLE.fullmatch(tags):
        return request, b""
    return request[:at] + request[end:], tags


class Wire(HttpToolsProtocol):
    """One connection of a client. Made by uvicorn, for the application of `api.app`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        state = self.app.state
        self._house: House = state.house
        self._hits: Hits = state.hits
        self._chunk = b""
        # the headers of the last tile asked for as they came, and who they say is asking
        self._last: tuple[bytes, Asker] | None = None
        self._answered = False
        self._dated: tuple[object, bytes] = (None, b"")
        self._between = True  # no request is being read
        self._in_head = False
        self._begun = 0  # requests begun in this chunk
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin: the first head has to come in time."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that never ends is refused."""
        if self._between and self._last and data.startswith(_TILES) and self._again(data):
            return
        between, self._begun = self._between, 0
        self._chunk = data
        super().data_received(data)
        self._chunk = b""
        if self._in_head and not self.transport.is_closing():
            if self._begun > 1 or (self._begun and not between):
                self._head_bytes = 0  # some of the chunk is of requests before this
            else:
                self._head_bytes += len(data)
            if self._head_timer is None:
                self._await_head()
            if self._head_bytes > MOST_HEAD_BYTES:
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as a request, in the words every refusal has."""
        del msg
        body = orjson.dumps(
            {
                "type": "urn:muang:problem:bad-request",
                "title": BadRequestError.title.th,
                "status": 400,
                "detail": f"{_UNREADABLE.th} · {_UNREADABLE.en}",
                "instance": uuid.uuid4().urn,
            }
        )
        self.transport.write(_REFUSED % len(body) + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Note that a head is being read."""
        super().on_message_begin()
        self._answered = self._between = False
        self._in_head = True
        self._begun += 1

    def on_headers_complete(self) -> None:
        """Answer with a kept tile where that is all that is asked for, or go the long way."""
        self._stop_waiting()
        self._answered = self.url.startswith(b"/tiles/") and self._first()
        if not self._answered:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Nothing is left to do of a request that was answered already."""
        self._between = True
        if not self._answered:
            super().on_message_complete()

    def _first(self) -> bool:
        """Answer a request whose headers were just read; False: it was not for us."""
        parser = self.parser
        if (
            parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
        ):
            return False
        asker = self._hits.asker(dict(self.scope), self._house)
        if asker is None:
            return False
        chunk, known = _without_tags(self._chunk)
        head = chunk[4 + len(self.url) :]
        if (
            chunk.startswith(b"GET " + self.url)
            and head.startswith(_AFTER_URL)
            and head.find(_END) == len(head) - len(_END)
            and known == asker.known
        ):
            self._last = head, asker
        return self._answer(asker, self.url)

    def _again(self, data: bytes) -> bool:
        """Answer a request that has the headers of the last one, to the byte; or say it has not.

        They were read by the parser then; its address was too, or no plan is known for it. Only
        the tags of what the client has already differ from tile to tile.
        """
        head, asker = self._last or (b"", None)
        data, known = _without_tags(data)
        if asker is None or not data.endswith(head):
            return False
        if known != asker.known:
            asker = asker._replace(known=known)
        return self._answer(asker, data[4 : len(data) - len(head)])

    def _answer(self, asker: Asker, url: bytes) -> bool:
        began = time.perf_counter()
        if (
            (self.cycle is not None and not self.cycle.response_complete)
            or self.flow.write_paused
            or self.transport.is_closing()
            or b"%" in url
            or not url.isascii()
        ):
            return False
        address, _, query = url.partition(b"?")
        path = address.decode("ascii")
        found = self._hits.find(asker, path, query, self._house)
        if found is None:
            return False
        self.transport.writelines((found.head, self._date(), found.body))
        here = Exchange(
            began=began,
            status=found.status,
            sent=len(found.body),
            role=found.who.role.value,
            principal=found.who.principal,
        )
        log.answered("GET", path, query, here)
        self.on_response_complete()
        return True

    def _date(self) -> bytes:
        """The date of now, as uvicorn has it, and the end of the head."""
        told = self.server_state.default_headers  # another list every second
        if self._dated[0] is not told:
            lines = b"".join(b"%b: %b\r\n" % header for header in told)
            self._dated = (told, lines + b"\r\n")
        return self._dated[1]

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
