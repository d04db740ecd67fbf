"""The short way to a tile that is kept: everything the long way checks, and nothing else.

Half of what a finished tile costs the long way is objects between the checks. Here a request that
is in every way ordinary is answered in one go; whatever is not (a caller not verified within the
last half second, a bucket that is empty, a tile to be drawn, a header given twice) is None, and
goes the long way, which decides.
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from starlette.types import Scope

from api import access, client_address, limits, viewer
from api.tile_cache import Drawn, Header
from api.tile_front import ready
from api.viewer import Viewer
from layers.errors import MuangError

if TYPE_CHECKING:
    from api.house import House
    from api.verification import Key

_MOST = 4096


class Hit(NamedTuple):
    """A whole answer, and whose it is."""

    status: int
    headers: list[Header]
    body: bytes
    who: Viewer


class Hits:
    """Answers requests for kept tiles; the edge has checked the host and where they come from."""

    def __init__(self) -> None:
        self._keys: dict[bytes, Key] = {}

    def find(self, scope: Scope, headers: Mapping[bytes, bytes], house: "House") -> Hit | None:
        """The answer to a GET, or None: it goes the long way."""
        try:
            who = self._who(scope, headers, house)
            found = None if who is None else _kept(scope, house, who)
            if who is None or found is None:
                return None
            accepted = headers.get(b"accept-encoding", b"")
            known = headers.get(b"if-none-match", b"")
            answer = ready(found, access.fingerprint(who), accepted, known)
            if answer is None:
                return None
            house.limits.take(who.subject, limits.TILE)
        except MuangError:
            return None
        house.tiles.hit(found)
        return Hit(*answer, who)

    def _who(self, scope: Scope, headers: Mapping[bytes, bytes], house: "House") -> Viewer | None:
        authorization, cookie = headers.get(b"authorization"), headers.get(b"cookie")
        if authorization is None and cookie is None:
            return viewer.nobody(client_address.of(scope, house.settings.proxies))
        # the digest of what was shown, never the thing itself, finds what is known of it
        shown = hashlib.sha256(b"%b\0%b" % (authorization or b"", cookie or b"")).digest()
        key = self._keys.get(shown)
        if key is None:
            credential = viewer.shown(scope, house)
            if credential is None:
                return viewer.nobody(client_address.of(scope, house.settings.proxies))
            if len(self._keys) >= _MOST:
                self._keys.clear()
            key = self._keys[shown] = house.verifier.key(credential)
        return house.verifier.remembered(key)


def _kept(scope: Scope, house: "House", who: Viewer) -> Drawn | None:
    plan = house.plans.known(scope["path"], scope["query_string"], who.role)
    return house.tiles.peek(plan.key) if plan is not None and plan.key is not None else None
