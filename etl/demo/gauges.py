"""Gauges of the demo towns, their thresholds and remembered floods, and readings up to now.

All of it is invented and says so in its names, notes and source: no bank, warning level or travel
time here stands for a real one. Readings are a function of the clock alone, so that two machines
that ask for the same hour get the same water.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import Point
from shapely.ops import nearest_points

from db import readings
from db.datasets import list_datasets
from db.derived import AnyConnection
from db.readings import Reading
from etl.demo.plan import Plan
from etl.demo.towns import SOURCE, DemoTown
from layers.series import of_kind

NOTE = "สมมติเพื่อการสาธิต · invented for the demo"
DAYS = 45
"""Days of readings a demo town has when it is loaded: five waves, for a forecast to learn from."""
_SET_ON = datetime(2026, 1, 1, tzinfo=UTC).date()
Hours = NDArray[np.float64]


@dataclass(frozen=True)
class _Gauge:
    """One invented station; `water` gives its values at hours since 1970."""

    code: str
    name: str
    kind: str
    step_s: int
    water: Callable[[Hours], NDArray[np.float64]]
    river: str | None = None
    zero_m: float | None = None
    banks: tuple[float | None, float | None] = (None, None)
    thresholds: tuple[tuple[str, str, float, float | None], ...] = ()
    remembered: tuple[tuple[int, float], ...] = ()


def _wave(hours: Hours, lag_h: float) -> NDArray[np.float64]:
    """A flood wave that comes and goes every nine days, steeper up than down."""
    turn = 2 * np.pi * (hours - lag_h) / (9 * 24)
    found: Hours = 0.5 + 0.5 * np.sin(turn + 0.35 * np.sin(turn))
    return found


def _mun(hours: Hours) -> NDArray[np.float64]:
    return 106.1 + 1.9 * _wave(hours, 0.0) + 0.012 * np.sin(hours * 2.7)


def _upstream(hours: Hours) -> NDArray[np.float64]:
    return 109.4 + 2.3 * _wave(hours, -30.0) + 0.012 * np.sin(hours * 3.1)


def _tide(hours: Hours) -> NDArray[np.float64]:
    parts = ((12.4206, 0.78, 0.4), (12.0, 0.36, 1.1), (23.9345, 0.14, 2.0), (25.8193, 0.09, 0.7))
    waves = [high * np.cos(2 * np.pi * hours / period - at) for period, high, at in parts]
    found: Hours = np.sum(waves, axis=0) + 0.05
    return found


def _rain(hours: Hours) -> NDArray[np.float64]:
    """Showers on some afternoons, mm in each hour."""
    day = np.floor(hours / 24)
    shower = np.maximum(0.0, np.sin(2 * np.pi * (hours - 2) / 24)) ** 6
    found: Hours = np.maximum(0.0, 26 * np.sin(day * 1.7) - 6) * shower
    return found


_PHIBUN = (
    _Gauge(
        "PB-DEMO",
        "สถานีสาธิตพิบูล (demo)",
        "river",
        900,
        _mun,
        river="แม่น้ำมูล",
        zero_m=100.0,
        banks=(108.9, 108.3),
        thresholds=(
            ("เฝ้าระวัง (สาธิต)", "watch", 107.3, None),
            ("เตือนภัย (สาธิต)", "warning", 107.9, None),
            ("วิกฤต (สาธิต)", "critical", 108.3, None),
        ),
        remembered=((2545, 109.2), (2562, 109.9)),
    ),
    _Gauge(
        "PB-DEMO-UP",
        "สถานีสาธิตเหนือน้ำ (demo)",
        "river",
        900,
        _upstream,
        river="แม่น้ำมูล",
        zero_m=104.0,
        banks=(112.4, 112.0),
    ),
)
_PATONG = (
    _Gauge(
        "PT-DEMO-TIDE",
        "สถานีน้ำขึ้นน้ำลงสาธิต (demo)",
        "tide",
        900,
        _tide,
        zero_m=-2.0,
        thresholds=(
            ("น้ำหนุน (สาธิต)", "watch", 1.1, None),
            ("น้ำท่วมถนน (สาธิต)", "warning", 1.5, None),
        ),
        remembered=((2547, 2.3),),
    ),
    _Gauge(
        "PT-DEMO-RAIN",
        "สถานีฝนสาธิต (demo)",
        "rain",
        3600,
        _rain,
        thresholds=(
            ("ฝนหนัก 3 ชม. (สาธิต)", "watch", 35.0, 3.0),
            ("ฝนหนักมาก 3 ชม. (สาธิต)", "warning", 60.0, 3.0),
        ),
    ),
)
_GAUGES: Mapping[str, tuple[_Gauge, ...]] = {"phibun": _PHIBUN, "patong": _PATONG}


def gauges(town: DemoTown, plan: Plan) -> gpd.GeoDataFrame:
    """The stations: at the water where the plan's floods enter, the upper one at the edge."""
    own = _GAUGES[town.id]
    return gpd.GeoDataFrame(
        {
            "code": [one.code for one in own],
            "name": [one.name for one in own],
            "river": [one.river for one in own],
            "kind": [one.kind for one in own],
            "zero_m": [one.zero_m for one in own],
            "datum": ["local" if one.zero_m is not None else None for one in own],
            "bank_left_m": [one.banks[0] for one in own],
            "bank_right_m": [one.banks[1] for one in own],
            "expected_interval_s": [one.step_s for one in own],
            "operator": [NOTE] * len(own),
            "note": [NOTE] * len(own),
        },
        geometry=_places(plan, own),
        crs=f"EPSG:{town.srid}",
    ).rename_geometry("geom")


def _places(plan: Plan, own: tuple[_Gauge, ...]) -> list[Point]:
    """Where the plan says, else on the town's greatest water westwards; of rain, in the town."""
    water = max(plan.water, key=lambda one: one.shape.area).shape.intersection(plan.boundary)
    first = water.representative_point()
    west = water.bounds[0]
    places = []
    for n, gauge in enumerate(own):
        x = first.x + 0.9 * (west - first.x) * n / max(1, len(own) - 1)
        own_place = next((flood.at for flood in plan.floods if flood.gauge == gauge.code), None)
        on_water = own_place or nearest_points(water, Point(x, first.y))[0]
        places.append(plan.boundary.representative_point() if gauge.kind == "rain" else on_water)
    return places


def thresholds(town: DemoTown) -> pd.DataFrame:
    """Invented thresholds, each saying so in its name."""
    rows = [
        {
            "gauge": gauge.code,
            "name": name,
            "kind": kind,
            "level_m": value if hours is None else None,
            "rain_mm": None if hours is None else value,
            "rain_hours": hours,
            "set_by": NOTE,
            "set_on": _SET_ON,
            "note": NOTE,
        }
        for gauge in _GAUGES[town.id]
        for name, kind, value, hours in gauge.thresholds
    ]
    return pd.DataFrame(rows)


def remembered(town: DemoTown) -> pd.DataFrame:
    """Invented peaks, noted as such."""
    rows = [
        {"gauge": gauge.code, "year_be": year, "peak_m": peak, "note": NOTE}
        for gauge in _GAUGES[town.id]
        for year, peak in gauge.remembered
    ]
    return pd.DataFrame(rows, columns=["gauge", "year_be", "peak_m", "note"])


def links(town: DemoTown) -> pd.DataFrame:
    """The invented travel time of the invented wave, where a town has an upper station."""
    upper = [gauge.code for gauge in _GAUGES[town.id] if gauge.code.endswith("-UP")]
    rows = [
        {
            "upstream": code,
            "downstream": code.removesuffix("-UP"),
            "stage_class": "all",
            "lag_source": "staff",
            "lag_min_h": 26.0,
            "lag_max_h": 34.0,
            "lag_likely_h": 30.0,
            "set_by": NOTE,
            "note": NOTE,
        }
        for code in upper
    ]
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else None)


def between(town_id: str, code: str, start: datetime, end: datetime) -> list[Reading]:
    """Readings of a demo gauge after `start` up to `end`, at whole steps of its clock."""
    (gauge,) = [one for one in _GAUGES[town_id] if one.code == code]
    first = int(start.timestamp()) // gauge.step_s + 1
    last = int(end.timestamp()) // gauge.step_s
    seconds = gauge.step_s * np.arange(first, last + 1)
    values = np.round(gauge.water(seconds / 3600), 1 if gauge.kind == "rain" else 2)
    moments = [datetime.fromtimestamp(second, UTC) for second in seconds.tolist()]
    return [
        Reading(code, at, value, source=SOURCE, received_at=at + timedelta(seconds=60))
        for at, value in zip(moments, values.tolist(), strict=True)
    ]


def need_readings(conn: AnyConnection, town_id: str, now: datetime) -> int:
    """Bring a demo town's readings up to `now`, as loader; how many were new.

    Nothing happens where anybody else's data are: whoever uses the town for real has real water.
    """
    if any(row.source != SOURCE for row in list_datasets(conn)):
        return 0
    new = 0
    for gauge in _GAUGES.get(town_id, ()):
        series = of_kind(gauge.kind).id
        last = readings.latest(conn, series, now=now).get(gauge.code)
        start = now - timedelta(days=DAYS)
        if last is not None:
            start = max(start, last.at)
        told = between(town_id, gauge.code, start, now)
        new += readings.add(conn, series, told, actor="demo").new
    conn.commit()
    return new
