"""What a level floods when the ground itself is not known to the centimetre.

A place is certainly wet when it would be so with ground 1.28 standard errors higher, possibly wet
when it would be so with ground as much lower (nine in ten, one in ten), and unlikely otherwise.
Raising the ground is lowering the water, so both are stages of the same library.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

ONE_IN_TEN = 1.2816
"""Standard errors beyond which one in ten lies."""


@dataclass(frozen=True)
class StageRange:
    """Stages between which the answer lies; None: beyond what the library holds."""

    low_m: float | None
    stage_m: float
    high_m: float | None


def stage_range(stage_m: float, error_m: float, stages: Sequence[float]) -> StageRange:
    """The library stages (rising) that enclose a stage with an error (standard, metres).

    Rounded outwards. Where the error moves the water by less than half a step there is no range.
    """
    reach = ONE_IN_TEN * error_m
    step = min((b - a for a, b in pairwise(stages)), default=0.0)
    if reach < step / 2:
        return StageRange(stage_m, stage_m, stage_m)
    lower = [each for each in stages if each <= stage_m - reach + 1e-6]
    upper = [each for each in stages if each >= stage_m + reach - 1e-6]
    return StageRange(max(lower, default=None), stage_m, min(upper, default=None))
