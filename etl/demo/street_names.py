"""Names of the lanes: each is numbered along the street it leaves, odd left and even right."""

from collections import defaultdict

import numpy as np
import shapely

from etl.demo.network import RANK, Network


def names(network: Network) -> list[str | None]:
    """The name of every street; tracks have none."""
    named: list[str | None] = [street.name or None for street in network.streets]
    joins = _joins(network)
    waiting = [i for i in range(network.drawn, len(named)) if _is_lane(network, i)]
    for depth in range(4):
        children: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
        for street in waiting:
            parents = [p for p in joins[street] if named[p] is not None]
            if not parents:
                continue
            parent = min(parents, key=lambda p: (RANK[network.streets[p].klass], p))
            children[parent].append((*_place(network, parent, street), street))
        for parent, lanes in children.items():
            _number(named, parent, sorted(lanes), branch=depth > 0)
        waiting = [street for street in waiting if named[street] is None]
    return named


def _is_lane(network: Network, street: int) -> bool:
    """Whether a cut is a lane with a name; farm tracks go without."""
    return network.streets[street].klass != "track"


def _joins(network: Network) -> dict[int, set[int]]:
    """For each street the streets it shares a junction with."""
    at_node: dict[int, set[int]] = defaultdict(set)
    for street, ends in zip(
        network.roads.street.tolist(), network.roads.ends.tolist(), strict=True
    ):
        for node in ends:
            at_node[node].add(street)
    joins: dict[int, set[int]] = defaultdict(set)
    for streets in at_node.values():
        for street in streets:
            joins[street] |= streets - {street}
    return joins


def _place(network: Network, parent: int, lane: int) -> tuple[float, int]:
    """Where a lane leaves its street: distance along it, and 0 for left or 1 for right."""
    line, leaving = network.streets[parent].line, network.streets[lane].line
    middle = leaving.interpolate(0.5, normalized=True)
    at = float(line.project(shapely.shortest_line(line, leaving).interpolate(0.0)))
    here, on = line.interpolate(at), line.interpolate(min(at + 5.0, line.length))
    if on.equals(here):
        here = line.interpolate(max(at - 5.0, 0.0))
    turn = (on.x - here.x) * (middle.y - here.y) - (on.y - here.y) * (middle.x - here.x)
    return at, int(turn < 0)


def _number(
    named: list[str | None], parent: int, lanes: list[tuple[float, int, int]], *, branch: bool
) -> None:
    """Name the lanes of one street in the order they leave it."""
    base = named[parent] or ""
    counts = np.array([-1, 0])
    for order, (_, side, street) in enumerate(lanes, start=1):
        if branch and "แยก" in base:
            named[street] = f"{base}/{order}"
        elif base.startswith("ซอย"):
            named[street] = f"{base} แยก {order}"
        else:
            counts[side] += 2
            plain = base.removeprefix("ถนน").removeprefix("ทางหลวง").removeprefix("ทาง")
            named[street] = f"ซอย{plain} {counts[side]}"
