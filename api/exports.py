"""`/exports/{layer}.{format}`: a whole layer, or the part items would give, as a file."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from psycopg import AsyncClientCursor
from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Message, Receive, Scope, Send

from api import access, encoding, filters, past, security, validation, viewer
from api.edge import HEAD_ONLY
from api.export_desk import MOST_BYTES, SECONDS, BrokenOffError
from api.house import House
from api.language import CallerLang
from api.links import GEOJSON, base_url
from api.ogc import crs as crs_names
from api.ogc import parameters, routes
from api.past import AsOf
from api.routes import OPEN, CurrentHouse, CurrentViewer, LayerId, problems
from api.security import Event
from api.viewer import Credential, Viewer
from db.connect import url_for
from db.past import position_at
from db.queries import export as queries
from db.queries.features import Page, asked_about
from db.queries.town import position
from exports.formats import FORMATS, WGS84, Format
from exports.make import Wishes, in_file_order, order_for
from exports.order import Order
from layers.errors import NotFoundError
from layers.model import Layer, Role
from layers.privacy import visible_rows
from layers.text import Text

router = APIRouter(tags=["Exports"])

STALLED_SECONDS = 60.0
"""A client that takes nothing for so long is gone."""
CHECK_SECONDS = 1.0
"""How often an export under way asks whether its caller may still have it."""
_OWN = ("bom", "guard")
_DECLARED = (
    *(past.AS_OF, "bbox", "bbox-crs", "crs", "datetime", *filters.PARAMETERS),
    *("lang", "properties", "skipGeometry", *_OWN),
)


class _Word(Convertor[str]):
    """A path parameter without dots, so that `parcels.shp.zip` is `parcels` and `shp.zip`."""

    regex = "[^/.]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("word", _Word())


def _schema(kind: Format) -> dict[str, str]:
    if kind.media_type == GEOJSON:
        return {"type": "object"}
    return {"type": "string", "format": "binary"}


Suffix = Annotated[
    str,
    Path(
        description=f"Kind of file: {', '.join(FORMATS)}",
        max_length=20,
        json_schema_extra={"enum": list(FORMATS)},
    ),
]
OutCrs = Annotated[
    str | None,
    Query(
        description="CRS of the file, east before north in each: CRS84 for GeoJSON and the "
        "town's own, as stored, for every other format when not given"
    ),
]
Bom = Annotated[bool, Query(description="CSV: begin with the mark Excel knows UTF-8 by")]
Guard = Annotated[
    bool,
    Query(description="CSV: an apostrophe before text a spreadsheet would take for a formula"),
]


@router.get(
    "/exports/{layer:word}.{format}",
    summary="A layer as a file",
    openapi_extra={OPEN: True},
    responses={
        200: {
            "content": {
                kind.media_type.partition(";")[0]: {"schema": _schema(kind)}
                for kind in FORMATS.values()
            },
        },
        304: {"description": "Nothing has changed since the answer with that ETag"},
        **problems(400, 401, 404, 503),
    },
    response_class=StreamingResponse,
)
async def export(
    request: Request,
    layer: LayerId,
    format: Suffix,  # noqa: A002 - what people call it
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    lang: CallerLang,
    as_of: AsOf = None,
    bbox: routes.BboxText = None,
    bbox_crs: routes.BboxCrsUri = None,
    crs: OutCrs = None,
    datetime: routes.Moment = None,
    properties: routes.PropertyNames = None,
    filter: routes.FilterText = None,  # noqa: A002, ARG001 - the standard's name; read with the others
    filter_lang: routes.FilterLang = "cql2-text",  # noqa: ARG001
    filter_crs: routes.FilterCrs = None,  # noqa: ARG001
    skip_geometry: routes.SkipGeometry = False,
    bom: Bom = False,
    guard: Guard = False,
) -> Response:
    """Every row the caller may see, read at one moment and streamed as it is read.

    Takes the filters of items; `limit` and `offset` do not exist here. What is missing at the end
    of a file that broke off never looks whole.
    """
    found = access.layer_for(layer, who.role)
    kind = _format(format)
    srid = (await house.town()).srid
    out = file_crs(crs, kind, srid)
    box_crs = crs_names.parse(bbox_crs, srid, "bbox-crs")
    when = parameters.temporal_field(found, who.role)
    page = Page(
        layer=found,
        role=who.role,
        keys=who.keys,
        fields=in_file_order(parameters.fields(properties, found, who.role)),
        town_srid=srid,
        srid=out.srid,
        box=parameters.box(bbox, box_crs) if bbox is not None else None,
        equals=parameters.equals(_filters(request), found, who.role, _DECLARED),
        period=parameters.period(datetime, when) if datetime is not None else None,
        filter=filters.parse(request.query_params, found, who.role),
        with_geometry=not skip_geometry,
    )
    packed = encoding.accepts(request.headers.get("accept-encoding", ""), "gzip")
    wishes = Wishes(
        lang=lang,
        gzip=kind.text and packed,
        head=bool(request.scope.get(HEAD_ONLY)),
        bom=bom,
        guard=guard,
    )
    return _Export(request, house, who, _Asked(page, kind, out, past.optional(as_of), wishes))


def _format(suffix: str) -> Format:
    found = FORMATS.get(suffix)
    if found is None:
        known = ", ".join(FORMATS)
        raise NotFoundError(
            Text(
                th=f"ไม่มีไฟล์ชนิด “{suffix}” ที่มีคือ {known}",
                en=f"There is no format “{suffix}”. Those that are: {known}.",
            )
        )
    return found


def file_crs(uri: str | None, kind: Format, town_srid: int) -> crs_names.Crs:
    """The CRS of the file. Files hold east before north whatever the CRS says of its axes."""
    if uri is None and not kind.degrees:
        uri = crs_names.epsg(town_srid)
    found = crs_names.parse(uri, town_srid, "crs")
    if found.srid == WGS84:
        return crs_names.parse(None, town_srid, "crs")
    return replace(found, flip=False)


def _filters(request: Request) -> dict[str, str]:
    given = [(name, text) for name, text in request.query_params.multi_items()]
    validation.refuse_repeated([name for name, _ in given])
    return {name: text for name, text in given if name not in _DECLARED}


@dataclass(frozen=True)
class _Asked:
    """What a request asks for."""

    page: Page
    kind: Format
    crs: crs_names.Crs
    as_of: datetime | None
    wishes: Wishes


class _Export(StreamingResponse):
    """Takes its place, starts the writing process and gives both back, whatever happens."""

    def __init__(self, request: Request, house: House, who: Viewer, asked: _Asked) -> None:
        self._request, self._house, self._who, self._asked = request, house, who, asked
        page, kind, wishes = asked.page, asked.kind, asked.wishes
        private = access.beyond_public(
            page.layer, who.role, page.fields
        ) or access.asked_beyond_public(page.layer, asked_about(page))
        at = f"{base_url(request)}/ogc/collections/{page.layer.id}"
        headers = {
            "Content-Disposition": disposition(page.layer, kind),
            "Cache-Control": access.cache_control(private=private),
            "Vary": f"{access.VARY}, Accept-Language",
            "Content-Language": wishes.lang,
            "Link": f'<{at}>; rel="collection", <{at}/schema>; rel="describedby"',
            "X-Accel-Buffering": "no",
        }
        if queries.has_geometry(page):
            headers["Content-Crs"] = f"<{asked.crs.uri}>"
        if wishes.gzip:
            headers["Content-Encoding"] = "gzip"
        super().__init__(iter(()), media_type=kind.media_type, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI event stream."""
        desk = self._house.exports
        with desk.place(self._who.subject):
            if await self._is_known():
                await Response(status_code=304, headers=self._kept())(scope, receive, send)
                return
            if is_personal(self._asked.page):
                about = f"{self._asked.page.layer.id}.{self._asked.kind.suffix}"
                settings = self._house.settings
                security.note(scope, settings, Event.EXPORT, security.DONE, self._who, about=about)
            with desk.folder() as folder:
                async with desk.running(await self._order(folder)) as running:
                    self._tell(running.about.position, running.about.version, running.about.source)
                    if not self._asked.wishes.head:
                        self.body_iterator = self._allowed(running.pieces())
                    await super().__call__(scope, receive, _patient(send))

    async def _is_known(self) -> bool:
        """Whether the caller holds this very answer; asks for the position alone."""
        held = self._request.headers.get("if-none-match")
        if held is None:
            return False
        async with self._house.service() as conn:
            moment = self._asked.as_of
            pos = await (position(conn) if moment is None else position_at(conn, moment))
        self.headers["ETag"] = self._etag(pos)
        tags = {tag.strip().removeprefix("W/") for tag in held.split(",")}
        return "*" in tags or self.headers["ETag"].removeprefix("W/") in tags

    def _kept(self) -> dict[str, str]:
        """Headers of a 304: those that say how the answer may be kept."""
        names = ("ETag", "Cache-Control", "Vary", "Content-Language")
        return {name: self.headers[name] for name in names}

    def _etag(self, pos: int) -> str:
        """Of what was asked, by whom, at which position; weak: a file tells when it was made."""
        url = self._request.url
        wishes = replace(self._asked.wishes, head=False)
        told = (url.path, url.query, access.fingerprint(self._who), wishes)
        digest = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
        return f'W/"{pos}-{digest}"'

    def _tell(self, pos: int, version: int, source: str | None) -> None:
        self.headers["ETag"] = self._etag(pos)
        self.headers["Muang-Position"] = str(pos)
        self.headers["Muang-Layer-Version"] = str(version)
        if source:
            self.headers["Muang-Source"] = f"UTF-8''{quote(source, safe='')}"

    async def _order(self, folder: str) -> Order:
        house, page = self._house, self._asked.page
        async with house.service() as conn:
            licences = await queries.licences(conn, page.layer.id)
            cursor = AsyncClientCursor(conn)
            kind, as_of = self._asked.kind, self._asked.as_of
            statements = queries.statements(cursor, page, kind.shape.value, as_of)
        settings = house.settings
        return order_for(
            page,
            self._asked.kind,
            statements,
            url=url_for(settings.database_url, settings.secret, settings.town, page.role),
            town=await house.town(),
            licences=licences,
            selection=dict(self._request.query_params),
            wishes=self._asked.wishes,
            folder=folder,
            most_bytes=MOST_BYTES,
            seconds=SECONDS,
        )

    async def _allowed(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces, for as long as the caller is who they were, with the same rights."""
        credential = viewer.shown(self._request.scope, self._house)
        checked = time.monotonic()
        async for piece in pieces:
            if credential is not None and time.monotonic() - checked > CHECK_SECONDS:
                await self._check(credential)
                checked = time.monotonic()
            yield piece

    async def _check(self, credential: Credential) -> None:
        now = await self._house.verifier.viewer(credential, used=False)
        if now != self._who:
            raise BrokenOffError


def _patient(send: Send) -> Send:
    """`send`, that gives up on a client who takes nothing any more."""

    async def sending(message: Message) -> None:
        async with asyncio.timeout(STALLED_SECONDS):
            await send(message)

    return sending


def is_personal(page: Page) -> bool:
    """Whether the file is about persons: it holds such a field, or rows not everybody may see."""
    rows = page.layer.row_rules and visible_rows(page.layer, page.role) != visible_rows(
        page.layer, Role.PUBLIC
    )
    return bool(rows) or any(field.personal for field in page.fields)


def disposition(layer: Layer, kind: Format) -> str:
    """A download under the layer's Thai name, and under its id for those who cannot read it."""
    thai = quote(f"{layer.title.th}.{kind.suffix}", safe="")
    return f"attachment; filename=\"{layer.id}.{kind.suffix}\"; filename*=UTF-8''{thai}"
