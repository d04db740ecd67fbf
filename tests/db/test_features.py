"""Features as the queries give them: coordinates of the town's own CRS come exactly as stored."""

import json

from psycopg.rows import dict_row
from shapely.geometry import Point

from db.connect import Machine
from db.queries.features import GEOMETRY, Page, build
from layers.catalog import get
from layers.model import Role
from tests.conftest import TownHandle
from tests.tiny import ORIGIN, load_rows

THIRDS = (ORIGIN[0] + 100 / 3, ORIGIN[1] + 200 / 7)


def _place(town: TownHandle, srid: int) -> list[float]:
    layer = get("waste_stops")
    page = Page(
        layer, Role.ADMIN, (layer.field("id"), layer.field("code")), town_srid=town.srid, srid=srid
    )
    statement, values = build(page)
    with town.connect(Role.ADMIN) as conn, conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement, values).fetchall()
    (row,) = [row for row in rows if row["code"] == "THIRDS"]
    coordinates: list[float] = json.loads(row[GEOMETRY])["coordinates"]
    return coordinates


def test_the_towns_own_coordinates_survive_the_way_out(own_tiny_town: TownHandle) -> None:
    stop = {"code": "THIRDS", "route_code": "B1", "seq": 9, "geom": Point(THIRDS)}
    with own_tiny_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "waste_stops", [stop])
    assert tuple(_place(own_tiny_town, own_tiny_town.srid)) == THIRDS
    degrees = _place(own_tiny_town, 4326)
    assert degrees == [round(each, 7) for each in degrees]
