"""Parcels nobody owns, for measuring: 18 m squares in a grid, with the usual fields."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from etl.steps import GEOM

_USES = np.array(["residential", "commercial", "agriculture", "vacant", "public"])
_PIECE = 100_000


def parcels(
    rows: int, *, first: int = 0, use: str | None = None, shift: float = 0.0
) -> pd.DataFrame:
    """Rows as the steps of an import give them; `use` and `shift` (m) make them differ."""
    number = np.arange(first, first + rows)
    x = 520_000 + 20 * (number % 1000) + shift
    y = 1_680_000 + 20 * (number // 1000)
    shapes = shapely.multipolygons(shapely.box(x, y, x + 18, y + 18), indices=np.arange(rows))
    columns = {
        GEOM: shapes,
        "code": [f"01A{each:07d}" for each in number],
        "deed_no": [str(each) for each in number],
        "address": [f"{each % 999} ถนนหลวง ตำบลพิบูล" for each in number],
        "use": [use] * rows if use else _USES[number % 5],
        "area_deed_m2": 320.0 + (number % 100) / 10,
        "area_m2": np.full(rows, 324.0),
        "appraised_value": 1000.0 * (number % 5000),
        "owner_name": [f"นายทดสอบ ลำดับ{each}" for each in number],
    }
    index = pd.RangeIndex(first + 1, first + rows + 1)
    return pd.DataFrame(columns, index=index).astype(object)


def write_file(rows: int, path: Path) -> Path:
    """A GeoPackage of parcels, written some at a time."""
    for number, frame in enumerate(_frames(rows)):
        frame.to_file(path, layer="parcels", driver="GPKG", mode="a" if number else "w")
    return path


def _frames(rows: int) -> Iterator[gpd.GeoDataFrame]:
    for first in range(0, rows, _PIECE):
        made = parcels(min(_PIECE, rows - first), first=first).drop(columns="area_m2")
        yield gpd.GeoDataFrame(made.infer_objects(), geometry=GEOM, crs=32648)
