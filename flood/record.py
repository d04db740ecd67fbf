"""What the forecast would have been worth on a record of the past: a chain of gauges, scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from flood.backtest import Choice, absolute_errors, choose, fold_starts, rolling
from flood.forecast import FIRST_SHARE, FOLDS, WARM_UP, models_for
from flood.hydrograph import Floats, Ints, Quantity, River, Upstream
from flood.skill import Skill, measure

SHARE = 0.95
"""The threshold scored: exceeded in one step of twenty of the training time."""


@dataclass(frozen=True)
class Record:
    """A chain of gauges in the order the water passes them, on one grid: values (T,) by code.

    Metres or m3/s, NaN where nothing is known. The last one is forecast, from all before it.
    """

    values: Mapping[str, Floats]
    quantity: Quantity
    start: datetime
    step_h: float

    def river(self, leads: Ints) -> River:
        """As a river to be forecast at these leads (in steps)."""
        *above, last = self.values
        to_z = self.quantity.to_z
        return River(
            gauge=last,
            quantity=self.quantity,
            start=self.start,
            step_h=self.step_h,
            z=to_z(self.values[last]),
            ups=tuple(
                Upstream(code, self.quantity, to_z(self.values[code])) for code in reversed(above)
            ),
            leads=leads,
        )

    def month_starts(self) -> Ints:
        """Steps at which a calendar month begins, the first one left out."""
        river = self.river(np.array([1], dtype=np.int64))
        months = np.array([river.at(step).month for step in range(len(river.z))])
        return np.flatnonzero(np.diff(months) != 0).astype(np.int64) + 1


def score(
    record: Record,
    *,
    leads_h: Sequence[float],
    max_lag_h: float,
    monthly: bool,
    first_share: float = FIRST_SHARE,
    warm_up: int = WARM_UP,
) -> tuple[Skill, ...]:
    """The skill at each lead over all folds but the first `warm_up`.

    Folds are calendar months after the first two, or eight equal parts of what comes after the
    `first_share` of the record. Each knows only what came before it, its threshold too, which
    is the 95th percentile of that.
    """
    leads = np.array([round(lead / record.step_h) for lead in leads_h], dtype=np.int64)
    river = record.river(leads)
    steps = len(river.z)
    if monthly:
        starts = record.month_starts()[1:]
    else:
        starts = fold_starts(steps, int(steps * first_share), FOLDS)
    found = rolling(river, models_for(river, int(starts[0]), max_lag_h), starts)
    own = record.values[river.gauge]
    levels = [float(np.nanquantile(own[:start], SHARE)) for start in starts]
    choice: Choice = choose(absolute_errors(river, found), np.isfinite(found.came))
    return measure(river, found, first_fold=warm_up, thresholds=[levels], choice=choice).skills


HEADINGS = (
    *("lead h", "origins", "model now", "MAE", "MAE persistence", "MAE last event", "ratio"),
    *("in 80 % band", "hits", "misses", "false alarms", "persistence hits, false", "better"),
)


def rows(skills: Sequence[Skill]) -> list[tuple[str, ...]]:
    """The table of a record as text, one row a lead, under `HEADINGS`."""
    told: list[tuple[str, ...]] = []
    for one in skills:
        alarm = one.alarms[0] if one.alarms else None
        told.append(
            (
                f"{one.lead_h:g}",
                str(one.origins),
                one.model,
                _number(one.mae),
                _number(one.mae_persistence),
                _number(one.mae_analogue),
                _ratio(one),
                "-" if one.band_coverage is None else f"{100 * one.band_coverage:.0f} %",
                *(
                    (str(alarm.hits), str(alarm.misses), str(alarm.false_alarms))
                    if alarm
                    else ("-", "-", "-")
                ),
                f"{alarm.persistence_hits}, {alarm.persistence_false_alarms}" if alarm else "-",
                "yes" if one.better_than_persistence else "no",
            )
        )
    return told


def markdown(skills: Sequence[Skill]) -> list[str]:
    """The same as a table of Markdown."""
    lines = [HEADINGS, tuple("---:" for _ in HEADINGS), *rows(skills)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"  # noqa: PLR2004 - three figures


def _ratio(one: Skill) -> str:
    if one.mae is None or not one.mae_persistence:
        return "-"
    return f"{one.mae / one.mae_persistence:.2f}"
