"""Pictures for people to look at, in build/screenshots/. What they show is tested elsewhere."""

from typing import Any

import pytest
from playwright.sync_api import Page

from layers.model import Role
from tests.e2e.conftest import MAP, SCREENSHOTS, Open, Served, rest

pytestmark = pytest.mark.e2e

FLOOD = "zones=return_period:50"


def take(page: Page, name: str) -> None:
    """Save the screen of the map with its numbers."""
    rest(page)
    page.locator("[data-kpi]").first.wait_for(state="attached")
    save(page, name)


def save(page: Page, name: str, least: int = 50_000) -> None:
    """Save the screen; it must not be one flat colour, which takes hardly any bytes."""
    page.wait_for_timeout(400)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    file = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=file)
    assert file.stat().st_size > least


SHARP = {"device_scale_factor": 1}
DESKTOP: dict[str, Any] = {"width": 1440, "height": 900, **SHARP}
PHONE: dict[str, Any] = {
    "width": 390,
    "height": 844,
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}


def english(page: Page) -> None:
    """Show the page in English."""
    page.get_by_role("button", name="EN").click()
    page.wait_for_function("() => document.documentElement.lang === 'en'")


def test_desktop(served_town: Served, visit: Open) -> None:
    page = visit(served_town, f"#lang=th&{FLOOD}", **DESKTOP).page
    page.locator(".time").wait_for()
    take(page, "desktop-th")
    english(page)
    take(page, "desktop-en")
    page.emulate_media(forced_colors="active")
    take(page, "forced-colours-en")


def test_phone(served_town: Served, visit: Open) -> None:
    page = visit(served_town, f"#lang=th&{FLOOD}", **PHONE).page
    page.locator(".time").wait_for()
    take(page, "phone-th")
    page.get_by_role("button", name="ชั้นข้อมูล", exact=True).click()
    take(page, "phone-layers-th")
    english(page)
    take(page, "phone-layers-en")


def test_record_and_table(served_town: Served, visit: Open) -> None:
    link = f"#lang=th&view=16.6/15.2425/105.2290&{FLOOD}&table=parcels"
    page = visit(served_town, link, **DESKTOP).page
    page.locator(".row-open").nth(3).click()
    page.locator(".record .fields").first.wait_for()
    page.wait_for_function(f"() => {MAP}.getZoom() > 16.6 && !{MAP}.isMoving()")
    take(page, "record-table-th")


def test_stale(tiny: Served, visit: Open) -> None:
    link = "#lang=th&zones=return_period:100"
    page = visit(tiny, link, quiet=True, begin=lambda page: page.clock.install(), **SHARP).page
    page.locator('.live[data-live="live"]').wait_for()
    page.context.set_offline(True)
    page.clock.fast_forward(46_000)
    page.locator(".alarm").wait_for()
    take(page, "stale-th")


@pytest.mark.parametrize(("size", "lang"), [("desktop", "th"), ("phone", "en")])
def test_sign_in_page(served_town: Served, visit: Open, lang: str, size: str) -> None:
    options = {"desktop": DESKTOP, "phone": PHONE}[size]
    page = visit(
        served_town, f"login#lang={lang}", role=None, wait=False, quiet=True, **options
    ).page
    page.wait_for_function("() => !/Muang|เมือง$/.test(document.querySelector('.brand').innerText)")
    save(page, f"login-{size}-{lang}", 20_000)
    page.locator("#username").fill("somsri")
    page.locator("#password").fill("not the password")
    page.keyboard.press("Enter")
    page.locator(".login-error").wait_for()
    save(page, f"login-wrong-{size}-{lang}", 20_000)


def test_everybodys_view(served_town: Served, visit: Open) -> None:
    page = visit(served_town, f"#lang=th&{FLOOD}", role=None, **DESKTOP).page
    take(page, "public-desktop-th")


def test_the_menu_of_who_is_signed_in(served_town: Served, visit: Open) -> None:
    page = visit(served_town, f"#lang=th&{FLOOD}", role=Role.STAFF, **PHONE).page
    page.locator(".who-button").click()
    take(page, "menu-phone-th")
    page.get_by_role("button", name="บัญชีของฉัน").click()
    page.locator("dialog .token-list, dialog .lead").last.wait_for()
    save(page, "account-phone-th")
