"""The layers everything else lies on: boundary, communities, water, roads, places, shelters."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiLineString, MultiPolygon

from etl.demo.blocks import Blocks
from etl.demo.communities import Zones
from etl.demo.names import people, phones
from etl.demo.network import Network
from etl.demo.plan import Plan
from etl.demo.towns import DemoTown

_SPEED_KMH = {
    "trunk": 80.0,
    "primary": 60.0,
    "secondary": 50.0,
    "residential": 40.0,
    "service": 30.0,
    "track": 20.0,
}
_CROWN_M = {
    "trunk": 0.9,
    "primary": 0.5,
    "secondary": 0.35,
    "residential": 0.2,
    "service": 0.1,
    "track": 0.0,
}
"""How far a road's surface stands above the ground beside it, by class."""
_DECK_M = 1.5
"""How far a bridge's deck stands above the higher of its two ends."""


def boundary(town: DemoTown, area: MultiPolygon) -> gpd.GeoDataFrame:
    """The town's outline."""
    return gpd.GeoDataFrame(
        {
            "code": [f"TB-{town.short}"],
            "name_th": [f"เทศบาล{town.name.th}"],
            "name_en": [f"{town.name.en} municipality"],
        },
        geometry=[area],
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def communities(
    town: DemoTown, plan: Plan, zones: Zones, houses: pd.Series, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """The communities; `houses` holds the community code of every household."""
    codes = [f"{town.short}-C{n:02d}" for n in range(1, len(plan.communities) + 1)]
    counted = houses.value_counts()
    return gpd.GeoDataFrame(
        {
            "code": codes,
            "name": [c.name for c in plan.communities],
            "name_en": [c.name_en for c in plan.communities],
            "leader": people(len(codes), rng),
            "households_registered": [int(counted.get(code, 0)) for code in codes],
        },
        geometry=zones.shapes,
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def water(town: DemoTown, plan: Plan) -> gpd.GeoDataFrame:
    """Rivers, canals, ponds and the sea as far as the raster reaches: beyond the boundary too."""
    rows = [
        {
            "code": f"WA-{town.short}-{n:02d}",
            "name": w.name,
            "kind": w.kind,
            "geom": multipolygon(shapely.intersection(w.shape, plan.grid.box)),
        }
        for n, w in enumerate(plan.water, start=1)
    ]
    return gpd.GeoDataFrame(rows, geometry="geom", crs=f"EPSG:{town.srid}")


def roads(
    town: DemoTown, plan: Plan, network: Network, street_names: list[str | None]
) -> gpd.GeoDataFrame:
    """The road network: roads that meet share a node exactly."""
    street = network.roads.street
    klass = [network.streets[s].klass for s in street]
    names = [street_names[s] for s in street]
    bridge = network.roads.bridge
    return gpd.GeoDataFrame(
        {
            "code": [f"RD-{town.short}-{n:05d}" for n in range(1, len(street) + 1)],
            "class": klass,
            "name": [
                f"{name} (สะพาน)" if b and name else name
                for name, b in zip(names, bridge.tolist(), strict=True)
            ],
            "oneway": network.roads.oneway,
            "speed_kmh": [_SPEED_KMH[k] for k in klass],
            "surface_level_m": _surface(plan, network, klass),
            "bridge": bridge,
            "level": bridge.astype(int),
        },
        geometry=[MultiLineString([line]) for line in network.roads.lines],
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def _surface(plan: Plan, network: Network, klass: list[str]) -> np.ndarray:
    """Lowest surface level along each road: ground beside it plus its crown; a bridge's deck."""
    lines = network.roads.lines
    points, of = shapely.get_coordinates(shapely.segmentize(lines, 12.0), return_index=True)
    level = plan.ground(points)
    canals = shapely.union_all([w.shape.buffer(12.0) for w in plan.water if w.kind == "canal"])
    shapely.prepare(canals)
    dry = ~shapely.contains_xy(canals, points[:, 0], points[:, 1])
    lowest = np.full(len(lines), np.inf)
    np.minimum.at(lowest, of[dry], level[dry])
    highest = np.full(len(lines), -np.inf)
    np.maximum.at(highest, of, level)
    # a culvert carries a road that is all within a canal's banks
    ground = np.where(np.isinf(lowest), highest, lowest)
    crown = np.array([_CROWN_M[k] for k in klass])
    return np.round(np.where(network.roads.bridge, highest + _DECK_M, ground + crown), 2)


def facilities(
    town: DemoTown, blocks: Blocks, address: list[str], rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Places people know, nursing homes left out (they are care locations)."""
    which = [n for n, place in enumerate(blocks.places) if not place.care_beds]
    return gpd.GeoDataFrame(
        {
            "code": [f"FA-{town.short}-{n:03d}" for n in range(1, len(which) + 1)],
            "name": [blocks.places[n].name for n in which],
            "kind": [blocks.places[n].kind for n in which],
            "address": [address[n] for n in which],
            "phone": phones(len(which), rng),
        },
        geometry=[blocks.place_shapes[n].point_on_surface() for n in which],
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def shelters(
    town: DemoTown, plan: Plan, blocks: Blocks, address: list[str], rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Shelters in the plan's order: the highest ground first. All closed in quiet times."""
    which = [n for n, place in enumerate(blocks.places) if place.capacity]
    points = [blocks.place_shapes[n].point_on_surface() for n in which]
    ground = plan.ground(shapely.get_coordinates(points))
    order = np.argsort(np.argsort(-ground, kind="stable"), kind="stable") + 1
    capacity = np.array([blocks.places[n].capacity for n in which])
    count = len(which)
    return gpd.GeoDataFrame(
        {
            "code": [f"SH-{town.short}-{n:02d}" for n in range(1, count + 1)],
            "name": [f"ศูนย์พักพิง{blocks.places[n].name}" for n in which],
            "address": [address[n] for n in which],
            "capacity": capacity,
            "open": False,
            "occupancy": 0,
            "toilets": np.maximum(2, capacity // 35),
            "water": rng.random(count) < 0.95,  # noqa: PLR2004 - shares of shelters
            "power": rng.random(count) < 0.95,  # noqa: PLR2004
            "ramp": rng.random(count) < 0.6,  # noqa: PLR2004
            "kitchen": rng.random(count) < 0.75,  # noqa: PLR2004
            "pets": rng.random(count) < 0.4,  # noqa: PLR2004
            "phone": phones(count, rng),
            "plan_order": order,
        },
        geometry=points,
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def multipolygon(shape: shapely.Geometry) -> MultiPolygon:
    """The polygonal part of a shape."""
    return MultiPolygon([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"])
