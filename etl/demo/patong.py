"""The plan of the Patong demo: a bay to the west, a narrow plain, steep hills to the east.

All control points were chosen for this demo, in metres from the town's origin; levels are of
a demo datum. Water comes from above and from the sea: a cloudburst fills the low ground behind
the beach within hours, and a high tide keeps the canal from emptying.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from shapely import LineString

from etl.demo.curves import (
    Baseline,
    FloatArray,
    join,
    polygon_of,
    rough_ring,
    smooth,
    smooth_line,
    smooth_ring,
)
from etl.demo.grid import Grid, line_coordinates, mask, noise, step
from etl.demo.patong_places import COMMUNITIES, PLACES
from etl.demo.plan import (
    FloodPlan,
    Kernel,
    Plan,
    Scenario,
    StagePlan,
    Street,
    Water,
    moved,
    peopled,
    placed,
    settlement,
)
from etl.demo.towns import DemoTown

_BEACH = (
    (-760, -1500), (-600, -1010), (-330, -520), (-110, 40), (20, 620), (60, 1180),
    (-10, 1640), (-170, 1990),
)  # fmt: skip
"""The shore from south to north, so that the land is to the right."""
_COAST_NORTH = (
    (-170, 1990),
    (-420, 2180),
    (-820, 2270),
    (-1180, 2330),
    (-1480, 2640),
    (-1610, 2960),
)
_COAST_SOUTH = (
    (-2560, -2420), (-2850, -1900), (-3080, -1420), (-2700, -960), (-2150, -880), (-1620, -1010),
    (-1180, -1060), (-1010, -1290), (-860, -1480), (-760, -1500),
)  # fmt: skip
_BEYOND_NORTH = ((-1690, 3500), (-1500, 4300), (-1700, 9000))
_BEYOND_SOUTH = ((-1500, -9000), (-1900, -3700), (-2300, -2950))
_INLAND = (
    (-1200, 3330), (-350, 3560), (480, 3710), (1050, 3420), (1560, 2760), (2210, 1900),
    (2480, 900), (2390, -100), (2300, -1150), (2560, -2050), (1750, -2420), (760, -2370),
    (-260, -2560),
    (-1080, -2250), (-1900, -2360),
)  # fmt: skip
_PLAIN = (
    (-760, -1500), (-560, -950), (-300, -460), (-90, 80), (60, 640), (90, 1200),
    (10, 1690), (60, 1950),
    (420, 1830), (650, 1440), (1120, 1150), (1560, 1020), (1500, 800), (1080, 700), (980, 250),
    (960, -350), (1250, -720), (1330, -1080), (820, -1180), (520, -1560), (60, -1760),
    (-420, -1840),
)  # fmt: skip
"""The outline of the flat land, with a valley reaching east at each end."""
_CANAL = (
    (1300, -900), (900, -830), (480, -960), (180, -1080), (-60, -1240), (-260, -1210),
    (-430, -1400), (-600, -1420), (-800, -1510),
)  # fmt: skip
_KERNELS = (
    Kernel(210, 300, 1000, 0.99), Kernel(-40, -640, 900, 0.86), Kernel(330, 1180, 800, 0.76),
    Kernel(560, -1150, 800, 0.58), Kernel(1250, 930, 640, 0.5), Kernel(-330, -1560, 560, 0.55),
    Kernel(950, -880, 560, 0.5), Kernel(-820, 2330, 420, 0.3), Kernel(-1800, -1250, 620, 0.3),
    Kernel(760, 420, 620, 0.6), Kernel(250, 1750, 460, 0.5),
)  # fmt: skip
_BEACH_M = 52.0
"""Width of the open beach."""
_RAIN_SLOPE = 0.00016
"""Rise of standing rain water's surface away from the canal's mouth, metres a metre."""
_CANAL_HALF_M = 8.0
_FLAT_BELOW_M = 6.0
"""Level below which ground is flat enough for the canal to have hollowed it."""
_FOOT_M = 130.0
"""How far up the foot of the hills plots reach."""


def _elevation(
    grid: Grid,
    *,
    land: NDArray[np.bool_],
    plain: NDArray[np.bool_],
    beach: Baseline,
    canal: Baseline,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Ground level on the grid, in metres of the demo datum; the sea bed below 0."""
    _, d = line_coordinates(grid, beach)
    from_sea = distance_transform_edt(land) * grid.cell
    off_shore = distance_transform_edt(~land) * grid.cell
    uphill = distance_transform_edt(~plain) * grid.cell
    into_plain = distance_transform_edt(plain) * grid.cell
    broad, fine = noise(grid, 700.0, rng), noise(grid, 140.0, rng)
    ridges = 1.0 - np.abs(noise(grid, 900.0, rng)) - 0.4 * np.abs(noise(grid, 420.0, rng))
    inland = np.clip(d, 0.0, 1400.0)
    # beach ridge, low ground behind it, then a gentle rise to the foot of the hills
    ridge = 1.4 * np.exp(-(((inland - 95.0) / 75.0) ** 2))
    flat = 2.0 + ridge + 0.0052 * np.maximum(inland - 380.0, 0.0) + 0.3 * broad + 0.12 * fine
    hill = 0.34 * uphill * step(uphill, -50.0, 520.0) * np.clip(0.55 + 0.75 * ridges, 0.25, 1.35)
    # slopes, not walls, where the hills meet the sea
    hill = np.minimum(330.0 * np.tanh(hill / 330.0), (0.38 + 0.12 * broad) * from_sea)
    foot = 3.0 * np.exp(-into_plain / 90.0) * step(inland, 250.0, 700.0)
    shore = step(from_sea, 0.0, 60.0)
    ground = np.where(
        land, shore * (flat + foot) + gaussian_filter(hill, 3.0), -0.016 * off_shore - 0.3
    )
    along, across = line_coordinates(grid, canal)
    past = np.maximum(np.maximum(-along, along - canal.length), 0.0)
    away = np.hypot(across, past)
    low = np.clip(1.0 - along / canal.length, 0.0, 1.0)
    bed = -0.6 + 3.2 * low
    near = np.exp(-((away / 11.0) ** 2)) * land
    ground = ground - 0.45 * np.exp(-((away / 150.0) ** 2)) * land * (ground < _FLAT_BELOW_M)
    ground = np.where(ground > bed, ground + (bed - ground) * near, ground)
    return ground.astype(np.float32)


def _streets(beach: Baseline, origin: FloatArray) -> list[Street]:
    """The beach road, the two roads behind it, streets between them and roads over the hills."""

    def line(*points: tuple[float, float]) -> LineString:
        return smooth_line(np.asarray(points) + origin)

    end = beach.length
    shore = beach.along(270.0, end - 40.0, 58.0)
    second = beach.along(330.0, end - 110.0, lambda s: 372.0 + 26.0 * np.sin(s / 520.0))
    third = line((-250, -1700), (160, -1430), (430, -1020), (520, -520), (640, -20),
        (760, 420), (800, 800),
                 (700, 1180), (620, 1330))  # fmt: skip
    pass_road = line((0, 1900), (180, 1560), (420, 1330), (640, 1240), (1050, 960),
        (1500, 880), (1800, 1080),
                     (2060, 880), (2250, 1010), (2700, 1100))  # fmt: skip
    north = line(
        (-90, 1900),
        (20, 2060),
        (-330, 2330),
        (-820, 2410),
        (-1150, 2500),
        (-1330, 2790),
        (-1400, 3500),
    )
    south = line(
        (-500, -1270), (-350, -1520), (-260, -1740), (-330, -2010), (-490, -2250), (-540, -2900)
    )
    head = line(
        (-340, -1600), (-760, -1690), (-1060, -1560), (-1400, -1260), (-1900, -1130), (-2500, -1290)
    )
    valley = line((500, -960), (820, -960), (1180, -880), (1500, -980), (1850, -820))
    second = join(join(second, south, end=False), pass_road, end=True)
    streets = [
        Street("ทางหลวงข้ามเขา", "trunk", join(pass_road, shore, end=False)),
        Street("ถนนเลียบหาด", "primary", join(shore, south, end=False), "backward"),
        Street("ถนนสายกลาง", "primary", second, "forward"),
        Street("ถนนอ่าวเหนือ", "primary", join(north, shore, end=False)),
        Street("ถนนเขาใต้", "primary", south),
        Street("ถนนเชิงเขา", "secondary", join(join(third, south, end=False), pass_road, end=True)),
        Street("ถนนแหลมใต้", "secondary", join(head, south, end=False)),
        Street("ถนนหุบเขา", "secondary", join(valley, third, end=False)),
    ]
    names = ("ลมทะเล", "ปูลม", "เปลือกหอย", "ทรายขาว", "คลื่นใส", "ไข่มุก", "ปะการัง", "ดาวทะเล",
             "สนทะเล", "มะพร้าว", "ใบตาล", "ฝั่งฟ้า", "แสงตะวัน")  # fmt: skip
    at, gaps = 640.0, (196.0, 158.0, 214.0, 172.0, 188.0, 149.0)
    for k, name in enumerate(names):
        deep = 1300.0 if k in (1, 4, 7, 10) else 420.0
        street = beach.across(at, at + 12.0 * (-1) ** k, 58.0, deep)
        stop = third if deep > 500 else second  # noqa: PLR2004 - long streets reach the third road
        klass = "secondary" if deep > 500 else "residential"  # noqa: PLR2004
        if street.intersects(stop):
            streets.append(Street(f"ถนน{name}", klass, join(street, stop, end=True)))
        at += gaps[k % len(gaps)]
    return streets


def plan(town: DemoTown) -> Plan:
    """The Patong plan: everything the generator needs."""
    rng = np.random.default_rng([town.seed, 1])
    origin = np.asarray(town.origin)
    beach = Baseline(np.asarray(_BEACH) + origin)
    coast = np.vstack(
        [smooth(_COAST_SOUTH, 25.0), smooth(_BEACH, 25.0)[1:], smooth(_COAST_NORTH, 25.0)[1:]]
    )
    inland = shapely.get_coordinates(rough_ring(np.asarray(_INLAND), rng).exterior)[:-1]
    inland = inland[np.isin(np.arange(len(inland)), np.arange(len(inland) - 3))]
    boundary = shapely.Polygon(np.vstack([coast, inland]) + origin)
    grid = Grid.around(boundary.bounds, 150.0)
    beyond = [*_BEYOND_NORTH, (9000, 9000), (9000, -9000), *_BEYOND_SOUTH]
    wide = shapely.Polygon(np.vstack([coast, beyond]) + origin)
    canal = Baseline(np.asarray(_CANAL) + origin)
    land = mask(grid, wide)
    flat = smooth_ring(np.asarray(_PLAIN) + origin)
    plain = mask(grid, flat)
    elevation = _elevation(grid, land=land, plain=plain, beach=beach, canal=canal, rng=rng)
    foot = polygon_of(flat.buffer(_FOOT_M).simplify(4.0))
    shapely.prepare(foot)
    built = settlement(moved(_KERNELS, origin))

    def density(xy: FloatArray) -> FloatArray:
        on_plain = shapely.contains_xy(foot, xy[:, 0], xy[:, 1])
        return np.where(on_plain, np.maximum(built(xy), 0.3), -1.0)

    channel = canal.along(0, canal.length, 0.0).buffer(_CANAL_HALF_M)
    water = (
        Water("อ่าวป่าตอง", "sea", polygon_of(shapely.difference(grid.box, wide))),
        Water("คลองปากบาง", "canal", polygon_of(shapely.intersection(channel, wide))),
    )
    return Plan(
        boundary=boundary,
        grid=grid,
        elevation=elevation,
        streets=tuple(_streets(beach, origin)),
        water=water,
        edges=(
            foot.exterior,
            # lines that part the beach between the communities behind it
            *(
                beach.across(at, at, -40.0, 62.0)
                for at in np.linspace(285.0, beach.length - 60.0, 8)
            ),
        ),
        density=density,
        places=placed(PLACES, origin),
        communities=peopled(COMMUNITIES, origin),
        floods=_floods(elevation, land, beach, canal, grid),
        plot_scale=0.69,
        price_scale=6.0,
        storeys=1.0,
        tambon=lambda xy: np.full(len(xy), "830202"),
    )


def _floods(
    elevation: NDArray[np.float32],
    land: NDArray[np.bool_],
    beach: Baseline,
    canal: Baseline,
    grid: Grid,
) -> tuple[FloodPlan, ...]:
    """Rain on the plain (return periods) and the tide at the beach (stages)."""
    x, y = canal.at(canal.length, 0.0)
    mouth = np.hypot(*(grid.centres() - (x, y)).T).reshape(grid.shape)
    along, across = line_coordinates(grid, canal)
    in_canal = (np.abs(across) < 0.75 * _CANAL_HALF_M) & (along > 0.0) & (along < canal.length)
    inland = line_coordinates(grid, beach)[1]
    seaward = inland < _BEACH_M
    swale = (inland > 190.0) & (inland < 430.0)  # noqa: PLR2004 - the low ground behind the ridge
    # rain stands on the plain with a surface that rises a little away from the canal's mouth;
    # it drains by the canal alone, because the beach ridge shuts it in
    surface = elevation - _RAIN_SLOPE * mouth
    rain = FloodPlan(
        gauge="PT-DEMO-RAIN",
        title_th="ฝนตกหนักในเมือง",
        relative=np.where(seaward & ~in_canal, 99.0, surface).astype(np.float32),
        source=(in_canal | swale) & land,
        scenarios=tuple(
            Scenario("return_period", years, level)
            for years, level in ((5, 1.6), (10, 1.75), (25, 1.92), (50, 2.12), (100, 2.4))
        ),
    )
    tide = FloodPlan(
        gauge="PT-DEMO-TIDE",
        title_th="น้ำทะเลหนุน",
        relative=elevation,
        source=~land,
        scenarios=tuple(
            Scenario("stage", level, level) for level in (1.0, 1.5, 2.0, 2.25, 2.5, 3.0)
        ),
        library=StagePlan(low_m=0.5, high_m=3.0, cell_m=10.0),
    )
    return rain, tide
