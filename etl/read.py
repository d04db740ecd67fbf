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

from etl import osm, reader
from etl.encoding import dbf_encoding
from etl.formats import Format
from etl.unpack import Source
from layers.errors import RefusedError
from layers.text import Text

WKB = reader.WKB
FID = reader.FID
BATCH_ROWS = 20_000
_CHILD = Path(reader.__file__).resolve()


@dataclass(frozen=True)
class Limits:
    """What one reading may use: address space in bytes, processor and wall seconds."""

    memory_bytes: int = 6 * 1024**3
    cpu_seconds: int = 600
    wall_seconds: int = 900


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
    return tuple(str(name) for name, _kind in meta["layers"])


def read(
    source: Source,
    scratch: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    selection: Selection | None = None,
    limits: Limits = Limits(),
) -> Read:
    """Read one layer of a located file; RefusedError when there is no single layer to read."""
    if selection is None and source.format is Format.OSM_PBF and layer is not None:
        # named plainly, the driver would gather the other layers in memory until it gives up
        selection = Selection(f'SELECT * FROM "{layer}"')  # noqa: S608 - refused unless listed
        if layer not in layers_in(source, scratch, limits):
            raise _which_layer(source, layer, list(layers_in(source, scratch, limits)))
    asked = {
        "task": "read",
        "layer": layer if selection is None else None,
        "encoding": encoding,
        "sql": selection.sql if selection else None,
        "bbox": selection.bbox if selection else None,
    }
    meta = _run(source, scratch, limits, asked)
    stated, evidence = _encoding(source, encoding, meta)
    # a name of its own: a folder may hold several readings
    spool = scratch / f"{secrets.token_hex(6)}.arrow"
    (scratch / "table.arrow").rename(spool)
    starts, columns = _shape(spool)
    return Read(
        source=source,
        spool=spool,
        columns=columns,
        rows=starts[-1],
        starts=starts[:-1],
        crs=meta["crs"],
        encoding=stated,
        encoding_evidence=evidence,
        geometry_type=meta["geometry_type"],
        has_geometry=bool(meta["has_geometry"]),
        messages=tuple(str(line) for line in meta["messages"]),
        layer=layer or meta["layer"],
        network_isolated=bool(meta["isolated"]),
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


def _encoding(source: Source, asked: str | None, meta: dict[str, Any]) -> tuple[str | None, str]:
    """The encoding the text was read in, None when the file does not say, and the evidence."""
    if asked:
        return asked, "given with --encoding"
    if source.format in (Format.SHAPEFILE, Format.DBF):
        return dbf_encoding(source.opened)
    if source.format is Format.CSV:
        return meta["encoding"], str(meta["encoding_evidence"])
    return "UTF-8", f"{source.format.value} is always UTF-8"


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
        "OGR_GEOJSON_MAX_OBJ_SIZE": "500",
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
    order = {
        "layer": None,
        "encoding": None,
        "sql": None,
        "bbox": None,
        **asked,
        "path": str(source.opened),
        "folder": str(scratch),
        "driver": source.format.driver,
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": limits.cpu_seconds,
    }
    answer = scratch / "meta.json"
    answer.unlink(missing_ok=True)
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
        raise _refuse(source, "ใช้เวลาอ่านนานเกินไป", "reading it takes too long") from error
    if done.returncode not in (0, reader.REFUSED) or not answer.is_file():
        tail = done.stderr.decode("utf-8", errors="replace").strip().splitlines()[-1:]
        refusal = _refuse(
            source,
            "ไฟล์เสียหรือใหญ่เกินไป ตัวอ่านหยุดทำงาน",
            "it is damaged or too large: the reader stopped",
        )
        refusal.facts["reader"] = tail
        raise refusal
    meta: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if "trouble" in meta:
        raise _explain(source, str(meta["trouble"]), meta.get("facts"))
    return meta


def _explain(source: Source, word: str, facts: object) -> RefusedError:
    """The reader's machine word as a sentence about this file."""
    told = facts if isinstance(facts, dict) else {}
    if word == "choose":
        return _which_layer(source, told.get("wanted"), [str(n) for n in told.get("layers", [])])
    message = str(told.get("message", ""))[:300]
    if "codec can't decode" in message:
        word = "cut_names"
    sentence = _SENTENCES.get(word)
    if sentence is None:
        kind = source.format.value
        sentence = Text(
            th=f"อ่านเป็น {kind} ไม่ได้ ไฟล์เสียหรือไม่ครบ",
            en=f"it cannot be read as {kind}: damaged or incomplete ({_flat(message)})",
        )
    name = told.get("name", "")
    refusal = _refuse(source, sentence.th.format(name=name), sentence.en.format(name=name))
    refusal.facts["reader"] = message
    return refusal


def _which_layer(source: Source, wanted: object, names: list[str]) -> RefusedError:
    listed = ", ".join(names[:30])
    if wanted is not None:
        return _refuse(
            source,
            f"ไม่มีชั้นข้อมูล “{wanted}” ในไฟล์ มี: {listed}",
            f"it has no layer “{wanted}”; its layers are: {listed}",
        )
    if not names:
        return _refuse(source, "ไม่มีชั้นข้อมูลอยู่ข้างใน", "there is no layer inside it")
    return _refuse(
        source,
        f"มีหลายชั้นข้อมูล ({listed}) เลือกด้วย --layer-in-file",
        f"it holds several layers ({listed}); choose one with --layer-in-file",
    )


def _flat(message: str) -> str:
    """Without braces, which a sentence would take for a place to fill."""
    return message.replace("{", "(").replace("}", ")")


_SENTENCES = {
    "not_utf8": Text(
        th="ตัวอักษรในไฟล์ไม่ใช่ UTF-8 บอกรหัสตัวอักษรด้วย --encoding (ไฟล์ไทยเดิมมักเป็น cp874)",
        en="its text is not UTF-8; say its encoding with --encoding (older Thai files: cp874)",
    ),
    "encoding": Text(th="ไม่รู้จักรหัสตัวอักษร “{name}”", en="the encoding “{name}” is unknown"),
    "empty": Text(th="ไฟล์ว่างเปล่า ไม่มีข้อมูล", en="the file is empty"),
    "too_large": Text(th="ไฟล์ใหญ่เกินหน่วยความจำที่ให้ใช้", en="it needs more memory than allowed"),
    "drivers": Text(
        th="ตัวอ่านไฟล์ตั้งค่าไม่ปลอดภัย จึงไม่เปิดไฟล์ โปรดแจ้งผู้ดูแลระบบ",
        en="the file reader is not set up safely, so nothing was opened; tell the administrator",
    ),
    "cut_names": Text(
        th="ชื่อคอลัมน์ถูกตัดกลางตัวอักษรไทย (Shapefile เก็บชื่อได้ 10 ไบต์)"
        " ตั้งชื่อคอลัมน์ให้สั้นลง หรือบันทึกเป็น GeoPackage",
        en="a column's name is cut in the middle of a letter (a Shapefile's names hold 10 "
        "bytes); give the columns shorter names, or save it as GeoPackage",
    ),
}
"""Machine words of the reader -> sentences; any other word means a damaged file."""


def _refuse(source: Source, th: str, en: str) -> RefusedError:
    return RefusedError(
        Text(th=f"ไม่รับไฟล์ “{source.name}”: {th}", en=f"“{source.name}” is refused: {en}.")
    )
