"""Tiles from render tables equal `ST_AsMVTGeom` of the live geometry, on hostile shapes too."""

from typing import Any

import mapbox_vector_tile
import numpy as np
import psycopg
import pytest
import shapely
from psycopg import sql
from pyproj import Transformer
from shapely.geometry import Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from db.connect import Machine, connect_admin
from db.queries.tiles import TileLayer, build, place
from layers.catalog import get
from layers.model import Role
from layers.privacy import tile_fields
from tests.conftest import TownHandle
from tests.db import hostile
from tests.tiny import load_rows, point

TO_MERCATOR = Transformer.from_crs(32648, 3857, always_xy=True)
HALF_WORLD = 20037508.342789244
WIDE = box(-64, -64, 4160, 4160)

# ST_AsMVTGeom leaves out points within half a unit and rounds, on both sides of the comparison;
# below zoom 14 what is stored of a shape with many points lies within a unit of it besides
NEAR = 1.5
NEAR_GENERALISED = 2.5

REFERENCE = """
SELECT ST_AsMVT(q, {name}, 4096, 'geom', 'id') FROM (
    SELECT
        t.id,
        ST_AsMVTGeom(t.geom_3857, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64, true) AS geom
    FROM {table} AS t
    WHERE t.geom_3857 && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096)
) AS q"""

Shapes = dict[int, BaseGeometry]
Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def town(module_town: TownHandle) -> TownHandle:
    """Hostile areas as parcels and as flood zones, lines as roads, points as permits."""
    areas = list(hostile.spread(hostile.areas()))
    with module_town.connect("loader") as conn:  # type: ignore[arg-type]
        for layer in ("parcels", "flood_zones"):
            load_rows(conn, layer, [{"code": name, "geom": geom} for name, geom in areas])
        lines = list(hostile.spread(hostile.lines()))
        load_rows(conn, "roads", [{"code": name, "geom": geom} for name, geom in lines])
        rng = np.random.default_rng(3)
        points = [point(*rng.uniform(0, 2000, 2)) for _ in range(500)]
        load_rows(conn, "permits", [{"permit_no": str(n), "geom": p} for n, p in enumerate(points)])
    return module_town


def tiles_of(geometries: list[BaseGeometry], z: int) -> set[tuple[int, int, int]]:
    """The tiles of a zoom that hold a point of any of these (EPSG:3857)."""
    side = 2 * HALF_WORLD / (1 << z)
    at = shapely.get_coordinates(shapely.get_parts(geometries))
    columns = ((at[:, 0] + HALF_WORLD) / side).astype(int)
    rows = ((HALF_WORLD - at[:, 1]) / side).astype(int)
    return {(z, int(x), int(y)) for x, y in set(zip(columns, rows, strict=True))}


def decoded(body: Any, name: str) -> Shapes:
    """Feature id -> geometry in tile units, y downwards."""
    found = mapbox_vector_tile.decode(bytes(body), default_options={"y_coord_down": True})
    features = found.get(name, {"features": []})["features"]
    made = {feature["id"]: shape(feature["geometry"]) for feature in features}
    assert len(made) == len(features), "one feature, one id"
    return made


def both(conn: Connection, layer_id: str, tile: tuple[int, int, int]) -> tuple[Shapes, Shapes]:
    """A tile as served and as `ST_AsMVTGeom` draws it from the live view."""
    layer = get(layer_id)
    part = TileLayer(layer, Role.PUBLIC, tile_fields(layer, Role.PUBLIC))
    statement, _ = build((part,), tile[0])
    reference = sql.SQL(REFERENCE).format(
        name=sql.Literal(layer_id), table=sql.Identifier(layer_id)
    )
    values = place(*tile)
    (served,) = conn.execute(statement, values).fetchone() or (b"",)
    (meant,) = conn.execute(reference, values).fetchone() or (b"",)
    return decoded(served, layer_id), decoded(meant, layer_id)


@pytest.mark.parametrize("z", [10, 11, 12, 13, 14, 15, 16, 17, 18])
@pytest.mark.parametrize("layer", ["parcels", "flood_zones", "roads", "permits"])
def test_tiles_equal_what_postgis_draws(town: TownHandle, layer: str, z: int) -> None:
    if z < get(layer).zooms.min:
        return
    with connect_admin(town.server_url, town.town_id) as conn:
        rows = conn.execute(
            sql.SQL("SELECT gis.ST_AsBinary(geom_3857) FROM {}").format(
                sql.Identifier("town", layer)
            )
        ).fetchall()
    tiles = sorted(tiles_of([shapely.from_wkb(row[0]) for row in rows], z))
    with town.connect(Role.PUBLIC) as conn:
        for tile in tiles[:: max(1, len(tiles) // 20)]:
            served, meant = both(conn, layer, tile)
            assert served.keys() == meant.keys(), tile
            for n in served:
                _same(served[n], meant[n], NEAR if z >= 14 else NEAR_GENERALISED, (tile, n))


def _same(served: BaseGeometry, meant: BaseGeometry, near: float, what: object) -> None:
    assert served.is_valid or not meant.is_valid, what
    assert WIDE.covers(served), what
    assert served.hausdorff_distance(meant) <= near, what
    assert abs(served.area - meant.area) <= near * (meant.length + 4), what
    for part in getattr(served, "geoms", [served]):
        if part.geom_type == "Polygon":  # version 2: outer rings turn clockwise on the screen
            assert part.exterior.is_ccw, what
            assert not any(ring.is_ccw for ring in part.interiors), what


def test_what_rounding_would_break_is_left_to_postgis(town: TownHandle) -> None:
    """Both ways of drawing are in use, and the lowest zoom of the simple one grows with danger."""
    with connect_admin(town.server_url, town.town_id) as conn:
        found = dict(
            conn.execute(
                "SELECT split_part(t.code, '-', 1), min(r.plain_from) FROM town.parcels AS t"
                " INNER JOIN render.parcels AS r ON r.id = t.id GROUP BY 1"
            ).fetchall()
        )
    assert found["plain"] <= 10
    assert 14 < found["bow_tie_to_be"] <= found["hole_near_edge"] < found["thin"]
    assert found["hole_touches"] <= 12
    assert found["many_points"] is None
    assert found["giant"] <= 2


def test_pieces_cover_the_shape_and_end_outside_every_tile(town: TownHandle) -> None:
    with connect_admin(town.server_url, town.town_id) as conn:
        (wrong,) = conn.execute("""
            SELECT count(*) FROM (
                SELECT t.geom_3857 AS whole, ST_Union(ST_MakeValid(r.geom)) AS pieces
                FROM town.flood_zones AS t INNER JOIN render.flood_zones AS r ON r.id = t.id
                WHERE r.piece >= 0 GROUP BY t.id
            ) AS p WHERE ST_Area(ST_SymDifference(p.whole, p.pieces)) > 1e-6 * ST_Area(p.whole)
            """).fetchone() or (None,)
        (far,) = conn.execute("""
            SELECT count(*) FROM town.flood_zones AS t
            INNER JOIN render.flood_zones AS r ON r.id = t.id
            WHERE r.piece BETWEEN -99 AND -1 AND ST_HausdorffDistance(t.geom_3857, r.geom)
            > 0.51 * muang.tile_unit(-1 - r.piece)""").fetchone() or (None,)
        (pieces,) = conn.execute(
            "SELECT count(*) FROM render.flood_zones WHERE piece >= 0"
        ).fetchone() or (0,)
    assert int(str(pieces)) > 40
    assert wrong == 0
    assert far == 0


def test_a_shape_out_of_all_bounds_is_kept_whole(town: TownHandle) -> None:
    """Thousands of tiles are never cut for one shape."""
    with connect_admin(town.server_url, town.town_id) as conn:
        found = conn.execute("""
            SELECT p.piece, ST_NPoints(p.geom) FROM muang.render_pieces(
                ST_Buffer(ST_SetSRID(ST_MakePoint(11000000, 1700000), 3857), 400000, 40), 9, 18
            ) AS p""").fetchall()
    assert found == [(None, 161)]


def test_areas_of_very_many_points_are_kept_as_each_low_tile_draws_them(town: TownHandle) -> None:
    """A comb of 3,000 teeth across some tiles: what is served is what PostGIS draws there."""
    teeth = 3000
    xy = [(520_000 + 4 * n, 1_690_000 + (0 if n % 2 else 3000 + n)) for n in range(teeth)]
    comb = Polygon([*xy, (520_000 + 4 * teeth, 1_680_000), (520_000, 1_680_000)])
    with town.connect(Machine.LOADER) as conn:
        load_rows(
            conn,
            "flood_zones",
            [{"code": "COMB", "kind": "other", "geom": shapely.MultiPolygon([comb])}],
        )
        conn.commit()
    try:
        with connect_admin(town.server_url, town.town_id) as conn:
            (low,) = conn.execute(
                "SELECT count(*) FROM render.flood_zones AS r INNER JOIN town.flood_zones AS t"
                " ON r.id = t.id WHERE t.code = 'COMB' AND r.piece <= -1000"
            ).fetchone() or (None,)
            (shape,) = conn.execute(
                "SELECT gis.ST_AsBinary(geom_3857) FROM town.flood_zones WHERE code = 'COMB'"
            ).fetchone() or (None,)
        assert int(str(low)) > 4
        assert isinstance(shape, bytes)
        with town.connect(Role.PUBLIC) as conn:
            for z in (11, 13):
                for tile in sorted(tiles_of([shapely.from_wkb(shape)], z)):
                    served, meant = both(conn, "flood_zones", tile)
                    assert served.keys() == meant.keys(), tile
                    for n in served:
                        _same(served[n], meant[n], NEAR_GENERALISED, (tile, n))
    finally:
        with connect_admin(town.server_url, town.town_id) as conn:
            conn.execute("DELETE FROM town.flood_zones WHERE code = 'COMB'")
