"""What contradicts the levees a flood map was made with, read in the snapshot of an answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection

from layers.gate_states import NEAR_M, Beside, LeveeNow, Taken, contradictions
from layers.text import Text

Connection = AsyncConnection[Any]

_LAST = 2**63 - 1

_LEVEES: LiteralString = "SELECT l.code, l.name, l.kind, l.state, l.crest_m FROM levees AS l"
_PAIRS: LiteralString = (
    "SELECT g.code, g.name, g.status, l.code, true, 0.0 FROM gates AS g"
    " INNER JOIN levees AS l ON upper(btrim(l.code)) = upper(btrim(g.code))"
    " UNION ALL"
    " SELECT g.code, g.name, g.status, n.code, false, n.away FROM gates AS g"
    " CROSS JOIN LATERAL (SELECT l.code, ST_Distance(l.geom, g.geom) AS away FROM levees AS l"
    " WHERE ST_DWithin(l.geom, g.geom, %s)) AS n"
)


async def of_gauges(
    conn: Connection, gauges: Sequence[str], pos: int = _LAST, moment: datetime | None = None
) -> tuple[Text, ...]:
    """Caveats about the libraries these gauges had at a position; none where none has one.

    `moment` is when it was that the position was asked for; None: now.
    """
    cursor = await conn.execute(
        "SELECT gauge, levees FROM muang.library_levees(%s, %s, %s) ORDER BY gauge",
        [list(gauges), pos, moment or datetime.now(UTC)],
    )
    libraries = await cursor.fetchall()
    if not libraries:
        return ()
    cursor = await conn.execute(_LEVEES)
    now = [LeveeNow(*row) for row in await cursor.fetchall()]
    if not now:
        return ()
    levees = {levee.code: levee for levee in now}
    cursor = await conn.execute(_PAIRS, [NEAR_M])
    pairs = [
        Beside(gate, name, status, levees[levee], same, away)
        for gate, name, status, levee, same, away in await cursor.fetchall()
    ]
    found: list[Text] = []
    for _, kept in libraries:
        taken = None if kept is None else {code: Taken(**one) for code, one in kept.items()}
        found += contradictions(pairs, now, taken)
    return tuple(dict.fromkeys(found))


async def of_zones(
    conn: Connection, zones: Sequence[int] | None, pos: int, moment: datetime
) -> tuple[Text, ...]:
    """The same for flood zones by id, as far as they are of libraries."""
    if not zones:
        return ()
    cursor = await conn.execute(
        "SELECT DISTINCT gauge FROM flood_zones WHERE id = any(%s) AND means = 'library'"
        " AND kind = 'stage' AND gauge IS NOT NULL ORDER BY gauge",
        [list(zones)],
    )
    gauges = [row[0] for row in await cursor.fetchall()]
    return await of_gauges(conn, gauges, pos, moment) if gauges else ()
