"""What any forecast must beat: that nothing changes, and that it goes as it went last time."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from flood.hydrograph import Floats, Ints, River
from flood.models import Fitted, origins_before
from flood.travel import changes

PERSISTENCE = "persistence"
ANALOGUE = "analogue"
_ALIKE = 10


@dataclass(frozen=True)
class Persistence:
    """The water stays where it is."""

    name: str = PERSISTENCE

    def fit(self, river: River, known: int) -> Fitted:
        """Nothing to fit."""
        del river, known
        return self

    def predict(self, river: River, origins: Ints) -> Floats:
        """`z` now, at every lead."""
        return np.repeat(river.z[origins][:, None], len(river.leads), axis=1)


@dataclass(frozen=True)
class Analogue:
    """It goes on as it did after the last time the water stood and changed like this."""

    name: str = ANALOGUE

    def fit(self, river: River, known: int) -> Fitted | None:
        """Remember every state whose whole future is known; None with fewer than ten of them."""
        past = origins_before(known - int(river.leads[-1]))
        state = _states(river, past)
        past, state = past[np.isfinite(state).all(axis=1)], state[np.isfinite(state).all(axis=1)]
        if len(past) < _ALIKE:
            return None
        spread = np.maximum(np.nanstd(state, axis=0), 1e-9)
        after = river.z[past[:, None] + river.leads[None, :]] - river.z[past][:, None]
        return _Remembered(after, KDTree(state / spread), spread)


@dataclass(frozen=True)
class _Remembered:
    """States in the order of time, and the changes that came after them: (states, leads)."""

    after: Floats
    tree: KDTree
    spread: Floats

    def predict(self, river: River, origins: Ints) -> Floats:
        """The change after the most recent of the ten states most like the present one."""
        out = np.full((len(origins), len(river.leads)), np.nan)
        state = _states(river, origins)
        able = np.isfinite(state).all(axis=1)
        if not able.any():
            return out
        _, alike = self.tree.query(state[able] / self.spread, k=_ALIKE)
        out[able] = river.z[origins[able]][:, None] + self.after[np.asarray(alike).max(axis=1)]
        return out


def _states(river: River, steps: Ints) -> Floats:
    """Stage, its change over one step and over the shortest lead: (steps, 3)."""
    width = int(max(river.leads[0], 2))
    columns = (river.z, changes(river.z, 1), changes(river.z, width))
    return np.stack([column[np.maximum(steps, 0)] for column in columns], axis=1)


FITTED = (Persistence, _Remembered)
"""What `fit` gives: what is kept of a trained forecast (`flood.kept`)."""
