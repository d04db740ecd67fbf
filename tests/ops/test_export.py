"""`muang export` as typed: a file as a role sees the layer, and nothing half written."""

import csv
import json
from pathlib import Path

import pyogrio
import pytest

from layers.catalog import get
from layers.model import Role
from layers.privacy import visible_fields
from tests.conftest import TownHandle
from tests.ops.test_users import muang
from tests.tiny import tiny


def test_a_role_gets_what_it_sees(tiny_town: TownHandle, tmp_path: Path) -> None:
    for role in ("public", "staff"):
        path = tmp_path / f"{role}.csv"
        said = muang(tiny_town, "export", "parcels", str(path), "--role", role, "--json")
        assert said.returncode == 0, said.stderr
        assert json.loads(said.stdout)["bytes"] == path.stat().st_size
        with path.open(encoding="utf-8", newline="") as handle:
            header, *rows = list(csv.reader(handle))
        assert set(header) - {"wkt"} == {f.name for f in visible_fields(get("parcels"), Role(role))}
        assert len(rows) == len(tiny()["parcels"])


def test_filters_and_the_past(tiny_town: TownHandle, tmp_path: Path) -> None:
    path = tmp_path / "some.gpkg"
    asked = ("export", "parcels", str(path), "--crs", "EPSG:3857", "--filter", "use='commercial'")
    assert muang(tiny_town, *asked).returncode == 0
    info = pyogrio.read_info(path)
    assert (info["crs"], info["features"]) == ("EPSG:3857", 25)
    assert muang(tiny_town, *asked, "--as-of", "1999-01-01T00:00:00Z").returncode == 0
    assert pyogrio.read_info(path)["features"] == 0, "and what was there before was replaced"


@pytest.mark.parametrize(
    "arguments",
    [
        ("parcels", "a.doc"),
        ("nothing", "a.csv"),
        ("parcels", "a.csv", "--role", "team"),
        ("parcels", "a.csv", "--filter", "(("),
        ("parcels", "a.csv", "--crs", "EPSG:9"),
        ("parcels", "nowhere/a.csv"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_file(
    tiny_town: TownHandle, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    layer, name, *more = arguments
    said = muang(tiny_town, "export", layer, str(tmp_path / name), *more)
    assert said.returncode in (1, 2)
    assert any("ก" <= letter <= "๛" for letter in said.stderr)
    assert "Traceback" not in said.stderr
    assert list(tmp_path.iterdir()) == []
