"""The plan of a demo town: what is decided by hand before anything is generated.

A plan holds control points chosen for the demo (river, coast, main roads, places) and the
ground they lie on; every plot, house and person is then derived from it with seeded numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon

from etl.demo.curves import FloatArray
from etl.demo.grid import Grid


@dataclass(frozen=True)
class Street:
    """A road drawn by hand: its centreline, class (a code of the roads layer) and name."""

    name: str
    klass: str
    line: LineString
    oneway: str = "no"


@dataclass(frozen=True)
class Water:
    """Permanent water of the town; `kind` is a code of the water layer."""

    name: str
    kind: str
    shape: Polygon


@dataclass(frozen=True)
class Place:
    """A facility that owns a plot: where it should stand and how much land it takes.

    `capacity` above 0 makes it a shelter too; `care_beds` above 0 a nursing home.
    """

    kind: str
    name: str
    xy: tuple[float, float]
    area_m2: float
    capacity: int = 0
    care_beds: int = 0


@dataclass(frozen=True)
class Community:
    """A community (ชุมชน): its names and the point it grew from."""

    name: str
    name_en: str
    xy: tuple[float, float]


@dataclass(frozen=True)
class Scenario:
    """One flood: a kind of the flood_zones layer, its return period or stage, its water level.

    `level_m` is the water surface at the gauge in metres of the demo datum.
    """

    kind: str
    value: float
    level_m: float


@dataclass(frozen=True)
class StagePlan:
    """The stage library of a gauge: stages from `low_m` to `high_m` (m), in cells of `cell_m`.

    `river` runs downstream, its surface falls by `slope` metres a metre; None: level water.
    """

    low_m: float
    high_m: float
    cell_m: float
    river: LineString | None = None
    slope: float | None = None


@dataclass(frozen=True)
class FloodPlan:
    """How water spreads: relative level of every cell, where it enters, and the scenarios.

    `relative` is ground minus a water surface of level 0 at the gauge (so the surface may
    slope); a cell is wet at `level_m` when it is lower and joined to `source` by wet cells.
    `at` is where the gauge stands, where that matters; `library` what its stages are built of.
    """

    gauge: str
    title_th: str
    relative: NDArray[np.float32]
    source: NDArray[np.bool_]
    scenarios: tuple[Scenario, ...]
    at: Point | None = None
    library: StagePlan | None = None


@dataclass(frozen=True)
class Plan:
    """Everything the generator needs to build one town."""

    boundary: Polygon
    grid: Grid
    elevation: NDArray[np.float32]
    streets: tuple[Street, ...]
    water: tuple[Water, ...]
    edges: tuple[LineString, ...]
    density: Callable[[FloatArray], FloatArray]
    places: tuple[Place, ...]
    communities: tuple[Community, ...]
    floods: tuple[FloodPlan, ...]
    tambon: Callable[[FloatArray], NDArray[np.str_]]
    plot_scale: float = 1.0
    price_scale: float = 1.0
    storeys: float = 0.0

    def ground(self, xy: FloatArray) -> FloatArray:
        """Ground level in metres of the demo datum at points (n, 2)."""
        return self.grid.sample(self.elevation, xy)


@dataclass(frozen=True)
class Kernel:
    """A centre of settlement: full strength at its point, none beyond `radius`."""

    x: float
    y: float
    radius: float
    strength: float


def moved(kernels: tuple[Kernel, ...], origin: FloatArray) -> tuple[Kernel, ...]:
    """Kernels given from the town's origin, in its projected CRS."""
    x, y = (float(value) for value in origin)
    return tuple(Kernel(k.x + x, k.y + y, k.radius, k.strength) for k in kernels)


def placed(places: tuple[Place, ...], origin: FloatArray) -> tuple[Place, ...]:
    """Places given from the town's origin, in its projected CRS."""
    x, y = (float(value) for value in origin)
    return tuple(replace(p, xy=(p.xy[0] + x, p.xy[1] + y)) for p in places)


def peopled(communities: tuple[Community, ...], origin: FloatArray) -> tuple[Community, ...]:
    """Communities given from the town's origin, in its projected CRS."""
    x, y = (float(value) for value in origin)
    return tuple(replace(c, xy=(c.xy[0] + x, c.xy[1] + y)) for c in communities)


def settlement(kernels: tuple[Kernel, ...]) -> Callable[[FloatArray], FloatArray]:
    """Density of building, 0 to 1, as the strongest of several centres."""

    def density(xy: FloatArray) -> FloatArray:
        best = np.zeros(len(xy))
        for k in kernels:
            distance = np.hypot(xy[:, 0] - k.x, xy[:, 1] - k.y) / k.radius
            best = np.maximum(best, k.strength * np.clip(1.0 - distance**2, 0.0, 1.0))
        return best

    return density


def along_roads(
    density: Callable[[FloatArray], FloatArray],
    streets: tuple[Street, ...],
    *,
    reach: float,
    gain: float,
) -> Callable[[FloatArray], FloatArray]:
    """The same density, raised within `reach` metres of main roads: towns grow along them."""
    main = shapely.union_all([s.line for s in streets if s.klass in ("trunk", "primary")])
    shapely.prepare(main)

    def ribbon(xy: FloatArray) -> FloatArray:
        near = np.clip(1.0 - shapely.distance(main, shapely.points(xy)) / reach, 0.0, 1.0)
        return np.clip(density(xy) * (1.0 + gain * near), 0.0, 1.0)

    return ribbon
