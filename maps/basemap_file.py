"""Finished basemap tiles as one PMTiles file: the same tiles and words give the same bytes."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from layers.text import Text
from maps.frame import Bounds

_DEGREE = 10_000_000


@dataclass(frozen=True)
class Written:
    """What was written: name with the content's hash, SHA-256, bytes, tiles, largest packed."""

    file: str
    sha256: str
    size_bytes: int
    tiles: int
    largest_tile: int


def pack(data: bytes) -> bytes:
    """A tile's bytes as the file holds them, the same whenever it is packed."""
    return gzip.compress(data, 9, mtime=0)


def write(
    folder: Path,
    town_id: str,
    tiles: Iterable[tuple[int, int, int, bytes]],
    *,
    bounds: Bounds,
    fields: dict[str, tuple[int, int, tuple[str, ...]]],
    name: Text,
    credit: Text,
) -> Written:
    """Write `tiles` (z, x, y, packed bytes) as `{town}-{hash}.pmtiles` into the folder.

    `fields` are the vector layers: least and greatest zoom, attributes. `credit` goes into the
    metadata in both languages. The file appears whole or not at all.
    """
    by_id = sorted((zxy_to_tileid(z, x, y), z, data) for z, x, y, data in tiles)
    draft = folder / f".{town_id}-basemap.new"
    zooms = [z for _, z, _ in by_id]
    west, south, east, north = bounds
    header: dict[str, Any] = {
        "tile_compression": Compression.GZIP,
        "tile_type": TileType.MVT,
        "min_lon_e7": round(west * _DEGREE),
        "min_lat_e7": round(south * _DEGREE),
        "max_lon_e7": round(east * _DEGREE),
        "max_lat_e7": round(north * _DEGREE),
        "center_lon_e7": round((west + east) / 2 * _DEGREE),
        "center_lat_e7": round((south + north) / 2 * _DEGREE),
        "center_zoom": min(12, max(zooms)),
    }
    with draft.open("w+b") as handle:
        writer = Writer(handle)
        for tile_id, _, data in by_id:
            writer.write_tile(tile_id, data)
        writer.finalize(header, _metadata(fields, name, credit))
        handle.seek(0)
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        size = handle.seek(0, 2)
    file = f"{town_id}-{digest[:32]}.pmtiles"
    draft.replace(folder / file)
    return Written(file, digest, size, len(by_id), max(len(data) for *_, data in by_id))


def _metadata(
    fields: dict[str, tuple[int, int, tuple[str, ...]]], name: Text, credit: Text
) -> dict[str, Any]:
    both = credit.th if credit.th == credit.en else f"{credit.th} · {credit.en}"
    return {
        "name": f"{name.th} · {name.en}",
        "description": "A subset of the Shortbread schema 1.0, made of the town's public layers",
        "type": "baselayer",
        "format": "pbf",
        "version": "1.0",
        "attribution": both,
        "muang:credit": credit.model_dump(),
        "vector_layers": [
            {"id": layer, "minzoom": least, "maxzoom": most, "fields": dict.fromkeys(names, "")}
            for layer, (least, most, names) in fields.items()
        ],
    }
