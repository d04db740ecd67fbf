"""The open exercise: an invented event that everybody sees marked as one, and its clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from db.derived import AnyConnection
from layers.errors import ConflictError, NotFoundError
from layers.text import Text

_NOW = "SELECT * FROM muang.exercise_now()"


@dataclass(frozen=True)
class Exercise:
    """One exercise; `speed` is how many times as fast its time runs as the clock on the wall."""

    id: int
    name: str
    scenario: str
    seed: int
    speed: float
    started_at: datetime
    started_by: str
    closed_at: datetime | None = None
    closed_by: str | None = None

    def clock(self, now: datetime) -> datetime:
        """The exercise's time at `now` (with offset): what its readings call the present.

        A clock on the wall that was put back does not lead before the start.
        """
        return self.started_at + self.speed * max(now - self.started_at, timedelta(0))


def current(conn: AnyConnection) -> Exercise | None:
    """The open exercise, None when there is none; every login may ask."""
    with conn.cursor(row_factory=class_row(Exercise)) as cursor:
        return cursor.execute(_NOW).fetchone()


async def current_async(conn: AsyncConnection[tuple[object, ...]]) -> Exercise | None:
    """The same on an asynchronous connection."""
    async with conn.cursor(row_factory=class_row(Exercise)) as cursor:
        await cursor.execute(_NOW)
        return await cursor.fetchone()


def last(conn: AnyConnection) -> Exercise | None:
    """The open exercise, or the last one; needs the `loader` login."""
    with conn.cursor(row_factory=class_row(Exercise)) as cursor:
        return cursor.execute(
            "SELECT * FROM muang.exercise ORDER BY closed_at IS NULL DESC, id DESC LIMIT 1"
        ).fetchone()


def begin(
    conn: AnyConnection, *, name: str, scenario: str, seed: int, speed: float, actor: str
) -> Exercise:
    """Open an exercise inside the caller's transaction; ConflictError when one is open."""
    conn.execute("SELECT set_config('muang.actor', %s, true)", [actor])
    try:
        with conn.transaction(), conn.cursor(row_factory=class_row(Exercise)) as cursor:
            made = cursor.execute(
                "INSERT INTO muang.exercise (name, scenario, seed, speed, started_at, started_by)"
                " VALUES (%s, %s, %s, %s, date_trunc('second', clock_timestamp()), %s)"
                " RETURNING *",
                [name, scenario, seed, speed, actor],
            ).fetchone()
    except UniqueViolation:
        raise ConflictError(
            Text(
                th="มีการฝึกซ้อมเปิดอยู่แล้ว ดูด้วย ./muang drill status จบด้วย ./muang drill stop",
                en="An exercise is open already: ./muang drill status shows it, "
                "./muang drill stop ends it.",
            )
        ) from None
    if made is None:
        raise RuntimeError("the exercise was not made")
    return made


def end(conn: AnyConnection, actor: str) -> Exercise:
    """Close the open exercise and forget its feeds, inside the caller's transaction.

    NotFoundError when none is open. What it leaves in the war room: `db.exercise_end`.
    """
    conn.execute("SELECT set_config('muang.actor', %s, true)", [actor])
    with conn.cursor(row_factory=class_row(Exercise)) as cursor:
        closed = cursor.execute("SELECT * FROM muang.end_exercise(NULL, %s)", [actor]).fetchone()
    if closed is None:
        raise none_open()
    return closed


def none_open() -> NotFoundError:
    """There is no exercise to end."""
    return NotFoundError(Text(th="ไม่มีการฝึกซ้อมที่เปิดอยู่", en="No exercise is open."))


def gauges(conn: AnyConnection) -> list[tuple[str, str, float | None, float | None]]:
    """The town's stations: code, kind, the lower bank and the ground in m MSL (None: unknown)."""
    rows = conn.execute(
        "SELECT g.code, g.kind, least(nullif(g.bank_left_m, 0), nullif(g.bank_right_m, 0)),"
        " nullif(g.ground_m, 0) FROM town.gauges AS g ORDER BY g.code"
    ).fetchall()
    return [
        (str(code), str(kind), _metres(bank), _metres(ground)) for code, kind, bank, ground in rows
    ]


def links(conn: AnyConnection) -> list[tuple[str, str, float]]:
    """Upstream and downstream gauge, and the hours between them: the middle of what is recorded."""
    rows = conn.execute(
        "SELECT l.upstream, l.downstream, avg((l.lag_min_h + l.lag_max_h) / 2)"
        " FROM town.gauge_links AS l GROUP BY l.upstream, l.downstream ORDER BY 1, 2"
    ).fetchall()
    return [(str(upper), str(lower), float(str(hours))) for upper, lower, hours in rows]


def _metres(value: object) -> float | None:
    return None if value is None else float(str(value))


def places(conn: AnyConnection) -> list[tuple[str, float, float]]:
    """Where something can be called in from: name, longitude and latitude of each community.

    A town without communities has one place, within its boundary; one without either has none.
    """
    rows = conn.execute(
        "WITH inside AS ("
        " SELECT c.code, coalesce(c.name, c.code) AS name, gis.ST_PointOnSurface(c.geom) AS p"
        " FROM town.communities AS c UNION ALL"
        " SELECT 'zzz', '', gis.ST_PointOnSurface(b.geom) FROM town.town_boundary AS b"
        " WHERE NOT EXISTS (SELECT FROM town.communities))"
        " SELECT o.name, gis.ST_X(o.p), gis.ST_Y(o.p)"
        " FROM (SELECT i.code, i.name, gis.ST_Transform(i.p, 4326) AS p FROM inside AS i) AS o"
        " ORDER BY o.code"
    ).fetchall()
    return [(str(name), float(str(lon)), float(str(lat))) for name, lon, lat in rows]
