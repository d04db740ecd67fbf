"""What it costs to be known: one tile asked for by nobody known, with a token, with a session.

A town of its own is made, served in a process of its own, and dropped. In every round
each caller asks for the same tile in turn, and who comes first changes with each request, so that
whatever else the machine does meets all of them alike. A verification is good for half a second
(`api.verification`): `warm` asks without a pause, `rested` waits longer than that before each
request, so that every one of those signed in pays for its verification.

    ./muang bench permissions [--rounds 7]
"""

import math
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import shapely

from bench.figures import Figure, Report
from db.accounts import NewAccount, add_account
from db.connect import Machine, connect
from db.datasets import Dataset
from db.load import Incoming, load
from db.tokens import NewToken, make_token
from db.towns import TownSpec, create_town, drop_town
from layers.catalog import get
from layers.model import Role
from layers.text import Text
from tests.api.running import server
from tests.conftest import TownHandle

SRID = 32648
TILE = "/tiles/parcels/15/{x}/{y}.mvt"
ORIGIN = (524000.0, 1685000.0)
PLOT_M = 11.0
"""Side of a parcel: 5,000 of them fill most of one tile of zoom 15, which is some 1,200 m wide."""
PASSWORD = "a phrase nobody keeps for long"  # noqa: S105 - of a town that lives for a minute
CALLERS = ("public", "token", "session")
PARCELS = 5_000
_STALE_S = 0.6
Times = dict[str, list[float]]


def measure(server_url: str, report: Report, *, rounds: int) -> None:
    """Ask a small town of its own in every way."""
    print("\nwhat it costs to be known: one tile, by nobody known, by a token, by a session")
    with town(server_url, PARCELS) as made, running(made) as url:
        headers = signed_in(made, url)
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            tile = fullest(client)
            for name, count, pause in (("warm", 40, 0.0), ("rested", 6, _STALE_S)):
                found = [one_round(client, tile, headers, count, pause) for _ in range(rounds)]
                show(report, name, found)


@contextmanager
def running(made: TownHandle) -> Iterator[str]:
    """The town served; yields the address. Its dashboard is one empty page."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "index.html").write_text("<!doctype html>", encoding="utf-8")
        with server(made, Path(folder)) as there:
            yield there.url


@contextmanager
def town(server_url: str, parcels: int) -> Iterator[TownHandle]:
    """A town of square parcels side by side, dropped at the end."""
    made = TownHandle(server_url, secrets.token_hex(32), f"bench{secrets.token_hex(3)}", SRID)
    spec = TownSpec(id=made.town_id, name=Text(th="วัดผล", en="Bench"), srid=SRID, synthetic=True)
    create_town(server_url, made.secret, spec)
    try:
        with connect(server_url, made.secret, made.town_id, Machine.LOADER) as conn:
            dataset = Dataset(layer="parcels", source="bench", actor="bench", synthetic=True)
            rows = Incoming(columns=("code", "use", "geom"), rows=plots(parcels))
            loaded = load(conn, get("parcels"), rows, mode="append", dataset=dataset)
        assert loaded.counts.inserted == parcels, loaded.refused[:3]
        yield made
    finally:
        drop_town(server_url, made.town_id)


def plots(count: int) -> Iterator[tuple[str, str, bytes]]:
    """Code, use and WKB (EPSG:32648) of `count` square parcels in rows of a hundred."""
    uses = ("residential", "commercial", "agriculture", "vacant")
    for i in range(count):
        west = ORIGIN[0] + PLOT_M * (i % 100)
        south = ORIGIN[1] + PLOT_M * (i // 100)
        plot = shapely.box(west, south, west + PLOT_M - 1, south + PLOT_M - 1)
        yield f"01A{i}", uses[i % 4], shapely.to_wkb(shapely.MultiPolygon([plot]))


def signed_in(made: TownHandle, url: str) -> dict[str, dict[str, str]]:
    """The headers of each caller: none, a staff token, the session cookie of a staff account."""
    with made.connect(Machine.SERVICE) as conn:
        add_account(conn, NewAccount("bench", "Bench", Role.STAFF, PASSWORD))
        _, token = make_token(conn, NewToken(Role.STAFF, "bench", 1))
    answer = httpx.post(
        f"{url}/auth/login", json={"username": "bench", "password": PASSWORD}, trust_env=False
    )
    answer.raise_for_status()
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {
        "public": {},
        "token": {"Authorization": f"Bearer {token}"},
        "session": {"Cookie": cookie},
    }


def fullest(client: httpx.Client) -> str:
    """The tile of zoom 15 with the most bytes among those the town's box meets."""
    bounds = client.get("/me").json()["town"]["bounds"]
    west, south, east, north = (float(edge) for edge in bounds)
    paths = [
        TILE.format(x=x, y=y)
        for x in range(column(west), column(east) + 1)
        for y in range(row(north), row(south) + 1)
    ]
    return max(paths, key=lambda path: len(ask(client, path, {})[1]))


def column(lon: float) -> int:
    """Column of the tile of zoom 15 at a longitude."""
    return int((lon + 180) / 360 * 2**15)


def row(lat: float) -> int:
    """Row of the tile of zoom 15 at a latitude."""
    return int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**15)


def one_round(
    client: httpx.Client, tile: str, headers: dict[str, dict[str, str]], count: int, pause: float
) -> Times:
    """Milliseconds of `count` requests of each caller, who comes first changing each time."""
    times: Times = {who: [] for who in CALLERS}
    for turn in range(count):
        for place in range(len(CALLERS)):
            who = CALLERS[(turn + place) % len(CALLERS)]
            time.sleep(pause)
            times[who].append(ask(client, tile, headers[who])[0])
    return times


def ask(client: httpx.Client, tile: str, headers: dict[str, str]) -> tuple[float, bytes]:
    """Milliseconds until the whole tile was here, and the tile."""
    start = time.perf_counter()
    answer = client.get(tile, headers=headers)
    took = (time.perf_counter() - start) * 1000
    answer.raise_for_status()
    return took, answer.content


def show(report: Report, name: str, rounds: list[Times]) -> None:
    """The rounds' medians over those of the public."""
    for who in CALLERS[1:]:
        ratios = [
            statistics.median(times[who]) / statistics.median(times["public"]) for times in rounds
        ]
        ms = statistics.median(ms for times in rounds for ms in times[who])
        report.add(
            Figure(
                "permissions",
                f"a tile with a {who}, {name}, v. the public's",
                ratios,
                1.1,
                at_most=True,
                note=f"{ms:.2f} ms",
            )
        )
