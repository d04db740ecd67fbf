"""Refused rows come out as a file, are mended, and come back linked to the import they are from."""

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import TownHandle
from tests.etl.files import DATA, Command, rows


@pytest.fixture
def refused(shared_town: TownHandle, command: Command) -> int:
    """The tiny shelters with two refused rows: one without a shape, one below zero."""
    said = command(
        "import",
        "shelters",
        DATA / "shelters.geojson",
        "--town",
        shared_town.town_id,
        "--map",
        "code=GID",
        "--json",
    )
    assert said.status == 0, said.err
    report = json.loads(said.out)
    assert report["refused"] == 2
    return int(report["dataset_id"])


def test_refused_rows_go_out_and_come_back_mended(
    shared_town: TownHandle, command: Command, refused: int, tmp_path: Path
) -> None:
    town = ("--town", shared_town.town_id)
    listed = command("imports", "refused", refused, *town)
    assert "below 0" in listed.out
    assert "There is no geometry" in listed.out

    path = tmp_path / "fix.geojson"
    said = command("imports", "refused", refused, "--out", path, *town)
    assert f"resubmit {refused}" in said.out
    whole = json.loads(path.read_text(encoding="utf-8"))
    below, shapeless = whole["features"]
    assert shapeless["geometry"] is None
    assert below["properties"]["Name"] == "ลบ"
    assert "ต่ำกว่า" in below["properties"]["_reason_th"]
    below["properties"]["Capacity"] = "50"
    shapeless["geometry"] = below["geometry"]
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")

    foretold = json.loads(
        command("imports", "resubmit", refused, path, "--dry-run", "--json", *town).out
    )
    assert len(foretold["preview"]["added"]) == 2
    back = command("imports", "resubmit", refused, path, "--json", *town)
    assert back.status == 0, back.err
    report = json.loads(back.out)
    assert (report["read"], report["loaded"], report["refused"]) == (2, 2, 0)
    ((first, read_as),) = rows(
        shared_town,
        "SELECT resubmits, read_as -> 'map' ->> 'code' FROM muang.dataset WHERE id = %s",
        report["dataset_id"],
    )
    assert (first, read_as) == (refused, "GID")
    listed_json = json.loads(command("imports", "list", "--json", *town).out)
    assert listed_json["imports"][0]["resubmits"] == refused
    assert rows(shared_town, "SELECT capacity FROM town.shelters WHERE name = 'ลบ'") == [(50,)]


def test_a_spreadsheet_shows_thai(
    shared_town: TownHandle, command: Command, refused: int, tmp_path: Path
) -> None:
    path = tmp_path / "fix.csv"
    said = command(
        "imports", "refused", refused, "--out", path, "--town", shared_town.town_id, "--json"
    )
    assert json.loads(said.out)["refused"] == 2
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        found = list(csv.DictReader(handle))
    assert found[0]["Name"] == "ลบ"
    assert found[0]["_geometry"].startswith("POINT")
    wrong = command("imports", "refused", refused, "--out", "x.xls", "--town", shared_town.town_id)
    assert wrong.status != 0
    assert ".geojson" in wrong.err
