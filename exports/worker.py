"""The process that writes one export: an order (JSON) on stdin, the file on stdout.

Started as a script with `python -I`; the server only passes on what comes out. The first line is
JSON: what is being read (`exports.order.About`), or {"trouble": SQLSTATE} and nothing more. The
status is 0 when the file is whole. It dies with its parent, and gives way to everybody else.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import resource
import signal
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from exports.order import About, Chunk, Order

_ROOT = str(Path(__file__).resolve().parent.parent)
_PR_SET_PDEATHSIG = 1
_MOST_MEMORY = 4 * 1024**3
_NICE = 5
_PIECE = 128 * 1024
FAILED = 3


def main() -> int:
    """Read the order, limit ourselves, write; gives the exit status."""
    if _ROOT not in sys.path:
        sys.path.insert(0, _ROOT)
    import orjson  # noqa: PLC0415  ours and others' only once the path is known

    from exports.order import Order  # noqa: PLC0415

    order = Order.of(orjson.loads(sys.stdin.buffer.read()))
    _limit(order.most_bytes)
    return run(order, sys.stdout.buffer)


def run(order: Order, out: BinaryIO) -> int:
    """Write an export; what the database refuses is the first line, and status 3."""
    import orjson  # noqa: PLC0415
    import psycopg  # noqa: PLC0415

    try:
        with opened(order) as (about, pieces):
            out.write(orjson.dumps(asdict(about)) + b"\n")
            out.flush()
            out.writelines(pieces)
            out.flush()
    except psycopg.Error as error:
        # before the first line it is an answer; after it the reader sees that the file breaks off
        out.write(orjson.dumps({"trouble": error.sqlstate or "08000"}) + b"\n")
        sys.stderr.write(f"{type(error).__name__} {error.sqlstate}\n")
        return FAILED
    return 0


@contextlib.contextmanager
def opened(order: Order) -> Iterator[tuple[About, Iterator[bytes]]]:
    """What is read, and the file's bytes, once it is sure that rows are coming."""
    from db.copy_out import snapshot  # noqa: PLC0415
    from exports.order import About, chunked  # noqa: PLC0415

    with snapshot(order.url, order.setup, order.seconds) as town:
        version, as_of, source, position, at = town.row(order.about)
        about = About(
            position=int(position),
            at=at.isoformat(),
            version=int(version or 0),
            as_of=None if as_of is None else as_of.isoformat(),
            source=source,
        )
        if order.head:
            yield about, iter(())
            return
        kinds = [column.kind for column in order.columns]
        shape = None if order.geometry is None else order.format.shape.value
        chunks = chunked(town.rows(order.copy, kinds, shape))
        # the first rows are waited for: a condition the database cannot work out is told in time
        first = list(itertools.islice(chunks, 1))
        pieces = _writer(order.suffix)(order, about, itertools.chain(first, chunks))
        yield about, _packed(pieces) if order.gzip else pieces


def _writer(
    suffix: str,
) -> Callable[[Order, About, Iterable[Chunk]], Iterator[bytes]]:
    """The function that writes a format; libraries are loaded for the format asked for only."""
    if suffix in ("geojson", "geojsonl", "csv"):
        from exports import text  # noqa: PLC0415

        return {"geojson": text.geojson, "geojsonl": text.geojsonl, "csv": text.csv_text}[suffix]
    if suffix == "xlsx":
        from exports.xlsx import xlsx  # noqa: PLC0415

        return xlsx
    if suffix == "parquet":
        from exports.parquet import parquet  # noqa: PLC0415

        return parquet
    from exports import gdal  # noqa: PLC0415

    return {"gpkg": gdal.gpkg, "fgb": gdal.fgb, "shp.zip": gdal.shapefile}[suffix]


def _packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(4, wbits=31)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _limit(most_bytes: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if most_bytes:
        # no file grows beyond it; pipes are not files
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
