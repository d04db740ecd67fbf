"""Tiles of the basemap: a subset of the Shortbread schema 1.0 from what the public may see.

Every statement reads the public role's own views by their plain names, so nothing can be on the
basemap that is not public. Rows come in an order of their own content: the same data give the
same bytes, whatever numbers the rows have.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

from db.derived import AnyConnection

MAX_ZOOM = 14
"""Zoom of the most detailed tiles; maps draw closer views from them."""
EXTENT = 4096
BUFFER = 64
MOST = 25_000
"""Buildings a tile holds at most, the largest first."""
_HALF_WORLD = 20037508.342789244

FEEDS = ("water", "buildings", "roads", "town_boundary", "communities", "facilities")
"""Layers the basemap is made of."""


@dataclass(frozen=True)
class Part:
    """One Shortbread layer: its zooms and a SELECT of `geom` (EPSG:3857) and its attributes.

    `{box}` is the tile with its margin, `{fine}` the size of a tile unit in metres; `_WORDS` has
    these and the others.
    """

    name: str
    min_zoom: int
    max_zoom: int
    select: LiteralString
    order: LiteralString
    fields: tuple[str, ...]


_WORDS: dict[str, LiteralString] = {
    "kind": "coalesce(t.class, 'service')",
    # the zoom from which on Shortbread has a street of each kind
    "looks": "CASE t.class WHEN 'trunk' THEN 6 WHEN 'primary' THEN 8 WHEN 'secondary' THEN 10"
    " WHEN 'residential' THEN 12 ELSE 13 END",
    "name": "nullif(btrim(t.name), '')",
    "merged": "ST_LineMerge(ST_CollectionExtract("
    "ST_Collect(t.geom_3857 ORDER BY ST_AsBinary(t.geom)), 2))",
    "fine": "%(fine)s::float8",
    "box": f"ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {BUFFER}.0 / {EXTENT})",
}
"""What stands for `{word}` in the parts below."""

PARTS: tuple[Part, ...] = (
    Part(
        "ocean",
        0,
        MAX_ZOOM,
        "SELECT ST_Simplify(t.geom_3857, {fine}, true) AS geom FROM water AS t"
        " WHERE t.kind = 'sea' AND t.geom_3857 && {box}",
        "ST_AsBinary(geom)",
        (),
    ),
    Part(
        "water_polygons",
        4,
        MAX_ZOOM,
        "SELECT ST_Simplify(t.geom_3857, {fine}, true) AS geom,"
        " CASE t.kind WHEN 'pond' THEN 'water' ELSE coalesce(t.kind, 'water') END AS kind,"
        " round(ST_Area(t.geom))::bigint AS way_area FROM water AS t"
        " WHERE t.kind IS DISTINCT FROM 'sea' AND t.geom_3857 && {box}"
        " AND ST_Area(t.geom_3857) > 16 * {fine} * {fine}",
        "way_area DESC, ST_AsBinary(geom)",
        ("kind", "way_area"),
    ),
    Part(
        "water_polygons_labels",
        9,
        MAX_ZOOM,
        "SELECT ST_PointOnSurface(t.geom_3857) AS geom,"
        " CASE t.kind WHEN 'pond' THEN 'water' WHEN 'sea' THEN 'ocean'"
        " ELSE coalesce(t.kind, 'water') END AS kind,"
        " {name} AS name, round(ST_Area(t.geom))::bigint AS way_area FROM water AS t"
        " WHERE {name} IS NOT NULL AND t.geom_3857 && {box}"
        " AND ST_Area(t.geom_3857) > 90000 * {fine} * {fine}",
        "way_area DESC, name, ST_AsBinary(geom)",
        ("kind", "name", "way_area"),
    ),
    Part(
        "buildings",
        MAX_ZOOM,
        MAX_ZOOM,
        "SELECT t.geom_3857 AS geom, 1 AS dummy FROM buildings AS t WHERE t.geom_3857 && {box}"
        " ORDER BY ST_Area(t.geom) DESC, ST_AsBinary(t.geom) LIMIT %(most)s",
        "ST_AsBinary(geom)",
        ("dummy",),
    ),
    Part(
        "streets",
        6,
        MAX_ZOOM,
        # lines of one look become one: fewer features, and no seams where they meet
        "SELECT ST_Simplify({merged}, {fine}) AS geom, {kind} AS kind,"
        " false AS rail, false AS link,"
        " CASE WHEN %(z)s >= 13 THEN t.oneway = 'forward' END AS oneway,"
        " CASE WHEN %(z)s >= 13 THEN t.oneway = 'backward' END AS oneway_reverse"
        " FROM roads AS t WHERE t.geom_3857 && {box} AND {looks} <= %(z)s"
        " GROUP BY kind, 5, 6",
        "kind, oneway, oneway_reverse",
        ("kind", "rail", "link", "oneway", "oneway_reverse"),
    ),
    Part(
        "street_labels",
        12,
        MAX_ZOOM,
        "SELECT (ST_Dump(ST_Simplify({merged}, {fine}))).geom AS geom,"
        " {kind} AS kind, {name} AS name FROM roads AS t"
        " WHERE t.geom_3857 && {box} AND {name} IS NOT NULL AND {looks} < %(z)s"
        " GROUP BY kind, name",
        "kind, name, ST_AsBinary(geom)",
        ("kind", "name"),
    ),
    Part(
        "boundaries",
        0,
        MAX_ZOOM,
        "SELECT ST_Simplify(ST_Boundary(t.geom_3857), {fine}) AS geom, 8 AS admin_level,"
        " false AS maritime, false AS disputed FROM town_boundary AS t"
        " WHERE t.geom_3857 && {box}",
        "ST_AsBinary(geom)",
        ("admin_level", "maritime", "disputed"),
    ),
    Part(
        "place_labels",
        3,
        MAX_ZOOM,
        "SELECT geom, kind, name, name_en FROM (SELECT ST_PointOnSurface(t.geom_3857) AS geom,"
        " 'town' AS kind, nullif(btrim(t.name_th), '') AS name,"
        " nullif(btrim(t.name_en), '') AS name_en FROM town_boundary AS t"
        " WHERE t.geom_3857 && {box} UNION ALL"
        " SELECT ST_PointOnSurface(t.geom_3857), 'neighbourhood', {name},"
        " nullif(btrim(t.name_en), '') FROM communities AS t"
        " WHERE %(z)s >= 12 AND t.geom_3857 && {box}) AS p"
        " WHERE coalesce(name, name_en) IS NOT NULL",
        "kind DESC, name, name_en, ST_AsBinary(geom)",
        ("kind", "name", "name_en"),
    ),
    Part(
        "pois",
        MAX_ZOOM,
        MAX_ZOOM,
        "SELECT t.geom_3857 AS geom, CASE t.kind WHEN 'temple' THEN 'place_of_worship'"
        " WHEN 'market' THEN 'marketplace' WHEN 'government' THEN 'townhall' ELSE t.kind END"
        " AS amenity, {name} AS name FROM facilities AS t WHERE t.geom_3857 && {box}"
        " AND t.kind NOT IN ('utility', 'other')",
        "amenity, name, ST_AsBinary(geom)",
        ("amenity", "name"),
    ),
)
"""The basemap's layers in Shortbread's words."""


@dataclass(frozen=True)
class BasemapTile:
    """One tile that holds something: its place and its plain bytes."""

    z: int
    x: int
    y: int
    data: bytes


def recipe() -> str:
    """Hash of all that decides how data become tiles."""
    told = [*(_statement(z) for z in range(MAX_ZOOM + 1)), MOST]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def bounds(conn: AnyConnection) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees of what there is to draw; None: nothing yet."""
    parts = " UNION ALL ".join(
        f"SELECT ST_Extent(geom_3857) AS e FROM {one}"  # noqa: S608  our own words
        for one in FEEDS
    )
    whole = (
        "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Transform("  # noqa: S608  our own words
        f"ST_SetSRID(ST_Extent(e::geometry)::geometry, 3857), 4326) AS b FROM ({parts}) AS p) AS q"
    )
    row = conn.execute(whole.encode()).fetchone()
    if row is None or row[0] is None:
        return None
    west, south, east, north = (round(float(str(value)), 7) for value in row)
    return west, south, east, north


def places(box: tuple[float, float, float, float]) -> list[tuple[int, int, int]]:
    """Every z, x, y that the box touches, low zooms first."""
    west, south, east, north = box
    found = []
    for z in range(MAX_ZOOM + 1):
        (left, top), (right, bottom) = _at(west, north, z), _at(east, south, z)
        found += [(z, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
    return found


def _at(lon: float, lat: float, z: int) -> tuple[int, int]:
    side = 1 << z
    sine = math.sin(math.radians(lat))
    x = (lon + 180) / 360 * side
    y = (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * side
    return min(max(int(x), 0), side - 1), min(max(int(y), 0), side - 1)


def tile(conn: AnyConnection, z: int, x: int, y: int, *, most: int = MOST) -> bytes:
    """The tile's bytes, empty where nothing is; `most` bounds how many buildings it holds."""
    side = 2 * _HALF_WORLD / (1 << z)
    values = {"z": z, "x": x, "y": y, "most": most, "fine": side / EXTENT}
    row = conn.execute(_statement(z), values).fetchone()
    return bytes(row[0]) if row and isinstance(row[0], bytes) else b""


def tiles(
    conn: AnyConnection, box: tuple[float, float, float, float], *, most: int = MOST
) -> Iterator[BasemapTile]:
    """All tiles that hold something, in the order of `places`."""
    for z, x, y in places(box):
        data = tile(conn, z, x, y, most=most)
        if data:
            yield BasemapTile(z, x, y, data)


def _statement(z: int) -> bytes:
    parts = []
    for part in PARTS:
        if not part.min_zoom <= z <= part.max_zoom:
            continue
        select: str = part.select
        for word, meaning in _WORDS.items():
            select = select.replace(f"{{{word}}}", meaning)
        fields = "".join(f", p.{name}" for name in part.fields)
        # what is cut away to nothing is no feature
        parts.append(
            f"(SELECT ST_AsMVT(m, '{part.name}', {EXTENT}, 'geom') FROM ("  # noqa: S608
            f"SELECT ST_AsMVTGeom(p.geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), {EXTENT},"
            f" {BUFFER}, true) AS geom{fields} FROM ({select}) AS p"
            f" ORDER BY {_qualified(part)}) AS m WHERE m.geom IS NOT NULL)"
        )
    return ("SELECT " + " || ".join(f"coalesce({part}, ''::bytea)" for part in parts)).encode()


def _qualified(part: Part) -> str:
    """The order, by the part's own columns: the cut geometry would be another `geom`."""
    return part.order.replace("ST_AsBinary(geom)", "ST_AsBinary(p.geom)")
