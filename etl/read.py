"""Reading a file in a child process: what comes back is an Arrow table and facts about the file."""

import json
import os
import secrets
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from etl import osm, read_words, reader
from etl.formats import Format
from etl.steps import Finding
from etl.unpack import NO_NAME, Source
from layers.errors import RefusedError

WKB = reader.WKB
FID = reader.FID
BATCH_ROWS = 20_000
_CHILD = Path(reader.__file__).resolve()
_ANSWER_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Limits:
    """What one reading may use: address space and written files in bytes, seconds of both kinds."""

    memory_bytes: int = 6 * 1024**3
    cpu_seconds: int = 600
    wall_seconds: int = 900
    file_bytes: int = 16 * 1024**3


@dataclass(frozen=True)
class Selection:
    """A part of a file: OGR SQL of ours, and a box in the CRS of the file."""

    sql: str
    bbox: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Read:
    """One layer of one file as read, nothing changed yet.

    The rows lie in `spool`, an Arrow file in the scratch folder, as long as that folder is there:
    `batches` reads them a few at a time, `table` all at once. They have the file's attributes,
    WKB (any dimension) in `__wkb` when `has_geometry`, and the file's feature id in `__fid`.
    `starts` are the numbers (from 0) of the first row of each of its record batches. `crs` is what
    the file says (authority code or WKT) or None. `turn` adds columns to each batch.
    `encoding_confidence` is from 0 to 1; `findings` are what to tell of the reading itself.
    """

    source: Source
    spool: Path
    columns: tuple[str, ...]
    rows: int
    starts: tuple[int, ...]
    crs: str | None
    encoding: str | None
    encoding_evidence: str
    geometry_type: str | None
    has_geometry: bool
    messages: tuple[str, ...] = ()
    layer: str | None = None
    network_isolated: bool = False
    encoding_confidence: float = 1.0
    findings: tuple[Finding, ...] = ()

    turn: Callable[[pa.Table], pa.Table] | None = None

    def batches(self, size: int = BATCH_ROWS, start: int = 0) -> Iterator[tuple[int, pa.Table]]:
        """Rows from `start` (from 0) on, at most `size` at a time, each with its first's number."""
        first = max(bisect_right(self.starts, start) - 1, 0)
        # not mapped: pages of a mapped file would count as memory of ours
        with pa.OSFile(str(self.spool), "rb") as handle:
            reader = pa.ipc.open_file(handle)
            for number, at in list(enumerate(self.starts))[first:]:
                batch = reader.get_batch(number)
                for inside in range(max(start - at, 0), batch.num_rows, size):
                    piece = pa.Table.from_batches([batch.slice(inside, size)])
                    yield at + inside, self._turned(piece.replace_schema_metadata(None))

    @property
    def table(self) -> pa.Table:
        """Every row, in memory."""
        with pa.OSFile(str(self.spool), "rb") as handle:
            whole = pa.ipc.open_file(handle).read_all()
        return self._turned(whole.replace_schema_metadata(None))

    def _turned(self, table: pa.Table) -> pa.Table:
        return table if self.turn is None else self.turn(table)


def layers_in(source: Source, scratch: Path, limits: Limits = Limits()) -> tuple[str, ...]:
    """Names of the layers in a file."""
    meta = _run(source, scratch, limits, {"task": "list"})
    return tuple(_said(source, str(name)) for name in meta["layers"])


def read(
    source: Source,
    scratch: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    selection: Selection | None = None,
    limits: Limits = Limits(),
    strict: bool = True,
) -> Read:
    """Read one layer of a located file; RefusedError when there is no single layer to read.

    Text that cannot be in the encoding it would be read in is refused, unless it is said with
    `encoding`, or not `strict` (for looking only).
    """
    wanted = None if layer is None else _meant(source, layer)
    if selection is None and source.format is Format.OSM_PBF and layer is not None:
        # named plainly, the driver would gather the other layers in memory until it gives up
        selection = Selection(f'SELECT * FROM "{layer}"')  # noqa: S608 - refused unless listed
        names = layers_in(source, scratch, limits)
        if layer not in names:
            raise read_words.which_layer(source, layer, list(names))
    asked = {
        "task": "read",
        "layer": wanted if selection is None else None,
        "encoding": encoding,
        "sql": selection.sql if selection else None,
        "bbox": selection.bbox if selection else None,
        "strict": strict,
    }
    return _table(source, scratch, _run(source, scratch, limits, asked), layer)


def first(
    source: Source,
    scratch: Path,
    *,
    encoding: str | None = None,
    limits: Limits = Limits(),
    strict: bool = True,
) -> tuple[tuple[str, ...], Read | None]:
    """The file's layers and, when it has just one, what is in it; in one child process."""
    asked = {"task": "first", "encoding": encoding, "strict": strict}
    meta = _run(source, scratch, limits, asked)
    names = tuple(_said(source, str(name)) for name in meta["layers"] or [])
    if "rows" in meta:
        return names, _table(source, scratch, meta, None)
    if not names:
        raise read_words.which_layer(source, None, [])
    return names, None


def _table(source: Source, scratch: Path, meta: dict[str, Any], layer: str | None) -> Read:
    # a name of its own: a folder may hold several readings
    spool = scratch / f"{secrets.token_hex(6)}.arrow"
    try:
        (scratch / "table.arrow").rename(spool)
        starts, columns = _shape(spool)
    except (pa.ArrowException, OSError) as error:
        raise read_words.explain(source, "damaged", {"message": str(error)}) from error
    if starts[-1] != meta["rows"]:
        facts = {"promised": meta["rows"], "there": starts[-1]}
        raise read_words.explain(source, "partial", facts)
    named = meta["layer"]
    return Read(
        source=source,
        spool=spool,
        columns=columns,
        rows=starts[-1],
        starts=starts[:-1],
        crs=meta["crs"],
        encoding=meta["encoding"],
        encoding_evidence=str(meta["encoding_evidence"]),
        encoding_confidence=float(meta["encoding_confidence"]),
        geometry_type=meta["geometry_type"],
        has_geometry=bool(meta["has_geometry"]),
        messages=tuple(str(line) for line in meta["messages"]),
        layer=layer or (None if named is None else _said(source, str(named))),
        network_isolated=bool(meta["walls"]["network"] or meta["walls"]["calls"]),
        findings=read_words.findings(meta),
    )


def _shape(spool: Path) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Where each record batch of an Arrow file starts, and the end; its columns without ours."""
    starts = [0]
    with pa.OSFile(str(spool), "rb") as handle:
        reader = pa.ipc.open_file(handle)
        for number in range(reader.num_record_batches):
            starts.append(starts[-1] + reader.get_batch(number).num_rows)
        return tuple(starts), attributes(reader.schema.names)


def attributes(names: Iterable[str]) -> tuple[str, ...]:
    """The file's own columns, without ours."""
    return tuple(name for name in names if name not in (WKB, FID))


def _said(source: Source, name: str) -> str:
    return source.plain_name if name == NO_NAME else name


def _meant(source: Source, name: str) -> str:
    return NO_NAME if name == source.plain_name and source.format in _UNNAMED else name


_UNNAMED = (Format.SHAPEFILE, Format.DBF, Format.GEOJSON, Format.GEOJSONSEQ, Format.CSV)


def drivers_left(kind: Format, scratch: Path) -> tuple[str, ...]:
    """The GDAL drivers that the child has for a format, as it says itself."""
    source = Source(scratch, scratch / "none", "none", "", 0, kind)
    return tuple(_run(source, scratch, Limits(), {"task": "drivers"})["drivers"])


@cache
def _all_drivers() -> frozenset[str]:
    import pyogrio  # noqa: PLC0415  only asked for names; the parent opens no file with it

    return frozenset(pyogrio.list_drivers())


def environment(driver: str | None, scratch: Path) -> dict[str, str]:
    """The child's whole environment: one driver, no plug-ins, no network, nothing inherited."""
    return isolated(_all_drivers() - {driver}, scratch)


def isolated(without: Iterable[str], scratch: Path) -> dict[str, str]:
    """An environment in which GDAL lacks these drivers, and plug-ins and network in any case."""
    skipped = sorted(without)
    return {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "CPL_TMPDIR": str(scratch),
        "SQLITE_TMPDIR": str(scratch),
        "OSM_CONFIG_FILE": str(osm.CONFIG),
        # a comma-separated list may hold names with spaces
        "GDAL_SKIP": ",".join(skipped) + ",",
        "OGR_SKIP": ",".join(skipped) + ",",
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_PYTHON_DRIVER_PATH": str(scratch),
        "GDAL_VRT_ENABLE_PYTHON": "NO",
        "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE",
        "GDAL_HTTP_PROXY": "http://127.0.0.1:9",
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_HTTP_MAX_RETRY": "0",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
        "CPL_DEBUG": "OFF",
        "GML_SKIP_RESOLVE_ELEMS": "ALL",
        "GML_DOWNLOAD_SCHEMA": "NO",
        "OGR_GEOJSON_MAX_OBJ_SIZE": "500",
        # text stays the text it is: GDAL would make 05:00:00 of 05:00
        "OGR_GEOJSON_DATE_AS_STRING": "YES",
        "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
        "OGR_SQLITE_LOAD_EXTENSIONS": "",
        "PROJ_NETWORK": "OFF",
        "OMP_NUM_THREADS": "1",
    }


def _run(
    source: Source,
    scratch: Path,
    limits: Limits,
    asked: dict[str, Any],
) -> dict[str, Any]:
    if source.format is Format.GEOTIFF:
        raise read_words.explain(source, "raster", {})
    order = {
        "layer": None,
        "encoding": None,
        "sql": None,
        "bbox": None,
        "strict": True,
        **asked,
        "path": str(source.opened),
        "folder": str(scratch),
        "parent": os.getpid(),
        "format": source.format.name,
        "kind": source.format.value,
        "driver": source.format.driver,
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": limits.cpu_seconds,
        "file_bytes": limits.file_bytes,
    }
    answer = scratch / "meta.json"
    answer.unlink(missing_ok=True)
    (scratch / "table.arrow").unlink(missing_ok=True)
    try:
        done = subprocess.run(  # noqa: S603  our own program, an argument list, no shell
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps(order).encode(),
            env=environment(source.format.driver, scratch),
            cwd=scratch,
            capture_output=True,
            timeout=limits.wall_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise read_words.explain(source, "too_long", {}) from error
    meta = _answer(answer) if done.returncode in (0, reader.REFUSED) else None
    if meta is None:
        refusal = read_words.explain(source, "stopped", {})
        tail = done.stderr[-4000:].decode("utf-8", errors="replace").strip().splitlines()[-1:]
        refusal.facts["reader"] = tail
        refusal.facts["status"] = done.returncode
        raise refusal
    if "trouble" in meta:
        facts = meta.get("facts")
        raise read_words.explain(
            source, str(meta["trouble"]), facts if isinstance(facts, dict) else {}
        )
    return meta


def _answer(path: Path) -> dict[str, Any] | None:
    """What the child wrote, None when it is not what a child writes."""
    try:
        if path.stat().st_size > _ANSWER_BYTES:
            return None
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def refused_as(error: RefusedError) -> str:
    """The reader's machine word for a refusal, for counting; empty when it had none."""
    return str(error.facts.get("word", ""))
