"""The register of feeds and how each of them is; as the `loader` login, read by the server.

No key is in here: whoever writes states and bodies has taken keys out before (`etl.feeds.keys`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from db.derived import AnyConnection
from layers.errors import BadRequestError, ConflictError, NotFoundError
from layers.feed_health import Facts
from layers.text import Text
from layers.zeros import Zeros

KINDS = ("thaiwater", "usgs", "mapper", "gistda")
MOST_BODY = 65_536
_LEAD = 7_214_011
"""Advisory lock of the one process that polls."""


@dataclass(frozen=True)
class Feed:
    """One feed as somebody set it up. `secret` names a key, `private` allows private addresses."""

    name: str
    kind: str
    url: str
    interval_s: int
    added_by: str
    title: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    mapping: Mapping[str, Any] = field(default_factory=dict)
    secret: str | None = None
    private: bool = False
    enabled: bool = True
    exercise: bool = False
    added_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class FeedState:
    """How a feed is: the circuit to its source, its last tries, and what is doubtful."""

    feed: str
    circuit: str = "waiting"
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    tried_at: datetime | None = None
    succeeded_at: datetime | None = None
    newest_at: datetime | None = None
    failures: int = 0
    next_try_at: datetime | None = None
    error_th: str | None = None
    error_en: str | None = None
    doubt_th: str | None = None
    doubt_en: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    report: dict[str, Any] | None = None

    @property
    def error(self) -> Text | None:
        """Why the last try failed."""
        return _text(self.error_th, self.error_en)

    @property
    def doubt(self) -> Text | None:
        """What is doubtful about what it brings."""
        return _text(self.doubt_th, self.doubt_en)


@dataclass(frozen=True)
class Body:
    """The last good or bad answer of a feed, cut and without keys."""

    good: bool
    at: datetime
    status: int | None
    body: str


@dataclass(frozen=True)
class Stations:
    """What the town knows of its own stations: codes, and the zeros of staff gauges in time."""

    codes: frozenset[str]
    zeros: Mapping[str, Zeros]


@dataclass(frozen=True)
class _Zero:
    code: str
    valid_from: datetime | None
    zero_m: float | None
    id: int


_ZEROS = (
    "SELECT g.code, NULL::timestamptz AS valid_from, g.zero_m, g.id FROM town.gauges AS g"
    " UNION ALL SELECT z.gauge, z.valid_from, z.zero_m, z.id FROM town.gauge_zeros AS z"
    " ORDER BY valid_from NULLS FIRST, id"
)
_ALL = "SELECT * FROM muang.feed ORDER BY name"
_STATES = "SELECT * FROM muang.feed_state"


def feeds(conn: AnyConnection) -> list[Feed]:
    """Every feed, by name."""
    with conn.cursor(row_factory=class_row(Feed)) as cursor:
        return cursor.execute(_ALL).fetchall()


def get(conn: AnyConnection, name: str) -> Feed:
    """The feed of that name; NotFoundError names the feeds there are."""
    there = {feed.name: feed for feed in feeds(conn)}
    if name not in there:
        known = ", ".join(there)
        raise NotFoundError(
            Text(
                th=f"ไม่มีฟีด “{name}” ฟีดที่มี: {known or 'ไม่มี'}",
                en=f"There is no feed “{name}”. The feeds are: {known or 'none'}.",
            )
        )
    return there[name]


def add(conn: AnyConnection, feed: Feed) -> None:
    """Register a feed; ConflictError when there is one of that name."""
    _check_kind(feed.kind)
    row = asdict(feed)
    row |= {name: Jsonb(row[name]) for name in ("headers", "mapping")}
    try:
        with conn.transaction():
            conn.execute(
                "INSERT INTO muang.feed (name, title, kind, url, headers, mapping, secret,"
                " interval_s, private, enabled, exercise, added_at, added_by)"
                " VALUES (%(name)s, %(title)s, %(kind)s, %(url)s, %(headers)s, %(mapping)s,"
                " %(secret)s, %(interval_s)s, %(private)s, %(enabled)s, %(exercise)s,"
                " %(added_at)s, %(added_by)s)",
                row,
            )
            conn.execute("INSERT INTO muang.feed_state (feed) VALUES (%s)", [feed.name])
    except UniqueViolation:
        raise ConflictError(
            Text(th=f"มีฟีด “{feed.name}” อยู่แล้ว", en=f"There is a feed “{feed.name}” already.")
        ) from None


def change(conn: AnyConnection, feed: Feed) -> None:
    """Change a feed's setting; what it brought, when it answered and who added it stay.

    Where something else is asked, or it is read otherwise, it is asked at once and without the
    marks of the old answers: a source that says "nothing new" would hide the change. NotFoundError
    when there is no such feed.
    """
    before = get(conn, feed.name)
    _check_kind(feed.kind)
    row = asdict(feed)
    row |= {name: Jsonb(row[name]) for name in ("headers", "mapping")}
    with conn.transaction():
        conn.execute(
            "UPDATE muang.feed SET title = %(title)s, kind = %(kind)s, url = %(url)s,"
            " headers = %(headers)s, mapping = %(mapping)s, secret = %(secret)s,"
            " interval_s = %(interval_s)s, private = %(private)s WHERE name = %(name)s",
            row,
        )
        if _asks(feed) != _asks(before):
            conn.execute(
                "UPDATE muang.feed_state SET circuit = 'waiting', failures = 0,"
                " next_try_at = NULL, error_th = NULL, error_en = NULL, doubt_th = NULL,"
                " doubt_en = NULL, etag = NULL, last_modified = NULL,"
                " since = clock_timestamp() WHERE feed = %s",
                [feed.name],
            )


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        kinds = " ".join(KINDS)
        raise BadRequestError(
            Text(
                th=f"ไม่มีฟีดชนิด “{kind}” ชนิดที่มี: {kinds}",
                en=f"There is no kind of feed “{kind}”. The kinds are: {kinds}.",
            )
        )


def _asks(feed: Feed) -> tuple[object, ...]:
    """What a question to its source, and the reading of the answer, hang on."""
    held = (dict(feed.headers), dict(feed.mapping))
    return (feed.kind, feed.url, *held, feed.secret, feed.private)


def remove(conn: AnyConnection, name: str) -> None:
    """Forget a feed and its state; what it brought stays."""
    get(conn, name)
    with conn.transaction():
        # in the order in which whoever polls takes them: it may be writing how the feed is just now
        conn.execute("SELECT FROM muang.feed_state WHERE feed = %s FOR UPDATE", [name])
        conn.execute("SELECT FROM muang.feed_body WHERE feed = %s FOR UPDATE", [name])
        conn.execute("DELETE FROM muang.feed WHERE name = %s", [name])


def enable(conn: AnyConnection, name: str, *, enabled: bool) -> None:
    """Pause a feed, or ask it again."""
    get(conn, name)
    conn.execute("UPDATE muang.feed SET enabled = %s WHERE name = %s", [enabled, name])


def facts(feed: Feed, state: FeedState) -> Facts:
    """What a sentence about a feed is made of."""
    return Facts(
        enabled=feed.enabled,
        interval_s=feed.interval_s,
        added_at=feed.added_at,
        succeeded_at=state.succeeded_at,
        newest_at=state.newest_at,
        error=state.error,
        doubt=state.doubt,
    )


def states(conn: AnyConnection) -> dict[str, FeedState]:
    """How every feed is, by name."""
    with conn.cursor(row_factory=class_row(FeedState)) as cursor:
        return {state.feed: state for state in cursor.execute(_STATES).fetchall()}


def put_state(conn: AnyConnection, state: FeedState) -> None:
    """Keep how a feed is; nothing when the feed was removed meanwhile."""
    row = asdict(state) | {"report": None if state.report is None else Jsonb(state.report)}
    conn.execute(
        "INSERT INTO muang.feed_state AS s (feed, circuit, since, tried_at, succeeded_at,"
        " newest_at, failures, next_try_at, error_th, error_en, doubt_th, doubt_en, etag,"
        " last_modified, report)"
        " SELECT %(feed)s, %(circuit)s, %(since)s, %(tried_at)s, %(succeeded_at)s, %(newest_at)s,"
        " %(failures)s, %(next_try_at)s, %(error_th)s, %(error_en)s, %(doubt_th)s, %(doubt_en)s,"
        " %(etag)s, %(last_modified)s, %(report)s"
        " WHERE EXISTS (SELECT FROM muang.feed AS f WHERE f.name = %(feed)s)"
        " ON CONFLICT (feed) DO UPDATE SET"
        " circuit = excluded.circuit, since = excluded.since, tried_at = excluded.tried_at,"
        " succeeded_at = excluded.succeeded_at, newest_at = excluded.newest_at,"
        " failures = excluded.failures, next_try_at = excluded.next_try_at,"
        " error_th = excluded.error_th, error_en = excluded.error_en,"
        " doubt_th = excluded.doubt_th, doubt_en = excluded.doubt_en, etag = excluded.etag,"
        " last_modified = excluded.last_modified, report = excluded.report",
        row,
    )


def put_body(conn: AnyConnection, feed: str, body: Body) -> None:
    """Keep the last good or bad answer of a feed in the place of the one before it."""
    conn.execute(
        "INSERT INTO muang.feed_body (feed, good, at, status, body)"
        " SELECT %(feed)s, %(good)s, %(at)s, %(status)s, %(body)s"
        " WHERE EXISTS (SELECT FROM muang.feed AS f WHERE f.name = %(feed)s)"
        " ON CONFLICT (feed, good) DO UPDATE"
        " SET at = excluded.at, status = excluded.status, body = excluded.body",
        asdict(body) | {"feed": feed, "body": body.body.replace("\0", "\ufffd")[:MOST_BODY]},
    )


def bodies(conn: AnyConnection, feed: str) -> list[Body]:
    """The answers kept of a feed, the good one first."""
    with conn.cursor(row_factory=class_row(Body)) as cursor:
        return cursor.execute(
            "SELECT good, at, status, body FROM muang.feed_body WHERE feed = %s ORDER BY good DESC",
            [feed],
        ).fetchall()


def stations(conn: AnyConnection) -> Stations:
    """The town's own stations."""
    with conn.cursor(row_factory=class_row(_Zero)) as cursor:
        rows = cursor.execute(_ZEROS).fetchall()
    firsts = {row.code: row.zero_m for row in rows if row.valid_from is None}
    since: dict[str, list[tuple[datetime, float | None]]] = {code: [] for code in firsts}
    for row in rows:
        if row.valid_from is not None and row.code in since:
            since[row.code].append((row.valid_from, row.zero_m))
    zeros = {code: Zeros(firsts[code], tuple(dated)) for code, dated in since.items()}
    return Stations(frozenset(firsts), zeros)


def surroundings(conn: AnyConnection, metres: float) -> tuple[float, float, float, float] | None:
    """West, south, east, north (EPSG:4326) so far around the town; None without a boundary."""
    row = conn.execute(
        "SELECT gis.ST_XMin(b.box), gis.ST_YMin(b.box), gis.ST_XMax(b.box), gis.ST_YMax(b.box)"
        " FROM (SELECT gis.ST_Transform(gis.ST_SetSRID("
        " gis.ST_Expand(gis.ST_Extent(t.geom), %s)::gis.geometry, max(gis.ST_SRID(t.geom))),"
        " 4326) AS box FROM town.town_boundary AS t) AS b",
        [metres],
    ).fetchone()
    if row is None or row[0] is None:
        return None
    west, south, east, north = (float(str(side)) for side in row)
    return west, south, east, north


def lead(conn: AnyConnection) -> bool:
    """Become the one process that polls for as long as the connection lives; False: one is."""
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", [_LEAD]).fetchone()
    conn.commit()
    return bool(row and row[0])


def let_go(conn: AnyConnection) -> None:
    """Let another process poll, at once: a connection that closes is gone only some time later."""
    conn.execute("SELECT pg_advisory_unlock(%s)", [_LEAD])
    conn.commit()


def is_polled(conn: AnyConnection) -> bool:
    """Whether some process polls this town now."""
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory'"
        " AND l.objid = %s AND l.granted AND l.database ="
        " (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))",
        [_LEAD],
    ).fetchone()
    return bool(row and row[0])


def wants_polling(conn: AnyConnection) -> bool:
    """Whether a feed is to be asked or an exercise is open."""
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM muang.feed AS f WHERE f.enabled)"
        " OR EXISTS (SELECT FROM muang.exercise AS e WHERE e.closed_at IS NULL)"
    ).fetchone()
    return bool(row and row[0])


async def tell_anew(conn: AsyncConnection[tuple[object, ...]]) -> None:
    """Have open screens read the feeds again, where time alone changed how they are."""
    await conn.execute("SELECT muang.tell_feeds()")


async def overview(
    conn: AsyncConnection[tuple[object, ...]],
) -> list[tuple[Feed, FeedState]]:
    """Every feed with its state; for the server."""
    async with conn.cursor(row_factory=class_row(Feed)) as cursor:
        await cursor.execute(_ALL)
        found = await cursor.fetchall()
    async with conn.cursor(row_factory=dict_row) as rows:
        await rows.execute(_STATES)
        by_name = {str(row["feed"]): FeedState(**row) for row in await rows.fetchall()}
    return [(feed, by_name.get(feed.name, FeedState(feed.name))) for feed in found]


def _text(th: str | None, en: str | None) -> Text | None:
    some = th or en
    return Text(th=th or some, en=en or some) if some else None


def into_town(conn: AnyConnection, outlines: Sequence[bytes]) -> list[bytes]:
    """Areas from WKB in EPSG:4326 to WKB in the town's own CRS, which is never an Indian one."""
    rows = conn.execute(
        "SELECT gis.ST_AsBinary(gis.ST_Multi(gis.ST_CollectionExtract(gis.ST_MakeValid("
        "gis.ST_Transform(gis.ST_GeomFromWKB(o.wkb, 4326), t.srid)), 3)))"
        " FROM unnest(%s::bytea[]) WITH ORDINALITY AS o (wkb, n), muang.town AS t ORDER BY o.n",
        [list(outlines)],
    ).fetchall()
    return [bytes(row[0]) for row in rows if isinstance(row[0], bytes)]
