"""Fields worked out from others when a file does not bring them."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import shapely

from etl.steps import GEOM
from layers.model import Layer

_BEDRIDDEN_TO = 4
_HOMEBOUND_TO = 11


def names(layer: Layer, columns: Collection[str]) -> tuple[str, ...]:
    """Fields that are worked out for a layer when its files bring these columns."""
    known = {field.name for field in layer.fields}
    found = []
    if layer.geometry and layer.geometry.dimension == 2 and "area_m2" in known - set(columns):  # noqa: PLR2004
        found.append("area_m2")
    if "band" in known - set(columns) and {"adl_score", "kind"} & set(columns):
        found.append("band")
    return tuple(found)


def derive(frame: pd.DataFrame, layer: Layer) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The frame with derived fields, and their names.

    `area_m2` of polygons is their area in the town's projected CRS, to a square centimetre;
    `band` of care follows the Barthel ADL score (0-4, 5-11, 12-20; Department of Health), and is
    `unknown` for a home without one.
    """
    names = {field.name for field in layer.fields}
    added: dict[str, Any] = {}
    if layer.geometry and layer.geometry.dimension == 2 and _wanted("area_m2", names, frame):  # noqa: PLR2004
        sizes = np.round(shapely.area(frame[GEOM].to_numpy()), 4)
        added["area_m2"] = pd.Series([float(size) for size in sizes], frame.index, dtype=object)
    if _wanted("band", names, frame) and "adl_score" in frame.columns:
        bands = [band(score) for score in frame["adl_score"]]
        added["band"] = pd.Series(bands, frame.index, dtype=object)
    if "band" in names and "kind" in frame.columns:
        known = added.get("band", frame.get("band", pd.Series(None, frame.index, dtype=object)))
        unassessed = known.isna() & (frame["kind"] == "home")
        if unassessed.any():
            # a home whose need nobody has assessed is still a home, and is shown as one
            added["band"] = known.mask(unassessed, "unknown")
    return frame.assign(**added), tuple(added)


def _wanted(name: str, names: set[str], frame: pd.DataFrame) -> bool:
    return name in names and name not in frame.columns


def band(score: int | None) -> str | None:
    """Care band of a Barthel ADL score from 0 to 20; None when unknown or out of range."""
    if score is None or not 0 <= score <= 20:  # noqa: PLR2004
        return None
    if score <= _BEDRIDDEN_TO:
        return "bedridden"
    return "homebound" if score <= _HOMEBOUND_TO else "social"
