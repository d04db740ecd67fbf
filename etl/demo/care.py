"""People cared for at home, and nursing homes. Every person and diagnosis is invented."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from etl.demo.blocks import Blocks
from etl.demo.dates import TODAY, ages, days_after, days_before
from etl.demo.names import people, phones, pick, sprinkle
from etl.demo.network import IntArray
from etl.demo.towns import DemoTown

HOMES = 900
_BEDRIDDEN_MAX, _HOMEBOUND_MAX = 4, 11
_ILLNESS = (
    "หลอดเลือดสมองตีบ", "เบาหวาน", "ข้อเข่าเสื่อม", "สมองเสื่อม", "ความดันโลหิตสูง",
    "ปอดอุดกั้นเรื้อรัง", "ไตวายเรื้อรัง",
    "กระดูกสะโพกหัก", "พาร์กินสัน",
)  # fmt: skip
_NEEDS = {
    "bedridden": (
        ("stretcher", 0.92), ("suction", 0.22), ("oxygen", 0.24), ("ventilator", 0.05),
            ("tube_feeding", 0.3),
    ),
    "homebound": (("wheelchair", 0.6), ("oxygen", 0.07), ("cold_medicine", 0.14)),
    "social": (("cold_medicine", 0.12), ("wheelchair", 0.04)),
}  # fmt: skip
"""What people of each band need, and how often."""


def band(score: int) -> str:
    """The care band of a Barthel ADL score (0 to 20)."""
    if score <= _BEDRIDDEN_MAX:
        return "bedridden"
    return "homebound" if score <= _HOMEBOUND_MAX else "social"


def homes(
    town: DemoTown,
    households: pd.DataFrame,
    house_of: IntArray,
    houses: gpd.GeoDataFrame,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """The people cared for at home, at their house's entrance."""
    row = _chosen(households, rng)
    count = len(row)
    score = _scores(count, rng)
    bands = [band(s) for s in score.tolist()]
    illness = pick(_ILLNESS, (3, 3, 2, 2, 3, 1, 1, 1, 1), count, rng)
    needs = [_needs(b, i, rng) for b, i in zip(bands, illness, strict=True)]
    assessed = days_before(ages(count, 120.0, 700, rng) + 1)
    return gpd.GeoDataFrame(
        {
            "code": [f"CH-{town.short}-{n:04d}" for n in range(1, count + 1)],
            "kind": "home",
            "household": households["code"].to_numpy()[row],
            "adl_score": score,
            "adl_on": assessed,
            "adl_by": [f"ผู้จัดการดูแลสาธิต {n}" for n in rng.integers(1, 9, count).tolist()],
            "band": bands,
            "needs": needs,
            "person_name": people(count, rng, women=0.62),
            "phone": sprinkle(phones(count, rng), 0.7, rng),
            "diagnosis": illness,
            "last_verified_on": _verified(assessed, rng),
            "verified_by": [f"อสม. สาธิต {n:02d}" for n in rng.integers(1, 61, count).tolist()],
        },
        geometry=houses.geometry.to_numpy()[house_of[row]],
        crs=houses.crs,
    ).rename_geometry("geom")


def facilities(town: DemoTown, blocks: Blocks, address: list[str]) -> gpd.GeoDataFrame:
    """The nursing homes among the plan's places; `address` is that of each place."""
    which = [n for n, place in enumerate(blocks.places) if place.care_beds]
    return gpd.GeoDataFrame(
        {
            "code": [f"CF-{town.short}-{n:02d}" for n in range(1, len(which) + 1)],
            "kind": "facility",
            "facility_name": [blocks.places[n].name for n in which],
            "address": [address[n] for n in which],
            "beds": [blocks.places[n].care_beds for n in which],
            "last_verified_on": TODAY,
        },
        geometry=[blocks.place_shapes[n].point_on_surface() for n in which],
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def _chosen(households: pd.DataFrame, rng: np.random.Generator) -> IntArray:
    """Rows of the households of the people in care: mostly old people, each a different one."""
    old = np.repeat(np.arange(len(households)), households["sleeping_60_up"].to_numpy())
    younger = np.repeat(np.arange(len(households)), households["registered_18_59"].to_numpy())
    of_old = rng.choice(len(old), round(0.9 * HOMES), replace=False)
    staying = younger[households["sleeping_18_59"].to_numpy()[younger] > 0]
    of_younger = rng.choice(np.unique(staying), HOMES - len(of_old), replace=False)
    rows: IntArray = np.sort(np.concatenate([old[of_old], of_younger])).astype(np.int64)
    return rows


def _scores(count: int, rng: np.random.Generator) -> IntArray:
    """Barthel scores: about one in seven bedridden, a third homebound."""
    group = rng.choice(3, count, p=[0.14, 0.36, 0.50])
    low, high = np.array([0, 5, 12])[group], np.array([5, 12, 21])[group]
    scores: IntArray = rng.integers(low, high)
    return scores


def _needs(name: str, illness: str, rng: np.random.Generator) -> list[str]:
    """The needs of one person; some follow from the illness."""
    draws = rng.random(len(_NEEDS[name]))
    needs = [
        need for (need, chance), d in zip(_NEEDS[name], draws.tolist(), strict=True) if d < chance
    ]
    if illness == "ไตวายเรื้อรัง":
        needs.append("dialysis")
    if illness == "ปอดอุดกั้นเรื้อรัง" and name != "social" and "oxygen" not in needs:
        needs.append("oxygen")
    return needs


def _verified(assessed: list[date], rng: np.random.Generator) -> list[date]:
    """The last visit: on the day of the assessment or later, never after the demo's day."""
    later = rng.integers(0, 200, len(assessed)).tolist()
    return [min(days_after(day, n), TODAY) for day, n in zip(assessed, later, strict=True)]
