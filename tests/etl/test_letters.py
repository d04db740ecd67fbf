"""Which encoding text is in: judged by bytes, told with a confidence, never wrong silently."""

import json
from pathlib import Path

import pytest

from etl.look import look
from etl.read import Read, read
from etl.reading import letters
from etl.unpack import locate
from layers.errors import RefusedError
from tests.etl import made

SOME = "ตำบลพิบูลมังสาหาร อำเภอพิบูลมังสาหาร ถนนเทศบาล ๑"


def open_(path: Path, scratch: Path, **options: object) -> Read:
    return read(locate(path, scratch), scratch, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "written", "guessed", "least"),
    [
        (SOME, "cp874", "cp874", 0.95),
        (SOME, "utf-8", "utf-8", 0.95),
        ("ชุมชนท่าน้ำ", "tis-620", "cp874", 0.9),
        ("โรงเรียน “บ้านเหนือ” – ๑", "cp874", "cp874", 0.9),
        ("plain", "ascii", "utf-8", 1.0),
    ],
)
def test_thai_is_told_by_its_spelling(text: str, written: str, guessed: str, least: float) -> None:
    found = letters.guess([text.encode(written)])
    assert (found.encoding, found.confidence >= least) == (guessed, True), found


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Köln, Düsseldorf, Ärzte", "cp1252"),
        ("École élémentaire à Paris", "cp1252"),
        ("北京市朝阳区建国门外大街", "gbk"),
        ("臺北市中正區", "big5"),
        ("東京都千代田区", "shift_jis"),
        ("서울특별시 종로구", "euc-kr"),
        ("Москва улица", "cp1251"),
        ("กทม", "cp874"),
    ],
)
def test_what_is_not_certain_is_not_called_so(text: str, written: str) -> None:
    assert letters.guess([text.encode(written)]).confidence < letters.SURE


def test_names_of_encodings_as_people_write_them() -> None:
    for word in ("874", "ANSI 874", "CP874", "windows-874", "TIS-620"):
        assert letters.codec(word) == "cp874", word
    assert letters.codec("885911") == "iso8859-11"
    assert letters.codec("65001") == "utf-8"
    assert letters.codec("klingon") is None
    assert letters.codec("hex") is None


def test_thai_read_as_latin_is_recognised_and_french_is_not() -> None:
    broken = [SOME.encode("cp874").decode("latin-1")] * 2
    found = letters.mojibake(broken)
    assert found is not None
    assert (found.encoding, found.meant) == ("cp874", SOME)
    doubled = letters.mojibake([SOME.encode().decode("cp1252", errors="replace").replace("�", "")])
    assert doubled is None or doubled.encoding == "utf-8"
    assert letters.mojibake(["École élémentaire", "Müller", "Ærø"] * 9) is None
    assert letters.mojibake([SOME]) is None


def test_a_shapefile_without_cpg_is_read_as_what_it_is(tmp_path: Path) -> None:
    found = open_(made.shapefile(tmp_path), tmp_path)
    assert found.table.column("name_th").to_pylist() == list(made.NAMES)
    assert found.encoding == "cp874"
    assert found.encoding_confidence > 0.9
    assert "names no encoding" in found.encoding_evidence


@pytest.mark.parametrize("wrong", ["UTF-8", "ISO-8859-1", "1252"])
def test_a_wrong_cpg_is_refused_and_can_be_overridden(tmp_path: Path, wrong: str) -> None:
    path = made.shapefile(tmp_path)
    path.with_suffix(".cpg").write_text(wrong, encoding="ascii")
    with pytest.raises(RefusedError, match="--encoding cp874"):
        open_(path, tmp_path)
    found = open_(path, tmp_path, encoding="cp874")
    assert found.table.column("name_th").to_pylist() == list(made.NAMES)
    problems = [problem.kind for problem in look(path).layers[0].problems]
    assert "encoding_unsure" in problems


def test_a_right_cpg_of_the_standard_is_believed(tmp_path: Path) -> None:
    path = made.shapefile(tmp_path)
    path.with_suffix(".cpg").write_text("885911", encoding="ascii")
    found = open_(path, tmp_path)
    assert found.encoding == "iso8859-11"
    assert found.table.column("name_th").to_pylist() == list(made.NAMES)


def test_mojibake_in_a_format_of_unicode_is_refused_and_mended(tmp_path: Path) -> None:
    path = tmp_path / "m.geojson"
    items = made.features()
    for item in items:
        properties = item["properties"]
        assert isinstance(properties, dict)
        properties["name_th"] = SOME.encode("cp874").decode("latin-1")
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}), encoding="utf-8")
    with pytest.raises(RefusedError, match=r"read as Latin.*--encoding cp874"):
        open_(path, tmp_path)
    assert "mojibake" in [problem.kind for problem in look(path).layers[0].problems]
    mended = open_(path, tmp_path, encoding="cp874")
    assert mended.table.column("name_th").to_pylist() == [SOME] * 3


def test_values_at_the_limit_and_letters_cut_in_two(tmp_path: Path) -> None:
    path = tmp_path / "long.geojson"
    items = made.features()
    for number, item in enumerate(items):
        properties = item["properties"]
        assert isinstance(properties, dict)
        properties["name_th"] = "ก" * (120 if number else 4)
    whole = {"type": "FeatureCollection", "features": items}
    path.write_text(json.dumps(whole), encoding="utf-8")
    source = open_(path, tmp_path)
    assert source.rows == 3
    import numpy as np  # noqa: PLC0415
    import pyogrio  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    names = np.array([("ก" * 120).encode()[:254].decode(errors="ignore"), "ก", "ข"], dtype=object)
    shp = tmp_path / "long.shp"
    pyogrio.raw.write(
        shp,
        geometry=np.array([shapely.to_wkb(shapely.Point(1, 1))] * 3, dtype=object),
        field_data=[names],
        fields=["name_th"],
        geometry_type="Point",
        crs=made.CRS84,
        driver="ESRI Shapefile",
        encoding="UTF-8",
    )
    table = bytearray(shp.with_suffix(".dbf").read_bytes())
    at = table.index("ก".encode() * 84)
    width = table[32 + 16]
    table[at : at + width] = ("ก" * 120).encode()[:width]
    shp.with_suffix(".dbf").write_bytes(table)
    found = open_(shp, tmp_path)
    cut = next(f for f in found.findings if f.kind == "text_at_limit")
    assert cut.count == 1
    assert "1 in the middle of a letter" in cut.text.en or width % 3 == 0
    assert found.table.column("name_th").to_pylist()[0] == "ก" * (width // 3)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp874", "utf-8-sig"])
def test_csv_in_each_encoding(tmp_path: Path, encoding: str) -> None:
    found = open_(made.csv(tmp_path / "t.csv", encoding=encoding), tmp_path)
    assert found.table.column("name_th").to_pylist() == list(made.NAMES)
    assert "confidence" in found.encoding_evidence or found.encoding_confidence == 1.0


def test_csv_whose_encoding_nobody_can_tell_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\n1,Köln\n".encode("cp1252"))
    with pytest.raises(RefusedError, match=r"not certain.*--encoding cp1252"):
        open_(path, tmp_path)
    assert open_(path, tmp_path, encoding="cp1252").table.column("b").to_pylist() == ["Köln"]
