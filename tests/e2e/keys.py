"""Walking a page by keys alone."""

from playwright.sync_api import Page

MOST = 300
"""No page has as many stops."""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what `selector` names has the focus; fail if it never gets it."""
    page.locator(selector).first.wait_for()
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if page.evaluate("(it) => document.activeElement.matches(it)", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")
