"""Permits and licences on the parcels, with dates and areas that agree with their kind."""

from datetime import date

import geopandas as gpd
import numpy as np
import shapely

from etl.demo.cadastre import Land
from etl.demo.dates import TODAY, ages, days_after, days_before
from etl.demo.names import people, pick
from etl.demo.network import IntArray
from etl.demo.towns import DemoTown

PERMITS = 3000
_KINDS = (("building", 1180), ("food", 1010), ("hazardous", 430), ("other", 380))
_WEIGHT = {
    "building": {"residential": 1.0, "commercial": 0.8, "vacant": 0.35, "agriculture": 0.08},
    "food": {"commercial": 1.0, "residential": 0.06},
    "hazardous": {"commercial": 1.0, "agriculture": 0.08},
    "other": {"commercial": 1.0, "residential": 0.1},
}
"""Where permits of a kind are found, by use of the parcel."""
_HAZARDS = (
    "ซ่อมเครื่องยนต์", "แปรรูปไม้", "สะสมก๊าซหุงต้ม", "ซักอบรีด", "ผลิตน้ำแข็ง", "ล้างอัดฉีดรถ", "สีข้าว", "เชื่อมโลหะ",
)  # fmt: skip
_OTHER = ("ป้ายโฆษณา", "ตลาดเอกชน", "จำหน่ายสินค้าในที่สาธารณะ", "หอพัก")
_BUILDING = ("บ้านพักอาศัย 1 ชั้น", "บ้านพักอาศัย 2 ชั้น", "อาคารพาณิชย์", "รั้ว", "ต่อเติมอาคาร", "โรงเก็บของ")
LICENCE_OVER_M2 = 200.0
"""Food premises larger than this need a licence, others a certificate of notification (s.38)."""
_FOOD_LICENCE = "ใบอนุญาตจัดตั้งสถานที่จำหน่ายอาหาร"
_FOOD_NOTICE = "หนังสือรับรองการแจ้งจัดตั้งสถานที่จำหน่ายอาหาร"
_ERA = 543


def issue(town: DemoTown, land: Land, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """All permits (fields of the layer and `geom`), each on its parcel."""
    use = land.frame["use"].to_numpy()
    rows, kinds = [], []
    for kind, count in _KINDS:
        weight = np.array([_WEIGHT[kind].get(u, 0.0) for u in use])
        rows.append(rng.choice(len(use), count, p=weight / weight.sum()))
        kinds.extend([kind] * count)
    row: IntArray = np.concatenate(rows).astype(np.int64)
    applied = days_before(ages(PERMITS, 430.0, 1900, rng) + 3)
    fate = pick(("granted", "refused", "withdrawn"), (92, 5, 3), PERMITS, rng)
    took = np.clip(rng.gamma(3.0, 8.0, PERMITS), 2, 75).astype(np.int64).tolist()
    area = _areas(kinds, rng)
    hazards = pick(_HAZARDS, (4, 1, 1, 2, 1, 2, 1, 2), PERMITS, rng)
    subjects = _subjects(kinds, area.tolist(), hazards, rng)
    records = [
        _record(n, kind, day, end, wait)
        for n, (kind, day, end, wait) in enumerate(
            zip(kinds, applied, fate, took, strict=True), start=1
        )
    ]
    frame = gpd.GeoDataFrame(
        records, geometry=_points(land, row, rng), crs=f"EPSG:{town.srid}"
    ).rename_geometry("geom")
    frame["parcel_code"] = land.frame["code"].to_numpy()[row]
    frame["address"] = land.frame["address"].to_numpy()[row]
    frame["subject"] = subjects
    frame["floor_area_m2"] = area
    frame["hazard_class"] = [
        h if k == "hazardous" else None for h, k in zip(hazards, kinds, strict=True)
    ]
    frame["holder_name"] = people(PERMITS, rng, women=0.5)
    return frame


def _record(number: int, kind: str, applied: date, fate: str, wait: int) -> dict[str, object]:
    """Number, status and dates of one permit as they stand on the demo's day."""
    decided = days_after(applied, wait)
    issued = expires = None
    if decided > TODAY:
        status = "applied"
    elif fate != "granted":
        status = fate
    else:
        issued = decided
        # a building permit runs for two years, a licence for one
        expires = days_after(issued, 730 if kind == "building" else 365)
        status = "issued" if expires >= TODAY else "expired"
    mark = {"building": "กส", "food": "อห", "hazardous": "อส", "other": "ทป"}[kind]
    return {
        "permit_no": f"{mark}-{number:04d}/{applied.year + _ERA}",
        "kind": kind,
        "status": status,
        "applied_on": applied,
        "issued_on": issued,
        "expires_on": expires,
    }


def _areas(kinds: list[str], rng: np.random.Generator) -> np.ndarray:
    """Floor area in square metres by kind."""
    middle = {"building": 140.0, "food": 95.0, "hazardous": 160.0, "other": 60.0}
    area = np.array([middle[k] for k in kinds]) * rng.lognormal(0.0, 0.6, len(kinds))
    return np.round(np.clip(area, 8.0, 4000.0), 1)


def _subjects(
    kinds: list[str], area: list[float], hazards: list[str], rng: np.random.Generator
) -> list[str]:
    """What each permit is for; food premises by the law's limit of area."""
    building = pick(_BUILDING, (4, 3, 2, 1, 2, 1), len(kinds), rng)
    other = pick(_OTHER, (3, 1, 2, 2), len(kinds), rng)
    words = []
    for n, kind in enumerate(kinds):
        if kind == "building":
            words.append(f"ก่อสร้าง{building[n]}")
        elif kind == "food":
            words.append(_FOOD_LICENCE if area[n] > LICENCE_OVER_M2 else _FOOD_NOTICE)
        elif kind == "hazardous":
            words.append(f"กิจการ{hazards[n]}")
        else:
            words.append(other[n])
    return words


def _points(land: Land, row: IntArray, rng: np.random.Generator) -> np.ndarray:
    """A point of each permit's parcel between its road front and its middle."""
    plots = land.frame["geom"].to_numpy()[row]
    middle = shapely.get_coordinates(shapely.centroid(plots))
    inward = rng.uniform(0.35, 1.0, (len(row), 1))
    points = np.asarray(shapely.points(land.front[row] + inward * (middle - land.front[row])))
    outside = np.flatnonzero(~shapely.contains_properly(plots, points))
    points[outside] = shapely.point_on_surface(plots[outside])
    return points
