"""The basemap: its style, and its one PMTiles file in the ranges a map asks for."""

import asyncio
import logging
import os
import re
import stat
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.responses import JSONResponse, Response

from api import exchange
from api.assets import IMMUTABLE
from api.language import CallerLang
from api.links import base_url
from api.problems import response as problem
from api.routes import CurrentHouse, CurrentViewer, problems
from db.queries import basemaps as register
from db.queries.basemaps import Basemap
from layers.errors import NoSuchRangeError, NotFoundError, UnavailableError
from layers.text import Text
from maps.basemap_style import basemap_style
from maps.frame import TownFrame

router = APIRouter(tags=["Basemap"])

MEDIA_TYPE = "application/vnd.pmtiles"
MOST_BYTES = 4 * 1024 * 1024
"""Bytes of one answer to a range; a client that wants more asks again, as HTTP lets it."""
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_FILE = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_HEADERS = {"Cache-Control": "no-cache", "Vary": "Authorization, Cookie, Accept-Language"}
log = logging.getLogger("muang.basemap")

FileName = Annotated[
    str,
    PathParameter(
        description="Name of the file, as the style says it", max_length=80, examples=["town"]
    ),
]


@router.get(
    "/styles/basemap.json", summary="The basemap's style", responses=problems(400, 401, 503)
)
async def basemap_style_json(
    request: Request, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> JSONResponse:
    """MapLibre style (version 8) of the grey basemap; only the ground where none is made yet.

    The source's address is read with the PMTiles protocol. Where data of OpenStreetMap is on the
    map, its `attribution` and `muang:credit` (Thai and English) say so.
    """
    town, bounds = await house.town(), await house.bounds(who.role)
    frame = TownFrame(town.id, town.name, bounds, town.synthetic)
    async with house.reader(who.role) as conn:
        found = await register.basemaps(conn)
    used = found[0] if found else None
    file, osm = (used.file, used.osm) if used else (None, False)
    made = basemap_style(base_url(request), frame, lang, file=file, osm=osm)
    return JSONResponse(made, headers=_HEADERS)


@router.get(
    "/basemap/{file}.pmtiles",
    summary="The basemap's file, whole or a range of it",
    response_class=Response,
    responses={
        200: {"description": "The whole file (PMTiles 3)", "content": _FILE},
        206: {"description": "The range asked for", "content": _FILE},
        304: {"description": "As the caller has it"},
        **problems(400, 401, 404, 416, 503),
    },
)
async def basemap_file(
    request: Request,
    file: FileName,
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
) -> Response:
    """Vector tiles of zooms 0 to 14 in the Shortbread schema; a name stands for one content."""
    name = f"{file}.pmtiles"
    async with house.reader(who.role) as conn:
        found = {one.file: one for one in await register.basemaps(conn)}
    entry = found.get(name)
    if entry is None or house.settings.rasters is None:
        raise NotFoundError(
            Text(
                th=f"ไม่มีแผนที่ฐานชื่อ “{name}” แผนที่ที่ใช้อยู่บอกไว้ใน /styles/basemap.json",
                en=f"There is no basemap “{name}”. /styles/basemap.json names the one in use.",
            )
        )
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": IMMUTABLE,
        "ETag": f'"{entry.sha256[:32]}"',
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    asked = request.headers.get("range")
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        asked = None
    part = _part(asked, entry.size_bytes)
    if part is None:
        none = NoSuchRangeError(
            Text(
                th=f"แฟ้มมี {entry.size_bytes:,} ไบต์ ไม่มีช่วงที่ขอ ({asked})",
                en=f"The file has {entry.size_bytes:,} bytes and no such range ({asked}).",
            )
        )
        told = problem(none, lang=lang, event_id=exchange.of(request.scope).id)
        told.headers["Content-Range"] = f"bytes */{entry.size_bytes}"
        return told
    first, last, status = part
    if status is HTTPStatus.PARTIAL_CONTENT:
        headers["Content-Range"] = f"bytes {first}-{last}/{entry.size_bytes}"
    path = house.settings.rasters / house.settings.town / entry.file
    body = await asyncio.to_thread(_read, path, entry, first, last)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _part(asked: str | None, size: int) -> tuple[int, int, HTTPStatus] | None:
    """First and last byte of the answer and its status; None where there is no such range.

    What is not one plain range of bytes is answered with the whole file, as HTTP has it.
    """
    whole = (0, size - 1, HTTPStatus.OK)
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None or found[1] == found[2] == "":
        return whole
    if found[1] == "":
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first = int(found[1])
        last = min(int(found[2]) if found[2] else size - 1, size - 1)
        if found[2] and int(found[2]) < first:
            return whole
    if first >= size or last < first:
        return None
    return first, min(last, first + MOST_BYTES - 1), HTTPStatus.PARTIAL_CONTENT


def _read(path: Path, entry: Basemap, first: int, last: int) -> bytes:
    """Bytes of a registered file; a file that is not the registered one is not given out."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise _missing(entry) from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size != entry.size_bytes:
            log.error("basemap %s is not the file that was registered", entry.file)
            raise _missing(entry)
        return os.pread(handle, last - first + 1, first)
    finally:
        os.close(handle)


def _missing(entry: Basemap) -> UnavailableError:
    return UnavailableError(
        Text(
            th=f"ไฟล์แผนที่ฐาน {entry.file} ไม่อยู่ในเครื่องนี้ สร้างใหม่ด้วย ./muang basemap",
            en=f"The basemap's file {entry.file} is not on this machine. Make it anew: "
            "./muang basemap.",
        )
    )
