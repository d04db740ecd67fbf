"""How good the forecasts of a back-test were: per lead, beside persistence and the last event."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from flood.backtest import Choice, Pass, absolute_errors, choose, taken
from flood.band import band, spread_of
from flood.baselines import ANALOGUE, PERSISTENCE
from flood.hydrograph import Floats, River

MODEL_VERSION = "1"


@dataclass(frozen=True)
class Alarms:
    """At a threshold: floods foreseen, floods missed, alarms without a flood; origin by origin.

    Counted over origins from which a model and persistence could both be asked.
    """

    level: float
    hits: int
    misses: int
    false_alarms: int
    persistence_hits: int
    persistence_false_alarms: int


@dataclass(frozen=True)
class Skill:
    """What a lead's forecasts were worth: errors in metres (or m3/s), over the same `origins`.

    `band_coverage` is the share of what came that lay in the 80 % band. None: not measured.
    """

    lead_h: float
    model: str
    origins: int
    mae: float | None
    mae_persistence: float | None
    mae_analogue: float | None
    band_coverage: float | None
    alarms: tuple[Alarms, ...]
    better_than_persistence: bool

    def told(self) -> dict[str, object]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Measured:
    """The back-test told lead by lead, and what it measured: z, (origins, leads) each."""

    skills: tuple[Skill, ...]
    said: Floats
    low: Floats
    high: Floats


def measure(
    river: River,
    found: Pass,
    *,
    first_fold: int,
    thresholds: Sequence[float] | Sequence[Sequence[float]] = (),
    choice: Choice | None = None,
) -> Measured:
    """Score the folds from `first_fold` on; the ones before only teach the choice and the band.

    In each fold the models, and the band, are those that the folds before it speak for. Thresholds
    are in the river's unit: one list for all, or one list for each fold. `choice` is what will be
    used from now on: a lead at which that is persistence is not called better.
    """
    errors = absolute_errors(river, found)
    now = river.z[found.origins]
    said, low, high = (np.full(found.came.shape, np.nan) for _ in range(3))
    for number in range(first_fold, len(found.starts)):
        mine = np.flatnonzero(found.fold == number)
        known = found.known_before(int(found.starts[number]))
        chosen = choose(errors, known)
        spread = spread_of(found, chosen, now, known)
        here = taken(found, chosen)
        said[mine] = here[mine]
        for row in mine:
            low[row], high[row] = band(
                spread, float(now[row]), here[row], float(found.activity[row])
            )
    levels = _levels(thresholds, found)
    skills = [
        _lead(
            river, found, lead, told=(said, low, high), errors=errors, levels=levels, choice=choice
        )
        for lead in range(len(found.leads))
    ]
    return Measured(tuple(skills), said, low, high)


def _levels(thresholds: Sequence[float] | Sequence[Sequence[float]], found: Pass) -> list[Floats]:
    """Each threshold at each origin: one (origins,) for each."""
    columns = []
    for one in thresholds:
        if isinstance(one, (int, float)):
            columns.append(np.full(len(found.origins), float(one)))
        else:
            columns.append(np.asarray(one, dtype=np.float64)[found.fold])
    return columns


def _lead(
    river: River,
    found: Pass,
    lead: int,
    *,
    told: tuple[Floats, Floats, Floats],
    errors: dict[str, Floats],
    levels: list[Floats],
    choice: Choice | None,
) -> Skill:
    said, low, high = (each[:, lead] for each in told)
    value = river.quantity.from_z
    came = found.came[:, lead]
    stays = found.said[PERSISTENCE][:, lead]
    rows = np.isfinite(said) & np.isfinite(came) & np.isfinite(stays)
    model = choice.names[lead] if choice is not None else "chosen"
    hours = float(river.leads[lead] * river.step_h)
    if not rows.any():
        return Skill(hours, model, 0, None, None, None, None, (), better_than_persistence=False)
    mae = float(np.abs(value(said[rows]) - value(came[rows])).mean())
    mae_stays = float(errors[PERSISTENCE][rows, lead].mean())
    alike = errors[ANALOGUE][rows, lead] if ANALOGUE in errors else np.array([np.nan])
    alike = alike[np.isfinite(alike)]
    alarms = tuple(
        _alarms(value(said[rows]), value(came[rows]), value(stays[rows]), level[rows])
        for level in levels
    )
    return Skill(
        lead_h=hours,
        model=model,
        origins=int(rows.sum()),
        mae=mae,
        mae_persistence=mae_stays,
        mae_analogue=float(alike.mean()) if len(alike) else None,
        band_coverage=float(((came >= low) & (came <= high))[rows].mean()),
        alarms=alarms,
        better_than_persistence=model != PERSISTENCE and mae < mae_stays,
    )


def _alarms(said: Floats, came: Floats, stays: Floats, level: Floats) -> Alarms:
    flood, alarm, base = came >= level, said >= level, stays >= level
    return Alarms(
        level=float(level[-1]),
        hits=int((flood & alarm).sum()),
        misses=int((flood & ~alarm).sum()),
        false_alarms=int((~flood & alarm).sum()),
        persistence_hits=int((flood & base).sum()),
        persistence_false_alarms=int((~flood & base).sum()),
    )
