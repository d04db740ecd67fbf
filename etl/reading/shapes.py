"""Shapes written in the cells of a table: WKT, EWKT, or WKB in hexadecimal.

Columns of numbers (longitude and latitude, UTM) are left to the parent, which reads Thai digits
and refuses a row by its reason.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from etl.reading.trouble import note

_NAMES = re.compile(
    r"(?:the_?)?(?:wkt|wkb|geom|geometry|shape|ewkt|geom_?wk[bt]|wkt_?geom(?:etry)?)", re.IGNORECASE
)
_WKT = re.compile(
    r"\s*(?:SRID\s*=\s*(\d{4,6})\s*;)?\s*"
    r"(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)
_HEX = re.compile(r"\s*0[01](?:[0-9A-Fa-f]{2}){8,}\s*")
_PAIR = re.compile(r"\s*\(?\s*(-?\d{1,3}\.\d+)°?\s*[,; ]\s*(-?\d{1,3}\.\d+)°?\s*\)?\s*")
_FAR_EAST = 90.0
_SRID = re.compile(r"\s*SRID\s*=\s*(\d{4,6})\s*;", re.IGNORECASE)


@dataclass
class Shapes:
    """The column that holds the shapes, and what is met in it on the way."""

    name: str
    position: int
    kind: str
    crs: str | None = None
    unreadable: list[int] = field(default_factory=list)
    _number: int = 0

    def of(self, row: Sequence[str | None]) -> bytes | None:
        """WKB of the next row's shape."""
        self._number += 1
        made = self._one(row[self.position])
        if made == b"":
            self.unreadable.append(self._number)
        return made

    def _one(self, cell: str | None) -> bytes | None:
        """WKB; None for an empty cell, no bytes at all (which no parser takes) for a broken one."""
        import shapely  # noqa: PLC0415  only for a table that has shapes

        if cell is None or not cell.strip():
            return None
        if self.kind in ("lat,lon", "lon,lat"):
            found = _PAIR.fullmatch(cell)
            if found is None:
                return b""
            first, second = float(found[1]), float(found[2])
            place = (second, first) if self.kind == "lat,lon" else (first, second)
            return bytes(shapely.to_wkb(shapely.Point(place)))
        text = _SRID.sub("", cell.strip())
        try:
            shape = shapely.from_wkb(text) if self.kind == "wkb" else shapely.from_wkt(text)
        except (shapely.errors.ShapelyError, ValueError, NotImplementedError):
            return b""
        return bytes(shapely.to_wkb(shape, include_srid=False)) if shape is not None else b""

    def notes(self) -> list[dict[str, object]]:
        """Which column the shapes are from, and in which rows they cannot be read."""
        told = [note("shapes_from_column", 1, column=self.name, form=self.kind)]
        if self.unreadable:
            told.append(note("shapes_unreadable", len(self.unreadable), rows=self.unreadable[:5]))
        return told


def choose(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Shapes | None:
    """The column of shapes, if there is one: most of its first cells read like one."""
    ahead = list(rows)
    order = sorted(range(len(header)), key=lambda at: _NAMES.fullmatch(header[at]) is None)
    for at in order:
        cells = [cell for row in ahead if (cell := row[at]) and cell.strip()]
        for pattern, kind in ((_WKT, "wkt"), (_HEX, "wkb"), (_PAIR, "pair")):
            fitting = [
                cell
                for cell in cells
                if pattern.fullmatch(cell) or (pattern is _WKT and _WKT.match(cell))
            ]
            if not cells or len(fitting) * 2 < len(cells):
                continue
            form = _which_first(fitting) if kind == "pair" else kind
            crs = next((f"EPSG:{m[1]}" for c in cells if (m := _SRID.match(c))), None)
            if form is not None:
                return Shapes(header[at], at, form, crs)
    return None


def _which_first(cells: Sequence[str]) -> str | None:
    """Which of two numbers in a cell is the latitude: in Thailand the one below 90."""
    pairs = [(float(m[1]), float(m[2])) for cell in cells if (m := _PAIR.fullmatch(cell))]
    if all(abs(first) <= _FAR_EAST < abs(second) for first, second in pairs):
        return "lat,lon"
    if all(abs(second) <= _FAR_EAST < abs(first) for first, second in pairs):
        return "lon,lat"
    return None
