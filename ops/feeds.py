"""Where feeds keep their keys and their waiting readings, and the poller of a town."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from layers.model import Role
from ops.checkout import Checkout, write_private
from ops.session import Server

if TYPE_CHECKING:
    from etl.feeds.drill.calling import ConnectAs
    from etl.feeds.keys import Keys
    from etl.feeds.polling import Poller

_SPOOL = "MUANG_FEED_SPOOL"


def keys_file(checkout: Checkout | None = None) -> Path:
    """The file of keys: MUANG_FEED_KEYS_FILE, else below the checkout's state."""
    from etl.feeds.keys import FILE

    named = os.environ.get(FILE)
    return Path(named) if named else (checkout or Checkout.here()).state / "feed-keys"


def keys_now() -> "Keys":
    """The keys as they are now: a key that is set needs no restart."""
    from etl.feeds.keys import keys_from

    return keys_from(os.environ, keys_file())


def put_key(name: str, value: str) -> Path:
    """Write a key into the file of keys, in the place of the one of that name."""
    file = keys_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    kept = [line for line in lines if line.partition("=")[0].strip() != name]
    write_private(file, "\n".join([*kept, f"{name}={value}"]) + "\n")
    return file


def spool_folder(town_id: str) -> Path:
    """Where readings of a town wait until the database has them."""
    named = os.environ.get(_SPOOL)
    return (Path(named) if named else Checkout.here().state / "feeds") / town_id


def logins_of(server: Server, town_id: str) -> "ConnectAs":
    """Opens a connection to a town as `service`, or (True) as the administrators' own login."""
    from psycopg import AsyncConnection

    from db.connect import Machine, url_for

    @asynccontextmanager
    async def as_login(admin: bool) -> AsyncIterator[AsyncConnection[tuple[object, ...]]]:
        login = Role.ADMIN if admin else Machine.SERVICE
        url = url_for(server.url, server.secret, town_id, login)
        async with await AsyncConnection.connect(url, autocommit=True) as conn:
            yield conn

    return as_login


def poller_of(server: Server, town_id: str) -> "Poller":
    """What polls the feeds of a town, and its exercises."""
    from db.connect import Machine, connect
    from db.derived import AnyConnection
    from etl.feeds.asking import Kit
    from etl.feeds.drill.calling import Calls
    from etl.feeds.drill.replay import Replay
    from etl.feeds.drill.stations import town_of
    from etl.feeds.polling import Poller
    from etl.feeds.spool import Spool

    def loader() -> AnyConnection:
        return connect(server.url, server.secret, town_id, Machine.LOADER)

    kit = Kit(connect=loader, keys=keys_now, spool=Spool(spool_folder(town_id)))
    calls = Calls(loader, logins_of(server, town_id))
    return Poller(kit, replayer=Replay(lambda: town_of(loader)), caller=calls)


def poll_for_ever(server: Server, town_id: str) -> None:
    """Poll until SIGTERM or Ctrl-C; then end calmly, what is under way included."""
    set_up_log()
    asyncio.run(_until_told(poller_of(server, town_id)))


async def _until_told(poller: "Poller") -> None:
    running = asyncio.create_task(poller.run())
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return


def set_up_log() -> None:
    """Lines on stderr, without any key: the HTTP library writes whole addresses."""
    from etl.feeds.keys import Hiding

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(Hiding(keys_now))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)
