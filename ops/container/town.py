"""Waiting for the database and the town; the one-shot migration that makes or migrates it."""

import time
from collections.abc import Mapping

import psycopg
from psycopg.conninfo import make_conninfo

from db.connect import Machine, connect
from db.migrate import current_revision, newest_revision
from db.migrate import migrate as bring_up
from db.towns import get_town, list_towns
from layers.errors import BadRequestError, MuangError, NotFoundError, UnavailableError
from layers.text import Text
from ops.container.values import Values
from ops.progress import Progress
from ops.session import Server

_WAIT_S = 180.0


def server_of(environ: Mapping[str, str], given: Values) -> Server:
    """The database server, with the password of its administrator when the container has it."""
    url = environ.get("MUANG_DATABASE_URL", "")
    if not url:
        raise BadRequestError(
            Text(
                th="ยังไม่ได้ตั้งค่า MUANG_DATABASE_URL (docker-compose.yml ตั้งให้เอง)",
                en="MUANG_DATABASE_URL is not set (docker-compose.yml sets it).",
            )
        )
    password = {"password": given.password} if given.password else {}
    return Server(make_conninfo(url, **password), given.secret, None, private=False)


def wait_for(server: Server, progress: Progress, *, seconds: float = _WAIT_S) -> None:
    """Return once the server lets us in; UnavailableError when it refuses or does not come."""
    deadline = time.monotonic() + seconds
    with progress.step(Text(th="รอฐานข้อมูล", en="Waiting for the database")) as step:
        while True:
            try:
                with psycopg.connect(server.url, connect_timeout=5):
                    return
            except psycopg.OperationalError as error:
                last = str(error).strip().splitlines()[-1]
            if "password authentication failed" in last or time.monotonic() > deadline:
                raise UnavailableError(
                    Text(
                        th=f"ติดต่อฐานข้อมูลไม่ได้ ดูบันทึกด้วย docker compose logs db\n{last}",
                        en=f"The database does not let us in (see docker compose logs db): {last}",
                    )
                )
            step.note(last)
            time.sleep(0.5)


def migrate(server: Server, given: Values, progress: Progress) -> None:
    """Bring the town up to date; the demo also makes it and loads its data when it is empty.

    A real town has a name, a boundary and a CRS that nobody can guess: it is made by `town new`.
    """
    from ops.basemap import try_basemap

    if given.demo:
        from ops.town_ready import need_town

        need_town(server, given.town, progress, demo=True)
        _demo_users(server, given.town, progress)
        try_basemap(server, given.town, progress)
        return
    known = [town.id for town in list_towns(server.url)]
    if given.town not in known:
        raise NotFoundError(_no_town(given.town, known))
    with progress.step(Text(th="ปรับปรุงโครงสร้างข้อมูล", en="Migrating the town's database")):
        bring_up(server.url, server.secret, given.town)
    try_basemap(server, given.town, progress)


def _demo_users(server: Server, town: str, progress: Progress) -> None:
    """Print the demo's sign-ins; a server others reach refuses to start with them."""
    from ops.demo_users import make_demo_users

    progress.say(
        Text(
            th="บัญชีสาธิต (ดูอีกครั้งด้วย docker compose logs migrate):",
            en="Sign-ins of the demo (again: docker compose logs migrate):",
        )
    )
    for user in make_demo_users(server, town):
        progress.say(f"    {user.role:<12} {user.username:<18} {user.password}")


def wait_for_town(server: Server, town_id: str, *, seconds: float) -> bool:
    """Whether the town is made and migrated, waiting for it as its own login at most so long.

    A connection opened while the town is being made keeps the half-made town's settings for as
    long as it lives, so a server must not open its pools before; not every engine waits for the
    migration (the podman-compose of Debian 12 does not).
    """
    deadline = time.monotonic() + seconds
    while not _is_made(server, town_id):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def _is_made(server: Server, town_id: str) -> bool:
    try:
        with connect(server.url, server.secret, town_id, Machine.SERVICE) as conn:
            return current_revision(conn) == newest_revision() and get_town(conn).id == town_id
    except (MuangError, psycopg.Error):
        return False


def _no_town(asked: str, known: list[str]) -> Text:
    there = ", ".join(known)
    make = "docker compose run --rm migrate muang town new"
    if not asked:
        return Text(
            th=f"ยังไม่ได้ตั้งค่า MUANG_TOWN (เมืองที่มี: {there or 'ไม่มี'}) สร้างเมืองด้วย {make}",
            en=f"MUANG_TOWN is not set (towns here: {there or 'none'}). Make a town with {make}",
        )
    return Text(
        th=f"ไม่มีเมือง “{asked}” (เมืองที่มี: {there or 'ไม่มี'}) สร้างด้วย {make} {asked} …",
        en=f"There is no town “{asked}” (towns here: {there or 'none'}). "
        f"Make it with {make} {asked} …",
    )
