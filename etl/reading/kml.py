"""KML by the standard library's parser, streamed; each folder that holds placemarks is a layer.

Not through GDAL: its driver turns Thai names of extended data into underscores, so that two of
one length fall together. Links to other files are counted and never followed.
"""

import contextlib
import struct
import xml.parsers.expat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from etl.reading.out import CHUNK_ROWS, Sink, check_columns, unique
from etl.reading.trouble import FID, WKB, Meta, Order, Trouble, note

_BLOCK = 1 << 20
_DEPTH = 200
_LEFT_OUT = ("NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Tour")
_SHAPES = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiGeometry",
    "Track",
    "MultiTrack",
    "Model",
)
_PLAIN = ("name", "description", "address", "phoneNumber", "when", "begin", "end", "styleUrl")
_SIMPLE = {"Point": 1, "LineString": 2, "LinearRing": 2, "Track": 2, "Polygon": 3}

Places = list[tuple[float, ...]]


@dataclass
class _Shape:
    kind: str
    places: Places = field(default_factory=list)
    rings: list[Places] = field(default_factory=list)
    parts: "list[_Shape]" = field(default_factory=list)
    broken: bool = False


@dataclass
class _Mark:
    """A placemark on its way."""

    values: dict[str, str] = field(default_factory=dict)
    shape: _Shape | None = None
    more: int = 0


def layers(order: Order) -> list[str]:
    """Folders (and documents) that hold placemarks themselves; a repeated name is numbered."""
    return list(_survey(order).columns)


def read(order: Order, folder: Path) -> Meta:
    """Read the placemarks of one folder."""
    survey = _survey(order)
    wanted = order["layer"]
    if wanted not in survey.columns:
        raise Trouble("choose", wanted=wanted, layers=list(survey.columns))
    keys = list(survey.columns[wanted])
    check_columns(len(keys))
    schema = pa.schema(
        [*((name, pa.string()) for name in unique(keys)), (WKB, pa.binary()), (FID, pa.int64())]
    )
    with Sink(folder, schema) as sink:
        chunk: list[_Mark] = []

        def flush() -> None:
            arrays = [pa.array([m.values.get(k) for m in chunk], type=pa.string()) for k in keys]
            arrays.append(pa.array([_wkb(m.shape) for m in chunk], type=pa.binary()))
            numbers = range(sink.rows, sink.rows + len(chunk))
            sink.add([*arrays, pa.array(numbers, type=pa.int64())])
            chunk.clear()

        def keep(layer: str, mark: _Mark) -> None:
            if layer == wanted:
                chunk.append(mark)
                if len(chunk) >= CHUNK_ROWS:
                    flush()

        left_out = _parse(Path(order["path"]), keep)
        flush()
    return {
        "rows": sink.rows,
        "crs": "EPSG:4326",
        "encoding": "UTF-8",
        "encoding_evidence": "XML says its own encoding",
        "encoding_confidence": 1.0,
        "geometry_type": None,
        "has_geometry": True,
        "messages": [],
        "notes": [note("kml_left_out", count, element=name) for name, count in left_out.items()],
        "texts": sink.texts,
    }


@dataclass
class _Survey:
    columns: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, layer: str, mark: _Mark) -> None:
        seen = self.columns.setdefault(layer, {})
        for key in mark.values:
            seen.setdefault(key)
        check_columns(len(seen))
        check_columns(len(self.columns))


def _survey(order: Order) -> _Survey:
    found = _Survey()
    _parse(Path(order["path"]), found.add)
    return found


def _parse(path: Path, each: Callable[[str, _Mark], None]) -> Counter[str]:
    """Call `each` with the layer's name and each placemark; what was left out, by element."""
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    reader = _Reader(each)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.definition
    with path.open("rb") as handle:
        try:
            while block := handle.read(_BLOCK):
                parser.Parse(block, False)
            parser.Parse(b"", True)
        except xml.parsers.expat.ExpatError as error:
            raise Trouble("damaged", message=str(error)) from error
    return reader.left_out


class _Reader:
    def __init__(self, each: Callable[[str, _Mark], None]) -> None:
        self._each = each
        self._stack: list[str] = []
        self._folders: list[tuple[str, int]] = []
        self._names: dict[int, str] = {}
        self._taken: Counter[str] = Counter()
        self._serial = 0
        self._mark: _Mark | None = None
        self._shapes: list[_Shape] = []
        self._text: list[str] = []
        self._data = ""
        self.left_out: Counter[str] = Counter()

    def definition(self, *_words: object) -> None:
        raise Trouble("dtd")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit(":", 1)[-1]
        self._stack.append(name)
        if len(self._stack) > _DEPTH:
            raise Trouble("nested")
        self._text = []
        if name in ("Folder", "Document"):
            self._serial += 1
            self._folders.append(("", self._serial))
        elif name == "Placemark":
            self._mark = _Mark()
            if attributes.get("id"):
                self._mark.values["id"] = attributes["id"]
        elif name in _LEFT_OUT:
            self.left_out[name] += 1
        elif name in ("Data", "SimpleData"):
            self._data = attributes.get("name", "")
        elif self._mark is not None and name in _SHAPES:
            self._shapes.append(_Shape(name))

    def text(self, data: str) -> None:
        self._text.append(data)

    def end(self, tag: str) -> None:
        name = tag.rsplit(":", 1)[-1]
        self._stack.pop()
        above = self._stack[-1] if self._stack else ""
        text = "".join(self._text).strip()
        self._text = []
        if name in ("Folder", "Document"):
            self._folders.pop()
        elif name == "name" and above in ("Folder", "Document"):
            self._folders[-1] = (text, self._folders[-1][1])
        elif self._mark is not None:
            self._inside(name, above, text)

    def _inside(self, name: str, above: str, text: str) -> None:
        mark = self._mark
        if mark is None:
            return
        if name == "Placemark":
            self._finish(mark)
        elif self._shapes and (
            name in _SHAPES
            or name in ("coordinates", "coord", "innerBoundaryIs", "outerBoundaryIs")
        ):
            self._shape(name, text)
        elif (above == "Placemark" and name in _PLAIN and text) or (
            name in ("when", "begin", "end") and above in ("TimeStamp", "TimeSpan") and text
        ):
            mark.values[name] = text
        elif (name == "value" and above == "Data") or name == "SimpleData":
            key = self._data or "data"
            mark.values[key if key not in _PLAIN else f"{key}_2"] = text

    def _finish(self, mark: _Mark) -> None:
        path = [name for name, _serial in self._folders]
        if len(path) > 1:
            mark.values["folder"] = "/".join(filter(None, path[1:]))
        self._each(self._layer(), mark)
        if mark.shape is not None and mark.shape.kind == "Model":
            self.left_out["Model"] += 1
        self._mark = None
        self._shapes = []

    def _layer(self) -> str:
        """The name of the innermost folder, numbered when another folder has the same."""
        name, serial = self._folders[-1] if self._folders else ("", 0)
        if serial not in self._names:
            plain = name or "placemarks"
            self._taken[plain] += 1
            count = self._taken[plain]
            self._names[serial] = plain if count == 1 else f"{plain} (#{count})"
        return self._names[serial]

    def _shape(self, name: str, text: str) -> None:
        shape = self._shapes[-1]
        if name == "coordinates":
            _take(shape, text.split(), ",")
        elif name == "coord":
            _take(shape, [text], None)
        elif name in _SHAPES:
            self._shapes.pop()
            self._close(shape)

    def _close(self, shape: _Shape) -> None:
        if not self._shapes:
            if self._mark is not None and self._mark.shape is None:
                self._mark.shape = shape
            elif self._mark is not None:
                self._mark.shape = _Shape("MultiGeometry", parts=[self._mark.shape, shape])  # type: ignore[list-item]  # not None here
            return
        outer = self._shapes[-1]
        if outer.kind == "Polygon":
            outer.rings.append(shape.places)
            outer.broken |= shape.broken
        else:
            outer.parts.append(shape)


def _take(shape: _Shape, words: list[str], between: str | None) -> None:
    for word in words:
        with contextlib.suppress(ValueError):
            place = tuple(float(part) for part in word.split(between)[:3])
            if len(place) >= 2:  # noqa: PLR2004
                shape.places.append(place)
                continue
        shape.broken = True


def _wkb(shape: _Shape | None) -> bytes | None:
    """ISO WKB; no bytes (which nothing parses) where the coordinates cannot be read."""
    if shape is None or shape.kind == "Model":
        return None
    if _is_broken(shape):
        return b""
    return _one(shape, _deep(shape))


def _is_broken(shape: _Shape) -> bool:
    return shape.broken or any(_is_broken(part) for part in shape.parts)


def _deep(shape: _Shape) -> bool:
    places = [*shape.places, *(place for ring in shape.rings for place in ring)]
    return any(len(place) > 2 for place in places) or any(map(_deep, shape.parts))  # noqa: PLR2004


def _one(shape: _Shape, deep: bool) -> bytes:
    if shape.kind in ("MultiGeometry", "MultiTrack"):
        return _many([part for part in shape.parts if part.kind != "Model"], deep)
    kind = _SIMPLE[shape.kind]
    head = struct.pack("<BI", 1, kind + (1000 if deep else 0))
    if kind == 1:
        places = shape.places or [(float("nan"),) * 3]
        return head + _pack(places[0], deep)
    if kind == 2:  # noqa: PLR2004
        return head + _line(shape.places, deep)
    rings = b"".join(_line(ring, deep) for ring in shape.rings)
    return head + struct.pack("<I", len(shape.rings)) + rings


def _many(parts: list[_Shape], deep: bool) -> bytes:
    kinds = {_SIMPLE.get(part.kind, 0) for part in parts}
    only = kinds.pop() if len(kinds) == 1 else 0
    # a multi-shape of one kind where it can be, else a collection
    kind = only + 3 if only else 7
    head = struct.pack("<BII", 1, kind + (1000 if deep else 0), len(parts))
    return head + b"".join(_one(part, deep) for part in parts)


def _line(places: Places, deep: bool) -> bytes:
    return struct.pack("<I", len(places)) + b"".join(_pack(place, deep) for place in places)


def _pack(place: tuple[float, ...], deep: bool) -> bytes:
    if deep:
        return struct.pack("<3d", *(*place, 0.0)[:3])
    return struct.pack("<2d", *place[:2])
