"""Building a town's stage library: its ground, water and levees in, zones, rings and cells out."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from db import flood_library
from db.boundary import boundary_wkb
from db.towns import get_town
from flood import vertical
from flood.certainty import StageRange, stage_range
from flood.ground import Barrier, Ground, Quality, coarser, fill_channel, quality
from flood.ground import with_barriers as with_barriers_in
from flood.library import Library, Ring, Tell, build, stages_between
from flood.overview import Overview, overviews
from ops.flood_cells import write_cells
from ops.flood_ground import LibraryOrder, channel, elevation, surface, surface_of

if TYPE_CHECKING:
    from db.derived import AnyConnection

MSL = "Kolak-1915 (MSL)"
"""What gauges speak in Thailand."""
_YOUNG_S = 3600
_LOW_ZOOMS = range(flood_library.RINGS.zooms.min, 16)
"""Zooms at which an overview may be drawn; from the next one on a cell of the ground is seen."""
_UNITS = {"lt_0_3": "<0.3 m", "0_3_0_5": "0.3-0.5 m", "0_5_1": "0.5-1 m", "gt_1": ">1 m"}


def build_library(
    conn: "AnyConnection", order: LibraryOrder, folder: Path, tell: Tell
) -> dict[str, Any]:
    """Build a library and bring it into use; the facts kept of it. The old one stays until then.

    `folder` is the town's folder of rasters. RefusedError says why ground, datum or channel
    cannot be used.
    """
    started = time.monotonic()
    stages = stages_between(order.low_m, order.high_m, order.step_m)
    town = get_town(conn)
    given, ground = elevation(conn, folder)
    good = quality(
        ground,
        stated_error_m=order.error_m if order.error_m is not None else given.error_m,
        surface=surface_of(given.surface),
        dtype=given.dtype or "float32",
        insist_dsm=order.insist_dsm,
    )
    ground, lost_m = coarser(ground, order.cell_m)
    known = flood_library.gauge(conn, order.gauge)
    gauge_datum = order.gauge_datum or (known and known[1]) or MSL
    datum = vertical.conversion(
        given.datum,
        gauge_datum,
        stated_offset_m=order.offset_m,
        offset_error_m=order.offset_error_m,
        insist=order.insist_datum,
    )
    ground = Ground(ground.heights + np.float32(datum.add_m), ground.transform)
    source = channel(conn, order, ground)
    ground = fill_channel(ground, source)
    levees = flood_library.levees(conn)
    walled = with_barriers_in(
        ground, [Barrier(each.line, each.crest_m, each.through) for each in levees]
    )
    ground = walled.ground
    water = surface(conn, order, ground, source)
    boundary = boundary_wkb(conn)
    conn.commit()  # nothing of the town is held while the cells are worked on
    library = build(
        ground,
        water.relative,
        source,
        stages,
        town=None if boundary is None else shapely.from_wkb(boundary),
        tell=tell,
    )
    tell("overview", 0, 1)
    coarse = overviews(library, _LOW_ZOOMS)
    tell("overview", 1, 1)
    error = vertical.together(
        good.error_m,
        lost_m,
        datum.error_m,
        water.calibration.rmse_m if water.calibration else 0.0,
    )
    ranges = {stage: stage_range(stage, error, stages) for stage in stages}
    areas: dict[float, dict[str, float]] = {stage: {} for stage in stages}
    caveats = (*good.caveats, *datum.caveats, *water.caveats, *walled.caveats)
    marked = good.marked or datum.marked
    file = write_cells(library, folder, town.srid)

    def facts() -> Mapping[str, object]:
        return {
            "stages": [_stage(ranges[stage], areas[stage]) for stage in stages],
            "step_m": order.step_m,
            "method": order.method,
            "error_m": round(error, 3),
            "ground_error_m": round(good.error_m, 3),
            "error_stated": good.stated,
            "ground_datum": given.datum,
            "gauge_datum": gauge_datum,
            "offset_m": datum.add_m,
            "slope": water.slope,
            "calibration": asdict(water.calibration) if water.calibration else None,
            "cell_m": ground.cell_m,
            "overviews": [{"zoom": each.zoom, "cell_m": each.cell_m} for each in coarse],
            "surface": given.surface,
            "marked": marked,
            "void_share": round(good.void_share, 5),
            "not_modelled_m2": round(library.not_modelled.area) if library.not_modelled else 0,
            "barriers": walled.burned,
            "levees": {each.code: asdict(each.taken) for each in levees},
            "elevation_dataset": given.dataset_id,
            "elevation_source": given.source,
            "caveats": [caveat.model_dump() for caveat in caveats],
            "seconds": round(time.monotonic() - started, 1),
        }

    kept = flood_library.keep(
        conn,
        flood_library.Entry(
            order.gauge,
            _zone_rows(order.gauge, library, ranges, areas, good=good, tell=tell),
            ring_rows(order.gauge, library, coarse),
            facts,
            file,
        ),
        source=order.source or f"stage library of {order.gauge}, from {given.source}",
        actor=order.actor,
        synthetic=given.synthetic,
    )
    _sweep(conn, folder)
    return {
        **facts(),
        "gauge": order.gauge,
        "dataset_id": kept.dataset_id,
        "zones": asdict(kept.zones),
        "rings": asdict(kept.rings),
    }


def _stage(within: StageRange, areas: Mapping[str, float]) -> dict[str, object]:
    return {
        "stage_m": within.stage_m,
        "stage_low_m": within.low_m,
        "stage_high_m": within.high_m,
        "area_m2": {code: round(area, 1) for code, area in areas.items()},
    }


def _zone_rows(
    gauge: str,
    library: Library,
    ranges: Mapping[float, StageRange],
    areas: dict[float, dict[str, float]],
    *,
    good: Quality,
    tell: Tell,
) -> Iterator[flood_library.Row]:
    """Rows of `flood_zones`, and each stage's areas on the way."""
    sure = f"±{good.error_m:.2f} m (1σ)" + (", marked" if good.marked else "")
    for zone in library.all_zones():
        areas[zone.stage_m][zone.depth_class] = zone.area_m2
        within = ranges[zone.stage_m]
        yield (
            f"{gauge}-S{zone.stage_m:.2f}-{zone.depth_class}",
            f"{gauge} {zone.stage_m:.2f} m MSL, {_UNITS[zone.depth_class]}",
            "stage",
            gauge,
            zone.stage_m,
            zone.depth_class,
            zone.least_m,
            round(zone.deepest_m, 2),
            sure,
            flood_library.MEANS,
            within.low_m,
            within.high_m,
            shapely.to_wkb(zone.shape),
        )
        tell("zones", library.number(zone.stage_m), len(library.stages))
    tell("zones", len(library.stages), len(library.stages))


def ring_rows(
    gauge: str, library: Library, coarse: Sequence[Overview]
) -> Iterator[flood_library.Row]:
    """Rows of `flood_stages`: the rings, and in their place at low zooms the overviews."""
    fine_from = coarse[-1].zoom + 1 if coarse else None
    drawn: list[tuple[str, str, tuple[Ring, ...], int | None, int | None]] = [
        ("R", "ring", library.rings, fine_from, None)
    ]
    drawn += [(f"V{each.zoom}-", "overview", each.rings, each.zoom, each.zoom) for each in coarse]
    for letter, kind, rings, zoom_from, zoom_to in drawn:
        for ring in rings:
            yield (
                f"{gauge}-{letter}{ring.wet_from_m:.2f}-{ring.level_m:.2f}",
                gauge,
                kind,
                ring.wet_from_m,
                ring.level_m,
                zoom_from,
                zoom_to,
                shapely.to_wkb(ring.shape),
            )
    if library.not_modelled is not None:
        shape = shapely.to_wkb(library.not_modelled)
        yield (f"{gauge}-N", gauge, "not_modelled", None, None, None, None, shape)


def _sweep(conn: "AnyConnection", folder: Path) -> None:
    """Remove files no library on record names; a young one may be of a build still going on."""
    named = flood_library.files(conn)
    conn.commit()
    for path in folder.glob("reach_*.tif"):
        if path.name not in named and time.time() - path.stat().st_mtime > _YOUNG_S:
            path.unlink(missing_ok=True)
