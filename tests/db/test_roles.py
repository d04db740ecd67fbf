"""The database guards what the declarations say, and the views keep the spatial index."""

import psycopg
import pytest
from psycopg import sql

from db import basemap_view, raster_view, series_view
from db.connect import Machine, connect_admin
from db.render import cell_fields, tile_view, view_fields
from db.scopes import source
from db.view_names import Tense, view_columns, view_schema
from layers.catalog import LAYERS, get
from layers.model import Role
from layers.privacy import may_see, scope_of
from tests.conftest import TownHandle

PAIRS = [(layer, role) for layer in LAYERS for role in Role]


def test_views_hold_just_the_visible_columns(tiny_town: TownHandle) -> None:
    with connect_admin(tiny_town.server_url, tiny_town.town_id) as conn:
        found = conn.execute(
            """SELECT table_schema, table_name,
            array_agg(column_name::text ORDER BY ordinal_position)
            FROM information_schema.columns WHERE table_schema LIKE 'as\\_%' GROUP BY 1, 2"""
        ).fetchall()
    declared = {
        (view_schema(role, tense), layer.id): list(view_columns(layer, role, tense))
        for layer, role in PAIRS
        for tense in Tense
        if may_see(layer, role) and scope_of(layer, role) is None
    }
    for layer, role in PAIRS:
        if may_see(layer, role) and layer.rendered:
            declared[view_schema(role), tile_view(layer)] = list(view_fields(layer, role))
            if layer.cells:
                declared[view_schema(role), layer.cells] = list(cell_fields(layer, role))
    for role in Role:
        declared[view_schema(role), raster_view.VIEW] = list(raster_view.COLUMNS)
        declared[view_schema(role), basemap_view.VIEW] = list(basemap_view.COLUMNS)
        for name, columns in series_view.role_columns(role).items():
            for tense in Tense:
                declared[view_schema(role, tense), name] = list(columns)
    assert {(row[0], row[1]): row[2] for row in found} == declared


@pytest.mark.parametrize("role", Role)
def test_a_role_reads_its_views_and_nothing_else(tiny_town: TownHandle, role: Role) -> None:
    with tiny_town.connect(role) as conn:
        conn.autocommit = True
        for layer in LAYERS:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(layer.id))
            if scope_of(layer, role) is not None:
                query = sql.SQL("SELECT count(*) FROM {}").format(
                    source(layer, role, sql.NULL, sql.NULL)
                )
            if may_see(layer, role):
                assert conn.execute(query).fetchone() != (0,)
            else:
                with pytest.raises(psycopg.errors.UndefinedTable):
                    conn.execute(query)
        for forbidden in (
            "SELECT * FROM town.parcels",
            "SELECT * FROM history.parcels",
            "SELECT * FROM render.parcels",
            "SELECT * FROM render.parcels_cells",
            "SELECT muang.fold_cells()",
            "SELECT * FROM muang.api_token",
            "SELECT * FROM muang.answer",
            "SELECT * FROM muang.raster",
            "SELECT * FROM muang.basemap",
            "SELECT * FROM muang.layer_change",
            "SELECT muang.number_changes()",
            "CREATE TEMPORARY TABLE t (a integer)",
            "CREATE TABLE gis.t (a integer)",
            "CREATE FUNCTION gis.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        ):
            with pytest.raises(
                (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
            ):
                conn.execute(forbidden.encode())
        conn.execute("SET default_transaction_read_only = off")
        for write in ("DELETE FROM parcels", "UPDATE town_boundary SET code = 'x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(write.encode())


def test_homes_are_not_there_for_those_who_may_not_see_them(tiny_town: TownHandle) -> None:
    care = get("care_locations")
    for role in Role:
        rows = source(care, role, sql.NULL, sql.NULL)
        query = sql.SQL("SELECT kind, count(*) FROM {} GROUP BY 1").format(rows)
        with tiny_town.connect(role) as conn:
            kinds = conn.execute(query).fetchall()
        # no event is open and no task given: coordinators and teams see no home yet
        exact = role in {Role.CARE, Role.ADMIN}
        assert sorted(kinds) == ([("facility", 1), ("home", 8)] if exact else [("facility", 1)])


def test_a_town_cannot_be_reached_with_another_towns_login(
    tiny_town: TownHandle, blank_town: TownHandle
) -> None:
    crossed = tiny_town.url(Role.ADMIN).replace(
        f"dbname=muang_{tiny_town.town_id}", f"dbname=muang_{blank_town.town_id}"
    )
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(crossed)


def test_the_loader_cannot_read_tokens_or_answers(tiny_town: TownHandle) -> None:
    with tiny_town.connect(Machine.LOADER) as conn:
        conn.autocommit = True
        for name in ("api_token", "answer"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier("muang", name)))


def test_dump_and_restore_keep_the_town_whole(own_tiny_town: TownHandle) -> None:
    """Unqualified functions in CHECKs or generated columns break a restore: ours come back."""
    import subprocess  # noqa: PLC0415 - only here

    town = own_tiny_town
    dump = subprocess.run(
        ["pg_dump", "--format=custom", "--dbname", _town_url(town)], check=True, capture_output=True
    ).stdout
    with connect_admin(town.server_url) as server:
        server.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(f"muang_{town.town_id}"), sql.Identifier(f"old_{town.town_id}")
            )
        )
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 LOCALE 'C.UTF-8'").format(
                sql.Identifier(f"muang_{town.town_id}")
            )
        )
    try:
        restored = subprocess.run(
            ["pg_restore", "--exit-on-error", "--dbname", _town_url(town)],
            input=dump,
            check=False,
            capture_output=True,
        )
        assert restored.returncode == 0, restored.stderr.decode()
        with connect_admin(town.server_url, town.town_id) as conn:
            row = conn.execute(
                "SELECT count(*), bool_and(gis.ST_SRID(geom_3857) = 3857) FROM town.parcels"
            ).fetchone()
        assert row == (100, True)
    finally:
        with connect_admin(town.server_url) as server:
            server.execute(
                sql.SQL("DROP DATABASE {}").format(sql.Identifier(f"old_{town.town_id}"))
            )


def _town_url(town: TownHandle) -> str:
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # noqa: PLC0415 - only here

    parts = conninfo_to_dict(town.server_url)
    parts["dbname"] = f"muang_{town.town_id}"
    return make_conninfo("", **{key: value for key, value in parts.items() if value is not None})
