"""Keeping a gauge's stage library, as the `loader` login: zones, rings and what is said of them.

All of it is one transaction: until it commits, the library before is in use, whatever happens to
whoever builds. Rows are written by difference, and one undo takes zones and rings back together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import shapely
from psycopg import sql
from psycopg.types.json import Jsonb

from db.changes import number_changes
from db.datasets import Dataset
from db.derived import AnyConnection
from db.load import Incoming, load_inside
from db.matching import Counts
from layers.catalog import get
from layers.errors import BadRequestError
from layers.gate_states import THROUGH, Taken
from layers.model import Layer
from layers.text import Text

ZONES = get("flood_zones")
RINGS = get("flood_stages")
ZONE_COLUMNS = (
    *("code", "name", "kind", "gauge", "stage_m", "depth_class", "depth_min_m", "depth_max_m"),
    *("confidence", "means", "stage_low_m", "stage_high_m", "geom"),
)
RING_COLUMNS = (
    *("code", "gauge", "kind", "wet_from_m", "level_m", "zoom_from", "zoom_to", "geom"),
)
MEANS = "library"
"""`means` of the zones that are a library's."""

Row = tuple[object, ...]


@dataclass(frozen=True)
class Entry:
    """A library to be kept: its gauge, zones and rings in the order of their columns, and facts.

    `zones` and `rings` are read once. `facts` is asked for when all rows have been read. `file`
    is the name of the cells' file and its SHA-256.
    """

    gauge: str
    zones: Iterable[Row]
    rings: Iterable[Row]
    facts: Callable[[], Mapping[str, object]]
    file: tuple[str, str] | None = None


@dataclass(frozen=True)
class Kept:
    """What keeping a library changed: the import that takes it back, and rows by layer."""

    dataset_id: int
    zones: Counts
    rings: Counts


@dataclass(frozen=True)
class LibraryRecord:
    """A library in use."""

    id: int
    gauge: str
    dataset_id: int
    facts: dict[str, Any]
    file: str | None
    sha256: str | None


def keep(
    conn: AnyConnection,
    entry: Entry,
    *,
    source: str,
    actor: str,
    synthetic: bool = False,
    on_rows: Callable[[int], None] | None = None,
) -> Kept:
    """Make a library the one in use for its gauge; `on_rows` hears how many zones are staged."""
    with conn.transaction():
        done: dict[str, Counts] = {}
        ids: dict[str, int] = {}
        for layer, columns, rows in (
            (ZONES, ZONE_COLUMNS, entry.zones),
            (RINGS, RING_COLUMNS, entry.rings),
        ):
            codes: list[str] = []
            loaded = load_inside(
                conn,
                layer,
                Incoming(columns, _noting(rows, codes)),
                mode="upsert",
                dataset=Dataset(
                    layer.id,
                    source,
                    actor,
                    note=f"stage library of {entry.gauge}",
                    synthetic=synthetic,
                ),
                on_rows=on_rows if layer is ZONES else None,
            )
            if loaded.refused_count:
                raise RuntimeError(f"{layer.id} refused {loaded.refused[0].reason.en}")
            gone = _remove_others(conn, layer, entry.gauge, codes)
            counts = loaded.counts
            done[layer.id] = Counts(
                inserted=counts.inserted,
                updated=counts.updated,
                unchanged=counts.unchanged,
                deleted=gone,
            )
            ids[layer.id] = loaded.dataset_id
        _same_set(conn, list(ids.values()))
        file, digest = entry.file or (None, None)
        conn.execute(
            "INSERT INTO muang.flood_library (gauge, dataset_id, facts, file, sha256, made_by)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [entry.gauge, ids[ZONES.id], Jsonb(dict(entry.facts())), file, digest, actor],
        )
    number_changes(conn)
    return Kept(ids[ZONES.id], done[ZONES.id], done[RINGS.id])


def _noting(rows: Iterable[Row], codes: list[str]) -> Iterable[Row]:
    for row in rows:
        codes.append(str(row[0]))
        yield row


def _remove_others(conn: AnyConnection, layer: Layer, gauge: str, codes: list[str]) -> int:
    """Delete what an earlier library of the gauge had and this one has not."""
    only = sql.SQL(" AND means = {}").format(sql.Literal(MEANS)) if layer is ZONES else sql.SQL("")
    return conn.execute(
        sql.SQL("DELETE FROM {} WHERE gauge = %s AND code <> all(%s){}").format(
            sql.Identifier("town", layer.id), only
        ),
        [gauge, codes],
    ).rowcount


def _same_set(conn: AnyConnection, ids: list[int]) -> None:
    """Both imports are one change set, also where one of them changed nothing by itself."""
    conn.execute(
        "UPDATE muang.dataset SET change_set ="
        " nullif(current_setting('muang.change_set', true), '')::bigint WHERE id = any(%s)",
        [ids],
    )


def libraries(conn: AnyConnection) -> list[LibraryRecord]:
    """The library in use of each gauge, by gauge."""
    rows = conn.execute(
        "SELECT id, gauge, dataset_id, facts, file, sha256 FROM muang.flood_libraries()"
        " ORDER BY gauge"
    ).fetchall()
    return [LibraryRecord(*row) for row in rows]  # type: ignore[arg-type]  # columns as declared


def ever_built(conn: AnyConnection) -> set[str]:
    """Gauges a library was ever built for, taken back or not."""
    rows = conn.execute("SELECT DISTINCT gauge FROM muang.flood_library").fetchall()
    return {str(row[0]) for row in rows}


def files(conn: AnyConnection) -> set[str]:
    """Names of the files any library on record names."""
    rows = conn.execute("SELECT file FROM muang.flood_library WHERE file IS NOT NULL").fetchall()
    return {str(row[0]) for row in rows}


@dataclass(frozen=True)
class ElevationFile:
    """The elevation in use and what is said of it; metres."""

    file: str
    sha256: str
    dataset_id: int
    datum: str | None
    error_m: float | None
    surface: str | None
    dtype: str | None
    source: str
    synthetic: bool


def elevation(conn: AnyConnection) -> ElevationFile | None:
    """The elevation in use; None: the town has none."""
    row = conn.execute(
        "SELECT file, sha256, dataset_id, datum, error_m, surface, dtype, source, synthetic"
        " FROM muang.raster WHERE id = 'elevation' ORDER BY version DESC LIMIT 1"
    ).fetchone()
    return None if row is None else ElevationFile(*row)  # type: ignore[arg-type]  # as declared


def permanent_water(conn: AnyConnection) -> shapely.Geometry | None:
    """The union of the town's rivers, canals and sea, in its CRS; None: there is none.

    Ponds are left out: no flood comes from water that no river or sea reaches.
    """
    row = conn.execute(
        "SELECT gis.ST_AsBinary(gis.ST_Union(geom)) FROM town.water"
        " WHERE kind IS DISTINCT FROM 'pond'"
    ).fetchone()
    return shapely.from_wkb(bytes(row[0])) if row and isinstance(row[0], bytes) else None


def gauge(conn: AnyConnection, code: str) -> tuple[shapely.Geometry, str | None] | None:
    """Where a gauge stands, in the town's CRS, and its vertical datum; None: it is not known."""
    row = conn.execute(
        "SELECT gis.ST_AsBinary(geom), datum FROM town.gauges WHERE code = %s LIMIT 1", [code]
    ).fetchone()
    return None if row is None else (_shape(row[0]), None if row[1] is None else str(row[1]))


@dataclass(frozen=True)
class Levee:
    """A levee or gate: its line in the town's CRS, crest in metres MSL, and its state."""

    code: str
    line: shapely.Geometry
    crest_m: float | None
    state: str | None

    @property
    def through(self) -> bool:
        """Whether water passes it as if it were not there."""
        return self.state in THROUGH

    @property
    def taken(self) -> Taken:
        """How a library takes it."""
        return Taken(self.state, holds=not self.through and self.crest_m is not None)


def _shape(wkb: object) -> shapely.Geometry:
    if not isinstance(wkb, bytes):
        raise TypeError("the database gave no geometry")
    return shapely.from_wkb(wkb)


def levees(conn: AnyConnection) -> list[Levee]:
    """Every levee and gate."""
    rows = conn.execute(
        "SELECT code, gis.ST_AsBinary(geom), crest_m, state FROM town.levees ORDER BY code, id"
    ).fetchall()
    return [
        Levee(str(code), _shape(line), crest, state)  # type: ignore[arg-type]  # as declared
        for code, line, crest, state in rows
    ]


def placed(conn: AnyConnection, shapes: Sequence[str]) -> list[shapely.Geometry]:
    """GeoJSON geometries (EPSG:4326, as text) in the town's CRS.

    BadRequestError for what is no geometry.
    """
    try:
        rows = conn.execute(
            "SELECT gis.ST_AsBinary(gis.ST_Transform(gis.ST_SetSRID("
            "gis.ST_GeomFromGeoJSON(s.shape), 4326), t.srid))"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS s (shape, place)"
            " CROSS JOIN muang.town_facts() AS t ORDER BY s.place",
            [list(shapes)],
        ).fetchall()
    except psycopg.Error as error:
        raise BadRequestError(
            Text(
                th="อ่านรูปไม่ได้ ต้องเป็น GeoJSON ลองจิจูด, ละติจูด",
                en="The shape cannot be read: GeoJSON, longitude and latitude, is wanted.",
            )
        ) from error
    return [shapely.from_wkb(bytes(row[0])) for row in rows if isinstance(row[0], bytes)]


def extent(
    conn: AnyConnection, *, stage: tuple[str, float] | None = None, codes: Sequence[str] = ()
) -> shapely.Geometry | None:
    """The union of flood zones, of a stage of a gauge or by code; None: there are none.

    Of a stage a library holds, its zones alone are meant.
    """
    gauge_code, stage_m = stage or (None, None)
    row = conn.execute(
        "SELECT gis.ST_AsBinary(gis.ST_Union(z.geom)) FROM town.flood_zones AS z"
        " WHERE z.code = any(%s) OR (z.kind = 'stage' AND z.gauge = %s"
        " AND abs(z.stage_m - %s::double precision) < 0.001"
        " AND (z.means = 'library' OR NOT EXISTS ("
        "SELECT 1 FROM town.flood_zones AS l WHERE l.kind = 'stage' AND l.means = 'library'"
        " AND l.gauge = z.gauge AND abs(l.stage_m - z.stage_m) < 0.001)))",
        [list(codes), gauge_code, stage_m],
    ).fetchone()
    return _shape(row[0]) if row and row[0] is not None else None


def as_geojson(conn: AnyConnection, shape: shapely.Geometry) -> str:
    """A shape of the town's CRS as GeoJSON text in longitude and latitude."""
    row = conn.execute(
        "SELECT gis.ST_AsGeoJSON(gis.ST_Transform("
        "gis.ST_SetSRID(gis.ST_GeomFromWKB(%s), t.srid), 4326), 7) FROM muang.town_facts() AS t",
        [shapely.to_wkb(shape)],
    ).fetchone()
    return str(row[0]) if row else "null"
