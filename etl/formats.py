"""The kinds of file we read: what each is called, and which one GDAL driver it may be opened with.

How a kind is recognised is in `etl.sniff`.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from layers.errors import RefusedError
from layers.text import Text


class Format(StrEnum):
    """A kind of file we read. The value is what a person is told."""

    GEOJSON = "GeoJSON"
    GEOJSONSEQ = "GeoJSON text sequence"
    TOPOJSON = "TopoJSON"
    GPKG = "GeoPackage"
    SHAPEFILE = "Shapefile"
    FILEGDB = "File geodatabase"
    FLATGEOBUF = "FlatGeobuf"
    GEOPARQUET = "GeoParquet"
    KML = "KML"
    GML = "GML"
    DXF = "DXF"
    DBF = "DBF"
    CSV = "CSV"
    XLSX = "Excel (XLSX)"
    XLS = "Excel (XLS)"
    ODS = "OpenDocument table (ODS)"
    OSM_PBF = "OpenStreetMap PBF"
    OSM_XML = "OpenStreetMap XML"
    GEOTIFF = "GeoTIFF"

    @property
    def driver(self) -> str | None:
        """The one GDAL driver the file may be opened with; None where GDAL's are not used."""
        return _DRIVERS.get(self)

    @property
    def suffix(self) -> str:
        """The ending of the name the reader is given, whatever the file is called."""
        return _SUFFIXES[self]


_DRIVERS = {
    Format.GEOJSON: "GeoJSON",
    Format.GEOJSONSEQ: "GeoJSONSeq",
    Format.TOPOJSON: "TopoJSON",
    Format.GPKG: "GPKG",
    Format.SHAPEFILE: "ESRI Shapefile",
    Format.DBF: "ESRI Shapefile",
    Format.FILEGDB: "OpenFileGDB",
    Format.FLATGEOBUF: "FlatGeobuf",
    Format.GML: "GML",
    Format.DXF: "DXF",
    Format.OSM_PBF: "OSM",
    Format.OSM_XML: "OSM",
}

_SUFFIXES = {
    Format.GEOJSON: ".geojson",
    Format.GEOJSONSEQ: ".geojsonl",
    Format.TOPOJSON: ".topojson",
    Format.GPKG: ".gpkg",
    Format.SHAPEFILE: ".shp",
    Format.FILEGDB: ".gdb",
    Format.FLATGEOBUF: ".fgb",
    Format.GEOPARQUET: ".parquet",
    Format.KML: ".kml",
    Format.GML: ".gml",
    Format.DXF: ".dxf",
    Format.DBF: ".dbf",
    Format.CSV: ".csv",
    Format.XLSX: ".xlsx",
    Format.XLS: ".xls",
    Format.ODS: ".ods",
    Format.OSM_PBF: ".osm.pbf",
    Format.OSM_XML: ".osm",
    Format.GEOTIFF: ".tif",
}

READABLE = ", ".join(kind.value for kind in Format)
SHEETS = (Format.XLSX, Format.XLS, Format.ODS)


@dataclass(frozen=True)
class Sniffed:
    """What a file is: its format, or `zipped` for an archive that has to be unpacked first."""

    format: Format | None
    zipped: bool = False


def refuse(path: Path, th: str, en: str) -> RefusedError:
    """The sentence that a file is refused, by its name and the reason."""
    return RefusedError(
        Text(th=f"ไม่รับไฟล์ “{path.name}”: {th}", en=f"“{path.name}” is refused: {en}.")
    )
