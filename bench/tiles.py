"""Tiles as the platform makes them against the plain query, in one town of 200,000 parcels.

A town of its own is made and dropped (`bench.tile_town`). Every round asks for the same tiles in
every way, the way that comes first changing each time; ratios are of the rounds, then medians.
Nothing is cached but pages of the database. `plain` is one `ST_AsMVT` of the role's own view with
all its attributes; for several layers `naive` also transforms each row, as a server does that
reads tables in the town's CRS. pgbench, where it is installed, asks the plain query for the same
tiles, so that the client in this process is not its own measure.

    MUANG_DATABASE_URL=… python -m bench.tiles [--parcels 200000] [--rounds 5] [--tiles 60]
"""

import argparse
import asyncio
import gzip
import os
import random
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import mapbox_vector_tile
import psycopg
from psycopg import AsyncConnection, sql

from bench.tile_town import ORIGIN, SRID, Size, fill
from db.connect import connect_admin, url_for
from db.queries import tiles
from db.queries.tiles import TileLayer
from db.towns import TownSpec, create_town, drop_town
from db.view_names import view_columns
from layers.catalog import get
from layers.model import Role
from layers.privacy import tile_fields
from layers.text import Text

FIVE = ("parcels", "waste_routes", "flood_zones", "permits", "care_locations")
PGBENCH = shutil.which("pgbench") or "/usr/lib/postgresql/15/bin/pgbench"

Tile = tuple[int, int, int]
Ask = Callable[[Tile], Awaitable[bytes]]
Connection = AsyncConnection[tuple[object, ...]]


@dataclass(frozen=True)
class Town:
    """The town made for the measurement."""

    server_url: str
    secret: str
    id: str
    size: Size

    def url(self, role: Role) -> str:
        """Where a role connects to."""
        return url_for(self.server_url, self.secret, self.id, role)


def main() -> None:
    """Make the town, ask, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tiles", type=int, default=60, help="of each trace")
    options = parser.parse_args()
    town = Town(
        os.environ["MUANG_DATABASE_URL"],
        secrets.token_hex(32),
        f"bench{secrets.token_hex(3)}",
        Size(options.parcels),
    )
    name = Text(th="วัดผล", en="Bench")
    create_town(town.server_url, town.secret, TownSpec(id=town.id, name=name, srid=SRID))
    try:
        with connect_admin(town.server_url, town.id) as conn:
            start = time.perf_counter()
            fill(conn, town.size)
            conn.execute("VACUUM ANALYZE")
            print(
                f"{options.parcels} parcels and four layers in {time.perf_counter() - start:.0f} s"
            )
        asyncio.run(measure(town, options.rounds, options.tiles))
    finally:
        drop_town(town.server_url, town.id)


async def measure(town: Town, rounds: int, count: int) -> None:
    """All the comparisons of one town."""
    light, heavy = trace(town, (16, 17), count), trace(town, (14, 15, 16, 17), count)
    far = trace(town, (10, 11, 12, 13), max(4, count // 10))
    print(f"load {load_now()}; {rounds} paired rounds, medians")
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
        await compare("parcels, light z16-17", one, light, rounds)
        await compare("parcels, heavy z14-17", one, heavy, rounds)
        await compare("five layers, z14-17", several, heavy, rounds)
        await compare("five layers, z10-13", several, far, rounds)
        if shutil.which(PGBENCH):
            for title, asked in (("light", light), ("heavy", heavy)):
                await against_pgbench(town, title, one["product"], asked, rounds)
        else:
            print("\npgbench is not installed (Debian: postgresql-contrib)")
        await largest(town, product(admin, Role.ADMIN, FIVE))
    print(f"load {load_now()}")


async def connection(town: Town, role: Role) -> Connection:
    """A connection as the server's pools open theirs, but without a time limit."""
    conn = await AsyncConnection.connect(town.url(role), autocommit=True, prepare_threshold=1)
    await conn.execute("SET statement_timeout = 0")  # the naive query takes its time
    return conn


def trace(town: Town, zooms: tuple[int, ...], count: int) -> list[Tile]:
    """Tiles at random places of the town, the same every time."""
    chance = random.Random(16)  # noqa: S311 - nothing to guess
    with connect_admin(town.server_url, town.id) as conn:
        box = conn.execute(
            "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Transform("
            "ST_MakeEnvelope(%(x)s, %(y)s, %(x)s + %(m)s, %(y)s + %(m)s, %(srid)s), 3857) AS b)"
            " AS q",
            {"x": ORIGIN[0], "y": ORIGIN[1], "m": town.size.edge_m, "srid": SRID},
        ).fetchone()
    west, south, east, north = (float(str(edge)) for edge in box or ())
    half = 20037508.342789244
    found = []
    for turn in range(count):
        z = zooms[turn % len(zooms)]
        side = 2 * half / (1 << z)
        x, y = chance.uniform(west, east), chance.uniform(south, north)
        found.append((z, int((x + half) / side), int((half - y) / side)))
    return found


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
                shape=sql.SQL(shape),  # type: ignore[arg-type]
                table=sql.Identifier(name),
                near=sql.SQL(near),  # type: ignore[arg-type]
            )
        )
    return (sql.SQL("SELECT ") + sql.SQL(" || ").join(parts)).as_bytes(None)


async def compare(title: str, ways: dict[str, Ask], asked: list[Tile], rounds: int) -> None:
    """Time the trace in every way, round by round; print medians and ratios to the first way."""
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
    print(f"\n{title}: {len(asked)} tiles")
    print(f"{'':<14}{'ms a tile':>10}{'kB':>7}{'times as fast':>15}{'least':>8}{'most':>8}")
    for name, taken in times.items():
        ratios = [base / own for base, own in zip(times[first], taken, strict=True)]
        print(
            f"{name:<14}{statistics.median(taken) / len(asked) * 1000:>10.2f}"
            f"{sizes[name] / 1000:>7.0f}{statistics.median(ratios):>15.2f}"
            f"{min(ratios):>8.2f}{max(ratios):>8.2f}"
        )


async def timed(ask: Ask, asked: list[Tile]) -> float:
    """Seconds for all tiles, one after the other."""
    start = time.perf_counter()
    for tile in asked:
        await ask(tile)
    return time.perf_counter() - start


async def against_pgbench(town: Town, title: str, ask: Ask, asked: list[Tile], rounds: int) -> None:
    """The product in this process against the plain query as pgbench asks it, one client each."""
    statement = plain_sql(Role.PUBLIC, ("parcels",)).decode()
    query = statement % {"z": ":z", "x": ":x", "y": ":y"}
    script = "".join(f"\\set z {z}\n\\set x {x}\n\\set y {y}\n{query};\n" for z, x, y in asked)
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.sql"
        path.write_text(script, encoding="utf-8")
        for turn in range(rounds):
            if turn % 2:
                own, theirs = await timed(ask, asked), pgbench(town, path)
            else:
                theirs, own = pgbench(town, path), await timed(ask, asked)
            ratios.append(theirs / own)
    print(
        f"product, {title}: {statistics.median(ratios):.2f} times what pgbench gets from the plain"
        f" query ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def pgbench(town: Town, script: Path) -> float:
    """Seconds pgbench needs for the whole trace once; the second of two, so that all is warm."""
    told = psycopg.conninfo.conninfo_to_dict(town.url(Role.PUBLIC))
    done = subprocess.run(
        [
            *(PGBENCH, "--no-vacuum", "--protocol=prepared", "--client=1", "--transactions=2"),
            *("--log", f"--log-prefix={script.parent / 'log'}", f"--file={script}"),
            *("--host", str(told["host"]), "--port", str(told["port"])),
            *("--username", str(told["user"]), str(told["dbname"])),
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PGPASSWORD": str(told["password"])},
        cwd=script.parent,
    )
    logs = sorted(script.parent.glob("log.*"))
    if not logs:
        raise RuntimeError(done.stdout + done.stderr)
    last = logs[-1].read_text(encoding="utf-8").splitlines()[-1]
    for log in logs:
        log.unlink()
    return int(last.split()[2]) / 1_000_000


async def largest(town: Town, ask: Ask) -> None:
    """The largest tiles of the whole town, all five layers in one."""
    print(f"\n{'largest tiles':<14}{'tiles':>7}{'features':>10}{'kB gzip':>9}{'ms':>8}")
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
        print(f"z{z:<13}{len(found):>7}{features:>10}{packed / 1000:>9.0f}{slowest * 1000:>8.0f}")


def load_now() -> str:
    """The machine's load of the last one, five and fifteen minutes, and its processors."""
    return f"{' '.join(f'{part:.1f}' for part in os.getloadavg())} on {os.cpu_count()} processors"


if __name__ == "__main__":
    main()
