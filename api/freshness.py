"""How old each layer is for the caller: an overview, and what documents about layers carry."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api import access
from api.house import House
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db.queries.freshness import last_changes
from layers.freshness import Age, age
from layers.model import Layer

router = APIRouter(tags=["Status"])

KEY = "muang:freshness"
"""Name of the member that documents of other standards carry."""


class Overview(BaseModel):
    """The age of every layer the caller sees, in the catalog's order."""

    layers: list[Age]


@router.get("/freshness", summary="How old the layers are", responses=problems(400, 401, 503))
async def overview(house: CurrentHouse, who: CurrentViewer, response: Response) -> Overview:
    """Age of what the caller sees of each layer, against what its declaration expects."""
    response.headers.update(headers(who))
    seen = access.layers_of(who.role)
    found = await ages(house, who, seen)
    return Overview(layers=[found[layer.id] for layer in seen])


def headers(who: Viewer) -> dict[str, str]:
    """For answers that tell times: what a person sees beyond everybody stays out of caches."""
    control = access.cache_control(private=who.authenticated)
    return {"Cache-Control": control, "Vary": f"{access.VARY}, Accept-Language"}


async def ages(house: House, who: Viewer, layers: Iterable[Layer]) -> dict[str, Age]:
    """The age of layers by id, of the rows this caller sees."""
    asked = tuple(layers)
    async with house.reader(who.role) as conn:
        found = await last_changes(conn, [layer.id for layer in asked], who.keys)
    now = datetime.now(UTC)
    return {layer.id: age(layer, found.get(layer.id), now) for layer in asked}


def member(told: Age) -> dict[str, Any]:
    """An age as a member of somebody else's document."""
    return told.model_dump(mode="json", exclude={"layer"})
