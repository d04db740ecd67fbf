"""Elevation and depth: the list of rasters, TileJSON, coloured tiles, the value at a place."""

import hashlib
import math
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from api import access
from api.house import House
from api.language import CallerLang
from api.links import base_url, link
from api.raster_desk import OutsideError, transparent
from api.routes import CurrentHouse, CurrentViewer, problems
from api.tile_address import MAX_ZOOM, Tile
from api.viewer import Viewer
from db.queries import rasters as register
from db.queries.rasters import Registered
from layers import rasters
from layers.errors import NotFoundError
from layers.model import Role
from layers.rasters import DRY_M, MIN_ZOOM, Raster, RasterClass, RasterKind
from layers.text import Lang, Text

router = APIRouter(tags=["Rasters"])

RasterId = Annotated[str, Path(description="Id of a raster, such as depth", max_length=60)]
Column = Annotated[int, Path(description="Column from the west", ge=0)]
Row = Annotated[int, Path(description="Row from the north", ge=0)]
_PNG = {"image/png": {"schema": {"type": "string", "format": "binary"}}}


class RasterValue(BaseModel):
    """The value of a raster at a place."""

    raster: str = Field(description="Id of the raster")
    lon: float = Field(description="Longitude asked for")
    lat: float = Field(description="Latitude asked for")
    value: float | None = Field(description="Metres, to the millimetre; null: see `reason`")
    unit: str = Field(description="Unit of the value: m")
    datum: str | None = Field(description="What heights are counted from; null: not stated")
    text: str = Field(description="The value in words, in the caller's language")
    class_key: str | None = Field(description="Class of the legend the value falls in")
    reason: str | None = Field(description="outside: not covered by the raster; nodata: no value")


class Shown:
    """A raster as one caller gets it: its declaration, its register entry, its classes."""

    def __init__(self, declared: Raster, entry: Registered) -> None:
        self.declared = declared
        self.entry = entry
        self.classes = rasters.classes(declared, entry.low_value, entry.high_value)
        middle = (entry.south + entry.north) / 2
        self.max_zoom = rasters.max_zoom(entry.cell_m, middle)

    @property
    def private(self) -> bool:
        """Whether not everybody may see it."""
        return Role.PUBLIC not in self.declared.audience

    def holds(self, tile: Tile) -> bool:
        """Whether a tile touches the box around the raster."""
        west, north = _corner(tile.x, tile.y, tile.z)
        east, south = _corner(tile.x + 1, tile.y + 1, tile.z)
        box = self.entry
        return west < box.east and east > box.west and south < box.north and north > box.south


def _corner(x: int, y: int, z: int) -> tuple[float, float]:
    """Longitude and latitude of a tile's north-west corner."""
    side = 1 << z
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / side))))
    return x / side * 360 - 180, lat


async def _seen(house: House, role: Role) -> dict[str, Shown]:
    """The rasters that exist for a role, by id: declared for it and in its view."""
    async with house.reader(role) as conn:
        entries = {entry.id: entry for entry in await register.rasters(conn)}
    return {
        raster.id: Shown(raster, entries[raster.id])
        for raster in rasters.rasters_of(role)
        if raster.id in entries
    }


async def _one(house: House, raster_id: str, role: Role) -> Shown:
    seen = await _seen(house, role)
    found = seen.get(raster_id)
    if found is None:
        raise rasters.unknown(raster_id, tuple(seen))
    return found


def _headers(*shown: Shown) -> dict[str, str]:
    private = any(one.private for one in shown)
    return {
        "Cache-Control": access.cache_control(private=private),
        "Vary": "Authorization, Cookie, Accept-Language",
    }


@router.get("/rasters", summary="The rasters the caller may see", responses=problems(400, 401, 503))
async def list_rasters(
    request: Request, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> JSONResponse:
    """Elevation and depth as registered: what, where, from when, with their links."""
    seen = await _seen(house, who.role)
    base = base_url(request)
    told = [
        {
            **_about(shown, lang),
            "links": [
                link("self", f"{base}/rasters/{shown.declared.id}.json", "application/json"),
                link("value", f"{base}/rasters/{shown.declared.id}/value", "application/json"),
            ],
        }
        for shown in seen.values()
    ]
    return JSONResponse({"rasters": told}, headers=_headers(*seen.values()))


@router.get(
    "/rasters/{raster}.json", summary="TileJSON of a raster", responses=problems(400, 401, 404, 503)
)
async def raster_tilejson(
    request: Request, raster: RasterId, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> JSONResponse:
    """TileJSON 3: where the tiles are, their zooms and bounds, and the legend with its colours."""
    shown = await _one(house, raster, who.role)
    entry, declared = shown.entry, shown.declared
    made = {
        "tilejson": "3.0.0",
        "name": declared.title.get(lang),
        "description": declared.description.get(lang),
        "attribution": entry.source,
        "scheme": "xyz",
        "format": "png",
        "tiles": [f"{base_url(request)}/rasters/{declared.id}/{{z}}/{{x}}/{{y}}.png"],
        "minzoom": MIN_ZOOM,
        "maxzoom": shown.max_zoom,
        "bounds": _bounds(entry),
        "center": [(entry.west + entry.east) / 2, (entry.south + entry.north) / 2, MIN_ZOOM],
        "legend": [_class(cls, lang) for cls in shown.classes],
        "raster": _about(shown, lang),
    }
    return JSONResponse(made, headers=_headers(shown))


@router.get(
    "/rasters/{raster}/value",
    summary="The raster's value at a place",
    response_model=RasterValue,
    responses=problems(400, 401, 404, 503),
)
async def raster_value(
    raster: RasterId,
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    *,
    lon: Annotated[
        float, Query(ge=-180, le=180, description="Longitude (WGS 84)", examples=[105.22])
    ],
    lat: Annotated[float, Query(ge=-90, le=90, description="Latitude (WGS 84)", examples=[15.24])],
) -> JSONResponse:
    """The value of the cell that holds a place, in metres; null with the reason where none is."""
    shown = await _one(house, raster, who.role)
    value, reason = None, None
    try:
        value = await house.rasters.value(shown.entry, lon, lat)
        reason = "nodata" if value is None else None
    except OutsideError:
        reason = "outside"
    answer = RasterValue(
        raster=shown.declared.id,
        lon=lon,
        lat=lat,
        value=None if value is None else round(value, 3),
        unit=shown.declared.unit,
        datum=shown.entry.datum,
        text=_words(shown, value, reason).get(lang),
        class_key=None if value is None else rasters.class_of(shown.classes, value),
        reason=reason,
    )
    return JSONResponse(answer.model_dump(mode="json"), headers=_headers(shown))


@router.get(
    "/rasters/{raster}/{z}/{x}/{y}.png",
    summary="Coloured tile of a raster",
    response_class=Response,
    responses={
        200: {"description": "256 x 256 pixels, transparent where nothing is", "content": _PNG},
        304: {"description": "As the caller has it"},
        **problems(400, 401, 404, 503),
    },
)
async def raster_tile(
    request: Request,
    raster: RasterId,
    *,
    z: Annotated[int, Path(description=f"Zoom, {MIN_ZOOM} to {MAX_ZOOM}", ge=0)],
    x: Column,
    y: Row,
    house: CurrentHouse,
    who: CurrentViewer,
) -> Response:
    """PNG on the Web Mercator quad, in the colours of the TileJSON's legend."""
    shown = await _one(house, raster, who.role)
    tile = Tile(z, x, y)
    if not MIN_ZOOM <= z <= shown.max_zoom:
        raise NotFoundError(
            Text(
                th=f"แรสเตอร์นี้มีแผ่นกระเบื้องที่ระดับซูม {MIN_ZOOM}-{shown.max_zoom} ไม่มีที่ {z}",
                en=f"This raster has tiles at zoom {MIN_ZOOM}-{shown.max_zoom}, not at {z}.",
            )
        )
    headers = {
        "Cache-Control": access.cache_control(private=shown.private),
        "ETag": _etag(shown, tile, who),
        "Vary": access.VARY,
    }
    # a tile follows from the file's content: known to be the same without a look into the file
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = transparent()
    if shown.holds(tile):
        body = await house.rasters.tile(shown.entry, shown.classes, tile)
    return Response(body, media_type="image/png", headers=headers)


def _etag(shown: Shown, tile: Tile, who: Viewer) -> str:
    told = (shown.entry.sha256, shown.classes, tile)
    key = access.fingerprint(who).encode()
    return f'"{hashlib.blake2b(repr(told).encode(), digest_size=12, key=key).hexdigest()}"'


def _about(shown: Shown, lang: Lang) -> dict[str, Any]:
    entry, declared = shown.entry, shown.declared
    return {
        "id": declared.id,
        "kind": declared.kind.value,
        "title": declared.title.get(lang),
        "description": declared.description.get(lang),
        "unit": declared.unit,
        "datum": entry.datum,
        "minimum": entry.min_value,
        "maximum": entry.max_value,
        "cell_m": entry.cell_m,
        "bounds": _bounds(entry),
        "source": entry.source,
        "synthetic": entry.synthetic,
        "made_at": entry.made_at.isoformat(),
        "version": entry.version,
    }


def _bounds(entry: Registered) -> list[float]:
    return [entry.west, entry.south, entry.east, entry.north]


def _class(cls: RasterClass, lang: Lang) -> dict[str, Any]:
    """One line of the legend; an end that is open is null, as JSON knows no infinity."""
    return {
        "key": cls.key,
        "label": cls.label.get(lang),
        "color": cls.color,
        "from_m": cls.low if math.isfinite(cls.low) else None,
        "to_m": cls.high if math.isfinite(cls.high) else None,
    }


def _words(shown: Shown, value: float | None, reason: str | None) -> Text:
    if reason == "outside":
        return Text(th="อยู่นอกพื้นที่ของแรสเตอร์", en="Outside the raster.")
    if shown.declared.kind is RasterKind.DEPTH:
        if value is None or value < DRY_M:
            return Text(th="แห้ง หรือไม่ได้คำนวณ", en="Dry, or not modelled.")
        return Text(th=f"น้ำลึก {value:.2f} ม.", en=f"Water {value:.2f} m deep.")
    if value is None:
        return Text(th="ไม่มีค่าที่จุดนี้", en="No value here.")
    return _height(value, shown.entry.datum)


def _height(value: float, datum: str | None) -> Text:
    if datum is None:
        return Text(
            th=f"{value:.2f} ม. (ข้อมูลไม่บอกระดับอ้างอิง)", en=f"{value:.2f} m (datum not stated)."
        )
    if datum.upper() in ("MSL", "M MSL", "รทก.", "รทก"):
        return Text(th=f"{value:.2f} ม.รทก.", en=f"{value:.2f} m MSL.")
    return Text(th=f"{value:.2f} ม. จาก {datum}", en=f"{value:.2f} m above {datum}.")
