"""What a stage library is built on: the town's ground, its channel, and the water's surface."""

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import rasterio
import shapely
from affine import Affine

from db import flood_library
from etl.unpack import checksum
from flood import river
from flood.ground import Bools, Ground
from flood.library import STEP_M
from flood.surface import FloodMark, Surface, above_drainage, level_with_gauge
from layers.errors import BadRequestError, NotFoundError, RefusedError
from layers.text import Text

if TYPE_CHECKING:
    from db.derived import AnyConnection

_LOWEST_WITHIN_M = 0.05
_MARK_COLUMNS = ("lon", "lat", "level_m", "stage_m")


@dataclass(frozen=True)
class LibraryOrder:
    """One library: the gauge, its stages (metres MSL), and what is said about ground and surface.

    `seed` is where the water comes from: the layer `water`, the lowest cells, or a GeoJSON file of
    areas or lines. `river` is a line drawn downstream (a GeoJSON file, or a shape of the town's
    CRS), needed for a slope; `slope` metres a metre. `at` is the gauge's longitude and latitude,
    `gauge_datum` what it counts from, both from the layer `gauges` when not given. `marks` is a CSV
    of lon, lat, level_m, stage_m, name. `cell_m` takes the ground in coarser cells, for a quick
    library; `source` is what its rows name as theirs.
    """

    gauge: str
    low_m: float
    high_m: float
    actor: str
    step_m: float = STEP_M
    seed: str = "water"
    method: Literal["level", "hand"] = "level"
    gauge_datum: str | None = None
    offset_m: float | None = None
    offset_error_m: float | None = None
    error_m: float | None = None
    slope: float | None = None
    river: Path | shapely.Geometry | None = None
    at: tuple[float, float] | None = None
    marks: Path | None = None
    insist_datum: bool = False
    insist_dsm: bool = False
    cell_m: float | None = None
    source: str | None = None


def surface_of(said: str | None) -> Literal["dtm", "dsm", "unknown"]:
    """What the heights are of, by the word of the register."""
    return "dtm" if said == "dtm" else "dsm" if said == "dsm" else "unknown"


def elevation(conn: "AnyConnection", folder: Path) -> tuple[flood_library.ElevationFile, Ground]:
    """The town's ground and what is said of it, unchanged since it was imported."""
    given = flood_library.elevation(conn)
    path = folder / given.file if given else None
    if given is None or path is None or not path.is_file():
        raise NotFoundError(
            Text(
                th="เมืองนี้ยังไม่มีแรสเตอร์ระดับพื้นดิน นำเข้าด้วย ./muang import elevation ไฟล์.tif",
                en="This town has no ground elevation: ./muang import elevation FILE.tif",
            )
        )
    if checksum(path)[0] != given.sha256:
        raise RefusedError(
            Text(
                th="ไฟล์ระดับพื้นดินถูกเปลี่ยนหลังนำเข้า นำเข้าใหม่",
                en="The file of the ground was changed since it was imported: import it again.",
            )
        )
    with rasterio.open(path) as opened:
        band = opened.read(1, masked=True)
        heights = np.asarray(band.astype(np.float32).filled(np.nan))
        return given, Ground(heights, Affine(*opened.transform[:6]))


def channel(conn: "AnyConnection", order: LibraryOrder, ground: Ground) -> Bools:
    """Cells of the channel the water comes from."""
    if order.seed == "lowest":
        lowest = float(np.nanmin(ground.heights))
        cells: Bools = ground.heights <= lowest + _LOWEST_WITHIN_M
    elif order.seed == "water":
        water = flood_library.permanent_water(conn)
        cells = ground.cells_of(water) if water is not None else np.zeros(1, dtype=bool)
    else:
        shape = shapely.union_all(_shapes(conn, Path(order.seed)))
        cells = ground.cells_of(shape, touched=bool(shapely.get_dimensions(shape) < 2))  # noqa: PLR2004
    if not cells.any():
        raise RefusedError(
            Text(
                th="ไม่มีร่องน้ำในแรสเตอร์พื้นดิน ระบุด้วย --seed (water, lowest หรือไฟล์ GeoJSON)",
                en="No channel lies on the ground: name it with --seed (water, lowest or a GeoJSON "
                "file).",
            )
        )
    return cells


def surface(conn: "AnyConnection", order: LibraryOrder, ground: Ground, source: Bools) -> Surface:
    """The water's surface as ordered; RefusedError or BadRequestError where a part of it lacks."""
    upstream = None
    if order.river is not None:
        line = order.river
        if isinstance(line, Path):
            line = shapely.union_all(_shapes(conn, line))
        upstream = river.along(ground, line, _gauge_point(conn, order))
    elif order.slope or (order.marks and order.method == "level"):
        raise BadRequestError(
            Text(
                th="ความลาดและคราบน้ำต้องมีเส้นแม่น้ำ (--river) ลากตามทิศน้ำไหล",
                en="A slope or marks need the river's line (--river), drawn downstream.",
            )
        )
    marks, off = _marks(conn, order.marks, ground) if order.marks else ([], 0)
    if order.method == "hand":
        gauge = _gauge_point(conn, order)
        found = above_drainage(
            ground, source, gauge, upstream=upstream, slope=order.slope, marks=marks
        )
    else:
        found = level_with_gauge(ground, upstream=upstream, slope=order.slope, marks=marks)
    if not off:
        return found
    told = Text(
        th=f"คราบน้ำ {off} จุดอยู่นอกพื้นดินที่มีระดับ ไม่ได้ใช้",
        en=f"{off} marks lie off the ground and were not used.",
    )
    return replace(found, caveats=(*found.caveats, told))


def _gauge_point(conn: "AnyConnection", order: LibraryOrder) -> shapely.Point:
    known = flood_library.gauge(conn, order.gauge)
    if order.at is None and known is not None:
        return shapely.Point(shapely.get_coordinates(known[0])[0])
    if order.at is None:
        raise BadRequestError(
            Text(
                th="ไม่พบสถานีในชั้น gauges ระบุตำแหน่งด้วย --at ลองจิจูด,ละติจูด",
                en="The gauge is not in the layer gauges: say where it is with --at LON,LAT.",
            )
        )
    lon, lat = order.at
    return shapely.Point(
        shapely.get_coordinates(
            flood_library.placed(conn, [json.dumps({"type": "Point", "coordinates": [lon, lat]})])
        )[0]
    )


def _shapes(conn: "AnyConnection", path: Path | None) -> list[shapely.Geometry]:
    """The geometries of a GeoJSON file in the town's CRS."""
    try:
        told = json.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError) as error:
        raise RefusedError(
            Text(th=f"อ่าน {path} เป็น GeoJSON ไม่ได้", en=f"{path} cannot be read as GeoJSON.")
        ) from error
    features = told.get("features") or [told]
    found = [json.dumps(each.get("geometry", each)) for each in features]
    return flood_library.placed(conn, found)


def _marks(conn: "AnyConnection", path: Path, ground: Ground) -> tuple[list[FloodMark], int]:
    """Surveyed marks that lie on the ground, and how many do not."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = [
                (row.get("name") or str(number), *(float(row[name]) for name in _MARK_COLUMNS))
                for number, row in enumerate(csv.DictReader(handle), start=1)
            ]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise RefusedError(
            Text(
                th=f"{path.name}: ต้องมีคอลัมน์ lon, lat, level_m, stage_m (และ name) เป็นตัวเลข",
                en=f"{path.name}: columns lon, lat, level_m, stage_m (and name) with numbers.",
            )
        ) from error
    points = flood_library.placed(
        conn,
        [json.dumps({"type": "Point", "coordinates": list(row[1:3])}) for row in rows],
    )
    found = []
    height, width = ground.heights.shape
    for (name, *figures), point in zip(rows, points, strict=True):
        column, row = (
            int(np.floor(at)) for at in ~ground.transform * shapely.get_coordinates(point)[0]
        )
        inside = 0 <= row < height and 0 <= column < width
        if inside and np.isfinite(ground.heights[row, column]):
            level, stage = (float(figure) for figure in figures[2:])
            found.append(FloodMark(str(name), level, stage, row, column))
    return found, len(rows) - len(found)
