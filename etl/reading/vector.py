"""Vector files through GDAL, by the one driver ordered; streamed in Arrow batches."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.reading import dbf, guards, letters
from etl.reading.out import Sink, check_columns, is_text, unique
from etl.reading.trouble import FID, WKB, Meta, Order, Trouble, note

_WKB_TYPES = (b"geoarrow.wkb", b"ogc.wkb")
_DXF_TEXT = 2_000
# what GDAL says as an error though nothing is lost by it
_HARMLESS = ("Unable to open EPSG support file", "PROJ: proj_create_from_database")
# a reason to distrust everything though GDAL only warns
_GRAVE = (
    "truncated",
    "corrupt",
    "Non closed ring",
    "unexpected end",
    "parsing error",
    "too many errors",
    "too large",
    "Invalid",
)


def gdal(order: Order) -> Any:
    """Pyogrio with just the ordered driver; fails closed when GDAL knows any other."""
    import pyogrio  # noqa: PLC0415  after the limits, on purpose

    extra = set(pyogrio.list_drivers()) - {order["driver"]}
    if extra:
        raise Trouble("drivers", extra=sorted(extra))
    return pyogrio


def layers(order: Order) -> list[str]:
    """Names of the layers in the file."""
    pyogrio = gdal(order)
    _guard(order)
    try:
        rows = pyogrio.list_layers(order["path"])
    except (pyogrio.errors.DataSourceError, ValueError) as error:
        raise Trouble("unreadable", message=str(error)) from error
    return [str(name) for name, _kind in rows]


def read(order: Order, folder: Path) -> Meta:
    """Read the layer named (or the selection) into the folder."""
    pyogrio = gdal(order)
    promised = _guard(order)
    text = _text(order)
    collector = _Collector()
    logging.getLogger("pyogrio").addHandler(collector)
    # strings keep an offset and a Buddhist year that a timestamp column would lose or refuse
    options: dict[str, Any] = {
        "layer": order["layer"],
        "sql": order["sql"],
        "bbox": None if order["bbox"] is None else tuple(order["bbox"]),
        "encoding": text.gdal,
        "return_fids": True,
        "use_pyarrow": True,
        "datetime_as_string": True,
        **_OPEN.get(order["driver"], {}),
    }
    try:
        with pyogrio.raw.open_arrow(order["path"], **options) as (meta, reader):
            names, schema = _schema(reader.schema, text)
            with Sink(folder, schema) as sink:
                for batch in reader:
                    sink.add([text.apply(column) for column in batch.columns])
    except pyogrio.errors.DataLayerError as error:
        raise Trouble("choose", wanted=order["layer"], layers=layers(order)) from error
    except pyogrio.errors.DataSourceError as error:
        raise Trouble("unreadable", message=str(error)) from error
    except (pa.ArrowException, RuntimeError, ValueError, OSError) as error:
        raise Trouble("damaged", message=str(error)) from error
    collector.judge(order["driver"])
    rows = sink.rows
    if order["driver"] == "TopoJSON":
        rows += _put_back_shapeless(folder, order)
    whole = order["sql"] is None and order["bbox"] is None
    wanted = promised(order["layer"]) if whole else None
    if wanted is not None and rows != wanted:
        raise Trouble("partial", promised=wanted, there=rows)
    return {
        "rows": rows,
        "crs": meta["crs"],
        "geometry_type": meta["geometry_type"],
        "has_geometry": WKB in names,
        "messages": collector.lines,
        "texts": sink.texts,
        **text.told(names),
    }


_OPEN: dict[str, dict[str, Any]] = {
    # nothing beside the file is written, and no lock on it taken
    "GPKG": {"IMMUTABLE": "YES"},
    "GML": {"DOWNLOAD_SCHEMA": "NO", "FORCE_SRS_DETECTION": "NO", "USE_SCHEMA_IMPORT": "NO"},
}


class _Collector(logging.Handler):
    """Keeps what GDAL complains about while it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if len(self.lines) < 200:  # noqa: PLR2004  enough to see what is wrong
            self.lines.append(line)
        if record.levelno >= logging.ERROR and not any(word in line for word in _HARMLESS):
            self.errors.append(line)

    def judge(self, driver: str) -> None:
        """An error on the way means that something is missing from what was read."""
        if self.errors:
            raise Trouble("damaged", message=self.errors[0])
        if driver == "GeoJSONSeq":
            return
        grave = [line for line in self.lines if any(word in line for word in _GRAVE[:1])]
        if grave:
            raise Trouble("damaged", message=grave[0])


def _guard(order: Order) -> Callable[[str | None], int | None]:
    """Look at the file before GDAL does; gives how many rows a layer must turn out to have."""
    path, driver = Path(order["path"]), order["driver"]
    if driver in ("GML", "OSM") and path.suffix in (".gml", ".osm"):
        guards.xml_prologue(path)
        guards.xml_depth(path)
    if driver == "GPKG":
        counts = guards.geopackage(path)
        return lambda layer: counts.get(layer or "")
    if driver == "ESRI Shapefile":
        if path.suffix == ".shp" and not path.with_suffix(".shx").exists():
            # made anew in the scratch folder; were it always set, a good index would be rewritten
            os.environ["SHAPE_RESTORE_SHX"] = "YES"
        shapes = guards.shapefile(path) if path.suffix == ".shp" else None
        table = path.with_suffix(".dbf")
        if shapes is not None and table.exists():
            found = dbf.read(table)
            if found.rows != shapes:
                raise Trouble("apart", shapes=shapes, rows=found.rows)
            return lambda _layer: shapes - found.deleted
        if path.suffix == ".dbf":
            alone = dbf.read(path)
            return lambda _layer: alone.rows - alone.deleted
        return lambda _layer: shapes
    return lambda _layer: None


class _Text:
    """Text as GDAL gives it: already UTF-8."""

    gdal: str | None = None

    def __init__(self, order: Order) -> None:
        self.asked = order["encoding"]
        self.kind = order["kind"]

    def name(self, name: str) -> str:
        return name

    def apply(self, column: Any) -> Any:
        """A column's text, mended when the person says what it was written in."""
        if self.asked is None or not is_text(column.type):
            return column
        return _each(column, lambda text: letters.mend(text, self.codec))

    @property
    def codec(self) -> str:
        """The encoding asked for."""
        name = letters.codec(self.asked or "")
        if name is None:
            raise Trouble("encoding", name=self.asked)
        return name

    def told(self, _names: list[str]) -> Meta:
        word = f"{self.kind} is always UTF-8"
        if self.asked:
            word = f"given with --encoding: text read as Latin before is read as {self.codec} anew"
        return {"encoding": "UTF-8", "encoding_evidence": word, "encoding_confidence": 1.0}


class _Raw(_Text):
    """Text of a DBF: taken byte by byte (as Latin-1) and decoded here."""

    gdal = "ISO-8859-1"

    def __init__(self, order: Order, table: Path) -> None:
        super().__init__(order)
        cpg = next((p for p in table.parent.glob("input.*") if p.suffix.lower() == ".cpg"), None)
        self.dbf = dbf.read(table)
        self.decided = dbf.decide(self.dbf, cpg, self.asked)
        self.torn = 0

    def name(self, name: str) -> str:
        return self._decode(name) or ""

    def apply(self, column: Any) -> Any:
        if not is_text(column.type) or column.null_count == len(column):
            return column
        if pc.all(pc.string_is_ascii(column)).as_py() is not False:
            return column
        return _each(column, self._decode)

    def _decode(self, text: str | None) -> str | None:
        if text is None or text.isascii():
            return text
        raw = text.encode("latin-1", errors="replace")
        try:
            return raw.decode(self.decided.encoding)
        except UnicodeDecodeError as error:
            self.torn += 1
            if error.end == len(raw):
                # cut off within its last letter: what is whole is kept
                return raw[: error.start].decode(self.decided.encoding, errors="replace")
            return raw.decode(self.decided.encoding, errors="replace")

    def told(self, names: list[str]) -> Meta:
        found = self.decided
        notes = [
            note(
                "text_at_limit",
                cut.rows,
                column=names[cut.column + 1],
                width=cut.width,
                torn=cut.in_a_letter,
            )
            for cut in self.dbf.cuts(found.encoding)
        ]
        if self.dbf.deleted:
            notes.append(note("deleted_rows", self.dbf.deleted))
        return {
            "encoding": _shown(found.encoding),
            "encoding_evidence": found.evidence,
            "encoding_confidence": found.confidence,
            "encoding_against": found.against,
            "notes": notes,
        }


def _text(order: Order) -> _Text:
    path = Path(order["path"])
    if order["driver"] == "ESRI Shapefile":
        table = path if path.suffix == ".dbf" else path.with_suffix(".dbf")
        if table.exists():
            return _Raw(order, table)
    if order["driver"] == "DXF":
        return _Dxf(order)
    return _Text(order)


class _Dxf(_Text):
    """Text of a drawing: its header names the code page; newer ones are UTF-8."""

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        with Path(order["path"]).open("rb") as handle:
            head = handle.read(1 << 20)
        self.page = _after(head, b"$DWGCODEPAGE") or "?"
        self.version = _after(head, b"$ACADVER") or "?"

    def told(self, names: list[str]) -> Meta:
        if self.asked:
            return super().told(names)
        new = self.version >= "AC1021"
        word = f"the drawing is of version {self.version}, code page {self.page}"
        name = "UTF-8" if new else letters.codec(self.page) or self.page
        return {"encoding": name, "encoding_evidence": word, "encoding_confidence": 0.9}


def _after(head: bytes, word: bytes) -> str | None:
    at = head.find(word)
    if at < 0:
        return None
    lines = head[at : at + 200].splitlines()
    return lines[2].strip().decode("ascii", errors="replace") if len(lines) > 2 else None  # noqa: PLR2004


def _shown(codec: str) -> str:
    return "UTF-8" if codec == "utf-8" else codec


def _each(column: Any, change: Callable[[str | None], str | None]) -> Any:
    if pa.types.is_dictionary(column.type):
        return column
    return pa.array([change(text) for text in column.to_pylist()], type=column.type)


def _schema(given: Any, text: _Text) -> tuple[list[str], Any]:
    """Column names with ours for the first (feature id) and for the geometry column."""
    check_columns(len(given.names))
    names = unique([text.name(name) for name in given.names])
    names[0] = FID
    for number, field in enumerate(given):
        if (field.metadata or {}).get(b"ARROW:extension:name") in _WKB_TYPES:
            names[number] = WKB
    fields = [field.with_name(name) for field, name in zip(given, names, strict=True)]
    return names, pa.schema(fields)


def _put_back_shapeless(folder: Path, order: Order) -> int:
    """GDAL leaves out TopoJSON objects of type null without a word; here they get their rows back.

    They keep their place among the others. Gives how many there were.
    """
    topology = json.loads(Path(order["path"]).read_bytes())
    members = topology.get("objects", {}).get(order["layer"], {}).get("geometries") or []
    lost = [
        (at, item)
        for at, item in enumerate(members)
        if isinstance(item, dict) and not item.get("type")
    ]
    if not lost:
        return 0
    with pa.OSFile(str(folder / "table.arrow"), "rb") as source:
        table = pa.ipc.open_file(source).read_all()
    with Sink(folder, table.schema) as sink:
        for batch in _with_rows(table, lost):
            sink.add(batch.columns)
    return len(lost)


def _with_rows(table: Any, lost: list[tuple[int, dict[str, Any]]]) -> Iterator[Any]:
    """The table's rows with the lost ones at their places, renumbered."""
    rows = table.to_pylist()
    for at, item in lost:
        properties = item.get("properties")
        known = {"id": item.get("id"), **(properties if isinstance(properties, dict) else {})}
        rows.insert(at, {field.name: _as(known.get(field.name), field) for field in table.schema})
    for number, row in enumerate(rows):
        row[FID] = number
    yield from pa.Table.from_pylist(rows, schema=table.schema).to_batches()


def _as(value: object, field: Any) -> object:
    """A JSON value as the column has it, or nothing where it does not fit."""
    if value is None:
        return None
    if is_text(field.type):
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        return pa.scalar(value).cast(field.type).as_py()
    except pa.ArrowException:
        return None
