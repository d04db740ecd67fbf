"""Records of an operation in quiet times: boats and lorries, power areas, refuge plans, a closure.

All of it is invented, like the rest of the demo: the figures are defaults for exercises.
"""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon, Point

from etl.demo.base_layers import multipolygon
from etl.demo.towns import DemoTown

_NOTE = "สมมติเพื่อการสาธิต"
_FLEET = (
    *(("flat_boat", "เรือ", 6, 1, 10.0),) * 6,
    *(("truck_6", "รถบรรทุก 6 ล้อ", 25, 4, 50.0),) * 2,
    ("pickup", "รถกระบะ", 8, 1, 60.0),
)
"""Vehicle, name, seats, lying people, km/h of each of the town's invented teams."""
_CHOICES = 2
"""Shelters in each community's plan."""


def resources(town: DemoTown, shelters: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Six boats, two lorries and a pickup, standing at the shelter on the highest ground."""
    x, y = shapely.get_coordinates(shelters.geometry.iloc[0])[0].tolist()
    count = len(_FLEET)
    return gpd.GeoDataFrame(
        {
            "code": [f"RS-{town.short}-{n:02d}" for n in range(1, count + 1)],
            "name": [f"{row[1]} {n}" for n, row in enumerate(_FLEET, start=1)],
            "vehicle": [row[0] for row in _FLEET],
            "status": ["ready"] * count,
            "places": [row[2] for row in _FLEET],
            "stretchers": [row[3] for row in _FLEET],
            "speed_kmh": [row[4] for row in _FLEET],
            "note": [_NOTE] * count,
        },
        geometry=[Point(x + 6.0 * n, y - 12.0) for n in range(count)],
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def power_areas(town: DemoTown, communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Three feeders, each over a third of the communities from west to east; all have power."""
    west = np.argsort(shapely.get_x(communities.geometry.centroid.to_numpy()))
    parts = [part for part in np.array_split(west, 3) if len(part)]
    return gpd.GeoDataFrame(
        {
            "code": [f"PW-{town.short}-{n}" for n in range(1, len(parts) + 1)],
            "name": [f"วงจร {n}" for n in range(1, len(parts) + 1)],
            "state": ["on"] * len(parts),
            "note": [_NOTE] * len(parts),
        },
        geometry=[_joined(communities, part) for part in parts],
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def _joined(communities: gpd.GeoDataFrame, rows: np.ndarray) -> MultiPolygon:
    return multipolygon(shapely.union_all(communities.geometry.to_numpy()[rows]))


def refuge_plans(communities: gpd.GeoDataFrame, shelters: gpd.GeoDataFrame) -> pd.DataFrame:
    """Each community's nearest two shelters, the nearer one first."""
    rows = []
    for code, place in zip(communities["code"], communities.geometry.centroid, strict=True):
        away = shelters.geometry.distance(place).to_numpy()
        rows += [
            {
                "community": code,
                "seq": seq,
                "shelter_code": shelters["code"].iloc[int(which)],
                "note": _NOTE,
            }
            for seq, which in enumerate(np.argsort(away)[:_CHOICES], start=1)
        ]
    return pd.DataFrame(rows)


def closures(town: DemoTown, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One closure that has been lifted, on the longest lane: the map shows what one looks like."""
    lanes = roads[roads["class"] == "service"]
    longest = int(np.argmax(shapely.length(lanes.geometry.to_numpy())))
    line = lanes.geometry.iloc[longest]
    return gpd.GeoDataFrame(
        {
            "code": [f"CL-{town.short}-01"],
            "status": ["lifted"],
            "cause": ["works"],
            "road_code": [lanes["code"].iloc[longest]],
            "note": [_NOTE],
        },
        geometry=[line.interpolate(0.5, normalized=True)],
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def ranks(households: pd.DataFrame) -> pd.DataFrame:
    """One rank set by hand, so that the order shows what one looks like."""
    return pd.DataFrame({"household": [households["code"].iloc[0]], "rank": [1], "reason": [_NOTE]})


def vehicle_limits() -> pd.DataFrame:
    """One kind of vehicle the town has set itself, so that one sees what that looks like."""
    columns = ("vehicle", "wades_m", "speed_kmh", "reference")
    rows = [("pickup", 0.25, 50.0, "ค่าสาธิตที่สมมติขึ้น เทศบาลกำหนดเอง")]
    return pd.DataFrame(rows, columns=list(columns))


def assumptions() -> pd.DataFrame:
    """From which depth indoors people are displaced: a figure to show how it works."""
    columns = ("what", "value", "reason", "decided_by", "decided_on")
    reason = "ค่าสาธิตที่สมมติขึ้น: น้ำเข้าบ้านแม้เล็กน้อยก็นับ เทศบาลกำหนดเอง"
    rows = [("displaced_above_m", 0.0, reason, "ผู้สร้างเมืองสาธิต", date(2026, 11, 1))]
    return pd.DataFrame(rows, columns=list(columns))


def minimum_needs() -> pd.DataFrame:
    """What displaced people need: figures to show how it works, which each town sets itself."""
    sphere = "ค่าสาธิต (แนวทาง Sphere 2018 ยังไม่ได้ตรวจกับต้นฉบับ) เทศบาลกำหนดเอง"
    made_up = "ค่าสาธิตที่สมมติขึ้น เทศบาลกำหนดเอง"
    columns = ("code", "name", "name_en", "amount", "unit", "unit_en", "per", "age", "reference")
    rows = [
        ("drinking_water", "น้ำดื่ม", "Drinking water", 3.0, "L", "L", "person_day", None, sphere),
        (
            "water",
            "น้ำใช้รวมน้ำดื่ม",
            "Water, drinking included",
            15.0,
            "L",
            "L",
            "person_day",
            None,
            sphere,
        ),
        ("space", "พื้นที่พักในร่ม", "Covered living space", 3.5, "m2", "m2", "person", None, sphere),
        ("toilet", "ห้องน้ำ", "Toilets", 0.05, "ห้อง", "rooms", "person", None, sphere),
        ("meal", "อาหารปรุงสำเร็จ", "Meals", 3.0, "กล่อง", "boxes", "person_day", None, made_up),
        ("kit", "ถุงยังชีพ", "Relief kits", 1.0, "ถุง", "bags", "household", None, made_up),
        ("blanket", "ผ้าห่ม", "Blankets", 1.0, "ผืน", "pieces", "person", None, made_up),
        ("diaper", "ผ้าอ้อมเด็ก", "Nappies", 4.0, "ชิ้น", "pieces", "person_day", "0-5", made_up),
    ]
    return pd.DataFrame(rows, columns=list(columns))
