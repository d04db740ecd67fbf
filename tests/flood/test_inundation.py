"""Connected-level fill against a slow reference, and the cases a person can check by eye."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flood.inundation import first_wet_level
from tests.flood.water_reference import flooded

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=9)
GROUNDS = SHAPES.flatmap(
    lambda shape: st.tuples(
        hnp.arrays(np.float64, shape, elements=st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, np.nan])),
        hnp.arrays(np.bool_, shape),
    )
)


@settings(max_examples=150, deadline=None)
@given(GROUNDS)
def test_it_equals_the_slow_reference_and_never_dries_as_water_rises(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    ground, source = case
    levels = [0.25, 0.75, 1.25, 1.75, 2.25]
    first = first_wet_level(ground, source, levels)
    for number, level in enumerate(levels):
        assert np.array_equal(first <= number, flooded(ground, source, level))
    assert (first[np.isnan(ground)] == len(levels)).all()


def test_a_levee_keeps_water_out_until_it_is_overtopped() -> None:
    ground = np.zeros((5, 9))
    ground[:, 4] = 2.0
    source = np.zeros_like(ground, dtype=bool)
    source[:, 0] = True
    first = first_wet_level(ground, source, [1.0, 3.0])
    assert (first[:, :4] == 0).all()
    assert (first[:, 4:] == 1).all()


def test_a_hollow_without_a_way_in_stays_dry() -> None:
    ground = np.full((5, 5), 3.0)
    ground[2, 2] = 0.0
    ground[0, 0] = 0.0
    source = np.zeros_like(ground, dtype=bool)
    source[0, 0] = True
    first = first_wet_level(ground, source, [1.0])
    assert first[0, 0] == 0
    assert first[2, 2] == 1


def test_wrong_arguments_are_refused() -> None:
    ground = np.zeros((2, 2))
    with pytest.raises(ValueError, match="rise"):
        first_wet_level(ground, ground > 1, [2.0, 1.0])
    with pytest.raises(ValueError, match="source is"):
        first_wet_level(ground, np.zeros((3, 2), dtype=bool), [1.0])
