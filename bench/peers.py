"""Uncached tiles over HTTP beside MapServer, tipg and the database's own limit.

All answer for the same parcels of the same town, four clients at once, nothing packed, nothing
kept but pages of the database. Muang reads its own tables as the role `public`; the others read a
plain table in the town's CRS (`bench.town`), each with all the public's attributes and again with
only those a tile of Muang carries. pgbench asks the plain `ST_AsMVT` query, and the very statement
of Muang. Before anything is timed every tile must hold as many features from each.

    ./muang bench peers [--parcels 200000] [--rounds 5]
"""

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import mapbox_vector_tile

from bench import mapserver, tipg
from bench.figures import Figure, Report
from bench.pgbench import PGBENCH, pgbench, script
from bench.tiles import plain_sql
from bench.town import Tile, Town, trace
from bench.walk import CLIENTS, Served, turned, walked
from db.queries import tiles
from db.queries.tiles import TileLayer
from db.view_names import view_columns
from layers.catalog import get
from layers.model import Role
from layers.privacy import tile_fields
from tests.served import served

PARCELS = get("parcels")
FEW = tuple(field.name for field in tile_fields(PARCELS, Role.PUBLIC))
ALL = tuple(
    name for name in view_columns(PARCELS, Role.PUBLIC) if name not in ("geom", "geom_3857")
)
Way = Callable[[], float]


def measure(town: Town, report: Report, *, rounds: int, count: int, venv: Path) -> None:
    """Light and heavy tiles, every way in each round, who comes first changing."""
    print(f"\nuncached, {CLIENTS} clients over HTTP, beside peers", flush=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
        ours = stack.enter_context(_ours(town, folder))
        peers = [*_mapserver(town, folder, report, stack)]
        peers += _tipg(town, folder, report, stack, venv)
        for title, zooms in (("light z16-17", (16, 17)), ("heavy z14-17", (14, 15, 16, 17))):
            asked = trace(town, zooms, count)
            _check(ours, peers, asked)
            ways: dict[str, Way] = {one.name: partial(walked, one, asked) for one in (ours, *peers)}
            if PGBENCH:
                ways["pgbench, plain query"] = _limit(town, folder, asked, _plain)
                ways["pgbench, Muang's query"] = _limit(town, folder, asked, _product)
            else:
                report.skip("pgbench", "not installed (Debian: postgresql-contrib)")
            _compare(report, title, ways, rounds, len(asked))


def _compare(report: Report, title: str, ways: dict[str, Way], rounds: int, count: int) -> None:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        names = list(ways)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            seconds = ways[name]()
            if turn:  # the first round warms everything up
                taken[name].append(seconds)
    print(f"\n {title}, {count} tiles by {CLIENTS} clients, {rounds} rounds")
    rows = []
    for name, times in taken.items():
        ms = statistics.median(times) / (count * CLIENTS) * 1000
        rows.append({"way": name, "ms": ms, "per_second": 1000 / ms})
        print(f"  {name:<28}{ms:>8.2f} ms a tile{1000 / ms:>9.0f}/s")
    report.table(title, rows)
    light = title.startswith("light")
    for name, target in (
        ("pgbench, plain query", 1.25 if light else 1.8),
        ("MapServer, all attributes", 1.7),
        ("tipg, all attributes", 3.3),
        ("pgbench, Muang's query", 0.8),
        ("MapServer, equal content", None),
        ("tipg, equal content", None),
    ):
        if name in taken:
            ratios = [a / b for a, b in zip(taken[name], taken["Muang"], strict=True)]
            report.add(Figure("tiles", f"{title}: Muang v. {name}", ratios, target))


@contextmanager
def _ours(town: Town, folder: Path) -> Iterator[Served]:
    with served(
        town.handle,
        MUANG_TILE_CACHE_MB="0",
        MUANG_RATE_PER_SECOND="0",
        MUANG_DASHBOARD=str(folder),
    ) as url:
        yield Served("Muang", url, lambda tile: "/tiles/parcels/{}/{}/{}.mvt".format(*tile))


def _mapserver(town: Town, folder: Path, report: Report, stack: ExitStack) -> tuple[Served, ...]:
    if missing := mapserver.missing():
        report.skip("MapServer", f"apt-get install {missing}")
        return ()
    return stack.enter_context(mapserver.mapserver(town, folder, ALL, FEW))


def _tipg(
    town: Town, folder: Path, report: Report, stack: ExitStack, venv: Path
) -> tuple[Served, ...]:
    if why := tipg.install(venv):
        report.skip("tipg", why)
        return ()
    return stack.enter_context(tipg.tipg(town, venv, folder, FEW))


def _check(ours: Served, peers: list[Served], asked: list[Tile]) -> None:
    """RuntimeError unless all have the same features in every tile, but for what rounding does."""
    total = 0
    for tile in sorted(set(asked)):
        body = ours.fetch(tile)
        least, most = features(body, 12), features(body, 4)
        total += features(body, 8)
        for peer in peers:
            found = features(peer.fetch(tile), 8)
            if not least <= found <= most:
                raise RuntimeError(f"{peer.name}: {found} features in {tile}, not {least}-{most}")
    print(f"  {len(set(asked))} tiles, {total:,} features: as many from each")


def features(body: bytes, margin: int) -> int:
    """Features that reach further than this many tile units into the tile itself."""
    found = 0
    for layer in mapbox_vector_tile.decode(body).values() if body else ():
        inside = layer["extent"] - margin
        for feature in layer["features"]:
            xs, ys = zip(*_points(feature["geometry"]["coordinates"]), strict=True)
            found += min(xs) < inside > min(ys) and max(xs) > margin < max(ys)
    return found


def _points(coordinates: list[object]) -> Iterator[tuple[float, float]]:
    for one in coordinates:
        if isinstance(one, (list, tuple)) and one and isinstance(one[0], (int, float)):
            yield one[0], one[1]
        elif isinstance(one, list):
            yield from _points(one)


def _plain(_: Tile) -> tuple[str, dict[str, object]]:
    return plain_sql(Role.PUBLIC, ("parcels",)).decode(), {}


def _product(tile: Tile) -> tuple[str, dict[str, object]]:
    part = TileLayer(PARCELS, Role.PUBLIC, tile_fields(PARCELS, Role.PUBLIC))
    statement, values = tiles.build((part,), tile[0])
    return statement.decode(), {**values, **tiles.place(*tile)}


def _limit(
    town: Town,
    folder: Path,
    asked: list[Tile],
    query: Callable[[Tile], tuple[str, dict[str, object]]],
) -> Way:
    """Pgbench asking a query for the same tiles in the same turns."""
    scripts = []
    for client in range(CLIENTS):
        path = folder / f"{os.urandom(4).hex()}.sql"
        path.write_text(script(turned(asked, client), query), encoding="utf-8")
        scripts.append(path)

    def way() -> float:
        with ThreadPoolExecutor(CLIENTS) as pool:
            return max(pool.map(lambda path: pgbench(town.url(Role.PUBLIC), path), scripts))

    return way
