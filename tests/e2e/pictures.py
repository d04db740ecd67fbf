"""Pictures of a page as arrays, and colours as eyes tell them apart."""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
"""Daylight D65, the white of sRGB."""


def pixels(png: bytes) -> NDArray[np.uint8]:
    """A PNG as rows, columns and red, green, blue."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a screen is nowhere on earth
        with MemoryFile(png) as memory, memory.open() as picture:
            bands: NDArray[np.uint8] = picture.read([1, 2, 3])
    return np.moveaxis(bands, 0, 2)


def lab(rgb: ArrayLike) -> NDArray[np.float64]:
    """An sRGB colour (0 to 255) in CIE L*a*b* (D65); distances there are CIE76 differences."""
    value = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    share = (_TO_XYZ @ linear) / _WHITE
    root = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    x, y, z = root
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
