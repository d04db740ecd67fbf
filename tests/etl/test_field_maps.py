"""Field maps: shown before an import with samples, saved after it, found again the next time."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from etl import field_maps
from etl.order import ImportOrder
from etl.profile import SourceProfile, TownProfile, find_trouble, load
from layers import catalog
from layers.errors import BadRequestError, RefusedError
from ops.commands import field_map as command_module
from tests.conftest import TownHandle
from tests.etl.files import Command, thai

CSV = (
    "รหัสแปลง,ที่ตั้ง,AREA_DEED_,เลขบัตร,เจ้าของ,หมายเหตุ\n"
    "01A001,12 หมู่ 3,2-1-35.5,1-2345-67890-12-1,นายสมชาย ใจดี,โทร 081-234-5678\n"
    "01A002,13 หมู่ 3,กว้างมาก,3-4500-12345-67-8,นางมาลี ศรีสุข,-\n"
)


def see(file: Path, folder: Path, **said: dict[str, str]) -> field_maps.FieldMap:
    order = ImportOrder(
        layer=catalog.get("parcels"), files=(file,), actor="t", mapping=said.get("mapping", {})
    )
    return field_maps.preview(order, file, folder)


def test_a_map_is_shown_with_how_sure_it_is_and_what_the_cells_become(tmp_path: Path) -> None:
    file = tmp_path / "แปลง.csv"
    file.write_text(CSV, encoding="utf-8")
    scratch = tmp_path / "s"
    scratch.mkdir()
    found = see(file, scratch, mapping={"owner_name": "เจ้าของ"})
    rows = {row.field: row for row in found.rows}
    assert rows["code"].source == "รหัสแปลง"
    assert (rows["code"].how, rows["code"].confidence) == ("guessed", 1.0)
    assert rows["code"].samples == ("01A001", "01A002")
    # cut by a Shapefile, and half of its cells are no areas: as sure as the weaker of the two
    assert rows["area_deed_m2"].source == "AREA_DEED_"
    assert rows["area_deed_m2"].readable == 0.5
    assert rows["area_deed_m2"].confidence == 0.5
    assert rows["owner_name"].how == "given"
    assert "use" in found.unmapped
    told = found.model_dump_json()
    for personal in ("สมชาย", "มาลี", "67890", "12345", "081"):
        assert personal not in told
    assert found.problem is None
    assert thai(command_module.render(found, "both"))


def test_what_is_missing_is_told_instead_of_raised(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("A,B\n1,2\n", encoding="utf-8")
    scratch = tmp_path / "s"
    scratch.mkdir()
    found = see(file, scratch)
    assert found.problem is not None
    assert "--map code=<column>" in found.problem.en
    assert [name for name, _samples in found.unused] == ["A", "B"]


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@seed(2569)
@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    columns=st.lists(words, max_size=4, unique=True),
    source=words,
    use=st.dictionaries(words, st.sampled_from(["public", "vacant", ""]), max_size=4),
    nulls=st.lists(words, max_size=3),
    constant=st.one_of(words, st.integers(), st.booleans()),
)
def test_what_is_saved_reads_back_the_same(
    columns: list[str],
    source: str,
    use: dict[str, str],
    nulls: list[str],
    constant: str | int | bool,
) -> None:
    made = SourceProfile(
        layer="parcels",
        name="ทะเบียน 2568",
        columns=tuple(columns),
        source=source,
        map={"code": source, "use": "U:x"},
        set={"address": constant},
        codes={"use": use} if use else {},
        nulls={"area_deed_m2": tuple(nulls)} if nulls else {},
    )
    raw = tomllib.loads(field_maps.dump(TownProfile(source=(made, made))))
    assert find_trouble(raw) is None
    assert TownProfile.model_validate(raw).sources == (made, made)


def test_saving_replaces_the_one_of_that_name_and_never_a_spoilt_file(tmp_path: Path) -> None:
    path = tmp_path / "maps" / "phibun.toml"
    field_maps.save(path, SourceProfile(layer="parcels", name="a", map={"code": "X"}))
    field_maps.save(path, SourceProfile(layer="roads", name="a", map={"code": "R"}))
    field_maps.save(path, SourceProfile(layer="parcels", name="a", map={"code": "Y"}))
    assert [(each.layer, each.map["code"]) for each in load(path).sources] == [
        ("parcels", "Y"),
        ("roads", "R"),
    ]
    path.write_text("[[source]]\nlayer = 1", encoding="utf-8")
    with pytest.raises(BadRequestError, match="line 2"):
        field_maps.save(path, SourceProfile(layer="parcels", name="a"))
    assert path.read_text(encoding="utf-8") == "[[source]]\nlayer = 1"
    for wrong in ("", "../x", "a/b", "x" * 61):
        with pytest.raises(RefusedError):
            field_maps.check_name(wrong)


def test_a_file_is_known_again_by_its_name_or_its_columns() -> None:
    saved = SourceProfile(layer="parcels", files=("แปลง_*.csv",), columns=("A", "B"))
    town = TownProfile(source=(saved,))
    assert town.for_file("parcels", "แปลง_2569.csv") is saved
    assert town.for_file("parcels", "ส่งมา.csv", ["B", "A"]) is saved
    assert town.for_file("parcels", "ส่งมา.csv", ["A"]) is None
    assert town.for_file("parcels", "ส่งมา.csv") is None
    assert town.for_file("roads", "แปลง_2569.csv", ["A", "B"]) is None


def test_what_an_import_used_is_used_again(
    shared_town: TownHandle,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = tmp_path / "kept.toml"
    monkeypatch.setattr(command_module, "saved_maps", lambda _town: kept)
    rows = "{},วัด,15.2411,105.2236,06/10/2568\n"
    first = tmp_path / "ศูนย์ 2568.csv"
    first.write_text("ID,ชื่อวัด,lat,lon,วันที่\n" + rows.format("K1"), encoding="utf-8")
    said = command(
        *("import", "shelters", first, "--town", shared_town.town_id, "--crs", "EPSG:4326"),
        *("--map", "code=ID", "name=ชื่อวัด", "--save-map", "ศูนย์พักพิง"),
    )
    assert said.status == 0, said.err
    assert "ศูนย์พักพิง" in said.err
    assert load(kept).sources[0].files == ("ศูนย์ *.csv",)
    other = tmp_path / "ส่งมาใหม่.csv"
    other.write_text("ID,ชื่อวัด,lat,lon,วันที่\n" + rows.format("K2"), encoding="utf-8")
    again = command("import", "shelters", other, "--town", shared_town.town_id, "--json")
    assert again.status == 0, again.err
    report = json.loads(again.out)
    assert report["loaded"] == 1
    assert "name = ชื่อวัด (profile)" in report["files"][0]["mapping"]
    shown = command("imports", "field-map", "shelters", other, "--town", shared_town.town_id)
    assert shown.status == 0, shown.err
    assert "(ศูนย์พักพิง)" in shown.out
