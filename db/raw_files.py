"""The register of raw files: which content is kept, since when, until when, and its key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from db.derived import AnyConnection

_COLUMNS = "sha256, size_bytes, personal, seal_key, kept_at, forget_at, forgotten_at"


@dataclass(frozen=True)
class RawFile:
    """A file on the register; without `seal_key` it was forgotten, and its content is noise."""

    sha256: str
    size_bytes: int
    personal: bool
    seal_key: bytes | None
    kept_at: datetime
    forget_at: datetime | None
    forgotten_at: datetime | None


def find(conn: AnyConnection, sha256: Sequence[str]) -> dict[str, RawFile]:
    """The files of these hashes that are on the register."""
    with conn.cursor(row_factory=class_row(RawFile)) as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM muang.raw_file WHERE sha256 = any(%s)",  # noqa: S608 - constant
            [list(sha256)],
        ).fetchall()
    return {row.sha256: row for row in rows}


def note(
    conn: AnyConnection, sha256: str, size: int, key: bytes, *, personal: bool, keep_days: int
) -> None:
    """Put a file just sealed on the register, in a transaction of its own.

    A file that holds personal data is forgotten after `keep_days`; one that did not and now does,
    from now on. Bringing a file again keeps it for as long again.
    """
    with conn.transaction():
        conn.execute(
            "INSERT INTO muang.raw_file AS r (sha256, size_bytes, personal, seal_key, forget_at)"
            " VALUES (%(sha256)s, %(size)s, %(personal)s, %(key)s,"
            " CASE WHEN %(personal)s THEN clock_timestamp() + make_interval(days => %(days)s) END)"
            " ON CONFLICT (sha256) DO UPDATE SET seal_key = excluded.seal_key,"
            " kept_at = clock_timestamp(), forgotten_at = NULL,"
            " personal = r.personal OR excluded.personal,"
            " forget_at = CASE WHEN r.personal OR excluded.personal"
            " THEN clock_timestamp() + make_interval(days => %(days)s) END",
            {"sha256": sha256, "size": size, "personal": personal, "key": key, "days": keep_days},
        )


def unworthy(conn: AnyConnection) -> list[str]:
    """Hashes of files with a key that no import names, taken back or not.

    One brought within the last day does not count: its import may be under way.
    """
    rows = conn.execute(
        "SELECT r.sha256 FROM muang.raw_file AS r WHERE r.seal_key IS NOT NULL"
        " AND r.kept_at <= clock_timestamp() - interval '1 day' AND NOT EXISTS ("
        " SELECT 1 FROM muang.dataset AS d CROSS JOIN jsonb_array_elements(d.files) AS f"
        " WHERE f ->> 'sha256' = r.sha256) ORDER BY 1"
    ).fetchall()
    return [str(row[0]) for row in rows]


def unnamed(conn: AnyConnection, sha256: Sequence[str]) -> list[str]:
    """Those of the hashes that no import names."""
    rows = conn.execute(
        "SELECT h.sha256 FROM unnest(%s::text[]) AS h (sha256) WHERE NOT EXISTS ("
        " SELECT 1 FROM muang.dataset AS d CROSS JOIN jsonb_array_elements(d.files) AS f"
        " WHERE f ->> 'sha256' = h.sha256)",
        [list(sha256)],
    ).fetchall()
    return [str(row[0]) for row in rows]


def forget(conn: AnyConnection, sha256: Sequence[str]) -> None:
    """Delete the keys of these files, in a transaction of its own: their content is noise then."""
    with conn.transaction():
        conn.execute(
            "UPDATE muang.raw_file SET seal_key = NULL, forgotten_at = clock_timestamp()"
            " WHERE seal_key IS NOT NULL AND sha256 = any(%s)",
            [list(sha256)],
        )
