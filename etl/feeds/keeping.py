"""What comes of an answer, in the database: readings, outlines, the feed's state, what was said.

One transaction an answer: the mark that makes the next question conditional (ETag) is never kept
without the readings it stands for. Connections are opened when they are needed, so a database that
was restarted is no matter.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import shapely

from db import exercise, readings
from db import feeds as register
from db.changes import number_changes
from db.datasets import Dataset
from db.derived import AnyConnection
from db.feeds import Body, Feed, FeedState, Stations
from db.load import Incoming, load_inside
from etl.feeds.gistda import CAVEAT
from etl.feeds.parsed import Observation, Parsed, Refused, Series, Zone
from etl.feeds.spool import Batch
from layers import catalog
from layers.text import Text

Connect = Callable[[], AbstractContextManager[AnyConnection]]

_ZONES = "flood_zones"
_CONFIDENCE = Text(
    th="ดาวเทียม (ช่องท่วมบางส่วน ไม่วาด ≠ แห้ง)",
    en="satellite (cells flooded in part; not drawn is not dry)",
)


@dataclass(frozen=True)
class Told:
    """What the database says before a round of questions."""

    feeds: tuple[Feed, ...]
    states: dict[str, FeedState]
    stations: Stations
    exercise: exercise.Exercise | None


@dataclass(frozen=True)
class Outcome:
    """One answer worked up: what it holds, the state it leaves the feed in, what was said."""

    state: FeedState
    body: Body | None = None
    batch: Batch | None = None
    zones: tuple[Zone, ...] = ()
    parsed: Parsed | None = None


def ask_register(conn: AnyConnection) -> Told:
    """Feeds, how they are, the town's stations, and the open exercise."""
    told = Told(
        tuple(register.feeds(conn)),
        register.states(conn),
        register.stations(conn),
        exercise.current(conn),
    )
    conn.commit()
    return told


def keep(connect: Connect, feed: Feed, outcome: Outcome) -> FeedState:
    """Bring an outcome into the database, all of it or nothing; the state as it was kept."""
    with connect() as conn:
        with conn.transaction():
            conn.execute("SELECT set_config('muang.actor', %s, true)", [f"feed {feed.name}"])
            counts = _readings(conn, outcome.batch, source_of(feed))
            if outcome.zones:
                counts |= _zones(conn, feed, outcome.zones)
            state = outcome.state
            if outcome.parsed is not None:
                state = _with_report(state, outcome.parsed, counts)
            register.put_state(conn, state)
            if outcome.body is not None:
                register.put_body(conn, feed.name, outcome.body)
        number_changes(conn)
    return state


def deliver(connect: Connect, batch: Batch, source: str) -> None:
    """Bring a batch that waited on disk."""
    with connect() as conn:
        with conn.transaction():
            conn.execute("SELECT set_config('muang.actor', %s, true)", [f"feed {batch.feed}"])
            _readings(conn, batch, source)
        number_changes(conn)


def source_of(feed: Feed) -> str:
    """What readings of a feed are said to come from; its address stays in the register."""
    return f"feed:{feed.name}"


def near_box(connect: Connect, metres: float) -> tuple[float, float, float, float] | None:
    """The town's surroundings in EPSG:4326."""
    with connect() as conn:
        return register.surroundings(conn, metres)


def _readings(conn: AnyConnection, batch: Batch | None, source: str) -> dict[str, int]:
    counts = dict.fromkeys(("new", "same", "revised", "flagged"), 0)
    for series in Series:
        mine = [one for one in batch.observations if one.series is series] if batch else []
        if not mine or batch is None:
            continue
        added = readings.add(conn, series.value, _rows(mine, batch, source))
        for name in counts:
            counts[name] += getattr(added, name)
    return counts


def _rows(mine: Sequence[Observation], batch: Batch, source: str) -> list[readings.Reading]:
    return [
        readings.Reading(
            one.station,
            one.at,
            one.value,
            one.discharge_m3s,
            source=source,
            received_at=batch.received_at,
            exercise=batch.exercise,
            staff_m=one.staff_m,
        )
        for one in mine
    ]


def _zones(conn: AnyConnection, feed: Feed, zones: Sequence[Zone]) -> dict[str, int]:
    """Outlines as observed flood zones, each pass and tambon under its code, through the loader."""
    layer = catalog.get(_ZONES)
    shapes = register.into_town(conn, [shapely.to_wkb(zone.outline) for zone in zones])
    facts: dict[str, Any] = {
        "kind": "observed",
        "means": "satellite",
        "depth_class": "unknown",
        "confidence": f"{_CONFIDENCE.th} · {_CONFIDENCE.en}",
    }
    columns = ("code", "name", "observed_at", *facts, "geom")
    rows = [
        (zone.code, zone.name, zone.seen_at, *facts.values(), shape)
        for zone, shape in zip(zones, shapes, strict=True)
    ]
    dataset = Dataset(
        layer=layer.id,
        source=feed.title or feed.name,
        actor=f"feed {feed.name}",
        note=CAVEAT.en,
    )
    loaded = load_inside(conn, layer, Incoming(columns, rows), mode="upsert", dataset=dataset)
    counts = loaded.counts
    return {"zones_new": counts.inserted, "zones_changed": counts.updated}


def _with_report(state: FeedState, parsed: Parsed, counts: dict[str, int]) -> FeedState:
    report = {
        "read": parsed.read,
        "kept": parsed.kept,
        **counts,
        "refused": [_refused(each) for each in parsed.refused],
        "notes": [note.model_dump() for note in parsed.notes],
    }
    return FeedState(**(asdict(state) | {"report": report}))


def _refused(each: Refused) -> dict[str, Any]:
    return {"reason": each.reason.model_dump(), "count": each.count, "first": list(each.first)}


def latest_of(observations: Sequence[Observation], now: datetime) -> datetime | None:
    """The newest time of readings that is not in the future."""
    return max((one.at for one in observations if one.at <= now), default=None)
