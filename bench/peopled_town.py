"""Who lives in the town of the benchmarks, and by which streets: what questions of floods count.

Parcels alone say little of what an answer costs in a real town, which has communities that every
parcel, house and person in care must be placed in, and roads that lead out or do not.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from bench.tile_town import ORIGIN, PLOT_M, Floats, Row, Size, put
from db.derived import AnyConnection

BLOCK = 4
"""Parcels from street to street."""

_ALONG = 12
"""Communities along a side of the town."""


def people(conn: AnyConnection, size: Size) -> None:
    """Put communities, houses, households, streets and places people go to into a new town."""
    rng = np.random.default_rng(2570)
    for layer, columns, rows in (
        ("town_boundary", ("code", "name_th", "name_en"), _boundary(size)),
        ("communities", ("code", "name", "name_en"), _communities(size, rng)),
        ("houses", _HOUSE, _houses(size, rng)),
        ("households", _HOUSEHOLD, _households(size, rng)),
        ("roads", ("code", "class", "name"), _streets(size)),
        ("waste_stops", ("code", "route_code", "seq", "accounts_served"), _stops(size, rng)),
        ("facilities", ("code", "name", "kind"), _facilities(size, rng)),
        ("shelters", ("code", "name", "capacity", "open"), _shelters(size, rng)),
    ):
        put(conn, layer, columns, rows, placed=layer != "households")


def _boundary(size: Size) -> Iterator[Row]:
    x, y = ORIGIN
    square = shapely.multipolygons([shapely.box(x, y, x + size.edge_m, y + size.edge_m)])
    yield "T", "วัดผล", "Bench", shapely.to_wkb(square)


def _communities(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    """A grid of outlines that wander and are shared, some 400 points each."""
    fine = 100
    at = np.linspace(0, size.edge_m, _ALONG * fine + 1)
    wander = size.edge_m / _ALONG * 0.15
    shift = np.array(
        [sum(np.sin(at / (300.0 * n) + rng.uniform(0, 6.3)) / n for n in (1, 2, 5)) for _ in "xy"]
    )
    # every wall wanders alike, so walls neither meet nor leave room between two communities
    lines = np.linspace(0, size.edge_m, _ALONG + 1)

    def wall(n: int, axis: int) -> Floats:
        if n in (0, _ALONG):
            return np.full(len(at), lines[n])
        return np.asarray(lines[n] + wander * shift[axis] / 2, dtype=float)

    cut: Any = [
        [
            shapely.Polygon(
                [
                    *zip(wall(n, 0), at, strict=True),
                    *reversed(list(zip(wall(n + 1, 0), at, strict=True))),
                ]
            )
            for n in range(_ALONG)
        ],
        [
            shapely.Polygon(
                [
                    *zip(at, wall(n, 1), strict=True),
                    *reversed(list(zip(at, wall(n + 1, 1), strict=True))),
                ]
            )
            for n in range(_ALONG)
        ],
    ]
    for number in range(_ALONG * _ALONG):
        column, row = number % _ALONG, number // _ALONG
        shape = shapely.intersection(cut[0][column], cut[1][row])
        placed = shapely.transform(shape, lambda xy: xy + np.asarray(ORIGIN))
        yield (
            f"C{number:03d}",
            f"ชุมชน {number}",
            f"Community {number}",
            shapely.to_wkb(shapely.multipolygons(shapely.get_parts(placed))),
        )


_HOUSE = ("house_code", "house_no", "community", "storeys", "floor_height_m")


def _houses(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    """A house on every parcel; of a third the community, of a tenth the floor is not known."""
    number = np.arange(size.parcels)
    middles = np.stack([number % size.side, number // size.side], axis=1) * PLOT_M + PLOT_M / 2
    xy = np.asarray(ORIGIN) + middles + rng.uniform(-8, 8, middles.shape)
    wkb = shapely.to_wkb(shapely.points(xy))
    cell = np.minimum((middles / size.edge_m * _ALONG).astype(int), _ALONG - 1)
    known, floor = rng.random(size.parcels), rng.uniform(0, 1.2, size.parcels)
    for i in range(size.parcels):
        yield (
            f"H{i:06d}",
            f"{i % 999}/{i % 7}",
            f"C{cell[i, 1] * _ALONG + cell[i, 0]:03d}" if known[i] > 1 / 3 else None,
            1 + i % 2,
            round(float(floor[i]), 2) if known[i] < 0.9 else None,
            wkb[i],
        )


_HOUSEHOLD = (
    "code",
    "house_code",
    "sleeping_0_5",
    "sleeping_6_17",
    "sleeping_18_59",
    "sleeping_60_up",
)


def _households(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    """One in each house, of four people on average."""
    ages = rng.poisson((0.25, 0.75, 2.2, 0.8), (size.parcels, 4)).tolist()
    for i, band in enumerate(ages):
        yield f"K{i:06d}", f"H{i:06d}", *band


def _streets(size: Size) -> Iterator[Row]:
    """Streets from end to end of the town each way, with a point at every crossing."""
    at = np.arange(0, size.side + 1, BLOCK) * PLOT_M
    for n, here in enumerate(at.tolist()):
        for way in "ns", "ew":
            line = np.stack([np.full(len(at), here), at], axis=1)
            line = line if way == "ns" else line[:, ::-1]
            shape = shapely.multilinestrings([line + np.asarray(ORIGIN)])
            yield f"{way}{n}", "residential", f"ถนน {way}{n}", shapely.to_wkb(shape)


def _stops(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    per_route = 20
    for i, wkb in enumerate(_corners(size, size.share(300) * per_route, rng)):
        yield f"S{i}", f"B{i // per_route}", i % per_route + 1, 30 + i % 40, wkb


def _facilities(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    kinds = ("school", "clinic", "temple", "hospital", "market")
    for i, wkb in enumerate(_corners(size, size.share(500), rng)):
        yield f"F{i}", f"สถานที่ {i}", kinds[i % len(kinds)], wkb


def _shelters(size: Size, rng: np.random.Generator) -> Iterator[Row]:
    for i, wkb in enumerate(_corners(size, size.share(150), rng)):
        yield f"P{i}", f"ศูนย์พักพิง {i}", 200 + 100 * (i % 8), True, wkb


def _corners(size: Size, count: int, rng: np.random.Generator) -> list[bytes]:
    """Places some metres from a crossing."""
    block = rng.integers(0, size.side // BLOCK, (count, 2)) * BLOCK * PLOT_M
    xy = np.asarray(ORIGIN) + block + rng.uniform(5, 15, block.shape)
    wkb: list[bytes] = shapely.to_wkb(shapely.points(xy)).tolist()
    return wkb
