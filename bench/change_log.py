"""What the change log and the typed history cost on a load of 200,000 parcels.

Paired rounds on one server: the same COPY and UPDATE into `town.parcels` with all its
constraints and indexes, once with the triggers and once without. Prints medians and ratios.

    MUANG_DATABASE_URL=… python -m bench.change_log [--rows 200000] [--rounds 5]
"""

import argparse
import os
import secrets
import statistics
import time

from db.connect import connect_admin
from db.derived import AnyConnection
from db.towns import TownSpec, create_town, drop_town
from layers.text import Text

_FILL = """
CREATE TABLE public.source AS
SELECT
    '01A' || i AS code,
    gis.ST_Multi(gis.ST_MakeEnvelope(
        520000 + 20 * (i % 500), 1680000 + 20 * (i / 500),
        520018 + 20 * (i % 500), 1680018 + 20 * (i / 500), 32648
    )) AS geom
FROM generate_series(0, {rows} - 1) AS i
"""


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    server_url = os.environ["MUANG_DATABASE_URL"]
    town_id = f"bench{secrets.token_hex(3)}"
    name = Text(th="วัดผล", en="Bench")
    create_town(server_url, secrets.token_hex(32), TownSpec(id=town_id, name=name, srid=32648))
    try:
        with connect_admin(server_url, town_id) as conn:
            rounds(conn, options.rows, options.rounds)
    finally:
        drop_town(server_url, town_id)


def rounds(conn: AnyConnection, rows: int, count: int) -> None:
    """Time each statement with and without triggers, alternating which comes first."""
    conn.execute(_FILL.format(rows=int(rows)).encode())
    times: dict[tuple[str, bool], list[float]] = {}
    for turn in range(count):
        for logged in (True, False) if turn % 2 else (False, True):
            for step, seconds in one(conn, logged=logged):
                times.setdefault((step, logged), []).append(seconds)
    print(f"{'statement':<22}{'plain s':>9}{'logged s':>10}{'ratio':>7}   rows: {rows}")
    for step in ("insert", "update", "delete"):
        plain, logged_s = (statistics.median(times[step, on]) for on in (False, True))
        ratio = statistics.median(
            on / off for off, on in zip(times[step, False], times[step, True], strict=True)
        )
        print(f"{step:<22}{plain:>9.2f}{logged_s:>10.2f}{ratio:>7.2f}")


def one(conn: AnyConnection, *, logged: bool) -> list[tuple[str, float]]:
    """One round: empty tables, insert everything, change one attribute of all, delete all."""
    conn.execute("ALTER TABLE town.parcels DISABLE TRIGGER USER")
    conn.execute(
        "TRUNCATE town.parcels, history.parcels, render.parcels, render.parcels_cells,"
        " muang.layer_change, muang.change_set"
    )
    conn.execute("CHECKPOINT")
    if logged:
        conn.execute("ALTER TABLE town.parcels ENABLE TRIGGER USER")
    done = []
    for step, statement in (
        (
            "insert",
            """INSERT INTO town.parcels (code, geom, updated_at, updated_by, change_set)
            SELECT code, geom, now(), 'bench', 1 FROM public.source""",
        ),
        ("update", "UPDATE town.parcels SET use = 'residential'"),
        ("delete", "DELETE FROM town.parcels"),
    ):
        start = time.perf_counter()
        conn.execute(statement.encode())
        if logged:
            conn.execute("SELECT muang.number_changes()")
        done.append((step, time.perf_counter() - start))
    return done


if __name__ == "__main__":
    main()
