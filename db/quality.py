"""Whole-layer checks (overlaps, gaps, repeats, slivers, places outside), kept as a layer.

Set-based, on live tables with their GiST indexes, in one transaction of its own after an import.
A finding that is there already stays as it is (id, time); one that is no longer found goes; so
the map, the change log and the history tell when something was mended.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql
from psycopg.rows import class_row

from db import quality_checks
from db.derived import AnyConnection
from layers import quality_findings
from layers.model import OFFICE, Layer
from layers.privacy import may_see, visible_rows

MOST_KEPT = 5000
"""Findings of one kind kept for a layer, the gravest first; all are counted."""
SOURCE = "muang quality"


@dataclass(frozen=True)
class Repair:
    """A shape an import repaired: places in the town's CRS and the file's, change in m2 or m.

    `shape_md5` is the MD5, in hex, of the WKB of the shape as stored.
    """

    row: int
    kind: str
    reason_th: str
    reason_en: str
    at: tuple[float, float] | None
    at_in_file: tuple[float, float] | None
    change: float
    shape_md5: str


@dataclass(frozen=True)
class Kind:
    """How many findings of one kind there are, and how many of them are on the map."""

    kind: str
    found: int
    kept: int


@dataclass(frozen=True)
class Quality:
    """What a look at one layer found; `appeared` and `vanished` are against the look before."""

    layer: str
    kinds: tuple[Kind, ...]
    appeared: int
    vanished: int
    seconds: float


def checked(layer: Layer) -> bool:
    """Whether a layer is looked at: it has shapes, and they were not worked out by us."""
    return layer.geometry is not None and not layer.computed


def seen_by(layer: Layer) -> str:
    """Who sees findings on a layer: the office only where all of it sees every row."""
    whole = all(may_see(layer, role) and visible_rows(layer, role) is None for role in OFFICE)
    return quality_findings.OPEN if whole else quality_findings.HELD


def refresh(conn: AnyConnection, layer: Layer, actor: str) -> Quality:
    """Look at a layer as the `loader` login and bring its findings up to date.

    The caller numbers the changes after commit (`db.changes.number_changes`).
    """
    started = time.monotonic()
    with conn.transaction():
        conn.execute("SELECT set_config('muang.actor', %s, true)", [actor])
        # two looks at one layer would each bring the same finding
        conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [f"quality {layer.id}"]
        )
        # right after a load nothing is known of the table yet: the planner would rather read all
        # of it for each cell, or the whole of its primary key, than trust the spatial index; a
        # bitmap scan needs a condition on its index
        conn.execute("SET LOCAL enable_seqscan = off")
        conn.execute("SET LOCAL enable_indexscan = off")
        quality_checks.prepare(conn)
        if checked(layer):
            for statement in quality_checks.statements(layer):
                conn.execute(statement)
        kinds = _cut(conn)
        appeared, vanished = _bring_up_to_date(conn, layer)
        quality_checks.clean_up(conn)
    return Quality(layer.id, kinds, appeared, vanished, round(time.monotonic() - started, 2))


def _cut(conn: AnyConnection) -> tuple[Kind, ...]:
    """Count the found, and leave of each kind the gravest."""
    counted = conn.execute(
        "SELECT f.kind, count(*) FROM pg_temp.found AS f GROUP BY f.kind ORDER BY f.kind"
    ).fetchall()
    conn.execute(
        "DELETE FROM pg_temp.found AS f USING (SELECT g.ctid AS place, row_number() OVER"
        " (PARTITION BY g.kind ORDER BY g.grave DESC, g.feature_id, g.other_id, g.file_row) AS rank"
        " FROM pg_temp.found AS g) AS r WHERE r.place = f.ctid AND r.rank > %s",
        [MOST_KEPT],
    )
    return tuple(
        Kind(str(kind), int(str(count)), min(int(str(count)), MOST_KEPT)) for kind, count in counted
    )


_FIELDS = (
    *("kind", "severity", "sentence_th", "sentence_en", "feature_id", "other_id", "file_row"),
    *("area_m2", "length_m", "dataset_id", "geom"),
)
_THE_SAME: LiteralString = """f.kind = q.kind AND f.sentence_en = q.sentence_en
    AND (f.severity, f.feature_id, f.other_id, f.file_row, f.dataset_id)
    IS NOT DISTINCT FROM (q.severity, q.feature_id, q.other_id, q.file_row, q.dataset_id)
    AND f.geom::bytea = q.geom::bytea"""


def _bring_up_to_date(conn: AnyConnection, layer: Layer) -> tuple[int, int]:
    """Findings that came, and that went."""
    who = seen_by(layer)
    vanished = conn.execute(
        sql.SQL(
            "DELETE FROM town.quality_findings AS q WHERE q.about = %s AND (q.seen_by <> %s"
            " OR NOT EXISTS (SELECT 1 FROM pg_temp.found AS f WHERE {}))"
        ).format(sql.SQL(_THE_SAME)),
        [layer.id, who],
    ).rowcount
    names = sql.SQL(", ").join(map(sql.Identifier, _FIELDS))
    appeared = conn.execute(
        sql.SQL(
            "INSERT INTO town.quality_findings (about, seen_by, source, {}) SELECT %s, %s, %s, {}"
            " FROM pg_temp.found AS f WHERE NOT EXISTS (SELECT 1 FROM town.quality_findings AS q"
            " WHERE q.about = %s AND {})"
        ).format(
            names,
            sql.SQL(", ").join(sql.Identifier("f", name) for name in _FIELDS),
            sql.SQL(_THE_SAME),
        ),
        [layer.id, who, SOURCE, layer.id],
    ).rowcount
    return appeared, vanished


def keep_repairs(conn: AnyConnection, dataset_id: int, repairs: Iterable[Repair]) -> None:
    """Store what an import repaired, row by row, inside the import's transaction."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO muang.shape_repair (dataset_id, row_no, kind, reason_th, reason_en,"
            " x, y, file_x, file_y, change, shape_md5)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    *(dataset_id, each.row, each.kind, each.reason_th, each.reason_en),
                    *(each.at or (None, None)),
                    *(each.at_in_file or (None, None)),
                    *(each.change, each.shape_md5),
                )
                for each in repairs
            ],
        )


@dataclass(frozen=True)
class Told:
    """A finding as a command prints it."""

    kind: str
    severity: str
    th: str
    en: str
    feature_id: int | None
    other_id: int | None
    row: int | None
    area_m2: float | None
    length_m: float | None


def findings_of(conn: AnyConnection, dataset_id: int) -> list[Told]:
    """What is wrong now with the rows an import brought, as the `loader` login sees it."""
    with conn.cursor(row_factory=class_row(Told)) as cursor:
        return cursor.execute(
            "SELECT kind, severity, sentence_th AS th, sentence_en AS en, feature_id, other_id,"
            " file_row AS row, area_m2, length_m FROM town.quality_findings WHERE dataset_id = %s"
            " ORDER BY kind, area_m2 DESC NULLS LAST, length_m DESC NULLS LAST, feature_id",
            [dataset_id],
        ).fetchall()
