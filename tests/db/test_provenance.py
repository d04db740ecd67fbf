"""What an answer rests on is told of the rows its asker sees, and of no other."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from db.connect import Machine, connect_admin
from db.datasets import Dataset
from db.towns import drop_town
from db.view_names import view_schema
from layers.catalog import LAYERS
from layers.model import Role
from layers.privacy import may_see
from tests.conftest import TownHandle, make_tiny_town
from tests.tiny import load_rows, point

HOSPITAL = "ทะเบียนผู้ป่วยติดเตียง"
TOWN_HALL = "tiny test town"


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    """One home of another source, changed last; its household lies in C2."""
    made = make_tiny_town(server_url, secret)
    with made.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.houses SET community = 'C2' WHERE house_code = '34010000003'")
        conn.commit()
        for layer, row in (
            ("households", {"code": "H900", "house_code": "34010000003"}),
            (
                "care_locations",
                {"code": "K9", "kind": "home", "household": "H900", "geom": point(5, 5)},
            ),
        ):
            said = Dataset(layer=layer, source=HOSPITAL, actor="tests", synthetic=True)
            load_rows(conn, layer, [row], dataset=said)
        conn.execute("SELECT muang.number_changes()")
        conn.commit()
    yield made
    drop_town(server_url, made.town_id)


def told(
    town: TownHandle, role: Role, layer: str, keys: list[str] | None = None
) -> list[tuple[Any, ...]]:
    with town.connect(role) as conn:
        return conn.execute(
            "SELECT version, as_of, source FROM layer_provenance(%s, %s::text[])", [layer, keys]
        ).fetchall()


@pytest.mark.parametrize("role", Role)
def test_a_layer_that_does_not_exist_for_a_role_answers_nothing(
    town: TownHandle, role: Role
) -> None:
    for layer in LAYERS:
        found = told(town, role, layer.id)
        assert len(found) == may_see(layer, role), layer.id
        assert not found or found[0][0] > 0
    assert told(town, role, "no_such_layer") == []


def test_the_source_and_time_of_a_hidden_row_are_not_told(town: TownHandle) -> None:
    (whole,) = told(town, Role.ADMIN, "care_locations")
    assert whole[2] == f"{TOWN_HALL}; {HOSPITAL}"
    assert told(town, Role.CARE, "care_locations") == [whole]
    assert told(town, Role.CARE, "care_locations", ["C2"]) == [whole]
    for role, keys in (
        (Role.PUBLIC, None),
        (Role.STAFF, None),
        (Role.ANALYST, None),
        (Role.COORDINATOR, None),
        (Role.TEAM, ["boat 1"]),
        (Role.CARE, ["C1"]),
        (Role.CARE, []),
    ):
        ((version, as_of, source),) = told(town, role, "care_locations", keys)
        assert source == TOWN_HALL, role
        assert 0 < version < whole[0]
        assert as_of < whole[1]


def test_a_caregiver_is_told_of_the_households_of_their_communities(town: TownHandle) -> None:
    (whole,) = told(town, Role.STAFF, "households")
    assert whole[2] == f"{TOWN_HALL}; {HOSPITAL}"
    assert told(town, Role.CARE, "households") == [whole]
    assert told(town, Role.CARE, "households", ["C2"]) == [whole]
    ((version, _, source),) = told(town, Role.CARE, "households", ["C1"])
    assert source == TOWN_HALL
    assert version < whole[0]
    assert told(town, Role.CARE, "households", []) == [(0, None, None)]


@pytest.mark.parametrize("role", Role)
def test_nobody_asks_the_function_of_another_role_or_of_everything(
    town: TownHandle, role: Role
) -> None:
    with town.connect(role) as conn:
        conn.autocommit = True
        for other in set(Role) - {role}:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(
                    sql.SQL("SELECT * FROM {}('parcels', NULL)").format(
                        sql.Identifier(view_schema(other), "layer_provenance")
                    )
                )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SELECT * FROM muang.layer_provenance('care_locations')")


def test_it_reads_no_row_of_a_layer_seen_whole(town: TownHandle) -> None:
    """The register of imports and the last change are enough, however large the layer is."""
    with connect_admin(town.server_url, town.town_id) as conn, conn.transaction():
        conn.execute("SELECT * FROM as_staff.layer_provenance('parcels', NULL)")
        read = conn.execute(
            "SELECT relname, seq_scan + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('parcels', 'dataset') AND schemaname IN ('town', 'muang')"
        ).fetchall()
    scans = {str(name): int(str(n)) for name, n in read}
    assert scans["parcels"] == 0
    assert scans["dataset"] > 0, "the counter counts"
