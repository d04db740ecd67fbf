"""Kernels keep water whole and take the time they say; tide and rain tell their worth."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flood.hydrograph import Quantity, River
from flood.rain import antecedent, learn, rises
from flood.routing import cascade_kernel, muskingum_kernel
from flood.tide import SPEEDS, Tide, resolved
from tests.flood.made_rivers import START


@settings(deadline=None, max_examples=60)
@given(st.floats(0.8, 40.0), st.sampled_from([0.0, 0.1, 0.2, 0.3]))
def test_muskingum_keeps_the_water_and_delays_it_by_k(travel: float, weight: float) -> None:
    kernel = muskingum_kernel(travel, weight, 2000)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-6)
    assert kernel @ np.arange(2000) == pytest.approx(travel, rel=1e-3)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.8, 40.0), st.integers(1, 6))
def test_a_cascade_keeps_the_water_and_delays_it_by_its_travel_time(
    travel: float, reservoirs: int
) -> None:
    kernel = cascade_kernel(travel, reservoirs, 2000)
    assert (kernel >= 0).all()
    assert kernel.sum() == pytest.approx(1.0, abs=1e-6)
    assert kernel @ np.arange(2000) == pytest.approx(travel, rel=1e-3)


def test_muskingum_follows_its_storage_equation() -> None:
    """Against the equation of continuity solved step by step: S = K (X I + (1 - X) Q)."""
    rng = np.random.default_rng(0)
    inflow = np.cumsum(rng.normal(0, 1, 200)) ** 2 + 5
    travel, weight = 2.0, 0.2
    kernel = muskingum_kernel(travel, weight, 200)
    routed = np.convolve(np.concatenate([np.full(200, inflow[0]), inflow]), kernel)[200:400]
    out = [inflow[0]]
    for before, after in itertools.pairwise(inflow):
        # S' - S = (I + I')/2 - (Q + Q')/2
        stored = travel * (weight * before + (1 - weight) * out[-1])
        flows = stored + (before + after - out[-1]) / 2
        out.append((flows - travel * weight * after) / (travel * (1 - weight) + 0.5))
    np.testing.assert_allclose(routed, out, rtol=1e-6)


def test_a_made_tide_is_told_days_ahead_and_the_surge_fades() -> None:
    hours = np.arange(24 * 60)
    tide = sum(
        size * np.cos(np.deg2rad(SPEEDS[name] * hours) - phase)
        for name, size, phase in (("M2", 0.8, 1.0), ("S2", 0.3, 2.0), ("K1", 0.2, 0.5))
    )
    rng = np.random.default_rng(1)
    surge = np.zeros(len(hours))
    for n in range(1, len(hours)):
        surge[n] = 0.95 * surge[n - 1] + rng.normal(0, 0.02)
    leads = np.array([1, 6, 48])
    river = River("sea", Quantity.LEVEL, START, 1.0, 1.2 + tide + surge, tidal=True, leads=leads)
    known = 24 * 45
    fitted = Tide().fit(river, known)
    assert fitted is not None
    origins = np.arange(known, len(hours) - 49, 7)
    error = fitted.predict(river, origins) - river.z[origins[:, None] + leads]
    bound = np.array([0.02, 0.06, 0.09])
    assert (np.abs(error).mean(axis=0) < bound).all()
    moved = river.recent(24 * 20)
    shift = len(river.z) - 24 * 20
    np.testing.assert_allclose(
        fitted.predict(moved, origins[-3:] - shift), fitted.predict(river, origins[-3:]), atol=1e-9
    )


def test_a_short_record_tells_fewer_constituents_apart() -> None:
    assert len(resolved(72)) < len(resolved(24 * 15)) < len(resolved(24 * 200)) == len(SPEEDS)


def test_rain_that_floods_three_hours_later_is_found_and_is_worth_showing() -> None:
    rng = np.random.default_rng(4)
    rain = np.where(rng.random(24 * 300) < 0.06, rng.gamma(1.2, 12, 24 * 300), 0.0)
    level = 0.5 + 0.02 * np.concatenate([np.zeros(2), antecedent(rain, 1.0, 3.0)[:-2]])
    sign = learn(rain, level, threshold=1.3, step_h=1.0, within_h=4.0)
    assert sign is not None
    assert sign.worth
    assert sign.events >= 5
    assert sign.hits >= 0.7 * sign.events
    assert sign.csi > 2 * sign.csi_random


def test_rain_that_has_nothing_to_do_with_the_level_is_not_worth_showing() -> None:
    rng = np.random.default_rng(5)
    rain = np.where(rng.random(24 * 300) < 0.06, rng.gamma(1.2, 12, 24 * 300), 0.0)
    level = 1.0 + np.sin(np.arange(len(rain)) / 9.0)
    sign = learn(rain, level, threshold=1.5, step_h=1.0)
    assert sign is not None
    assert not sign.worth
    assert learn(rain, level, threshold=99.0, step_h=1.0) is None
    np.testing.assert_array_equal(
        np.flatnonzero(rises(np.array([0.0, 2, 2, np.nan, 3, 0, 4]), 1.5)), [1, 6]
    )
