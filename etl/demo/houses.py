"""Houses on the parcels: an entrance point each, storeys, and the height of the floor."""

import geopandas as gpd
import numpy as np
import shapely
from shapely import STRtree

from etl.demo.cadastre import Land
from etl.demo.curves import FloatArray
from etl.demo.names import pick, sprinkle
from etl.demo.network import IntArray
from etl.demo.plan import Plan
from etl.demo.towns import DemoTown

HOUSES = 5000
_SECOND = 130
"""Plots with a second house: children build beside their parents."""
_WEIGHT = {"residential": 1.0, "commercial": 0.7, "agriculture": 0.05, "vacant": 0.0, "public": 0.0}
_KNOWN = 0.86
"""Share of houses whose floor height is known."""


def build(
    town: DemoTown,
    plan: Plan,
    land: Land,
    street_names: list[str | None],
    rng: np.random.Generator,
) -> tuple[gpd.GeoDataFrame, IntArray]:
    """All houses (fields of the layer and `geom`), and the row of the parcel each stands on."""
    row = _plots(land, rng)
    point = _entrances(land, row, rng)
    count = len(row)
    detail = land.frame["use_detail"].to_numpy()[row]
    rural = np.isin(np.asarray(land.kind)[row], ("village", "farm"))
    frame = gpd.GeoDataFrame(
        {
            "house_code": _codes(town, count, rng),
            "house_no": _numbers(land.community[row], rng),
            "moo": [
                str(c % 12 + 1) if r else None
                for c, r in zip(land.community[row].tolist(), rural.tolist(), strict=True)
            ],
            "community": [f"{town.short}-C{c + 1:02d}" for c in land.community[row].tolist()],
            "lane": [street_names[s] for s in land.road_street[row].tolist()],
            "landmark": _landmarks(plan, point, rng),
            "parcel_code": land.frame["code"].to_numpy()[row],
            "storeys": _storeys(detail, plan.storeys, rng),
        },
        geometry=shapely.points(point),
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")
    frame["floor_height_m"], frame["floor_height_source"] = _floors(detail, rural, rng)
    frame["ground_m"] = np.round(plan.ground(point), 2)
    meters = [f"DEMO{n:08d}" for n in (rng.permutation(90_000_000 // 4500)[:count] * 4500).tolist()]
    frame["meter_no"] = sprinkle(meters, 0.96, rng)
    return frame, row


def _plots(land: Land, rng: np.random.Generator) -> IntArray:
    """Rows of the parcels that get a house, in the order of the tax map; a few come twice."""
    weight = land.frame["use"].map(_WEIGHT).to_numpy(dtype=np.float64)
    weight = weight * np.where(land.frame["area_m2"] > 45.0, 1.0, 0.2)  # noqa: PLR2004 - kiosks
    first = rng.choice(len(weight), HOUSES - _SECOND, replace=False, p=weight / weight.sum())
    roomy = first[land.frame["area_m2"].to_numpy()[first] > 500.0]  # noqa: PLR2004
    second = rng.choice(roomy, _SECOND, replace=False)
    rows: IntArray = np.sort(np.concatenate([first, second])).astype(np.int64)
    return rows


def _entrances(land: Land, row: IntArray, rng: np.random.Generator) -> FloatArray:
    """A point of each plot on the way from its road front to its middle."""
    plots = land.frame["geom"].to_numpy()[row]
    middle = shapely.get_coordinates(shapely.centroid(plots))
    inward = rng.uniform(0.3, 0.8, (len(row), 1))
    point = land.front[row] + inward * (middle - land.front[row])
    out = ~shapely.contains_properly(plots, shapely.points(point))
    point[out] = shapely.get_coordinates(shapely.point_on_surface(plots[out]))
    return point


def _codes(town: DemoTown, count: int, rng: np.random.Generator) -> list[str]:
    """House codes of 11 digits: a registry office no town has, then a number drawn once."""
    serial = np.sort(rng.choice(999_999, count, replace=False)) + 1
    check = rng.integers(0, 10, count)
    return [
        f"{town.codes['registry']}{n:06d}{c}"
        for n, c in zip(serial.tolist(), check.tolist(), strict=True)
    ]


def _numbers(community: IntArray, rng: np.random.Generator) -> list[str]:
    """House numbers: running in each community, some divided later (12/3)."""
    numbers: list[str] = []
    last: dict[int, tuple[int, int]] = {}
    divided = rng.random(len(community)) < 0.28  # noqa: PLR2004
    for c, part in zip(community.tolist(), divided.tolist(), strict=True):
        number, share = last.get(c, (0, 0))
        number, share = (number, share + 1) if part and number else (number + 1, 0)
        last[c] = (number, share)
        numbers.append(f"{number}/{share}" if share else str(number))
    return numbers


def _landmarks(plan: Plan, point: FloatArray, rng: np.random.Generator) -> list[str | None]:
    """The nearest place people know, for three houses in ten within 300 m of one."""
    places = np.asarray([p.xy for p in plan.places])
    tree = STRtree([shapely.Point(p.xy) for p in plan.places])
    nearest = np.asarray(tree.nearest(shapely.points(point)))
    near = np.hypot(*(places[nearest] - point).T) < 300.0  # noqa: PLR2004
    told = near & (rng.random(len(point)) < 0.55)  # noqa: PLR2004
    return [
        f"ใกล้{plan.places[n].name}" if t else None
        for n, t in zip(nearest.tolist(), told.tolist(), strict=True)
    ]


def _storeys(detail: np.ndarray, tall: float, rng: np.random.Generator) -> IntArray:
    """Storeys by kind of house; `tall` (0 to 1) is how much the town builds upwards."""
    storeys = rng.choice([1, 2, 3], len(detail), p=[0.56, 0.40, 0.04])
    row_house = np.isin(detail, ("ตึกแถว", "ทาวน์เฮาส์"))
    storeys[row_house] = rng.choice([2, 3, 4], int(row_house.sum()), p=[0.55, 0.37, 0.08])
    stilt = detail == "บ้านไม้ใต้ถุนสูง"
    storeys[stilt] = rng.choice([1, 2], int(stilt.sum()), p=[0.7, 0.3])
    lodging = detail == "ที่พักรายวัน"
    storeys[lodging] = rng.integers(2, 4 + round(4 * tall), int(lodging.sum()))
    higher = rng.random(len(detail)) < 0.35 * tall
    result: IntArray = np.where(higher & ~stilt, storeys + 1, storeys).astype(np.int64)
    return result


def _floors(
    detail: np.ndarray, rural: np.ndarray, rng: np.random.Generator
) -> tuple[FloatArray, list[str | None]]:
    """Floor above ground in metres (NaN: not known) and where the figure is from."""
    height = rng.gamma(4.0, 0.11, len(detail)) + np.where(rural, 0.12, 0.0)
    row_house = np.isin(detail, ("ตึกแถว", "ทาวน์เฮาส์", "ร้านขายของชำ", "อู่ซ่อมรถ"))
    height[row_house] = rng.uniform(0.05, 0.35, int(row_house.sum()))
    stilt = detail == "บ้านไม้ใต้ถุนสูง"
    height[stilt] = rng.normal(1.95, 0.28, int(stilt.sum()))
    known = rng.random(len(detail)) < _KNOWN
    source = pick(("survey", "estimate", "owner"), (45, 40, 15), len(detail), rng)
    sources = [s if k else None for s, k in zip(source, known.tolist(), strict=True)]
    return np.where(known, np.round(np.clip(height, 0.0, 3.2), 2), np.nan), sources
