"""`python -m api --host 127.0.0.1 --port 8000`: serve one town; settings from the environment."""

import argparse
import gc
import signal

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.wire import Wire

STOP_SECONDS = 2
"""How long answers under way may take once the server is told to stop."""


def config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """How the application is served: one process, because its caches and live hub are of one."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Wire,
        loop="uvloop",
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=STOP_SECONDS,
        # longer than proxies keep theirs, or they would write into connections just closed
        timeout_keep_alive=75,
        # who is behind a proxy is worked out by `api.client_address`, access lines by `api.log`
        proxy_headers=False,
        access_log=False,
        server_header=False,
        log_config=None,
        log_level="warning",
    )


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    app = create_app()
    # what is there now stays: looking through it again and again would hold up every request
    gc.collect()
    gc.freeze()
    server = uvicorn.Server(config(app, options.host, options.port))
    # once it has stopped it sends itself the signals it heard: told to stop, stopping is no fault
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server.run()


if __name__ == "__main__":
    main()
