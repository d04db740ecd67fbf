"""A stage library on 2,000 x 2,000 cells and 60 stages: time and memory, then tiles of it.

`MUANG_DATABASE_URL=… python -m bench.library [--side 2000] [--stages 60]` makes a town, gives it
invented ground (a rough valley of 5 m cells), builds the library in a process of its own, asks
for its stages and tiles, and removes the town. Target: within 3 minutes and 2 GB.
"""

import argparse
import gzip
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
import rasterio
import shapely
from affine import Affine
from scipy.ndimage import gaussian_filter

from bench.memory import peak_of
from bench.programs import free_port
from db.connect import Machine, connect
from db.datasets import Dataset
from db.load import Incoming, load
from db.towns import TownSpec, create_town, drop_town
from etl.rasters import RasterOrder, import_raster
from layers.catalog import get
from layers.rasters import ELEVATION
from layers.text import Text

CELL_M = 5.0
WEST, NORTH = 520_000.0, 1_690_000.0
GAUGE = "BENCH.1"
TARGET_MS = 50
TARGET_KB = 250


def ground(path: Path, side: int) -> None:
    """Write a valley with a river down its middle, rough at two scales, and a few holes."""
    chance = np.random.default_rng(1)
    heights = gaussian_filter(chance.normal(size=(side, side)), 40) * 60
    heights += gaussian_filter(chance.normal(size=(side, side)), 4) * 1.5
    heights += np.abs(np.arange(side) - side // 2)[None, :] * 0.006 + 110
    heights[:, side // 2 - 2 : side // 2 + 3] = 107
    heights[100:140, 200:300] = -9999
    profile = {"driver": "GTiff", "count": 1, "height": side, "width": side, "dtype": "float32"}
    transform = Affine(CELL_M, 0, WEST, 0, -CELL_M, NORTH)
    with rasterio.open(
        path, "w", crs="EPSG:32648", transform=transform, nodata=-9999, **profile
    ) as sink:
        sink.write(heights.astype("float32"), 1)


def prepare(server: tuple[str, str], town: str, folder: Path, side: int) -> None:
    """A town with that ground and its river."""
    path = folder / "ground.tif"
    ground(path, side)
    name = Text(th="วัด", en="Bench")
    create_town(*server, TownSpec(id=town, name=name, srid=32648, synthetic=True))
    river = shapely.box(
        WEST + CELL_M * (side // 2 - 2),
        NORTH - CELL_M * side,
        WEST + CELL_M * (side // 2 + 3),
        NORTH,
    )
    area = shapely.box(WEST, NORTH - CELL_M * side, WEST + CELL_M * side, NORTH)
    with connect(*server, town, Machine.LOADER) as conn:
        import_raster(
            conn,
            RasterOrder(
                ELEVATION,
                path,
                "bench",
                folder / town,
                datum="MSL (Ko Lak)",
                error_m=0.15,
                surface="dtm",
                synthetic=True,
            ),
        )
        for layer, shape in (("water", river), ("town_boundary", area)):
            load(
                conn,
                get(layer),
                Incoming(("code", "geom"), [("B", shapely.to_wkb(shapely.MultiPolygon([shape])))]),
                mode="append",
                dataset=Dataset(layer, "bench", "bench", synthetic=True),
            )


def build(server: tuple[str, str], town: str, folder: Path, stages: int) -> None:
    """What the measured process does."""
    from ops.flood_ground import LibraryOrder  # noqa: PLC0415
    from ops.flood_library import build_library  # noqa: PLC0415

    high = round(109 + 0.1 * (stages - 1), 3)
    started = time.perf_counter()
    last = ""

    def tell(what: str, _done: int, _total: int) -> None:
        nonlocal last
        if what != last:
            last = what
            print(f"  {time.perf_counter() - started:6.1f} s  {what}", flush=True)

    with connect(*server, town, Machine.LOADER) as conn:
        made = build_library(conn, LibraryOrder(GAUGE, 109, high, "bench"), folder / town, tell)
    print(f"  {time.perf_counter() - started:6.1f} s  done: {made['zones']}, {made['rings']}")


def ask(server: tuple[str, str], town: str, side: int, *, cache_mb: int) -> None:
    """Stages and tiles over HTTP: medians and the worst of every tile of zoom 14, twice."""
    port = free_port()
    settings = {
        "MUANG_DATABASE_URL": server[0],
        "MUANG_SECRET": server[1],
        "MUANG_TOWN": town,
        "MUANG_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MUANG_TILE_CACHE_MB": str(cache_mb),
        "MUANG_RATE_PER_SECOND": "0",
    }
    command = [sys.executable, "-m", "api", "--port", str(port)]
    with subprocess.Popen(
        command, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                _until_ready(client)
                _figures(client, "stages", [f"/floods/{GAUGE}/stages"] * 20)
                for zoom in (12, 13, 14, 16):
                    paths = [
                        f"/tiles/flood_stages/{zoom}/{x}/{y}.mvt" for x, y in _tiles(side, zoom)
                    ]
                    _figures(client, f"z{zoom} first", paths)
                    _figures(client, f"z{zoom} again", paths)
        finally:
            process.terminate()


def _until_ready(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            # without a dashboard it never says that it is ready
            checks = client.get("/readyz").json()["checks"]
            if checks["sequencer"]["ok"] and checks["database"]["ok"]:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit("the server is not ready")


def _tiles(side: int, zoom: int, most: int = 40) -> list[tuple[int, int]]:
    """Tiles over the ground, at most so many."""
    from pyproj import CRS  # noqa: PLC0415

    from etl.transform import WGS84, operations  # noqa: PLC0415

    turn = operations(CRS.from_epsg(32648), WGS84)[0]
    ends = [
        turn.transform(WEST + 1, NORTH - 1),
        turn.transform(WEST + CELL_M * side - 1, NORTH - CELL_M * side + 1),
    ]
    n = 2**zoom
    (x0, y0), (x1, y1) = (
        (
            int((lon + 180) / 360 * n),
            int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * n),
        )
        for lon, lat in ends
    )
    found = [(x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)]
    return found[:: max(1, len(found) // most)][:most]


def _figures(client: httpx.Client, what: str, paths: list[str]) -> None:
    times, sizes = [], []
    for path in paths:
        start = time.perf_counter()
        reply = client.get(path, headers={"Accept-Encoding": "gzip"})
        times.append((time.perf_counter() - start) * 1000)
        reply.raise_for_status()
        sizes.append(len(gzip.compress(reply.content, 6)) / 1000)
    print(
        f"  {what:10} {len(paths):3} asked: median {statistics.median(times):6.1f} ms, worst "
        f"{max(times):6.1f} ms (target {TARGET_MS}); largest {max(sizes):6.1f} kB gz "
        f"(target {TARGET_KB})"
    )


def main() -> None:
    """Measure and print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=2000)
    parser.add_argument("--stages", type=int, default=60)
    parser.add_argument("--build", nargs=3, metavar=("SECRET", "TOWN", "FOLDER"))
    asked = parser.parse_args()
    url = os.environ["MUANG_DATABASE_URL"]
    if asked.build:
        secret, town, folder = asked.build
        build((url, secret), town, Path(folder), asked.stages)
        return
    server, town = (url, secrets.token_hex(32)), f"t{secrets.token_hex(5)}"
    with tempfile.TemporaryDirectory(prefix="muang-bench-") as name:
        folder = Path(name)
        print(f"load {os.getloadavg()[0]:.1f}; {asked.side} x {asked.side}, {asked.stages} stages")
        try:
            prepare(server, town, folder, asked.side)
            command = [sys.executable, "-m", "bench.library", "--stages", str(asked.stages)]
            started = time.perf_counter()
            process = subprocess.Popen([*command, "--build", server[1], town, name])
            peak = peak_of(process)
            took = time.perf_counter() - started
            print(f"build {took:.1f} s (target 180), peak {peak / 1e9:.2f} GB (target 2)")
            if process.returncode:
                raise SystemExit(process.returncode)
            for cache_mb in (0, 64):
                print(f"kept tiles: {cache_mb} MB")
                ask(server, town, asked.side, cache_mb=cache_mb)
        finally:
            drop_town(url, town)


if __name__ == "__main__":
    main()
