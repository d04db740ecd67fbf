"""One's own account on the page: another password, and a token that is shown once."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from layers.model import Role
from tests.api.signing_in import PASSWORD
from tests.e2e.axe import violations
from tests.e2e.conftest import Open, Served

pytestmark = pytest.mark.e2e

OTHER = "ศาลากลางหลังเก่า ริมน้ำ"


def opened(page: Page) -> None:
    """Open one's own account from the header."""
    page.locator(".who-button").click()
    page.get_by_role("button", name="My account").click()
    page.locator("dialog.account").wait_for()


def signed_in(served: Served, visit: Open, username: str) -> Page:
    """A page of somebody who signed in by hand."""
    page = visit(served, "login#lang=en", role=None, wait=False, quiet=True).page
    page.locator("#username").fill(username)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator(".who-button").wait_for()
    return page


def test_a_password_is_changed_and_the_page_goes_on(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.STAFF)
    page = signed_in(tiny, visit, person.username)
    page.evaluate("window.notReloaded = true")
    opened(page)
    assert violations(page) == []
    page.locator("#password-present").fill("not this one at all")
    page.locator("#new-password").fill(OTHER)
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator(".account-message")).to_be_focused()
    assert "password" in page.locator(".account-message").inner_text().lower()
    page.locator("#password-present").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    page.locator(".account-message[data-good]").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.account")).to_have_count(0)
    expect(page.locator(".who-button")).to_be_focused()
    # the renewed session goes on, questions that need its value included
    with page.expect_response("**/queries/impact") as answered:
        page.get_by_role("radio", name="10 years", exact=True).check(force=True)
    assert answered.value.ok
    assert page.evaluate("window.notReloaded === true")
    for password, status in ((PASSWORD, 401), (OTHER, 200)):
        asked = {"username": person.username, "password": password}
        assert httpx.post(f"{tiny.url}/auth/login", json=asked).status_code == status


def test_a_token_is_shown_once_works_and_is_revoked(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.ANALYST)
    page = signed_in(tiny, visit, person.username)
    opened(page)
    page.locator("#token-name").fill("notebook")
    page.locator("#tokens-present").fill(PASSWORD)
    page.get_by_role("button", name="Make a token").click()
    made = page.locator("#token-new")
    expect(made).to_be_focused()
    token = made.input_value()
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{tiny.url}/me", headers=bearer).json()["role"] == "analyst"
    page.keyboard.press("Escape")
    opened(page)
    row = page.locator(".token-list li").filter(has_text="notebook")
    row.wait_for()
    assert token not in page.content()
    row.get_by_role("button", name="Revoke the token notebook").click()
    row.filter(has_text="ended").wait_for()
    assert httpx.get(f"{tiny.url}/me", headers=bearer).status_code == 401
