"""Exports at work: each is written by a process of its own, and the server passes on its bytes.

The processes are forks of one that has the libraries loaded (`exports.starter`): to start Python
and load GDAL for each file takes longer than to write most of them.

So the server's memory stays as it is, tiles are not held up, and a client that leaves takes its
export, its statement and its file along.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO

import orjson
import psycopg

from exports import starter, worker
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
_STARTER = str(Path(starter.__file__).resolve())


class BrokenOffError(Exception):
    """An export ended before its file was whole; what was sent is cut, so that nobody trusts it."""


class ExportDesk:
    """Places for exports, in all and by caller."""

    def __init__(self) -> None:
        self._busy: Counter[str] = Counter()
        self._running: set[Running] = set()
        self._starter: _Starter | None = None

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
            made = await self._start(order, errors)
            self._running.add(made)
            try:
                await made.begin(order)
                yield made
            finally:
                self._running.discard(made)
                await made.stop()

    async def _start(self, order: Order, errors: IO[bytes]) -> "Running":
        """A process that waits for its order; a second try where what it starts from is gone."""
        for _ in range(2):
            if self._starter is None:
                self._starter = _Starter()
            try:
                return await self._starter.start(order, errors)
            except (OSError, EOFError) as error:
                log.warning("exports begin anew: %r", error)
                self._starter.close()
                self._starter = None
        raise _not_written()

    def close(self) -> None:
        """End every export: the server is stopping."""
        for each in self._running:
            each.kill()
        if self._starter is not None:
            self._starter.close()
            self._starter = None


class _Starter:
    """The process every export is a fork of (`exports.starter`)."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", _STARTER],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=_environment(),
                cwd="/",
            )

    async def start(self, order: Order, errors: IO[bytes]) -> "Running":
        """A process that waits for its order; OSError or EOFError when none comes."""
        wanted = {
            "program": _WORKER,
            "suffix": order.suffix,
            "folder": order.folder,
            "environment": {"TMPDIR": order.folder, "CPL_TMPDIR": order.folder},
        }
        leash, its_leash = socket.socketpair()
        out, its_out = socket.socketpair()
        with its_leash, its_out:
            files = [its_leash.fileno(), its_out.fileno(), errors.fileno()]
            try:
                socket.send_fds(self._socket, [orjson.dumps(wanted)], files)
            except OSError:
                leash.close()
                out.close()
                raise
        made = Running(
            await asyncio.open_connection(sock=leash),
            await asyncio.open_connection(sock=out, limit=1024 * 1024),
            errors,
        )
        try:
            await made.born()
        except BaseException:
            made.drop()
            raise
        return made

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Running:
    """One export at work: what it reads, and its bytes as they come.

    The `leash` brings its number and its status and takes its order; the other line is its stdout.
    """

    def __init__(self, leash: Line, out: Line, errors: IO[bytes]) -> None:
        self.about = About(0, "", 0, None, None)
        self._said, self._order = leash
        self._out, self._unused = out
        self._errors = errors
        self._process: int | None = None

    async def born(self) -> None:
        """Hear its number; EOFError when there is nobody."""
        number = await self._said.readline()
        if not number:
            raise EOFError("no process")
        # it waits for its order: the number is still its own
        self._process = os.pidfd_open(int(number))

    async def begin(self, order: Order) -> None:
        """Give it the order and hear what it reads; raises what the database refused."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._order.write(orjson.dumps(order.told()))
            self._order.write_eof()
            await self._order.drain()
        told = await self._out.readline()
        if not told:
            log.error("export did not begin: %s", _tail(self._errors))
            raise _not_written()
        facts = orjson.loads(told)
        if "trouble" in facts:
            raise _trouble(facts["trouble"])
        self.about = About(**facts)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file; BrokenOffError when it ends before it is whole."""
        while piece := await self._out.read(_PIECE):
            yield piece
        if await self._status() != 0:
            log.error("export broke off: %s", _tail(self._errors))
            raise BrokenOffError

    async def _status(self) -> int | None:
        """The status it ended with; None when it was killed."""
        try:
            said = await self._said.readline()
        except OSError:
            return None
        return int(said) if said else None

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process is None

    def kill(self) -> None:
        """End it at once; its statement ends when the database looks for its client."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, signal.SIGKILL)

    async def stop(self) -> None:
        """End it if it is still at work, and wait until it is gone."""
        self.kill()
        # whoever was cancelled must leave no process behind
        await asyncio.shield(self._gone())
        self.drop()

    async def _gone(self) -> None:
        with contextlib.suppress(OSError):
            await self._said.read()

    def drop(self) -> None:
        """Close every line to it; one that has no order yet ends of itself."""
        self._order.close()
        self._unused.close()
        if self._process is not None:
            os.close(self._process)
            self._process = None


def _environment() -> dict[str, str]:
    """What the process gets: nothing of ours but how to reach the database."""
    ours = {name: told for name, told in os.environ.items() if name.startswith("PG")}
    return ours | {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "HOME": os.environ.get("HOME", "/"),
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
