"""Which kind of file this is, from its first bytes. The name is only a hint, never trusted."""

import re
import zipfile
from itertools import pairwise
from pathlib import Path

from etl.formats import READABLE, Format, Sniffed, refuse
from layers.errors import RefusedError

_HEAD = 64 * 1024
_SQLITE = b"SQLite format 3\x00"
_GPKG_IDS = (b"GPKG", b"GP10", b"GP11")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
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
_BESIDE_SHP = (".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj")
_ROOT = re.compile(r"<\s*(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_DXF = re.compile(rb"\s*(?:999\r?\n[^\n]*\r?\n\s*)*0\r?\n\s*SECTION\r?\n")


def sniff(path: Path) -> Sniffed:
    """Recognise a regular file by its content; RefusedError says what it is instead."""
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if not head.strip(b"\x00 \t\r\n"):
        raise refuse(path, "ไฟล์ว่างเปล่า ไม่มีข้อมูล", "the file is empty")
    if head.startswith(_ZIP):
        return _sniff_zip(path)
    found = _by_signature(path, head)
    if found is not None:
        return Sniffed(found)
    text = _as_text(head)
    if text.startswith("<"):
        return Sniffed(_which_xml(path, text))
    table = path.suffix.lower() in _TABLE_SUFFIXES
    if text.startswith(("{", "[", "\x1e")) and not table:
        return Sniffed(_which_json(path, text, whole=len(head) < _HEAD))
    if table and (b"\x00" not in head or _is_utf16(head)):
        return Sniffed(Format.CSV)
    if path.suffix.lower() in _BESIDE_SHP:
        raise refuse(
            path,
            "เป็นไฟล์ประกอบของ Shapefile ให้เลือกไฟล์ .shp หรือบีบทุกไฟล์รวมกันเป็น .zip",
            "it is a side file of a Shapefile; name the .shp, or put all of them into one .zip",
        )
    raise refuse(
        path,
        f"ไม่ใช่ไฟล์ข้อมูลแผนที่หรือตารางที่อ่านได้ ({READABLE})",
        f"it is not a map or table file that can be read ({READABLE})",
    )


def _as_text(head: bytes) -> str:
    if head[:2] in _BOMS:
        return head.decode("utf-16", errors="replace").lstrip("\ufeff \t\r\n")
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace").lstrip()


def _is_utf16(head: bytes) -> bool:
    """Whether every other byte is zero, as in UTF-16 text of letters and digits."""
    return head[:2] in _BOMS or min(head[0::2].count(0), head[1::2].count(0)) == 0


def _by_signature(path: Path, head: bytes) -> Format | None:  # noqa: PLR0911, C901  one line each
    if head.startswith(b"fgb\x03fgb"):
        return Format.FLATGEOBUF
    # the length of the first header, then the header, whose type comes first
    if head[4:15] == b"\x0a\x09OSMHeader":
        return Format.OSM_PBF
    if head.startswith(b"\x00\x00\x27\x0a"):
        if path.suffix.lower() == ".shx":
            return None
        return Format.SHAPEFILE
    if head.startswith(b"PAR1"):
        return Format.GEOPARQUET
    if head.startswith(_TIFF):
        return Format.GEOTIFF
    if head.startswith(_OLE):
        if path.suffix.lower() in (".xls", ".xlsx"):
            return Format.XLS
        raise _refuse_office(path)
    if head.startswith(_SQLITE):
        if head[68:72] in _GPKG_IDS or path.suffix.lower() == ".gpkg":
            return Format.GPKG
        raise refuse(
            path,
            "เป็นฐานข้อมูล SQLite ที่ไม่ใช่ GeoPackage",
            "it is an SQLite database but not a GeoPackage",
        )
    if _DXF.match(head.removeprefix(b"\xef\xbb\xbf")):
        return Format.DXF
    if path.suffix.lower() == ".dbf" and head[0] in (0x03, 0x30, 0x31, 0x32, 0x83, 0x8B, 0xF5):
        return Format.DBF
    _refuse_known(path, head)
    return None


def _refuse_known(path: Path, head: bytes) -> None:
    """Kinds people do send and we do not read, each with what to do instead."""
    for start, th, en in _KNOWN:
        if head.startswith(start):
            raise refuse(path, th, en)


_DWG = (
    "เป็นแบบ AutoCAD ชนิดไบนารี โปรดบันทึกเป็น DXF (ASCII)",
    "it is a binary AutoCAD drawing; save it as DXF (ASCII)",
)
_PACKED = (
    "เป็นไฟล์บีบอัดที่ไม่ใช่ zip โปรดแตกไฟล์ก่อน หรือบีบเป็น .zip",
    "it is an archive other than zip; unpack it first, or make a .zip",
)
_KNOWN: tuple[tuple[bytes, str, str], ...] = (
    (b"AC10", *_DWG),
    (b"AutoCAD Binary DXF", *_DWG),
    (b"%PDF", "เป็น PDF ไม่ใช่ข้อมูลแผนที่", "it is a PDF, a picture of a map and no data"),
    (b"\x1f\x8b", *_PACKED),
    (b"7z\xbc\xaf\x27\x1c", *_PACKED),
    (b"Rar!", *_PACKED),
)


def _sniff_zip(path: Path) -> Sniffed:
    """An office table, another office file, or an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {info.filename for info in archive.infolist()}
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise refuse(
            path, "ไฟล์ zip เสีย หรือใส่รหัสผ่าน", "the zip is damaged or has a password"
        ) from error
    if "[Content_Types].xml" in names:
        if any(name.lower().startswith("xl/workbook") for name in names):
            return Sniffed(Format.XLSX)
        raise _refuse_office(path)
    if kind.startswith(b"application/vnd.oasis.opendocument"):
        if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
            return Sniffed(Format.ODS)
        raise _refuse_office(path)
    return Sniffed(None, zipped=True)


def _refuse_office(path: Path) -> RefusedError:
    return refuse(
        path,
        "เป็นไฟล์สำนักงานที่ไม่ใช่ตาราง (Word, PowerPoint หรือคล้ายกัน) หรือใส่รหัสผ่าน",
        "it is an office file but no table (Word, PowerPoint or alike), or it has a password",
    )


def _which_json(path: Path, text: str, *, whole: bool) -> Format:
    if text.startswith("\x1e"):
        return Format.GEOJSONSEQ
    kind = top_level_type(text)
    if kind == "Topology":
        return Format.TOPOJSON
    if kind in _GEOJSON_TYPES:
        return Format.GEOJSONSEQ if kind == "Feature" and _is_sequence(text) else Format.GEOJSON
    if kind is None and not whole and text.startswith("{"):
        # the member may come after a long array: believe the name, the reader will check
        return Format.TOPOJSON if path.suffix.lower() == ".topojson" else Format.GEOJSON
    raise refuse(
        path,
        "เป็น JSON แต่ไม่ใช่ GeoJSON หรือ TopoJSON จึงไม่มีรูปแปลงหรือตำแหน่ง",
        "it is JSON, but neither GeoJSON nor TopoJSON, so it holds no places",
    )


def _is_sequence(text: str) -> bool:
    """Whether another object follows the first: one feature a line."""
    depth = 0
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word in "{[":
            if depth == 0 and match.start() > 0:
                return True
            depth += 1
        elif word in "}]":
            depth -= 1
    return False


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


def _which_xml(path: Path, text: str) -> Format:
    """KML, GML or OSM by the first element and the name spaces it declares."""
    if "VRTDataset" in text or "OGRVRTDataSource" in text or "GDALTile" in text:
        raise refuse(
            path,
            "เป็นไฟล์ VRT ซึ่งชี้ไปยังไฟล์อื่น ไม่รับเพื่อความปลอดภัย โปรดนำเข้าไฟล์ต้นฉบับเอง",
            "it is a VRT, a pointer to other files, and never accepted for safety; "
            "import the file it points to",
        )
    plain = re.sub(r"<\?.*?\?>|<!--.*?-->", "", text, flags=re.DOTALL).lstrip()
    if plain.upper().startswith("<!DOCTYPE") and not plain.upper().startswith("<!DOCTYPE HTML"):
        raise refuse(
            path,
            "XML มีการประกาศ DTD ซึ่งใช้ซ่อนคำสั่งอันตรายได้ จึงไม่เปิด",
            "its XML declares a document type (DTD), which can hide harm, so it is not opened",
        )
    root = _ROOT.match(plain)
    name = root[1] if root else ""
    start = plain[: plain.find(">", 0, 20_000) + 1]
    if name == "kml":
        return Format.KML
    if name == "osm":
        return Format.OSM_XML
    if "opengis.net/gml" in start or name == "FeatureCollection":
        return Format.GML
    raise refuse(
        path,
        f"เป็น XML หรือ HTML ไม่ใช่ไฟล์ที่อ่านได้ ({READABLE})",
        f"it is XML or HTML, not a file that can be read ({READABLE})",
    )
