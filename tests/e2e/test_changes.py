"""A change made by anybody in the database shows on an open page; only what it touches moves."""

import pytest
from playwright.sync_api import Page

from db.connect import Machine
from tests.e2e.conftest import MAP, Open, Served, Watched, drawn, rest
from tests.e2e.places import view

pytestmark = pytest.mark.e2e


def sql(served: Served, statement: str) -> None:
    """Run a statement the way a clerk in psql would."""
    with served.town.connect(Machine.LOADER) as conn:
        conn.execute(statement.encode())


def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe away."""
    page.evaluate("window.notReloaded = true")


def is_marked(page: Page) -> bool:
    marked: bool = page.evaluate("window.notReloaded === true")
    return marked


def test_a_changed_record_shows_without_a_reload(tiny: Served, visit: Open) -> None:
    features = tiny.get("/ogc/collections/parcels/items?code=01A077").json()["features"]
    page = visit(tiny, f"#{view(750, 750, 16)}&rec=parcels/{features[0]['id']}&table=parcels").page
    page.locator("#record-title").filter(has_text="01A077").wait_for()
    mark(page)
    use = """(id) => MAP.queryRenderedFeatures({layers: ['parcels']})
        .find((feature) => feature.id === id)?.properties.use""".replace("MAP", MAP)
    assert page.evaluate(use, features[0]["id"]) == "commercial"
    sql(tiny, "UPDATE town.parcels SET use = 'vacant' WHERE code = '01A077'")
    # the record, the table and the map
    page.locator('.record [data-field="use"] dd').filter(has_text="ว่างเปล่า").wait_for()
    row = page.locator(".rows tr").filter(has_text="01A077")
    row.filter(has_text="ว่างเปล่า").wait_for()
    page.wait_for_function(f"(id) => ({use})(id) === 'vacant'", arg=features[0]["id"])
    assert is_marked(page)


def test_only_the_tiles_a_change_touches_are_fetched_again(tiny: Served, visit: Open) -> None:
    watched = visit(tiny, f"#{view(500, 500, 16.2)}")
    page = watched.page
    rest(page)
    before = len(watched.asked)
    with page.expect_response("**/tiles/parcels/**"):
        sql(tiny, "UPDATE town.parcels SET use = 'public' WHERE code = '01A055'")
    rest(page)
    tiles = [url for url in watched.asked[before:] if "/tiles/" in url]
    assert tiles
    assert all("/tiles/parcels/" in url for url in tiles)
    on_screen = page.evaluate(f"{MAP}.style.tileManagers['muang-parcels'].getIds().length")
    assert len(set(tiles)) < on_screen


def test_a_new_shelter_appears_and_is_counted(tiny: Served, visit: Open) -> None:
    page = visit(tiny, f"#{view(300, 200, 15.5)}&zones=return_period:100").page
    shelters = page.locator('[data-kpi="shelters"] data')
    shelters.wait_for()
    mark(page)
    seen, counted = drawn(page, "shelters"), int(shelters.get_attribute("value") or -1)
    legend = page.locator('[data-layer="shelters"] .layer-count')
    in_all = int(legend.inner_text())
    sql(
        tiny,
        "INSERT INTO town.shelters (code, name, capacity, geom) SELECT 'NEW', 'ศูนย์ใหม่', 50,"
        " gis.ST_Translate(geom, 100, 40) FROM town.shelters WHERE code = 'S2'",
    )
    page.wait_for_function(
        f"(n) => {MAP}.queryRenderedFeatures({{layers: ['shelters']}}).length === n", arg=seen + 1
    )
    page.locator(f'[data-kpi="shelters"] data[value="{counted + 1}"]').wait_for()
    # what changed is said beside the number
    page.locator('[data-kpi="shelters"] .delta').filter(has_text="+1").wait_for()
    legend.filter(has_text=str(in_all + 1)).wait_for()
    sql(tiny, "DELETE FROM town.shelters WHERE code = 'NEW'")
    page.locator(f'[data-kpi="shelters"] data[value="{counted}"]').wait_for()
    page.wait_for_function(
        f"(n) => {MAP}.queryRenderedFeatures({{layers: ['shelters']}}).length === n", arg=seen
    )
    assert is_marked(page)


def test_a_changed_flood_zone_moves_the_numbers(tiny: Served, visit: Open) -> None:
    page = visit(tiny, "#zones=stage:DEMO.1:112").page
    parcels = page.locator('[data-kpi="parcels"] data')
    parcels.wait_for()
    before = int(parcels.get_attribute("value") or -1)
    sql(
        tiny,
        "UPDATE town.flood_zones SET geom = gis.ST_Multi(gis.ST_Buffer(geom, 120, 'join=mitre'))"
        " WHERE code = 'S112'",
    )
    page.wait_for_function(
        "(before) => document.querySelector('[data-kpi=\"parcels\"] data')?.value > before",
        arg=before,
    )
    sql(
        tiny,
        "UPDATE town.flood_zones SET geom = gis.ST_Multi(gis.ST_Buffer(geom, -120, 'join=mitre'))"
        " WHERE code = 'S112'",
    )
    page.locator(f'[data-kpi="parcels"] data[value="{before}"]').wait_for()


def _stale(watched: Watched) -> Page:
    """Take the server away and let 46 s pass on the page's own clock."""
    page = watched.page
    watched.quiet = True
    page.context.set_offline(True)
    page.clock.fast_forward(46_000)
    page.locator(".alarm").wait_for()
    return page


@pytest.fixture
def clocked(tiny: Served, visit: Open) -> Watched:
    """A page whose clock the test turns."""
    watched = visit(tiny, begin=lambda page: page.clock.install())
    watched.page.locator('.live[data-live="live"]').wait_for()
    return watched


def test_silence_is_loud_and_ends_when_the_server_is_back(tiny: Served, clocked: Watched) -> None:
    page = _stale(clocked)
    banner = page.locator(".alarm")
    assert banner.get_attribute("role") == "alert"
    assert "ข้อมูลเก่า" in banner.inner_text()
    assert page.locator('.live[data-live="stale"]').count() == 1
    # what happens meanwhile is there when the line is back
    sql(tiny, "UPDATE town.shelters SET name = 'เปลี่ยนตอนสายหลุด' WHERE code = 'S1'")
    page.context.set_offline(False)
    page.clock.fast_forward(6_000)
    page.get_by_role("button", name="ต่อใหม่เดี๋ยวนี้").click()
    page.locator('.live[data-live="live"]').wait_for()
    banner.wait_for(state="detached")
    page.wait_for_function(
        f"""() => {MAP}.queryRenderedFeatures({{layers: ['shelters']}})
            .some(({{properties}}) => properties.name === 'เปลี่ยนตอนสายหลุด')"""
    )
    sql(tiny, "UPDATE town.shelters SET name = 'โรงเรียนบ้านดอน' WHERE code = 'S1'")


def test_an_open_but_silent_line_is_stale_too(clocked: Watched) -> None:
    page = clocked.page
    # the line stays open, and a new one would be open too: nobody says anything on either
    page.route("**/live*", lambda _: None)
    page.clock.fast_forward(46_000)
    page.locator(".alarm").wait_for()
    page.unroute("**/live*")
    page.clock.fast_forward(46_000)
    page.locator('.live[data-live="live"]').wait_for()
    page.locator(".alarm").wait_for(state="detached")
