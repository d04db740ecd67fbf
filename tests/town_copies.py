"""Towns for tests, copied from one that was really made: a copy costs a tenth of a making.

A town is a database and the roles named after it. PostgreSQL copies a database in a moment, but
what is inside still belongs to the original's roles: owners, grants and settings are turned to the
copy's own roles in the catalogs, which only a superuser of a test server may do.
`tests/db/test_check.py` compares a copy with a town made from nothing, object by object.
"""

import secrets
from dataclasses import dataclass

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from db import render_stamp
from db.connect import connect_admin, database_name
from db.derived import sql_files
from db.roles import ensure_roles
from db.towns import TownSpec, create_town, drop_town
from layers.catalog import LAYERS

_OURS = """
CREATE TEMP TABLE turned ON COMMIT DROP AS
SELECT o.oid AS was, n.oid AS becomes
FROM pg_authid AS o
INNER JOIN pg_authid AS n ON n.rolname = replace(o.rolname, {was}, {becomes})
WHERE starts_with(o.rolname, {was})
"""

_COLUMNS = """
SELECT c.relname, a.attname, a.atttypid = 'aclitem[]'::regtype
FROM pg_attribute AS a
INNER JOIN pg_class AS c ON a.attrelid = c.oid
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
AND (a.atttypid = 'aclitem[]'::regtype
     OR a.atttypid = 'oid'::regtype AND (a.attname LIKE '%owner' OR a.attname = 'defaclrole'))
"""
"""Where PostgreSQL keeps owners and grants: asked, so that no kind of object is forgotten."""

_SETTINGS = """
INSERT INTO pg_db_role_setting (setdatabase, setrole, setconfig)
SELECT here.oid, coalesce(t.becomes, s.setrole), s.setconfig
FROM pg_db_role_setting AS s
INNER JOIN pg_database AS d ON s.setdatabase = d.oid AND d.datname = %s
INNER JOIN pg_database AS here ON here.datname = current_database()
LEFT JOIN turned AS t ON s.setrole = t.was
"""

_DATABASE = """
UPDATE pg_database AS d
SET datacl = replace(o.datacl::text, {was}, {becomes})::aclitem[], datdba = t.becomes
FROM pg_database AS o
INNER JOIN turned AS t ON o.datdba = t.was
WHERE o.datname = {original} AND d.datname = current_database()
"""


@dataclass(frozen=True)
class Original:
    """A town nobody may connect to, kept to be copied."""

    server_url: str
    spec: TownSpec
    made_by: str
    """What its render tables were made by; a copy's stamp names its own owner."""

    @classmethod
    def of(cls, server_url: str, town_id: str) -> "Original":
        """Close a town for good: it stays only as what others are copied from."""
        with connect_admin(server_url, town_id) as conn:
            row = conn.execute(
                "SELECT name_th, name_en, srid, synthetic FROM muang.town"
            ).fetchone()
        assert row is not None
        spec = TownSpec.model_validate(
            {
                "id": town_id,
                "name": {"th": row[0], "en": row[1]},
                "srid": row[2],
                "synthetic": row[3],
            }
        )
        with connect_admin(server_url) as server:
            server.execute(
                sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(
                    sql.Identifier(database_name(town_id))
                )
            )
        return cls(server_url, spec, render_stamp.made_by(LAYERS, sql_files()))

    def copy(self, secret: str, spec: TownSpec) -> None:
        """A town like the original, with an id, a name and roles of its own."""
        assert spec.srid == self.spec.srid
        name = database_name(spec.id)
        with connect_admin(self.server_url) as server:
            ensure_roles(server, secret, spec.id)
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
                    sql.Identifier(name),
                    sql.Identifier(database_name(self.spec.id)),
                    sql.Identifier("wal_log"),
                )
            )
        with connect_admin(self.server_url, spec.id, autocommit=False) as conn:
            _turn_roles(conn, self.spec.id, spec.id)
            conn.execute(
                "UPDATE muang.town"
                " SET id = %s, name_th = %s, name_en = %s, synthetic = %s, codes = %s",
                [
                    spec.id,
                    spec.name.th,
                    spec.name.en,
                    spec.synthetic,
                    Jsonb(dict(spec.codes)),
                ],
            )
            conn.commit()
        with connect_admin(self.server_url, spec.id) as conn:  # with the settings of its own
            render_stamp.put(conn, self.made_by)

    def drop(self) -> None:
        """Remove it with its roles."""
        drop_town(self.server_url, self.spec.id)


def make_original(server_url: str, secret: str, spec: TownSpec) -> Original:
    """Really make a town, from nothing, to be copied."""
    original = spec.model_copy(update={"id": f"o{secrets.token_hex(5)}"})
    create_town(server_url, secret, original)
    return Original.of(server_url, original.id)


def _turn_roles(conn: Connection[tuple[object, ...]], was: str, becomes: str) -> None:
    """Give everything in this database that was the original's roles' to the copy's."""
    names = {
        "was": sql.Literal(f"{database_name(was)}_"),
        "becomes": sql.Literal(f"{database_name(becomes)}_"),
        "original": sql.Literal(database_name(was)),
    }
    conn.execute(sql.SQL(_OURS).format(**names))
    for table, column, is_grants in conn.execute(_COLUMNS).fetchall():
        where = {"t": sql.Identifier(str(table)), "c": sql.Identifier(str(column)), **names}
        conn.execute(
            sql.SQL(
                "UPDATE {t} SET {c} = replace({c}::text, {was}, {becomes})::aclitem[]"
                " WHERE {c}::text LIKE '%%' || {was} || '%%'"
                if is_grants
                else "UPDATE {t} SET {c} = u.becomes FROM turned AS u WHERE {c} = u.was"
            ).format(**where)
        )
    conn.execute(sql.SQL(_DATABASE).format(**names))
    conn.execute(_SETTINGS, [database_name(was)])
    conn.execute(
        "UPDATE pg_shdepend AS d SET refobjid = t.becomes FROM turned AS t"
        " WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = t.was"
        " AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
