"""Facts about the town being served, for the server: who it is, where it is, is it current."""

from typing import Any

from psycopg import AsyncConnection

from db.queries import features
from db.towns import TownSpec
from layers import catalog
from layers.errors import NotFoundError
from layers.model import Layer
from layers.text import Text

Bounds = tuple[float, float, float, float]


async def town(conn: AsyncConnection[Any]) -> TownSpec:
    """The town a connection leads to; any role may ask."""
    cursor = await conn.execute(
        "SELECT id, name_th, name_en, srid, synthetic, codes FROM muang.town_facts()"
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFoundError(
            Text(th="ฐานข้อมูลนี้ยังไม่มีข้อมูลเมือง", en="This database does not say which town it is.")
        )
    town_id, th, en, srid, synthetic, codes = row
    return TownSpec(
        id=town_id, name=Text(th=th, en=en), srid=srid, synthetic=synthetic, codes=codes or {}
    )


async def bounds(conn: AsyncConnection[Any], seen: tuple[Layer, ...]) -> Bounds | None:
    """West, south, east, north (EPSG:4326) of the town: its boundary, else all that is `seen`."""
    boundary = await features.bounds(conn, (catalog.get("town_boundary"),))
    return boundary or await features.bounds(conn, seen)


async def revision(conn: AsyncConnection[Any]) -> str | None:
    """The migration the database is at; needs the `service` login."""
    cursor = await conn.execute("SELECT version_num FROM muang.revision")
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def position(conn: AsyncConnection[Any]) -> int:
    """The last position given to a change; any role may ask."""
    cursor = await conn.execute("SELECT muang.current_pos()")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
