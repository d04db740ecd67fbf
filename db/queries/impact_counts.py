"""Counting what a flood touches: its water made ready once, then each layer by itself.

All of an answer has one deadline, longer than a statement's: a water that covers a whole town is
the question of the night it happens, and the machine is busy then.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from layers.model import Role

Connection = AsyncConnection[Any]


_SECONDS, _PUBLIC_SECONDS = 40.0, 10.0


class Deadline:
    """Until when an answer may be counted; who has not signed in gets what one statement gets.

    Use inside a transaction: what is left of the time is told to the database before each
    statement, which then ends with `psycopg.errors.QueryCanceled`, and holds until its end.
    """

    def __init__(self, role: Role) -> None:
        seconds = _PUBLIC_SECONDS if role is Role.PUBLIC else _SECONDS
        self._until = time.monotonic() + seconds

    async def tell(self, conn: Connection) -> None:
        """Tell the database what is left of the time."""
        # 0 would be no limit at all
        left = max(1, round((self._until - time.monotonic()) * 1000))
        await conn.execute("SELECT set_config('statement_timeout', %s, true)", [str(left)])


@dataclass(frozen=True)
class Water:
    """The areas of `muang.impact_water` in the town's CRS.

    `areas` holds them by the names of that function's columns, geometries as PostgreSQL writes
    them: they are only handed on to the functions that count.
    """

    area_m2: float
    depth_known: bool
    areas: dict[str, Any]


@dataclass(frozen=True)
class Asker:
    """How to count, and until when: layers read through a function of the asker, with which keys.

    Water deeper than `displaced_above_m` over the floor displaces who sleeps there.
    """

    scoped: Collection[str]
    scope_keys: list[str] | None
    with_ids: bool
    displaced_above_m: float
    deadline: Deadline


async def water(
    conn: Connection, zones: list[int] | None, drawn: bytes | None, deadline: Deadline
) -> Water:
    """The water of zones by id, or of a drawn area (EWKB in the town's CRS)."""
    await deadline.tell(conn)
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_WATER, [zones, drawn])
        row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the water gave no row")
    area_m2, depth_known = row.pop("area_m2"), row.pop("depth_known")
    return Water(area_m2=area_m2, depth_known=depth_known, areas=row)


async def exposed(
    conn: Connection, over: Water, layers: Collection[str], asker: Asker
) -> dict[str, Any]:
    """What the water touches of the layers, by layer; without those that hold nothing here."""
    given = {
        **over.areas,
        "with_ids": asker.with_ids,
        "keys": asker.scope_keys,
        "with_households": "households" in layers,
        "scoped_households": "households" in asker.scoped,
        "scoped_care": "care_locations" in asker.scoped,
        "above": asker.displaced_above_m,
    }
    found: dict[str, Any] = {}
    for layer, statement in _COUNTING.items():
        if layer in layers:
            await asker.deadline.tell(conn)
            cursor = await conn.execute(statement, given)
            row = await cursor.fetchone()
            if row is None:
                raise RuntimeError("the count gave no row")
            found |= row[0]
    return found


_WATER: LiteralString = "SELECT * FROM muang.impact_water(%s::bigint[], %s::geometry)"

_COUNTING: dict[str, LiteralString] = {
    "houses": "SELECT muang.impact_people(%(shapes)s::geometry[], %(shape_ranks)s::integer[],"
    " %(lows)s::double precision[], %(highs)s::double precision[], %(with_households)s,"
    " %(with_ids)s, %(scoped_households)s, %(keys)s::text[], %(above)s)",
    "care_locations": "SELECT muang.impact_care(%(zones)s::geometry[], %(flood)s::geometry,"
    " %(with_ids)s, %(scoped_care)s, %(keys)s::text[])",
    "parcels": "SELECT muang.impact_parcels(%(zones)s::geometry[], %(ranks)s::integer[],"
    " %(flood)s::geometry, %(pieces)s::geometry[], %(with_ids)s)",
    "permits": "SELECT muang.impact_permits(%(zones)s::geometry[], %(with_ids)s)",
    "facilities": "SELECT muang.impact_facilities(%(zones)s::geometry[], %(with_ids)s)",
    "shelters": "SELECT muang.impact_shelters(%(zones)s::geometry[], %(ranks)s::integer[],"
    " %(with_ids)s)",
    "roads": "SELECT muang.impact_roads(%(zones)s::geometry[], %(ranks)s::integer[],"
    " %(pieces)s::geometry[], %(with_ids)s)",
    "waste_routes": "SELECT muang.impact_waste(%(zones)s::geometry[], %(pieces)s::geometry[],"
    " %(with_ids)s)",
}
"""Of each layer, its count; households are counted with the houses they live in."""
