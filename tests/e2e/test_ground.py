"""The ground of the map: the basemap below everything, rasters to switch on, values on a click."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from db.connect import Machine
from db.datasets import Dataset
from db.load import load
from db.towns import drop_town
from layers.catalog import get
from layers.model import Role
from ops.basemap import need_basemap
from ops.progress import Progress
from ops.session import Server
from tests.conftest import make_town
from tests.e2e.axe import violations
from tests.e2e.conftest import MAP, PATIENCE_MS, Open, Served, drawn, ready, rest
from tests.e2e.places import place, view
from tests.rasters import bring, depths, tiff
from tests.served import served
from tests.tiny import incoming, line, load_tiny

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def grounded(
    server_url: str, secret: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The tiny town with a road of OpenStreetMap's, a basemap and depths, served."""
    folder: Path = tmp_path_factory.mktemp("files")
    town = make_town(server_url, secret)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUANG_RASTERS", str(folder))
        load_tiny(town)
        road = {"code": "way/1", "class": "primary", "geom": line((0, 600), (1000, 600))}
        dataset = Dataset("roads", "OpenStreetMap", "tests", licence="ODbL 1.0")
        with town.connect(Machine.LOADER) as conn:
            load(conn, get("roads"), incoming([road]), mode="append", dataset=dataset)
        bring(town, "depth", tiff(folder / "depth.tif", depths()), folder)
        server = Server(town.server_url, town.secret, None, private=False)
        assert need_basemap(server, town.town_id, Progress(StringIO()))
        try:
            with served(town) as url:
                _wake_rasters(url)
                yield Served(url, town)
        finally:
            drop_town(server_url, town.town_id)


def _wake_rasters(url: str) -> None:
    """Ask until GDAL is loaded: on a busy machine the first raster can take longer than allowed."""
    lng, lat = place(400, 600)
    for _ in range(20):
        asked = httpx.get(f"{url}/rasters/depth/value", params={"lon": lng, "lat": lat}, timeout=60)
        if asked.is_success:
            return


def on_map(page: Page, layer: str) -> bool:
    found: bool = page.evaluate(f"(id) => {MAP}.getLayer(id) !== undefined", layer)
    return found


def switch(page: Page, layer: str) -> None:
    page.locator(f'[data-layer="{layer}"] input').press("Space")
    rest(page)


def test_the_basemap_lies_below_everything_and_is_remembered(grounded: Served, visit: Open) -> None:
    link = f"#lang=th&{view(500, 500, 15.5)}&on=flood_zones"
    watched = visit(grounded, link, role=None)
    page = watched.page
    page.wait_for_function(f"() => {MAP}.getLayer('basemap-buildings') !== undefined")
    rest(page)
    assert drawn(page, "basemap-buildings") > 20
    assert drawn(page, "basemap-street-primary") > 0
    order = page.evaluate(f"() => {MAP}.getStyle().layers.map(({{id}}) => id)")
    assert order.index("basemap-street-primary") < order.index("flood_zones")
    assert any(".pmtiles" in url for url in watched.asked)
    assert "OpenStreetMap (ODbL)" in page.locator(".map-foot").inner_text()
    assert violations(page) == []
    switch(page, "basemap")
    assert not on_map(page, "basemap-buildings")
    page.reload()
    ready(page)
    page.locator('[data-layer="basemap"] input').wait_for()
    assert not page.locator('[data-layer="basemap"] input').is_checked()
    assert not on_map(page, "basemap-buildings")
    switch(page, "basemap")
    page.wait_for_function(f"() => {MAP}.getLayer('basemap-buildings') !== undefined")


def test_a_town_without_a_basemap_is_drawn_as_before(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#lang=en&{view(500, 500, 15.5)}", role=Role.STAFF).page
    assert page.locator('[data-layer="basemap"]').count() == 0
    assert "OpenStreetMap" not in page.locator(".map-foot").inner_text()
    assert on_map(page, "background")


@pytest.mark.parametrize(("lang", "title", "words"), [
    ("th", "ความลึกน้ำท่วม", "น้ำลึก 0.70 ม."),
    ("en", "Flood depth", "Water 0.70 m deep."),
])  # fmt: skip
def test_depth_is_switched_on_and_read_by_keyboard(
    grounded: Served, visit: Open, lang: str, title: str, words: str
) -> None:
    # the third strip of depths from the north: 320 to 480 m below the northern edge
    watched = visit(grounded, f"#lang={lang}&{view(400, 600, 16)}", role=None)
    page = watched.page
    row = page.locator('[data-layer="depth"]')
    row.wait_for()
    assert title in row.inner_text()
    assert not any("/rasters/depth/1" in url for url in watched.asked)
    switch(page, "depth")
    assert any("/rasters/depth/1" in url for url in watched.asked)
    assert row.locator(".classes li").count() == 4
    assert "on=" in page.url
    assert "depth" in page.url
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".spot")).to_contain_text(words, timeout=PATIENCE_MS)
    assert violations(page) == []
    page.locator(".spot button").click()
    expect(page.locator(".spot")).to_have_count(0, timeout=PATIENCE_MS)
