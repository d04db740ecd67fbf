"""The standing alert: somebody whose life hangs on power, where power is off or about to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import shapely

from flood.roads import Floats, Shapes
from layers.text import Text


class Power(StrEnum):
    """State of an area's power."""

    ON = "on"
    OFF = "off"
    PLANNED = "planned"


@dataclass(frozen=True)
class PowerArea:
    """An area served together; `since` and `until` bound an outage where they are known."""

    key: str
    state: Power
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class PowerAlert:
    """One household with powered equipment inside an outage that is, or that is planned."""

    household: str
    area: str
    state: Power
    words: Text


def alerts(
    keys: Sequence[str],
    points: Floats,
    areas: Sequence[PowerArea],
    shapes: Shapes,
    now: datetime,
) -> tuple[PowerAlert, ...]:
    """Alerts for households (key, n x 2) with powered equipment; off before planned.

    An outage that has ended is none. An outage without times is one: no data is not "on".
    """
    barred = [n for n, area in enumerate(areas) if _bars(area, now)]
    if not barred or not len(points):
        return ()
    places = np.asarray(shapely.points(points), dtype=object)
    found = [
        PowerAlert(keys[home], areas[n].key, areas[n].state, _words(areas[n], now))
        for n in barred
        for home in np.flatnonzero(shapely.intersects(shapes[n], places)).tolist()
    ]
    return tuple(sorted(found, key=lambda a: (a.state is not Power.OFF, a.household, a.area)))


def _bars(area: PowerArea, now: datetime) -> bool:
    return area.state is not Power.ON and (area.until is None or area.until > now)


def _words(area: PowerArea, now: datetime) -> Text:
    if area.state is Power.OFF:
        return Text(
            th=f"ไฟฟ้าดับในเขต {area.key} มีผู้พึ่งเครื่องใช้ไฟฟ้าทางการแพทย์",
            en=f"Power is off in {area.key}, where somebody depends on powered medical equipment.",
        )
    if area.since is None:
        when = Text(th="ไม่ทราบเวลา", en="at a time not known")
    elif area.since <= now:
        when = Text(th="ถึงกำหนดแล้ว", en="and the time has come")
    else:
        hours = (area.since - now).total_seconds() / 3600.0
        when = Text(th=f"ในอีก {hours:.1f} ชม.", en=f"in {hours:.1f} h")
    return Text(
        th=f"มีแผนตัดไฟในเขต {area.key} {when.th} มีผู้พึ่งเครื่องใช้ไฟฟ้าทางการแพทย์",
        en=f"Power is planned off in {area.key} {when.en}; somebody there depends on powered "
        "medical equipment.",
    )
