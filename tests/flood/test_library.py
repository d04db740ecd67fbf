"""The library of stages: equal to a slow reference, connected, growing, and exact in volume."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from scipy.ndimage import gaussian_filter, label

from flood.certainty import stage_range
from flood.ground import Barrier, Ground, fill_channel, quality, with_barriers
from flood.library import CLASSES, Library, build, stages_between
from flood.river import Mark, along, calibrate, relative
from layers.errors import RefusedError
from tests.flood.water_reference import flooded
from tests.shared_data import shared_data

GRID = Affine(10, 0, 500_000, 0, -10, 1_700_000)


def plain(seed: int = 1, side: int = 60) -> tuple[Ground, np.ndarray]:
    """A rough valley with its channel down the middle, and that channel."""
    chance = np.random.default_rng(seed)
    heights = gaussian_filter(chance.normal(size=(side, side)), 3) * 6
    heights += np.abs(np.arange(side) - side // 2)[None, :] * 0.08
    heights[:, side // 2] = -2
    channel = np.zeros((side, side), dtype=bool)
    channel[:, side // 2] = True
    return Ground(heights.astype(np.float32), GRID), channel


def check(library: Library, source: np.ndarray) -> None:
    """What must hold of any library."""
    areas = []
    for number, stage in enumerate(library.stages):
        wet = library.first <= number
        assert np.array_equal(wet, flooded(library.relative, source, stage))
        joined, _ = label(wet)
        assert set(np.unique(joined[wet])) <= set(np.unique(joined[source & wet]))
        areas.append(wet.sum())
    assert all(after >= before for before, after in pairwise(areas))
    assert areas[-1] > areas[0]


def test_it_equals_the_slow_reference_at_every_stage_and_grows() -> None:
    ground, channel = plain()
    library = build(ground, ground.heights, channel, stages_between(0, 4, 0.2))
    check(library, channel)


def test_zones_are_unions_of_rings_and_follow_the_cells() -> None:
    ground, channel = plain(2, 80)
    library = build(ground, ground.heights, channel, stages_between(0.5, 3, 0.5))
    before = None
    zones = list(library.all_zones())
    for number, stage in enumerate(library.stages):
        mine = [zone for zone in zones if zone.stage_m == stage]
        shapes = [zone.shape for zone in mine]
        assert all(shape.is_valid for shape in shapes)
        whole = shapely.union_all(shapes)
        # no class overlaps another, and a higher stage holds a lower one
        assert whole.area == pytest.approx(sum(shape.area for shape in shapes), rel=1e-6)
        if before is not None:
            assert before.difference(whole.buffer(0.01)).area < 1
        before = whole
        # generalised to a cell and a half; cells are counted exactly
        cells = (library.first <= number).sum() * ground.cell_m2
        assert sum(zone.area_m2 for zone in mine) == cells
        assert whole.area == pytest.approx(cells, rel=0.03)
        drawn = shapely.union_all([r.shape for r in library.rings if r.wet_from_m <= stage])
        assert drawn.symmetric_difference(whole).area < 1
        for zone in mine:
            wet = ground.cells_of(zone.shape.buffer(-25))
            depth = library.depth(stage)[wet]
            low, high = next((a, b) for code, a, b in CLASSES if code == zone.depth_class)
            assert not depth.size or low - 0.2 <= np.median(depth) <= high + 0.2


def test_a_filled_bowl_holds_exactly_its_volume() -> None:
    """A square funnel in steps of 0.5 m: every figure is exact in binary."""
    far = np.abs(np.arange(21) - 10)
    heights = np.maximum(far[:, None], far[None, :]) * 0.5
    ground = Ground(heights.astype(np.float32), GRID)
    source = np.zeros(heights.shape, dtype=bool)
    source[10, 10] = True
    library = build(ground, ground.heights, source, [1.0, 2.0, 3.5])
    for stage in (1.0, 2.0, 3.5):
        volume = float(np.nansum(library.depth(stage), dtype=np.float64)) * ground.cell_m2
        ring = np.arange(int(stage / 0.5))
        cells = np.where(ring == 0, 1, 8 * ring)
        assert volume == float((cells * (stage - ring * 0.5)).sum()) * 100.0


def test_a_levee_blocks_water_until_it_is_overtopped_and_an_open_gate_lets_it_in() -> None:
    heights = np.tile(np.linspace(0, 2, 40, dtype=np.float32), (30, 1))
    ground = Ground(heights, GRID)
    source = np.zeros(heights.shape, dtype=bool)
    source[:, 0] = True
    line = shapely.LineString([(500_101, 1_700_100), (500_153, 1_699_600)])
    gate = shapely.LineString([(500_120, 1_699_850), (500_135, 1_699_850)])
    stages = stages_between(0.5, 4, 0.5)

    def wet_behind(*barriers: Barrier) -> list[bool]:
        walled = with_barriers(ground, barriers).ground
        library = build(walled, walled.heights, source, stages)
        return [bool((library.first[:, 25] <= number).any()) for number in range(len(stages))]

    assert wet_behind() == [stage > heights[0, 25] for stage in stages]
    levee = Barrier(line, 3.0)
    assert wet_behind(levee) == [stage > 3.0 for stage in stages]
    assert wet_behind(levee, Barrier(gate, None, open=True)) == wet_behind()
    told = with_barriers(ground, [Barrier(line, None)])
    assert told.burned == 0
    assert "no crest" in told.caveats[0].en


def test_holes_are_marked_never_dry_and_do_not_stop_the_river() -> None:
    ground, channel = plain(3)
    heights = ground.heights.copy()
    heights[20:30, 5:15] = np.nan
    heights[40, 30] = np.nan  # in the channel
    holed = fill_channel(Ground(heights, GRID), channel)
    assert np.isfinite(holed.heights[40, 30])
    town = shapely.box(499_900, 1_699_300, 500_700, 1_700_100)
    library = build(holed, holed.heights, channel, stages_between(0, 2), town=town)
    assert library.not_modelled is not None
    outside = town.area - town.intersection(holed.box).area
    assert library.not_modelled.area == pytest.approx(outside + 100 * 100)
    assert np.isnan(library.depth(2.0)[25, 10])
    said = quality(Ground(heights, GRID), stated_error_m=0.2, surface="dtm")
    assert "not modelled" in said.caveats[0].en


def test_a_sloping_surface_is_one_number_along_the_river() -> None:
    """Banks that fall with the river are wet at one stage all along."""
    rows = np.arange(50)
    bed = 10 - rows * 0.01  # 1 mm a metre, downstream is south
    heights = np.repeat(bed[:, None], 30, axis=1).astype(np.float32)
    ground = Ground(heights, GRID)
    line = shapely.LineString([(500_155, 1_699_995), (500_155, 1_699_505)])
    gauge = shapely.Point(500_155, 1_699_505)
    up = along(ground, line, gauge)
    assert up[-1, 15] == pytest.approx(0, abs=6)
    assert up[0, 15] == pytest.approx(490, abs=6)
    level = relative(ground, up, 0.001)
    assert float(np.ptp(level)) < 0.012
    fitted = calibrate(
        [Mark("a", 20.3, 20, 0), Mark("b", 20.8, 20, 500), Mark("c", 21.31, 20, 1000)]
    )
    assert fitted.slope == pytest.approx(0.00101)
    assert fitted.offset_m == pytest.approx(0.298, abs=0.001)
    assert sum(fitted.residuals_m) == pytest.approx(0, abs=1e-9)
    assert fitted.rmse_m == pytest.approx(0.0024, abs=0.0005)
    assert calibrate([Mark("a", 20.3, 20, 0)]).offset_m == pytest.approx(0.3)
    with pytest.raises(RefusedError):
        calibrate([])


def test_a_range_is_rounded_outwards_and_open_where_the_library_ends() -> None:
    stages = stages_between(110, 112)
    exact = stage_range(111, 0.02, stages)
    assert (exact.low_m, exact.high_m) == (111, 111)
    some = stage_range(111, 0.3, stages)
    assert (some.low_m, some.high_m) == (110.6, 111.4)
    wide = stage_range(111, 1.9, stages)
    assert (wide.low_m, wide.high_m) == (None, None)


def test_what_cannot_be_built_is_refused_with_the_reason() -> None:
    ground, channel = plain()
    with pytest.raises(RefusedError, match="No stage reaches"):
        build(ground, ground.heights, channel, [-9.0])
    with pytest.raises(RefusedError, match="stages"):
        stages_between(3, 1)
    with pytest.raises(RefusedError, match="surface model"):
        quality(ground, surface="dsm")
    marked = quality(ground, surface="dsm", insist_dsm=True)
    assert marked.marked
    assert not marked.stated
    assert "insisted" in marked.caveats[0].en


def _read(path: Path) -> tuple[np.ndarray, str]:
    with rasterio.open(path) as source:
        band = source.read(1, masked=True).astype(np.float32)
        return np.asarray(band.filled(np.nan)), source.dtypes[0]


def test_alexandria_lidar_from_its_lowest_cells() -> None:
    heights, dtype = _read(shared_data("c_alexandria_lidar", "dtm.tif"))
    ground = Ground(heights, Affine(2, 0, 321_498, 0, -2, 4_298_018))
    source = heights <= np.nanmin(heights) + 0.05
    library = build(ground, ground.heights, source, stages_between(7, 12, 0.5))
    check(library, source)
    assert quality(ground, stated_error_m=0.15, surface="dtm", dtype=dtype).error_m == 0.15


def test_porto_alegre_whole_metres_from_the_lake() -> None:
    heights, dtype = _read(shared_data("c_porto_alegre", "poa_elevation.tif"))
    ground = Ground(heights, Affine(27, 0, 475_000, 0, -31, 6_680_000))
    source = heights == 0
    library = build(ground, ground.heights, source, [0.5, 1.5, 3.5, 5.5])
    check(library, source)
    said = quality(ground, surface="dtm", dtype=dtype)
    assert said.error_m > 1.9
    assert any("whole metres" in caveat.en for caveat in said.caveats)
