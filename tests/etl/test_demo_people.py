"""Houses, households, people in care, permits and shelters of the demo towns hang together."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely
from rasterio.transform import rowcol

from etl.demo.care import band
from etl.demo.dates import TODAY
from tests.etl.demo_data import TOWNS, demo, layer, table

AGES = ("0_5", "6_17", "18_59", "60_up")


@pytest.mark.parametrize("town", TOWNS)
def test_houses_and_permits_stand_inside_their_parcel(town: str) -> None:
    plots = layer(town, "parcels").set_index("code").geometry
    for layer_id in ("houses", "permits"):
        points = layer(town, layer_id)
        own = np.asarray(plots.loc[points["parcel_code"]])
        assert shapely.contains_properly(own, points.geometry.to_numpy()).all(), layer_id


@pytest.mark.parametrize("town", TOWNS)
def test_houses_know_their_ground_and_some_not_their_floor(town: str) -> None:
    houses = layer(town, "houses")
    array, transform, _ = demo(town).elevation
    row, column = rowcol(transform, houses.geometry.x.to_numpy(), houses.geometry.y.to_numpy())
    cell = array[row, column]
    assert np.abs(cell - houses["ground_m"].to_numpy(dtype=float)).max() < 1.5
    unknown = houses["floor_height_m"].isna()
    assert 0.05 < unknown.mean() < 0.3
    assert (houses["floor_height_source"].isna() == unknown).all()
    stilts = houses["floor_height_m"] > 1.3
    assert 0.03 < stilts.mean() < 0.3
    assert houses.loc[stilts, "storeys"].mean() < houses.loc[~stilts, "storeys"].mean()
    shares = houses.groupby("community").size()
    assert len(shares) >= 20


@pytest.mark.parametrize("town", TOWNS)
def test_people_add_up_and_differ_between_the_register_and_the_night(town: str) -> None:
    households = table(town, "households")
    registered = households[[f"registered_{age}" for age in AGES]].sum(axis=1)
    sleeping = households[[f"sleeping_{age}" for age in AGES]].sum(axis=1)
    assert (registered > 0).all()
    assert 12_000 <= registered.sum() <= 18_500
    assert 12_000 <= sleeping.sum() <= 18_500
    assert 0.1 < (registered != sleeping).mean() < 0.9
    assert (households["unregistered"] <= households["sleeping_18_59"]).all()
    assert 0.02 < households["renters"].mean() < 0.6
    homes = households["house_code"].value_counts()
    assert homes.max() == 2
    assert len(homes) < len(layer(town, "houses")), "some houses are empty"
    by_area = layer(town, "communities")["households_registered"]
    assert by_area.sum() == len(households)


@pytest.mark.parametrize("town", TOWNS)
def test_care_homes_lie_at_the_house_of_their_household(town: str) -> None:
    care = layer(town, "care_locations")
    homes = care[care["kind"] == "home"]
    assert len(homes) == 900
    households = table(town, "households").set_index("code")
    houses = layer(town, "houses").set_index("house_code").geometry
    own = houses.loc[households.loc[homes["household"], "house_code"]].to_numpy()
    assert shapely.equals(own, homes.geometry.to_numpy()).all()
    people = households[[f"sleeping_{age}" for age in AGES]].sum(axis=1)
    cared = homes["household"].value_counts()
    assert (cared <= people.loc[cared.index]).all()
    facilities = care[care["kind"] == "facility"]
    assert facilities["facility_name"].notna().all()
    assert facilities[["household", "adl_score", "person_name"]].isna().all(axis=None)


@pytest.mark.parametrize("town", TOWNS)
def test_bands_follow_the_score_and_needs_the_band(town: str) -> None:
    care = layer(town, "care_locations")
    homes = care[care["kind"] == "home"]
    assert homes["adl_score"].between(0, 20).all()
    cuts = pd.cut(homes["adl_score"].astype(int), [-1, 4, 11, 20])
    expected = cuts.cat.rename_categories(["bedridden", "homebound", "social"])
    assert (homes["band"] == expected.astype(str)).all()
    share = homes["band"].value_counts(normalize=True)
    assert 0.08 < share["bedridden"] < 0.22
    lifted = homes[homes["needs"].map(lambda needs: "stretcher" in needs)]
    assert set(lifted["band"]) == {"bedridden"}
    assert homes["needs"].map(lambda needs: "dialysis" in needs).any()
    assert (homes["last_verified_on"] >= homes["adl_on"]).all()
    assert homes["last_verified_on"].max() <= TODAY


def test_the_bands_edges() -> None:
    assert [band(score) for score in (0, 4, 5, 11, 12, 20)] == [
        "bedridden",
        "bedridden",
        "homebound",
        "homebound",
        "social",
        "social",
    ]


@pytest.mark.parametrize("town", TOWNS)
def test_permits_agree_with_the_law_and_the_calendar(town: str) -> None:
    permits = layer(town, "permits")
    food = permits[permits["kind"] == "food"]
    large = food["floor_area_m2"] > 200
    assert 0.03 < large.mean() < 0.5
    assert (food["subject"].str.startswith("ใบอนุญาต") == large).all()
    assert (food["subject"].str.startswith("หนังสือรับรองการแจ้ง") == ~large).all()
    hazardous = permits["kind"] == "hazardous"
    assert (permits["hazard_class"].notna() == hazardous).all()
    granted = permits["status"].isin(["issued", "expired"])
    assert (permits["issued_on"].notna() == granted).all()
    given = permits[granted]
    assert (given["applied_on"] < given["issued_on"]).all()
    assert (given["issued_on"] <= TODAY).all()
    assert ((given["expires_on"] < TODAY) == (given["status"] == "expired")).all()
    assert set(permits["status"]) == {"applied", "issued", "refused", "expired", "withdrawn"}
    years = permits["permit_no"].str[-4:].astype(int) - 543
    assert (years == permits["applied_on"].map(lambda day: day.year)).all()
    assert permits["applied_on"].min() > date(2020, 1, 1)


@pytest.mark.parametrize("town", TOWNS)
def test_most_shelters_stay_dry_and_a_few_do_not(town: str) -> None:
    shelters, zones = layer(town, "shelters"), layer(town, "flood_zones")
    rare = shapely.union_all(zones[zones["return_period_y"] == 100].geometry.to_numpy())
    wet = shapely.intersects(rare, shelters.geometry.to_numpy()).sum()
    assert 1 <= wet <= 5
    assert shelters["capacity"].between(50, 2000).all()
    assert sorted(shelters["plan_order"]) == list(range(1, 15))
