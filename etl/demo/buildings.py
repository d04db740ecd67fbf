"""Footprints of buildings on the plots that are built on; every house stands in one."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely

from etl.demo.blocks import Blocks
from etl.demo.cadastre import Land
from etl.demo.curves import FloatArray
from etl.demo.network import IntArray, Shapes
from etl.demo.towns import DemoTown

_SMALLEST_M2 = 9.0
_SETBACK_M = 0.7
"""A detached house keeps this far from its plot's border; shophouses touch."""
_GAP_M = 1.0
"""Between two buildings of one plot."""
_STOREY_M = 3.1
_KNOWN = 0.92
"""Share of buildings whose height is known."""
_TERRACED = ("ตึกแถว", "ทาวน์เฮาส์", "ร้านขายของชำ")
_STORAGE = ("โกดัง", "อู่ซ่อมรถ")
_KINDS: Mapping[str, str] = {
    "hospital": "health", "clinic": "health", "school": "education", "temple": "religious",
    "fire_station": "public", "police": "public", "government": "public",
    "market": "commercial", "utility": "industrial",
}  # fmt: skip
"""Kind of a place -> kind of its buildings; a park or a parking ground has none."""
_HALLS: Mapping[str, tuple[tuple[float, float, float, float], ...]] = {
    "health": ((0.18, 0.34, 0.82, 0.62), (0.3, 0.1, 0.46, 0.28), (0.56, 0.68, 0.8, 0.86)),
    "education": ((0.12, 0.64, 0.88, 0.78), (0.12, 0.2, 0.24, 0.58), (0.76, 0.2, 0.88, 0.58)),
    "religious": ((0.38, 0.3, 0.62, 0.68), (0.12, 0.14, 0.3, 0.32), (0.7, 0.62, 0.9, 0.82)),
    "public": ((0.2, 0.4, 0.8, 0.74),),
    "commercial": ((0.12, 0.14, 0.88, 0.44), (0.12, 0.56, 0.88, 0.86)),
    "industrial": ((0.14, 0.18, 0.48, 0.5), (0.56, 0.5, 0.86, 0.84)),
}
"""Buildings of a place as shares of the box around its plot: x and y from, x and y to."""


def build(
    town: DemoTown,
    land: Land,
    *,
    blocks: Blocks,
    homes: gpd.GeoDataFrame,
    plot_of: IntArray,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """All buildings (fields of the layer and `geom`), in the order of the tax map.

    `plot_of` is the row of the parcel each house stands on, in rising order.
    """
    use = land.frame["use"].to_numpy()
    detail = land.frame["use_detail"].to_numpy()
    trade = np.flatnonzero((use == "commercial") & (rng.random(len(use)) < 0.9))  # noqa: PLR2004
    trade = trade[~np.isin(trade, plot_of)]
    entrance = shapely.get_coordinates(homes["geom"].to_numpy())
    middle = shapely.get_coordinates(shapely.centroid(land.frame["geom"].to_numpy()[trade]))
    row = np.concatenate([plot_of, trade])
    at = np.concatenate([entrance, 0.5 * (middle + land.front[trade])])
    shape = _footprints(land, row, at, np.isin(detail[row], _TERRACED), rng)
    storeys = np.concatenate([homes["storeys"].to_numpy(), rng.choice([1, 2, 3], len(trade))])
    storage = np.isin(detail[row], _STORAGE) & (np.arange(len(row)) >= len(plot_of))
    storeys[storage] = 1
    kind = np.where(use[row] == "commercial", "commercial", "residential").astype(object)
    kind[storage] = "industrial"
    keep = shapely.area(shape) >= _SMALLEST_M2
    halls, hall_of, of_place = _halls(land, blocks)
    hall_kind = [_KINDS[blocks.places[n].kind] for n in of_place.tolist()]
    first = np.concatenate([[True], of_place[1:] != of_place[:-1]])
    names = [blocks.places[n].name if f else None for n, f in zip(of_place, first, strict=True)]
    order = np.argsort(np.concatenate([row[keep], hall_of]), kind="stable")
    floors = np.concatenate([storeys[keep], rng.choice([1, 2, 3], len(halls))])[order]
    height = np.round(floors * _STOREY_M + rng.uniform(0.6, 2.2, len(floors)), 1)
    return gpd.GeoDataFrame(
        {
            "code": [f"BD-{town.short}-{n:05d}" for n in range(1, len(order) + 1)],
            "name": np.asarray([None] * int(keep.sum()) + names, dtype=object)[order],
            "kind": np.concatenate([kind[keep], np.asarray(hall_kind, dtype=object)])[order],
            "storeys": floors,
            "height_m": np.where(rng.random(len(floors)) < _KNOWN, height, np.nan),
        },
        geometry=np.concatenate([shape[keep], halls])[order],
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def _footprints(
    land: Land, row: IntArray, at: FloatArray, terraced: np.ndarray, rng: np.random.Generator
) -> Shapes:
    """One building around each point `at`, square with its plot `row` and inside it.

    A terraced one reaches from border to border, another stands free, perhaps with a wing. The
    second house of a plot keeps off the first; where it has no room both are one building.
    """
    plots = land.frame["geom"].to_numpy()[row]
    inward, aside = _axes(plots, land.front[row])
    count = len(row)
    reach = np.sum((at - land.front[row]) * inward, axis=1)
    wide = np.where(terraced, 80.0, rng.uniform(6.0, 12.5, count))
    near = np.where(terraced, 0.8 - reach, -rng.uniform(0.4, 2.0, count))
    far = np.where(terraced, np.maximum(rng.uniform(9.0, 16.0, count) - reach, 2.0), 0.0)
    far = np.where(terraced, far, rng.uniform(5.5, 11.0, count))
    left = -wide * np.where(terraced, 0.5, rng.uniform(0.3, 0.7, count))
    main = _boxes(at, inward, aside, near=near, far=far, left=left, right=left + wide)
    wing = _boxes(
        at, inward, aside,
        near=far - 0.5, far=far + rng.uniform(2.5, 6.0, count),
        left=left, right=left + wide * rng.uniform(0.35, 0.6, count),
    )  # fmt: skip
    winged = ~terraced & (rng.random(count) < 0.4)  # noqa: PLR2004
    main[winged] = shapely.union(main[winged], wing[winged])
    room = shapely.buffer(plots, np.where(terraced, -0.05, -_SETBACK_M), join_style="mitre")
    shape = _largest(shapely.intersection(main, room))
    # a narrow plot is built up to its borders
    tight = shapely.area(shape) < 2 * _SMALLEST_M2
    shape[tight] = _largest(shapely.intersection(main[tight], plots[tight]))
    again = np.flatnonzero(np.concatenate([[False], row[1:] == row[:-1]]))
    shape[again] = _largest(
        shapely.difference(shape[again], shapely.buffer(shape[again - 1], _GAP_M, quad_segs=1))
    )
    return shape


def _axes(plots: Shapes, front: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unit vectors of each plot's own box: away from the street, and along it."""
    box = shapely.get_coordinates(shapely.oriented_envelope(plots)).reshape(-1, 5, 2)
    one, two = box[:, 1] - box[:, 0], box[:, 3] - box[:, 0]
    one = one / np.hypot(*one.T)[:, None]
    two = two / np.hypot(*two.T)[:, None]
    away = shapely.get_coordinates(shapely.centroid(plots)) - front
    on_one, on_two = np.sum(away * one, axis=1), np.sum(away * two, axis=1)
    first = (np.abs(on_one) > np.abs(on_two))[:, None]
    inward = np.where(first, one, two) * np.sign(np.where(first[:, 0], on_one, on_two))[:, None]
    return inward, np.where(first, two, one)


def _boxes(
    at: FloatArray,
    inward: FloatArray,
    aside: FloatArray,
    *,
    near: FloatArray,
    far: FloatArray,
    left: FloatArray,
    right: FloatArray,
) -> Shapes:
    """Rectangles from `near` to `far` metres inward and `left` to `right` metres aside of `at`."""
    corners = [
        at + deep[:, None] * inward + side[:, None] * aside
        for deep, side in ((near, left), (near, right), (far, right), (far, left))
    ]
    return np.asarray(shapely.polygons(np.stack(corners, axis=1)), dtype=object)


def _largest(shapes: Shapes) -> Shapes:
    """The largest polygon of each shape; an empty one where it has none."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    area = np.where(
        shapely.get_type_id(parts) == shapely.GeometryType.POLYGON, shapely.area(parts), -1.0
    )
    found = np.full(len(shapes), shapely.Polygon(), dtype=object)
    order = np.argsort(area, kind="stable")
    order = order[area[order] > 0]
    # the last one written, the largest, stays
    found[of[order]] = parts[order]
    return found


def _halls(land: Land, blocks: Blocks) -> tuple[Shapes, IntArray, IntArray]:
    """Buildings of the town's places: shapes, the parcel each stands on, and the place's number."""
    row_of = {place: row for row, place in enumerate(land.place.tolist()) if place >= 0}
    told = [
        (n, share)
        for n, place in enumerate(blocks.places)
        for share in _HALLS.get(_KINDS.get(place.kind, ""), ())
    ]
    of_place = np.asarray([n for n, _ in told], dtype=np.int64)
    share = np.asarray([s for _, s in told])
    plots = blocks.place_shapes[of_place]
    box = shapely.get_coordinates(shapely.oriented_envelope(plots)).reshape(-1, 5, 2)
    along, deep = box[:, 1] - box[:, 0], box[:, 3] - box[:, 0]
    corners = [
        box[:, 0] + share[:, x, None] * along + share[:, y, None] * deep
        for x, y in ((0, 1), (2, 1), (2, 3), (0, 3))
    ]
    room = shapely.buffer(plots, -1.5, join_style="mitre")
    shapes = _largest(shapely.intersection(shapely.polygons(np.stack(corners, axis=1)), room))
    keep = shapely.area(shapes) >= _SMALLEST_M2
    rows = np.asarray([row_of[n] for n in of_place.tolist()], dtype=np.int64)
    return shapes[keep], rows[keep], of_place[keep]
