"""What the impact answer's part about homes cut off is counted from, in the snapshot that is open.

Which houses, people in care and places are cut off is worked out by `flood`; here they are read,
and people counted by community over what the role sees.
"""

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from db.queries.network import Rows, Snapshot
from db.scopes import source
from layers.catalog import get
from layers.privacy import visible_fields


@dataclass(frozen=True)
class Spots:
    """Record numbers of a layer's places, and the places as one MULTIPOINT (WKB), in one order.

    `nowhere` counts records without a place.
    """

    ids: list[int]
    shape: bytes | None
    nowhere: int


async def spots(snap: Snapshot, layer: LiteralString) -> Spots:
    """Every place of a layer whose rows the role sees whole, in one record each."""
    (row,) = await snap.select(
        [layer],
        sql.SQL(
            "SELECT array_agg(t.id ORDER BY t.id) FILTER (WHERE t.geom IS NOT NULL) AS ids,"
            " ST_AsBinary(ST_Collect(t.geom ORDER BY t.id)"
            " FILTER (WHERE t.geom IS NOT NULL)) AS shape,"
            " count(*) FILTER (WHERE t.geom IS NULL) AS nowhere FROM {} AS t"
        ).format(sql.Identifier(layer)),
    )
    shape = row["shape"]
    return Spots(row["ids"] or [], None if shape is None else bytes(shape), row["nowhere"])


_HOUSES = sql.SQL("""
WITH home AS (
    SELECT h.house_code, n.certain, n.unknown, coalesce(h.community, around.code, '') AS place
    FROM unnest(%s::bigint[], %s::boolean[], %s::boolean[]) AS n (id, certain, unknown)
    INNER JOIN houses AS h ON n.id = h.id
    LEFT JOIN LATERAL (
        SELECT c.code FROM communities AS c
        WHERE h.community IS NULL AND ST_Intersects(c.geom, h.geom) ORDER BY c.id LIMIT 1
    ) AS around ON true
)

SELECT h.place, h.unknown, count(*) AS n, count(*) FILTER (WHERE h.certain) AS certain
FROM home AS h GROUP BY h.place, h.unknown ORDER BY h.place, h.unknown
""")

_PEOPLE = """
WITH home AS (
    SELECT
        h.house_code, bool_or(n.certain) AS certain, bool_and(n.unknown) AS unknown,
        min(coalesce(h.community, around.code, '')) AS place
    FROM unnest(%s::bigint[], %s::boolean[], %s::boolean[]) AS n (id, certain, unknown)
    INNER JOIN houses AS h ON n.id = h.id
    LEFT JOIN LATERAL (
        SELECT c.code FROM communities AS c
        WHERE h.community IS NULL AND ST_Intersects(c.geom, h.geom) ORDER BY c.id LIMIT 1
    ) AS around ON true
    WHERE h.house_code IS NOT NULL
        -- who also has a house in the water is counted there
        AND NOT EXISTS (
            SELECT 1 FROM houses AS o
            WHERE o.house_code = h.house_code AND o.id <> h.id AND o.id = any(%s::bigint[])
        )
    GROUP BY h.house_code
),

slept AS (
    SELECT
        h.place, h.certain, h.unknown, k.asked OR k.rolled AS known,
        coalesce(CASE WHEN k.asked THEN p.sleeping_0_5 ELSE p.registered_0_5 END, 0) AS a,
        coalesce(CASE WHEN k.asked THEN p.sleeping_6_17 ELSE p.registered_6_17 END, 0) AS b,
        coalesce(CASE WHEN k.asked THEN p.sleeping_18_59 ELSE p.registered_18_59 END, 0) AS c,
        coalesce(CASE WHEN k.asked THEN p.sleeping_60_up ELSE p.registered_60_up END, 0) AS d
    FROM home AS h
    INNER JOIN {} AS p ON h.house_code = p.house_code
    CROSS JOIN LATERAL (
        SELECT
            num_nonnulls(p.sleeping_0_5, p.sleeping_6_17, p.sleeping_18_59, p.sleeping_60_up) > 0
                AS asked,
            num_nonnulls(
                p.registered_0_5, p.registered_6_17, p.registered_18_59, p.registered_60_up
            ) > 0 AS rolled
    ) AS k
)

SELECT
    s.place, s.unknown, count(*) AS households, count(*) FILTER (WHERE NOT s.known) AS silent,
    coalesce(sum(s.a), 0)::bigint AS "0-5", coalesce(sum(s.b), 0)::bigint AS "6-17",
    coalesce(sum(s.c), 0)::bigint AS "18-59", coalesce(sum(s.d), 0)::bigint AS "60+",
    coalesce(sum(s.a + s.b + s.c + s.d) FILTER (WHERE s.certain), 0)::bigint AS certain
FROM slept AS s GROUP BY s.place, s.unknown ORDER BY s.place, s.unknown
"""


@dataclass(frozen=True)
class Homes:
    """Houses by record number: certainly cut off, of no known way out, and those in the water."""

    ids: list[int]
    certain: list[bool]
    unknown: list[bool]
    in_water: list[int]


async def houses(snap: Snapshot, homes: Homes) -> Rows:
    """Houses by `place` (code of the community, '' none) and `unknown`: `n`, `certain`."""
    return await snap.select(
        ["houses", "communities"], _HOUSES, [homes.ids, homes.certain, homes.unknown]
    )


async def people(snap: Snapshot, homes: Homes) -> Rows:
    """Households and people of the houses, as `houses` by place; `silent`: nobody knows how many.

    Who sleeps there; where nobody has asked, who is registered there, as in the impact answer.
    """
    layer, role = get("households"), snap.reader.role
    keys = sql.Literal(None if snap.reader.keys is None else list(snap.reader.keys))
    statement = sql.SQL(_PEOPLE).format(source(layer, role, sql.SQL("NULL"), keys))
    values = [homes.ids, homes.certain, homes.unknown, homes.in_water]
    return await snap.found("households", statement, values)


async def any_household(snap: Snapshot) -> bool:
    """Whether the role sees any household at all: none on record is not nobody."""
    layer, role = get("households"), snap.reader.role
    keys = sql.Literal(None if snap.reader.keys is None else list(snap.reader.keys))
    (row,) = await snap.found(
        "households",
        sql.SQL("SELECT EXISTS (SELECT 1 FROM {} AS p) AS some").format(
            source(layer, role, sql.SQL("NULL"), keys)
        ),
        [],
    )
    return bool(row["some"])


async def in_care(snap: Snapshot) -> Rows:
    """Whoever is in care and seen by the role: `x`, `y`, `kind`, and `band`, `needs` where seen."""
    seen = {item.name for item in visible_fields(get("care_locations"), snap.reader.role)}
    columns: LiteralString = "t.id, t.kind, ST_X(t.geom) AS x, ST_Y(t.geom) AS y"
    if "band" in seen:
        columns += ", t.band"
    if "needs" in seen:
        columns += ", t.needs"
    return await snap.rows("care_locations", columns)


async def places(snap: Snapshot, layer: LiteralString) -> Rows:
    """Facilities or shelters with their place."""
    columns: LiteralString = "t.id, t.code, t.name, ST_X(t.geom) AS x, ST_Y(t.geom) AS y"
    columns += ", t.kind" if layer == "facilities" else ", t.capacity, t.open"
    return await snap.rows(layer, columns)


async def waste_stops(snap: Snapshot) -> Rows:
    """Stops of the waste routes with their place."""
    return await snap.rows("waste_stops", "t.id, ST_X(t.geom) AS x, ST_Y(t.geom) AS y")


async def town(snap: Snapshot) -> Rows:
    """The parts of the town's boundary as `shape` (WKB); none where none is on record."""
    return await snap.rows("town_boundary", "ST_AsBinary(t.geom) AS shape")


async def communities(snap: Snapshot) -> Rows:
    """Communities by code with their names."""
    return await snap.rows("communities", "t.code, t.name, t.name_en")


async def communities_at(snap: Snapshot, xy: list[tuple[float, float]]) -> list[str]:
    """Code of the community each place lies in, '' for none."""
    rows = await snap.select(
        ["communities"],
        sql.SQL(
            "SELECT coalesce((SELECT c.code FROM communities AS c WHERE ST_Intersects(c.geom,"
            " ST_SetSRID(ST_MakePoint(p.x, p.y), f.srid)) ORDER BY c.id LIMIT 1), '') AS code"
            " FROM muang.town_facts() AS f,"
            " unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS p (x, y, n) ORDER BY p.n"
        ),
        [[x for x, _ in xy], [y for _, y in xy]],
    )
    return [row["code"] for row in rows]
