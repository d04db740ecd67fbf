"""Households: who is registered in each house and who really sleeps there."""

import geopandas as gpd
import numpy as np
import pandas as pd

from etl.demo.names import phones, sprinkle
from etl.demo.network import IntArray
from etl.demo.towns import DemoTown

AGES = ("0_5", "6_17", "18_59", "60_up")
_EMPTY, _DOUBLE = 0.045, 0.05
"""Shares of houses nobody is registered in, and of houses with two households."""
_TYPES = (
    (0.11, (0.0, 0.0, 0.0, 1.0)),
    (0.13, (0.0, 0.0, 0.15, 2.0)),
    (0.12, (0.55, 1.1, 0.2, 1.6)),
    (0.34, (0.45, 0.95, 2.0, 0.0)),
    (0.20, (0.40, 0.9, 2.3, 1.2)),
    (0.10, (0.0, 0.0, 1.5, 0.0)),
)
"""Kinds of household: share, and mean people by age band. In order: an old person alone, an old
couple, grandparents with grandchildren, parents with children, three generations, workers."""


def build(
    town: DemoTown, houses: gpd.GeoDataFrame, rural: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, IntArray]:
    """All households (fields of the layer), and the row of the house each lives in.

    `rural` says of each house whether it stands on village or farm land.
    """
    draw = rng.random(len(houses))
    times = np.where(draw < _EMPTY, 0, np.where(draw > 1.0 - _DOUBLE, 2, 1))
    house = np.repeat(np.arange(len(houses)), times)
    count = len(house)
    registered = _registered(count, rng)
    away = rng.binomial(registered, [0.04, 0.08, town.away, 0.05])
    renters = rng.random(count) < town.renters
    unregistered = np.where(renters, rng.poisson(1.5, count), rng.poisson(0.12, count))
    sleeping = registered - away
    sleeping[:, 2] += unregistered
    frame = pd.DataFrame(
        {
            "code": [f"HH-{town.short}-{n:05d}" for n in range(1, count + 1)],
            "house_code": houses["house_code"].to_numpy()[house],
        }
    )
    for column, age in enumerate(AGES):
        frame[f"registered_{age}"] = registered[:, column]
    for column, age in enumerate(AGES):
        frame[f"sleeping_{age}"] = sleeping[:, column]
    frame["unregistered"] = unregistered
    frame["renters"] = renters
    frame["phone"] = sprinkle(phones(count, rng), 0.84, rng)
    frame["neighbour_phone"] = sprinkle(phones(count, rng), 0.5, rng)
    frame["pets"] = rng.poisson(0.7, count)
    frame["livestock"] = np.where(rural[house], rng.poisson(2.2, count), 0)
    frame["vehicles"] = rng.poisson(1.6, count)
    return frame, house


def _registered(count: int, rng: np.random.Generator) -> IntArray:
    """Registered people (count, 4) by age band; no household is without any."""
    share = np.array([s for s, _ in _TYPES])
    kind = rng.choice(len(_TYPES), count, p=share / share.sum())
    mean = np.array([m for _, m in _TYPES])[kind]
    whole = np.floor(mean)
    drawn = whole + rng.poisson(np.maximum(mean - whole, 0.0))
    people: IntArray = np.minimum(drawn, 4).astype(np.int64)
    people[people.sum(axis=1) == 0, 2] = 1
    return people
