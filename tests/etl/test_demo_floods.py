"""Flood zones of the demo towns: nested, apart by depth, and true to the raster."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely
from rasterio.features import rasterize

from flood.ground import Ground, coarser
from flood.library import build
from flood.river import along
from flood.surface import level_with_gauge
from tests.etl.demo_data import TOWNS, area_of, demo, layer

PERIODS = [5, 10, 25, 50, 100]


def scenarios(town: str, kind: str) -> list[tuple[float, pd.DataFrame]]:
    """Return periods or stages of a town, the lesser first, each with its zones."""
    zones = layer(town, "flood_zones")
    by = "return_period_y" if kind == "return_period" else "stage_m"
    here = zones[zones["kind"] == kind]
    values = sorted({float(value) for value in here[by]})
    return [(value, here[here[by] == value]) for value in values]


@pytest.mark.parametrize("town", TOWNS)
@pytest.mark.parametrize("kind", ["return_period", "stage"])
def test_a_rarer_flood_covers_every_lesser_one_and_is_nowhere_shallower(
    town: str, kind: str
) -> None:
    found = scenarios(town, kind)
    assert len(found) >= 5
    if kind == "return_period":
        assert [int(value) for value, _ in found] == PERIODS
    for (_, lesser), (_, greater) in pairwise(found):
        for least in (0.0, 0.3, 0.5, 1.0):
            small = lesser[lesser["depth_min_m"] >= least].geometry.to_numpy()
            large = greater[greater["depth_min_m"] >= least].geometry.to_numpy()
            left = shapely.difference(shapely.union_all(small), shapely.union_all(large))
            assert shapely.area(left) < 1.0
        assert sum(greater.area) > 1.02 * sum(lesser.area)


@pytest.mark.parametrize("town", TOWNS)
@pytest.mark.parametrize("kind", ["return_period", "stage"])
def test_depth_classes_of_one_flood_do_not_overlap(town: str, kind: str) -> None:
    for value, here in scenarios(town, kind):
        shapes = here.geometry.to_numpy()
        together = shapely.area(shapely.union_all(shapes))
        assert sum(shapely.area(shapes)) == pytest.approx(together, abs=0.5), value
        assert here["depth_class"].is_unique
        assert (here["depth_min_m"] < here["depth_max_m"]).all()


@pytest.mark.parametrize("town", TOWNS)
def test_zones_follow_the_ground(town: str) -> None:
    array, transform, _ = demo(town).elevation
    zones = layer(town, "flood_zones")
    area = layer(town, "town_boundary").geometry.iloc[0]
    inside = rasterize([area], out_shape=array.shape, transform=transform).astype(bool)
    kind, value = ("return_period_y", 100) if town == "phibun" else ("stage_m", 3.0)
    here = zones[zones[kind] == value]
    middle = []
    for code in ("lt_0_3", "0_3_0_5", "0_5_1", "gt_1"):
        shape = here[here["depth_class"] == code].geometry.iloc[0]
        wet = rasterize([shape], out_shape=array.shape, transform=transform).astype(bool)
        middle.append(float(np.median(array[wet & inside])))
    assert middle == sorted(middle, reverse=True), "deeper water stands on lower ground"
    flooded = rasterize(here.geometry, out_shape=array.shape, transform=transform).astype(bool)
    assert np.median(array[flooded]) < np.median(array[inside & ~flooded])


def test_a_stage_reaches_just_the_ground_below_it() -> None:
    """At the gauge the stage is the water's level: zone edges stand near that level."""
    array, transform, _ = demo("patong").elevation
    flat = np.hypot(*np.gradient(array, 5.0)) < 0.06
    for level, here in scenarios("patong", "stage"):
        wet = rasterize(here.geometry, out_shape=array.shape, transform=transform).astype(bool)
        # smoothed outlines take in a little higher ground, more on cliffs a cell wide
        assert (array[wet & flat] < level + 0.2).mean() > 0.9, level


def test_a_library_of_the_ground_floods_what_the_plan_does() -> None:
    """Phibun's, in the coarser cells and with the sloping surface it is built with."""
    array, transform, _ = demo("phibun").elevation
    plan = demo("phibun").stages["PB-DEMO"]
    assert plan.river is not None
    assert plan.slope is not None
    ground, lost = coarser(Ground(array, transform), plan.cell_m)
    assert ground.cell_m == 10.0
    assert 0 < lost < 0.2
    river = layer("phibun", "water").set_index("kind").loc["river", "geom"]
    gauge = layer("phibun", "gauges").set_index("code").loc["PB-DEMO", "geom"]
    assert gauge.distance(river) == 0
    up = along(ground, plan.river, gauge)
    surface = level_with_gauge(ground, upstream=up, slope=plan.slope)
    stages = [107.5, 108.5, 109.5, 110.5]
    made = build(ground, surface.relative, ground.cells_of(river), stages)
    zones = layer("phibun", "flood_zones")
    dry = shapely.difference(
        area_of("phibun"), shapely.union_all(layer("phibun", "water").geometry)
    )
    for stage in stages:
        planned = shapely.union_all(zones[zones["stage_m"] == stage].geometry.to_numpy())
        wet = [ring.shape for ring in made.rings if ring.wet_from_m <= stage]
        kept = shapely.intersection(shapely.union_all(wet), dry)
        shared = shapely.area(shapely.intersection(planned, kept))
        assert shared > 0.85 * shapely.area(shapely.union(planned, kept)), stage
    remembered = demo("phibun").frames["remembered_floods"]
    peaks = remembered[remembered["gauge"] == "PB-DEMO"]["peak_m"]
    assert plan.low_m < peaks.min() <= peaks.max() < plan.high_m


def test_the_two_towns_have_different_water() -> None:
    river, bay = layer("phibun", "flood_zones"), layer("patong", "flood_zones")
    assert set(river["gauge"]) == {"PB-DEMO"}
    assert set(bay["gauge"]) == {"PT-DEMO-RAIN", "PT-DEMO-TIDE"}
    assert set(layer("phibun", "water")["kind"]) == {"river", "canal", "pond"}
    assert set(layer("patong", "water")["kind"]) == {"sea", "canal"}
    assert river["stage_m"].dropna().min() > 100
    assert bay["stage_m"].dropna().max() < 5


@pytest.mark.parametrize("town", TOWNS)
def test_a_share_of_the_town_that_people_can_work_with_is_exposed(town: str) -> None:
    points = layer(town, "houses").geometry.to_numpy()
    shares = []
    for _, here in scenarios(town, "return_period"):
        water = shapely.union_all(here.geometry.to_numpy())
        shapely.prepare(water)
        shares.append(shapely.contains(water, points).mean())
    assert shares == sorted(shares)
    assert 0.01 < shares[0] < 0.12
    assert 0.25 < shares[-1] < 0.7
