"""Reading: what a file is, the child process and its walls, formats, zips, what is refused."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from etl.formats import Format
from etl.read import FID, Limits, Read, environment, layers_in, read
from etl.sniff import sniff, top_level_type
from etl.unpack import locate
from layers.errors import RefusedError
from tests.etl.files import DATA, thai


def open_(path: Path, scratch: Path, **options: str | None) -> Read:
    return read(locate(path, scratch), scratch, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "kind", "rows", "crs", "encoding"),
    [
        ("parcels.topojson", Format.TOPOJSON, 10, None, "UTF-8"),
        ("shelters.geojson", Format.GEOJSON, 5, "EPSG:4326", "UTF-8"),
        ("roads.fgb", Format.FLATGEOBUF, 2, "EPSG:3857", "UTF-8"),
        ("indian.gpkg", Format.GPKG, 1, "EPSG:24048", "UTF-8"),
        ("communities.zip", Format.SHAPEFILE, 2, "EPSG:32648", "UTF-8"),
        ("assessments.csv", Format.CSV, 10, None, "utf-8-sig"),
    ],
)
def test_each_format_is_read_whole(  # noqa: PLR0917  one for each column above
    tmp_path: Path, name: str, kind: Format, rows: int, crs: str | None, encoding: str
) -> None:
    found = open_(DATA / name, tmp_path)
    assert found.source.format is kind
    assert found.table.num_rows == rows
    assert found.crs == crs
    assert found.encoding == encoding
    assert len(found.source.sha256) == 64


def test_a_topojson_row_without_a_shape_is_not_lost(tmp_path: Path) -> None:
    found = open_(DATA / "parcels.topojson", tmp_path)
    assert found.table.column("ML").to_pylist()[6] == "P7"
    assert found.table.column("__wkb").to_pylist()[6] is None
    assert found.table.column(FID).to_pylist() == list(range(10))


def test_thai_in_a_zipped_shapefile_with_thai_names(tmp_path: Path) -> None:
    found = open_(DATA / "communities.zip", tmp_path)
    assert found.table.column("NAME_TH").to_pylist() == ["ชุมชนท่าน้ำ", "ชุมชนวัดเหนือ"]
    assert found.source.member == "ข้อมูล/ชุมชน.shp"
    assert ".cpg" in found.encoding_evidence


def test_a_file_of_several_layers_has_to_be_asked_for_one(tmp_path: Path) -> None:
    path = DATA / "two_layers.gpkg"
    assert layers_in(locate(path, tmp_path), tmp_path) == ("ponds", "roads")
    with pytest.raises(RefusedError, match=r"ponds, roads.*--layer-in-file"):
        open_(path, tmp_path)
    assert open_(path, tmp_path, layer="roads").table.num_rows == 2
    with pytest.raises(RefusedError, match="no layer “houses”"):
        open_(path, tmp_path, layer="houses")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.geojson", "the file is empty"),
        ("letter.geojson", "not a map or table file"),
        ("plain.json", "neither GeoJSON nor TopoJSON"),
        ("vrt.geojson", "a VRT, a pointer to other files"),
        ("truncated.geojson", "damaged or incomplete"),
        ("nothing.zip", "no map file inside"),
        ("no_such.geojson", "does not exist"),
    ],
)
def test_what_is_no_geodata_is_refused_in_two_languages(
    tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        open_(DATA / name, tmp_path)
    assert words in refused.value.detail.en
    assert thai(refused.value.detail.th)


@pytest.mark.parametrize(
    "path", ["/vsicurl/http://127.0.0.1/a.geojson", "http://127.0.0.1/a.geojson", "/vsizip/a.zip"]
)
def test_no_virtual_path_and_no_address_is_opened(tmp_path: Path, path: str) -> None:
    with pytest.raises(RefusedError, match="only files on this machine"):
        locate(Path(path), tmp_path)


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.geojson"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(RefusedError, match="not a regular file"):
            locate(path, tmp_path)


def test_gdal_itself_knows_no_driver_but_the_one_for_the_file(tmp_path: Path) -> None:
    """The second wall: even a VRT that is taken for GeoJSON is not followed."""
    path = tmp_path / "x.geojson"
    shutil.copy(DATA / "vrt.geojson", path)
    source = locate(DATA / "shelters.geojson", tmp_path)
    disguised = type(source)(**(vars(source) | {"opened": path}))
    with pytest.raises(RefusedError, match="cannot be read as GeoJSON"):
        read(disguised, tmp_path)


def test_the_child_inherits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUANG_SECRET", "do not tell")
    monkeypatch.setenv("GDAL_SKIP", "")
    made = environment("GeoJSON", tmp_path)
    assert "MUANG_SECRET" not in made
    skipped = made["GDAL_SKIP"].split(",")
    assert "OGR_VRT" in skipped
    assert "ESRI Shapefile" in skipped
    assert "GeoJSON" not in skipped
    assert made["PROJ_NETWORK"] == "OFF"


def test_a_reader_without_memory_refuses_and_does_not_crash(tmp_path: Path) -> None:
    source = locate(DATA / "shelters.geojson", tmp_path)
    with pytest.raises(RefusedError, match=r"reader stopped|more memory"):
        read(source, tmp_path, limits=Limits(memory_bytes=64 * 1024**2))


def test_a_zip_that_grows_without_end_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b" " * 2_000_000)
    monkeypatch.setattr("etl.zips.MAX_UNPACKED", 1_000_000)
    with pytest.raises(RefusedError, match="too large"):
        locate(bomb, tmp_path)


def test_a_zip_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    evil = tmp_path / "evil.zip"
    inside = (DATA / "shelters.geojson").read_bytes()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../outside.geojson", inside)
    scratch = tmp_path / "a" / "b"
    scratch.mkdir(parents=True)
    with pytest.raises(RefusedError, match="lead out of their folder"):
        locate(evil, scratch)
    assert not (tmp_path / "outside.geojson").exists()


def test_several_shapefiles_in_one_zip(tmp_path: Path) -> None:
    both = tmp_path / "both.zip"
    with (
        zipfile.ZipFile(DATA / "communities.zip") as source,
        zipfile.ZipFile(both, "w") as target,
    ):
        for name in source.namelist():
            for stem in ("north", "south"):
                target.writestr(stem + Path(name).suffix, source.read(name))
    with pytest.raises(RefusedError, match="north, south"):
        locate(both, tmp_path)
    assert locate(both, tmp_path, member="south").member == "south.shp"


def test_csv_in_the_old_thai_code_page(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes("code,name\n1,ชุมชนท่าน้ำ\n".encode("cp874"))
    guessed = open_(path, tmp_path)
    assert guessed.encoding == "cp874"
    assert guessed.encoding_confidence > 0.9
    assert "well-spelt Thai" in guessed.encoding_evidence
    found = open_(path, tmp_path, encoding="cp874")
    assert found.table.column("name").equals(guessed.table.column("name"))
    assert found.table.column("name").to_pylist() == ["ชุมชนท่าน้ำ"]
    with pytest.raises(RefusedError, match="unknown"):
        open_(path, tmp_path, encoding="klingon")


def test_csv_with_repeated_names_semicolons_and_short_rows(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("\ufeffa;a;\n1;2;3\n4\n\n", encoding="utf-8")
    found = open_(path, tmp_path)
    assert found.columns == ("a", "a_2", "column_3")
    assert found.table.drop([FID]).to_pylist() == [
        {"a": "1", "a_2": "2", "column_3": "3"},
        {"a": "4", "a_2": None, "column_3": None},
    ]
    assert found.messages == ("row 2: 1 cells",)


def test_a_dbf_alone_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "table.dbf"
    with zipfile.ZipFile(DATA / "communities.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dbf"))
        path.write_bytes(archive.read(name))
    (tmp_path / "table.cpg").write_text("UTF-8", encoding="ascii")
    found = open_(path, tmp_path)
    assert found.source.format is Format.DBF
    assert not found.has_geometry
    assert found.table.column("NAME_TH").to_pylist()[0] == "ชุมชนท่าน้ำ"


def test_the_type_of_a_json_is_its_outermost_one() -> None:
    nested = {"a": {"type": "Topology"}, "type": "FeatureCollection", "b": '{"type": "x"}'}
    assert top_level_type(json.dumps(nested)) == "FeatureCollection"
    assert top_level_type('{"a": [1, 2], "b": "type"}') is None


def test_a_name_does_not_make_a_format(tmp_path: Path) -> None:
    path = tmp_path / "roads.geojson"
    shutil.copy(DATA / "roads.fgb", path)
    assert sniff(path).format is Format.FLATGEOBUF
