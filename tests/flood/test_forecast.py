"""The arrival forecast on rivers we made: right lags, honest bands, nothing known beforehand."""

import dataclasses
import itertools
from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from flood import forecast as arrival
from flood.backtest import fold_starts, rolling
from flood.forecast import Trained, forecast, models_for, train
from flood.hydrograph import Quantity, River
from tests.flood.made_rivers import chain

CUT = 150 * 24
MAX_LAG_H = 96.0


@cache
def river(seed: int = 20) -> River:
    return chain(seed, days=290)


def few() -> River:
    """The river asked at three leads only."""
    return dataclasses.replace(river(), leads=np.array([6, 24, 48]))


@cache
def trained(seed: int = 20, *, without: frozenset[str] = frozenset()) -> Trained:
    return train(river(seed).without(without).until(CUT), thresholds=(100.0,), max_lag_h=MAX_LAG_H)


@pytest.fixture(scope="module")
def said() -> list[tuple[float, arrival.Forecast, float]]:
    """Forecasts at origins nobody learnt from: true hours, forecast, height over."""
    found = []
    for seed in (20,):
        whole = river(seed)
        level = float(np.quantile(whole.z[:CUT], 0.9))
        for origin in range(CUT + 10, len(whole.z) - 97, 17):
            if whole.z[origin] >= level:
                continue
            later = np.flatnonzero(whole.z[origin + 1 : origin + 97] >= level)
            true_h = float(later[0] + 1) if len(later) else np.inf
            told = forecast(trained(seed), whole.until(origin), thresholds=(level,))
            over = float(whole.z[origin + 1 : origin + 25].max() - level)
            found.append((true_h, told, over))
    return found


def hours(value: float | None) -> float:
    return np.inf if value is None else value


def test_the_lags_of_a_known_river_are_found_within_ten_per_cent() -> None:
    for lags, known in zip(trained().lags, (30.0, 48.0), strict=True):
        assert lags
        for one in lags:
            assert one.source == "estimated"
            assert one.middle_h == pytest.approx(known, rel=0.1)
            assert one.low_h <= one.middle_h <= one.high_h


def test_crossing_times_lie_inside_the_band_at_the_stated_rate(
    said: list[tuple[float, arrival.Forecast, float]],
) -> None:
    inside, announced, foreseen = [], [], []
    for true_h, told, over in said:
        one = told.crossings[0]
        # the truth is known to the hour only
        held = hours(one.earliest_h) - 1 <= true_h <= hours(one.latest_h) + 1
        inside.append(held)
        if one.earliest_h is not None:
            announced.append(held)
        if over > 0.05:  # within a day, and by more than the gauge errs
            foreseen.append(one.probability >= 0.5)
    assert len(announced) > 50
    assert np.mean(inside) >= 0.8
    assert np.mean(announced) >= 0.8
    assert np.mean(foreseen) >= 0.9  # while the water is on its way


def test_a_stated_probability_is_how_often_it_happens(
    said: list[tuple[float, arrival.Forecast, float]],
) -> None:
    stated = np.array([told.crossings[0].probability for _, told, _ in said])
    came = np.array([np.isfinite(true_h) for true_h, _, _ in said])
    assert stated.mean() == pytest.approx(came.mean(), abs=0.1)
    assert came[stated > 0.8].mean() > 0.8
    assert came[stated < 0.1].mean() < 0.25


def test_the_band_holds_what_came_and_the_forecast_beats_persistence() -> None:
    for one in trained().skills:
        assert one.mae is not None
        assert one.mae_persistence is not None
        assert one.band_coverage is not None
        assert one.better_than_persistence == (one.mae < one.mae_persistence)
        assert 0.7 <= one.band_coverage <= 0.95
    near = [one for one in trained().skills if one.lead_h <= 48]
    assert all(one.mae < 0.5 * one.mae_persistence for one in near)  # type: ignore[operator]


def test_bands_hold_the_forecast_widen_with_lead_and_crossings_are_in_order(
    said: list[tuple[float, arrival.Forecast, float]],
) -> None:
    for _, told, _ in said:
        assert all(point.low <= point.value <= point.high for point in told.points)
        widths = [point.high - point.low for point in told.points]
        assert all(after >= before - 1e-9 for before, after in itertools.pairwise(widths))
        assert told.points[0].at == told.origin + timedelta(hours=told.points[0].lead_h)
        for one in told.crossings:
            assert hours(one.earliest_h) <= hours(one.likely_h) <= hours(one.latest_h)
            assert (one.earliest_h is not None) == (one.probability >= 0.1)


def test_nothing_that_came_later_changes_a_forecast() -> None:
    whole = river()
    origin = CUT + 500
    told = forecast(trained(), whole.until(origin), thresholds=(100.0,))
    seen = whole.until(origin)
    rng = np.random.default_rng(3)
    for model in models_for(seen, CUT, MAX_LAG_H):
        other = dataclasses.replace(
            whole,
            z=np.concatenate([seen.z, rng.normal(150, 9, 200)]),
            ups=tuple(
                dataclasses.replace(up, z=np.concatenate([up.z, rng.normal(150, 9, 200)]))
                for up in seen.ups
            ),
        )
        here = np.array([origin - 40, origin])
        fitted = model.fit(seen, CUT)
        assert fitted is not None
        np.testing.assert_allclose(
            fitted.predict(other, here), fitted.predict(seen, here), rtol=0, atol=1e-6
        )
    assert forecast(trained(), whole.until(origin), thresholds=(100.0,)) == told


def test_a_fold_of_the_backtest_knows_nothing_that_came_after_it() -> None:
    """Falsify everything from a fold's start on: what earlier folds said stays as it was."""
    whole = river().until(120 * 24)
    starts = fold_starts(len(whole.z), 50 * 24, 4)
    cut = int(starts[2])
    false = dataclasses.replace(
        whole,
        z=np.where(np.arange(len(whole.z)) >= cut, 170.0, whole.z),
        ups=tuple(
            dataclasses.replace(up, z=np.where(np.arange(len(up.z)) >= cut, 90.0, up.z))
            for up in whole.ups
        ),
    )
    first = rolling(whole, models_for(whole, int(starts[0]), MAX_LAG_H), starts, most=300)
    second = rolling(false, models_for(false, int(starts[0]), MAX_LAG_H), starts, most=300)
    before = first.origins < cut
    for name, values in first.said.items():
        np.testing.assert_allclose(
            second.said[name][before], values[before], rtol=0, atol=1e-6, err_msg=name
        )


def test_a_silent_gauge_upstream_widens_the_band_and_is_named() -> None:
    origin = CUT + 700
    seen = river().until(origin)
    with_all = forecast(trained(), seen, thresholds=(100.0,))
    silent = frozenset({"near"})
    told = forecast(
        trained(without=silent), seen.without(silent), thresholds=(100.0,), full=trained()
    )
    assert told.missing == ("near",)
    assert any("near" in text.en and "near" in text.th for text in told.caveats)
    wider = [
        (a.high - a.low) - (b.high - b.low)
        for a, b in zip(told.points, with_all.points, strict=True)
    ]
    assert np.mean(wider) > 0
    assert any("no recent readings" in text.en for text in told.caveats)


def test_the_zero_of_a_gauge_does_not_matter() -> None:
    part = few().until(60 * 24)
    shift = -98.0
    moved = dataclasses.replace(part, z=part.z + shift)
    one, two = (forecast(train(each, max_lag_h=48.0), each) for each in (part, moved))
    np.testing.assert_allclose(
        [p.value + shift for p in one.points], [p.value for p in two.points], atol=1e-4
    )
    np.testing.assert_allclose(
        [p.high + shift for p in one.points], [p.high for p in two.points], atol=1e-4
    )


def test_the_unit_of_a_flow_does_not_matter() -> None:
    part = few().until(60 * 24)
    z = np.log(np.maximum(part.z - 97.0, 0.01) * 50.0)
    flow = dataclasses.replace(part, quantity=Quantity.FLOW, z=z)
    feet = dataclasses.replace(flow, z=z + np.log(35.3147))
    one, two = (forecast(train(each, max_lag_h=48.0), each) for each in (flow, feet))
    np.testing.assert_allclose(
        [p.value * 35.3147 for p in one.points], [p.value for p in two.points], rtol=1e-5
    )


def test_a_gauge_with_too_short_a_past_gets_no_forecast() -> None:
    with pytest.raises(ValueError, match="too few"):
        train(river().until(50), max_lag_h=48.0)


def test_a_gauge_alone_says_so() -> None:
    alone = few().without(frozenset({"near", "far"})).until(60 * 24)
    told = forecast(train(alone, max_lag_h=48.0), alone)
    assert any("own past alone" in text.en for text in told.caveats)


def test_a_forecast_is_made_of_a_recent_stretch_alone() -> None:
    seen = river().until(CUT + 300)
    whole = forecast(trained(), seen, thresholds=(100.0,))
    part = forecast(trained(), seen.recent(arrival.LOOK_BACK + 100), thresholds=(100.0,))
    assert part == whole
