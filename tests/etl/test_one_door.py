"""No path through our code turns Indian 1975 by the operation programs take by default.

The default (EPSG:1812) shifts Phibun by +594/-370 m; the published operations that agree with one
another by +413/-314 m. Every place that turns coordinates is listed here, each is either measured
or shut to such data.
"""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import psycopg
import pytest
import shapely
from pydantic import ValidationError
from pyproj import CRS, Transformer

from api.ogc import crs as ogc
from db.towns import TownSpec
from etl import crs, datum, raster_reader, transform
from etl.crs import TownArea
from etl.found_town import town_srid
from layers import catalog
from layers.datum import INDIAN_EPSG, PINNED, is_indian
from layers.errors import BadRequestError, RefusedError
from layers.text import Text
from maps import folium_map
from notebooks.muang_client import TownError
from notebooks.muang_client import _in_degrees as client_degrees

ROOT = Path(__file__).parents[2]
HOUSES = ("api", "bench", "db", "etl", "flood", "layers", "maps", "notebooks", "ops")

DOORS = {
    "etl/transform.py": "the door itself: pinned operations only",
    "etl/raster_reader.py": "the pipeline pinned by etl.datum; bounds of the town's own CRS",
    "maps/folium_map.py": "frames of the town; refuses Indian 1975",
    "notebooks/muang_client.py": "a notebook's own shapes; refuses Indian 1975",
}
_TURNS = re.compile(
    r"Transformer\.from|TransformerGroup\(|\.to_crs\(|(?<!turn\.)transform_bounds\(|reproject\(|"
    r"transform_geom\(|WarpedVRT|proj4text|itransform|dst_crs|ogr2ogr|gdalwarp"
)

PHIBUN = TownArea(32648, shapely.box(524000, 1685000, 525000, 1686000))
HERE = (524000.0, 1685000.0)
RIGHT = (413.1, -314.1)
WRONG = (593.9, -369.9)


def test_only_the_door_turns_coordinates() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for house in HOUSES
        for path in (ROOT / house).rglob("*.py")
        if "node_modules" not in path.parts and _TURNS.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(DOORS), (
        "coordinates are turned outside the one door: use etl.transform (by a pinned operation)"
    )


def _shift(turned: tuple[float, float]) -> tuple[float, float]:
    """WGS 84 minus what the Indian numbers read as: what the datum moves the place by."""
    return HERE[0] - turned[0], HERE[1] - turned[1]


def _is_right(turned: tuple[float, float]) -> None:
    assert _shift(turned) == pytest.approx(RIGHT, abs=1.2)
    assert np.hypot(*np.subtract(_shift(turned), WRONG)) > 150


def test_what_the_programs_would_do_by_themselves_is_wrong(server_url: str) -> None:
    """The trap is still there: if this fails, PROJ has changed and the rules may be eased."""
    by_pyproj = Transformer.from_crs(24048, 32648, always_xy=True).transform(*HERE)
    frame = gpd.GeoSeries([shapely.Point(HERE)], crs=24048).to_crs(32648)
    assert _shift(by_pyproj) == pytest.approx(WRONG, abs=1)
    assert _shift((frame.iloc[0].x, frame.iloc[0].y)) == pytest.approx(WRONG, abs=1)


@pytest.mark.parametrize("code", PINNED)
@pytest.mark.parametrize("name", ["EPSG:24048", "EPSG:4240"])
def test_shapes_are_turned_by_the_pinned_operation(code: str, name: str) -> None:
    source = crs.parse(name)
    point = HERE
    if name == "EPSG:4240":
        inverse = Transformer.from_crs(24048, 4240, always_xy=True)
        point = inverse.transform(*HERE)
    operation = datum.pin(source, PHIBUN, code, "old.shp")
    turned = operation.apply(np.array([shapely.Point(point)], dtype=object))[0]
    _is_right((turned.x, turned.y))
    assert operation.codes == (code,)


@pytest.mark.parametrize("code", PINNED)
def test_cells_of_rasters_are_turned_by_the_pinned_operation(code: str) -> None:
    from affine import Affine  # noqa: PLC0415

    operation = datum.pin(crs.parse("EPSG:24048"), PHIBUN, code, "old.tif")
    grid = np.ones((8, 8), dtype="float32")
    place = Affine(10, 0, HERE[0], 0, -10, HERE[1])
    order = {"pipeline": operation.definition, "max_pixels": 10_000}
    _made, turned = raster_reader._warped(grid, place, order, np)
    shift = HERE[0] - turned.c, HERE[1] - turned.f
    # the new grid is laid on multiples of its cell, 10 m
    assert shift == pytest.approx(RIGHT, abs=12)
    assert np.hypot(*np.subtract(shift, WRONG)) > 150


@pytest.mark.parametrize("target", ["EPSG:32648", "EPSG:4326", "EPSG:3857"])
def test_looking_and_probing_use_a_pinned_operation_too(target: str) -> None:
    turn = transform.between(crs.parse("EPSG:24048"), crs.parse(target))
    assert turn is not None
    assert set(transform.codes(turn)) <= set(PINNED)
    back = Transformer.from_crs(target, 32648, always_xy=True)
    _is_right(back.transform(*turn.transform(*HERE)))


def test_no_operation_of_the_door_is_the_default_one() -> None:
    for source in sorted(INDIAN_EPSG):
        for target in ("EPSG:32647", "EPSG:32648", "EPSG:4326", "EPSG:3857"):
            for superseded in (False, True):
                for found in transform.operations(
                    CRS.from_epsg(source), CRS.from_user_input(target), superseded=superseded
                ):
                    assert "EPSG:1812" not in transform.codes(found)
                    assert "x=293" not in found.definition


def test_a_shift_written_in_the_file_is_not_used() -> None:
    bare = crs.parse("+proj=utm +zone=48 +ellps=evrst30 +towgs84=293,836,318,0.5,1.6,-2.8,2.1")
    turned = datum.pin(bare, PHIBUN, "EPSG:1304", "old.shp").apply(
        np.array([shapely.Point(HERE)], dtype=object)
    )[0]
    _is_right((turned.x, turned.y))


@pytest.mark.parametrize("srid", sorted(INDIAN_EPSG))
def test_postgis_and_tiles_never_meet_such_data(srid: int) -> None:
    """PostGIS turns only the town's CRS, 3857 and 4326: none of them may be on Indian 1975."""
    assert is_indian(CRS.from_epsg(srid))
    with pytest.raises(ValidationError, match="190 m"):
        TownSpec(id="old", name=Text(th="เก่า", en="Old"), srid=srid)
    if CRS.from_epsg(srid).is_projected:
        with pytest.raises(RefusedError, match="about 190 m"):
            town_srid(f"EPSG:{srid}")
    for town in (32647, 32648):
        assert srid not in {offered.srid for offered in ogc.supported(town)}
        with pytest.raises(BadRequestError, match="not offered"):
            ogc.parse(f"http://www.opengis.net/def/crs/EPSG/0/{srid}", town, "crs")


def test_postgis_by_itself_is_wrong(server_url: str) -> None:
    """Why no SQL of ours may turn from or to Indian 1975."""
    with psycopg.connect(server_url, autocommit=False) as conn:
        conn.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        row = conn.execute(
            "SELECT ST_X(g), ST_Y(g) FROM (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s),"
            " 24048), 32648) AS g) AS t",
            HERE,
        ).fetchone()
        conn.rollback()
    assert row is not None
    assert _shift((float(str(row[0])), float(str(row[1])))) == pytest.approx(WRONG, abs=1)


def test_maps_and_notebooks_refuse_it() -> None:
    points = gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.Point(HERE)], crs=24048)
    with pytest.raises(BadRequestError, match="about 190 m off"):
        folium_map._in_degrees(catalog.get("shelters"), points)
    with pytest.raises(TownError, match="190 m"):
        client_degrees(points.geometry)
