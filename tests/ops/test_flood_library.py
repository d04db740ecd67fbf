"""A town's stage library from its own ground: built, built again, broken off, taken back, drawn."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import rasterio
import shapely

from db.connect import Machine, connect_admin
from db.flood_library import libraries
from db.undo import redo, undo
from layers.errors import NotFoundError, RefusedError
from ops import flood_library
from ops.commands.flood_score import score
from ops.flood_cells import write_depth
from ops.flood_ground import LibraryOrder
from ops.flood_library import build_library
from tests.conftest import TownHandle
from tests.rasters import bring, tiff
from tests.tiny import ORIGIN, line, load_rows, square

GAUGE = "T.1"


def _ground() -> Any:
    """Ground from 100 m at a river in the west, 0.02 m higher each cell eastwards, with a hole."""
    grid = np.tile(100 + 0.02 * np.arange(100), (100, 1)).astype("float32")
    grid[10:20, 30:40] = -9999.0
    return grid


@pytest.fixture(scope="module")
def place(module_town: TownHandle, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A town with ground, a river along its western edge and a levee with a gap."""
    town = module_town
    folder = tmp_path_factory.mktemp("rasters")
    path = tiff(folder / "given.tif", _ground())
    bring(town, "elevation", path, folder, datum="MSL (Ko Lak)", error_m=0.05, surface="dtm")
    with town.connect(Machine.LOADER) as conn:
        load_rows(conn, "water", [{"code": "W", "kind": "river", "geom": square(-5, 0, 25, 1000)}])
        load_rows(conn, "town_boundary", [{"code": "T", "geom": square(0, -100, 1000, 1100)}])
    return town, folder / town.town_id


def _build(place: Any, **more: Any) -> dict[str, Any]:
    town, folder = place
    order = LibraryOrder(GAUGE, 100.1, more.pop("to", 101.5), "tester", **more)
    told: list[tuple[str, int, int]] = []
    with town.connect(Machine.LOADER) as conn:
        made = build_library(conn, order, folder, lambda *said: told.append(said))
    stages = len(made["stages"])
    assert [said for said in told if said[0] == "zones"][-1] == ("zones", stages, stages)
    return made


def _rows(town: TownHandle, query: str) -> list[Any]:
    with town.connect(Machine.LOADER) as conn:
        return conn.execute(query).fetchall()  # type: ignore[arg-type]


def test_it_is_built_by_difference_kept_and_taken_back_whole(place: Any) -> None:
    town, _ = place
    made = _build(place)
    assert made["zones"]["inserted"] == len(
        _rows(town, "SELECT 1 FROM town.flood_zones WHERE means = 'library'")
    )
    areas = [sum(each["area_m2"].values()) for each in made["stages"]]
    assert areas == sorted(areas)
    # 100.5 m: 25 columns of 10 m, 100 rows of them, strictly below the level
    assert made["stages"][4]["area_m2"]["lt_0_3"] + made["stages"][4]["area_m2"]["0_3_0_5"] == (
        pytest.approx(25 * 100 * 100, rel=0.05)
    )
    assert made["not_modelled_m2"] == pytest.approx(100 * 100 + 1000 * 100)
    assert made["error_m"] == 0.05
    # 1.28 x 0.05 m is more than half a step: the ends are the next stages
    assert (made["stages"][4]["stage_low_m"], made["stages"][4]["stage_high_m"]) == (100.4, 100.6)
    assert made["stages"][0]["stage_low_m"] is None

    again = _build(place)
    assert again["zones"] == {
        "inserted": 0,
        "updated": 0,
        "unchanged": made["zones"]["inserted"],
        "deleted": 0,
    }
    # a levee changes what lies behind it, and only a part of the rows
    with town.connect(Machine.LOADER) as conn:
        load_rows(
            conn,
            "levees",
            [
                {
                    "code": "L",
                    "kind": "levee",
                    "crest_m": 101.0,
                    "geom": line((205, -50), (205, 1050)),
                }
            ],
        )
    walled = _build(place)
    assert walled["barriers"] == 1
    assert walled["stages"][6]["area_m2"] != made["stages"][6]["area_m2"]
    assert walled["zones"]["unchanged"] > 0
    behind = sum(walled["stages"][8]["area_m2"].values())
    assert behind == pytest.approx(20 * 100 * 100, rel=0.06)  # held at 100.9 m
    assert sum(walled["stages"][10]["area_m2"].values()) == pytest.approx(
        sum(made["stages"][10]["area_m2"].values()), rel=0.03
    )  # 101.1 m is over the crest

    with town.connect(Machine.LOADER) as conn:
        undo(conn, walled["dataset_id"], "tester")
        in_use = libraries(conn)[0]
        assert in_use.dataset_id == again["dataset_id"]
        assert in_use.facts["stages"] == made["stages"]
        redo(conn, walled["dataset_id"], "tester")
        assert libraries(conn)[0].dataset_id == walled["dataset_id"]
    shorter = _build(place, to=101.0)
    assert shorter["zones"]["deleted"] > 0
    assert not _rows(town, "SELECT 1 FROM town.flood_stages WHERE wet_from_m > 101.001")
    with town.connect(Machine.LOADER) as conn:
        undo(conn, shorter["dataset_id"], "tester")
        assert _rows(town, "SELECT 1 FROM town.flood_stages WHERE wet_from_m > 101.001")


def test_broken_off_half_way_the_old_library_stays_in_use(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, _ = place
    before = _build(place)
    count = _rows(town, "SELECT count(*), max(updated_at) FROM town.flood_zones")

    def broken(*_given: object) -> Iterator[Any]:
        raise psycopg.OperationalError("the power went")
        yield

    monkeypatch.setattr(flood_library, "ring_rows", broken)
    with pytest.raises(psycopg.OperationalError):
        _build(place, to=101.2)
    assert _rows(town, "SELECT count(*), max(updated_at) FROM town.flood_zones") == count
    with town.connect(Machine.LOADER) as conn:
        assert libraries(conn)[0].dataset_id == before["dataset_id"]


_KILLED = """
import sys, time
from pathlib import Path
from db.connect import Machine, connect
from ops import flood_library
from ops.flood_ground import LibraryOrder

def hanging(*given):
    for number, row in enumerate(rings(*given)):
        if number == 3:  # zones are in, rings half
            print("half", flush=True)
            time.sleep(120)
        yield row

rings, flood_library.ring_rows = flood_library.ring_rows, hanging
url, secret, town, folder = sys.argv[1:]
with connect(url, secret, town, Machine.LOADER) as conn:
    order = LibraryOrder("T.1", 100.1, 101.3, "killed")
    flood_library.build_library(conn, order, Path(folder), lambda *_: None)
"""


def test_killed_outright_half_way_nothing_of_it_is_ever_seen(place: Any) -> None:
    """SIGKILL of the building process with its zones in the database and half of its rings."""
    town, folder = place
    before = _build(place)
    look = (
        "SELECT code, updated_at FROM town.flood_zones UNION ALL"
        " SELECT code, updated_at FROM town.flood_stages ORDER BY 1"
    )
    rows = _rows(town, look)
    given = (town.server_url, town.secret, town.town_id, str(folder))
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, *given], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "half"
        assert _rows(town, look) == rows  # not while it is under way
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert _rows(town, look) == rows
    with town.connect(Machine.LOADER) as conn:
        assert libraries(conn)[0].dataset_id == before["dataset_id"]
    # it holds up nobody: the next one waits for no lock of the dead
    again = _build(place)
    assert again["zones"]["unchanged"] == before["zones"]["inserted"] + before["zones"]["unchanged"]
    assert _rows(town, look) == rows


def test_depth_of_a_stage_is_a_raster_made_from_the_kept_cells(place: Any, tmp_path: Path) -> None:
    town, folder = place
    _build(place)
    with town.connect(Machine.LOADER) as conn:
        record = libraries(conn)[0]
    out = tmp_path / "depth.tif"
    write_depth(record, folder, 100.5, out)
    with rasterio.open(out) as opened:
        depth = opened.read(1, masked=True)
        assert opened.crs.to_epsg() == 32648
        assert opened.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert depth[50, 5] == pytest.approx(0.4, abs=1e-5)
    assert depth[50, 60] == 0
    assert depth.mask[15, 35]
    with pytest.raises(NotFoundError):
        write_depth(record, folder, 100.55, out)


def test_tiles_hold_rings_and_not_the_overlapping_zones(place: Any) -> None:
    town, _ = place
    _build(place)
    with town.connect(Machine.LOADER) as conn:
        load_rows(
            conn,
            "flood_zones",
            [{"code": "SEEN", "kind": "observed", "means": "drone", "geom": square(0, 0, 90, 90)}],
        )
    with connect_admin(town.server_url, town.town_id) as conn:
        found = conn.execute(
            "SELECT DISTINCT z.means FROM render.flood_zones AS r"
            " INNER JOIN town.flood_zones AS z ON z.id = r.id"
        ).fetchall()
        assert found == [("drone",)]
        # somebody says it is no library zone any more: then it is drawn like any other
        conn.execute("UPDATE town.flood_zones SET means = 'study' WHERE stage_m = 100.5")
        shown = conn.execute("SELECT count(DISTINCT id) FROM render.flood_zones").fetchone()
        assert shown is not None
        assert shown[0] > 1


def test_ground_that_cannot_be_compared_is_refused(place: Any) -> None:
    with pytest.raises(RefusedError, match="State what is to be added"):
        _build(place, gauge_datum="EGM2008")
    made = _build(place, gauge_datum="EGM2008", offset_m=0.2, offset_error_m=0.1)
    assert made["offset_m"] == 0.2
    assert made["error_m"] == pytest.approx(0.112, abs=0.001)
    # 20 cm higher ground is wet 20 cm later
    assert made["stages"][2]["area_m2"]


def test_height_above_drainage_and_marks_need_the_gauge_and_the_river(
    place: Any, tmp_path: Path
) -> None:
    town, _ = place
    with town.connect(Machine.LOADER) as conn:
        rows = conn.execute(
            "SELECT gis.ST_X(p), gis.ST_Y(p) FROM (SELECT gis.ST_Transform(gis.ST_SetSRID("
            "gis.ST_MakePoint(%s + x, %s + y), 32648), 4326) AS p FROM (VALUES (5, 500), (5, 990),"
            " (5, 10), (5, 250)) AS v (x, y)) AS q",
            list(ORIGIN),
        ).fetchall()
    gauge, top, bottom, between = [(float(str(x)), float(str(y))) for x, y in rows]
    made = _build(place, method="hand", at=gauge)
    assert made["method"] == "hand"
    river = tmp_path / "river.json"
    river.write_text(json.dumps(shapely.geometry.mapping(shapely.LineString([top, bottom]))))
    marks = tmp_path / "marks.csv"
    marks.write_text(
        "name,lon,lat,level_m,stage_m\n"
        f"a,{top[0]},{top[1]},100.98,100.5\nb,{gauge[0]},{gauge[1]},100.5,100.5\n"
        f"c,{between[0]},{between[1]},100.25,100.5\n"
    )
    fitted = _build(place, river=river, marks=marks, at=gauge)
    assert fitted["slope"] == pytest.approx(0.00099, abs=0.00002)
    assert fitted["calibration"]["rmse_m"] < 0.02


def test_a_stage_is_scored_against_what_was_seen(
    place: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    town, _ = place
    _build(place)
    with town.connect(Machine.LOADER) as conn:
        load_rows(
            conn,
            "flood_zones",
            [
                {
                    "code": "SAT",
                    "kind": "observed",
                    "means": "satellite",
                    "geom": square(0, 0, 100, 1000),
                }
            ],
        )
    monkeypatch.setenv("MUANG_SECRET", town.secret)
    monkeypatch.setenv("MUANG_DATABASE_URL", town.server_url)
    parts = tmp_path / "parts.json"
    score(GAUGE, 100.3, ["SAT"], map_=parts, town=town.town_id, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["pod"] == pytest.approx(1, abs=0.01)
    assert told["bias"] == pytest.approx(1.5, abs=0.1)
    found = json.loads(parts.read_text())["features"]
    assert {"hit", "false_alarm"} <= {each["properties"]["part"] for each in found}
    with pytest.raises(NotFoundError):
        score(GAUGE, 99.0, ["SAT"], map_=None, town=town.town_id, as_json=True)
