"""Scratch folders of imports; what a killed import left behind goes when the next one starts."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "muang-import-"
_LOCK = "in-use"


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder of this import's own, gone at the end.

    While it is in use a file in it is locked. The system drops the lock of a process however it
    ends, so a folder whose lock is free belongs to nobody.
    """
    sweep()
    # made under another name: nobody may sweep it between its making and its locking
    made = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}"))
    handle = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        folder = made.rename(made.with_name(made.name.removeprefix("new-")))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def sweep() -> int:
    """Remove the folders of imports that were killed; gives how many there were."""
    gone = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            handle = os.open(folder / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
            finally:
                os.close(handle)
    return gone
