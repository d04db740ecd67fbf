"""Rows of the matrix for files: what each person gets of each layer in each format, unpacked."""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from python_calamine import CalamineSheet, CalamineWorkbook
from shapely.geometry import mapping

from exports.formats import FORMATS
from exports.gdal import short_names
from layers.catalog import LAYERS
from layers.model import Layer
from tests.matrix.asking import Asker
from tests.matrix.features import EPSG, at, matched, names
from tests.matrix.history import BEFORE, NOW
from tests.matrix.views import PEOPLE

PATH = "/exports/{}.{}"
METRES = EPSG.format(32648)
_WRITTEN_BY_GDAL = ("gpkg", "fgb", "shp.zip")


def exports(asker: Asker) -> None:
    """Every layer is a file exactly where it has items, with the rows and fields declared.

    In one of the formats in turn, another for the next person: what somebody may read is decided
    in one statement for all formats, and each file is a process of its own. Layers with row rules
    are asked as GeoJSON besides: value by value what items give.
    """
    shift = PEOPLE.index(asker.view.person)
    suffixes = list(FORMATS)
    for place, layer in enumerate(LAYERS, shift):
        if layer not in asker.view.asked():
            continue
        if not asker.view.sees(layer):
            for suffix in FORMATS:
                path = f"/exports/{{}}.{suffix}"
                asker.same_refusal(layer.id, path, 404, params={"lang": "en"})
            continue
        if layer.row_rules:
            told = asker.told(PATH.format(layer.id, "geojson"))["features"]
            page = asker.told(at(layer, "/items"), params={"limit": 1000})["features"]
            assert [(one["id"], one["properties"]) for one in told] == [
                (one["id"], one["properties"]) for one in page
            ], layer.id
        _file(asker, layer, suffixes[place % len(suffixes)])


def _file(asker: Asker, layer: Layer, suffix: str, **params: str) -> None:
    """A file of any format, opened: it holds the rows and fields declared, and nothing else."""
    params = {"crs": METRES, "lang": "en", **params}
    reply = asker.get(PATH.format(layer.id, suffix), params=params)
    rows, around = OPENED[suffix](reply.content, layer)
    kept = {"Cache-Control": reply.headers["cache-control"], "Vary": reply.headers["vary"]}
    whole = httpx.Response(200, json=[rows, around], headers=kept, request=reply.request)
    asker.inspect(whole)
    seen = asker.view.rows(layer)
    assert len(rows) == len(seen), (layer.id, suffix)
    text = whole.text
    for row, name, token in asker.view.expected(layer):
        assert token in text, (layer.id, suffix, row.name, name)
    fields = set(asker.view.fields(layer))
    if rows and suffix not in ("geojsonl", "xlsx"):
        known = fields if suffix != "shp.zip" else set(_short(asker, layer))
        assert {name for name in rows[0] if name != "shape"} == known, (layer.id, suffix)


def _short(asker: Asker, layer: Layer) -> tuple[str, ...]:
    reply = asker.get(PATH.format(layer.id, "csv"), params={"skipGeometry": "true"})
    return short_names(next(csv.reader(io.StringIO(reply.text))))


Rows = tuple[list[dict[str, Any]], list[str]]
"""Rows as JSON can hold them, geometry under `shape`; and what else the file says."""


def _lines(content: bytes, _layer: Layer) -> Rows:
    return [json.loads(line) for line in content.splitlines()], []


def _collection(content: bytes, _layer: Layer) -> Rows:
    told = json.loads(content)
    rows = [
        {"id": one["id"], **one["properties"], "shape": one["geometry"]}
        for one in told.pop("features")
    ]
    return rows, [json.dumps(told, ensure_ascii=False)]


def _table(content: bytes, _layer: Layer) -> Rows:
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(content.decode())))
    for row in rows:
        shape = row.pop("wkt", None)
        row["shape"] = mapping(shapely.from_wkt(shape)) if shape else None
    return rows, []


def _plain(table: pa.Table) -> list[dict[str, Any]]:
    rows = json.loads(json.dumps(table.to_pylist(), default=_json))
    for row in rows:
        row["shape"] = next(
            (row.pop(name) for name in ("geom", "wkb_geometry") if name in row), None
        )
        for name in ("bbox", "OGC_FID"):
            row.pop(name, None)
    return list(rows)


def _json(value: Any) -> Any:
    if value == b"":  # the shape of a row of a plain table, as FlatGeobuf has it
        return None
    return mapping(shapely.from_wkb(value)) if isinstance(value, bytes) else str(value)


def _parquet(content: bytes, _layer: Layer) -> Rows:
    file = pq.ParquetFile(io.BytesIO(content))
    return _plain(file.read()), [str(told.decode()) for told in file.metadata.metadata.values()]


def _gdal(content: bytes, layer: Layer, suffix: str) -> Rows:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{suffix}"
        path.write_bytes(content)
        around = [content.decode(errors="replace")]
        where = str(path)
        if suffix == "shp.zip":
            with zipfile.ZipFile(path) as made:
                around += [made.read(name).decode(errors="replace") for name in made.namelist()]
            where = f"/vsizip/{path}/{layer.id}.{'shp' if layer.geometry else 'dbf'}"
        # as text, or a time would be told in the zone of whoever reads
        table = pyogrio.read_arrow(
            where, layer=layer.id, datetime_as_string=True, return_fids=suffix == "gpkg"
        )[1]
    return _plain(table), around


def _workbook(content: bytes, _layer: Layer) -> Rows:
    sheets = [sheet.to_python() for sheet in _sheets(content)]
    (titles, *rows), about = sheets
    told = [dict(zip(map(str, titles), map(str, row), strict=True)) for row in rows]
    return told, [json.dumps(about, ensure_ascii=False, default=str)]


def _sheets(content: bytes) -> list[CalamineSheet]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_name(name) for name in book.sheet_names]


OPENED: dict[str, Callable[[bytes, Layer], Rows]] = {
    "geojson": _collection,
    "geojsonl": _lines,
    "csv": _table,
    "parquet": _parquet,
    "xlsx": _workbook,
    **{
        suffix: lambda content, layer, suffix=suffix: _gdal(content, layer, suffix)  # type: ignore[misc]
        for suffix in _WRITTEN_BY_GDAL
    },
}


def chosen(asker: Asker) -> None:
    """The filters of items choose the same rows here; hidden fields are no names."""
    for layer in asker.view.asked():
        if not layer.row_rules:
            continue
        path = PATH.format(layer.id, "geojsonl")
        if not asker.view.sees(layer):
            asker.same_refusal(layer.id, "/exports/{}.csv", 404, params={"as_of": NOW})
            continue
        rows = asker.view.rows(layer)
        for params, expected in (
            ({"as_of": NOW}, names(rows)),
            ({"as_of": BEFORE}, set()),
            ({"filter": "true", "filter-lang": "cql2-text"}, names(rows)),
            ({"filter": "id < 0"}, set()),
            ({"datetime": "1800-01-01/1800-01-02"}, matched(asker, layer, datetime="1800-01-01")),
            ({"skipGeometry": "true", "bom": "true", "guard": "true"}, names(rows)),
            ({"properties": "id"}, names(rows)),
            ({"bbox": "10,10,11,11", "bbox-crs": "[OGC:CRS84]", "crs": METRES}, set()),
        ):
            assert _named(asker, layer, path, params) == expected, (layer.id, params)
        for name in asker.view.hidden(layer):
            forms: tuple[dict[str, str], ...] = (
                {"{}": "x"},
                {"filter": "{} = 'x'"},
                {"properties": "{}"},
            )
            for form in forms:
                params = {**form, "lang": "en"}
                asker.same_refusal(name, path, 400, params=params)


def _named(asker: Asker, layer: Layer, path: str, params: dict[str, str]) -> set[str]:
    by_id = {row.id: row.name for row in asker.view.seeds.of(layer)}
    lines = asker.get(path, params=params).content.splitlines()
    return {by_id[json.loads(line)["id"]] for line in lines}
