"""How long the water takes from one gauge to the next, told by the two series themselves.

Changes at the upper gauge are correlated with changes at the lower one a lag later, class of stage
by class, because high water travels at another pace than low. The lag of the highest correlation is
the estimate; drawing whole stretches of time anew (a block bootstrap) tells how sure it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flood.hydrograph import Bools, Floats, Ints, Quantity, StageLag, Upstream

LEAST_CORRELATION = 0.2
LEAST_PAIRS = 40
"""Fewer pairs of changes in a class, or a weaker correlation, give no estimate."""
_DRAWS = 200
_RANGE = (0.1, 0.9)
_SUMS = 6


@dataclass(frozen=True)
class Estimate:
    """Travel time in a class of stage of the upper gauge: hours, with an 80 % range.

    `pairs` of changes it rests on, `correlation` at the likeliest lag.
    """

    from_stage: float | None
    to_stage: float | None
    likely_h: float
    low_h: float
    high_h: float
    correlation: float
    pairs: int

    def lag(self) -> StageLag:
        """As a class of a travel time."""
        return StageLag(
            low_h=self.low_h,
            high_h=self.high_h,
            from_stage=self.from_stage,
            to_stage=self.to_stage,
            source="estimated",
            likely_h=self.likely_h,
        )


@dataclass(frozen=True)
class Correlogram:
    """Sums over pairs of changes, by class, lag and block of time: (classes, lags, blocks, 6).

    A pair belongs to the block of its later change, so the sums up to a block know nothing that
    comes after it: each fold of a back-test is estimated from the same sums.
    """

    sums: Floats
    edges: tuple[float, ...]
    step_h: float
    block_steps: int

    def estimates(self, blocks: int | None = None, *, draws: int = _DRAWS) -> tuple[Estimate, ...]:
        """An estimate for each class that has enough to go by, from the first `blocks` blocks."""
        known = self.sums if blocks is None else self.sums[:, :, :blocks]
        found = []
        bounds = [None, *self.edges, None]
        for number, sums in enumerate(known):
            one = self._estimate(sums, (bounds[number], bounds[number + 1]), draws)
            if one is not None:
                found.append(one)
        return tuple(found)

    def _estimate(
        self, sums: Floats, bounds: tuple[float | None, float | None], draws: int
    ) -> Estimate | None:
        total = sums.sum(axis=1)
        correlation = _correlation(total)
        if not np.isfinite(correlation).any():
            return None
        best = int(np.nanargmax(correlation))
        pairs = int(total[best, 0])
        if pairs < LEAST_PAIRS or correlation[best] < LEAST_CORRELATION:
            return None
        likely = _peak(correlation) * self.step_h
        low = high = likely
        if draws:
            rng = np.random.default_rng(0)
            count = sums.shape[1]
            weight = rng.multinomial(count, np.full(count, 1 / count), size=draws)
            drawn = np.einsum("lbs,db->dls", sums, weight.astype(np.float64))
            lags = np.array([_peak(_correlation(each)) for each in drawn])
            lags = lags[np.isfinite(lags)] * self.step_h
            low, high = (float(v) for v in np.quantile([*lags, likely], _RANGE))
            if high - low > max(likely, self.step_h):
                return None  # as unsure as it is long
        return Estimate(
            from_stage=bounds[0],
            to_stage=bounds[1],
            likely_h=likely,
            # no finer than the grid
            low_h=max(min(low, likely) - self.step_h / 2, 0.0),
            high_h=max(high, likely) + self.step_h / 2,
            correlation=float(correlation[best]),
            pairs=pairs,
        )


def correlogram(
    upper: Upstream,
    lower_z: Floats,
    *,
    step_h: float,
    max_lag_h: float,
    edges: Sequence[float] = (),
    width: int = 1,
) -> Correlogram:
    """The sums of `Correlogram` for lags from 0 to `max_lag_h`.

    `edges` part the classes of the upper gauge's stage (in its own unit, rising), `width` is over
    how many steps a change is taken.
    """
    steps = len(lower_z)
    most = int(min(np.ceil(max_lag_h / step_h), max(steps - 2, 0)))
    block = int(np.clip(np.ceil(max_lag_h / step_h), 10, max(steps // 12, 10)))
    blocks = max(-(-steps // block), 1)
    starts = np.arange(0, steps, block)
    up, down = changes(upper.z, width), changes(lower_z, width)
    stage = upper.quantity.from_z(upper.z)
    klass = np.searchsorted(np.asarray(edges, dtype=np.float64), stage, side="right")
    sums = np.zeros((len(edges) + 1, most + 1, blocks, _SUMS))
    for number in range(len(edges) + 1):
        inside = (klass == number) & np.isfinite(up)
        for lag in range(most + 1):
            sums[number, lag] = _block_sums(up, down, inside, lag, starts)
    return Correlogram(sums, tuple(edges), step_h, block)


def class_edges(z: Floats, quantity: Quantity, shares: Sequence[float] = (0.7, 0.93)) -> Floats:
    """Bounds of low, middle and high stage by how often they are exceeded, in the series' unit."""
    known = z[np.isfinite(z)]
    if not len(known):
        return np.empty(0)
    edges = np.unique(quantity.from_z(np.quantile(known, shares)))
    return edges[edges > quantity.from_z(known.min())]


def changes(z: Floats, width: int) -> Floats:
    """The change over the `width` steps before each step; NaN where it is not known."""
    out = np.full(len(z), np.nan)
    out[width:] = z[width:] - z[:-width]
    return out


def _block_sums(up: Floats, down: Floats, inside: Bools, lag: int, starts: Ints) -> Floats:
    """n, Sx, Sy, Sxx, Syy, Sxy of the pairs (t, t + lag), by the block of t + lag: (blocks, 6)."""
    steps = len(down)
    x = np.zeros(steps)
    here = np.zeros(steps, dtype=bool)
    here[lag:] = inside[: steps - lag]
    x[lag:] = np.nan_to_num(up[: steps - lag])
    here &= np.isfinite(down)
    x = np.where(here, x, 0.0)
    y = np.where(here, down, 0.0)
    columns = np.stack([here.astype(np.float64), x, y, x * x, y * y, x * y], axis=1)
    return np.add.reduceat(columns, starts, axis=0)


def _correlation(total: Floats) -> Floats:
    """Correlation for each lag from the six sums: (lags,)."""
    n, sx, sy, sxx, syy, sxy = total.T
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sxy - sx * sy / n
        found = covariance / np.sqrt((sxx - sx * sx / n) * (syy - sy * sy / n))
    return np.where(n >= LEAST_PAIRS / 2, found, np.nan)


def _peak(correlation: Floats) -> float:
    """The lag of the highest correlation, between the steps by a parabola through three."""
    if not np.isfinite(correlation).any():
        return float("nan")
    best = int(np.nanargmax(correlation))
    if best == 0 or best == len(correlation) - 1:
        return float(best)
    before, here, after = correlation[best - 1 : best + 2]
    bend = before - 2 * here + after
    if not np.isfinite(bend) or bend >= 0:
        return float(best)
    return float(best + np.clip(0.5 * (before - after) / bend, -0.5, 0.5))
