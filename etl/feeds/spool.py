"""Readings between an answer and the database: on disk first, so that no kill loses any.

Each batch is a file of its own, written whole (temporary file, fsync, rename) before the database
is asked and deleted after it has committed. What is found at a start is brought again; the
database knows readings it has. Every line carries a checksum: a damaged file gives what is whole
of it and is put aside.
"""

import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from etl.feeds.parsed import Observation, Series

MOST_FILES = 5_000
"""Batches kept while the database is away: a month of one feed at ten minutes."""
_MOST_BAD = 20


@dataclass(frozen=True)
class Batch:
    """Readings of one answer; `received_at` is on the exercise's clock when `exercise`."""

    feed: str
    received_at: datetime
    exercise: bool
    observations: tuple[Observation, ...]


@dataclass(frozen=True)
class Found:
    """A file with what was whole in it; `damaged` lines were not."""

    path: Path
    batch: Batch | None
    damaged: int


class Spool:
    """A folder of batches, of one town."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def put(self, batch: Batch) -> Path | None:
        """Write a batch down; None where it cannot be (no folder, no space, too many waiting)."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sum(1 for _ in self._folder.glob("*.spool")) >= MOST_FILES:
                return None
            self._count += 1
            stamp = f"{batch.received_at:%Y%m%dT%H%M%S%f}-{os.getpid()}-{self._count:06d}"
            path = self._folder / f"{batch.feed}-{stamp}.spool"
            draft = path.with_suffix(".new")
            with draft.open("wb") as file:
                for line in _lines(batch):
                    file.write(b"%08x %b\n" % (zlib.crc32(line), line))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            return None
        return path

    def waiting(self) -> list[Path]:
        """Files not yet brought to the database, the oldest first."""
        try:
            return sorted(
                self._folder.glob("*.spool"), key=lambda path: path.name.split("-", 1)[1:]
            )
        except OSError:
            return []

    def read(self, path: Path) -> Found:
        """A file as far as it is whole."""
        try:
            lines = path.read_bytes().splitlines()
        except OSError:
            return Found(path, None, 1)
        whole = [line for line in map(_checked, lines) if line is not None]
        return _batch(path, whole, len(lines) - len(whole))

    def done(self, found: Found) -> None:
        """Forget a file that is in the database; a damaged one is kept aside for a while."""
        try:
            if found.damaged == 0:
                found.path.unlink(missing_ok=True)
                return
            found.path.replace(found.path.with_suffix(".bad"))
            for old in sorted(self._folder.glob("*.bad"))[:-_MOST_BAD]:
                old.unlink(missing_ok=True)
        except OSError:
            return


def _lines(batch: Batch) -> Iterator[bytes]:
    """One reading a line, each with all there is to know of it: no line needs another."""
    for one in batch.observations:
        yield orjson.dumps(
            [
                *(batch.feed, batch.received_at, batch.exercise),
                *(one.series.value, one.station, one.at, one.value, one.discharge_m3s),
                one.staff_m,
            ]
        )


def _checked(line: bytes) -> bytes | None:
    said, _, content = line.partition(b" ")
    return content if said == b"%08x" % zlib.crc32(content) else None


def _batch(path: Path, lines: Sequence[bytes], damaged: int) -> Found:
    if not lines:
        return Found(path, None, max(1, damaged))
    observations = []
    for line in lines:
        feed, received, exercise, series, station, at, value, discharge, *staff = orjson.loads(line)
        moment = datetime.fromisoformat(at)
        # a line of the version before has no staff
        observations.append(
            Observation(station, moment, value, discharge, Series(series), *staff[:1])
        )
    batch = Batch(feed, datetime.fromisoformat(received), exercise, tuple(observations))
    return Found(path, batch, damaged)
