"""Vector tiles, pure ASGI in front of the framework's routing (measured: a fifth faster).

Who asks is checked on every request; then the tile is one that is kept in this process
(`api.tile_cache`), or is drawn: one statement on the connection of the caller's role.
"""

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from api import access, viewer
from api.house_of import house_of
from api.problems import MethodNotAllowedError, TooSlowError
from api.tile_address import TileAddress
from api.tile_cache import Begun, Drawn, Header, Keys
from api.tile_forms import SMALL, Form, best_form
from api.tile_plan import TilePlan
from db.queries import tiles
from layers.text import Text

if TYPE_CHECKING:
    from api.house import House
    from api.viewer import Viewer

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
TIMEOUT_SECONDS = 2.0


class TileFront:
    """Answers `/tiles/….mvt`; everything else goes on to the application behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI event stream."""
        if scope["type"] != "http" or not scope["path"].startswith("/tiles/"):
            await self.app(scope, receive, send)
            return
        address = _address(scope["path"])
        if address is None:
            await self.app(scope, receive, send)
            return
        house = house_of(scope)
        who = await viewer.of_scope(scope, house)
        if scope["method"] != "GET":
            raise MethodNotAllowedError(
                Text(th="แผ่นกระเบื้องอ่านได้ด้วย GET เท่านั้น", en="Tiles can only be read, with GET."),
                allow="GET, HEAD",
            )
        wanted = house.plans.plan(address, scope["path"], scope["query_string"], who.role)
        await _answer(scope, send, house, who, wanted)


async def _answer(
    scope: Scope, send: Send, house: "House", who: "Viewer", wanted: TilePlan
) -> None:
    drawn = None if wanted.key is None else house.tiles.kept(wanted.key)
    if drawn is None:
        drawn = await house.tiles.get(wanted, who.keys)
    accepted, known = b"", b""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            accepted = value
        elif name == b"if-none-match":
            known += value + b","
    grant = access.fingerprint(who)
    answer = ready(drawn, grant, accepted, known)
    if answer is None:
        answer = 200, *await house.tiles.form(drawn, best_form(accepted))
    status, form, body = answer
    told = headers_of(drawn, grant, form, len(body))
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


def ready(
    drawn: Drawn, grant: str, accepted: bytes, known: bytes
) -> tuple[int, Form | None, bytes] | None:
    """Status, form and body of a tile's answer, or None when it has to be packed first.

    `grant` is the caller's fingerprint, `accepted` and `known` are what the request says in
    Accept-Encoding and If-None-Match. The form is None where there is no body.
    """
    if known and (_tag(drawn, grant) in known or known.strip(b", ") == b"*"):
        return 304, None, b""
    if drawn.empty:
        return 204, None, b""
    plain = drawn.forms.get(Form.PLAIN)
    if plain is not None and len(plain) <= SMALL:
        return 200, Form.PLAIN, plain
    form = best_form(accepted)
    body = drawn.forms.get(form)
    return None if body is None else (200, form, body)


def etag(digest: str, grant: str) -> str:
    """ETag of a tile: its bytes and what the caller was allowed. Weak: packed, it is the same."""
    return f'W/"{digest}-{grant}"'


def _tag(drawn: Drawn, grant: str) -> bytes:
    return f'"{drawn.digest}-{grant}"'.encode()


def headers_of(drawn: Drawn, grant: str, form: Form | None, length: int) -> list[Header]:
    """The answer's own headers; without a form those of an answer without a body."""
    made = [
        (b"cache-control", drawn.plan.cache_control.encode()),
        (b"etag", etag(drawn.digest, grant).encode()),
        (b"vary", access.VARY.encode()),
    ]
    if form is not None:
        made.append((b"content-type", MEDIA_TYPE.encode()))
        made.append((b"content-length", str(length).encode()))
        if form is not Form.PLAIN:
            made.append((b"content-encoding", form.value.encode()))
    return made


@lru_cache(maxsize=4096)
def _address(path: str) -> TileAddress | None:
    return TileAddress.parse(path)


async def draw(house: "House", wanted: TilePlan, begun: Begun, keys: Keys) -> bytes:
    """A tile's bytes, read as its role; TooSlowError after `TIMEOUT_SECONDS`.

    `begun` is called before the database is asked; `keys` are the scope of the caller.
    """
    async with house.reading(wanted.role, wanted.as_of) as conn:
        try:
            # cancelling also cancels the statement in the database; the role's own limit is longer
            async with asyncio.timeout(TIMEOUT_SECONDS):
                begun()
                z, x, y = wanted.tile.z, wanted.tile.x, wanted.tile.y
                past = wanted.as_of is not None
                return await tiles.tile(
                    conn, wanted.parts, z=z, x=x, y=y, keys=keys, rendered=not past
                )
        except TimeoutError as error:
            raise TooSlowError(
                Text(
                    th="แผ่นกระเบื้องนี้ใช้เวลานานเกินกำหนด ลองซูมเข้า",
                    en="This tile took longer than allowed. Zoom in.",
                )
            ) from error
