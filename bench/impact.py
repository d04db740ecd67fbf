"""An impact answer beside the best SQL anybody wrote by hand, and beside the plain way.

Rounds alternate between all, so that a busy machine slows each alike. The question is the one the
SQL answers: which parcels a multipolygon of 5,000 vertices touches and how much of them is wet.
What the answer tells beyond that (uses, values, depths, communities, provenance) is in its time.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any, LiteralString

from psycopg import AsyncConnection

from bench.figures import Figure, Report
from bench.town import Town
from db.queries.impact import Flood, Question, impact
from layers.model import Role

VERTICES = 5_000
WITHIN = 1.3
FASTER = 8.0

Connection = AsyncConnection[Any]
Way = Callable[[], Awaitable[tuple[int, float]]]
"""Counts parcels in the flood and their wet area, m2."""

BEST: LiteralString = """
WITH pieces AS MATERIALIZED (
    SELECT ST_Subdivide(z.geom, 128) AS piece FROM flood_zones AS z WHERE z.id = %(zone)s
),
wet AS MATERIALIZED (
    SELECT
        p.geom,
        ST_Covers(z.geom, p.geom) AS whole
    FROM flood_zones AS z
    INNER JOIN parcels AS p ON ST_Intersects(p.geom, z.geom)
    WHERE z.id = %(zone)s
)
SELECT
    count(*),
    sum(CASE
        WHEN w.whole THEN ST_Area(w.geom)
        ELSE (
            SELECT sum(ST_Area(ST_Intersection(w.geom, k.piece)))
            FROM pieces AS k
            WHERE k.piece && w.geom AND ST_Intersects(k.piece, w.geom)
        )
    END)
FROM wet AS w
"""
"""What measured best before there was a platform: covered parcels whole, the rest over pieces."""

PLAIN: LiteralString = """
SELECT count(*), sum(ST_Area(ST_Intersection(p.geom, z.geom)))
FROM flood_zones AS z
INNER JOIN parcels AS p ON ST_Intersects(p.geom, z.geom)
WHERE z.id = %(zone)s
"""
"""The whole polygon cut with each parcel."""


def measure(town: Town, report: Report, *, rounds: int) -> None:
    """Measure and say how an impact answer compares."""
    print("impact")
    asyncio.run(_measure(town, report, rounds))


async def _measure(town: Town, report: Report, rounds: int) -> None:
    async with await AsyncConnection.connect(town.url(Role.ADMIN), autocommit=True) as conn:
        # the plain way would not end within what a question may take
        await conn.execute("SET statement_timeout = 0")
        zone, vertices = await _zone(conn)
        flood = Flood(zone_ids=(zone,))

        async def ours() -> tuple[int, float]:
            asked = Question(flood=flood, role=Role.ADMIN, layers=("parcels",))
            found = (await impact(conn, asked)).exposed["parcels"]
            return int(found["count"]), float(found["wet_area_m2"])

        async def everything() -> tuple[int, float]:
            found = (await impact(conn, Question(flood=flood, role=Role.ADMIN))).exposed["parcels"]
            return int(found["count"]), float(found["wet_area_m2"])

        ways: dict[str, Way] = {
            "ours": ours,
            "best": lambda: _asked(conn, BEST, zone),
            "plain": lambda: _asked(conn, PLAIN, zone),
            "everything": everything,
        }
        took = await _rounds(ways, rounds)
    count, area = took.answers["ours"]
    for other, wet in took.answers.values():
        if other != count or abs(wet - area) > 1e-6 * area:
            raise AssertionError(f"the ways disagree: {took.answers}")
    note = f"{vertices:,} vertices, {count:,} parcels, {area / 1e6:.2f} km2 wet; " + ", ".join(
        f"{name} {statistics.median(seconds) * 1000:.0f} ms"
        for name, seconds in took.seconds.items()
    )
    paired = {
        name: [other / own for other, own in zip(seconds, took.seconds["ours"], strict=True)]
        for name, seconds in took.seconds.items()
    }
    ratios = [1 / ratio for ratio in paired["best"]]
    name = "impact of parcels / best SQL by hand"
    report.add(Figure("impact", name, ratios, WITHIN, at_most=True, note=note))
    name = "plain whole-polygon wet areas / impact of parcels"
    report.add(Figure("impact", name, paired["plain"], FASTER))
    name = "impact of all layers / impact of parcels"
    report.add(Figure("impact", name, paired["everything"]))


class _Took:
    """Seconds of each way in each round, and what each said."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.answers: dict[str, tuple[int, float]] = {}


async def _rounds(ways: dict[str, Way], rounds: int) -> _Took:
    took = _Took()
    for way in ways.values():
        await way()
    for turn in range(rounds):
        order = list(ways) if turn % 2 == 0 else list(reversed(ways))
        for name in order:
            start = time.perf_counter()
            took.answers[name] = await ways[name]()
            took.seconds.setdefault(name, []).append(time.perf_counter() - start)
    return took


async def _zone(conn: Connection) -> tuple[int, int]:
    """The flood zone with about so many vertices, and how many it has."""
    cursor = await conn.execute(
        "SELECT id, ST_NPoints(geom) FROM flood_zones ORDER BY abs(ST_NPoints(geom) - %s), id"
        " LIMIT 1",
        [VERTICES],
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the town has no flood zone")
    return int(row[0]), int(row[1])


async def _asked(conn: Connection, statement: LiteralString, zone: int) -> tuple[int, float]:
    cursor = await conn.execute(statement, {"zone": zone})
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the statement gave no row")
    return int(row[0]), float(row[1])
