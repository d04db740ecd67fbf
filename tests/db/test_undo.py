"""Turning imports back and forth: exact, and never over somebody's later work."""

from typing import Any

import pytest

from db.connect import Machine
from db.datasets import get_dataset
from db.undo import redo, undo
from layers.errors import ConflictError
from tests.conftest import TownHandle
from tests.tiny import load_rows, square


def parcels(conn: Any) -> list[tuple[object, ...]]:
    found = conn.execute(
        "SELECT id, code, use, source, dataset_id, ST_AsText(geom) FROM town.parcels ORDER BY id"
    ).fetchall()
    # each step is a transaction of its own, as it is for a command
    conn.commit()
    return found  # type: ignore[no-any-return]


def parcel(code: str | None, x: float = 0, **fields: object) -> dict[str, Any]:
    return {"code": code, "geom": square(x, 0, 10, 10), **fields}


FIRST = [parcel("A", use="vacant"), parcel("B", 20), parcel(None, 40), parcel(None, 40)]
SECOND = [parcel("A", use="public"), parcel("C", 60), parcel(None, 40)]


def test_a_chain_of_replacements_goes_back_and_forth(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        states = [parcels(conn)]
        numbers = []
        for step in (FIRST, SECOND, FIRST):
            numbers.append(load_rows(conn, "parcels", step, mode="replace").dataset_id)
            states.append(parcels(conn))
        for number, state in zip(reversed(numbers), reversed(states[:-1]), strict=True):
            undo(conn, number, "tester")
            assert parcels(conn) == state
        for number, state in zip(numbers, states[1:], strict=True):
            redo(conn, number, "tester")
            assert parcels(conn) == state
            assert get_dataset(conn, number).undone_at is None
            conn.commit()
        undo(conn, numbers[-1], "tester")
        assert parcels(conn) == states[-2]


def test_nobody_s_later_work_is_lost(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        done = load_rows(conn, "parcels", FIRST, mode="replace")
        conn.commit()
        later = load_rows(conn, "parcels", [parcel("A", use="public")], mode="upsert")
        conn.commit()
        with pytest.raises(ConflictError, match="1 of its rows"):
            undo(conn, done.dataset_id, "tester")
        conn.rollback()
        undo(conn, later.dataset_id, "tester")
        conn.commit()
        conn.execute("DELETE FROM town.parcels WHERE code = 'B'")
        conn.commit()
        before = parcels(conn)
        with pytest.raises(ConflictError, match="1 of its rows"):
            undo(conn, done.dataset_id, "tester")
        assert parcels(conn) == before


def test_a_redo_is_refused_over_later_work(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "parcels", [parcel("A")], mode="replace")
        conn.commit()
        done = load_rows(conn, "parcels", [parcel("A", use="vacant")], mode="upsert")
        conn.commit()
        undo(conn, done.dataset_id, "tester")
        conn.commit()
        conn.execute("UPDATE town.parcels SET address = 'ใหม่' WHERE code = 'A'")
        conn.commit()
        with pytest.raises(ConflictError, match="changed later"):
            redo(conn, done.dataset_id, "tester")
        assert get_dataset(conn, done.dataset_id).undone_by == "tester"


def test_the_same_rows_twice_change_nothing(blank_town: TownHandle) -> None:
    """Also those with a repeated key, or none, in a replacement."""
    with blank_town.connect(Machine.LOADER) as conn:
        rows = [*FIRST, parcel("B", 80)]
        load_rows(conn, "parcels", rows, mode="replace")
        before = parcels(conn)
        done = load_rows(conn, "parcels", rows, mode="replace")
        assert (done.counts.unchanged, done.counts.inserted, done.counts.deleted) == (5, 0, 0)
        assert done.repeats.examples == (("B", 2),)
        assert parcels(conn) == before
        versions = conn.execute("SELECT count(*) FROM history.parcels").fetchone()
        assert versions == (0,)
        fewer = load_rows(conn, "parcels", rows[:3], mode="replace")
        assert (fewer.counts.unchanged, fewer.counts.deleted) == (3, 2)
