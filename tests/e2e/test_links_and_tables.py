"""State in the link, the tables, and what the page says when something is missing."""

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import MAP, Open, Served, drawn, ready
from tests.e2e.places import view

pytestmark = pytest.mark.e2e

NO_WEBGL = """
    const real = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.startsWith('webgl') ? null : real.call(this, kind, ...rest);
    };
"""


def test_a_reload_brings_everything_back(tiny: Served, visit: Open) -> None:
    # a shelter is in view however much of the map the desk and the table take
    page = visit(tiny, f"#{view(780, 780, 15.5)}").page
    page.get_by_role("checkbox", name="แปลงที่ดิน").uncheck()
    page.get_by_role("radio", name="10 ปี", exact=True).check(force=True)
    page.locator('[data-kpi="people"]').wait_for()
    page.locator('[data-layer="shelters"] .plain').click()
    page.locator(".rows").wait_for()
    page.get_by_role("button", name="ขยาย").click()
    page.wait_for_function(f"() => {MAP}.getZoom() > 16 && !{MAP}.isMoving()")
    page.get_by_role("button", name="EN").click()
    page.wait_for_function("() => location.hash.includes('lang=en')")
    link, zoom = page.url, page.evaluate(f"{MAP}.getZoom()")
    page.reload()
    ready(page)
    assert page.url == link
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate(f"{MAP}.getZoom()") == pytest.approx(zoom, abs=0.01)
    assert drawn(page, "parcels") == 0
    assert not page.get_by_role("checkbox", name="Parcels").is_checked()
    page.get_by_role("radio", name="10 years", checked=True).wait_for()
    page.get_by_role("combobox", name="Layer").wait_for()
    assert page.locator(".layer-choice select").input_value() == "shelters"


def test_back_takes_back_the_choice_of_a_flood(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#zones=return_period:100").page
    page.locator('[data-kpi="people"]').wait_for()
    page.get_by_role("radio", name="10 ปี", exact=True).check(force=True)
    page.wait_for_function("() => location.hash.includes('return_period:10')")
    page.locator("#impact-title").filter(has_text="10 ปี").wait_for()
    page.go_back()
    page.get_by_role("radio", name="100 ปี", checked=True).wait_for()
    page.locator("#impact-title").filter(has_text="100 ปี").wait_for()


def test_a_link_to_a_flood_that_is_gone_says_so(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#zones=return_period:777").page
    page.locator(".impact .empty").filter(has_text="ไม่มีในรายการแล้ว").wait_for()


def test_a_table_holds_what_the_map_shows(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(500, 500, 14)}&table=parcels").page
    rows = page.locator(".rows tbody tr")
    rows.first.wait_for()
    assert rows.count() == 50
    assert "1–50 จาก 100" in page.locator(".pager").inner_text()
    page.get_by_role("button", name="หน้าถัดไป").click()
    page.locator(".pager").filter(has_text="51–100 จาก 100").wait_for()
    assert page.get_by_role("button", name="หน้าถัดไป").is_disabled()
    # the map moves to one corner and the table with it
    page.evaluate(f"{MAP}.jumpTo({{center: {MAP}.getCenter(), zoom: 17}})")
    page.wait_for_function(
        """() => !document.querySelector('.pager').textContent.includes('จาก 100')
            && !document.querySelector('.table').matches('[aria-busy=true]')"""
    )
    west, south, east, north = page.evaluate(f"{MAP}.getBounds().toArray().flat()")
    items = tiny.get(
        "/ogc/collections/parcels/items",
        params={"bbox": f"{west},{south},{east},{north}", "limit": 1},
    ).json()
    assert f"จาก {items['numberMatched']}" in page.locator(".pager").inner_text()


def test_a_layer_without_a_geometry_is_a_table_too(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#table=households").page
    page.locator(".pager").filter(has_text="1–50 จาก 50").wait_for()
    assert page.locator(".rows tbody tr").count() == 50


def test_an_empty_table_says_why(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(5000, 5000, 17)}&table=shelters").page
    page.locator(".table .empty").filter(has_text="ไม่มีศูนย์พักพิงในกรอบแผนที่").wait_for()


def test_without_webgl_everything_but_the_map_works(tiny: Served, visit: Open) -> None:
    watched = visit(tiny, wait=False, quiet=True, begin=lambda page: page.add_init_script(NO_WEBGL))
    page = watched.page
    page.locator(".map-words").filter(has_text="WebGL").wait_for()
    assert page.locator(".map-words").get_attribute("role") == "alert"
    page.locator('[data-kpi="people"]').wait_for()
    page.get_by_role("button", name="เปิดตาราง").click()
    page.locator(".rows tbody tr").first.wait_for()
    page.locator(".layer-choice select").select_option("parcels")
    page.locator(".row-open").filter(has_text="01A000").click()
    page.locator("#record-title").filter(has_text="01A000").wait_for()


def test_a_stopped_graphics_driver_is_survived(tiny: Served, visit: Open) -> None:
    watched = visit(tiny, "#zones=return_period:10")
    watched.quiet = True
    page = watched.page
    page.evaluate("window.notReloaded = true")
    page.evaluate(f"{MAP}.painter.context.gl.getExtension('WEBGL_lose_context').loseContext()")
    page.locator(".map-words").filter(has_text="การ์ดจอหยุดทำงาน").wait_for()
    # it does not come back, so the page starts anew, as it was
    page.wait_for_function("() => window.notReloaded === undefined")
    ready(page)
    assert drawn(page, "parcels") > 0
    page.get_by_role("radio", name="10 ปี", checked=True).wait_for()


def test_a_server_that_is_away_at_first_is_waited_for(tiny: Served, visit: Open) -> None:
    away = "**/me?*"

    def begin(page: Page) -> None:
        page.clock.install()
        page.route(away, lambda route: route.abort())

    page = visit(tiny, wait=False, quiet=True, begin=begin).page
    page.get_by_role("heading", name="เซิร์ฟเวอร์ไม่ตอบ").wait_for()
    page.unroute(away)
    page.clock.fast_forward(6_000)
    page.get_by_role("heading", name="น้ำถึงใครบ้าง", exact=True).wait_for()
    ready(page)


def test_tiles_that_fail_are_told_of_and_fetched_again(tiny: Served, visit: Open) -> None:
    watched = visit(tiny, f"#{view(500, 500, 15)}")
    watched.quiet = True
    page = watched.page
    page.route("**/tiles/parcels/**", lambda route: route.fulfill(status=503, body=""))
    page.get_by_role("button", name="ขยาย").click()
    toast = page.locator('[data-toast="tiles"]')
    toast.wait_for()
    page.unroute("**/tiles/parcels/**")
    toast.get_by_role("button", name="ลองใหม่").click()
    toast.wait_for(state="detached")
    page.wait_for_function(f"() => {MAP}.queryRenderedFeatures({{layers: ['parcels']}}).length > 0")
