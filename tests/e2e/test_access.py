"""For everybody: axe finds nothing, targets are large enough, keys reach everything, it reflows."""

import pytest
from playwright.sync_api import Page

from tests.e2e.axe import small_targets, violations
from tests.e2e.conftest import MAP, Open, Served, rest
from tests.e2e.places import place, view

pytestmark = pytest.mark.e2e

FULL = f"{view(450, 450, 16)}&zones=return_period:100&table=parcels"


def settle(page: Page, lang: str) -> None:
    """Show the page in this language, with its desk."""
    page.get_by_role("button", name={"th": "ไทย", "en": "EN"}[lang], exact=True).click()
    page.wait_for_function("(lang) => document.documentElement.lang === lang", arg=lang)
    page.locator(".time").wait_for()
    # what happens to lie half under the bar at the bottom is not too small for that
    page.evaluate("document.querySelector('.tabs').style.position = 'static'")


@pytest.mark.parametrize("lang", ["th", "en"])
def test_everything_is_within_reach_on_a_wide_page(tiny: Served, visit: Open, lang: str) -> None:
    parcels = tiny.get("/ogc/collections/parcels/items?code=01A044").json()
    record = f"parcels/{parcels['features'][0]['id']}"
    page = visit(tiny, f"#lang={lang}&{FULL}&rec={record}").page
    settle(page, lang)
    page.locator(".record .fields").first.wait_for()
    assert violations(page) == []
    page.locator(".record .card-head button").click()
    page.locator(".figures").wait_for(state="attached")
    assert small_targets(page) == []
    page.locator(".impact .switch button").last.click()
    page.locator(".proof summary").first.click()
    assert violations(page) == []
    # text twice as large still fits
    page.locator(".impact .switch button").first.click()
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280
    people = page.locator('[data-kpi="people"] data')
    people.scroll_into_view_if_needed()
    assert people.is_visible()


@pytest.mark.parametrize("lang", ["th", "en"])
def test_everything_is_within_reach_on_a_phone(tiny: Served, visit: Open, lang: str) -> None:
    parcels = tiny.get("/ogc/collections/parcels/items?code=01A044").json()
    record = f"parcels/{parcels['features'][0]['id']}"
    link = f"#lang={lang}&{FULL}&rec={record}"
    page = visit(tiny, link, width=390, height=844).page
    settle(page, lang)
    page.locator(".record .fields").first.wait_for()
    assert violations(page) == []
    page.locator(".record .card-head button").click()
    for width in (390, 320):
        # 320 pixels are a page of 1280 magnified four times
        page.set_viewport_size({"width": width, "height": 640})
        for tab in page.locator(".tabs button").all():
            tab.click()
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
            assert small_targets(page) == []
            if width == 390:
                assert violations(page) == []
    # and with text twice as large; the day stands in the header in its short form
    assert page.locator(".clock .day-short").is_visible()
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for tab in page.locator(".tabs button").all():
        tab.click()
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 320


def test_a_phone_shows_people_before_the_choice(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#zones=return_period:100", width=390, height=844).page
    people = page.locator('[data-kpi-card="people"] data')
    people.wait_for()
    box = people.bounding_box()
    assert box
    assert box["y"] + box["height"] < 844
    page.get_by_role("button", name="เลือกเขตน้ำ").click()
    page.get_by_role("radio", name="10 ปี", exact=True).check(force=True)
    page.locator("#impact-title").filter(has_text="10 ปี").wait_for()
    assert not page.locator("#zones").is_visible()


def test_a_flood_is_chosen_by_keys(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#zones=return_period:10").page
    page.locator('[data-kpi="parcels"]').wait_for()
    page.get_by_role("radio", name="10 ปี", exact=True).focus()
    with page.expect_response("**/queries/impact"):
        page.keyboard.press("ArrowRight")
    page.get_by_role("radio", name="100 ปี", checked=True).wait_for()


def test_a_record_is_read_on_the_map_by_keys(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(470, 470, 16)}").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the map
    assert page.evaluate("document.activeElement.matches('.maplibregl-canvas')")
    assert page.locator(".cross").is_visible()
    before = page.evaluate(f"{MAP}.getZoom()")
    page.keyboard.press("+")
    page.wait_for_function(f"(before) => {MAP}.getZoom() > before && !{MAP}.isMoving()", arg=before)
    page.keyboard.press("Enter")
    page.locator("#record-title").filter(has_text="01A044").wait_for()


def test_a_table_row_goes_to_its_feature_by_keys(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(500, 500, 14)}&table=shelters").page
    first = page.locator(".row-open").first
    first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.matches('.row-open')")
    code = page.evaluate("document.activeElement.textContent.trim()")
    assert code != first.inner_text().strip()
    page.keyboard.press("Enter")
    page.locator("#record-title").wait_for()
    page.wait_for_function("() => document.activeElement?.id === 'record-title'")
    page.wait_for_function(f"() => {MAP}.getZoom() > 17 && !{MAP}.isMoving()")
    assert page.locator('.record [data-field="code"] dd').inner_text().strip() == code
    # the other rows are still there to be tried; the table follows the map again when asked
    assert page.locator(".row-open").count() == 2
    page.get_by_role("button", name="แสดงแถวตามกรอบแผนที่").click()
    page.wait_for_function("() => document.querySelectorAll('.row-open').length === 1")


def test_an_area_is_drawn_by_keys_and_counted(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(200, 500, 16)}").page
    page.get_by_role("button", name="วาดพื้นที่").first.click()
    assert page.evaluate("document.activeElement.matches('.maplibregl-canvas')")
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press("Enter")
        page.keyboard.press(key)
        page.wait_for_timeout(200)
        rest(page)
    page.keyboard.press("Enter")
    page.locator(".draw-bar [role=status]").filter(has_text="4").wait_for()
    page.keyboard.press("Backspace")
    page.locator(".draw-bar [role=status]").filter(has_text="3").wait_for()
    with page.expect_response("**/queries/impact") as answered:
        page.get_by_role("button", name="เสร็จ").click()
    asked = answered.value.request.post_data_json
    again = tiny.post("/queries/impact", asked).json()
    page.locator("#impact-title").filter(has_text="พื้นที่ที่วาด").wait_for()
    shown = page.locator('[data-kpi="parcels"] data').get_attribute("value")
    assert shown == str(again["exposed"]["parcels"]["count"])
    assert "drawn=" in page.url


def test_an_area_is_drawn_by_clicks(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(500, 500, 15.5)}").page
    page.get_by_role("button", name="วาดพื้นที่").first.click()
    box = page.locator("#map canvas").bounding_box()
    assert box
    x, y = box["x"] + 420, box["y"] + 200
    for dx, dy in ((0, 0), (150, 0), (150, 150), (0, 0)):
        page.mouse.click(x + dx, y + dy)
        page.wait_for_timeout(400)  # slower than a double click
    page.locator("#impact-title").filter(has_text="พื้นที่ที่วาด").wait_for()
    page.locator('[data-kpi="parcels"]').wait_for()


def test_a_crossed_area_is_refused_in_words(tiny: Served, visit: Open) -> None:
    corners = [place(100, 100), place(400, 400), place(400, 100), place(100, 400)]
    drawn = ",".join(f"{lng:.6f}/{lat:.6f}" for lng, lat in corners)
    watched = visit(tiny, f"#drawn={drawn}", wait=False, quiet=True)
    problem = watched.page.locator(".impact .problem")
    problem.wait_for()
    assert "วาดใหม่" in problem.inner_text()
    assert problem.get_by_role("button", name="ลองใหม่").is_visible()


def test_less_motion_is_respected(tiny: Served, visit: Open) -> None:
    page = visit(tiny, reduced_motion="reduce").page
    page.get_by_role("button", name="ขยาย").click()
    # without motion the map is there at once
    page.wait_for_function(f"() => !{MAP}.isMoving()")
    moving = page.evaluate(
        """() => document.getAnimations().filter(({playState}) => playState === 'running').length"""
    )
    assert moving == 0
