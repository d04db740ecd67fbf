"""Water on its way: what has passed upstream and not yet arrived, by robust regression per lead.

For each lead the change at the gauge is explained by the change of each upper gauge over the very
water that arrives by then (as far as it has already passed there), by how high each stands, and by
the gauge's own last changes and stage. Weighted ridge regression, the weights such that the sum of
absolute errors is what is made small. Only differences and heights above the mean enter, so the
zero of a gauge and the unit of a flow do not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flood.hydrograph import Floats, Ints, River, StageLag
from flood.models import Fitted, origins_before, targets
from flood.travel import Correlogram, class_edges, correlogram

LAGGED = "lagged"
STAFF_LAGS = "lagged_staff"
RECESSION = "recession"
_RIDGE = 0.02
_ROUNDS = 8
_LEAST_ROWS = 8
"""Rows a column of the regression needs at least."""


@dataclass(frozen=True)
class Lagged:
    """The regression with travel times as staff gave them, or as the series told by then.

    `found` holds a correlogram for each upper gauge of the river, whose sums up to a block know
    nothing after it; without it the classes of each `Upstream` are taken.
    """

    name: str
    found: tuple[Correlogram, ...] | None = None

    def fit(self, river: River, known: int) -> Fitted | None:
        """The travel times by then, and the weights for each lead; None with nothing to use."""
        if self.found is None:
            lags = tuple(up.lags for up in river.ups)
        else:
            lags = tuple(travel_times(each, known) for each in self.found)
        used = tuple(n for n, classes in enumerate(lags) if classes)
        return _regress(river, known, lags, used) if used else None


@dataclass(frozen=True)
class Recession:
    """The gauge alone: how it has fallen or risen before from such a stage."""

    name: str = RECESSION

    def fit(self, river: River, known: int) -> Fitted | None:
        """Find the weights for each lead from the gauge's own past."""
        return _regress(river, known, (), ())


@dataclass(frozen=True)
class _Weights:
    """Found weights: (leads, columns), on columns less `centre` over `spread`."""

    lags: tuple[tuple[StageLag, ...], ...]
    used: tuple[int, ...]
    weights: Floats
    centre: Floats
    spread: Floats

    def predict(self, river: River, origins: Ints) -> Floats:
        """See `Fitted`."""
        out = np.full((len(origins), len(river.leads)), np.nan)
        lags = _lag_steps(river, self.lags, self.used)
        for number, lead in enumerate(river.leads):
            columns = (_columns(river, origins, int(lead), lags) - self.centre[number]) / (
                self.spread[number]
            )
            change = columns @ self.weights[number, 1:] + self.weights[number, 0]
            out[:, number] = river.z[origins] + change
        return out


def correlograms(river: River, known: int, max_lag_h: float) -> tuple[Correlogram, ...]:
    """One for each upper gauge, over the whole river; classes of stage from what was known.

    Where staff gave classes, those; otherwise low, middle and high by the series up to `known`.
    """
    found = []
    for up in river.ups:
        bounds = {one.from_stage for one in up.lags} | {one.to_stage for one in up.lags}
        edges = sorted(bound for bound in bounds if bound is not None)
        if not edges:
            edges = class_edges(up.z[: known + 1], up.quantity).tolist()
        found.append(
            correlogram(up, river.z, step_h=river.step_h, max_lag_h=max_lag_h, edges=edges)
        )
    return tuple(found)


def travel_times(found: Correlogram, known: int, draws: int = 0) -> tuple[StageLag, ...]:
    """Travel times by class of stage, from whole blocks up to a step; none where too unsure."""
    blocks = (known + 1) // found.block_steps
    return tuple(one.lag() for one in found.estimates(blocks, draws=draws)) if blocks else ()


def _regress(
    river: River, known: int, lags: tuple[tuple[StageLag, ...], ...], used: tuple[int, ...]
) -> Fitted | None:
    origins = origins_before(known)
    aim = targets(river.until(known), origins) - river.z[origins][:, None]
    steps = _lag_steps(river, lags, used)
    found = []
    for number, lead in enumerate(river.leads):
        columns = _columns(river, origins, int(lead), steps)
        whole = np.isfinite(columns).all(axis=1) & np.isfinite(aim[:, number])
        if whole.sum() < _LEAST_ROWS * columns.shape[1]:
            return None
        columns = columns[whole]
        centre, spread = columns.mean(axis=0), np.maximum(columns.std(axis=0), 1e-9)
        weights = _least_absolute((columns - centre) / spread, aim[whole, number])
        found.append((weights, centre, spread))
    return _Weights(lags, used, *(np.stack([one[part] for one in found]) for part in range(3)))


def _lag_steps(
    river: River, lags: Sequence[tuple[StageLag, ...]], used: Sequence[int]
) -> list[tuple[Floats, Ints]]:
    return [(river.ups[n].z, river.ups[n].lag_steps(river.step_h, lags[n])) for n in used]


def _columns(river: River, origins: Ints, lead: int, ups: Sequence[tuple[Floats, Ints]]) -> Floats:
    """What the change over a lead is explained by: (origins, columns); NaN where not known."""
    own = river.z
    now = own[origins]
    columns = [now, now - _back(own, origins, 1), now - _back(own, origins, max(lead, 2))]
    for z, lag_steps in ups:
        lag = lag_steps[origins]
        # the water that arrives by origin + lead, as far as it has passed the upper gauge
        last = np.minimum(origins, origins + lead - lag)
        columns += [_take(z, last) - _take(z, origins - lag), _take(z, last)]
    return np.stack(columns, axis=1)


def _back(z: Floats, origins: Ints, steps: int) -> Floats:
    return _take(z, origins - steps)


def _take(z: Floats, at: Ints) -> Floats:
    return np.where(at >= 0, z[np.maximum(at, 0)], np.nan)


def _least_absolute(columns: Floats, aim: Floats) -> Floats:
    """Weights (the constant first) that make the sum of absolute errors small, held by a ridge."""
    rows = np.column_stack([np.ones(len(aim)), columns])
    ridge = np.eye(rows.shape[1])
    ridge[0, 0] = 0.0
    weight = np.ones(len(aim))
    found = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        scaled = rows * weight[:, None]
        normal = scaled.T @ rows
        found = np.linalg.solve(normal + _RIDGE * weight.sum() * ridge, scaled.T @ aim)
        error = np.abs(aim - rows @ found)
        weight = 1.0 / np.maximum(error, max(float(np.median(error)) * 0.1, 1e-9))
    return found


FITTED = (_Weights,)
"""What `fit` gives: what is kept of a trained forecast (`flood.kept`)."""
