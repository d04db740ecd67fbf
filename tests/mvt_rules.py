"""The rules of Mapbox Vector Tile 2.1, checked on the bytes: what a lenient decoder lets pass.

`broken(tile)` names every rule a tile breaks. It is tried on the specification's own fixtures
(`tests/api/test_mvt.py`) before anything of ours is believed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7
POINT, LINE, POLYGON = 1, 2, 3
_VALUE_WIRES = {1: BYTES, 2: FIXED32, 3: FIXED64, 4: VARINT, 5: VARINT, 6: VARINT, 7: VARINT}
_LAYER_WIRES = {15: VARINT, 1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT}
_VERSION, _NAME = 15, 1
_LISTS = {2: "features", 3: "keys", 4: "values"}
_CORNERS = 3
_FEATURE_WIRES = {1: VARINT, 2: BYTES, 3: VARINT, 4: BYTES}


@dataclass
class TileLayer:
    """One layer as its bytes say."""

    name: str = ""
    keys: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    features: list[bytes] = field(default_factory=list)


def broken(tile: bytes) -> list[str]:
    """Every rule of the specification the tile breaks, in words."""
    try:
        return list(_tile(tile))
    except (IndexError, ValueError) as error:
        return [f"the bytes cannot be read: {error!r}"]


def _tile(tile: bytes) -> Iterator[str]:
    names = []
    for number, wire, content in _parts(tile):
        if number != 3 or wire != BYTES:
            yield f"the tile has a part {number}"
            continue
        layer = TileLayer()
        yield from _layer(content, layer)
        names.append(layer.name)
    for name, count in Counter(names).items():
        if count > 1:
            yield f"two layers are called {name}"


def _layer(content: bytes, layer: TileLayer) -> Iterator[str]:
    given: Counter[int] = Counter()
    for number, wire, part in _parts(content):
        given[number] += 1
        if _LAYER_WIRES.get(number) != wire:
            yield f"a layer's part {number} is of type {wire}"
        elif number == _VERSION and part not in (1, 2):
            yield f"version {part}"
        elif number == _NAME:
            layer.name = part.decode()
        elif number in _LISTS:
            getattr(layer, _LISTS[number]).append(part)
    if not given[_VERSION]:
        yield "a layer without version"
    if not layer.name:
        yield "a layer without name"
    yield from _values(layer)
    ids: Counter[int] = Counter()
    for feature in layer.features:
        yield from _feature(feature, layer, ids)
    if any(count > 1 for count in ids.values()):
        yield f"{layer.name}: an id is there twice"


def _values(layer: TileLayer) -> Iterator[str]:
    for value in layer.values:
        held = [(number, wire) for number, wire, _ in _parts(value)]
        if len(held) != 1 or any(_VALUE_WIRES.get(number) != wire for number, wire in held):
            yield f"{layer.name}: a value that is none: {held}"


def _feature(content: bytes, layer: TileLayer, ids: Counter[int]) -> Iterator[str]:
    parts: dict[int, list[Any]] = {}
    for number, wire, part in _parts(content):
        if _FEATURE_WIRES.get(number) != wire:
            yield f"a feature's part {number} is of type {wire}"
            return
        parts.setdefault(number, []).append(part)
    ids.update(parts.get(1, []))
    tags = list(_varints(_only(parts, 2)))
    if len(tags) % 2:
        yield f"{layer.name}: a key without a value"
    if any(key >= len(layer.keys) for key in tags[::2]):
        yield f"{layer.name}: a key that is not there"
    if any(value >= len(layer.values) for value in tags[1::2]):
        yield f"{layer.name}: a value that is not there"
    for number, what in ((3, "type"), (4, "geometry")):
        if len(parts.get(number, [])) != 1:
            yield f"{layer.name}: {len(parts.get(number, []))} {what}s"
            return
    kind = parts[3][0]
    if kind not in (0, POINT, LINE, POLYGON):
        yield f"{layer.name}: a geometry of type {kind}"
    elif kind:
        yield from (f"{layer.name}: {what}" for what in _geometry(kind, _only(parts, 4)))


def _only(parts: dict[int, list[Any]], number: int) -> bytes:
    found = parts.get(number, [b""])[0]
    return found if isinstance(found, bytes) else b""


@dataclass
class _Pen:
    """Follows the commands of one geometry."""

    kind: int
    at: tuple[int, int] = (0, 0)
    path: list[tuple[int, int]] = field(default_factory=list)
    rings: list[int] = field(default_factory=list)

    def close(self, count: int) -> Iterator[str]:
        """ClosePath."""
        if self.kind != POLYGON or len(self.path) < _CORNERS or count != 1:
            yield f"a ClosePath of {count} after {len(self.path)} points"
        self.rings.append(_doubled_area(self.path))
        self.path = []

    def begin(self, count: int) -> Iterator[str]:
        """MoveTo: what was drawn before it ends here."""
        if self.kind != POINT and count != 1:
            yield f"a MoveTo to {count} places"
        if self.path and self.kind != POINT:
            yield from self.end()
        self.path = []

    def go(self, command: int, steps: list[int]) -> Iterator[str]:
        """Through the steps of a MoveTo or LineTo."""
        if command == LINE_TO and not self.path:
            yield "a LineTo that begins"
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            if command == LINE_TO and (dx, dy) == (0, 0):
                yield "a LineTo to where it stands"
            self.at = self.at[0] + dx, self.at[1] + dy
            self.path.append(self.at)

    def end(self) -> Iterator[str]:
        """The end of a part."""
        if self.kind == LINE and len(self.path) < 2:
            yield f"a line of {len(self.path)} points"
        if self.kind == POLYGON and self.path:
            yield "a ring that is not closed"


def _geometry(kind: int, content: bytes) -> Iterator[str]:
    numbers = list(_varints(content))
    if not numbers:
        yield "an empty geometry"
    at, pen = 0, _Pen(kind)
    while at < len(numbers):
        command, count = numbers[at] & 7, numbers[at] >> 3
        at += 1
        if command == CLOSE_PATH:
            yield from pen.close(count)
            continue
        if command not in (MOVE_TO, LINE_TO) or count == 0 or at + 2 * count > len(numbers):
            yield f"a command {command} for {count} points that has {len(numbers) - at} numbers"
            return
        if command == MOVE_TO:
            yield from pen.begin(count)
        yield from pen.go(command, [_zigzag(each) for each in numbers[at : at + 2 * count]])
        at += 2 * count
    yield from pen.end()
    if pen.rings and pen.rings[0] <= 0:
        yield "a polygon that does not begin with an outer ring"
    if 0 in pen.rings:
        yield "a ring without area"


def _doubled_area(ring: list[tuple[int, int]]) -> int:
    """Positive for a ring that runs clockwise on the screen, whose y points down."""
    pairs = zip(ring, [*ring[1:], *ring[:1]], strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)


def _zigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _varints(content: bytes) -> Iterator[int]:
    at = 0
    while at < len(content):
        number, at = _varint(content, at)
        yield number


def _varint(content: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = content[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            raise ValueError("a number longer than ten bytes")


def _parts(content: bytes) -> Iterator[tuple[int, int, Any]]:
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = _varint(content, at)
            yield number, wire, value
            continue
        if wire == BYTES:
            length, at = _varint(content, at)
        elif wire in (FIXED32, FIXED64):
            length = 4 if wire == FIXED32 else 8
        else:
            raise ValueError(f"a part of type {wire}")
        if at + length > len(content):
            raise ValueError("a part longer than the tile")
        yield number, wire, content[at : at + length]
        at += length
