"""How far a forecast may be off, from how far it was off before: bands, and times of crossing.

Errors of the back-test are taken as they happened, a whole path of leads each, divided by how much
was moving at their origin. Multiplied by what moves now they are the ways the water may go: their
quantiles are the band (as in conformal prediction), and when each of them first crosses a threshold
gives the times of crossing, with what share of them does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flood.backtest import BAND, LEAST_ERRORS, Choice, Pass, taken
from flood.hydrograph import Bools, Floats

_TAIL = (1.0 - BAND) / 2
_PATHS = 400
_PLENTY = 8 * LEAST_ERRORS


@dataclass(frozen=True)
class Spread:
    """Paths of errors over the leads, in shares of the scale: (paths, leads), NaN where unknown.

    `quiet` (leads,) is the scale when nothing moves. `low` and `high` (leads,) are the quantiles
    that hold 80 %, zero between them; infinite at a lead without enough errors.
    """

    paths: Floats
    quiet: Floats
    low: Floats
    high: Floats

    @property
    def supported(self) -> Bools:
        """Leads the back-test has enough errors for: (leads,)."""
        return np.isfinite(self.low) & np.isfinite(self.high)


@dataclass(frozen=True)
class Crossing:
    """When a threshold is crossed, in hours from the origin; None is later than the horizon.

    One way in ten crosses before `earliest_h`, half of all before `likely_h`, nine in ten before
    `latest_h`; `probability` is the share that crosses at all. Zero hours: already over.
    """

    level: float
    earliest_h: float | None
    likely_h: float | None
    latest_h: float | None
    probability: float


def scale_of(now: Floats, said: Floats, moving: Floats, quiet: Floats) -> Floats:
    """What errors are measured in: how much moves, and by how much it is said to: (o, leads)."""
    scale: Floats = quiet[None, :] + moving[:, None] + np.abs(said - now[:, None])
    return scale


def spread_of(found: Pass, choice: Choice, now: Floats, known: Bools) -> Spread:
    """The errors of the chosen models where `known` (origins, leads) says they had come true."""
    said = taken(found, choice)
    known = known & _lately(known)[:, None]
    error = np.where(known, found.came - said, np.nan)
    size = np.where(known, np.abs(said - now[:, None]), np.nan) + found.activity[:, None]
    quiet = np.array(
        [np.median(each[np.isfinite(each)]) if np.isfinite(each).any() else 0.0 for each in size.T]
    )
    quiet = np.maximum(quiet, 1e-6)
    share = error / scale_of(now, said, found.activity, quiet)
    low, high = np.full(len(quiet), -np.inf), np.full(len(quiet), np.inf)
    for lead, column in enumerate(share.T):
        good = column[np.isfinite(column)]
        if len(good) >= LEAST_ERRORS:
            # the finite-sample correction of split conformal prediction
            tail = max(_TAIL - 1.0 / (len(good) + 1), 0.0)
            low[lead] = min(float(np.quantile(good, tail)), 0.0)
            high[lead] = max(float(np.quantile(good, 1.0 - tail)), 0.0)
    whole = np.isfinite(share).any(axis=1)
    return Spread(_thinned(share[whole]), quiet, low, high)


def _lately(known: Bools) -> Bools:
    """Origins anything is known of, without the first quarter where they are many: (origins,).

    Models learn: what they said when they had seen little tells how wrong they were then.
    """
    rows = np.flatnonzero(known.any(axis=1))
    kept = np.zeros(len(known), dtype=np.bool_)
    kept[rows if len(rows) < _PLENTY else rows[len(rows) // 4 :]] = True
    return kept


def band(
    spread: Spread, now: float, said: Floats, moving: float, least: Floats | None = None
) -> tuple[Floats, Floats]:
    """The 80 % band around `said` in z, (leads,) each; never narrower at a later lead.

    `least` (leads,) is a share by which it is made wider. A lead nobody has errors for takes the
    widest before it, half as wide again.
    """
    scale = scale_of(np.array([now]), said[None, :], np.array([moving]), spread.quiet)[0]
    wider = np.ones(len(said)) if least is None else least
    supported = spread.supported
    down = np.where(supported, -np.where(supported, spread.low, 0.0) * scale * wider, 0.0)
    up = np.where(supported, np.where(supported, spread.high, 0.0) * scale * wider, 0.0)
    down, up = np.maximum.accumulate(down), np.maximum.accumulate(up)
    beyond = np.where(supported, 1.0, 1.5)
    return said - down * beyond, said + up * beyond


def ways(
    spread: Spread, now: float, said: Floats, moving: float, edges: tuple[Floats, Floats]
) -> Floats:
    """The ways the water may go, in z: (paths, leads); as wide as the band of `edges` at each lead.

    An error nobody knows is taken to be what it was at the lead before.
    """
    scale = scale_of(np.array([now]), said[None, :], np.array([moving]), spread.quiet)[0]
    error: Floats = spread.paths * scale
    for lead in range(1, error.shape[1]):
        unknown = ~np.isfinite(error[:, lead])
        error[unknown, lead] = error[unknown, lead - 1]
    error = np.nan_to_num(error)
    if not len(error):
        return said[None, :].copy()
    # stretched to the band, which may have been widened
    below, above = (np.quantile(error, q, axis=0) for q in (_TAIL, 1.0 - _TAIL))
    down, up = said - edges[0], edges[1] - said
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(below < 0, down / -below, 1.0)
        right = np.where(above > 0, up / above, 1.0)
    water: Floats = said + np.where(error < 0, error * left, error * right)
    return water


def crossing(paths: Floats, hours: Floats, now: float, level: float) -> Crossing:
    """When `level` is first reached, by straight lines between the leads from `now` at hour 0.

    `paths` (paths, leads), `now` and `level` in the same quantity; `hours` (leads,) rising.
    """
    if now >= level:
        return Crossing(level, 0.0, 0.0, 0.0, 1.0)
    at = np.concatenate([[0.0], hours])
    water = np.column_stack([np.full(len(paths), now), paths])
    over = water >= level
    first = np.argmax(over, axis=1)
    crosses = over.any(axis=1)
    row = np.arange(len(water))
    before = np.maximum(first - 1, 0)
    below, above = water[row, before], water[row, np.maximum(first, 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((level - below) / (above - below), 0.0, 1.0)
    when = at[before] + part * (at[np.maximum(first, 1)] - at[before])
    when = np.sort(np.where(crosses, when, np.inf))
    return Crossing(
        level=level,
        earliest_h=_quantile(when, _TAIL),
        likely_h=_quantile(when, 0.5),
        latest_h=_quantile(when, 1.0 - _TAIL),
        probability=float(crosses.mean()),
    )


def _quantile(rising: Floats, share: float) -> float | None:
    """The value with at least `share` of all at or below it; None where that is infinite."""
    value = float(rising[min(int(np.ceil(share * len(rising))) - 1, len(rising) - 1)])
    return value if np.isfinite(value) else None


def _thinned(paths: Sequence[Floats] | Floats) -> Floats:
    """At most `_PATHS` of them, evenly over time, the latest kept."""
    every = np.asarray(paths)
    stride = max(-(-len(every) // _PATHS), 1)
    return every[::-1][::stride][::-1]
