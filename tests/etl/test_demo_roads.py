"""Roads of the demo towns form one network, and refuse lorries keep to it."""

import networkx as nx
import numpy as np
import pytest
import shapely
from rasterio.transform import rowcol

from tests.etl.demo_data import TOWNS, demo, layer

Node = tuple[float, ...]


def links_of(town: str) -> list[tuple[Node, Node, float, str]]:
    """Every road as first node, last node, exactly as they are written, length and rule."""
    roads = layer(town, "roads")
    lines = shapely.get_parts(roads.geometry.to_numpy())
    return [
        (line.coords[0], line.coords[-1], line.length, oneway)
        for line, oneway in zip(lines, roads["oneway"], strict=True)
    ]


@pytest.mark.parametrize("town", TOWNS)
def test_nearly_all_road_length_is_one_network(town: str) -> None:
    links = links_of(town)
    graph: nx.Graph[Node] = nx.Graph()
    graph.add_edges_from((first, last) for first, last, _, _ in links)
    main = max(nx.connected_components(graph), key=len)
    joined = sum(length for first, _, length, _ in links if first in main)
    total = sum(length for _, _, length, _ in links)
    assert joined > 0.99 * total
    assert total > 60_000


@pytest.mark.parametrize("town", TOWNS)
def test_every_node_is_reached_from_every_other_by_the_one_way_rules(town: str) -> None:
    graph: nx.DiGraph[Node] = nx.DiGraph()
    for first, last, _, oneway in links_of(town):
        if oneway != "backward":
            graph.add_edge(first, last)
        if oneway != "forward":
            graph.add_edge(last, first)
    assert nx.is_strongly_connected(graph)
    one_way = layer(town, "roads")["oneway"] != "no"
    assert one_way.any() == (town == "patong")


@pytest.mark.parametrize("town", TOWNS)
def test_roads_meet_only_at_their_ends(town: str) -> None:
    lines = shapely.get_parts(layer(town, "roads").geometry.to_numpy())
    assert len(lines) == len(layer(town, "roads"))
    one, other = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert len(one) == 0
    assert len(other) == 0


def test_a_bridge_crosses_the_river() -> None:
    roads, water = layer("phibun", "roads"), layer("phibun", "water")
    river = water[water["kind"] == "river"].geometry.iloc[0]
    over = roads[roads.intersects(river.buffer(-20))]
    assert len(over) == 1
    bridge = over.iloc[0]
    assert "สะพาน" in bridge["name"]
    array, transform, _ = demo("phibun").elevation
    middle = bridge.geom.geoms[0].interpolate(0.5, normalized=True)
    row, column = rowcol(transform, middle.x, middle.y)
    assert bridge["surface_level_m"] > array[row, column] + 8


@pytest.mark.parametrize("town", TOWNS)
def test_refuse_routes_are_one_way_along_the_roads(town: str) -> None:
    routes = layer(town, "waste_routes")
    network = shapely.union_all(shapely.buffer(layer(town, "roads").geometry.to_numpy(), 0.02))
    shapely.prepare(network)
    assert shapely.covers(network, routes.geometry.to_numpy()).all()
    assert (shapely.get_num_geometries(routes.geometry.to_numpy()) == 1).all()
    assert (routes.length > 2_000).all()
    assert routes["weekdays"].map(len).between(2, 3).all()
    assert routes["start_time"].str.fullmatch(r"[0-2]\d:[0-5]\d").all()


@pytest.mark.parametrize("town", TOWNS)
def test_stops_lie_on_their_route_in_order_and_serve_every_house(town: str) -> None:
    routes = layer(town, "waste_routes").set_index("code").geometry
    stops = layer(town, "waste_stops")
    own = np.asarray(routes.loc[stops["route_code"]])
    assert shapely.distance(own, stops.geometry.to_numpy()).max() < 0.02
    for code, here in stops.groupby("route_code"):
        assert here["seq"].tolist() == list(range(1, len(here) + 1)), code
    assert stops["accounts_served"].sum() == len(layer(town, "houses"))
    by_route = stops.groupby("route_code")["accounts_served"].sum()
    assert by_route.max() < 1.3 * by_route.min(), "lorries share the work"


@pytest.mark.parametrize("town", TOWNS)
def test_road_surfaces_lie_a_little_above_the_ground(town: str) -> None:
    levels = layer(town, "roads")["surface_level_m"].to_numpy(dtype=float)
    assert np.isfinite(levels).all()
    low, high = (104.0, 125.0) if town == "phibun" else (0.0, 400.0)
    assert ((levels > low) & (levels < high)).all()
