"""The plan of the Phibun demo: a flood plain, the Mun with its rapids, an old riverside grid.

All control points were chosen for this demo, in metres from the town's origin; levels are of
a demo datum. Nothing here is a survey: no bank, warning level or flood of the real river.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point

from etl.demo.curves import (
    Baseline,
    FloatArray,
    join,
    polygon_of,
    rough_ring,
    smooth_line,
    smooth_ring,
)
from etl.demo.grid import Grid, line_coordinates, noise, step
from etl.demo.phibun_places import COMMUNITIES, PLACES
from etl.demo.plan import (
    FloodPlan,
    Kernel,
    Plan,
    Scenario,
    StagePlan,
    Street,
    Water,
    along_roads,
    moved,
    peopled,
    placed,
    settlement,
)
from etl.demo.towns import DemoTown

_RIVER = (
    (-4600, 1150), (-3500, 1640), (-2400, 1800), (-1400, 1560), (-550, 1150), (250, 850),
    (1100, 700), (1900, 480), (2700, 60), (3500, -420), (4700, -780),
)  # fmt: skip
_BOUNDARY = (
    (-2420, 1020), (-2250, 2100), (-1500, 2290), (-350, 2130), (560, 2390), (1330, 2180),
    (2050, 1590), (2380, 760), (2480, -260), (2230, -1060), (1500, -1420), (640, -1760),
    (-330, -1850), (-1150, -1640), (-1850, -1180), (-2290, -560), (-2480, 260),
)  # fmt: skip
_CREEKS = (
    ("ห้วยบัวแดง", ((-900, -2500), (-1050, -1700), (-1420, -900), (-1330, -100),
        (-1560, 600), (-1480, 1580))),
    ("ห้วยหินลาด", ((700, -2500), (980, -1500), (1520, -900), (1640, -250), (1960, 150),
        (1990, 440))),
    ("ห้วยทรายขาว", ((-640, 2700), (-800, 2050), (-690, 1600), (-700, 1230))),
    ("คลองกุดปลา", ((1730, 1290), (1880, 1060), (2030, 780), (2110, 380))),
)  # fmt: skip
_PONDS = (
    ("กุดปลาขาว", ((1010, 1400), (1230, 1560), (1560, 1540), (1800, 1330), (1740, 1270),
        (1530, 1440), (1270, 1440), (1090, 1330))),
    ("หนองบัว", ((-620, -830), (-420, -790), (-330, -930), (-440, -1090), (-640, -1060),
        (-720, -940))),
)  # fmt: skip
_KERNELS = (
    Kernel(150, 420, 1080, 0.97), Kernel(-780, 640, 820, 0.66), Kernel(1250, 200, 860, 0.62),
    Kernel(-100, -350, 820, 0.6), Kernel(330, 1400, 560, 0.62), Kernel(-1250, 1960, 430, 0.4),
    Kernel(1850, 860, 430, 0.4), Kernel(-1950, 60, 480, 0.44), Kernel(-860, -1200, 430, 0.38),
    Kernel(960, -1180, 470, 0.4), Kernel(1900, -760, 420, 0.4), Kernel(900, 1960, 360, 0.36),
    Kernel(-150, -1330, 380, 0.36),
)  # fmt: skip

_SLOPE = 9e-5
"""Fall of the flood's surface along the river, metres a metre."""
_GAUGE_S = 4780.0
"""Position along the river of the demo gauge, at the bridge."""
_RAPIDS_S = 5750.0
_STREAM_M = 40.0
"""Half width of the part of the river that always carries water."""
_BRIDGE_GAP_M = 60.0
"""No street of the old grid runs nearer than this to the bridge road."""


def _half_width(s: FloatArray) -> FloatArray:
    """Half the river's width: wider where the rapids spread it, uneven elsewhere."""
    rapids = 62.0 * np.exp(-(((s - _RAPIDS_S) / 420.0) ** 2))
    half: FloatArray = 92.0 + 9.0 * np.sin(s / 410.0) + 6.0 * np.sin(s / 173.0 + 1.0) + rapids
    return half


def _elevation(
    grid: Grid, river: Baseline, creeks: list[Baseline], rng: np.random.Generator
) -> tuple[NDArray[np.float32], FloatArray, FloatArray]:
    """Ground level on the grid and, for each cell, its position along and across the river.

    From the river outwards: channel, bank, natural levee (the old town), back swamp, terrace.
    """
    s, d = line_coordinates(grid, river)
    half = _half_width(s)
    beyond = np.abs(d) - half
    south = d > 0
    broad, fine = noise(grid, 520.0, rng), noise(grid, 90.0, rng)
    levee = np.where(south, 110.7, 109.3) + 0.3 * noise(grid, 900.0, rng)
    swamp_at = np.where(south, 900.0, 760.0) + 160.0 * broad
    swamp = np.where(south, 109.2, 108.3) + 0.75 * noise(grid, 1300.0, rng)
    rise = np.where(south, 0.0031, 0.0027) * np.maximum(beyond - swamp_at, 0.0)
    plain: FloatArray = levee + (swamp - levee) * step(beyond, 180.0, swamp_at) + rise
    bank = 104.4 + (plain - 104.4) * step(beyond, -6.0, 46.0)
    bed = np.minimum(97.5 + 6.9 * (d / half) ** 2, 104.4)
    rough = np.where(beyond > 0, 0.45 * broad + 0.14 * fine, 0.0) * step(beyond, 0.0, 120.0)
    ground = np.where(beyond < 0, bed, bank) + rough
    for creek in creeks:
        along, across = line_coordinates(grid, creek)
        past = np.maximum(np.maximum(-along, along - creek.length), 0.0)
        away = np.hypot(across, past)
        valley = 1.3 * np.exp(-((away / 190.0) ** 2)) * step(beyond, -40.0, 120.0)
        channel = 2.6 * np.exp(-((away / 9.0) ** 2)) * step(beyond, -40.0, 30.0)
        ground = ground - valley - channel
    rocks = np.exp(-(((s - _RAPIDS_S) / 330.0) ** 2)) * step(fine, 0.15, 0.6)
    ground = ground + 5.5 * rocks * (np.abs(d) < 0.8 * half)
    return (ground - _SLOPE * (s - _GAUGE_S)).astype(np.float32), s, d


def _main_roads(river: Baseline, origin: FloatArray) -> list[Street]:
    """Highways and main roads, each joined to the road it meets."""

    def line(*points: tuple[float, float]) -> LineString:
        return smooth_line(np.asarray(points) + origin)

    highway = line((-3600, -420), (-2500, -180), (-1500, 60), (-700, 250), (0, 180), (620, -60),
                   (1300, -380), (2200, -900), (3300, -1700))  # fmt: skip
    reach = float(_half_width(np.asarray(_GAUGE_S)))
    across = river.across(_GAUGE_S - 10, _GAUGE_S + 10, -reach - 230.0, reach + 1200.0)
    bridge = join(across, highway, end=True)
    x, y = np.asarray(bridge.coords[0]) - origin
    bypass = line((-2360, -160), (-1900, -680), (-1050, -1080), (0, -1200), (1000, -1130),
                  (1750, -880), (2150, -860))  # fmt: skip
    bypass = join(join(bypass, highway, end=False), highway, end=True)
    north = line((x, y), (390, 1440), (720, 1900), (1180, 2300), (1900, 2900))
    west = line((x, y), (-450, 1600), (-1250, 1990), (-2100, 2120), (-3200, 2020))
    east = line((x, y), (600, 1210), (1250, 1110), (1950, 900), (2500, 480), (3400, -60))
    south = line((-160, 300), (-200, -420), (-130, -1200), (-420, -2400))
    lotus = line((-760, 350), (-900, -380), (-1090, -1080), (-1450, -2300))
    mango = line((620, 60), (680, -560), (1010, -1130), (1250, -2200))
    wharf = line((-1560, -60), (-1750, 560), (-2150, 980), (-3200, 1050))
    return [
        Street("ทางหลวงสายวาริน", "trunk", highway),
        Street("ทางเลี่ยงเมือง", "trunk", bypass),
        Street("ถนนสะพานมูล", "primary", bridge),
        Street("ทางหลวงสายโขง", "primary", north),
        Street("ถนนทุ่งใต้", "primary", join(south, highway, end=False)),
        Street("ถนนฝั่งซ้าย", "secondary", west),
        Street("ถนนกุดปลา", "secondary", east),
        Street("ถนนหนองบัว", "secondary", join(lotus, highway, end=False)),
        Street("ถนนสวนมะม่วง", "secondary", join(mango, highway, end=False)),
        Street("ถนนท่าทราย", "secondary", join(wharf, highway, end=False)),
    ]


_OLD_STREETS = (
    ("ท่าเรือ", 142), ("ดอกคูณ", 118), ("ใบบัว", 156), ("สายลม", 131), ("แสงเดือน", 124),
        ("ดาวเรือง", 149),
    ("น้ำใส", 118), ("ทรายทอง", 138), ("ต้นโพธิ์", 127), ("แก่งหิน", 144), ("ดอกจาน", 121), ("ฟ้าใส", 152),
    ("ข้าวหอม", 133), ("เมฆขาว", 126), ("ไม้งาม", 147), ("นาดี", 130),
)  # fmt: skip
"""Streets of the old grid that run down to the river, and the distance to the next one."""


def _old_grid(river: Baseline) -> list[Street]:
    """Streets that follow the bank and the streets that run down to it."""
    first, last = _GAUGE_S - 790.0, _GAUGE_S + 1270.0
    shore = river.along(first - 700, last + 330, lambda s: _half_width(s) + 32.0)
    streets = [
        Street("ถนนริมมูล", "secondary", shore),
        Street("ถนนกลางเมือง", "secondary", river.along(first, last, 274.0)),
        Street("ถนนเทศบาล", "residential", river.along(first, last - 420, 426.0)),
        Street("ถนนตลาดใหม่", "residential", river.along(first + 260, last - 690, 574.0)),
    ]
    at = first
    for k, (name, gap) in enumerate(_OLD_STREETS):
        deep = 584.0 if first + 250 < at < last - 680 else 436.0 if at < last - 400 else 284.0
        near = float(_half_width(np.asarray(at)))
        if abs(at - _GAUGE_S) > _BRIDGE_GAP_M:
            lean = 5.0 * (-1) ** k
            line = river.across(at, at + lean, near + 30.0, deep)
            streets.append(Street(f"ถนน{name}", "residential", line))
        at += gap
    return streets


def _river_parts(river: Baseline) -> tuple[LineString, ...]:
    """Lines that part the river between the communities on its banks."""
    parts = [
        river.across(s, s, -float(w) - 31.0, float(w) + 31.0)
        for s in np.arange(2150.0, river.length - 1500.0, 640.0)
        for w in (_half_width(np.asarray(s)),)
    ]
    return (river.along(60.0, river.length - 60.0, 0.0), *parts)


def plan(town: DemoTown) -> Plan:
    """The Phibun plan: everything the generator needs."""
    rng = np.random.default_rng([town.seed, 1])
    origin = np.asarray(town.origin)
    river = Baseline(np.asarray(_RIVER) + origin)
    boundary = rough_ring(np.asarray(_BOUNDARY) + origin, rng)
    creeks = [Baseline(np.asarray(points) + origin) for _, points in _CREEKS]
    grid = Grid.around(boundary.bounds, 150.0)
    elevation, s, d = _elevation(grid, river, creeks, rng)
    streets = (*_main_roads(river, origin), *_old_grid(river))
    reach = np.arange(0.0, river.length, 15.0)
    half = _half_width(reach)
    channel = river.band(reach, -half, half)
    ponds = [smooth_ring(np.asarray(points) + origin) for _, points in _PONDS]
    water = [Water("แม่น้ำมูล", "river", channel)]
    for (name, _), creek in zip(_CREEKS, creeks, strict=True):
        bed = creek.along(0, creek.length, 0.0).buffer(6.5)
        shape = polygon_of(shapely.difference(bed, shapely.union_all([channel, *ponds])))
        water.append(Water(name, "canal", shape))
    water += [Water(name, "pond", pond) for (name, _), pond in zip(_PONDS, ponds, strict=True)]
    scenarios = tuple(
        Scenario("return_period", years, level)
        for years, level in ((5, 108.4), (10, 108.8), (25, 109.2), (50, 109.6), (100, 110.05))
    ) + tuple(Scenario("stage", level, level) for level in np.arange(107.0, 111.01, 0.5).tolist())
    flood = FloodPlan(
        gauge="PB-DEMO",
        title_th="แม่น้ำมูล",
        relative=elevation + (_SLOPE * (s - _GAUGE_S)).astype(np.float32),
        source=np.abs(d) < _STREAM_M,
        scenarios=scenarios,
        at=Point(river.at(_GAUGE_S, 0.0)),
        library=StagePlan(
            low_m=106.0,
            high_m=111.0,
            cell_m=10.0,
            river=river.along(0.0, river.length, 0.0),
            slope=_SLOPE,
        ),
    )
    return Plan(
        boundary=boundary,
        grid=grid,
        elevation=elevation,
        streets=streets,
        water=tuple(water),
        edges=_river_parts(river),
        density=along_roads(settlement(moved(_KERNELS, origin)), streets, reach=240.0, gain=0.3),
        places=placed(PLACES, origin),
        communities=peopled(COMMUNITIES, origin),
        floods=(flood,),
        plot_scale=1.0,
        tambon=lambda xy: np.where(river.sd(xy)[1] < 0, "341910", "341901"),
    )
