"""Exports at work: each is written by a process of its own, and the server passes on its bytes.

So the server's memory stays as it is, tiles are not held up, and a client that leaves takes its
export, its statement and its file along.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO

import orjson
import psycopg

from exports import worker
from exports.order import About, Order
from layers.errors import MuangError, TooManyRequestsError, UnavailableError
from layers.text import Text

log = logging.getLogger("muang.exports")

MOST = 4
"""Exports at once in all; each is a process and a connection."""
MOST_OF_ONE = 2
"""Exports at once of one caller."""
SECONDS = 1800
"""How long one may read: its snapshot keeps the database from tidying up."""
MOST_BYTES = 4 * 1024**3
"""Bytes a file may have that is written whole before it is sent."""
_ROOM_BYTES = 1024**3
"""Bytes that must be free on the disk for another one to begin."""
_AGAIN_S = 5
_PIECE = 128 * 1024
_PREFIX = "muang-export-"
_WORKER = str(Path(worker.__file__).resolve())


class BrokenOffError(Exception):
    """An export ended before its file was whole; what was sent is cut, so that nobody trusts it."""


class ExportDesk:
    """Places for exports, in all and by caller."""

    def __init__(self) -> None:
        self._busy: Counter[str] = Counter()
        self._running: set[Running] = set()

    @contextlib.contextmanager
    def place(self, subject: str) -> Iterator[None]:
        """A place for one export; TooManyRequestsError or UnavailableError when none is free."""
        if self._busy[subject] >= MOST_OF_ONE:
            raise TooManyRequestsError(
                Text(
                    th=f"กำลังดาวน์โหลดอยู่ {MOST_OF_ONE} ไฟล์แล้ว รอให้เสร็จก่อนแล้วลองใหม่",
                    en=f"{MOST_OF_ONE} of your downloads are under way. Wait for one to end.",
                ),
                seconds=_AGAIN_S,
            )
        if self._busy.total() >= MOST:
            raise UnavailableError(
                Text(
                    th="ขณะนี้มีผู้ดาวน์โหลดพร้อมกันมาก ลองใหม่ในอีกสักครู่",
                    en="Too many downloads are under way. Try again in a moment.",
                ),
                seconds=_AGAIN_S,
            )
        self._busy[subject] += 1
        try:
            yield
        finally:
            self._busy[subject] -= 1
            if not self._busy[subject]:
                del self._busy[subject]

    @contextlib.contextmanager
    def folder(self) -> Iterator[str]:
        """A private folder of the export's own, gone afterwards with all that is in it."""
        made = tempfile.mkdtemp(prefix=_PREFIX)
        try:
            if shutil.disk_usage(made).free < _ROOM_BYTES:
                log.error("too little room on the disk for an export")
                raise _not_written()
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def running(self, order: Order) -> AsyncIterator["Running"]:
        """The export at work, its first line read; stopped when the block is left."""
        with tempfile.TemporaryFile() as errors:
            made = await _started(order, errors)
            self._running.add(made)
            try:
                await made.begin(order)
                yield made
            finally:
                self._running.discard(made)
                await made.stop()

    def close(self) -> None:
        """End every export: the server is stopping."""
        for each in self._running:
            each.kill()


class Running:
    """One export at work: what it reads, and its bytes as they come."""

    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes]) -> None:
        self.about = _NOTHING
        self._process = process
        self._errors = errors

    async def begin(self, order: Order) -> None:
        """Give it the order and hear what it reads; raises what the database refused."""
        if self._process.stdin is None:
            raise RuntimeError("the process has no stdin")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(orjson.dumps(order.told()))
            await self._process.stdin.drain()
        self._process.stdin.close()
        told = await _out(self._process).readline()
        if not told:
            await self._process.wait()
            log.error("export did not begin: %s", _tail(self._errors))
            raise _not_written()
        facts = orjson.loads(told)
        if "trouble" in facts:
            raise _trouble(facts["trouble"])
        self.about = About(**facts)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file; BrokenOffError when it ends before it is whole."""
        while piece := await _out(self._process).read(_PIECE):
            yield piece
        if await self._process.wait() != 0:
            log.error("export broke off: %s", _tail(self._errors))
            raise BrokenOffError

    def kill(self) -> None:
        """End it at once; its statement ends when the database looks for its client."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """End it if it is still at work, and wait until it is gone."""
        if self._process.returncode is None:
            self.kill()
            # whoever was cancelled must leave no process behind
            await asyncio.shield(self._process.wait())


async def _started(order: Order, errors: IO[bytes]) -> Running:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        _WORKER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
        env=_environment(order.folder),
        cwd=order.folder,
        limit=1024 * 1024,
    )
    return Running(process, errors)


_NOTHING = About(0, "", 0, None, None)


def _out(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise RuntimeError("the process has no stdout")
    return process.stdout


def _environment(folder: str) -> dict[str, str]:
    """What the process gets: nothing of ours but how to reach the database."""
    ours = {name: told for name, told in os.environ.items() if name.startswith("PG")}
    return ours | {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "HOME": os.environ.get("HOME", folder),
        "TMPDIR": folder,
        "CPL_TMPDIR": folder,
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_CACHEMAX": "64",
        "GDAL_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PROJ_NETWORK": "OFF",
    }


def _trouble(sqlstate: str) -> Exception:
    """What the database refused, as the driver would have raised it here."""
    try:
        return psycopg.errors.lookup(sqlstate)()
    except KeyError:
        return psycopg.OperationalError() if sqlstate.startswith("08") else _not_written()


def _not_written() -> MuangError:
    return UnavailableError(
        Text(
            th="เขียนไฟล์ไม่ได้ในขณะนี้ ลองใหม่อีกครั้ง หากยังไม่ได้โปรดแจ้งผู้ดูแลระบบ",
            en="The file cannot be written at the moment. Try again; if it still fails, tell the "
            "people who look after the system.",
        )
    )


def _tail(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else "it said nothing"
