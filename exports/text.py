"""GeoJSON, GeoJSON lines and CSV: bytes as the rows arrive, nothing gathered."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson

from exports import about as facts
from exports.formats import WGS84
from exports.order import About, Chunk, Order, Row

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def geojson(order: Order, about: About, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """A FeatureCollection whose member `provenance` comes first; closed only when it is whole."""
    head: dict[str, Any] = {"type": "FeatureCollection", "name": order.layer}
    if order.geometry is not None and order.geometry.srid != WGS84:
        # RFC 7946 knows one CRS; who asked for another gets the member older readers look for
        name = f"urn:ogc:def:crs:EPSG::{order.geometry.srid}"
        head |= {"crs": {"type": "name", "properties": {"name": name}}}
    head |= {"provenance": facts.document(order, about)}
    yield orjson.dumps(head)[:-1] + b',"features":[\n'
    first = True
    for chunk in chunks:
        lines = b",\n".join(_features(order, chunk))
        yield lines if first else b",\n" + lines
        first = False
    yield b"\n]}\n"


def geojsonl(order: Order, about: About, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """One Feature a line, and nothing else: provenance is in the headers."""
    del about
    for chunk in chunks:
        yield b"\n".join([*_features(order, chunk), b""])


def _features(order: Order, chunk: Chunk) -> Iterator[bytes]:
    names = [column.name for column in order.columns]
    shaped = order.geometry is not None
    for row in chunk:
        geometry = row[-1] if shaped else None
        properties = dict(zip(names, row, strict=False))
        yield orjson.dumps(
            {
                "type": "Feature",
                "id": properties.pop("id"),
                "geometry": orjson.Fragment(geometry) if geometry is not None else None,
                "properties": properties,
            }
        )


def csv_text(order: Order, about: About, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """A clean table (RFC 4180): names of the fields first, geometry as WKT in the last column.

    Nothing is an empty cell, empty text is `""`. `bom` begins the file with the mark Excel looks
    for; `guard` puts an apostrophe before text a spreadsheet would take for a formula.
    """
    del about
    names = [column.name for column in order.columns]
    head = [*names, "wkt"] if order.geometry is not None else names
    yield ((BOM if order.bom else "") + ",".join(head) + "\r\n").encode()
    for chunk in chunks:
        yield "".join(_line(order, row) for row in chunk).encode()


def _line(order: Order, row: Row) -> str:
    # written here: the csv module cannot tell nothing from empty text before Python 3.12
    cells = [_cell(value, order.guard) for value in row[: len(order.columns)]]
    if order.geometry is not None:
        cells.append("" if row[-1] is None else f'"{row[-1]}"')
    return ",".join(cells) + "\r\n"


def _cell(value: Any, guard: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        told = f"'{value}" if guard and value.startswith(_FORMULA) else value
        if told == "" or any(mark in told for mark in ',"\r\n') or told != told.strip():
            return '"' + told.replace('"', '""') + '"'
        return told
    if isinstance(value, list):
        return '"' + json.dumps(value, ensure_ascii=False).replace('"', '""') + '"'
    return plain(value)


def plain(value: Any) -> str:
    """A value as text: ISO dates, times with their offset, numbers that read back the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return value.isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
