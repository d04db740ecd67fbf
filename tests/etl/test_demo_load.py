"""A demo town in a real database: every row arrives, marked synthetic, and the raster too."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import rasterio
from psycopg import sql
from rasterio.features import rasterize

from db.connect import Machine
from db.datasets import Dataset, list_datasets
from db.load import Incoming, load
from db.rasters import newest
from db.towns import drop_town
from etl.demo import DEMO_TOWNS, SOURCE, load_town
from etl.demo.assemble import terrain
from etl.demo.load import Step, need
from layers.catalog import get, imported
from layers.errors import ConflictError
from layers.rasters import RASTERS
from layers.text import Text
from tests.conftest import TownHandle, make_town
from tests.etl.demo_data import demo


class Told:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.reports: list[tuple[str, int, int | None]] = []

    def report(self, what: str, done: int, total: int | None = None) -> None:
        self.reports.append((what, done, total))

    @contextmanager
    def step(self, title: Text) -> Iterator[Step]:
        self.titles.append(title.en)
        yield self


@pytest.fixture(scope="module")
def loaded(
    server_url: str, secret: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TownHandle, Told, Path]]:
    town = make_town(server_url, secret, srid=DEMO_TOWNS["patong"].srid)
    told, rasters = Told(), tmp_path_factory.mktemp("rasters")
    load_town("patong", server_url, secret, told, rasters=rasters, into=town.town_id)
    yield town, told, rasters
    drop_town(server_url, town.town_id)


@pytest.mark.slow
def test_every_row_arrives_marked_as_invented(loaded: tuple[TownHandle, Told, Path]) -> None:
    town, told, _ = loaded
    frames = demo("patong").frames
    with town.connect(Machine.LOADER) as conn:
        for layer_id, frame in frames.items():
            query = sql.SQL("SELECT count(*), count(DISTINCT source), min(source) FROM {}").format(
                sql.Identifier("town", layer_id)
            )
            assert conn.execute(query).fetchone() == (len(frame), 1, SOURCE), layer_id
        datasets = list_datasets(conn)
    assert "synthetic" in SOURCE
    assert {row.layer for row in datasets} == set(frames) | {raster.id for raster in RASTERS}
    assert all(row.synthetic and row.source == SOURCE for row in datasets)
    assert [what for what, _, _ in told.reports] == [lay.id for lay in imported()]
    assert told.reports[-1][1] < (told.reports[-1][2] or 0)


@pytest.mark.slow
def test_values_come_back_as_they_were_made(loaded: tuple[TownHandle, Told, Path]) -> None:
    town, _, _ = loaded
    home = demo("patong").frames["care_locations"].iloc[0]
    house = demo("patong").frames["houses"].iloc[0]
    with town.connect(Machine.LOADER) as conn:
        found = conn.execute(
            "SELECT needs, adl_score, adl_on, person_name, facility_name FROM town.care_locations"
            " WHERE code = %s",
            [home["code"]],
        ).fetchone()
        place = conn.execute(
            "SELECT gis.ST_X(geom), gis.ST_Y(geom), gis.ST_SRID(geom) FROM town.houses"
            " WHERE house_code = %s",
            [house["house_code"]],
        ).fetchone()
    assert found == (home["needs"], home["adl_score"], home["adl_on"], home["person_name"], None)
    assert place == (house["geom"].x, house["geom"].y, 32647)


@pytest.mark.slow
def test_a_demo_is_loaded_again_but_never_over_other_data(
    loaded: tuple[TownHandle, Told, Path],
) -> None:
    town, _, _ = loaded
    load_town("patong", town.server_url, town.secret, Told(), into=town.town_id)
    with town.connect(Machine.LOADER) as conn:
        row = conn.execute("SELECT count(*) FROM town.parcels").fetchone()
        assert row == (len(demo("patong").frames["parcels"]),)
        load(
            conn,
            get("shelters"),
            Incoming(("code", "name", "geom"), []),
            mode="append",
            dataset=Dataset(layer="shelters", source="the office's list", actor="somchai"),
        )
    with pytest.raises(ConflictError):
        load_town("patong", town.server_url, town.secret, Told(), into=town.town_id)


@pytest.mark.slow
def test_the_rasters_are_cloud_optimised_geotiffs_on_the_register(
    loaded: tuple[TownHandle, Told, Path],
) -> None:
    town, _, root = loaded
    array, transform, _ = demo("patong").elevation
    grids = {"elevation": array, "depth": demo("patong").depth}
    folder = root / town.town_id
    with town.connect(Machine.LOADER) as conn:
        files = {record.id: record.file for record in newest(conn) if record.synthetic}
        datums = dict(conn.execute("SELECT id, datum FROM muang.raster").fetchall())
    assert "demo" in str(datums["elevation"])
    assert datums["depth"] is None
    assert {path.name for path in folder.glob("*.tif")} == set(files.values())
    for raster_id, grid in grids.items():
        with rasterio.open(folder / files[raster_id]) as raster:
            assert raster.crs.to_epsg() == town.srid
            assert raster.transform == transform
            assert raster.dtypes == ("float32",)
            assert raster.nodata == -9999
            assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert raster.overviews(1)
            assert np.array_equal(raster.read(1), grid)


@pytest.mark.slow
def test_rasters_that_went_missing_come_back(loaded: tuple[TownHandle, Told, Path]) -> None:
    town, _, root = loaded
    before = sorted((root / town.town_id).glob("*.tif"))
    content = [path.read_bytes() for path in before]
    before[0].unlink()
    with town.connect(Machine.LOADER) as conn:
        need(conn, "patong", root / town.town_id, Told())
        assert [path.read_bytes() for path in before] == content
        known = newest(conn)
        conn.commit()
        need(conn, "patong", root / town.town_id, Told())
        assert newest(conn) == known


@pytest.mark.parametrize("town", ["phibun", "patong"])
def test_the_depth_is_the_hundred_year_flood_over_dry_ground(town: str) -> None:
    """Zones are smoothed and thinned, so cells agree with them but for a little at their edges."""
    data = demo(town)
    array, transform, _ = data.elevation
    assert np.array_equal(terrain(town)[1], data.depth)
    zones = data.frames["flood_zones"]
    zones = zones[zones["return_period_y"] == 100]
    wet = rasterize(zones["geom"], array.shape, transform=transform, dtype="uint8") > 0
    modelled = data.depth > 0
    assert (wet & modelled).sum() > 0.9 * max(wet.sum(), modelled.sum())
    deep = zones[zones["depth_class"] == "gt_1"]
    inside = rasterize(deep["geom"], array.shape, transform=transform, dtype="uint8") > 0
    over = inside & modelled
    assert over.sum() > 100
    assert (data.depth[over] > 1).mean() > 0.9
