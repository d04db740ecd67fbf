"""What everybody sees without signing in: the town, and nothing about anybody in it."""

import pytest
from playwright.sync_api import Page, Response

from layers.model import Role
from tests.e2e.axe import violations
from tests.e2e.conftest import Open, Served
from tests.e2e.places import view

pytestmark = pytest.mark.e2e

HERE = f"lang=th&{view(450, 150, 16)}&zones=return_period:100"
PERSONS = ("นายทดสอบ", "ยายทดสอบ", "000-111-", "000-000-", "ความลับ", "บริษัท ทดสอบ")
"""Canaries of the tiny town: owners, people in care, telephones, diagnoses, holders."""


def hear_tiles(page: Page, heard: dict[str, int]) -> None:
    """Note the statuses of the tiles asked for from now on, by address."""

    def answered(response: Response) -> None:
        if "/tiles/" in response.url:
            heard[response.url] = response.status

    page.on("response", answered)


def test_it_shows_the_town_and_nobody(tiny: Served, visit: Open) -> None:
    heard: dict[str, int] = {}
    watched = visit(tiny, f"#{HERE}", role=None, begin=lambda page: hear_tiles(page, heard))
    page = watched.page
    page.locator('[data-kpi="parcels"]').wait_for()
    assert heard
    assert {status for status in heard.values() if status not in (200, 204, 304)} == set()
    assert [url for url in heard if "/houses/" in url or "/households/" in url] == []
    listed = {layer.get_attribute("data-layer") for layer in page.locator("[data-layer]").all()}
    hidden = {"houses", "households"}
    assert hidden.isdisjoint(listed)
    assert {"parcels", "flood_zones", "shelters"} <= listed
    counted = {card.get_attribute("data-kpi") for card in page.locator("[data-kpi]").all()}
    assert counted.isdisjoint({"people", "households", "houses"})
    asked = "".join(watched.asked)
    assert "/collections/houses" not in asked
    assert "/collections/households" not in asked
    # what the map holds, and all that is written on the page
    drawn = page.evaluate(
        """() => JSON.stringify(document.querySelector('muang-map').town.map
            .queryRenderedFeatures().map(({properties}) => properties))"""
    )
    for canary in PERSONS:
        assert canary not in page.content()
        assert canary not in drawn
    homes = page.evaluate(
        """() => document.querySelector('muang-map').town.map
            .queryRenderedFeatures({layers: ['care_locations']})
            .filter(({properties}) => properties.kind === 'home').length"""
    )
    assert homes == 0


def test_it_says_so_calmly_and_offers_the_way_in(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{HERE}&table=parcels", role=None).page
    notice = page.locator(".notice[data-public]")
    assert "มุมมองสาธารณะ" in notice.inner_text()
    assert notice.get_attribute("role") is None, "calm: not an alarm"
    page.locator(".row-open").first.wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="ลงชื่อเข้าใช้").focus()
    page.keyboard.press("Enter")
    page.locator("#username").wait_for()
    page.get_by_role("link", name="ดูต่อโดยไม่ลงชื่อเข้าใช้").click()
    page.locator(".row-open").first.wait_for()
    assert page.url.startswith(f"{tiny.url}/#lang=th&view=")


def test_a_link_to_a_record_of_the_town_says_what_may_be(tiny: Served, visit: Open) -> None:
    home = tiny.get("/ogc/collections/care_locations/items?code=K0").json()["features"][0]["id"]
    watched = visit(tiny, f"#lang=th&rec=care_locations/{home}", role=None, quiet=True)
    problem = watched.page.locator(".record .problem")
    problem.filter(has_text="เห็นได้เฉพาะผู้ที่ลงชื่อเข้าใช้").wait_for()


@pytest.mark.parametrize("role", [Role.STAFF, Role.ANALYST, Role.COORDINATOR])
def test_people_in_care_are_not_everybodys_who_works_here(
    tiny: Served, visit: Open, role: Role
) -> None:
    page = visit(tiny, f"#{HERE}", role=role).page
    page.locator('[data-kpi="people"]').wait_for()
    assert page.locator('[data-layer="houses"]').count() == 1
    assert "ยายทดสอบ" not in page.content()
    homes = page.evaluate(
        """() => document.querySelector('muang-map').town.map
            .queryRenderedFeatures({layers: ['care_locations']})
            .filter(({properties}) => properties.kind === 'home').length"""
    )
    assert homes == 0


def test_those_who_care_see_whom_they_care_for(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{HERE}", role=Role.CARE).page
    homes = page.evaluate(
        """() => document.querySelector('muang-map').town.map
            .queryRenderedFeatures({layers: ['care_locations']})
            .filter(({properties}) => properties.kind === 'home').length"""
    )
    assert homes > 0
