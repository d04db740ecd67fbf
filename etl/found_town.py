"""Founding a town: check its boundary and CRS first, then make its database and load it."""

from dataclasses import dataclass
from pathlib import Path

import shapely
from pyproj import CRS

from db.connect import Machine, connect
from db.towns import TownSpec, create_town, drop_town
from etl.crs import TownArea, label, parse
from etl.order import ImportOrder, Tell, silent
from etl.prepare import prepare
from etl.report import Report
from etl.run import run
from etl.scratch import scratch
from etl.steps import GEOM
from etl.transform import WGS84, between
from layers import catalog
from layers.datum import is_indian
from layers.errors import RefusedError
from layers.text import Text


@dataclass(frozen=True)
class Founding:
    """What a new town is made from; `boundary_crs` only where the file does not say its own."""

    spec: TownSpec
    boundary: Path
    actor: str
    boundary_crs: str | None = None
    boundary_layer: str | None = None


def town_srid(text: str) -> int:
    """EPSG number of a town's CRS; it must be registered, projected and in metres."""
    crs = parse(text)
    code = crs.to_epsg()
    metres = crs.is_projected and all(axis.unit_name == "metre" for axis in crs.axis_info)
    if code is None or not metres:
        raise RefusedError(
            Text(
                th=f"ระบบพิกัด “{text}” ใช้เป็นของเมืองไม่ได้ ต้องเป็นพิกัดฉากหน่วยเมตร"
                " เช่น EPSG:32648 (ไทยตะวันออก) หรือ EPSG:32647 (ไทยตะวันตก)",
                en=f"“{text}” cannot be a town's coordinate system: it must be projected, in "
                "metres, such as EPSG:32648 (east of Thailand) or EPSG:32647 (west).",
            )
        )
    if is_indian(crs):
        # PostGIS and GDAL turn the town's CRS into degrees and tiles by PROJ's default operation
        raise RefusedError(
            Text(
                th=f"“{text}” (Indian 1975) ใช้เป็นระบบพิกัดของเมืองไม่ได้ เพราะวิธีแปลงที่โปรแกรมเลือกเอง"
                " (EPSG:1812) คลาดไปราว 190 เมตร เลือก EPSG:32647 หรือ EPSG:32648"
                " ไฟล์เก่านำเข้าได้ด้วย --datum-operation",
                en=f"“{text}” (Indian 1975) cannot be a town's coordinate system: programs turn it "
                "by EPSG:1812, about 190 m off. Choose EPSG:32647 or EPSG:32648; old files are "
                "turned when they are imported (--datum-operation).",
            )
        )
    return int(code)


def found_town(server_url: str, secret: str, founding: Founding, tell: Tell = silent) -> Report:
    """Make a town with its boundary; everything is checked before anything is made.

    RefusedError for a boundary that cannot be used or lies outside the CRS's area.
    """
    order = ImportOrder(
        layer=catalog.get("town_boundary"),
        files=(founding.boundary,),
        actor=founding.actor,
        mode="replace",
        layer_in_file=founding.boundary_layer,
        crs=founding.boundary_crs,
        constants={
            "code": founding.spec.id,
            "name_th": founding.spec.name.th,
            "name_en": founding.spec.name.en,
        },
    )
    with scratch() as folder:
        prepared = prepare(order, TownArea(founding.spec.srid), tell, folder)
        shapes = [shape for frame, _gone, _read in prepared.batches() for shape in frame[GEOM]]
    _check_area(CRS.from_epsg(founding.spec.srid), shapely.union_all(shapes), founding.boundary)
    tell("database", 0, None)
    create_town(server_url, secret, founding.spec)
    try:
        with connect(server_url, secret, founding.spec.id, Machine.LOADER) as conn:
            return run(conn, order, tell)
    except BaseException:
        drop_town(server_url, founding.spec.id)
        raise


def _check_area(crs: CRS, boundary: shapely.Geometry, file: Path) -> None:
    """The boundary's middle must lie where the CRS is meant to be used."""
    area = crs.area_of_use
    if area is None or shapely.is_empty(boundary):
        return
    middle = shapely.centroid(boundary)
    turn = between(crs, WGS84)
    if turn is None:
        return
    lon, lat = turn.transform(shapely.get_x(middle), shapely.get_y(middle))
    if area.west <= lon <= area.east and area.south <= lat <= area.north:
        return
    raise RefusedError(
        Text(
            th=f"“{file.name}” อยู่ที่ {lat:.3f}, {lon:.3f} ซึ่งนอกพื้นที่ใช้งานของ {label(crs)}"
            f" ({area.name}) เลือกระบบพิกัดของเมืองใหม่ด้วย --crs",
            en=f"“{file.name}” lies at {lat:.3f}, {lon:.3f}, outside the area {label(crs)} is "
            f"made for ({area.name}). Choose the town's CRS again with --crs.",
        )
    )
