"""A real Chromium on a real server: every page is watched for errors and for foreign hosts."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, sync_playwright

from db.towns import drop_town
from tests.conftest import TownHandle, make_town
from tests.e2e.demo_town import load_demo, make_demo_town
from tests.served import served
from tests.tiny import load_tiny

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    # WebGL 2 drawn in software, so that a machine without a graphics card tests the map too
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 120_000
"""A shared machine that draws in software is slow; nothing here measures time."""

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@dataclass(frozen=True)
class Served:
    """A town served for real: its address, and its database as tests see it."""

    url: str
    town: TownHandle


@dataclass
class Watched:
    """A page and what went wrong on it. `quiet` while a test breaks something on purpose."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    quiet: bool = False

    def foreign(self) -> list[str]:
        """Requests that left the origin."""
        schemes = ("data:", "blob:")
        return [
            url
            for url in self.asked
            if not url.startswith(schemes) and urlsplit(url).netloc != self.origin
        ]


Open = Callable[..., Watched]


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """The browser driver, for these tests only.

    While it runs it holds an event loop in this thread, in which no other test could start one.
    """
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The machine's own Chromium; a machine without one fails here."""
    chromium = os.environ.get("MUANG_CHROMIUM") or shutil.which("chromium")
    assert chromium, "Chromium is not installed: ./muang test installs it"
    running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield running
    running.close()


def _serve(town: TownHandle, load: Callable[[TownHandle], None]) -> Iterator[Served]:
    try:
        load(town)
        with served(town) as url:
            yield Served(url, town)
    finally:
        drop_town(town.server_url, town.town_id)


@pytest.fixture(scope="package")
def tiny(server_url: str, secret: str) -> Iterator[Served]:
    """The tiny town, served: known to the metre, and these tests' own to change."""
    yield from _serve(make_town(server_url, secret), load_tiny)


@pytest.fixture(scope="package")
def served_town(server_url: str, secret: str) -> Iterator[Served]:
    """The demo town Phibun, served."""
    yield from _serve(make_demo_town(server_url, secret), load_demo)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Opens pages: `visit(url, "#lang=th", width=…)`; at the end none may have had an error."""
    opened: list[Watched] = []

    def open_page(
        url: str,
        link: str = "",
        *,
        width: int = 1280,
        height: int = 800,
        wait: bool = True,
        init: str | None = None,
        **options: Any,
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            timezone_id="Asia/Bangkok",
            **{"locale": "th-TH", **options},
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watched = Watched(page, urlsplit(url).netloc)
        _watch(watched)
        opened.append(watched)
        if init:
            page.add_init_script(init)
        page.goto(f"{url}/{link}")
        if wait:
            ready(page)
        return watched

    yield open_page
    for watched in opened:
        watched.page.context.close()
    assert [watched.errors for watched in opened] == [[]] * len(opened)
    assert [watched.foreign() for watched in opened] == [[]] * len(opened)


def _watch(watched: Watched) -> None:
    def said(message: ConsoleMessage) -> None:
        # an interface of the machine came or went, and Chromium dropped what was under way
        by_machine = "ERR_NETWORK_CHANGED" in message.text or "Failed to fetch (0)" in message.text
        if message.type in ("error", "warning") and not watched.quiet and not by_machine:
            watched.errors.append(f"{message.type}: {message.text}")

    def threw(error: Exception) -> None:
        if not watched.quiet:
            watched.errors.append(f"page error: {error}")

    def asked(request: Request) -> None:
        watched.asked.append(request.url)

    watched.page.on("console", said)
    watched.page.on("pageerror", threw)
    watched.page.on("request", asked)


def ready(page: Page) -> None:
    """Wait until the map has drawn everything and rests."""
    page.wait_for_selector('.map[data-map="ready"]')
    rest(page)


MAP = "document.querySelector('muang-map').town.map"


def rest(page: Page) -> None:
    """Wait until the map, now moving or loading, rests."""
    page.wait_for_function(f"() => {MAP}.loaded() && !{MAP}.isMoving()")


def drawn(page: Page, layer: str) -> int:
    """How many features of a layer are on the screen."""
    count: int = page.evaluate(
        f"(layer) => {MAP}.queryRenderedFeatures({{layers: [layer]}}).length", layer
    )
    return count


def at(page: Page, lng: float, lat: float) -> tuple[float, float]:
    """Where a place is on the page, in CSS pixels."""
    x, y = page.evaluate(
        f"""([lng, lat]) => {{
            const box = {MAP}.getCanvas().getBoundingClientRect();
            const point = {MAP}.project([lng, lat]);
            return [point.x + box.left, point.y + box.top];
        }}""",
        [lng, lat],
    )
    return x, y
