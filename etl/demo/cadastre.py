"""What the tax map and the deeds say of every plot: codes, use, areas, values, owners."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import STRtree

from etl.demo.blocks import Blocks, best_rank
from etl.demo.communities import Zones
from etl.demo.curves import FloatArray
from etl.demo.names import people, pick
from etl.demo.network import IntArray, Network, Shapes
from etl.demo.plan import Plan
from etl.demo.plots import Plots
from etl.demo.towns import DemoTown

_USES = ("residential", "commercial", "agriculture", "vacant")
_SHARES = {
    "core": (0.34, 0.56, 0.0, 0.10),
    "town": (0.66, 0.13, 0.02, 0.19),
    "suburb": (0.58, 0.05, 0.15, 0.22),
    "village": (0.50, 0.03, 0.36, 0.11),
    "farm": (0.05, 0.01, 0.90, 0.04),
}
"""Shares of uses (in the order above) by kind of land, away from main roads."""
_PRICE = {
    "core": 9000.0,
    "town": 3200.0,
    "suburb": 1500.0,
    "village": 800.0,
    "farm": 110.0,
    "place": 2500.0,
}
"""Middle land value, baht a square metre, in the Phibun demo."""
_DETAIL = {
    "residential": (("บ้านเดี่ยว", "บ้านไม้ใต้ถุนสูง", "ทาวน์เฮาส์", "บ้านเช่า", "บ้านสวน"), (5, 2, 2, 1, 1)),
    "commercial": (
        ("ตึกแถว", "ร้านอาหาร", "ร้านขายของชำ", "อู่ซ่อมรถ", "โกดัง", "ที่พักรายวัน"), (6, 2, 3, 1, 1, 2),
    ),
    "agriculture": (("นาข้าว", "สวนผลไม้", "สวนผัก", "บ่อปลา"), (7, 2, 1, 1)),
    "vacant": (("ที่ว่าง", "ที่ดินรกร้าง"), (3, 1)),
}  # fmt: skip
_AMENITY = {
    "hospital": "โรงพยาบาล", "clinic": "สถานพยาบาล", "school": "สถานศึกษา", "temple": "ศาสนสถาน",
    "fire_station": "สถานีดับเพลิง", "police": "สถานีตำรวจ", "market": "ตลาด",
    "government": "สถานที่ราชการ",
    "utility": "สาธารณูปโภค", "other": "ที่สาธารณประโยชน์",
}  # fmt: skip
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WAH_M2 = 4.0


@dataclass(frozen=True)
class Land:
    """The parcels and what later steps need to know of each.

    `frame` has the fields of the parcels layer and `geom`, in the order of the tax map; the
    arrays run beside it: kind of land, community number, number of the plan's place or -1,
    number of the street nearest to it, and its point (x, y) nearest to that street.
    """

    frame: gpd.GeoDataFrame
    kind: list[str]
    community: IntArray
    place: IntArray
    road_street: IntArray
    front: FloatArray


def survey(
    town: DemoTown,
    plan: Plan,
    *,
    network: Network,
    zones: Zones,
    blocks: Blocks,
    plots: Plots,
    street_names: list[str | None],
    rng: np.random.Generator,
) -> Land:
    """Number and describe every plot of the town."""
    shapes = np.concatenate([plots.shapes, blocks.place_shapes])
    face = np.concatenate([blocks.face[plots.block], blocks.place_face])
    place = np.concatenate([np.full(len(plots.shapes), -1), np.arange(len(blocks.places))])
    kind = np.array([*plots.kind, *["place"] * len(blocks.places)])
    group = np.concatenate([plots.block, len(blocks.shapes) + np.arange(len(blocks.places))])
    community = zones.of_face[face]
    order, code = _tax_codes(shapes, community, group)
    shapes, place, kind, community = shapes[order], place[order], kind[order], community[order]
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    road = STRtree(network.roads.lines).nearest(shapely.points(middle))
    front = shapely.get_coordinates(
        shapely.get_point(shapely.shortest_line(shapes, network.roads.lines[road]), 0)
    )
    rank = best_rank(network, shapes, 20.0)
    use = _uses(kind, rank, place, rng)
    area = shapely.area(shapes)
    frame = gpd.GeoDataFrame(
        {"code": code, "geom": shapes}, geometry="geom", crs=f"EPSG:{town.srid}"
    )
    _deeds(frame, town, plan, middle, kind=kind, place=place, rng=rng)
    names = [street_names[s] for s in network.roads.street[road]]
    areas = [plan.communities[c].name for c in community]
    frame["address"] = [f"{n} {a}" if n else a for n, a in zip(names, areas, strict=True)]
    frame["use"] = use
    frame["use_detail"] = _details(use, place, blocks, rng)
    deed_area = area * (1.0 + rng.normal(0.0, 0.011, len(area)))
    odd = rng.random(len(area)) < 0.012  # noqa: PLR2004 - old deeds that were measured badly
    deed_area[odd] *= rng.uniform(0.88, 1.12, int(odd.sum()))
    # deeds are written to a tenth of a square wah
    frame["area_deed_m2"] = np.round(np.round(deed_area / _WAH_M2, 1) * _WAH_M2, 2)
    frame["area_m2"] = np.round(area, 2)
    price = np.array([_PRICE[k] for k in kind]) * np.where(rank <= 2, 1.9, 1.0) * plan.price_scale  # noqa: PLR2004
    price *= rng.lognormal(0.0, 0.22, len(price))
    frame["appraised_value"] = np.round(price * frame["area_deed_m2"].to_numpy(), -2)
    frame["assessments"] = np.where(place >= 0, 0, 1).astype(np.int64)
    public = place >= 0
    owners = _owners(len(frame), rng)
    frame["owner_name"] = np.where(public, "เทศบาล (สาธิต)", owners)
    frame["account_no"] = [
        None if p else f"DEMO-{town.short}-{n:06d}" for n, p in enumerate(public.tolist(), start=1)
    ]
    return Land(
        frame=frame,
        kind=kind.tolist(),
        community=community,
        place=place,
        road_street=network.roads.street[road],
        front=front,
    )


def _tax_codes(shapes: Shapes, community: IntArray, group: IntArray) -> tuple[IntArray, list[str]]:
    """The order of the tax map and each plot's code: zone (community), block letter, lot.

    Blocks of a zone follow each other to and fro from north to south; a letter is a run of
    them with about a hundred plots.
    """
    bounds = shapely.bounds(shapes)
    y = -np.floor(bounds[:, 3] / 350.0)
    x = np.where(y % 2 == 0, bounds[:, 0], -bounds[:, 0])
    block = pd.DataFrame({"zone": community, "group": group, "x": x, "y": y})
    block = block.groupby(["zone", "group"], as_index=False).agg({"x": "min", "y": "min"})
    block = block.sort_values(["zone", "y", "x", "group"], kind="stable")
    place_of = dict(zip(block["group"].tolist(), range(len(block)), strict=True))
    order = np.lexsort((np.arange(len(group)), [place_of[g] for g in group.tolist()]))
    zone, run = community[order], group[order]
    codes: list[str] = []
    for number in np.unique(zone):
        here = run[zone == number]
        aim = max(90, -(-len(here) // (len(_LETTERS) - 2)))
        letter, lot, last = 0, 0, here[0]
        for block_number in here.tolist():
            if block_number != last and lot >= aim:
                letter, lot = letter + 1, 0
            last, lot = block_number, lot + 1
            codes.append(f"{number + 1:02d}{_LETTERS[letter]}{lot:03d}")
    return order, codes


def _uses(
    kind: np.ndarray, rank: IntArray, place: IntArray, rng: np.random.Generator
) -> np.ndarray:
    """The use of every plot; main roads draw trade."""
    use = np.full(len(kind), "public", dtype=object)
    draw = rng.random(len(kind))
    for land, shares in _SHARES.items():
        for on_main in (False, True):
            here = (kind == land) & ((rank <= 2) == on_main) & (place < 0)  # noqa: PLR2004
            chances = np.asarray(shares)
            if on_main:
                chances = chances * (1.0, 2.6, 0.9, 0.8)
            steps = np.cumsum(chances / chances.sum())
            use[here] = np.asarray(_USES, dtype=object)[
                np.minimum(np.searchsorted(steps, draw[here]), len(_USES) - 1)
            ]
    return use


def _details(
    use: np.ndarray, place: IntArray, blocks: Blocks, rng: np.random.Generator
) -> np.ndarray:
    """The use in the roll's own words."""
    words = np.full(len(use), "", dtype=object)
    for name, (options, chances) in _DETAIL.items():
        here = np.flatnonzero(use == name)
        words[here] = pick(options, chances, len(here), rng)
    for row in np.flatnonzero(place >= 0):
        words[row] = _AMENITY[blocks.places[place[row]].kind]
    return words


def _deeds(
    frame: gpd.GeoDataFrame,
    town: DemoTown,
    plan: Plan,
    middle: FloatArray,
    *,
    kind: np.ndarray,
    place: IntArray,
    rng: np.random.Generator,
) -> None:
    """Deed type and number, sheet, land number, survey page and tambon, written into the frame."""
    count = len(frame)
    types = pick(("โฉนดที่ดิน", "น.ส.3ก", "น.ส.3"), (90, 8, 2), count, rng)
    farm = pick(("โฉนดที่ดิน", "น.ส.3ก", "ส.ป.ก. 4-01", "น.ส.3"), (52, 24, 18, 6), count, rng)
    deed = np.where(kind == "farm", farm, types)
    deed = np.where(place >= 0, "ที่ราชพัสดุ", deed)
    # base sheets of 1:4,000 cover 2 km by 2 km: kilometre indices modulo 100
    km = (np.floor(middle / 2000.0) * 2).astype(np.int64) % 100
    sheet = [f"{town.codes['sheet']}{e:02d}{n:02d}" for e, n in km.tolist()]
    frame["deed_type"] = deed
    frame["deed_no"] = (rng.permutation(count * 3)[:count] + 10_001).astype(str)
    frame["sheet"] = sheet
    land_no = pd.Series(sheet).groupby(sheet).cumcount() + 1
    frame["land_no"] = land_no.astype(str).to_numpy()
    frame["survey_page"] = (land_no * 7 % 9973 + 101).astype(str).to_numpy()
    frame["tambon_code"] = plan.tambon(middle)


def _owners(count: int, rng: np.random.Generator) -> list[str]:
    """Owners' names; one plot in four belongs to an owner met before."""
    fresh = people(count, rng, women=0.55)
    again = rng.integers(0, count, count)
    repeat = rng.random(count) < 0.25  # noqa: PLR2004
    return [
        fresh[a] if r else f for f, a, r in zip(fresh, again.tolist(), repeat.tolist(), strict=True)
    ]


def uses(land: Land, rng: np.random.Generator) -> pd.DataFrame:
    """Parts of the taxed parcels by use (fields of parcel_uses); one in twelve has two parts."""
    taxed = land.frame[land.frame["use"] != "public"]
    other = taxed["use"].map(
        {"residential": "commercial", "commercial": "residential", "agriculture": "residential"}
    )
    two = (rng.random(len(taxed)) < 1 / 12) & other.notna().to_numpy()
    share = np.where(two, rng.uniform(0.55, 0.9, len(taxed)), 1.0)
    area, value = taxed["area_deed_m2"].to_numpy(), taxed["appraised_value"].to_numpy()
    first = pd.DataFrame(
        {
            "parcel_code": taxed["code"].to_numpy(),
            "use": taxed["use"].to_numpy(),
            "area_m2": np.round(area * share, 2),
            "appraised_value": np.round(value * share, 2),
        }
    )
    second = pd.DataFrame(
        {
            "parcel_code": first["parcel_code"],
            "use": other.to_numpy(),
            "area_m2": np.round(area - first["area_m2"], 2),
            "appraised_value": np.round(value - first["appraised_value"], 2),
        }
    )[two]
    # a part is one assessment, so the parcel's count follows
    land.frame.loc[taxed.index[two], "assessments"] = 2
    both = pd.concat([first, second]).sort_values("parcel_code", kind="stable")
    return both.reset_index(drop=True)
