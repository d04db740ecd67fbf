"""Height above nearest drainage against a cell-by-cell reference, and cases checked by eye."""

import numpy as np
import pytest

from flood.hand import drains_to, hand
from tests.flood.water_reference import drained


@pytest.mark.parametrize("seed", range(12))
def test_every_cell_drains_where_the_slow_reference_drains_it(seed: int) -> None:
    chance = np.random.default_rng(seed)
    shape = (int(chance.integers(3, 16)), int(chance.integers(3, 16)))
    # all different, so that no two ways are equally steep
    heights = chance.permutation(shape[0] * shape[1]).reshape(shape).astype(np.float32)
    heights[chance.random(shape) < 0.08] = np.nan
    channel = chance.random(shape) < 0.06
    wanted = drained(heights, channel)
    got = drains_to(heights, channel)
    for cell in np.ndindex(shape):
        place = wanted.get(cell)
        assert got[cell] == (-1 if place is None else place[0] * shape[1] + place[1])


def test_a_valley_side_is_measured_from_the_channel_it_falls_to() -> None:
    bed = np.array([[4.0], [2.0]])  # the channel falls from 4 to 2 m
    heights = np.hstack([bed, bed + 1, bed + 2.5]).astype(np.float32)
    channel = np.zeros(heights.shape, dtype=bool)
    channel[:, 0] = True
    above = hand(heights, channel)
    assert above[:, 0].tolist() == [0, 0]
    assert above[1].tolist() == [0, 1, 2.5]
    assert above[0, 1] == 3.0  # 5 m falls steepest to the lower bed


def test_a_hollow_drains_over_its_lowest_pass_and_lies_below_the_channel() -> None:
    heights = np.array([[5, 9, 8, 9, 9], [5, 6, 3, 9, 2], [5, 9, 9, 9, 9]], dtype=np.float32)
    channel = np.zeros(heights.shape, dtype=bool)
    channel[:, 0] = True
    above = hand(heights, channel)
    assert above[1, 2] == -2.0  # over the pass of 6 m into the channel at 5 m
    assert above[1, 4] == -3.0


def test_ground_without_a_channel_has_no_height_above_one() -> None:
    heights = np.ones((3, 3), dtype=np.float32)
    assert np.isnan(hand(heights, np.zeros((3, 3), dtype=bool))).all()
    heights[:, 1] = np.nan
    channel = np.zeros((3, 3), dtype=bool)
    channel[0, 0] = True
    above = hand(heights, channel)
    assert above[:, 0].tolist() == [0, 0, 0]
    assert np.isnan(above[:, 1:]).all()  # nothing is known of what lies between
