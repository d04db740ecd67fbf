"""Stage tiles of rough ground at low zooms: light enough, and no flooded place is hidden."""

import gzip
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from affine import Affine
from scipy.ndimage import gaussian_filter
from shapely.geometry import shape

from db.changes import number_changes
from db.connect import Machine
from db.flood_library import RING_COLUMNS
from db.queries.tiles import TileLayer, build, place
from flood import library, overview
from flood.ground import Ground
from layers.catalog import get
from layers.model import Role
from layers.privacy import tile_fields
from ops.flood_library import ring_rows
from tests.conftest import TownHandle
from tests.db.test_tile_shapes import HALF_WORLD, TO_MERCATOR, tiles_of
from tests.tiny import load_rows

LAYER = get("flood_stages")
SHARE = 16
"""The ground is this much smaller than one that fills a tile, and so are all bounds."""
MOST_KB = 250 / SHARE
STAGES = library.stages_between(109.0, 111.9)
NEAR = 1.5
"""Units of a tile: rounding, and what is left out of straight lines."""


def made() -> library.Library:
    """A valley 2 km across, rough at two scales, with a river down its middle."""
    chance = np.random.default_rng(3)
    heights = gaussian_filter(chance.normal(size=(120, 120)), 12) * 20
    heights += gaussian_filter(chance.normal(size=(120, 120)), 1.5) * 2
    heights += 109.0 - heights.min() + np.abs(np.arange(120) - 60)[None, :] * 0.01
    source = np.zeros(heights.shape, dtype=bool)
    source[:, 59:62] = True
    heights[source] = 108
    ground = Ground(heights.astype(np.float32), Affine(14, 0, 520_300, 0, -14, 1_699_200))
    return library.build(ground, ground.heights, source, STAGES)


@pytest.fixture(scope="module")
def rough() -> library.Library:
    return made()


@pytest.fixture(scope="module")
def coarse(rough: library.Library) -> tuple[overview.Overview, ...]:
    with pytest.MonkeyPatch.context() as patch:
        for bound in ("MOST_POINTS", "MOST_CORNERS"):
            patch.setattr(overview, bound, getattr(overview, bound) // SHARE)
        return overview.overviews(rough, range(12, 14))


@pytest.fixture(scope="module")
def town(
    module_town: TownHandle, rough: library.Library, coarse: tuple[overview.Overview, ...]
) -> TownHandle:
    """The library with its overviews, and one of another gauge that was built before there were."""
    rows = [
        *ring_rows("NEW", rough, coarse),
        *((f"OLD{row[0]}", "OLD", *row[2:]) for row in ring_rows("OLD", rough, ())),
    ]
    with module_town.connect(Machine.LOADER) as conn:
        load_rows(
            conn,
            LAYER.id,
            [
                dict(zip(RING_COLUMNS, (*row[:-1], shapely.from_wkb(row[-1])), strict=True))
                for row in rows
            ],
        )
        number_changes(conn)
    return module_town


def drawn(
    town: TownHandle, at: tuple[int, int, int], *, rendered: bool = True
) -> dict[str, list[dict[str, Any]]]:
    """Features of a tile by gauge."""
    part = TileLayer(LAYER, Role.PUBLIC, tile_fields(LAYER, Role.PUBLIC))
    statement, _ = build((part,), at[0], rendered=rendered)
    with town.connect(Role.PUBLIC) as conn:
        (body,) = conn.execute(statement, place(*at)).fetchone() or (b"",)
    found = mapbox_vector_tile.decode(bytes(body), default_options={"y_coord_down": True})
    told: dict[str, list[dict[str, Any]]] = {"NEW": [], "OLD": []}
    for each in found.get(LAYER.id, {"features": []})["features"]:
        told[each["properties"]["gauge"]].append(each)
    return told


def tiles(rough: library.Library, z: int) -> list[tuple[int, int, int]]:
    shapes = [ring.shape for ring in rough.rings]
    return sorted(tiles_of([shapely.transform(each, mercator) for each in shapes], z))


def mercator(xy: np.ndarray) -> np.ndarray:
    return np.column_stack(TO_MERCATOR.transform(xy[:, 0], xy[:, 1]))


def test_each_zoom_draws_its_own_and_a_library_of_before_all_of_it(
    town: TownHandle, rough: library.Library, coarse: tuple[overview.Overview, ...]
) -> None:
    assert [each.zoom for each in coarse] == [12, 13]
    for z in (12, 13, 14, 15):
        kind = "overview" if z in (12, 13) else "ring"
        for rendered in (True, False):
            for at in tiles(rough, z)[:: 1 if z < 14 else 7]:
                found = drawn(town, at, rendered=rendered)
                assert {one["properties"]["kind"] for one in found["NEW"]} <= {kind}
                assert {one["properties"]["kind"] for one in found["OLD"]} <= {"ring"}
                assert bool(found["NEW"]) == bool(found["OLD"]) or z < 14


def test_low_tiles_are_within_the_bound_where_those_of_rings_are_not(
    town: TownHandle, rough: library.Library
) -> None:
    part = TileLayer(LAYER, Role.PUBLIC, tile_fields(LAYER, Role.PUBLIC))
    sizes: dict[str, list[float]] = {"NEW": [], "OLD": []}
    for z in (12, 13):
        statement, _ = build((part,), z)
        for at in tiles(rough, z):
            for gauge, found in sizes.items():
                with town.connect(Role.PUBLIC) as conn:
                    one = statement.replace(
                        b'"flood_stages_tile" AS t WHERE',
                        b'"flood_stages_tile" AS t WHERE t.gauge = \'' + gauge.encode() + b"' AND",
                    )
                    assert one != statement
                    (body,) = conn.execute(one, place(*at)).fetchone() or (b"",)
                found.append(len(gzip.compress(bytes(body), 6)) / 1000)
    assert max(sizes["NEW"]) <= MOST_KB, sizes
    assert max(sizes["OLD"]) > MOST_KB, sizes


def test_no_flooded_cell_is_outside_what_a_low_tile_draws(
    town: TownHandle, rough: library.Library
) -> None:
    cells = np.argwhere(rough.first < len(STAGES))
    x, y = rough.ground.transform @ (cells[:, 1] + 0.5, cells[:, 0] + 0.5)
    at_x, at_y = TO_MERCATOR.transform(x, y)
    first = rough.first[cells[:, 0], cells[:, 1]]
    for z in (12, 13):
        side = 2 * HALF_WORLD / 2**z
        for at in tiles(rough, z):
            units = np.column_stack(
                [
                    ((at_x + HALF_WORLD) / side - at[1]) * 4096,
                    ((HALF_WORLD - at_y) / side - at[2]) * 4096,
                ]
            )
            inside = ((units >= 0) & (units < 4096)).all(axis=1)
            features = drawn(town, at)["NEW"]
            for number in (0, 7, 15, len(STAGES) - 1):
                shapes = [
                    shape(one["geometry"])
                    for one in features
                    if one["properties"]["wet_from_m"] <= STAGES[number] + 0.005
                ]
                places = shapely.points(units[inside & (first <= number)])
                if len(places):
                    tree = shapely.STRtree(shapes)
                    _, away = tree.query_nearest(places, return_distance=True, all_matches=False)
                    assert away.max() <= NEAR, (at, number)
