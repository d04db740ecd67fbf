"""Numbers on another datum than the file says: Indian 1975 labelled WGS 84, or the other way.

The shift is some 450-520 m, so the boundary of a town cannot tell. What can is the layer itself,
once some of it is in the town: the same parcels, roads or houses lie where they lay before.
"""

import numpy as np
from pyproj import CRS

from etl.crs import Points, Sample, TownArea, label, refuse
from etl.datum import Operation
from etl.transform import WGS84, between, registered
from layers.datum import INDIAN_PROJECTED, PINNED, is_indian

_POINTS = 200
_ENOUGH = 20
_AWAY_M = 5.0
_CLEARLY = 0.2
_UTM_NORTH = 32600


def suspect(crs: CRS, operation: Operation, seen: Sample, town: TownArea, file: str) -> None:
    """RefusedError when what is stored says, beyond doubt, that the numbers are on the other datum.

    Told with both distances and both commands; a CRS given with --crs is not doubted.
    """
    twin = _twin(crs)
    turn = None if twin is None else between(twin, town.crs)
    if twin is None or turn is None or town.known is None or seen.count < _ENOUGH:
        return
    points = seen.points[:: max(1, len(seen.points) // _POINTS)]
    forward = operation.transformer
    as_read = points if forward is None else np.column_stack(forward.transform(*points.T))
    read, other = _median(as_read, town), _median(np.column_stack(turn.transform(*points.T)), town)
    if read is None or other is None or read < _AWAY_M or other > read * _CLEARLY:
        return
    as_twin = f"--crs {label(twin)}"
    if is_indian(twin):
        as_twin += f" --datum-operation {PINNED[0]}"
    as_stated = f"--crs {label(crs)}"
    raise refuse(
        file,
        f"บอกว่าเป็น {label(crs)} แต่เมื่ออ่านเช่นนั้นจะห่างจากสิ่งที่มีอยู่แล้วในชั้นข้อมูลนี้ {read:,.0f} ม. (มัธยฐาน)"
        f" ถ้าอ่านเป็น {label(twin)} จะห่าง {other:,.1f} ม. สั่งอีกครั้งโดยเติม {as_twin} หรือ {as_stated}"
        " ถ้าที่ไฟล์บอกถูกแล้ว",
        f"it says {label(crs)}, but read so it lies {read:,.0f} m (median) from what this layer "
        f"holds already; read as {label(twin)} it lies {other:,.1f} m from it. Repeat the command "
        f"with {as_twin}, or with {as_stated} if the file is right",
    )


def _twin(crs: CRS) -> CRS | None:
    """The same projection on the other datum; None where there is none in use."""
    if is_indian(crs):
        known = registered(crs)
        if known.is_geographic:
            return WGS84
        zone = next((n for n, code in INDIAN_PROJECTED.items() if code == known.to_epsg()), None)
        return None if zone is None else CRS.from_epsg(_UTM_NORTH + zone)
    if crs.is_geographic:
        return CRS.from_epsg(4240)
    code = crs.to_epsg(min_confidence=70) or 0
    indian = INDIAN_PROJECTED.get(code - _UTM_NORTH)
    return None if indian is None else CRS.from_epsg(indian)


def _median(points: Points, town: TownArea) -> float | None:
    if town.known is None or not np.isfinite(points).all():
        return None
    found = town.known([(float(x), float(y)) for x, y in points])
    return float(np.median(found)) if len(found) >= _ENOUGH else None
