"""What every way of forecasting is: fitted to what was known at a step, asked at later ones."""

from typing import Protocol

import numpy as np

from flood.hydrograph import Floats, Ints, River


class Fitted(Protocol):
    """A model with its numbers found."""

    def predict(self, river: River, origins: Ints) -> Floats:
        """`z` at each origin plus each of the river's leads: (origins, leads), NaN where unable.

        Looks at nothing after an origin.
        """


class Model(Protocol):
    """A way of forecasting."""

    @property
    def name(self) -> str:
        """By which it is stored and shown."""

    def fit(self, river: River, known: int) -> Fitted | None:
        """Fit it to steps 0 to `known`; None where there is too little to go by."""


def targets(river: River, origins: Ints) -> Floats:
    """What came at each origin plus each lead: (origins, leads), NaN where nobody knows (yet)."""
    at = origins[:, None] + river.leads[None, :]
    return np.where(at < len(river.z), river.z[np.minimum(at, len(river.z) - 1)], np.nan)


def origins_before(known: int, most: int = 2000) -> Ints:
    """Steps to fit at, up to `known`, thinned evenly to at most `most`, the last one kept."""
    stride = max(-(-(known + 1) // most), 1)
    return np.arange(known, -1, -stride, dtype=np.int64)[::-1]
