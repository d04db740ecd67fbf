"""Nothing on the page moves or goes away under a person's hand, however late its parts come."""

import pytest
from playwright.sync_api import Page, Route

from tests.e2e.conftest import MAP, Open, Served, rest
from tests.e2e.places import view

pytestmark = pytest.mark.e2e

DESK = "**/assets/open-*.js"
BOXES = """() => ['.map', '[data-layer="shelters"] .plain', '.controls', '.side', '.tabs']
    .map((part) => document.querySelector(part)?.getBoundingClientRect())
    .map((box) => box && [box.x, box.y, box.width, box.height].map(Math.round))"""


class Late:
    """Answers that are kept back until they are let go."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._page = page
        self._open = False
        self._waiting: list[Route] = []
        page.route(pattern, self._hold)

    def _hold(self, route: Route) -> None:
        if self._open:
            route.continue_()
        else:
            self._waiting.append(route)

    def wait(self) -> None:
        """Wait until something was asked for."""
        while not self._waiting:
            self._page.wait_for_timeout(50)

    def let_go(self) -> None:
        """Give all that was asked for, and keep nothing back any more."""
        self._open = True
        for route in self._waiting:
            route.continue_()
        self._waiting.clear()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_desk_moves_nothing_when_it_comes(
    tiny: Served, visit: Open, size: tuple[int, int]
) -> None:
    late: list[Late] = []
    page = visit(
        tiny,
        "#zones=return_period:100",
        width=size[0],
        height=size[1],
        device_scale_factor=1,  # on a coarser screen every edge is two pixels wide
        begin=lambda page: late.append(Late(page, DESK)),
    ).page
    page.locator('[data-kpi="people"]').wait_for(state="attached")
    before = page.evaluate(BOXES)
    late[0].let_go()
    page.locator('[data-kpi-card="incidents"] data').wait_for()
    page.locator(".time").wait_for()
    rest(page)
    assert page.evaluate(BOXES) == before


def test_rows_a_person_holds_on_to_stay(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(500, 500, 14)}&table=shelters").page
    page.locator(".time").wait_for()
    rows = page.locator(".row-open")
    rows.nth(1).wait_for()
    late = Late(page, "**/collections/shelters/items?*bbox*")
    # the map moves to where one of them is, and the answer for that is under way
    page.evaluate(f"{MAP}.jumpTo({{center: {MAP}.getCenter(), zoom: 18}})")
    late.wait()
    code = rows.nth(1).inner_text()
    rows.nth(1).focus()
    page.keyboard.press("Enter")
    page.locator("#record-title").wait_for()
    late.let_go()
    page.wait_for_function(f"() => {MAP}.getZoom() > 17 && !{MAP}.isMoving()")
    assert rows.count() == 2
    assert not page.locator(".table[aria-busy=true]").count()
    assert page.locator('.record [data-field="code"] dd').inner_text().strip() == code.strip()
