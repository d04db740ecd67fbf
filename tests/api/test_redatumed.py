"""A staff whose zero changes on a date: what was read before and after, late, told again."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from api.app import create_app
from db import feeds, readings
from db.changes import number_changes
from db.connect import Machine, connect_admin
from db.readings import Reading
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle
from tests.tiny import load_rows, point, tiny

NOW = datetime.now(UTC).replace(microsecond=0)
MOVED = NOW - timedelta(hours=5)
ITEMS = "/ogc/collections/gauge_zeros/items"
PATH = "/gauges/DEMO.1/readings"
_SECOND = timedelta(seconds=1)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


@pytest.fixture(scope="module")
def town(module_town: TownHandle) -> TownHandle:
    with module_town.connect(Machine.LOADER) as conn:
        for layer in ("gauges", "gauge_thresholds", "remembered_floods"):
            load_rows(conn, layer, tiny()[layer])
        load_rows(conn, "gauges", [{"code": "NONE", "kind": "river", "geom": point(9, 9)}])
        conn.commit()
    return module_town


@pytest.fixture(scope="module")
def desk(town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.STAFF, "desk")
    with Caller(create_app(settings_for(town, dashboard)), token) as caller:
        yield caller


def by_hand(desk: Caller, staff: float, at: datetime) -> dict[str, Any]:
    sent = {"staff_m": staff, "at": at.isoformat(), "confirm": True}
    made = desk.post(PATH, json=sent)
    assert made.status_code == 201, made.text
    return dict(made.json())


def told(town: TownHandle, desk: Caller, **more: str) -> dict[float, float]:
    """Levels by the hours ago at which they were read."""
    with town.connect(Machine.SERVICE) as conn:
        number_changes(conn)
    asked = {"start": ago(60).isoformat(), **more}
    found = desk.get(PATH, params=asked).json()["readings"]
    return {
        (NOW - datetime.fromisoformat(one["at"])) / timedelta(hours=1): one["level_m"]
        for one in found
    }


def from_feed(town: TownHandle, *rows: tuple[float, float, float | None]) -> readings.Added:
    """Readings (hours ago, m MSL as its sender reckoned it, on the staff) of a source."""
    with town.connect(Machine.LOADER) as conn:
        brought = [
            Reading("DEMO.1", ago(hours), level, source="feed:x", received_at=NOW, staff_m=staff)
            for hours, level, staff in rows
        ]
        return readings.add(conn, "gauge_readings", brought)


def entry(desk: Caller, zero: float | None, since: datetime) -> int:
    values = {
        "gauge": "DEMO.1",
        "valid_from": since.isoformat(),
        "zero_m": zero,
        "reason": "ย้ายเสา",
    }
    made = desk.post(ITEMS, json={"type": "Feature", "geometry": None, "properties": values})
    assert made.status_code == 201, made.text
    return int(made.headers["location"].rsplit("/", 1)[1])


def test_a_gauge_levelled_anew_midway(town: TownHandle, desk: Caller) -> None:
    by_hand(desk, 6.0, ago(6))
    picture = io.BytesIO()
    Image.new("RGB", (30, 20)).save(picture, "PNG")
    shown = by_hand(desk, 6.1, ago(4))["id"]
    photo = f"{PATH}/{{}}/photo"
    assert desk.post(photo.format(shown), content=picture.getvalue()).status_code == 201
    wrong = by_hand(desk, 9.9, ago(3.5))["id"]
    mark = {"wrong": True, "reason": "slip of the pen"}
    assert desk.post(f"{PATH}/{wrong}/marks", json=mark).status_code == 201
    from_feed(town, (3, 111.2, 6.2), (2, 111.25, None))
    before = {6.0: 111.0, 4.0: 111.1, 3.0: 111.2, 2.0: 111.25}
    assert told(town, desk) == before
    then = datetime.now(UTC)

    # the desk hears only now that the staff was set 35 cm lower five hours ago
    made = entry(desk, 104.65, MOVED)
    after = {6.0: 111.0, 4.0: 110.75, 3.0: 110.85, 2.0: 111.25}
    assert told(town, desk) == after
    # what was told before is kept, and told as of then
    everything = desk.get(PATH, params={"start": ago(60).isoformat(), "all": "true"}).json()
    levels = [one["level_m"] for one in everything["readings"]]
    assert sorted(levels) == [110.75, 110.85, 111.0, 111.1, 111.2, 111.25, 114.9]
    assert told(town, desk, as_of=then.isoformat()) == before
    # the picture of the staff is that of the level in use
    (used,) = [one for one in everything["readings"] if one["level_m"] == 110.75]
    assert desk.get(photo.format(used["id"])).status_code == 200

    # late, of before the change: the old zero; now: the new one
    assert by_hand(desk, 5.9, ago(5.5))["value"] == 110.9
    newest = by_hand(desk, 7.0, ago(0))
    assert newest["value"] == 111.65
    (gauge,) = [g for g in desk.get("/gauges").json()["gauges"] if g["code"] == "DEMO.1"]
    assert (gauge["zero_m"], gauge["now"]["level_m"]) == (104.65, 111.65)
    assert [one["zero_m"] for one in gauge["zeros"]] == [104.65]
    (watch,) = gauge["thresholds"]
    assert watch["distance_m"] == pytest.approx(0.65)
    (flood,) = gauge["remembered"]
    assert flood["distance_m"] == pytest.approx(111.65 - flood["peak_m"])

    # a source that has not heard of it brings the same again, and something new
    again = from_feed(town, (3, 111.2, 6.2), (1, 111.3, 6.3))
    assert (again.new, again.same, again.revised) == (1, 1, 0)
    after |= {5.5: 110.9, 1.0: 110.95, 0.0: 111.65}
    assert told(town, desk) == after

    # the entry was a mistake of the day: moved, then taken back
    late = {"type": "Feature", "properties": {"valid_from": ago(3.2).isoformat()}}
    assert desk.ask("PATCH", f"{ITEMS}/{made}", json=late).status_code == 200
    assert told(town, desk)[4.0] == 111.1
    assert told(town, desk)[3.0] == 110.85
    assert desk.ask("DELETE", f"{ITEMS}/{made}").status_code == 204
    assert told(town, desk) == before | {5.5: 110.9, 1.0: 111.3, 0.0: 112.0}


def test_a_zero_changed_in_the_record_holds_from_then_on(town: TownHandle, desk: Caller) -> None:
    before = told(town, desk)
    with town.connect(Machine.SERVICE) as conn:
        row = conn.execute("SELECT id FROM town.gauges WHERE code = 'DEMO.1'").fetchone()
    assert row is not None
    gauge = f"/ogc/collections/gauges/items/{row[0]}"
    for zero in (105.4, 105.4, 105.2):
        sent = {"type": "Feature", "properties": {"zero_m": zero}}
        assert desk.ask("PATCH", gauge, json=sent).status_code == 200
    assert told(town, desk) == before
    found = desk.get(ITEMS).json()["features"]
    zeros = sorted((one["properties"]["valid_from"], one["properties"]["zero_m"]) for one in found)
    assert [zero for _, zero in zeros] == [105.0, 105.4, 105.2]
    assert by_hand(desk, 5.8, ago(7))["value"] == 110.8
    assert by_hand(desk, 5.8, datetime.now(UTC) + timedelta(seconds=2))["value"] == 111.0
    # unknown from a day on: what is read then is asked for in m MSL
    entry(desk, None, NOW - timedelta(days=20))
    entry(desk, 105.0, NOW - timedelta(days=10))
    sent = {"staff_m": 5.0, "at": (NOW - timedelta(days=15)).isoformat(), "confirm": True}
    refused = desk.post(f"{PATH}?lang=en", json=sent)
    assert refused.status_code == 400
    assert "not known for that time" in refused.json()["detail"]


def test_the_database_and_the_sender_agree_which_zero_holds(town: TownHandle) -> None:
    with town.connect(Machine.LOADER) as conn:
        zeros = feeds.stations(conn).zeros
    assert zeros["NONE"].at(NOW) is None
    known = zeros["DEMO.1"]
    moments = [
        NOW - timedelta(days=40),
        *(start + shift for start, _ in known.since for shift in (-_SECOND, 0 * _SECOND, _SECOND)),
    ]
    with connect_admin(town.server_url, town.town_id) as conn:
        for moment in moments:
            row = conn.execute("SELECT muang.zero_at('DEMO.1', %s)", [moment]).fetchone()
            assert row == (known.at(moment),), moment
