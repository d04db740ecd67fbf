"""Every format: a small file made here, recognised, and read whole by its one driver."""

import json
from pathlib import Path

import pytest

from etl.formats import Format
from etl.look import look
from etl.read import Limits, Read, drivers_left, layers_in, read
from etl.unpack import locate
from layers.errors import RefusedError
from tests.etl import made

LIMITS = Limits(memory_bytes=3 * 1024**3, cpu_seconds=60, wall_seconds=120)
TABLES = ("csv", "tsv", "xlsx", "ods")
OTHER = ("dxf", "osm-xml", "osm-pbf", "geotiff")


def open_(path: Path, scratch: Path, **options: object) -> Read:
    return read(locate(path, scratch), scratch, limits=LIMITS, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [name for name in made.MAKERS if name not in OTHER])
def test_each_format_is_recognised_and_read_whole(tmp_path: Path, name: str) -> None:
    kind, make = made.MAKERS[name]
    path = make(tmp_path)
    found = open_(path, tmp_path)
    assert found.source.format is kind
    column = "name" if kind is Format.KML else "name_th"
    # a FlatGeobuf is sorted by place
    assert sorted(found.table.column(column).to_pylist()) == sorted(made.NAMES)
    assert found.has_geometry == (name not in TABLES)
    assert found.network_isolated
    assert found.encoding_confidence > 0.8
    if kind not in (Format.TOPOJSON, Format.CSV, *(Format.XLSX, Format.ODS)):
        assert found.crs in ("EPSG:4326", "OGC:CRS84")


def test_each_format_has_one_driver_of_gdal_and_no_other(tmp_path: Path) -> None:
    left = {}
    for kind in Format:
        if kind.driver is not None:
            left[kind] = drivers_left(kind, tmp_path)
    assert left == {
        Format.GEOJSON: ("GeoJSON",),
        Format.GEOJSONSEQ: ("GeoJSONSeq",),
        Format.TOPOJSON: ("TopoJSON",),
        Format.GPKG: ("GPKG",),
        Format.SHAPEFILE: ("ESRI Shapefile",),
        Format.DBF: ("ESRI Shapefile",),
        Format.FILEGDB: ("OpenFileGDB",),
        Format.FLATGEOBUF: ("FlatGeobuf",),
        Format.GML: ("GML",),
        Format.DXF: ("DXF",),
        Format.OSM_PBF: ("OSM",),
        Format.OSM_XML: ("OSM",),
    }


def test_a_raster_is_looked_into_and_not_read_as_rows(tmp_path: Path) -> None:
    path = made.geotiff(tmp_path / "ground.tif")
    found = look(path, limits=LIMITS)
    assert found.format == "GeoTIFF"
    assert found.layers[0].crs == "EPSG:32648"
    assert found.layers[0].read == 16
    with pytest.raises(RefusedError, match="elevation or depth"):
        open_(path, tmp_path)


def test_a_drawing_gives_lines_text_and_blocks_in_its_code_page(tmp_path: Path) -> None:
    found = open_(made.dxf(tmp_path / "plan.dxf"), tmp_path)
    assert set(found.table.column("Layer").to_pylist()) >= {"ROAD", "LABEL", "TREES"}
    assert made.NAMES[0] in found.table.column("Text").to_pylist()
    assert "ANSI_874" in found.encoding_evidence
    assert found.crs is None


def test_openstreetmap_as_xml_has_layers(tmp_path: Path) -> None:
    found = look(made.osm_xml(tmp_path / "map.osm"), limits=LIMITS)
    counts = {layer.name: layer.read for layer in found.layers}
    assert counts["points"] == 3


def test_several_shapefiles_in_a_zip_are_chosen_by_name(tmp_path: Path) -> None:
    both = [
        *made.parts(made.shapefile(tmp_path, stem="a")),
        *made.parts(made.shapefile(tmp_path, stem="b")),
    ]
    names = [f"ข้อมูล/{p.name}" for p in both]
    path = made.zipped(tmp_path / "two.zip", both, names)
    assert [layer.name for layer in look(path, limits=LIMITS).layers] == ["a", "b"]
    with pytest.raises(RefusedError, match=r"a, b.*--layer-in-file"):
        locate(path, tmp_path)
    assert locate(path, tmp_path, member="b").member == "ข้อมูล/b.shp"


def test_a_layer_within_a_file_within_a_zip(tmp_path: Path) -> None:
    book = made.xlsx(tmp_path / "s.xlsx", {"ก": [["a"], ["1"]], "ข": [["a"], ["2"]]})
    path = made.zipped(tmp_path / "s.zip", [book])
    source = locate(path, tmp_path, member="ข")
    assert source.inner("ข") == "ข"
    assert read(source, tmp_path, layer=source.inner("ข")).table.column("a").to_pylist() == ["2"]
    assert source.inner("s") is None
    shp = made.zipped(tmp_path / "t.zip", made.parts(made.shapefile(tmp_path)))
    with pytest.raises(RefusedError, match="no layer “x”; its layers are: temples"):
        open_(shp, tmp_path, layer="x")


def test_thai_names_in_a_zip_without_the_flag_of_utf8(tmp_path: Path) -> None:
    """Windows packs names in its own code page and says nothing."""
    plain = made.zipped(
        tmp_path / "plain.zip",
        made.parts(made.shapefile(tmp_path)),
        [f"XXXXXXXX{p.suffix}" for p in made.parts(tmp_path / "temples.shp")],
    )
    thai = "ชุมชนวัด".encode("cp874")
    assert len(thai) == 8
    path = tmp_path / "thai.zip"
    path.write_bytes(plain.read_bytes().replace(b"XXXXXXXX", thai))
    assert locate(path, tmp_path).member == "ชุมชนวัด.shp"


def test_folders_of_a_kml_are_layers(tmp_path: Path) -> None:
    inside = (
        "<Folder><name>วัด</name>"
        + made.placemark("หนึ่ง", "105.2,15.2,7")
        + "<Folder><name>วัด</name>"
        + made.placemark("สอง", "105.3,15.2")
        + "</Folder></Folder>"
        "<NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink>"
    )
    path = made.kml(tmp_path / "f.kml", inside)
    assert layers_in(locate(path, tmp_path), tmp_path) == ("วัด", "วัด (#2)")
    found = look(path, limits=LIMITS)
    kinds = {problem.kind for problem in found.layers[0].problems}
    assert kinds == {"has_z_or_m", "kml_left_out"}
    second = open_(path, tmp_path, layer="วัด (#2)")
    assert second.table.column("folder").to_pylist() == ["วัด/วัด"]


def test_thai_names_of_extended_data_survive(tmp_path: Path) -> None:
    found = open_(made.kml(tmp_path / "e.kml"), tmp_path)
    assert found.table.column("เขต").to_pylist() == ["0", "1", "2"]


def test_a_multigeometry_of_a_kml(tmp_path: Path) -> None:
    inside = (
        "<Placemark><MultiGeometry><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        "0,0 1,0 1,1 0,0</coordinates></LinearRing></outerBoundaryIs></Polygon><Polygon>"
        "<outerBoundaryIs><LinearRing><coordinates>5,5 6,5 6,6 5,5</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></MultiGeometry></Placemark>"
        "<Placemark><Point><coordinates>a,b</coordinates></Point></Placemark>"
    )
    found = look(made.kml(tmp_path / "m.kml", inside), limits=LIMITS).layers[0]
    assert found.geometry_types == {"MultiPolygon": 1}
    assert [p.kind for p in found.problems][:1] == ["broken_geometry"]


def test_parquet_crs_other_geometry_and_nesting(tmp_path: Path) -> None:
    utm = {"id": {"authority": "EPSG", "code": 32648}}
    told = open_(made.parquet(tmp_path / "a.parquet", crs=utm, more=True), tmp_path)
    assert told.crs == "EPSG:32648"
    assert {finding.kind for finding in told.findings} == {"more_geometry", "nested_columns"}
    assert told.table.column("centre").to_pylist()[0] == "POINT (105.22 15.24)"
    assert json.loads(told.table.column("tags").to_pylist()[0]) == {"a": [1, 2]}
    assert open_(made.parquet(tmp_path / "b.parquet", crs=None), tmp_path).crs is None


def test_a_sheet_with_titles_merged_cells_and_dates(tmp_path: Path) -> None:
    rows = [
        ["ทะเบียนวัด เทศบาลเมืองพิบูล", None, None],
        [None, None, None],
        ["ชื่อ", "ชุมชน", "วันที่"],
        [made.NAMES[0], "กลาง", (45292, "date")],
        [made.NAMES[1], None, (45293.5, "date")],
    ]
    path = made.xlsx(tmp_path / "r.xlsx", {"ทะเบียน": rows, "ว่าง": []}, ["A1:C1", "B4:B5"])
    found = open_(path, tmp_path)
    assert found.layer == "ทะเบียน"
    assert found.columns == ("ชื่อ", "ชุมชน", "วันที่")
    assert found.table.column("ชุมชน").to_pylist() == ["กลาง", "กลาง"]
    assert found.table.column("วันที่").to_pylist() == ["2024-01-01", "2024-01-02 12:00:00"]
    assert {f.kind for f in found.findings} == {"title_rows", "merged_cells"}


def test_several_sheets_are_asked_for(tmp_path: Path) -> None:
    path = made.xlsx(tmp_path / "s.xlsx", {"ก": [["a"], ["1"]], "ข": [["a"], ["2"]]})
    with pytest.raises(RefusedError, match=r"ก, ข.*--layer-in-file"):
        open_(path, tmp_path)
    assert open_(path, tmp_path, layer="ข").table.column("a").to_pylist() == ["2"]


@pytest.mark.parametrize(
    ("cells", "x"),
    [
        (["POINT (105.2 15.2)", "POINT Z (105.3 15.2 9)"], 105.2),
        (["SRID=32648;POINT (525000 1685000)", ""], 525000.0),
        (["0101000000CDCCCCCCCC4C5A406666666666662E40", "zz"], 105.2),
        (["15.2000, 105.2000", "15.3, 105.3"], 105.2),
    ],
)
def test_shapes_in_a_column_of_a_table(tmp_path: Path, cells: list[str], x: float) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;where\n" + "".join(f'1;"{cell}"\n' for cell in cells), encoding="utf-8")
    found = look(path, limits=LIMITS).layers[0]
    assert found.bounds is not None
    assert abs(found.bounds[0] - x) < 0.001
    told = open_(path, tmp_path)
    assert told.crs == ("EPSG:32648" if "SRID" in cells[0] else None)
    assert told.findings[0].kind == "shapes_from_column"


def test_csv_with_a_title_above_and_an_open_quote(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("ทะเบียนบ้าน,,\nรหัส,ชื่อ,ตำบล\n1,ก,พิบูล\n", encoding="utf-8")
    found = open_(path, tmp_path)
    assert found.columns == ("รหัส", "ชื่อ", "ตำบล")
    path.write_text('a,b\n1,"x\n2,y\n3,z\n', encoding="utf-8")
    with pytest.raises(RefusedError, match="never closed"):
        open_(path, tmp_path)


def test_a_lost_index_of_a_shapefile_is_made_anew_beside_nothing(tmp_path: Path) -> None:
    path = made.shapefile(tmp_path)
    path.with_suffix(".shx").unlink()
    before = sorted(p.name for p in tmp_path.iterdir())
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert open_(path, scratch).rows == 3
    assert sorted(p.name for p in tmp_path.iterdir() if p != scratch) == before
