"""Gauges over HTTP: the state in words, readings without lost peaks, and readings by hand."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from api.app import create_app
from db import readings
from db.changes import number_changes
from db.connect import Machine
from db.readings import Reading
from db.towns import drop_town
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle, make_town
from tests.tiny import load_rows, tiny

NOW = datetime.now(UTC).replace(microsecond=0)
QUARTER = timedelta(minutes=15)


@pytest.fixture(scope="module", autouse=True)
def _begins() -> None:
    """The module is read when a whole run begins, which may be an hour ago."""
    global NOW  # noqa: PLW0603
    NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    with made.connect(Machine.LOADER) as conn:
        for layer in ("gauges", "gauge_thresholds", "remembered_floods"):
            load_rows(conn, layer, tiny()[layer])
        # two centimetres every quarter of an hour, up to 112.50 five minutes ago
        rows = [
            Reading(
                *("DEMO.1", NOW - timedelta(minutes=5) - n * QUARTER, 112.5 - 0.02 * n),
                source="test",
                received_at=NOW - timedelta(minutes=4) - n * QUARTER,
            )
            for n in range(150)
        ]
        readings.add(conn, "gauge_readings", rows)
        rain = [Reading("DEMO.R", NOW - n * timedelta(hours=1), 2.0) for n in range(6)]
        readings.add(conn, "rain_readings", rain)
        readings.add(conn, "tide_readings", [Reading("NOBODY", NOW, 1.0)])
        conn.commit()
        number_changes(conn)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def tokens(town: TownHandle) -> dict[Role, str]:
    with town.connect(Machine.SERVICE) as conn:
        return {role: a_token(conn, role, f"test {role}") for role in Role}


@pytest.fixture(scope="module")
def caller(town: TownHandle, dashboard: Path, tokens: dict[Role, str]) -> Iterator[Caller]:
    with Caller(create_app(settings_for(town, dashboard)), tokens[Role.TEAM]) as made:
        yield made


def now_of(caller: Caller, code: str = "DEMO.1", **options: Any) -> dict[str, Any]:
    told = caller.get("/gauges", **options)
    assert told.status_code == 200, told.text
    (found,) = [one for one in told.json()["gauges"] if one["code"] == code]
    return dict(found)


def test_a_level_is_told_against_bank_thresholds_and_remembered_floods(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    found = now_of(caller)
    now = found["now"]
    assert now["quality"] == "ok"
    assert (now["level_m"], now["to_bank_m"]) == (112.5, 0.5)
    assert now["trend_cm_h"] == pytest.approx(8.0)
    assert {text["en"] for text in now["says"]} >= {"0.50 m over the lowest bank", "Rising 8 cm/h"}
    (threshold,) = found["thresholds"]
    assert threshold["reached"]
    assert threshold["distance_m"] == 1.5
    assert threshold["set_by"] == "tests"
    (flood,) = found["remembered"]
    assert flood["says"] == {
        "th": "ต่ำกว่าปี 2565 อยู่ 2.00 ม.",
        "en": "2.00 m below 2565 (2022)",
    }
    rain = now_of(caller, "DEMO.R")["now"]
    assert rain["rain_mm"]["1"] == 2.0
    assert rain["rain_mm"]["6"] == 12.0
    assert rain["to_bank_m"] is None
    told = caller.get("/gauges").json()
    assert told["unknown_stations"] == ["NOBODY"]
    public = caller.get("/gauges", token=NOBODY).json()
    assert public["unknown_stations"] == []
    assert public["gauges"][0]["thresholds"][0]["set_by"] is None


def test_the_past_is_told_as_it_was_known_then(caller: Caller) -> None:
    early = (NOW - timedelta(days=1)).isoformat()
    assert caller.get("/gauges", params={"as_of": early}).json()["gauges"] == []
    late = datetime.now(UTC).isoformat()
    found = now_of(caller, params={"as_of": late})
    assert found["now"]["level_m"] == 112.5


def test_readings_are_thinned_out_without_losing_a_peak(caller: Caller) -> None:
    path = "/gauges/DEMO.1/readings"
    whole = caller.get(path).json()
    assert len(whole["readings"]) == 150
    thin = caller.get(path, params={"step": 36_000}).json()["readings"]
    assert len(thin) < 20
    levels = {one["level_m"] for one in whole["readings"]}
    assert {min(levels), max(levels)} <= {one["level_m"] for one in thin}
    start = (NOW - timedelta(days=1000)).isoformat()
    ages = caller.get(path, params={"start": start}).json()
    assert ages["step_s"] > 0
    assert {min(levels), max(levels)} <= {one["level_m"] for one in ages["readings"]}
    rows = list(csv.DictReader(io.StringIO(caller.get(path, params={"format": "csv"}).text)))
    assert len(rows) == 150
    assert float(rows[-1]["level_m"]) == 112.5
    assert caller.get(path, params={"start": NOW.isoformat(), "end": start}).status_code == 400
    assert caller.get("/gauges/none/readings").status_code == 404


def test_a_man_with_a_torch_enters_what_the_staff_shows(caller: Caller) -> None:
    path = "/gauges/DEMO.1/readings"
    key = {"Idempotency-Key": "torch-1"}
    made = caller.post(path, json={"staff_m": 7.55}, headers=key)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["value"], told["to_bank_m"]) == (112.55, 0.55)
    assert told["says"][0]["th"] == "สูงกว่าตลิ่ง 0.55 ม."
    assert caller.post(path, json={"staff_m": 7.55}, headers=key).json() == told
    assert caller.post(path, json={"staff_m": 7.9}, headers=key).status_code == 409
    now = now_of(caller)["now"]
    assert (now["level_m"], now["source"]) == (112.55, "staff")


def test_a_reading_far_from_the_last_is_asked_about_first(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    path = "/gauges/DEMO.1/readings"
    asked = caller.post(path, json={"level_m": 121.0}, params={"lang": "en"})
    assert asked.status_code == 409
    assert asked.json()["type"] == "urn:muang:problem:confirm"
    assert "from the last reading" in asked.json()["detail"]
    ahead = (datetime.now(UTC) + timedelta(hours=6)).isoformat()
    for odd in ({"level_m": 112.5, "at": ahead}, {"level_m": 9000}):
        assert caller.post(path, json=odd).json()["type"] == "urn:muang:problem:confirm"
    stored = caller.post(path, json={"level_m": 121.0, "confirm": True})
    assert stored.status_code == 201
    # what jumps and nothing confirms is not shown as the level, and said to be suspect
    now = now_of(caller)["now"]
    assert now["quality"] == "suspect"
    assert now["level_m"] < 113
    # the desk marks it wrong by name, and takes that back
    number = stored.json()["id"]
    marks = f"{path}/{number}/marks"
    sent = {"wrong": True, "reason": "อ่านผิดช่อง"}
    assert caller.post(marks, json=sent).status_code == 403
    said = caller.post(marks, tokens[Role.STAFF], json=sent)
    assert said.status_code == 201
    assert said.json()["marks"][0]["marked_by"] != ""
    assert now_of(caller)["now"]["quality"] == "ok"
    values = {one["id"] for one in caller.get(path).json()["readings"]}
    assert number not in values
    every = {one["id"]: one for one in caller.get(path, params={"all": True}).json()["readings"]}
    assert every[number]["wrong"]
    back = {"wrong": False, "reason": "ถูกแล้ว น้ำขึ้นจริง"}
    assert len(caller.post(marks, tokens[Role.STAFF], json=back).json()["marks"]) == 2
    assert number in {one["id"] for one in caller.get(path).json()["readings"]}
    assert len(caller.get(marks).json()["marks"]) == 2
    caller.post(marks, tokens[Role.STAFF], json=sent)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 400),
        ({"staff_m": 1.0, "level_m": 106.0}, 400),
        ({"rain_mm": 1.0}, 400),
        ({"level_m": "NaN"}, 400),
        ({"level_m": 112.5, "at": "2026-11-01T00:00:00"}, 400),
    ],
)
def test_what_cannot_be_is_refused(caller: Caller, sent: dict[str, Any], status: int) -> None:
    assert caller.post("/gauges/DEMO.1/readings", json=sent).status_code == status


def test_a_staff_without_a_known_zero_is_asked_for_it(caller: Caller) -> None:
    refused = caller.post("/gauges/DEMO.R/readings", json={"staff_m": 1.0})
    assert refused.status_code == 400
    assert caller.post("/gauges/DEMO.R/readings", json={"rain_mm": 4.0}).status_code == 201


def test_who_may_enter_readings(caller: Caller, tokens: dict[Role, str]) -> None:
    path = "/gauges/DEMO.1/readings"
    for role in Role:
        may = role in {Role.STAFF, Role.COORDINATOR, Role.ADMIN, Role.TEAM}
        reply = caller.post(path, tokens[role], json={"level_m": 112.52})
        assert reply.status_code == (201 if may else 403), role
    assert caller.post(path, NOBODY, json={"level_m": 112.5}).status_code == 401


def picture(kind: str, size: tuple[int, int] = (2400, 1800)) -> bytes:
    """A photograph with a place in it."""
    made = Image.new("RGB", size, (20, 60, 120))
    exif = Image.Exif()
    exif[0x010F] = "zqCAMERAk"
    exif[0x0112] = 6
    out = io.BytesIO()
    made.save(out, kind, exif=exif)
    return out.getvalue() + b"zqTRAILERk"


def test_a_photograph_keeps_the_picture_and_nothing_else(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    path = "/gauges/DEMO.1/readings"
    made = caller.post(path, json={"level_m": 112.53}).json()["id"]
    photo = f"{path}/{made}/photo"
    assert caller.get(photo).status_code == 404
    for kind in ("JPEG", "PNG", "WEBP"):
        assert caller.post(photo, content=picture(kind)).status_code == 201
    told = caller.get(photo)
    assert told.headers["content-type"] == "image/jpeg"
    assert "no-store" in told.headers["cache-control"]
    kept = Image.open(io.BytesIO(told.content))
    assert not kept.getexif()
    assert b"zq" not in told.content
    # held upright, and no larger than is needed
    assert kept.size == (1200, 1600)
    for wrong in (b"", b"GIF89a", b"<svg/>", picture("JPEG")[:200], b"\x00" * 100):
        assert caller.post(photo, content=wrong).status_code == 400
    large = caller.post(photo, content=picture("JPEG") + bytes(20_000_000))
    assert large.status_code == 413
    assert large.headers["content-type"] == "application/problem+json"
    assert caller.get(photo, NOBODY).status_code == 401
    assert caller.post(photo, tokens[Role.CARE], content=picture("PNG")).status_code == 403
    assert caller.get(photo, tokens[Role.CARE]).status_code == 200
    assert caller.post(f"{path}/1234567/photo", content=picture("PNG")).status_code == 404
    for _ in range(2):
        assert caller.post(photo, content=picture("PNG", (40, 40))).status_code == 201
    assert caller.post(photo, content=picture("PNG", (40, 40))).status_code == 409


def test_a_huge_picture_in_a_small_file_is_refused(caller: Caller) -> None:
    made = caller.post("/gauges/DEMO.1/readings", json={"level_m": 112.54}).json()["id"]
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    photo = f"/gauges/DEMO.1/readings/{made}/photo"
    assert caller.post(photo, content=out.getvalue()).status_code == 400
