"""Readings in the database: one door, kept as they came, one change a batch, read as of then."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest

from db import readings
from db.changes import current_pos, number_changes
from db.connect import Machine, connect_admin
from db.readings import Added, Reading
from layers.errors import BadRequestError
from layers.model import Role
from layers.series import COLUMNS, SERIES, Flag
from tests.conftest import TownHandle
from tests.tiny import load_rows, tiny

T0 = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

Loader = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def town(module_town: TownHandle) -> TownHandle:
    with module_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "gauges", tiny()["gauges"])
    return module_town


@pytest.fixture
def loader(town: TownHandle) -> Iterator[Loader]:
    with town.connect(Machine.LOADER) as conn:
        yield conn


def reading(station: str, minutes: float, value: float | None, **more: object) -> Reading:
    at = T0 + minutes * MINUTE
    facts = {"source": "test", "received_at": at + MINUTE, **more}
    return Reading(station=station, at=at, value=value, **facts)  # type: ignore[arg-type]


def add(conn: Loader, *rows: Reading, series: str = "gauge_readings") -> Added:
    return readings.add(conn, series, rows)


def span(conn: Loader, station: str, **options: bool) -> readings.Columns:
    end = T0 + timedelta(days=400)
    return readings.between(
        conn, "gauge_readings", station, T0 - 400 * timedelta(1), end, **options
    )


def test_told_again_is_not_stored_again_and_a_revision_keeps_both(loader: Loader) -> None:
    first = add(loader, reading("A", 0, 1.0), reading("A", 15, 1.1))
    assert (first.new, first.same, first.revised, first.flagged) == (2, 0, 0, 0)
    again = add(loader, reading("A", 0, 1.0), reading("A", 15, 1.2), reading("A", 15, 1.2))
    assert (again.new, again.same, again.revised) == (0, 2, 1)
    assert span(loader, "A").value.tolist() == [1.0, 1.2]
    every = span(loader, "A", every=True)
    assert every.value.tolist() == [1.0, 1.1, 1.2]
    assert every.flags.tolist() == [0, 0, Flag.DUPLICATE]
    # back to what it said first is news again
    assert add(loader, reading("A", 15, 1.1)).revised == 1
    assert span(loader, "A").value.tolist() == [1.0, 1.1]


def test_what_can_be_told_on_arrival_is_flagged(loader: Loader) -> None:
    hours = timedelta(hours=1)
    added = add(
        loader,
        reading("DEMO.1", 0, 108.0, received_at=T0 + 4 * hours),
        reading("DEMO.1", 15, 108.0, received_at=T0 - 6 * hours),
        reading("DEMO.1", 30, 4000.0),
        reading("DEMO.1", 45, None, discharge_m3s=12.5),
        reading("DEMO.1", 45, 108.2, source="other"),
    )
    assert (added.new, added.flagged) == (5, 4)
    found = span(loader, "DEMO.1", every=True)
    assert [Flag(f) for f in found.flags] == [
        *(Flag.LATE, Flag.FUTURE, Flag.RANGE, Flag(0), Flag.DUPLICATE)
    ]
    assert np.isnan(found.value[3])
    assert found.discharge[3] == 12.5


def test_the_newest_is_not_one_of_the_future_and_not_an_exercise(loader: Loader) -> None:
    add(
        loader,
        reading("N", 0, 1.0),
        reading("N", 10, 2.0),
        reading("N", 600, 9.0),
        reading("N", 11, 5.0, exercise=True),
    )
    now = T0 + 12 * MINUTE
    assert readings.latest(loader, "gauge_readings", now=now)["N"].value == 2.0
    assert readings.latest(loader, "gauge_readings", now=now, exercise=True)["N"].value == 5.0
    assert "N" not in readings.latest(loader, "rain_readings", now=now)


def test_old_and_coming_years_have_their_parts_made(loader: Loader) -> None:
    old = datetime(1978, 10, 17, tzinfo=UTC)
    # the last instant of a year in UTC is the next year in Thailand
    edge = datetime(1978, 12, 31, 23, 59, 59, tzinfo=UTC)
    rows = [Reading("Y", at, 1.0, source="t") for at in (old, edge, edge + timedelta(seconds=1))]
    assert readings.add(loader, "gauge_readings", rows).new == 3
    found = readings.between(loader, "gauge_readings", "Y", old, edge + timedelta(days=1))
    assert len(found) == 3
    with pytest.raises(BadRequestError):
        readings.add(loader, "gauge_readings", [Reading("Y", old.replace(year=1), 1.0)])
    with pytest.raises(BadRequestError):
        readings.add(loader, "gauge_readings", [Reading("Y", old, float("nan"))])


def test_a_batch_is_one_change_of_the_series(town: TownHandle, loader: Loader) -> None:
    loader.commit()
    number_changes(loader)
    before = current_pos(loader)
    add(loader, *(reading("B", n, float(n)) for n in range(100)))
    add(loader, *(reading("B", n, float(n)) for n in range(100)))
    loader.commit()
    number_changes(loader)
    assert current_pos(loader) == before + 1
    with town.connect(Machine.SERVICE) as conn:
        told = conn.execute(
            "SELECT layer, op, row_count FROM muang.layer_change WHERE pos > %s", [before]
        ).fetchall()
    assert told == [("gauge_readings", "insert", 100)]


def test_nobody_changes_or_deletes_readings_or_writes_a_part(
    server_url: str, town: TownHandle, loader: Loader
) -> None:
    add(loader, reading("K", 0, 1.0))
    loader.commit()
    part = "series.gauge_readings_2026"
    refused = (
        "UPDATE series.gauge_readings SET value = 0",
        "DELETE FROM series.gauge_readings",
        "TRUNCATE series.gauge_readings",
        f"TRUNCATE {part}",
        f"DELETE FROM {part}",  # noqa: S608
        f"INSERT INTO {part} SELECT * FROM {part}",  # noqa: S608
    )
    for statement in refused:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            loader.execute(statement.encode())
        loader.rollback()
        with (
            connect_admin(server_url, town.town_id) as owner,
            pytest.raises(psycopg.errors.FeatureNotSupported),
        ):
            owner.execute(statement.encode())


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reads_just_its_columns(town: TownHandle, role: Role) -> None:
    with town.connect(role) as conn:
        for series in SERIES:
            cursor = conn.execute(f"SELECT * FROM {series.id} LIMIT 0".encode())  # noqa: S608
            assert tuple(c.name for c in cursor.description or ()) == series.columns(role)
        assert "entered_by" not in SERIES[0].columns(Role.PUBLIC)
        assert len(SERIES[0].columns(Role.TEAM)) == len(COLUMNS)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SELECT 1 FROM series.gauge_readings")


def test_of_many_who_write_at_once_nothing_is_lost_and_nothing_told_twice(
    town: TownHandle, loader: Loader
) -> None:
    """Two sources of each reading, overlapping batches, the changes numbered meanwhile."""
    loader.commit()
    number_changes(loader)
    before = current_pos(loader)
    batches = [
        [reading("W", n, float(n), source=f"s{turn % 2}") for n in range(start, start + 40)]
        for turn in range(4)
        for start in range(0, 200, 20)
    ]

    def write(own: list[list[Reading]]) -> list[Added]:
        with town.connect(Machine.LOADER) as conn:
            done = []
            for batch in own:
                done.append(readings.add(conn, "gauge_readings", batch))
                conn.commit()
                number_changes(conn)
                conn.commit()
            return done

    with ThreadPoolExecutor(4) as pool:
        found = [one for done in pool.map(write, (batches[n::4] for n in range(4))) for one in done]
    number_changes(loader)
    loader.commit()
    stored = span(loader, "W", every=True)
    assert len(stored) == 2 * 220 == sum(one.new for one in found)
    assert sum(one.same for one in found) == 40 * len(batches) - len(stored)
    with town.connect(Machine.SERVICE) as conn:
        told = conn.execute(
            "SELECT pos, row_count FROM muang.layer_change WHERE pos > %s ORDER BY pos", [before]
        ).fetchall()
    assert [row[0] for row in told] == list(range(before + 1, before + 1 + len(told)))
    assert sorted(row[1] for row in told) == sorted(one.new for one in found if one.new)


def test_the_past_knows_what_was_known_then(town: TownHandle, loader: Loader) -> None:
    def now() -> int:
        loader.commit()
        number_changes(loader)
        loader.commit()
        return current_pos(loader)

    add(loader, reading("P", 0, 1.0), reading("P", 15, 2.0))
    first = now()
    # a revision, a late reading, and a mark
    add(loader, reading("P", 0, 1.5), reading("P", -600, 0.5, received_at=T0))
    second = now()
    number = int(span(loader, "P").id[-1])
    loader.execute(
        "INSERT INTO series.reading_mark (series, reading, station, at, wrong, reason, marked_by)"
        " VALUES ('gauge_readings', %s, 'P', %s, true, 'test', 't')",
        [number, T0 + 15 * MINUTE],
    )
    third = now()
    known = {first: [1.0, 2.0], second: [0.5, 1.5, 2.0], third: [0.5, 1.5]}
    with town.connect(Role.PUBLIC) as conn:
        for pos, values in known.items():
            with conn.transaction():
                conn.execute(
                    "SELECT set_config('search_path', 'as_public_past, gis, pg_catalog', true),"
                    " set_config('muang.as_of', %s, true)",
                    [str(pos)],
                )
                assert span(conn, "P").value.tolist() == values
        assert span(conn, "P").value.tolist() == known[third]
