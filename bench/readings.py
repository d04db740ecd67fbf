"""Sixty stations read every ten minutes for ten years: how soon the last two days are there.

A town of its own is made, filled and dropped. The readings are made in the database, in the order
in which they would have come; then they are asked for as the server asks, by the role of the
public, each station in turn. What batches of readings cost is measured through the one door there
is, `db.readings.add`.

    ./muang bench readings [--quick]
"""

import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg

from bench.figures import Figure, Report
from db import readings
from db.changes import number_changes
from db.connect import Machine, connect, connect_admin
from db.readings import Reading
from db.towns import TownSpec, create_town, drop_town
from layers.model import Role
from layers.text import Text

STATIONS = 60
YEARS = 10
STEP = timedelta(minutes=10)
END = datetime(2026, 1, 1, tzinfo=UTC)
TARGET_MS = 20.0
SERIES = "gauge_readings"
Connection = psycopg.Connection[tuple[object, ...]]

_FILL = """
INSERT INTO series.gauge_readings (station, at, value, received_at, source, flags, exercise)
SELECT
    'S' || lpad(s.n::text, 2, '0'), t.at,
    round((108 + 3 * sin(extract(EPOCH FROM t.at) / 5e5 + s.n) + 0.02 * random())::numeric, 2),
    t.at + interval '2 minutes', 'bench', 0, false
FROM generate_series(%s::timestamptz, %s::timestamptz - interval '1 second', %s) AS t (at)
CROSS JOIN generate_series(1, %s) AS s (n)
"""


def measure(server_url: str, report: Report, *, rounds: int, years: int = YEARS) -> None:
    """Fill a town, ask it, write to it."""
    print(f"\n{STATIONS} stations, {years} years of readings every ten minutes")
    secret = secrets.token_hex(32)
    town = f"bench{secrets.token_hex(3)}"
    name = Text(th="วัดผล", en="Bench")
    create_town(server_url, secret, TownSpec(id=town, name=name, srid=32648, synthetic=True))
    try:
        fill(server_url, town, report, years)
        with connect(server_url, secret, town, Role.PUBLIC) as conn:
            conn.autocommit = True
            ask(conn, report, rounds, years)
        with connect(server_url, secret, town, Machine.LOADER) as conn:
            write(conn, report, rounds)
    finally:
        drop_town(server_url, town)


def fill(server_url: str, town: str, report: Report, years: int) -> None:
    """Make the readings, a month at a time; what they weigh."""
    with connect_admin(server_url, town) as conn:
        began = time.perf_counter()
        rows = 0
        for year in range(END.year - years, END.year):
            conn.execute("SELECT muang.make_partition(%s, %s)", [SERIES, year])
            start = datetime(year, 1, 1, tzinfo=UTC)
            end = datetime(year + 1, 1, 1, tzinfo=UTC)
            rows += conn.execute(_FILL, [start, end, STEP, STATIONS]).rowcount
        spent = time.perf_counter() - began
        conn.execute(
            "INSERT INTO series.station (series, station)"
            " SELECT %s, 'S' || lpad(n::text, 2, '0') FROM generate_series(1, %s) AS n",
            [SERIES, STATIONS],
        )
        conn.execute("VACUUM ANALYZE series.gauge_readings")
        weight = conn.execute(
            "SELECT sum(pg_relation_size(inhrelid)), sum(pg_indexes_size(inhrelid))"
            " FROM pg_inherits WHERE inhparent = 'series.gauge_readings'::regclass"
        ).fetchone()
    heap, index = (float(str(part)) / 1e9 for part in weight or (0, 0))
    print(f"  {rows:,} rows in {spent:.0f} s; {heap:.2f} GB and {index:.2f} GB of indexes")
    rate = rows / spent / 1000
    report.add(Figure("readings", "rows made in SQL", [rate], unit=" thousand/s"))


def ask(conn: Connection, report: Report, rounds: int, years: int) -> None:
    """The statements behind `/gauges`, as the public asks them."""
    two_days = timedelta(hours=48)
    stations = [f"S{n:02d}" for n in range(1, STATIONS + 1)]

    def one(n: int) -> int:
        station = stations[n % STATIONS]
        return len(readings.between(conn, SERIES, station, END - two_days, END))

    def every(_: int) -> int:
        found = readings.between_many(conn, SERIES, stations, END - two_days, END)
        return sum(map(len, found.values()))

    def newest(_: int) -> int:
        return len(readings.latest(conn, SERIES, now=END))

    def past(n: int) -> int:
        station = stations[n % STATIONS]
        then = END - timedelta(days=300 * years + n)
        return len(readings.between(conn, SERIES, station, then - two_days, then))

    wanted = two_days // STEP
    for name, work, count, least, target in (
        ("last 48 h of a station", one, STATIONS, wanted, TARGET_MS),
        ("48 h of a station long ago", past, STATIONS, wanted, TARGET_MS),
        ("newest of every station", newest, 10, STATIONS, TARGET_MS),
        ("last 48 h of every station", every, 10, STATIONS * wanted, None),
    ):
        found = [timed(work, count, least) for _ in range(rounds)]
        report.add(
            Figure(
                "readings",
                f"{name}, 95th percentile",
                [p95 for _, p95 in found],
                target,
                unit=" ms",
                at_most=True,
                note=f"median {statistics.median(p50 for p50, _ in found):.1f} ms",
            )
        )


def timed(work: Callable[[int], int], count: int, least: int) -> tuple[float, float]:
    """Median and 95th percentile in ms of one call, of as many calls; each must give enough."""
    spent = []
    for n in range(count):
        began = time.perf_counter()
        rows = work(n)
        spent.append(1000 * (time.perf_counter() - began))
        assert rows >= least, (rows, least)
    spent.sort()
    return statistics.median(spent), spent[min(len(spent) - 1, int(0.95 * len(spent)))]


def write(conn: Connection, report: Report, rounds: int) -> None:
    """A poll of every station, and a file of old readings, through the one door."""
    spent: list[float]
    for name, count, turns in (("a poll of 60 stations", STATIONS, 20), ("5,000 rows", 5000, 3)):
        spent = []
        for turn in range(rounds):
            for n in range(turns):
                batch = list(made(count, turn * turns + n))
                with took(spent):
                    added = readings.add(conn, SERIES, batch, actor="bench")
                    conn.commit()
                assert added.new == count, added
        ms = statistics.median(spent)
        report.add(Figure("readings", f"storing {name}", [ms], unit=" ms"))
        print(f"    {count / ms:.1f} thousand readings a second")
    number_changes(conn)


def made(count: int, turn: int) -> Iterator[Reading]:
    """A batch nobody told before."""
    for n in range(count):
        at = END + STEP * (turn * (count // STATIONS + 1) + n // STATIONS)
        station = f"S{n % STATIONS + 1:02d}"
        yield Reading(station, at, 108.0 + n / 1000, source=f"bench {count}", received_at=at)


@contextmanager
def took(spent: list[float]) -> Iterator[None]:
    """Add what the block takes, in ms."""
    began = time.perf_counter()
    yield
    spent.append(1000 * (time.perf_counter() - began))
