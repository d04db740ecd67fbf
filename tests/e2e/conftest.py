"""A real Chromium on a real server: every page is watched for errors and for foreign hosts."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from db.accounts import Account
from db.connect import Machine
from db.tokens import NewToken, make_token
from db.towns import drop_town
from layers.model import Role
from tests.api.signing_in import PASSWORD, account
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
expect.set_options(timeout=PATIENCE_MS)

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


_numbers = itertools.count(1)


@dataclass
class Served:
    """A town served for real: its address, its database as tests see it, and who may sign in."""

    url: str
    town: TownHandle
    _sessions: dict[Role, str] = field(default_factory=dict)
    _tokens: dict[Role, str] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        """Name of the session's cookie."""
        return f"__Host-muang-{self.town.town_id}"

    def account(self, role: Role, **more: Any) -> Account:
        """A new account of a role with `PASSWORD`; that of a team belongs to `boat 1`."""
        if role is Role.TEAM:
            more.setdefault("team", "boat 1")
        return account(self.town, f"{role}{next(_numbers)}", role, **more)

    def session(self, role: Role) -> str:
        """A session's token of an account of this role, the same for all tests that only look."""
        if role not in self._sessions:
            asked = {"username": self.account(role).username, "password": PASSWORD}
            answer = httpx.post(f"{self.url}/auth/login", json=asked, timeout=30)
            self._sessions[role] = answer.cookies[self.cookie]
        return self._sessions[role]

    def _bearer(self, role: Role) -> dict[str, str]:
        if role not in self._tokens:
            with self.town.connect(Machine.SERVICE) as conn:
                self._tokens[role] = make_token(conn, NewToken(role, f"e2e {role}", 1))[1]
        return {"Authorization": f"Bearer {self._tokens[role]}"}

    def get(self, path: str, role: Role = Role.ADMIN, **options: Any) -> httpx.Response:
        """GET a path as a program of this role."""
        headers = self._bearer(role) | options.pop("headers", {})
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=60, **options)

    def post(self, path: str, json: Any, role: Role = Role.ADMIN) -> httpx.Response:
        """POST JSON to a path as a program of this role."""
        return httpx.post(f"{self.url}{path}", headers=self._bearer(role), json=json, timeout=60)

    def all_clear(self) -> None:
        """End every incident that is open: the next test's list is its own."""
        for one in self.get("/incidents?active=true&limit=500").json()["incidents"]:
            for step in ("acknowledge", "resolve", "all_clear"):
                self.post(f"/incidents/{one['id']}/{step}", {})  # refused where it is done already

    def patch(self, path: str, json: Any, role: Role = Role.ADMIN) -> httpx.Response:
        """PATCH a path with JSON as a program of this role."""
        return httpx.patch(f"{self.url}{path}", headers=self._bearer(role), json=json, timeout=60)


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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Locator, "click", _come_and_click)
        yield running
    running.close()


_click = Locator.click


def _come_and_click(what: Locator, **options: Any) -> None:
    """A hand comes from elsewhere to what it presses.

    One that rested while a list slid under it is not heard at once (`ui/presses.ts`), and
    Playwright's rests where it pressed last.
    """
    what.page.mouse.move(0, 0)
    _click(what, **options)


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
    """Opens pages of a town, signed in as an administrator unless said; `role=None`: as nobody.

    `visit(tiny, "#lang=th", width=…)`; at the end none may have had an error. `begin` is called
    with the page before anything is asked for.
    """
    opened: list[Watched] = []

    def open_page(
        served: Served,
        link: str = "",
        *,
        role: Role | None = Role.ADMIN,
        width: int = 1280,
        height: int = 800,
        wait: bool = True,
        quiet: bool = False,
        begin: Callable[[Page], object] | None = None,
        **options: Any,
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            timezone_id="Asia/Bangkok",
            # a service worker would ask behind the backs of tests that answer for the server;
            # drawing in software costs by the pixel: a quarter of them unless they are looked at
            **{
                "locale": "th-TH",
                "service_workers": "block",
                "device_scale_factor": 0.5,
                **options,
            },
        )
        if role is not None:
            _sign_in(context, served, role)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watched = Watched(page, urlsplit(served.url).netloc, quiet=quiet)
        _watch(watched)
        opened.append(watched)
        if begin:
            begin(page)
        page.goto(f"{served.url}/{link}")
        if wait:
            ready(page)
        return watched

    yield open_page
    for watched in opened:
        watched.page.context.close()
    assert [watched.errors for watched in opened] == [[]] * len(opened)
    assert [watched.foreign() for watched in opened] == [[]] * len(opened)


def _sign_in(context: BrowserContext, served: Served, role: Role) -> None:
    """Put a session into a browser; signing in by hand is what test_sign_in.py does."""
    context.add_cookies(
        [
            {
                "name": served.cookie,
                "value": served.session(role),
                "domain": urlsplit(served.url).hostname or "",
                "path": "/",
                "secure": True,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )


def _watch(watched: Watched) -> None:
    def said(message: ConsoleMessage) -> None:
        # an interface of the machine came or went, and Chromium dropped what was under way
        by_machine = "ERR_NETWORK_CHANGED" in message.text or "Failed to fetch (0)" in message.text
        # we keep service workers out of tests of other things; the page may be told so
        by_us = "Service Worker registration blocked" in message.text
        blamed = message.type in ("error", "warning") and not (by_machine or by_us)
        if blamed and not watched.quiet:
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
