"""TileJSON and the map style: what a map client reads before it asks for tiles."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api import access, freshness
from api.language import CallerLang
from api.links import base_url
from api.routes import CurrentHouse, CurrentViewer, LayerId, problems
from layers.errors import NotFoundError
from layers.model import Field, FieldType
from layers.privacy import tile_fields
from layers.text import Lang, Text
from maps import maplibre
from maps.frame import TownFrame

router = APIRouter(tags=["Tiles and styles"])

_TYPES = {FieldType.INTEGER: "Number", FieldType.NUMBER: "Number", FieldType.BOOLEAN: "Boolean"}
_COUNT = Text(th="Number; จำนวนในช่อง", en="Number; how many in the cell")


def describe(field: Field, lang: Lang) -> str:
    """A field in TileJSON's words: its type and its title."""
    return f"{_TYPES.get(field.type, 'String')}; {field.title.get(lang)}"


@router.get(
    "/tiles/{layer}.json", summary="TileJSON of a layer", responses=problems(400, 401, 404, 503)
)
async def tilejson(
    request: Request, layer: LayerId, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> JSONResponse:
    """TileJSON 3: where the tiles are, their zooms, the town's bounds, the caller's fields."""
    found = access.layer_for(layer, who.role)
    if found.geometry is None:
        raise NotFoundError(
            Text(
                th=f"ชั้นข้อมูล “{found.id}” ไม่มีรูปบนแผนที่ มีแต่ตาราง",
                en=f"The layer “{found.id}” is a table; it has nothing to draw.",
            )
        )
    town, bounds = await house.town(), await house.bounds(who.role)
    zooms = {"minzoom": found.zooms.min, "maxzoom": found.zooms.max}
    fields = {field.name: describe(field, lang) for field in tile_fields(found, who.role)}
    made: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": found.title.get(lang),
        "description": found.description.get(lang),
        "attribution": TownFrame(town.id, town.name, bounds, town.synthetic).credit.get(lang),
        "scheme": "xyz",
        "tiles": [f"{base_url(request)}/tiles/{found.id}/{{z}}/{{x}}/{{y}}.mvt"],
        **zooms,
        "vector_layers": [
            {
                "id": found.id,
                "description": found.description.get(lang),
                **zooms,
                "fields": fields,
            }
        ],
    }
    if found.label_points and found.style and found.style.label in fields:
        names = {label: fields[label] for label in found.style.labels if label in fields}
        made["vector_layers"].append({"id": found.label_points, **zooms, "fields": names})
    if found.cells and found.zooms.cells_below and found.style:
        told = {name: fields[name] for name in (found.style.field,) if name in fields}
        made["vector_layers"].append(
            {
                "id": found.cells,
                "minzoom": found.zooms.min,
                "maxzoom": found.zooms.cells_below - 1,
                "fields": {"count": _COUNT.get(lang), **told},
            }
        )
    if bounds is not None:
        west, south, east, north = bounds
        made["bounds"] = list(bounds)
        made["center"] = [(west + east) / 2, (south + north) / 2, found.zooms.min]
    ages = await freshness.ages(house, who, (found,))
    made[freshness.KEY] = freshness.member(ages[found.id])
    return JSONResponse(made, headers=freshness.headers(who))


@router.get("/styles/town.json", summary="The town's map style", responses=problems(400, 401, 503))
async def town_style(
    request: Request, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> JSONResponse:
    """MapLibre style (version 8) of every layer the caller may see, with the legend as metadata."""
    town, bounds = await house.town(), await house.bounds(who.role)
    frame = TownFrame(town.id, town.name, bounds, town.synthetic)
    seen = access.layers_of(who.role)
    made = maplibre.style(seen, who.role, lang, base_url(request), frame)
    ages = await freshness.ages(house, who, seen)
    for entry in made["metadata"]["muang:legend"]:
        entry["freshness"] = freshness.member(ages[entry["layer"]])
    return JSONResponse(made, headers=freshness.headers(who))
