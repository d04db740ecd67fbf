"""Pictures for people to look at, in build/screenshots/. What they show is tested elsewhere."""

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import MAP, SCREENSHOTS, Open, Served, ready, rest

pytestmark = pytest.mark.e2e

FLOOD = "zones=return_period:50"


def take(page: Page, name: str) -> None:
    """Save the screen; it must not be one flat colour."""
    rest(page)
    page.locator('[data-kpi="people"]').wait_for(state="attached")
    page.wait_for_timeout(400)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    file = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=file)
    assert file.stat().st_size > 50_000


@pytest.mark.parametrize("lang", ["th", "en"])
def test_desktop(served_town: Served, visit: Open, lang: str) -> None:
    page = visit(served_town, f"#lang={lang}&{FLOOD}", width=1440, height=900).page
    take(page, f"desktop-{lang}")


@pytest.mark.parametrize("lang", ["th", "en"])
def test_phone(served_town: Served, visit: Open, lang: str) -> None:
    options = {"is_mobile": True, "has_touch": True, "device_scale_factor": 2}
    page = visit(served_town, f"#lang={lang}&{FLOOD}", width=390, height=844, **options).page
    take(page, f"phone-{lang}")
    page.get_by_role("button", name={"th": "ชั้นข้อมูล", "en": "Layers"}[lang], exact=True).click()
    take(page, f"phone-layers-{lang}")


def test_record_and_table(served_town: Served, visit: Open) -> None:
    link = f"#lang=th&view=16.6/15.2425/105.2290&{FLOOD}&table=parcels"
    page = visit(served_town, link, width=1440, height=900).page
    page.locator(".row-open").nth(3).click()
    page.locator(".record .fields").first.wait_for()
    page.wait_for_function(f"() => {MAP}.getZoom() > 16.6 && !{MAP}.isMoving()")
    take(page, "record-table-th")


def test_forced_colours(served_town: Served, visit: Open) -> None:
    options = {"forced_colors": "active"}
    page = visit(served_town, f"#lang=en&{FLOOD}", width=1440, height=900, **options).page
    take(page, "forced-colours-en")


def test_stale(tiny: Served, visit: Open) -> None:
    watched = visit(tiny, "#lang=th&zones=return_period:100", wait=False)
    watched.quiet = True
    page = watched.page
    page.clock.install()
    page.reload()
    ready(page)
    page.context.set_offline(True)
    page.clock.fast_forward(46_000)
    page.locator(".alarm").wait_for()
    take(page, "stale-th")
