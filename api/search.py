"""`GET /queries/search`: find a place, a person or a paper by what somebody types."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api import access
from api.language import CallerLang
from api.routes import CurrentHouse, CurrentViewer, problems
from db.queries import search

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

MOST = 50


class Hit(BaseModel):
    """A record found: by which field, how well (1 best), and where it is."""

    layer: str
    layer_title: str
    id: int
    field: str
    field_title: str
    value: str
    score: float
    lon: float | None = Field(description="Longitude of a point in it; null for plain records")
    lat: float | None


class SearchAnswer(BaseModel):
    """What was found, best first."""

    results: list[Hit]


@router.get(
    "/search",
    summary="Find a place by a code, a name or an address",
    response_model=SearchAnswer,
    responses=problems(400, 401, 404, 429, 503),
)
async def find(  # noqa: PLR0917  FastAPI gives each its own
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    response: Response,
    q: Annotated[
        str,
        Query(
            description="What to look for, at least two letters; misspelt Thai is found as well",
            min_length=1,
            max_length=search.LONGEST,
            examples=["แก่งสะพือ"],
        ),
    ],
    layers: Annotated[
        str | None, Query(description="Layers to look in, with commas; all when not given")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many to tell at most")] = 20,
) -> dict[str, Any]:
    """Looks only where the caller may see, and only at fields the caller may see."""
    asked = None if layers is None else [name.strip() for name in layers.split(",")]
    chosen = (
        access.layers_of(who.role)
        if asked is None
        else tuple(access.layer_for(name, who.role) for name in asked)
    )
    sought = search.Sought(q.replace("\0", ""), who.role, chosen, who.keys, limit)
    async with house.reader(who.role) as conn:
        hits = await search.search(conn, sought)
    titles = {layer.id: layer for layer in chosen}
    response.headers["Cache-Control"] = access.cache_control(private=True)
    return {
        "results": [
            {
                "layer": hit.layer,
                "layer_title": titles[hit.layer].title.get(lang),
                "id": hit.id,
                "field": hit.field,
                "field_title": titles[hit.layer].field(hit.field).title.get(lang),
                "value": hit.value,
                "score": round(hit.score, 3),
                "lon": hit.lon,
                "lat": hit.lat,
            }
            for hit in hits
        ]
    }
