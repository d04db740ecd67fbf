"""A reply as a person could read it: unpacked, unescaped, and searched for what it gives away."""

import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import httpx
import mapbox_vector_tile

from tests.api.places import TO_DEGREES
from tests.matrix.seeds import TOKENS, Row

TILE = "application/vnd.mapbox-vector-tile"
_NEAR = 2e-6, 0.2
"""Degrees and metres within which two coordinates are the same place."""


def tile_of(reply: httpx.Response) -> dict[str, Any]:
    """The layers of a vector tile; empty for 204."""
    if not reply.content:
        return {}
    made: dict[str, Any] = mapbox_vector_tile.decode(
        reply.content, default_options={"y_coord_down": True}
    )
    return made


def walked(tree: Any) -> Iterator[Any]:
    """Every key and value within parsed JSON or a tile."""
    if isinstance(tree, dict):
        yield from tree
        for value in tree.values():
            yield from walked(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from walked(value)
    else:
        yield tree


def leaves(reply: httpx.Response) -> list[Any]:
    """Every key and value of the body, whatever it is packed in; JSON inside events as well."""
    kind = reply.headers.get("content-type", "")
    if kind == TILE:
        return [*walked(tile_of(reply)), reply.content.decode("utf-8", errors="replace")]
    if "ndjson" in kind:
        return [leaf for line in reply.text.splitlines() for leaf in walked(json.loads(line))]
    if "json" in kind and reply.content:  # of a HEAD there is none
        return list(walked(reply.json()))
    found: list[Any] = [reply.text]
    for line in reply.text.splitlines() if "event-stream" in kind else ():
        if line.startswith("data: "):
            found += walked(json.loads(line.removeprefix("data: ")))
    return found


def readings(reply: httpx.Response) -> str:
    """All text of a reply in every form somebody could decode it to, its headers included."""
    # httpx has unpacked these; what it has not would be searched in vain
    assert reply.headers.get("content-encoding", "gzip") == "gzip"
    texts = [str(leaf) for leaf in leaves(reply)]
    texts += [f"{name}: {value}" for name, value in reply.headers.items()]
    if "json" not in reply.headers.get("content-type", ""):
        texts.append(reply.text)
    whole = "\n".join(texts)
    once = html.unescape(whole)
    forms = [whole, once, html.unescape(once), unquote_plus(whole)]
    return "\n".join(forms)


def canaries(reply: httpx.Response) -> set[str]:
    """Every canary the reply gives away."""
    return set(TOKENS.findall(readings(reply)))


def betrayed(reply: httpx.Response, rows: list[Row]) -> list[str]:
    """Names of the rows with a vertex whose two coordinates both stand in the reply, in any CRS."""
    numbers = [
        float(leaf)
        for leaf in leaves(reply)
        if isinstance(leaf, int | float) and not isinstance(leaf, bool)
    ]
    degrees = [n for n in numbers if abs(n) <= 180]
    metres = [n for n in numbers if abs(n) > 180]
    return [
        row.name for row in rows if any(_stands(vertex, degrees, metres) for vertex in row.vertices)
    ]


def _stands(vertex: tuple[float, float], degrees: list[float], metres: list[float]) -> bool:
    lon, lat = TO_DEGREES.transform(*vertex)

    def has(numbers: list[float], wanted: float, near: float) -> bool:
        return any(abs(number - wanted) <= near for number in numbers)

    return (has(degrees, lon, _NEAR[0]) and has(degrees, lat, _NEAR[0])) or (
        has(metres, vertex[0], _NEAR[1]) and has(metres, vertex[1], _NEAR[1])
    )
