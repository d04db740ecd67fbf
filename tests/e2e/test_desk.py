"""The coordinator's desk: figures, the one clock, incidents by name, and what nobody else sees."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route

from layers.model import Role
from tests.e2e.axe import violations
from tests.e2e.conftest import MAP, Open, Served, drawn, rest
from tests.e2e.keys import tab_to
from tests.e2e.places import place, view

pytestmark = pytest.mark.e2e

NEAR = view(450, 450, 15)


def _json(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def _items(tiny: Served, layer: str, **asked: str) -> list[dict[str, Any]]:
    found = _json(tiny.get(f"/ogc/collections/{layer}/items", params={"limit": 1000, **asked}))
    features: list[dict[str, Any]] = found["features"]
    return features


def _close_road(tiny: Served, code: str) -> int:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": place(420, 460)},
        "properties": {"code": code, "status": "closed", "cause": "flood"},
    }
    return int(_json(tiny.post("/ogc/collections/closures/items", feature))["id"])


def _raise(tiny: Served, title: str, severity: str = "high") -> dict[str, Any]:
    asked = {"kind": "rescue", "severity": severity, "title": title, "at": place(300, 300)}
    made: dict[str, Any] = _json(tiny.post("/incidents", asked))
    return made


def card(page: Page, key: str) -> Any:
    """A figure of the desk."""
    return page.locator(f'[data-kpi-card="{key}"]')


@pytest.fixture(scope="module")
def event(tiny: Served) -> Iterator[int]:
    """An open event, so that every step has a story to stand in."""
    asked = {"name": "ซ้อมหน้าจอ", "kind": "flood", "signer": "นายทดสอบ", "exercise": False}
    number = int(_json(tiny.post("/events", asked))["id"])
    yield number
    tiny.all_clear()
    _json(tiny.post(f"/events/{number}/close", {"signer": "นายทดสอบ"}))


def test_a_figure_leads_to_its_features_and_back(tiny: Served, visit: Open) -> None:
    road = _close_road(tiny, "E2E1")
    page = visit(tiny, f"#{NEAR}").page
    figure = card(page, "roads")
    closed = [each["id"] for each in _items(tiny, "closures", status="closed")]
    figure.locator(f'data[value="{len(closed)}"]').wait_for()
    everything = drawn(page, "closures")
    figure.click()
    # figure, rows of the table, features of the API and what the map draws are the same
    page.wait_for_function(
        "(n) => document.querySelectorAll('.rows tbody tr').length === n", arg=len(closed)
    )
    rest(page)
    shown = page.evaluate(
        f"[...new Set({MAP}.queryRenderedFeatures({{layers: ['closures']}}).map((f) => f.id))]"
    )
    assert set(shown) <= set(closed)
    assert road in shown
    assert len(shown) <= everything
    assert "kpi=roads" in page.url
    page.locator(".row-open").filter(has_text="E2E1").click()
    page.locator("#record-title").filter(has_text="E2E1").wait_for()
    page.go_back()
    page.locator(".record").wait_for(state="detached")
    assert figure.get_attribute("aria-pressed") == "true"
    # the link alone brings the screen back
    page.reload()
    figure.and_(page.locator('[aria-pressed="true"]')).wait_for()
    page.wait_for_function(
        "(n) => document.querySelectorAll('.rows tbody tr').length === n", arg=len(closed)
    )
    figure.click()
    figure.and_(page.locator('[aria-pressed="false"]')).wait_for()
    assert "kpi=" not in page.url


def test_one_clock_drives_map_figures_and_tables(tiny: Served, visit: Open) -> None:
    _close_road(tiny, "E2E2")
    page = visit(tiny, f"#{NEAR}&table=closures").page
    slider = page.get_by_role("slider", name="เวลาที่แสดง")
    figure = card(page, "roads").locator("data")
    page.locator(".row-open").filter(has_text="E2E2").wait_for()
    assert drawn(page, "closures") > 0
    people = card(page, "people").locator("data").get_attribute("value")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert "ย้อน 3 ชั่วโมง" in str(slider.get_attribute("aria-valuetext"))
    assert "256" in str(slider.get_attribute("aria-valuetext"))  # Buddhist era
    # three hours ago this town was empty: nothing is left of it on any part of the screen
    page.locator(".rows tbody tr").first.wait_for(state="detached")
    page.locator('[data-kpi-card="roads"] data[value="0"]').wait_for()
    page.wait_for_function(
        f"() => {MAP}.queryRenderedFeatures({{layers: ['closures']}}).length === 0"
    )
    assert re.search(r"[#&]t=\d{4}-\d\d-\d\dT\d\d%?3?A?:?\d\d", page.url)
    assert page.locator(".time").get_attribute("data-tense") == "past"
    page.get_by_role("button", name="ขณะนี้").click()
    page.locator(".row-open").filter(has_text="E2E2").wait_for()
    page.wait_for_function(
        f"() => {MAP}.queryRenderedFeatures({{layers: ['closures']}}).length > 0"
    )
    page.locator(f'[data-kpi-card="people"] data[value="{people}"]').wait_for()
    assert int(figure.get_attribute("value") or 0) > 0
    # played, it goes on by itself and stops when asked
    page.get_by_role("button", name="เล่น").click()
    page.locator('.time[data-tense="future"]').wait_for()
    page.get_by_role("button", name="หยุดชั่วคราว").click()
    at = slider.get_attribute("aria-valuetext")
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == at


def test_an_incident_is_run_by_keys_alone_and_others_see_it(
    tiny: Served, visit: Open, event: int
) -> None:
    page = visit(tiny, f"#{NEAR}", role=Role.COORDINATOR).page
    other = visit(tiny, "#lang=en", role=Role.ADMIN, width=1000).page
    page.locator("#needs-title").wait_for()
    other.locator("#needs-title").wait_for()
    # the way to it is Tab alone, from the start of the page
    tab_to(page, ".needs .part-head .chip-button")
    page.keyboard.press("Enter")
    page.keyboard.type("ยายมาติดอยู่บนหลังคา")  # the title has the focus
    tab_to(page, ".raise .raise-where .link")
    page.keyboard.press("Enter")
    tab_to(page, ".raise .primary")
    page.keyboard.press("Enter")
    page.locator("#incident-title").filter(has_text="ยายมา").wait_for()
    number = re.search(r"inc=(\d+)", page.url)
    assert number
    incident = int(number[1])
    row = other.locator(f'[data-incident="{incident}"]')
    row.filter(has_text="Raised").wait_for()
    # the reader's place is the panel; its next step is one Tab away from its close button
    assert page.evaluate("document.activeElement.id") == "incident-title"
    tab_to(page, '[data-action="acknowledge"]')
    began = time.monotonic()
    page.keyboard.press("Enter")
    other.locator(f'[data-incident="{incident}"][data-status="acknowledged"]').wait_for()
    print(f"acknowledged on another screen after {time.monotonic() - began:.2f} s")
    assert "coordinator" in row.inner_text()  # by name
    tab_to(page, '[data-action="assign"].primary')
    page.keyboard.press("Enter")
    page.keyboard.type("เรือ 1")
    page.keyboard.press("Enter")
    for action in ("on_scene", "resolve", "all_clear"):
        tab_to(page, f'[data-action="{action}"].primary')
        page.keyboard.press("Enter")
    row.wait_for(state="detached")
    page.locator('[data-action="reopen"]').wait_for()
    told = [
        step["action"]
        for step in _json(tiny.get(f"/events/{event}/log?kind=incident&limit=1000"))["steps"]
        if step["record"] == incident
    ]
    assert told == ["raise", "acknowledge", "assign", "on_scene", "resolve", "all_clear"]
    page.keyboard.press("Escape")
    page.locator(".incident").wait_for(state="detached")


def test_the_second_of_two_is_told_who_was_first(tiny: Served, visit: Open, event: int) -> None:
    made = _raise(tiny, "เสาไฟล้มขวางซอย")
    merged = _raise(tiny, "เสาไฟล้มซอยเดียวกัน")
    watched = visit(tiny, f"#{NEAR}&inc={made['id']}")
    page = watched.page
    page.locator('[data-action="acknowledge"]').wait_for()
    watched.quiet = True

    def overtaken(route: Route) -> None:
        _json(tiny.post(f"/incidents/{made['id']}/acknowledge", {"by": "ปลัดสมหญิง"}))
        route.continue_()

    page.route("**/incidents/*/acknowledge", overtaken)
    page.locator('[data-action="acknowledge"]').click()
    page.locator(".incident .problem").filter(has_text="ปลัดสมหญิง").wait_for()
    page.locator('[data-action="assign"].primary').wait_for()
    page.unroute("**/incidents/*/acknowledge")
    # one is the same as the other, and is taken apart again; what is near is told late, goes first
    # in the list, and another is raised meanwhile: what was chosen stays chosen
    late: list[Route] = []
    page.route("**/incidents/*/duplicates", lambda route: late.append(route))  # noqa: PLW0108
    page.locator('[data-action="merge"]').click()
    choice = page.locator(".act-form select")
    choice.select_option(str(merged["id"]))
    worse = _raise(tiny, "สายไฟแรงสูงขาด", severity="critical")
    choice.locator(f'option[value="{worse["id"]}"]').wait_for(state="attached")
    assert choice.input_value() == str(merged["id"])
    late[0].continue_()
    page.locator(".act-form .offers").wait_for()
    assert choice.input_value() == str(merged["id"])
    page.locator(".act-form .primary").click()
    page.locator(".steps").filter(has_text=merged["code"]).wait_for()
    page.locator(f'[data-incident="{made["id"]}"]').wait_for(state="detached")
    page.locator('[data-action="unmerge"]').click()
    page.locator(f'[data-incident="{made["id"]}"]').wait_for()
    # the reader's place goes with its row: Enter is for what one read, not for what came above it
    row = page.locator(f'[data-incident="{merged["id"]}"]')
    row.locator(".need-acts .primary").focus()
    worst = _raise(tiny, "หม้อแปลงระเบิด", severity="critical")
    page.locator(f'[data-incident="{worst["id"]}"]').wait_for()
    page.keyboard.press("Enter")
    page.locator(f'[data-incident="{merged["id"]}"][data-status="acknowledged"]').wait_for()
    held = "document.activeElement.closest('[data-incident]').dataset.incident"
    assert page.evaluate(held) == str(merged["id"])
    assert page.locator(f'[data-incident="{worst["id"]}"]').get_attribute("data-status") == "raised"
    tiny.all_clear()
    assert event


def test_what_one_writes_outlives_new_rights(tiny: Served, visit: Open, event: int) -> None:
    _json(tiny.post(f"/events/{event}/close", {"signer": "ทดสอบ"}))
    page = visit(tiny, f"#{NEAR}", role=Role.COORDINATOR).page
    page.locator(".needs .chip-button").filter(has_text="แจ้งเหตุ").click()
    page.locator('.raise [name="title"]').fill("คันดินซึมหลังโรงเรียน")
    page.locator('.raise [name="severity"]').select_option("critical")
    page.locator(".raise-where .link").click()
    where = page.locator(".raise-where").inner_text()
    # a shelter at a new place, and a note of the event, are being written as well
    page.locator("[data-board-link=shelters]").click()
    page.locator('.boards [data-act="new"]').click()
    page.locator(".board-where .link").click()
    form = page.locator(".boards .board-form")
    form.locator('[name="name"]').fill("ศาลาวัดใหม่")
    form.locator('[name="capacity"]').fill("80")
    form.locator('[name="ramp"]').check()
    page.evaluate("(id) => { location.hash += `&ev=${id}` }", event)
    page.locator('dialog.event [data-act="note"]').click()
    page.locator("dialog.event .act-open [name=note]").fill("น้ำลดแล้วที่สะพาน")
    # a colleague opens the event again: homes are shown from now on, and the page begins anew
    with page.expect_navigation():
        _json(tiny.post(f"/events/{event}/reopen", {"signer": "ทดสอบ"}))
    page.wait_for_function(
        "() => document.querySelector('.raise [name=title]')?.value === 'คันดินซึมหลังโรงเรียน'"
    )
    assert page.locator('.raise [name="severity"]').input_value() == "critical"
    assert page.locator(".raise-where").inner_text() == where
    note = page.locator("dialog.event .act-open [name=note]")
    note.wait_for()
    assert note.input_value() == "น้ำลดแล้วที่สะพาน"
    page.locator("dialog.event .act-open .primary").click()
    note.wait_for(state="detached")
    page.keyboard.press("Escape")
    page.locator("dialog.event").wait_for(state="detached")
    form.wait_for()
    assert form.locator('[name="name"]').input_value() == "ศาลาวัดใหม่"
    assert form.locator('[name="capacity"]').input_value() == "80"
    ticked = form.locator("input[type=checkbox]:checked")
    assert [ticked.nth(n).get_attribute("name") for n in range(ticked.count())] == ["ramp"]
    form.locator(".board-where").filter(has_text="105.").wait_for()
    form.locator("button:not(.primary):not(.link)").click()
    page.locator(".raise .primary").click()
    page.locator(".incident").filter(has_text="คันดินซึม").wait_for()
    # sent or given up: nothing is kept
    assert page.evaluate("sessionStorage.getItem('muang.drafts')") is None


def test_what_is_announced_stays_apart(tiny: Served, visit: Open, event: int) -> None:
    page = visit(tiny, "#lang=th", role=Role.COORDINATOR).page
    page.locator(".flag").click()
    page.locator('[data-line="flag"] .link').click()
    form = page.locator(".event-form").first
    form.locator("select").select_option("red")
    form.locator('[name="signer"]').fill("นายกเทศมนตรี สมมติ")
    form.locator('[name="document_no"]').fill("พบ 7/2569")
    form.locator(".primary").click()
    line = page.locator('[data-line="flag"]')
    line.filter(has_text="พบ 7/2569").wait_for()
    # the town's flag is not the DDPM's level
    assert "ยังไม่ประกาศ" in page.locator('[data-line="ddpm_level"]').inner_text()
    page.locator(".event-story li").filter(has_text="ธง").first.wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("dialog.event").wait_for(state="detached")
    page.locator(".flag[data-flying]").filter(has_text="ธงแดง").wait_for()
    seen = visit(tiny, "#lang=th", role=None, width=1000).page
    seen.locator(".flag[data-flying]").filter(has_text="ธงแดง").wait_for()
    assert seen.locator("#needs-title").count() == 0
    assert event


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_desk(tiny: Served, visit: Open, event: int, width: int) -> None:
    made = _raise(tiny, "ถนนขาด", "critical")
    page = visit(tiny, f"#lang=th&{NEAR}&inc={made['id']}", width=width).page
    for lang, label in (("th", "ไทย"), ("en", "EN")):
        page.get_by_role("button", name=label, exact=True).click()
        if width < 900:
            page.locator(".tabs button").first.click()
            page.evaluate("document.querySelector('.tabs').style.position = 'static'")
        page.locator('[data-action="assign"]').click()
        page.locator(".act-form").wait_for()
        assert violations(page) == []
        page.locator('[data-action="assign"]').click()
        # no word is missing in either language
        raw = re.findall(
            r"\b(?:kpis|time|needs|act|incident|gauge|event)\.\w+", page.inner_text("body")
        )
        assert raw == []
        assert page.evaluate("document.documentElement.lang") == lang
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, summary, label, a[href]')]
            .map((element) => [element, element.getBoundingClientRect()])
            .filter(([element, {width, height}]) =>
                width > 0 && (width < 24 || height < 24) && !element.closest('.skips'))
            .map(([element]) => element.outerHTML.slice(0, 120))"""
    )
    assert small == []
    _json(tiny.post(f"/incidents/{made['id']}/acknowledge", {}))
    assert event


def test_the_search_knows_thai_and_keys(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#lang=th").page
    box = page.get_by_role("combobox", name="ค้นหาในเมือง")
    box.fill("โรงเรียนบ้านดอน")
    first = page.get_by_role("option").first
    first.filter(has_text="โรงเรียนบ้านดอน").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.locator("#record-title").filter(has_text="โรงเรียนบ้านดอน").wait_for()
    box.fill("ไม่มีทางพบแน่นอนกกกก")
    page.locator(".search-said").filter(has_text="ไม่พบ").wait_for()


KEEP = """async () => {
    await navigator.serviceWorker.register('/sw.js', {type: 'module'});
    const {active} = await navigator.serviceWorker.ready;
    const channel = new MessageChannel();
    const kept = new Promise((resolve) => { channel.port1.onmessage = () => resolve(true); });
    const page = performance.getEntriesByType('resource').map(({name}) => new URL(name).pathname)
        .filter((path) => path.startsWith('/assets/'));
    active.postMessage({kind: 'keep', page: [...new Set(page)]}, [channel.port2]);
    return kept;
}"""
KEPT = """async () => {
    const found = [];
    for (const name of await caches.keys()) {
        for (const {url} of await (await caches.open(name)).keys()) {
            found.push(new URL(url).pathname + new URL(url).search);
        }
    }
    return found;
}"""


BYTES = """async (path) => {
    const kept = await caches.match(path);
    return [...new Uint8Array(await kept.arrayBuffer())];
}"""


def test_a_reload_without_the_server_shows_the_last_public_picture(
    tiny: Served, visit: Open
) -> None:
    watched = visit(tiny, f"#{NEAR}", service_workers="allow", quiet=True)
    page = watched.page
    card(page, "people").wait_for()
    assert drawn(page, "care_locations") > 0
    assert page.evaluate(KEEP)
    kept = page.evaluate(KEPT)
    assert any(path.startswith("/tiles/roads/13/") for path in kept)
    assert any(path.startswith("/assets/fonts/") for path in kept)
    # an administrator is looking, and yet only everybody's view was kept: homes are not in it
    assert not [path for path in kept if re.search("households|collections/care", path)]
    homes = [path for path in kept if path.startswith("/tiles/care_locations/13/")]
    for path in homes:
        tile = bytes(page.evaluate(BYTES, path))
        assert tile == httpx.get(f"{tiny.url}{path}", timeout=60).content
    assert any(tiny.get(path).content != httpx.get(f"{tiny.url}{path}").content for path in homes)
    page.context.set_offline(True)
    page.reload()
    page.locator(".alarm[data-picture]").filter(has_text="256").wait_for()
    page.wait_for_function(f"() => {MAP}.queryRenderedFeatures({{layers: ['roads']}}).length > 0")
    assert page.evaluate("document.fonts.check('16px Sarabun', 'น้ำ')")
    assert page.locator(".notice[data-public]").count() == 1
    page.context.set_offline(False)
    page.locator(".who-button").wait_for()  # the server is back, and so is who is signed in
    page.locator(".alarm").wait_for(state="detached")
