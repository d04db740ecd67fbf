"""`muang db`: migrate, check and look into a town's database."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from layers.errors import RefusedError, UnavailableError
from layers.text import Text
from ops.progress import Progress, both

Town = Annotated[str | None, typer.Option(help="รหัสเมือง · town id")]


def register(app: typer.Typer) -> None:
    """Add `db migrate`, `db check` and `db shell`."""
    group = typer.Typer(no_args_is_help=True, help="ฐานข้อมูลของเมือง · The town's database.")
    group.command("migrate")(migrate)
    group.command("check")(check)
    group.command(
        "shell", context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
    )(shell)
    app.add_typer(group, name="db")


def migrate(
    *,
    town: Town = None,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="make the tables tiles are drawn from anew as well")
    ] = False,
) -> None:
    """ปรับปรุงโครงสร้าง · Bring a town, or without --town every town, to the newest revision."""
    from db.migrate import migrate as bring_up
    from db.towns import list_towns
    from ops.session import choose_town, database

    progress = Progress()
    with database(progress) as server:
        towns = [choose_town(server, town)] if town else [t.id for t in list_towns(server.url)]
        for town_id in towns:
            title = Text(th=f"ปรับปรุงฐานข้อมูล {town_id}", en=f"Migrating {town_id}")
            with progress.step(title):
                revision = bring_up(server.url, server.secret, town_id, redraw=redraw)
            print(f"{town_id}: {revision}")
    if not towns:
        print(both(Text(th="ยังไม่มีเมือง", en="There is no town yet.")))


def check(
    *,
    town: Town = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """ตรวจฐานข้อมูล · Compare the town's database with the declarations; differences fail."""
    from db.check import check as compare
    from ops.session import choose_town, database

    progress = Progress()
    with database(progress) as server:
        town_id = choose_town(server, town)
        title = Text(th=f"ตรวจฐานข้อมูล {town_id}", en=f"Checking {town_id}")
        with progress.step(title):
            differences = compare(server.url, server.secret, town_id)
    if as_json:
        found = [difference.model_dump() for difference in differences]
        print(json.dumps({"town": town_id, "differences": found}, ensure_ascii=False))
    else:
        for difference in differences:
            print(both(difference))
    if differences:
        raise RefusedError(
            Text(
                th=f"ฐานข้อมูลต่างจากที่ประกาศ {len(differences)} จุด แก้ด้วย ./muang db migrate",
                en=f"{len(differences)} differences from the declarations. "
                "./muang db migrate re-derives views, grants, triggers and functions.",
            )
        )
    progress.say(Text(th="ตรงตามที่ประกาศ", en="The database is as declared."))


def shell(context: typer.Context, *, town: Town = None) -> None:
    """เปิด psql · Open psql on the town as its administrator; arguments go to psql."""
    from db.changes import number_changes
    from db.connect import Machine, connect, database_name
    from ops.session import choose_town, database

    with database(Progress()) as server:
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        town_id = choose_town(server, town)
        parts = {k: v for k, v in conninfo_to_dict(server.url).items() if v is not None}
        # in the environment: a password among the arguments is in everybody's process list
        password = str(parts.pop("password", ""))
        parts["dbname"] = database_name(town_id)
        done = subprocess.run(
            [_psql(), make_conninfo("", **parts), *context.args],
            env=os.environ | ({"PGPASSWORD": password} if password else {}),
            check=False,
        )
        # without a server running nobody else gives what was changed its place in the order
        with connect(server.url, server.secret, town_id, Machine.SERVICE) as conn:
            number_changes(conn)
    raise typer.Exit(done.returncode)


def _psql() -> str:
    from ops.postgres import find_postgres

    server = find_postgres()
    beside = server.program("psql") if server else Path("/nonexistent")
    found = str(beside) if beside.exists() else shutil.which("psql")
    if found:
        return found
    raise UnavailableError(
        Text(
            th="ไม่พบ psql ติดตั้งด้วย sudo apt-get install postgresql-client",
            en="There is no psql here: sudo apt-get install postgresql-client",
        )
    )
