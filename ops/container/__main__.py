"""Entry point of the image: `check`, `migrate`, `serve`, `feeds`, `forecasts`, or `muang …`.

check     refuse missing or default passwords, in a sentence, before anything starts
migrate   wait for the database, make or migrate the town, load the demo if it is the demo
serve     become the web server; knows the secret, never the database administrator's password
feeds     ask the town's feeds; knows the secret and their keys, no administrator's password
forecasts forecast the gauges as readings come; knows the secret, no administrator's password
muang …   any command, with the database and the secret of this container
"""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from ops.container import values

if TYPE_CHECKING:
    from ops.session import Server

# after it the server starts all the same and says at /readyz what is missing
_TOWN_WAIT_S = 60.0
_USAGE = "check | migrate | serve | feeds | forecasts | muang …"


def main(words: Sequence[str]) -> None:
    """Do what the container was started for."""
    # as process 1 a signal nobody handles does nothing, and the engine would have to kill us
    signal.signal(signal.SIGTERM, _stop)
    match list(words):
        case ["check"]:
            values.read(os.environ, values.PASSWORD, values.SECRET)
        case ["migrate"]:
            _migrate()
        case ["serve"]:
            _serve()
        case ["feeds"]:
            _feeds()
        case ["forecasts"]:
            _forecasts()
        case ["muang", *arguments]:
            _muang(arguments)
        case _:
            raise SystemExit(_USAGE)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _migrate() -> None:
    from ops.container.town import migrate, server_of, wait_for
    from ops.progress import Progress

    given = values.read(os.environ, values.PASSWORD, values.SECRET)
    server = server_of(os.environ, given)
    progress = Progress()
    wait_for(server, progress)
    migrate(server, given, progress)
    progress.summary()


def _serve() -> NoReturn:
    from api.settings import from_environment
    from ops.container.town import server_of, wait_for_town

    given = values.read(os.environ, values.SECRET)
    values.take_away_unset(os.environ)
    server = server_of(os.environ, given)
    os.environ.update(server.environment(given.town))
    # read here first: the server's own refusal would come as a trace
    settings = from_environment()
    if not wait_for_town(server, given.town, seconds=_TOWN_WAIT_S):
        print(f"{given.town}: not there yet; /readyz says why", file=sys.stderr, flush=True)
    _become(
        ["api", "--host", settings.host, "--port", str(settings.port)],
        server.environment(given.town),
    )


def _feeds() -> None:
    from ops.feeds import poll_for_ever

    poll_for_ever(*_waited_for())


def _forecasts() -> NoReturn:
    from db.connect import Machine, connect
    from ops.forecasting.watching import watch

    server, town = _waited_for()
    watch(lambda: connect(server.url, server.secret, town, Machine.LOADER))


def _waited_for() -> "tuple[Server, str]":
    """The town's server and name, once the town is there."""
    from ops.container.town import server_of, wait_for_town

    given = values.read(os.environ, values.SECRET)
    values.take_away_unset(os.environ)
    server = server_of(os.environ, given)
    while not wait_for_town(server, given.town, seconds=_TOWN_WAIT_S):
        print(f"{given.town}: not there yet", file=sys.stderr, flush=True)
    return server, given.town


def _muang(arguments: Sequence[str]) -> NoReturn:
    from ops.container.town import server_of, wait_for
    from ops.progress import Progress

    given = values.read(os.environ, values.PASSWORD, values.SECRET)
    server = server_of(os.environ, given)
    progress = Progress()
    wait_for(server, progress)
    settings = {"MUANG_DATABASE_URL": server.url, "MUANG_SECRET": server.secret}
    _become(["ops", *arguments], settings)


def _become(module: Sequence[str], settings: dict[str, str]) -> NoReturn:
    """Replace this process, so that the engine's signals reach the program itself."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    # -P: nothing in the working directory may take the place of a module
    os.execve(  # noqa: S606  no shell wanted
        sys.executable, [sys.executable, "-P", "-m", *module], kept | settings
    )


_OURS = {values.PASSWORD, values.SECRET, f"{values.PASSWORD}_FILE", f"{values.SECRET}_FILE"}


if __name__ == "__main__":
    from layers.errors import MuangError
    from ops.cli import say

    with values.said():
        try:
            main(sys.argv[1:])
        except MuangError as error:
            raise SystemExit(say(error)) from None
