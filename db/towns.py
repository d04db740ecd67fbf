"""A town is a database of its own: make one, list them, read what it says of itself, drop it."""

from collections.abc import Mapping
from contextlib import suppress

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, field_validator

from db.connect import (
    LOGINS,
    Login,
    Machine,
    check_town_id,
    connect_admin,
    database_name,
    login_name,
    owner_name,
)
from db.derived import AnyConnection
from db.migrate import migrate
from db.roles import ensure_roles
from layers.datum import INDIAN_EPSG
from layers.errors import ConflictError, NotFoundError, UnavailableError
from layers.text import Text


class TownSpec(BaseModel):
    """What makes a town: its id, name, projected CRS (EPSG number) and official codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: Text
    srid: int
    synthetic: bool = False
    codes: Mapping[str, str] = {}

    @field_validator("srid")
    @classmethod
    def _is_turned_without_choosing(cls, srid: int) -> int:
        """PostGIS and GDAL turn this CRS into degrees and tiles by themselves (layers.datum)."""
        if srid in INDIAN_EPSG:
            raise ValueError(f"EPSG:{srid} is on Indian 1975; programs turn it about 190 m off")
        return srid


def create_town(server_url: str, secret: str, spec: TownSpec) -> None:
    """Make the town's database, roles and tables. ConflictError when it exists already."""
    check_town_id(spec.id)
    with connect_admin(server_url) as server:
        name = database_name(spec.id)
        exists = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if exists:
            raise ConflictError(
                Text(
                    th=f"มีเมือง “{spec.id}” อยู่แล้ว",
                    en=f"The town “{spec.id}” exists already.",
                )
            )
        ensure_roles(server, secret, spec.id)
        server.execute(
            sql.SQL(
                "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            ).format(sql.Identifier(name), sql.Identifier(owner_name(spec.id)))
        )
    try:
        _furnish(server_url, spec)
        migrate(server_url, secret, spec.id, srid=spec.srid)
        with connect_admin(server_url, spec.id) as conn:
            conn.execute(
                "INSERT INTO muang.town (id, name_th, name_en, srid, synthetic, codes)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [
                    spec.id,
                    spec.name.th,
                    spec.name.en,
                    spec.srid,
                    spec.synthetic,
                    Jsonb(dict(spec.codes)),
                ],
            )
    except BaseException:
        drop_town(server_url, spec.id)
        raise


def _furnish(server_url: str, spec: TownSpec) -> None:
    """Schemas, PostGIS in its own schema, and the row that says which town this is."""
    owner = sql.Identifier(owner_name(spec.id))
    database = sql.Identifier(database_name(spec.id))
    with connect_admin(server_url, spec.id) as conn:
        for schema in ("gis", "town", "history", "muang"):
            conn.execute(
                sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(sql.Identifier(schema), owner)
            )
        conn.execute("CREATE EXTENSION postgis SCHEMA gis")
        conn.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        conn.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        for login in LOGINS:
            conn.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    database, sql.Identifier(login_name(spec.id, login))
                )
            )
        loader: Login = Machine.LOADER
        conn.execute(
            sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(
                database, sql.Identifier(login_name(spec.id, loader))
            )
        )
        conn.execute(
            sql.SQL("ALTER DATABASE {} SET search_path = town, muang, gis, pg_catalog").format(
                database
            )
        )


def list_towns(server_url: str) -> tuple[TownSpec, ...]:
    """Every town of the server, by id."""
    with connect_admin(server_url) as server:
        rows = server.execute(
            "SELECT substr(datname, 7) FROM pg_database"
            " WHERE datname LIKE 'muang\\_%' AND datallowconn ORDER BY 1"
        ).fetchall()
    found = []
    for (town_id,) in rows:
        # a town may be dropped, or still be in the making, while the others are listed
        with (
            suppress(NotFoundError, UnavailableError, psycopg.OperationalError),
            connect_admin(server_url, str(town_id)) as conn,
        ):
            made = conn.execute("SELECT to_regprocedure('muang.town_facts()')").fetchone()
            if made != (None,):
                found.append(get_town(conn))
    return tuple(found)


def has_town(server_url: str, town_id: str) -> bool:
    """Whether the server has a database of that town, without looking into any."""
    with connect_admin(server_url) as server:
        found = server.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s AND datallowconn",
            [database_name(town_id)],
        ).fetchone()
    return found is not None


def get_town(conn: AnyConnection) -> TownSpec:
    """The town a connection leads to; any role may ask."""
    row = conn.execute(
        "SELECT id, name_th, name_en, srid, synthetic, codes FROM muang.town_facts()"
    ).fetchone()
    if row is None:
        raise NotFoundError(
            Text(th="ฐานข้อมูลนี้ยังไม่มีข้อมูลเมือง", en="This database does not say which town it is.")
        )
    return TownSpec(
        id=str(row[0]),
        name=Text(th=str(row[1]), en=str(row[2])),
        srid=int(str(row[3])),
        synthetic=bool(row[4]),
        codes=row[5] if isinstance(row[5], dict) else {},
    )


def drop_town(server_url: str, town_id: str) -> None:
    """Remove a town's database and roles for good."""
    with connect_admin(server_url) as server:
        server.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                sql.Identifier(database_name(town_id))
            )
        )
        for name in (*(login_name(town_id, login) for login in LOGINS), owner_name(town_id)):
            server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
