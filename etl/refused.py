"""Refused rows as a file to mend and bring again: CSV for a spreadsheet, GeoJSON for a map."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError

from db.datasets import DatasetRecord, Refusal
from etl.order import ImportOrder
from etl.profile import SourceProfile, TownProfile
from layers import catalog
from layers.errors import BadRequestError
from layers.text import Text

SHAPE = "_geometry"
_OURS = ("_row", "_reason_th", "_reason_en", "_file", "_row_in_file")
_SUFFIXES = (".csv", ".geojson")


def write(refusals: Sequence[Refusal], record: DatasetRecord, path: Path) -> None:
    """Write rows with their reasons; shapes stay in the coordinates of the file they came in.

    Columns of ours begin with `_`; they are passed over when the file is brought again. CSV is
    UTF-8 with a byte order mark, so that a spreadsheet shows Thai.
    """
    if path.suffix not in _SUFFIXES:
        raise BadRequestError(
            Text(
                th=f"เขียนได้เฉพาะ {' หรือ '.join(_SUFFIXES)} ไม่ใช่ “{path.name}”",
                en=f"It can be written as {' or '.join(_SUFFIXES)}, not as “{path.name}”.",
            )
        )
    rows = [_row(refusal) for refusal in refusals]
    if path.suffix == ".csv":
        _write_csv(rows, path)
    else:
        _write_geojson(rows, crs_of(record), path)


def crs_of(record: DatasetRecord) -> str | None:
    """The CRS an import's first file was in."""
    files: Any = (record.report or {}).get("files") or [{}]
    name = files[0].get("crs")
    return None if name is None else str(name)


def order_again(record: DatasetRecord, path: Path, actor: str) -> ImportOrder:
    """The order that brings mended rows in, read as the first file was.

    Rows of a replacing import are appended to what it left. BadRequestError for an import that
    did not put on record how its file was read.
    """
    if record.read_as is None:
        raise BadRequestError(
            Text(
                th=f"การนำเข้าหมายเลข {record.id} ไม่ได้จดวิธีอ่านไฟล์ไว้ ใช้ ./muang import แทน",
                en=f"Import no. {record.id} did not put on record how its file was read. "
                "Use ./muang import.",
            )
        )
    asked = SourceProfile.model_validate(record.read_as)
    return ImportOrder(
        layer=catalog.get(record.layer),
        files=(path,),
        actor=actor,
        mode="upsert" if record.mode == "upsert" else "append",
        # a table says no CRS; its coordinates are still those of the first file
        crs=crs_of(record) if path.suffix == ".csv" else None,
        datum_operation=asked.datum_operation,
        source=record.source,
        profile=TownProfile.model_validate({"source": (asked,), "name": f"import {record.id}"}),
        resubmits=record.id,
    )


def _row(refusal: Refusal) -> dict[str, Any]:
    row = {"_row": refusal.row, "_reason_th": refusal.reason.th, "_reason_en": refusal.reason.en}
    return {**row, **refusal.data}


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    found = dict.fromkeys(name for row in rows for name in row)
    own = [name for name in found if name not in (*_OURS, SHAPE)]
    return [*_OURS[:3], *own, *(name for name in (*_OURS[3:], SHAPE) if name in found)]


def _write_csv(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, _names(rows))
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.items()})


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _write_geojson(rows: Sequence[Mapping[str, Any]], crs: str | None, path: Path) -> None:
    whole: dict[str, Any] = {"type": "FeatureCollection", "name": path.stem}
    if crs is not None and (urn := _urn(crs)):
        # GeoJSON before RFC 7946: the one way to keep the coordinates as they were
        whole["crs"] = {"type": "name", "properties": {"name": urn}}
    whole["features"] = [_feature(row) for row in rows]
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")


def _urn(name: str) -> str | None:
    try:
        authority = CRS.from_user_input(name).to_authority()
    except CRSError:
        return None
    if authority is None or authority == ("EPSG", "4326"):
        return None
    return f"urn:ogc:def:crs:{authority[0]}::{authority[1]}"


def _feature(row: Mapping[str, Any]) -> dict[str, Any]:
    shape = _shape(row.get(SHAPE))
    properties = dict(row) if shape is None else {n: v for n, v in row.items() if n != SHAPE}
    geometry = None if shape is None else json.loads(shapely.to_geojson(shape))
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _shape(text: object) -> shapely.Geometry | None:
    """A shape as it was kept; None for one that no program can read (its bytes stay a property)."""
    if not isinstance(text, str):
        return None
    try:
        found = shapely.from_wkt(text)
    except ShapelyError:
        return None
    return None if found is None or found.is_empty else found
