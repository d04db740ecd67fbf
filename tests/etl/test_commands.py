"""The commands people type: town new, import, imports list, show, undo, inspect."""

import json
from collections.abc import Iterator

import pytest

from db.connect import Machine
from db.towns import drop_town
from tests.conftest import TownHandle, make_town
from tests.etl.files import DATA, Command, boundary_order, do, fingerprint, rows, thai


@pytest.fixture
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    do(made, boundary_order(made))
    yield made
    drop_town(server_url, made.town_id)


IMPORT = ("import", "parcels", DATA / "parcels.topojson", "--mode", "replace")
SAID = ("--map", "code=ML", "--crs", "EPSG:4326")
JOIN = ("--join", f"{DATA / 'assessments.csv'}:ML", "--profile", DATA / "profile.toml")


def test_import_prints_one_object_with_json(town: TownHandle, command: Command) -> None:
    said = command(*IMPORT, *JOIN, "--town", town.town_id, "--json")
    assert said.status == 0, said.err
    report = json.loads(said.out)
    assert report["read"] == report["loaded"] + report["refused"] == 10
    assert report["repaired"] == 1
    assert {warning["kind"] for warning in report["warnings"]} >= {"repeated_key", "missing_key"}
    assert report["refusals"][0]["reason"].keys() == {"th", "en"}

    listed = json.loads(command("imports", "list", "--town", town.town_id, "--json").out)
    assert [item["layer"] for item in listed["imports"]] == [
        "parcel_uses",
        "parcels",
        "town_boundary",
    ]
    number = report["dataset_id"]
    shown = json.loads(command("imports", "show", number, "--town", town.town_id, "--json").out)
    assert [row["key"] for row in shown["refused_rows"]] == ["P7", "P10"]
    assert shown["files"][0]["sha256"] == report["files"][0]["sha256"]
    plain = command("imports", "show", number, "--town", town.town_id)
    assert "read 10" in plain.out
    assert thai(plain.out)


def test_map_takes_several_pairs_in_a_row(shared_town: TownHandle, command: Command) -> None:
    said = command(
        "import",
        "shelters",
        DATA / "shelters.geojson",
        "--town",
        shared_town.town_id,
        "--map",
        "code=GID",
        "address=Name",
        "--set",
        "open=no",
        "--json",
    )
    assert said.status == 0, said.err
    found = rows(shared_town, "SELECT code, address, open FROM town.shelters ORDER BY code")
    assert found[0] == ("S1", "วัดใต้", False)


def test_the_language_is_the_readers(
    shared_town: TownHandle, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUANG_LANG", "en")
    assert not thai(command(*IMPORT, *SAID, "--town", shared_town.town_id).out)
    monkeypatch.setenv("MUANG_LANG", "th")
    assert "นำเข้า 8" in command(*IMPORT, *SAID, "--town", shared_town.town_id).out


def test_an_import_can_be_taken_back_with_its_children(town: TownHandle, command: Command) -> None:
    def content() -> tuple[object, object]:
        return (
            rows(town, "SELECT id, code, use, appraised_value FROM town.parcels ORDER BY id"),
            rows(town, "SELECT id, parcel_code, use FROM town.parcel_uses ORDER BY id"),
        )

    def turned(verb: str, number: int) -> dict[str, object]:
        said = command("imports", verb, number, "--town", town.town_id, "--json")
        assert said.status == 0, said.err
        found: dict[str, object] = json.loads(said.out)
        return found

    empty = content()
    first = json.loads(command(*IMPORT, *JOIN, "--town", town.town_id, "--json").out)
    before = content()
    again = json.loads(command(*IMPORT, *JOIN, "--town", town.town_id, "--json").out)
    assert (again["unchanged"], again["inserted"], again["updated"], again["deleted"]) == (
        8,
        0,
        0,
        0,
    )
    assert content() == before
    # without the table nothing is known of the uses and values
    second = json.loads(
        command(
            *IMPORT, "--map", "code=ML", "--town", town.town_id, "--crs", "EPSG:4326", "--json"
        ).out
    )
    assert second["updated"] + second["inserted"] > 0

    refused = command("imports", "undo", first["dataset_id"], "--town", town.town_id)
    assert refused.status == 1
    assert "changed later" in refused.err

    turned("undo", second["dataset_id"])
    assert content() == before
    twice = command("imports", "undo", second["dataset_id"], "--town", town.town_id)
    assert twice.status == 1
    assert "taken back already" in twice.err

    # what came later is gone: nothing rests on the first any more
    undone = turned("undo", first["dataset_id"])["undone"]
    assert [(item["removed"], item["restored"]) for item in undone] == [(8, 0), (4, 0)]  # type: ignore[attr-defined]
    assert content() == empty
    listed = json.loads(command("imports", "list", "--town", town.town_id, "--json").out)
    assert sum(item["undone_at"] is not None for item in listed["imports"]) == 3

    redone = turned("redo", first["dataset_id"])["redone"]
    assert [item["inserted"] for item in redone] == [8, 4]  # type: ignore[attr-defined]
    assert content() == before
    nothing = command("imports", "redo", first["dataset_id"], "--town", town.town_id)
    assert "nothing to redo" in nothing.err


def test_an_import_that_is_not_there(shared_town: TownHandle, command: Command) -> None:
    for verb in ("show", "undo"):
        said = command("imports", verb, 999, "--town", shared_town.town_id)
        assert said.status == 1
        assert "no import no. 999" in said.err


def test_town_new_makes_a_town_with_its_boundary(
    server_url: str, command: Command, request: pytest.FixtureRequest
) -> None:
    name = "tnewtown"
    request.addfinalizer(lambda: drop_town(server_url, name))
    words = ("town", "new", name, "--name-th", "เมืองใหม่", "--name-en", "New Town")
    said = command(
        *words,
        "--boundary",
        DATA / "boundary.geojson",
        "--crs",
        "EPSG:32648",
        "--code",
        "province=34",
        "--json",
    )
    assert said.status == 0, said.err
    made = json.loads(said.out)
    assert made["town"]["srid"] == 32648
    assert made["boundary"]["loaded"] == 1
    shown = json.loads(command("town", "show", name, "--json").out)
    assert shown["layers"]["town_boundary"] == 1
    assert shown["codes"] == {"province": "34"}
    assert shown["name"] == {"th": "เมืองใหม่", "en": "New Town"}
    assert name in command("town", "list").out
    twice = command(*words, "--boundary", DATA / "boundary.geojson", "--crs", "EPSG:32648")
    assert twice.status == 1
    assert "exists already" in twice.err


@pytest.mark.parametrize(
    ("boundary", "crs", "sentence"),
    [
        ("boundary.geojson", "EPSG:4326", "must be projected"),
        ("boundary.geojson", "EPSG:32647", "outside the area"),
        ("boundary.geojson", "EPSG:2234", "in metres"),
        ("shelters.geojson", "EPSG:32648", "not one row"),
        ("letter.geojson", "EPSG:32648", "not a map"),
        ("none.geojson", "EPSG:32648", "does not exist"),
    ],
)
def test_a_town_that_cannot_be_made_leaves_nothing(
    command: Command, boundary: str, crs: str, sentence: str
) -> None:
    said = command(
        "town", "new", "tnowhere", "--name-th", "ไม่มี", "--boundary", DATA / boundary, "--crs", crs
    )
    assert said.status == 1, said.err
    assert sentence in said.err
    listed = json.loads(command("town", "list", "--json").out)
    assert "tnowhere" not in [item["id"] for item in listed["towns"]]


def test_inspect_says_what_is_inside_and_loads_nothing(
    shared_town: TownHandle, command: Command
) -> None:
    before = fingerprint(shared_town)
    said = command("inspect", DATA / "parcels.topojson", "--json")
    assert said.status == 0, said.err
    found = json.loads(said.out)
    (layer,) = found["layers"]
    assert layer["read"] == 10
    assert layer["geometry_types"] == {"Polygon": 9}
    assert layer["crs"] is None
    problems = {problem["kind"]: problem["count"] for problem in layer["problems"]}
    assert problems["null_geometry"] == 1
    assert problems["invalid_geometry"] == 2
    assert problems["no_crs"] == 1
    assert fingerprint(shared_town) == before


def test_inspect_lists_every_layer_and_encoding(command: Command) -> None:
    found = json.loads(command("inspect", DATA / "two_layers.gpkg", "--json").out)
    assert [layer["name"] for layer in found["layers"]] == ["ponds", "roads"]
    assert found["layers"][0]["crs"] == "EPSG:32648"
    assert [problem["kind"] for problem in found["layers"][0]["problems"]] == ["has_z_or_m"]
    assert found["layers"][0]["bounds_lonlat"][0] == pytest.approx(105.22, abs=0.01)
    table = json.loads(command("inspect", DATA / "assessments.csv", "--json").out)["layers"][0]
    assert table["encoding"] == "utf-8-sig"
    assert [column["name"] for column in table["columns"]][:2] == ["ML", "Location"]
    plain = command("inspect", DATA / "communities.zip").out
    assert "ชุมชนท่าน้ำ" in plain
    assert ".cpg" in plain
    assert command("inspect", DATA / "vrt.geojson").status == 1


def test_an_import_is_checked_and_its_findings_are_listed_until_mended(
    town: TownHandle, command: Command
) -> None:
    said = command(*IMPORT, *JOIN, "--town", town.town_id, "--json")
    report = json.loads(said.out)
    kinds = {kind["kind"]: kind["found"] for kind in report["quality"]["kinds"]}
    assert kinds == {"outside_town": 1, "repaired": 1, "same_key": 1}
    number = report["dataset_id"]
    show = ("imports", "show", number, "--town", town.town_id)
    told = {one["kind"]: one for one in json.loads(command(*show, "--json").out)["findings"]}
    assert set(told) == set(kinds)
    assert told["repaired"]["row"] == 3
    assert told["repaired"]["area_m2"] == pytest.approx(12.5, abs=0.01)
    assert "the outline crosses itself (Self-intersection) at 5" in told["repaired"]["en"]
    plain = command(*show)
    assert "lies wholly outside the town" in plain.out

    with town.connect(Machine.LOADER) as conn:
        conn.execute("DELETE FROM town.parcels WHERE id = %s", [told["repaired"]["feature_id"]])
    again = json.loads(command("quality", "parcels", "--town", town.town_id, "--json").out)
    (layer,) = again["layers"]
    assert (layer["appeared"], layer["vanished"]) == (0, 1)
    assert "parcels" in command("quality", "--town", town.town_id).out


def test_undoing_an_import_takes_its_findings_along(town: TownHandle, command: Command) -> None:
    report = json.loads(command(*IMPORT, *JOIN, "--town", town.town_id, "--json").out)
    undone = command("imports", "undo", report["dataset_id"], "--town", town.town_id)
    assert undone.status == 0, undone.err
    assert rows(town, "SELECT count(*) FROM town.quality_findings") == [(0,)]


def test_no_file_goes_into_a_layer_the_platform_writes(
    shared_town: TownHandle, command: Command
) -> None:
    said = command(
        "import", "quality_findings", DATA / "shelters.geojson", "--town", shared_town.town_id
    )
    assert said.status == 2
    assert "writes the layer quality_findings itself" in said.err
