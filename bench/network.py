"""Ways, shelters and the order of leaving on the demo town, beside NetworkX where it does the same.

`python -m bench.network [--rounds 5]`. In this process and without the database: what is measured
is `flood/`. Rounds alternate between the two, so that a busy machine slows both.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely

from etl.demo.assemble import generate
from flood import evacuation, paths, roads, runs, shelters, water
from flood.between import between
from flood.evacuation import Household, Need
from flood.runs import Fetch, Mode, Team
from flood.shelters import Homes, Shelters, Status
from flood.vehicles import by_id

PEOPLE = 8_000
HOUSEHOLDS = 1_000
BOATS = 6


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds a piece of work takes, and what it gives."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def main() -> None:
    """Measure and print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    frames = generate("phibun").frames
    lines = frames["roads"]
    zones = frames["flood_zones"]
    if not isinstance(lines, gpd.GeoDataFrame) or not isinstance(zones, gpd.GeoDataFrame):
        raise TypeError("roads and zones have a geometry")
    names = ("code", "class", "oneway", "bridge", "level")
    columns = {name: lines[name].tolist() for name in names}
    given = roads.roads(
        lines.geometry.to_numpy(),
        codes=columns["code"],
        classes=columns["class"],
        oneway=columns["oneway"],
        bridge=columns["bridge"],
        level=columns["level"],
    )
    wet = zones[(zones["kind"] == "return_period") & (zones["return_period_y"] == 100)]
    areas = water.water(
        wet.geometry.to_numpy(),
        classes=wet["depth_class"].tolist(),
        depth_max_m=wet["depth_max_m"].tolist(),
    )
    homes, places = _homes(frames), _shelters(frames)
    build = [timed(lambda: roads.build(given))[0] for _ in range(rounds)]
    graph = roads.build(given)
    print(f"{len(given.lines):,} roads, {len(graph.xy):,} nodes, {len(graph.start):,} edges")
    _say("build the graph", build)
    _nearest(graph, areas, homes, places, rounds)
    _leaving(graph, areas, homes, places, rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory of the process, the demo town's making included: {peak:,.0f} MB")


def _homes(frames: Any) -> Homes:
    houses, families = frames["houses"], frames["households"]
    at = dict(zip(houses["house_code"], shapely.get_coordinates(houses.geometry), strict=True))
    community = dict(zip(houses["house_code"], houses["community"], strict=True))
    ages = [name for name in families.columns if name.startswith("registered_")]
    keep = families["house_code"].isin(list(at))
    rows = families[keep]
    return Homes(
        keys=tuple(rows["code"]),
        people=rows[ages].fillna(0).sum(axis=1).to_numpy(dtype=np.int64),
        xy=np.array([at[code] for code in rows["house_code"]]),
        communities=tuple(community[code] for code in rows["house_code"]),
        accessible=np.arange(len(rows)) % 50 == 0,
    )


def _shelters(frames: Any) -> Shelters:
    rows = frames["shelters"]
    count = len(rows)
    return Shelters(
        keys=tuple(rows["code"]),
        xy=shapely.get_coordinates(rows.geometry),
        capacity=rows["capacity"].fillna(-1).to_numpy(dtype=np.int64),
        occupancy=np.zeros(count, dtype=np.int64),
        open=np.ones(count, dtype=bool),
        accessible=np.ones(count, dtype=bool),
    )


def _some(homes: Homes, rows: Any) -> Homes:
    return Homes(
        keys=tuple(homes.keys[n] for n in rows.tolist()),
        people=homes.people[rows],
        xy=homes.xy[rows],
        communities=tuple(homes.communities[n] for n in rows.tolist()),
        accessible=homes.accessible[rows],
    )


def _nearest(graph: Any, areas: Any, homes: Homes, places: Shelters, rounds: int) -> None:
    """Nearest open shelter of 8,000 people: the whole answer; beside NetworkX the ways alone."""
    some = _some(homes, np.arange(len(homes.keys))[np.cumsum(homes.people) <= PEOPLE])
    lorry = by_id("truck_6")

    def whole() -> Any:
        return shelters.answer(paths.network(graph, lorry, areas), some, places, boat=None)

    net = paths.network(graph, lorry, areas)
    goals = paths.nearest_nodes(graph, places.xy, net.usable)
    start = paths.nearest_nodes(graph, some.xy)
    made = nx.DiGraph()
    made.add_nodes_from(range(len(graph.xy)))
    arcs = net.arcs.tocoo()
    made.add_weighted_edges_from(
        zip(arcs.coords[1].tolist(), arcs.coords[0].tolist(), arcs.data.tolist(), strict=True)
    )

    def ours() -> Any:
        return between(net, goals, start).seconds.min(axis=0)

    def theirs() -> Any:
        reached = nx.multi_source_dijkstra_path_length(made, set(goals[goals >= 0].tolist()))
        return np.array([reached.get(int(n), np.inf) for n in start])

    answers, mine, others = [], [], []
    for _ in range(rounds):
        answers.append(timed(whole)[0])
        took, own = timed(ours)
        mine.append(took)
        took, other = timed(theirs)
        others.append(took)
        if not np.allclose(own[start >= 0], other[start >= 0]):
            raise AssertionError("NetworkX finds other ways")
    found = whole()
    status = {str(one): found.people(one) for one in Status}
    print(f"{int(some.people.sum()):,} people, {len(some.keys):,} households: {status}")
    _say("nearest shelters and places, water and checks included", answers)
    _say("ways alone, to every shelter", mine)
    _say("NetworkX, to the nearest only", others)
    ratios = [b / a for a, b in zip(mine, others, strict=True)]
    print(f"NetworkX / ours, paired: median {statistics.median(ratios):.2f}")


def _leaving(graph: Any, areas: Any, homes: Homes, places: Shelters, rounds: int) -> None:
    """Order and runs of 1,000 households in the water, and both again when a boat fails."""
    depth = water.depth_at(homes.xy, areas)
    wet = np.flatnonzero(depth > 0)
    chosen = _some(homes, np.resize(wet, HOUSEHOLDS) if len(wet) < HOUSEHOLDS else wet[:HOUSEHOLDS])
    deep = water.depth_at(chosen.xy, areas)
    teams = [Team(f"B{n}", Mode.BOAT, 6, 1, (0.0, 0.0), 10.0) for n in range(1, BOATS + 1)]
    keys = [f"{key}/{n}" for n, key in enumerate(chosen.keys)]

    def everything(crews: list[Team]) -> Any:
        net = paths.network(graph, by_id("truck_6"), areas)
        cut = evacuation.cut_hours([(0.0, net)], chosen.xy, places.xy)
        placed = shelters.answer(net, chosen, places, boat=by_id("flat_boat"))
        people = [
            Household(
                key=key,
                people=int(chosen.people[n]),
                lying=int(chosen.accessible[n]),
                needs={Need.BEDRIDDEN: int(chosen.accessible[n])},
                depth_m=float(deep[n]),
                cut_h=float(cut[n]),
                xy=(float(chosen.xy[n, 0]), float(chosen.xy[n, 1])),
            )
            for n, key in enumerate(keys)
        ]
        line = evacuation.order(people)
        calls = [Fetch(each.household, frozenset(Mode), "S", (0.0, 0.0)) for each in line]
        return placed, line, runs.plan(calls, crews)

    whole = [timed(lambda: everything(teams))[0] for _ in range(rounds)]
    failed = [timed(lambda: everything(teams[1:]))[0] for _ in range(rounds)]
    _, line, plan = everything(teams)
    print(f"{len(line):,} households ranked, {len(plan.runs):,} runs of {BOATS} boats")
    _say("order, shelters and all runs", whole)
    _say("the same once a boat has failed", failed)


def _say(what: str, seconds: list[float]) -> None:
    print(f"{what}: median {statistics.median(seconds):.2f} s, most {max(seconds):.2f} s")


if __name__ == "__main__":
    main()
