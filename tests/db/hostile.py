"""Shapes that tiles get wrong: holes, slivers, bow-ties in waiting, giants, touching parts."""

from collections.abc import Iterator

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from tests.tiny import ORIGIN


def areas() -> dict[str, MultiPolygon]:
    """Valid multipolygons about the point (0, 0), in metres."""
    plain = box(0, 0, 30, 20)
    hole = Polygon(plain.exterior, [box(8, 6, 20, 14).exterior])
    comb = [(0, 0), (30, 0)]
    for i in range(14):
        comb += [(30 - 2 * i, 20), (29.85 - 2 * i, 20), (29.85 - 2 * i, 0.15)]
        comb += [(28.0 - 2 * i, 0.15)]
    turn = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    ragged = 90 + 5 * np.sin(31 * turn) + 2 * np.sin(77 * turn)
    found = {
        "plain": plain,
        "clockwise": Polygon(list(plain.exterior.coords)[::-1]),
        "triangle": Polygon([(0, 0), (40, 3), (11, 37)]),
        "collinear": Polygon([(0, 0), (10, 0), (20, 0), (30, 0), (30, 20), (15, 20), (0, 20)]),
        "almost_collinear": Polygon([(0, 0), (10, 0.04), (20, -0.03), (30, 0), (30, 20), (0, 20)]),
        "l_shape": Polygon([(0, 0), (30, 0), (30, 5), (5, 5), (5, 20), (0, 20)]),
        "sliver": Polygon([(0, 0), (30, 11), (30, 11.06)]),
        "thin": box(0, 0, 40, 0.02),
        "speck": box(0, 0, 0.03, 0.03),
        # two notches that pass each other by 7 cm: rounded, they cross
        "bow_tie_to_be": Polygon(
            [
                *((0, 0), (20, 0), (20, 9.97), (3, 10), (20, 10.03), (20, 20)),
                *((0, 20), (0, 10.16), (17, 10.1), (0, 10.04)),
            ]
        ),
        "hourglass": Polygon([(0, 0), (20, 0), (10.03, 10), (20, 20), (0, 20), (9.97, 10)]),
        "comb": shapely.Polygon(comb).buffer(0),
        "hole": hole,
        "hole_near_edge": Polygon(plain.exterior, [box(0.05, 6, 20, 14).exterior]),
        "hole_touches": Polygon(plain.exterior, [[(0, 0), (10, 4), (4, 10)]]),
        "two_holes": Polygon(
            plain.exterior, [box(3, 3, 9, 9).exterior, box(9.1, 3, 15, 9).exterior]
        ),
        "parts": MultiPolygon([plain, box(50, 0, 60, 20)]),
        "parts_touch": MultiPolygon([plain, box(30, 20, 60, 40)]),
        "island": MultiPolygon([hole, box(11, 8, 16, 12)]),
        "many_points": Polygon(np.stack([ragged * np.cos(turn), ragged * np.sin(turn)], axis=1)),
        "many_points_hole": Polygon(
            np.stack([4 * ragged * np.cos(turn), 4 * ragged * np.sin(turn)], axis=1),
            [np.stack([ragged * np.cos(turn), ragged * np.sin(turn)], axis=1)],
        ),
        "giant": Polygon([(0, 0), (9000, 200), (8800, 7000), (-100, 6900)]),
        "giant_ring": box(-4000, -4000, 4000, 4000).difference(box(-3900, -3900, 3900, 3900)),
        "giant_ragged": Polygon(
            np.stack([25 * ragged * np.cos(turn), 25 * ragged * np.sin(turn)], axis=1)
        ),
    }
    return {name: _multi(shape) for name, shape in found.items()}


def lines() -> dict[str, MultiLineString]:
    """Lines about the point (0, 0), in metres."""
    walk = np.cumsum(np.random.default_rng(4).normal(0, 8, (400, 2)), axis=0)
    found = {
        "straight": LineString([(0, 0), (50, 31)]),
        "collinear": LineString([(0, 0), (10, 10), (20, 20), (30, 30)]),
        "short": LineString([(0, 0), (0.03, 0.01)]),
        "there_and_back": LineString([(0, 0), (40, 1), (0, 0.05)]),
        "crossing": LineString([(0, 0), (20, 20), (20, 0), (0, 20)]),
        "long": LineString([(-9000, -5000), (0, 30), (9000, 5200)]),
        "walk": LineString(walk),
        "parts": MultiLineString([[(0, 0), (20, 0)], [(0, 10), (20, 10.04)]]),
        "ring": LineString([(0, 0), (30, 0), (30, 30), (0, 0)]),
    }
    return {
        name: shape if isinstance(shape, MultiLineString) else MultiLineString([shape])
        for name, shape in found.items()
    }


def spread(shapes: dict[str, BaseGeometry], turns: int = 4) -> Iterator[tuple[str, BaseGeometry]]:
    """Each shape turned and put at several places of the tiny town, so that tile edges cut some."""
    rng = np.random.default_rng(7)
    for name, shape in shapes.items():
        for turn in range(turns):
            turned = affinity.rotate(shape, 90 * rng.random() * (turn > 0), origin=(0, 0))
            at = rng.uniform(0, 2000, 2)
            yield f"{name}-{turn}", affinity.translate(turned, ORIGIN[0] + at[0], ORIGIN[1] + at[1])


def _multi(shape: BaseGeometry) -> MultiPolygon:
    made = shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])
    if not made.is_valid:
        raise ValueError(shapely.is_valid_reason(made))
    return made
