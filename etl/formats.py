"""Which kind of file this is, from its first bytes. The name is only a hint, never trusted."""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from layers.errors import RefusedError
from layers.text import Text

_HEAD = 64 * 1024
_SQLITE = b"SQLite format 3\x00"
_GPKG_IDS = (b"GPKG", b"GP10", b"GP11")
_ZIP = b"PK\x03\x04"
_TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
_GEOJSON_TYPES = frozenset(
    {
        "FeatureCollection",
        "Feature",
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
)


class Format(StrEnum):
    """A kind of file we read. The value is what a person is told."""

    GEOJSON = "GeoJSON"
    TOPOJSON = "TopoJSON"
    GPKG = "GeoPackage"
    SHAPEFILE = "Shapefile"
    FLATGEOBUF = "FlatGeobuf"
    DBF = "DBF"
    CSV = "CSV"
    OSM_PBF = "OpenStreetMap PBF"

    @property
    def driver(self) -> str | None:
        """The one GDAL driver the file may be opened with; None where GDAL is not used."""
        return _DRIVERS.get(self)


_DRIVERS = {
    Format.GEOJSON: "GeoJSON",
    Format.TOPOJSON: "TopoJSON",
    Format.GPKG: "GPKG",
    Format.SHAPEFILE: "ESRI Shapefile",
    Format.DBF: "ESRI Shapefile",
    Format.FLATGEOBUF: "FlatGeobuf",
    Format.OSM_PBF: "OSM",
}

READABLE = ", ".join(kind.value for kind in Format)


@dataclass(frozen=True)
class Sniffed:
    """What a file is: its format, or `zipped` for an archive that has to be unpacked first."""

    format: Format | None
    zipped: bool = False


def sniff(path: Path) -> Sniffed:
    """Recognise a regular file by its content; RefusedError says what it is instead."""
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if not head.strip(b"\x00 \t\r\n"):
        raise _refuse(path, "ไฟล์ว่างเปล่า ไม่มีข้อมูล", "the file is empty")
    if head.startswith(_ZIP):
        return _sniff_zip(path, head)
    found = _by_signature(path, head)
    if found is not None:
        return Sniffed(found)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        raise _refuse_markup(path, text)
    if text.startswith((b"{", b"[")) and path.suffix.lower() not in _TABLE_SUFFIXES:
        return Sniffed(_which_json(path, text))
    if path.suffix.lower() in _TABLE_SUFFIXES and b"\x00" not in head:
        return Sniffed(Format.CSV)
    raise _refuse(
        path,
        f"ไม่ใช่ไฟล์ข้อมูลแผนที่หรือตารางที่อ่านได้ ({READABLE})",
        f"it is not a map or table file that can be read ({READABLE})",
    )


def _by_signature(path: Path, head: bytes) -> Format | None:
    if head.startswith(b"fgb\x03fgb"):
        return Format.FLATGEOBUF
    # the length of the first header, then the header, whose type comes first
    if head[4:15] == b"\x0a\x09OSMHeader":
        return Format.OSM_PBF
    if head.startswith(b"\x00\x00\x27\x0a"):
        return Format.SHAPEFILE
    if head.startswith(_SQLITE):
        if head[68:72] in _GPKG_IDS:
            return Format.GPKG
        raise _refuse(
            path,
            "เป็นฐานข้อมูล SQLite ที่ไม่ใช่ GeoPackage",
            "it is an SQLite database but not a GeoPackage",
        )
    if path.suffix.lower() == ".dbf" and head[0] in (0x03, 0x30, 0x31, 0x83, 0x8B, 0xF5):
        return Format.DBF
    return None


def _sniff_zip(path: Path, head: bytes) -> Sniffed:
    if b"[Content_Types].xml" in head or b"mimetypeapplication/vnd.oasis" in head:
        raise _refuse(
            path,
            "เป็นไฟล์สำนักงาน (Excel หรือคล้ายกัน) โปรดบันทึกเป็น CSV แล้วนำเข้าใหม่",
            "it is an office file (Excel or alike); save it as CSV and import that",
        )
    return Sniffed(None, zipped=True)


def _which_json(path: Path, text: bytes) -> Format:
    kind = top_level_type(text.decode("utf-8", errors="replace"))
    if kind == "Topology":
        return Format.TOPOJSON
    if kind in _GEOJSON_TYPES:
        return Format.GEOJSON
    if kind is None and len(text) >= _HEAD - 4:
        # the member may come after a long array: believe the name, the reader will check
        return Format.TOPOJSON if path.suffix.lower() == ".topojson" else Format.GEOJSON
    raise _refuse(
        path,
        "เป็น JSON แต่ไม่ใช่ GeoJSON หรือ TopoJSON จึงไม่มีรูปแปลงหรือตำแหน่ง",
        "it is JSON, but neither GeoJSON nor TopoJSON, so it holds no places",
    )


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[:,]|[^\s{}\[\]:,"]+')


def top_level_type(text: str) -> str | None:
    """The value of the outermost object's "type" in (the beginning of) a JSON text, or None."""
    depth = 0
    expecting: str | None = None
    words = [match.group() for match in _TOKEN.finditer(text)]
    for word, following in pairwise(words):
        if word in "{[":
            depth += 1
        elif word in "}]":
            depth -= 1
        elif expecting == "value" and depth == 1:
            return word.strip('"')
        elif depth == 1 and word == '"type"' and following == ":":
            expecting = "colon"
        elif word == ":" and expecting == "colon":
            expecting = "value"
    return None


def _refuse_markup(path: Path, text: bytes) -> RefusedError:
    if b"VRTDataset" in text or b"OGRVRTDataSource" in text or b"GDALTile" in text:
        return _refuse(
            path,
            "เป็นไฟล์ VRT ซึ่งชี้ไปยังไฟล์อื่น ไม่รับเพื่อความปลอดภัย โปรดนำเข้าไฟล์ต้นฉบับเอง",
            "it is a VRT, a pointer to other files, and never accepted for safety; "
            "import the file it points to",
        )
    return _refuse(
        path,
        f"เป็น XML หรือ HTML ไม่ใช่ไฟล์ที่อ่านได้ ({READABLE})",
        f"it is XML or HTML, not a file that can be read ({READABLE})",
    )


def _refuse(path: Path, th: str, en: str) -> RefusedError:
    return RefusedError(
        Text(th=f"ไม่รับไฟล์ “{path.name}”: {th}", en=f"“{path.name}” is refused: {en}.")
    )
