"""Small towns of streets for the tests of flood/: a grid in metres, and an independent graph."""

from collections.abc import Iterable

import networkx as nx
import numpy as np
import shapely
from shapely import LineString, Polygon, box

from flood.paths import Closures
from flood.roads import Graph, Shapes, build, roads
from flood.vehicles import Vehicle
from flood.water import Water, water


def shapes(*found: shapely.Geometry) -> Shapes:
    """An array of geometries."""
    made = np.empty(len(found), dtype=object)
    made[:] = found
    return made


def grid(
    side: int, step: float = 100.0, oneway: dict[int, str] | None = None, *, lanes: bool = False
) -> Graph:
    """`side` streets each way, `step` apart, with a vertex at each crossing.

    With `lanes` two lanes without an end, one forked, and a street that meets no other.
    """
    marks = [step * n for n in range(side)]
    lines = [LineString([(x, y) for x in marks]) for y in marks]
    lines += [LineString([(x, y) for y in marks]) for x in marks]
    if lanes:
        lines += [
            LineString([(0, 0), (-60, 0), (-60, -140), (-200, -140)]),
            LineString([(-60, -140), (-60, -300)]),
            LineString([(step, 0), (step, -70)]),
            LineString([(-900, -900), (-700, -900)]),
        ]
    ways = [(oneway or {}).get(n) for n in range(len(lines))]
    codes: list[str | None] = [f"R{n}" for n in range(len(lines))]
    return build(roads(shapes(*lines), codes=codes, oneway=ways))


def flood(*areas: Polygon, depth: float | None = None) -> Water:
    """Areas under water, of one depth; None unknown."""
    return water(shapes(*areas), depth_max_m=[depth] * len(areas))


def pond(x: float, y: float, size: float) -> Polygon:
    """A square of water round a point."""
    return box(x - size, y - size, x + size, y + size)


def reference(
    graph: Graph, vehicle: Vehicle, areas: Water, closed: set[int] | None = None
) -> "nx.MultiDiGraph[int]":
    """What is left of a graph, worked out edge by edge; `closed` are edges."""
    made: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    made.add_nodes_from(range(len(graph.xy)))
    for n, line in enumerate(graph.lines):
        wet = [
            float(depth)
            for shape, depth in zip(areas.shapes, areas.depth_m, strict=True)
            if line.intersects(shape)
        ]
        if max(wet, default=0.0) > vehicle.wades_m or n in (closed or set()):
            continue
        a, b = int(graph.start[n]), int(graph.end[n])
        time = line.length / (min(graph.speed_kmh[n], vehicle.speed_kmh) / 3.6)
        if graph.forward[n] or not vehicle.obeys_oneway:
            made.add_edge(a, b, weight=time, metres=line.length)
        if graph.backward[n] or not vehicle.obeys_oneway:
            made.add_edge(b, a, weight=time, metres=line.length)
    return made


def largest_parts(left: "nx.MultiDiGraph[int]") -> list[set[int]]:
    """The largest parts (m of edges, both ways added) of what `reference` leaves; none of nothing.

    Parts in which everybody gets everywhere, or, where there is none, that hang together.
    """
    for parts in (nx.strongly_connected_components, nx.weakly_connected_components):
        size = []
        for part in parts(left):
            once = {
                (min(a, b), max(a, b), round(m, 6))
                for a, b, m in left.subgraph(part).edges(data="metres")
            }
            size.append((sum(m for _, _, m in once), part))
        best = max((m for m, _ in size), default=0)
        if best > 0:
            return [set(part) for m, part in size if m > best - 1e-3]
    return []


def gets_out(left: "nx.MultiDiGraph[int]", ends: Iterable[int]) -> set[int]:
    """Nodes from which the largest part, or a usable end of a road at the edge, is reached."""
    goals = {int(n) for n in ends if left.degree(int(n))}
    goals |= set().union(*largest_parts(left)[:1])
    turned = left.reverse()
    turned.add_edges_from(("out", goal) for goal in goals)
    return set(nx.descendants(turned, "out")) if goals else set()


def shut(*points: tuple[float, float]) -> Closures:
    """A closure at each point."""
    return Closures(np.array(points, dtype=float).reshape(-1, 2), tuple(None for _ in points))
