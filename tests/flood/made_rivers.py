"""Rivers whose travel times are known, because we made them."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from flood.hydrograph import Floats, Quantity, River, Upstream

START = datetime(2026, 1, 1, tzinfo=UTC)
LEADS_H = (6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96)


def floods(seed: int, days: int = 240, *, every_days: float = 6.0, step_h: float = 1.0) -> Floats:
    """Stage (m MSL) of a headwater: low water and floods of all sizes at odd times, (steps,)."""
    rng = np.random.default_rng(seed)
    hours = np.arange(0, days * 24, step_h)
    stage = np.full(len(hours), 105.0)
    for begins in np.cumsum(rng.exponential(every_days * 24, size=int(days / every_days) + 5)):
        rise, height = rng.uniform(8, 20), rng.gamma(2.0, 0.8)
        since = np.maximum(hours - begins, 0.0) / rise
        stage += height * since * np.exp(1 - since)
    return stage + rng.normal(0, 0.005, len(hours))


def arriving(
    upper: Floats, lag_h: Callable[[Floats], Floats], *, seed: int, step_h: float = 1.0
) -> Floats:
    """Stage below: each bit of water comes `lag_h(its stage)` later, lower and with some noise."""
    hours = np.arange(len(upper)) * step_h
    comes = np.maximum.accumulate(hours + lag_h(upper))
    below = np.interp(hours, comes, upper)
    rng = np.random.default_rng(seed)
    return 0.8 * (below - 105.0) + 98.0 + rng.normal(0, 0.01, len(upper))


def chain(seed: int, lags_h: tuple[float, float] = (18.0, 30.0), days: int = 240) -> River:
    """Two reaches in a row: `far` to `near` to `town`; the nearest gauge first, no lags entered."""
    far = floods(seed, days)
    near = arriving(far, lambda x: np.full(len(x), lags_h[0]), seed=seed + 1)
    town = arriving(near, lambda x: np.full(len(x), lags_h[1]), seed=seed + 2)
    return River(
        "town",
        Quantity.LEVEL,
        START,
        1.0,
        town,
        (Upstream("near", Quantity.LEVEL, near), Upstream("far", Quantity.LEVEL, far)),
        leads=np.array(LEADS_H, dtype=np.int64),
    )
