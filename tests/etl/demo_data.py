"""The demo towns, each generated once for all tests, and what two runs are compared by."""

import functools
import hashlib

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from etl.demo import DemoData, generate

TOWNS = ("phibun", "patong")


@functools.cache
def demo(town_id: str) -> DemoData:
    """A demo town; the same object for every test, so nobody may change it."""
    return generate(town_id)


def layer(town_id: str, layer_id: str) -> gpd.GeoDataFrame:
    """One layer with a geometry."""
    frame = demo(town_id).frames[layer_id]
    assert isinstance(frame, gpd.GeoDataFrame)
    return frame


def table(town_id: str, layer_id: str) -> pd.DataFrame:
    """One layer without a geometry."""
    return demo(town_id).frames[layer_id]


def area_of(town_id: str) -> shapely.Geometry:
    """The town's area, prepared for many questions."""
    area: shapely.Geometry = layer(town_id, "town_boundary").geometry.iloc[0]
    shapely.prepare(area)
    return area


def fingerprint(data: DemoData) -> str:
    """SHA-256 over every value, every coordinate and the raster, in order."""
    digest = hashlib.sha256()
    for layer_id, frame in data.frames.items():
        digest.update(layer_id.encode())
        for name in frame.columns:
            if name == "geom":
                for wkb in shapely.to_wkb(frame[name].to_numpy()):
                    digest.update(wkb)
            else:
                digest.update(repr(frame[name].tolist()).encode())
    digest.update(np.ascontiguousarray(data.elevation[0]).tobytes())
    digest.update(repr(tuple(data.elevation[1])).encode())
    return digest.hexdigest()
