"""`muang notebook`: Jupyter on the project's notebooks, connected to the town over HTTP."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from layers.model import Role
from layers.text import Text
from ops.checkout import Checkout
from ops.commands.token import service
from ops.progress import Progress
from ops.running import serving

_FIRST = "flood_exposure.ipynb"
_KEPT_BACK = ("MUANG_DATABASE_URL", "MUANG_DB_PASSWORD", "MUANG_SECRET", "MUANG_SECRET_FILE")


def register(app: typer.Typer) -> None:
    """Add `notebook`."""
    app.command("notebook")(notebook)


def notebook(
    *,
    town: Annotated[str | None, typer.Option(help="รหัสเมือง · town id")] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="only print the address")
    ] = False,
) -> None:
    """เปิดโน้ตบุ๊ก · Open Jupyter with the town's data at hand. Ctrl-C ends it."""
    from ops.dashboard import need_dashboard
    from ops.serve import stopping_on_signals

    checkout = Checkout.here()
    progress = Progress()
    # the folium maps take their scripts and fonts from the dashboard's build
    need_dashboard(checkout, progress)
    with _town_url(checkout, town, progress) as url, _token(town, os.environ) as token:
        progress.say(
            Text(
                th=f"โน้ตบุ๊กอ่านข้อมูลจาก {url} ปิดด้วย Ctrl-C",
                en=f"The notebooks read from {url}. Ctrl-C ends Jupyter.",
            )
        )
        jupyter = subprocess.Popen(
            jupyter_command(checkout.root / "notebooks", browser=not no_browser),
            env=jupyter_environment(os.environ, url, token),
            start_new_session=True,
        )
        try:
            with stopping_on_signals():
                status = jupyter.wait()
        except KeyboardInterrupt:
            jupyter.terminate()
            jupyter.wait()
            status = 0
    raise typer.Exit(1 if status else 0)


@contextmanager
def _town_url(checkout: Checkout, town: str | None, progress: Progress) -> Iterator[str]:
    """Address of the town: of the `up` that serves it, else of a server of our own meanwhile."""
    record = serving(checkout)
    if record and record.server and town in (None, record.town):
        yield record.url
        return
    from ops.processes import free_port
    from ops.server import Address, WebServer
    from ops.session import choose_town, database

    with database(progress, checkout) as server:
        address = Address("127.0.0.1", free_port())
        web = WebServer(checkout, server, choose_town(server, town), address)
        try:
            with progress.step(Text(th="เปิดระบบ", en="Starting the server")):
                web.wait_ready()
            yield address.url
        finally:
            web.stop()


@contextmanager
def _token(town: str | None, environ: Mapping[str, str]) -> Iterator[str]:
    """The token given, else one for an analyst that ends with this Jupyter."""
    if given := environ.get("MUANG_TOKEN"):
        yield given
        return
    from db.tokens import new_token, revoke_token

    with service(town) as (_, conn):
        info, token = new_token(conn, Role.ANALYST, "muang notebook", 1)
    try:
        yield token
    finally:
        with service(town) as (_, conn):
            revoke_token(conn, info.id)


def jupyter_command(folder: Path, *, browser: bool) -> list[str]:
    """JupyterLab on loopback in `folder`; it looks for no news, updates or extensions outside."""
    command = [sys.executable, "-P", "-m", "jupyterlab", "--ip=127.0.0.1"]
    command += [f"--notebook-dir={folder}", f"--LabApp.default_url=/lab/tree/{_FIRST}"]
    command += [
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if not browser:
        command.append("--no-browser")
    if os.geteuid() == 0:
        command.append("--allow-root")
    return command


def jupyter_environment(environ: Mapping[str, str], url: str, token: str) -> dict[str, str]:
    """What notebooks get to know: the town's address and a token, never the secret.

    With the secret a notebook could be any role; with a token it sees what that token may see.
    """
    kept = {name: value for name, value in environ.items() if name not in _KEPT_BACK}
    return kept | {"MUANG_PUBLIC_URL": url, "MUANG_TOKEN": token}
