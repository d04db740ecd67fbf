"""Writes small OpenStreetMap PBF files: protocol buffers by hand, after the format's own page."""

import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Node:
    """A point in degrees."""

    id: int
    lon: float
    lat: float
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """A line through nodes, or an area when it ends where it began."""

    id: int
    nodes: tuple[int, ...]
    tags: Tags = field(default_factory=dict)


def write_pbf(path: Path, nodes: Iterable[Node], ways: Iterable[Way]) -> Path:
    """One header and one block."""
    words: list[str] = [""]

    def word(text: str) -> int:
        if text not in words:
            words.append(text)
        return words.index(text)

    groups = b""
    for node in nodes:
        groups += _bytes(1, _node(node, word))
    group_of_nodes = _bytes(2, groups)
    groups = b""
    for way in ways:
        groups += _bytes(3, _way(way, word))
    table = _bytes(1, b"".join(_bytes(1, text.encode()) for text in words))
    header = _bytes(4, b"OsmSchema-V0.6") + _bytes(4, b"DenseNodes")
    path.write_bytes(
        _blob("OSMHeader", header) + _blob("OSMData", table + group_of_nodes + _bytes(2, groups))
    )
    return path


def _node(node: Node, word: Callable[[str], int]) -> bytes:
    place = _number(8, _zigzag(round(node.lat * 1e7))) + _number(9, _zigzag(round(node.lon * 1e7)))
    return _number(1, _zigzag(node.id)) + _tags(node.tags, word) + place


def _way(way: Way, word: Callable[[str], int]) -> bytes:
    steps, last = b"", 0
    for each in way.nodes:
        steps += _varint(_zigzag(each - last))
        last = each
    return _number(1, way.id) + _tags(way.tags, word) + _bytes(8, steps)


def _tags(tags: Tags, word: Callable[[str], int]) -> bytes:
    keys = b"".join(_varint(word(key)) for key in tags)
    values = b"".join(_varint(word(value)) for value in tags.values())
    return _bytes(2, keys) + _bytes(3, values) if tags else b""


def _blob(kind: str, data: bytes) -> bytes:
    body = _number(2, len(data)) + _bytes(3, zlib.compress(data))
    header = _bytes(1, kind.encode()) + _number(3, len(body))
    return struct.pack(">I", len(header)) + header + body


def _bytes(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])
