"""Elevation and depth files: rewritten exactly, registered, replaced, taken back, or refused."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS, Transformer

from db.connect import Machine
from db.datasets import get_dataset
from db.rasters import take_back, versions
from db.towns import drop_town
from etl.crs import TownArea
from etl.datum import pin
from etl.rasters import RasterLimits, environment, sweep
from layers.errors import ConflictError, RefusedError
from tests.conftest import TownHandle, make_town
from tests.etl.files import Command, thai
from tests.rasters import NODATA, bring, depths, shared, slope, tiff
from tests.tiny import ORIGIN


def registered(town: TownHandle, raster_id: str) -> list[Any]:
    with town.connect(Machine.LOADER) as conn:
        return versions(conn, raster_id)


def test_a_raster_in_the_towns_crs_is_kept_to_the_bit(
    shared_town: TownHandle, tmp_path: Path
) -> None:
    given = tiff(tmp_path / "dem.tif", slope(), tags={None: {"VERTICAL_DATUM": "MSL (Ko Lak)"}})
    report = bring(shared_town, "elevation", given, tmp_path, source="สำนักงานที่ดิน")
    assert (report.cells, report.read, report.loaded, report.refused) == (10000, 9900, 9900, 0)
    assert report.datum == "MSL (Ko Lak)"
    assert report.operation_accuracy_m == 0
    folder = tmp_path / shared_town.town_id
    (record, *_) = registered(shared_town, "elevation")
    assert record.file == report.stored == f"elevation-{record.sha256[:32]}.tif"
    assert [path.name for path in folder.glob("*.tif")] == [record.file]
    with rasterio.open(folder / record.file) as made:
        assert made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert made.block_shapes == [(512, 512)]
        assert made.compression.name == "deflate"
        assert made.dtypes == ("float32",)
        assert made.crs.to_epsg() == shared_town.srid
        assert np.array_equal(made.read(1), slope())
        assert made.files == [str(folder / record.file)]
    with shared_town.connect(Machine.LOADER) as conn:
        dataset = get_dataset(conn, report.dataset_id or 0)
    assert (dataset.layer, dataset.source) == ("elevation", "สำนักงานที่ดิน")
    assert dataset.report == report.model_dump(mode="json")


def test_large_rasters_have_overviews_inside(shared_town: TownHandle, tmp_path: Path) -> None:
    given = tiff(tmp_path / "dem.tif", slope(1400, 1100))
    report = bring(shared_town, "elevation", given, tmp_path)
    with rasterio.open(tmp_path / shared_town.town_id / str(report.stored)) as made:
        assert made.overviews(1) == [2, 4]


def test_impossible_values_are_counted_and_left_out(
    shared_town: TownHandle, tmp_path: Path
) -> None:
    grid = depths()
    grid[0, :3], grid[1, :2], grid[2, 0] = -0.5, 500, np.nan
    report = bring(shared_town, "depth", tiff(tmp_path / "d.tif", grid), tmp_path)
    assert (report.read, report.loaded, report.refused) == (80 * 96 - 1, 80 * 96 - 6, 5)
    assert [group.count for group in report.refusals] == [3, 2]
    assert all(thai(group.reason.th) for group in report.refusals)
    with rasterio.open(tmp_path / shared_town.town_id / str(report.stored)) as made:
        values = made.read(1)
    assert (values[0, :3] == NODATA).all()
    assert (values[1, :2] == NODATA).all()


def test_whole_numbers_scales_and_masks_are_understood(
    shared_town: TownHandle, tmp_path: Path
) -> None:
    grid = np.full((20, 20), 1234, dtype="int16")
    path = tiff(tmp_path / "cm.tif", grid, nodata=None)
    with rasterio.open(path, "r+") as sink:
        sink.scales, sink.offsets = (0.01,), (100.0,)
    report = bring(shared_town, "elevation", path, tmp_path)
    assert (report.minimum, report.maximum) == pytest.approx((112.34, 112.34), abs=1e-4)
    assert "no_nodata" in [told.kind for told in report.findings]
    assert "no_datum" in [told.kind for told in report.findings]


def test_another_crs_is_turned_by_the_pinned_operation(
    shared_town: TownHandle, tmp_path: Path
) -> None:
    """A bump in degrees stands where PROJ's own arithmetic puts it."""
    turn = Transformer.from_crs(32648, 4326, always_xy=True)
    west, north = turn.transform(ORIGIN[0], ORIGIN[1] + 1000)
    grid = np.full((200, 200), 50, dtype="float32")
    grid[100, 120] = 80
    place = Affine(0.00005, 0, west, 0, -0.00005, north)
    given = tiff(tmp_path / "deg.tif", grid, crs="EPSG:4326", transform=place)
    report = bring(shared_town, "elevation", given, tmp_path)
    assert report.crs == "EPSG:4326"
    with rasterio.open(tmp_path / shared_town.town_id / str(report.stored)) as made:
        values = made.read(1)
        row, column = np.unravel_index(values.argmax(), values.shape)
        x, y = made.xy(row, column)
        cell = made.res[0]
    lon, lat = west + 0.00005 * 120.5, north - 0.00005 * 100.5
    expected = turn.transform(lon, lat, direction="INVERSE")
    assert abs(x - expected[0]) <= cell
    assert abs(y - expected[1]) <= cell
    assert values[values != NODATA].min() == 50
    assert 5 < cell < 6


def test_indian_1975_is_asked_about_and_then_turned(
    shared_town: TownHandle, tmp_path: Path
) -> None:
    town = TownArea(shared_town.srid)
    operation = pin(CRS.from_epsg(24048), town, "EPSG:1304", "x")
    assert operation.transformer is not None
    x, y = operation.transformer.transform(*ORIGIN, direction="INVERSE")
    grid = np.full((60, 60), 10, dtype="float32")
    grid[30, 30] = 90
    place = Affine(10, 0, x, 0, -10, y + 600)
    given = tiff(tmp_path / "indian.tif", grid, crs="EPSG:24048", transform=place)
    with pytest.raises(RefusedError, match="--datum-operation"):
        bring(shared_town, "elevation", given, tmp_path)
    report = bring(shared_town, "elevation", given, tmp_path, datum_operation="EPSG:1304")
    assert report.operation_codes == ("EPSG:1304",)
    with rasterio.open(tmp_path / shared_town.town_id / str(report.stored)) as made:
        values = made.read(1)
        found = made.xy(*np.unravel_index(values.argmax(), values.shape))
    expected = operation.transformer.transform(x + 305, y + 600 - 305)
    assert np.hypot(found[0] - expected[0], found[1] - expected[1]) < 10


def vrt(path: Path, target: Path) -> Path:
    """A VRT that calls itself a .tif."""
    path.write_text(
        f'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Float32" band="1">'
        f"<SimpleSource><SourceFilename>{target}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    return path


def huge(path: Path) -> Path:
    """A few bytes that promise 200,000 x 200,000 cells."""
    side = 200_000
    entries = [(256, 4, side), (257, 4, side), (258, 3, 32), (259, 3, 1), (262, 3, 1)]
    entries += [(273, 4, 8), (277, 3, 1), (278, 4, side), (279, 4, 4), (339, 3, 3)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    start = struct.pack("<2sHI", b"II", 42, 16) + b"\0" * 8
    path.write_bytes(start + struct.pack("<H", len(entries)) + body + b"\0" * 4)
    return path


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _cut(at: Path) -> Path:
    path = tiff(at / "x.tif", slope(300, 300))
    return _written(path, path.read_bytes()[:2000])


def _beside(at: Path, ending: str) -> Path:
    path = tiff(at / "x.tif", slope())
    _written(at / f"x.tif{ending}", b"<PAMDataset/>")
    return path


HOSTILE: dict[str, tuple[Any, str]] = {
    "a VRT under another name": (lambda at: vrt(at / "x.tif", at / "y.tif"), "not a GeoTIFF"),
    "a picture": (lambda at: _written(at / "x.tif", b"\x89PNG\r\n\x1a\n" * 9), "not a GeoTIFF"),
    "nothing": (lambda at: _written(at / "x.tif", b""), "not a GeoTIFF"),
    "a folder": (lambda at: at, "no such regular file"),
    "a virtual path": (lambda _: Path("/vsicurl/http://127.0.0.1:9/x.tif"), "virtual paths"),
    "an address": (lambda _: Path("http://127.0.0.1:9/x.tif"), "network addresses"),
    "a bomb": (lambda at: huge(at / "x.tif"), "too many"),
    "cut off": (_cut, "damaged|stopped"),
    "statistics beside it": (lambda at: _beside(at, ".aux.xml"), "beside it"),
    "overviews beside it": (lambda at: _beside(at, ".ovr"), "beside it"),
    "a mask beside it": (lambda at: _beside(at, ".msk"), "beside it"),
    "overviews elsewhere": (
        lambda at: tiff(
            at / "x.tif",
            slope(),
            tags={"OVERVIEWS": {"OVERVIEW_FILE": "/vsicurl/http://127.0.0.1:9/x.ovr"}},
        ),
        "refers to other files",
    ),
    "three bands": (lambda at: tiff(at / "x.tif", np.stack([slope()] * 3)), "3 bands"),
    "complex": (lambda at: tiff(at / "x.tif", slope().astype("complex64")), "cannot be used"),
    "feet": (lambda at: tiff(at / "x.tif", slope(), unit="ft"), "metres are wanted"),
    "no place": (
        lambda at: tiff(at / "x.tif", slope(), transform=Affine.identity()),
        "not georeferenced",
    ),
    "no CRS": (lambda at: tiff(at / "x.tif", slope(), crs=None), "--crs"),
    "rotated": (
        lambda at: tiff(at / "x.tif", slope(), transform=Affine(9, 3, 524000, 3, -9, 1686000)),
        "rotated",
    ),
    "far away": (
        lambda at: tiff(at / "x.tif", slope(), transform=Affine(10, 0, 2e5, 0, -10, 9e5)),
        "25 km",
    ),
    "all empty": (lambda at: tiff(at / "x.tif", np.full((9, 9), NODATA, "float32")), "not one"),
    "a tenth of it in centimetres": (
        lambda at: tiff(at / "x.tif", np.r_[slope(100, 88), slope(100, 12) * 100]),
        "more than a tenth",
    ),
    "centimetres": (lambda at: tiff(at / "x.tif", slope() * 100), "not one of its values"),
}


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_and_nothing_changes(
    shared_town: TownHandle, tmp_path: Path, name: str
) -> None:
    make, why = HOSTILE[name]
    (tmp_path / "in").mkdir()
    given = make(tmp_path / "in")
    before = registered(shared_town, "elevation")
    with pytest.raises(RefusedError, match=why) as refusal:
        bring(shared_town, "elevation", given, tmp_path / "out")
    assert thai(refusal.value.detail.th)
    assert registered(shared_town, "elevation") == before
    assert not list((tmp_path / "out").rglob("*.tif"))


def test_the_child_knows_three_drivers_and_no_network(tmp_path: Path) -> None:
    told = environment(tmp_path)
    skipped = set(told["GDAL_SKIP"].split(","))
    assert {"VRT", "WMS", "HTTP", "GTI", "PNG", "netCDF"} <= skipped
    assert not skipped & {"GTiff", "COG", "MEM"}
    assert told["GDAL_PAM_ENABLED"] == "NO"
    assert told["GDAL_DISABLE_READDIR_ON_OPEN"] == "EMPTY_DIR"
    assert told["CPL_VSIL_CURL_ALLOWED_EXTENSIONS"] == "{none}"


def test_the_child_is_stopped_at_its_limits(shared_town: TownHandle, tmp_path: Path) -> None:
    given = tiff(tmp_path / "dem.tif", slope())
    for limits in (
        RasterLimits(memory_bytes=40 * 1024**2),
        RasterLimits(wall_seconds=0),
        RasterLimits(file_bytes=100),
        RasterLimits(max_pixels=9_999),
    ):
        with pytest.raises(RefusedError):
            bring(shared_town, "elevation", given, tmp_path / "out", limits=limits)


def test_replacing_keeps_one_before_and_undo_goes_back_to_it(
    blank_town: TownHandle, tmp_path: Path
) -> None:
    town, folder = blank_town, tmp_path / blank_town.town_id
    reports = [
        bring(town, "elevation", tiff(tmp_path / f"{n}.tif", slope() + n), tmp_path)
        for n in range(3)
    ]
    kept = {str(report.stored) for report in reports[1:]}
    assert {path.name for path in folder.glob("*.tif")} == kept
    with town.connect(Machine.LOADER) as conn:
        first, second = (get_dataset(conn, report.dataset_id or 0) for report in reports[1:])
        with pytest.raises(ConflictError, match="replaced it"):
            take_back(conn, first, "tester")
        conn.rollback()
        assert take_back(conn, second, "tester") == reports[2].stored
        with pytest.raises(ConflictError, match="already"):
            take_back(conn, get_dataset(conn, second.id), "tester")
        conn.rollback()
        assert [record.file for record in versions(conn, "elevation")] == [reports[1].stored]
        assert sweep(conn, folder) == [reports[2].stored]
    assert [path.name for path in folder.glob("*.tif")] == [reports[1].stored]


def test_the_same_file_again_is_one_file(blank_town: TownHandle, tmp_path: Path) -> None:
    given = tiff(tmp_path / "d.tif", depths())
    names = {bring(blank_town, "depth", given, tmp_path).stored for _ in range(2)}
    assert len(names) == 1
    assert len(registered(blank_town, "depth")) == 2


def test_the_commands(command: Command, blank_town: TownHandle, tmp_path: Path) -> None:
    town = blank_town.town_id
    command.patch.setenv("MUANG_RASTERS", str(tmp_path / "rasters"))
    given = tiff(tmp_path / "dem.tif", slope())
    words = ("import", "elevation", given, "--town", town, "--json")
    dry = command(*words, "--dry-run")
    assert dry.status == 0, dry.err
    assert json.loads(dry.out)["dataset_id"] is None
    assert registered(blank_town, "elevation") == []
    said = command(*words, "--source", "LiDAR", "--set", "datum=MSL")
    told = json.loads(said.out)
    assert told["read"] == told["loaded"] + told["refused"] == 9900
    assert told["datum"] == "MSL"
    number = told["dataset_id"]
    assert (tmp_path / "rasters" / town / told["stored"]).is_file()
    shown = command("imports", "show", number, "--town", town)
    assert "elevation" in shown.out
    assert thai(shown.out)
    listed = json.loads(command("imports", "list", "--town", town, "--json").out)
    assert [(row["layer"], row["loaded"]) for row in listed["imports"]] == [("elevation", 9900)]
    wrong = command("import", "depth", given, "--town", town, "--encoding", "cp874")
    assert wrong.status == 2
    assert thai(wrong.err)
    undone = json.loads(command("imports", "undo", number, "--town", town, "--json").out)
    assert undone["undone"] == [{"id": number, "removed_file": told["stored"], "file_in_use": None}]
    assert not list((tmp_path / "rasters" / town).glob("*.tif"))


def test_a_real_survey(server_url: str, secret: str, tmp_path: Path) -> None:
    """Lidar of Alexandria, Virginia: 2 m cells, kept to the bit in its own UTM zone."""
    given = shared("c_alexandria_lidar/dtm.tif")
    town = make_town(server_url, secret, srid=26918)
    try:
        report = bring(town, "elevation", given, tmp_path)
        assert (report.columns, report.rows, report.cell_m) == (283, 259, 2)
        with (
            rasterio.open(given) as before,
            rasterio.open(tmp_path / town.town_id / str(report.stored)) as after,
        ):
            there = before.read_masks(1) > 0
            assert np.array_equal(before.read(1)[there], after.read(1)[there])
            assert before.bounds == after.bounds
    finally:
        drop_town(server_url, town.town_id)
