"""Mutated files against the readers: each must end with an answer or a sentence.

`python -m tests.etl.fuzz --minutes 30 --seed 1` runs as long as told and prints what happened.
The files are those of `tests.etl.made` and, where it is present, small ones of the shared data.
A fault is an exception that is no refusal, a reading beyond its time, a change to anything outside
the scratch folder, or a file cut short that is taken for whole with fewer rows.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from etl.look import look
from etl.read import Limits
from layers.errors import MuangError
from tests.etl import made

LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_seconds=20, wall_seconds=40, file_bytes=512 * 1024**2)
_HANGS_S = 900.0
"""A child is ended by its own limit; this is for the parent, on however busy a machine."""
_SMALL = 300_000
_COUNTED = (
    *("geojson", "topojson", "gpkg", "shapefile", "shapefile-zip", "filegdb-zip", "flatgeobuf"),
    *("geoparquet", "geoparquet-native", "kml", "kmz", "gml", "xlsx", "ods", "osm-pbf"),
)
"""Formats that say how much they hold: cut short, they must not pass for whole."""
_WORDS = (
    *(b"\x00" * 8, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\x00\x00\x00"),
    *(b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"{", b"[" * 64, b'"', b"'", b"\n", b"NaN"),
    *(b"1e999", b"-1", b"/vsicurl/http://127.0.0.1:9/", b"../", b"\xe0\xb8", b"\xa1\xd5"),
)


@dataclass
class Told:
    """What happened in a run: outcomes by format, and every fault in full."""

    tried: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_s: float = 0.0


def mutate(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """Bytes changed in one of the ways files break or are made to."""
    way = dice.choice(("flip", "flip", "cut", "word", "swap", "repeat", "zero", "number"))
    size = max(1, len(data))
    at = dice.randrange(size)
    made_ = bytearray(data)
    match way:
        case "flip":
            for _ in range(dice.choice((1, 1, 2, 8, 64))):
                made_[dice.randrange(size)] ^= 1 << dice.randrange(8)
        case "cut":
            del made_[at:]
        case "word":
            made_[at:at] = dice.choice(_WORDS)
        case "swap":
            other, length = dice.randrange(size), dice.randrange(1, 64)
            made_[at : at + length] = data[other : other + length]
        case "repeat":
            length = dice.randrange(1, 4096)
            made_[at:at] = data[at : at + length] * dice.choice((1, 2, 50))
        case "zero":
            length = dice.randrange(1, 256)
            made_[at : at + length] = b"\x00" * len(made_[at : at + length])
        case "number":
            # a count or a length somewhere near the beginning
            place = dice.randrange(min(size, 256))
            made_[place : place + 4] = dice.randbytes(4)
    return bytes(made_), way


def shared() -> list[Path]:
    """Small files of the shared data, none where it is absent."""
    given = os.environ.get("MUANG_SHARED_DATA")
    root = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
    if not (root / "d_nasty").is_dir():
        return []
    endings = (".shp", ".dbf", ".gpkg", ".geojson", ".parquet", ".pbf", ".csv", ".gml", ".zip")
    return [
        path
        for path in sorted((root / "d_nasty").rglob("*"))
        if path.suffix in endings and path.stat().st_size < _SMALL
    ]


def _sample(folder: Path, dice: random.Random) -> tuple[str, Path, Path]:
    """A whole file to mutate, and which of its files to change."""
    others = shared()
    if others and dice.random() < 0.4:
        path = dice.choice(others)
        parts = [path]
        if path.suffix == ".shp":
            parts = [p for p in path.parent.iterdir() if p.stem == path.stem and p.is_file()]
        for part in parts:
            (folder / f"shared{part.suffix}").write_bytes(part.read_bytes())
        return f"shared{path.suffix}", folder / f"shared{path.suffix}", _victim(folder, dice)
    name = dice.choice(sorted(made.MAKERS))
    path = made.MAKERS[name][1](folder)
    if path.is_dir():
        return name, path, dice.choice(sorted(path.iterdir()))
    return name, path, _victim(folder, dice) if name == "shapefile" else path


def _victim(folder: Path, dice: random.Random) -> Path:
    return dice.choice(sorted(part for part in folder.iterdir() if part.is_file()))


def run(seconds: float, seed: int, say: Callable[[str], None] = print) -> Told:
    """Mutate and look until the time is up."""
    dice = random.Random(seed)  # noqa: S311  the same run again from the same seed
    told = Told()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with tempfile.TemporaryDirectory(prefix="muang-fuzz-") as name:
            _one(Path(name), dice, told, say)
    return told


def _one(folder: Path, dice: random.Random, told: Told, say: Callable[[str], None]) -> None:
    name, path, victim = _sample(folder, dice)
    data, way = mutate(victim.read_bytes(), dice)
    victim.write_bytes(data)
    before = _state(folder)
    started = time.monotonic()
    fault = None
    try:
        found = look(path, limits=LIMITS)
        outcome = "read"
        rows = sum(layer.read for layer in found.layers)
        unreadable = any(p.kind == "unreadable" for layer in found.layers for p in layer.problems)
        if way == "cut" and name in _COUNTED and rows not in _whole(name) and not unreadable:
            fault = f"cut short, yet {rows} rows pass for whole"
    except MuangError as error:
        outcome = "stopped" if error.facts.get("word") == "stopped" else "refused"
    except Exception as error:  # noqa: BLE001  just this is looked for
        outcome, fault = "raised", f"{type(error).__name__}: {error}"
    took = time.monotonic() - started
    if took > _HANGS_S:
        fault = f"took {took:.0f} s"
    if _state(folder) != before:
        fault = "a file beside it changed"
    told.tried += 1
    told.slowest_s = max(told.slowest_s, took)
    told.outcomes[f"{name}: {outcome}"] += 1
    if fault is not None:
        kept = Path(tempfile.gettempdir()) / f"fuzz-fault-{len(told.faults)}-{victim.name}"
        kept.write_bytes(data)
        told.faults.append(f"{name} ({victim.name}, {way}): {fault} [{kept}]")
        say(told.faults[-1])


def _whole(name: str) -> tuple[int, ...]:
    """How many rows the whole file has (of all layers); a street has a line and no point."""
    return (1,) if name == "osm-pbf" else (3,)


def _state(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def main() -> int:
    """Run as long as told; exit status 1 when there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    told = run(asked.minutes * 60, asked.seed)
    print(json.dumps(vars(told), ensure_ascii=False, indent=1, default=str))
    return 1 if told.faults else 0


if __name__ == "__main__":
    sys.exit(main())
