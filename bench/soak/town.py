"""A town to throw away: the demo's records in a database of its own, served on a free port."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.soak.serving import Served
from db.connect import Machine, connect
from db.towns import TownSpec, create_town, drop_town
from etl.demo import DEMO_TOWNS, load_town
from etl.demo.gauges import need_readings
from layers.text import Text
from ops.checkout import Checkout
from ops.cluster import Cluster
from ops.progress import Progress
from ops.session import Server, database

_DEMO = "phibun"


@contextmanager
def thrown_away(checkout: Checkout, progress: Progress, logs: Path) -> Iterator[Served]:
    """The demo town served; server and town are gone when the block is left."""
    with _database(checkout, progress) as server:
        town, demo = f"soak{secrets.token_hex(4)}", DEMO_TOWNS[_DEMO]
        try:
            with progress.step(Text(th="สร้างเมืองชั่วคราว", en="Making a throw-away town")):
                spec = TownSpec(id=town, name=demo.name, srid=demo.srid, synthetic=True)
                create_town(server.url, server.secret, spec)
            load_town(_DEMO, server.url, server.secret, progress, into=town)
            with connect(server.url, server.secret, town, Machine.LOADER) as conn:
                # so that the hydrograph has something to draw
                need_readings(conn, _DEMO, datetime.now(UTC))
            with Served(server, town, logs) as served:
                yield served
        finally:
            drop_town(server.url, town)


@contextmanager
def _database(checkout: Checkout, progress: Progress) -> Iterator[Server]:
    """A cluster of the benchmarks' own, or the one named in MUANG_DATABASE_URL."""
    if os.environ.get("MUANG_DATABASE_URL"):
        with database(progress, checkout) as server:
            yield server
        return
    cluster = Cluster(checkout, "bench")
    with cluster.use(progress) as url:
        kept = cluster.place.secret_file
        yield Server(url, kept.read_text(encoding="ascii").strip(), kept, private=True)
