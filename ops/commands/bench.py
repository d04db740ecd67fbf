"""`muang bench`: every benchmark against one generated town, with targets and what came out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layers.errors import BadRequestError
from layers.text import Text
from ops.checkout import Checkout
from ops.progress import Progress

if TYPE_CHECKING:
    from bench.figures import Report

PARTS = ("tiles", "peers", "cache", "permissions", "imports", "impact", "readings")
SIZES = (20_000, 200_000, 1_000_000)
_PEERS = {"nginx-light": "nginx", "wrk": "wrk", "cgi-mapserver": "/usr/lib/cgi-bin/mapserv"}


def register(app: typer.Typer) -> None:
    """Add `bench`."""
    app.command("bench")(bench)


def bench(
    *,
    parts: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(PARTS)}; all of them when none is named")
    ] = None,
    parcels: Annotated[
        int, typer.Option(help="how many parcels the town has: 20000, 200000 or 1000000")
    ] = 200_000,
    rounds: Annotated[int, typer.Option(help="paired rounds of each comparison")] = 5,
    quick: Annotated[
        bool, typer.Option("--quick", help="fewer tiles and 2 rounds: to see that it works")
    ] = False,
) -> None:
    """วัดความเร็ว · Measure tiles beside peers in a generated town, which is kept."""
    wanted = _parts(parts)
    if parcels not in SIZES:
        raise BadRequestError(
            Text(
                th="จำนวนแปลงเลือกได้ 20000, 200000 หรือ 1000000",
                en="The town can have 20000, 200000 or 1000000 parcels.",
            )
        )
    checkout = Checkout.here()
    progress = Progress()
    lacks = _need_peers(checkout, progress) if {"peers", "cache"} & set(wanted) else {}
    with _server(checkout, progress) as server:
        rounds = 2 if quick else rounds
        print(_measure(wanted, server, parcels, rounds=rounds, quick=quick, lacks=lacks))


def _measure(
    parts: tuple[str, ...],
    server: tuple[str, str],
    parcels: int,
    *,
    rounds: int,
    quick: bool,
    lacks: dict[str, str],
) -> Path:
    from bench import impact, imports, peers, permissions, readings, tile_cache, tiles
    from bench.figures import Report
    from bench.town import kept

    checkout = Checkout.here()
    report = Report(parcels)
    for name, why in lacks.items():
        report.skip(name, why)
    if "readings" in parts:
        readings.measure(server[0], report, rounds=rounds, years=1 if quick else readings.YEARS)
    if set(parts) == {"readings"}:
        return _written(report, checkout, parcels, parts)
    town = kept(*server, parcels)
    count = 10 if quick else 30
    if "tiles" in parts:
        tiles.measure(town, report, rounds=rounds, count=count)
    if "peers" in parts:
        venv = checkout.state / "bench" / "tipg"
        peers.measure(town, report, rounds=rounds, count=count, venv=venv)
    if "cache" in parts:
        edited = 20 if quick else 100
        tile_cache.measure(town, report, rounds=rounds, edited=edited, fill_it=not quick)
    if "permissions" in parts:
        permissions.measure(server[0], report, rounds=rounds)
    if "imports" in parts:
        imports.measure(server[0], report, rounds=rounds, rows=parcels)
    if "impact" in parts:
        impact.measure(town, report, rounds=rounds)
    return _written(report, checkout, parcels, parts)


def _written(report: "Report", checkout: Checkout, parcels: int, parts: tuple[str, ...]) -> Path:
    path = checkout.root / "build" / "bench" / f"{parcels}-{'-'.join(parts)}.json"
    report.write(path)
    report.summary()
    return path


def _parts(asked: list[str] | None) -> tuple[str, ...]:
    unknown = [part for part in asked or () if part not in PARTS]
    if unknown:
        raise BadRequestError(
            Text(
                th=f"ไม่รู้จัก {', '.join(unknown)} เลือกจาก {', '.join(PARTS)}",
                en=f"There is no {', '.join(unknown)}: choose from {', '.join(PARTS)}.",
            )
        )
    return tuple(part for part in PARTS if not asked or part in asked)


def _need_peers(checkout: Checkout, progress: Progress) -> dict[str, str]:
    """Install from Debian what is missing, saying so; what cannot be, and why."""
    from ops.packages import need_programs

    return need_programs(checkout, progress, _PEERS)


@contextmanager
def _server(checkout: Checkout, progress: Progress) -> Iterator[tuple[str, str]]:
    """A cluster of the benchmarks' own, or the one named in MUANG_DATABASE_URL.

    Never the town's own cluster: its towns are no place for generated parcels.
    """
    from ops.cluster import Cluster
    from ops.session import database

    if os.environ.get("MUANG_DATABASE_URL"):
        with database(progress, checkout) as server:
            yield server.url, server.secret
        return
    cluster = Cluster(checkout, "bench")
    with cluster.use(progress) as url:
        yield url, cluster.place.secret_file.read_text(encoding="ascii").strip()
