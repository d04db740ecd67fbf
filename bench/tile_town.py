"""The town the tile benchmark draws: 200,000 parcels and four more layers, the same every time.

The figures are those of the measurements the tiles were designed on: parcels of 7 points that
share their boundaries, permits inside parcels, refuse routes of 1,011 points, flood
multipolygons of 2,239 points on average and 5,500 at most, some with a hole, and people in care.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg import sql

from db.derived import AnyConnection

SRID = 32648
ORIGIN = (520_000.0, 1_680_000.0)
PLOT_M = 38.0
"""Side of a parcel before its corners are moved: some 700 to the square kilometre."""

Floats = NDArray[np.float64]
Row = tuple[object, ...]


@dataclass(frozen=True)
class Size:
    """How many features of each layer; the other layers follow the number of parcels."""

    parcels: int = 200_000

    @property
    def side(self) -> int:
        """Parcels along a side of the town, which is a square."""
        return math.ceil(math.sqrt(self.parcels))

    @property
    def edge_m(self) -> float:
        """The town's side in metres."""
        return self.side * PLOT_M

    def share(self, of_200_000: int) -> int:
        """The number that goes with these parcels when it is this with 200,000."""
        return max(1, round(of_200_000 * self.parcels / 200_000))


def fill(conn: AnyConnection, size: Size) -> None:
    """Put the five layers into a new town, each in one statement as an import does it."""
    rng = np.random.default_rng(2569)
    for layer, columns, rows in (
        ("parcels", PARCEL_COLUMNS, parcels(size, rng)),
        ("permits", PERMIT_COLUMNS, permits(size, rng)),
        ("waste_routes", ("code", "name", "start_time", "vehicle"), routes(size, rng)),
        ("flood_zones", FLOOD_COLUMNS, floods(size, rng)),
        ("care_locations", CARE_COLUMNS, care(size, rng)),
    ):
        put(conn, layer, columns, rows)
    conn.execute("SELECT muang.number_changes()")
    conn.execute("ANALYZE")


def put(
    conn: AnyConnection,
    layer: str,
    columns: tuple[str, ...],
    rows: Iterator[Row],
    *,
    placed: bool = True,
) -> None:
    """Put rows into a layer's table in one statement; the last value of each is its place (WKB)."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    table = sql.Identifier("town", layer)
    conn.execute(
        sql.SQL("CREATE TEMPORARY TABLE incoming AS SELECT {} FROM {} LIMIT 0").format(names, table)
    )
    if placed:
        conn.execute("ALTER TABLE incoming ADD COLUMN wkb bytea")
    with conn.cursor() as cursor, cursor.copy("COPY incoming FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    if placed:
        statement = sql.SQL(
            "INSERT INTO {} ({}, geom) SELECT {}, gis.ST_GeomFromWKB(wkb, {}) AS shape"
            " FROM incoming ORDER BY shape"
        ).format(table, names, names, sql.Literal(SRID))
    else:
        statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM incoming").format(
            table, names, names
        )
    conn.execute(statement)
    conn.execute("DROP TABLE incoming")


PARCEL_COLUMNS = (
    "code",
    "tambon_code",
    "address",
    "use",
    "use_detail",
    "area_deed_m2",
    "area_m2",
    "owner_name",
)


def parcels(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    """Parcels of six corners (7 points), four moved corners and two bends they share."""
    side = size.side
    corners = _lattice(side, rng)
    # a bend in the western and in the southern edge of each parcel, shared with its neighbour
    west = (corners[:-1, :] + corners[1:, :]) / 2 + rng.uniform(-1.5, 1.5, (side, side + 1, 2))
    east = west[:, 1:]
    ring = np.stack(
        [
            corners[:-1, :-1],
            corners[:-1, 1:],
            east,
            corners[1:, 1:],
            corners[1:, :-1],
            west[:, :-1],
            corners[:-1, :-1],
        ],
        axis=2,
    ).reshape(-1, 7, 2)[: size.parcels]
    plots: Any = shapely.polygons(ring)
    shapes: Any = shapely.multipolygons(plots, indices=np.arange(len(ring)))
    areas: Any = shapely.area(shapes)
    uses = rng.choice(
        ["residential", "commercial", "agriculture", "vacant", "public"],
        len(ring),
        p=[0.6, 0.12, 0.13, 0.1, 0.05],
    )
    for i, (wkb, area, use) in enumerate(
        zip(shapely.to_wkb(shapes), areas.tolist(), uses.tolist(), strict=True)
    ):
        yield (
            f"01A{i:06d}",
            f"3419{i % 12:02d}",
            f"{i % 999}/{i % 7} ม.{i % 12} ถ.เทศบาล {i % 40}",
            use,
            f"รายละเอียด {i % 60}",
            round(area),
            area,
            f"เจ้าของ {i}",
            wkb,
        )


def _lattice(side: int, rng: np.random.Generator) -> Floats:
    """Corners of a grid, each moved by up to 3 m."""
    steps = np.arange(side + 1) * PLOT_M
    grid = np.stack(np.meshgrid(ORIGIN[0] + steps, ORIGIN[1] + steps), axis=2)
    moved: Floats = grid + rng.uniform(-3, 3, grid.shape)
    return moved


PERMIT_COLUMNS = ("permit_no", "kind", "status", "parcel_code", "address", "holder_name")


def permits(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    """Permits at random places of the town."""
    count = size.share(60_000)
    kinds = rng.choice(["building", "food", "hazardous", "other"], count, p=[0.6, 0.25, 0.1, 0.05])
    wkb = shapely.to_wkb(_points(size, count, rng))
    for i, kind in enumerate(kinds.tolist()):
        yield (
            f"อ{i}/2569",
            kind,
            "issued",
            f"01A{i * 3:06d}",
            f"{i % 999} ถ.เทศบาล {i % 40}",
            f"ผู้รับ {i}",
            wkb[i],
        )


def _points(size: Size, count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    at: Any = shapely.points(np.asarray(ORIGIN) + rng.uniform(0, size.edge_m, (count, 2)))
    return cast("NDArray[np.object_]", at)


def routes(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    """Routes of 1,011 points some 9 m apart that turn like streets."""
    for i in range(size.share(300)):
        heading = rng.choice([0.0, 0.5, 1.0, 1.5]) + np.cumsum(
            rng.choice([0.0, 0.5, -0.5], 1010, p=[0.97, 0.015, 0.015])
        )
        steps = 9 * np.stack([np.cos(heading * np.pi), np.sin(heading * np.pi)], axis=1)
        steps += rng.normal(0, 0.4, steps.shape)
        start = rng.uniform(0, size.edge_m, 2)
        walked = np.vstack([start, start + np.cumsum(steps, axis=0)])
        # at the town's edge a lorry turns round
        inside = np.asarray(ORIGIN) + size.edge_m - np.abs(walked % (2 * size.edge_m) - size.edge_m)
        line = shapely.multilinestrings([inside])
        yield f"B{i}", f"สาย {i}", "05:00", f"รถ {i % 40}", shapely.to_wkb(line)


FLOOD_COLUMNS = (
    "code",
    "name",
    "kind",
    "return_period_y",
    "depth_class",
    "depth_min_m",
    "depth_max_m",
    "confidence",
)
_DEPTHS = (("lt_0_3", 0.0, 0.3), ("0_3_0_5", 0.3, 0.5), ("0_5_1", 0.5, 1.0), ("gt_1", 1.0, 3.0))


def floods(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    """Waters with ragged shores, one to three parts, every third with an island."""
    for i in range(size.share(400)):
        parts = int(rng.integers(1, 4))
        points = int(np.clip(rng.lognormal(7.55, 0.55), 300, 5_490)) // parts
        shape: Any = shapely.multipolygons(
            [_water(size, points, rng, island=i % 3 == 0) for _ in range(parts)]
        )
        if not shapely.is_valid(shape):
            shape = shapely.union_all(shapely.get_parts(shapely.make_valid(shape)))
        if shapely.get_type_id(shape) == shapely.GeometryType.POLYGON:
            shape = shapely.multipolygons([shape])
        depth, least, most = _DEPTHS[i % 4]
        period = (2, 5, 10, 25, 50, 100)[i % 6]
        wkb = shapely.to_wkb(shape)
        yield f"Z{i}", f"เขต {i}", "return_period", period, depth, least, most, "แบบจำลอง", wkb


def _water(
    size: Size, points: int, rng: np.random.Generator, *, island: bool
) -> shapely.geometry.Polygon:
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radius = points * 0.6 * rng.uniform(0.7, 1.3)
    wave = sum(
        rng.uniform(0, 0.35) / n * np.sin(n * turn + rng.uniform(0, 6.3)) for n in (2, 3, 5, 9, 17)
    )
    reach = radius * (1 + wave) + rng.uniform(-2, 2, points)
    middle = np.asarray(ORIGIN) + rng.uniform(0, size.edge_m, 2)
    shore = middle + reach[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    holes = []
    if island:
        few = turn[:: max(1, points // 60)]
        holes = [middle + 0.2 * radius * np.stack([np.cos(few), np.sin(few)], axis=1)]
    return shapely.Polygon(shore, holes)


CARE_COLUMNS = ("code", "kind", "band", "household", "mobility", "person_name", "diagnosis")


def care(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    """Homes of people in care; every fortieth place is a facility."""
    count = size.share(8_000)
    wkb = shapely.to_wkb(_points(size, count, rng))
    bands = rng.choice(["bedridden", "homebound", "social", "unknown"], count)
    for i, band in enumerate(bands.tolist()):
        home = i % 40 > 0
        yield (
            f"H{i}",
            "home" if home else "facility",
            band if home else None,
            f"ค{i}" if home else None,
            "carried" if home else None,
            f"ผู้ป่วย {i}" if home else None,
            "สมมติ" if home else None,
            wkb[i],
        )
