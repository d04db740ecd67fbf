"""GeoPackage, FlatGeobuf and Shapefile: written by GDAL into the order's folder, by the batch."""

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
from pyproj import CRS

from exports import about as facts
from exports.arrow import Batches
from exports.order import About, Chunk, Order

_PIECE = 256 * 1024
_NAME_BYTES = 10
"""Bytes of a column's name in a DBF."""
TEXT_BYTES = 254
"""Bytes of a text in a DBF."""
_JSON_LISTS = frozenset({"text_list"})
_NO_TIMES = frozenset({"text_list", "date", "datetime"})


def gpkg(order: Order, about: About, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """One table named as the layer; ids are kept; provenance in `gpkg_metadata` (ISO 19139)."""
    path = Path(order.folder) / f"{order.layer}.gpkg"
    title = f"{order.title_th} · {order.title_en}"
    options = {"FID": "id", "IDENTIFIER": title, "DESCRIPTION": order.description_th}
    if order.geometry is not None:
        options["GEOMETRY_NAME"] = order.geometry.name
    # milliseconds are what a GeoPackage keeps of a time
    batches = Batches(order, words=_JSON_LISTS, milliseconds=True)
    told = {"provenance": facts.text(order, about)}
    reader = _reader(batches, chunks)
    _write(order, path, reader, driver="GPKG", options=options, metadata=told)
    _register(path, order, about)
    return _read(path)


def _register(path: Path, order: Order, about: About) -> None:
    with closing(sqlite3.connect(path)) as made, made:
        cursor = made.execute(
            "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata)"
            " VALUES ('dataset', ?, 'text/xml', ?)",
            (facts.GMD, facts.iso_xml(order, about)),
        )
        made.execute(
            "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id)"
            " VALUES ('table', ?, ?)",
            (order.layer, cursor.lastrowid),
        )


def fgb(order: Order, about: About, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """With its spatial index; provenance in the header.

    Dates and times are ISO text: the format knows no date, and GDAL drops the offset of a time.
    """
    path = Path(order.folder) / f"{order.layer}.fgb"
    options = {"TITLE": order.title_th, "DESCRIPTION": order.description_th}
    if order.geometry is None:
        options["SPATIAL_INDEX"] = "NO"
    told = {"provenance": facts.text(order, about)}
    reader = _reader(Batches(order, words=_NO_TIMES), chunks)
    _write(order, path, reader, driver="FlatGeobuf", options=options, metadata=told)
    return _read(path)


def shapefile(order: Order, about: About, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """A zip of the Shapefile in UTF-8 (`.cpg`), the names it was cut to, and the provenance.

    Names of columns hold 10 bytes and texts 254: `…-fields.csv` says which name was which and how
    many texts were cut. Without geometry it is the DBF alone.
    """
    names = short_names([column.name for column in order.columns])
    cut = _Cut()
    batches = Batches(order, words=_NO_TIMES, names=names, cut=cut)
    suffix = "dbf" if order.geometry is None else "shp"
    folder = Path(order.folder)
    path, reader = folder / f"{order.layer}.{suffix}", _reader(batches, chunks)
    _write(order, path, reader, driver="ESRI Shapefile", options={"ENCODING": "UTF-8"})
    made = sorted(folder.glob(f"{order.layer}.*"))
    about_file = facts.document(order, about) | {"texts_cut_to_254_bytes": cut.count}
    zipped = folder / "export.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as out:
        for path in made:
            out.write(path, path.name)
            path.unlink()
        if not any(path.suffix == ".cpg" for path in made):
            out.writestr(f"{order.layer}.cpg", "UTF-8")
        out.writestr(f"{order.layer}-fields.csv", _fields(order, names))
        told = json.dumps(about_file, ensure_ascii=False, indent=1)
        out.writestr(f"{order.layer}-metadata.json", told)
    return _read(zipped)


class _Cut:
    """Cuts a text to what a DBF holds, never in the middle of a letter, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, text: str) -> str:
        coded = text.encode()
        if len(coded) <= TEXT_BYTES:
            return text
        self.count += 1
        return coded[:TEXT_BYTES].decode(errors="ignore")


def short_names(names: Iterable[str]) -> tuple[str, ...]:
    """Each name in at most 10 bytes, all different."""
    made: list[str] = []
    for name in names:
        short, number = name[:_NAME_BYTES], 1
        while short in made:
            tail = f"_{number}"
            short, number = name[: _NAME_BYTES - len(tail)] + tail, number + 1
        made.append(short)
    return tuple(made)


def _fields(order: Order, names: tuple[str, ...]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name_in_file", "field", "title_th", "title_en", "unit", "type"])
    writer.writerows(
        [short, column.name, column.title_th, column.title_en, column.unit or "", column.kind]
        for short, column in zip(names, order.columns, strict=True)
    )
    return "\ufeff" + out.getvalue()


def _reader(batches: Batches, chunks: Iterable[Chunk]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(batches.schema, batches.of(chunks))


def _write(
    order: Order,
    path: Path,
    reader: pa.RecordBatchReader,
    *,
    driver: str,
    options: dict[str, str],
    metadata: dict[str, str] | None = None,
) -> None:
    shaped: dict[str, Any] = {}
    if order.geometry is not None:
        shaped = {
            "geometry_name": order.geometry.name,
            "geometry_type": order.geometry.kind,
            "crs": CRS.from_epsg(order.geometry.srid).to_wkt(),
        }
    pyogrio.raw.write_arrow(
        reader,
        path,
        layer=order.layer,
        driver=driver,
        layer_options=options,
        layer_metadata=metadata,
        **shaped,
    )


def _read(path: Path) -> Iterator[bytes]:
    """The finished file piece by piece; its name is gone before the first leaves."""
    with path.open("rb") as handle:
        path.unlink()
        while piece := handle.read(_PIECE):
            yield piece
