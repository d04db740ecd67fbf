"""Routing a wave down a reach: Muskingum's storage, or a cascade of linear reservoirs.

Both are linear, so each is its kernel: what share of the water that enters now leaves in each later
step. What an upper gauge has shown is routed with it; water not yet there is taken to fall as such
water has fallen before. The gauge's own present error is carried on. Levels are routed as heights
above their usual low water, flows as flows.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve, lfilter

from flood.hydrograph import Floats, Ints, Quantity, River, carried
from flood.models import Fitted, origins_before, targets

MUSKINGUM = "muskingum"
CASCADE = "cascade"
_WEIGHTS_X = (0.0, 0.2, 0.4)
_RESERVOIRS = (2, 3, 5)
_TRAVELS = 8
_LOW = 0.05
_LEAST_ROWS = 30


def muskingum_kernel(travel: float, weight: float, length: int) -> Floats:
    """Outflow of each step per unit of inflow in the first: (length,), sum 1 when long enough.

    `travel` K in steps, `weight` X in 0..0.5. A long reach is cut into as many equal parts as
    keep 2KX <= 1 in each, where no ordinate is negative.
    """
    parts = max(int(np.ceil(2 * travel * weight)), 1)
    k = travel / parts
    below = k * (1 - weight) + 0.5
    c0 = (0.5 - k * weight) / below
    c1 = (0.5 + k * weight) / below
    c2 = (k * (1 - weight) - 0.5) / below
    kernel = np.zeros(length)
    kernel[0] = 1.0
    for _ in range(parts):
        kernel = lfilter([c0, c1], [1.0, -c2], kernel)
    return kernel


def cascade_kernel(travel: float, reservoirs: int, length: int) -> Floats:
    """The same for `reservoirs` equal linear reservoirs in a row, mean travel `travel` steps."""
    keep = travel / reservoirs / (1 + travel / reservoirs)
    kernel = np.zeros(length)
    kernel[0] = 1.0
    for _ in range(reservoirs):
        kernel = lfilter([1 - keep], [1.0, -keep], kernel)
    return kernel


@dataclass(frozen=True)
class Routing:
    """One of the two, for whichever upper gauge serves a lead best."""

    name: str
    max_lag_h: float

    def fit(self, river: River, known: int) -> Fitted | None:
        """Try kernels on what is known; for each lead keep the upper gauge that served it best."""
        origins = origins_before(known)
        past = river.until(known)
        aim = targets(past, origins)
        floor = _floor(past.quantity, past.z)
        out = _water(past.quantity, past.z, floor)
        found = []
        for number, up in enumerate(past.ups):
            low = _floor(up.quantity, up.z)
            kernel = self._best_kernel(_water(up.quantity, up.z, low), out, river.step_h)
            if kernel is not None:
                found.append(_Route(number, low, *kernel))
        if not found:
            return None
        errors = []
        for route in found:
            error = np.abs(_routed(past, floor, route, origins) - aim)
            enough = np.isfinite(error).sum(axis=0) >= _LEAST_ROWS
            total = np.nansum(error, axis=0) / np.maximum(np.isfinite(error).sum(axis=0), 1)
            errors.append(np.where(enough, total, np.inf))
        best = np.argmin(np.stack(errors), axis=0)
        return _Routes(tuple(found), floor, best.astype(np.int64))

    def _best_kernel(
        self, inflow: Floats, outflow: Floats, step_h: float
    ) -> tuple[Floats, float, float] | None:
        """Kernel, gain and recession per step of the reach that explains the outflow best."""
        both = np.isfinite(inflow) & np.isfinite(outflow)
        if both.sum() < _LEAST_ROWS:
            return None
        most = max(self.max_lag_h / step_h, 1.0)
        travels = np.unique(np.round(np.geomspace(0.6, most, _TRAVELS), 2))
        length = int(np.clip(3 * most + 4, 8, 1000))
        entered = _held(inflow)
        best: tuple[float, Floats, float] | None = None
        for kernel in self._kernels(travels, length):
            routed = _passed(kernel, entered)
            gain, error = _gain(np.diff(routed), np.diff(outflow))
            if best is None or error < best[0]:
                best = (error, kernel, gain)
        if best is None:
            return None
        return best[1], best[2], _recession(inflow)

    def _kernels(self, travels: Floats, length: int) -> list[Floats]:
        if self.name == MUSKINGUM:
            return [
                muskingum_kernel(float(k), x, length)
                for k in travels
                for x in _WEIGHTS_X
                if k * (1 - x) >= max(np.ceil(2 * k * x), 1) / 2
            ]
        return [cascade_kernel(float(k), n, length) for k in travels for n in _RESERVOIRS]


@dataclass(frozen=True)
class _Route:
    up: int
    low: float
    kernel: Floats
    gain: float
    falls: float


@dataclass(frozen=True)
class _Routes:
    routes: tuple[_Route, ...]
    floor: float
    best: Ints

    def predict(self, river: River, origins: Ints) -> Floats:
        """See `Fitted`."""
        out = np.full((len(origins), len(river.leads)), np.nan)
        for number, route in enumerate(self.routes):
            mine = self.best == number
            if mine.any():
                out[:, mine] = _routed(river, self.floor, route, origins)[:, mine]
        return out


def _routed(river: River, floor: float, route: _Route, origins: Ints) -> Floats:
    """`z` at each origin and lead: the present water plus the change that is routed: (o, h)."""
    up = river.ups[route.up]
    inflow = _water(up.quantity, up.z, route.low)
    entered = _held(inflow)
    kernel = route.kernel
    present = _passed(kernel, entered)[origins]
    now = _water(river.quantity, river.z, floor)[origins]
    out = np.full((len(origins), len(river.leads)), np.nan)
    for number, lead in enumerate(river.leads):
        seen = _passed(kernel[lead:], entered)[origins] if lead < len(kernel) else 0.0
        coming = kernel[: min(int(lead), len(kernel))]
        # the step that leaves `lead` steps from now entered `lead - j` steps from now
        falls = route.falls ** np.arange(int(lead), int(lead) - len(coming), -1)
        then = seen + entered[origins] * float(coming @ falls)
        out[:, number] = now + route.gain * (then - present)
    known = np.isfinite(inflow[origins])[:, None]
    least = np.maximum(now[:, None] * 0.05, 1e-9)
    water = np.maximum(out, least) if river.quantity is Quantity.FLOW else out
    z = np.log(water) if river.quantity is Quantity.FLOW else water + floor
    return np.where(known, z, np.nan)


def _floor(quantity: Quantity, z: Floats) -> float:
    known = z[np.isfinite(z)]
    if quantity is Quantity.FLOW or not len(known):
        return 0.0
    return float(np.quantile(known, _LOW))


def _water(quantity: Quantity, z: Floats, floor: float) -> Floats:
    return np.exp(z) if quantity is Quantity.FLOW else z - floor


def _held(inflow: Floats) -> Floats:
    """Gaps filled with the last value; before the first one nothing above usual low water."""
    return np.nan_to_num(carried(inflow, len(inflow)))


def _passed(kernel: Floats, entered: Floats) -> Floats:
    routed: Floats = fftconvolve(entered, kernel)[: len(entered)]
    return routed


def _gain(routed: Floats, seen: Floats) -> tuple[float, float]:
    """What is added between the gauges, from changes; and the mean absolute error with it."""
    both = np.isfinite(routed) & np.isfinite(seen)
    x, y = routed[both], seen[both]
    gain = float(np.clip(x @ y / max(float(x @ x), 1e-12), 0.0, 20.0))
    return gain, float(np.mean(np.abs(y - gain * x)))


def _recession(inflow: Floats) -> float:
    """Share of the water left a step later while it falls: the median, below 1."""
    before, after = inflow[:-1], inflow[1:]
    falling = np.isfinite(before) & np.isfinite(after) & (after < before) & (before > 0)
    if falling.sum() < _LEAST_ROWS:
        return 1.0
    return float(np.clip(np.median(after[falling] / before[falling]), 0.5, 1.0))


FITTED = (_Route, _Routes)
"""What `fit` gives: what is kept of a trained forecast (`flood.kept`)."""
