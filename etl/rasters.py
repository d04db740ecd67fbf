"""Elevation and depth files: checked and rewritten by a child process, registered, or refused.

What is served later is only ever the file made here: one float32 band in the town's CRS, as a
cloud-optimised GeoTIFF whose name holds its content's hash, in the town's folder of rasters.
"""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from psycopg import Connection

from db.boundary import boundary_wkb
from db.datasets import Dataset, SourceFile, begin, finish
from db.rasters import RasterFile, register, versions
from db.towns import get_town
from etl import crs, raster_reader
from etl.crs import TownArea
from etl.datum import Operation, pin
from etl.order import Tell, silent
from etl.raster_report import CellRefusals, RasterReport
from etl.read import isolated
from etl.report import told as told_of
from etl.steps import Finding
from etl.unpack import checksum
from layers.errors import RefusedError
from layers.rasters import ELEVATION, Raster, RasterKind
from layers.text import Text

LoaderConnection = Connection[tuple[object, ...]]

_CHILD = Path(raster_reader.__file__).resolve()
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BESIDE = (".aux.xml", ".ovr", ".msk", ".AUX.XML", ".OVR", ".MSK")
_OVERVIEWS = {RasterKind.ELEVATION: "average", RasterKind.DEPTH: "nearest"}
_TRUST = 0.1
"""Share of implausible cells above which the whole file is taken for something else."""


@dataclass(frozen=True)
class RasterLimits:
    """What one raster may be: bytes of the file, pixels of it and of one of its blocks.

    The rest bounds the child: address space in bytes, processor and wall time in seconds.
    """

    file_bytes: int = 4 * 1024**3
    max_pixels: int = 100_000_000
    max_block_pixels: int = 16_777_216
    memory_bytes: int = 6 * 1024**3
    cpu_seconds: int = 600
    wall_seconds: int = 900


@dataclass(frozen=True)
class RasterOrder:
    """One import of a raster: the file, by whom, and what is said about it.

    `folder` is the town's folder of rasters; `datum` what heights are counted from, such as
    `MSL (Ko Lak)`, when the file does not say or says it wrong; `error_m` the standard error of a
    height, `surface` whether heights are of the ground (dtm) or of roofs and trees (dsm).
    """

    raster: Raster
    file: Path
    actor: str
    folder: Path
    crs: str | None = None
    datum_operation: str | None = None
    datum: str | None = None
    error_m: float | None = None
    surface: Literal["dtm", "dsm"] | None = None
    source: str | None = None
    licence: str | None = None
    synthetic: bool = False
    dry_run: bool = False
    limits: RasterLimits = field(default_factory=RasterLimits)


def import_raster(conn: LoaderConnection, order: RasterOrder, tell: Tell = silent) -> RasterReport:
    """Check, convert and register a raster; the file before stays until nothing names it.

    RefusedError says why a file cannot be used; then neither register nor folder has changed.
    `dry_run` does all of it and keeps nothing.
    """
    started = time.monotonic()
    spec = get_town(conn)
    town = TownArea(spec.srid, _boundary(conn))
    conn.commit()
    digest, size = _look(order)
    order.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=order.folder) as name:
        scratch = Path(name)
        # alone in a folder of ours: nothing beside the file can have a say in what it holds
        tell("read", 0, None)
        alone = _alone(order, scratch)
        told = _child(order, scratch, alone, "check")
        choice, operation = _place(order, told, town)
        tell("convert", 0, None)
        made = _child(
            order,
            scratch,
            alone,
            "convert",
            pipeline=operation.definition if operation.transformer else None,
            srid=spec.srid,
        )
        report = _report(order, town=spec.id, told=told, made=made).model_copy(
            update={
                "file": order.file.name,
                "sha256": digest,
                "bytes": size,
                "crs": choice.name,
                "crs_evidence": choice.evidence,
                "operation": operation.name,
                "operation_codes": operation.codes,
                "operation_accuracy_m": operation.accuracy_m,
            }
        )
        if order.dry_run:
            return report.model_copy(update={"seconds": _since(started)})
        raster = _raster_file(order, made, report, spec.srid)
        with _one_at_a_time(order.folder):
            _publish(scratch / "made.tif", order.folder / raster.file)
            with conn.transaction():
                dataset_id = begin(conn, _dataset(order, digest, size), "replace")
                register(
                    conn,
                    raster,
                    source=order.source or order.file.name,
                    synthetic=order.synthetic,
                    dataset_id=dataset_id,
                )
                more = {"dataset_id": dataset_id, "stored": raster.file}
                report = report.model_copy(update={**more, "seconds": _since(started)})
                finish(conn, dataset_id, report.model_dump(mode="json"))
            _sweep(conn, order.folder)
    return report


def sweep(conn: LoaderConnection, folder: Path) -> list[str]:
    """Remove the made rasters of a town's folder that no row of its register names any more."""
    if not folder.is_dir():
        return []
    with _one_at_a_time(folder):
        return _sweep(conn, folder)


def _sweep(conn: LoaderConnection, folder: Path) -> list[str]:
    named = {version.file for version in versions(conn)}
    conn.commit()
    gone = []
    for path in sorted(folder.glob("*-" + "[0-9a-f]" * 32 + ".tif")):
        if path.name not in named:
            path.unlink(missing_ok=True)
            gone.append(path.name)
    return gone


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder: a file just published and not yet registered must not be swept away."""
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def facts(path: Path, scratch: Path) -> dict[str, Any]:
    """What a GeoTIFF says of itself, for a look: size, CRS (WKT), bounds, datum; RefusedError."""
    order = RasterOrder(ELEVATION, path, "look", scratch)
    _look(order)
    return _child(order, scratch, _alone(order, scratch), "check")


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)


def _boundary(conn: LoaderConnection) -> shapely.Geometry | None:
    blob = boundary_wkb(conn)
    return None if blob is None else shapely.from_wkb(blob)


def _look(order: RasterOrder) -> tuple[str, int]:
    """SHA-256 and size of the file, once its name, its first bytes and its neighbours are right."""
    path = order.file
    text = str(path)
    if "/vsi" in text.replace("\\", "/") or "://" in text or text[:6].lower().startswith("http:/"):
        raise _refuse(
            order,
            "อ่านเฉพาะไฟล์ในเครื่องนี้ ไม่อ่านที่อยู่เครือข่ายหรือเส้นทางเสมือน",
            "only files on this machine are read, no network addresses and no virtual paths",
        )
    if not path.is_file():
        raise _refuse(order, "ไม่พบไฟล์ หรือไม่ใช่ไฟล์ธรรมดา", "there is no such regular file")
    with path.open("rb") as handle:
        start = handle.read(4)
    if start not in _MAGIC:
        raise _refuse(
            order,
            "ไม่ใช่ GeoTIFF รับเฉพาะไฟล์ GeoTIFF (.tif) ไฟล์เดียว",
            "it is not a GeoTIFF; only a single GeoTIFF file (.tif) is taken",
        )
    if path.stat().st_size > order.limits.file_bytes:
        raise _refuse(order, "ไฟล์ใหญ่เกินไป", "the file is too large")
    beside = [path.name + ending for ending in _BESIDE if Path(text + ending).exists()]
    if beside:
        listed = ", ".join(beside)
        raise _refuse(
            order,
            f"มีไฟล์ประกอบอยู่ข้าง ๆ ({listed}) ซึ่งเปลี่ยนความหมายของไฟล์ได้ "
            "บันทึกเป็น GeoTIFF ไฟล์เดียว หรือย้ายไฟล์ประกอบออก",
            f"there are files beside it that can change what it means ({listed}); "
            "save it as one single GeoTIFF, or move those away",
        )
    return checksum(path.resolve())


def _alone(order: RasterOrder, scratch: Path) -> Path:
    """The file under a name of ours in our folder: a link, or a copy from another disk."""
    alone = scratch / "given.tif"
    try:
        os.link(order.file.resolve(), alone)
    except OSError:
        with order.file.open("rb") as source, alone.open("wb") as sink:
            while chunk := source.read(1 << 20):
                sink.write(chunk)
    return alone


@cache
def _drivers() -> frozenset[str]:
    """Names of every driver of rasterio's GDAL; asked in a child, so that none is loaded here."""
    done = subprocess.run(  # noqa: S603  our own words, an argument list, no shell
        [
            *(sys.executable, "-I", "-c"),
            "import rasterio\nwith rasterio.Env() as env: print('\\n'.join(env.drivers()))",
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return frozenset(done.stdout.decode().split("\n")) - {""}


def environment(scratch: Path) -> dict[str, str]:
    """The child's whole environment: three drivers, no plug-ins, no network, nothing inherited."""
    return isolated(_drivers() - set(raster_reader.DRIVERS), scratch) | {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_CACHEMAX": "128",
        "GDAL_NUM_THREADS": "1",
        "GTIFF_HONOUR_NEGATIVE_SCALEY": "YES",
    }


def _child(
    order: RasterOrder, scratch: Path, path: Path, task: str, **more: object
) -> dict[str, Any]:
    """What the child says of the file; RefusedError with its reason."""
    limits = order.limits
    asked = {
        "task": task,
        "path": str(path),
        "folder": str(scratch),
        "minimum": order.raster.minimum,
        "maximum": order.raster.maximum,
        "overviews": _OVERVIEWS[order.raster.kind],
        "max_pixels": limits.max_pixels,
        "max_block_pixels": limits.max_block_pixels,
        "memory_bytes": limits.memory_bytes,
        "file_bytes": limits.file_bytes,
        "cpu_seconds": limits.cpu_seconds,
        **more,
    }
    answer = scratch / "meta.json"
    answer.unlink(missing_ok=True)
    try:
        done = subprocess.run(  # noqa: S603  our own program, an argument list, no shell
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps(asked).encode(),
            env=environment(scratch),
            cwd=scratch,
            capture_output=True,
            timeout=limits.wall_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _refuse(order, "ใช้เวลาอ่านนานเกินไป", "reading it takes too long") from error
    if done.returncode not in (0, raster_reader.REFUSED) or not answer.is_file():
        refusal = _refuse(
            order,
            "ไฟล์เสียหรือใหญ่เกินไป ตัวอ่านหยุดทำงาน",
            "it is damaged or too large: the reader stopped",
        )
        refusal.facts["reader"] = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise refusal
    meta: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if "trouble" in meta:
        raise _explain(order, str(meta["trouble"]), dict(meta.get("facts") or {}))
    return meta


def _place(
    order: RasterOrder, told: dict[str, Any], town: TownArea
) -> tuple[crs.Choice, Operation]:
    """Which CRS the file is in and the one operation into the town's; refused when it is far."""
    name = order.file.name
    box = np.asarray([shapely.box(*told["bounds"])], dtype=object)
    choice = crs.choose(told["crs"], crs.sample(box), order.crs, town, name)
    operation = pin(choice.crs, town, order.datum_operation, name)
    crs.check_place(box, operation.apply(box), choice.crs, town, name)
    return choice, operation


def _report(
    order: RasterOrder, *, town: str, told: dict[str, Any], made: dict[str, Any]
) -> RasterReport:
    refusals = tuple(
        CellRefusals(reason=reason, count=int(made[word]))
        for word, reason in _implausible(order.raster).items()
        if made[word]
    )
    refused = sum(group.count for group in refusals)
    if refused > _TRUST * made["read"]:
        said = "; ".join(f"{group.count:,} × {group.reason.en}" for group in refusals)
        said_th = "; ".join(f"{group.count:,} × {group.reason.th}" for group in refusals)
        raise _refuse(
            order,
            f"ค่าเกินหนึ่งในสิบเป็นไปไม่ได้สำหรับ{order.raster.title.th} ({said_th}) "
            "ตรวจหน่วย (เมตร) และค่า nodata",
            f"more than a tenth of its values cannot be {order.raster.title.en.lower()} ({said}); "
            "check its unit (metres) and its nodata value",
        )
    datum = order.datum or told["datum"]
    return RasterReport(
        raster=order.raster.id,
        town=town,
        dry_run=order.dry_run,
        source=order.source or order.file.name,
        file=order.file.name,
        columns=told["columns"],
        rows=told["rows"],
        dtype=told["dtype"],
        nodata=told["nodata"],
        datum=datum,
        made_columns=made["made_columns"],
        made_rows=made["made_rows"],
        cell_m=made["cell_m"],
        minimum=made["minimum"],
        maximum=made["maximum"],
        bounds=tuple(made["lonlat"]),
        cells=told["columns"] * told["rows"],
        read=made["read"],
        loaded=made["loaded"],
        refused=refused,
        refusals=refusals,
        findings=told_of(_findings(order, told, made, datum)),
    )


def _findings(
    order: RasterOrder, told: dict[str, Any], made: dict[str, Any], datum: str | None
) -> list[Finding]:
    found = []
    if order.raster.kind is RasterKind.ELEVATION and datum is None:
        found.append(
            Finding(
                "no_datum",
                "warning",
                Text(
                    th="ไฟล์ไม่บอกว่าระดับนับจากไหน (เช่น รทก.) บอกด้วย --set datum=…",
                    en="the file does not say what heights are counted from (such as MSL); "
                    "say it with --set datum=…",
                ),
                1,
            )
        )
    if told["nodata"] is None and made["read"] == told["columns"] * told["rows"]:
        found.append(
            Finding(
                "no_nodata",
                "note",
                Text(
                    th="ไฟล์ไม่มีค่า nodata ทุกช่องจึงนับเป็นค่าจริง",
                    en="the file states no nodata value: every cell counts as measured",
                ),
                1,
            )
        )
    if (told["columns"], told["rows"]) != (made["made_columns"], made["made_rows"]):
        found.append(
            Finding(
                "resampled",
                "note",
                Text(
                    th=f"ปรับตารางใหม่ตามระบบพิกัดของเมือง ช่องละ {made['cell_m']:.2f} ม.",
                    en=f"laid anew on the town's coordinate system, cells of "
                    f"{made['cell_m']:.2f} m, values between four cells weighted",
                ),
                1,
            )
        )
    return found


def _implausible(raster: Raster) -> dict[str, Text]:
    return {
        "too_low": Text(th=f"ต่ำกว่า {raster.minimum:g} ม.", en=f"values below {raster.minimum:g} m"),
        "too_high": Text(
            th=f"สูงกว่า {raster.maximum:g} ม.", en=f"values above {raster.maximum:g} m"
        ),
    }


def _raster_file(
    order: RasterOrder, made: dict[str, Any], report: RasterReport, srid: int
) -> RasterFile:
    return RasterFile(
        id=order.raster.id,
        file=f"{order.raster.id}-{made['sha256'][:32]}.tif",
        sha256=made["sha256"],
        size_bytes=made["size"],
        columns=made["made_columns"],
        rows=made["made_rows"],
        cell_m=made["cell_m"],
        srid=srid,
        bounds=report.bounds,
        min_value=made["minimum"],
        max_value=made["maximum"],
        low_value=made["low"],
        high_value=made["high"],
        nodata=raster_reader.NODATA,
        datum=report.datum,
        error_m=order.error_m,
        surface=order.surface,
        dtype=report.dtype,
    )


def _publish(made: Path, target: Path) -> None:
    """Put the made file under its own name, whole or not at all, and safe on the disk."""
    made.chmod(0o644)
    with made.open("rb") as handle:
        os.fsync(handle.fileno())
    made.replace(target)


def _dataset(order: RasterOrder, digest: str, size: int) -> Dataset:
    return Dataset(
        layer=order.raster.id,
        source=order.source or order.file.name,
        actor=order.actor,
        files=(SourceFile(order.file.name, digest, size),),
        licence=order.licence,
        synthetic=order.synthetic,
    )


_SENTENCES: dict[str, Text] = {
    "drivers": Text(
        th="ตัวอ่านไฟล์ตั้งค่าไม่ปลอดภัย จึงไม่เปิดไฟล์ โปรดแจ้งผู้ดูแลระบบ",
        en="the file reader is not set up safely, so nothing was opened; tell the administrator",
    ),
    "too_large": Text(th="ไฟล์ใหญ่เกินหน่วยความจำที่ให้ใช้", en="it needs more memory than allowed"),
    "pixels": Text(
        th="มี {columns} x {rows} ช่อง มากเกินไป ตัดเฉพาะเขตเมือง หรือลดความละเอียด",
        en="it has {columns} x {rows} cells, too many; cut it to the town or make it coarser",
    ),
    "block": Text(
        th="ไฟล์แบ่งเป็นบล็อกใหญ่เกินไป ({columns} x {rows}) บันทึกใหม่แบบ tiled",
        en="its blocks are too large ({columns} x {rows}); save it tiled",
    ),
    "bands": Text(
        th="มี {count} แถบสี ต้องมีแถบเดียวที่เป็นค่าเมตร",
        en="it has {count} bands; one is wanted, of metres",
    ),
    "dtype": Text(
        th="ชนิดข้อมูล {name} ใช้ไม่ได้", en="its cells are of a type that cannot be used ({name})"
    ),
    "references": Text(
        th="ไฟล์อ้างถึงไฟล์อื่น บันทึกเป็น GeoTIFF ไฟล์เดียว",
        en="it refers to other files; save it as one single GeoTIFF",
    ),
    "unit": Text(th="หน่วยเป็น “{name}” ต้องเป็นเมตร", en="its unit is “{name}”; metres are wanted"),
    "place": Text(
        th="ไม่มีตำแหน่งบนแผนที่ในไฟล์ (ไม่ใช่ GeoTIFF ที่ตรึงพิกัดแล้ว)",
        en="it does not say where it lies (it is not georeferenced)",
    ),
    "rotated": Text(
        th="ภาพเอียงหรือกลับหัว จัดให้ทิศเหนืออยู่บนก่อน",
        en="it is rotated or upside down; turn it north up first",
    ),
    "turned": Text(
        th="แปลงตำแหน่งเป็นระบบพิกัดของเมืองไม่ได้",
        en="its place cannot be turned into the town's coordinate system",
    ),
    "implausible": Text(
        th="ไม่มีค่าใดเป็นไปได้ ตรวจหน่วย (เมตร) และค่า nodata",
        en="not one of its values is possible; check its unit (metres) and its nodata value",
    ),
    "nothing": Text(th="ไม่มีค่าที่ใช้ได้แม้แต่ช่องเดียว", en="not one cell of it has a usable value"),
}
"""Machine words of the reader -> sentences; any other word means a damaged file."""


def _explain(order: RasterOrder, word: str, facts: dict[str, Any]) -> RefusedError:
    sentence = _SENTENCES.get(word)
    if sentence is None:
        refusal = _refuse(
            order,
            "ไฟล์เสียหรือไม่ครบ อ่านเป็น GeoTIFF ไม่ได้",
            "it cannot be read as a GeoTIFF: damaged or incomplete",
        )
        refusal.facts["reader"] = facts.get("message")
        return refusal
    return _refuse(order, sentence.th.format(**facts), sentence.en.format(**facts))


def _refuse(order: RasterOrder, th: str, en: str) -> RefusedError:
    return crs.refuse(order.file.name, th, en)
