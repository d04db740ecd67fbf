"""`db check` sees every kind of object somebody changed by hand, and `db migrate` repairs it."""

import psycopg
import pytest
from psycopg import sql

from db.check import check, describe, differences
from db.connect import connect_admin, login_name, owner_name
from db.migrate import migrate
from layers.model import Role
from tests.conftest import TownHandle

Meanings = dict[tuple[str, str], str]
SCOPED = "as_care.care_locations_rows(text[], gis.geometry)"

DAMAGE = {
    "a table's grant": (
        "GRANT SELECT ON town.parcels TO {public}",
        "grant town.parcels.muang_#_public is there but not declared",
    ),
    "a grant taken away": (
        "REVOKE SELECT ON as_public.parcels FROM {public}",
        "grant as_public.parcels.muang_#_public is missing",
    ),
    "a grant that can be passed on": (
        "GRANT SELECT ON as_public.parcels TO {public} WITH GRANT OPTION",
        "grant as_public.parcels.muang_#_public differs",
    ),
    "a grant to everybody": ("GRANT SELECT ON as_admin.parcels TO PUBLIC", "grant as_admin.parc"),
    "a column's grant": (
        "GRANT SELECT (owner_name) ON town.parcels TO {public}",
        "grant town.parcels.owner_name.muang_#_public",
    ),
    "a sequence's grant": ("GRANT USAGE ON SEQUENCE town.parcels_id_seq TO {public}", "grant town"),
    "a schema's grant": ("GRANT USAGE ON SCHEMA as_admin TO {public}", "grant schema as_admin"),
    "a schema one may create in": ("GRANT CREATE ON SCHEMA gis TO {public}", "grant schema gis"),
    "the database's grant": (
        "GRANT TEMPORARY ON DATABASE {database} TO {public}",
        "grant database.muang_#_public",
    ),
    "a function's execute": (
        f"GRANT EXECUTE ON FUNCTION {SCOPED} TO {{public}}",
        "grant as_care.care_locations_rows",
    ),
    "a function's execute for everybody": (
        f"GRANT EXECUTE ON FUNCTION {SCOPED} TO PUBLIC",
        ".PUBLIC is there but not declared",
    ),
    "what later tables would be granted": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA town GRANT SELECT ON TABLES TO PUBLIC",
        "grant future r of",
    ),
    "a role in another": (
        "GRANT {admin} TO {public}",
        "membership muang_#_public in muang_#_admin",
    ),
    "a role's attribute": ("ALTER ROLE {public} BYPASSRLS", "role muang_#_public differs"),
    "an owner who can sign in": ("ALTER ROLE {owner} LOGIN", "role muang_#_owner differs"),
    "a role's setting": (
        "ALTER ROLE {public} IN DATABASE {database} SET search_path = as_admin",
        "role setting muang_#_public",
    ),
    "a role's setting in every database": (
        "ALTER ROLE {public} SET default_transaction_read_only = off",
        "role setting muang_#_public in every database",
    ),
    "a view's rows": (
        """CREATE OR REPLACE VIEW as_public.care_locations AS
        SELECT id, source, updated_at, code, kind, facility_name, address, beds, geom, geom_3857
        FROM town.care_locations""",
        "view as_public.care_locations differs",
    ),
    "a view made a barrier": (
        "ALTER VIEW as_public.parcels SET (security_barrier = true)",
        "relation as_public.parcels differs",
    ),
    "a view that is gone": ("DROP VIEW as_staff.parcels", "view as_staff.parcels is missing"),
    "a view nobody declared": (
        "CREATE VIEW as_public.houses AS SELECT * FROM town.houses",
        "view as_public.houses is there but not declared",
    ),
    "a schema nobody declared": (
        "CREATE SCHEMA extra CREATE VIEW everything AS SELECT * FROM town.care_locations",
        "view extra.everything is there but not declared",
    ),
    "an owner": ("ALTER TABLE town.parcels OWNER TO {loader}", "relation town.parcels differs"),
    "a function's owner": (
        f"ALTER FUNCTION {SCOPED} OWNER TO CURRENT_USER",
        "function as_care.care_locations_rows",
    ),
    "a function's search path": (
        f"ALTER FUNCTION {SCOPED} RESET search_path",
        "function as_care.care_locations_rows",
    ),
    "a function's body": (
        """CREATE OR REPLACE FUNCTION muang.depth_rank(depth_class text) RETURNS integer
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 1'""",
        "function muang.depth_rank",
    ),
    "a function nobody declared": (
        "CREATE FUNCTION gis.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "function gis.mine() is there but not declared",
    ),
    "an aggregate nobody declared": (
        "CREATE AGGREGATE muang.total(bigint) (SFUNC = int8pl, STYPE = bigint)",
        "function muang.total(bigint) is there but not declared",
    ),
    "a constraint that is gone": (
        "ALTER TABLE town.parcels DROP CONSTRAINT parcels_geom_valid",
        "constraint town.parcels.parcels_geom_valid is missing",
    ),
    "a constraint made weaker": (
        """ALTER TABLE town.parcels DROP CONSTRAINT parcels_area_m2_range;
        ALTER TABLE town.parcels ADD CONSTRAINT parcels_area_m2_range CHECK (area_m2 >= -1)""",
        "constraint town.parcels.parcels_area_m2_range differs",
    ),
    "a constraint not checked": (
        """ALTER TABLE town.parcels DROP CONSTRAINT parcels_area_m2_range;
        ALTER TABLE town.parcels ADD CONSTRAINT parcels_area_m2_range CHECK (area_m2 >= 0)
        NOT VALID""",
        "constraint town.parcels.parcels_area_m2_range differs",
    ),
    "a trigger switched off": (
        "ALTER TABLE town.parcels DISABLE TRIGGER c_log_update",
        "trigger town.parcels.c_log_update differs",
    ),
    "a trigger of a render table switched off": (
        "ALTER TABLE town.roads DISABLE TRIGGER f_render_update",
        "trigger town.roads.f_render_update differs",
    ),
    "a render table's grant": (
        "GRANT SELECT ON render.houses TO {public}",
        "grant render.houses.muang_#_public is there but not declared",
    ),
    "a render table's index": (
        "DROP INDEX render.roads_render_geom",
        "index render.roads_render_geom is missing",
    ),
    "a trigger that is gone": (
        "DROP TRIGGER d_keep_delete ON town.parcels",
        "trigger town.parcels.d_keep_delete is missing",
    ),
    "a trigger nobody declared": (
        """CREATE TRIGGER mine AFTER INSERT ON town.parcels
        FOR EACH STATEMENT EXECUTE FUNCTION muang.refuse_truncate()""",
        "trigger town.parcels.mine is there but not declared",
    ),
    "a generated expression": (
        """ALTER TABLE town.roads DROP COLUMN geom_3857 CASCADE;
        ALTER TABLE town.roads ADD COLUMN geom_3857 gis.geometry(MultiLineString, 3857)
        GENERATED ALWAYS AS (gis.st_transform(gis.st_simplify(geom, 1), 3857)) STORED""",
        "column town.roads.geom_3857 differs",
    ),
    "a default": (
        "ALTER TABLE muang.town ALTER COLUMN codes SET DEFAULT '{{\"x\": 1}}'",
        "column muang.town.codes differs",
    ),
    "a column nobody declared": (
        "ALTER TABLE town.houses ADD COLUMN note text",
        "column town.houses.note is there but not declared",
    ),
    "a column that may be empty": (
        "ALTER TABLE town.roads ALTER COLUMN geom DROP NOT NULL",
        "column town.roads.geom differs",
    ),
    "an index that is gone": ("DROP INDEX town.roads_geom", "index town.roads_geom is missing"),
    "an index on something else": (
        "DROP INDEX town.roads_geom; CREATE INDEX roads_geom ON town.roads USING gist (geom_3857)",
        "index town.roads_geom differs",
    ),
    "row security": (
        "ALTER TABLE town.parcels ENABLE ROW LEVEL SECURITY",
        "relation town.parcels differs",
    ),
    "a policy": (
        "CREATE POLICY mine ON town.parcels USING (true)",
        "policy town.parcels.mine is there but not declared",
    ),
    "a rule": (
        "CREATE RULE mine AS ON DELETE TO town.parcels DO INSTEAD NOTHING",
        "rule town.parcels.mine is there but not declared",
    ),
    "an event trigger": (
        """CREATE FUNCTION muang.mine() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION muang.mine()""",
        "event trigger mine is there but not declared",
    ),
}
"""What somebody did by hand, and a part of the sentence that says so."""


@pytest.fixture(scope="module")
def meant(module_town: TownHandle) -> Meanings:
    """The town as it was made; nothing in it differs from the declarations."""
    assert check(module_town.server_url, module_town.secret, module_town.town_id) == []
    with connect_admin(module_town.server_url, module_town.town_id) as conn:
        return describe(conn, module_town.town_id)


@pytest.mark.parametrize("what", DAMAGE)
def test_what_was_changed_by_hand_is_said(
    module_town: TownHandle, meant: Meanings, what: str
) -> None:
    break_it, says = DAMAGE[what]
    with connect_admin(module_town.server_url, module_town.town_id) as conn:
        with conn.transaction():
            conn.execute(damage(module_town, break_it))
            found = describe(conn, module_town.town_id)
            raise psycopg.Rollback
        told = [difference.en for difference in differences(found, meant)]
        assert any(says in sentence for sentence in told), told
        assert list(differences(describe(conn, module_town.town_id), meant)) == []


def damage(town: TownHandle, statement: str) -> sql.Composed:
    names = {
        role: sql.Identifier(login_name(town.town_id, Role(role))) for role in ("public", "admin")
    }
    return sql.SQL(statement).format(  # type: ignore[arg-type]
        **names,
        loader=sql.Identifier(f"muang_{town.town_id}_loader"),
        owner=sql.Identifier(owner_name(town.town_id)),
        database=sql.Identifier(f"muang_{town.town_id}"),
    )


def test_the_command_itself_sees_it_and_migrate_repairs_it(blank_town: TownHandle) -> None:
    town = blank_town
    with connect_admin(town.server_url, town.town_id) as conn:
        for what in (
            "a table's grant",
            "a function's execute for everybody",
            "a view that is gone",
            "a trigger that is gone",
        ):
            conn.execute(damage(town, DAMAGE[what][0]))
    found = check(town.server_url, town.secret, town.town_id)
    assert {difference.en.split()[1] for difference in found} >= {"grant", "view", "trigger"}
    migrate(town.server_url, town.secret, town.town_id)
    assert check(town.server_url, town.secret, town.town_id) == []
