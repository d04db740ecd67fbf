"""The kinds of file a layer is given out in, by the suffix of their address."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Shape(StrEnum):
    """How a format wants geometry from the database."""

    GEOJSON = "geojson"
    WKT = "wkt"
    WKB = "wkb"


@dataclass(frozen=True)
class Format:
    """One kind of file.

    `spooled`: written to a file of its own first, because the format fills in its beginning at the
    end. `text`: worth packing on the way. `degrees`: longitude and latitude unless asked otherwise;
    every other format holds the town's own CRS, coordinates as they are stored.
    """

    suffix: str
    media_type: str
    title_th: str
    title_en: str
    shape: Shape
    spooled: bool = False
    text: bool = False
    degrees: bool = False


FORMATS: Final = {
    made.suffix: made
    for made in (
        Format(
            *("geojson", "application/geo+json", "GeoJSON", "GeoJSON", Shape.GEOJSON),
            text=True,
            degrees=True,
        ),
        Format(
            # one Feature a line; nobody registered a type for it (RFC 8142 puts a mark before each)
            *("geojsonl", "application/x-ndjson", "GeoJSON บรรทัดละรายการ", "GeoJSON lines"),
            Shape.GEOJSON,
            text=True,
            degrees=True,
        ),
        Format(
            *("gpkg", "application/geopackage+sqlite3", "GeoPackage", "GeoPackage", Shape.WKB),
            spooled=True,
        ),
        Format(
            *("fgb", "application/vnd.flatgeobuf", "FlatGeobuf", "FlatGeobuf", Shape.WKB),
            spooled=True,
        ),
        Format(
            *("parquet", "application/vnd.apache.parquet", "GeoParquet", "GeoParquet", Shape.WKB)
        ),
        Format(
            "csv", "text/csv; charset=utf-8; header=present", "CSV", "CSV", Shape.WKT, text=True
        ),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "Excel",
            "Excel",
            Shape.WKT,
        ),
        Format("shp.zip", "application/zip", "Shapefile", "Shapefile", Shape.WKB, spooled=True),
    )
}
"""Formats by suffix, in the order menus show them."""

WGS84: Final = 4326
