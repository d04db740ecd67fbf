"""The program that opens files nobody has checked, run alone in a child process.

Started by `etl.read` as a script (`python -I reader.py`), with an environment built there: GDAL
knows one driver, no network, no plug-ins. It imports nothing of ours, reads one order (JSON) on
stdin, writes `table.arrow` (attributes, WKB in `__wkb`, feature id in `__fid`) and `meta.json`
into the order's folder. Exit status 3 with `meta.json` {"trouble": …} is a refusal; anything
else but 0 is a crash, which the parent reports as a damaged file.
"""

import contextlib
import csv
import ctypes
import json
import logging
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REFUSED = 3
WKB = "__wkb"
FID = "__fid"
_NEW_USER = 0x10000000
_NEW_NET = 0x40000000
_BOM = "\ufeff"
_SAMPLE = 64 * 1024
_BATCH_ROWS = 64 * 1024
_BATCH_BYTES = 32 * 1024 * 1024
_WKB_TYPES = (b"geoarrow.wkb", b"ogc.wkb")


class Trouble(Exception):  # noqa: N818  it is an answer to the parent, not a fault
    """A refusal with a machine word the parent turns into a sentence, and facts."""

    def __init__(self, word: str, **facts: object) -> None:
        super().__init__(word)
        self.word = word
        self.facts = facts


def main() -> int:
    """Limit ourselves, then read what was ordered; gives the exit status."""
    order = json.load(sys.stdin)
    folder = Path(order["folder"])
    isolated = _limit(order)
    meta: dict[str, Any]
    status = 0
    try:
        meta = _do(order, folder)
    except Trouble as trouble:
        meta = {"trouble": trouble.word, "facts": trouble.facts}
        status = REFUSED
    except MemoryError:
        meta = {"trouble": "too_large", "facts": {}}
        status = REFUSED
    meta["isolated"] = isolated
    (folder / "meta.json").write_text(json.dumps(meta, default=str), encoding="utf-8")
    return status


def _limit(order: dict[str, Any]) -> bool:
    """Memory, processor time and network, before any library that parses is loaded.

    True when the kernel gave us an empty network namespace; GDAL's own switches are set anyway.
    """
    memory = int(order["memory_bytes"])
    seconds = int(order["cpu_seconds"])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # an administrator keeps its own user namespace: in a new one it could not read others' files
    flags = _NEW_NET if os.geteuid() == 0 else _NEW_USER | _NEW_NET
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None, use_errno=True).unshare(flags) == 0)
    return False


def _do(order: dict[str, Any], folder: Path) -> dict[str, Any]:
    """List the layers, or read: the layer named, or the only one there is."""
    if order["driver"] is None:
        return _read_csv(order, folder)
    if order["task"] == "list":
        return _list_layers(order)
    if order["layer"] is None and order["sql"] is None:
        names = [name for name, _kind in _list_layers(order)["layers"]]
        if len(names) != 1:
            raise Trouble("choose", layers=names)
        order = order | {"layer": names[0]}
    return _read_gdal(order, folder) | {"layer": order["layer"]}


def _gdal(order: dict[str, Any]) -> Any:
    """Pyogrio with just the ordered driver; fails closed when GDAL knows any other."""
    import pyogrio  # noqa: PLC0415  after the limits, on purpose

    extra = set(pyogrio.list_drivers()) - {order["driver"]}
    if extra:
        raise Trouble("drivers", extra=sorted(extra))
    return pyogrio


def _list_layers(order: dict[str, Any]) -> dict[str, Any]:
    pyogrio = _gdal(order)
    try:
        rows = pyogrio.list_layers(order["path"])
    except (pyogrio.errors.DataSourceError, ValueError) as error:
        raise Trouble("unreadable", message=str(error)) from error
    return {"layers": [[str(name), None if kind is None else str(kind)] for name, kind in rows]}


class _Collector(logging.Handler):
    """Keeps what GDAL complains about while it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.lines) < 200:  # noqa: PLR2004  enough to see what is wrong
            self.lines.append(record.getMessage())


def _read_gdal(order: dict[str, Any], folder: Path) -> dict[str, Any]:
    pyogrio = _gdal(order)
    import pyarrow as pa  # noqa: PLC0415

    collector = _Collector()
    logging.getLogger("pyogrio").addHandler(collector)
    # strings keep an offset and a Buddhist year that a timestamp column would lose or refuse
    options = {
        "layer": order["layer"],
        "sql": order["sql"],
        "bbox": None if order["bbox"] is None else tuple(order["bbox"]),
        "encoding": order["encoding"],
        "return_fids": True,
        "use_pyarrow": True,
        "datetime_as_string": True,
    }
    try:
        with pyogrio.raw.open_arrow(order["path"], **options) as (meta, reader):
            names = _names(reader.schema)
            schema = pa.schema(
                [field.with_name(name) for field, name in zip(reader.schema, names, strict=True)]
            )
            rows = _write(pa, folder, schema, reader)
    except pyogrio.errors.DataLayerError as error:
        names = [name for name, _kind in _list_layers(order)["layers"]]
        raise Trouble("choose", wanted=order["layer"], layers=names) from error
    except pyogrio.errors.DataSourceError as error:
        raise Trouble("unreadable", message=str(error)) from error
    except (pa.ArrowException, RuntimeError, ValueError) as error:
        raise Trouble("damaged", message=str(error)) from error
    if order["driver"] == "TopoJSON":
        rows += _put_back_shapeless(pa, folder, order)
    return {
        "rows": rows,
        "crs": meta["crs"],
        "encoding": meta["encoding"],
        "geometry_type": meta["geometry_type"],
        "has_geometry": WKB in names,
        "messages": collector.lines,
    }


def _names(schema: Any) -> list[str]:
    """Column names with ours for the first (feature id) and for the geometry column."""
    names = _unique(list(schema.names))
    names[0] = FID
    for number, field in enumerate(schema):
        if (field.metadata or {}).get(b"ARROW:extension:name") in _WKB_TYPES:
            names[number] = WKB
    return names


def _write(pa: Any, folder: Path, schema: Any, batches: Any) -> int:
    rows = 0
    with pa.OSFile(str(folder / "table.arrow"), "wb") as sink, pa.ipc.new_file(sink, schema) as out:
        for batch in batches:
            renamed = pa.record_batch(batch.columns, schema=schema)
            rows += renamed.num_rows
            for part in _parts(renamed):
                out.write_batch(part)
    return rows


def _parts(batch: Any) -> Iterator[Any]:
    """The batch in pieces of at most 64k rows and about 32 MB, so that no reader needs it all."""
    pieces = max(1, batch.nbytes // _BATCH_BYTES + 1, -(-batch.num_rows // _BATCH_ROWS))
    step = max(1, -(-batch.num_rows // pieces))
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


def _put_back_shapeless(pa: Any, folder: Path, order: dict[str, Any]) -> int:
    """GDAL leaves out TopoJSON objects of type null without a word; here they get their rows back.

    They keep their place among the others. Gives how many there were.
    """
    topology = json.loads(Path(order["path"]).read_bytes())
    members = topology.get("objects", {}).get(order["layer"], {}).get("geometries") or []
    lost = [(at, item) for at, item in enumerate(members) if not item.get("type")]
    if not lost:
        return 0
    with pa.OSFile(str(folder / "table.arrow"), "rb") as source:
        table = pa.ipc.open_file(source).read_all()
    rows = table.to_pylist()
    for at, item in lost:
        known = {"id": item.get("id"), **(item.get("properties") or {})}
        rows.insert(
            at, {field.name: _as(pa, known.get(field.name), field) for field in table.schema}
        )
    for number, row in enumerate(rows):
        row[FID] = number
    made = pa.Table.from_pylist(rows, schema=table.schema)
    _write(pa, folder, table.schema, made.to_batches())
    return len(lost)


def _as(pa: Any, value: object, field: Any) -> object:
    """A JSON value as the column has it, or nothing where it does not fit."""
    if value is None:
        return None
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        return pa.scalar(value).cast(field.type).as_py()
    except pa.ArrowException:
        return None


def _read_csv(order: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A table as text, cell by cell: types are decided later, with the layer in sight."""
    if order["task"] == "list":
        return {"layers": [[Path(order["path"]).stem, None]]}
    encoding, evidence = _csv_encoding(order)
    csv.field_size_limit(16 * 1024 * 1024)
    with Path(order["path"]).open(encoding=encoding, errors="strict", newline="") as handle:
        sample = handle.read(_SAMPLE)
        handle.seek(0)
        delimiter = _delimiter(sample)
        try:
            header, rows, ragged = _cells(csv.reader(handle, delimiter=delimiter))
        except (csv.Error, UnicodeDecodeError) as error:
            raise Trouble("damaged", message=str(error)) from error
    import pyarrow as pa  # noqa: PLC0415

    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    fields = [pa.array(column, type=pa.string()) for column in columns]
    schema = pa.schema([*((name, pa.string()) for name in header), (FID, pa.int64())])
    fields.append(pa.array(range(len(rows)), type=pa.int64()))
    batch = pa.record_batch(fields, schema=schema)
    _write(pa, folder, schema, [batch])
    return {
        "rows": len(rows),
        "layer": None,
        "crs": None,
        "encoding": encoding,
        "encoding_evidence": evidence,
        "geometry_type": None,
        "has_geometry": False,
        "messages": [f"row {number}: {count} cells" for number, count in ragged],
    }


def _csv_encoding(order: dict[str, Any]) -> tuple[str, str]:
    if order["encoding"]:
        try:
            "".encode(order["encoding"])
        except LookupError as error:
            raise Trouble("encoding", name=order["encoding"]) from error
        return order["encoding"], "given"
    data = Path(order["path"]).read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "byte order mark"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Trouble("not_utf8", position=error.start) from error
    return "utf-8-sig", "every byte is valid UTF-8"


def _delimiter(sample: str) -> str:
    first = sample.split("\n", 1)[0]
    return max((",", ";", "\t", "|"), key=first.count)


def _cells(reader: Any) -> tuple[list[str], list[list[str | None]], list[tuple[int, int]]]:
    """Header, rows squared to the header's width, and the ragged rows (number, cells)."""
    header: list[str] = []
    rows: list[list[str | None]] = []
    ragged: list[tuple[int, int]] = []
    for cells in reader:
        if not header:
            header = _unique([cell.strip().lstrip(_BOM) for cell in cells])
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            ragged.append((len(rows) + 1, len(cells)))
        padded: list[str | None] = [*cells[: len(header)]]
        rows.append(padded + [None] * (len(header) - len(padded)))
    if not header:
        raise Trouble("empty")
    return header, rows, ragged


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for number, name in enumerate(names, start=1):
        plain = name or f"column_{number}"
        seen[plain] = seen.get(plain, 0) + 1
        result.append(plain if seen[plain] == 1 else f"{plain}_{seen[plain]}")
    return result


if __name__ == "__main__":
    sys.exit(main())
