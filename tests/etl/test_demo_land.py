"""Parcels of the demo towns: they do not overlap, keep off roads and water, and are numbered."""

import numpy as np
import pytest
import shapely
from shapely import STRtree

from layers.catalog import get
from tests.etl.demo_data import TOWNS, layer, table

CM2 = 1e-4


@pytest.mark.parametrize("town", TOWNS)
def test_no_two_parcels_overlap(town: str) -> None:
    shapes = layer(town, "parcels").geometry.to_numpy()
    one, other = STRtree(shapes).query(shapes, predicate="intersects")
    once = one < other
    shared = shapely.area(shapely.intersection(shapes[one[once]], shapes[other[once]]))
    assert len(shared) > len(shapes), "neighbours touch"
    assert shared.max() < CM2


@pytest.mark.parametrize("town", TOWNS)
def test_parcels_keep_off_roads_and_water(town: str) -> None:
    shapes = layer(town, "parcels").geometry.to_numpy()
    tree = STRtree(shapes)
    roads = layer(town, "roads").geometry.to_numpy()
    # a track is 5 m wide, and where two junctions were made one it moved by up to 1.5 m
    assert len(tree.query(shapely.buffer(roads, 0.9), predicate="intersects")[0]) == 0
    water = layer(town, "water").geometry.to_numpy()
    assert len(tree.query(water, predicate="intersects")[0]) == 0


@pytest.mark.parametrize("town", TOWNS)
def test_tax_codes_are_zone_block_lot_and_lots_run_from_one(town: str) -> None:
    parcels = layer(town, "parcels")
    parts = parcels["code"].str.extract(r"^(\d{2})([A-Z])(\d{3})$")
    assert parts.notna().all(axis=None)
    lots = parts.assign(lot=parts[2].astype(int)).groupby([0, 1])["lot"]
    assert (lots.min() == 1).all()
    assert (lots.max() == lots.size()).all()
    # the lots of one letter lie together: their box is small beside the town's
    bounds = parcels.bounds.groupby([parts[0], parts[1]]).agg(
        {"minx": "min", "miny": "min", "maxx": "max", "maxy": "max"}
    )
    spread = np.hypot(bounds.maxx - bounds.minx, bounds.maxy - bounds.miny)
    assert np.median(spread) < 900


@pytest.mark.parametrize("town", TOWNS)
def test_deed_area_differs_a_little_from_the_polygon(town: str) -> None:
    parcels = layer(town, "parcels")
    assert np.allclose(parcels["area_m2"].astype(float), parcels.area, atol=0.01)
    share = (parcels["area_deed_m2"] / parcels["area_m2"]).astype(float)
    assert 0.003 < share.std() < 0.05
    assert share.between(0.8, 1.2).all()
    assert parcels.loc[share.between(0.95, 1.05)].shape[0] > 0.95 * len(parcels)
    # a sheet and a land number find one plot
    assert not parcels.duplicated(["sheet", "land_no"]).any()
    assert not parcels.duplicated(["deed_type", "deed_no"]).any()


@pytest.mark.parametrize("town", TOWNS)
def test_parts_by_use_add_up_to_their_parcel(town: str) -> None:
    parcels = layer(town, "parcels").set_index("code")
    uses = table(town, "parcel_uses").groupby("parcel_code")
    taxed = parcels[parcels["use"] != "public"]
    assert set(uses.groups) == set(taxed.index)
    gap = uses["area_m2"].sum() - taxed["area_deed_m2"]
    assert gap.abs().max() < 0.02
    assert (uses.size() == taxed["assessments"]).all()
    assert (uses.size() == 2).mean() > 0.05


@pytest.mark.parametrize("town", TOWNS)
def test_uses_and_tambons_are_as_the_place_asks_for(town: str) -> None:
    parcels = layer(town, "parcels")
    shares = parcels["use"].value_counts(normalize=True)
    assert set(shares.index) == {code.value for code in get("parcels").field("use").codes}
    assert shares["residential"] > 0.35
    tambons = set(parcels["tambon_code"])
    assert tambons == ({"341901", "341910"} if town == "phibun" else {"830202"})
