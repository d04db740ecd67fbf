"""WCAG 2.2 AA beyond what axe can tell: every part, both languages, keys, colours, sounds."""

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from tests.e2e.axe import small_targets, violations
from tests.e2e.conftest import MAP, Open, Served
from tests.e2e.pictures import lab, pixels
from tests.e2e.places import place, view

pytestmark = pytest.mark.e2e

NEAR = f"{view(500, 500, 15)}&zones=return_period:100"
RAW = re.compile(r"\b[a-z]{3,}\.[a-z][A-Za-z]{2,}\b")
"""What a word of the page that is missing in a language would look like."""
SEVERITIES = ("low", "moderate", "high", "critical")


@pytest.fixture(scope="module")
def incidents(tiny: Served) -> Iterator[list[int]]:
    """One incident of each severity, in an open event; everything is over afterwards."""
    asked = {"name": "ทดสอบการเข้าถึง", "kind": "flood", "signer": "นายทดสอบ", "exercise": True}
    event = tiny.post("/events", asked).json()["id"]
    made = []
    for n, severity in enumerate(SEVERITIES):
        report = {
            "kind": "rescue",
            "severity": severity,
            "title": f"รับคนที่บ้านเลขที่ {n + 1}",
            "at": place(300 + 80 * n, 600),
        }
        made.append(int(tiny.post("/incidents", report).json()["id"]))
    yield made
    tiny.all_clear()
    tiny.post(f"/events/{event}/close", {"signer": "นายทดสอบ"})


def _press(page: Page, selector: str) -> Callable[[], None]:
    return page.locator(selector).first.click


def _parts(
    page: Page, number: int
) -> dict[str, tuple[Callable[[], None], str, Callable[[], None]]]:
    """Each part of the page: how it is opened, what then is there, how it is closed."""

    def escape() -> None:
        page.keyboard.press("Escape")

    def account() -> None:
        page.locator(".who-button").click()
        page.locator("#who-menu button").first.click()

    search = page.locator('.search input[role="combobox"]')
    slider = page.locator(".time input")
    return {
        "raise": (_press(page, ".needs .chip-button"), ".raise", escape),
        "incident": (
            _press(page, f'[data-incident="{number}"] .need-open'),
            ".incident .steps, .incident [data-action]",
            escape,
        ),
        "search": (lambda: search.fill("โรงเรียน"), '[role="option"]', lambda: search.fill("")),
        "event": (_press(page, ".flag"), "dialog.event", escape),
        "account": (
            account,
            "dialog.account",
            escape,
        ),
        "drawing": (_press(page, ".controls button >> nth=3"), ".draw-bar", escape),
        "past": (
            lambda: slider.press("ArrowLeft"),
            '.time[data-tense="past"]',
            _press(page, ".to-now"),
        ),
    }


@pytest.mark.parametrize("lang", ["th", "en"])
def test_every_part_is_for_everybody(
    tiny: Served, visit: Open, incidents: list[int], lang: str
) -> None:
    page = visit(tiny, f"#lang={lang}&{NEAR}&table=shelters", quiet=True).page
    page.locator(".need-list li").first.wait_for()
    for name, (opened, there, closed) in _parts(page, incidents[2]).items():
        opened()
        page.locator(there).first.wait_for()
        assert violations(page) == [], name
        assert small_targets(page) == [], name
        assert RAW.findall(page.inner_text("body")) == [], name
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280, name
        closed()
        page.locator(there).first.wait_for(state="detached")


HIDDEN = """() => {
    const {activeElement: now} = document;
    if (now === document.body) return null;
    const target = now.closest('label') ?? now;
    const {left, right, top, bottom} = target.getBoundingClientRect();
    const seen = [0.1, 0.5, 0.9].flatMap((x) => [0.1, 0.5, 0.9].map((y) => document
        .elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)));
    const free = seen.some((there) => there && (target.contains(there) || there.contains(target)));
    return [now.outerHTML.slice(0, 160), free, getComputedStyle(now).outlineStyle !== 'none'
        || getComputedStyle(now).boxShadow !== 'none' || now.matches('canvas, input[type=checkbox]')
        || now.matches('input[type=radio]')];
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_the_focus_is_never_hidden(
    tiny: Served, visit: Open, incidents: list[int], width: int
) -> None:
    """WCAG 2.4.7 and 2.4.11: Tab through the whole page, bars that stay in place included."""
    page = visit(tiny, f"#{NEAR}", width=width, height=700).page
    page.locator(".need-list li").first.wait_for(state="attached")
    page.locator('[data-kpi="people"]').wait_for(state="attached")
    walked: list[Any] = []
    for _ in range(250):
        page.keyboard.press("Tab")
        found = page.evaluate(HIDDEN)
        if found is None or (walked and found[0] == walked[0][0]):
            break
        walked.append(found)
    assert len(walked) > 30
    assert [html for html, free, _ in walked if not free] == []
    assert [html for html, _, shown in walked if not shown] == []
    assert incidents


def test_the_map_is_moved_by_keys_and_every_layer_is_a_table(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(500, 500, 15)}").page
    page.locator(".time").wait_for()
    page.locator(".maplibregl-canvas").focus()
    for key, moved in (
        ("ArrowRight", "now.lng > before.lng"),
        ("ArrowLeft", "now.lng < before.lng"),
        ("ArrowUp", "now.lat > before.lat"),
        ("ArrowDown", "now.lat < before.lat"),
        ("+", "now.zoom > before.zoom"),
        ("-", "now.zoom < before.zoom"),
    ):
        where = f"{{...{MAP}.getCenter(), zoom: {MAP}.getZoom()}}"
        before = page.evaluate(f"() => ({where})")
        page.keyboard.press(key)
        page.wait_for_function(
            f"(before) => {{ const now = {where}; return ({moved}) && !{MAP}.isMoving(); }}",
            arg=before,
        )
    # without dragging by a pointer alone: buttons move the map, the clock's line takes a click
    page.locator(".controls button").first.click()
    page.wait_for_function(f"() => {MAP}.getZoom() > 15.5 && !{MAP}.isMoving()")
    track = page.locator(".time input").bounding_box()
    assert track
    page.mouse.click(track["x"] + track["width"] * 0.75, track["y"] + track["height"] / 2)
    page.locator('.time[data-tense="future"]').wait_for()
    page.locator(".to-now").click()

    buttons = page.locator(".legend [data-layer] .layer-row")
    assert buttons.count() == page.locator(".legend [data-layer] .layer-row button").count()
    page.locator('.legend [data-layer="shelters"] .plain').click()
    choice = page.locator(".layer-choice select")
    choice.wait_for()
    layers = choice.locator("option").evaluate_all("(all) => all.map(({value}) => value)")
    listed = tiny.get("/ogc/collections").json()["collections"]
    assert sorted(layers) == sorted(each["id"] for each in listed)
    for layer in layers:
        choice.select_option(layer)
        page.wait_for_function(
            """(layer) => {
                const {tableLayer, tableView} = document.querySelector('muang-app')
                    .app.store.state;
                return tableLayer === layer && !tableView.loading;
            }""",
            arg=layer,
        )
        assert page.locator(".table .problem").count() == 0, layer
        assert page.locator(".rows, .table .empty").count() == 1, layer


EYES = ("none", "deuteranopia", "protanopia", "tritanopia")
"""Chromium's own simulations of how colours are seen."""
LEAST = {"none": 30, "deuteranopia": 20, "protanopia": 20, "tritanopia": 20}
"""Smallest CIE76 distance of two severities; a difference of 10 is plain to see."""


def _signs(page: Page) -> dict[str, NDArray[np.uint8]]:
    """Each severity's sign in the legend as it is drawn on the screen."""
    rows = page.locator('[data-layer="incidents"] .classes li')
    return {
        severity: pixels(rows.nth(n).locator("svg").screenshot())
        for n, severity in enumerate(reversed(SEVERITIES))
    }


def _colour(sign: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The colour in the middle of a sign, in CIE Lab."""
    height, width = sign.shape[:2]
    middle = sign[height // 2 - 1 : height // 2 + 2, width // 2 - 1 : width // 2 + 2]
    return lab(np.median(middle.reshape(-1, 3), axis=0))


def test_severities_stay_apart_for_all_eyes(
    tiny: Served, visit: Open, incidents: list[int]
) -> None:
    options: dict[str, Any] = {"device_scale_factor": 2}
    page = visit(tiny, f"#{NEAR}&on=incidents", **options).page
    page.locator('[data-layer="incidents"] .classes li').nth(3).wait_for()
    page.locator('[data-layer="incidents"]').scroll_into_view_if_needed()
    cdp = page.context.new_cdp_session(page)
    for eyes in EYES:
        cdp.send("Emulation.setEmulatedVisionDeficiency", {"type": eyes})
        signs = _signs(page)
        colours = {severity: _colour(sign) for severity, sign in signs.items()}
        apart = {
            (one, other): float(np.linalg.norm(colours[one] - colours[other]))
            for one, other in combinations(SEVERITIES, 2)
        }
        print(eyes, {f"{a}-{b}": round(value) for (a, b), value in apart.items()})
        assert min(apart.values()) > LEAST[eyes], (eyes, apart)
        # and where no colour is seen at all, their outlines are four different ones
        shapes = [sign.min(axis=2) < 200 for sign in signs.values()]
        for one, other in combinations(shapes, 2):
            assert (one & other).sum() < 0.93 * (one | other).sum()
    cdp.send("Emulation.setEmulatedVisionDeficiency", {"type": "none"})

    # in forced colours the page keeps its edges, and signs and words say what colours said
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    for number in incidents:
        row = page.locator(f'[data-incident="{number}"]')
        assert row.locator(".need-sign").inner_text().strip() in "●▲◆■"
        assert row.locator(".need-top b:not(.played)").inner_text().strip()
    assert len({sign.inner_text() for sign in page.locator(".need-sign").all()}) == 4
    edges = page.evaluate(
        """() => [...document.querySelectorAll('.kpi, .need-list li, .card')]
            .filter((part) => part.getClientRects().length)
            .map((part) => getComputedStyle(part).borderTopStyle)"""
    )
    assert set(edges) == {"solid"}
    assert page.evaluate("document.getAnimations().filter((a) => a.playState === 'running')") == []


def test_the_sound_is_off_until_wanted_and_remembered(
    tiny: Served, visit: Open, incidents: list[int]
) -> None:
    count = """
        window.played = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...at) {
            window.played += 1;
            return start.apply(this, at);
        };
    """
    page = visit(tiny, f"#{NEAR}", begin=lambda page: page.add_init_script(count)).page
    sound = page.locator(".sound")
    expect(sound).to_have_attribute("aria-pressed", "false")

    def alarm(title: str) -> int:
        report = {"kind": "rescue", "severity": "critical", "title": title, "at": place(200, 600)}
        number = int(tiny.post("/incidents", report).json()["id"])
        page.locator(f'[data-incident="{number}"]').wait_for()
        tiny.post(f"/incidents/{number}/acknowledge", {})
        # what is answered goes down the list
        page.locator(f'[data-incident="{number}"][data-status="raised"]').wait_for(state="detached")
        return int(page.evaluate("window.played"))

    assert alarm("เสียงยังปิด") == 0
    # said to screen readers all the same
    assert page.locator('.needs [role="alert"]').filter(has_text="เสียงยังปิด").count() == 1
    sound.focus()
    page.keyboard.press("Enter")
    expect(sound).to_have_attribute("aria-pressed", "true")
    tried = page.evaluate("window.played")
    assert tried > 0
    assert alarm("เสียงเปิดแล้ว") > tried
    page.reload()
    expect(page.locator(".sound")).to_have_attribute("aria-pressed", "true", timeout=60_000)
    page.locator(".sound").click()
    assert page.evaluate("localStorage.getItem('muang.sound')") is None
    assert incidents
