"""The town every benchmark asks: generated once for a size, kept from run to run.

Beside the platform's own tables it has a schema `peers`: the parcels as a server finds them that
knows nothing of this platform, one plain table in the town's CRS with a GiST index, its rows along
the same Hilbert curve, holding what the public may see of a parcel.
"""

import hashlib
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import sql

from bench import peopled_town, tile_town
from bench.tile_town import ORIGIN, SRID, Size, fill
from db.connect import connect_admin, database_name, url_for
from db.derived import AnyConnection
from db.migrate import migrate
from db.towns import TownSpec, create_town, drop_town, has_town
from db.view_names import view_columns
from layers.catalog import get
from layers.model import Role
from layers.text import Text
from tests.conftest import TownHandle

FIVE = ("parcels", "waste_routes", "flood_zones", "permits", "care_locations")
_HALF_WORLD = 20037508.342789244

Tile = tuple[int, int, int]


@dataclass(frozen=True)
class Town:
    """A generated town on a server."""

    server_url: str
    secret: str = field(repr=False)
    id: str
    size: Size

    def url(self, role: Role) -> str:
        """Where a role connects to."""
        return url_for(self.server_url, self.secret, self.id, role)

    @property
    def handle(self) -> TownHandle:
        """The same, as those who start servers want it."""
        return TownHandle(self.server_url, self.secret, self.id, SRID)


def kept(server_url: str, secret: str, parcels: int) -> Town:
    """The town of this many parcels, made if it is not there whole and as this code makes it."""
    town = Town(server_url, secret, f"bench_{parcels}", Size(parcels))
    if has_town(server_url, town.id) and _said(town) == _made_by(town):
        migrate(server_url, secret, town.id)
        return town
    drop_town(server_url, town.id)
    began = time.perf_counter()
    _make(town)
    with connect_admin(server_url) as conn:
        conn.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(database_name(town.id)), sql.Literal(_made_by(town))
            )
        )
    print(
        f"{parcels:,} parcels and what goes with them made in {time.perf_counter() - began:.0f} s"
    )
    return town


@contextmanager
def passing(server_url: str, secret: str, parcels: int) -> Iterator[Town]:
    """A town of this many parcels that is dropped again."""
    town = Town(server_url, secret, f"bench{os.urandom(3).hex()}", Size(parcels))
    try:
        _make(town)
        yield town
    finally:
        drop_town(server_url, town.id)


def _make(town: Town) -> None:
    name = Text(th="วัดผล", en="Bench")
    spec = TownSpec(id=town.id, name=name, srid=SRID, synthetic=True)
    create_town(town.server_url, town.secret, spec)
    with connect_admin(town.server_url, town.id) as conn:
        fill(conn, town.size)
        peopled_town.people(conn, town.size)
        conn.execute("SELECT muang.number_changes()")
        _for_peers(conn)
        conn.execute("VACUUM ANALYZE")


def _for_peers(conn: AnyConnection) -> None:
    """The parcels as peers read them, owned by the administrator, who is whom they log in as."""
    columns = sql.SQL(", ").join(
        sql.Identifier(name)
        for name in view_columns(get("parcels"), Role.PUBLIC)
        if name not in ("geom", "geom_3857")
    )
    conn.execute("DROP SCHEMA IF EXISTS peers CASCADE")
    conn.execute("CREATE SCHEMA peers")
    conn.execute(
        sql.SQL(
            "CREATE TABLE peers.parcels AS SELECT {}, geom::gis.geometry(MultiPolygon, {}) AS geom"
            " FROM as_public.parcels ORDER BY geom"
        ).format(columns, sql.Literal(SRID))
    )
    conn.execute("ALTER TABLE peers.parcels ADD PRIMARY KEY (id)")
    conn.execute("CREATE INDEX ON peers.parcels USING gist (geom)")


def _said(town: Town) -> str | None:
    with connect_admin(town.server_url) as conn:
        row = conn.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [database_name(town.id)],
        ).fetchone()
    return None if row is None or row[0] is None else str(row[0])


def _made_by(town: Town) -> str:
    """Of the code that makes such a town, and its size."""
    told = hashlib.sha256(repr(town.size).encode())
    for source in (tile_town.__file__, peopled_town.__file__, __file__):
        told.update(Path(source).read_bytes())
    return told.hexdigest()


def trace(town: Town, zooms: tuple[int, ...], count: int) -> list[Tile]:
    """Tiles at random places of the town, the same every time."""
    chance = random.Random(16)  # noqa: S311 - nothing to guess
    with connect_admin(town.server_url, town.id) as conn:
        box = conn.execute(
            "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Transform("
            "ST_MakeEnvelope(%(x)s, %(y)s, %(x)s + %(m)s, %(y)s + %(m)s, %(srid)s), 3857) AS b)"
            " AS q",
            {"x": ORIGIN[0], "y": ORIGIN[1], "m": town.size.edge_m, "srid": SRID},
        ).fetchone()
    west, south, east, north = (float(str(edge)) for edge in box or ())
    found = []
    for turn in range(count):
        z = zooms[turn % len(zooms)]
        side = 2 * _HALF_WORLD / (1 << z)
        x, y = chance.uniform(west, east), chance.uniform(south, north)
        found.append((z, int((x + _HALF_WORLD) / side), int((_HALF_WORLD - y) / side)))
    return found
