"""The database server a command works on: the private cluster, or the one you named.

    with database(Progress()) as server:
        migrate(server.url, server.secret, town_id)

The private cluster is started when nobody has, and stopped again when nobody else uses it.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from layers.errors import NotFoundError, UnavailableError
from layers.text import Text
from ops.checkout import Checkout, write_private
from ops.cluster import Cluster
from ops.progress import Progress
from ops.rasters import raster_root


@dataclass(frozen=True)
class Server:
    """A database server: URL of its maintenance database, and the town roles' secret."""

    url: str
    secret: str
    secret_file: Path | None
    private: bool

    def environment(self, town: str) -> dict[str, str]:
        """Settings for a program that works as roles of one town.

        It never needs, or gets, the superuser's name and password.
        """
        parts = {
            key: value
            for key, value in conninfo_to_dict(self.url).items()
            if value is not None and key not in {"user", "password"}
        }
        settings = {
            "MUANG_DATABASE_URL": make_conninfo("", **parts),
            "MUANG_TOWN": town,
            "MUANG_RASTERS": str(raster_root()),
        }
        if self.secret_file:
            return settings | {"MUANG_SECRET_FILE": str(self.secret_file)}
        return settings | {"MUANG_SECRET": self.secret}


@contextmanager
def database(progress: Progress, checkout: Checkout | None = None) -> Iterator[Server]:
    """The server to work on, running for as long as the block runs."""
    checkout = checkout or Checkout.here()
    if url := os.environ.get("MUANG_DATABASE_URL"):
        _check_named(url)
        yield Server(url, *_own_secret(checkout), private=False)
        return
    cluster = Cluster(checkout)
    with cluster.use(progress) as url:
        kept = cluster.place.secret_file
        yield Server(url, kept.read_text(encoding="ascii").strip(), kept, private=True)


def choose_town(server: Server, asked: str | None, checkout: Checkout | None = None) -> str:
    """The town a command means: the one asked for, the one being served, or the only one.

    Raises NotFoundError when there is none, or several and nothing says which.
    """
    from db.towns import has_town, list_towns
    from ops.running import serving

    if asked is not None and has_town(server.url, asked):
        return asked
    towns = [town.id for town in list_towns(server.url)]
    if asked is not None:
        raise NotFoundError(
            Text(
                th=f"ไม่มีเมือง “{asked}” ที่มีอยู่: {', '.join(towns) or 'ไม่มี'}",
                en=f"There is no town “{asked}”. Towns here: {', '.join(towns) or 'none'}.",
            )
        )
    served = serving(checkout or Checkout.here())
    if served and served.town in towns:
        return served.town
    if len(towns) == 1:
        return towns[0]
    raise NotFoundError(
        Text(
            th="ยังไม่มีเมือง สร้างด้วย ./muang town new หรือเริ่มด้วย ./muang up",
            en="There is no town yet: make one with ./muang town new, or start with ./muang up.",
        )
        if not towns
        else Text(
            th=f"มีหลายเมือง ({', '.join(towns)}) ระบุด้วย --town",
            en=f"There are several towns ({', '.join(towns)}): say which with --town.",
        )
    )


def _check_named(url: str) -> None:
    """Refuse a server of yours that cannot hold a town, before anything is made on it."""
    from db.connect import connect_admin

    with connect_admin(url) as conn:
        row = conn.execute(
            "SELECT (SELECT default_version FROM pg_available_extensions WHERE name = 'postgis'),"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
        ).fetchone()
    postgis, is_superuser = row or (None, False)
    if postgis is None:
        raise UnavailableError(
            Text(
                th="เครื่องแม่ข่ายใน MUANG_DATABASE_URL ไม่มี PostGIS ให้ผู้ดูแลติดตั้งก่อน",
                en="The server of MUANG_DATABASE_URL has no PostGIS: have it installed there.",
            )
        )
    if not is_superuser:
        raise UnavailableError(
            Text(
                th="บัญชีใน MUANG_DATABASE_URL ต้องเป็น superuser ของ PostgreSQL (ใช้สร้างฐานข้อมูลเมือง)",
                en="The login of MUANG_DATABASE_URL has to be a PostgreSQL superuser: it makes the "
                "towns' databases, roles and PostGIS. The served town never uses it.",
            )
        )


def _own_secret(checkout: Checkout) -> tuple[str, Path | None]:
    if secret := os.environ.get("MUANG_SECRET"):
        return secret, None
    path = Path(os.environ.get("MUANG_SECRET_FILE") or checkout.secret_file)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii").strip(), path
