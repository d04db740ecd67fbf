"""Questions asked of the town from the desk: on the map, in tables, with proof, and printed."""

from typing import Any

import pytest
from playwright.sync_api import Page

from layers.model import Role
from tests.e2e.axe import violations
from tests.e2e.conftest import Open, Served, at
from tests.e2e.places import place, view

pytestmark = pytest.mark.e2e

NEAR = view(400, 450, 15)
FLOOD = "zones=return_period:10"
DRAWN = """() => document.querySelector('muang-map').town.map
    .querySourceFeatures('page-answer').length"""


def _answered(page: Page) -> None:
    page.locator(".ask-panel[aria-busy='false'] .ask-foot").wait_for()


def test_who_is_out_of_reach_on_the_map_and_in_tables(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#lang=th&{FLOOD}").page
    page.locator('[data-ask="coverage"]').click()
    page.locator(".ask-form").wait_for()
    assert page.locator(".ask-foot").count() == 0, "nothing is asked before somebody says so"
    page.locator('.ask-form [name="of"]').select_option("all")
    page.locator('.ask-form [name="min"]').fill("3")
    page.locator(".ask-form .primary").click()
    _answered(page)
    page.wait_for_function(f"() => ({DRAWN})() > 0")
    told = page.locator(".ask-panel").inner_text()
    assert "ที่แล้ว" in told  # its age
    assert "ใช้เวลาคำนวณ" in told
    assert page.locator(".ask-panel .caveats li").count() > 0
    assert page.locator(".ask-panel .proof").count() == 1
    # the tables hold what the answer of that number holds
    people = tiny.post(
        "/queries/coverage",
        {"flood": {"zone_ids": ["Z10"]}, "vehicle": "walk", "shelters": "all", "within_min": 3},
    ).json()["people"]
    outside = f"{people['all'] - people['within']:,}"
    page.locator(".ask-figures li").first.filter(has_text=outside).wait_for()
    # the same again on the same versions; the link alone brings the question back
    page.locator(".ask-foot [data-recompute]").click()
    page.locator(".ask-panel").filter(has_text="ได้ผลเดิมทุกส่วน").wait_for()
    assert violations(page) == []
    page.reload()
    _answered(page)
    assert page.locator('.ask-form [name="min"]').input_value() == "3"
    page.go_back()
    page.locator(".ask-foot").wait_for(state="detached")


def test_the_order_of_leaving_is_planned_anew_and_printed(tiny: Served, visit: Open) -> None:
    link = f"#lang=en&{FLOOD}&ask=evacuation;v=truck_6;all=1"
    page = visit(tiny, link, role=Role.COORDINATOR, width=390).page
    _answered(page)
    rows = page.locator(".ask-table").first.locator("tbody tr")
    assert "set by hand" in rows.first.inner_text()
    team = page.locator(".run-team").first
    name = str(team.get_attribute("data-team"))
    page.locator('[data-print="all"]').click()
    copy = page.locator("[data-copy] a").first
    copy.wait_for()
    printed = page.request.get(f"{tiny.url}{copy.get_attribute('href')}")
    assert printed.ok
    assert name in printed.text()
    # a boat that fails is left out, and its people go with others or are listed
    team.locator("summary").click()
    team.get_by_role("button", name="cannot go").click()
    page.locator(".run-out").filter(has_text=name).wait_for()
    _answered(page)
    page.locator(f'.run-team[data-team="{name}"]').wait_for(state="detached")
    assert f"failed%3D{name}".replace(" ", "%20") in page.url
    # the tabs at the foot of a phone lie over whatever is scrolled beneath them
    page.evaluate("document.querySelector('.tabs').style.position = 'static'")
    assert violations(page) == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_a_relief_round_is_planned_over_places_set_by_hand(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#lang=th&{NEAR}&{FLOOD}", role=Role.COORDINATOR).page
    page.locator('[data-ask="relief"]').click()
    page.locator("[data-place]").click()
    places = [place(490, 460), place(300, 450)]
    for n, one in enumerate(places):
        page.mouse.click(*at(page, *one))
        page.locator(".ask-points li").nth(n).wait_for()
    page.locator("[data-place]").click()
    # one more by keys alone, named, and taken away again
    page.locator("[data-middle]").focus()
    page.keyboard.press("Enter")
    page.locator(".ask-points li input").nth(2).fill("ครัวกลาง")
    page.locator(".ask-points li").nth(2).locator("button").last.click()
    page.locator(".ask-form .primary").click()
    _answered(page)
    answer = tiny.post(
        "/queries/route-cuts",
        {
            "flood": {"zone_ids": ["Z10"]},
            "relief": [
                {"code": f"จุด {n + 1}", "lon": lon, "lat": lat}
                for n, (lon, lat) in enumerate(places)
            ],
            "collections": 0,
        },
    ).json()
    rows = page.locator(".ask-table tbody tr")
    assert rows.count() == len(places)
    assert page.locator(".ask-table tr[data-lost]").count() == sum(
        len(one["lost"]) for one in answer["routes"]
    )
    assert "text/csv" in str(page.locator("[data-csv]").get_attribute("href"))
    assert page.locator(".ask-panel .proof").count() == 1
    assert violations(page) == []
    # the link alone asks the same of the same places
    page.reload()
    _answered(page)
    assert page.locator(".ask-points li").count() == len(places)
    _are_services_too(tiny, page)


def _are_services_too(tiny: Served, page: Page) -> None:
    """Who is how far from a place set by hand: the same page asks, and the places stay apart."""
    page.locator('[data-ask="coverage"]').click()
    form = page.locator(".ask-form")
    assert not form.locator(".ask-points").is_visible()
    form.locator('[name="of"]').select_option("points")
    form.locator('[name="min"]').fill("4")
    form.locator("[data-middle]").click()
    form.locator(".ask-points li input").fill("จุดแจกน้ำ")
    form.locator("[data-middle]").click()
    # one that is dropped hands its button to nobody
    form.locator(".ask-points li").last.locator("button").last.focus()
    page.keyboard.press("Enter")
    form.locator(".ask-points li").nth(1).wait_for(state="detached")
    assert page.evaluate(
        "!document.activeElement.closest('.ask-points li') && document.activeElement.tagName"
    ) not in (False, "BODY")
    with page.expect_request("**/queries/coverage") as asked:
        form.locator(".primary").click()
    _answered(page)
    sent: Any = asked.value.post_data_json
    assert [one["code"] for one in sent["points"]] == ["จุดแจกน้ำ"]
    people = tiny.post("/queries/coverage", sent).json()["people"]
    outside = f"{people['all'] - people['within']:,}"
    page.locator(".ask-figures li").first.filter(has_text=outside).wait_for()
    assert violations(page) == []


def test_nobody_is_offered_what_is_not_theirs(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#lang=en", role=Role.COORDINATOR).page
    page.locator('[data-ask="evacuation"]').wait_for()
    assert page.locator('[data-ask="revenue_gaps"]').count() == 0
    # every question's form, in both languages
    for label in ("EN", "ไทย"):
        page.get_by_role("button", name=label, exact=True).click()
        for kind in page.locator("[data-ask]").evaluate_all("all => all.map((e) => e.dataset.ask)"):
            page.locator(f'[data-ask="{kind}"]').click()
            page.locator(".ask-form").wait_for()
            assert violations(page, ".ask") == []
    public = visit(tiny, f"#lang=en&{FLOOD}&ask=route_cuts;v=truck_6;n=2", role=None).page
    _answered(public)
    assert public.locator('[data-ask="evacuation"], [data-ask="revenue_gaps"]').count() == 0
    staff = visit(tiny, "#lang=th", role=Role.STAFF).page
    staff.locator('[data-ask="revenue_gaps"]').click()
    staff.locator(".ask-form .primary").click()
    _answered(staff)
    assert staff.locator("[data-gap]").count() == 4
    staff.locator(".ask-panel tr[data-key] .link").first.click()
    staff.locator("#record-title").wait_for()
    assert violations(staff) == []
