"""The short way to a tile that is kept: everything the long way checks, and nothing else.

Most of what a finished tile costs the long way is objects between the checks. Here a request that
is in every way ordinary is answered in one go; whatever is not (a caller not verified within the
last half second, a bucket that is empty, a tile to be drawn, a header given twice) is None, and
goes the long way, which decides.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from starlette.types import Scope

from api import access, client_address, limits, viewer
from api.door import Door
from api.tile_cache import Header
from api.tile_front import headers_of, ready
from api.viewer import Viewer
from layers.errors import MuangError

if TYPE_CHECKING:
    from api.house import House
    from api.verification import Key

_WITH_MORE = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
_CALLERS = 16
"""Heads kept with a kept tile."""
_REASONS = {200: b"200 OK", 204: b"204 No Content", 304: b"304 Not Modified"}


class Asker(NamedTuple):
    """What a request's headers say: who asks, if anybody, from where, and in which forms.

    Good for as long as the same address sends the same headers: whoever `key` leads to is looked
    up anew each time. The credential itself is not in it.
    """

    key: "Key | None"
    nobody: Viewer
    accepted: bytes
    known: bytes


class Hit(NamedTuple):
    """A whole answer, and whose it is. `head` lacks only its date and the empty line."""

    status: int
    head: bytes
    body: bytes
    who: Viewer


class Hits:
    """Answers requests for kept tiles. `always` are the headers of every answer."""

    def __init__(self, door: Door, always: list[Header]) -> None:
        self._door = door
        self._always = always

    def asker(self, scope: Scope, house: "House") -> Asker | None:
        """Who asks, of a GET; None when it has to go the long way."""
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        if len(headers) != len(scope["headers"]) or not _WITH_MORE.isdisjoint(headers):
            return None
        client = scope["client"]
        try:
            self._door.check(client[0] if client else None, headers.get(b"host", b""))
            shown = viewer.shown(scope, house)
        except MuangError:
            return None
        return Asker(
            None if shown is None else house.verifier.key(shown),
            viewer.nobody(client_address.of(scope, house.settings.proxies)),
            headers.get(b"accept-encoding", b""),
            headers.get(b"if-none-match", b""),
        )

    def find(self, asker: Asker, path: str, query: bytes, house: "House") -> Hit | None:
        """The answer, or None: the request goes the long way."""
        who = asker.nobody if asker.key is None else house.verifier.remembered(asker.key)
        plan = None if who is None else house.plans.known(path, query, who.role)
        if who is None or plan is None or plan.key is None:
            return None
        found = house.tiles.peek(plan.key)
        if found is None:
            return None
        grant = access.fingerprint(who)
        answer = ready(found, grant, asker.accepted, asker.known)
        if answer is None:
            return None
        try:
            house.limits.take(who.subject, limits.TILE)
        except MuangError:
            return None
        house.tiles.hit(found)
        status, form, body = answer
        head = found.heads.get((grant, form, status))
        if head is None:
            head = self._head(status, headers_of(found, grant, form, len(body)))
            if len(found.heads) < _CALLERS:
                found.heads[grant, form, status] = head
        return Hit(status, head, body, who)

    def _head(self, status: int, headers: list[Header]) -> bytes:
        lines = b"".join(b"%b: %b\r\n" % header for header in headers + self._always)
        return b"HTTP/1.1 %b\r\n%b" % (_REASONS[status], lines)
