"""Features of a layer as OGC API Features asks for them: typed arguments -> one statement.

Page and count come from the same statement, hence from the same snapshot. Geometry leaves the
database as GeoJSON text, which the server passes through untouched: measured several times
faster than objects. Only the caller's views are read (`search_path` of the role's login).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from db.queries.cql2_parse import Node, properties_of
from db.queries.cql2_sql import condition
from db.scopes import source
from db.view_names import SINCE, UNTIL
from layers.model import Field, FieldType, Layer, Role

WGS84 = 4326
WEB_MERCATOR = 3857
_MERCATOR_RADIUS_M = 6378137.0
_MERCATOR_MAX_LAT = 85.0511287798066
_DIGITS_DEGREES = 7
_DIGITS_METRES = 3
_DIGITS_EXACT = 15
"""In the town's own CRS coordinates come as stored: rounded to 1 mm, 15 of 56 flood zones of the
demo crossed themselves, and an analyst's overlay could not agree with ours."""

GEOMETRY = "__geometry"
"""Key of the GeoJSON geometry text in a row of a page."""
MATCHED = "__matched"


@dataclass(frozen=True)
class Box:
    """A rectangle `west, south, east, north` in EPSG:`srid` (east, north order).

    In EPSG:4326 west may be greater than east: the box then crosses the antimeridian.
    """

    west: float
    south: float
    east: float
    north: float
    srid: int = WGS84


@dataclass(frozen=True)
class Equals:
    """Rows whose field equals a value; for a list field, rows whose list holds it."""

    field: Field
    value: object


@dataclass(frozen=True)
class Period:
    """Rows whose date or time lies between two moments, both ends included; None is open."""

    field: Field
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Versions:
    """Conditions on the versions of rows, which only the past has (`db.past.enter`).

    `began_after` and `ended_by` are positions, `beyond` an id the rows come after.
    """

    began_after: int | None = None
    ended_by: int | None = None
    beyond: int | None = None
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Page:
    """A question for features of one layer by somebody of a role.

    `keys` are the communities or the crew of somebody whose rows vary by person. `fields` are the
    attributes to return, already cut to what the caller may see. `srid` is the CRS of the returned
    geometry; `flip` returns north before east, as EPSG:4326 demands.
    Without `with_geometry` every geometry is null: a list of names needs no coastline.
    """

    layer: Layer
    role: Role
    fields: tuple[Field, ...]
    town_srid: int
    keys: tuple[str, ...] | None = None
    srid: int = WGS84
    flip: bool = False
    limit: int = 100
    offset: int = 0
    box: Box | None = None
    equals: tuple[Equals, ...] = ()
    period: Period | None = None
    filter: Node | None = None
    feature_id: int | None = None
    with_geometry: bool = True
    versions: Versions | None = None


@dataclass(frozen=True)
class Features:
    """One page of rows (id, fields, `GEOMETRY`) and how many rows match in all."""

    matched: int
    rows: list[dict[str, Any]]


async def fetch(conn: AsyncConnection[Any], page: Page) -> Features:
    """One page of features, in order of their ids."""
    statement, values = build(page)
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        rows = await cursor.fetchall()
    matched = rows[0][MATCHED] if rows else 0
    found = [row for row in rows if row["id"] is not None]
    return Features(matched=matched, rows=found)


async def bounds(
    conn: AsyncConnection[Any], layers: tuple[Layer, ...]
) -> tuple[float, float, float, float] | None:
    """West, south, east, north (EPSG:4326) of everything in these layers; None when empty."""
    # rows that not everybody of the role sees would tell by the extent where they are
    parts = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT ST_Extent(geom_3857)::geometry AS box FROM {}").format(
            sql.Identifier(layer.id)
        )
        for layer in layers
        if layer.geometry is not None and not layer.row_rules
    )
    cursor = await conn.execute(
        sql.SQL(
            "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Transform("
            "ST_SetSRID(ST_Extent(box)::geometry, 3857), 4326) AS b FROM ({}) AS parts) AS whole"
        ).format(parts)
    )
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        return None
    west, south, east, north = (round(float(edge), _DIGITS_DEGREES) for edge in row)
    return west, south, east, north


def asked_about(page: Page) -> frozenset[str]:
    """Fields whose values the answer tells of because they were asked about."""
    asked = {test.field.name for test in page.equals}
    if page.period is not None:
        asked.add(page.period.field.name)
    if page.filter is not None:
        asked |= properties_of(page.filter)
    return frozenset(asked)


def build(page: Page) -> tuple[sql.Composed, Mapping[str, object]]:
    """The statement and its values."""
    values: dict[str, object] = {"limit": page.limit, "offset": page.offset}
    columns = [sql.Identifier("t", "id")]
    columns += [sql.Identifier("t", f.name) for f in page.fields if f.name != "id"]
    picked: list[sql.Composable] = [*columns, _geometry(page)]
    table, where = rows_asked(page, values)
    statement = sql.SQL(
        "WITH page AS (SELECT {picked} FROM {table} AS t{where}"
        " ORDER BY t.id LIMIT %(limit)s OFFSET %(offset)s)"
        " SELECT m.n AS {matched}, page.* FROM"
        " (SELECT count(*) AS n FROM {table} AS t{where}) AS m"
        " LEFT JOIN page ON true ORDER BY page.id"
    ).format(
        picked=sql.SQL(", ").join(picked),
        table=table,
        where=where,
        matched=sql.Identifier(MATCHED),
    )
    return statement, values


def rows_asked(page: Page, values: dict[str, object]) -> tuple[sql.Composed, sql.Composed]:
    """What to read from, alias `t`, and the WHERE of a question (empty when it asks for all).

    Values of the placeholders are put into `values`.
    """
    where = _where(page, values)
    values["keys"] = None if page.keys is None else list(page.keys)
    return source(page.layer, page.role, _reach(page, values), sql.SQL("%(keys)s")), where


def _geometry(page: Page) -> sql.Composed:
    name = sql.Identifier(GEOMETRY)
    if page.layer.geometry is None or not page.with_geometry:
        return sql.SQL("NULL::text AS {}").format(name)
    geom: sql.Composable = sql.SQL("t.geom")
    if page.srid != page.town_srid:
        geom = sql.SQL("ST_Transform({}, {})").format(geom, sql.Literal(page.srid))
    if page.flip:
        geom = sql.SQL("ST_FlipCoordinates({})").format(geom)
    digits = _DIGITS_DEGREES if page.srid == WGS84 else _DIGITS_METRES
    if page.srid == page.town_srid:
        digits = _DIGITS_EXACT
    # options 0: no CRS member inside the geometry, which PostGIS adds for anything but 4326
    return sql.SQL("ST_AsGeoJSON({}, {}, 0) AS {}").format(geom, sql.Literal(digits), name)


def _where(page: Page, values: dict[str, object]) -> sql.Composed:
    tests: list[sql.Composed] = []
    if page.feature_id is not None:
        values["feature_id"] = page.feature_id
        tests.append(sql.Composed([sql.SQL("t.id = %(feature_id)s")]))
    if page.box is not None:
        tests.append(_box_test(page.layer, page.box, page.town_srid, values))
    for place, test in enumerate(page.equals):
        tests.append(_equals_test(test, f"value_{place}", values))
    if page.period is not None:
        tests += _period_tests(page.period, values)
    if page.filter is not None:
        tests.append(condition(page.filter, values, alias="t"))
    if page.versions is not None:
        tests += _version_tests(page.versions, values)
    if not tests:
        return sql.Composed([])
    return sql.SQL(" WHERE ") + sql.SQL(" AND ").join(tests)


def _version_tests(asked: Versions, values: dict[str, object]) -> list[sql.Composed]:
    given: tuple[tuple[LiteralString, str, object], ...] = (
        (f"t.{SINCE} > {{}}", "began_after", asked.began_after),
        (f"t.{UNTIL} <= {{}}", "ended_by", asked.ended_by),
        ("t.id > {}", "beyond", asked.beyond),
        ("t.id = ANY ({})", "ids", None if asked.ids is None else list(asked.ids)),
    )
    tests = []
    for test, key, value in given:
        if value is not None:
            values[key] = value
            tests.append(sql.SQL(test).format(sql.Placeholder(key)))
    return tests


def _equals_test(test: Equals, key: str, values: dict[str, object]) -> sql.Composed:
    values[key] = test.value
    column, value = sql.Identifier("t", test.field.name), sql.Placeholder(key)
    if test.field.type is FieldType.TEXT_LIST:
        return sql.SQL("{} = ANY ({})").format(value, column)
    return sql.SQL("{} = {}").format(column, value)


def _period_tests(period: Period, values: dict[str, object]) -> list[sql.Composed]:
    dated = period.field.type is FieldType.DATE
    column = sql.Identifier("t", period.field.name)
    ends: tuple[tuple[LiteralString, str, datetime | None], ...] = (
        (">=", "period_start", period.start),
        ("<=", "period_end", period.end),
    )
    tests = []
    for operator, key, moment in ends:
        if moment is not None:
            values[key] = moment.date() if dated else moment
            tests.append(
                sql.SQL("{} {} {}").format(column, sql.SQL(operator), sql.Placeholder(key))
            )
    # an open period still asks for rows that have a time
    return tests or [sql.SQL("{} IS NOT NULL").format(column)]


def _box_test(layer: Layer, box: Box, town_srid: int, values: dict[str, object]) -> sql.Composed:
    """Rows whose geometry meets the box; the box is transformed, never the indexed column.

    A box of longitudes and latitudes is a rectangle in Web Mercator too, so it is compared with
    the stored 3857 geometry: exact at any size, where a transformed world box would not exist
    in the town's own projection.
    """
    if layer.geometry is None:
        return sql.Composed([sql.SQL("false")])
    column = "geom" if box.srid == town_srid else "geom_3857"
    tests = [
        sql.SQL("ST_Intersects({}, {})").format(sql.Identifier("t", column), envelope)
        for envelope in _envelopes(box, town_srid, values)
    ]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(tests))


def _envelopes(box: Box, town_srid: int, values: dict[str, object]) -> list[sql.Composed]:
    """SQL of the one or two rectangles of a box, in the CRS it is compared in."""
    found = []
    for place, (west, south, east, north) in enumerate(_rectangles(box)):
        edges = {"west": west, "south": south, "east": east, "north": north}
        values |= {f"{edge}_{place}": value for edge, value in edges.items()}
        found.append(
            sql.SQL("ST_MakeEnvelope({}, {})").format(
                sql.SQL(", ").join(sql.Placeholder(f"{edge}_{place}") for edge in edges),
                sql.Literal(town_srid if box.srid == town_srid else WEB_MERCATOR),
            )
        )
    return found


def _reach(page: Page, values: dict[str, object]) -> sql.Composable:
    """The box for the definer function of a scoped role, whose index a test outside never meets."""
    if page.box is None or page.layer.geometry is None:
        return sql.SQL("NULL::geometry")
    envelopes = _envelopes(page.box, page.town_srid, values)
    if len(envelopes) == 1:
        return envelopes[0]
    return sql.SQL("ST_Collect({})").format(sql.SQL(", ").join(envelopes))


def _rectangles(box: Box) -> list[tuple[float, float, float, float]]:
    if box.srid != WGS84:
        return [(box.west, box.south, box.east, box.north)]
    if box.west > box.east:
        halves = (
            Box(box.west, box.south, 180, box.north),
            Box(-180, box.south, box.east, box.north),
        )
        return [_mercator(half) for half in halves]
    return [_mercator(box)]


def _mercator(box: Box) -> tuple[float, float, float, float]:
    def x(lon: float) -> float:
        return _MERCATOR_RADIUS_M * math.radians(lon)

    def y(lat: float) -> float:
        cut = max(-_MERCATOR_MAX_LAT, min(_MERCATOR_MAX_LAT, lat))
        return _MERCATOR_RADIUS_M * math.log(math.tan(math.pi / 4 + math.radians(cut) / 2))

    return x(box.west), y(box.south), x(box.east), y(box.north)
