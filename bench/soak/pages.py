"""Open dashboards in Chromium: what their streams say, what they act on, how they are."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright

from bench.memory import resident
from bench.soak.verdict import PageRecord, Sample

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOOKS = (("coordinator", "#lang=th"), ("staff", "#lang=en&table=parcels"), ("public", "#lang=th"))
"""Who has a page open, and on what; pages beyond these begin again with the first."""
_PATIENCE_MS = 180_000

_EARS = """(() => {
    const soak = { raw: [], told: [], gaps: 0, opened: 0 };
    Object.assign(soak, { renders: 0, long: 0, blocked: 0, longest: 0 });
    window.muangSoak = soak;
    window.EventSource = class extends EventSource {
        constructor(url, options) {
            super(url, options);
            this.addEventListener('open', () => { soak.opened += 1; });
            this.addEventListener('change', (told) => soak.raw.push(Number(told.lastEventId)));
        }
    };
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) {
            soak.long += 1;
            soak.blocked += duration;
            soak.longest = Math.max(soak.longest, duration);
        }
    }).observe({ type: 'longtask' });
})()"""
"""Before anything of the page runs: its streams tell us what they tell it."""

_LISTEN = """() => {
    const { muangSoak: soak } = window;
    const { app } = document.querySelector('muang-app');
    const act = app.table.onChanges.bind(app.table);
    app.table.onChanges = (changes) => {
        for (const { pos } of changes) soak.told.push(pos);
        act(changes);
    };
    const refetch = app.refetch.bind(app);
    app.refetch = () => { soak.gaps += 1; refetch(); };
    document.querySelector('muang-map').town?.map.on('render', () => { soak.renders += 1; });
    soak.raw.length = 0;
    soak.told.length = 0;
    return app.store.state.live.pos;
}"""

_DRAIN = """() => {
    const { muangSoak: soak } = window;
    const told = { ...soak, raw: soak.raw.splice(0), told: soak.told.splice(0) };
    Object.assign(soak, { gaps: 0, opened: 0, renders: 0, long: 0, blocked: 0, longest: 0 });
    return told;
}"""

_STATE = """() => {
    const { state } = document.querySelector('muang-app').app.store;
    const rows = [...document.querySelectorAll('[data-incident]')];
    return {
        incidents: (state.incidents.value ?? []).map(({ id, status }) => [id, status]),
        rows: rows.map(({ dataset }) => [Number(dataset.incident), dataset.status]),
        live: state.live.status,
        boards: Object.fromEntries(
            [...state.boards].map(([layer, features]) => [layer, features.length]),
        ),
    };
}"""


@dataclass
class Who:
    """Whose page: a name, a role, and the session's cookie, None for nobody."""

    name: str
    role: str
    link: str
    cookie: tuple[str, str] | None


class Watched:
    """One open page; `record` is what became of it."""

    def __init__(self, who: Who, page: Page, cdp: CDPSession) -> None:
        self.record = PageRecord(who.name, who.role)
        self.page = page
        self._cdp = cdp
        self._loads = 0
        page.on("load", lambda _: self._loaded())
        page.on("crash", lambda _: self.record.errors.append("the page crashed"))
        page.on("pageerror", lambda error: self.record.errors.append(str(error)[:200]))

    def _loaded(self) -> None:
        self._loads += 1
        self.record.reloads = self._loads - 1

    async def listen(self) -> None:
        """Count from now on."""
        self.record.base = await self.page.evaluate(_LISTEN)

    async def look(self, began: float) -> Sample:
        """Collect garbage, then measure; takes over what the page has heard.

        `began` on the monotonic clock: on a busy machine a look itself takes long.
        """
        heard = await self.drain()
        await self._cdp.send("HeapProfiler.collectGarbage")
        heap = await self._cdp.send("Runtime.getHeapUsage")
        dom = await self._cdp.send("Memory.getDOMCounters")
        sample = Sample(
            at_s=round(time.monotonic() - began, 1),
            heap=heap["usedSize"],
            nodes=dom["nodes"],
            listeners=dom["jsEventListeners"],
            renders=heard["renders"],
            long_tasks=heard["long"],
            blocked_ms=heard["blocked"],
            longest_ms=heard["longest"],
        )
        self.record.samples.append(sample)
        return sample

    async def drain(self) -> dict[str, Any]:
        """Take over what the page has heard since the last time."""
        heard: dict[str, Any] = await self.page.evaluate(_DRAIN)
        self.record.raw += heard["raw"]
        self.record.told += heard["told"]
        self.record.gaps += heard["gaps"]
        self.record.opened += heard["opened"]
        return heard

    async def settled(self, last: int, seconds: float) -> None:
        """Wait until the page has acted on a position, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while max(self.record.told, default=self.record.base) < last:
                    await asyncio.sleep(0.5)
                    await self.drain()

    async def state(self) -> dict[str, Any]:
        """What the page shows of incidents and boards."""
        told: dict[str, Any] = await self.page.evaluate(_STATE)
        return told


class Pages:
    """All open pages of one browser, and the memory of its processes."""

    def __init__(self, browser: Browser, watched: list[Watched]) -> None:
        self.watched = watched
        self._browser = browser
        self.memory: list[dict[str, float]] = []

    async def look(self, began: float) -> None:
        """Measure every page, one after the other, and the browser's processes."""
        for one in self.watched:
            await one.look(began)
        cdp = await self._browser.new_browser_cdp_session()
        try:
            found = await cdp.send("SystemInfo.getProcessInfo")
        finally:
            await cdp.detach()
        told: dict[str, float] = {"at_s": round(time.monotonic() - began, 1)}
        for process in found["processInfo"]:
            kind = process["type"]
            told[kind] = told.get(kind, 0.0) + resident(process["id"])
        self.memory.append(told)


@asynccontextmanager
async def opened(
    url: str, people: Sequence[Who], chromium: Path, more: str = ""
) -> AsyncIterator[Pages]:
    """A browser with a page for each of them, drawn and listening; closed with the block.

    `more` is a script of the caller's that runs before the page's own.
    """
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            watched = [await _open(browser, url, who, more) for who in people]
            for one in watched:
                await one.listen()
            yield Pages(browser, watched)
        finally:
            await browser.close()


async def _open(browser: Browser, url: str, who: Who, more: str) -> Watched:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="th-TH", timezone_id="Asia/Bangkok"
    )
    await _sign_in(context, url, who)
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    watched = Watched(who, page, await context.new_cdp_session(page))
    await page.add_init_script(_EARS)
    if more:
        await page.add_init_script(more)
    await page.goto(f"{url}/{who.link}")
    await page.wait_for_selector('.map[data-map="ready"]')
    await page.wait_for_function("() => document.querySelector('muang-app').app.desk !== null")
    await page.wait_for_selector('.live[data-live="live"]')
    await page.wait_for_function("() => document.querySelector('muang-map').town.map.loaded()")
    return watched


async def _sign_in(context: BrowserContext, url: str, who: Who) -> None:
    if who.cookie is None:
        return
    name, value = who.cookie
    await context.add_cookies(
        [
            {
                "name": name,
                "value": value,
                "domain": urlsplit(url).hostname or "",
                "path": "/",
                "secure": True,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )
