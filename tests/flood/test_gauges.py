"""Faults put into a series are found where they are, and a clean series has none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flood.gauges import Flag, Limits, judge, usable
from flood.levels import Quality, known, peaks, state, to_bank

STEP = np.timedelta64(600, "s")
T0 = np.datetime64("2026-10-01T00:00:00", "us")
LIMITS = Limits(
    expected_interval_s=600,
    late_after_s=3600,
    future_after_s=300,
    stuck_after_s=6 * 3600,
    most_per_h=2.0,
    range_min=95,
    range_max=130,
)
DAYS = 3
COUNT = DAYS * 144

Series = tuple[np.ndarray, np.ndarray, np.ndarray]


def river(seed: int) -> Series:
    """A flood wave of ten-minute readings with a centimetre of noise, received two minutes on."""
    rng = np.random.default_rng(seed)
    times = T0 + STEP * np.arange(COUNT)
    wave = 108 + 4 * np.exp(-((np.arange(COUNT) - COUNT / 2) ** 2) / (2 * 60.0**2))
    values = np.round(wave + rng.normal(0, 0.01, COUNT), 2)
    return times, values, times + np.timedelta64(120, "s")


seeds = st.integers(0, 2**32 - 1)
places = st.integers(5, COUNT - 60)
many = settings(max_examples=25, deadline=None)


@many
@given(seeds)
def test_a_clean_series_has_no_flag(seed: int) -> None:
    assert not judge(*river(seed), LIMITS).any()


@many
@given(seeds, places, st.integers(1, 3), st.sampled_from((-6.0, -1.5, 1.5, 6.0)))
def test_a_spike_is_found_and_nothing_else(seed: int, at: int, long: int, by: float) -> None:
    times, values, received = river(seed)
    values[at : at + long] += by
    assert flagged(judge(times, values, received, LIMITS)) == dict.fromkeys(
        range(at, at + long), Flag.SPIKE
    )


@many
@given(seeds, places)
def test_a_step_that_stays_is_the_river(seed: int, at: int) -> None:
    times, values, received = river(seed)
    values[at:] += 3.0
    assert not judge(times, values, received, LIMITS).any()
    # while it is the newest nobody can know
    flags = judge(times[: at + 1], values[: at + 1], received[: at + 1], LIMITS)
    assert flagged(flags) == {at: Flag.SPIKE}
    assert not judge(times[: at + 2], values[: at + 2], received[: at + 2], LIMITS).any()


@many
@given(seeds, places, st.integers(37, 59))
def test_a_dead_station_is_stuck(seed: int, at: int, long: int) -> None:
    times, values, received = river(seed)
    values[at : at + long] = values[at]
    values[[at - 1, at + long]] = values[at] + 0.03
    flags = judge(times, values, received, LIMITS)
    assert (flags[at + 1 : at + long] & Flag.STUCK).all()
    assert not flags[:at].any()


@many
@given(seeds, places, st.integers(3, 50))
def test_a_gap_is_told_at_its_end(seed: int, at: int, long: int) -> None:
    times, values, received = (np.delete(part, np.s_[at : at + long]) for part in river(seed))
    assert flagged(judge(times, values, received, LIMITS)) == {at: Flag.GAP}


@many
@given(seeds, places, st.integers(61, 600))
def test_late_and_future_are_told_by_when_they_came(seed: int, at: int, minutes: int) -> None:
    times, values, received = river(seed)
    received[at] = times[at] + np.timedelta64(60 * minutes, "s")
    received[at + 1] = times[at + 1] - np.timedelta64(60 * minutes, "s")
    flags = judge(times, values, received, LIMITS)
    assert flagged(flags) == {at: Flag.LATE, at + 1: Flag.FUTURE}
    assert usable(flags).sum() == COUNT - 1


@many
@given(seeds, places, st.sampled_from((-999.0, 0.0, 9999.0)))
def test_an_impossible_value_says_nothing_of_its_neighbours(
    seed: int, at: int, value: float
) -> None:
    times, values, received = river(seed)
    values[at] = value
    assert flagged(judge(times, values, received, LIMITS)) == {at: Flag.RANGE}


@many
@given(seeds, places, st.randoms(use_true_random=False))
def test_of_one_time_the_last_received_counts_in_any_order(seed: int, at: int, rnd: object) -> None:
    times, values, received = river(seed)
    times = np.append(times, times[at])
    values = np.append(values, values[at] + 5)
    received = np.append(received, received[at] - np.timedelta64(30, "s"))
    order = np.random.default_rng(seed).permutation(len(times))
    flags = judge(times[order], values[order], received[order], LIMITS)
    (place,) = np.flatnonzero(order == COUNT)
    assert flagged(flags) == {int(place): Flag.DUPLICATE}


def test_discharge_alone_and_an_empty_series() -> None:
    times, values, received = river(1)
    assert not len(judge(times[:0], values[:0], received[:0], LIMITS))
    assert not judge(times, np.full(COUNT, np.nan), received, LIMITS).any()


def test_the_state_shows_what_may_be_believed() -> None:
    times, values, received = river(7)
    end = 250
    now = times[end] + np.timedelta64(300, "s")
    part = slice(0, end + 1)
    calm = state(times[part], values[part], received[part], LIMITS, now)
    assert (calm.quality, calm.index, calm.age_s) == (Quality.OK, end, 300)
    slope = np.polyfit(np.arange(19) / 6, values[end - 18 : end + 1], 1)[0]
    assert calm.trend_cm_h == pytest.approx(100 * slope, abs=0.01)

    old = state(times[part], values[part], received[part], LIMITS, now + np.timedelta64(7200, "s"))
    assert old.quality is Quality.LATE

    jumped = values.copy()
    jumped[end] += 5
    odd = state(times[part], jumped[part], received[part], LIMITS, now)
    assert (odd.quality, odd.index) == (Quality.SUSPECT, end - 1)
    assert Flag.SPIKE in odd.flags

    # a reading dated six hours ahead is not what the water is now
    ahead = times.copy()
    ahead[end] += np.timedelta64(6 * 3600, "s")
    odd = state(ahead[part], values[part], received[part], LIMITS, now)
    assert (odd.quality, odd.index) == (Quality.SUSPECT, end - 1)

    nothing = np.array([], dtype="datetime64[us]")
    assert state(nothing, np.array([]), nothing, LIMITS, now).quality is Quality.NONE


def test_a_bank_of_zero_is_unknown() -> None:
    assert to_bank(112.5, 113.0, 112.0) == 0.5
    assert to_bank(112.5, 113.0, 0.0) == -0.5
    assert to_bank(112.5, 0.0, None) is None
    assert known(float("nan")) is None


@many
@given(seeds, st.integers(600, 50_000), st.lists(places, max_size=20))
def test_no_peak_is_lost_however_few_points_are_drawn(
    seed: int, step: int, holes: list[int]
) -> None:
    times, values, _ = river(seed)
    values[holes] = np.nan
    drawn = peaks(times, values, T0, step)
    bucket = ((times - T0) / np.timedelta64(1, "s") // step).astype(int)
    for one in np.unique(bucket[np.isfinite(values)]):
        there = np.flatnonzero((bucket == one) & np.isfinite(values))
        shown = values[drawn[np.isin(drawn, there)]]
        assert shown.min() == values[there].min()
        assert shown.max() == values[there].max()
    assert len(drawn) <= 2 * len(np.unique(bucket)) + 1
    assert (np.diff(drawn) > 0).all()


def flagged(flags: np.ndarray) -> dict[int, Flag]:
    """Flags by index, of those that have any."""
    return {int(n): Flag(int(flags[n])) for n in np.flatnonzero(flags)}
