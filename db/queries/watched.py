"""What rules look at, read as the administrator's own role: levels, shelters, roads, power."""

from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import dict_row

Connection = AsyncConnection[Any]
Rows = list[dict[str, Any]]

_QUERIES: dict[str, LiteralString] = {
    "limits": """
        SELECT g.code AS gauge, t.name, t.kind, t.level_m, t.rain_mm, t.rain_hours,
            ST_X(ST_Transform(g.geom, 4326)) AS lon, ST_Y(ST_Transform(g.geom, 4326)) AS lat
        FROM gauges AS g
        INNER JOIN gauge_thresholds AS t ON t.gauge = g.code
        UNION ALL
        SELECT g.code, 'ตลิ่ง', 'bank', b.level, NULL, NULL,
            ST_X(ST_Transform(g.geom, 4326)), ST_Y(ST_Transform(g.geom, 4326))
        FROM gauges AS g
        CROSS JOIN LATERAL (
            SELECT least(nullif(g.bank_left_m, 0), nullif(g.bank_right_m, 0)) AS level
        ) AS b
        WHERE b.level IS NOT NULL
        ORDER BY 1, 2""",
    "gauges": """
        SELECT g.code, g.kind, g.expected_interval_s,
            ST_X(ST_Transform(g.geom, 4326)) AS lon, ST_Y(ST_Transform(g.geom, 4326)) AS lat
        FROM gauges AS g
        WHERE g.expected_interval_s > 0
        ORDER BY g.code""",
    "shelters": """
        SELECT s.code, coalesce(s.name, s.code) AS name, s.capacity, s.occupancy,
            ST_X(ST_Transform(s.geom, 4326)) AS lon, ST_Y(ST_Transform(s.geom, 4326)) AS lat
        FROM shelters AS s
        WHERE s.open AND s.capacity > 0 AND s.occupancy IS NOT NULL
        ORDER BY s.code""",
    "closures": """
        SELECT c.code, coalesce(r.name, c.road_code, c.code) AS name, c.road_code AS road,
            ST_X(ST_Transform(c.geom, 4326)) AS lon, ST_Y(ST_Transform(c.geom, 4326)) AS lat
        FROM closures AS c
        LEFT JOIN LATERAL (
            SELECT o.name FROM roads AS o WHERE o.code = c.road_code ORDER BY o.id LIMIT 1
        ) AS r ON true
        WHERE c.status = 'closed'
        ORDER BY c.code""",
    "wet_roads": """
        WITH present AS (
            SELECT z.geom FROM flood_zones AS z
            WHERE z.kind = 'observed' AND z.observed_at = (
                SELECT max(n.observed_at) FROM flood_zones AS n
                WHERE n.kind = 'observed' AND n.observed_at > %(since)s
            )
        ),
        wet AS (
            SELECT r.code, r.name, ST_Intersection(r.geom, ST_Union(p.geom)) AS geom
            FROM roads AS r
            INNER JOIN present AS p ON ST_Intersects(r.geom, p.geom)
            WHERE r.class IN ('trunk', 'primary', 'secondary') AND r.bridge IS NOT TRUE
            GROUP BY r.id, r.code, r.name, r.geom
        )
        SELECT w.code AS road, coalesce(w.name, w.code) AS name, ST_Length(w.geom) AS wet_m,
            ST_X(ST_Transform(ST_PointOnSurface(w.geom), 4326)) AS lon,
            ST_Y(ST_Transform(ST_PointOnSurface(w.geom), 4326)) AS lat
        FROM wet AS w
        WHERE w.code IS NOT NULL AND ST_Length(w.geom) > 0
        ORDER BY w.code""",
    "power": """
        SELECT a.code, a.state, a.since, a.until, ST_AsBinary(a.geom) AS shape,
            ST_X(ST_Transform(ST_PointOnSurface(a.geom), 4326)) AS lon,
            ST_Y(ST_Transform(ST_PointOnSurface(a.geom), 4326)) AS lat
        FROM power_areas AS a
        WHERE a.state IN ('off', 'planned')
        ORDER BY a.code""",
    "powered": """
        SELECT coalesce(c.household, c.code) AS household, ST_X(c.geom) AS x, ST_Y(c.geom) AS y
        FROM care_locations AS c
        WHERE c.kind = 'home' AND c.needs && %(powered)s::text[]
        ORDER BY c.code""",
    "middle": """
        SELECT ST_X(ST_Transform(ST_PointOnSurface(b.geom), 4326)) AS lon,
            ST_Y(ST_Transform(ST_PointOnSurface(b.geom), 4326)) AS lat
        FROM town_boundary AS b
        ORDER BY b.id LIMIT 1""",
    "rain": """
        SELECT r.station, sum(r.value) AS mm
        FROM rain_readings AS r
        WHERE r.at > %(since)s AND r.at <= %(until)s AND r.exercise = %(exercise)s AND NOT r.wrong
            AND r.station = %(station)s
        GROUP BY r.station""",
}


async def read(conn: Connection, what: str, **asked: object) -> Rows:
    """Rows of one of the questions above; places in degrees."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_QUERIES[what], asked or None)
        return await cursor.fetchall()


async def feeds(service: Connection) -> Rows:
    """Feeds that should be asked, how often, and when each last succeeded; as `service`."""
    async with service.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT f.name, f.interval_s, coalesce(s.succeeded_at, s.since) AS heard_at"
            " FROM muang.feed AS f INNER JOIN muang.feed_state AS s ON s.feed = f.name"
            " WHERE f.enabled AND NOT f.exercise ORDER BY f.name"
        )
        return await cursor.fetchall()
