"""Connections: to the server as its administrator, and to a town as one of its roles."""

import hashlib
import hmac
import re
from enum import StrEnum

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from layers.errors import BadRequestError, NotFoundError, UnavailableError
from layers.model import Role
from layers.text import Text

_TOWN_ID = re.compile(r"[a-z][a-z0-9_]{0,29}")


class Machine(StrEnum):
    """Logins no person has: the loader writes layers, the service numbers changes."""

    LOADER = "loader"
    SERVICE = "service"


Login = Role | Machine
LOGINS: tuple[Login, ...] = (*Role, *Machine)


def check_town_id(town_id: str) -> str:
    """The id itself when it can name a database and its roles; BadRequestError otherwise."""
    if not _TOWN_ID.fullmatch(town_id):
        raise BadRequestError(
            Text(
                th=f"รหัสเมือง “{town_id}” ใช้ไม่ได้ ใช้ a-z 0-9 และ _ ขึ้นต้นด้วยตัวอักษร ไม่เกิน 30 ตัว",
                en=f"The town id “{town_id}” cannot be used: a-z, 0-9 and _, first a letter, "
                "at most 30 characters.",
            )
        )
    return town_id


def database_name(town_id: str) -> str:
    """Name of the town's database."""
    return f"muang_{check_town_id(town_id)}"


def login_name(town_id: str, login: Login) -> str:
    """Name of a PostgreSQL login role of the town."""
    return f"{database_name(town_id)}_{login}"


def owner_name(town_id: str) -> str:
    """Name of the NOLOGIN role that owns every object of the town."""
    return f"{database_name(town_id)}_owner"


def login_password(secret: str, town_id: str, login: Login) -> str:
    """Password of a town role: HMAC-SHA256 of its name, in hex."""
    return hmac.new(
        secret.encode(), login_name(town_id, login).encode(), hashlib.sha256
    ).hexdigest()


def url_for(server_url: str, secret: str, town_id: str, login: Login) -> str:
    """Connection string of a town's database as one of its roles."""
    parts = conninfo_to_dict(server_url)
    parts.update(
        dbname=database_name(town_id),
        user=login_name(town_id, login),
        password=login_password(secret, town_id, login),
    )
    return make_conninfo("", **{key: value for key, value in parts.items() if value is not None})


def connect(
    server_url: str, secret: str, town_id: str, login: Login
) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection to a town as one of its roles, not in autocommit."""
    return _open(url_for(server_url, secret, town_id, login), town_id)


def connect_admin(
    server_url: str, town_id: str | None = None, *, autocommit: bool = True
) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection as the server's administrator, to a town or to the maintenance database."""
    if town_id is None:
        return _open(server_url, None, autocommit=autocommit)
    parts = conninfo_to_dict(server_url)
    parts["dbname"] = database_name(town_id)
    url = make_conninfo("", **{key: value for key, value in parts.items() if value is not None})
    return _open(url, town_id, autocommit=autocommit)


def _open(
    url: str, town_id: str | None, *, autocommit: bool = False
) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(
            url, autocommit=autocommit, connect_timeout=10, application_name="muang"
        )
    except psycopg.OperationalError as error:
        if town_id is not None and "does not exist" in str(error):
            raise NotFoundError(
                Text(
                    th=f"ไม่มีเมือง “{town_id}” สร้างได้ด้วย ./muang town new {town_id}",
                    en=f"There is no town “{town_id}”. Make it with ./muang town new {town_id}.",
                )
            ) from error
        raise UnavailableError(
            Text(
                th="ติดต่อฐานข้อมูลไม่ได้ ตรวจว่าระบบเปิดอยู่ด้วย ./muang status",
                en="The database cannot be reached. See ./muang status.",
            )
        ) from error
