"""Where one stored feature lies: benchmarks of a town for the control-point check."""

from psycopg import sql

from db.derived import AnyConnection
from layers.errors import BadRequestError, NotFoundError
from layers.model import GeometryKind, Layer
from layers.text import Text


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
