"""Finished tiles with the permission checked, beside nginx serving the same bytes as files.

Each round asks both for the same tiles in turn, packed and with the same headers sent, for the same
time, and who comes first changes with the round. Ours checks a token on every request and writes
its access line; nginx checks nothing and writes none. Then the tags of all tiles are asked about
(304). Then somebody edits parcels in SQL while 50 clients read tiles as fast as they can: how long
from the commit until the tile has changed. Last the cache is filled and memory is read.

Needs `nginx` and `wrk` (Debian packages of these names).

    ./muang bench cache [--parcels 200000] [--rounds 5]
"""

import http.client
import os
import re
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx

from bench.figures import Figure, Report
from bench.mapserver import nginx_program
from bench.programs import free_port, running
from bench.town import Tile, Town, trace
from db.connect import Machine
from db.tokens import NewToken, make_token
from layers.model import Role
from tests.api.running import Running, server
from tests.conftest import TownHandle

MARK = {"Accept-Encoding": "gzip"}
SECONDS = 2
"""Of each side in a round."""
NGINX = nginx_program()
WRK = shutil.which("wrk")
READERS = 50
_NGINX = """
worker_processes 1; daemon off; pid "{folder}/pid"; error_log "{folder}/error";
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush off; keepalive_requests 100000000;
    open_file_cache max=10000 inactive=60s; types {{ }}
    default_type application/vnd.mapbox-vector-tile;
    client_body_temp_path "{folder}/b"; proxy_temp_path "{folder}/p";
    fastcgi_temp_path "{folder}/f";
    uwsgi_temp_path "{folder}/u"; scgi_temp_path "{folder}/s";
    server {{
        listen 127.0.0.1:{port}; root "{folder}/files";
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


def measure(town: Town, report: Report, *, rounds: int, edited: int, fill_it: bool) -> None:
    """All of it for one town."""
    print("\nkept tiles, the permission checked, beside nginx serving files", flush=True)
    lacks = [name for name, found in (("nginx-light", NGINX), ("wrk", WRK)) if not found]
    if lacks:
        report.skip("cache", f"apt-get install {' '.join(lacks)}")
        return
    with town.handle.connect(Machine.SERVICE) as conn:
        token = make_token(conn, NewToken(Role.STAFF, "bench", 1))[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # counted as always, but never refused
        with server(town.handle, _page(folder), MUANG_RATE_PER_SECOND="1000000") as there:
            for title, zooms in (("light z16-17", (16, 17)), ("heavy z14-17", (14, 15, 16, 17))):
                ours = Ours(there, token, folder, trace(town, zooms, 60))
                sizes = [len(body) for body in ours.tiles.values()]
                print(f"\n {title}: {len(sizes)} tiles, {statistics.mean(sizes):.0f} bytes packed")
                with nginx(folder / title, ours.tiles) as beside:
                    paired(report, title, ours, beside, rounds)
            edits(report, ours, town.handle, edited)
            if fill_it:
                fill(ours, town.size.parcels)
            report.add(Figure("cache", "server memory", [memory(there)], 350, " MB", at_most=True))


def _page(folder: Path) -> Path:
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    return folder


class Ours:
    """The server, its full tiles and their tags."""

    def __init__(self, there: Running, token: str, folder: Path, asked: list[Tile]) -> None:
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
        for path in dict.fromkeys("/tiles/parcels/{}/{}/{}.mvt".format(*one) for one in asked):
            with self.client.stream("GET", path) as reply:
                body = b"".join(reply.iter_raw())
                if reply.status_code == 200:
                    self.tiles[path] = body
                    self.tags[path] = reply.headers["etag"]

    def numbers(self) -> dict[str, int]:
        """What the cache did so far."""
        found: dict[str, int] = self.client.get("/readyz").json()["tiles"]
        return found


@contextmanager
def nginx(folder: Path, tiles: dict[str, bytes]) -> Iterator[tuple[int, int]]:
    """Nginx serving these bytes as files on a free port of loopback; yields port and group."""
    port = free_port()
    folder.mkdir()
    for path, body in tiles.items():
        file = folder / "files" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    for one in (folder, folder.parent):
        one.chmod(0o755)
    written = folder / "nginx.conf"
    # as root it would read files as another user, who may not
    user = "user root;\n" if os.geteuid() == 0 else ""
    written.write_text(user + _NGINX.format(folder=folder, port=port), encoding="utf-8")
    command = [NGINX or "nginx", "-c", written, "-p", folder]
    with running(command, log=folder / "log") as process:
        _wait(port, next(iter(tiles)))
        yield port, process.pid


def _wait(port: int, path: str) -> None:
    for _ in range(100):
        try:
            if httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError("nginx does not answer")


def paired(report: Report, title: str, ours: Ours, nginx: tuple[int, int], rounds: int) -> None:
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
            speed, answers = wrk(ours, at, tags, SECONDS if turn else 1)
            if turn:  # the first round warms everything up
                speeds[name].append(speed)
                costs[name].append((processor(processes) - used) / answers * 1e6)
    after = ours.numbers()
    rows = []
    for name, found in speeds.items():
        row = {"way": name, "per_second": statistics.median(found)}
        rows.append(row | {"us": statistics.median(costs[name])})
        print(f"  {name:<12}{row['per_second']:>9.0f}/s{rows[-1]['us']:>8.1f} us of processor each")
    report.table(f"kept, {title}", rows)
    for name, target in (("ours", 0.5), ("ours 304", None)):
        other = name.replace("ours", "nginx")
        ratios = [one / beside for one, beside in zip(speeds[name], speeds[other], strict=True)]
        told = f"kept {title}{' 304' if '304' in name else ''} v. nginx"
        report.add(Figure("cache", told, ratios, target, note="aim 0.7" if target else ""))
    missed = after["misses"] - before["misses"] + after["bypasses"] - before["bypasses"]
    print(f"  {rounds} rounds of {SECONDS} s each; drawn meanwhile: {missed}")


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
    return [WRK or "wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", script, where]


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


def edits(report: Report, ours: Ours, made: TownHandle, count: int) -> None:
    """Milliseconds from a commit in SQL until its tile has changed, while others read."""
    path = max(ours.tiles, key=lambda one: len(ours.tiles[one]))
    z, x, y = (int(part) for part in re.findall(r"\d+", path))
    times = []
    command = _command(ours, ours.port, {}, 10 + count, READERS)
    with made.connect(Machine.LOADER) as conn:
        rows = conn.execute(
            # what is already as it would be made does not change its tile
            "SELECT id, use FROM town.parcels WHERE use NOT IN ('vacant', 'public')"
            " AND geom_3857 && gis.ST_TileEnvelope(%s, %s, %s)",
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
            for row in rows[:count]:
                conn.execute("UPDATE town.parcels SET use = %s WHERE id = %s", [row[1], row[0]])
    times.sort()
    p50, p90, p99 = (times[min(count - 1, int(share * count))] for share in (0.5, 0.9, 0.99))
    told = f"median {p50:.0f} ms, p90 {p90:.0f}, most {times[-1]:.0f}; {READERS} clients reading"
    report.add(
        Figure("cache", "edit to new tile, p99", [p99], 1000, " ms", at_most=True, note=told)
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
