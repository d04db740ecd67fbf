"""Travel times: found by class of stage, refused where nothing tells them, flags kept out."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from flood.hydrograph import Quantity, StageLag, Upstream, carried, on_grid
from flood.travel import correlogram
from tests.flood.made_rivers import START, arriving, floods


def test_high_water_travels_at_its_own_pace() -> None:
    days = 300
    season = 20.0 * np.clip((np.arange(days * 24) - days * 12) / 480, 0, 1)
    upper = floods(5, days) + season
    lower = arriving(upper, lambda _: np.where(season > 10, 20.0, 32.0), seed=6)
    found = correlogram(
        Upstream("a", Quantity.LEVEL, upper), lower, step_h=1.0, max_lag_h=96.0, edges=[116.0]
    ).estimates()
    assert [one.likely_h for one in found] == pytest.approx([32.0, 20.0], rel=0.1)
    for one, known in zip(found, (32.0, 20.0), strict=True):
        assert one.low_h <= known <= one.high_h
    assert found[0].to_stage == found[1].from_stage == 116.0


def test_series_that_know_nothing_of_each_other_give_no_travel_time() -> None:
    upper, lower = floods(7), floods(8)
    found = correlogram(
        Upstream("a", Quantity.LEVEL, upper), lower, step_h=1.0, max_lag_h=72.0
    ).estimates()
    assert not found


def test_flagged_readings_change_nothing() -> None:
    rng = np.random.default_rng(2)
    at = [START + timedelta(minutes=10 * n) for n in range(6 * 24 * 5)]
    level = 105 + np.sin(np.arange(len(at)) / 90) + rng.normal(0, 0.01, len(at))
    spikes = rng.random(len(at)) < 0.2
    false = np.where(spikes, level + 30, level)
    grid = {"start": START, "step_h": 1.0, "steps": 24 * 5}
    kept = on_grid([t for t, s in zip(at, spikes, strict=True) if not s], level[~spikes], **grid)  # type: ignore[arg-type]
    np.testing.assert_array_equal(on_grid(at, false, good=~spikes, **grid), kept)  # type: ignore[arg-type]
    assert not np.isnan(kept).any()


def test_a_step_holds_what_was_measured_by_its_end() -> None:
    at = [START + timedelta(minutes=m) for m in (0, 30, 60, 61, 240)]
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    found = on_grid(at, values, start=START, step_h=1.0, steps=6)
    np.testing.assert_array_equal(found, [1.0, 3.0, 8.0, 8.0, 16.0, 16.0])


def test_a_gap_is_bridged_for_three_steps_and_then_unknown() -> None:
    values = np.array([np.nan, 5.0, *[np.nan] * 5, 7.0])
    np.testing.assert_array_equal(carried(values, 3), [np.nan, 5, 5, 5, 5, np.nan, np.nan, 7.0])


def test_moments_of_numpy_are_read_as_utc() -> None:
    start = datetime(2026, 1, 1, 7, tzinfo=UTC)
    at = np.array(["2026-01-01T07:30", "2026-01-01T08:00"], dtype="datetime64[us]")
    found = on_grid(at, np.array([1.0, 3.0]), start=start, step_h=1.0, steps=2)
    np.testing.assert_array_equal(found, [np.nan, 2.0])


def test_the_class_of_stage_decides_the_lag() -> None:
    up = Upstream(
        "a",
        Quantity.LEVEL,
        np.array([100.0, 109.9, 110.0, 150.0, np.nan]),
        (StageLag(28, 32, None, 110.0), StageLag(18, 22, 110.0, None)),
    )
    np.testing.assert_array_equal(up.lag_steps(2.0), [15, 15, 10, 10, 12])
