"""Tiles as the platform makes them against the plain query, in one process and one connection.

Every round asks for the same tiles in every way, the way that comes first changing each time;
ratios are of the rounds, then medians. Nothing is cached but pages of the database. `plain` is one
`ST_AsMVT` of the role's own view with all its attributes; for several layers `naive` also
transforms each row, as a server does that reads tables in the town's CRS. What comes over HTTP,
beside peers and pgbench, is `bench.peers`.

    ./muang bench tiles [--parcels 200000] [--rounds 5]
"""

import asyncio
import gzip
import statistics
import time
from collections.abc import Awaitable, Callable

import mapbox_vector_tile
from psycopg import AsyncConnection, sql

from bench.figures import Figure, Report
from bench.tile_town import SRID
from bench.town import FIVE, Tile, Town, trace
from db.queries import tiles
from db.queries.tiles import TileLayer
from db.view_names import view_columns
from layers.catalog import get
from layers.model import Role
from layers.privacy import tile_fields

Ask = Callable[[Tile], Awaitable[bytes]]
Connection = AsyncConnection[tuple[object, ...]]


def measure(town: Town, report: Report, *, rounds: int, count: int) -> None:
    """All the comparisons of one town."""
    print("\nuncached, one connection, in this process", flush=True)
    asyncio.run(_measure(town, report, rounds, count))


async def _measure(town: Town, report: Report, rounds: int, count: int) -> None:
    light, heavy = trace(town, (16, 17), count), trace(town, (14, 15, 16, 17), count)
    far = trace(town, (10, 11, 12, 13), max(4, count // 10))
    async with (
        await connection(town, Role.PUBLIC) as public,
        await connection(town, Role.ADMIN) as admin,
    ):
        one = {
            "plain": plain(public, Role.PUBLIC, ("parcels",)),
            "same content": same(public, Role.PUBLIC, "parcels"),
            "product": product(public, Role.PUBLIC, ("parcels",)),
        }
        several = {
            "naive": plain(admin, Role.ADMIN, FIVE, transform=True),
            "product": product(admin, Role.ADMIN, FIVE),
        }
        await compare(report, "parcels, light z16-17", one, light, rounds)
        await compare(report, "parcels, heavy z14-17", one, heavy, rounds)
        await compare(report, "five layers, z14-17", several, heavy, rounds, target=3.5)
        # the naive query takes seconds a tile, and more with every parcel
        fewer = rounds if town.size.parcels <= 200_000 else min(rounds, 2)
        await compare(report, "five layers, z10-13", several, far, fewer, target=6)
        await largest(town, report, product(admin, Role.ADMIN, FIVE))


async def connection(town: Town, role: Role) -> Connection:
    """A connection as the server's pools open theirs, but without a time limit."""
    conn = await AsyncConnection.connect(town.url(role), autocommit=True, prepare_threshold=1)
    await conn.execute("SET statement_timeout = 0")  # the naive query takes its time
    return conn


def product(conn: Connection, role: Role, layers: tuple[str, ...]) -> Ask:
    """The platform's own way."""
    parts = tuple(TileLayer(get(name), role, tile_fields(get(name), role)) for name in layers)

    async def ask(tile: Tile) -> bytes:
        return await tiles.tile(conn, parts, z=tile[0], x=tile[1], y=tile[2])

    return ask


def plain(conn: Connection, role: Role, layers: tuple[str, ...], *, transform: bool = False) -> Ask:
    """One `ST_AsMVT` a layer, all attributes of the role's view."""
    return _asker(conn, plain_sql(role, layers, transform=transform))


def same(conn: Connection, role: Role, layer: str) -> Ask:
    """`ST_AsMVT` of the live view with the attributes a tile carries: equal content."""
    return _asker(
        conn, plain_sql(role, (layer,), only=tuple(f.name for f in tile_fields(get(layer), role)))
    )


def _asker(conn: Connection, statement: bytes) -> Ask:
    async def ask(tile: Tile) -> bytes:
        cursor = await conn.execute(statement, dict(zip("zxy", tile, strict=True)), binary=True)
        row = await cursor.fetchone()
        return bytes(row[0]) if row and isinstance(row[0], bytes) else b""

    return ask


def plain_sql(
    role: Role,
    layers: tuple[str, ...],
    *,
    transform: bool = False,
    only: tuple[str, ...] | None = None,
) -> bytes:
    """The query most tile servers ask."""
    shape = "ST_Transform(t.geom, 3857)" if transform else "t.geom_3857"
    box = "ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096)"
    near = f"t.geom && ST_Transform({box}, {SRID})" if transform else f"t.geom_3857 && {box}"
    parts = []
    for name in layers:
        layer = get(name)
        names = [
            column
            for column in view_columns(layer, role)
            if column not in ("id", "geom", "geom_3857") and (only is None or column in only)
        ]
        columns = sql.SQL("").join(
            sql.SQL(", t.{0}::text AS {0}" if column.startswith("updated") else ", t.{0}").format(
                sql.Identifier(column)
            )
            for column in names
        )
        parts.append(
            sql.SQL(
                "coalesce((SELECT ST_AsMVT(q, {name}, 4096, 'geom', 'id') FROM ("
                "SELECT t.id{columns},"
                " ST_AsMVTGeom({shape}, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64, true)"
                " AS geom FROM {table} AS t WHERE {near}) AS q), ''::bytea)"
            ).format(
                name=sql.Literal(name),
                columns=columns,
                shape=sql.SQL(shape),
                table=sql.Identifier(name),
                near=sql.SQL(near),
            )
        )
    return (sql.SQL("SELECT ") + sql.SQL(" || ").join(parts)).as_bytes(None)


async def compare(
    report: Report,
    title: str,
    ways: dict[str, Ask],
    asked: list[Tile],
    rounds: int,
    *,
    target: float | None = None,
) -> None:
    """Time the trace in every way, round by round; ratios are to the first way."""
    sizes = {
        name: statistics.mean([len(await ask(tile)) for tile in asked])
        for name, ask in ways.items()
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        names = list(ways)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            times[name].append(await timed(ways[name], asked))
    first = next(iter(ways))
    print(f"\n {title}: {len(asked)} tiles")
    rows = []
    for name, taken in times.items():
        ms = statistics.median(taken) / len(asked) * 1000
        rows.append({"way": name, "ms": ms, "kB": sizes[name] / 1000})
        print(f"  {name:<14}{ms:>10.2f} ms a tile{sizes[name] / 1000:>9.0f} kB")
    report.table(title, rows)
    for name, taken in times.items():
        if name != first:
            ratios = [base / own for base, own in zip(times[first], taken, strict=True)]
            wanted = target if name == "product" else None
            report.add(Figure("tiles", f"{title}: {name} v. {first}", ratios, wanted))


async def timed(ask: Ask, asked: list[Tile]) -> float:
    """Seconds for all tiles, one after the other."""
    start = time.perf_counter()
    for tile in asked:
        await ask(tile)
    return time.perf_counter() - start


async def largest(town: Town, report: Report, ask: Ask) -> None:
    """The largest tiles of the whole town, all five layers in one."""
    print("\n  largest tiles   tiles  features  kB gzip      ms")
    rows = []
    for z in range(10, 19):
        found = set(trace(town, (z,), 60 if z > 12 else 30))
        features, packed, slowest = 0, 0, 0.0
        for tile in found:
            start = time.perf_counter()
            body = await ask(tile)
            slowest = max(slowest, time.perf_counter() - start)
            packed = max(packed, len(gzip.compress(body, 1)))
            layers = mapbox_vector_tile.decode(body) if body else {}
            features = max(features, sum(len(layer["features"]) for layer in layers.values()))
        row = {"z": z, "tiles": len(found), "features": features}
        rows.append({**row, "kB": packed / 1000, "ms": slowest * 1000})
        print(f"  z{z:<13}{len(found):>7}{features:>10}{packed / 1000:>9.0f}{slowest * 1000:>8.0f}")
    report.table("largest tiles", rows)
    for name, key, most, unit in (
        ("most features in a tile", "features", 10_000, ""),
        ("largest tile, gzip", "kB", 250, " kB"),
    ):
        worst = max(float(str(row[key])) for row in rows)
        report.add(Figure("tiles", name, [worst], most, unit, at_most=True))
