"""One whole demo town: every layer's frame and the elevation raster, from the seed alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionDtype
from pyproj import CRS

from etl.demo import (
    base_layers,
    blocks,
    buildings,
    cadastre,
    care,
    communities,
    floods,
    gauges,
    households,
    houses,
    network,
    operations,
    patong,
    permits,
    phibun,
    plots,
    street_names,
    waste,
    works,
)
from etl.demo.cadastre import Land
from etl.demo.plan import Plan, StagePlan
from etl.demo.towns import DEMO_TOWNS, DemoTown
from layers.catalog import LAYERS
from layers.errors import NotFoundError
from layers.model import Field, FieldType, GeometryKind, Layer
from layers.text import Text

_PLANS: Mapping[str, Callable[[DemoTown], Plan]] = {"phibun": phibun.plan, "patong": patong.plan}


@dataclass(frozen=True)
class DemoData:
    """A demo town. `frames` by layer id, in loading order, with exactly the layer's fields.

    Frames of layers with a geometry are GeoDataFrames in the town's CRS, column `geom`, multi-
    geometries where the layer says so. `elevation` is (float32 array, transform, CRS), metres of
    a demo datum, north up; `depth` the 100-year flood on the same grid, metres. `stages` is what
    the stage libraries are built of, by gauge.
    """

    town: DemoTown
    frames: Mapping[str, pd.DataFrame]
    elevation: tuple[NDArray[np.float32], Affine, CRS]
    depth: NDArray[np.float32]
    stages: Mapping[str, StagePlan]


NOTHING_OF = ("levees", "event_words", "incident_rules", "gauge_zeros")
"""Layers the demo towns have no rows of: the platform's defaults hold, or nothing is there."""


def generate(town_id: str) -> DemoData:
    """Build a demo town; the same id gives the same data to the bit. NotFoundError otherwise."""
    town, plan = _plan(town_id)
    frames = {**{name: _no_rows() for name in NOTHING_OF}, **_frames(town, plan)}
    elevation, depth = _terrain(town, plan)
    return DemoData(
        town=town,
        frames={
            layer.id: _fit(layer, frames[layer.id], town) for layer in LAYERS if layer.id in frames
        },
        elevation=elevation,
        depth=depth,
        stages=_stages(plan),
    )


def terrain(
    town_id: str,
) -> tuple[tuple[NDArray[np.float32], Affine, CRS], NDArray[np.float32]]:
    """`elevation` and `depth` of a demo town without the rest of it, much faster."""
    return _terrain(*_plan(town_id))


def stage_plans(town_id: str) -> dict[str, StagePlan]:
    """What the stage libraries of a demo town's gauges are built of, by gauge."""
    return _stages(_plan(town_id)[1])


def _stages(plan: Plan) -> dict[str, StagePlan]:
    return {flood.gauge: flood.library for flood in plan.floods if flood.library is not None}


def _no_rows() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"geom": []}, geometry="geom")


def _terrain(
    town: DemoTown, plan: Plan
) -> tuple[tuple[NDArray[np.float32], Affine, CRS], NDArray[np.float32]]:
    elevation = (plan.elevation, plan.grid.transform, CRS.from_epsg(town.srid))
    return elevation, floods.depth(plan, 100)


def _plan(town_id: str) -> tuple[DemoTown, Plan]:
    town = DEMO_TOWNS.get(town_id)
    if town is None:
        known = ", ".join(DEMO_TOWNS)
        raise NotFoundError(
            Text(
                th=f"ไม่มีเมืองสาธิตชื่อ “{town_id}” เมืองสาธิตที่มี: {known}",
                en=f"There is no demo town called “{town_id}”. The demo towns are: {known}.",
            )
        )
    return town, _PLANS[town_id](town)


def _frames(town: DemoTown, plan: Plan) -> dict[str, pd.DataFrame]:
    """Every layer's records, each step with random numbers of its own."""

    def rng(stage: int) -> np.random.Generator:
        return np.random.default_rng([town.seed, stage])

    net = network.build(plan, rng(2))
    lanes = street_names.names(net)
    area = base_layers.multipolygon(shapely.union_all(net.faces))
    zones = communities.grow(plan, net)
    land_blocks = blocks.build(plan, net)
    lots = plots.lay_out(land_blocks, plan.plot_scale, rng(3))
    land = cadastre.survey(
        town,
        plan,
        network=net,
        zones=zones,
        blocks=land_blocks,
        plots=lots,
        street_names=lanes,
        rng=rng(4),
    )
    address = _place_addresses(land, len(plan.places))
    homes, plot_of = houses.build(town, plan, land, lanes, rng(5))
    rural = np.isin(np.asarray(land.kind)[plot_of], ("village", "farm"))
    families, home_of = households.build(town, homes, rural, rng(6))
    cared = care.homes(town, families, home_of, homes, rng(7))
    nursing = care.facilities(town, land_blocks, address)
    routes, stops = waste.routes(town, net, homes)
    areas = base_layers.communities(town, plan, zones, homes["community"].iloc[home_of], rng(8))
    streets = base_layers.roads(town, plan, net, lanes)
    refuges = base_layers.shelters(town, plan, land_blocks, address, rng(11))
    return {
        "town_boundary": base_layers.boundary(town, area),
        "communities": areas,
        "water": base_layers.water(town, plan),
        "parcels": land.frame,
        "parcel_uses": cadastre.uses(land, rng(9)),
        "buildings": buildings.build(
            town, land, blocks=land_blocks, homes=homes, plot_of=plot_of, rng=rng(13)
        ),
        "houses": homes,
        "households": families,
        "permits": permits.issue(town, land, rng(10)),
        "roads": streets,
        "waste_routes": routes,
        "waste_stops": stops,
        "flood_zones": floods.zones(town, plan, area),
        "levees": works.levees(town, plan, streets),
        "shelters": refuges,
        "facilities": base_layers.facilities(town, land_blocks, address, rng(12)),
        "care_locations": pd.concat([cared, nursing], ignore_index=True),
        "closures": operations.closures(town, streets),
        "power_areas": operations.power_areas(town, areas),
        "resources": operations.resources(town, refuges),
        "refuge_plans": operations.refuge_plans(areas, refuges),
        "evacuation_ranks": operations.ranks(families),
        "gauges": gauges.gauges(town, plan),
        "gauge_thresholds": gauges.thresholds(town),
        "gauge_links": gauges.links(town),
        "remembered_floods": gauges.remembered(town),
        "gates": works.gates(town, plan),
        "pumps": works.pumps(town, plan, streets),
        "drains": works.drains(town, plan, streets),
        "sandbag_points": works.sandbag_points(town, refuges),
        "vehicle_limits": operations.vehicle_limits(),
        "minimum_needs": operations.minimum_needs(),
        "assumptions": operations.assumptions(),
    }


def _place_addresses(land: Land, count: int) -> list[str]:
    """The address of the plot of each of the plan's places."""
    address = land.frame["address"].to_numpy()
    row = {int(place): n for n, place in enumerate(land.place.tolist()) if place >= 0}
    return [str(address[row[place]]) for place in range(count)]


def _fit(layer: Layer, frame: pd.DataFrame, town: DemoTown) -> pd.DataFrame:
    """The frame with exactly the layer's fields, in their order, and its geometry as declared."""
    full = pd.DataFrame({field.name: _column(frame, field) for field in layer.fields})
    if layer.geometry is None:
        return full
    shape = frame["geom"].to_numpy()
    if layer.geometry is GeometryKind.MULTIPOLYGON:
        single = np.flatnonzero(shapely.get_type_id(shape) == shapely.GeometryType.POLYGON)
        shape = shape.copy()
        shape[single] = shapely.multipolygons(shape[single], indices=np.arange(len(single)))
    fitted = gpd.GeoDataFrame(full, geometry=shape, crs=f"EPSG:{town.srid}")
    return fitted.rename_geometry("geom")


_DTYPES: Mapping[FieldType, ExtensionDtype] = {
    FieldType.INTEGER: pd.Int64Dtype(),
    FieldType.NUMBER: pd.Float64Dtype(),
    FieldType.BOOLEAN: pd.BooleanDtype(),
}


def _column(frame: pd.DataFrame, field: Field) -> pd.Series:
    """One field's values with nothing but None or NA for unknown; all unknown where not made."""
    if field.name not in frame:
        values: pd.Series = pd.Series([None] * len(frame), dtype=object)
    else:
        values = frame[field.name].reset_index(drop=True)
    if field.type in _DTYPES:
        typed: pd.Series = values.astype(_DTYPES[field.type])
        return typed
    plain: pd.Series = values.astype(object).where(values.notna(), None)
    return plain
