"""What changed in a layer between two moments, as one role sees it.

A change that touches only what the role may not see is none for that role: versions are compared
field by field over what it sees, on the views of the past, whose rules are those of the present.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg import AsyncConnection

from db import past
from db.queries import features
from db.queries.features import Page, Versions

PASSED_OVER = frozenset({"updated_at", "updated_by", "dataset_id"})
"""Fields that differ whenever a row was written, whether or not anything of it changed."""


class Kind(StrEnum):
    """What happened to a row between the two moments."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """One row: as it is at the later moment, or was at the earlier one when it is gone.

    `was` holds the earlier values of the fields that changed, `features.GEOMETRY` among them.
    """

    kind: Kind
    row: dict[str, Any]
    was: dict[str, Any]


@dataclass(frozen=True)
class Between:
    """The question: a page's layer, viewer, fields, box and CRS, and the two moments.

    `beyond` is the id to go on after, `page.limit` how many rows are looked at in one turn.
    """

    page: Page
    since: datetime
    until: datetime
    beyond: int | None = None


@dataclass(frozen=True)
class Changes:
    """Changes in order of ids, and the id to go on after; None when that was all."""

    changes: tuple[Change, ...]
    beyond: int | None


async def between(conn: AsyncConnection[Any], asked: Between) -> Changes:
    """The changes of one turn, in one snapshot."""
    async with conn.transaction():
        await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        since = await past.position_at(conn, asked.since)
        until = await past.position_at(conn, asked.until)
        ids, more = await _touched(conn, asked, since, until)
        before = await _at(conn, asked.page, since, ids)
        after = await _at(conn, asked.page, until, ids)
    found = (_compare(before.get(each), after.get(each)) for each in ids)
    return Changes(
        changes=tuple(change for change in found if change is not None),
        beyond=ids[-1] if more else None,
    )


async def _touched(
    conn: AsyncConnection[Any], asked: Between, since: int, until: int
) -> tuple[list[int], bool]:
    """Ids of one turn's rows with a version that began or ended in between; whether more follow.

    A box finds a row where it lay and where it lies, so that one moved away is found as well.
    """
    turn = replace(asked.page, fields=(), with_geometry=False, limit=asked.page.limit + 1)
    sides = (
        (since, Versions(ended_by=until, beyond=asked.beyond)),
        (until, Versions(began_after=since, beyond=asked.beyond)),
    )
    found: set[int] = set()
    for pos, versions in sides:
        await past.enter(conn, turn.role, pos)
        rows = await features.fetch(conn, replace(turn, versions=versions))
        found |= {row["id"] for row in rows.rows}
    ids = sorted(found)
    return ids[: asked.page.limit], len(ids) > asked.page.limit


async def _at(
    conn: AsyncConnection[Any], page: Page, pos: int, ids: list[int]
) -> dict[int, dict[str, Any]]:
    """Rows as they were at a position, by id, wherever they lay."""
    if not ids:
        return {}
    await past.enter(conn, page.role, pos)
    asked = replace(page, box=None, limit=len(ids), versions=Versions(ids=tuple(ids)))
    return {row["id"]: row for row in (await features.fetch(conn, asked)).rows}


def _compare(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change | None:
    if before is None or after is None:
        if after is not None:
            return Change(Kind.ADDED, after, {})
        # neither: it came and went in between, or never was for this role
        return None if before is None else Change(Kind.REMOVED, before, {})
    was = {
        name: value
        for name, value in before.items()
        if name not in PASSED_OVER and name != features.MATCHED and value != after[name]
    }
    return Change(Kind.CHANGED, after, was) if was else None


def geometry_changed(change: Change) -> bool:
    """Whether the row was moved or reshaped."""
    return features.GEOMETRY in change.was
