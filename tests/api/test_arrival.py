"""A town's chain of gauges, forecast from its readings and asked over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.app import create_app
from db import exercise, readings
from db.changes import number_changes
from db.connect import Machine, connect_admin
from db.derived import AnyConnection
from db.readings import Reading
from flood.forecast import Trained, train
from flood.hydrograph import River
from layers.model import Role
from ops.forecasting import forecaster as forecasting
from ops.forecasting.forecaster import Forecaster
from ops.forecasting.stock import Stock
from ops.forecasting.travelling import estimate
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle
from tests.flood.made_rivers import arriving, floods
from tests.tiny import load_rows, point

DAYS = 60
LAG_H = 30.0
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
UPPER = floods(20, DAYS)
LOWER = arriving(UPPER, lambda x: np.full(len(x), LAG_H), seed=21)


def gauge(code: str, place: float, **more: object) -> dict[str, Any]:
    return {"code": code, "kind": "river", "geom": point(place, -20), **more}


def series(code: str, values: Any, end: datetime, **more: object) -> list[Reading]:
    first = end - timedelta(hours=len(values) - 1)
    return [
        Reading(
            code,
            first + timedelta(hours=n),
            float(value),
            source="made",
            received_at=first + timedelta(hours=n, minutes=1),
            **more,  # type: ignore[arg-type]
        )
        for n, value in enumerate(values)
    ]


def add(conn: AnyConnection, rows: list[Reading], name: str = "gauge_readings") -> None:
    readings.add(conn, name, rows)
    conn.commit()
    number_changes(conn)
    conn.commit()


@pytest.fixture(scope="module")
def forecaster() -> Forecaster:
    return Forecaster()


@pytest.fixture(scope="module")
def river_town(module_town: TownHandle, forecaster: Forecaster) -> TownHandle:
    with module_town.connect(Machine.LOADER) as conn:
        high = float(np.quantile(LOWER, 0.95))
        load_rows(
            conn,
            "gauges",
            [
                gauge("UP", 400),
                gauge("TOWN", 500, bank_left_m=round(high, 2), bank_right_m=round(high + 0.5, 2)),
                gauge("NEW", 600),
                gauge("SILENT", 650),
                gauge("AGED", 660),
                {"code": "RAIN", "kind": "rain", "geom": point(700, 690)},
            ],
        )
        load_rows(
            conn,
            "gauge_thresholds",
            [
                {
                    "gauge": "TOWN",
                    "name": "เฝ้าระวัง",
                    "kind": "watch",
                    "level_m": round(high - 0.3, 2),
                }
            ],
        )
        link = {"stage_class": "all", "lag_source": "staff", "set_by": "tests"}
        load_rows(
            conn,
            "gauge_links",
            [
                {**link, "upstream": "UP", "downstream": "TOWN", "lag_min_h": 24, "lag_max_h": 40},
                {
                    **link,
                    "upstream": "SILENT",
                    "downstream": "TOWN",
                    "lag_min_h": 5,
                    "lag_max_h": 9,
                },
            ],
        )
        add(conn, series("UP", UPPER[:-1], NOW - timedelta(hours=1)))
        add(conn, series("TOWN", LOWER[:-1], NOW - timedelta(hours=1)))
        add(conn, series("NEW", LOWER[-5:], NOW))
        add(conn, series("AGED", LOWER[-400:], NOW - timedelta(hours=30)))
        # a spike, and one dated in the future: neither may be forecast from
        odd = [
            Reading("TOWN", NOW - timedelta(hours=5, minutes=30), 140.0, source="odd"),
            Reading("TOWN", NOW + timedelta(hours=6), 139.0, source="odd"),
        ]
        add(conn, odd)
        forecaster.run(conn)
        number_changes(conn)
    return module_town


@pytest.fixture(scope="module")
def caller(river_town: TownHandle, dashboard: Path) -> Iterator[Caller]:
    with river_town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.STAFF, "arrival")
    with Caller(create_app(settings_for(river_town, dashboard)), token) as made:
        yield made


def ask(caller: Caller, gauge: str = "TOWN", **more: object) -> Any:
    reply = caller.post("/queries/arrival?lang=en", json={"gauge": gauge, **more})
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def test_levels_bands_crossings_skill_and_inputs_are_told(caller: Caller) -> None:
    told = ask(caller)
    assert told["gauge"] == "TOWN"
    assert told["now"]["level_m"] == pytest.approx(LOWER[-2], abs=0.001)
    assert told["now"]["quality"] == "suspect"  # a reading of the future came after it
    assert told["origin"] == told["now"]["at"]
    points = told["forecast"]
    assert [point["lead_h"] for point in points][:3] == [3, 6, 9]
    assert points[-1]["lead_h"] == 240
    for one in points:
        low, high = one["band_80"]
        assert low <= one["level_m"] <= high
        # neither the spike nor the future reading was believed
        assert 90 < one["level_m"] < 110
    assert {one["threshold"] for one in told["crossings"]} == {
        *("bank_left", "bank_right", "เฝ้าระวัง")
    }
    day = told["skill"]
    assert day["lead_h"] == 24
    assert day["better_than_persistence"]
    assert day["mae_m"] < 0.5 * day["mae_persistence_m"]
    assert 0.6 < day["band_coverage"] <= 1
    assert len(day["alarms"]) == 3
    assert len(told["skill_by_lead"]) == len(points)
    inputs = {one["gauge"]: one for one in told["inputs"]}
    assert inputs["UP"]["used"]
    assert inputs["UP"]["lag_h"][0] <= LAG_H <= inputs["UP"]["lag_h"][1]
    assert inputs["SILENT"] == {
        "gauge": "SILENT",
        "age_s": None,
        "lag_h": [5, 9],
        "lag_source": "staff",
        "used": False,
        "rain": None,
    }
    assert told["exercise"] is False
    assert told["caveats"]


def test_the_horizon_asked_for_ends_the_answer(caller: Caller) -> None:
    told = ask(caller, horizon_h=36)
    assert told["forecast"][-1]["lead_h"] <= 37  # from a reading an hour old
    assert all(one["lead_h"] <= 36 for one in told["skill_by_lead"])


def test_an_answer_is_kept_and_comes_out_the_same_again(caller: Caller) -> None:
    told = ask(caller)
    kept = caller.get(f"/queries/answers/{told['id']}?lang=en").json()
    assert kept == told
    again = caller.get(f"/queries/answers/{told['id']}?recompute=true&lang=en").json()
    assert again["recomputed"]["differs"] == []
    assert again["recomputed"]["equal"] is True


def test_a_gauge_with_a_short_past_says_so_and_rain_or_no_gauge_is_refused(caller: Caller) -> None:
    told = ask(caller, "NEW")
    assert told["forecast"] == told["crossings"] == []
    assert told["now"]["level_m"] is not None
    assert any("Too little has been measured" in caveat for caveat in told["caveats"])
    none = ask(caller, "SILENT")
    assert none["now"]["quality"] == "none"
    assert any("no forecast" in caveat for caveat in none["caveats"])
    for code in ("RAIN", "ELSEWHERE"):
        refused = caller.post("/queries/arrival?lang=en", json={"gauge": code})
        assert refused.status_code == 404
    assert caller.post("/queries/arrival", json={"gauge": "TOWN", "x": 1}).status_code == 400


def test_travel_times_are_estimated_from_the_readings_and_kept_beside_staff(
    river_town: TownHandle,
) -> None:
    with river_town.connect(Machine.LOADER) as conn:
        found = {one.upstream: one for one in estimate(conn, now=NOW, actor="test")}
        again = estimate(conn, now=NOW, actor="test")
        number_changes(conn)
        rows = conn.execute(
            "SELECT lag_source, count(*) FROM town.gauge_links WHERE upstream = 'UP' GROUP BY 1"
        ).fetchall()
    assert {one.upstream: one for one in again} == found
    assert found["SILENT"].found == ()
    assert found["UP"].staff_h == (24, 40)
    assert found["UP"].found
    for one in found["UP"].found:
        assert one.likely_h == pytest.approx(LAG_H, rel=0.1)
    assert dict(rows) == {"staff": 1, "estimated": len(found["UP"].found)}


def test_new_readings_make_a_new_forecast_and_none_makes_none(
    river_town: TownHandle, forecaster: Forecaster, caller: Caller
) -> None:
    first = ask(caller)
    with river_town.connect(Machine.LOADER) as conn:
        forecaster.run(conn)  # the estimates of the test before changed the links
        assert forecaster.run(conn) == []
        add(conn, series("TOWN", LOWER[-1:], NOW) + series("UP", UPPER[-1:], NOW))
        told = {one.gauge: one for one in forecaster.run(conn)}
        number_changes(conn)
    assert set(told) == {"TOWN", "UP"}
    assert told["TOWN"].origin == NOW
    second = ask(caller)
    assert second["forecast_id"] > first["forecast_id"]
    assert second["origin"] > first["origin"]
    # what was told before is still told for then
    then = ask(caller, as_of=first["computed_at"])
    assert then["forecast_id"] == first["forecast_id"]
    assert then["clock"] == first["computed_at"]
    assert then["now"]["at"] == first["now"]["at"]


def test_a_late_reading_makes_a_new_forecast_and_moves_nothing_back(
    river_town: TownHandle, forecaster: Forecaster, caller: Caller
) -> None:
    before = ask(caller)
    between = NOW - timedelta(hours=4, minutes=30)
    late = Reading("UP", between, float(UPPER[-5]), source="late", received_at=datetime.now(UTC))
    with river_town.connect(Machine.LOADER) as conn:
        assert forecaster.run(conn) == []
        add(conn, [late])
        told = {one.gauge: one.origin for one in forecaster.run(conn)}
        # the same again, under the same name, is nothing new
        add(conn, [late])
        assert forecaster.run(conn) == []
        # both what is fitted and what is forecast from have it
        setting = forecasting.setting_of(conn)
        stock = Stock(conn, setting, datetime.now(UTC), None)
        for hours in (24.0, 24.0 * DAYS):
            times, _, _ = stock.good(setting.gauges["UP"], hours, real=False)
            assert np.datetime64(between.replace(tzinfo=None), "us") in times
    assert told == {"TOWN": NOW, "UP": NOW}
    after = ask(caller)
    assert after["forecast_id"] > before["forecast_id"]
    assert after["origin"] == before["origin"]
    assert after["now"]["at"] == before["now"]["at"]
    # marked wrong, it is taken out again
    found = caller.get("/gauges/UP/readings", params={"start": between.isoformat()}).json()
    (one,) = [one for one in found["readings"] if one["source"] == "late"]
    assert one["flags"] == ["late"]
    assert [r["at"] for r in found["readings"]] == sorted(r["at"] for r in found["readings"])
    mark = {"wrong": True, "reason": "not this gauge"}
    assert caller.post(f"/gauges/UP/readings/{one['id']}/marks", json=mark).status_code == 201
    with river_town.connect(Machine.LOADER) as conn:
        assert {one.gauge for one in forecaster.run(conn)} == {"TOWN", "UP"}
        number_changes(conn)


def test_a_forecaster_started_again_finds_what_was_fitted_and_fits_where_it_may_not(
    river_town: TownHandle, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ask(caller)
    assert before["fit_id"] is not None
    assert before["fitted_at"] <= before["made_at"]
    asked: list[str] = []

    def fitting(river: River, **more: Any) -> Trained:
        asked.append(river.gauge)
        return train(river, **more)

    monkeypatch.setattr(forecasting, "train", fitting)
    with river_town.connect(Machine.LOADER) as conn:
        (told,) = Forecaster().run(conn, only="TOWN", always=True)
        number_changes(conn)
        after = ask(caller)
        assert asked == []
        assert after["forecast_id"] > before["forecast_id"]
        assert (after["fit_id"], after["fitted_at"]) == (before["fit_id"], before["fitted_at"])
        same = ("at", "level_m", "band_80", "model")
        assert [[point[name] for name in same] for point in after["forecast"]] == [
            [point[name] for name in same] for point in before["forecast"]
        ]
        assert told.origin.isoformat() == after["origin"].replace("Z", "+00:00")
        # from a clock that was ahead, or older than a day: fitted anew
        for change in (
            "made_at = made_at + interval '2 days'",
            "made_at = made_at - interval '4 days'",
        ):
            with connect_admin(river_town.server_url, river_town.town_id) as owner:
                owner.execute(f"UPDATE muang.forecast_fit SET {change}")  # noqa: S608
            Forecaster().run(conn, only="TOWN", always=True)
            assert asked == ["TOWN"]
            asked.clear()
        number_changes(conn)


def test_a_forecast_from_old_readings_says_so_first(caller: Caller) -> None:
    fresh = ask(caller)
    assert not any("OLD FORECAST" in caveat for caveat in fresh["caveats"])
    assert any("OLD FORECAST" in caveat for caveat in ask(caller, "AGED")["caveats"][:1])


def test_an_exercise_is_forecast_from_its_own_readings_and_says_so(
    river_town: TownHandle, forecaster: Forecaster, caller: Caller
) -> None:
    real = ask(caller)
    with river_town.connect(Machine.LOADER) as conn:
        drill = exercise.begin(conn, name="ซ้อม", scenario="test", seed=1, speed=3600, actor="t")
        conn.commit()
        rising = [LOWER[-1] + 0.1 * n for n in range(6)]
        end = drill.started_at + timedelta(hours=6)
        add(conn, series("TOWN", rising, end, exercise=True))
        try:
            told = [one for one in forecaster.run(conn, always=True) if one.gauge == "TOWN"]
            number_changes(conn)
            answer = ask(caller)
        finally:
            exercise.end(conn, "t")
            conn.commit()
            number_changes(conn)
    assert told[0].exercise
    assert told[0].level_m == pytest.approx(rising[-1], abs=0.001) or told[0].origin < end
    assert answer["exercise"]
    assert any("EXERCISE" in caveat for caveat in answer["caveats"])
    assert ask(caller)["forecast_id"] == real["forecast_id"]
