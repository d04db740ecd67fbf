"""Whether the database still says what the declarations say.

Alembic sees neither changed generated expressions nor dropped CHECKs, so views, grants,
constraints, triggers, functions and columns are compared here with a freshly made twin that is
thrown away afterwards.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

from psycopg import sql

from db.connect import LOGINS, connect_admin, database_name, login_name, owner_name
from db.derived import AnyConnection
from db.migrate import current_revision, newest_revision
from db.towns import TownSpec, create_town, drop_town, get_town
from layers.text import Text

_QUERIES: dict[str, LiteralString] = {
    "schema": """
        SELECT n.nspname, 'owner ' || pg_get_userbyid(n.nspowner)
        FROM pg_namespace AS n WHERE n.nspname = any(%(schemas)s)""",
    "relation": """
        SELECT n.nspname || '.' || c.relname,
            concat_ws(' ', c.relkind, c.relpersistence, 'owner', pg_get_userbyid(c.relowner),
                'row security', c.relrowsecurity, c.relforcerowsecurity,
                array_to_string(c.reloptions, ' '))
        FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname = any(%(schemas)s) AND c.oid <> all(%(bundled_relations)s::oid[])""",
    "column": """
        SELECT n.nspname || '.' || c.relname || '.' || a.attname,
            format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
            || coalesce(' = ' || pg_get_expr(d.adbin, d.adrelid), '')
            || ' ' || a.attgenerated::text || a.attidentity::text
        FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON a.attrelid = c.oid
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE n.nspname = any(%(schemas)s) AND c.relkind IN ('r', 'p', 'S', 'm')
            AND a.attnum > 0 AND NOT a.attisdropped
            AND c.oid <> all(%(bundled_relations)s::oid[])""",
    "constraint": """
        SELECT n.nspname || '.' || r.relname || '.' || c.conname, pg_get_constraintdef(c.oid)
        FROM pg_constraint AS c
        INNER JOIN pg_class AS r ON c.conrelid = r.oid
        INNER JOIN pg_namespace AS n ON r.relnamespace = n.oid
        WHERE n.nspname = any(%(schemas)s) AND r.oid <> all(%(bundled_relations)s::oid[])""",
    "index": """
        SELECT n.nspname || '.' || c.relname,
            pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
        FROM pg_index AS i
        INNER JOIN pg_class AS c ON i.indexrelid = c.oid
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname = any(%(schemas)s) AND i.indrelid <> all(%(bundled_relations)s::oid[])""",
    "trigger": """
        SELECT n.nspname || '.' || r.relname || '.' || t.tgname,
            pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
        FROM pg_trigger AS t
        INNER JOIN pg_class AS r ON t.tgrelid = r.oid
        INNER JOIN pg_namespace AS n ON r.relnamespace = n.oid
        WHERE n.nspname = any(%(schemas)s) AND NOT t.tgisinternal
            AND r.oid <> all(%(bundled_relations)s::oid[])""",
    "parts": """
        SELECT pn.nspname || '.' || p.relname,
            string_agg(DISTINCT concat_ws(' ',
                'owner', pg_get_userbyid(c.relowner), 'grants', c.relacl,
                (
                    SELECT string_agg(
                        concat_ws(' ', t.tgname, t.tgtype, t.tgfoid::regproc, t.tgenabled::text),
                        ', ' ORDER BY t.tgname
                    )
                    FROM pg_trigger AS t
                    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0
                )), '; ')
        FROM pg_inherits AS i
        INNER JOIN pg_class AS c ON i.inhrelid = c.oid AND c.relkind = 'r'
        INNER JOIN pg_class AS p ON i.inhparent = p.oid
        INNER JOIN pg_namespace AS pn ON p.relnamespace = pn.oid
        WHERE pn.nspname = any(%(schemas)s)
        GROUP BY 1""",
    "event trigger": """
        SELECT t.evtname, concat_ws(' ', t.evtevent, t.evtfoid::regproc, t.evtenabled)
        FROM pg_event_trigger AS t""",
    "function": """
        SELECT
            n.nspname || '.' || p.proname || '('
            || pg_get_function_identity_arguments(p.oid) || ')',
            concat_ws(' ',
                'owner', pg_get_userbyid(p.proowner),
                CASE WHEN p.prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END)
        FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        WHERE n.nspname = any(%(schemas)s) AND p.oid <> all(%(bundled_functions)s::oid[])""",
    "view": """
        SELECT n.nspname || '.' || c.relname, pg_get_viewdef(c.oid)
        FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname = any(%(schemas)s) AND c.relkind IN ('v', 'm')
            AND c.oid <> all(%(bundled_relations)s::oid[])""",
    "rule": """
        SELECT schemaname || '.' || tablename || '.' || rulename, definition
        FROM pg_rules WHERE schemaname = any(%(schemas)s) AND schemaname <> 'gis'""",
    "policy": """
        SELECT schemaname || '.' || tablename || '.' || policyname,
            concat_ws(' ', permissive, roles::text, cmd, qual, with_check)
        FROM pg_policies WHERE schemaname = any(%(schemas)s)""",
    "extension": """
        SELECT e.extname, n.nspname
        FROM pg_extension AS e INNER JOIN pg_namespace AS n ON e.extnamespace = n.oid""",
    "role setting": """
        SELECT coalesce(r.rolname, 'every role')
            || CASE WHEN s.setdatabase = 0 THEN ' in every database' ELSE '' END,
            array_to_string(s.setconfig, ' ')
        FROM pg_db_role_setting AS s
        LEFT JOIN pg_roles AS r ON s.setrole = r.oid
        WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
            OR (s.setdatabase = 0 AND r.rolname = any(%(roles)s))""",
    "role": """
        SELECT rolname, concat_ws(' ', rolsuper, rolinherit, rolcreaterole, rolcreatedb,
            rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil)
        FROM pg_roles WHERE rolname = any(%(roles)s)""",
    "membership": """
        SELECT m.rolname || ' in ' || g.rolname,
            CASE WHEN a.admin_option THEN 'with admin option' ELSE '' END
        FROM pg_auth_members AS a
        INNER JOIN pg_roles AS m ON a.member = m.oid
        INNER JOIN pg_roles AS g ON a.roleid = g.oid
        WHERE m.rolname = any(%(roles)s) OR g.rolname = any(%(roles)s)""",
    "grant": """
        SELECT o.name || '.' || coalesce(g.rolname, 'PUBLIC'),
            string_agg(
                a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ' '
                ORDER BY a.privilege_type
            )
        FROM (
            SELECT n.nspname || '.' || c.relname AS name, c.relacl AS acl
            FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
            WHERE n.nspname = any(%(schemas)s) AND c.oid <> all(%(bundled_relations)s::oid[])
            UNION ALL
            SELECT n.nspname || '.' || c.relname || '.' || t.attname, t.attacl
            FROM pg_attribute AS t
            INNER JOIN pg_class AS c ON t.attrelid = c.oid
            INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
            WHERE n.nspname = any(%(schemas)s) AND t.attacl IS NOT NULL
            UNION ALL
            SELECT
                n.nspname || '.' || p.proname || '('
                || pg_get_function_identity_arguments(p.oid) || ')',
                -- what nobody has granted or revoked is for everybody
                coalesce(p.proacl, acldefault('f', p.proowner))
            FROM pg_proc AS p INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
            WHERE n.nspname = any(%(schemas)s) AND p.oid <> all(%(bundled_functions)s::oid[])
            UNION ALL
            SELECT 'schema ' || n.nspname, n.nspacl
            FROM pg_namespace AS n WHERE n.nspname = any(%(schemas)s)
            UNION ALL
            SELECT 'database', coalesce(d.datacl, acldefault('d', d.datdba))
            FROM pg_database AS d WHERE d.datname = current_database()
            UNION ALL
            SELECT
                concat_ws(
                    ' ', 'future', f.defaclobjtype, 'of', pg_get_userbyid(f.defaclrole),
                    'in', n.nspname
                ),
                f.defaclacl
            FROM pg_default_acl AS f LEFT JOIN pg_namespace AS n ON f.defaclnamespace = n.oid
        ) AS o
        CROSS JOIN LATERAL aclexplode(o.acl) AS a
        LEFT JOIN pg_roles AS g ON a.grantee = g.oid
        GROUP BY 1""",
}
"""What is compared: name and meaning of every object, one query a kind."""

_BUNDLED = (
    "SELECT coalesce(array_agg(d.objid::bigint), '{}') FROM pg_depend AS d"
    " WHERE d.deptype = 'e' AND d.classid = %s::regclass"
)
"""What an extension brought: its own scripts say what it is, and grow with its version."""

_PARTS = "SELECT coalesce(array_agg(c.oid::bigint), '{}') FROM pg_class AS c WHERE c.relispartition"
"""Years of a series: how many there are depends on what came; they are compared as one."""

_SCHEMAS = (
    "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
)
"""Every schema but the system's: one that nobody declared is a difference too."""


def check(server_url: str, secret: str, town_id: str) -> list[Text]:
    """Differences between a town's database and the declarations, as sentences; empty is good."""
    with connect_admin(server_url, town_id) as conn:
        revision = current_revision(conn)
        if revision != newest_revision():
            return [
                Text(
                    th=f"ฐานข้อมูลอยู่ที่รุ่น {revision} แต่โปรแกรมต้องการ {newest_revision()} "
                    "โปรดใช้ ./muang db migrate",
                    en=f"The database is at revision {revision}, the program needs "
                    f"{newest_revision()}. Run ./muang db migrate.",
                )
            ]
        spec = get_town(conn)
        found = describe(conn, town_id)
    with _twin(server_url, secret, spec) as (twin_id, twin):
        meant = describe(twin, twin_id)
    return list(differences(found, meant))


@contextmanager
def _twin(server_url: str, secret: str, spec: TownSpec) -> Iterator[tuple[str, AnyConnection]]:
    """A new empty town with the same SRID, as the code makes it today."""
    twin_id = f"twin{secrets.token_hex(4)}"
    create_town(server_url, secret, spec.model_copy(update={"id": twin_id}))
    try:
        with connect_admin(server_url, twin_id) as conn:
            yield twin_id, conn
    finally:
        drop_town(server_url, twin_id)


def describe(conn: AnyConnection, town_id: str) -> dict[tuple[str, str], str]:
    """(kind, name) -> meaning of every object, with the town's own name replaced by `muang_#`."""
    schemas = [row[0] for row in conn.execute(_SCHEMAS).fetchall()]
    asked: dict[str, object] = {"schemas": schemas, "roles": _roles(town_id)}
    for bundled, catalog in (("relations", "pg_class"), ("functions", "pg_proc")):
        row = conn.execute(_BUNDLED, [catalog]).fetchone()
        asked[f"bundled_{bundled}"] = row[0] if row else []
    parts = conn.execute(_PARTS).fetchone()
    asked["bundled_relations"] = [
        *_listed(asked["bundled_relations"]),
        *_listed(parts and parts[0]),
    ]
    own = database_name(town_id)
    found: dict[tuple[str, str], str] = {}
    with conn.transaction():
        # definitions are printed relative to the search path: the same one everywhere
        conn.execute("SET LOCAL search_path = pg_catalog")
        for kind, query in _QUERIES.items():
            rows = conn.execute(sql.SQL(query), asked).fetchall()
            for name, meaning in rows:
                found[kind, str(name).replace(own, "muang_#")] = str(meaning).replace(
                    own, "muang_#"
                )
    return found


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _roles(town_id: str) -> list[str]:
    return [owner_name(town_id), *(login_name(town_id, login) for login in LOGINS)]


def differences(
    found: dict[tuple[str, str], str], meant: dict[tuple[str, str], str]
) -> Iterator[Text]:
    """A sentence for each object of `found` that is missing, undeclared or not as meant."""
    for kind, name in sorted(found.keys() | meant.keys()):
        here, there = found.get((kind, name)), meant.get((kind, name))
        if here == there:
            continue
        if here is None:
            yield Text(th=f"ขาด {kind} {name}", en=f"The {kind} {name} is missing.")
        elif there is None:
            yield Text(
                th=f"มี {kind} {name} ซึ่งไม่ได้ประกาศไว้",
                en=f"The {kind} {name} is there but not declared.",
            )
        else:
            yield Text(
                th=f"{kind} {name} ต่างจากที่ประกาศ: {here}",
                en=f"The {kind} {name} differs: it is “{here}”, it should be “{there}”.",
            )
