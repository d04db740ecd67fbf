"""Rows of a layer as GeoJSON bytes; the geometry's text passes from the database untouched."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from psycopg import AsyncConnection

from api.links import Link
from db.queries import features
from db.queries.features import Features, Page
from layers.errors import NotFoundError
from layers.model import Field
from layers.text import Text


def collection(found: Features, page: Page, links: list[Link]) -> bytes:
    """A page of features as a GeoJSON FeatureCollection."""
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "numberMatched": found.matched,
            "numberReturned": len(found.rows),
            "timeStamp": datetime.now(UTC),
            "links": links,
            "features": [feature(row, page.fields) for row in found.rows],
        }
    )


def feature(
    row: dict[str, Any], fields: Iterable[Field], links: list[Link] | None = None
) -> dict[str, Any]:
    """One row as a GeoJSON Feature; its id is the surrogate id, stable through every edit."""
    geometry = row[features.GEOMETRY]
    made: dict[str, Any] = {
        "type": "Feature",
        "id": row["id"],
        "geometry": orjson.Fragment(geometry) if geometry is not None else None,
        "properties": {field.name: row[field.name] for field in fields if field.name != "id"},
    }
    if links:
        made["links"] = links
    return made


async def one(conn: AsyncConnection[Any], page: Page) -> dict[str, Any]:
    """The row a page with a `feature_id` asks for; NotFoundError when the caller has none such."""
    found = await features.fetch(conn, page)
    if not found.rows:
        raise NotFoundError(
            Text(
                th=f"ไม่มีระเบียนหมายเลข {page.feature_id} ใน “{page.layer.title.th}”",
                en=f"There is no record no. {page.feature_id} in “{page.layer.title.en}”.",
            )
        )
    return found.rows[0]
