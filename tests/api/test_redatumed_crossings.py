"""A staff set anew: what is told of crossings is of m MSL, whatever was read on the staff.

Every staff here stands in the same water as a gauge that tells m MSL itself, and must be told of
just as that one is: forecast, times of crossing, the threshold rule, remembered floods.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.house import House
from db.changes import number_changes
from db.connect import Machine
from db.readings import Reading, add
from db.towns import drop_town
from layers.model import Role
from ops.forecasting.forecaster import Forecaster
from tests.api.war_room import EVENT, WarRoom, war_room
from tests.conftest import make_tiny_town
from tests.flood.made_rivers import arriving, floods
from tests.tiny import load_rows, point

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
DAYS = 25
WATER = arriving(floods(20, DAYS), lambda x: np.full(len(x), 30.0), seed=21).round(3)
HIGH = round(float(WATER[-1]) + 0.3, 2)
"""The threshold: a little over the last level of the series."""
ZEROS: dict[str, list[tuple[float, float]]] = {
    "MSL": [],
    "LOWER": [(9e9, 90.0), (40, 89.5)],
    "HIGHER": [(9e9, 90.0), (40, 90.4)],
    "TWICE": [(9e9, 90.0), (300, 89.2), (3, 91.1)],
}
"""Zeros of each staff, m MSL, from how many hours ago they hold."""


def zero_of(code: str, hours: float) -> float:
    return next(zero for since, zero in reversed(ZEROS[code]) if hours <= since)


def reading(code: str, hours: float, level: float) -> Reading:
    """What is sent: m MSL, or the staff with the level its sender reckons by the zero of before."""
    at = NOW - timedelta(hours=hours)
    if code == "MSL":
        return Reading(code, at, level, source="made", received_at=at)
    staff = round(level - zero_of(code, hours), 3)
    reckoned = staff + ZEROS[code][0][1]
    return Reading(code, at, reckoned, source="made", received_at=at, staff_m=staff)


@pytest.fixture(scope="module")
def room(server_url: str, secret: str, dashboard: Path) -> Iterator[WarRoom]:
    town = make_tiny_town(server_url, secret)
    with town.connect(Machine.LOADER) as conn:
        for n, (code, zeros) in enumerate(ZEROS.items()):
            zero = {"zero_m": zeros[0][1]} if zeros else {}
            place = point(100 + 50 * n, -20)
            load_rows(conn, "gauges", [{"code": code, "kind": "river", "geom": place, **zero}])
            mark = {"gauge": code, "name": "เตือน", "kind": "warning", "level_m": HIGH}
            load_rows(conn, "gauge_thresholds", [mark])
            flood = {"gauge": code, "year_be": 2565, "peak_m": HIGH + 1}
            load_rows(conn, "remembered_floods", [flood])
            hours = range(len(WATER), 0, -1)
            rows = [reading(code, n, float(x)) for n, x in zip(hours, WATER, strict=True)]
            add(conn, "gauge_readings", rows)
        conn.commit()
        number_changes(conn)
    with war_room(town, dashboard) as made:
        made.event = made.post(Role.COORDINATOR, "/events", 201, **EVENT)["id"]
        yield made
    drop_town(server_url, town.town_id)


def look(room: WarRoom, minutes: float) -> dict[str, Any]:
    """Let the threshold rule look; its incidents at our gauges by gauge."""
    house: House = room.caller.app.state.house
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    raised = room.caller.run(house.watch.look(frozenset({"threshold"}), at))
    found = [room.get(Role.ADMIN, f"/incidents/{number}") for number in raised]
    return {one["about_code"]: one for one in found if one["about_code"] in ZEROS}


def bring(room: WarRoom, hours: float, level: float) -> None:
    with room.town.connect(Machine.LOADER) as conn:
        add(conn, "gauge_readings", [reading(code, hours, level) for code in ZEROS])
        conn.commit()
        number_changes(conn)


def now(room: WarRoom) -> dict[str, Any]:
    gauges = room.get(Role.ADMIN, "/gauges")["gauges"]
    return {one["code"]: one for one in gauges if one["code"] in ZEROS}


def test_a_crossing_is_of_the_same_level_before_and_after_the_zero_is_known(room: WarRoom) -> None:
    # nobody has heard yet that staffs were set anew: those now read too high are taken for floods
    told = {code: one["now"]["level_m"] for code, one in now(room).items()}
    last = float(WATER[-1])
    assert told == pytest.approx(
        {"MSL": last, "LOWER": last + 0.5, "HIGHER": last - 0.4, "TWICE": last - 1.1}
    )
    assert look(room, 0) == {}
    assert set(look(room, 2)) == {"LOWER"}

    with room.town.connect(Machine.LOADER) as conn:
        entries = [
            {"gauge": code, "valid_from": NOW - timedelta(hours=since), "zero_m": zero}
            for code, zeros in ZEROS.items()
            for since, zero in zeros[1:]
        ]
        load_rows(conn, "gauge_zeros", entries)
        conn.commit()
        number_changes(conn)
    _all_say_what_the_msl_gauge_says(room, last)
    look(room, 3)
    log = [one for one in room.log(room.event) if one["action"] == "condition_ended"]
    assert len(log) == 1, "the flood that was none is told to have ended"

    # the water rises over the threshold, by staff and by m MSL alike
    bring(room, 0.2, HIGH + 0.05)
    _all_say_what_the_msl_gauge_says(room, HIGH + 0.05)
    look(room, 4)
    raised = look(room, 7)
    told_of = f"{HIGH + 0.05:.2f} ≥ {HIGH:.2f} m MSL"
    # of the staff that was too high the same incident is found again
    assert {code: one["rule_values"] for code, one in raised.items()} == dict.fromkeys(
        ("MSL", "HIGHER", "TWICE"), told_of
    )
    (again,) = [one for one in room.log(room.event) if one["action"] == "again"]
    assert again["note"] == told_of
    assert room.get(Role.ADMIN, f"/incidents/{again['record']}")["about_code"] == "LOWER"


def _all_say_what_the_msl_gauge_says(room: WarRoom, level: float) -> None:
    for code, one in now(room).items():
        assert one["now"]["level_m"] == pytest.approx(level), code
        (mark,) = one["thresholds"]
        assert mark["distance_m"] == pytest.approx(level - HIGH, abs=0.006), code
        (flood,) = one["remembered"]
        assert flood["distance_m"] == pytest.approx(level - HIGH - 1, abs=0.006), code


def test_forecasts_cross_a_threshold_when_that_of_the_msl_gauge_does(room: WarRoom) -> None:
    with room.town.connect(Machine.LOADER) as conn:
        Forecaster().run(conn)
        number_changes(conn)
    answers = {}
    for code in ZEROS:
        reply = room.caller.post(
            "/queries/arrival", json={"gauge": code}, token=room.tokens[Role.ADMIN]
        )
        answers[code] = reply.json()
    meant = answers.pop("MSL")
    assert meant["forecast"]
    assert meant["crossings"]
    for code, answer in answers.items():
        levels = [one["level_m"] for one in answer["forecast"]]
        assert levels == pytest.approx([one["level_m"] for one in meant["forecast"]], abs=0.011), (
            code
        )
        assert [{**one, "threshold": None} for one in answer["crossings"]] == [
            {**one, "threshold": None} for one in meant["crossings"]
        ], code
