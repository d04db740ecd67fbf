"""GeoParquet by pyarrow, batch by batch: WKB and the native (GeoArrow) encodings, CRS, nested."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from etl.reading.out import CHUNK_ROWS, Sink, check_columns, is_text, unique
from etl.reading.trouble import FID, WKB, Meta, Order, Trouble, note

_NATIVE = {
    "point": 0,
    "linestring": 1,
    "polygon": 2,
    "multipoint": 1,
    "multilinestring": 2,
    "multipolygon": 3,
}
"""Native encodings and how many lists are around their coordinates."""
_MAX_GROUP_BYTES = 4 * 1024**3


def read(order: Order, folder: Path) -> Meta:
    """Read the table into the folder."""
    try:
        with pq.ParquetFile(order["path"], memory_map=True) as file:
            return _read(file, order, folder)
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        raise Trouble("damaged", message=str(error)) from error


def _read(file: Any, order: Order, folder: Path) -> Meta:
    schema = file.schema_arrow
    check_columns(len(schema.names))
    _check_counts(file, Path(order["path"]).stat().st_size)
    geo = _geo(file)
    columns = geo.get("columns", {})
    shapes = {name: columns[name] for name in columns if name in schema.names}
    primary = geo.get("primary_column")
    primary = primary if primary in shapes else next(iter(shapes), None)
    if not shapes:
        primary, shapes = _unmarked(schema)
    makers = [_maker(field, shapes.get(field.name), field.name == primary) for field in schema]
    names = unique([field.name for field in schema])
    fields = [pa.field(n, maker.kind) for n, maker in zip(names, makers, strict=True)]
    if primary is not None:
        at = schema.names.index(primary)
        fields[at] = pa.field(WKB, pa.binary())
    made = pa.schema([*fields, pa.field(FID, pa.int64())])
    with Sink(folder, made) as sink:
        for batch in file.iter_batches(batch_size=CHUNK_ROWS):
            arrays = [
                maker.make(column) for maker, column in zip(makers, batch.columns, strict=True)
            ]
            arrays.append(pa.array(range(sink.rows, sink.rows + batch.num_rows), type=pa.int64()))
            sink.add(arrays)
    if sink.rows != file.metadata.num_rows:
        raise Trouble("partial", promised=file.metadata.num_rows, there=sink.rows)
    nested = [f.name for f in schema if pa.types.is_nested(f.type) and f.name not in shapes]
    others = [name for name in shapes if name != primary]
    told = [note("nested_columns", len(nested), columns=nested)] if nested else []
    told += [note("more_geometry", len(others), used=primary, columns=others)] if others else []
    return {
        "rows": sink.rows,
        "crs": _crs(shapes[primary]) if primary is not None else None,
        "encoding": "UTF-8",
        "encoding_evidence": f"{order['kind']} is always UTF-8",
        "encoding_confidence": 1.0,
        "geometry_type": None,
        "has_geometry": primary is not None,
        "messages": [],
        "notes": told,
        "texts": sink.texts,
    }


def _check_counts(file: Any, size: int) -> None:
    """The footer's counts must agree with each other and be possible for a file of this size."""
    told = file.metadata
    groups = [told.row_group(number) for number in range(told.num_row_groups)]
    if any(group.num_rows < 0 or group.total_byte_size < 0 for group in groups):
        raise Trouble("damaged", message="negative counts in the footer")
    if sum(group.num_rows for group in groups) != told.num_rows:
        raise Trouble("damaged", message="the footer's row counts do not add up")
    if any(group.total_byte_size > _MAX_GROUP_BYTES for group in groups):
        raise Trouble("too_large")
    if told.num_rows > 0 and told.num_rows > 50_000 * max(1, size):
        raise Trouble("damaged", message="more rows than a file of this size can hold")


def _geo(file: Any) -> dict[str, Any]:
    raw = (file.metadata.metadata or {}).get(b"geo")
    if raw is None:
        return {}
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Trouble("damaged", message=f"the geo metadata is no JSON: {error}") from error
    columns = found.get("columns") if isinstance(found, dict) else None
    if not isinstance(columns, dict) or not all(isinstance(c, dict) for c in columns.values()):
        raise Trouble("damaged", message="the geo metadata does not describe columns")
    return dict(found)


def _unmarked(schema: Any) -> tuple[str | None, dict[str, Any]]:
    """Columns whose own type is geometry (Parquet's GEOMETRY, geoarrow.wkb), without metadata."""
    found: dict[str, Any] = {}
    for field in schema:
        extension = str(getattr(field.type, "extension_name", "")) or (
            (field.metadata or {}).get(b"ARROW:extension:name", b"").decode()
        )
        if extension in ("geoarrow.wkb", "ogc.wkb"):
            raw = getattr(field.type, "__arrow_ext_serialize__", bytes)() or (
                (field.metadata or {}).get(b"ARROW:extension:metadata", b"")
            )
            told = json.loads(raw) if raw else {}
            found[field.name] = {"encoding": "WKB", "crs": told.get("crs")}
    return next(iter(found), None), found


def _crs(column: dict[str, Any]) -> str | None:
    """The CRS as authority and code or PROJJSON; the format's own is longitude and latitude."""
    if "crs" not in column:
        return "OGC:CRS84"
    stated = column["crs"]
    if stated is None:
        return None
    if isinstance(stated, str):
        return stated
    known = stated.get("id") if isinstance(stated, dict) else None
    if isinstance(known, dict) and {"authority", "code"} <= set(known):
        return f"{known['authority']}:{known['code']}"
    return json.dumps(stated)


class _Maker:
    """How a column of the file becomes one of ours."""

    def __init__(self, kind: Any, make: Callable[[Any], Any]) -> None:
        self.kind = kind
        self.make = make


def _maker(  # noqa: PLR0911  one for each kind of column
    field: Any, shape: dict[str, Any] | None, primary: bool
) -> _Maker:
    kind = field.type
    storage = getattr(kind, "storage_type", kind)
    if shape is not None:
        encoding = str(shape.get("encoding", "WKB"))
        if encoding.lower() in _NATIVE:
            return _Maker(pa.binary() if primary else pa.string(), _native(encoding, primary))
        if not (pa.types.is_binary(storage) or pa.types.is_large_binary(storage)):
            raise Trouble("damaged", message=f"the geometry column holds {storage}, not WKB")
        return _Maker(pa.binary() if primary else pa.string(), _wkb if primary else _wkt)
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if is_text(kind) or pa.types.is_string_view(kind):
        return _Maker(pa.string(), lambda column: column.cast(pa.string()))
    if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
        return _Maker(pa.string(), _as_json)
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return _Maker(pa.string(), _as_words)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return _Maker(kind, lambda column: column.cast(kind))
    return _Maker(pa.string(), _as_words)


def _storage(column: Any) -> Any:
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _wkb(column: Any) -> Any:
    """WKB as it stands; parsed once here, where a parser that falls takes nobody with it."""
    import shapely  # noqa: PLC0415

    blobs = _storage(column).to_pylist()
    shapely.from_wkb(blobs, on_invalid="ignore")
    return pa.array(blobs, type=pa.binary())


def _wkt(column: Any) -> Any:
    import shapely  # noqa: PLC0415

    shapes = shapely.from_wkb(_storage(column).to_pylist(), on_invalid="ignore")
    return pa.array(shapely.to_wkt(shapes, rounding_precision=-1).tolist(), type=pa.string())


def _native(encoding: str, primary: bool) -> Callable[[Any], Any]:
    kind = encoding.lower()

    def make(column: Any) -> Any:
        import shapely  # noqa: PLC0415

        shapes = [_shape(shapely, kind, value) for value in _storage(column).to_pylist()]
        if primary:
            return pa.array([None if s is None else s.wkb for s in shapes], type=pa.binary())
        return pa.array([None if s is None else s.wkt for s in shapes], type=pa.string())

    return make


def _shape(shapely: Any, kind: str, value: Any) -> Any:  # noqa: PLR0911  one for each kind
    """One shape from nested lists of {x, y[, z]}; broken ones raise ValueError."""
    if value is None:
        return None
    match kind:
        case "point":
            place = _place(value)
            return shapely.Point() if place[0] != place[0] else shapely.Point(place)
        case "linestring":
            return shapely.LineString([_place(point) for point in value])
        case "multipoint":
            return shapely.MultiPoint([_place(point) for point in value])
        case "polygon":
            return _polygon(shapely, value)
        case "multilinestring":
            return shapely.MultiLineString([[_place(p) for p in line] for line in value])
        case _:
            return shapely.MultiPolygon([_polygon(shapely, part) for part in value])


def _polygon(shapely: Any, rings: Any) -> Any:
    made = [[_place(point) for point in ring] for ring in rings]
    return shapely.Polygon(made[0], made[1:]) if made else shapely.Polygon()


def _place(value: Any) -> tuple[float, ...]:
    if isinstance(value, dict):
        return tuple(float(value[axis]) for axis in ("x", "y", "z") if axis in value)
    return tuple(float(part) for part in value[:3])


def _as_json(column: Any) -> Any:
    cells = _storage(column).to_pylist()
    return pa.array(
        [None if c is None else json.dumps(c, ensure_ascii=False, default=str) for c in cells],
        type=pa.string(),
    )


def _as_words(column: Any) -> Any:
    cells = _storage(column).to_pylist()
    return pa.array([None if cell is None else _words(cell) for cell in cells], type=pa.string())


def _words(cell: object) -> str:
    if isinstance(cell, bytes):
        return cell.hex()
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
