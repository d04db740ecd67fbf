"""Row scopes: a caregiver's communities, an open event, a crew's own tasks; and the index."""

import pytest
from psycopg import sql

from db.connect import Machine
from db.scopes import scoped_name, source, way_to_communities
from layers.catalog import get
from layers.model import Role
from layers.privacy import visible_fields
from tests.conftest import TownHandle

CARE = get("care_locations")
HOUSEHOLDS = get("households")


def homes(town: TownHandle, role: Role, keys: list[str] | None) -> set[str]:
    query = sql.SQL("SELECT code FROM {} WHERE kind = 'home'").format(
        source(CARE, role, sql.NULL, sql.Literal(keys))
    )
    with town.connect(role) as conn:
        return {str(row[0]) for row in conn.execute(query).fetchall()}


def opening(town: TownHandle, statement: str) -> None:
    with town.connect(Machine.SERVICE) as conn:
        conn.execute(statement.encode())


def test_a_caregiver_sees_their_communities(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    with town.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.houses SET community = 'C2' WHERE house_code = '34010000003'")
    everything = {f"K{n}" for n in range(8)}
    assert homes(town, Role.CARE, None) == everything
    assert homes(town, Role.CARE, ["C2"]) == {"K3"}
    assert homes(town, Role.CARE, ["C1"]) == everything - {"K3"}
    assert homes(town, Role.CARE, []) == set()
    assert homes(town, Role.CARE, ["C1' OR true --"]) == set()


def test_a_caregiver_reads_the_phones_of_their_communities(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    with town.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.houses SET community = 'C2' WHERE house_code = '34010000003'")
        conn.execute("UPDATE town.households SET house_code = NULL WHERE code = 'H007'")

    def phones(keys: list[str] | None) -> set[str]:
        query = sql.SQL("SELECT phone FROM {}").format(
            source(HOUSEHOLDS, Role.CARE, sql.NULL, sql.Literal(keys))
        )
        with town.connect(Role.CARE) as conn:
            return {str(row[0]) for row in conn.execute(query).fetchall()}

    everything = {f"000-000-{n:04d}" for n in range(50)}
    assert phones(None) == everything
    assert phones(["C2"]) == {"000-000-0003"}
    assert phones(["C1"]) == everything - {"000-000-0003", "000-000-0007"}
    assert phones(["C1", "C2"]) == everything - {"000-000-0007"}, "of no known house"
    assert phones([]) == set()


def test_the_way_to_a_community_follows_the_references() -> None:
    def way(layer: str) -> list[str]:
        return [field.name for field in way_to_communities(get(layer))]

    assert way("houses") == ["community"]
    assert way("households") == ["house_code", "community"]
    assert way("care_locations") == ["household", "house_code", "community"]
    with pytest.raises(ValueError, match="parcels"):
        way("parcels")


def test_coordinators_see_homes_only_while_an_event_is_open(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    assert homes(town, Role.COORDINATOR, None) == set()
    opening(
        town,
        "INSERT INTO muang.opening (kind, reason, opened_by) VALUES ('event', 'น้ำท่วม', 'test')",
    )
    assert len(homes(town, Role.COORDINATOR, None)) == 8
    opening(town, "UPDATE muang.opening SET closed_at = now()")
    assert homes(town, Role.COORDINATOR, None) == set()


def test_a_team_sees_its_own_open_tasks(own_tiny_town: TownHandle) -> None:
    town = own_tiny_town
    opening(
        town,
        "INSERT INTO muang.opening (kind, team, care_code, reason, opened_by) VALUES"
        " ('task', 'boat 1', 'K1', 'r', 't'), ('task', 'boat 2', 'K2', 'r', 't')",
    )
    assert homes(town, Role.TEAM, ["boat 1"]) == {"K1"}
    assert homes(town, Role.TEAM, ["boat 2"]) == {"K2"}
    assert homes(town, Role.TEAM, None) == set()
    opening(town, "UPDATE muang.opening SET closed_at = now() WHERE team = 'boat 1'")
    assert homes(town, Role.TEAM, ["boat 1"]) == set()


@pytest.mark.parametrize("role", [Role.CARE, Role.COORDINATOR, Role.TEAM])
def test_scoped_rows_hold_just_the_visible_columns(tiny_town: TownHandle, role: Role) -> None:
    query = sql.SQL("SELECT * FROM {} LIMIT 0").format(source(CARE, role, sql.NULL, sql.NULL))
    with tiny_town.connect(role) as conn:
        columns = [column.name for column in conn.execute(query).description or ()]
    assert columns == [*(f.name for f in visible_fields(CARE, role)), "geom", "geom_3857"]
    assert ("diagnosis" in columns) == (role == Role.CARE)
    assert "phone" in columns


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_nobody_calls_the_function_of_another_role(tiny_town: TownHandle, role: Role) -> None:
    others = {Role.CARE, Role.COORDINATOR, Role.TEAM} - {role}
    for other in others:
        with tiny_town.connect(role) as conn, pytest.raises(Exception, match="permission denied"):
            conn.execute(
                sql.SQL("SELECT * FROM {}(NULL, NULL)").format(
                    sql.Identifier(f"as_{other}", scoped_name(CARE))
                )
            )
