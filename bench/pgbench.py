"""pgbench asking for tiles: what the database gives when nobody stands in between."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from bench.town import Tile

PGBENCH = shutil.which("pgbench") or next(
    (str(found) for found in sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))), None
)

Query = Callable[[Tile], tuple[str, dict[str, object]]]


def script(asked: Sequence[Tile], query: Query) -> str:
    """One transaction that asks for every tile; values are set as variables, so all is prepared."""
    lines = []
    for z, x, y in asked:
        statement, values = query((z, x, y))
        known = {"z": z, "x": x, "y": y, **values}
        named = {name: value for name, value in known.items() if f"%({name})s" in statement}
        lines += [f"\\set {name} {value!r}" for name, value in named.items()]
        lines.append(statement % {name: f":{name}" for name in named} + ";")
    return "\n".join(lines) + "\n"


def pgbench(url: str, path: Path) -> float:
    """Seconds for the whole script once; the second of two, so that all is prepared."""
    told = psycopg.conninfo.conninfo_to_dict(url)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                *(PGBENCH or "pgbench", "--no-vacuum", "--protocol=prepared", "--client=1"),
                *("--transactions=2", "--log", "--log-prefix=log", f"--file={path}"),
                *("--host", str(told["host"]), "--port", str(told["port"])),
                *("--username", str(told["user"]), str(told["dbname"])),
            ],
            check=True,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PGPASSWORD": str(told["password"]),
                "PGOPTIONS": "-c statement_timeout=0",
            },
            cwd=folder,
        )
        last = next(Path(folder).glob("log.*")).read_text(encoding="utf-8").splitlines()[-1]
    return int(last.split()[2]) / 1_000_000
