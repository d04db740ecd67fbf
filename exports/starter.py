"""The process exports are started from: libraries are loaded once, and a file begins at once.

Started as a script with `python -I`, its stdin a Unix socket of the server. Each message (JSON)
names a program, a format, a folder and environment for it, and brings three open files: the leash,
its stdout and its stderr. The program runs in a fork of this process, which holds no secret, no
connection and no thread, with the leash as its stdin: it says its number there in a line, reads its
order, and at the end its status is said in another. This process dies with the server.
"""

import contextlib
import ctypes
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ROOT = str(Path(__file__).resolve().parent.parent)
_PR_SET_PDEATHSIG = 1
_MESSAGE_BYTES = 64 * 1024
FILES = 3
ALWAYS = ("orjson", "exports.order", "db.copy_out")
WRITERS = {
    **dict.fromkeys(("geojson", "geojsonl", "csv"), "exports.text"),
    **dict.fromkeys(("gpkg", "fgb", "shp.zip"), "exports.gdal"),
    "xlsx": "exports.xlsx",
    "parquet": "exports.parquet",
}
"""What the program of each format imports; loaded when the format is first asked for."""
ARROW = "pandas"
"""What Arrow loads besides with its first rows, half a second of work."""


def main() -> int:
    """Start one program for each message, until the server closes the socket."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    sys.path.insert(0, _ROOT)
    for name in ALWAYS:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here: the server does
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # and ends them where somebody ends the server
    with socket.socket(fileno=os.dup(0)) as server:
        while True:
            message, files, _, _ = socket.recv_fds(server, _MESSAGE_BYTES, FILES)
            if not message:
                return 0
            wanted = json.loads(message)
            if (writer := WRITERS.get(wanted["suffix"])) is not None:
                importlib.import_module(writer)
                if "exports.arrow" in sys.modules:
                    importlib.import_module(ARROW)
            if os.fork() == 0:
                server.close()
                os._exit(_become(wanted, files))
            for file in files:
                os.close(file)


def _become(wanted: Mapping[str, Any], files: list[int]) -> int:
    """Run the program in this process, with its own stdin, stdout and stderr; gives its status."""
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(wanted["environment"])
    os.chdir(wanted["folder"])
    os.write(0, f"{os.getpid()}\n".encode())
    status = _status(wanted["program"])
    for out in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            out.flush()
    with contextlib.suppress(OSError):
        os.write(0, f"{status}\n".encode())
    return status


def _status(program: str) -> int:
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - as an interpreter of its own would end
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
