"""The PostgreSQL roles of a town: one NOLOGIN owner, one login for each role and machine."""

from psycopg import sql

from db.connect import LOGINS, login_name, login_password, owner_name
from db.derived import AnyConnection


def ensure_roles(server: AnyConnection, secret: str, town_id: str) -> None:
    """Make the town's roles, or set their passwords anew from the secret; idempotent."""
    owner = owner_name(town_id)
    known = {row[0] for row in server.execute("SELECT rolname FROM pg_roles").fetchall()}
    if owner not in known:
        server.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(owner)))
    for login in LOGINS:
        name = login_name(town_id, login)
        verb = sql.SQL("ALTER" if name in known else "CREATE")
        server.execute(
            sql.SQL("{} ROLE {} LOGIN NOINHERIT PASSWORD {}").format(
                verb,
                sql.Identifier(name),
                sql.Literal(login_password(secret, town_id, login)),
            )
        )
