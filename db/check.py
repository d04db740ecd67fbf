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
    "column": """
        SELECT n.nspname || '.' || c.relname || '.' || a.attname,
            format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
            || coalesce(' = ' || pg_get_expr(d.adbin, d.adrelid), '')
            || ' ' || a.attgenerated::text
        FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON a.attrelid = c.oid
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE n.nspname = any(%(schemas)s) AND c.relkind IN ('r', 'p', 'S')
            AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": """
        SELECT n.nspname || '.' || r.relname || '.' || c.conname, pg_get_constraintdef(c.oid)
        FROM pg_constraint AS c
        INNER JOIN pg_class AS r ON c.conrelid = r.oid
        INNER JOIN pg_namespace AS n ON r.relnamespace = n.oid
        WHERE n.nspname = any(%(schemas)s)""",
    "index": """
        SELECT schemaname || '.' || indexname, indexdef
        FROM pg_indexes WHERE schemaname = any(%(schemas)s)""",
    "trigger": """
        SELECT n.nspname || '.' || r.relname || '.' || t.tgname,
            pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
        FROM pg_trigger AS t
        INNER JOIN pg_class AS r ON t.tgrelid = r.oid
        INNER JOIN pg_namespace AS n ON r.relnamespace = n.oid
        WHERE n.nspname = any(%(schemas)s) AND NOT t.tgisinternal""",
    "function": """
        SELECT
            n.nspname || '.' || p.proname || '('
            || pg_get_function_identity_arguments(p.oid) || ')',
            pg_get_functiondef(p.oid) || coalesce(p.proacl::text, '')
        FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        WHERE n.nspname = any(%(schemas)s)""",
    "view": """
        SELECT schemaname || '.' || viewname, definition
        FROM pg_views WHERE schemaname = any(%(schemas)s)""",
    "grant": """
        SELECT n.nspname || '.' || c.relname || '.' || coalesce(g.rolname, 'PUBLIC'),
            string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)
        FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        LEFT JOIN pg_roles AS g ON a.grantee = g.oid
        WHERE n.nspname = any(%(schemas)s)
        GROUP BY 1""",
    "schema": """
        SELECT n.nspname || '.' || coalesce(g.rolname, 'PUBLIC'),
            string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)
        FROM pg_namespace AS n
        CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
        LEFT JOIN pg_roles AS g ON a.grantee = g.oid
        WHERE n.nspname = any(%(schemas)s || ARRAY['gis', 'public'])
        GROUP BY 1""",
    "role setting": """
        SELECT coalesce(r.rolname, 'every role'), array_to_string(s.setconfig, ' ')
        FROM pg_db_role_setting AS s
        LEFT JOIN pg_roles AS r ON s.setrole = r.oid
        WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())""",
    "role": """
        SELECT rolname,
            concat_ws(' ', rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolbypassrls)
        FROM pg_roles WHERE rolname = any(%(roles)s)""",
}
"""What is compared: name and meaning of every object, one query a kind."""


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
    return list(_differences(found, meant))


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
    schemas = [
        row[0]
        for row in conn.execute(
            "SELECT nspname FROM pg_namespace WHERE"
            " nspname IN ('town', 'history', 'muang', 'render') OR nspname LIKE 'as\\_%'"
        ).fetchall()
    ]
    roles = [owner_name(town_id), *(login_name(town_id, login) for login in LOGINS)]
    own = database_name(town_id)
    found: dict[tuple[str, str], str] = {}
    with conn.transaction():
        # definitions are printed relative to the search path: the same one everywhere
        conn.execute("SET LOCAL search_path = pg_catalog")
        for kind, query in _QUERIES.items():
            rows = conn.execute(
                sql.SQL(query),
                {"schemas": schemas, "roles": roles},
            ).fetchall()
            for name, meaning in rows:
                found[kind, str(name).replace(own, "muang_#")] = str(meaning).replace(
                    own, "muang_#"
                )
    return found


def _differences(
    found: dict[tuple[str, str], str], meant: dict[tuple[str, str], str]
) -> Iterator[Text]:
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
