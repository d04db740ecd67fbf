"""Building a town's stage library: its ground, water and levees in, zones, rings and cells out."""

import csv
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

from db import flood_library
from db.boundary import boundary_wkb
from db.towns import get_town
from etl.unpack import checksum
from flood import hand, river, vertical
from flood.certainty import StageRange, stage_range
from flood.ground import Barrier, Bools, Floats, Ground, Quality, fill_channel, quality
from flood.ground import with_barriers as with_barriers_in
from flood.library import STEP_M, Library, Tell, build, stages_between
from layers.errors import BadRequestError, NotFoundError, RefusedError
from layers.text import Text

if TYPE_CHECKING:
    from db.derived import AnyConnection

MSL = "Kolak-1915 (MSL)"
"""What gauges speak in Thailand."""
_LOWEST_WITHIN_M = 0.05
_NODATA = -9999.0
_CLOSE_M = 0.001
_YOUNG_S = 3600
_MARK_COLUMNS = ("lon", "lat", "level_m", "stage_m")
_UNITS = {"lt_0_3": "<0.3 m", "0_3_0_5": "0.3-0.5 m", "0_5_1": "0.5-1 m", "gt_1": ">1 m"}


@dataclass(frozen=True)
class LibraryOrder:
    """One library: the gauge, its stages (metres MSL), and what is said about ground and surface.

    `seed` is where the water comes from: the layer `water`, the lowest cells, or a GeoJSON file of
    areas or lines. `river` is a GeoJSON line drawn downstream, needed for a slope; `slope` metres
    a metre; `at` the gauge's longitude and latitude, and `gauge_datum` what it counts from, both
    from the layer `gauges` when not given. `marks` is a CSV of lon, lat, level_m,
    stage_m, name.
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
    river: Path | None = None
    at: tuple[float, float] | None = None
    marks: Path | None = None
    insist_datum: bool = False
    insist_dsm: bool = False


@dataclass(frozen=True)
class _Surface:
    """Per cell the stage at which the water stands at the ground, and how that was found."""

    relative: Floats
    slope: float
    calibration: river.Calibration | None
    caveats: tuple[Text, ...]


def build_library(
    conn: "AnyConnection", order: LibraryOrder, folder: Path, tell: Tell
) -> dict[str, Any]:
    """Build a library and bring it into use; the facts kept of it. The old one stays until then.

    `folder` is the town's folder of rasters. RefusedError says why ground, datum or channel
    cannot be used.
    """
    started = time.monotonic()
    stages = stages_between(order.low_m, order.high_m, order.step_m)
    town = get_town(conn)
    given, ground = _elevation(conn, folder)
    good = quality(
        ground,
        stated_error_m=order.error_m if order.error_m is not None else given.error_m,
        surface=_surface_of(given.surface),
        dtype=given.dtype or "float32",
        insist_dsm=order.insist_dsm,
    )
    known = flood_library.gauge(conn, order.gauge)
    gauge_datum = order.gauge_datum or (known and known[1]) or MSL
    datum = vertical.conversion(
        given.datum,
        gauge_datum,
        stated_offset_m=order.offset_m,
        offset_error_m=order.offset_error_m,
        insist=order.insist_datum,
    )
    ground = Ground(ground.heights + np.float32(datum.add_m), ground.transform)
    source = _source(conn, order, ground)
    ground = fill_channel(ground, source)
    walled = with_barriers_in(
        ground,
        [Barrier(each.line, each.crest_m, each.through) for each in flood_library.levees(conn)],
    )
    ground = walled.ground
    surface = _relative(conn, order, ground, source)
    boundary = boundary_wkb(conn)
    conn.commit()  # nothing of the town is held while the cells are worked on
    library = build(
        ground,
        surface.relative,
        source,
        stages,
        town=None if boundary is None else shapely.from_wkb(boundary),
        tell=tell,
    )
    error = vertical.together(
        good.error_m,
        datum.error_m,
        surface.calibration.rmse_m if surface.calibration else 0.0,
    )
    ranges = {stage: stage_range(stage, error, stages) for stage in stages}
    areas: dict[float, dict[str, float]] = {stage: {} for stage in stages}
    caveats = (*good.caveats, *datum.caveats, *surface.caveats, *walled.caveats)
    marked = good.marked or datum.marked
    file = write_cells(library, folder, town.srid)

    def facts() -> Mapping[str, object]:
        return {
            "stages": [_stage(ranges[stage], areas[stage]) for stage in stages],
            "step_m": order.step_m,
            "method": order.method,
            "error_m": round(error, 3),
            "ground_error_m": round(good.error_m, 3),
            "error_stated": good.stated,
            "ground_datum": given.datum,
            "gauge_datum": gauge_datum,
            "offset_m": datum.add_m,
            "slope": surface.slope,
            "calibration": asdict(surface.calibration) if surface.calibration else None,
            "cell_m": ground.cell_m,
            "surface": given.surface,
            "marked": marked,
            "void_share": round(good.void_share, 5),
            "not_modelled_m2": round(library.not_modelled.area) if library.not_modelled else 0,
            "barriers": walled.burned,
            "elevation_dataset": given.dataset_id,
            "elevation_source": given.source,
            "caveats": [caveat.model_dump() for caveat in caveats],
            "seconds": round(time.monotonic() - started, 1),
        }

    kept = flood_library.keep(
        conn,
        flood_library.Entry(
            order.gauge,
            _zone_rows(order.gauge, library, ranges, areas, good=good, tell=tell),
            ring_rows(order.gauge, library),
            facts,
            file,
        ),
        source=f"stage library of {order.gauge}, from {given.source}",
        actor=order.actor,
        synthetic=given.synthetic,
    )
    _sweep(conn, folder)
    return {
        **facts(),
        "gauge": order.gauge,
        "dataset_id": kept.dataset_id,
        "zones": asdict(kept.zones),
        "rings": asdict(kept.rings),
    }


def _surface_of(said: str | None) -> Literal["dtm", "dsm", "unknown"]:
    return "dtm" if said == "dtm" else "dsm" if said == "dsm" else "unknown"


def _elevation(conn: "AnyConnection", folder: Path) -> tuple[flood_library.ElevationFile, Ground]:
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


def _source(conn: "AnyConnection", order: LibraryOrder, ground: Ground) -> Bools:
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


def _relative(
    conn: "AnyConnection", order: LibraryOrder, ground: Ground, source: Bools
) -> _Surface:
    if order.method == "hand":
        return _above_drainage(conn, order, ground, source)
    line = shapely.union_all(_shapes(conn, order.river)) if order.river else None
    if line is None:
        if order.slope or order.marks:
            raise BadRequestError(
                Text(
                    th="ความลาดและคราบน้ำต้องมีเส้นแม่น้ำ (--river) ลากตามทิศน้ำไหล",
                    en="A slope or marks need the river's line (--river), drawn downstream.",
                )
            )
        return _Surface(river.relative(ground, None, 0.0), 0.0, None, (_LEVEL,))
    gauge = _gauge_point(conn, order)
    upstream = river.along(ground, line, gauge)
    fitted = None
    if order.marks:
        fitted = river.calibrate(_marks(conn, order.marks, ground, upstream), slope=order.slope)
    slope = fitted.slope if fitted else order.slope or 0.0
    offset = fitted.offset_m if fitted else 0.0
    told = (fitted.caveats if fitted else ()) or (() if slope else (_LEVEL,))
    return _Surface(river.relative(ground, upstream, slope, offset), slope, fitted, told)


def _above_drainage(
    conn: "AnyConnection", order: LibraryOrder, ground: Ground, source: Bools
) -> _Surface:
    gauge = _gauge_point(conn, order)
    rows, columns = np.nonzero(source & np.isfinite(ground.heights))
    x = ground.transform.c + (columns + 0.5) * ground.transform.a
    y = ground.transform.f + (rows + 0.5) * ground.transform.e
    near = int(np.argmin((x - gauge.x) ** 2 + (y - gauge.y) ** 2))
    bed = ground.heights[rows[near], columns[near]]
    above = hand.hand(ground.heights, source)
    return _Surface(np.asarray(above + bed, dtype=np.float32), 0.0, None, (_HAND,))


_LEVEL = Text(
    th="ใช้ผิวน้ำราบเท่าระดับที่สถานี ไม่คิดความลาดของผิวน้ำตามลำน้ำ",
    en="The water's surface is taken as level with the gauge; its slope along the river is not.",
)
_HAND = Text(
    th="ใช้ความสูงเหนือร่องน้ำที่ใกล้ที่สุดตามทางไหล (HAND) น้ำสูงขึ้นเท่ากันทั้งลำน้ำ",
    en="Height above nearest drainage (HAND): the water rises equally along the whole river.",
)


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


def _marks(conn: "AnyConnection", path: Path, ground: Ground, upstream: Floats) -> list[river.Mark]:
    """Surveyed marks that lie on the ground, with their place along the river."""
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
        column, row = (int(at) for at in ~ground.transform * shapely.get_coordinates(point)[0])
        if 0 <= row < height and 0 <= column < width:
            level, stage = (float(figure) for figure in figures[2:])
            found.append(river.Mark(str(name), level, stage, float(upstream[row, column])))
    return found


def _stage(within: StageRange, areas: Mapping[str, float]) -> dict[str, object]:
    return {
        "stage_m": within.stage_m,
        "stage_low_m": within.low_m,
        "stage_high_m": within.high_m,
        "area_m2": {code: round(area, 1) for code, area in areas.items()},
    }


def _zone_rows(
    gauge: str,
    library: Library,
    ranges: Mapping[float, StageRange],
    areas: dict[float, dict[str, float]],
    *,
    good: Quality,
    tell: Tell,
) -> Iterator[flood_library.Row]:
    """Rows of `flood_zones`, and each stage's areas on the way."""
    sure = f"±{good.error_m:.2f} m (1σ)" + (", marked" if good.marked else "")
    for zone in library.all_zones():
        areas[zone.stage_m][zone.depth_class] = zone.area_m2
        within = ranges[zone.stage_m]
        yield (
            f"{gauge}-S{zone.stage_m:.2f}-{zone.depth_class}",
            f"{gauge} {zone.stage_m:.2f} m MSL, {_UNITS[zone.depth_class]}",
            "stage",
            gauge,
            zone.stage_m,
            zone.depth_class,
            zone.least_m,
            round(zone.deepest_m, 2),
            sure,
            flood_library.MEANS,
            within.low_m,
            within.high_m,
            shapely.to_wkb(zone.shape),
        )
        tell("zones", library.number(zone.stage_m), len(library.stages))
    tell("zones", len(library.stages), len(library.stages))


def ring_rows(gauge: str, library: Library) -> Iterator[flood_library.Row]:
    """Rows of `flood_stages`."""
    for ring in library.rings:
        yield (
            f"{gauge}-R{ring.wet_from_m:.2f}-{ring.level_m:.2f}",
            gauge,
            "ring",
            ring.wet_from_m,
            ring.level_m,
            shapely.to_wkb(ring.shape),
        )
    if library.not_modelled is not None:
        shape = shapely.to_wkb(library.not_modelled)
        yield (f"{gauge}-N", gauge, "not_modelled", None, None, shape)


def write_cells(library: Library, folder: Path, srid: int) -> tuple[str, str]:
    """Write what every depth raster is made from, a COG of two bands; its name and SHA-256.

    Band 1 is the stage at which the water stands at the ground, band 2 the lowest stage of the
    library that wets the cell: depth at a stage is stage less band 1 where band 2 is not above it.
    """
    stages = np.asarray([*library.stages, np.nan], dtype=np.float32)
    bands = np.stack([library.relative, stages[library.first]])
    scratch = folder / f".reach-{time.time_ns()}.tif"
    try:
        _write_cog(scratch, bands, library.ground.transform, srid)
        digest = hashlib.sha256(scratch.read_bytes()).hexdigest()
        name = f"reach_{digest[:32]}.tif"
        scratch.replace(folder / name)
    finally:
        scratch.unlink(missing_ok=True)
    return name, digest


def write_depth(
    record: flood_library.LibraryRecord, folder: Path, stage_m: float, out: Path
) -> None:
    """Write the depth raster of one stage as a COG: metres, 0 dry, nodata not modelled."""
    if record.file is None or not (folder / record.file).is_file():
        raise NotFoundError(
            Text(
                th=f"ไม่มีไฟล์ช่องของคลังสถานี {record.gauge} สร้างคลังใหม่",
                en=f"The cells of {record.gauge}'s library are not here: build it again.",
            )
        )
    if not any(abs(each["stage_m"] - stage_m) < _CLOSE_M for each in record.facts["stages"]):
        raise NotFoundError(
            Text(
                th=f"คลังของสถานี {record.gauge} ไม่มีระดับ {stage_m:g} ม.",
                en=f"The library of {record.gauge} has no stage {stage_m:g} m.",
            )
        )
    with rasterio.open(folder / record.file) as opened:
        relative, wet_from = opened.read(masked=True).astype(np.float32).filled(np.nan)
        transform, srid = Affine(*opened.transform[:6]), opened.crs.to_epsg()
    # in single precision on both sides, as stages are kept
    wet = wet_from <= np.float32(stage_m)
    depth = np.where(wet, np.float32(stage_m) - relative, np.float32(0))
    depth = np.where(np.isfinite(relative), depth, np.nan).astype(np.float32)
    _write_cog(out, depth[None], transform, int(srid))


def _write_cog(path: Path, bands: NDArray[np.float32], transform: Affine, srid: int) -> None:
    profile = {
        "driver": "COG",
        "count": bands.shape[0],
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": "float32",
        "crs": rasterio.crs.CRS.from_epsg(srid),
        "transform": transform,
        "nodata": _NODATA,
        "compress": "deflate",
        "predictor": 3,
        "overview_resampling": "nearest",
    }
    with rasterio.open(path, "w", **profile) as sink:
        sink.write(np.where(np.isfinite(bands), bands, np.float32(_NODATA)))


def _sweep(conn: "AnyConnection", folder: Path) -> None:
    """Remove files no library on record names; a young one may be of a build still going on."""
    named = flood_library.files(conn)
    conn.commit()
    for path in folder.glob("reach_*.tif"):
        if path.name not in named and time.time() - path.stat().st_mtime > _YOUNG_S:
            path.unlink(missing_ok=True)
