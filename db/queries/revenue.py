"""What stands on each parcel and what the registers say of it, for finding revenue gaps.

A permit or house belongs to the parcel whose code it names; where there is none of that code, to
the parcel it lies in. A building belongs to the parcel that holds a point inside its footprint.
"""

from dataclasses import dataclass
from typing import Any

from psycopg import sql

from db.queries.network import Rows, Snapshot
from layers.revenue import Known, Licence, Signs

SERVED_M = 300.0
"""A house further than this from any waste stop is nobody's customer as far as is known."""

READS = ("parcels", "parcel_uses", "buildings", "houses", "permits", "waste_stops")

_PLACED = sql.SQL("""
    JOIN LATERAL (
        SELECT p.id FROM parcels AS p WHERE p.code = t.parcel_code
        UNION ALL
        SELECT p.id FROM parcels AS p
        WHERE ST_Intersects(p.geom, t.geom)
            AND NOT EXISTS (SELECT 1 FROM parcels AS c WHERE c.code = t.parcel_code)
    ) AS p ON true
""")

_BUILDINGS = sql.SQL("""
WITH b AS MATERIALIZED (
    SELECT t.kind, round(ST_Area(t.geom)::numeric, 1) AS area_m2, ST_PointOnSurface(t.geom) AS at
    FROM buildings AS t WHERE t.id BETWEEN %s AND %s
)
SELECT
    p.id, count(*) AS buildings, sum(b.area_m2)::float8 AS building_m2,
    count(*) FILTER (WHERE b.kind = 'farm') AS farm_buildings,
    count(*) FILTER (WHERE b.kind IN ('commercial', 'industrial')) AS trade_buildings
FROM b INNER JOIN parcels AS p ON ST_Intersects(p.geom, b.at)
GROUP BY p.id
""")

_HOUSES = sql.SQL(
    "SELECT p.id, count(*) AS houses, count(t.meter_no) AS meters FROM houses AS t {}"
    " WHERE t.id BETWEEN %s AND %s GROUP BY p.id"
).format(_PLACED)

_PERMITS = sql.SQL(
    "SELECT p.id, t.kind, t.status, t.expires_on FROM permits AS t {}"
    " WHERE t.id BETWEEN %s AND %s ORDER BY t.id, p.id"
).format(_PLACED)

_PARCELS = sql.SQL("""
SELECT
    t.id, t.code, t.use, t.address, t.area_m2, t.area_deed_m2, t.appraised_value,
    t.account_no IS NOT NULL AS has_account,
    ARRAY(SELECT u.use FROM parcel_uses AS u WHERE u.parcel_code = t.code ORDER BY u.id) AS uses,
    ST_X(a.at) AS x, ST_Y(a.at) AS y
FROM parcels AS t, LATERAL (SELECT ST_PointOnSurface(t.geom) AS at) AS a
WHERE t.id = any(%s)
""")

_KNOWN = sql.SQL("""
SELECT
    EXISTS (SELECT 1 FROM parcels) AS parcels,
    EXISTS (SELECT 1 FROM parcels AS t WHERE t.account_no IS NOT NULL) AS tax_accounts,
    EXISTS (SELECT 1 FROM parcels AS t WHERE t.use IS NOT NULL)
        OR EXISTS (SELECT 1 FROM parcel_uses) AS uses,
    EXISTS (SELECT 1 FROM permits AS t WHERE t.kind = 'building')
        AND EXISTS (SELECT 1 FROM buildings) AS building_licences,
    EXISTS (SELECT 1 FROM permits AS t WHERE t.kind IN ('food', 'hazardous', 'other'))
        AS business_licences,
    EXISTS (SELECT 1 FROM buildings) AS buildings,
    EXISTS (SELECT 1 FROM houses) AS houses,
    EXISTS (SELECT 1 FROM houses AS t WHERE t.meter_no IS NOT NULL) AS meters,
    EXISTS (SELECT 1 FROM permits) AS permits,
    EXISTS (SELECT 1 FROM waste_stops AS t WHERE t.accounts_served IS NOT NULL) AS waste,
    (
        SELECT count(*) FROM permits AS t
        WHERE t.geom IS NULL
            AND NOT EXISTS (SELECT 1 FROM parcels AS c WHERE c.code = t.parcel_code)
    ) AS permits_nowhere
""")

_NEAREST = sql.SQL("""
SELECT a.id, count(*) AS houses
FROM houses AS h
CROSS JOIN LATERAL (
    -- the index gives them by distance; of some equally near the first on record
    SELECT k.id, k.away
    FROM (
        SELECT t.id, ST_Distance(t.geom, h.geom) AS away FROM waste_stops AS t
        ORDER BY t.geom <-> h.geom LIMIT 4
    ) AS k
    ORDER BY k.away, k.id LIMIT 1
) AS a
WHERE h.id BETWEEN %s AND %s AND a.away <= {}
GROUP BY a.id
""").format(sql.Literal(SERVED_M))

_STOPS = sql.SQL("""
SELECT t.id, t.code, t.route_code, t.accounts_served, ST_X(t.geom) AS x, ST_Y(t.geom) AS y
FROM waste_stops AS t ORDER BY t.id
""")

_AT_ONCE = 25_000
"""Records looked at in one statement, so that a city's take many short ones, not one too long."""


@dataclass(frozen=True)
class Holds:
    """Which layers and registers hold anything, and permits whose place nobody knows."""

    known: Known
    parcels: bool
    buildings: bool
    houses: bool
    meters: bool
    permits: bool
    waste: bool
    permits_nowhere: int


async def holds(snap: Snapshot) -> Holds:
    """What can be known in this town at all."""
    (row,) = await snap.select(READS, _KNOWN)
    registers = ("tax_accounts", "uses", "building_licences", "business_licences")
    return Holds(
        known=Known(**{name: row[name] for name in registers}),
        **{name: value for name, value in row.items() if name not in registers},
    )


async def _in_parts(snap: Snapshot, layer: str, statement: sql.SQL | sql.Composed) -> Rows:
    """Rows of a statement asked for one range of a layer's record numbers after the other."""
    ends = sql.SQL("SELECT min(t.id) AS first, max(t.id) AS last FROM {} AS t")
    (row,) = await snap.select(READS, ends.format(sql.Identifier(layer)))
    found: Rows = []
    if row["first"] is not None:
        for first in range(row["first"], row["last"] + 1, _AT_ONCE):
            found += await snap.select(READS, statement, [first, first + _AT_ONCE - 1])
    return found


def _added(rows: Rows, into: dict[int, dict[str, Any]]) -> None:
    """The numbers of each row added to those of its `id`."""
    for row in rows:
        mine = into.setdefault(row["id"], {})
        for name, value in row.items():
            if name != "id":
                mine[name] = mine.get(name, 0) + value


async def signs(snap: Snapshot) -> dict[int, Signs]:
    """What stands on each parcel, by its id; parcels without anything are absent."""
    found: dict[int, dict[str, Any]] = {}
    _added(await _in_parts(snap, "buildings", _BUILDINGS), found)
    _added(await _in_parts(snap, "houses", _HOUSES), found)
    licences: dict[int, list[Licence]] = {}
    for row in await _in_parts(snap, "permits", _PERMITS):
        licences.setdefault(row.pop("id"), []).append(Licence(**row))
    return {
        number: Signs(**found.get(number, {}), licences=tuple(licences.get(number, ())))
        for number in sorted(found.keys() | licences.keys())
    }


async def parcels(snap: Snapshot, ids: list[int]) -> Rows:
    """What the rolls say of these parcels, the most valuable first."""
    found: Rows = []
    for first in range(0, len(ids), _AT_ONCE):
        found += await snap.select(READS, _PARCELS, [ids[first : first + _AT_ONCE]])
    return sorted(found, key=_by_value)


def _by_value(row: dict[str, Any]) -> tuple[bool, float, int]:
    value = row["appraised_value"]
    return (value is None, 0.0 if value is None else -float(value), int(row["id"]))


async def stops(snap: Snapshot) -> Rows:
    """Waste stops with the houses nearest to each, the largest difference to its accounts first."""
    near: dict[int, dict[str, Any]] = {}
    _added(await _in_parts(snap, "houses", _NEAREST), near)
    rows = await snap.select(READS, _STOPS)
    found = [{**row, **near[row["id"]]} for row in rows if row["id"] in near]
    return sorted(found, key=lambda row: (row["accounts_served"] or 0) - row["houses"])
