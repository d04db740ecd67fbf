"""The boards as people work on them: each whole flow, and what another screen sees of it."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from layers.model import Role
from tests.e2e.axe import violations
from tests.e2e.conftest import Open, Served, at, rest
from tests.e2e.places import place, view

pytestmark = pytest.mark.e2e

NEAR = view(450, 450, 15)


def _json(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def _items(tiny: Served, layer: str, **asked: str) -> list[dict[str, Any]]:
    found = _json(tiny.get(f"/ogc/collections/{layer}/items", params={"limit": 1000, **asked}))
    return [{"id": one["id"], **one["properties"]} for one in found["features"]]


def _one(tiny: Served, layer: str, code: str) -> dict[str, Any]:
    (found,) = _items(tiny, layer, code=code)
    return found


@pytest.fixture(scope="module")
def event(tiny: Served) -> Iterator[int]:
    """An open event, so that every step has a story to stand in."""
    asked = {"name": "ซ้อมกระดานงาน", "kind": "flood", "signer": "นายทดสอบ"}
    number = int(_json(tiny.post("/events", asked))["id"])
    yield number
    tiny.all_clear()
    _json(tiny.post(f"/events/{number}/close", {"signer": "นายทดสอบ"}))


def row(page: Page, number: int | str) -> Any:
    """A row of the open board."""
    return page.locator(f'.board-rows tr[data-row="{number}"]')


def act(page: Page, number: int | str, step: str) -> Any:
    """A step that is offered in a row."""
    return row(page, number).locator(f'[data-act="{step}"]')


def _same(page: Page, tiny: Served) -> None:
    """Figure, foot of the table and records of the API agree about who is in shelters."""
    inside = sum(one["occupancy"] or 0 for one in _items(tiny, "shelters") if one["open"])
    page.locator(f'[data-kpi-card="shelters"] data[value="{inside}"]').wait_for()
    page.locator(f'[data-total="inside"][value="{inside}"]').wait_for()


def _story(tiny: Served, event: int, stay: int) -> list[str]:
    """What the log tells of one headcount, in its order."""
    steps = _json(tiny.get(f"/events/{event}/log?kind=stay&limit=1000"))["steps"]
    return [step["action"] for step in steps if step["record"] == stay]


def _fill(form: Any, **values: str) -> None:
    for name, value in values.items():
        form.locator(f'[name="{name}"]').fill(value)


def _open_shelter(page: Page, number: int) -> None:
    """The short form, with what is known filled in already."""
    act(page, number, "open").click()
    form = page.locator(".board-form[aria-label='เปิดศูนย์พักพิง']")
    assert form.locator('[name="capacity"]').input_value() == "120"
    _fill(form, capacity="8", toilets="4", phone="045-000-000")
    form.locator('[name="ramp"]').check()
    form.locator(".primary").click()
    page.locator(f'[data-row="{number}"][data-state="free"]').wait_for()


def _count_in(page: Page, household: str, people: str) -> Any:
    """A household counted in where the row is unfolded; its line."""
    stays = page.locator("muang-stays")
    _fill(stays, household=household, people=people)
    stays.locator('[data-act="check_in"]').click()
    line = stays.locator(f'[data-stay="{household}"]')
    line.wait_for()
    return line


def test_a_shelter_is_opened_and_households_are_counted_on_two_screens(
    tiny: Served, visit: Open, event: int
) -> None:
    number = _one(tiny, "shelters", "S2")["id"]
    page = visit(tiny, f"#{NEAR}", role=Role.STAFF, wait=False).page
    other = visit(tiny, "#lang=en&board=shelters", role=Role.COORDINATOR, wait=False).page
    # from the figure to the board
    page.locator('[data-kpi-card="shelters"]').click()
    page.get_by_role("button", name="แสดงทั้งกระดาน").click()
    page.locator("[data-board-tab=shelters][aria-current=page]").wait_for()
    _open_shelter(page, number)
    opened = _one(tiny, "shelters", "S2")
    assert (opened["open"], opened["capacity"], opened["ramp"]) == (True, 8, True)
    # a household comes in; the other screen sees it without asking
    page.locator(f'[data-fold="{number}"]').click()
    assert f"board=shelters/{number}" in page.url
    page.locator('[name="by"]').fill("พี่สมศรี")
    mine = _count_in(page, "H020", "7")
    assert "พี่สมศรี" in mine.inner_text()
    other.locator(f'[data-row="{number}"][data-state="nearly"] data[value="7"]').wait_for()
    _same(page, tiny)
    _same(other, tiny)
    stay = next(one for one in _items(tiny, "shelter_stays") if one["household"] == "H020")
    # counted again on the other screen: full, in words, a sign and a colour
    other.locator(f'[data-fold="{number}"]').click()
    other.locator('[data-stay="H020"] [data-act="recount"]').click()
    other.locator("muang-stays form[aria-label='Count again'] input").fill("9")
    other.locator("muang-stays form[aria-label='Count again'] .primary").click()
    row(other, number).filter(has_text="full").wait_for()
    row(page, number).filter(has_text="เต็ม").wait_for()
    _same(page, tiny)
    # out, and one who came by mistake: the entry is taken back where it was made
    other.locator('[data-stay="H020"] [data-act="check_out"]').click()
    mine.wait_for(state="detached")
    page.locator('[data-fold="camping"]').click()
    camping = _count_in(page, "H021", "2")
    other.locator('[data-row="camping"] data[value="2"]').wait_for()
    page.locator(".board-done [data-act=undo]").click()
    camping.wait_for(state="detached")
    _same(page, tiny)
    assert _story(tiny, event, stay["id"]) == ["check_in", "recount", "check_out"]
    # the link alone brings the board back with the row unfolded
    page.reload()
    page.locator('[data-fold="camping"][aria-expanded="true"]').wait_for()
    # and taking back an edit closes the shelter again
    act(page, number, "close").click()
    page.locator(f'[data-row="{number}"][data-state="closed"]').wait_for()
    page.locator(".board-done [data-act=undo]").click()
    page.locator(f'[data-row="{number}"]:not([data-state="closed"])').wait_for()


HELD = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const it = document.activeElement;
    const row = it.closest('[data-row], [data-stay]');
    const above = it.closest('.unfolded')?.previousElementSibling;
    const key = row?.dataset.stay ?? row?.dataset.row ?? above?.dataset.row ?? '';
    return [key, it.dataset.act ?? it.name ?? it.id ?? it.className, it.tagName];
}"""


def _done(page: Page) -> None:
    """Nothing is under way any more: until then steps wait."""
    page.locator(".board-told > [role=status]").wait_for(state="detached")


def _held(page: Page) -> tuple[str, str]:
    """Where the reader is when what was asked for is done: whose row, and on what in it."""
    _done(page)
    key, what, tag = page.evaluate(HELD)
    assert tag != "BODY"
    return key, what


def _press(page: Page, target: Any) -> tuple[str, str]:
    _done(page)
    target.focus()
    page.keyboard.press("Enter")
    return _held(page)


def _take_back(page: Page, tiny: Served, event: int, one: int) -> None:
    """The wrong run was pressed: taken back by keys with a reason, and at once by its button."""
    page.locator('[name="by"]').fill("นายเวรดึก")
    _press(page, act(page, one, "back"))
    assert _held(page) == (str(one), "reason")
    page.keyboard.type("กดผิดเที่ยว")
    page.keyboard.press("Enter")
    row(page, one).and_(page.locator('[data-state="underway"]')).filter(
        has_text="นายเวรดึก"
    ).wait_for()
    assert _held(page)[0] == str(one)
    act(page, one, "done").click()
    page.locator(f'[data-row="{one}"][data-state="done"]').wait_for()
    page.locator(".board-done [data-act=undo]").click()
    page.locator(f'[data-row="{one}"][data-state="underway"]').wait_for()
    act(page, one, "done").click()
    page.locator(f'[data-row="{one}"][data-state="done"]').wait_for()
    told = _json(tiny.get(f"/events/{event}/log?kind=run&limit=1000"))["steps"]
    assert [step["action"] for step in told if step["record"] == one] == [
        *("accept", "start", "done", "undo", "done", "undo", "done")
    ]


def test_runs_are_planned_accepted_gone_and_failed(tiny: Served, visit: Open, event: int) -> None:
    shelter = _one(tiny, "shelters", "S1")
    assert shelter["open"]
    link = f"#{NEAR}&zones=all&board=runs"
    watched = visit(tiny, link, role=Role.COORDINATOR, wait=False)
    page = watched.page
    page.locator('[data-act="plan"]').click()
    offers = page.locator('.plan [name="run"]')
    offers.first.wait_for()
    for n in range(2, offers.count()):
        offers.nth(n).uncheck()
    page.locator(".board-form .primary").click()
    chip = page.locator('[data-only="planned"] data')
    chip.and_(page.locator('[value="2"]')).wait_for()
    one, two = [run["id"] for run in _items(tiny, "evacuation_runs") if run["state"] == "planned"]
    act(page, one, "start").click()
    page.locator(f'[data-row="{one}"][data-state="underway"]').wait_for()
    act(page, one, "done").click()
    page.locator(f'[data-row="{one}"][data-state="done"]').wait_for()
    _take_back(page, tiny, event, one)
    act(page, two, "start").click()
    page.locator(f'[data-row="{two}"][data-state="underway"]').wait_for()
    act(page, two, "fail").click()
    page.locator('.unfolded [name="reason"]').fill("น้ำเชี่ยว")
    # somebody else ends it meanwhile: the second is told who was first
    watched.quiet = True

    def overtaken(route: Any) -> None:
        _json(tiny.post(f"/evacuation-runs/{two}/fail", {"reason": "เครื่องเสีย", "by": "หัวหน้าเรือ"}))
        route.continue_()

    page.route("**/evacuation-runs/*/fail", overtaken)
    page.locator(".unfolded .primary").click()
    page.locator(".board-told .problem").filter(has_text="หัวหน้าเรือ").wait_for()
    page.locator(f'[data-row="{two}"][data-state="failed"]').filter(has_text="เครื่องเสีย").wait_for()
    waiting = _json(tiny.get("/evacuation-runs/waiting"))["waiting"]
    page.locator("[data-waiting]").first.wait_for()
    assert page.locator("[data-waiting]").count() == len(waiting) > 0
    # a list that cannot be read says so; the rows stay, and asking again mends it
    page.route("**/evacuation-runs/waiting*", lambda route: route.fulfill(status=500, body="{}"))
    _json(tiny.post(f"/evacuation-runs/{two}/undo", {}))
    page.locator("[data-list-problem]").wait_for()
    row(page, two).and_(page.locator('[data-state="underway"]')).wait_for()
    page.unroute("**/evacuation-runs/waiting*")
    page.locator("[data-list-problem] .link").click()
    page.locator("[data-list-problem]").wait_for(state="detached")
    # its vehicle's place, the record, and back to the board
    row(page, two).locator(".row-open").click()
    page.locator("#record-title").wait_for()
    page.go_back()
    page.locator(".record").wait_for(state="detached")
    row(page, two).wait_for()
    assert event


def test_a_road_is_closed_on_the_map_and_opened_again(
    tiny: Served, visit: Open, event: int
) -> None:
    page = visit(tiny, f"#{NEAR}", role=Role.STAFF).page
    other = visit(tiny, "#lang=en&board=roads", role=None, wait=False).page
    page.locator("[data-board-link=roads]").click()
    before = len(_items(tiny, "closures", status="closed"))
    page.locator('[data-act="new"]').click()
    rest(page)
    page.mouse.click(*at(page, *place(490, 460)))
    page.locator(".board-where").filter(has_text="105.").wait_for()
    page.locator('[name="road_code"] option[value="R2"]').wait_for(state="attached")
    page.locator('.board-form [name="cause"]').select_option("tree")
    page.locator('[name="by"]').fill("ช่างสมาน")
    page.locator(".board-form .primary").click()
    closed = page.locator('.board-rows tr[data-state="closed"]')
    page.wait_for_function(
        "(n) => document.querySelectorAll('.board-rows tr[data-state=closed]').length === n",
        arg=before + 1,
    )
    made = max(_items(tiny, "closures", status="closed"), key=lambda one: one["id"])
    assert (made["cause"], made["since"] is not None) == ("tree", True)
    assert made["road_code"] == "R2"  # the road it was clicked on
    # edits of records bear the name of who acts beside the sign-in's, here and in the log
    row(page, made["id"]).filter(has_text="ช่างสมาน").wait_for()
    assert made["updated_by"].startswith("ช่างสมาน (")
    told = _json(tiny.get(f"/events/{event}/log?kind=closure&limit=1000"))["steps"]
    assert told[-1]["by_name"] == made["updated_by"]
    # figure, rows and records agree; everybody sees it, and nobody signed out may change it
    page.locator(f'[data-kpi-card="roads"] data[value="{before + 1}"]').wait_for()
    row(other, made["id"]).filter(has_text="Fallen tree").wait_for()
    assert other.locator("[data-act]").count() == 0
    row(page, made["id"]).locator(".row-open").click()
    page.locator("#record-title").filter(has_text=made["code"]).wait_for()
    page.locator(".record .card-head .plain").click()
    act(page, made["id"], "lift").click()
    row(page, made["id"]).wait_for(state="detached")
    page.locator(".board-done [data-act=undo]").click()
    row(page, made["id"]).wait_for()
    assert closed.count() == before + 1
    act(page, made["id"], "lift").click()
    page.locator(f'[data-kpi-card="roads"] data[value="{before}"]').wait_for()
    row(other, made["id"]).wait_for(state="detached")
    assert event


def test_boats_go_out_and_power_is_declared_by_keys_alone(
    tiny: Served, visit: Open, event: int
) -> None:
    boat = _one(tiny, "resources", "B5")["id"]
    page = visit(tiny, f"#{NEAR}", role=Role.COORDINATOR).page

    def press(target: Any) -> None:
        _press(page, target)

    press(page.locator("[data-board-link=teams]"))
    page.locator("#board-title:focus").wait_for()
    press(act(page, boat, "check_out"))
    page.locator('.unfolded [name="crew"]').focus()
    page.keyboard.type("ทีมกู้ภัย 5")
    page.keyboard.press("Enter")
    page.locator(f'[data-row="{boat}"][data-state="out"]').filter(has_text="ทีมกู้ภัย 5").wait_for()
    out = _one(tiny, "resources", "B5")
    assert out["due_at"] > out["out_at"]
    # its time is over: the next look says so, in a word and a sign, and it stands first
    late = {"crew": "ทีมกู้ภัย 6", "due_at": "2026-01-01T00:00:00Z"}
    _json(tiny.post(f"/resources/{_one(tiny, 'resources', 'B6')['id']}/check_out", late))
    page.locator('.board-rows tr[data-state="overdue"]').filter(has_text="ช้าไป").wait_for()
    assert page.locator(".board-rows tbody tr").first.get_attribute("data-state") == "overdue"
    press(act(page, boat, "check_in"))
    press(page.locator(".unfolded .primary"))
    page.locator(f'[data-row="{boat}"][data-state="ready"]').wait_for()
    # an area is drawn, declared and ended
    press(page.locator("[data-board-tab=power]"))
    press(page.locator('[data-act="new"]'))
    for keys in (("Enter",), ("ArrowRight", "Enter"), ("ArrowUp", "Enter")):
        for key in keys:
            page.keyboard.press(key)
            rest(page)
    press(page.locator(".draw-bar .primary"))
    page.locator('.board-form [name="name"]').focus()
    page.keyboard.type("ซอยทดสอบ")
    page.keyboard.press("Enter")
    area = page.locator('.board-rows tr[data-state="off"]').filter(has_text="ซอยทดสอบ")
    area.wait_for()
    press(area.locator('[data-act="on"]'))
    page.locator('.board-rows tr[data-state="on"]').filter(has_text="ซอยทดสอบ").wait_for()
    # who hangs on power is told to who commands while an event is open
    seen = 0
    for one in _items(tiny, "power_areas"):
        if one["code"] not in ("P1", "P2"):
            continue
        press(page.locator(f'[data-fold="{one["id"]}"]'))
        homes = _json(tiny.get(f"/power-areas/{one['id']}/homes"))["homes"]
        page.locator(".unfolded .homes, .unfolded .empty:not([role])").wait_for()
        assert page.locator("[data-home]").count() == len(homes)
        seen += len(homes)
    assert seen > 0
    staff = visit(tiny, "#board=power", role=Role.STAFF, wait=False).page
    staff.locator(".board-rows tbody tr").first.wait_for()
    assert staff.locator("[data-fold]").count() == 0
    assert event


def _boats_by_keys(page: Page, tiny: Served) -> None:
    """A form has the place while it is there; given up, its button has it; sent, its row."""
    boat = _one(tiny, "resources", "B1")["id"]
    mine = str(boat)
    assert _press(page, act(page, boat, "check_out")) == (mine, "crew")
    page.keyboard.press("Escape")
    assert _held(page) == (mine, "check_out")
    _press(page, act(page, boat, "check_out"))
    page.keyboard.type("ทีมคีย์บอร์ด")
    page.keyboard.press("Enter")
    row(page, boat).and_(page.locator('[data-state="out"]')).wait_for()
    assert _held(page)[0] == mine
    _press(page, act(page, boat, "check_in"))
    page.keyboard.press("Enter")
    row(page, boat).and_(page.locator('[data-state="ready"]')).wait_for()
    assert _held(page)[0] == mine
    # taken back where it was told: the line is gone, the board's title has the place
    assert _press(page, page.locator(".board-done [data-act=undo]")) == ("", "board-title")
    row(page, boat).and_(page.locator('[data-state="out"]')).wait_for()
    _json(tiny.post(f"/resources/{boat}/check_in", {}))


def _households_by_keys(page: Page, shelter: int) -> None:
    """One leaves: what is pressed next is not its neighbour's. A shelter changes its place."""
    _press(page, page.locator(f'[data-fold="{shelter}"]'))
    for household in ("H030", "H031"):
        page.locator("muang-stays [name=household]").fill(household)
        page.locator("muang-stays [name=people]").fill("3")
        page.keyboard.press("Enter")
        page.locator(f'[data-stay="{household}"]').wait_for()
        assert _held(page)[1] == "household"
    leaving = page.locator('[data-stay="H030"]')
    _press(page, leaving.locator('[data-act="check_out"]'))
    leaving.wait_for(state="detached")
    assert _held(page)[0] not in ("H030", "H031")
    _press(page, page.locator('[data-stay="H031"] [data-act="recount"]'))
    page.keyboard.press("Enter")
    page.locator("muang-stays form[aria-label='นับใหม่']").wait_for(state="detached")
    assert _held(page)[0] == "H031"
    _press(page, page.locator('[data-stay="H031"] [data-act="check_out"]'))
    page.locator('[data-stay="H031"]').wait_for(state="detached")
    _press(page, act(page, shelter, "close"))
    row(page, shelter).and_(page.locator('[data-state="closed"]')).wait_for()
    assert _held(page)[0] == str(shelter)
    _press(page, page.locator(".board-done [data-act=undo]"))
    row(page, shelter).and_(page.locator(':not([data-state="closed"])')).wait_for()


def test_the_readers_place_is_kept_on_the_boards(tiny: Served, visit: Open, event: int) -> None:
    page = visit(tiny, "#board=teams", role=Role.COORDINATOR, wait=False).page
    _boats_by_keys(page, tiny)
    _press(page, page.locator("[data-board-tab=shelters]"))
    _households_by_keys(page, _one(tiny, "shelters", "S1")["id"])
    # a row that goes away leaves the place to nobody's button
    _json(tiny.post("/ogc/collections/closures/items", _closure("KEYS")))
    _press(page, page.locator("[data-board-tab=roads]"))
    road = _one(tiny, "closures", "KEYS")["id"]
    _press(page, act(page, road, "lift"))
    row(page, road).wait_for(state="detached")
    assert _held(page) == ("", "board-title")
    # and one whose button has become another stays with its row
    _press(page, page.locator("[data-board-tab=power]"))
    area = page.locator(".board-rows tr[data-row]").filter(has=page.locator("[data-act=off]")).first
    number = str(area.get_attribute("data-row"))
    _press(page, area.locator("[data-act=off]"))
    row(page, number).and_(page.locator('[data-state="off"]')).wait_for()
    assert _held(page)[0] == number
    _press(page, page.locator(".board-done [data-act=undo]"))
    row(page, number).and_(page.locator(':not([data-state="off"])')).wait_for()
    assert event


def _closure(code: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": place(420, 460)},
        "properties": {"code": code, "status": "closed", "cause": "flood"},
    }


PRESS_WHEN_MOVED = """([x, y, known]) => {
    const at = {bubbles: true, cancelable: true, clientX: x, clientY: y, detail: 1};
    const list = document.querySelector('.need-list');
    new MutationObserver((_, observer) => {
        const under = document.elementFromPoint(x, y);
        if (under.closest('[data-incident]')?.dataset.incident === String(known)) return;
        observer.disconnect();
        under.dispatchEvent(new PointerEvent('pointerdown', {...at, pointerType: 'mouse'}));
        under.dispatchEvent(new MouseEvent('click', at));
        // the mark goes by itself before long
        window.marked = under.closest('[data-came]')?.dataset.incident;
    }).observe(list, {childList: true});
}"""


def test_a_press_is_for_the_row_that_was_looked_at(tiny: Served, visit: Open, event: int) -> None:
    def raised(title: str, severity: str) -> int:
        asked = {"kind": "rescue", "severity": severity, "title": title, "at": place(300, 300)}
        return int(_json(tiny.post("/incidents", asked))["id"])

    tiny.all_clear()
    known = raised("น้ำเข้าบ้าน", "high")
    page = visit(tiny, f"#{NEAR}", role=Role.COORDINATOR, wait=False).page
    button = page.locator(f'[data-incident="{known}"] .need-acts .primary')
    button.hover()
    # the hand rests on the button; what somebody else raises pushes its row away from under it,
    # and the press comes in the same moment
    box = button.bounding_box()
    assert box
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    page.evaluate(PRESS_WHEN_MOVED, [*middle, known])
    other = raised("คนติดบนหลังคา", "critical")
    page.locator('[data-toast="moved"]').wait_for()
    # the rows above came down: whose it is now is some other's that nobody has answered
    under = int(page.evaluate("window.marked"))
    assert under != known
    statuses = {one["id"]: one["status"] for one in _items(tiny, "incidents")}
    assert statuses[under] == statuses[other] == statuses[known] == "raised"
    # whoever has looked is taken at their word
    page.mouse.down()
    page.mouse.up()
    page.locator(f'[data-incident="{under}"][data-status="acknowledged"]').wait_for()
    # a second press of the same go is no further step
    page.mouse.move(0, 0)
    page.locator(f'[data-incident="{known}"] .need-acts .primary').dblclick()
    page.locator(f'[data-incident="{known}"][data-status="acknowledged"]').wait_for()
    assert page.locator(".incident").count() == 0
    tiny.all_clear()
    assert event


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_boards(tiny: Served, visit: Open, event: int, width: int) -> None:
    shelter = _one(tiny, "shelters", "S1")["id"]
    page = visit(tiny, f"#lang=th&{NEAR}&board=shelters/{shelter}", width=width, wait=False).page
    page.locator("muang-stays").wait_for()
    for label in ("ไทย", "EN"):
        page.get_by_role("button", name=label, exact=True).click()
        if width < 900:
            page.evaluate("document.querySelector('.tabs').style.position = 'static'")
        for key in ("shelters", "runs", "roads", "teams", "power"):
            page.locator(f"[data-board-tab={key}]").click()
            page.locator(f".boards[data-board={key}] .board-sum").wait_for()
            offered = page.locator('[data-act="new"], [data-act="check_out"]').first
            if offered.count():
                offered.click()
            assert violations(page) == []
            raw = re.findall(
                r"\b(?:boards?|shelter|stay|run|road|team|power)\.[a-z]\w+", page.inner_text("body")
            )
            assert raw == []
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
            small = page.evaluate(
                """() => [...document.querySelectorAll(
                        '.boards :is(button, select, input, summary, label, a[href])')]
                    .map((element) => [element, element.getBoundingClientRect()])
                    .filter(([element, {width, height}]) => width > 0
                        && (width < 24 || height < 24)
                        && !(element.matches('input[type=checkbox]') && element.closest('label')))
                    .map(([element]) => element.outerHTML.slice(0, 120))"""
            )
            assert small == []
    assert event
