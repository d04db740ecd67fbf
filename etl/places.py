"""Shapes of a file's rows in the town's CRS: from WKB, or from the columns of a table of points."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from etl import crs, datum, geometry, mending, values
from etl.crs import Choice, Shapes, TownArea
from etl.datum import Operation
from etl.plan import normal
from etl.read import WKB, Read
from etl.steps import GEOM, Notes, Outcome
from etl.values import Unreadable
from layers.errors import RefusedError
from layers.model import GeometryKind, Layer
from layers.text import Text

_LON = ("longitude", "lon", "long", "lng", "x", "ลองจิจูด")
_LAT = ("latitude", "lat", "y", "ละติจูด")


@dataclass(frozen=True)
class Placed:
    """The frame with valid shapes of the layer's type, and how they were placed."""

    frame: pd.DataFrame
    outcome: Outcome
    choice: Choice
    operation: Operation


def place(
    read: Read,
    rows: range,
    layer: Layer,
    town: TownArea,
    *,
    asked_crs: str | None,
    datum_operation: str | None,
) -> Placed:
    """Shapes of every row, in the town's CRS, repaired and of the layer's type.

    RefusedError when the file holds no places, or its CRS is unknown or wrong.
    """
    name = read.source.name
    shapes, outcome = _shapes(read, rows, layer)
    if not (~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)).any():
        raise crs.refuse(name, "ไม่มีแถวใดมีรูปหรือตำแหน่งที่ใช้ได้", "no row has a usable shape or place")
    choice = crs.choose(read.crs, crs.sample(shapes), asked_crs, town, name)
    operation = datum.pin(choice.crs, town, datum_operation, name)
    turned = operation.apply(shapes)
    crs.check_place(shapes, turned, choice.crs, town, name)
    frame = pd.DataFrame({GEOM: pd.Series(list(turned), index=list(rows), dtype=object)})
    gone = {refusal.row for refusal in outcome.refused}
    frame = frame.loc[[row not in gone for row in frame.index]]
    as_read = pd.Series(list(shapes), index=list(rows), dtype=object)
    frame, more = shape(frame, layer, as_read, operation.apply)
    return Placed(frame, outcome + more, choice, operation)


def shape(
    frame: pd.DataFrame, layer: Layer, as_read: "pd.Series[Any]", turn: mending.Turn
) -> tuple[pd.DataFrame, Outcome]:
    """Every geometry step in order, on shapes already in the town's CRS; pure, batch by batch."""
    frame, outcome = geometry.refuse_missing(frame)
    frame, more = geometry.flatten(frame)
    outcome += more
    frame, more = mending.repair(frame, as_read, turn)
    outcome += more
    frame, more = geometry.as_layer_type(frame, layer)
    outcome += more
    frame, more = geometry.tidy(frame, layer)
    return frame, outcome + more


def _shapes(read: Read, rows: range, layer: Layer) -> tuple[Shapes, Outcome]:
    if read.has_geometry:
        return geometry.parse_wkb(read.table.column(WKB).to_pylist(), list(rows))
    pair = lonlat_columns(read.columns)
    if layer.geometry is not GeometryKind.POINT or pair is None:
        raise RefusedError(
            Text(
                th=f"ไม่รับไฟล์ “{read.source.name}”: เป็นตารางที่ไม่มีตำแหน่ง"
                f" คอลัมน์: {', '.join(read.columns[:40])} ถ้าจะเติมข้อมูลให้ชั้น {layer.id} ใช้ --join",
                en=f"“{read.source.name}” is refused: it is a table without places (no geometry, "
                f"no longitude and latitude for points). Its columns are: "
                f"{', '.join(read.columns[:40])}. To add its values to {layer.id}, use --join.",
            )
        )
    return _points(read, rows, pair)


def lonlat_columns(columns: tuple[str, ...]) -> tuple[str, str] | None:
    """The columns that hold longitude (or x) and latitude (or y), when it is clear which."""
    found = []
    for words in (_LON, _LAT):
        match = [name for word in words for name in columns if normal(name) == normal(word)]
        if not match:
            return None
        found.append(match[0])
    return found[0], found[1]


def _points(read: Read, rows: range, pair: tuple[str, str]) -> tuple[Shapes, Outcome]:
    notes = Notes()
    made: list[Any] = []
    columns = [read.table.column(name).to_pylist() for name in pair]
    for row, x_cell, y_cell in zip(rows, *columns, strict=True):
        try:
            x, y = values.number(x_cell), values.number(y_cell)
        except Unreadable:
            notes.refuse(
                [row],
                Text(
                    th=f"พิกัดอ่านไม่ได้ ({x_cell}, {y_cell})",
                    en=f"The coordinates cannot be read ({x_cell}, {y_cell}).",
                ),
            )
            made.append(None)
            continue
        made.append(None if x is None or y is None else shapely.Point(x, y))
    shapes = np.empty(len(made), dtype=object)
    shapes[:] = made
    return shapes, notes.take(pd.DataFrame())[1]
