"""Events from the first flag to the story read years later, each authority in its own words."""

import csv
import io
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from db import exercise
from db.connect import Machine
from layers.model import Role
from tests.e2e.axe import violations
from tests.e2e.conftest import Open, Served

pytestmark = pytest.mark.e2e

MAYOR = "นายกเทศมนตรี สมมติ"
LINES = {
    "flag": ("yellow", "ธงเหลือง"),
    "eoc": ("open", "เปิด"),
    "evacuation_advice": ("in_force", "มีผล"),
    "evacuation_order": ("in_force", "มีผล"),
    "ddpm_level": ("2", "ระดับ 2"),
    "disaster_area": ("in_force", "มีผล"),
    "relief_zone": ("in_force", "มีผล"),
}
"""What is announced on each line in the test, and how the screen says it."""


def _post(tiny: Served, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = tiny.post(path, body)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _no_event(tiny: Served) -> None:
    """Other tests of this town may have left one open."""
    for one in tiny.get("/events?state=open").json()["events"]:
        _post(tiny, f"/events/{one['id']}/close", {"signer": MAYOR})


def _form(page: Page) -> Locator:
    return page.locator("dialog.event .event-form").first


def _announce(page: Page, line: str, value: str, paper: str) -> None:
    page.locator(f'[data-line="{line}"] .link').click()
    form = _form(page)
    form.locator("select").select_option(value)
    form.locator('[name="signer"]').fill(MAYOR)
    form.locator('[name="seat"]').fill("ผู้อำนวยการท้องถิ่น")
    form.locator('[name="document_no"]').fill(paper)
    form.locator(".primary").click()
    page.locator(f'[data-line="{line}"]').filter(has_text=paper).wait_for()


def test_an_event_from_its_flag_to_its_story(tiny: Served, visit: Open) -> None:
    _no_event(tiny)
    old = _post(tiny, "/events", {"name": "น้ำหลากปีก่อน", "signer": MAYOR})
    _post(tiny, f"/events/{old['id']}/announce", {"line": "flag", "value": "red", "signer": MAYOR})
    _post(tiny, f"/events/{old['id']}/close", {"signer": MAYOR, "document_no": "พบ 1/2568"})
    page = visit(tiny, "#lang=th", role=Role.COORDINATOR).page
    page.locator(".flag").click()
    page.locator("dialog.event").wait_for()
    assert "ev=now" in page.url
    # opened by name
    _form(page).locator('[name="name"]').fill("น้ำมูลล้นตลิ่ง")
    _form(page).locator('[name="signer"]').fill(MAYOR)
    _form(page).locator(".primary").click()
    # now coordinators see homes: the page begins anew with what it may see, at the same place
    page.locator('.left[data-left="changed"]').wait_for()
    page.locator("#event-title").filter(has_text="น้ำมูลล้นตลิ่ง").wait_for()
    # seven different things, each with signer, seat, number and time; saying one says no other
    for n, (line, (value, said)) in enumerate(LINES.items()):
        later = list(LINES)[n + 1 :]
        assert all("ยังไม่ประกาศ" in page.locator(f'[data-line="{o}"]').inner_text() for o in later)
        _announce(page, line, value, f"พบ {n + 10}/2569")
        row = page.locator(f'[data-line="{line}"]').inner_text()
        assert said in row
        assert MAYOR in row
        assert "ผู้อำนวยการท้องถิ่น" in row
        assert "256" in row  # the time, in the Buddhist era
    # a wrong one is taken back by a step of its own; its line stands as before
    _announce(page, "flag", "red", "พบ 99/2569")
    wrong = page.locator(".event-story li").filter(has_text="พบ 99/2569")
    wrong.locator(".link").click()
    wrong.locator('[name="note"]').fill("พิมพ์ผิดธง")
    wrong.locator(".primary").click()
    page.locator(".event-story li[data-undone]").filter(has_text="พบ 99/2569").wait_for()
    page.locator('[data-line="flag"]').filter(has_text="ธงเหลือง").wait_for()
    page.locator(".event-story li").filter(has_text="พิมพ์ผิดธง").wait_for()
    # a line in words, then the end
    page.locator('[data-act="note"]').click()
    _form(page).locator("textarea").fill("น้ำเริ่มลดที่สะพาน")
    _form(page).locator(".primary").click()
    page.locator(".event-story li").filter(has_text="น้ำเริ่มลด").wait_for()
    assert violations(page) == []
    for form in ('[data-line="flag"] .link', '[data-act="note"]', '[data-act="close"]'):
        page.locator(form).click()
        assert violations(page, "dialog.event") == []
    _form(page).locator('[name="signer"]').fill(MAYOR)
    _form(page).locator('[name="document_no"]').fill("พบ 30/2569")
    _form(page).locator(".primary").click()
    page.locator(".event-all li").filter(has_text="น้ำมูลล้นตลิ่ง").wait_for()
    page.wait_for_timeout(3_000)  # closed, homes are closed too: the page begins anew once more
    page.locator(".event-all li").filter(has_text="น้ำมูลล้นตลิ่ง").locator(".link").click()
    _is_read_again(tiny, page)
    _no_event(tiny)


def _is_read_again(tiny: Served, page: Page) -> None:
    # closed, it is read again; the link alone brings it back
    page.locator('.card-head [data-state="closed"]').wait_for()
    page.reload()
    page.locator("#event-title").filter(has_text="น้ำมูลล้นตลิ่ง").wait_for()
    page.locator(".event-story li").filter(has_text="พบ 30/2569").wait_for()
    assert page.locator("[data-line] .link").count() == 0
    # what the screen lists is what the table of the same event holds, once and in order
    number = page.url.split("ev=")[1].split("&")[0]
    rows = list(
        csv.DictReader(
            io.StringIO(tiny.get(f"/events/{number}/log.csv?lang=th").text.removeprefix("\ufeff"))
        )
    )
    shown = page.locator(".event-story li").evaluate_all("all => all.map((e) => e.dataset.id)")
    assert shown == [row["id"] for row in reversed(rows)]
    page.locator(".story-asked input").fill("พบ 99/2569")
    page.locator(".event-story li").nth(1).wait_for(state="detached")
    # opened again, it goes on
    page.locator('[data-act="reopen"]').click()
    _form(page).locator('[name="signer"]').fill(MAYOR)
    _form(page).locator(".primary").click()
    page.locator('.card-head [data-state="open"]').wait_for()


@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_reads_what_is_in_force_but_not_who_wrote_what(
    tiny: Served, visit: Open, width: int
) -> None:
    _no_event(tiny)
    event = _post(tiny, "/events", {"name": "น้ำท่วมตลาด", "signer": MAYOR})
    said = {"line": "ddpm_level", "value": "3", "signer": "ผู้ว่าราชการจังหวัด", "document_no": "7/1"}
    _post(tiny, f"/events/{event['id']}/announce", said)
    page = visit(tiny, "#lang=en&ev=now", role=None, width=width).page
    page.locator('[data-line="ddpm_level"]').filter(has_text="level 3").wait_for()
    assert "not announced" in page.locator('[data-line="flag"]').inner_text()
    assert "ผู้ว่า" not in page.locator("dialog.event").inner_text()
    assert page.locator("muang-event-log section").count() == 0
    assert page.locator(".event-acts").count() == 0
    assert violations(page) == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    page.keyboard.press("Escape")
    page.locator("dialog.event").wait_for(state="detached")
    page.wait_for_function("() => !location.hash.includes('ev=')")
    _no_event(tiny)


def test_an_exercise_is_ended_from_the_desk_by_name(tiny: Served, visit: Open) -> None:
    _no_event(tiny)
    with tiny.town.connect(Machine.LOADER) as conn:
        exercise.begin(conn, name="ซ้อมแผน", scenario="river", seed=1, speed=60.0, actor="t")
    event = _post(tiny, "/events", {"name": "ซ้อมแผนปี 2569", "signer": MAYOR})
    assert event["exercise"]
    watched = visit(tiny, "#lang=th", role=Role.COORDINATOR, wait=False)
    page = watched.page
    end = page.locator('.exercise [data-act="end-exercise"]')
    end.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.drill-end")
    dialog.filter(has_text="ซ้อมแผนปี 2569").wait_for()
    assert violations(page) == []
    # looked at and left: nothing has ended, and the reader is where they were
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.wait_for_function("() => document.activeElement.matches('[data-act=end-exercise]')")
    page.keyboard.press("Enter")
    dialog.locator('[name="by"]').fill("ปลัดสมหญิง")
    dialog.locator('[name="note"]').fill("ฝนตกจริง")
    # homes close with the event: what the page is asking of them just then is refused
    watched.quiet = True
    dialog.locator(".primary").click()
    page.locator(".exercise").wait_for(state="detached")
    log = tiny.get(f"/events/{event['id']}/log?limit=1000").json()["steps"]
    assert log[-1]["action"] == "close"
    assert log[-1]["note"] == "ฝนตกจริง"
    assert log[-1]["by_name"].startswith("ปลัดสมหญิง (")
    # whoever does not command reads of an exercise and has no button for it
    with tiny.town.connect(Machine.LOADER) as conn:
        exercise.begin(conn, name="ซ้อมอีกครั้ง", scenario="river", seed=1, speed=60.0, actor="t")
    try:
        staff = visit(tiny, "#lang=en", role=Role.STAFF, wait=False).page
        staff.locator(".flag, .time").first.wait_for()
        staff.locator(".exercise").filter(has_text="ซ้อมอีกครั้ง").wait_for()
        assert staff.locator('[data-act="end-exercise"]').count() == 0
    finally:
        assert tiny.post("/exercise/end", {}).is_success
