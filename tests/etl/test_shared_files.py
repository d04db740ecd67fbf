"""Every file of the shared data is looked into: an answer or a sentence, no fall, no hang.

What is known of some of them is held to a table, so that refusing everything fails. Skipped with
a line where the shared data is absent; `tests.etl.made` has small files of the same kinds.
"""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from etl.look import look
from etl.looked import Look
from etl.read import Limits
from layers.errors import MuangError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
LIMITS = Limits(memory_bytes=3 * 1024**3, cpu_seconds=60, wall_seconds=120)
FOLDERS = ("a_thailand", "b_", "d_nasty")

ROWS: dict[str, int] = {
    "a_thailand/admin/th_adm3_tambon.gpkg": 7425,
    "a_thailand/admin_codes/sub_districts.csv": 7451,
    "a_thailand/landmarks/village.zip": 1043,
    "a_thailand/landmarks/sub_district.zip": 178,
    "a_thailand/phuket/phuket-waterways.geojson": 2200,
    "b_cambridge_ma/ASSESSING_ParcelsFY2013.topojson": 13159,
    "b_cambridge_ma/TaxFY13.csv": 27424,
    "b_boulder_buildings/boulder_buildings.zip": 13491,
    "b_fr_cadastre/cadastre-75118-parcelles.json": 6821,
    "d_nasty/openaddresses/conforms/lake-man-gdb.gdb": 6,
    "d_nasty/openaddresses/conforms/lake-man-gml.gml": 6,
    "d_nasty/openaddresses/conforms/lake-man.zip": 6,
    "d_nasty/openaddresses/data/us-ca-oakland-excerpt.zip": 2241,
    "d_nasty/openaddresses/data/jp-fukushima.zip": 6,
    "d_nasty/encodings/encoding_885911.shp": 18,
    "d_nasty/mapshaper/features/zip/points.zip": 295,
    "d_nasty/mapshaper/text/utf16_le_bom.csv": 1,
    "d_nasty/mapshaper/text/states.csv": 52,
    "d_nasty/geoparquet/example.parquet": 5,
    "d_nasty/pyogrio/list_nested_struct_file.parquet": 3,
    "d_nasty/pyogrio/naturalearth_lowres/naturalearth_lowres.shp": 177,
    "d_nasty/rsf/gml/fmi_test.gml": 22,
    "d_nasty/rsf/shape/nc.shp": 100,
    "d_nasty/rsf/gpkg/nospatial.gpkg": 1,
}
"""Rows of all layers of files that must be read whole."""

ENCODINGS: dict[str, tuple[str, str | None]] = {
    "d_nasty/encodings/encoding_885911.dbf": ("iso8859-11", None),
    "d_nasty/encodings/encoding_1251.dbf": ("cp1251", None),
    "d_nasty/encodings/encodings_utf-8.dbf": ("UTF-8", None),
    "d_nasty/mapshaper/dbf/cpg/win874.dbf": ("cp874", None),
    "d_nasty/mapshaper/dbf/cpg/koi8r.dbf": ("koi8-r", None),
    "d_nasty/mapshaper/dbf/ldid/chinese.dbf": ("gbk", None),
    "d_nasty/mapshaper/dbf/shiftjis.dbf": ("shift_jis", "encoding_unsure"),
    "d_nasty/mapshaper/dbf/latin1.dbf": ("cp1252", "encoding_unsure"),
    "d_nasty/mapshaper/dbf/ne_10m_time_zones.dbf": ("cp1252", "encoding_unsure"),
    "d_nasty/openaddresses/conforms/jp-nara.csv": ("shift_jis", "encoding_unsure"),
    "d_nasty/mapshaper/text/utf16_be_bom.csv": ("utf-16", None),
    "d_nasty/mapshaper/text/utf16le.txt": ("utf-16-le", None),
    "a_thailand/landmarks/village.zip": ("UTF-8", "text_at_limit"),
}
"""The encoding a file is looked at in, and a problem that must (or None: no doubt must) be told."""

PROBLEMS: dict[str, str] = {
    "b_boulder_buildings/boulder_buildings.zip": "invalid_geometry",
    "b_cambridge_ma/ASSESSING_ParcelsFY2013.topojson": "no_crs",
    "d_nasty/geoparquet/data-point-wkt.csv": "shapes_from_column",
    "d_nasty/pyogrio/list_nested_struct_file.parquet": "nested_columns",
    "d_nasty/pyogrio/line_zm.gpkg": "has_z_or_m",
    "d_nasty/mapshaper/geopackage/null_crs_gdal.gpkg": "no_crs",
}

SENTENCES: dict[str, str] = {
    "a_thailand/phuket_stats/waste-households.json": "it is JSON, but neither GeoJSON",
    "a_thailand/waterlevel/waterlevel.json": "it is JSON, but neither GeoJSON",
    "d_nasty/mapshaper/features/zip/zip-in-zip.zip": "another archive (zip) inside",
    "d_nasty/mapshaper/text/empty.csv": "the file is empty",
    "d_nasty/mapshaper/issues/384_invalid_json/sample1.json": "cannot be read as GeoJSON",
    "d_nasty/geojson_validator/invalid_structure/invalid_geometry_coordinates_string.geojson": (
        "cannot be read as GeoJSON"
    ),
    "d_nasty/geojson_validator/invalid_structure/"
    "invalid_featurecollcetion_no_features_member.geojson": "Missing 'features'",
    "d_nasty/openaddresses/conforms/lake-man-3740.vrt": "it is a VRT",
    "d_nasty/rsf/gml/20170930_OB_530964_UKSH.xml.gz": "an archive other than zip",
    "d_nasty/geos_valid/TestValid.xml": "XML or HTML",
    "d_nasty/mapshaper/issues/166/a_utm.prj": "side file of a Shapefile",
    "d_nasty/pyogrio/README.md": "not a map or table file",
}


def _root() -> Path | None:
    given = os.environ.get("MUANG_SHARED_DATA")
    root = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
    return root if (root / "d_nasty").is_dir() else None


def _files(root: Path) -> list[Path]:
    """Every file once; a geodatabase is one, though it is a folder of many."""
    found = []
    for path in sorted(root.rglob("*")):
        inside = str(path.relative_to(root))
        if inside.startswith(FOLDERS) and ".gdb/" not in inside:
            found += [path] if path.is_file() or path.suffix == ".gdb" else []
    return found


def test_every_shared_file_ends_with_an_answer_or_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = _root()
    if root is None:
        print("the shared data is absent: nothing is tried")
        pytest.skip("no shared data")
    looks: dict[str, Look] = {}
    sentences: dict[str, str] = {}
    stopped: list[str] = []
    started = time.monotonic()
    for path in _files(root):
        name = str(path.relative_to(root))
        try:
            looks[name] = look(path, limits=LIMITS)
        except MuangError as error:
            sentences[name] = error.detail.en
            stopped += [name] if error.facts.get("word") in ("stopped", "too_long") else []
    with capsys.disabled():
        kinds = Counter(found.format for found in looks.values())
        print(
            f"\n{len(looks)} shared files looked into, {len(sentences)} refused, in "
            f"{time.monotonic() - started:.0f} s: {dict(kinds)}"
        )
    assert stopped == []
    assert len(looks) > 270
    told = {name: sum(layer.read for layer in looks[name].layers) for name in ROWS}
    assert told == ROWS
    for name, (encoding, problem) in ENCODINGS.items():
        layer = looks[name].layers[0]
        kinds_told = {found.kind for found in layer.problems}
        assert layer.encoding == encoding, name
        assert (problem or "encoding_unsure") in kinds_told or problem is None, name
        assert problem is not None or "encoding_unsure" not in kinds_told, name
    for name, kind in PROBLEMS.items():
        kinds_told = {found.kind for layer in looks[name].layers for found in layer.problems}
        assert kind in kinds_told, name
    for name, words in SENTENCES.items():
        assert words in sentences[name], (name, sentences[name])
