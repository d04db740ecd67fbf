"""Rolling-origin back-test: every model forecasts every fold from what was known before it.

One pass gives all that is needed, and none of it looks ahead: which model to trust at which lead
(chosen at each fold by the errors of the folds before), how wide the band must be (quantiles of
those same errors, as conformal prediction does), and how good both would have been, measured on
folds that had a say in neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flood.baselines import ANALOGUE, PERSISTENCE
from flood.hydrograph import Bools, Floats, Ints, River
from flood.models import Model, targets
from flood.travel import changes

BAND = 0.8
LEAST_GAIN = 0.02
"""Share by which a model's mean error must be below persistence to be taken instead of it."""
LEAST_ERRORS = 30
"""Fewer errors than this at a lead give no band of its own."""
MEAN = "mean"
"""The mean of what all models but the baselines said: itself a model to choose."""
BASELINES = (PERSISTENCE, ANALOGUE)


@dataclass(frozen=True)
class Pass:
    """What every model said at every origin, and what came: z, (origins, leads) each.

    `fold` (origins,) numbers the folds; `starts` the first step of each, the step before which
    everything that fold knew had happened. `activity` (origins,) tells how much was moving.
    """

    origins: Ints
    fold: Ints
    starts: Ints
    said: dict[str, Floats]
    came: Floats
    activity: Floats
    leads: Ints

    def known_before(self, start: int) -> Bools:
        """Which (origin, lead) had come true before a step: (origins, leads)."""
        return (self.origins[:, None] + self.leads[None, :]) < start


@dataclass(frozen=True)
class Choice:
    """The model taken at each lead: names, (leads,), the baseline where nothing beats it."""

    names: tuple[str, ...]


def rolling(river: River, models: Sequence[Model], starts: Ints, most: int = 4000) -> Pass:
    """Fit every model before each start and let it forecast up to the next one."""
    last = len(river.z) - 1
    ends = np.append(starts[1:], last + 1)
    stride = max(-(-(last + 1 - int(starts[0])) // most), 1)
    origins = np.arange(int(starts[0]), last + 1, stride, dtype=np.int64)
    fold = np.searchsorted(starts, origins, side="right") - 1
    said = {model.name: np.full((len(origins), len(river.leads)), np.nan) for model in models}
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        mine = fold == number
        if not mine.any():
            continue
        seen = river.until(int(end) - 1)
        for model in models:
            fitted = model.fit(river.until(int(start) - 1), int(start) - 1)
            if fitted is not None:
                said[model.name][mine] = fitted.predict(seen, origins[mine])
    said[MEAN] = mean_of(said)
    return Pass(
        origins, fold, starts, said, targets(river, origins), activity(river, origins), river.leads
    )


def mean_of(said: Mapping[str, Floats]) -> Floats:
    """The mean, in z, of what the models said beside the baselines; NaN where none was able."""
    each = [values for name, values in said.items() if name not in (*BASELINES, MEAN)]
    if not each:
        return np.full_like(said[PERSISTENCE], np.nan)
    known = np.stack(each)
    count = np.isfinite(known).sum(axis=0)
    return np.where(count > 0, np.nansum(known, axis=0) / np.maximum(count, 1), np.nan)


def activity(river: River, origins: Ints) -> Floats:
    """How much moves, here and upstream, in z: the mean size of the last changes, (origins,)."""
    width = int(max(river.leads[0], 1))
    parts = [np.abs(changes(z, width))[origins] for z in (river.z, *(up.z for up in river.ups))]
    known = np.stack(parts)
    count = np.isfinite(known).sum(axis=0)
    return np.where(count > 0, np.nansum(known, axis=0) / np.maximum(count, 1), 0.0)


def choose(errors: Mapping[str, Floats], known: Bools) -> Choice:
    """For each lead the model with the least mean error where all are known, or persistence.

    `errors` are absolute errors in the unit the river is told in, (origins, leads) by model. A
    lead is judged together with the two beside it: a single one has few floods to go by.
    """
    base = errors[PERSISTENCE]
    shares = {}
    for name, error in errors.items():
        if name in BASELINES:
            continue
        both = known & np.isfinite(base) & np.isfinite(error)
        mine = _beside(np.where(both, error, 0.0).sum(axis=0))
        theirs = _beside(np.where(both, base, 0.0).sum(axis=0))
        enough = both.sum(axis=0) >= LEAST_ERRORS
        shares[name] = np.where(enough, mine / np.maximum(theirs, 1e-12), np.inf)
    names = []
    for lead in range(base.shape[1]):
        best = min(shares, key=lambda name: float(shares[name][lead]), default=PERSISTENCE)
        better = bool(shares) and shares[best][lead] < 1.0 - LEAST_GAIN
        names.append(best if better else PERSISTENCE)
    return Choice(tuple(names))


def _beside(totals: Floats) -> Floats:
    """Each total with those of the leads next to it."""
    padded = np.pad(totals, 1)
    return padded[:-2] + padded[1:-1] + padded[2:]


def taken(found: Pass, choice: Choice, rows: Bools | None = None) -> Floats:
    """What the chosen models said, persistence where one was unable: (origins, leads)."""
    here = slice(None) if rows is None else rows
    columns = []
    for lead, name in enumerate(choice.names):
        said = found.said[name][here, lead]
        columns.append(np.where(np.isfinite(said), said, found.said[PERSISTENCE][here, lead]))
    return np.stack(columns, axis=1)


def absolute_errors(river: River, found: Pass) -> dict[str, Floats]:
    """Absolute error of each model, in metres or m3/s: (origins, leads)."""
    came = river.quantity.from_z(found.came)
    return {name: np.abs(river.quantity.from_z(said) - came) for name, said in found.said.items()}


def fold_starts(steps: int, first: int, folds: int) -> Ints:
    """The first steps of at most `folds` equal folds from `first` to the end."""
    edges = np.linspace(first, steps, folds + 1)[:-1]
    return np.unique(np.rint(edges).astype(np.int64))
