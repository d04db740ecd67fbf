"""The notebooks' client against a served town: frames, answers, and errors as sentences."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

if TYPE_CHECKING:
    from notebooks.muang_client import Town

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def town(town_url: str, town_token: str) -> Iterator["Town"]:
    # imported as a notebook does it: from the folder the notebook lies in
    sys.path.insert(0, str(NOTEBOOKS))
    try:
        module = importlib.import_module("muang_client")
    finally:
        sys.path.remove(str(NOTEBOOKS))
    with module.Town(town_url, town_token, lang="en") as client:
        yield client


def test_a_town_says_what_it_is(town: "Town") -> None:
    assert (town.role, town.srid, town.synthetic) == ("admin", 32648, True)
    assert town.bounds is not None
    assert town.bounds[0] == pytest.approx(105.2234921)
    assert "role='admin'" in repr(town)


def test_layers_and_fields_are_described(town: "Town") -> None:
    layers = town.layers()
    assert layers.loc["parcels", "title"] == "Parcels"
    assert layers.loc["parcels", "geometry"]
    assert not layers.loc["households", "geometry"]
    fields = town.fields("parcels")
    assert fields["codes"].to_dict()["use"]["residential"] == "Residential"
    assert fields.loc["area_m2", "unit"] == "m2"


def test_a_layer_is_a_frame_in_metres_of_the_town(town: "Town") -> None:
    parcels = town.layer("parcels")
    assert len(parcels) == 100
    assert parcels.crs == 32648
    assert parcels.geometry.area.round(6).eq(10_000).all()
    assert parcels.index.name == "id"
    assert parcels["area_m2"].dtype == "Float64"
    assert parcels["assessments"].isna().all()
    assert isinstance(parcels["updated_at"].dtype, pd.DatetimeTZDtype)


def test_a_layer_can_come_in_degrees_and_in_part(town: "Town") -> None:
    parcels = town.layer("parcels", crs="degrees", fields=["code"], where={"use": "residential"})
    assert parcels.crs == 4326
    assert list(parcels.columns) == ["code", "geometry"]
    assert len(parcels) == 25
    west, south, east, north = parcels.total_bounds
    corner = town.layer("parcels", bbox=(west, south, west + 1e-4, south + 1e-4))
    assert set(corner["code"]) == {"01A000"}
    assert east > west
    assert north > south


def test_pages_are_put_together(town: "Town", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["muang_client"], "PAGE", 7)
    parcels = town.layer("parcels")
    assert len(parcels) == 100
    assert parcels.index.is_unique


def test_nothing_found_is_an_empty_frame_with_its_columns(town: "Town") -> None:
    none = town.layer("parcels", where={"use": "vacant"})
    assert len(none) == 0
    assert "area_m2" in none.columns
    assert none.crs == 32648


def test_a_table_has_no_geometry(town: "Town") -> None:
    households = town.table("households")
    assert len(households) == 50
    assert not isinstance(households, gpd.GeoDataFrame)
    with pytest.raises(Exception, match="ask for it with table"):
        town.layer("households")
    assert "geometry" not in town.table("shelters").columns


def test_an_impact_has_counts_ids_and_a_table(town: "Town") -> None:
    zones = town.layer("flood_zones", where={"code": "Z100"})
    answer = town.impact(zone_ids=zones.index, include_ids=True)
    # rows 0 to 2 of the tiny town lie in the flood, row 3 touches its edge
    assert answer.count("parcels") == 40 == len(answer.ids("parcels"))
    table = answer.table()
    assert table.loc["parcels", "count"] == 40
    assert table.loc["parcels", "wet_area_m2"] == pytest.approx(300_000)
    assert any("ST_Intersects" in caveat for caveat in answer.caveats)
    assert town.answer(answer.id).raw == answer.raw
    assert town.impact(zone_ids=["Z100"], layers=["parcels"]).exposed.keys() == {"parcels"}


def test_a_polygon_of_any_crs_can_be_asked_about(town: "Town") -> None:
    first = town.layer("parcels", where={"code": "01A000"})
    west, south, east, north = first.total_bounds
    inside = gpd.GeoSeries([box(west + 5, south + 5, east - 5, north - 5)], crs=first.crs)
    assert town.impact(geometry=inside).count("parcels") == 1
    degrees = inside.to_crs(4326).iloc[0]
    assert town.impact(geometry=degrees).count("parcels") == 1


def test_errors_are_sentences(town: "Town") -> None:
    error = sys.modules["muang_client"].TownError
    with pytest.raises(error, match="volcanoes"):
        town.layer("volcanoes")
    with pytest.raises(error, match=r"There is no query parameter .colour."):
        town.layer("parcels", where={"colour": "red"})
    with pytest.raises(error, match="no such flood zone: 999999"):
        town.impact(zone_ids=[999999])
    with pytest.raises(error, match="just one way"):
        town.impact()
    with pytest.raises(error, match="does not say its CRS"):
        town.impact(geometry=gpd.GeoSeries([box(0, 0, 1, 1)]))
    with pytest.raises(error, match="does not list"):
        town.impact(zone_ids="all").ids("parcels")
    with pytest.raises(error, match=r"it has .*parcels"):
        town.impact(zone_ids="all").count("volcanoes")


def test_a_town_that_is_not_served_says_so(town: "Town") -> None:
    with pytest.raises(sys.modules["muang_client"].TownError, match=r"see that \./muang up"):
        type(town)("http://127.0.0.1:9")


def test_a_wrong_token_is_refused_with_a_sentence(town: "Town", town_url: str) -> None:
    with pytest.raises(sys.modules["muang_client"].TownError, match=r"(?i)token"):
        type(town)(town_url, "not-a-token", lang="en")
