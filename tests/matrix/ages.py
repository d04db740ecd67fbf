"""Rows of the matrix for freshness: every layer one sees, of the rows one sees alone."""

from datetime import datetime
from typing import Any

from layers.model import INTERNAL, Layer, Role
from tests.matrix.asking import Asker
from tests.matrix.features import at


def told(asker: Asker) -> None:
    """The overview, the collections, TileJSON and the legend tell one age, of what is seen."""
    overview = {one["layer"]: one for one in asker.told("/freshness")["layers"]}
    assert list(overview) == [layer.id for layer in asker.view.layers()]
    collections = asker.told("/ogc/collections")["collections"]
    legend = asker.told("/styles/town.json")["metadata"]["muang:legend"]
    told_there = {one["id"]: one["muang:freshness"] for one in collections}
    drawn = {one["layer"]: one["freshness"] for one in legend}
    for layer in asker.view.layers():
        age = {name: value for name, value in overview[layer.id].items() if name != "layer"}
        assert told_there[layer.id] == age == drawn.get(layer.id, age)
        if layer.geometry is not None:
            assert asker.told(f"/tiles/{layer.id}.json")["muang:freshness"] == age
        assert age["expected_days"] == layer.freshness.days
        _is_of_what_is_seen(asker, layer, age["as_of"])


def feeds(asker: Asker) -> None:
    """How the feeds are is told to those who work with what they bring, and to nobody else."""
    inside = asker.view.person.role in INTERNAL
    reply = asker.get("/feeds", 200 if inside else 403)
    if inside:
        assert reply.json() == {"feeds": []}
        assert (
            "private" in reply.headers["cache-control"]
            or "no-store" in reply.headers["cache-control"]
        )


def _is_of_what_is_seen(asker: Asker, layer: Layer, as_of: str | None) -> None:
    """After the last row one sees was written, before any later one that one does not see."""
    reply = asker.client.send(
        "GET",
        at(layer, "/items"),
        headers=asker.view.others[Role.ADMIN],
        params={"limit": "1000"},
    )
    written: dict[Any, datetime] = {
        feature["id"]: datetime.fromisoformat(feature["properties"]["updated_at"])
        for feature in reply.json()["features"]
    }
    seen = [written[row.id] for row in asker.view.rows(layer)]
    if not seen:
        assert as_of is None
        return
    assert as_of is not None, layer.id
    moment = datetime.fromisoformat(as_of)
    assert max(seen) <= moment, layer.id
    later = [written[row.id] for row in asker.view.unseen(layer) if written[row.id] > max(seen)]
    assert not later or moment <= min(later), layer.id
