"""Vector tiles, pure ASGI in front of the framework's routing (measured: a fifth faster).

One tile is one statement on the caller's role's connection. Nothing is kept between requests:
a cache, when it comes, belongs between `_render` and its caller, keyed by layers, grant
fingerprint and tile, and bounded by the `pos` of the last change that touched the tile.
"""

import asyncio
import gzip
import hashlib
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import access, encoding, filters, past, validation, viewer
from api.house import House
from api.house_of import house_of
from api.problems import MethodNotAllowedError, TooSlowError
from api.tile_address import Tile, TileAddress
from api.viewer import Viewer
from db.queries import tiles
from db.queries.cql2_parse import properties_of
from layers.privacy import tile_fields
from layers.text import Text

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
TIMEOUT_SECONDS = 2.0
_PARAMETERS = ("lang", past.AS_OF, *filters.PARAMETERS)
_WORTH_PACKING = 256
_LARGE = 256 * 1024


class TileFront:
    """Answers `/tiles/….mvt`; everything else goes on to the application behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI event stream."""
        if scope["type"] != "http" or not scope["path"].startswith("/tiles/"):
            await self.app(scope, receive, send)
            return
        address = TileAddress.parse(scope["path"])
        if address is None:
            await self.app(scope, receive, send)
            return
        answer = await self._answer(scope, address)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, address: TileAddress) -> Response:
        given = _given(scope)
        house = house_of(scope)
        who = await viewer.of_scope(scope, house)
        shown = address.layers(who.role)
        as_of = past.optional(given.get(past.AS_OF))
        if as_of is not None:
            past.refuse_low_zoom(address.tile.z)
        parts = [
            tiles.TileLayer(
                layer, who.role, tile_fields(layer, who.role), filters.parse(given, layer, who.role)
            )
            for layer in shown
        ]
        body = await _render(house, who, tuple(parts), address.tile, as_of)
        private = any(
            access.beyond_public(part.layer, who.role, part.fields)
            or (part.filter and access.asked_beyond_public(part.layer, properties_of(part.filter)))
            for part in parts
        )
        headers = {
            "Cache-Control": access.cache_control(private=private),
            "ETag": etag(body, who),
            "Vary": access.VARY,
        }
        asked = Headers(scope=scope)
        if headers["ETag"] in asked.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if not body:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
        if len(body) > _WORTH_PACKING and encoding.accepts(
            asked.get("accept-encoding", ""), "gzip"
        ):
            headers["Content-Encoding"] = "gzip"
            body = await _packed(body)
        return Response(body, media_type=MEDIA_TYPE, headers=headers)


def etag(body: bytes, who: Viewer) -> str:
    """ETag of a tile: its bytes and what the caller was allowed. Weak: gzip keeps the same one."""
    digest = hashlib.blake2b(body, digest_size=12, key=access.fingerprint(who).encode())
    return f'W/"{digest.hexdigest()}"'


def _given(scope: Scope) -> dict[str, str]:
    """The query's parameters, each known and given once; MethodNotAllowedError but for GET."""
    if scope["method"] != "GET":
        raise MethodNotAllowedError(
            Text(th="แผ่นกระเบื้องอ่านได้ด้วย GET เท่านั้น", en="Tiles can only be read, with GET."),
            allow="GET, HEAD",
        )
    given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names = [name for name, _ in given]
    validation.refuse_unknown(names, _PARAMETERS)
    validation.refuse_repeated(names)
    return dict(given)


async def _render(
    house: House,
    who: Viewer,
    parts: tuple[tiles.TileLayer, ...],
    tile: Tile,
    as_of: datetime | None,
) -> bytes:
    async with house.reading(who.role, as_of) as conn:
        try:
            # cancelling also cancels the statement in the database; the role's own limit is longer
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await tiles.tile(conn, parts, z=tile.z, x=tile.x, y=tile.y, keys=who.keys)
        except TimeoutError as error:
            raise TooSlowError(
                Text(
                    th="แผ่นกระเบื้องนี้ใช้เวลานานเกินกำหนด ลองซูมเข้า",
                    en="This tile took longer than allowed. Zoom in.",
                )
            ) from error


async def _packed(body: bytes) -> bytes:
    if len(body) < _LARGE:
        return gzip.compress(body, 1, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
