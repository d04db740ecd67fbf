"""Forecasts as they were told: the newest, the one of a moment, and a level between two leads."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg import AsyncConnection

from db import forecasts
from db.changes import number_changes
from db.connect import Machine
from db.forecasts import Fit, Told
from layers.errors import BadRequestError, NotFoundError
from layers.model import Role
from tests.conftest import TownHandle

ORIGIN = datetime(2026, 11, 20, 6, tzinfo=UTC)
T = TypeVar("T")


def told(gauge: str, level: float, made: datetime, *, exercise: bool = False) -> Told:
    points = [
        {
            "at": (ORIGIN + timedelta(hours=lead)).isoformat(),
            "lead_h": lead,
            "level_m": level + rise,
            "low_m": level + rise - 0.2,
            "high_m": level + rise + 0.4,
            "model": "lagged",
            "supported": True,
        }
        for lead, rise in ((6.0, 0.6), (24.0, 1.5))
    ]
    caveats = [{"th": "ทดสอบ", "en": "test"}]
    return Told(gauge, exercise, made, ORIGIN, level, points, [], [], caveats)


@pytest.fixture(scope="module")
def town(module_town: TownHandle) -> TownHandle:
    made = ORIGIN + timedelta(minutes=5)
    with module_town.connect(Machine.LOADER) as conn:
        skill = [{"lead_h": 24.0, "mae": 0.1}]
        fit = forecasts.add_fit(conn, Fit("G", False, made, ORIGIN, ORIGIN, "1", skill))
        forecasts.add(conn, [(told("G", 110.0, made), fit), (told("X", 9.0, made), None)])
        later = told("G", 111.0, made + timedelta(hours=1))
        forecasts.add(conn, [(later, fit)])
        forecasts.add(conn, [(told("G", 120.0, made, exercise=True), None)])
        old = told("OLD", 1.0, datetime.now(UTC) - timedelta(days=forecasts.KEPT_DAYS + 1))
        forecasts.add(conn, [(old, None)])
        conn.commit()
        number_changes(conn)
    return module_town


def ask(town: TownHandle, question: Callable[[AsyncConnection[Any]], Awaitable[T]]) -> T:
    async def asked() -> T:
        async with await AsyncConnection.connect(town.url(Role.PUBLIC), autocommit=True) as conn:
            return await question(conn)

    return asyncio.run(asked())


def test_the_newest_is_told_and_what_was_told_at_a_moment(town: TownHandle) -> None:
    newest = ask(town, lambda conn: forecasts.told(conn, "G", exercise=False))
    assert newest is not None
    assert (newest.level_m, newest.model_version) == (111.0, "1")
    assert newest.skill == [{"lead_h": 24.0, "mae": 0.1}]
    until = ORIGIN + timedelta(minutes=30)
    before = ask(town, lambda conn: forecasts.told(conn, "G", exercise=False, up_to=until))
    assert before is not None
    assert before.level_m == 110.0
    same = ask(town, lambda conn: forecasts.told(conn, "G", exercise=False, number=before.id))
    assert same == before
    alone = ask(town, lambda conn: forecasts.told(conn, "X", exercise=False))
    assert alone is not None
    assert alone.skill is None
    drill = ask(town, lambda conn: forecasts.told(conn, "G", exercise=True))
    assert drill is not None
    assert drill.level_m == 120.0
    assert ask(town, lambda conn: forecasts.told(conn, "NONE", exercise=False)) is None


def test_a_level_at_a_moment_lies_on_the_line_between_leads(town: TownHandle) -> None:
    def stage(hours: float, gauge: str = "G") -> tuple[float, float, float]:
        at = ORIGIN + timedelta(hours=hours)
        found = ask(town, lambda conn: forecasts.stage_at(conn, gauge, at))
        assert found.origin == ORIGIN
        return found.likely_m, found.low_m, found.high_m

    assert stage(0) == pytest.approx((111.0, 111.0, 111.0))
    assert stage(3) == pytest.approx((111.3, 111.2, 111.5))
    assert stage(24) == pytest.approx((112.5, 112.3, 112.9))
    with pytest.raises(BadRequestError):
        stage(24.1)
    with pytest.raises(BadRequestError):
        stage(-1)
    with pytest.raises(NotFoundError):
        stage(1, "NONE")


def test_old_forecasts_are_forgotten_and_open_screens_hear_of_new_ones(town: TownHandle) -> None:
    with town.connect(Machine.LOADER) as conn:
        origins = forecasts.newest_origins(conn, exercise=False)
        assert origins == {"G": ORIGIN, "X": ORIGIN}
    with town.connect(Machine.SERVICE) as conn:
        row = conn.execute(
            "SELECT count(*) FROM muang.layer_change WHERE layer = 'forecasts' AND pos IS NOT NULL"
        ).fetchone()
    assert row is not None
    assert row[0] >= 4


def test_a_model_is_found_again_by_what_it_was_fitted_on(town: TownHandle) -> None:
    now = datetime.now(UTC)
    basis = {"gauge": {"code": "M", "levels": [1.5, None]}, "without": []}
    with town.connect(Machine.LOADER) as conn:

        def kept(made: datetime, model: bytes, on: dict[str, Any] = basis) -> int:
            fit = Fit("M", False, made, ORIGIN, ORIGIN, "1", [])
            return forecasts.add_fit(conn, fit, (on, model))

        old = kept(now - timedelta(hours=20), b"old")
        new = kept(now - timedelta(hours=2), b"new")
        kept(now + timedelta(hours=9), b"by a clock that was ahead")
        kept(now, b"another", {**basis, "without": ["UP"]})
        day = now - timedelta(days=1)

        def found(version: str = "1", gauge: str = "M", since: datetime = day) -> Any:
            return forecasts.fitted(conn, gauge, version, basis, since=since)

        assert found() == (new, now - timedelta(hours=2), b"new")
        assert found(since=now - timedelta(hours=1)) is None
        assert found("2") is None
        assert found(gauge="N") is None
        # the models of days ago go, what they were worth stays
        aged = kept(now - timedelta(days=forecasts.MODELS_KEPT_DAYS + 1), b"aged")
        forecasts.add(conn, [(told("M", 1.0, now), aged)])
        left = conn.execute("SELECT fit FROM muang.forecast_model ORDER BY fit").fetchall()
        assert {row[0] for row in left} >= {old, new}
        assert aged not in {row[0] for row in left}
        assert conn.execute(
            "SELECT 1 FROM muang.forecast_fit WHERE id = %s", [aged]
        ).fetchone() == (1,)
        conn.rollback()


def test_roles_read_forecasts_through_the_function_alone(town: TownHandle) -> None:
    with (
        town.connect(Role.ADMIN) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute("SELECT * FROM muang.forecast")
