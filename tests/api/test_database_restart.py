"""The database itself is stopped without a goodbye and started again under the running server."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import httpx
import pytest

from db.connect import Machine
from layers.model import Role
from ops.checkout import Checkout
from ops.cluster import Cluster
from ops.progress import Progress
from tests.api.conftest import a_token
from tests.api.running import Event, server, stream, until
from tests.api.test_tile_freshness import Served
from tests.api.tile_storm import head, wait_for
from tests.conftest import make_town
from tests.tiny import load_tiny


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of the test's own that keeps what is committed, as a town's does."""
    made = Cluster(Checkout(tmp_path), "restart")
    with made.use(Progress(StringIO())):
        yield made


def restart(cluster: Cluster) -> None:
    """Stop immediately, without writing anything more, and start again on the same port."""
    postmaster = cluster.running()
    assert postmaster is not None
    os.kill(postmaster.pid, signal.SIGQUIT)
    wait_for(lambda: not postmaster.alive)
    with cluster.use(Progress(StringIO())):
        pass  # whoever holds it already keeps it running


def positions(events: Iterator[Event], last: int) -> list[int]:
    """Of the changes told, up to the last one or the stream's end."""
    return [int(one["id"]) for one in until(events, last) if one["event"] == "change"]


def is_back(served: Served) -> bool:
    """Whether tiles are kept again: until its pools have connected anew the server says 503."""
    try:
        return served.is_kept()
    except (AssertionError, httpx.TransportError):
        return False


@pytest.mark.slow
def test_a_restarted_database_leaves_no_stale_tile_and_loses_no_change(
    cluster: Cluster, dashboard: Path
) -> None:
    town = make_town(cluster.url, secrets.token_hex(32))
    load_tiny(town)
    with town.connect(Machine.SERVICE) as conn:
        tokens = {role: a_token(conn, role, f"restart {role}") for role in Role}
    with server(town, dashboard) as running:
        made = Served(town, running.url, tokens)
        wait_for(made.is_kept)
        start = head(town)
        with stream(running.url, token=tokens[Role.STAFF]) as events:
            assert next(events)["event"] == "hello"
            for use in ("vacant", "commercial"):
                assert made.use() != use
                made.edit(use)
                committed = time.monotonic()
                restart(cluster)
                made.shows_for_a_while(use, committed)
                wait_for(lambda: bool(made.numbers()["fresh"]))
                wait_for(lambda: is_back(made))
                assert made.use() == use
            made.edit("vacant")
            # a stream may end while the database is away: whoever listens comes back for the rest
            heard = positions(events, start + 3)
        assert head(town) == start + 3
        since = heard[-1] if heard else start
        for begin, before in ((since, heard), (start, [])):
            with stream(running.url, since=begin, token=tokens[Role.STAFF]) as events:
                found = [*before, *positions(events, start + 3)] if begin < start + 3 else before
            assert found == [start + 1, start + 2, start + 3]
        made.client.close()
