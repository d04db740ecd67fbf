"""Small files of every format, made on the spot: three temples of Phibun, with Thai names."""

import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from etl.formats import Format
from tests.etl.osm_file import Node, Way, write_pbf

NAMES = ("วัดกลาง", "วัดใต้", "วัดสระแก้ว")
PLACES = ((105.22, 15.24), (105.23, 15.25), (105.24, 15.26))
CRS84 = "EPSG:4326"


def vector(path: Path, driver: str, **options: object) -> Path:
    """The temples as points, written by GDAL."""
    shapes = np.array([shapely.to_wkb(shapely.Point(p)) for p in PLACES], dtype=object)
    pyogrio.raw.write(
        path,
        geometry=shapes,
        field_data=[np.array(NAMES, dtype=object), np.array([1.5, 2.5, 3.5])],
        fields=["name_th", "n"],
        geometry_type="Point",
        crs=CRS84,
        driver=driver,
        **options,
    )
    return path


def shapefile(folder: Path, *, encoding: str = "cp874", stem: str = "temples") -> Path:
    """A Shapefile; without a .cpg unless it is in UTF-8."""
    path = vector(folder / f"{stem}.shp", "ESRI Shapefile", encoding=encoding)
    if encoding.lower() != "utf-8":
        path.with_suffix(".cpg").unlink(missing_ok=True)
        table = bytearray(path.with_suffix(".dbf").read_bytes())
        table[29] = 0
        path.with_suffix(".dbf").write_bytes(table)
    return path


def zipped(path: Path, files: Sequence[Path], names: Sequence[str] | None = None) -> Path:
    """Files in a zip, under other names if given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, file in enumerate(files):
            archive.write(file, names[number] if names else file.name)
    return path


def parts(shp: Path) -> list[Path]:
    """A Shapefile's files."""
    return sorted(p for p in shp.parent.iterdir() if p.stem == shp.stem and p.suffix != ".zip")


def features() -> list[dict[str, object]]:
    """The temples as GeoJSON features."""
    return [
        {
            "type": "Feature",
            "properties": {"name_th": name, "n": number + 1.5},
            "geometry": {"type": "Point", "coordinates": list(place)},
        }
        for number, (name, place) in enumerate(zip(NAMES, PLACES, strict=True))
    ]


def geojson(path: Path) -> Path:
    """A GeoJSON collection."""
    whole = {"type": "FeatureCollection", "features": features()}
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return path


def sequence(path: Path, *, separator: str = "") -> Path:
    """One feature a line; with the record separator of RFC 8142 if given."""
    lines = [separator + json.dumps(item, ensure_ascii=False) + "\n" for item in features()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def topojson(path: Path) -> Path:
    """A topology of points."""
    made = [
        {"type": "Point", "coordinates": list(place), "properties": {"name_th": name, "n": 1.5}}
        for name, place in zip(NAMES, PLACES, strict=True)
    ]
    whole = {
        "type": "Topology",
        "objects": {"temples": {"type": "GeometryCollection", "geometries": made}},
        "arcs": [],
    }
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return path


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document><name>temples</name>{inside}</Document></kml>"""


def placemark(name: str, coordinates: str, more: str = "") -> str:
    """One point of KML."""
    return (
        f"<Placemark><name>{name}</name>{more}"
        f"<Point><coordinates>{coordinates}</coordinates></Point></Placemark>"
    )


def kml(path: Path, inside: str | None = None) -> Path:
    """A KML of the temples, with extended data."""
    marks = [
        placemark(
            name,
            f"{place[0]},{place[1]},0",
            f'<ExtendedData><Data name="เขต"><value>{number}</value></Data></ExtendedData>',
        )
        for number, (name, place) in enumerate(zip(NAMES, PLACES, strict=True))
    ]
    path.write_text(KML.format(inside=inside or "".join(marks)), encoding="utf-8")
    return path


def dxf(path: Path, *, page: str = "ANSI_874") -> Path:
    """A drawing with a line, a text in CP874 and a block used once."""
    pairs = [
        *((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1015")),
        *((9, "$DWGCODEPAGE"), (3, page), (0, "ENDSEC")),
        *((0, "SECTION"), (2, "BLOCKS"), (0, "BLOCK"), (2, "TREE"), (10, "0"), (20, "0")),
        *((0, "LINE"), (8, "0"), (10, "0"), (20, "0"), (11, "1"), (21, "1")),
        *((0, "ENDBLK"), (0, "ENDSEC")),
        *((0, "SECTION"), (2, "ENTITIES")),
        *((0, "LINE"), (8, "ROAD"), (10, "500"), (20, "600"), (11, "510"), (21, "610")),
        *((0, "TEXT"), (8, "LABEL"), (10, "505"), (20, "605"), (40, "2"), (1, NAMES[0])),
        *((0, "INSERT"), (8, "TREES"), (2, "TREE"), (10, "520"), (20, "620")),
        *((0, "ENDSEC"), (0, "EOF")),
    ]
    text = "".join(f"{code}\n{value}\n" for code, value in pairs)
    path.write_bytes(text.encode("cp874"))
    return path


def osm_xml(path: Path) -> Path:
    """Three nodes of OpenStreetMap as XML."""
    nodes = [
        f'<node id="{number + 1}" lat="{place[1]}" lon="{place[0]}" version="1">'
        f'<tag k="name" v="{name}"/><tag k="amenity" v="place_of_worship"/></node>'
        for number, (name, place) in enumerate(zip(NAMES, PLACES, strict=True))
    ]
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">{"".join(nodes)}</osm>',
        encoding="utf-8",
    )
    return path


def osm_pbf(path: Path) -> Path:
    """A street of OpenStreetMap as PBF."""
    nodes = [Node(n + 1, *place) for n, place in enumerate(PLACES)]
    return write_pbf(path, nodes, [Way(1, (1, 2, 3), {"highway": "primary", "name": NAMES[0]})])


def parquet(
    path: Path, *, encoding: str = "WKB", crs: object = "left out", more: bool = False
) -> Path:
    """A GeoParquet table; `encoding` point for the native one, `more` geometry and nesting."""
    points = [shapely.Point(place) for place in PLACES]
    kind = pa.struct([("x", pa.float64()), ("y", pa.float64())])
    shapes = (
        pa.array([point.wkb for point in points], type=pa.binary())
        if encoding == "WKB"
        else pa.array([{"x": x, "y": y} for x, y in PLACES], type=kind)
    )
    column: dict[str, object] = {"encoding": encoding, "geometry_types": ["Point"]}
    if crs != "left out":
        column["crs"] = crs
    geo: dict[str, object] = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": column},
    }
    table = pa.table({"name_th": list(NAMES), "n": [1.5, 2.5, 3.5], "geometry": shapes})
    if more:
        table = table.append_column("centre", pa.array([p.wkb for p in points], type=pa.binary()))
        table = table.append_column("tags", pa.array([{"a": [1, 2]}, None, {"a": []}]))
        geo["columns"] = {"geometry": column, "centre": {"encoding": "WKB"}}
    metadata = {b"geo": json.dumps(geo).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    return path


_SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}
</sheetData>{merged}</worksheet>"""


def xlsx(
    path: Path, sheets: dict[str, Sequence[Sequence[object]]], merged: Sequence[str] = ()
) -> Path:
    """An XLSX by hand; a cell `(45000, "date")` is a serial number shown as a date."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        names = list(sheets)
        listed = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.'
            'openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for n in range(1, len(names) + 1)
        )
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
            f'officedocument.spreadsheetml.sheet.main+xml"/>{listed}</Types>',
        )
        office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        tabs = "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(names, 1)
        )
        archive.writestr(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            f'xmlns:r="{office}"><sheets>{tabs}</sheets></workbook>',
        )
        links = "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(names) + 1)
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}">{links}<Relationship Id="s" Type="{office}/styles"'
            ' Target="styles.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/styles.xml",
            '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
            "</cellXfs></styleSheet>",
        )
        cells = "".join(f'<mergeCell ref="{span}"/>' for span in merged)
        spans = f'<mergeCells count="{len(merged)}">{cells}</mergeCells>' if merged else ""
        for number, rows in enumerate(sheets.values(), 1):
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml",
                _SHEET.format(rows="".join(map(_row, range(1, len(rows) + 1), rows)), merged=spans),
            )
    return path


def _row(number: int, cells: Sequence[object]) -> str:
    made = []
    for at, cell in enumerate(cells):
        place = f'r="{chr(65 + at)}{number}"'
        match cell:
            case None:
                continue
            case str():
                made.append(f'<c {place} t="inlineStr"><is><t>{cell}</t></is></c>')
            case (serial, "date"):
                made.append(f'<c {place} s="1"><v>{serial}</v></c>')
            case _:
                made.append(f"<c {place}><v>{cell}</v></c>")
    return f'<row r="{number}">{"".join(made)}</row>'


def temples_xlsx(path: Path) -> Path:
    """The temples as a sheet."""
    rows: list[list[object]] = [["name_th", "n", "lon", "lat"]]
    rows += [[name, 1.5, *place] for name, place in zip(NAMES, PLACES, strict=True)]
    return xlsx(path, {"วัด": rows})


def ods(path: Path) -> Path:
    """The temples as an OpenDocument table."""
    rows = [("name_th", "lon", "lat"), *((n, *p) for n, p in zip(NAMES, PLACES, strict=True))]
    made = ""
    for row in rows:
        cells = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        made += f"<table:table-row>{cells}</table:table-row>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    base = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{base}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{base}:office:1.0" '
            f'xmlns:table="{base}:table:1.0" xmlns:text="{base}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="temples">{made}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def csv(path: Path, *, encoding: str = "utf-8", separator: str = ",") -> Path:
    """The temples as a text table with longitude and latitude."""
    rows = [("name_th", "lon", "lat"), *((n, *p) for n, p in zip(NAMES, PLACES, strict=True))]
    text = "".join(separator.join(map(str, row)) + "\r\n" for row in rows)
    path.write_bytes(text.encode(encoding))
    return path


def geotiff(path: Path) -> Path:
    """A little GeoTIFF of one float32 band by hand: 4 x 4 cells of 30 m, EPSG:32648."""
    cells = struct.pack("<16f", *range(16))
    keys = struct.pack("<16H", 1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32648)
    doubles = struct.pack("<3d", 30, 30, 0) + struct.pack("<6d", 0, 0, 0, 525000, 1686000, 0)
    data = 8 + 2 + 14 * 12 + 4
    entries = [
        (256, 3, 1, 4),
        (257, 3, 1, 4),
        (258, 3, 1, 32),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, data),
        (277, 3, 1, 1),
        (278, 3, 1, 4),
        (279, 4, 1, 64),
        (284, 3, 1, 1),
        (339, 3, 1, 3),
        (33550, 12, 3, data + 64),
        (33922, 12, 6, data + 88),
        (34735, 3, 16, data + 136),
    ]
    table = struct.pack("<H", len(entries))
    table += b"".join(struct.pack("<HHII", *entry) for entry in entries) + struct.pack("<I", 0)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + table + cells + doubles + keys)
    return path


def _zipped_shapefile(folder: Path) -> Path:
    return zipped(folder / "temples.zip", parts(shapefile(folder)))


def _kmz(folder: Path) -> Path:
    return zipped(folder / "temples.kmz", [kml(folder / "in.kml")], ["doc.kml"])


def _gdb(folder: Path) -> Path:
    return vector(folder / "temples.gdb", "OpenFileGDB")


def _gdb_zip(folder: Path) -> Path:
    made = _gdb(folder)
    inside = sorted(made.iterdir())
    return zipped(folder / "t.gdb.zip", inside, [f"temples.gdb/{p.name}" for p in inside])


MAKERS: dict[str, tuple[Format, Callable[[Path], Path]]] = {
    "geojson": (Format.GEOJSON, lambda f: geojson(f / "temples.geojson")),
    "geojsonseq": (Format.GEOJSONSEQ, lambda f: sequence(f / "temples.geojsonl")),
    "geojsonseq-rs": (
        Format.GEOJSONSEQ,
        lambda f: sequence(f / "rs.geojsons", separator="\x1e"),
    ),
    "topojson": (Format.TOPOJSON, lambda f: topojson(f / "temples.topojson")),
    "gpkg": (Format.GPKG, lambda f: vector(f / "temples.gpkg", "GPKG")),
    "shapefile": (Format.SHAPEFILE, shapefile),
    "shapefile-zip": (Format.SHAPEFILE, _zipped_shapefile),
    "filegdb": (Format.FILEGDB, _gdb),
    "filegdb-zip": (Format.FILEGDB, _gdb_zip),
    "flatgeobuf": (Format.FLATGEOBUF, lambda f: vector(f / "temples.fgb", "FlatGeobuf")),
    "geoparquet": (Format.GEOPARQUET, lambda f: parquet(f / "temples.parquet")),
    "geoparquet-native": (
        Format.GEOPARQUET,
        lambda f: parquet(f / "native.parquet", encoding="point"),
    ),
    "kml": (Format.KML, lambda f: kml(f / "temples.kml")),
    "kmz": (Format.KML, _kmz),
    "gml": (Format.GML, lambda f: vector(f / "temples.gml", "GML")),
    "csv": (Format.CSV, lambda f: csv(f / "temples.csv")),
    "tsv": (Format.CSV, lambda f: csv(f / "temples.tsv", separator="\t")),
    "xlsx": (Format.XLSX, lambda f: temples_xlsx(f / "temples.xlsx")),
    "ods": (Format.ODS, lambda f: ods(f / "temples.ods")),
    "dxf": (Format.DXF, lambda f: dxf(f / "temples.dxf")),
    "osm-xml": (Format.OSM_XML, lambda f: osm_xml(f / "temples.osm")),
    "osm-pbf": (Format.OSM_PBF, lambda f: osm_pbf(f / "street.osm.pbf")),
    "geotiff": (Format.GEOTIFF, lambda f: geotiff(f / "ground.tif")),
}
"""Name -> the format and how a small file of it is made in a folder."""
