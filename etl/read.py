"""Reading a file in a child process: what comes back is an Arrow table and facts about the file."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from etl import reader
from etl.formats import Format
from etl.unpack import Source
from layers.errors import RefusedError
from layers.text import Text

WKB = reader.WKB
FID = reader.FID
_CHILD = Path(reader.__file__).resolve()


@dataclass(frozen=True)
class Limits:
    """What one reading may use: address space in bytes, processor and wall seconds."""

    memory_bytes: int = 6 * 1024**3
    cpu_seconds: int = 600
    wall_seconds: int = 900


@dataclass(frozen=True)
class Read:
    """One layer of one file as read, nothing changed yet.

    `table` has the file's attributes, WKB (any dimension) in `__wkb` when `has_geometry`, and the
    file's feature id in `__fid`. `crs` is what the file says (authority code or WKT) or None.
    """

    source: Source
    table: pa.Table
    crs: str | None
    encoding: str | None
    encoding_evidence: str
    geometry_type: str | None
    has_geometry: bool
    messages: tuple[str, ...] = ()
    layer: str | None = None
    network_isolated: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the file's attributes, without ours."""
        return tuple(name for name in self.table.column_names if name not in (WKB, FID))


def layers_in(source: Source, scratch: Path, limits: Limits = Limits()) -> tuple[str, ...]:
    """Names of the layers in a file."""
    meta = _run(source, scratch, limits, task="list", layer=None, encoding=None)
    return tuple(str(name) for name, _kind in meta["layers"])


def read(
    source: Source,
    scratch: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    limits: Limits = Limits(),
) -> Read:
    """Read one layer of a located file; RefusedError when there is no single layer to read."""
    chosen = _choose_layer(source, scratch, layer, limits)
    meta = _run(source, scratch, limits, task="read", layer=chosen, encoding=encoding)
    with pa.memory_map(str(scratch / "table.arrow")) as handle:
        # copied into memory: the scratch folder goes before the table does
        table = pa.ipc.open_file(handle).read_all()
        table = pa.Table.from_batches(
            [_copy(batch) for batch in table.to_batches()], schema=table.schema
        )
    return Read(
        source=source,
        table=table.replace_schema_metadata(None),
        crs=meta["crs"],
        encoding=meta["encoding"],
        encoding_evidence=str(meta.get("encoding_evidence", _encoding_evidence(source, encoding))),
        geometry_type=meta["geometry_type"],
        has_geometry=bool(meta["has_geometry"]),
        messages=tuple(str(line) for line in meta["messages"]),
        layer=chosen,
        network_isolated=bool(meta["isolated"]),
    )


def _copy(batch: pa.RecordBatch) -> pa.RecordBatch:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return pa.ipc.open_stream(sink.getvalue()).read_next_batch()


def _encoding_evidence(source: Source, asked: str | None) -> str:
    if asked:
        return "given"
    if source.format is Format.SHAPEFILE:
        return "the file's .cpg or language byte"
    return "the format is always UTF-8"


def _choose_layer(source: Source, scratch: Path, wanted: str | None, limits: Limits) -> str | None:
    if source.format is Format.CSV or (source.member and source.format is Format.SHAPEFILE):
        return None
    names = layers_in(source, scratch, limits)
    listed = ", ".join(names[:30])
    if wanted is not None:
        if wanted in names:
            return wanted
        raise _refuse(
            source,
            f"ไม่มีชั้นข้อมูล “{wanted}” ในไฟล์ มี: {listed}",
            f"it has no layer “{wanted}”; its layers are: {listed}",
        )
    if len(names) == 1:
        return names[0]
    if not names:
        raise _refuse(source, "ไม่มีชั้นข้อมูลอยู่ข้างใน", "there is no layer inside it")
    raise _refuse(
        source,
        f"มีหลายชั้นข้อมูล ({listed}) เลือกด้วย --layer-in-file",
        f"it holds several layers ({listed}); choose one with --layer-in-file",
    )


@cache
def _all_drivers() -> frozenset[str]:
    import pyogrio  # noqa: PLC0415  only asked for names; the parent opens no file with it

    return frozenset(pyogrio.list_drivers())


def environment(driver: str | None, scratch: Path) -> dict[str, str]:
    """The child's whole environment: one driver, no plug-ins, no network, nothing inherited."""
    skipped = sorted(_all_drivers() - {driver})
    return {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
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
    *,
    task: str,
    layer: str | None,
    encoding: str | None,
) -> dict[str, Any]:
    order = {
        "task": task,
        "path": str(source.opened),
        "folder": str(scratch),
        "driver": source.format.driver,
        "layer": layer,
        "encoding": encoding,
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
    told = facts if isinstance(facts, dict) else {}
    if word == "not_utf8":
        return _refuse(
            source,
            "ตัวอักษรในไฟล์ไม่ใช่ UTF-8 บอกรหัสตัวอักษรด้วย --encoding (ไฟล์ไทยเดิมมักเป็น cp874)",
            "its text is not UTF-8; say its encoding with --encoding (older Thai files: cp874)",
        )
    if word == "encoding":
        name = told.get("name")
        return _refuse(source, f"ไม่รู้จักรหัสตัวอักษร “{name}”", f"the encoding “{name}” is unknown")
    if word == "empty":
        return _refuse(source, "ไฟล์ว่างเปล่า ไม่มีข้อมูล", "the file is empty")
    if word == "too_large":
        return _refuse(source, "ไฟล์ใหญ่เกินหน่วยความจำ", "it needs more memory than allowed")
    if word == "drivers":
        return _refuse(
            source,
            "ตัวอ่านไฟล์ตั้งค่าไม่ปลอดภัย จึงไม่เปิดไฟล์ โปรดแจ้งผู้ดูแลระบบ",
            "the file reader is not set up safely, so nothing was opened; tell the administrator",
        )
    message = str(told.get("message", ""))[:300]
    refusal = _refuse(
        source,
        f"อ่านเป็น {source.format.value} ไม่ได้ ไฟล์เสียหรือไม่ครบ",
        f"it cannot be read as {source.format.value}: damaged or incomplete ({message})",
    )
    refusal.facts["reader"] = message
    return refusal


def _refuse(source: Source, th: str, en: str) -> RefusedError:
    return RefusedError(
        Text(th=f"ไม่รับไฟล์ “{source.name}”: {th}", en=f"“{source.name}” is refused: {en}.")
    )
