"""Where one stored feature lies: benchmarks of a town for the control-point check."""

from collections.abc import Sequence

from psycopg import sql

from db.derived import AnyConnection
from layers.errors import BadRequestError, NotFoundError
from layers.model import GeometryKind, Layer
from layers.text import Text


def centre_distances(
    conn: AnyConnection, layer: Layer, points: Sequence[tuple[float, float]]
) -> list[float]:
    """Metres from each point (town's CRS) to the centre of the stored feature nearest to it.

    Empty for a table, and while the layer holds nothing. The centre is that of the box.
    """
    if layer.geometry is None or not points:
        return []
    rows = conn.execute(
        sql.SQL(
            "SELECT (SELECT gis.ST_Distance(gis.ST_Centroid(gis.ST_Envelope(t.geom)), p.g)"
            " FROM town.{} AS t ORDER BY t.geom OPERATOR(gis.<->) p.g LIMIT 1)"
            " FROM (SELECT o, gis.ST_SetSRID(gis.ST_MakePoint(x, y), f.srid) AS g"
            " FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS u (x, y, o),"
            " muang.town_facts() AS f) AS p ORDER BY p.o"
        ).format(sql.Identifier(layer.id)),
        [[float(x) for x, _y in points], [float(y) for _x, y in points]],
    ).fetchall()
    return [float(str(row[0])) for row in rows if row[0] is not None]


def stored_point(conn: AnyConnection, layer: Layer, key: str) -> tuple[float, float]:
    """East and north (town's CRS, m) of the point of a layer with that natural key.

    NotFoundError when there is none or more than one; BadRequestError for a layer not of points.
    """
    if layer.geometry is not GeometryKind.POINT:
        raise BadRequestError(
            Text(th=f"{layer.id} ไม่ใช่ชั้นข้อมูลจุด", en=f"{layer.id} is not a layer of points.")
        )
    rows = conn.execute(
        sql.SQL("SELECT gis.ST_X(geom), gis.ST_Y(geom) FROM town.{} WHERE {} = %s LIMIT 2").format(
            sql.Identifier(layer.id), sql.Identifier(layer.natural_key[0])
        ),
        [key],
    ).fetchall()
    if len(rows) != 1:
        raise NotFoundError(
            Text(
                th=f"{layer.id} ไม่มีจุดเดียวที่มีรหัส {key}",
                en=f"{layer.id} has no single point with the key {key}.",
            )
        )
    return float(str(rows[0][0])), float(str(rows[0][1]))
