"""Tide by harmonic analysis, and the surge on it that fades: for gauges the sea moves.

Which constituents a record can tell apart is decided by its length (Rayleigh's criterion). Speeds
are astronomical constants; amplitudes and phases are fitted, so no tide table enters.
"""

from dataclasses import dataclass

import numpy as np

from flood.hydrograph import Floats, Ints, River
from flood.models import Fitted

TIDE = "tide"
SPEEDS = {
    "M2": 28.9841042,
    "K1": 15.0410686,
    "S2": 30.0,
    "O1": 13.9430356,
    "N2": 28.4397295,
    "K2": 30.0821373,
    "P1": 14.9589314,
    "Q1": 13.3986609,
    "M4": 57.9682084,
    "MS4": 58.9841042,
}
"""Degrees an hour, the larger constituents first."""
_LEAST_PERIODS = 3.0
_TURN = 360.0


@dataclass(frozen=True)
class Tide:
    """Mean level and tide from the past; the rest, the surge, fades at the pace it has before."""

    name: str = TIDE

    def fit(self, river: River, known: int) -> Fitted | None:
        """Least squares on what was known; None with less than three days of it."""
        z = river.z[: known + 1]
        at = np.flatnonzero(np.isfinite(z))
        hours = (at * river.step_h).astype(np.float64)
        if not len(at) or np.ptp(hours) < 24 * _LEAST_PERIODS:
            return None
        speeds = resolved(float(np.ptp(hours)))
        rows = _columns(hours, speeds)
        if len(at) < 2 * rows.shape[1]:
            return None
        weights, *_ = np.linalg.lstsq(rows, z[at], rcond=None)
        surge = np.full(len(z), np.nan)
        surge[at] = z[at] - rows @ weights
        return _Fitted(
            speeds,
            np.asarray(weights, dtype=np.float64),
            _fading(surge),
            river.at(0).timestamp() / 3600.0,
        )


@dataclass(frozen=True)
class _Fitted:
    """Harmonics about a beginning (hours since 1970), and what of the surge is left a step on."""

    speeds: Floats
    weights: Floats
    fades: float
    begins_h: float

    def tide(self, river: River, steps: Ints) -> Floats:
        """The tide alone at steps of a river."""
        hours = steps * river.step_h + river.at(0).timestamp() / 3600.0 - self.begins_h
        told: Floats = _columns(hours.ravel().astype(np.float64), self.speeds) @ self.weights
        return told.reshape(steps.shape)

    def predict(self, river: River, origins: Ints) -> Floats:
        """See `Fitted`."""
        surge = river.z[origins] - self.tide(river, origins)
        later = self.tide(river, origins[:, None] + river.leads[None, :])
        return later + surge[:, None] * self.fades ** river.leads[None, :].astype(np.float64)


def resolved(record_h: float) -> Floats:
    """Speeds a record of so many hours can tell apart, the larger constituents first."""
    kept: list[float] = []
    for speed in SPEEDS.values():
        apart = [abs(speed - other) for other in kept]
        if all(each * record_h >= _TURN for each in apart):
            kept.append(speed)
    return np.array(kept)


def _columns(hours: Floats, speeds: Floats) -> Floats:
    turn = np.deg2rad(hours[:, None] * speeds[None, :])
    return np.column_stack([np.ones(len(hours)), np.cos(turn), np.sin(turn)])


def _fading(surge: Floats) -> float:
    """What is left of the surge a step later, by lag-one regression; between 0 and 1."""
    before, after = surge[:-1], surge[1:]
    both = np.isfinite(before) & np.isfinite(after)
    power = float(before[both] @ before[both])
    return float(np.clip(before[both] @ after[both] / power, 0.0, 1.0)) if power > 0 else 0.0


FITTED = (_Fitted,)
"""What `fit` gives: what is kept of a trained forecast (`flood.kept`)."""
