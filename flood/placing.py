"""Households into shelters: whole households, communities together, places never exceeded.

The overflow of the refuge plans is a min-cost flow of people from groups of neighbours to
shelters (OR-Tools). A flow may divide a group, so its numbers are then filled with whole
households, the largest first; one that fits nowhere whole is left over, and said so.
"""

from collections.abc import Sequence

import numpy as np
from ortools.graph.python import min_cost_flow

from flood.roads import Floats, Ints

_UNPLACED_S = 10_000_000
"""Cost of a person without a place: more than any way, so that as few as possible have none."""


def flow(people: Ints, free: Ints, cost_s: Floats) -> Ints:
    """How many of each group go to each shelter (groups x shelters) at the least cost in all.

    `cost_s` are seconds (inf: no way). As many as can be are placed; nobody is forced.
    """
    groups, shelters = cost_s.shape
    sent = np.zeros((groups, shelters), dtype=np.int64)
    group, shelter = np.nonzero(np.isfinite(cost_s) & (free > 0)[None, :] & (people > 0)[:, None])
    if not len(group):
        return sent
    sink, nowhere = groups + shelters, groups + shelters + 1
    total = int(people.sum())
    solver = min_cost_flow.SimpleMinCostFlow()
    ways = solver.add_arcs_with_capacity_and_unit_cost(
        group, groups + shelter, people[group], np.rint(cost_s[group, shelter]).astype(np.int64)
    )
    for n, places in enumerate(free.tolist()):
        solver.add_arc_with_capacity_and_unit_cost(groups + n, sink, max(int(places), 0), 0)
    for n, count in enumerate(people.tolist()):
        solver.add_arc_with_capacity_and_unit_cost(n, nowhere, int(count), _UNPLACED_S)
        solver.set_node_supply(n, int(count))
    solver.add_arc_with_capacity_and_unit_cost(nowhere, sink, total, 0)
    solver.set_node_supply(sink, -total)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the flow has no best solution: {status}")
    sent[group, shelter] = solver.flows(ways)
    return sent


def place(people: Ints, groups: Sequence[Ints], free: Ints, cost_s: Floats) -> Ints:
    """Shelter of each household (-1 none); `free` is lowered by those placed.

    `groups` are rows of households that stay together if they can; `cost_s` is households x
    shelters. Households that were to be placed but fit nowhere whole keep -1.
    """
    chosen = np.full(len(people), -1, dtype=np.int64)
    if not groups or not len(free):
        return chosen
    # seconds to a shelter of the whole group; of one that not all of it reaches, none
    together = np.array(
        [
            np.average(cost_s[rows], axis=0, weights=np.maximum(people[rows], 1))
            if len(rows)
            else np.full(len(free), np.inf)
            for rows in groups
        ]
    )
    sizes = np.array([int(people[rows].sum()) for rows in groups], dtype=np.int64)
    quotas = flow(sizes, free, together)
    left: list[int] = []
    for rows, quota in zip(groups, quotas, strict=True):
        left += _fill(rows, people, free, cost_s, quota=quota.copy(), chosen=chosen)
    for row in sorted(left, key=lambda n: (-int(people[n]), n)):
        _fill(np.array([row]), people, free, cost_s, quota=free.copy(), chosen=chosen)
    return chosen


def _fill(
    rows: Ints, people: Ints, free: Ints, cost_s: Floats, *, quota: Ints, chosen: Ints
) -> list[int]:
    """Whole households into a group's numbers, the largest first; gives back who did not fit."""
    left = []
    for row in rows[np.argsort(-people[rows], kind="stable")].tolist():
        count = int(people[row])
        room = np.where((quota >= count) & (free >= count), cost_s[row], np.inf)
        best = int(np.argmin(room))
        if not np.isfinite(room[best]):
            left.append(row)
            continue
        chosen[row] = best
        quota[best] -= count
        free[best] -= count
    return left
