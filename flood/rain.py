"""Rain as a sign of water soon to come: one threshold on the rain of the last hours, and its worth.

For places whose own rain floods them within hours (Patong's canals). No run-off is reckoned: which
window and which amount warned best in the past is looked up, on the earlier part of the record, and
scored on the later part, beside never warning at all and warning as often at random.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flood.hydrograph import Bools, Floats

WINDOWS_H = (1.0, 3.0, 6.0, 12.0, 24.0)
LEAST_EVENTS = 5
_CANDIDATES = 25
_LEARN_SHARE = 0.6


@dataclass(frozen=True)
class RainSign:
    """Warn when `window_h` hours have brought `amount_mm`: what that was worth on unseen data.

    Events are rises over the level after a time below it. `hits` of `events` were warned of within
    `within_h` before; `false_alarms` of `alarms` were followed by none. `worth` is False where it
    does not do better than the same warnings moved to other times do once in ten times.
    """

    window_h: float
    amount_mm: float
    within_h: float
    events: int
    hits: int
    alarms: int
    false_alarms: int
    csi: float
    csi_random: float

    @property
    def worth(self) -> bool:
        """Whether it may be shown as a sign at all."""
        return self.hits > 0 and self.csi > self.csi_random


def antecedent(rain_mm: Floats, step_h: float, window_h: float) -> Floats:
    """Rain of the last `window_h` hours at each step: mm, (T,); a step not known counts none."""
    steps = max(round(window_h / step_h), 1)
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(rain_mm))])
    at = np.arange(1, len(rain_mm) + 1)
    fallen: Floats = total[at] - total[np.maximum(at - steps, 0)]
    return fallen


def learn(
    rain_mm: Floats,
    level: Floats,
    *,
    threshold: float,
    step_h: float,
    within_h: float = 3.0,
    windows_h: Sequence[float] = WINDOWS_H,
) -> RainSign | None:
    """The window and amount that warned best, scored where they were not chosen.

    Series are on one grid, (T,) each. None with fewer than `LEAST_EVENTS` rises over `threshold`
    in the part learnt from.
    """
    cut = int(len(level) * _LEARN_SHARE)
    starts = rises(level, threshold)
    if starts[:cut].sum() < LEAST_EVENTS:
        return None
    reach = max(round(within_h / step_h), 1)
    best: tuple[float, float, float] | None = None
    for window in windows_h:
        fallen = antecedent(rain_mm[:cut], step_h, window)
        wet = fallen[fallen > 0]
        if not len(wet):
            continue
        for amount in np.unique(np.quantile(wet, np.linspace(0.3, 0.995, _CANDIDATES))):
            csi = _score(fallen >= amount, starts[:cut], reach)[0]
            if best is None or csi > best[0]:
                best = (csi, window, float(amount))
    if best is None:
        return None
    _, window, amount = best
    warned = antecedent(rain_mm, step_h, window)[cut:] >= amount
    csi, hits, alarms, false_alarms = _score(warned, starts[cut:], reach)
    return RainSign(
        window_h=window,
        amount_mm=amount,
        within_h=within_h,
        events=int(starts[cut:].sum()),
        hits=hits,
        alarms=alarms,
        false_alarms=false_alarms,
        csi=csi,
        csi_random=_random_csi(warned, starts[cut:], reach),
    )


def rises(level: Floats, threshold: float) -> Bools:
    """Steps at which the level comes to or over the threshold from below it: (T,)."""
    risen = np.zeros(len(level), dtype=np.bool_)
    risen[1:] = (level[1:] >= threshold) & (level[:-1] < threshold)
    return risen


def _score(warned: Bools, starts: Bools, reach: int) -> tuple[float, int, int, int]:
    """CSI, hits, alarms, false alarms; alarms counted once for each time warning begins."""
    begins = warned & ~np.concatenate([[False], warned[:-1]])
    events, alarms = np.flatnonzero(starts), np.flatnonzero(begins)
    lit = np.concatenate([[0], np.cumsum(warned)])
    # warned at some step of the `reach` before the rise, not only at the rise itself
    hits = int((lit[events] > lit[np.maximum(events - reach, 0)]).sum())
    came = np.concatenate([[0], np.cumsum(starts)])
    ends = np.array([_end(warned, int(at)) + reach for at in alarms], dtype=np.int64)
    false = int((came[np.minimum(ends, len(starts))] == came[alarms]).sum())
    total = len(events) + false
    return (hits / total if total else 0.0), hits, len(alarms), false


def _end(warned: Bools, at: int) -> int:
    dark = np.flatnonzero(~warned[at:])
    return at + int(dark[0]) if len(dark) else len(warned)


def _random_csi(warned: Bools, starts: Bools, reach: int) -> float:
    """The CSI that the same warnings, moved to other times, reach once in ten times."""
    rng = np.random.default_rng(0)
    moves = rng.integers(reach, max(len(warned) - reach, reach + 1), size=30)
    moved = [_score(np.roll(warned, int(move)), starts, reach)[0] for move in moves]
    return float(np.quantile(moved, 0.9))
