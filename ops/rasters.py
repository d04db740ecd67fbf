"""Where the towns' rasters are: a folder of ours, one folder in it for each town."""

import os
from pathlib import Path

from ops.checkout import Checkout


def raster_root(checkout: Checkout | None = None) -> Path:
    """The folder of all towns' rasters: MUANG_RASTERS, else below the checkout's state."""
    named = os.environ.get("MUANG_RASTERS")
    return Path(named) if named else (checkout or Checkout.here()).state / "rasters"


def writable(folder: Path) -> bool:
    """Whether we may keep files there, once it is made: a container may have no place for them."""
    there = next(part for part in (folder, *folder.parents) if part.exists())
    return os.access(there, os.W_OK)
