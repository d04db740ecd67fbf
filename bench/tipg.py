"""tipg (PyPI) in a virtual environment of its own: the common FastAPI server of PostGIS tiles."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.programs import free_port, running, wait
from bench.town import Tile, Town
from bench.walk import Served
from db.connect import database_name

PACKAGES = ("tipg", "uvicorn[standard]")


def install(venv: Path) -> str:
    """Install it into this environment unless it is there; says why when that fails."""
    python = venv / "bin" / "python"
    if python.exists() and _has(python):
        return ""
    print(f"  installing {' and '.join(PACKAGES)} from PyPI into {venv}", flush=True)
    for command in (
        [sys.executable, "-m", "venv", str(venv)],
        [str(python), "-m", "pip", "install", "--quiet", *PACKAGES],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"pip could not install it: {done.stderr.strip().splitlines()[-1:]}"
    return "" if _has(python) else "installed, but it cannot be imported"


def _has(python: Path) -> bool:
    return not subprocess.run(
        [python, "-c", "import tipg"], capture_output=True, check=False
    ).returncode


@contextmanager
def tipg(
    town: Town, venv: Path, folder: Path, few: tuple[str, ...]
) -> Iterator[tuple[Served, Served]]:
    """Running for the block: the parcels with all attributes, and with a few of them."""
    told = psycopg.conninfo.conninfo_to_dict(town.server_url)
    port = free_port()
    log = folder / "tipg.log"
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"postgresql://{told['user']}:{told['password']}@{told['host']}:"
        f"{told['port']}/{database_name(town.id)}",
        "TIPG_DB_SCHEMAS": '["peers"]',
        "TIPG_MAX_FEATURES_PER_TILE": "1000000",
        "TIPG_TILE_BUFFER": "64",
        "TIPG_TILE_RESOLUTION": "4096",
        "CATALOG_TTL": "100000",
        "TIPG_CATALOG_TTL": "100000",
    }
    command = [venv / "bin" / "python", "-m", "uvicorn", "tipg.main:app", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    with running(command, log=log, environment=environment, cwd=folder) as process:
        url = f"http://127.0.0.1:{port}"
        wait(f"{url}/healthz", process, log)

        def path(tile: Tile, more: str = "") -> str:
            z, x, y = tile
            return f"/collections/peers.parcels/tiles/WebMercatorQuad/{z}/{x}/{y}{more}"

        named = f"?properties={','.join(few)}"
        yield (
            Served("tipg, all attributes", url, path),
            Served("tipg, equal content", url, lambda tile: path(tile, named)),
        )
