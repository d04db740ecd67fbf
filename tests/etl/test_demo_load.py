"""A demo town in a real database: every row arrives, marked synthetic, and the raster too."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from psycopg import sql
from rasterio.features import rasterize

from db.connect import Machine
from db.datasets import Dataset, list_datasets
from db.flood_library import extent, libraries
from db.load import Incoming, load
from db.queries.impact import Flood
from db.rasters import newest
from db.towns import drop_town
from db.undo import undo
from etl.demo import DEMO_TOWNS, SOURCE, load_town
from etl.demo.assemble import terrain
from etl.demo.load import Step, need
from layers.catalog import get, imported
from layers.errors import ConflictError
from layers.rasters import RASTERS
from layers.text import Text
from ops.demo_library import need as need_library
from tests.conftest import TownHandle, make_town
from tests.db.test_impact import ask
from tests.etl.demo_data import demo
from tests.impact_oracle import ages, by_place, homes, land, lengths, touched


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
            expected = (len(frame), 1, SOURCE) if len(frame) else (0, 0, None)
            assert conn.execute(query).fetchone() == expected, layer_id
        datasets = list_datasets(conn)
    assert "synthetic" in SOURCE
    assert {row.layer for row in datasets} == set(frames) | {raster.id for raster in RASTERS}
    assert all(row.synthetic and row.source == SOURCE for row in datasets)
    made = [layer.id for layer in imported() if layer.id in frames]
    assert [what for what, _, _ in told.reports] == made
    # each layer is told of before it is loaded; the last ones have no rows
    assert told.reports[0][1] == 0
    assert told.reports[-1][1] == told.reports[-1][2]


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
def test_impact_equals_plain_geopandas(loaded: tuple[TownHandle, Told, Path]) -> None:
    """Every figure of the flood of a hundred years, over the frames the town was loaded from."""
    town, _, _ = loaded
    frames: Any = demo("patong").frames
    zones = frames["flood_zones"]
    zones = zones[(zones["kind"] == "return_period") & (zones["return_period_y"] == 100)]
    answer = ask(town, Flood(zone_ids=tuple(zones["code"])))
    found = answer.exposed

    people = homes(frames["houses"], frames["households"], zones)
    assert found["people"]["count"] == people["people"].sum() > 0
    assert found["people"]["by_age"] == ages(people)
    assert found["people"]["by_indoor_depth"] == {
        depth: {"count": rows["people"].sum(), "by_age": ages(rows)}
        for depth, rows in people.groupby("depth")
    }
    moved = people[people["indoor"] > 0]
    assert answer.displaced is not None
    assert answer.displaced["count"] == moved["people"].sum() > 0
    assert answer.displaced["by_age"] == ages(moved)
    assert answer.displaced["unknown"]["count"] == people[people["indoor"].isna()]["people"].sum()
    needs = {item["code"]: item["amount"] for item in answer.needs or ()}
    assert needs["drinking_water"] == moved["people"].sum() * 3
    assert needs["kit"] == len(moved)
    rows = {row["code"]: row for row in answer.communities or ()}
    told = {code: row["people"]["count"] for code, row in rows.items() if row["people"]["count"]}
    assert told == people[people["people"] > 0].groupby("community")["people"].sum().to_dict()
    wet = touched(frames["parcels"], zones)
    assert {code: row["parcels"] for code, row in rows.items() if row["parcels"]} == by_place(
        wet, frames["communities"]
    )

    uses = land(frames["parcels"], zones)
    assert found["parcels"]["by_use"].keys() == uses.keys()
    for use, figures in uses.items():
        assert found["parcels"]["by_use"][use] == pytest.approx(figures, rel=1e-6, abs=0.01), use
    for layer in ("roads", "waste_routes"):
        metres = lengths(frames[layer], zones)
        assert found[layer]["count"] == len(metres)
        assert found[layer]["wet_length_m"] == pytest.approx(sum(metres.values()), rel=1e-6)
        for line in found[layer]["named"]:
            assert line["wet_length_m"] == pytest.approx(metres[line["code"]], abs=0.01)
        longest = sorted(metres.values(), reverse=True)[: len(found[layer]["named"])]
        assert [line["wet_length_m"] for line in found[layer]["named"]] == pytest.approx(
            longest, abs=0.01
        )
    stops = touched(frames["waste_stops"], zones)
    service = found["waste_routes"]["service"]
    assert service["stops"] == len(frames["waste_stops"])
    assert service["stops_in_water"] == len(stops)
    assert service["accounts_in_water"] == stops["accounts_served"].sum()
    permits = touched(frames["permits"], zones)
    hazardous = permits[(permits["kind"] == "hazardous") | permits["hazard_class"].notna()]
    named = found["permits"]["hazardous"]
    assert named["count"] == len(hazardous)
    assert [permit["permit_no"] for permit in named["named"]] == sorted(hazardous["permit_no"])[
        :200
    ]
    care = touched(frames["care_locations"], zones)
    assert found["care_locations"]["by_need"] == dict(
        Counter(care["needs"].dropna().explode().dropna())
    )
    for layer in ("facilities", "shelters"):
        names = sorted(place["code"] for place in found[layer]["named"])
        assert names == sorted(touched(frames[layer], zones)["code"])


@pytest.mark.slow
def test_parts_of_a_flood_add_up_to_the_whole(loaded: tuple[TownHandle, Told, Path]) -> None:
    """A drawn flood cut by a grid whose lines meet no house: each house once, areas sum."""
    town, _, _ = loaded
    frames: Any = demo("patong").frames
    crs = frames["parcels"].crs
    west, south, east, north = frames["parcels"].total_bounds
    across, up = (east - west) / 5, (north - south) / 5
    whole = shapely.box(west + across, south + up, east - across, north - up)
    columns = [west + across, west + 2.1234567 * across, east - across]
    rows = [south + up, south + 2.7654321 * up, north - up]
    cells = [
        shapely.box(columns[i], rows[j], columns[i + 1], rows[j + 1])
        for i in range(2)
        for j in range(2)
    ]
    # the sides are drawn finely: a straight line in degrees is not quite one in metres
    fine = gpd.GeoSeries([whole, *cells], crs=crs).segmentize(20).to_crs(4326)
    answers = [
        ask(town, Flood(geometry=shapely.to_geojson(shape)), with_ids=True).exposed
        for shape in fine
    ]
    first, parts = answers[0], answers[1:]
    houses = [n for part in parts for n in part["houses"]["ids"]]
    assert sorted(houses) == first["houses"]["ids"]
    assert len(set(houses)) == len(houses) > 0
    assert sum(part["people"]["count"] for part in parts) == first["people"]["count"]
    assert sum(part["households"]["count"] for part in parts) == first["households"]["count"]
    for layer, figure in (
        ("parcels", "wet_area_m2"),
        ("roads", "wet_length_m"),
        ("waste_routes", "wet_length_m"),
    ):
        total = sum(part[layer][figure] for part in parts)
        assert total == pytest.approx(first[layer][figure], rel=1e-5), layer
    assert set(first["parcels"]["ids"]) == {n for part in parts for n in part["parcels"]["ids"]}


@pytest.mark.slow
def test_its_stage_library_is_built_once_and_floods_what_its_plan_does(
    loaded: tuple[TownHandle, Told, Path], tmp_path: Path
) -> None:
    """Beside zones of the same stage drawn by the plan in finer cells: the same flood."""
    town, _, root = loaded
    folder, told = root / town.town_id, Told()
    with town.connect(Machine.LOADER) as conn:
        need_library(conn, "patong", folder, told, demo("patong").stages)
        (made,) = libraries(conn)
        need_library(conn, "patong", folder, told, {})
        assert libraries(conn) == [made]
        assert all(row.source == SOURCE and row.synthetic for row in list_datasets(conn))
        assert len(told.titles) == 1
        steps = {"fill", "rings", "overview", "zones"}
        assert {what for what, _, _ in told.reports} == steps
        zones = demo("patong").frames["flood_zones"]
        area = shapely.union_all(demo("patong").frames["town_boundary"].geometry.to_numpy())
        for stage in (1.5, 2.0, 2.5, 3.0):
            planned = shapely.union_all(
                zones[(zones["gauge"] == "PT-DEMO-TIDE") & (zones["stage_m"] == stage)]["geom"]
            )
            # the plan draws dry ground only; a library the channel too, and some lie beyond
            kept = extent(conn, stage=("PT-DEMO-TIDE", stage))
            both = [shapely.intersection(shape, area) for shape in (planned, kept)]
            water = shapely.union_all(demo("patong").frames["water"].geometry.to_numpy())
            both = [shapely.difference(shape, water) for shape in both]
            # a strip along the beach in cells of 10 m: within two of them they agree
            for one, other in (both, both[::-1]):
                beyond = shapely.difference(one, shapely.buffer(other, 20))
                assert shapely.area(beyond) < 0.03 * shapely.area(one), stage
    assert made.gauge == "PT-DEMO-TIDE"
    stages = [each["stage_m"] for each in made.facts["stages"]]
    assert stages == pytest.approx(np.arange(0.5, 3.01, 0.1).tolist())
    assert made.facts["surface"] == "dtm"
    assert made.facts["error_m"] >= 0.1
    assert made.facts["stages"][10]["stage_low_m"] < made.facts["stages"][10]["stage_m"]
    asked = ask(town, Flood(stage=("PT-DEMO-TIDE", 2.0)))
    with town.connect(Machine.LOADER) as conn:
        codes = conn.execute(
            "SELECT array_agg(code) FROM town.flood_zones WHERE means = 'library' AND stage_m = 2"
        ).fetchone()
        assert codes is not None
        alone = ask(town, Flood(zone_ids=tuple(codes[0])))  # type: ignore[arg-type]
        assert asked.exposed["people"] == alone.exposed["people"]
        # cells that went missing are made again; what was taken back stays so
        assert made.file is not None
        (folder / made.file).unlink()
        need_library(conn, "patong", folder, told, demo("patong").stages)
        (again,) = libraries(conn)
        assert (folder / str(again.file)).is_file()
        assert again.facts["stages"] == made.facts["stages"]
        for library in (again, made):
            undo(conn, library.dataset_id, "tester")
        need_library(conn, "patong", folder, told, demo("patong").stages)
        assert libraries(conn) == []
        (folder / str(again.file)).unlink()


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
