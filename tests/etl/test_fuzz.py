"""A minute of mutated files; `python -m tests.etl.fuzz --minutes 30` for more."""

import os
import random

import pytest

from tests.etl import fuzz


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_minute_of_mutated_files_brings_nobody_down() -> None:
    """The seed changes with the time box only; set MUANG_FUZZ_SEED to see a run again."""
    seed = int(os.environ.get("MUANG_FUZZ_SEED", "20261121"))
    told = fuzz.run(60, seed)
    print(f"{told.tried} files, seed {seed}: {dict(told.outcomes)}")
    assert told.faults == []
    assert told.tried > 0


def test_the_same_seed_makes_the_same_files() -> None:
    first, second = (
        [fuzz.mutate(bytes(range(256)), dice) for _ in range(50)]
        for dice in (random.Random(5), random.Random(5))  # noqa: S311
    )
    assert first == second
