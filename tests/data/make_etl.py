"""Makes the tiny files in `tests/data/etl`: real formats, invented content, all ours.

    python -m tests.data.make_etl [FOLDER]

The place is a square of 1 km at Phibun Mangsahan (EPSG:32648, lower left corner at ORIGIN), the
same as in `tests.tiny`. Every fault a test speaks of is put in here by hand.
"""

import csv
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from pyproj import Transformer
from shapely.geometry import LineString, Point, Polygon, box

ORIGIN = (524000.0, 1685000.0)
HERE = Path(__file__).parent / "etl"
_TO_LONLAT = Transformer.from_crs(32648, 4326, always_xy=True)

Ring = list[tuple[float, float]]


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Metres from ORIGIN as longitude and latitude, to a tenth of a millimetre."""
    lon, lat = _TO_LONLAT.transform(ORIGIN[0] + x, ORIGIN[1] + y)
    return round(lon, 9), round(lat, 9)


def square(x: float, y: float, size: float = 100.0) -> Ring:
    """A closed ring in longitude and latitude."""
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    return [lonlat(*corner) for corner in corners]


def twisted(x: float, y: float, size: float = 100.0) -> Ring:
    """A square whose upper edge crosses itself once, around two triangles of 6.25 m2."""
    top = y + size
    loop = [(x + 50, top), (x + 45, top + 5), (x + 50, top + 5), (x + 45, top)]
    corners = [(x, y), (x + size, y), (x + size, top), *loop, (x, top), (x, y)]
    return [lonlat(*corner) for corner in corners]


def flat(x: float, y: float, size: float = 100.0) -> Ring:
    """A ring without any area: there and back again."""
    return [lonlat(*corner) for corner in [(x, y), (x + size, y), (x + size, y), (x, y)]]


PARCELS: list[tuple[str | None, Ring | None]] = [
    ("P1", square(0, 0)),
    ("P2", square(100, 0)),
    ("P3", twisted(200, 0)),
    ("P4", square(300, 0)),
    ("P4", square(400, 0, 50)),
    (None, square(500, 0)),
    ("P7", None),
    ("P8", square(600, 0)),
    ("P9", square(1500, 0)),
    ("P10", flat(700, 0)),
]
"""Key and ring: a repeated key, no key, no shape, out of town, no area."""

ASSESSMENTS = [
    ("P1", "12 ถนนหลวง", "1,000.00", "CONDO-BLDG", "0"),
    ("P1", "12 ถนนหลวง ห้อง 101", "0", "CONDO", "500,000"),
    ("P1", "12 ถนนหลวง ห้อง 102", "0", "SHOP", "700,000"),
    ("P2", "14 ถนนหลวง", "5000", "HOUSE", "-1"),
    ("P3", "16 ถนนหลวง", "2500", "CAVE", "100"),
    ("P4", "18 ถนนหลวง", "5000", "HOUSE", "1,500,000.50"),
    ("P4", "18 ถนนหลวง", "1250", "HOUSE", "250,000"),
    ("PX", "ไม่มีแปลง", "1", "HOUSE", "1"),
    ("PX", "ไม่มีแปลง", "1", "HOUSE", "1"),
    ("", "ไม่มีรหัส", "1", "HOUSE", "1"),
]
"""Key, address, land in m2, use, value: several rows a parcel, and rows without a parcel."""

PROFILE = """\
[[source]]
layer = "parcels"
map.code = "ML"
map.address = "Location"
map.area_deed_m2 = "LandArea"
map.use = "Use"
map.use_detail = "Use"
map.appraised_value = "Value"
nulls.area_deed_m2 = ["0"]

[source.codes.use]
"CONDO*" = "residential"
"HOUSE" = "residential"
"SHOP" = "commercial"
"""


def topojson() -> dict[str, Any]:
    """The parcels as TopoJSON: one arc a ring, and no CRS, as the format has none."""
    arcs: list[list[list[float]]] = []
    geometries: list[dict[str, Any]] = []
    for number, (key, ring) in enumerate(PARCELS):
        properties = {"ML": key, "id": number}
        if ring is None:
            geometries.append({"type": None, "properties": properties})
            continue
        arcs.append([list(point) for point in ring])
        geometries.append({"type": "Polygon", "arcs": [[len(arcs) - 1]], "properties": properties})
    return {
        "type": "Topology",
        "objects": {"parcels": {"type": "GeometryCollection", "geometries": geometries}},
        "arcs": arcs,
    }


def feature(geometry: dict[str, Any] | None, **properties: object) -> dict[str, Any]:
    """One GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def point(x: float, y: float) -> dict[str, Any]:
    """A GeoJSON point from metres."""
    return {"type": "Point", "coordinates": list(lonlat(x, y))}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    """A GeoJSON feature collection."""
    return {"type": "FeatureCollection", "features": list(features)}


def _write(folder: Path, name: str, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    (folder / name).write_text(text, encoding="utf-8")


def write_texts(folder: Path) -> None:
    """Everything that is text."""
    _write(folder, "parcels.topojson", topojson())
    with (folder / "assessments.csv").open("w", encoding="utf-8-sig", newline="") as handle:
        rows = csv.writer(handle, lineterminator="\n")
        rows.writerow(["ML", "Location", "LandArea", "Use", "Value"])
        rows.writerows(ASSESSMENTS)
    _write(folder, "profile.toml", PROFILE)
    ring = [list(spot) for spot in square(0, 0, 1000)]
    area = {"type": "Polygon", "coordinates": [ring]}
    _write(folder, "boundary.geojson", collection(feature(area, NAME="Tiny")))
    _write(
        folder,
        "shelters.geojson",
        collection(
            feature(point(10, 10), GID="S1", Name="วัดใต้", Capacity="1,200", PETS="ไม่มี"),
            feature(point(20, 10), GID="S2", Name="โรงเรียน", Capacity=80.0, PETS="มี"),
            feature(point(30, 10), GID="S3", Name="ศาลา", Capacity="ร้อยกว่า", PETS=None),
            feature(point(40, 10), GID="S4", Name="ลบ", Capacity=-5, PETS="yes"),
            feature(None, GID="S5", Name="ไม่รู้ที่", Capacity=10, PETS="no"),
        ),
    )
    _write(
        folder,
        "permits.geojson",
        collection(
            feature(point(10, 20), no="๑/๒๕๖๗", issued="29/02/2567", kind="ก่อสร้างอาคาร"),
            feature(point(20, 20), no="2/2567", issued="13/12/2567", kind="food"),
            feature(point(30, 20), no="2/2567", issued="14/12/2567", kind="ร้านเหล้า"),
            feature(point(40, 20), no="3/2567", issued="เมื่อวาน", kind="hazardous"),
        ),
    )
    _write(
        folder,
        "care.csv",
        "code,kind,lon,lat,adl_score\n"
        + "".join(
            f"C{number},home,{lon},{lat},{score}\n"
            for number, (lon, lat), score in (
                (1, lonlat(50, 50), "3"),
                (2, lonlat(60, 50), "11"),
                (3, ("x", "y"), "12"),
            )
        ),
    )
    _write(folder, "no_rows.geojson", collection())
    _write(folder, "empty.geojson", "")
    _write(folder, "letter.geojson", "เรียน นายกเทศมนตรี\nขอส่งแผนที่มาด้วย\n")
    _write(folder, "plain.json", {"population": [1, 2, 3]})
    _write(
        folder,
        "vrt.geojson",
        "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource>"
        "</OGRVRTLayer></OGRVRTDataSource>\n",
    )
    far = {"type": "Point", "coordinates": [100.5018, 13.7563]}
    _write(folder, "elsewhere.geojson", collection(feature(far, GID="F1", Name="กรุงเทพ")))
    metres = {"type": "Point", "coordinates": [524010.0, 1685010.0]}
    _write(folder, "metres.geojson", collection(feature(metres, GID="M1", Name="พิกัดฉาก")))
    lon, lat = lonlat(10, 10)
    swapped = {"type": "Point", "coordinates": [lat, lon]}
    _write(folder, "swapped.geojson", collection(feature(swapped, GID="W1", Name="สลับ")))
    _write(folder, "truncated.geojson", json.dumps(collection(feature(point(1, 1), GID="1")))[:90])


def write_binaries(folder: Path) -> None:
    """GeoPackage, FlatGeobuf and zipped Shapefiles."""
    east, north = ORIGIN
    heights = gpd.GeoDataFrame(
        {"fid_code": ["H1", "H2"], "name": ["ก", "ข"]},
        geometry=[
            shapely.force_3d(box(east, north, east + 10, north + 10), 3.5),
            shapely.force_3d(box(east + 20, north, east + 30, north + 10), 4.5),
        ],
        crs=32648,
    )
    heights.to_file(folder / "two_layers.gpkg", layer="ponds", driver="GPKG")
    roads = gpd.GeoDataFrame(
        {"code": ["R1", "R2"], "class": ["primary", "alley"], "oneway": ["no", "forward"]},
        geometry=[
            LineString([(east, north), (east + 100, north)]),
            LineString([(east, north + 5), (east + 100, north + 5)]),
        ],
        crs=32648,
    )
    roads.to_file(folder / "two_layers.gpkg", layer="roads", driver="GPKG")
    roads.to_crs(3857).to_file(folder / "roads.fgb", driver="FlatGeobuf")
    old = gpd.GeoDataFrame({"code": ["I1"]}, geometry=[Point(524000, 1685000)], crs=24048)
    old.to_file(folder / "indian.gpkg", layer="points", driver="GPKG")
    _zip_shapefile(folder)


def _zip_shapefile(folder: Path) -> None:
    east, north = ORIGIN
    frame = gpd.GeoDataFrame(
        {"CODE": ["ช1", "ช2"], "NAME_TH": ["ชุมชนท่าน้ำ", "ชุมชนวัดเหนือ"], "HOUSEHOLD": [120, 85]},
        geometry=[
            Polygon([(east, north), (east + 500, north), (east + 500, north + 500)]),
            Polygon([(east, north), (east, north + 500), (east + 500, north + 500)]),
        ],
        crs=32648,
    )
    frame.to_file(folder / "communities.shp", encoding="UTF-8", engine="pyogrio")
    with zipfile.ZipFile(folder / "communities.zip", "w") as archive:
        for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            made = folder / f"communities{suffix}"
            archive.writestr(zipfile.ZipInfo(f"ข้อมูล/ชุมชน{suffix}"), made.read_bytes())
            made.unlink()
    with zipfile.ZipFile(folder / "nothing.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("readme.md"), "nothing here")


def main() -> None:
    """Write every file into a folder."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    folder.mkdir(parents=True, exist_ok=True)
    write_texts(folder)
    (folder / "two_layers.gpkg").unlink(missing_ok=True)
    (folder / "indian.gpkg").unlink(missing_ok=True)
    write_binaries(folder)


if __name__ == "__main__":
    main()
