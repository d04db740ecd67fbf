"""Loads: every mode, every refusal, rehearsal, undo; live data changes whole or not at all."""

from typing import Any

import pytest
import shapely
from psycopg import sql
from shapely.geometry import MultiPolygon, Polygon

from db.check import check
from db.connect import Machine
from db.datasets import Dataset, get_dataset, list_datasets, refusals_of
from db.load import Counts, Incoming, load
from db.undo import undo
from layers.catalog import get
from layers.errors import BadRequestError, ConflictError
from layers.model import Role
from tests.conftest import TownHandle
from tests.tiny import ORIGIN, load_rows, point, square


def parcels(conn: Any) -> list[tuple[object, ...]]:
    return conn.execute(  # type: ignore[no-any-return]
        "SELECT id, code, use, owner_name, ST_AsText(geom) FROM town.parcels ORDER BY id"
    ).fetchall()


def parcel(code: str | None, x: float = 0, **fields: object) -> dict[str, Any]:
    return {"code": code, "geom": square(x, 0, 10, 10), **fields}


def test_upsert_inserts_updates_and_leaves_equal_rows_alone(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "parcels", [parcel("A", use="vacant"), parcel("B", 20, use="vacant")])
        done = load_rows(
            conn,
            "parcels",
            [parcel("A", use="vacant"), parcel("B", 25, use="vacant"), parcel("C", 40)],
            mode="upsert",
        )
        # C gave no use; A and B keep theirs
        assert done.counts == Counts(inserted=1, updated=1, unchanged=1)
        assert [row[1:3] for row in parcels(conn)] == [
            ("A", "vacant"),
            ("B", "vacant"),
            ("C", None),
        ]


def test_upsert_refuses_what_it_cannot_match(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "parcels", [parcel("D"), parcel("D", 20)])
        done = load_rows(
            conn,
            "parcels",
            [parcel("A"), parcel("A", 20), parcel(None, 40), parcel("D", 60), parcel("E", 80)],
            mode="upsert",
        )
        assert done.read == 5
        assert done.counts == Counts(inserted=1)
        kept = refusals_of(conn, done.dataset_id)
        assert [(refusal.row, refusal.key) for refusal in kept] == [
            (1, "A"),
            (2, "A"),
            (3, None),
            (4, "D"),
        ]
        stored = refusals_of(conn, done.dataset_id)
        assert [refusal.row for refusal in stored] == [1, 2, 3, 4]
        assert stored[0].data["geom"] == square(0, 0, 10, 10).wkt.replace(", ", ",").replace(
            "MULTIPOLYGON (", "MULTIPOLYGON("
        )


def test_replace_and_append_keep_rows_with_repeated_or_missing_keys(
    blank_town: TownHandle,
) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "parcels", [parcel("X")])
        done = load_rows(
            conn, "parcels", [parcel("A"), parcel("A", 20), parcel(None, 40)], mode="replace"
        )
        assert done.counts == Counts(inserted=3, deleted=1)


def test_rows_that_break_a_rule_are_refused_with_the_reason(blank_town: TownHandle) -> None:
    e, n = ORIGIN
    bow_tie = MultiPolygon([Polygon([(e, n), (e + 9, n + 9), (e + 9, n), (e, n + 9)])])
    rows = [
        parcel("ok"),
        {"code": "bow", "geom": bow_tie},
        {"code": "none", "geom": None},
        {"code": "empty", "geom": MultiPolygon()},
        {"code": "point", "geom": point(0, 0)},
        parcel("negative", area_m2=-1.0),
    ]
    with blank_town.connect(Machine.LOADER) as conn:
        done = load_rows(conn, "parcels", rows)
        assert done.counts.inserted == 1
        kept = refusals_of(conn, done.dataset_id)
        assert [refusal.key for refusal in kept] == [
            "bow",
            "none",
            "empty",
            "point",
            "negative",
        ]
        assert "not valid" in kept[0].reason.en
        assert "below 0" in kept[4].reason.en
        assert done.read == done.counts.inserted + done.refused_count
        required = load_rows(conn, "shelters", [{"name": "no code", "geom": point(0, 0)}])
        assert required.counts.inserted == 0
        assert "code" in required.refused[0].reason.en


def test_a_rehearsal_changes_nothing_and_says_the_same(blank_town: TownHandle) -> None:
    rows = [parcel("A"), parcel("A", 20), parcel("B", 40)]
    with blank_town.connect(Machine.LOADER) as conn:
        rehearsed = load_rows(conn, "parcels", rows, mode="upsert", dry_run=True)
        assert parcels(conn) == []
        assert list_datasets(conn) == []
        done = load_rows(conn, "parcels", rows, mode="upsert")
        assert (rehearsed.counts, rehearsed.refused) == (done.counts, done.refused)


def test_a_load_that_breaks_half_way_leaves_everything_as_it_was(
    own_tiny_town: TownHandle,
) -> None:
    layer = get("parcels")

    def broken() -> Any:
        yield ("A", shapely.to_wkb(square(0, 0, 10, 10)))
        raise RuntimeError("the file ends here")

    with own_tiny_town.connect(Machine.LOADER) as conn:
        before = parcels(conn)
        with pytest.raises(RuntimeError, match="ends here"):
            load(
                conn,
                layer,
                Incoming(("code", "geom"), broken()),
                mode="replace",
                dataset=Dataset(layer="parcels", source="s", actor="a"),
            )
        conn.rollback()
        assert parcels(conn) == before


def test_unknown_columns_are_refused_before_anything(blank_town: TownHandle) -> None:
    with (
        blank_town.connect(Machine.LOADER) as conn,
        pytest.raises(BadRequestError, match="rubbish"),
    ):
        load_rows(conn, "parcels", [parcel("A", rubbish=1)])


@pytest.mark.parametrize("mode", ["upsert", "replace", "append"])
def test_undo_restores_rows_exactly(own_tiny_town: TownHandle, mode: str) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn:
        before = parcels(conn)
        done = load_rows(
            conn,
            "parcels",
            [parcel("01A000", 3, use="public"), parcel("NEW", 5)],
            mode=mode,
        )
        assert parcels(conn) != before
        undo(conn, done.dataset_id, "tester")
        assert parcels(conn) == before
        record = get_dataset(conn, done.dataset_id)
        assert record.undone_by == "tester"
        with pytest.raises(ConflictError, match="already"):
            undo(conn, done.dataset_id, "tester")


def test_an_answer_names_the_sources_its_rows_came_from(blank_town: TownHandle) -> None:
    def sources() -> object:
        with blank_town.connect(Role.PUBLIC) as reader:
            row = reader.execute("SELECT source FROM layer_provenance('parcels', NULL)").fetchone()
        return row[0] if row else "no row"

    def load_from(source: str, mode: str) -> int:
        dataset = Dataset(layer="parcels", source=source, actor="tests")
        done = load_rows(conn, "parcels", [parcel(source)], mode=mode, dataset=dataset)
        assert get_dataset(conn, done.dataset_id).report == {
            "read": 1,
            "loaded": 1,
            "refused": 0,
            "inserted": 1,
            "updated": 0,
            "unchanged": 0,
            "deleted": done.counts.deleted,
        }
        conn.commit()
        return int(done.dataset_id)

    with blank_town.connect(Machine.LOADER) as conn:
        assert sources() is None
        load_from("survey", "append")
        load_from("tax office", "append")
        assert sources() == "survey; tax office"
        replaced = load_from("land department", "replace")
        assert sources() == "land department"
        undo(conn, replaced, "tester")
        conn.commit()
        assert sources() == "survey; tax office"


def test_undo_is_refused_when_later_changes_rest_on_it(own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn:
        done = load_rows(conn, "parcels", [parcel("NEW", 5)], mode="upsert")
        conn.execute("UPDATE town.parcels SET use = 'public' WHERE code = 'NEW'")
        conn.commit()
        before = parcels(conn)
        conn.commit()
        with pytest.raises(ConflictError, match="1 of its rows"):
            undo(conn, done.dataset_id, "tester")
        assert parcels(conn) == before


def test_history_reads_the_town_as_it_was(own_tiny_town: TownHandle) -> None:
    """At any position the live rows and the history together give the state of that time."""
    as_of = sql.SQL(
        "SELECT v.code, v.capacity FROM ("
        "SELECT h.code, h.capacity, h.set_from, h.set_to FROM history.shelters AS h UNION ALL"
        " SELECT t.code, t.capacity, t.change_set, NULL FROM town.shelters AS t) AS v"
        " INNER JOIN muang.change_set AS f ON f.id = v.set_from"
        " LEFT JOIN muang.change_set AS e ON e.id = v.set_to"
        " WHERE f.pos <= %s AND (e.pos IS NULL OR e.pos > %s) ORDER BY v.code"
    )
    states: dict[int, list[tuple[object, ...]]] = {}
    with own_tiny_town.connect(Machine.LOADER) as conn:
        steps = (
            "UPDATE town.shelters SET capacity = capacity + 1",
            "DELETE FROM town.shelters WHERE code = 'S2'",
            """INSERT INTO town.shelters (code, capacity, geom) SELECT 'S3', 5, geom
            FROM town.shelters WHERE code = 'S1'""",
            "UPDATE town.shelters SET capacity = 1 WHERE code = 'S1'",
        )
        for step in ("SELECT 1", *steps):
            conn.execute(step.encode())
            conn.execute("SELECT muang.number_changes()")
            conn.commit()
            conn.execute("SELECT muang.number_changes()")
            conn.commit()
            pos = conn.execute("SELECT muang.current_pos()").fetchone()
            live = conn.execute("SELECT code, capacity FROM town.shelters ORDER BY code").fetchall()
            states[int(str(pos[0])) if pos else 0] = live
        assert len(states) == 5
        for place, live in states.items():
            assert conn.execute(as_of, [place, place]).fetchall() == live


def test_the_database_says_what_the_declarations_say(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    assert check(town.server_url, town.secret, town.town_id) == []
