"""When the layers last changed, of the rows somebody sees: the role's own function, one statement.

A hidden row's time is about somebody's home, so it is never part of the answer (`db.provenance`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection


async def last_changes(
    conn: AsyncConnection[Any], layers: Sequence[str], keys: tuple[str, ...] | None
) -> dict[str, datetime | None]:
    """Time of the last change by layer; None where the caller sees no row that ever changed.

    `keys` are the communities or the crew of somebody whose rows vary by person.
    """
    cursor = await conn.execute(
        "SELECT l.id, p.as_of FROM unnest(%s::text[]) AS l (id)"
        " CROSS JOIN LATERAL layer_provenance(l.id, %s::text[]) AS p",
        [list(layers), None if keys is None else list(keys)],
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}
