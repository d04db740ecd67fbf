"""Stations with their thresholds and remembered floods, as the asking role sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from db.readings import LIMIT_FIELDS, station_limits
from layers import catalog
from layers.model import Role
from layers.privacy import visible_fields
from layers.series import Limits, Series, of_kind
from layers.zeros import Zeros

Connection = AsyncConnection[Any]


@dataclass(frozen=True)
class Station:
    """One station: its record, place in degrees, thresholds, remembered floods, dated zeros.

    `limits` are those the role may see filled in with the series' defaults.
    """

    values: Mapping[str, Any]
    lon: float
    lat: float
    thresholds: tuple[Mapping[str, Any], ...] = field(default=())
    remembered: tuple[Mapping[str, Any], ...] = field(default=())
    dated_zeros: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def code(self) -> str:
        """What everybody calls it."""
        return str(self.values["code"])

    @property
    def series(self) -> Series:
        """The series it is read for."""
        return of_kind(self.values["kind"])

    @property
    def zeros(self) -> Zeros:
        """The zero of its staff in time."""
        dated = ((one["valid_from"], one["zero_m"]) for one in self.dated_zeros)
        return Zeros(self.values["zero_m"], tuple(dated))

    @property
    def limits(self) -> Limits:
        """What is ordinary at it."""
        own = {name: self.values.get(name) for name in LIMIT_FIELDS}
        return station_limits(self.series.id, self.values["kind"], own)


async def stations(conn: Connection, role: Role, code: str | None = None) -> list[Station]:
    """Every station the role sees, by code; or the one of that code, if there is one."""
    place = sql.SQL(
        ", gis.ST_X(gis.ST_Transform(t.geom, 4326)) AS lon"
        ", gis.ST_Y(gis.ST_Transform(t.geom, 4326)) AS lat"
    )
    rows = await _rows(conn, "gauges", role, ("code", code), more=place)
    thresholds = await _rows(conn, "gauge_thresholds", role, ("gauge", code))
    floods = await _rows(conn, "remembered_floods", role, ("gauge", code))
    zeros = await _rows(conn, "gauge_zeros", role, ("gauge", code))
    zeros.sort(key=lambda one: (one["valid_from"], one["id"]))
    return [
        Station(
            values=row,
            lon=row.pop("lon"),
            lat=row.pop("lat"),
            thresholds=tuple(one for one in thresholds if one["gauge"] == row["code"]),
            remembered=tuple(one for one in floods if one["gauge"] == row["code"]),
            dated_zeros=tuple(one for one in zeros if one["gauge"] == row["code"]),
        )
        for row in sorted(rows, key=lambda row: (row["code"], row["id"]))
    ]


async def _rows(
    conn: Connection,
    layer_id: str,
    role: Role,
    only: tuple[str, str | None],
    more: sql.Composable = sql.SQL(""),
) -> list[dict[str, Any]]:
    fields = visible_fields(catalog.get(layer_id), role)
    statement = sql.SQL("SELECT {}{} FROM {} AS t WHERE %s::text IS NULL OR t.{} = %s").format(
        sql.SQL(", ").join(sql.Identifier("t", one.name) for one in fields),
        more,
        sql.Identifier(layer_id),
        sql.Identifier(only[0]),
    )
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, [only[1], only[1]])
        return await cursor.fetchall()
