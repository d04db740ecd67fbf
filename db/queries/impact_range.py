"""Between what a count lies: the same question at the stages that enclose a stage's error.

Zones of a stage library carry the two stages (`flood.certainty`): what is wet at the lower one is
certainly wet, what is not wet at the higher one is unlikely to be.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

Connection = AsyncConnection[Any]
Count = Callable[[list[int]], Awaitable[dict[str, Any]]]
"""Gives `exposed` of an impact answer for zones by id."""


@dataclass(frozen=True)
class Enclosing:
    """The stages of a gauge's library that enclose a stage's error; None beyond the library."""

    gauge: str
    low_m: float | None
    high_m: float | None


async def enclosing(conn: Connection, zones: list[int]) -> Enclosing | None:
    """The stages around that of these zones; None as `between` says."""
    cursor = await conn.execute(
        "SELECT DISTINCT gauge, stage_m, stage_low_m, stage_high_m FROM flood_zones"
        " WHERE id = any(%s) AND means = 'library' AND kind = 'stage'",
        [zones],
    )
    rows = await cursor.fetchall()
    if len(rows) != 1:
        return None
    gauge, stage, low, high = rows[0]
    return None if low == stage == high else Enclosing(gauge, low, high)


async def zones_at(conn: Connection, gauge: str, stage: float) -> list[int]:
    """Ids of the zones of a stage of a gauge's library; none where it wets nothing."""
    cursor = await conn.execute(
        "SELECT id FROM flood_zones WHERE kind = 'stage' AND means = 'library' AND gauge = %s"
        " AND abs(stage_m - %s) < 0.001 ORDER BY id",
        [gauge, stage],
    )
    return [row[0] for row in await cursor.fetchall()]


async def between(
    conn: Connection, zones: list[int], here: dict[str, Any], count: Count
) -> dict[str, Any] | None:
    """`stage_low_m`, `stage_high_m` and per layer `certain` and `possible`, as the answer tells it.

    `here` is `exposed` of the stage itself.

    None where the zones are of no library, or its error does not reach the next stage. A missing
    lower stage leaves nothing certain (0); a missing upper one leaves `possible` unknown (null).
    """
    stages = await enclosing(conn, zones)
    if stages is None:
        return None
    low, high = stages.low_m, stages.high_m
    lower = await _counted(conn, stages.gauge, low, count)
    upper = await _counted(conn, stages.gauge, high, count)
    return {
        "stage_low_m": low,
        "stage_high_m": high,
        "counts": {
            layer: {
                "certain": 0 if low is None else _of(lower, layer),
                "possible": None if high is None else _of(upper, layer),
            }
            for layer, part in here.items()
            if isinstance(part, dict) and "count" in part
        },
    }


def _of(exposed: dict[str, Any], layer: str) -> int | None:
    found = exposed.get(layer, {}).get("count", 0)
    return None if found is None else int(found)


async def _counted(
    conn: Connection, gauge: str, stage: float | None, count: Count
) -> dict[str, Any]:
    """`exposed` at a stage of the gauge; nothing at a stage that wets nothing, or none."""
    if stage is None:
        return {}
    found = await zones_at(conn, gauge, stage)
    return await count(found) if found else {}
