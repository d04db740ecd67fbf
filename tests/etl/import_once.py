"""One import in a process of its own, to be killed: `python -m … URL FILE MODE`.

Everything is loaded beforehand; it starts to work at a line on stdin and answers `begin`.
"""

import sys
from pathlib import Path

import psycopg

from etl.order import ImportOrder
from etl.run import run
from layers import catalog


def main(url: str, file: str, mode: str) -> None:
    """Import the file into the parcels as the login of the URL."""
    order = ImportOrder(
        layer=catalog.get("parcels"),
        files=(Path(file),),
        actor="killed",
        mode="append" if mode == "append" else "replace" if mode == "replace" else "upsert",
    )
    sys.stdin.readline()
    with psycopg.connect(url) as conn:
        print("begin", flush=True)
        report = run(conn, order)
    print(f"{report.inserted} {report.updated} {report.unchanged} {report.deleted}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
