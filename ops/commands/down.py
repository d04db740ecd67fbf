"""`muang down`: end what `up` started."""

import typer

from layers.text import Text
from ops.checkout import Checkout
from ops.progress import Progress
from ops.running import serving


def register(app: typer.Typer) -> None:
    """Add `down`."""
    app.command("down")(down)


def down() -> None:
    """ปิดระบบ · Stop the server and the private database of this checkout."""
    from ops.cluster import Cluster
    from ops.serve import clear_killed, stop

    checkout = Checkout.here()
    progress = Progress()
    record = serving(checkout)
    if record:
        with progress.step(Text(th=f"ปิด {record.url}", en=f"Stopping {record.url}")):
            stop(checkout, record)
    else:
        clear_killed(checkout)
    stopped = Cluster(checkout).stop_unused()
    if not record and not stopped:
        progress.say(Text(th="ไม่มีอะไรเปิดอยู่", en="Nothing was running."))
