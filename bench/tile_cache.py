"""Finished tiles with the permission checked, beside nginx serving the same bytes as files.

A town of its own is made, served in a process of its own, and dropped. Each round asks
both for the same tiles in turn, packed and with the same headers sent, for the same time, and
who comes first changes with the round. Ours checks a token on every request and writes its access
line; nginx checks nothing and writes none. Then the tags of all tiles are asked about (304). Then
somebody edits parcels in SQL while 50 clients read tiles as fast as they can: how long from the
commit until the tile has changed. Last the cache is filled to its bound and memory is read.

Needs `nginx` and `wrk` (Debian packages of these names) in the path.

    MUANG_DATABASE_URL=… python -m bench.tile_cache [--rounds 5] [--seconds 4] [--fill]
"""

import argparse
import http.client
import math
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx

from bench.permissions import load_now, town
from db.connect import Machine
from db.tokens import NewToken, make_token
from layers.model import Role
from tests.api.running import Running, server
from tests.conftest import TownHandle
from tests.served import _free_port

MARK = {"Accept-Encoding": "gzip"}
ZOOMS = (15, 16, 17)
READERS = 50
_NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush off; keepalive_requests 100000000;
    open_file_cache max=10000 inactive=60s; types {{ }}
    default_type application/vnd.mapbox-vector-tile;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port}; root {folder}/files;
        add_header Content-Encoding gzip; add_header Cache-Control no-cache;
    }}
}}
"""
_WRK = """
local asked = {{ {asked} }}
local at = 0
local made = {{}}
init = function(args)
    for i, one in ipairs(asked) do
        made[i] = wrk.format("GET", one[1], {{
            ["Host"] = "127.0.0.1", ["Accept-Encoding"] = "gzip",
            ["Authorization"] = "Bearer {token}", ["If-None-Match"] = one[2]
        }})
    end
end
request = function()
    at = at % #made + 1
    return made[at]
end
"""


def main() -> None:
    """Make the town, run every part, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each side in a round")
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--fill", action="store_true", help="fill the cache and read the memory")
    options = parser.parse_args()
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not in the path: apt-get install {program}")
    # counted as always, but never refused
    os.environ["MUANG_RATE_PER_SECOND"] = "1000000"
    with (
        tempfile.TemporaryDirectory() as folder,
        town(os.environ["MUANG_DATABASE_URL"], options.parcels) as made,
        server(made, _page(Path(folder))) as there,
    ):
        with made.connect(Machine.SERVICE) as conn:
            token = make_token(conn, NewToken(Role.STAFF, "bench", 1))[1]
        ours = Ours(there, token, Path(folder))
        sizes = [len(body) for body in ours.tiles.values()]
        print(
            f"{len(sizes)} tiles, zoom {ZOOMS[0]}-{ZOOMS[-1]}, packed {statistics.mean(sizes):.0f}"
            f" bytes on average, at most {max(sizes)}; load {load_now()}"
        )
        with nginx(Path(folder), ours.tiles) as beside:
            paired(ours, beside, options.rounds, options.seconds)
        print(f"memory after that: {memory(there):.0f} MB; load {load_now()}")
        edits(ours, made, options.edits)
        if options.fill:
            fill(ours, options.parcels)
            print(f"memory with a full cache: {memory(there):.0f} MB")
        print(f"load {load_now()}")


def _page(folder: Path) -> Path:
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    return folder


class Ours:
    """The server, its full tiles and their tags."""

    def __init__(self, there: Running, token: str, folder: Path) -> None:
        self.there = there
        self.token = token
        self.folder = folder
        self.address = urlsplit(there.url).netloc
        self.port = int(self.address.rpartition(":")[2])
        self.client = httpx.Client(
            base_url=there.url,
            trust_env=False,
            timeout=60,
            headers={"Authorization": f"Bearer {token}", **MARK},
        )
        self.tiles: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        for path in self._paths():
            with self.client.stream("GET", path) as reply:
                body = b"".join(reply.iter_raw())
                if reply.status_code == 200:
                    self.tiles[path] = body
                    self.tags[path] = reply.headers["etag"]

    def _paths(self) -> list[str]:
        west, south, east, north = self.client.get("/me").json()["town"]["bounds"]
        found = []
        for z in ZOOMS:
            side = 1 << z
            columns = [int((lon + 180) / 360 * side) for lon in (west, east)]
            rows = [_row(lat, side) for lat in (north, south)]
            found += [
                f"/tiles/parcels/{z}/{x}/{y}.mvt"
                for x in range(columns[0], columns[1] + 1)
                for y in range(rows[0], rows[1] + 1)
            ]
        return found

    def numbers(self) -> dict[str, int]:
        """What the cache did so far."""
        found: dict[str, int] = self.client.get("/readyz").json()["tiles"]
        return found


def _row(lat: float, side: int) -> int:
    return int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)


@contextmanager
def nginx(folder: Path, tiles: dict[str, bytes]) -> Iterator[tuple[int, int]]:
    """Nginx serving these bytes as files on a free port of loopback; yields port and group."""
    port = _free_port()
    for path, body in tiles.items():
        file = folder / "files" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    folder.chmod(0o755)
    written = folder / "nginx.conf"
    # as root it would read files as another user, who may not
    user = "user root;\n" if os.geteuid() == 0 else ""
    written.write_text(user + _NGINX.format(folder=folder, port=port), encoding="utf-8")
    process = subprocess.Popen(
        ["nginx", "-c", str(written), "-p", str(folder)], start_new_session=True
    )
    try:
        _wait(port, next(iter(tiles)))
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port: int, path: str) -> None:
    for _ in range(100):
        try:
            if httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError("nginx does not answer")


def paired(ours: Ours, nginx: tuple[int, int], rounds: int, seconds: int) -> None:
    """Requests a second of both, side by side, their ratios, and processor time of each request.

    The last is what remains to be compared when others keep the machine busy.
    """
    port, group = nginx
    sides: dict[str, tuple[int, dict[str, str], int]] = {
        "nginx": (port, {}, group),
        "ours": (ours.port, {}, ours.there.process.pid),
        "nginx 304": (port, _tags_of(port, list(ours.tiles)), group),
        "ours 304": (ours.port, ours.tags, ours.there.process.pid),
    }
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    costs: dict[str, list[float]] = {name: [] for name in sides}
    before = ours.numbers()
    for turn in range(rounds + 1):
        order = list(sides) if turn % 2 else list(reversed(sides))
        for name in order:
            at, tags, processes = sides[name]
            used = processor(processes)
            speed, answers = wrk(ours, at, tags, seconds if turn else 1)
            if turn:  # the first round warms everything up
                speeds[name].append(speed)
                costs[name].append((processor(processes) - used) / answers * 1e6)
    after = ours.numbers()
    print(
        f"{'':<12}{'requests/s':>12}{'ratio':>8}{'least':>8}{'most':>8}{'us each':>9}{'ratio':>8}"
    )
    for name, found in speeds.items():
        beside = speeds["nginx 304" if name.endswith("304") else "nginx"]
        ratios = [one / other for one, other in zip(found, beside, strict=True)]
        cost = statistics.median(costs[name])
        other = statistics.median(costs["nginx 304" if name.endswith("304") else "nginx"])
        print(
            f"{name:<12}{statistics.median(found):>12.0f}{statistics.median(ratios):>8.2f}"
            f"{min(ratios):>8.2f}{max(ratios):>8.2f}{cost:>9.1f}{other / cost:>8.2f}"
        )
    told = {name: after[name] - before[name] for name in ("hits", "misses", "bypasses")}
    print(f"{rounds} rounds of {seconds} s each; the cache meanwhile: {told}")


def _tags_of(port: int, paths: list[str]) -> dict[str, str]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        return {path: client.head(path).headers["etag"] for path in paths}


def _script(ours: Ours, tags: dict[str, str]) -> Path:
    asked = ", ".join(
        f"{{'{path}', {repr(tags[path]) if path in tags else 'nil'}}}" for path in ours.tiles
    )
    file = ours.folder / f"{secrets.token_hex(4)}.lua"
    file.write_text(_WRK.format(asked=asked, token=ours.token), encoding="utf-8")
    return file


def _command(ours: Ours, port: int, tags: dict[str, str], seconds: int, clients: int) -> list[str]:
    script = str(_script(ours, tags))
    where = f"http://127.0.0.1:{port}"
    return ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", script, where]


def wrk(ours: Ours, port: int, tags: dict[str, str], seconds: int) -> tuple[float, int]:
    """Requests a second of 32 clients, and how many there were; none may have failed."""
    command = _command(ours, port, tags, seconds, 32)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", said, flags=re.DOTALL)
    assert found, said
    assert "Non-2xx" not in said, said
    return float(found[2]), int(found[1])


def processor(group: int) -> float:
    """Seconds of processor time a group of processes has used."""
    total = 0
    for found in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(found.name)) == group:
                facts = (found / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
                total += int(facts[11]) + int(facts[12])
        except OSError:
            continue
    return total / os.sysconf("SC_CLK_TCK")


def edits(ours: Ours, made: TownHandle, count: int) -> None:
    """Milliseconds from a commit in SQL until its tile has changed, while others read."""
    path = max(ours.tiles, key=lambda one: len(ours.tiles[one]))
    z, x, y = (int(part) for part in re.findall(r"\d+", path))
    times = []
    command = _command(ours, ours.port, {}, 10 + count, READERS)
    with made.connect(Machine.LOADER) as conn:
        rows = conn.execute(
            "SELECT id FROM town.parcels WHERE geom_3857 && gis.ST_TileEnvelope(%s, %s, %s)",
            [z, x, y],
        ).fetchall()
        readers = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(2)
        asking = http.client.HTTPConnection(ours.address)
        try:
            tag = _tag(ours, asking, path, "")
            for turn in range(count):
                row = rows[turn % len(rows)]
                use = "vacant" if turn // len(rows) % 2 else "public"
                conn.execute("UPDATE town.parcels SET use = %s WHERE id = %s", [use, row[0]])
                conn.commit()
                committed = time.perf_counter()
                while (now := _tag(ours, asking, path, tag)) == tag:
                    time.sleep(0.002)
                    assert time.perf_counter() - committed < 30, "the tile never changed"
                times.append((time.perf_counter() - committed) * 1000)
                tag = now
        finally:
            readers.terminate()
            readers.wait(timeout=20)
            asking.close()
    times.sort()
    place = {
        share: times[min(len(times) - 1, int(share * len(times)))] for share in (0.5, 0.9, 0.99)
    }
    print(
        f"commit to changed tile, {count} edits, {READERS} clients reading without pause: median"
        f" {place[0.5]:.0f} ms, p90 {place[0.9]:.0f}, p99 {place[0.99]:.0f}, most {times[-1]:.0f};"
        f" load {load_now()}"
    )


def _tag(ours: Ours, asking: http.client.HTTPConnection, path: str, tag: str) -> str:
    headers = {"Authorization": f"Bearer {ours.token}", **MARK}
    asking.request("GET", path, headers=headers | ({"If-None-Match": tag} if tag else {}))
    reply = asking.getresponse()
    reply.read()
    assert reply.status in (200, 304), reply.status
    return reply.headers["ETag"]


def fill(ours: Ours, parcels: int) -> None:
    """Ask for tiles by ever other filters until the cache lets go of the first ones."""
    full = sorted(ours.tiles, key=lambda one: len(ours.tiles[one]))[-4:]

    def ask(number: int) -> None:
        condition = quote(f"code <> '01A{number % parcels}'")
        ours.client.get(f"{full[number % len(full)]}?filter={condition}").raise_for_status()

    with ThreadPoolExecutor(4) as pool:
        for start in range(0, 40_000, 400):
            list(pool.map(ask, range(start, start + 400)))
            told = ours.numbers()
            if told["misses"] - told["entries"] - told["dropped"] > 400:
                break
    told = ours.numbers()
    print(f"cache: {told['entries']} tiles, {told['bytes'] / 1e6:.0f} MB")


def memory(there: Running) -> float:
    """Megabytes (PSS) of all processes of the server."""
    total = 0
    for found in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(found.name)) != there.process.pid:
                continue
            said = (found / "smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        shared = re.search(r"^Pss:\s+(\d+) kB", said, flags=re.MULTILINE)
        total += int(shared[1]) if shared else 0
    return total / 1024


if __name__ == "__main__":
    main()
