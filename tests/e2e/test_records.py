"""Clicking: one thing, several things, a flood zone; what the record says and from where."""

import pytest
from playwright.sync_api import Page

from db.connect import Machine
from tests.e2e.axe import violations
from tests.e2e.conftest import MAP, Open, Served, at
from tests.e2e.places import place, view
from tests.tiny import line, load_rows

pytestmark = pytest.mark.e2e


def click(page: Page, x: float, y: float) -> None:
    """Click a place of the tiny town, in metres from its corner."""
    page.mouse.click(*at(page, *place(x, y)))


def record_of(served: Served, layer: str, **by: str) -> dict[str, object]:
    """The one feature with these property values, as the API gives it."""
    path = f"/ogc/collections/{layer}/items"
    features = served.get(path, params={"lang": "th", **by}).json()["features"]
    assert len(features) == 1
    found: dict[str, object] = features[0]
    return found


def test_a_click_on_a_parcel_opens_its_record(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(450, 450, 16)}").page
    click(page, 460, 470)
    page.locator("#record-title").filter(has_text="01A044").wait_for()
    feature = record_of(tiny, "parcels", code="01A044")
    properties = feature["properties"]
    assert isinstance(properties, dict)
    fields = page.locator(".record .fields [data-field]")
    shown = {
        line.get_attribute("data-field"): line.locator("dd").inner_text() for line in fields.all()
    }
    assert shown["code"] == properties["code"] == "01A044"
    assert shown["use"].strip() == "อยู่อาศัย"
    assert shown["owner_name"].strip() == properties["owner_name"]
    assert shown["area_deed_m2"].split("\n") == ["9,990 ตร.ม.", "6 ไร่ 97.5 ตร.ว."]
    assert shown["appraised_value"].strip() == "1,000,044 บาท"
    assert "เลขที่บัญชีภาษี" in page.locator(".blank").inner_text()
    assert page.url.endswith(f"rec=parcels/{feature['id']}")
    # Escape closes the record, and Back opens it again
    page.locator("#record-title").focus()
    page.keyboard.press("Escape")
    page.locator(".record").wait_for(state="detached")
    page.go_back()
    page.locator("#record-title").filter(has_text="01A044").wait_for()


def test_several_things_under_a_click_are_listed(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(150, 150, 16.5)}").page
    click(page, 250, 50)
    hits = page.locator(".hits button")
    hits.first.wait_for()
    page.locator('[data-hit="parcels"] b').filter(has_text="01A002").wait_for()
    listed = [hit.get_attribute("data-hit") for hit in hits.all()]
    # the person before the plot before the water
    assert listed == ["care_locations", "parcels", "flood_zones"]
    assert page.locator("#record-title").inner_text() == "K2"
    # what somebody typed is text, never markup
    name = page.locator('.record [data-field="person_name"] dd')
    assert name.inner_text().strip() == "ยายทดสอบ <b>2</b> 'อ้างอิง'"
    page.locator('[data-hit="parcels"]').click()
    page.locator("#record-title").filter(has_text="01A002").wait_for()
    assert page.locator('[aria-current="true"][data-hit="parcels"]').count() == 1


def test_a_click_on_a_flood_zone_counts_it(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(0, 100, 15)}&zones=stage:DEMO.1:112").page
    page.locator('[data-kpi="parcels"]').wait_for()
    # 40 m outside the plots lies water and nothing else
    page.get_by_role("button", name="ล้าง").click()
    page.locator(".impact .hint").wait_for()
    # the map is back at the flood it shows when none is chosen
    page.wait_for_function(
        f"() => {MAP}.queryRenderedFeatures({{layers: ['flood_zones']}})"
        ".some(({properties}) => properties.return_period_y === 100)"
    )
    click(page, -25, 250)
    page.get_by_role("radio", name="100 ปี", checked=True).wait_for()
    page.locator("#record-title").filter(has_text="คาบ 100 ปี").wait_for()
    assert page.locator(".using").count() == 1
    zone = record_of(tiny, "flood_zones", code="Z100")
    answer = tiny.post("/queries/impact", {"flood": {"zone_ids": [zone["id"]]}}).json()
    shown = page.locator('[data-kpi="parcels"] data').get_attribute("value")
    assert shown == str(answer["exposed"]["parcels"]["count"])


def test_the_record_lets_the_map_show_what_it_is_about(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(450, 450, 16)}").page
    card_side = page.locator("#map").bounding_box()
    assert card_side
    x, y = card_side["x"] + card_side["width"] - 200, card_side["y"] + 250
    page.mouse.click(x, y)
    page.locator(".record .fields").first.wait_for()
    page.wait_for_function(
        """() => {
            const {town, app} = document.querySelector('muang-map');
            const {geometry} = app.store.state.recordView.value.feature;
            const depth = geometry.type === 'MultiPolygon' ? 2 : 0;
            const [lng, lat] = geometry.coordinates.flat(depth)[0];
            const canvas = town.map.getCanvas().getBoundingClientRect();
            const card = document.querySelector('muang-record').getBoundingClientRect();
            return !town.map.isMoving()
                && canvas.left + town.map.project([lng, lat]).x < card.left;
        }"""
    )


def test_the_map_goes_to_the_flood_when_asked(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(900, 900, 17)}&zones=return_period:10").page
    page.locator('[data-kpi="people"]').wait_for()
    page.get_by_role("button", name="ดูบนแผนที่").click()
    page.wait_for_function(
        f"() => !{MAP}.isMoving()"
        f" && {MAP}.queryRenderedFeatures({{layers: ['flood_zones']}}).length > 0"
    )


def test_a_record_that_is_gone_says_so(tiny: Served, visit: Open) -> None:
    watched = visit(tiny, "#rec=parcels/999999", wait=False, quiet=True)
    watched.page.locator(".record .problem").filter(has_text="ไม่มีแล้ว").wait_for()


def test_a_gate_that_its_levee_calls_shut_says_so_on_both_cards(tiny: Served, visit: Open) -> None:
    piece = {"code": "GT1", "name": "ช่องประตู 1", "kind": "gate", "state": "closed"}
    with tiny.town.connect(Machine.LOADER) as conn:
        load_rows(conn, "levees", [{**piece, "geom": line((245, 5), (255, 5))}])
    try:
        gate = record_of(tiny, "gates", code="GT1")["id"]
        page = visit(tiny, f"#lang=th&{view(250, 100, 16)}&rec=gates/{gate}", wait=False).page
        card = page.locator(".record [data-clash]")
        card.filter(has_text="ช่องประตู 1").wait_for()
        assert violations(page) == []
        # each leads to the other, which says the same
        card.locator(".link").focus()
        page.keyboard.press("Enter")
        page.locator("#record-title").filter(has_text="ช่องประตู 1").wait_for()
        card.filter(has_text="ประตูน้ำ 1").wait_for()
        assert page.evaluate("document.activeElement.tagName") != "BODY"
        page.get_by_role("button", name="EN", exact=True).click()
        card.filter(has_text="Open").wait_for()
        assert violations(page) == []
    finally:
        with tiny.town.connect(Machine.LOADER) as conn:
            conn.execute("DELETE FROM town.levees AS l WHERE l.code = 'GT1'")
