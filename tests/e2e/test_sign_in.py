"""Signing in and out by hand: every refusal in words, and nothing of anybody left behind."""

import os
import shutil
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from db.accounts import Account, disable_account
from db.connect import Machine
from layers.model import Role
from tests.api.signing_in import PASSWORD
from tests.e2e.axe import violations
from tests.e2e.conftest import FLAGS, PATIENCE_MS, Open, Served, ready
from tests.served import served

pytestmark = pytest.mark.e2e

SOON_MS = 9_000
"""Revoked is refused within a second and said within three; a slow machine may take thrice."""

ROLES = {
    Role.STAFF: "เจ้าหน้าที่",
    Role.COORDINATOR: "ผู้ประสานงาน",
    Role.TEAM: "ทีมภาคสนาม",
    Role.CARE: "สาธารณสุขและผู้ดูแล",
    Role.ANALYST: "นักวิเคราะห์",
    Role.ADMIN: "ผู้ดูแลระบบ",
}
OWNER = "นายทดสอบ"
"""How the names of all owners of plots begin."""


def fill(page: Page, username: str, password: str = PASSWORD) -> None:
    """Type into the sign-in page and send it, by keys."""
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.keyboard.press("Enter")


def has_session(page: Page, served: Served) -> bool:
    """Whether the browser holds a session of the town."""
    return any(cookie.get("name") == served.cookie for cookie in page.context.cookies())


def stored(page: Page) -> set[str]:
    """What the page keeps in the browser's storages, by key."""
    keys: list[str] = page.evaluate(
        "() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]"
    )
    return set(keys)


def plot(served: Served) -> str:
    """The link's name of a plot's record, whose owner staff may see and others may not."""
    found = served.get("/ogc/collections/parcels/items?code=01A044").json()["features"]
    return f"rec=parcels/{found[0]['id']}"


def test_the_way_in_and_the_way_out(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.STAFF)
    page = visit(tiny, f"#lang=th&{plot(tiny)}", role=None).page
    page.locator(".record .fields").first.wait_for()
    assert OWNER not in page.content()
    assert page.locator(".notice[data-public]").count() == 1
    link = page.url.partition("#")[2]
    page.get_by_role("link", name="ลงชื่อเข้าใช้").click()
    expect(page.locator("#username")).to_be_focused()
    assert page.url == f"{tiny.url}/login#{link}"
    fill(page, f" {person.username.upper()} ")
    ready(page)
    assert page.url == f"{tiny.url}/#{link}", "the same screen"
    page.locator('[data-field="owner_name"]').filter(has_text=OWNER).wait_for()
    assert page.locator(".notice[data-public]").count() == 0
    who = page.locator(".who-button")
    assert ROLES[Role.STAFF] in who.inner_text()
    assert person.display_name in who.inner_text()
    assert has_session(page, tiny)
    assert stored(page) <= {"muang.lang"}, "nothing of anybody is stored"

    who.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(who).to_be_focused()
    expect(page.locator("#who-menu")).to_be_hidden()
    who.click()
    assert violations(page) == []
    page.get_by_role("button", name="ออกจากระบบ").click()
    page.locator('.left[data-left="out"]').wait_for()
    ready(page)
    assert OWNER not in page.content()
    assert "rec=" not in page.url
    assert not has_session(page, tiny)
    assert stored(page) <= {"muang.lang"}
    # the record was looked at in this history: going back shows what everybody may see of it
    page.go_back()
    page.wait_for_function("() => location.hash.includes('rec=')")
    page.locator(".record .fields").first.wait_for()
    assert OWNER not in page.content()


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_told_who_they_are(tiny: Served, visit: Open, role: Role) -> None:
    person = tiny.account(role)
    page = visit(tiny, "login#lang=th", role=None, wait=False).page
    fill(page, person.username)
    who = page.locator(".who-button")
    who.filter(has_text=ROLES[role]).wait_for()
    seen = page.evaluate("() => document.querySelector('muang-app').app.store.state.me.value")
    assert (seen["role"], seen["principal"]) == (role, person.username)
    assert seen["scope"] == (["boat 1"] if role is Role.TEAM else None)


@pytest.mark.parametrize(
    ("lang", "words"),
    [("th", "ชื่อผู้ใช้หรือรหัสผ่านไม่ถูกต้อง"), ("en", "The username or password is not right.")],
)
def test_a_wrong_password_is_told_and_what_was_typed_stays(
    tiny: Served, visit: Open, lang: str, words: str
) -> None:
    person = tiny.account(Role.STAFF)
    page = visit(tiny, f"login#lang={lang}", role=None, wait=False, quiet=True).page
    for name in (person.username, "nobody-of-that-name"):
        fill(page, name, "not the password at all")
        error = page.locator('[role="alert"] .login-error')
        expect(error).to_be_focused()
        assert words in error.inner_text()
        assert page.locator("#username").input_value() == name
        assert page.locator("#username").get_attribute("aria-describedby") == error.get_attribute(
            "id"
        )
    other = {"th": "en", "en": "th"}[lang]
    page.locator(f'.langs [lang="{other}"]').click()
    assert words not in error.inner_text()
    assert page.locator("#username").input_value() == "nobody-of-that-name"
    assert page.evaluate("document.documentElement.lang") == other


def test_an_empty_form_asks_for_both(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "login#lang=th", role=None, wait=False).page
    page.get_by_role("button", name="ลงชื่อเข้าใช้", exact=True).click()
    expect(page.locator(".login-error")).to_be_focused()
    assert "ใส่ชื่อผู้ใช้และรหัสผ่าน" in page.locator(".login-error").inner_text()


def test_guessing_has_to_wait_and_the_page_counts_down(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.STAFF)
    page = visit(tiny, "login#lang=th", role=None, wait=False, quiet=True).page
    wrong = {"username": person.username, "password": "wrong"}
    for _ in range(40):
        answer = httpx.post(f"{tiny.url}/auth/login", json=wrong, timeout=30)
        if answer.status_code != 429:
            continue
        wait = int(answer.headers["retry-after"])
        if wait >= 8:
            break
        time.sleep(wait)
    fill(page, person.username)
    error = page.locator(".login-error")
    error.filter(has_text="ลองผิดหลายครั้ง").wait_for()
    button = page.locator("form > button")
    assert button.get_attribute("aria-disabled") == "true"
    first = button.inner_text()
    page.wait_for_function(
        "(first) => document.querySelector('form > button').innerText !== first", arg=first
    )
    # a second try meanwhile is not even sent
    page.locator("#password").press("Enter")
    page.locator(".login-free").filter(has_text="ลองใหม่ได้แล้ว").wait_for()
    assert button.get_attribute("aria-disabled") == "false"
    page.locator("#password").press("Enter")
    page.locator(".who-button").wait_for()


def test_a_one_time_code_is_asked_for(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.COORDINATOR)
    page = visit(tiny, "login#lang=en", role=None, wait=False, quiet=True).page
    fill(page, person.username)
    page.locator(".who-button").click()
    page.get_by_role("button", name="My account").click()
    page.locator("#totp-present").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    expect(page.locator("#totp-first")).to_be_focused()
    assert page.locator(".qr path").get_attribute("d")
    page.get_by_text("No camera?").click()
    secret = page.locator("#totp-secret").inner_text().replace(" ", "")
    assert violations(page) == []
    clock = pyotp.TOTP(secret)
    page.locator("#totp-first").fill("000 000")
    page.get_by_role("button", name="Switch on").click()
    page.locator(".account-message").filter(has_text="code").wait_for()
    first = clock.now()
    page.locator("#totp-first").fill(f"{first[:3]} {first[3:]}")
    page.get_by_role("button", name="Switch on").click()
    page.locator(".account-message[data-good]").wait_for()
    page.locator(".account-head button").click()
    page.locator('.live[data-live="live"]').wait_for()
    assert page.locator(".left").count() == 0, "one's own change is not taken for another's"
    page.locator(".who-button").click()
    page.get_by_role("button", name="Sign out").click()
    page.locator('.left[data-left="out"]').wait_for()

    page.goto(f"{tiny.url}/login#lang=en")
    fill(page, person.username)
    page.get_by_role("heading", name="One-time code").wait_for()
    code = page.locator("#code")
    expect(code).to_be_focused()
    assert code.get_attribute("autocomplete") == "one-time-code"
    assert violations(page) == []
    code.fill(first)  # a code works once
    page.keyboard.press("Enter")
    page.locator(".login-error").filter(has_text="The code is not right").wait_for()
    page.get_by_role("button", name="Use another account").click()
    assert page.locator("#username").input_value() == person.username
    fill(page, person.username)
    code.fill(clock.at(int(time.time()) + 30))
    page.keyboard.press("Enter")
    page.locator(".who-button").filter(has_text="Coordinator").wait_for()


def test_a_server_that_is_away_is_told(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.STAFF)
    page = visit(tiny, "login#lang=th", role=None, wait=False, quiet=True).page
    page.context.set_offline(True)
    fill(page, person.username)
    page.locator(".login-error").filter(has_text="เซิร์ฟเวอร์ไม่ตอบ").wait_for()
    page.context.set_offline(False)
    page.locator("#password").press("Enter")
    page.locator(".who-button").wait_for()


@pytest.mark.parametrize(
    "next_path", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil.example"]
)
def test_the_way_on_never_leaves_the_town(tiny: Served, visit: Open, next_path: str) -> None:
    page = visit(tiny, f"login?next={next_path}#lang=th", role=None, wait=False).page
    fill(page, tiny.account(Role.STAFF).username)
    page.locator(".who-button").wait_for()
    assert page.url.startswith(f"{tiny.url}/#lang=th")


def test_whoever_is_signed_in_goes_straight_on(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "login?next=/docs", wait=False).page
    page.wait_for_url("**/docs*")


@pytest.mark.parametrize("lang", ["th", "en"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (320, 640)])
def test_the_sign_in_page_is_for_everybody(
    tiny: Served, visit: Open, lang: str, width: int, height: int
) -> None:
    page = visit(
        tiny,
        f"login?error=refused#lang={lang}",
        role=None,
        wait=False,
        width=width,
        height=height,
    ).page
    expect(page.locator(".login-error")).to_be_focused()
    assert violations(page) == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, input, a[href]')]
            .map((element) => [element, element.getBoundingClientRect()])
            .filter(([, {width, height}]) => width < 24 || height < 24)
            .map(([element]) => element.outerHTML)"""
    )
    assert small == []
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= max(width, 320)
    button = page.locator("form > button")
    button.scroll_into_view_if_needed()
    expect(button).to_be_in_viewport()


def test_the_sign_in_page_asks_for_no_map(tiny: Served, visit: Open) -> None:
    watched = visit(tiny, "login", role=None, wait=False)
    watched.page.locator("#username").wait_for()
    assert not [url for url in watched.asked if "town-map" in url or "maplibre" in url]


def test_a_password_can_be_read_and_is_hidden_again(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "login#lang=th", role=None, wait=False, quiet=True).page
    password = page.locator("#password")
    assert password.get_attribute("type") == "password"
    assert password.get_attribute("autocomplete") == "current-password"
    assert page.locator("#username").get_attribute("autocomplete") == "username"
    password.focus()
    allowed = page.evaluate(
        """() => document.activeElement.dispatchEvent(
            new ClipboardEvent('paste', {bubbles: true, cancelable: true}))"""
    )
    assert allowed, "pasting is nobody's business"
    page.keyboard.insert_text("ทดลองพิมพ์")
    assert password.input_value() == "ทดลองพิมพ์"
    page.get_by_role("button", name="แสดงรหัสผ่าน").click()
    assert password.get_attribute("type") == "text"
    page.locator("#username").fill("somebody")
    password.press("Enter")
    page.locator(".login-error").wait_for()
    assert password.get_attribute("type") == "password"


def revoke(served: Served, person: Account) -> None:
    """End everything of an account, as an administrator does."""
    with served.town.connect(Machine.SERVICE) as conn:
        disable_account(conn, person.username)


def again(served: Served, person: Account) -> None:
    """Let the account be used again."""
    with served.town.connect(Machine.SERVICE) as conn:
        conn.execute(
            "UPDATE muang.account SET disabled_at = NULL WHERE username = %s", [person.username]
        )


def test_a_revoked_sign_in_is_said_at_once(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.STAFF)
    link = f"login#lang=th&{plot(tiny)}&table=houses"
    page = visit(tiny, link, role=None, wait=False, quiet=True).page
    fill(page, person.username)
    ready(page)
    page.locator('[data-field="owner_name"]').filter(has_text=OWNER).wait_for()
    page.locator(".row-open").first.wait_for()
    link = page.url
    revoke(tiny, person)
    page.locator('[data-left="ended"]').first.wait_for(timeout=SOON_MS)
    expect(page.locator("body")).not_to_contain_text(OWNER)
    page.locator('.left[data-left="ended"][role="alert"]').wait_for()
    ready(page)
    assert OWNER not in page.content()
    assert page.url == link
    assert not has_session(page, tiny)
    assert stored(page) <= {"muang.lang"}
    assert page.locator('[data-layer="houses"]').count() == 0
    again(tiny, person)
    page.get_by_role("link", name="ลงชื่อเข้าใช้อีกครั้ง").click()
    fill(page, person.username)
    page.locator('[data-field="owner_name"]').filter(has_text=OWNER).wait_for()
    assert page.url == link


def test_other_rights_open_the_page_anew(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.STAFF)
    page = visit(tiny, f"login#lang=th&{plot(tiny)}", role=None, wait=False).page
    fill(page, person.username)
    page.locator('[data-field="owner_name"]').filter(has_text=OWNER).wait_for()
    with tiny.town.connect(Machine.SERVICE) as conn:
        conn.execute(
            "UPDATE muang.account SET role = 'analyst' WHERE username = %s", [person.username]
        )
    page.locator('.left[data-left="changed"]').wait_for()
    page.locator(".who-button").filter(has_text=ROLES[Role.ANALYST]).wait_for()
    page.locator(".record .fields").first.wait_for()
    assert OWNER not in page.content()


def test_an_ended_session_at_the_start_is_everybodys_view(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.STAFF)
    watched = visit(tiny, "login#lang=th", role=None, wait=False)
    page = watched.page
    fill(page, person.username)
    ready(page)
    watched.quiet = True
    page.goto("about:blank")
    revoke(tiny, person)
    page.goto(f"{tiny.url}/#lang=th")
    page.locator('.left[data-left="ended"]').wait_for()
    ready(page)
    assert page.locator(".who-door").count() == 1
    page.get_by_role("button", name="ปิดข้อความนี้").click()
    assert page.locator(".left").count() == 0


def test_two_tabs_are_one_person(tiny: Served, visit: Open) -> None:
    person = tiny.account(Role.STAFF)
    first = visit(tiny, f"#lang=th&{plot(tiny)}", role=None)
    first.quiet = True
    page = first.page
    second = page.context.new_page()
    second.goto(f"{tiny.url}/login#lang=th")
    fill(second, person.username)
    second.locator(".who-button").wait_for()
    # the other tab follows, without a word being sent by hand
    page.locator(".who-button").wait_for()
    page.locator('[data-field="owner_name"]').filter(has_text=OWNER).wait_for()
    second.locator(".who-button").click()
    second.get_by_role("button", name="ออกจากระบบ").click()
    page.locator('[data-left="ended"]').first.wait_for(timeout=SOON_MS)
    expect(page.locator("body")).not_to_contain_text(OWNER)
    page.locator(".who-door").wait_for()
    ready(page)
    assert OWNER not in page.content()


@pytest.fixture
def keeping(playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps pages for Back, as people's do and Playwright's does not."""
    chromium = os.environ.get("MUANG_CHROMIUM") or shutil.which("chromium")
    running = playwright.chromium.launch(
        executable_path=chromium,
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield running
    running.close()


def test_back_after_signing_out_shows_nobody(tiny: Served, keeping: Browser) -> None:
    """Playwright does not follow a page brought back to life: asked of the page itself."""
    person = tiny.account(Role.STAFF)
    page = keeping.new_context().new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{tiny.url}/login#lang=th&{plot(tiny)}")
    fill(page, person.username)
    page.locator('[data-field="owner_name"]').filter(has_text=OWNER).wait_for()
    page.evaluate("window.addEventListener('pageshow', () => { window.met = true; })")
    page.goto(f"{tiny.url}/docs")
    other = page.context.new_page()
    other.goto(f"{tiny.url}/#lang=th")
    other.locator(".who-button").click()
    other.get_by_role("button", name="ออกจากระบบ").click()
    other.locator(".who-door").wait_for()
    # not at once: it takes away what asks for it
    page.evaluate("() => void setTimeout(() => history.back())")
    page.locator(".who-door").wait_for()
    page.locator(".record .fields").first.wait_for()
    assert OWNER not in page.content()


@pytest.fixture
def provider() -> Iterator[str]:
    """An OpenID Connect provider on loopback."""
    import oidc_provider_mock  # noqa: PLC0415 - warns when imported

    with oidc_provider_mock.run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_provider_leads_back_to_the_same_screen(
    tiny: Served, provider: str, browser: Browser
) -> None:
    """The whole way over the pages of another origin, which lose what follows the #."""
    settings = {
        "MUANG_OIDC_ISSUER": provider,
        "MUANG_OIDC_CLIENT_ID": "muang",
        "MUANG_OIDC_CLIENT_SECRET": "client secret",
        "MUANG_OIDC_NAME": "บัญชีเทศบาล",
        "MUANG_OIDC_ROLES": '{"gis-staff": "staff"}',
    }
    claims = {"name": "มาลี", "email": "malee@town.example", "groups": ["gis-staff"]}
    httpx.put(f"{provider}/users/malee", json=claims).raise_for_status()
    httpx.put(f"{provider}/users/stranger", json=claims | {"groups": []}).raise_for_status()
    with served(tiny.town, **settings) as url:
        context = browser.new_context(locale="th-TH")
        # the provider's pages want style sheets from far away
        ours = (urlsplit(url).netloc, urlsplit(provider).netloc)
        context.route(lambda asked: urlsplit(asked).netloc not in ours, lambda route: route.abort())
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{url}/login#lang=th&{plot(tiny)}")
        page.get_by_role("link", name="บัญชีเทศบาล").click()
        page.wait_for_url(f"{provider}/**")
        page.locator("input[name=sub]").fill("stranger")
        page.locator("button").first.click()
        page.locator(".login-error").filter(has_text="ไม่ผ่าน").wait_for()
        page.get_by_role("link", name="บัญชีเทศบาล").click()
        page.wait_for_url(f"{provider}/**")
        page.locator("input[name=sub]").fill("malee")
        page.locator("button").first.click()
        page.locator(".who-button").filter(has_text="มาลี").wait_for()
        page.locator('[data-field="owner_name"]').filter(has_text=OWNER).wait_for()
        assert page.url.startswith(f"{url}/#lang=th")
        context.close()
