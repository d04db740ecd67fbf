"""How long a search takes in a large town: `python -m bench.search`.

Makes a town of its own with so many parcels (codes, Thai addresses, owners), asks as staff the
way the server does, and drops the town. Figures: milliseconds of the whole call, median and worst.
"""

import argparse
import asyncio
import os
import random
import secrets
import statistics
import time

import psycopg

from api.access import layers_of
from db.connect import Machine, connect, connect_admin, url_for
from db.queries.search import Sought, search
from db.towns import TownSpec, create_town, drop_town
from layers.model import Role
from layers.text import Text

_STREETS = ("เทศบาล", "สถิตย์นิมานกาล", "ริมมูล", "ศรีบุญเรือง", "วิพากย์", "แก่งสะพือ", "โพธิ์ไทร", "บำรุงราษฎร์")
_NAMES = ("สมชาย", "สมหญิง", "บุญมี", "ทองดี", "คำปุ่น", "วิไล", "ประเสริฐ", "อำนวย", "จันทร์เพ็ญ", "สุรชัย")
_FAMILY = ("ศรีสุข", "แก้วมณี", "บุญเรือง", "ทองคำ", "พิมพ์พา", "วงศ์ใหญ่", "สายบุตร", "จันทร์แดง")

QUERIES = (
    "01A001234", "09Z", "แก่งสะพือ", "แก่งสพือ", "ถนนริมมูล", "สมชาย ศรีสุข", "สมชาย ศรีสข",
    "123 เทศบาล", "๑๒๓ เทศบาล", "จันทร์เพ็ญ วงศ์ใหญ่", "โพธิ์ไทร", "ไม่มีชื่อนี้", "aaaaaaaa",
)  # fmt: skip


def main() -> None:
    """Make, ask, tell, drop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    server, secret = os.environ["MUANG_DATABASE_URL"], secrets.token_hex(32)
    town = TownSpec(
        id="bench_search", name=Text(th="ค้นหา", en="Search"), srid=32648, synthetic=True
    )
    drop_town(server, town.id)
    create_town(server, secret, town)
    try:
        _fill(server, secret, town.id, asked.parcels)
        asyncio.run(_ask(url_for(server, secret, town.id, Role.STAFF), asked.rounds))
    finally:
        drop_town(server, town.id)


def _fill(server: str, secret: str, town: str, parcels: int) -> None:
    pick = random.Random(2569)  # noqa: S311  dice
    started = time.monotonic()
    with connect(server, secret, town, Machine.LOADER) as conn:
        conn.execute(
            "CREATE TEMP TABLE many (code text, address text, owner text, x float8, y float8)"
        )
        with conn.cursor().copy("COPY many FROM STDIN") as copy:
            for number in range(parcels):
                zone, letter = number // 26_000 + 1, chr(65 + number // 1_000 % 26)
                copy.write_row(
                    (
                        f"{zone:02}{letter}{number % 1_000_000:06}",
                        _address(pick),
                        f"{pick.choice(_NAMES)} {pick.choice(_FAMILY)}",
                        520_000.0 + number % 450 * 40,
                        1_680_000.0 + number // 450 * 40,
                    )
                )
        conn.execute("SELECT set_config('muang.actor', 'bench', true)")
        conn.execute(
            "INSERT INTO town.parcels (code, address, owner_name, use, geom)"
            " SELECT code, address, owner, 'residential',"
            " gis.ST_Multi(gis.ST_MakeEnvelope(x, y, x + 38, y + 38, 32648)) FROM many"
        )
        conn.execute("SELECT muang.number_changes()")
        conn.commit()
    with connect_admin(server, town) as conn:
        # what autovacuum does a minute after such an import
        conn.execute("VACUUM ANALYZE town.parcels")
    print(f"{parcels:,} parcels in {time.monotonic() - started:.0f} s")


def _address(pick: random.Random) -> str:
    house = f"{pick.randrange(1, 900)}/{pick.randrange(1, 40)}"
    lane = f"ถนน{pick.choice(_STREETS)} ซอย {pick.randrange(1, 60)}"
    return f"{house} {lane} ชุมชน{pick.choice(_STREETS)}"


async def _ask(url: str, rounds: int) -> None:
    layers = layers_of(Role.STAFF)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        took: dict[str, list[float]] = {text: [] for text in QUERIES}
        found: dict[str, int] = {}
        for _ in range(rounds):
            for text in QUERIES:
                started = time.perf_counter()
                hits = await search(conn, Sought(text, Role.STAFF, layers))
                took[text].append((time.perf_counter() - started) * 1000)
                found[text] = len(hits)
    for text, times in took.items():
        print(
            f"{statistics.median(times):7.1f} ms  worst {max(times):7.1f}  {found[text]:2}  {text}"
        )


if __name__ == "__main__":
    main()
