"""Bring a town's database to the newest revision and re-derive everything else from the catalog."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql

from db.connect import connect_admin, owner_name
from db.derived import AnyConnection, apply
from db.roles import ensure_roles

_FOLDER = Path(__file__).parent / "migrations"


def migrate(
    server_url: str, secret: str, town_id: str, *, srid: int | None = None, redraw: bool = False
) -> str:
    """Upgrade tables, then roles, functions, triggers, views and grants; returns the revision.

    `srid` is needed only for a new town; later it is read from the town's own record. With
    `redraw` the render tables are made anew even where nothing says that they have to be.
    """
    owner = sql.Identifier(owner_name(town_id))
    with connect_admin(server_url, town_id, autocommit=False) as conn, _bound(conn) as bound:
        conn.execute("SELECT pg_advisory_xact_lock(7214002)")
        ensure_roles(conn, secret, town_id)
        config = _config()
        config.attributes["connection"] = bound
        config.attributes["srid"] = number = srid if srid is not None else _srid(conn)
        before = current_revision(conn)
        conn.execute(sql.SQL("SET ROLE {}").format(owner))
        command.upgrade(config, "head")
        conn.execute("RESET ROLE")
        moved = current_revision(conn) != before
        apply(conn, town_id, number, redraw=redraw or moved)
        conn.commit()
    return newest_revision()


def newest_revision() -> str:
    """The revision a current database is at."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("the migrations folder is empty")
    return head


def current_revision(conn: AnyConnection) -> str | None:
    """The revision a database is at, None before its first migration."""
    if conn.execute("SELECT to_regclass('muang.revision')").fetchone() == (None,):
        return None
    row = conn.execute("SELECT version_num FROM muang.revision").fetchone()
    return str(row[0]) if row else None


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _srid(conn: AnyConnection) -> int:
    row = conn.execute("SELECT srid FROM muang.town").fetchone()
    if row is None:
        raise RuntimeError("the town's record is missing")
    return int(str(row[0]))


@contextmanager
def _bound(conn: AnyConnection) -> Iterator[sa.Connection]:
    """The open psycopg connection as SQLAlchemy's, for alembic.

    Opened first of all: SQLAlchemy rolls back once while it gets to know the server.
    """
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: conn, poolclass=sa.pool.StaticPool
    )
    with engine.connect() as bound:
        yield bound
