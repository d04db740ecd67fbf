"""How long until the first useful map on a slow line and a slow machine, and what came before it.

Everybody's view of the demo town, asked for over a line of 1.5 Mbit/s with a round trip of 40 ms
(`bench.slow_line`), by a page whose processor is slowed down four times (CDP
`Emulation.setCPUThrottlingRate`; the map's worker is not). Each round is a fresh browser context
(cold) and the same page asked for again (warm). With `--beside` another build of the dashboard is
measured in the same rounds. The first useful map is the first picture with water, roads, places and
people (`muang:map-useful`); parcels, buildings and the basemap follow (`muang:map-idle`: all is
drawn).

    MUANG_DATABASE_URL=… python -m bench.first_map [--rounds 5] [--beside DIST]
"""

import argparse
import asyncio
import gzip
import os
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, async_playwright

from bench.figures import Figure, Report
from bench.slow_line import SlowLine
from bench.soak.pages import FLAGS
from bench.soak.serving import Served
from bench.soak.town import thrown_away
from ops.checkout import Checkout
from ops.packages import find_chromium
from ops.processes import free_port
from ops.progress import Progress

BITS = 1_500_000
ROUND_TRIP_S = 0.04
SLOWER = 4
WITHIN_S = 5.0
AT_MOST_KB = 500.0
CODE = (".js", ".mjs", ".css")
_PATIENCE_MS = 300_000
_TIMES = """() => ({
    useful: performance.getEntriesByName('muang:map-useful')[0].startTime,
    idle: performance.getEntriesByName('muang:map-idle')[0].startTime,
    painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    asked: performance.getEntriesByType('resource').map((each) => ({
        path: new URL(each.name).pathname,
        from: each.startTime,
        until: each.responseEnd,
        size: each.encodedBodySize,
    })),
})"""


@dataclass
class Build:
    """A build of the dashboard behind a slow line, and what was measured of it."""

    name: str
    url: str
    line: SlowLine
    near: str
    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


async def measure(builds: list[Build], chromium: Path, rounds: int) -> None:
    """Ask for each build in turn, cold and warm; who comes first changes with the round."""
    async with AsyncExitStack() as stack, async_playwright() as driver:
        for build in builds:
            await stack.enter_async_context(build.line.open(_port(build.url)))
        browser = await driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for turn in range(rounds):
            for build in builds if turn % 2 else reversed(builds):
                await _round(browser, build)
        await browser.close()


async def _round(browser: Browser, build: Build) -> None:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800},
        locale="th-TH",
        # a worker's picture would be asked for over the same line
        service_workers="block",
    )
    try:
        for kind in ("cold", "warm"):
            build.found.setdefault(kind, []).append(await _visit(context, build))
    finally:
        await context.close()


async def _visit(context: BrowserContext, build: Build) -> dict[str, Any]:
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    cdp = await context.new_cdp_session(page)
    await cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    before = build.line.bytes_down
    await page.goto(f"{build.url}/#lang=th", wait_until="commit")
    await page.wait_for_function(
        "() => performance.getEntriesByName('muang:map-idle').length > 0", polling=50
    )
    told: dict[str, Any] = await page.evaluate(_TIMES)
    told["bytes"] = build.line.bytes_down - before
    await page.close()
    return told


def report_of(builds: list[Build]) -> Report:
    """Figures of every build, and what the first round of each loaded before its map."""
    report = Report(0)
    for build in builds:
        for kind, rounds in build.found.items():
            part = f"{build.name}, {kind}"
            useful = [round(one["useful"] / 1000, 2) for one in rounds]
            report.add(
                Figure(part, "first useful map", useful, target=WITHIN_S, unit=" s", at_most=True)
            )
            idle = [round(one["idle"] / 1000, 2) for one in rounds]
            report.add(Figure(part, "every tile drawn", idle, unit=" s"))
            carried = [round(one["bytes"] / 1000, 1) for one in rounds]
            report.add(Figure(part, "over the line until then", carried, unit=" kB"))
        first = build.found["cold"][0]
        early = [one for one in first["asked"] if one["from"] < first["useful"]]
        rows = [{**one, "gz": _packed(build.near, one["path"])} for one in early]
        # the map's worker asks for what it shares with the page again, and has it from the cache
        code = {row["path"]: float(row["gz"]) for row in rows if row["path"].endswith(CODE)}
        weight = sum(code.values()) / 1000
        report.add(
            Figure(
                *(build.name, "code and styles before it, gzip", [round(weight, 1)]),
                target=AT_MOST_KB,
                unit=" kB",
                at_most=True,
            )
        )
        report.table(build.name, rows)
        for row in sorted(rows, key=lambda row: float(row["from"])):
            print(
                f"    {row['from'] / 1000:6.2f} to {row['until'] / 1000:6.2f} s"
                f" {row['size'] / 1000:7.1f} kB  {row['path']}"
            )
    return report


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


def _packed(near: str, path: str) -> int:
    """Bytes of what lies at a path, packed with gzip; 0 of what is no file of the build."""
    if not path.startswith("/assets/"):
        return 0
    answer = httpx.get(f"{near}{path}", trust_env=False, headers={"Accept-Encoding": "identity"})
    return len(gzip.compress(answer.content, 6))


def main() -> None:
    """Make a town, serve each build of the dashboard, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", type=Path, help="the dist of another build")
    options = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("There is no Chromium: ./muang test installs it.")
    with (
        tempfile.TemporaryDirectory() as logs,
        thrown_away(Checkout.here(), Progress(), Path(logs)) as served,
    ):
        dist = Checkout.here().dashboard / "dist"
        asked = {"this build": dist} | ({"beside": options.beside} if options.beside else {})
        servers = {name: _serve(served, Path(logs), folder) for name, folder in asked.items()}
        try:
            builds = [
                Build(
                    name,
                    url,
                    SlowLine(int(web.near.rsplit(":", 1)[1]), BITS, ROUND_TRIP_S),
                    web.near,
                )
                for name, (web, url) in servers.items()
            ]
            asyncio.run(measure(builds, chromium, options.rounds))
            report = report_of(builds)
        finally:
            for web, _ in servers.values():
                web.__exit__()
    report.write(Path("build/bench/first_map.json"))
    print(f"load {' … '.join(report.loads)}")


def _serve(served: Served, logs: Path, dist: Path) -> tuple[Served, str]:
    """The town with a build of the dashboard, told that it is reached over the slow line."""
    url = f"http://127.0.0.1:{free_port()}"
    os.environ |= {"MUANG_PUBLIC_URL": url, "MUANG_DASHBOARD": str(dist.resolve())}
    return Served(served.server, served.town, logs), url


if __name__ == "__main__":
    main()
