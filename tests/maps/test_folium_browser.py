"""The folium page in a real browser without a network: it draws, and asks nobody for anything."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from maps.folium_map import town_map
from tests.maps.test_folium_map import TOWN, frames

pytestmark = pytest.mark.e2e

_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_COUNT_PIXELS = """(color) => {
  const canvas = document.querySelector('.leaflet-overlay-pane canvas');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const near = (n) => Math.abs(data[i + n] - color[n]) <= 3;
    if (data[i + 3] > 100 && near(0) && near(1) && near(2)) count += 1;
  }
  return count;
}"""


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    """A page of the machine's own Chromium; a machine without one fails here."""
    chromium = os.environ.get("MUANG_CHROMIUM") or shutil.which("chromium")
    assert chromium, "Chromium is not installed: ./muang test installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        yield page
        browser.close()


def test_the_page_draws_itself_without_a_network(browser_page: Page, tmp_path: Path) -> None:
    page, file = browser_page, tmp_path / "แผนที่.html"
    asked: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    town_map(frames(), town=TOWN).save(str(file))
    page.goto(file.as_uri())
    page.wait_for_selector(".leaflet-overlay-pane canvas")
    page.wait_for_timeout(300)  # Leaflet draws on the next animation frame
    assert troubles == []
    assert {url.split(":")[0] for url in asked} <= {"file", "data"}
    assert [url for url in asked if url.startswith("file")] == [page.url]

    # the parcels' fills lie over the grey ground with the opacity of their style
    assert page.evaluate(_COUNT_PIXELS, [239, 228, 207]) > 1000
    hearts = page.locator(".muang-marker svg path[fill='#7f0000']")
    assert hearts.count() >= 5
    assert page.evaluate("document.fonts.check('14px Sarabun', 'น้ำท่วม')")

    shot = Path(__file__).resolve().parents[2] / "build" / "folium.png"
    shot.parent.mkdir(exist_ok=True)
    page.screenshot(path=str(shot))


def test_a_click_shows_the_record_in_thai(browser_page: Page, tmp_path: Path) -> None:
    page, file = browser_page, tmp_path / "map.html"
    town_map(frames("shelters")).save(str(file))
    page.goto(file.as_uri())
    page.locator(".muang-marker").first.click()
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    words = popup.inner_text()
    assert "ความจุ (คน)" in words
    assert "โรงเรียนบ้านดอน" in words or "วัดริมน้ำ" in words


def test_layers_keep_their_order_when_switched(browser_page: Page, tmp_path: Path) -> None:
    page, file = browser_page, tmp_path / "order.html"
    town_map(frames("parcels", "flood_zones")).save(str(file))
    page.goto(file.as_uri())
    page.wait_for_selector(".leaflet-overlay-pane canvas")
    page.wait_for_timeout(300)
    deep = [8, 48, 107]
    page.locator(".leaflet-control-layers-overlays label", has_text="เขตน้ำท่วม").click()
    page.wait_for_timeout(300)
    assert page.evaluate(_COUNT_PIXELS, deep) == 0
    page.locator(".leaflet-control-layers-overlays label", has_text="เขตน้ำท่วม").click()
    page.wait_for_timeout(300)
    before = page.evaluate(_COUNT_PIXELS, [239, 228, 207])
    for _ in range(2):
        page.locator(".leaflet-control-layers-overlays label", has_text="แปลงที่ดิน").click()
        page.wait_for_timeout(300)
    # parcels switched off and on again are still below the flood
    assert page.evaluate(_COUNT_PIXELS, [239, 228, 207]) == before
