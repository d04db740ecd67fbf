"""What a water level floods: cells below the level that the water can reach.

Works on relative height: ground minus the water surface at stage zero, so that a surface which
slopes along a river is one number. Height alone floods every hollow; connection to the source
is what keeps water out of a field behind a levee.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label


def first_wet_level(
    relative_m: NDArray[np.floating], source: NDArray[np.bool_], levels_m: Sequence[float]
) -> NDArray[np.int32]:
    """Per cell the index of the lowest level that floods it; len(levels_m) where none does.

    `relative_m` (rows x columns, metres; NaN is not modelled and never wet) is compared with
    each of `levels_m`, which must rise. A cell is wet when it lies below the level and is
    joined, edge to edge, to a wet cell of `source` (the channel or the sea).
    ValueError when the levels do not rise or the arrays differ in shape.
    """
    if relative_m.shape != source.shape:
        raise ValueError(f"relative_m is {relative_m.shape}, source is {source.shape}")
    if any(after <= before for before, after in pairwise(levels_m)):
        raise ValueError("levels_m must rise")
    first = np.full(relative_m.shape, len(levels_m), dtype=np.int32)
    for number in reversed(range(len(levels_m))):
        joined, _ = label(relative_m < levels_m[number])
        reached = np.unique(joined[source & (joined > 0)])
        first[np.isin(joined, reached[reached > 0])] = number
    return first
