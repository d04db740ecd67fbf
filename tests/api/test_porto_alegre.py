"""Real roads: Porto Alegre's OpenStreetMap extract as a town, every answer held to its promises.

Hexagon centroids stand for households with their population, hexagons with schools or health
posts for shelters of invented capacity, ground below 5 m of the elevation model for the flood.
Nothing here says anything about the real city's plans.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyproj
import pytest
import rasterio
import rasterio.features
import shapely
from scipy.spatial import KDTree

from api.app import create_app
from api.network import gather
from db.connect import Machine
from db.towns import drop_town
from flood import paths
from flood.vehicles import by_id
from flood.water import Water, water
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle, make_town
from tests.etl.files import do, order
from tests.flood.streets import gets_out, reference, shapes
from tests.shared_data import shared_data
from tests.tiny import load_rows

pytestmark = pytest.mark.slow

SRID = 32722
BELOW_M = 5
A_SCHOOL, A_HEALTH_POST = 2_500, 1_000
"""People a shelter takes for each school and health post of its hexagon: invented."""
BOAT_SEATS = 400
"""A hexagon stands for a household of up to thousands: its boats are ferries. Invented."""


@dataclass(frozen=True)
class City:
    caller: Caller
    town: TownHandle
    people: dict[str, int]
    capacity: dict[str, int]
    flood: shapely.MultiPolygon


def _n(cell: str) -> int:
    """A count of the table; an empty cell is a hexagon nobody counted, and stands for none."""
    return int(float(cell)) if cell.strip() else 0


def rows_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of every layer but the roads."""
    turn = pyproj.Transformer.from_crs(4326, SRID, always_xy=True)
    with (folder / "poa_hexgrid.csv").open(encoding="utf-8") as file:
        hexagons = list(csv.DictReader(file))
    at = [shapely.Point(*turn.transform(float(h["lon"]), float(h["lat"]))) for h in hexagons]
    boundary = shapely.union_all([point.buffer(260) for point in at])
    area = shapely.multipolygons(shapely.get_parts(boundary))
    lived = [n for n, h in enumerate(hexagons) if _n(h["population"])]
    posts = [n for n, h in enumerate(hexagons) if _n(h["schools"]) + _n(h["healthcare"])]
    return {
        "town_boundary": [{"code": "poa", "name_en": "Porto Alegre", "geom": area}],
        "communities": [{"code": "C1", "name": "all", "geom": area}],
        "houses": [
            {"house_code": hexagons[n]["id"], "community": "C1", "geom": at[n]} for n in lived
        ],
        "households": [
            {
                "code": hexagons[n]["id"],
                "house_code": hexagons[n]["id"],
                "registered_18_59": _n(hexagons[n]["population"]),
            }
            for n in lived
        ],
        "shelters": [
            {
                "code": f"S-{hexagons[n]['id']}",
                "open": True,
                "occupancy": 0,
                "ramp": True,
                "power": True,
                "capacity": A_SCHOOL * _n(hexagons[n]["schools"])
                + A_HEALTH_POST * _n(hexagons[n]["healthcare"]),
                "geom": at[n],
            }
            for n in posts
        ],
        "resources": [
            {
                "code": f"B{n}",
                "vehicle": "flat_boat" if n <= 6 else "truck_6",
                "status": "ready",
                "places": BOAT_SEATS,
                "geom": at[lived[0]],
            }
            for n in range(1, 9)
        ],
        "flood_zones": [
            {
                "code": "LOW",
                "kind": "regulatory",
                "depth_class": "gt_1",
                "depth_max_m": float(BELOW_M),
                "geom": low_ground(folder, turn),
            }
        ],
    }


def low_ground(folder: Path, turn: pyproj.Transformer) -> shapely.MultiPolygon:
    """Ground below the level, in the town's CRS."""
    with rasterio.open(folder / "poa_elevation.tif") as source:
        low = (source.read(1) < BELOW_M).astype("uint8")
        found = rasterio.features.shapes(low, mask=low > 0, transform=source.transform)
        parts = [shapely.geometry.shape(shape) for shape, _ in found]
    joined = shapely.union_all(parts)
    flat = shapely.transform(joined, lambda xy: np.c_[turn.transform(xy[:, 0], xy[:, 1])])
    valid = shapely.make_valid(flat)
    polygons = [p for p in shapely.get_parts(valid) if p.geom_type == "Polygon"]
    return shapely.MultiPolygon(polygons)


@pytest.fixture(scope="module")
def city(server_url: str, secret: str, dashboard: Path) -> Iterator[City]:
    folder = shared_data("c_porto_alegre")
    town = make_town(server_url, secret, srid=SRID)
    try:
        rows = rows_of(folder)
        with town.connect(Machine.LOADER) as conn:
            for layer_id, records in rows.items():
                assert not load_rows(conn, layer_id, records).refused
        report = do(town, order("roads", str(folder / "poa_osm.pbf")))
        assert report.loaded > 12_000
        with town.connect(Machine.SERVICE) as conn:
            token = a_token(conn, Role.ADMIN, "porto")
        with Caller(create_app(settings_for(town, dashboard)), token) as caller:
            yield City(
                caller=caller,
                town=town,
                people={r["code"]: r["registered_18_59"] for r in rows["households"]},
                capacity={r["code"]: r["capacity"] for r in rows["shelters"]},
                flood=rows["flood_zones"][0]["geom"],
            )
    finally:
        drop_town(server_url, town.town_id)


@pytest.fixture(scope="module")
def net(city: City) -> paths.Network:
    """The roads as a lorry finds them, read from the database."""
    with city.town.connect(Machine.LOADER) as conn:
        cursor = conn.execute(
            "SELECT code, class, oneway, speed_kmh, surface_level_m, bridge, level,"
            " gis.ST_AsBinary(geom) AS shape FROM town.roads ORDER BY id"
        )
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    graph = gather.graph_of(rows)
    assert graph.bridge.any()
    areas = water(shapes(city.flood), depth_max_m=[float(BELOW_M)])
    return paths.network(graph, by_id("truck_6"), areas)


def dry_of(areas: Water) -> shapely.Geometry:
    shape: shapely.Geometry = areas.shapes[0]
    shapely.prepare(shape)
    return shape


def test_the_graph_holds_the_whole_network_and_most_of_it_hangs_together(
    net: paths.Network,
) -> None:
    graph = net.graph
    assert graph.length_m.sum() > 1_000_000
    whole = nx.Graph(zip(graph.start.tolist(), graph.end.tolist(), strict=True))
    largest = max(map(len, nx.connected_components(whole)))
    print(
        f"{len(graph.xy):,} nodes, {len(graph.start):,} edges, {graph.length_m.sum() / 1000:.0f} km"
    )
    assert largest > 0.9 * len(graph.xy)
    wet = shapely.intersects(graph.lines, dry_of(net.water))
    assert not net.open[wet & ~graph.bridge].any()
    assert net.open[~wet].all()


def test_everybody_is_placed_or_listed_and_ways_are_networkx_ways(
    city: City, net: paths.Network
) -> None:
    asked = {"flood": {"zone_ids": ["LOW"]}, "include": ["households"]}
    answer = city.caller.post("/queries/shelters?lang=en", json=asked).json()
    people = answer["people"]
    assert people["all"] == sum(city.people.values())
    assert people["all"] == sum(people[one] for one in people if one != "all")
    assert people["road"] > 0
    assert people["boat"] > 0
    homes = answer["households"] + answer["listed"]
    assert sorted(home["household"] for home in homes) == sorted(city.people)
    taken: dict[str, int] = {}
    for home in homes:
        if home["shelter"]:
            taken[home["shelter"]] = taken.get(home["shelter"], 0) + home["people"]
    for shelter in answer["shelters"]:
        placed = taken.get(shelter["code"], 0)
        assert placed == shelter["placed"] <= city.capacity[shelter["code"]]
        assert placed == 0 or shelter["status"] == "takes"
    flooded = {s["code"] for s in answer["shelters"] if s["status"] == "flooded"}
    assert flooded
    turn = pyproj.Transformer.from_crs(4326, SRID, always_xy=True)
    spot = {s["code"]: turn.transform(*s["at"]) for s in answer["shelters"]}
    with city.town.connect(Machine.LOADER) as conn:
        cursor = conn.execute("SELECT house_code, gis.ST_X(geom), gis.ST_Y(geom) FROM town.houses")
        door = {str(code): (float(str(x)), float(str(y))) for code, x, y in cursor.fetchall()}
    left = reference(net.graph, net.vehicle, net.water)
    rng = np.random.default_rng(6)
    for n in rng.choice(len(answer["households"]), 25, replace=False).tolist():
        home = answer["households"][n]
        ends = np.array([door[home["household"]]])
        start = int(paths.nearest_nodes(net.graph, ends)[0])
        goals = np.array([spot[home["shelter"]]])
        goal = int(paths.nearest_nodes(net.graph, goals, net.usable)[0])
        time = nx.dijkstra_path_length(left, start, goal)
        assert home["seconds"] == pytest.approx(time, abs=0.2)
    print(f"placed or listed: {people}, {answer['computing_ms']} ms")


def test_who_is_in_the_water_is_ranked_and_fetched(city: City) -> None:
    asked = {"flood": {"zone_ids": ["LOW"]}}
    answer = city.caller.post("/queries/evacuation?lang=en", json=asked).json()
    order_ = answer["order"]
    assert sum(home["people"] for home in order_) + answer["not_in_danger"] == sum(
        city.people.values()
    )
    assert [home["rank"] for home in order_] == list(range(1, len(order_) + 1))
    fetched: dict[str, int] = {}
    for run in answer["runs"]:
        assert sum(stop["sitting"] for stop in run["stops"]) <= BOAT_SEATS
        for stop in run["stops"]:
            fetched[stop["household"]] = fetched.get(stop["household"], 0) + stop["sitting"]
    left = {one["household"] for one in answer["left"]}
    for home in order_:
        if home["household"] not in left:
            assert fetched[home["household"]] == home["people"]
    assert left.isdisjoint(fetched)
    print(f"{len(order_)} ranked, {len(answer['runs'])} runs, {answer['computing_ms']} ms")


def test_who_is_dry_and_cut_off_is_as_networkx_has_it(city: City, net: paths.Network) -> None:
    asked = {"flood": {"zone_ids": ["LOW"]}, "include": ["cut_off"]}
    answer = city.caller.post("/queries/impact?lang=en", json=asked).json()
    part, graph = answer["cut_off"], net.graph
    with city.town.connect(Machine.LOADER) as conn:
        cursor = conn.execute("SELECT house_code, gis.ST_X(geom), gis.ST_Y(geom) FROM town.houses")
        doors = {str(code): (float(str(x)), float(str(y))) for code, x, y in cursor.fetchall()}
        row = conn.execute("SELECT gis.ST_AsBinary(geom) FROM town.town_boundary").fetchone()
    town = shapely.from_wkb(bytes(row[0]))  # type: ignore[index,arg-type] - one row, of bytes
    dry = reference(graph, net.vehicle, water(shapes()))
    count = Counter(np.r_[graph.start, graph.end].tolist())
    inner = shapely.buffer(town, -2)
    ends = [
        n for n, d in count.items() if d == 1 and not inner.contains(shapely.Point(graph.xy[n]))
    ]
    before = gets_out(dry, ends)
    out = gets_out(reference(graph, net.vehicle, net.water), ends)
    truth: Counter[str] = Counter()
    away, at = KDTree(graph.xy).query(list(doors.values()))
    for code, far, node in zip(doors, away, at.tolist(), strict=True):
        if shapely.intersects(city.flood, shapely.Point(doors[code])):
            truth["in water"] += city.people[code]
        elif far > 500 or node not in before:
            truth["unknown"] += city.people[code]
        elif node not in out:
            truth["cut off"] += city.people[code]
    print(f"{truth}, roads {part['roads']['cut_off_m']} m, {answer['computing_ms']} ms")
    assert answer["exposed"]["people"]["count"] == truth["in water"]
    assert part["people"]["count"] == truth["cut off"] > 0
    assert part["people"]["unknown"] == truth["unknown"]
    assert part["way_out"]["edge"]
