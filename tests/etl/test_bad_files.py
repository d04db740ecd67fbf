"""A bad file gives exit status 1, a sentence in Thai and English, and changes nothing."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import TownHandle
from tests.etl.files import DATA, Command, fingerprint, thai

BAD = [
    ("missing column", ["shelters", "shelters.geojson", "--map", "code=GIDD"], "no column “GIDD”"),
    ("no key", ["shelters", "shelters.geojson"], "--map code="),
    ("required", ["care_locations", "shelters.geojson", "--map", "code=GID"], "--set kind="),
    ("wrong place", ["shelters", "elsewhere.geojson", "--map", "code=GID"], "within 25 km"),
    ("metres", ["shelters", "metres.geojson", "--map", "code=GID"], "EPSG:32648"),
    ("swapped", ["shelters", "swapped.geojson", "--map", "code=GID"], "swapped"),
    (
        "wrong --crs",
        ["shelters", "shelters.geojson", "--map", "code=GID", "--crs", "EPSG:32647"],
        "within 25 km",
    ),
    ("old datum", ["facilities", "indian.gpkg"], "--datum-operation"),
    ("forbidden", ["facilities", "indian.gpkg", "--datum-operation", "EPSG:1812"], "190 m"),
    (
        "no CRS",
        ["parcels", "parcels.topojson", "--map", "code=ML"],
        "repeat the command with --crs EPSG:4326",
    ),
    ("not a map", ["parcels", "letter.geojson"], "not a map or table file"),
    ("plain JSON", ["parcels", "plain.json"], "neither GeoJSON nor TopoJSON"),
    ("empty", ["parcels", "empty.geojson"], "the file is empty"),
    ("no rows", ["parcels", "no_rows.geojson"], "holds no rows"),
    ("VRT", ["parcels", "vrt.geojson"], "a VRT"),
    ("cut off", ["parcels", "truncated.geojson"], "damaged or incomplete"),
    ("no file", ["parcels", "none.geojson"], "does not exist"),
    ("a table", ["parcels", "assessments.csv", "--map", "code=ML"], "use --join"),
    (
        "no such join key",
        [
            "parcels",
            "parcels.topojson",
            "--crs",
            "EPSG:4326",
            "--map",
            "code=ML",
            "--join",
            "assessments.csv:KEY",
        ],
        "no column “KEY”",
    ),
    (
        "wrong shapes",
        ["roads", "parcels.topojson", "--crs", "EPSG:4326", "--map", "code=ML"],
        "not one row can be used",
    ),
]


@pytest.mark.parametrize(("words", "sentence"), [case[1:] for case in BAD], ids=[c[0] for c in BAD])
def test_a_bad_file_changes_nothing(
    shared_town: TownHandle, command: Command, words: list[str], sentence: str
) -> None:
    before = fingerprint(shared_town)
    arguments = [
        str(DATA / word) if word.startswith("assessments.csv:") or at == 1 else word
        for at, word in enumerate(words)
    ]
    said = command("import", "--town", shared_town.town_id, *arguments, "--mode", "replace")
    assert said.status == 1, said.err
    assert sentence in said.err
    assert thai(said.err)
    assert not said.out
    assert "Traceback" not in said.err
    assert fingerprint(shared_town) == before


def test_an_address_is_not_fetched(shared_town: TownHandle, command: Command) -> None:
    said = command(
        "import", "parcels", "http://127.0.0.1:9/a.geojson", "--town", shared_town.town_id
    )
    assert said.status == 1
    assert "only files on this machine" in said.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["import", "parcel", "x.geojson"], "no layer called “parcel”"),
        (["import", "parcels", "x.geojson", "--map", "code"], "--map as target=source"),
        (["import", "parcels", "x.geojson", "--join", "x"], "--join as FILE:KEY"),
        (["import", "parcels", "x.geojson", "--profile", "none.toml"], "cannot be opened"),
    ],
)
def test_wrong_usage_is_told_apart(command: Command, words: list[str], sentence: str) -> None:
    said = command(*words)
    assert said.status == (1 if "no layer" in sentence else 2)
    assert sentence in said.err


def test_a_shapefile_without_its_parts(
    shared_town: TownHandle, command: Command, tmp_path: Path
) -> None:
    broken = tmp_path / "roads.shp"
    shutil.copy(DATA / "roads.fgb", broken)
    broken.write_bytes(b"\x00\x00\x27\x0a" + b"\x00" * 50)
    said = command("import", "roads", broken, "--town", shared_town.town_id)
    assert said.status == 1
    assert ".shp is cut off" in said.err
