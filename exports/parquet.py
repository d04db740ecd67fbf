"""GeoParquet 1.1: row groups as rows arrive, a box for each feature, all facts in the footer."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from exports import about as facts
from exports.arrow import Batches
from exports.formats import WGS84
from exports.order import About, Chunk, Geometry, Order
from exports.sink import Sink

BBOX = "bbox"
ROW_GROUP = 32_768
"""Most rows of a row group."""
_ROW_GROUP_BYTES = 32 * 1024 * 1024
_EDGES = ("xmin", "ymin", "xmax", "ymax")
_BOX = pa.struct([pa.field(edge, pa.float64()) for edge in _EDGES])


def parquet(order: Order, about: About, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """The file's bytes as they come; a plain Parquet file where the layer has no geometry."""
    sink = Sink()
    batches = Batches(order)
    schema = batches.schema
    if order.geometry is not None:
        schema = schema.append(pa.field(BBOX, _BOX))
    whole = np.array([np.inf, np.inf, -np.inf, -np.inf])
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in batches.of(chunks):
            waiting.append(_boxed(batch, schema, whole) if order.geometry is not None else batch)
            rows = sum(part.num_rows for part in waiting)
            if rows >= ROW_GROUP or sum(part.nbytes for part in waiting) >= _ROW_GROUP_BYTES:
                _group(writer, waiting, schema)
                yield sink.take()
        _group(writer, waiting, schema)
        told = {"provenance": facts.text(order, about)}
        terms = facts.licences(order, about)
        if terms:
            told["licence"] = json.dumps(terms, ensure_ascii=False)
        if order.geometry is not None:
            told["geo"] = json.dumps(geo(order.geometry, whole))
        writer.add_key_value_metadata(told)
    yield sink.take()


def _group(writer: pq.ParquetWriter, waiting: list[pa.RecordBatch], schema: pa.Schema) -> None:
    if waiting:
        writer.write_table(pa.Table.from_batches(waiting, schema), row_group_size=10**9)
        waiting.clear()


def _boxed(batch: pa.RecordBatch, schema: pa.Schema, whole: Any) -> pa.RecordBatch:
    blobs = batch.column(batch.num_columns - 1).to_numpy(zero_copy_only=False)
    boxes = shapely.bounds(shapely.from_wkb(blobs))
    if len(boxes):
        whole[:2] = np.fmin(whole[:2], np.nanmin(boxes[:, :2], axis=0))
        whole[2:] = np.fmax(whole[2:], np.nanmax(boxes[:, 2:], axis=0))
    edges = [pa.array(boxes[:, number]) for number in range(4)]
    box = pa.StructArray.from_arrays(edges, fields=list(_BOX))
    return pa.record_batch([*batch.columns, box], schema=schema)


def geo(geometry: Geometry, whole: Any) -> dict[str, Any]:
    """The `geo` entry of the footer (GeoParquet 1.1.0): encoding, types, CRS as PROJJSON, boxes."""
    # longitude before latitude, as coordinates are written: EPSG:4326 would say the other order
    crs = CRS.from_user_input("OGC:CRS84" if geometry.srid == WGS84 else geometry.srid)
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [geometry.kind],
        "crs": json.loads(crs.to_json()),
        "edges": "planar",
        "covering": {"bbox": {edge: [BBOX, edge] for edge in _EDGES}},
    }
    if np.isfinite(whole).all():
        column["bbox"] = [float(edge) for edge in whole]
    return {
        "version": "1.1.0",
        "primary_column": geometry.name,
        "columns": {geometry.name: column},
    }
