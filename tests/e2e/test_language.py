"""Thai and English: words, numbers, dates and the map; and Thai letters drawn right on the map."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import FloatRect, Page
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from tests.e2e.conftest import MAP, Open, Served, rest
from tests.e2e.places import view

pytestmark = pytest.mark.e2e

INK = 128
WORDS = ("น้ำท่วม", "ผู้", "ปู่", "ที่ทำการ")
PLAIN = "ททท"
"""A letter without marks: its height is the body that marks rise above or hang below."""


def test_the_switch_changes_every_word(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#zones=return_period:100", width=1520).page
    page.locator('[data-kpi="people"]').wait_for()
    assert page.evaluate("document.documentElement.lang") == "th"
    counted = page.locator(".counted").first
    counted.wait_for()
    # of the Buddhist era for whoever reads Thai
    year = page.evaluate("new Date().getFullYear()")
    assert str(year + 543) in counted.inner_text()
    assert str(year + 543) in page.locator(".clock").inner_text()
    assert page.title() == "เมืองทดสอบ · แผนที่เมืองสด"
    with page.expect_response("**/styles/town.json?lang=en"):
        page.get_by_role("button", name="EN").click()
    page.wait_for_function("() => document.documentElement.lang === 'en'")
    page.locator('[data-layer="parcels"]').filter(has_text="Parcels").wait_for()
    # a person's and a place's names stay as they are; of the page's own words none is Thai
    page.locator(".caveats li").filter(has_text="Features are counted").wait_for()
    rest(page)
    # what incidents of other tests are called is theirs
    page.evaluate("document.querySelectorAll('.need-list li').forEach((row) => row.remove())")
    thai_left = page.evaluate("() => document.body.innerText.match(/[\\u0e00-\\u0e7f]+/g)")
    # the switch, the name of whoever is signed in, and of the gauge that is chosen
    assert thai_left == ["ไทย", "คุณ", "สะพานทดสอบ"]
    assert page.title() == "Test town · live town map"
    assert "lang=en" in page.url
    assert page.evaluate(f"{MAP}.getStyle().metadata['muang:lang']") == "en"
    # and of the common era for whoever reads English
    counted.filter(has_text=str(year)).wait_for()
    assert str(year) in page.locator(".clock").inner_text()
    assert str(year + 543) not in page.inner_text("body")


def test_the_language_is_kept_for_the_next_visit(tiny: Served, visit: Open) -> None:
    page = visit(tiny).page
    page.get_by_role("button", name="EN").click()
    page.wait_for_function("() => document.documentElement.lang === 'en'")
    page.goto("about:blank")
    page.goto(tiny.url)
    page.get_by_role("heading", name="Who the water reaches").wait_for()


def _pixels(png: bytes) -> NDArray[np.bool_]:
    """Ink of a black-on-white picture, cropped to it: rows by columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a screen is nowhere on earth
        with MemoryFile(png) as memory, memory.open() as picture:
            ink = picture.read([1, 2, 3]).mean(axis=0) < INK
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cropped: NDArray[np.bool_] = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cropped


def _map_words(page: Page) -> dict[str, NDArray[np.bool_]]:
    """The words as MapLibre draws them with the town's own font faces, black on white."""
    words = [PLAIN, *WORDS]
    page.evaluate(
        f"""(words) => {{
            const map = {MAP};
            const faces = map.getStyle()['font-faces'];
            map.jumpTo({{center: [0, 0], zoom: 5}});
            const point = (index) => map.unproject([500, 70 + index * 90]).toArray();
            map.setStyle({{
                version: 8,
                'font-faces': faces,
                sources: {{words: {{type: 'geojson', data: {{
                    type: 'FeatureCollection',
                    features: words.map((word, index) => ({{
                        type: 'Feature',
                        properties: {{word}},
                        geometry: {{type: 'Point', coordinates: point(index)}},
                    }})),
                }}}}}},
                layers: [
                    {{id: 'paper', type: 'background', paint: {{'background-color': '#fff'}}}},
                    {{
                        id: 'words', type: 'symbol', source: 'words',
                        layout: {{
                            'text-field': ['get', 'word'], 'text-font': ['Sarabun'],
                            'text-size': 40, 'text-allow-overlap': true,
                        }},
                        paint: {{'text-color': '#000'}},
                    }},
                ],
            }}, {{diff: false}});
        }}""",
        words,
    )
    page.wait_for_function(
        f"(n) => {MAP}.isStyleLoaded() && {MAP}.loaded()"
        f" && {MAP}.queryRenderedFeatures({{layers: ['words']}}).length === n",
        arg=len(words),
    )
    page.wait_for_timeout(500)  # the last frame reaches the screen
    box = page.locator("#map canvas").bounding_box()
    assert box
    return {
        word: _pixels(
            page.screenshot(
                clip={
                    "x": box["x"] + 380,
                    "y": box["y"] + 26 + n * 90,
                    "width": 240,
                    "height": 88,
                }
            )
        )
        for n, word in enumerate(words)
    }


def _page_words(page: Page) -> dict[str, NDArray[np.bool_]]:
    """The same words as the browser itself draws them, in the same font and size."""
    found = {}
    for word in (PLAIN, *WORDS):
        page.evaluate(
            """(word) => {
                document.querySelector('#reference')?.remove();
                const sheet = document.createElement('p');
                sheet.id = 'reference';
                sheet.textContent = word;
                Object.assign(sheet.style, {
                    position: 'fixed', inset: 0, margin: 0, zIndex: 999, padding: '40px',
                    font: '400 40px Sarabun', color: '#000', background: '#fff',
                });
                document.body.append(sheet);
                return document.fonts.load('400 40px Sarabun', word);
            }""",
            word,
        )
        page.wait_for_timeout(300)  # the sheet reaches the screen
        clip: FloatRect = {"x": 0, "y": 0, "width": 400, "height": 160}
        found[word] = _pixels(page.screenshot(clip=clip))
    return found


def _marks(word: NDArray[np.bool_], body: int) -> float:
    """Share of the ink's height that lies outside the body of the letters."""
    return float(word.shape[0] / body)


@pytest.fixture
def drawn_words(
    tiny: Served, visit: Open
) -> tuple[dict[str, NDArray[np.bool_]], dict[str, NDArray[np.bool_]]]:
    """Each word as the map draws it and as the page draws it."""
    page = visit(tiny, f"#{view(500, 500, 15)}&on=", height=900, device_scale_factor=1).page
    on_the_map = _map_words(page)
    return on_the_map, _page_words(page)


def test_thai_letters_keep_every_mark(
    drawn_words: tuple[dict[str, NDArray[np.bool_]], dict[str, NDArray[np.bool_]]],
) -> None:
    on_the_map, on_the_page = drawn_words
    body_map, body_page = on_the_map[PLAIN].shape[0], on_the_page[PLAIN].shape[0]
    assert abs(body_map - body_page) <= 2
    for word in WORDS:
        drawn, wanted = on_the_map[word], on_the_page[word]
        assert drawn.shape[1] == pytest.approx(wanted.shape[1], rel=0.05), word
        assert drawn.shape[0] == pytest.approx(wanted.shape[0], abs=3), word
        assert _marks(drawn, body_map) == pytest.approx(_marks(wanted, body_page), abs=0.12), word
        assert _marks(drawn, body_map) > 1.2, word
        assert drawn.mean() == pytest.approx(wanted.mean(), rel=0.2), word
        # where the ink lies, row by row: a lost or misplaced mark changes it
        rows = np.linspace(0, 1, 24)
        profile = [
            np.interp(rows, np.linspace(0, 1, ink.shape[0]), ink.mean(axis=1))
            for ink in (drawn, wanted)
        ]
        assert np.corrcoef(*profile)[0, 1] > 0.9, word
