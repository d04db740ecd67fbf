"""Shapes of a file's rows in the town's CRS: from WKB, or from the columns of a table of points."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import md5
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from etl import crs, datum, geometry, mending, shift, values
from etl.crs import Choice, Shapes, TownArea
from etl.datum import Operation
from etl.plan import normal
from etl.read import WKB, Read
from etl.steps import GEOM, Flaw, Notes, Outcome
from etl.values import Unreadable
from layers.errors import RefusedError
from layers.model import GeometryKind, Layer
from layers.text import Text

_LON = ("longitude", "lon", "long", "lng", "x", "ลองจิจูด", "easting", "utm_e", "utm_x", "x_utm", "e")
_LAT = ("latitude", "lat", "y", "ละติจูด", "northing", "utm_n", "utm_y", "y_utm", "n")


class Placing:
    """How the shapes of one file come into the town, decided once; `apply` does it to a batch.

    `choice` and `operation` are the CRS with its evidence and the pinned operation.
    """

    def __init__(
        self,
        read: Read,
        layer: Layer,
        town: TownArea,
        *,
        asked_crs: str | None,
        datum_operation: str | None,
    ) -> None:
        """Look through the whole file and decide.

        RefusedError when it holds no places, or its CRS is unknown or wrong.
        """
        self._read, self._layer, self._town = read, layer, town
        self._pair = None if read.has_geometry else _pair(read, layer)
        name = read.source.name
        self._seen = self._look_through()
        self.choice: Choice = crs.choose(read.crs, self._seen, asked_crs, town, name)
        self.operation: Operation = datum.pin(self.choice.crs, town, datum_operation, name)
        if asked_crs is None:
            shift.suspect(self.choice.crs, self.operation, self._seen, town, name)
        self.restart()

    def restart(self) -> None:
        """Begin, or begin another pass over the file."""
        self._nearness = crs.Nearness(self.choice.crs, self._town, self._read.source.name)
        self._nearness.check_degrees(self._seen)

    def _look_through(self) -> crs.Sample:
        """Where the shapes of the whole file lie."""
        seen = crs.Sample()
        usable = False
        for start, table in self._read.batches():
            shapes, _outcome = self._shapes(table, range(start, start + table.num_rows))
            usable = usable or bool((~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)).any())
            seen += crs.sample(shapes)
        if not usable:
            raise crs.refuse(
                self._read.source.name,
                "ไม่มีแถวใดมีรูปหรือตำแหน่งที่ใช้ได้",
                "no row has a usable shape or place",
            )
        return seen

    def apply(self, table: pa.Table, rows: range) -> tuple[pd.DataFrame, Outcome]:
        """Shapes of a batch in the town's CRS, repaired and of the layer's type."""
        shapes, outcome = self._shapes(table, rows)
        turned = self.operation.apply(shapes)
        self._nearness.see(turned)
        frame = pd.DataFrame({GEOM: pd.Series(list(turned), index=list(rows), dtype=object)})
        if gone := {refusal.row for refusal in outcome.refused}:
            frame = frame.loc[[row not in gone for row in frame.index]]
        as_read = pd.Series(list(shapes), index=list(rows), dtype=object)
        frame, more = shape(frame, self._layer, as_read, self.operation.apply)
        return frame, outcome + more

    def finish(self) -> None:
        """Once all batches have passed: RefusedError when nothing of it lies near the town."""
        self._nearness.settle(self._seen)

    def _shapes(self, table: pa.Table, rows: range) -> tuple[Shapes, Outcome]:
        if self._pair is None:
            return geometry.parse_wkb(table.column(WKB).to_pylist(), list(rows))
        return _points(table, rows, self._pair)


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
    outcome += more
    return frame, replace(outcome, flaws=_as_stored(frame, outcome.flaws))


def _as_stored(frame: pd.DataFrame, found: Sequence[Flaw]) -> tuple[Flaw, ...]:
    """Flaws of rows still there, each with the MD5 of what became of its shape."""
    if not found:
        return ()
    shapes: dict[int, Any] = dict(zip(frame.index, frame[GEOM].to_numpy(), strict=True))
    return tuple(
        replace(flaw, shape_md5=_md5(shapes[flaw.row])) for flaw in found if flaw.row in shapes
    )


def _md5(shape: Any) -> str:
    blob: Any = shapely.to_wkb(shape)
    return md5(blob, usedforsecurity=False).hexdigest()


def _pair(read: Read, layer: Layer) -> tuple[str, str]:
    """The columns a table of points has its places in."""
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
    return pair


def lonlat_columns(columns: tuple[str, ...]) -> tuple[str, str] | None:
    """The columns that hold longitude (or x) and latitude (or y), when it is clear which."""
    found = []
    for words in (_LON, _LAT):
        match = [name for word in words for name in columns if normal(name) == normal(word)]
        if not match:
            return None
        found.append(match[0])
    return found[0], found[1]


def _points(table: pa.Table, rows: range, pair: tuple[str, str]) -> tuple[Shapes, Outcome]:
    notes = Notes()
    made: list[Any] = []
    columns = [table.column(name).to_pylist() for name in pair]
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
