"""What loading costs: rows into staging and into live, beside a raw COPY and GeoPandas.

Paired rounds on one server and one table (`town.parcels` with all its constraints, indexes and
triggers): every round does the same rows each way, in turned order; ratios are of the pairs, so a
busy machine slows both halves. Prints medians, and one object with --json.

    MUANG_DATABASE_URL=… python -m bench.imports [--rows 200000] [--rounds 5] [--file-rows 1000000]

`--file-rows` also imports a GeoPackage of that many parcels by the command itself, once, and
tells its time and the greatest memory of the command and its reader together.
"""

import argparse
import json
import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from bench.figures import Figure, Report
from bench.made_parcels import parcels, write_file
from bench.memory import peak_of
from db import binary_copy, staging
from db.connect import Machine, connect, connect_admin
from db.datasets import Dataset
from db.derived import AnyConnection
from db.load import Loading, Mode
from db.towns import TownSpec, create_town, drop_town
from etl.columns import arrays
from etl.steps import GEOM
from layers import catalog
from layers.text import Text

LAYER = catalog.get("parcels")
_BATCH = 20_000
_ROWS = 200_000
_LARGE = 1_000_000
_SRID = 32648
_LOGGED = (
    "town.parcels, history.parcels, render.parcels, render.parcels_cells, muang.layer_change,"
    " muang.change_set"
)


@dataclass(frozen=True)
class Town:
    """A town made for the measurement, with the secret of its logins."""

    server_url: str
    secret: str
    id: str


@dataclass(frozen=True)
class Pair:
    """One thing measured: ours and what it is compared with, in seconds, by round."""

    name: str
    ours: list[float]
    theirs: list[float]
    wanted: float

    @property
    def ratio(self) -> float:
        """How many times as fast ours is: the median over the pairs."""
        return statistics.median(t / o for o, t in zip(self.ours, self.theirs, strict=True))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the rounds and print the table; 1 when a ratio falls short."""
    parser = argparse.ArgumentParser(prog="bench.imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--file-rows", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    with _town(os.environ["MUANG_DATABASE_URL"]) as town:
        pairs = Bench(town, options.rows).run(options.rounds)
        file = file_import(town, options.file_rows) if options.file_rows else None
    if options.json:
        facts = {
            "rows": options.rows,
            "rounds": options.rounds,
            "ratios": {pair.name: round(pair.ratio, 2) for pair in pairs},
            "file": file,
        }
        print(json.dumps(facts))
    else:
        _print(pairs, options.rows, file)
    return int(any(pair.ratio < pair.wanted for pair in pairs))


def measure(server_url: str, report: Report, *, rounds: int, rows: int) -> None:
    """For `muang bench`: the pairs on 200,000 rows at most, and a file of a million."""
    print("\nimports: into staging and into live, beside a raw COPY and GeoPandas")
    with _town(server_url) as town:
        for pair in Bench(town, min(rows, _ROWS)).run(rounds):
            times = [t / o for o, t in zip(pair.ours, pair.theirs, strict=True)]
            report.add(Figure("imports", pair.name, times, pair.wanted))
        if rows >= _LARGE:
            made = file_import(town, rows)
            for name, most in (("seconds", 180.0), ("peak_mb", 600.0)):
                told = f"import of {rows:,} parcels, {name}"
                figure = float(str(made[name]))
                report.add(Figure("imports", told, [figure], most, unit="", at_most=True))


@contextmanager
def _town(server_url: str) -> Iterator[Town]:
    """A town of the measurement's own."""
    town = Town(server_url, secrets.token_hex(32), f"bench{secrets.token_hex(3)}")
    name = Text(th="วัดผล", en="Bench")
    create_town(server_url, town.secret, TownSpec(id=town.id, name=name, srid=_SRID))
    try:
        yield town
    finally:
        drop_town(server_url, town.id)


def _print(pairs: Sequence[Pair], rows: int, file: object) -> None:
    print(f"{'':<30}{'ours s':>9}{'theirs s':>10}{'times':>8}{'wanted':>8}   rows: {rows:,}")
    for pair in pairs:
        ours, theirs = statistics.median(pair.ours), statistics.median(pair.theirs)
        print(f"{pair.name:<30}{ours:>9.2f}{theirs:>10.2f}{pair.ratio:>8.2f}{pair.wanted:>8.1f}")
    if file:
        print(json.dumps(file))


class Bench:
    """The rows of a round, and each way of loading them."""

    def __init__(self, town: Town, rows: int) -> None:
        self._town = town
        self.frame = parcels(rows)
        self.changed = parcels(rows, use="vacant", shift=0.5)
        self._frames = _pieces(self.frame)
        self._changed = _pieces(self.changed)
        # GeoPandas over the same login; it uses COPY underneath
        self._engine = sa.create_engine(
            "postgresql+psycopg://", creator=self._loader, poolclass=sa.NullPool
        )

    def run(self, rounds: int) -> list[Pair]:
        """Every pair, `rounds` times, alternating which half comes first."""
        halves: list[tuple[str, float, Callable[[], float], Callable[[], float]]] = [
            ("COPY to staging / raw COPY", 0.7, self.staged, self.raw_copy),
            ("replace, layer was empty", 1.3, self.replace_empty, self.geopandas_empty),
            ("replace, layer was full", 1.3, self.replace_full, self.geopandas_full),
            ("upsert, half is there", 0.7, self.upsert_half, self.geopandas_half),
        ]
        found = [Pair(name, [], [], wanted) for name, wanted, _ours, _theirs in halves]
        for turn in range(rounds):
            for pair, (_name, _wanted, ours, theirs) in zip(found, halves, strict=True):
                order = [(pair.ours, ours), (pair.theirs, theirs)]
                for kept, half in order if turn % 2 else reversed(order):
                    kept.append(half())
                print(f"  {pair.name}: {pair.ours[-1]:.2f} {pair.theirs[-1]:.2f}", file=sys.stderr)
        return found

    def staged(self) -> float:
        """The Arrow columns of an import's batches into the staging table."""
        batches = [arrays(frame, LAYER, _SRID) for frame in self._frames]
        with self._loader() as conn:
            with self._loading(conn, self._frames, "append") as loading:
                started = time.perf_counter()
                for batch in batches:
                    loading.add(batch)
            seconds = time.perf_counter() - started
            conn.rollback()
            return seconds

    def raw_copy(self) -> float:
        """The same bytes, made beforehand, into the same table by one COPY."""
        data = [bytes(binary_copy.rows(arrays(frame, LAYER, _SRID))) for frame in self._frames]
        names = ", ".join(("row_no", *self.frame.columns))
        with self._loader() as conn:
            staging.make(conn, LAYER, tuple(self.frame.columns))
            copy_in = f"COPY pg_temp.incoming ({names}) FROM STDIN (FORMAT BINARY)".encode()
            started = time.perf_counter()
            with conn.cursor() as cursor, cursor.copy(copy_in) as copy:
                copy.write(binary_copy.HEADER)
                for part in data:
                    copy.write(part)
                copy.write(binary_copy.TRAILER)
            seconds = time.perf_counter() - started
            conn.rollback()
            return seconds

    def replace_empty(self) -> float:
        """A replacing import into a layer without rows."""
        self._empty()
        return self._load(self._frames, "replace")

    def geopandas_empty(self) -> float:
        """`to_postgis` into the same table without rows."""
        self._empty()
        return self._append(self.frame)

    def replace_full(self) -> float:
        """A replacing import over as many rows, each of which differs."""
        self._fill(self._frames)
        return self._load(self._changed, "replace")

    def geopandas_full(self) -> float:
        """Delete all, then `to_postgis`: what replacing is there without losing the triggers."""
        self._fill(self._frames)
        started = time.perf_counter()
        with self._loader() as conn:
            conn.execute("DELETE FROM town.parcels")
            conn.commit()
        return self._append(self.changed) + time.perf_counter() - started - self._last

    def upsert_half(self) -> float:
        """An upsert of which every second row is there and differs."""
        self._fill([frame.iloc[::2] for frame in self._frames])
        return self._load(self._changed, "upsert")

    def geopandas_half(self) -> float:
        """`to_postgis` of the same rows beside those that are there."""
        self._fill([frame.iloc[::2] for frame in self._frames])
        return self._append(self.changed)

    def _loader(self) -> AnyConnection:
        return connect(self._town.server_url, self._town.secret, self._town.id, Machine.LOADER)

    def _empty(self) -> None:
        with connect_admin(self._town.server_url, self._town.id) as conn:
            conn.execute("ALTER TABLE town.parcels DISABLE TRIGGER USER")
            conn.execute(f"TRUNCATE {_LOGGED}".encode())
            conn.execute("DELETE FROM muang.dataset")
            conn.execute("ALTER TABLE town.parcels ENABLE TRIGGER USER")
            conn.commit()
            conn.autocommit = True
            conn.execute("CHECKPOINT")

    def _fill(self, frames: Sequence[pd.DataFrame]) -> None:
        self._empty()
        self._load(frames, "append")
        with connect_admin(self._town.server_url, self._town.id) as conn:
            conn.autocommit = True
            conn.execute("VACUUM ANALYZE town.parcels")
            conn.execute("CHECKPOINT")

    def _load(self, frames: Sequence[pd.DataFrame], mode: Mode) -> float:
        with self._loader() as conn:
            started = time.perf_counter()
            with self._loading(conn, frames, mode) as loading:
                for frame in frames:
                    loading.add(arrays(frame, LAYER, _SRID))
                loading.finish()
            conn.commit()
            return time.perf_counter() - started

    @staticmethod
    def _loading(conn: AnyConnection, frames: Sequence[pd.DataFrame], mode: Mode) -> Loading:
        dataset = Dataset(layer="parcels", source="bench", actor="bench")
        return Loading(conn, LAYER, tuple(frames[0].columns), mode=mode, dataset=dataset)

    def _append(self, frame: pd.DataFrame) -> float:
        whole = gpd.GeoDataFrame(frame, geometry=GEOM, crs=_SRID)
        started = time.perf_counter()
        whole.to_postgis("parcels", self._engine, schema="town", if_exists="append")
        self._last = time.perf_counter() - started
        return self._last


def _pieces(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[at : at + _BATCH] for at in range(0, len(frame), _BATCH)]


def file_import(town: Town, rows: int) -> dict[str, object]:
    """Import a file by the command, in a process of its own; seconds and MB at the highest."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_file(rows, Path(folder) / "parcels.gpkg")
        size = path.stat().st_size
        started = time.perf_counter()
        with subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from ops.cli import main; main()",
                "import",
                "parcels",
                str(path),
                "--town",
                town.id,
                "--mode",
                "replace",
                "--json",
            ],
            env={**os.environ, "MUANG_DATABASE_URL": town.server_url, "MUANG_SECRET": town.secret},
            stdout=subprocess.PIPE,
        ) as process:
            peak = peak_of(process)
            out = process.stdout.read() if process.stdout else b""
        seconds = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(out)
    return {
        "rows": rows,
        "file_mb": round(size / 1e6, 1),
        "seconds": report["seconds"],
        "with_quality_seconds": round(seconds, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(peak / 1e6),
        "loaded": report["loaded"],
    }


if __name__ == "__main__":
    sys.exit(main())
