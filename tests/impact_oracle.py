"""What a flood touches, worked out by plain GeoPandas and pandas: the oracle of impact answers.

Nothing here is shared with the code under test: frames in, numbers out. Frames have the fields of
their layers and a geometry in one projected CRS.
"""

from collections import Counter
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

AGES = {"0-5": "0_5", "6-17": "6_17", "18-59": "18_59", "60+": "60_up"}
_LIMITS = [-np.inf, 0, 0.3, 0.5, 1, np.inf]
_CLASSES = ["dry", "lt_0_3", "0_3_0_5", "0_5_1", "gt_1"]


def touched(frame: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows that meet any zone, each once."""
    return frame.loc[sorted(gpd.sjoin(frame, zones, predicate="intersects").index.unique())]


def land(parcels: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> dict[str, dict[str, float]]:
    """By use: count, area, wet area, value, and how many have no value."""
    wet = touched(parcels, zones)
    flood = zones.union_all()
    told = pd.DataFrame(
        {
            "use": wet["use"].where(wet["use"].notna(), "unknown").to_numpy(),
            "area_m2": shapely.area(wet.geometry.to_numpy()),
            "wet_area_m2": shapely.area(shapely.intersection(wet.geometry.to_numpy(), flood)),
            "value": pd.to_numeric(wet["appraised_value"]).to_numpy(dtype=float),
        }
    )
    return {
        str(use): {
            "count": len(rows),
            "area_m2": rows["area_m2"].sum(),
            "wet_area_m2": rows["wet_area_m2"].sum(),
            "appraised_value": rows["value"].sum(),
            "value_unknown": int(rows["value"].isna().sum()),
        }
        for use, rows in told.groupby("use")
    }


def lengths(lines: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> dict[str, float]:
    """Metres under water of each line that meets a zone, by code."""
    wet = touched(lines, zones)
    metres = shapely.length(shapely.intersection(wet.geometry.to_numpy(), zones.union_all()))
    return dict(zip(wet["code"], metres.tolist(), strict=True))


def by_place(frame: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> Counter[str | None]:
    """How many lie in each community, by a point on each; None is outside all."""
    points = frame.set_geometry(frame.geometry.representative_point())
    found = gpd.sjoin(points, communities[["code", "geom"]], how="left", predicate="intersects")
    code = found.groupby(level=0)["code_right"].first()
    return Counter(None if pd.isna(one) else str(one) for one in code)


def homes(
    houses: gpd.GeoDataFrame, households: pd.DataFrame, zones: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Households in the water: people by age, depth indoors with its class, community.

    The depth is the greatest of the zones met less the floor's height; NaN where either is unknown.
    """
    met = gpd.sjoin(houses, zones[["depth_max_m", "geom"]], predicate="intersects")
    deepest = met.groupby(level=0)["depth_max_m"].max()
    wet = houses.loc[deepest.index]
    indoor = deepest - pd.to_numeric(wet["floor_height_m"])
    table = pd.DataFrame(
        {
            "house_code": wet["house_code"],
            "community": wet["community"],
            "indoor": indoor,
            "depth": _class_of(indoor),
        }
    )
    found = households.merge(table, on="house_code")
    for age, column in AGES.items():
        slept = found[[f"sleeping_{name}" for name in AGES.values()]].notna().any(axis=1)
        people = found[f"sleeping_{column}"].where(slept, found[f"registered_{column}"])
        found[age] = pd.to_numeric(people).fillna(0).astype(int)
    found["people"] = found[list(AGES)].sum(axis=1)
    return found


def _class_of(indoor: pd.Series) -> Any:
    named = pd.cut(indoor.astype(float).round(3), _LIMITS, labels=_CLASSES)
    return named.astype(object).where(indoor.notna(), "unknown")


def ages(rows: pd.DataFrame) -> dict[str, int]:
    """People by age band."""
    return {age: int(rows[age].sum()) for age in AGES}
