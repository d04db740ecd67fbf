"""A gauge's stages for a slider, and the areas two floods are compared by, as the caller sees."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from psycopg import AsyncConnection

from db.queries.impact import Flood, drawn_shape, zone_ids

Connection = AsyncConnection[Any]


@dataclass(frozen=True)
class Stages:
    """The stages of a gauge (dictionaries, lowest first) and, of a library, its facts."""

    stages: list[dict[str, Any]]
    facts: dict[str, Any] | None
    dataset_id: int | None
    made_at: datetime | None


async def stages(conn: Connection, gauge: str) -> Stages | None:
    """The library in use, else stages whose zones came some other way, of a gauge perhaps none.

    None: there is neither such a gauge nor anything kept under that name.
    """
    cursor = await conn.execute(
        "SELECT facts, dataset_id, made_at FROM muang.flood_libraries() WHERE gauge = %s", [gauge]
    )
    row = await cursor.fetchone()
    if row is not None:
        facts, dataset_id, made_at = row
        return Stages(facts["stages"], facts, dataset_id, made_at)
    cursor = await conn.execute(
        "SELECT s.stage_m, jsonb_object_agg(s.depth_class, s.area) FROM ("
        "SELECT z.stage_m, coalesce(z.depth_class, 'unknown') AS depth_class,"
        " round(sum(ST_Area(z.geom))::numeric, 1) AS area FROM flood_zones AS z"
        " WHERE z.kind = 'stage' AND z.gauge = %s AND z.stage_m IS NOT NULL GROUP BY 1, 2) AS s"
        " GROUP BY s.stage_m ORDER BY s.stage_m",
        [gauge],
    )
    found = [
        {"stage_m": stage, "stage_low_m": None, "stage_high_m": None, "area_m2": areas}
        for stage, areas in await cursor.fetchall()
    ]
    if not found:
        cursor = await conn.execute("SELECT 1 FROM gauges WHERE code = %s", [gauge])
        if await cursor.fetchone() is None:
            return None
    return Stages(found, None, None, None)


async def extent(conn: Connection, flood: Flood) -> shapely.Geometry:
    """The union of a flood's areas in the town's CRS; the errors of an impact question."""
    drawn = await drawn_shape(conn, flood)
    if drawn is not None:
        return shapely.force_2d(shapely.from_wkb(drawn))
    cursor = await conn.execute(
        "SELECT ST_AsBinary(ST_Union(z.geom)) FROM flood_zones AS z WHERE z.id = any(%s)",
        [await zone_ids(conn, flood)],
    )
    row = await cursor.fetchone()
    return shapely.from_wkb(row[0]) if row and row[0] else shapely.Polygon()


async def not_modelled(conn: Connection, gauge: str) -> shapely.Geometry | None:
    """Where a gauge's library says nothing; None: everywhere it is there it says something."""
    cursor = await conn.execute(
        "SELECT ST_AsBinary(ST_Union(s.geom)) FROM flood_stages AS s"
        " WHERE s.kind = 'not_modelled' AND s.gauge = %s",
        [gauge],
    )
    row = await cursor.fetchone()
    return shapely.from_wkb(row[0]) if row and row[0] else None


async def as_geojson(conn: Connection, shapes: list[shapely.Geometry]) -> list[str]:
    """Shapes of the town's CRS as GeoJSON text in longitude and latitude."""
    cursor = await conn.execute(
        "SELECT ST_AsGeoJSON(ST_Transform(ST_SetSRID(ST_GeomFromWKB(s.shape), t.srid), 4326), 7)"
        " FROM unnest(%s::bytea[]) WITH ORDINALITY AS s (shape, place)"
        " CROSS JOIN muang.town_facts() AS t ORDER BY s.place",
        [[shapely.to_wkb(shape) for shape in shapes]],
    )
    return [row[0] for row in await cursor.fetchall()]
