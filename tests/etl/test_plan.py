"""Which column becomes which field, profiles, code lists."""

from pathlib import Path

import pytest

from etl.cells import match_code, read_column
from etl.order import parse_join, parse_pairs
from etl.plan import Plan, make_plan, split_unit
from etl.profile import SourceProfile, TownProfile, load, of_town
from etl.steps import Notes
from layers import catalog
from layers.errors import BadRequestError, RefusedError

SHELTERS = catalog.get("shelters")
PARCELS = catalog.get("parcels")
USE = PARCELS.field("use")


def plan(*columns: str, layer: str = "shelters", **said: dict[str, str]) -> Plan:
    return make_plan(
        catalog.get(layer),
        columns,
        file="f.geojson",
        mapping=said.get("mapping", {}),
        constants=said.get("constants", {}),
    )


def sources(found: Plan) -> dict[str, str | None]:
    return {entry.field.name: entry.column for entry in found.entries}


def test_obvious_names_are_guessed_in_both_languages() -> None:
    found = plan("CODE", "ชื่อศูนย์พักพิง", "Capacity", "FID")
    assert sources(found) == {"code": "CODE", "name": "ชื่อศูนย์พักพิง", "capacity": "Capacity"}
    assert {entry.how for entry in found.entries} == {"guessed"}
    assert found.unused == ("FID",)


def test_names_cut_by_a_shapefile_are_recognised() -> None:
    assert sources(plan("code", "households", layer="communities")) == {
        "code": "code",
        "households_registered": "households",
    }


def test_two_columns_that_could_be_meant_are_not_guessed() -> None:
    assert "name" not in sources(plan("code", "SITE_NAME", "ชื่อ"))


def test_what_is_said_wins_over_a_guess() -> None:
    found = plan("code", "name", "alias", mapping={"name": "alias"}, constants={"water": "yes"})
    assert sources(found)["name"] == "alias"
    assert sources(found)["water"] is None
    assert found.entry("water") is not None
    assert found.unused == ("name",)


def test_a_missing_column_is_a_sentence_that_names_what_there_is() -> None:
    with pytest.raises(RefusedError) as refused:
        plan("GID", "Name", mapping={"code": "GIDD"})
    assert refused.value.detail.en == (
        "“f.geojson” is refused: it has no column “GIDD” for code (“GID”?). "
        "Its columns are: GID, Name."
    )


def test_without_a_key_the_file_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"--map code=@row"):
        plan("Name")


def test_a_required_field_names_the_values_it_takes() -> None:
    with pytest.raises(RefusedError, match=r"--set kind=<value> \(home, facility\)"):
        plan("code", layer="care_locations")


def test_an_unknown_target_is_wrong_usage() -> None:
    with pytest.raises(BadRequestError, match=r"no field “capacty” \(“capacity”\?\)"):
        plan("code", mapping={"capacty": "x"})


def test_units_behind_a_colon_unless_a_column_has_that_name() -> None:
    assert split_unit("LandArea:ft2", ["LandArea"]) == ("LandArea", "ft2")
    assert split_unit("a:m2", ["a:m2"]) == ("a:m2", None)
    assert split_unit("addr:city", ["addr"]) == ("addr:city", None)
    with pytest.raises(BadRequestError, match="does not fit"):
        plan("code", "Name", mapping={"name": "Name:ft2"})


def test_code_lists_exact_words_first_then_patterns_then_labels() -> None:
    codes = {"101": "residential", "1*": "commercial", "9*": ""}
    assert match_code(USE, "101", codes) == "residential"
    assert match_code(USE, "102", codes) == "commercial"
    assert match_code(USE, "931", codes) is None
    assert match_code(USE, "อยู่อาศัย", {}) == "residential"
    assert match_code(USE, "AGRICULTURE", {}) == "agriculture"


def test_an_empty_cell_may_have_a_meaning() -> None:
    profile = SourceProfile(layer="roads", map={"class": "rank"}, codes={"class": {"": "track"}})
    found = make_plan(
        catalog.get("roads"),
        ["code", "rank"],
        file="f",
        mapping={},
        constants={},
        profile=profile,
    )
    entry = found.entry("class")
    assert entry is not None
    assert read_column(entry, [None, "trunk"], [1, 2], Notes()).found == ["track", "trunk"]


def test_pairs_and_joins_as_written_on_a_command_line() -> None:
    assert parse_pairs("--map", ("a=b", "c = d=e")) == {"a": "b", "c": "d=e"}
    joined = parse_join("/a:b/c.csv:ML")
    assert (str(joined.path), joined.key, joined.file_key) == ("/a:b/c.csv", "ML", None)
    assert parse_join("t.csv:ID=ML").file_key == "ML"
    for wrong in ("t.csv", ":ML", "t.csv:"):
        with pytest.raises(BadRequestError):
            parse_join(wrong)
    for wrong_pair in (("a",), ("=b",), ("a=b", "a=c")):
        with pytest.raises(BadRequestError):
            parse_pairs("--map", wrong_pair)


def test_the_shipped_profiles_are_right() -> None:
    folder = Path(__file__).parents[2] / "etl" / "towns"
    names = [path.stem for path in folder.glob("*.toml")]
    assert "cambridge" in names
    for name in names:
        found = of_town(name)
        assert found.sources
        for source in found.sources:
            assert source.source
            assert source.licence
    assert of_town("nowhere") == TownProfile()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[[source]]\nlayer = "parcels"\nmaps.code = "x"',
            "line 3, source.0.maps: there is no such key (“map”?)",
        ),
        (
            '[[source]]\nlayer = "parcel"',
            "line 2, source.0.layer: there is no layer 'parcel' (“parcels”?)",
        ),
        (
            '[[source]]\nlayer = "parcels"\nmap.cod = "x"',
            "line 3, source.0.map.cod: parcels has no field 'cod' (“code”?)",
        ),
        (
            '[[source]]\nlayer = "water"\n[[source]]\nlayer = "parcels"\ncodes.use."x y"="vacent"',
            "line 5, source.1.codes.use.x y: parcels.use has no code 'vacent' (“vacant”?)",
        ),
        (
            '[[source]]\nlayer = "parcels"\n[source.units]\narea_deed_m2 = "rais"',
            "line 4, source.0.units.area_deed_m2: there is no unit 'rais' (“rai”?)",
        ),
        ('[[source]]\nlayer = "parcels"\nfiles = "*"', "line 3, source.0.files"),
        ("sources = []", "line 1, sources: there is no such key (“source”?)"),
        ("[[source", "wrong"),
        ("x = 1\ny = = 2", "line 2"),
    ],
)
def test_a_wrong_profile_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "town.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadRequestError) as wrong:
        load(path)
    assert words in wrong.value.detail.en
    assert "town.toml" in wrong.value.detail.th
    with pytest.raises(BadRequestError, match="cannot be opened"):
        load(tmp_path / "none.toml")


def test_a_profile_serves_the_first_source_that_fits_the_file() -> None:
    found = TownProfile.model_validate(
        {
            "source": [
                {"layer": "facilities", "files": ["school*"], "set": {"kind": "school"}},
                {"layer": "facilities"},
            ]
        }
    )
    school = found.for_file("facilities", "schools.geojson")
    assert school is not None
    assert school.set == {"kind": "school"}
    other = found.for_file("facilities", "clinics.geojson")
    assert other is not None
    assert other.set == {}
    assert found.for_file("parcels", "schools.geojson") is None
