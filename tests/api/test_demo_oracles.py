"""The demo town's answers beside those GeoPandas and NetworkX work out of its files.

Of ours only the noding of the streets is used on the other side, which has tests of its own.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import KDTree

from api.app import create_app
from db.connect import Machine
from db.towns import drop_town
from flood import roads
from flood.vehicles import by_id
from flood.water import water
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import make_town
from tests.etl.demo_data import layer, table
from tests.flood.streets import reference
from tests.tiny import load_rows

pytestmark = pytest.mark.slow

LOADED = (
    *("town_boundary", "communities", "parcels", "parcel_uses", "buildings", "houses"),
    *("households", "permits", "roads", "waste_stops", "flood_zones", "facilities"),
)
WALK_MS = 4 / 3.6


def forgotten(code: str) -> bool:
    """Parcels whose tax account this test has lost: the demo's roll lacks none."""
    return int(code[-3:]) % 17 == 0


@pytest.fixture(scope="module")
def caller(server_url: str, secret: str, dashboard: Path) -> Iterator[Caller]:
    town = make_town(server_url, secret)
    try:
        with town.connect(Machine.LOADER) as conn:
            for name in LOADED:
                rows = table("phibun", name).astype(object)
                rows = rows.where(rows.notna(), None)
                if name == "parcels":
                    lost = rows["code"].map(forgotten)
                    rows.loc[lost, "account_no"] = None
                assert not load_rows(conn, name, rows.to_dict("records")).refused
        with town.connect(Machine.SERVICE) as conn:
            token = a_token(conn, Role.ADMIN, "oracle")
        with Caller(create_app(settings_for(town, dashboard)), token) as made:
            yield made
    finally:
        drop_town(server_url, town.town_id)


def told(caller: Caller, path: str, body: dict[str, Any]) -> Any:
    reply = caller.post(f"/queries/{path}?lang=en", json=body)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def on_parcels(points: gpd.GeoSeries, codes: pd.Series | None = None) -> pd.DataFrame:
    """Rows of points, and the parcel each belongs to: that of its code, else the one around it."""
    parcels = layer("phibun", "parcels")[["code", "geom"]].rename(columns={"code": "on"})
    frame = gpd.GeoDataFrame(geometry=points.reset_index(drop=True), crs=parcels.crs)
    frame["row"] = frame.index
    around = frame.sjoin(parcels.set_geometry("geom"), predicate="intersects")[["row", "on"]]
    if codes is None:
        return around
    named = pd.DataFrame({"row": frame.index, "on": codes.to_numpy()})
    named = named[named["on"].isin(set(parcels["on"]))]
    return pd.concat([named, around[~around["row"].isin(set(named["row"]))]])


def grouped(where: pd.DataFrame, values: pd.Series | None = None) -> dict[str, list[Any]]:
    """What lies on each parcel."""
    found: dict[str, list[Any]] = {}
    for row, code in zip(where["row"], where["on"], strict=True):
        found.setdefault(code, []).append(row if values is None else values.iloc[row])
    return found


def gaps_of(
    parcels: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    houses: gpd.GeoDataFrame,
    permits: gpd.GeoDataFrame,
) -> dict[str, set[str]]:
    """Gaps by parcel, of those that have any."""
    inside = gpd.GeoSeries(buildings.geometry.representative_point(), crs=buildings.crs)
    standing = grouped(on_parcels(inside), buildings["kind"])
    homes = grouped(on_parcels(houses.geometry, houses["parcel_code"]), houses["meter_no"])
    licences = grouped(on_parcels(permits.geometry, permits["parcel_code"]))
    uses: dict[str, set[str]] = {}
    for row in table("phibun", "parcel_uses").itertuples():
        uses.setdefault(row.parcel_code, set()).add(row.use)
    given = permits.drop(columns="geom").to_dict("records")
    truth = {}
    for row in parcels.itertuples():
        use = uses.get(row.code, set()) | ({row.use} if isinstance(row.use, str) else set())
        kinds, home = standing.get(row.code, []), homes.get(row.code, [])
        mine = [given[n] for n in licences.get(row.code, [])]
        account = pd.notna(row.account_no) and not forgotten(row.code)
        found = lacking(use, kinds, home, mine, account)
        if found:
            truth[row.code] = found
    return truth


def lacking(
    use: set[str], kinds: list[str], home: list[Any], mine: list[dict[str, Any]], account: bool
) -> set[str]:
    """Gaps of one parcel."""
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Bangkok")).date()
    trade = [p for p in mine if p["kind"] != "building"]
    traded = [p for p in trade if p["status"] in ("issued", "expired")]
    if "public" in use or not (kinds or home or traded):
        return set()
    lived = bool([kind for kind in kinds if kind != "farm"])
    stands = [p for p in mine if p["kind"] == "building"]
    stands = [p for p in stands if p["status"] in ("issued", "expired", "applied")]
    over = [p for p in trade if pd.notna(p["expires_on"]) and p["expires_on"] < today]
    current = [p for p in trade if p["status"] == "issued" and p not in over]
    current += [p for p in trade if p["status"] == "applied"]
    trades = bool(set(kinds) & {"commercial", "industrial"} or "commercial" in use or traded)
    tests = {
        "no_tax_account": not account,
        "use_differs": bool(use)
        and use <= {"vacant", "agriculture"}
        and bool(lived or home or traded),
        "no_building_licence": lived and not stands,
        "no_business_licence": trades and not current,
    }
    return {name for name, true in tests.items() if true}


def test_revenue_gaps_are_geopandas_gaps(caller: Caller) -> None:
    answer = told(caller, "revenue-gaps", {"limit": 2000})
    print(f"revenue gaps: {answer['matched']} parcels, {answer['computing_ms']} ms")
    parcels, buildings = layer("phibun", "parcels"), layer("phibun", "buildings")
    houses, permits = layer("phibun", "houses"), layer("phibun", "permits")
    truth = gaps_of(parcels, buildings, houses, permits)
    counts = {kind: sum(kind in found for found in truth.values()) for kind in answer["gaps"]}
    assert {kind: told["parcels"] for kind, told in answer["gaps"].items()} == counts
    assert min(counts.values()) > 0, "each kind is there to be found"
    assert answer["matched"] == len(truth)
    listed = {p["parcel"]: {gap["kind"] for gap in p["gaps"]} for p in answer["parcels"]}
    assert listed.items() <= truth.items()
    value = parcels.set_index("code")["appraised_value"]
    for kind, told_ in answer["gaps"].items():
        mine = value[[code for code, found in truth.items() if kind in found]]
        assert told_["appraised_value"] == pytest.approx(float(mine.sum()), rel=1e-9)
    page = told(caller, "revenue-gaps", {"limit": 5, "offset": 3})["parcels"]
    assert page == answer["parcels"][3:8]
    stops = layer("phibun", "waste_stops")
    near = houses.sjoin_nearest(stops[["code", "geom"]], max_distance=300, rsuffix="stop")
    near = near.drop_duplicates("house_code")["code"].value_counts()
    accounts = stops.set_index("code")["accounts_served"]
    lacks = {c: int(n - accounts[c]) for c, n in near.items() if n > accounts[c]}
    assert answer["waste"]["missing"] == pytest.approx(sum(lacks.values()), abs=3), "ties aside"
    assert answer["waste"]["stops"] == pytest.approx(len(lacks), abs=3)


def test_coverage_is_networkx_and_pandas_coverage(caller: Caller) -> None:
    zones = layer("phibun", "flood_zones")
    wet = zones[(zones["kind"] == "return_period") & (zones["return_period_y"] == 100)]
    asked = {
        "facilities": ["clinic", "hospital"],
        "within_min": 25,
        "flood": {"zone_ids": wet["code"].tolist()},
        "include": ["households"],
    }
    answer = told(caller, "coverage", asked)
    depth = wet["depth_max_m"].astype(float).fillna(np.inf).to_numpy()
    areas = water(wet.geometry.to_numpy(), depth_max_m=[float(d) for d in depth])
    walk, lines = by_id("walk"), layer("phibun", "roads")
    columns = {name: lines[name].tolist() for name in ("oneway", "bridge", "level")}
    made = roads.roads(
        lines.geometry.to_numpy(),
        classes=lines["class"].tolist(),
        speed_kmh=lines["speed_kmh"].tolist(),
        **columns,
    )
    graph = roads.build(made)
    left = reference(graph, walk, areas)
    usable = np.array(sorted(n for n, degree in left.degree() if degree))
    places = layer("phibun", "facilities")
    places = places[places["kind"].isin(["clinic", "hospital"])]
    dry = places[~places.geometry.apply(lambda at: bool(wet.intersects(at).any()))]
    status = {one["code"]: one["status"] for one in answer["services"]}
    assert {c for c, one in status.items() if one == "serves"} == set(dry["code"])
    away, at = KDTree(graph.xy[usable]).query(shapely.get_coordinates(dry.geometry))
    for code, far, node in zip(dry["code"], away, usable[at].tolist(), strict=True):
        left.add_edge(node, code, weight=far / WALK_MS)
    times = nx.multi_source_dijkstra_path_length(left.reverse(), set(dry["code"]))
    houses = layer("phibun", "houses")[["house_code", "community", "geom"]]
    homes = table("phibun", "households").merge(houses, on="house_code", how="left")
    xy = shapely.get_coordinates(homes["geom"].to_numpy())
    away, at = KDTree(graph.xy).query(xy)
    doors = gpd.GeoDataFrame(homes[["code"]], geometry=homes["geom"].to_numpy(), crs=wet.crs)
    met = doors.sjoin(wet.assign(deep=depth)[["deep", "geom"]], predicate="intersects")
    deep = met.groupby("code")["deep"].max().reindex(homes["code"]).fillna(0).to_numpy() > 0.3
    seconds = np.array([times.get(int(n), np.inf) for n in at]) + away / WALK_MS
    seconds[(away > 500) | deep] = np.inf
    near = np.where(np.isinf(seconds), "unreachable", np.where(seconds <= 1500, "within", "far"))
    ages = {"0-5": "0_5", "6-17": "6_17", "18-59": "18_59", "60+": "60_up"}
    asleep = homes[[f"sleeping_{age}" for age in ages.values()]].notna().any(axis=1)
    people = pd.DataFrame(
        {
            name: homes[f"sleeping_{age}"].where(asleep, homes[f"registered_{age}"]).fillna(0)
            for name, age in ages.items()
        }
    ).astype(int)
    assert set(near) == {"within", "far", "unreachable"}
    for reach in ("within", "far", "unreachable"):
        mine = people[near == reach]
        assert answer["households"][reach] == len(mine)
        assert answer["people"][reach] == int(mine.to_numpy().sum())
        assert {age: c[reach] for age, c in answer["by_age"].items()} == mine.sum().to_dict()
        by_place = people.sum(axis=1)[near == reach].groupby(homes["community"]).sum().to_dict()
        told_ = {c["community"]: c["people"][reach] for c in answer["communities"]}
        assert {c: n for c, n in told_.items() if n} == {c: n for c, n in by_place.items() if n}
    truth = dict(zip(homes["code"], seconds / 60, strict=True))
    for home in answer["outside"]:
        if home["status"] == "far":
            assert home["minutes"] == pytest.approx(truth[home["household"]], abs=0.06)
