"""`muang notebook`: Jupyter on the project's notebooks, connected to the town."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from layers.text import Text
from ops.checkout import Checkout
from ops.progress import Progress


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
    from ops.session import choose_town, database

    checkout = Checkout.here()
    progress = Progress()
    with database(progress, checkout) as server:
        town_id = choose_town(server, town)
        # the folium maps take their scripts and fonts from the dashboard's build
        need_dashboard(checkout, progress)
        progress.say(
            Text(th=f"โน้ตบุ๊กของเมือง {town_id} ปิดด้วย Ctrl-C", en="Jupyter ends with Ctrl-C.")
        )
        command = [sys.executable, "-P", "-m", "jupyterlab", "--ip", "127.0.0.1"]
        if no_browser:
            command.append("--no-browser")
        if os.geteuid() == 0:
            command.append("--allow-root")
        jupyter = subprocess.Popen(
            [*command, "--notebook-dir", str(checkout.root / "notebooks")],
            env=os.environ | server.environment(town_id),
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
